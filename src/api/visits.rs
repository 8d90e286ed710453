//! `visit_agg`, its state type, `rollup` and accessors.

use mrcall_engine::visits::VisitState;
use mrcall_engine::{Error, Result as EngineResult, time};
use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};

impl State for VisitState {
    fn heap_bytes(&self) -> usize {
        VisitState::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        VisitState::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        VisitState::new(self.gap())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        VisitState::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        VisitState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        VisitState::deserialize(bytes)
    }
}

#[pg_extern(sql = false)]
fn visit_agg_trans(
    state: Internal,
    ts: Option<i64>,
    gap: Option<Interval>,
    page: Option<&str>,
    touch: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    let gap = needed(gap, "gap")?;
    let gap = time::exact_micros(gap.months(), gap.days(), gap.micros(), "gap").map_err(report)?;
    let Some(ts) = ts else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || VisitState::new(gap).map_err(report),
        |visits| visits.same_gap(gap).and_then(|()| visits.push(ts, page, touch)).map_err(report),
    )
}

#[pg_extern(sql = false)]
fn visit_agg_times_trans(
    state: Internal,
    ts: Option<i64>,
    gap: Option<Interval>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    visit_agg_trans(state, ts, gap, None, None, fcinfo)
}

#[pg_extern(sql = false)]
fn visit_agg_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<VisitState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn visit_agg_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<VisitState>(&state)
}

#[pg_extern(sql = false)]
fn visit_agg_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<VisitState>(bytes)
}

#[pg_extern(sql = false)]
fn visit_agg_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<VisitState>(&state)
}

#[pg_extern(sql = false)]
fn visit_rollup_trans(state: Internal, stored: Option<&[u8]>, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::merge_stored::<VisitState>(state, stored, fcinfo)
}

#[pg_extern(sql = false)]
fn visit_state_in(text: &core::ffi::CStr) -> SqlResult<Vec<u8>> {
    super::state_text::decode::<VisitState>(text, "mrcall.visit_state").map_err(report)
}

#[pg_extern(sql = false)]
fn visit_state_recv(message: Internal) -> SqlResult<Vec<u8>> {
    let bytes = crate::pg::message::rest(&message);
    read(&bytes).map(|_| bytes)
}

fn read(bytes: &[u8]) -> SqlResult<VisitState> {
    VisitState::deserialize(bytes).map_err(report)
}

#[pg_extern(sql = false)]
fn visits(
    state: &[u8],
) -> Result<
    TableIterator<
        'static,
        (
            name!(visit_no, i32),
            name!(started_at, i64),
            name!(ended_at, i64),
            name!(events, i64),
            name!(pageviews, i64),
            name!(entry_page, Option<String>),
            name!(exit_page, Option<String>),
            name!(touch, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let state = read(state)?;
    let own = |text: Option<&str>| text.map(str::to_owned);
    let rows: Vec<_> = state
        .visits()
        .map_err(report)?
        .iter()
        .zip(1i32..)
        .map(|(v, no)| {
            (
                no,
                v.started_at,
                v.ended_at,
                i64::from(v.events),
                i64::from(v.pageviews),
                own(v.entry_page),
                own(v.exit_page),
                own(v.touch),
            )
        })
        .collect();
    Ok(TableIterator::new(rows))
}

fn count(value: usize) -> SqlResult<i64> {
    i64::try_from(value).map_err(|_| report(Error::invalid("a count is out of range", "Use a shorter range.")))
}

#[pg_extern(sql = false)]
fn num_visits(state: &[u8]) -> SqlResult<i64> {
    count(read(state)?.num_visits().map_err(report)?)
}

#[pg_extern(sql = false)]
fn num_events(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_events() as i64)
}

#[pg_extern(sql = false)]
fn num_pageviews(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_pageviews() as i64)
}

#[pg_extern(sql = false)]
fn num_bounces(state: &[u8]) -> SqlResult<i64> {
    count(read(state)?.num_bounces().map_err(report)?)
}

#[pg_extern(sql = false)]
fn total_duration(state: &[u8]) -> SqlResult<Interval> {
    let micros = read(state)?.total_duration().map_err(report)?;
    Interval::new(0, 0, micros)
        .map_err(|_| report(Error::invalid("the total duration is out of range", "Use a shorter range.")))
}
