//! `funnel_agg`, its state type, `rollup` and accessors.

use mrcall_engine::behaviour::{FunnelEvents, FunnelState};
use pgrx::datum::Interval;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use super::behaviour::{instants, window};
use crate::agg;
use crate::error::{SqlResult, report};
use crate::pg::args::Args;

fn funnel_agg_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let (Some(ts), Some((count, mask))) = (args.i64(1), args.conditions(2)) else { return Ok(state) };
    agg::transition(
        state,
        fcinfo,
        || FunnelEvents::new(count).map_err(report),
        |events| events.same_steps(count).and_then(|()| events.push(ts, mask)).map_err(report),
    )
}
agg::transition_function!(funnel_agg_trans_wrapper, pg_finfo_funnel_agg_trans_wrapper, funnel_agg_trans);

#[pg_extern(sql = false)]
fn funnel_agg_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<FunnelEvents>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn funnel_agg_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<FunnelEvents>(&state)
}

#[pg_extern(sql = false)]
fn funnel_agg_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<FunnelEvents>(bytes)
}

#[pg_extern(sql = false)]
fn funnel_agg_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<FunnelEvents>(&state)
}

#[pg_extern(sql = false)]
fn funnel_rollup_trans(
    state: Internal,
    stored: Option<&[u8]>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> SqlResult<Internal> {
    agg::merge_stored::<FunnelEvents>(state, stored, fcinfo)
}

#[pg_extern(sql = false)]
fn funnel_state_in(text: &core::ffi::CStr) -> SqlResult<Vec<u8>> {
    super::state_text::decode::<FunnelEvents>(text, "mrcall.funnel_state").map_err(report)
}

#[pg_extern(sql = false)]
fn funnel_state_recv(message: Internal) -> SqlResult<Vec<u8>> {
    let bytes = crate::pg::message::rest(&message);
    FunnelEvents::deserialize(&bytes).map(|_| bytes).map_err(report)
}

/// The funnel of a stored state; the arguments are checked without one too.
fn funnel(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<Array<&str>>,
) -> SqlResult<Option<FunnelState>> {
    let within = within.map(|within| (within.months(), within.days(), within.micros()));
    let (within, modes) = window(within, modes.as_ref())?;
    let funnel = |bytes| FunnelEvents::deserialize(bytes).and_then(|events| events.funnel(within, modes));
    state.map(funnel).transpose().map_err(report)
}

#[pg_extern(sql = false)]
fn funnel_state_depth(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<Array<&str>>,
) -> SqlResult<Option<i32>> {
    funnel(state, within, modes)?.map(|funnel| funnel.depth()).transpose().map_err(report)
}

#[pg_extern(sql = false)]
fn funnel_state_times(
    state: Option<&[u8]>,
    within: Option<Interval>,
    modes: Option<Array<&str>>,
) -> SqlResult<Option<Vec<TimestampWithTimeZone>>> {
    funnel(state, within, modes)?.map(|funnel| funnel.times().map(instants)).transpose().map_err(report)
}

#[pg_extern(sql = false)]
fn funnel_state_num_events(state: &[u8]) -> SqlResult<i64> {
    Ok(FunnelEvents::deserialize(state).map_err(report)?.len() as i64)
}
