//! A set of texts that a scan asks for each of its rows.

use mrcall_engine::state as engine;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::error::{SqlResult, report};
use crate::pg::args::Args;

#[pg_extern(sql = false)]
fn text_set(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Vec<u8>> {
    engine::text_set(&Args::of(fcinfo).texts(0)).map_err(report)
}

// Read where it lies: the set may have megabytes, and is asked millions of times.
#[pg_extern(sql = false)]
fn text_set_has(fcinfo: pg_sys::FunctionCallInfo) -> Option<bool> {
    let args = Args::of(fcinfo);
    Some(engine::text_set_has(args.bytes(0)?, args.bytes(1)?))
}
