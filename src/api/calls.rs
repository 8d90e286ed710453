//! `call_agg`, its state type, `rollup` and accessors.

use mrcall_engine::calls::CallState;
use mrcall_engine::{Error, ErrorKind, Result as EngineResult};
use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};

impl State for CallState {
    fn heap_bytes(&self) -> usize {
        CallState::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        CallState::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        Ok(CallState::default())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        CallState::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        CallState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        CallState::deserialize(bytes)
    }
}

#[pg_extern(sql = false)]
fn call_agg_trans(
    state: Internal,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    outcome: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    let Some(started_at) = started_at else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || Ok(CallState::default()),
        |calls: &mut CallState| calls.push(started_at, ended_at, outcome).map_err(report),
    )
}

#[pg_extern(sql = false)]
fn call_agg_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<CallState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn call_agg_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<CallState>(&state)
}

#[pg_extern(sql = false)]
fn call_agg_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<CallState>(bytes)
}

#[pg_extern(sql = false)]
fn call_agg_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<CallState>(&state)
}

#[pg_extern(sql = false)]
fn call_rollup_trans(state: Internal, stored: Option<&[u8]>, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::merge_stored::<CallState>(state, stored, fcinfo)
}

#[pg_extern(sql = false)]
fn call_state_in(text: &core::ffi::CStr) -> SqlResult<Vec<u8>> {
    super::state_text::decode::<CallState>(text, "mrcall.call_state").map_err(report)
}

#[pg_extern(sql = false)]
fn call_state_recv(message: Internal) -> SqlResult<Vec<u8>> {
    let bytes = crate::pg::message::rest(&message);
    read(&bytes).map(|_| bytes)
}

fn read(bytes: &[u8]) -> SqlResult<CallState> {
    <CallState as State>::deserialize(bytes).map_err(report)
}

fn interval(micros: i64) -> SqlResult<Interval> {
    Interval::new(0, 0, micros).map_err(|_| {
        report(Error::new(ErrorKind::DatetimeOutOfRange, "a duration is out of range", "Ask for a shorter range."))
    })
}

#[pg_extern(sql = false)]
fn num_calls(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_calls() as i64)
}

#[pg_extern(sql = false)]
fn calls_total_duration(state: &[u8]) -> SqlResult<Interval> {
    interval(read(state)?.total_duration().map_err(report)?)
}

#[pg_extern(sql = false)]
fn mean_duration(state: &[u8]) -> SqlResult<Option<Interval>> {
    read(state)?.mean_duration().map(interval).transpose()
}

#[pg_extern(sql = false)]
fn duration_percentile(state: Option<&[u8]>, fraction: Option<f64>) -> SqlResult<Option<Interval>> {
    let fraction = needed(fraction, "fraction")?;
    mrcall_engine::calls::check_fraction(fraction).map_err(report)?;
    let Some(state) = state else { return Ok(None) };
    read(state)?.duration_percentile(fraction).map_err(report)?.map(interval).transpose()
}

#[pg_extern(sql = false)]
fn outcomes(
    state: &[u8],
) -> Result<TableIterator<'static, (name!(outcome, Option<String>), name!(calls, i64))>, ErrorReport> {
    let state = read(state)?;
    let rows: Vec<_> =
        state.outcomes().into_iter().map(|(outcome, calls)| (outcome.map(str::to_owned), calls as i64)).collect();
    Ok(TableIterator::new(rows))
}

#[pg_extern(sql = false)]
fn peak_concurrency(state: &[u8]) -> SqlResult<i32> {
    let peak = read(state)?.peak().map_err(report)?;
    Ok(peak.map_or(0, |peak| peak.calls as i32))
}

#[pg_extern(sql = false)]
fn peak_at(state: &[u8]) -> SqlResult<Option<i64>> {
    let peak = read(state)?.peak().map_err(report)?;
    Ok(peak.map(|peak| peak.at))
}

#[pg_extern(sql = false)]
fn busy_time(state: &[u8]) -> SqlResult<Interval> {
    interval(read(state)?.busy_time().map_err(report)?)
}
