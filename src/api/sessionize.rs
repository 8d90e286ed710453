//! The visits of all visitors at once: the aggregate behind `sessionize`, the views and the reports.

use std::borrow::Cow;

use mrcall_engine::visits::{Hit, VisitSet, is_pageview};
use mrcall_engine::{Result as EngineResult, duration};
use pgrx::datum::Interval;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use super::bucket::each_bucket;
use super::visitor_buckets::first_cut;
use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;

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

/// Arguments behind the state: visitor_id, occurred_at, event_type, page_path, path_from_url, page_url, referrer,
/// utm_source, utm_medium, utm_campaign, user_agent, gap, ignored, with_touch; and, where visits are to be cut,
/// width, begin, end and zone of buckets.
fn _visit_set_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let (Some(visitor), Some(at)) = (args.bytes(1), args.i64(2)) else { return Ok(state) };
    let hit = Hit {
        visitor,
        at,
        is_pageview: args.bytes(3).is_some_and(is_pageview),
        path: args.bytes(4),
        path_from_url: args.bool(5).unwrap_or(false),
        page_url: args.bytes(6),
        referrer: args.bytes(7),
        utm_source: args.bytes(8),
        utm_medium: args.bytes(9),
        utm_campaign: args.bytes(10),
        user_agent: args.bytes(11),
        with_touch: args.bool(14).unwrap_or(false),
    };
    let make = || {
        let (months, days, micros) = needed(args.interval(12), "gap")?;
        let gap = duration::exact_micros(months, days, micros, "gap").map_err(report)?;
        let cuts = match (args.interval(15), args.i64(16), args.i64(17), args.text(18)?) {
            (Some((months, days, micros)), Some(since), Some(until), Some(zone)) => {
                let width = Interval::new(months, days, micros).ok();
                let mut buckets = Vec::new();
                each_bucket(width, Some(since), Some(until), Some(zone), |start, next| buckets.push((start, next)))?;
                first_cut(&buckets, since)
            }
            _ => Vec::new(),
        };
        VisitSet::new(gap, args.texts(13), cuts).map_err(report)
    };
    agg::transition(state, fcinfo, make, |set| set.push(&hit).map_err(report))
}
agg::transition_function!(_visit_set_trans_wrapper, pg_finfo__visit_set_trans_wrapper, _visit_set_trans);

#[pg_extern(sql = false)]
fn _visit_set_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<VisitSet>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn _visit_set_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<VisitSet>(&state)
}

#[pg_extern(sql = false)]
fn _visit_set_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<VisitSet>(bytes)
}

#[pg_extern(sql = false)]
fn _visit_set_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<VisitSet>(&state)
}
