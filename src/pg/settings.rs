//! Settings, where pgrx has no safe form.

use core::ffi::CStr;

use pgrx::pg_sys;

/// Makes an unknown setting below a prefix an error.
pub fn reserve_prefix(prefix: &'static CStr) {
    // SAFETY: the server reads a NUL-terminated string that lives for ever.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) }
}
