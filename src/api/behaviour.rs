//! `window_funnel`, `window_funnel_times`, `retention`, `sequence_match`, `sequence_count`,
//! `sequence_events`.

use std::sync::Arc;

use mrcall_engine::behaviour::{FunnelState, Modes, Pattern, RetentionState, SequenceState, condition_mask};
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::credit::exact_micros;
use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::arg::Booleans;
use crate::pg::text_array::TextArray;

/// A funnel's window in microseconds, and its modes; NULL modes are the default.
pub(super) fn window(within: Option<Interval>, modes: Option<TextArray<'_>>) -> SqlResult<(i64, Modes)> {
    let within = exact_micros(within, "within")?;
    let Some(modes) = modes else { return Ok((within, Modes::default())) };
    let names =
        modes.one_dimension("modes")?.texts().map(|name| needed(name?, "modes")).collect::<SqlResult<Vec<_>>>()?;
    Ok((within, Modes::parse(names).map_err(report)?))
}

/// How many conditions there are, and which of them are met, the first as bit 0.
pub(super) fn conditions(conditions: Booleans<'_>) -> (usize, u32) {
    let mask = match conditions.without_null() {
        Some(all) => condition_mask(all.map(Some)),
        None => condition_mask(conditions.iter()),
    };
    (conditions.len(), mask)
}

/// Instants as an array of timestamptz.
pub(super) fn instants(times: Vec<i64>) -> Vec<TimestampWithTimeZone> {
    times.into_iter().filter_map(|at| TimestampWithTimeZone::try_from(at).ok()).collect()
}

pub fn window_funnel_trans<'fcx>(
    state: Held<'fcx, FunnelState>,
    within: Option<Interval>,
    ts: Option<i64>,
    steps: Option<Booleans<'_>>,
    modes: Option<TextArray<'_>>,
) -> SqlResult<Held<'fcx, FunnelState>> {
    let (within, modes) = window(within, modes)?;
    let (Some(ts), Some((count, mask))) = (ts, steps.map(conditions)) else { return Ok(state) };
    state.transition(
        || FunnelState::new(within, modes, count).map_err(report),
        |funnel| funnel.same_funnel(within, modes, count).and_then(|()| funnel.push(ts, mask)).map_err(report),
    )
}

pub fn window_funnel_final(state: Held<'_, FunnelState>) -> SqlResult<i32> {
    state.state().map_or(Ok(0), FunnelState::depth).map_err(report)
}

pub fn window_funnel_times_final(state: Held<'_, FunnelState>) -> SqlResult<Vec<TimestampWithTimeZone>> {
    state.state().map_or(Ok(Vec::new()), FunnelState::times).map(instants).map_err(report)
}

pub fn retention_trans<'fcx>(
    state: Held<'fcx, RetentionState>,
    conditions_met: Option<Booleans<'_>>,
) -> SqlResult<Held<'fcx, RetentionState>> {
    let Some((count, mask)) = conditions_met.map(conditions) else { return Ok(state) };
    state.transition(
        || RetentionState::new(count).map_err(report),
        |retention| retention.same_conditions(count).map(|()| retention.push(mask)).map_err(report),
    )
}

pub fn retention_final(state: Held<'_, RetentionState>) -> Option<Vec<bool>> {
    state.state().map(RetentionState::retention)
}

pub fn sequence_trans<'fcx>(
    state: Held<'fcx, SequenceState>,
    pattern: Option<&str>,
    ts: Option<i64>,
    events: Option<Booleans<'_>>,
) -> SqlResult<Held<'fcx, SequenceState>> {
    let pattern = needed(pattern, "pattern")?;
    let (Some(ts), Some((count, mask))) = (ts, events.map(conditions)) else { return Ok(state) };
    state.transition(
        || Ok(SequenceState::new(Arc::new(Pattern::parse(pattern, count).map_err(report)?))),
        |sequence| sequence.same_pattern(pattern, count).and_then(|()| sequence.push(ts, mask)).map_err(report),
    )
}

pub fn sequence_match_final(state: Held<'_, SequenceState>) -> SqlResult<Option<bool>> {
    state.state().map(SequenceState::matches).transpose().map_err(report)
}

pub fn sequence_events_final(state: Held<'_, SequenceState>) -> SqlResult<Option<Vec<TimestampWithTimeZone>>> {
    let times = state.state().map(SequenceState::first_match).transpose().map_err(report)?;
    Ok(times.map(instants))
}

pub fn sequence_count_final(state: Held<'_, SequenceState>) -> SqlResult<Option<i64>> {
    let count = state.state().map(SequenceState::count).transpose().map_err(report)?;
    Ok(count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)))
}
