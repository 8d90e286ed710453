//! Rows one by one, each read before the next one is made: nothing is written down in between.
//!
//! A row is one expanded record, the server's form of a composite value whose fields are read in place. All rows are the same
//! record with other values.

use pgrx::{PgMemoryContexts, pg_sys};

use super::no_such_row;
use super::row::{MOST, Row};
use crate::error::SqlResult;
use crate::pg::answer::Made;
use crate::pg::function_call::Call;

/// What begins the rows of a function. `'m` is the time of all its calls: the rows may keep what the row holds for them.
pub trait Start {
    /// What makes the rows.
    type Rows<'m>: Rows<'m>;
    /// Asked in the first call. What it makes is dropped after the last row, or when no more rows are wanted.
    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>>;
}

/// What makes the rows: fills in the next one, `false` after the last.
pub trait Rows<'m> {
    /// Sets the values of the next row.
    fn next(&mut self, row: &mut Row<'m>) -> SqlResult<bool>;
}

// 'static stands for the time of all calls: Start::start is for any time, so what it makes relies on no longer one.
struct Stream<S: Start> {
    record: *mut pg_sys::ExpandedRecordHeader,
    row: Row<'static>,
    rows: S::Rows<'static>,
}

impl Call<'_> {
    /// The next row of the running function, which gives rows of a composite type.
    pub fn stream<S: Start>(self) -> SqlResult<Option<Made>> {
        let fcinfo = self.info();
        // SAFETY: the call is that of a set-returning function; its fn_extra is NULL in the first call and then what
        // init_MultiFuncCall made, whose user_fctx is what begin made for the same S: a call's function never changes.
        unsafe {
            let first = (*(*fcinfo).flinfo).fn_extra.is_null();
            let calls = if first { pg_sys::init_MultiFuncCall(fcinfo) } else { (*(*fcinfo).flinfo).fn_extra.cast() };
            if first {
                (*calls).user_fctx = begin::<S>(self, (*calls).multi_call_memory_ctx)?.cast();
            }
            let stream = &mut *(*calls).user_fctx.cast::<Stream<S>>();
            let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            stream.row.clear();
            if !stream.rows.next(&mut stream.row)? {
                pg_sys::end_MultiFuncCall(fcinfo, calls);
                (*info).isDone = pg_sys::ExprDoneCond::ExprEndResult;
                return Ok(None);
            }
            (*info).isDone = pg_sys::ExprDoneCond::ExprMultipleResult;
            let record = &mut *stream.record;
            let (datums, nulls) = stream.row.values();
            let columns = usize::try_from(record.nfields).unwrap_or_default();
            core::ptr::copy_nonoverlapping(datums.as_ptr(), record.dvalues, columns);
            core::ptr::copy_nonoverlapping(nulls.as_ptr(), record.dnulls, columns);
            // The server forgets a flat form when a record is changed; here a reader may have made one of the row before.
            record.flags = pg_sys::ER_FLAG_DVALUES_VALID as i32;
            record.flat_size = 0;
            Ok(Some(Made(pg_sys::Datum::from(record.hdr.eoh_ro_ptr.as_mut_ptr()))))
        }
    }
}

/// # Safety
/// The call is the first one of a set-returning function, the memory that of all its calls.
unsafe fn begin<S: Start>(call: Call<'_>, memory: pg_sys::MemoryContext) -> SqlResult<*mut Stream<S>> {
    let mut of_type = pg_sys::InvalidOid;
    // SAFETY: as this function's; the record is made in the memory and lives as long as it.
    unsafe {
        let class = pg_sys::get_call_result_type(call.info(), &mut of_type, core::ptr::null_mut());
        if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE {
            return Err(no_such_row());
        }
        let record = pg_sys::make_expanded_record_from_typeid(of_type, -1, memory);
        if usize::try_from((*record).nfields).is_ok_and(|columns| columns > MOST) {
            return Err(no_such_row());
        }
        let mut row = Row::new(PgMemoryContexts::For(memory));
        let rows = S::start(call, &mut row)?;
        Ok(PgMemoryContexts::For(memory).leak_and_drop_on_delete(Stream { record, row, rows }))
    }
}
