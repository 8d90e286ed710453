//! The visits of all visitors at once: the aggregate behind `sessionize`, the views and the reports.

use std::borrow::Cow;

use mrcall_engine::visits::{PageEvent, VisitSet, VisitSettings, is_pageview};
use mrcall_engine::{Error, ErrorKind, Result as EngineResult, time};
use pgrx::datum::{Interval, TimestampWithTimeZone, UnboxDatum};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::prelude::*;
use pgrx::{AllocatedByRust, AnyElement, FromDatum, Internal, IntoDatum, pg_sys};

use super::bucket::each_bucket;
use super::visitor_buckets::first_cut;
use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;
use crate::pg::scan;

impl State for VisitSet {
    fn heap_bytes(&self) -> usize {
        VisitSet::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        VisitSet::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        VisitSet::like(self)
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        VisitSet::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        VisitSet::serialize(self)
    }
    fn chunks(&self) -> EngineResult<Vec<Cow<'_, [u8]>>> {
        VisitSet::chunks(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        VisitSet::deserialize(bytes)
    }
    const MERGES_BYTES: bool = true;
    fn merge_bytes(&mut self, bytes: &[u8]) -> EngineResult<()> {
        VisitSet::merge_bytes(self, bytes)
    }
}

/// A field of a row by its name.
fn field<'row, T>(row: &'row PgHeapTuple<'_, AllocatedByRust>, name: &str) -> SqlResult<Option<T>>
where
    T: FromDatum + IntoDatum + UnboxDatum<As<'row> = T> + 'row,
{
    row.get_by_name(name).map_err(|error| {
        let hint = "Call the function as CREATE EXTENSION declares it.";
        report(Error::new(ErrorKind::NotPossible, format!("field {name} of a row: {error}"), hint))
    })
}

/// What `mrcall_internal.visit_settings` says.
fn settings(args: &Args<'_>) -> SqlResult<VisitSettings> {
    let row = needed(args.composite(11), "settings")?;
    let gap: Interval = needed(field(&row, "gap")?, "gap")?;
    let ignored: Option<Array<'_, &str>> = field(&row, "ignored")?;
    let flag = |name| field(&row, name).map(|flag| flag.unwrap_or(false));
    let cuts = match (field(&row, "width")?, field(&row, "cut_since")?, field(&row, "cut_until")?, field(&row, "zone")?)
    {
        (Some(width), Some(since), Some(until), Some(zone)) => {
            let [since, until] = [since, until].map(|at: TimestampWithTimeZone| pg_sys::TimestampTz::from(at));
            let mut buckets = Vec::new();
            each_bucket(Some(width), Some(since), Some(until), Some(zone), |start, next| buckets.push((start, next)))?;
            first_cut(&buckets, since)
        }
        _ => Vec::new(),
    };
    Ok(VisitSettings {
        gap: time::exact_micros(gap.months(), gap.days(), gap.micros(), "gap").map_err(report)?,
        ignored: ignored.iter().flat_map(Array::iter).flatten().map(str::to_owned).collect(),
        cuts,
        path_from_url: flag("path_from_url")?,
        with_pages: flag("with_pages")?,
        with_touch: flag("with_touch")?,
        receiver: field::<i32>(&row, "taker")?.and_then(|taker| u32::try_from(taker).ok()).unwrap_or_default(),
    })
}

/// Arguments behind the state: visitor_id, occurred_at, event_type, page_path, page_url, referrer, utm_source, utm_medium,
/// utm_campaign, user_agent, settings.
fn visit_set_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let (Some(visitor), Some(at)) = (args.bytes(1), args.i64(2)) else { return Ok(state) };
    scan::load_next_row(visitor);
    let hit = PageEvent {
        visitor,
        at,
        is_pageview: args.bytes(3).is_some_and(is_pageview),
        path: args.bytes(4),
        page_url: args.bytes(5),
        referrer: args.bytes(6),
        utm_source: args.bytes(7),
        utm_medium: args.bytes(8),
        utm_campaign: args.bytes(9),
        user_agent: args.bytes(10),
    };
    let make = || VisitSet::new(settings(&args)?).map_err(report);
    agg::transition(state, fcinfo, make, |set| set.push(&hit).map_err(report))
}
agg::transition_function!(visit_set_trans_wrapper, pg_finfo_visit_set_trans_wrapper, visit_set_trans);

#[pg_extern(sql = false)]
fn visit_set_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<VisitSet>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn visit_set_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<VisitSet>(&state)
}

#[pg_extern(sql = false)]
fn visit_set_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<VisitSet>(bytes)
}

#[pg_extern(sql = false)]
fn visit_set_final(mut state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::hand_over(&mut state, VisitSet::receiver)
}
