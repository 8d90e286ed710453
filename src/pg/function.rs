//! SQL functions that a statement calls millions of times. What pgrx puts around a function to convert its arguments and its
//! result, and a memory context of its own, would take longer than the work of many a call: these read the call themselves.

use pgrx::{PgLogLevel, pg_sys, pgrx_extern_c_guard};

use crate::error::SqlResult;

/// Declares an SQL function over an unsafe function of the call info, and what tells the server how to call it.
macro_rules! function {
    ($name:ident, $info:ident, $body:expr) => {
        #[unsafe(no_mangle)]
        unsafe extern "C-unwind" fn $name(fcinfo: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum {
            // SAFETY: the server passes a live call info, and a file of sql/install declares the function.
            unsafe { $body(fcinfo) }
        }

        #[unsafe(no_mangle)]
        extern "C-unwind" fn $info() -> &'static pgrx::pg_sys::Pg_finfo_record {
            const V1: pgrx::pg_sys::Pg_finfo_record = pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }
    };
}
pub(crate) use function;

/// The same over a function that may fail: see [`guard`].
macro_rules! guarded_function {
    ($name:ident, $info:ident, $body:expr) => {
        $crate::pg::function::function!($name, $info, |fcinfo| $crate::pg::function::guard(fcinfo, || $body(fcinfo)));
    };
}
pub(crate) use guarded_function;

/// Runs the body of a function: panics and the server's errors end as errors of the statement, `None` is NULL.
///
/// SAFETY: a live call info.
#[inline]
pub unsafe fn guard(
    fcinfo: pg_sys::FunctionCallInfo,
    body: impl FnOnce() -> SqlResult<Option<pg_sys::Datum>>,
) -> pg_sys::Datum {
    // SAFETY: see above; the guard is entered by the server alone.
    unsafe {
        pgrx_extern_c_guard(|| {
            let result = body().unwrap_or_else(|error| {
                error.report(PgLogLevel::ERROR);
                None
            });
            (*fcinfo).isnull = result.is_none();
            result.unwrap_or(pg_sys::Datum::null())
        })
    }
}
