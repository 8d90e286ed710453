//! The rows of a set-returning function, written into the server's tuple store one by one.

use pgrx::{PgMemoryContexts, pg_sys};

use super::row::{MOST, Row, no_such_row};
use crate::error::SqlResult;

/// The store of the function that is running.
pub struct Store {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    /// The values of the next row.
    pub row: Row,
}

impl Store {
    /// For the set-returning function that is running; `55000` where its result has not that many columns. What cannot
    /// take a set gets the server's own error.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, columns: usize) -> SqlResult<Self> {
        // SAFETY: fcinfo is the live call info of a function that the SQL declaration says returns rows; the server fills in
        // the result info behind it, whose store and descriptor live as long as the query.
        unsafe {
            pg_sys::InitMaterializedSRF(fcinfo, 0);
            let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            let (store, descriptor) = ((*info).setResult, (*info).setDesc);
            if columns > MOST || usize::try_from((*descriptor).natts).ok() != Some(columns) {
                return Err(no_such_row());
            }
            Ok(Self { store, descriptor, row: Row::new(PgMemoryContexts::For(pg_sys::CurrentMemoryContext)) })
        }
    }

    /// Adds the row of the values that are set.
    pub fn put(&mut self) {
        let (datums, nulls) = self.row.values();
        // SAFETY: both arrays have at least as many elements as the descriptor has columns, and the texts are alive.
        unsafe {
            pg_sys::tuplestore_putvalues(self.store, self.descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
        }
    }
}
