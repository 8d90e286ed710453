//! Settings, where pgrx has no safe form.

use core::ffi::CStr;

use pgrx::pg_sys;

/// Makes an unknown setting below a prefix an error.
pub fn reserve_prefix(prefix: &'static CStr) {
    // SAFETY: the server reads a NUL-terminated string that lives for ever.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) }
}

/// When the client sent what is running, in microseconds since 2000-01-01 UTC: the same in all calls that a statement makes.
pub fn statement_start() -> i64 {
    // SAFETY: reads a variable of the server and takes no argument.
    unsafe { pg_sys::GetCurrentStatementStartTimestamp() }
}
