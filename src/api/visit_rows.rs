//! The visits of a set as rows: `sessionize`, and what the views and reports read.

use mrcall_engine::agent;
use mrcall_engine::state::{Dictionary, NONE};
use mrcall_engine::visits::{Cuts, Piece, Rows, touch_parts};
use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::prelude::*;
use pgrx::{AnyElement, pg_sys};

use crate::agg::Share;
use crate::error::{SqlResult, report};
use crate::pg::args::Args;
use crate::pg::query::{self, Query};
use crate::pg::row::{Row, Text, Value};
use crate::pg::stream;

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
    fn number(&mut self, text: &str, row: &mut Row) -> SqlResult<u32> {
        let number = self.numbers.intern(text.as_bytes()).map_err(report)?;
        if number as usize == self.texts.len() {
            self.texts.push(row.share(text));
        }
        Ok(number)
    }

    fn value(&self, number: u32) -> Value {
        self.texts.get(number as usize).copied().into()
    }

    /// The parts of a touch, with the channel and the rule of one's own where one fits.
    fn touch(&mut self, row: &mut Row, rules: &OwnRules, parts: [Option<&str>; 8]) -> SqlResult<Touch> {
        let (channel, rule) = rules.channel(&parts)?;
        let mut touch = [NONE; 8];
        for (slot, part) in touch.iter_mut().zip(parts) {
            if let Some(part) = part {
                *slot = self.number(part, row)?;
            }
        }
        if let Some(channel) = channel {
            touch[0] = self.number(&channel, row)?;
        }
        if let Some(rule) = rule {
            touch[5] = self.number(&rule, row)?;
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
pub struct OwnRules {
    exist: bool,
}

impl OwnRules {
    pub fn new(query: &Query) -> SqlResult<Self> {
        let exist = query.first(c"SELECT EXISTS (SELECT FROM mrcall.channel_rule)", &[])?;
        Ok(Self { exist: exist == Some(true) })
    }

    /// The channel and the name of the first rule that fits what a touch says: channel, source, medium, campaign, …
    pub fn channel(&self, parts: &[Option<&str>; 8]) -> SqlResult<(Option<String>, Option<String>)> {
        if !self.exist {
            return Ok((None, None));
        }
        let [_, source, medium, campaign, _, _, referrer_domain, _] = *parts;
        query::connect(|query| {
            let channel = query.first(
                c"SELECT r.channel, pg_catalog.concat('channel_rule ', r.position) FROM mrcall._own_rule($1, $2, $3, $4) AS r",
                &[source.into(), medium.into(), campaign.into(), referrer_domain.into()],
            )?;
            Ok((channel, query.column(2)))
        })
    }
}

/// The visits of a set as rows of `mrcall._visit`.
struct Output {
    rows: Rows<'static>,
    /// What the rows' memory counts as.
    _share: Share,
    rules: OwnRules,
    texts: Lasting<Text>,
    parts: Parts,
    touches: Lasting<Touch>,
    devices: Lasting<(Text, bool)>,
    no_touch: Touch,
    unknown: Text,
    /// The visits of the visitor that is in the row, and the next of them.
    visits: Vec<Piece>,
    next: usize,
}

impl Output {
    /// The rows of the bytes of a set.
    fn new(set: &'static [u8], query: &Query, row: &mut Row) -> SqlResult<Self> {
        let rows = Rows::new(set, Cuts::default()).map_err(report)?;
        let mut share = Share::default();
        share.set(rows.heap_bytes()).map_err(report)?;
        let rules = OwnRules::new(query)?;
        let mut direct = [None; 8];
        (direct[0], direct[5]) = (Some("Direct"), Some("no arrival"));
        let mut parts = Parts::default();
        Ok(Self {
            rows,
            _share: share,
            no_touch: parts.touch(row, &rules, direct)?,
            unknown: row.share("unknown"),
            rules,
            texts: Lasting::new(),
            parts,
            touches: Lasting::new(),
            devices: Lasting::new(),
            visits: Vec::new(),
            next: 0,
        })
    }

    fn text(&mut self, id: u32, row: &mut Row) -> Option<Text> {
        if let Some(known) = self.texts.get(id) {
            return Some(known);
        }
        let text = row.share(self.rows.text(id)?);
        Some(self.texts.put(id, text))
    }

    fn touch(&mut self, id: u32, row: &mut Row) -> SqlResult<Option<Touch>> {
        if let Some(known) = self.touches.get(id) {
            return Ok(Some(known));
        }
        let Some(text) = self.rows.text(id) else { return Ok(None) };
        let touch = self.parts.touch(row, &self.rules, touch_parts(text))?;
        Ok(Some(self.touches.put(id, touch)))
    }

    fn device(&mut self, id: u32, row: &mut Row) -> Option<(Text, bool)> {
        if let Some(known) = self.devices.get(id) {
            return Some(known);
        }
        let text = self.rows.text(id)?;
        let device = (row.share(agent::device(text)), agent::is_bot(text));
        Some(self.devices.put(id, device))
    }

    /// Sets the columns behind visitor_id.
    fn set(&mut self, piece: &Piece, visit_no: usize, row: &mut Row) -> SqlResult<()> {
        let run = piece.run;
        let touch = self.touch(run.touch, row)?;
        let [channel, source, medium, campaign, term, rule, referrer_domain, landing_page] =
            touch.unwrap_or(self.no_touch).map(|number| self.parts.value(number));
        let (entry, exit) = (self.text(run.entry, row), self.text(run.exit, row));
        let (device, is_bot) = self.device(piece.agent, row).unwrap_or((self.unknown, false));
        let values = [
            Value::Number(visit_no as i64),
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
            if touch.is_some() { landing_page } else { entry.into() },
            referrer_domain,
            Value::Shared(device),
            Value::Bool(is_bot),
            Value::Number(if touch.is_some() { run.touch_at } else { run.start }),
            term,
            rule,
        ];
        for (column, value) in (1..).zip(values) {
            row.set(column, value);
        }
        Ok(())
    }
}

impl stream::Source for Option<Output> {
    fn next(&mut self, row: &mut Row) -> SqlResult<bool> {
        let Some(output) = self else { return Ok(false) };
        if output.next == output.visits.len() {
            let Some((visitor, visits)) = output.rows.next_visitor().map_err(report)? else { return Ok(false) };
            row.set_text(0, visitor.text(&mut [0; 36]));
            output.visits.clear();
            output.visits.extend_from_slice(visits);
            output.next = 0;
        }
        let Some(visit) = output.visits.get(output.next).copied() else { return Ok(false) };
        output.next += 1;
        output.set(&visit, output.next, row)?;
        Ok(true)
    }
}

/// The rows of a set.
#[pg_extern(sql = false)]
fn _visit_set_rows(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<AnyElement>> {
    stream::next(fcinfo, |row| {
        let args = Args::of(fcinfo);
        args.bytes(0).map(|set| query::connect(|query| Output::new(row.keep(set), query, row))).transpose()
    })
}

/// The rows of `sessionize`. The set is made by a query of its own, so that workers help whoever asks, and however.
#[pg_extern(sql = false)]
fn _sessionize(
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    gap: Option<Interval>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Option<AnyElement>> {
    stream::next(fcinfo, |row| {
        query::connect(|query| {
            let args = [since.into(), until.into(), gap.into()];
            query.run(
                c"SELECT mrcall._check_range($1, $2), mrcall._exact($3, 'gap'), mrcall._require_attached()",
                &args,
            )?;
            let set = query.first_bytes_in(
                row.context(),
                c"SELECT s.visits FROM mrcall._visit_set_of($1, $2, $3, NULL, true, false) AS s",
                &args,
            )?;
            set.map(|set| Output::new(set, query, row)).transpose()
        })
    })
}
