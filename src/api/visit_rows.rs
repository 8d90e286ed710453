//! The visits of a set as rows: `sessionize`, and what the views and reports read.

use mrcall_engine::agent;
use mrcall_engine::state::{Dictionary, NONE};
use mrcall_engine::visits::{Cuts, VisitPart, VisitRows, VisitSet, origin_parts};
use pgrx::pg_sys;

use crate::agg::Receiver;
use crate::error::{SqlResult, report};
use crate::pg::args::Args;
use crate::pg::function::guarded_function;
use crate::pg::query::{self, Query};
use crate::pg::row::{Row, Text, Value};
use crate::pg::stream;

/// What the visits of one origin have in common: channel, source, medium, campaign, term, rule, referrer domain.
type Origin = [Value; 7];

/// The texts that origins are made of, each once.
#[derive(Default)]
struct Parts {
    numbers: Dictionary,
    texts: Vec<Text>,
}

impl Parts {
    fn value(&mut self, text: &str, row: &mut Row) -> SqlResult<Value> {
        let number = self.numbers.intern(text.as_bytes()).map_err(report)?;
        if number as usize == self.texts.len() {
            self.texts.push(row.share(text));
        }
        Ok(self.texts.get(number as usize).copied().into())
    }

    /// The parts of an origin, with the channel and the rule of one's own where one fits.
    fn origin(&mut self, row: &mut Row, rules: &OwnRules, parts: [Option<&str>; 7]) -> SqlResult<Origin> {
        let (own_channel, own_rule) = rules.channel(&parts)?;
        let [channel, source, medium, campaign, term, rule, referrer_domain] = parts;
        let (channel, rule) = (own_channel.as_deref().or(channel), own_rule.as_deref().or(rule));
        let parts = [channel, source, medium, campaign, term, rule, referrer_domain];
        let mut origin = [Value::NULL; 7];
        for (slot, part) in origin.iter_mut().zip(parts) {
            if let Some(part) = part {
                *slot = self.value(part, row)?;
            }
        }
        Ok(origin)
    }
}

/// Values by the number of a text, made when the first row needs them.
pub struct ByTextId<T> {
    places: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> ByTextId<T> {
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

    /// The channel and the name of the first rule that fits what an origin says: channel, source, medium, campaign, …
    pub fn channel(&self, parts: &[Option<&str>; 7]) -> SqlResult<(Option<String>, Option<String>)> {
        if !self.exist {
            return Ok((None, None));
        }
        let [_, source, medium, campaign, _, _, referrer_domain] = *parts;
        query::connect(|query| {
            let channel = query.first(
                c"SELECT r.channel, pg_catalog.concat('channel_rule ', r.position) FROM mrcall_internal.own_rule($1, $2, $3, $4) AS r",
                &[source.into(), medium.into(), campaign.into(), referrer_domain.into()],
            )?;
            Ok((channel, query.column(2)))
        })
    }
}

/// The visits of a set as rows of `mrcall_internal.visit`.
struct Output {
    rows: VisitRows<'static>,
    rules: OwnRules,
    texts: ByTextId<Text>,
    parts: Parts,
    origins: ByTextId<Origin>,
    /// That of a visit without a touch.
    direct: Origin,
    /// Device, and whether it is a bot.
    devices: ByTextId<[Value; 2]>,
    unknown: [Value; 2],
    /// The next visit of the visitor that is in the row.
    next: usize,
}

impl Output {
    /// The rows of a set.
    fn new(rows: VisitRows<'static>, query: &Query, row: &mut Row) -> SqlResult<Self> {
        let rules = OwnRules::new(query)?;
        let mut direct = [None; 7];
        (direct[0], direct[5]) = (Some("Direct"), Some("no arrival"));
        let mut parts = Parts::default();
        Ok(Self {
            rows,
            direct: parts.origin(row, &rules, direct)?,
            rules,
            texts: ByTextId::new(),
            parts,
            origins: ByTextId::new(),
            devices: ByTextId::new(),
            unknown: [row.share("unknown").into(), false.into()],
            next: 0,
        })
    }

