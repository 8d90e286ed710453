//! Binary input: what the client sent.

use pgrx::{Internal, pg_sys};

/// All bytes of a receive function's message that have not been read yet; marks them as read.
pub fn rest(message: &Internal) -> Vec<u8> {
    // SAFETY: the server passes a receive function a StringInfo as its internal argument, with cursor <= len bytes of data.
    unsafe {
        let Some(buffer) = message.get::<pg_sys::StringInfoData>() else { return Vec::new() };
        let buffer = core::ptr::from_ref(buffer).cast_mut();
        let length = usize::try_from((*buffer).len - (*buffer).cursor).unwrap_or_default();
        let start = (*buffer).data.add(usize::try_from((*buffer).cursor).unwrap_or_default());
        (*buffer).cursor = (*buffer).len;
        core::slice::from_raw_parts(start.cast::<u8>(), length).to_vec()
    }
}
