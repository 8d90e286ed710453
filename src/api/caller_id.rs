//! `caller_id`: who called, the same text for all ways in which one number is written.

use std::borrow::Cow;

use mrcall_engine::caller_id;

use crate::error::SqlResult;
use crate::pg::answer::Made;
use crate::pg::function_call::Call;

pub fn caller_id(call: Call<'_>, caller: &str) -> SqlResult<Option<Made>> {
    match caller_id::caller_id(caller) {
        None => Ok(None),
        // Mostly it is what was asked: no copy for each call of a report.
        Some(Cow::Borrowed(_)) => Ok(Made::argument(call, 0)),
        Some(Cow::Owned(number)) => Made::of(number),
    }
}
