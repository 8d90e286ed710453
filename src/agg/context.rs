//! The aggregate memory context: a state lives there, as a Rust value that is dropped with it. `unsafe` is here alone.

use std::borrow::Cow;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{AnyElement, FromDatum, Internal, PgMemoryContexts, PgSqlErrorCode, pg_sys, varlena};

use crate::error::SqlResult;

/// The memory context of the aggregate that calls; `55000` when no aggregate does.
pub fn aggregate_context(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<PgMemoryContexts> {
    let mut context: pg_sys::MemoryContext = core::ptr::null_mut();
    // SAFETY: fcinfo is the call info that the server gave to the function that is running.
    if unsafe { pg_sys::AggCheckCallContext(fcinfo, &mut context) } == 0 {
        return Err(ErrorReport::new(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "this function works only inside an aggregate",
            "mrcall_ext",
        )
        .set_hint("Call the aggregate instead."));
    }
    Ok(PgMemoryContexts::For(context))
}

/// Puts a value into a context; it is dropped when the context is reset.
pub fn keep<T>(context: &mut PgMemoryContexts, value: T) -> Internal {
    Internal::from(Some(pg_sys::Datum::from(context.leak_and_drop_on_delete(value))))
}

/// As [`keep`], for a value that owns nothing: it is not dropped.
pub fn place<T>(context: &mut PgMemoryContexts, value: T) -> Internal {
    // SAFETY: the memory is new, of the size of the value and aligned for all types.
    let place = unsafe {
        let place = context.palloc_struct::<T>();
        place.write(value);
        place
    };
    Internal::from(Some(pg_sys::Datum::from(place)))
}

/// A value of type bytea, of that length less than a gigabyte.
pub fn bytea(chunks: &[Cow<'_, [u8]>], length: usize) -> Option<AnyElement> {
    // SAFETY: the memory is new and has room for the header and all chunks.
    unsafe {
        let value = pg_sys::palloc(length + pg_sys::VARHDRSZ).cast::<pg_sys::varlena>();
        varlena::set_varsize_4b(value, i32::try_from(length + pg_sys::VARHDRSZ).ok()?);
        let mut place = value.cast::<u8>().add(pg_sys::VARHDRSZ);
        for chunk in chunks {
            place.copy_from_nonoverlapping(chunk.as_ptr(), chunk.len());
            place = place.add(chunk.len());
        }
        AnyElement::from_polymorphic_datum(pg_sys::Datum::from(value), false, pg_sys::BYTEAOID)
    }
}

/// The bytes that the deserialize function was given.
///
/// The server calls it and the combine function for one row after the other, in the same short-lived context: an argument of
/// the first lives as long as the second runs.
pub fn passed_bytes<'a>(bytes: *const [u8]) -> &'a [u8] {
    // SAFETY: see above.
    unsafe { &*bytes }
}

/// The value behind an internal argument of our own aggregates.
///
/// The server passes `internal` only between the functions of one aggregate, and each of ours uses one type `T` for all of
/// its functions.
pub fn borrow<T>(internal: &Internal) -> Option<&T> {
    // SAFETY: see above; the value lives in the aggregate context, which outlives the call.
    unsafe { internal.get::<T>() }
}

/// As [`borrow`], to change it: only for the first argument of transition and combine functions, which is theirs alone.
pub fn borrow_mut<T>(internal: &mut Internal) -> Option<&mut T> {
    // SAFETY: see above.
    unsafe { internal.get_mut::<T>() }
}
