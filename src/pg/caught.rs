//! Errors of the server that pass through Rust as they are. pgrx catches each as a panic and raises it anew from the fields that it
//! knows: a SQLSTATE of the host's own, `RAISE … USING ERRCODE = 'P0007'`, would become XX000. So the error is copied where the
//! server makes it, and this copy is raised once nothing with a destructor is left on the stack.

use core::cell::Cell;
use core::ffi::{CStr, c_void};
use core::ptr::null_mut;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgLogLevel, pg_sys};

use super::{error_frame, remote_error};
use crate::error::{SqlResult, report};

unsafe extern "C-unwind" {
    // Bare: the first runs while the server makes an error, the second is one.
    fn CopyErrorData() -> *mut pg_sys::ErrorData;
    fn ThrowErrorData(error: *mut pg_sys::ErrorData);
}

thread_local! {
    /// The last error that was made below a query of ours.
    static MADE: Cell<*mut pg_sys::ErrorData> = const { Cell::new(null_mut()) };
    /// The one that is on its way out.
    static LEAVING: Cell<*mut pg_sys::ErrorData> = const { Cell::new(null_mut()) };
}

unsafe extern "C-unwind" fn keep(_arg: *mut c_void) {
    // SAFETY: the server calls this while it makes an error or a message. The copy lives as long as the transaction, in which the
    // error is raised again or forgotten.
    unsafe {
        remote_error::name_server();
        let memory = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = pg_sys::TopTransactionContext;
        let error = CopyErrorData();
        pg_sys::CurrentMemoryContext = memory;
        if (*error).elevel >= PgLogLevel::ERROR as i32 {
            // The lines so far are those of queries of ours.
            (*error).context = null_mut();
            MADE.set(error);
        }
    }
}

/// Runs what may meet errors of the server; an `Err` of its own stays what it is.
pub fn through<R>(work: impl FnOnce() -> SqlResult<R>) -> SqlResult<R> {
    MADE.set(null_mut());
    // SAFETY: the callback calls what the server itself calls there. What it kept is a whole copy.
    unsafe {
        let result = catch_unwind(AssertUnwindSafe(|| error_frame::with(keep, work)));
        result.unwrap_or_else(|panic| {
            let made = MADE.replace(null_mut());
            // One that was caught inside is none that leaves.
            let is_it = match panic.downcast_ref::<CaughtError>() {
                Some(CaughtError::PostgresError(error)) if !made.is_null() && !(*made).message.is_null() => {
                    CStr::from_ptr((*made).message).to_bytes() == error.message().as_bytes()
                }
                _ => false,
            };
            if !is_it {
                resume_unwind(panic)
            }
            LEAVING.set(made);
            Err(report(Error::new(ErrorKind::NotPossible, "an error of the server", "See its message.")))
        })
    }
}

/// Raises the error that is on its way out, if there is one.
///
/// # Safety
/// Nothing with a destructor is on the stack but the error, up to the server.
pub(super) unsafe fn leave(error: pgrx::pg_sys::panic::ErrorReport) -> pgrx::pg_sys::panic::ErrorReport {
    let leaving = LEAVING.replace(null_mut());
    if !leaving.is_null() {
        drop(error);
        // SAFETY: the copy is whole. What runs behind this call is the server's handler.
        unsafe { ThrowErrorData(leaving) };
        unreachable!()
    }
    error
}
