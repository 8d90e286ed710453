//! The rows of a set-returning function one by one, each read before the next one is made: nothing is written down in between.
//!
//! A row is one expanded record, the server's form of a composite value whose fields are read in place. All rows are the same
//! record with other values. The function has to stand in a SELECT list: in FROM the server would write its rows down.

use pgrx::{PgMemoryContexts, pg_sys};

use super::row::{MOST, Row, no_such_row};
use crate::error::SqlResult;

/// What makes the rows: fills in the next one, `false` after the last.
pub trait Source {
    /// Sets the values of the next row.
    fn next(&mut self, row: &mut Row) -> SqlResult<bool>;
}

struct Stream<R> {
    record: *mut pg_sys::ExpandedRecordHeader,
    row: Row,
    rows: R,
}

/// The next row of the running function, which gives rows of a composite type. `start` is asked in the first call; what it
/// makes is dropped after the last row, or when no more rows are wanted.
pub fn next<R: Source>(
    fcinfo: pg_sys::FunctionCallInfo,
    start: impl FnOnce(&mut Row) -> SqlResult<R>,
) -> SqlResult<Option<pg_sys::Datum>> {
    // SAFETY: fcinfo is the live call info of a set-returning function; its fn_extra is NULL in the first call and then what
    // init_MultiFuncCall made, whose user_fctx is what begin made for the same type R: a call's function never changes.
    unsafe {
        let first = (*(*fcinfo).flinfo).fn_extra.is_null();
        let call = if first { pg_sys::init_MultiFuncCall(fcinfo) } else { (*(*fcinfo).flinfo).fn_extra.cast() };
        if first {
            (*call).user_fctx = begin(fcinfo, (*call).multi_call_memory_ctx, start)?.cast();
        }
        let stream = &mut *(*call).user_fctx.cast::<Stream<R>>();
        let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        if !stream.rows.next(&mut stream.row)? {
            pg_sys::end_MultiFuncCall(fcinfo, call);
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
        Ok(Some(pg_sys::Datum::from(record.hdr.eoh_ro_ptr.as_mut_ptr())))
    }
}

/// SAFETY: as for [`next`]; the context is that of all calls.
unsafe fn begin<R: Source>(
    fcinfo: pg_sys::FunctionCallInfo,
    context: pg_sys::MemoryContext,
    start: impl FnOnce(&mut Row) -> SqlResult<R>,
) -> SqlResult<*mut Stream<R>> {
    let mut of_type = pg_sys::InvalidOid;
    // SAFETY: see above; the record is made in the context and lives as long as it.
    let record = unsafe {
        let class = pg_sys::get_call_result_type(fcinfo, &mut of_type, core::ptr::null_mut());
        if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE {
            return Err(no_such_row());
        }
        let record = pg_sys::make_expanded_record_from_typeid(of_type, -1, context);
        if usize::try_from((*record).nfields).is_ok_and(|columns| columns > MOST) {
            return Err(no_such_row());
        }
        record
    };
    let mut row = Row::new(PgMemoryContexts::For(context));
    let rows = start(&mut row)?;
    Ok(PgMemoryContexts::For(context).leak_and_drop_on_delete(Stream { record, row, rows }))
}