    fn text(&mut self, id: u32, row: &mut Row) -> Value {
        if let Some(known) = self.texts.get(id) {
            return known.into();
        }
        match self.rows.text(id) {
            Some(text) => self.texts.put(id, row.share(text)).into(),
            None => Value::NULL,
        }
    }

    fn origin(&mut self, id: u32, row: &mut Row) -> SqlResult<Origin> {
        if let Some(known) = self.origins.get(id) {
            return Ok(known);
        }
        let Some(text) = self.rows.text(id) else { return Ok(self.direct) };
        let origin = self.parts.origin(row, &self.rules, origin_parts(text))?;
        Ok(self.origins.put(id, origin))
    }

    fn device(&mut self, id: u32, row: &mut Row) -> [Value; 2] {
        if let Some(known) = self.devices.get(id) {
            return known;
        }
        match self.rows.text(id) {
            Some(text) => self.devices.put(id, [row.share(agent::device(text)).into(), agent::is_bot(text).into()]),
            None => self.unknown,
        }
    }

    /// Sets the columns behind visitor_id.
    fn set(&mut self, part: &VisitPart, visit_no: usize, row: &mut Row) -> SqlResult<()> {
        let run = part.run;
        let [channel, source, medium, campaign, term, rule, referrer_domain] = self.origin(run.touch, row)?;
        let (landing, touched_at) = match run.touch {
            NONE => (run.entry, run.start),
            _ => (part.landing, run.touch_at),
        };
        let (entry, exit) = (self.text(run.entry, row), self.text(run.exit, row));
        let landing_page = if landing == run.entry { entry } else { self.text(landing, row) };
        let [device, is_bot] = self.device(part.agent, row);
        let values = [
            (visit_no as i64).into(),
            run.start.into(),
            run.end.into(),
            i64::from(run.events).into(),
            i64::from(run.pageviews).into(),
            entry,
            exit,
            channel,
            source,
            medium,
            campaign,
            landing_page,
            referrer_domain,
            device,
            is_bot,
            touched_at.into(),
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
        if output.next == output.rows.visit_parts().len() {
            let Some(visitor) = output.rows.next_visitor().map_err(report)? else { return Ok(false) };
            row.set_text(0, visitor.text(&mut [0; 36]));
            output.next = 0;
        }
        let Some(visit) = output.rows.visit_parts().get(output.next).copied() else { return Ok(false) };
        output.next += 1;
        output.set(&visit, output.next, row)?;
        Ok(true)
    }
}

/// The rows of a set.
fn rows_of_set(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<pg_sys::Datum>> {
    stream::next(fcinfo, |row| {
        let args = Args::of(fcinfo);
        let Some(set) = args.bytes(0) else { return Ok(None) };
        let rows = VisitRows::new(row.keep(set), Cuts::default()).map_err(report)?;
        query::connect(|query| Output::new(rows, query, row)).map(Some)
    })
}
guarded_function!(visit_set_rows_wrapper, pg_finfo_visit_set_rows_wrapper, rows_of_set);

/// The rows of `sessionize`: since, until, gap. The set is made by a query of its own, so that workers help whoever asks, and
/// however.
fn sessionize(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<pg_sys::Datum>> {
    stream::next(fcinfo, |row| {
        let args = Args::of(fcinfo);
        query::connect(|query| {
            let [instant, interval] = [pg_sys::TIMESTAMPTZOID, pg_sys::INTERVALOID];
            let args = [args.typed(0, instant), args.typed(1, instant), args.typed(2, interval)];
            query.run(
                c"SELECT mrcall_internal.check_range($1, $2), mrcall_internal.exact($3, 'gap'), mrcall_internal.require_attached()",
                &args,
            )?;
            let taker = Receiver::<VisitSet>::new();
            let [since, until, gap] = args;
            query.run(
                c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, NULL, true, false, taker => $4) AS s",
                &[since, until, gap, taker.number().into()],
            )?;
            let Some(set) = taker.take() else { return Ok(None) };
            let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
            Output::new(rows, query, row).map(Some)
        })
    })
}
guarded_function!(sessionize_wrapper, pg_finfo_sessionize_wrapper, sessionize);
