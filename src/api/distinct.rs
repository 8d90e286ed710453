//! `distinct_agg` and the accessors of its state.

use mrcall_engine::distinct::{DEFAULT_PRECISION, DistinctState};

use crate::agg::Held;
use crate::error::{SqlResult, needed, report};

pub fn distinct_agg_trans<'fcx>(
    state: Held<'fcx, DistinctState>,
    value: Option<&str>,
    precision: Option<i32>,
) -> SqlResult<Held<'fcx, DistinctState>> {
    let precision = needed(precision, "precision")?;
    let Some(value) = value else { return Ok(state) };
    state.transition(
        || DistinctState::new(precision).map_err(report),
        |distinct| distinct.same_precision(precision).and_then(|()| distinct.push(value.as_bytes())).map_err(report),
    )
}

pub fn distinct_agg_default_trans<'fcx>(
    state: Held<'fcx, DistinctState>,
    value: Option<&str>,
) -> SqlResult<Held<'fcx, DistinctState>> {
    distinct_agg_trans(state, value, Some(DEFAULT_PRECISION))
}

fn read(bytes: &[u8]) -> SqlResult<DistinctState> {
    DistinctState::deserialize(bytes).map_err(report)
}

pub fn num_distinct(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_distinct().map_err(report)?.round() as i64)
}

pub fn distinct_error(state: &[u8]) -> SqlResult<f64> {
    Ok(read(state)?.relative_error())
}
