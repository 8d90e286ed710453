//! The visits of a set as rows: `sessionize`, and what the views and reports read.

use mrcall_engine::state::{Dictionary, NONE};
use mrcall_engine::visits::{Cuts, Piece, Rows, touch_parts};
use mrcall_engine::{Error, ErrorKind, agent, pulse};
use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::agg::Share;
use crate::error::{SqlResult, report};
use crate::pg::query::{self, Query};
use crate::pg::store::{Store, Text, Value};

/// The columns of `mrcall._visit`; those of `sessionize` are the first of them.
const ALL_COLUMNS: usize = 19;
const SESSIONIZE_COLUMNS: usize = 12;

/// What the visits of one touch have in common, as numbers of [`Parts`]: channel, source, medium, campaign, term, rule, referrer
/// domain, landing page.
type Touch = [u32; 8];

/// The texts that touches are made of, each once: there are few, so that they stay in the processor's cache.
#[derive(Default)]
struct Parts {
    numbers: Dictionary,
    texts: Vec<Text>,
}

impl Parts {
    fn number(&mut self, text: &str, store: &mut Store) -> SqlResult<u32> {
        let number = self.numbers.intern(text.as_bytes()).map_err(report)?;
        if number as usize == self.texts.len() {
            self.texts.push(store.share(text));
        }
        Ok(number)
    }

    fn value(&self, number: u32) -> Value {
        self.texts.get(number as usize).copied().into()
    }

    /// The parts of a touch, with the channel and the rule of one's own where one fits.
    fn touch(&mut self, store: &mut Store, rules: &OwnRules<'_>, parts: [Option<&str>; 8]) -> SqlResult<Touch> {
        let (channel, rule) = rules.channel(&parts)?;
        let mut touch = [NONE; 8];
        for (slot, part) in touch.iter_mut().zip(parts) {
            if let Some(part) = part {
                *slot = self.number(part, store)?;
            }
        }
        if let Some(channel) = channel {
            touch[0] = self.number(&channel, store)?;
        }
        if let Some(rule) = rule {
            touch[5] = self.number(&rule, store)?;
        }
        Ok(touch)
    }
}

/// Values by the number of a text, made when the first row needs them.
pub struct Lasting<T> {
    places: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> Lasting<T> {
    pub fn new() -> Self {
        Self { places: Vec::new(), values: Vec::new() }
    }

    pub fn get(&self, id: u32) -> Option<T> {
        let place = self.places.get(id as usize)?.checked_sub(1)?;
        self.values.get(place as usize).copied()
    }

    pub fn put(&mut self, id: u32, value: T) -> T {
        if self.places.len() <= id as usize {
            self.places.resize(id as usize + 1, 0);
        }
        self.values.push(value);
        if let Some(place) = self.places.get_mut(id as usize) {
            *place = self.values.len() as u32;
        }
        value
    }
}

/// The channels of one's own.
pub struct OwnRules<'c> {
    query: &'c Query,
    exist: bool,
}

impl<'c> OwnRules<'c> {
    pub fn new(query: &'c Query) -> SqlResult<Self> {
        let exist = query.first(c"SELECT EXISTS (SELECT FROM mrcall.channel_rule)", &[])?;
        Ok(Self { query, exist: exist == Some(true) })
    }

    /// The channel and the name of the first rule that fits what a touch says: channel, source, medium, campaign, …
    pub fn channel(&self, parts: &[Option<&str>; 8]) -> SqlResult<(Option<String>, Option<String>)> {
        if !self.exist {
            return Ok((None, None));
        }
        let [_, source, medium, campaign, _, _, referrer_domain, _] = *parts;
        let channel = self.query.first(
            c"SELECT r.channel, pg_catalog.concat('channel_rule ', r.position) FROM mrcall._own_rule($1, $2, $3, $4) AS r",
            &[source.into(), medium.into(), campaign.into(), referrer_domain.into()],
        )?;
        let name = self.query.column(2);
        self.query.forget();
        Ok((channel, name))
    }
}

struct Output<'a, 'c> {
    rows: Rows<'a>,
    store: Store,
    rules: OwnRules<'c>,
    texts: Lasting<Text>,
    parts: Parts,
    touches: Lasting<Touch>,
    devices: Lasting<(Text, bool)>,
    no_touch: Touch,
    unknown: Text,
}

impl Output<'_, '_> {
    fn text(&mut self, id: u32) -> Option<Text> {
        if let Some(known) = self.texts.get(id) {
            return Some(known);
        }
        let text = self.store.share(self.rows.text(id)?);
        Some(self.texts.put(id, text))
    }

