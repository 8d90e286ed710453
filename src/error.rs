//! The engine's errors as PostgreSQL errors: SQLSTATE, message and HINT.
#![forbid(unsafe_code)]

use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

/// What an SQL function that can fail returns: pgrx raises the report as an ERROR.
pub type SqlResult<T> = Result<T, ErrorReport>;

/// The PostgreSQL error for an engine error.
pub fn report(error: Error) -> ErrorReport {
    let code = match error.kind {
        ErrorKind::InvalidArgument => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        ErrorKind::NullNotAllowed => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        ErrorKind::DatetimeOutOfRange => PgSqlErrorCode::ERRCODE_DATETIME_FIELD_OVERFLOW,
        ErrorKind::MalformedText => PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION,
        ErrorKind::MalformedBinary => PgSqlErrorCode::ERRCODE_INVALID_BINARY_REPRESENTATION,
        ErrorKind::NotPossible => PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        ErrorKind::LimitExceeded => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        ErrorKind::OutOfMemory => PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY,
    };
    ErrorReport::new(code, error.message, "mrcall_ext").set_hint(error.hint)
}

/// Ends the statement with an error.
#[cold]
pub fn raise(error: ErrorReport) -> ! {
    error.report(PgLogLevel::ERROR);
    unreachable!("an ERROR unwinds")
}

/// The value of an argument that must not be NULL, else `22004`.
pub fn needed<T>(value: Option<T>, name: &str) -> SqlResult<T> {
    value.ok_or_else(|| {
        report(Error::new(
            ErrorKind::NullNotAllowed,
            format!("argument \"{name}\" must not be NULL"),
            format!("Give a value for {name}."),
        ))
    })
}

/// An element of an array that must not be NULL, else `22004` with its place.
pub fn needed_element<T>(value: Option<T>, name: &str, index: usize) -> SqlResult<T> {
    match value {
        Some(value) => Ok(value),
        None => needed(None, &format!("{name}[{}]", index + 1)),
    }
}
