//! Values out of JSON documents that may be malformed: what does not parse is NULL, never an error.

use mrcall_engine::parse;
use pgrx::prelude::*;
use pgrx::{AnyElement, pg_sys};

use crate::guc;
use crate::pg::args::Args;
use crate::pg::document;

#[pg_extern(sql = false)]
fn try_timestamptz(value: &str) -> Option<i64> {
    parse::timestamptz(value)
}

#[pg_extern(sql = false)]
fn try_bigint(value: &str) -> Option<i64> {
    parse::bigint(value)
}

#[pg_extern(sql = false)]
fn try_boolean(value: &str) -> Option<bool> {
    parse::boolean(value)
}

/// The text if it is a number that the server's numeric accepts.
#[pg_extern(sql = false)]
fn numeric_text(value: &str) -> Option<&str> {
    parse::numeric(value)
}

/// The JSON payload of a JWS compact serialization.
#[pg_extern(sql = false)]
fn jws_payload(value: &str) -> Option<String> {
    parse::jws_payload(value)
}

#[pg_extern(sql = false)]
fn unpacked(fcinfo: pg_sys::FunctionCallInfo) -> Option<AnyElement> {
    document::unpacked(&Args::of(fcinfo), 0)
}

#[pg_extern(sql = false)]
fn longest_call() -> i32 {
    guc::longest_call()
}

#[pg_extern(sql = false)]
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