    fn touch(&mut self, id: u32) -> SqlResult<Option<Touch>> {
        if let Some(known) = self.touches.get(id) {
            return Ok(Some(known));
        }
        let Some(text) = self.rows.text(id) else { return Ok(None) };
        let touch = self.parts.touch(&mut self.store, &self.rules, touch_parts(text))?;
        Ok(Some(self.touches.put(id, touch)))
    }

    fn device(&mut self, id: u32) -> Option<(Text, bool)> {
        if let Some(known) = self.devices.get(id) {
            return Some(known);
        }
        let text = self.rows.text(id)?;
        let device = (self.store.share(agent::device(text)), agent::is_bot(text));
        Some(self.devices.put(id, device))
    }

    fn row(&mut self, piece: &Piece, visit_no: i64) -> SqlResult<()> {
        let run = piece.run;
        let touch = self.touch(run.touch)?;
        let [channel, source, medium, campaign, term, rule, referrer_domain, landing_page] =
            touch.unwrap_or(self.no_touch).map(|number| self.parts.value(number));
        let (entry, exit) = (self.text(run.entry), self.text(run.exit));
        let set = |store: &mut Store, values: &[Value], from: usize| {
            for (column, value) in (from..).zip(values) {
                store.set(column, *value);
            }
        };
        let first = [
            Value::Number(visit_no),
            Value::Number(run.start),
            Value::Number(run.end),
            Value::Number(i64::from(run.events)),
            Value::Number(i64::from(run.pageviews)),
            entry.into(),
            exit.into(),
            channel,
            source,
            medium,
            campaign,
        ];
        set(&mut self.store, &first, 1);
        if self.store.columns() == ALL_COLUMNS {
            let (device, is_bot) = self.device(piece.agent).unwrap_or((self.unknown, false));
            let rest = [
                if touch.is_some() { landing_page } else { entry.into() },
                referrer_domain,
                Value::Shared(device),
                Value::Bool(is_bot),
                Value::Number(if touch.is_some() { run.touch_at } else { run.start }),
                term,
                rule,
            ];
            set(&mut self.store, &rest, SESSIONIZE_COLUMNS);
        }
        self.store.put();
        Ok(())
    }
}

/// Where the rows of the running function go.
pub fn store(fcinfo: pg_sys::FunctionCallInfo, columns: usize) -> SqlResult<Store> {
    Store::of(fcinfo, columns).ok_or_else(|| {
        report(Error::new(
            ErrorKind::NotPossible,
            "this function needs its own row type",
            "Call mrcall.sessionize instead.",
        ))
    })
}

/// Writes the visits of a set.
fn write(set: &[u8], mut store: Store, query: &Query) -> SqlResult<()> {
    let rows = Rows::new(set, Cuts::default()).map_err(report)?;
    let mut share = Share::default();
    share.set(rows.heap_bytes()).map_err(report)?;
    let rules = OwnRules::new(query)?;
    let mut direct = [None; 8];
    (direct[0], direct[5]) = (Some("Direct"), Some("no arrival"));
    let mut parts = Parts::default();
    let no_touch = parts.touch(&mut store, &rules, direct)?;
    let unknown = store.share("unknown");
    let (texts, touches, devices) = (Lasting::new(), Lasting::new(), Lasting::new());
    let mut output = Output { rows, store, rules, texts, parts, touches, devices, no_touch, unknown };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut counter = pulse::Counter::default();
    while let Some((visitor, own)) = output.rows.next_visitor().map_err(report)? {
        output.store.set_text(0, visitor);
        pieces.clear();
        pieces.extend_from_slice(own);
        for (piece, visit_no) in pieces.iter().zip(1..) {
            counter.step();
            output.row(piece, visit_no)?;
        }
    }
    Ok(())
}

/// The rows of a set.
#[pg_extern(sql = false)]
fn _visit_set_rows(set: &[u8], fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<()> {
    query::connect(|query| write(set, store(fcinfo, ALL_COLUMNS)?, query))
}

#[pg_extern(sql = false)]
fn sessionize(
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    gap: Option<Interval>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<()> {
    query::connect(|query| {
        let store = store(fcinfo, SESSIONIZE_COLUMNS)?;
        let args = [since.into(), until.into(), gap.into()];
        query
            .run(c"SELECT mrcall._check_range($1, $2), mrcall._exact($3, 'gap'), mrcall._require_attached()", &args)?;
        let set: Option<&[u8]> =
            query.first(c"SELECT s.visits FROM mrcall._visit_set_of($1, $2, $3, NULL, true, false) AS s", &args)?;
        set.map_or(Ok(()), |set| write(set, store, query))
    })
}
