//! `call_agg` and the accessors of its state.

use mrcall_engine::calls::CallState;
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::Interval;

use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;

pub fn call_agg_trans<'fcx>(
    state: Held<'fcx, CallState>,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    outcome: Option<&str>,
) -> SqlResult<Held<'fcx, CallState>> {
    let Some(started_at) = started_at else { return Ok(state) };
    state.transition(|| Ok(CallState::default()), |calls| calls.push(started_at, ended_at, outcome).map_err(report))
}

fn read(bytes: &[u8]) -> SqlResult<CallState> {
    CallState::deserialize(bytes).map_err(report)
}

fn interval(micros: i64) -> SqlResult<Interval> {
    Interval::new(0, 0, micros).map_err(|_| {
        report(Error::new(ErrorKind::DatetimeOutOfRange, "a duration is out of range", "Ask for a shorter range."))
    })
}

pub fn num_calls(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_calls() as i64)
}

pub fn calls_total_duration(state: &[u8]) -> SqlResult<Interval> {
    interval(read(state)?.total_duration().map_err(report)?)
}

pub fn mean_duration(state: &[u8]) -> SqlResult<Option<Interval>> {
    read(state)?.mean_duration().map(interval).transpose()
}

pub fn duration_percentile(state: Option<&[u8]>, fraction: Option<f64>) -> SqlResult<Option<Interval>> {
    let fraction = needed(fraction, "fraction")?;
    mrcall_engine::calls::check_fraction(fraction).map_err(report)?;
    let Some(state) = state else { return Ok(None) };
    read(state)?.duration_percentile(fraction).map_err(report)?.map(interval).transpose()
}

pub fn outcomes(call: Call<'_>, state: &[u8]) -> SqlResult<()> {
    let state = read(state)?;
    call.table(state.outcomes().into_iter().map(|(outcome, calls)| (outcome, calls as i64)))
}

pub fn peak_concurrency(state: &[u8]) -> SqlResult<i32> {
    let peak = read(state)?.peak().map_err(report)?;
    Ok(peak.map_or(0, |peak| peak.calls as i32))
}

pub fn peak_at(state: &[u8]) -> SqlResult<Option<i64>> {
    let peak = read(state)?.peak().map_err(report)?;
    Ok(peak.map(|peak| peak.at))
}

pub fn busy_time(state: &[u8]) -> SqlResult<Interval> {
    interval(read(state)?.busy_time().map_err(report)?)
}
