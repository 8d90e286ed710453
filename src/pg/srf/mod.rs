//! Rows of set-returning functions. There is one form of a row, [`Row`], and two ways for it to go:
//!
//! * [`Call::table`] and [`Call::materialize`] write all rows into the server's tuple store, which goes to disk where it is
//!   large. That is what the server does anyway with a function in FROM, and what most functions are for: a few rows, all at once.
//! * [`Call::stream`] gives one row after the other, each read before the next one is made, and writes none down: for a function
//!   of very many rows that a SELECT list calls. In FROM the server would write them down, after another copy of each.

mod cursor;
mod materialize;
mod row;
mod stream;

pub use cursor::Cursor;
pub use materialize::Materialize;
pub use row::{Json, Row, Shared, Value};
pub use stream::{Rows, Start};

use mrcall_engine::{Error, ErrorKind};
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::panic::ErrorReport;

use crate::error::report;

/// The error of a function that was declared with another row type than it makes.
fn no_such_row() -> ErrorReport {
    report(Error::new(
        ErrorKind::NotPossible,
        "this function needs its own row type",
        "Call it as CREATE EXTENSION declares it.",
    ))
}
