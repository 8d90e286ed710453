//! The call of an SQL function: made once for each call, by the declaration in [`super::exports`].
//!
//! What pgrx puts around a function to convert its arguments and its result, and a memory context of its own, would take longer
//! than the work of many a call: statements call some of these functions millions of times.

use core::marker::PhantomData;
use core::slice;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgMemoryContexts, pg_sys, pgrx_extern_c_guard};

use super::answer::Answer;
use super::arg::{Arg, Read};
use super::caught;
use crate::error::SqlResult;

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

    /// An argument by its number, `None` for NULL: for those that most calls do not need.
    #[inline]
    pub fn arg<T: Read<'fcx>>(self, i: usize) -> SqlResult<Option<T>> {
        Arg::take(self, &mut { i })
    }
}

/// A safe function behind an SQL one: from its arguments, in their order, to its result. A [`Call`] among them stands for the
/// call itself and has no place in SQL.
pub trait Function<'fcx, Args> {
    /// Reads the arguments, runs the function, makes its result a value of the server; `None` is NULL.
    fn run(self, call: Call<'fcx>) -> SqlResult<Option<pg_sys::Datum>>;
}

macro_rules! functions_of {
    ($($arg:ident)*) => {
        impl<'fcx, F, R, $($arg),*> Function<'fcx, ($($arg,)*)> for F
        where
            F: FnOnce($($arg),*) -> R,
            R: Answer,
            $($arg: Arg<'fcx>),*
        {
            #[inline]
            fn run(self, call: Call<'fcx>) -> SqlResult<Option<pg_sys::Datum>> {
                let (_call, _next) = (call, &mut 0);
                self($($arg::take(_call, _next)?),*).answer()
            }
        }
    };
}
functions_of!();
functions_of!(A);
functions_of!(A B);
functions_of!(A B C);
functions_of!(A B C D);
functions_of!(A B C D E);
functions_of!(A B C D E G);
functions_of!(A B C D E G H);
functions_of!(A B C D E G H I);
functions_of!(A B C D E G H I J K L M);

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
            let result = body(call).map_err(|error| caught::leave(error)).unwrap_or_else(raise);
            (*info).isnull = result.is_none();
            result.unwrap_or(pg_sys::Datum::null())
        })
    }
}

#[cold]
fn raise(error: ErrorReport) -> Option<pg_sys::Datum> {
    error.report(PgLogLevel::ERROR);
    None
}
