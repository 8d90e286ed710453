//! Queries inside a function: always read-only and of the statement's own snapshot, planned for their arguments, with workers
//! where the server finds them worth while.

use core::ffi::{CStr, c_char};

use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::spi::Spi;

use super::arg::Owned;
use super::caught;
use crate::error::{SqlResult, report};

/// A connection to the server from inside.
pub struct Query(());

/// Runs `work` with a connection.
pub fn connect<R>(work: impl FnOnce(&Query) -> SqlResult<R>) -> SqlResult<R> {
    caught::through(|| Spi::connect(|_| work(&Query(()))))
}

impl Query {
    fn select(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<()> {
        let mut types: Vec<_> = args.iter().map(DatumWithOid::oid).collect();
        let null = |arg: &DatumWithOid<'_>| arg.datum().is_none();
        let mut datums: Vec<_> =
            args.iter().map(|arg| arg.datum().map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime())).collect();
        let nulls: Vec<c_char> =
            args.iter().map(|arg| if null(arg) { b'n' as c_char } else { b' ' as c_char }).collect();
        // SAFETY: connected (there is no Query otherwise); the arrays have one element for each argument.
        let status = unsafe {
            pg_sys::SPI_execute_with_args(
                sql.as_ptr(),
                i32::try_from(args.len()).unwrap_or_default(),
                types.as_mut_ptr(),
                datums.as_mut_ptr(),
                nulls.as_ptr(),
                true,
                0,
            )
        };
        if status == pg_sys::SPI_OK_SELECT as i32 { Ok(()) } else { Err(failed(status)) }
    }

    /// Runs a query for its errors.
    pub fn run(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<()> {
        self.select(sql, args)
    }

    /// The value of a column, from 1, of the first row; `None` for NULL and without a row.
    pub fn first<T: Owned>(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<Option<T>> {
        self.select(sql, args)?;
        Ok(self.column(1))
    }

    /// A further column of the first row of the query that ran last.
    pub fn column<T: Owned>(&self, number: i32) -> Option<T> {
        // SAFETY: the table is that of the query that ran last and lives until the connection ends; T is the column's type, as
        // the queries of this extension spell it out.
        unsafe {
            let table = pg_sys::SPI_tuptable.as_ref()?;
            if table.numvals == 0 {
                return None;
            }
            let mut null = true;
            let datum = pg_sys::SPI_getbinval(*table.vals, table.tupdesc, number, &mut null);
            T::from_datum(datum, null)
        }
    }
}

/// Whether the procedure that calls a function may COMMIT: it is not inside a transaction block, a function or a block with
/// EXCEPTION. Trying it out instead would end the procedure.
pub fn may_commit() -> bool {
    // SAFETY: reads the state of the server's own SPI stack, takes no argument and keeps nothing.
    unsafe { pg_sys::SPI_inside_nonatomic_context() }
}

fn failed(status: i32) -> pgrx::pg_sys::panic::ErrorReport {
    report(Error::new(
        ErrorKind::NotPossible,
        format!("a query of mrcall_ext ended with status {status}"),
        "Run: SELECT * FROM mrcall.doctor();",
    ))
}
