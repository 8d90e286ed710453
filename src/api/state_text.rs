//! Input and output of stored states. Their text form: `\x` and hexadecimal digits, as bytea's.

use core::ffi::CStr;
use std::ffi::CString;

use data_encoding::{DecodeKind, HEXLOWER, HEXLOWER_PERMISSIVE};
use mrcall_engine::resource::{interrupt, memory};
use mrcall_engine::{Error, ErrorKind, Result};

use crate::agg::Stored;
use crate::error::{SqlResult, report};
use crate::pg::arg::Message;

/// A type's text input: the bytes of a text form that hold a valid state, else `22P02`.
pub fn input<S: Stored>(text: &CStr) -> SqlResult<Vec<u8>> {
    decode::<S>(text).map_err(report)
}

/// A type's binary input.
pub fn receive<S: Stored>(message: Message<'_>) -> SqlResult<Vec<u8>> {
    let bytes = message.rest()?;
    S::check(&bytes).map(|()| bytes).map_err(report)
}

/// The cast of bytea to a type.
pub fn from_bytes<S: Stored>(bytes: &[u8]) -> SqlResult<Vec<u8>> {
    S::check(bytes).and_then(|()| memory::copy(bytes)).map_err(report)
}

fn decode<S: Stored>(text: &CStr) -> Result<Vec<u8>> {
    let malformed = |detail: &str| {
        Error::new(
            ErrorKind::MalformedText,
            format!("invalid input syntax for type {}: {detail}", S::TYPE),
            "A state is written as \\x and hexadecimal digits, as psql prints it.",
        )
    };
    let digits = text.to_bytes().strip_prefix(b"\\x").ok_or_else(|| malformed("no \\x at its begin"))?;
    memory::demand(digits.len() / 2);
    let bytes = HEXLOWER_PERMISSIVE.decode(digits).map_err(|error| {
        malformed(match error.kind {
            DecodeKind::Length => "an odd number of digits",
            _ => "not a hexadecimal digit",
        })
    })?;
    S::check(&bytes).map_err(|error| match error.kind {
        ErrorKind::MalformedBinary => Error { kind: ErrorKind::MalformedText, ..error },
        _ => error,
    })?;
    Ok(bytes)
}

/// The text form of any state.
pub fn state_out(state: &[u8]) -> SqlResult<CString> {
    let mut text = memory::with_room(2 + 2 * state.len() + 1).map_err(report)?;
    text.extend_from_slice(b"\\x");
    for chunk in interrupt::chunks(state) {
        let start = text.len();
        text.resize(start + 2 * chunk.len(), 0);
        if let Some(digits) = text.get_mut(start..) {
            HEXLOWER.encode_mut(chunk, digits);
        }
    }
    Ok(CString::new(text).unwrap_or_default())
}
