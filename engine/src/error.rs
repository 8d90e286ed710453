//! One error type for the engine: what went wrong, with the offending value, and what to do about it.

use core::fmt;

/// The class of an error; the SQL layer maps each to one SQLSTATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// An argument has a value outside its range or set (`22023`).
    InvalidArgument,
    /// A NULL where a value is needed (`22004`).
    NullNotAllowed,
    /// An infinite instant, or one outside the range (`22008`).
    DatetimeOutOfRange,
    /// Malformed text (`22P02`).
    MalformedText,
    /// Malformed bytes (`22P03`).
    MalformedBinary,
    /// Not possible in this set-up (`55000`).
    NotPossible,
    /// A limit of the program is exceeded (`54000`).
    LimitExceeded,
    /// An allocation has failed (`53200`).
    OutOfMemory,
}

/// An error: its class, a message (lower case, no period, with the offending value) and a hint that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// What is wrong, with the value.
    pub message: String,
    /// What to do, a full sentence.
    pub hint: String,
}

/// What every engine function that can fail returns.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error of `kind` with a message and a hint.
    pub fn new(kind: ErrorKind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    /// A bad argument value (`22023`).
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message, hint)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}
