//! `window_funnel`, `window_funnel_times`, `retention`, `sequence_match`, `sequence_count`.

use std::sync::Arc;

use mrcall_engine::behaviour::{Definition, EventState, FunnelState, Modes, Pattern, RetentionState, SequenceState};
use mrcall_engine::{Result as EngineResult, time};
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;

impl<D: Definition + 'static> State for EventState<D> {
    fn heap_bytes(&self) -> usize {
        EventState::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        EventState::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        Ok(EventState::like(self))
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        EventState::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        EventState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        EventState::deserialize(bytes)
    }
    const MERGES_BYTES: bool = true;
    fn merge_bytes(&mut self, bytes: &[u8]) -> EngineResult<()> {
        EventState::merge_bytes(self, bytes)
    }
}

impl State for RetentionState {
    fn heap_bytes(&self) -> usize {
        0
    }
    fn is_empty(&self) -> bool {
        false
    }
    fn like(&self) -> EngineResult<Self> {
        Ok(RetentionState::like(self))
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        RetentionState::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        RetentionState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        RetentionState::deserialize(bytes)
    }
}

/// A funnel's window in microseconds, and its modes; NULL modes are the default.
pub(super) fn window(within: Option<(i32, i32, i64)>, modes: Option<&Array<&str>>) -> SqlResult<(i64, Modes)> {
    let (months, days, micros) = needed(within, "within")?;
    let within = time::exact_micros(months, days, micros, "within").map_err(report)?;
    let modes = match modes {
        Some(names) => {
            let names = names.iter().map(|name| needed(name, "modes")).collect::<SqlResult<Vec<_>>>()?;
            Modes::parse(names).map_err(report)?
        }
        None => Modes::default(),
    };
    Ok((within, modes))
}

/// Instants as an array of timestamptz.
pub(super) fn instants(times: Vec<i64>) -> Vec<TimestampWithTimeZone> {
    times.into_iter().filter_map(|at| TimestampWithTimeZone::try_from(at).ok()).collect()
}

fn window_funnel_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let (within, modes) = window(args.interval(1), args.array(4).as_ref())?;
    let (Some(ts), Some((count, mask))) = (args.i64(2), args.conditions(3)) else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || FunnelState::new(within, modes, count).map_err(report),
        |funnel| funnel.same_funnel(within, modes, count).and_then(|()| funnel.push(ts, mask)).map_err(report),
    )
}
agg::transition_function!(window_funnel_trans_wrapper, pg_finfo_window_funnel_trans_wrapper, window_funnel_trans);

#[pg_extern(sql = false)]
fn window_funnel_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<FunnelState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn window_funnel_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<FunnelState>(&state)
}

#[pg_extern(sql = false)]
fn window_funnel_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<FunnelState>(bytes)
}

#[pg_extern(sql = false)]
fn window_funnel_final(state: Internal) -> SqlResult<i32> {
    agg::view::<FunnelState, _>(&state, FunnelState::depth).unwrap_or(Ok(0)).map_err(report)
}

#[pg_extern(sql = false)]
fn window_funnel_times_final(state: Internal) -> SqlResult<Vec<TimestampWithTimeZone>> {
    agg::view::<FunnelState, _>(&state, FunnelState::times).unwrap_or(Ok(Vec::new())).map(instants).map_err(report)
}

fn retention_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let Some((count, mask)) = Args::of(fcinfo).conditions(1) else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || RetentionState::new(count).map_err(report),
        |retention| retention.same_conditions(count).map(|()| retention.push(mask)).map_err(report),
    )
}
agg::transition_function!(retention_trans_wrapper, pg_finfo_retention_trans_wrapper, retention_trans);

#[pg_extern(sql = false)]
fn retention_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<RetentionState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn retention_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<RetentionState>(&state)
}

#[pg_extern(sql = false)]
fn retention_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<RetentionState>(bytes)
}

#[pg_extern(sql = false)]
fn retention_final(state: Internal) -> Option<Vec<bool>> {
    agg::view::<RetentionState, _>(&state, RetentionState::retention)
}

fn sequence_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let pattern = needed(args.text(1)?, "pattern")?;
    let (Some(ts), Some((count, mask))) = (args.i64(2), args.conditions(3)) else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || Ok(SequenceState::new(Arc::new(Pattern::parse(pattern, count).map_err(report)?))),
        |sequence| sequence.same_pattern(pattern, count).and_then(|()| sequence.push(ts, mask)).map_err(report),
    )
}
agg::transition_function!(sequence_trans_wrapper, pg_finfo_sequence_trans_wrapper, sequence_trans);

#[pg_extern(sql = false)]
fn sequence_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<SequenceState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn sequence_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<SequenceState>(&state)
}

#[pg_extern(sql = false)]
fn sequence_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<SequenceState>(bytes)
}

#[pg_extern(sql = false)]
fn sequence_match_final(state: Internal) -> SqlResult<Option<bool>> {
    agg::view::<SequenceState, _>(&state, SequenceState::matches).transpose().map_err(report)
}

#[pg_extern(sql = false)]
fn sequence_count_final(state: Internal) -> SqlResult<Option<i64>> {
    let count = agg::view::<SequenceState, _>(&state, SequenceState::count).transpose().map_err(report)?;
    Ok(count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
}
