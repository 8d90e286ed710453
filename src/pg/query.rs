//! Queries inside a function: always read-only and of the statement's own snapshot, planned for their arguments, with workers
//! where the server finds them worth while.

use core::ffi::{CStr, c_char};

use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::DatumWithOid;
use pgrx::spi::Spi;
use pgrx::{IntoDatum, pg_sys};

use super::answer::Made;
use super::arg::{Owned, content};
use super::caught;
use super::function_call::Call;
use crate::error::{SqlResult, report};

/// A connection to the server from inside.
pub struct Query(());

/// Runs `work` with a connection.
pub fn connect<R>(work: impl FnOnce(&Query) -> SqlResult<R>) -> SqlResult<R> {
    caught::through(|| Spi::connect(|_| work(&Query(()))))
}

impl Query {
    fn select(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<()> {
        let null = |arg: &DatumWithOid<'_>| arg.datum().is_none();
        let mut types: Vec<_> = args.iter().map(DatumWithOid::oid).collect();
        let mut datums: Vec<_> =
            args.iter().map(|arg| arg.datum().map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime())).collect();
        let nulls: Vec<c_char> =
            args.iter().map(|arg| if null(arg) { b'n' as c_char } else { b' ' as c_char }).collect();
        execute(sql, &mut types, &mut datums, &nulls)
    }

    /// Runs a query whose arguments are the columns of the first row of the query that ran last.
    pub fn pass_on(&self, sql: &CStr) -> SqlResult<()> {
        let (mut types, mut datums, mut nulls) = (Vec::new(), Vec::new(), Vec::new());
        // SAFETY: the table is that of the query that ran last, and lives until the connection ends.
        unsafe {
            if let Some(table) = pg_sys::SPI_tuptable.as_ref().filter(|table| table.numvals > 0) {
                for number in 1..=(*table.tupdesc).natts {
                    let mut null = true;
                    datums.push(pg_sys::SPI_getbinval(*table.vals, table.tupdesc, number, &mut null));
                    types.push(pg_sys::SPI_gettypeid(table.tupdesc, number));
                    nulls.push(if null { b'n' as c_char } else { b' ' as c_char });
                }
            }
        }
        execute(sql, &mut types, &mut datums, &nulls)
    }

    /// Runs a query for its errors.
    pub fn run(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<()> {
        self.select(sql, args)
    }

    /// The value of a column, from 1, of the first row; `None` for NULL and without a row.
    pub fn first<T: Owned>(&self, sql: &CStr, args: &[DatumWithOid<'_>]) -> SqlResult<Option<T>> {
        self.select(sql, args)?;
        self.column(1)
    }

    /// What is made of the bytes of a bytea column of the first row of the query that ran last.
    pub fn with_bytes<T>(&self, number: i32, read: impl FnOnce(&[u8]) -> SqlResult<T>) -> SqlResult<Option<T>> {
        let Some(datum) = self.datum(number, Vec::<u8>::is_compatible_with)? else { return Ok(None) };
        // SAFETY: it is a bytea; what is unpacked lies in the memory of the connection.
        let bytes = unsafe { content(pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr())) };
        read(bytes).map(Some)
    }

    /// A value of variable length as the server has it, in the memory of a call; as `column` otherwise.
    pub fn value(&self, number: i32, call: Call<'_>) -> Option<Made> {
        let datum = self.datum(number, |_| true).ok().flatten()?;
        // SAFETY: the value lives until the connection ends; it is copied before.
        unsafe {
            let copy = |_: &mut _| pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr());
            Some(Made(pg_sys::Datum::from(call.memory().switch_to(copy))))
        }
    }

    /// A further column of the first row of the query that ran last; an error where that is of another type, because another
    /// query ran since.
    pub fn column<T: Owned>(&self, number: i32) -> SqlResult<Option<T>> {
        let datum = self.datum(number, T::is_compatible_with)?;
        // SAFETY: T is the column's type.
        Ok(datum.and_then(|datum| unsafe { T::from_datum(datum, false) }))
    }

    fn datum(&self, number: i32, fits: impl FnOnce(pg_sys::Oid) -> bool) -> SqlResult<Option<pg_sys::Datum>> {
        // SAFETY: the table is that of the query that ran last and lives until the connection ends.
        unsafe {
            let Some(table) = pg_sys::SPI_tuptable.as_ref().filter(|table| table.numvals > 0) else { return Ok(None) };
            if !fits(pg_sys::SPI_gettypeid(table.tupdesc, number)) {
                return Err(failed(pg_sys::SPI_ERROR_TYPUNKNOWN));
            }
            let mut null = true;
            let datum = pg_sys::SPI_getbinval(*table.vals, table.tupdesc, number, &mut null);
            Ok((!null).then_some(datum))
        }
    }
}

/// The arrays have one element for each argument.
fn execute(sql: &CStr, types: &mut [pg_sys::Oid], datums: &mut [pg_sys::Datum], nulls: &[c_char]) -> SqlResult<()> {
    let count = i32::try_from(types.len()).unwrap_or_default();
    // SAFETY: connected, because only a Query comes here; the arrays are as long as the count says, or longer.
    let status = unsafe {
        pg_sys::SPI_execute_with_args(
            sql.as_ptr(),
            count,
            types.as_mut_ptr(),
            datums.as_mut_ptr(),
            nulls.as_ptr(),
            true,
            0,
        )
    };
    if status == pg_sys::SPI_OK_SELECT as i32 { Ok(()) } else { Err(failed(status)) }
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
