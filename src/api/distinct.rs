//! `distinct_agg`, its state type, `rollup` and accessors.

use mrcall_engine::Result as EngineResult;
use mrcall_engine::distinct::{DEFAULT_PRECISION, DistinctState};
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};

impl State for DistinctState {
    fn heap_bytes(&self) -> usize {
        DistinctState::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        DistinctState::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        DistinctState::new(self.precision())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        DistinctState::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        DistinctState::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        DistinctState::deserialize(bytes)
    }
}

#[pg_extern(sql = false)]
fn distinct_agg_trans(
    state: Internal,
    value: Option<&str>,
    precision: Option<i32>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    let precision = needed(precision, "precision")?;
    let Some(value) = value else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || DistinctState::new(precision).map_err(report),
        |distinct| distinct.same_precision(precision).and_then(|()| distinct.push(value.as_bytes())).map_err(report),
    )
}

#[pg_extern(sql = false)]
fn distinct_agg_default_trans(
    state: Internal,
    value: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    distinct_agg_trans(state, value, Some(DEFAULT_PRECISION), fcinfo)
}

#[pg_extern(sql = false)]
fn distinct_agg_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<DistinctState>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn distinct_agg_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<DistinctState>(&state)
}

#[pg_extern(sql = false)]
fn distinct_agg_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<DistinctState>(bytes)
}

#[pg_extern(sql = false)]
fn distinct_agg_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<DistinctState>(&state)
}

#[pg_extern(sql = false)]
fn distinct_rollup_trans(
    state: Internal,
    stored: Option<&[u8]>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    agg::merge_stored::<DistinctState>(state, stored, fcinfo)
}

#[pg_extern(sql = false)]
fn distinct_state_in(text: &core::ffi::CStr) -> SqlResult<Vec<u8>> {
    super::state_text::decode::<DistinctState>(text, "mrcall.distinct_state").map_err(report)
}

#[pg_extern(sql = false)]
fn distinct_state_recv(message: Internal) -> SqlResult<Vec<u8>> {
    let bytes = crate::pg::message::rest(&message);
    read(&bytes).map(|_| bytes)
}

fn read(bytes: &[u8]) -> SqlResult<DistinctState> {
    DistinctState::deserialize(bytes).map_err(report)
}

#[pg_extern(sql = false)]
fn num_distinct(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_distinct().map_err(report)?.round() as i64)
}

#[pg_extern(sql = false)]
fn distinct_error(state: &[u8]) -> SqlResult<f64> {
    Ok(read(state)?.relative_error())
}
