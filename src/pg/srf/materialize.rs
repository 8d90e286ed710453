//! Rows that are written into the server's tuple store.

use mrcall_engine::resource::interrupt;
use pgrx::pg_sys;

use super::no_such_row;
use super::row::{Column, MOST, Row};
use crate::error::SqlResult;
use crate::pg::function_call::Call;

/// The store of the function that is running.
pub struct Materialize<'fcx> {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    /// The next row.
    pub row: Row<'fcx>,
}

impl<'fcx> Call<'fcx> {
    /// A store for the rows of the running function, which makes that many columns. Its declaration may be of an earlier or a later version than the library, while
    /// an update is under way: what it does not have is left out, what it has beyond is NULL, as [`Call::stream`] does it. What
    /// cannot take a set gets the server's own error.
    pub fn materialize(self, columns: usize) -> SqlResult<Materialize<'fcx>> {
        // SAFETY: the call is that of a function that the SQL declaration says returns rows; the server fills in the result
        // info behind it, whose store and descriptor live as long as the query.
        unsafe {
            let info = (*self.info()).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            // The server has looked up the row type before, which takes longer than to make a row.
            let is_known = !info.is_null() && !(*info).expectedDesc.is_null();
            let flags = if is_known { pg_sys::MAT_SRF_USE_EXPECTED_DESC } else { 0 };
            pg_sys::InitMaterializedSRF(self.info(), flags);
            let (store, descriptor) = ((*info).setResult, (*info).setDesc);
            if columns > MOST || usize::try_from((*descriptor).natts).is_ok_and(|declared| declared > MOST) {
                return Err(no_such_row());
            }
            Ok(Materialize { store, descriptor, row: Row::new(self.memory()) })
        }
    }

    /// All rows of a table.
    pub fn table<R: Record<'fcx>>(self, rows: impl IntoIterator<Item = R>) -> SqlResult<()> {
        let mut store = self.materialize(R::COLUMNS)?;
        for row in rows {
            interrupt::check();
            row.set(&mut store.row)?;
            store.put();
        }
        Ok(())
    }
}

impl Materialize<'_> {
    /// Adds the row of the values that are set.
    pub fn put(&mut self) {
        let (datums, nulls) = self.row.values();
        // SAFETY: both arrays have at least as many elements as the descriptor has columns, and the values are alive.
        unsafe {
            pg_sys::tuplestore_putvalues(self.store, self.descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
        }
        self.row.clear();
    }
}

/// The values of all columns of a row.
pub trait Record<'fcx> {
    /// How many there are.
    const COLUMNS: usize;
    /// Sets all columns.
    fn set(self, row: &mut Row<'fcx>) -> SqlResult<()>;
}

impl<'fcx, R: Record<'fcx>> Record<'fcx> for SqlResult<R> {
    const COLUMNS: usize = R::COLUMNS;

    fn set(self, row: &mut Row<'fcx>) -> SqlResult<()> {
        self?.set(row)
    }
}

macro_rules! records_of {
    ($($column:ident $nr:tt)+) => {
        impl<'fcx, $($column: Column<'fcx>),+> Record<'fcx> for ($($column,)+) {
            const COLUMNS: usize = [$($nr),+].len();

            #[inline]
            fn set(self, row: &mut Row<'fcx>) -> SqlResult<()> {
                $(row.set($nr, self.$nr)?;)+
                Ok(())
            }
        }
    };
}
records_of!(A 0 B 1);
records_of!(A 0 B 1 C 2);
records_of!(A 0 B 1 C 2 D 3);
records_of!(A 0 B 1 C 2 D 3 E 4);
records_of!(A 0 B 1 C 2 D 3 E 4 F 5);
records_of!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
records_of!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
records_of!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
records_of!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12);
