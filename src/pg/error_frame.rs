//! What runs while the server makes an error: a frame on its stack of contexts.

use core::ffi::c_void;
use core::ptr::null_mut;

use pgrx::pg_sys;

/// Runs `work` with a callback that the server calls for each error and message that it makes meanwhile.
///
/// # Safety
/// The callback runs in the middle of the server's own work: as C would have it, with nothing caught.
#[inline]
pub(super) unsafe fn with<R>(callback: unsafe extern "C-unwind" fn(*mut c_void), work: impl FnOnce() -> R) -> R {
    // SAFETY: the frame is taken off the stack of contexts before it goes, also where a panic unwinds.
    unsafe {
        let mut frame = pg_sys::ErrorContextCallback {
            previous: pg_sys::error_context_stack,
            callback: Some(callback),
            arg: null_mut(),
        };
        let _off = Off(frame.previous);
        pg_sys::error_context_stack = &raw mut frame;
        work()
    }
}

/// Takes a frame off the stack of contexts.
struct Off(*mut pg_sys::ErrorContextCallback);

impl Drop for Off {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: what was below the frame is there still.
        unsafe { pg_sys::error_context_stack = self.0 }
    }
}
