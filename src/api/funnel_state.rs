//! `funnel_agg` and the accessors of its state.

use mrcall_engine::behaviour::{FunnelEvents, FunnelState};
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::behaviour::{conditions, instants, window};
use crate::agg::Held;
use crate::error::{SqlResult, report};
use crate::pg::arg::Booleans;
use crate::pg::text_array::TextArray;

pub fn funnel_agg_trans<'fcx>(
    state: Held<'fcx, FunnelEvents>,
    ts: Option<i64>,
    steps: Option<Booleans<'_>>,
) -> SqlResult<Held<'fcx, FunnelEvents>> {
    let (Some(ts), Some((count, mask))) = (ts, steps.map(conditions)) else { return Ok(state) };
    state.transition(
        || FunnelEvents::new(count).map_err(report),
        |events| events.same_steps(count).and_then(|()| events.push(ts, mask)).map_err(report),
    )
}

/// The funnel of a stored state; the arguments are checked without one too.
fn funnel(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<TextArray<'_>>,
) -> SqlResult<Option<FunnelState>> {
    let (within, modes) = window(within, modes)?;
    let funnel = |bytes| FunnelEvents::deserialize(bytes).and_then(|events| events.funnel(within, modes));
    state.map(funnel).transpose().map_err(report)
}

pub fn funnel_state_depth(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<TextArray<'_>>,
) -> SqlResult<Option<i32>> {
    funnel(state, within, modes)?.map(|funnel| funnel.depth()).transpose().map_err(report)
}

pub fn funnel_state_times(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<TextArray<'_>>,
) -> SqlResult<Option<Vec<TimestampWithTimeZone>>> {
    let times = funnel(state, within, modes)?.map(|funnel| funnel.times()).transpose().map_err(report)?;
    Ok(times.map(instants))
}

pub fn funnel_state_num_events(state: &[u8]) -> SqlResult<i64> {
    Ok(FunnelEvents::deserialize(state).map_err(report)?.len() as i64)
}
