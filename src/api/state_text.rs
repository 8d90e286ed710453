//! Input and output of stored states. Their text form: `\x` and hexadecimal digits, as bytea's.

use core::ffi::CStr;
use std::ffi::CString;

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
    let bytes = message.rest();
    S::check(&bytes).map(|()| bytes).map_err(report)
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
    if digits.len() % 2 != 0 {
        return Err(malformed("an odd number of digits"));
    }
    let digit = |c: u8| char::from(c).to_digit(16).map(|d| d as u8);
    let bytes = digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()
        .ok_or_else(|| malformed("not a hexadecimal digit"))?;
    S::check(&bytes).map_err(|error| Error { kind: ErrorKind::MalformedText, ..error })?;
    Ok(bytes)
}

/// The text form of any state.
pub fn state_out(state: &[u8]) -> CString {
    let mut text = String::with_capacity(2 + state.len() * 2);
    text.push_str("\\x");
    for byte in state {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    CString::new(text).unwrap_or_default()
}
