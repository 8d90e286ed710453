//! Rows of a query as rows of a function, fetched as they are wanted: what is not wanted is not read.

use core::ffi::{CStr, c_char};
use core::ptr::null;
use std::ffi::CString;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;

use super::row::{MOST, Row};
use super::{PgMemoryContexts, no_such_row};
use crate::error::SqlResult;
use crate::pg::query::{self, Query};

/// At most so many rows are fetched at once.
const BATCH: i64 = 256;

/// A query that has begun, of the statement's own snapshot. It ends with its last row or with this value.
pub struct Cursor {
    name: CString,
    /// What the rows look like.
    columns: pg_sys::TupleDesc,
    /// The memory of the rows that were fetched last.
    memory: PgMemoryContexts,
    rows: Vec<pg_sys::HeapTuple>,
    next: usize,
    is_open: bool,
}

impl Cursor {
    /// Begins a query, whose columns are those of the function, for a function that gives its rows.
    pub fn open(_: &Query, sql: &CStr, args: &[DatumWithOid<'_>], row: &mut Row<'_>) -> SqlResult<Self> {
        let mut types: Vec<_> = args.iter().map(DatumWithOid::oid).collect();
        let mut datums: Vec<_> =
            args.iter().map(|arg| arg.datum().map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime())).collect();
        let nulls: Vec<c_char> =
            args.iter().map(|arg| if arg.datum().is_none() { b'n' as c_char } else { b' ' as c_char }).collect();
        // SAFETY: connected, because the caller has a Query; the arrays have an element for each argument. The portal lives until it
        // is closed or its transaction ends; what is kept of it here is copied.
        unsafe {
            let portal = pg_sys::SPI_cursor_open_with_args(
                null(),
                sql.as_ptr(),
                types.len() as i32,
                types.as_mut_ptr(),
                datums.as_mut_ptr(),
                nulls.as_ptr(),
                true,
                0,
            );
            let name = CStr::from_ptr((*portal).name).to_owned();
            if usize::try_from((*(*portal).tupDesc).natts).is_ok_and(|columns| columns > MOST) {
                return Err(no_such_row());
            }
            let columns = row.lasting(|| pg_sys::CreateTupleDescCopy((*portal).tupDesc));
            Ok(Self { name, columns, memory: row.further_memory(), rows: Vec::new(), next: 0, is_open: true })
        }
    }

    /// Sets the columns of the next row; `false` after the last.
    pub fn next(&mut self, row: &mut Row<'_>) -> SqlResult<bool> {
        if self.next == self.rows.len() {
            self.fetch()?;
        }
        let Some(tuple) = self.rows.get(self.next).copied() else { return Ok(false) };
        self.next += 1;
        let (datums, nulls) = row.values();
        // SAFETY: the row is one of the query's, and both arrays have room for its columns.
        unsafe { pg_sys::heap_deform_tuple(tuple, self.columns, datums.as_mut_ptr(), nulls.as_mut_ptr()) };
        Ok(true)
    }

    fn fetch(&mut self) -> SqlResult<()> {
        self.rows.clear();
        self.next = 0;
        if !self.is_open {
            return Ok(());
        }
        query::connect(|_| {
            // SAFETY: connected. Nobody reads the rows that were fetched before any more; those of this fetch are copied.
            unsafe {
                self.memory.reset();
                let portal = pg_sys::SPI_cursor_find(self.name.as_ptr());
                if portal.is_null() {
                    self.is_open = false;
                    return Ok(());
                }
                pg_sys::SPI_cursor_fetch(portal, true, BATCH as _);
                let (table, count) = (pg_sys::SPI_tuptable, pg_sys::SPI_processed as usize);
                let rows = &mut self.rows;
                self.memory.switch_to(|_| {
                    rows.extend((0..count).map(|i| pg_sys::heap_copytuple(*(*table).vals.add(i))));
                });
                pg_sys::SPI_freetuptable(table);
                if count < BATCH as usize {
                    pg_sys::SPI_cursor_close(portal);
                    self.is_open = false;
                }
            }
            Ok(())
        })
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        // SAFETY: where the transaction goes on, so does the portal, unless somebody has closed it: then its name is gone. It does not
        // run, because what fetches is the owner of this value. What an error has ended, the server cleans up by itself.
        unsafe {
            if self.is_open && pg_sys::IsTransactionState() {
                let portal = pg_sys::GetPortalByName(self.name.as_ptr());
                if !portal.is_null() && (*portal).status != pg_sys::PortalStatus::PORTAL_ACTIVE {
                    pg_sys::PortalDrop(portal, false);
                }
            }
        }
    }
}
