//! The call of an SQL function: made once for each call, by the declaration in [`super::exports`].
//!
//! What pgrx puts around a function to convert its arguments and its result, and a memory context of its own, would take longer
//! than the work of many a call: statements call some of these functions millions of times.

use core::marker::PhantomData;
use core::slice;

use pgrx::{PgMemoryContexts, pg_sys, pgrx_extern_c_guard};

use super::{allocator, ballast, caught};
use crate::error::{SqlResult, raise};

/// The call that is running. What is borrowed of it lives as long as it does.
#[derive(Clone, Copy)]
pub struct Call<'fcx> {
    info: pg_sys::FunctionCallInfo,
    /// The memory that the call was made in, which is cleared behind it; a query inside of the function makes another one current.
    memory: pg_sys::MemoryContext,
    life: PhantomData<&'fcx ()>,
}

impl<'fcx> Call<'fcx> {
    /// What the server knows of the call, for those who talk to it.
    pub(crate) fn info(self) -> pg_sys::FunctionCallInfo {
        self.info
    }

    /// Where values of the call belong.
    pub(crate) fn memory(self) -> PgMemoryContexts {
        PgMemoryContexts::For(self.memory)
    }

    /// An argument as the server passes it, `None` for NULL and for one that the function does not have.
    #[inline]
    pub(crate) fn datum(self, i: usize) -> Option<pg_sys::Datum> {
        // SAFETY: the call is live, with nargs arguments behind it.
        let args = unsafe { slice::from_raw_parts((*self.info).args.as_ptr(), (*self.info).nargs.max(0) as usize) };
        args.get(i).filter(|arg| !arg.isnull).map(|arg| arg.value)
    }
}

/// Runs the body of a function: panics and the server's errors end as errors of the statement, `None` is NULL.
///
/// # Safety
/// The server calls a function with this call info, and the SQL declaration gives its arguments and its result the types that
/// the body reads and makes.
#[inline]
pub(super) unsafe fn guard(
    info: pg_sys::FunctionCallInfo,
    body: impl for<'fcx> FnOnce(Call<'fcx>) -> SqlResult<Option<pg_sys::Datum>>,
) -> pg_sys::Datum {
    // SAFETY: the server alone enters the guard. The body takes a call of any lifetime, so nothing of it outlives the call.
    unsafe {
        pgrx_extern_c_guard(|| {
            let call = Call { info, memory: pg_sys::CurrentMemoryContext, life: PhantomData };
            let result = ballast::with(|| body(call))
                .and_then(|result| allocator::check().map(|()| result))
                .map_err(|error| caught::leave(error))
                .unwrap_or_else(|error| raise(error));
            (*info).isnull = result.is_none();
            result.unwrap_or(pg_sys::Datum::null())
        })
    }
}
