//! Errors of other servers name them. What `postgres_fdw` passes on says what was asked, and not of whom; but each query that reads a
//! part of a logical table bears the name of the part's server (`mrcall_internal.server_mark`).

use core::ffi::{CStr, c_char, c_int};

use pgrx::{PgLogLevel, pg_sys};

unsafe extern "C-unwind" {
    // Bare: both run while the server makes an error.
    fn CopyErrorData() -> *mut pg_sys::ErrorData;
    fn errmsg_internal(format: *const c_char, ...) -> c_int;
}

/// What stands around the name in a query, and what `postgres_fdw` writes before the query.
const MARK: (&[u8], &[u8]) = (br#"num_nonnulls('{"server": ""#, br#""}'"#);
const REMOTE: &[u8] = b"remote SQL command: ";

/// Puts the name of the server that an error comes from before its message.
///
/// # Safety
/// The server calls this, by a callback of its stack of contexts, while it makes an error or a message.
pub(super) unsafe fn name_server() {
    // SAFETY: as the server's own callbacks do; the copy is short-lived memory of the transaction, and nothing has a destructor.
    unsafe {
        let memory = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = pg_sys::TopTransactionContext;
        let error = CopyErrorData();
        pg_sys::CurrentMemoryContext = memory;
        if (*error).elevel >= PgLogLevel::ERROR as c_int && !(*error).context.is_null() && !(*error).message.is_null() {
            let (context, message) = (CStr::from_ptr((*error).context), CStr::from_ptr((*error).message));
            if let Some(name) = server(context.to_bytes())
                && !message.to_bytes().starts_with(b"server \"")
            {
                let length = c_int::try_from(name.len()).unwrap_or(0);
                errmsg_internal(c"server \"%.*s\": %s".as_ptr(), length, name.as_ptr(), (*error).message);
            }
        }
        pg_sys::FreeErrorData(error);
    }
}

/// The name in the first query that a context says another server was asked.
fn server(context: &[u8]) -> Option<&[u8]> {
    let query = behind(context, REMOTE)?;
    let name = behind(query, MARK.0)?;
    let end = name.windows(MARK.1.len()).position(|part| part == MARK.1)?;
    name.get(..end)
}

fn behind<'a>(text: &'a [u8], part: &[u8]) -> Option<&'a [u8]> {
    let start = text.windows(part.len()).position(|found| found == part)?;
    text.get(start + part.len()..)
}
