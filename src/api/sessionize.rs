//! The visits of all visitors at once: the aggregate behind `sessionize`, the views and the reports.

use mrcall_engine::arrival::Event;
use mrcall_engine::visits::{Hit, Row, Rows, VisitSet, touch_parts};
use mrcall_engine::{Error, ErrorKind, Result as EngineResult, agent, duration};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;
use crate::pg::tuples::Tuples;

impl State for VisitSet {
    fn heap_bytes(&self) -> usize {
        VisitSet::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        VisitSet::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        VisitSet::new(self.gap(), Vec::new())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        VisitSet::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        VisitSet::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        VisitSet::deserialize(bytes)
    }
}

/// Arguments behind the state: visitor_id, occurred_at, is_pageview, page_path, path_from_url, page_url, referrer,
/// utm_source, utm_medium, utm_campaign, user_agent, gap, ignored.
#[pg_extern(sql = false)]
fn _visit_set_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let (Some(visitor), Some(at)) = (args.text(1)?, args.i64(2)) else { return Ok(state) };
    let hit = Hit {
        visitor,
        at,
        is_pageview: args.bool(3).unwrap_or(false),
        path: args.text(4)?,
        path_from_url: args.bool(5).unwrap_or(false),
        event: Event {
            page_url: args.text(6)?,
            referrer: args.text(7)?,
            utm_source: args.text(8)?,
            utm_medium: args.text(9)?,
            utm_campaign: args.text(10)?,
        },
        user_agent: args.text(11)?,
    };
    let make = || {
        let (months, days, micros) = needed(args.interval(12), "gap")?;
        let gap = duration::exact_micros(months, days, micros, "gap").map_err(report)?;
        VisitSet::new(gap, args.texts(13)).map_err(report)
    };
    agg::transition(state, fcinfo, make, |set| set.push(&hit).map_err(report))
}

#[pg_extern(sql = false)]
fn _visit_set_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<VisitSet>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn _visit_set_serialize(state: Internal) -> SqlResult<Option<Vec<u8>>> {
    agg::serialize::<VisitSet>(&state)
}

#[pg_extern(sql = false)]
fn _visit_set_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<VisitSet>(bytes)
}

#[pg_extern(sql = false)]
fn _visit_set_final(state: Internal) -> SqlResult<Option<Vec<u8>>> {
    agg::finalize::<VisitSet>(&state)
}

/// Values of a text that many rows share, made when the first row needs them.
#[derive(Clone, Copy, Default)]
struct Shared {
    text: Option<pg_sys::Datum>,
    /// As a touch: its eight parts.
    parts: Option<[Option<pg_sys::Datum>; 8]>,
    /// As a user agent: device and whether it is a bot.
    device: Option<(pg_sys::Datum, bool)>,
}

struct Output {
    rows: Rows,
    tuples: Tuples,
    shared: Vec<Shared>,
    direct: pg_sys::Datum,
    no_arrival: pg_sys::Datum,
    unknown: pg_sys::Datum,
}

const COLUMNS: usize = 19;

impl Output {
    fn text(&mut self, id: u32) -> Option<pg_sys::Datum> {
        let shared = self.shared.get_mut(id as usize)?;
        if shared.text.is_none() {
            shared.text = self.rows.text(id).map(|text| self.tuples.lasting_text(text));
        }
        shared.text
    }

    fn parts(&mut self, id: u32) -> Option<[Option<pg_sys::Datum>; 8]> {
        let shared = self.shared.get_mut(id as usize)?;
        if shared.parts.is_none() {
            let parts = touch_parts(self.rows.text(id)?);
            shared.parts = Some(parts.map(|part| part.map(|text| self.tuples.lasting_text(text))));
        }
        shared.parts
    }

    fn device(&mut self, id: u32) -> Option<(pg_sys::Datum, bool)> {
        let shared = self.shared.get_mut(id as usize)?;
        if shared.device.is_none() {
            let agent = self.rows.text(id)?;
            shared.device = Some((self.tuples.lasting_text(agent::device(agent)), agent::is_bot(agent)));
        }
        shared.device
    }

    fn tuple(&mut self, row: &Row) -> Option<AnyElement> {
        let run = &row.run;
        let touch = self.parts(run.touch);
        let [channel, source, medium, campaign, term, rule, referrer_domain, landing_page] = touch.unwrap_or_default();
        let (device, is_bot) = self.device(row.agent).unwrap_or((self.unknown, false));
        let entry = self.text(run.entry);
        let exit = self.text(run.exit);
        let visitor = self.tuples.text(self.rows.visitor());
        let touched_at = if touch.is_some() { run.touch_at } else { run.start };
        self.tuples.row(&[
            Some(visitor),
            Some(pg_sys::Datum::from(row.visit_no as i32)),
            Some(pg_sys::Datum::from(run.start)),
            Some(pg_sys::Datum::from(run.end)),
            Some(pg_sys::Datum::from(i64::from(run.events))),
            Some(pg_sys::Datum::from(i64::from(run.pageviews))),
            entry,
            exit,
            channel.or(Some(self.direct)),
            source,
            medium,
            campaign,
            if touch.is_some() { landing_page } else { entry },
            referrer_domain,
            Some(device),
            Some(pg_sys::Datum::from(is_bot)),
            Some(pg_sys::Datum::from(touched_at)),
            term,
            if touch.is_some() { rule } else { Some(self.no_arrival) },
        ])
    }
}

impl Iterator for Output {
    type Item = AnyElement;

    fn next(&mut self) -> Option<AnyElement> {
        pgrx::check_for_interrupts!();
        match self.rows.next_row() {
            Ok(row) => self.tuple(&row?),
            Err(error) => {
                report(error).report(PgLogLevel::ERROR);
                None
            }
        }
    }
}

/// The rows of a set, one at a time.
#[pg_extern(sql = false)]
fn _visit_set_rows(
    set: &[u8],
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<SetOfIterator<'static, AnyElement>, ErrorReport> {
    let rows = Rows::new(set.to_vec()).map_err(report)?;
    let mut tuples = Tuples::of(fcinfo, COLUMNS).ok_or_else(|| {
        report(Error::new(
            ErrorKind::NotPossible,
            "this function needs its own row type",
            "Call mrcall.sessionize instead.",
        ))
    })?;
    let shared = vec![Shared::default(); rows.num_texts()];
    let (direct, no_arrival) = (tuples.lasting_text("Direct"), tuples.lasting_text("no arrival"));
    let unknown = tuples.lasting_text("unknown");
    Ok(SetOfIterator::new(Output { rows, tuples, shared, direct, no_arrival, unknown }))
}
