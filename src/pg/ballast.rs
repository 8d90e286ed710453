//! A little memory that is given back when the server runs out of it.
//!
//! pgrx copies each error of the server into memory of the server, with the error's own way back still set. Where there is none for
//! the copy either, that second error comes back to the same place, and so on until the server's stack of errors is full: a PANIC,
//! which ends all sessions. What is freed here is enough for the copy.

use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};
use std::alloc::{GlobalAlloc, Layout, System};

use pgrx::PgSqlErrorCode;

use super::error_frame;

unsafe extern "C-unwind" {
    /// Bare: it runs while the server makes an error.
    fn geterrcode() -> c_int;
}

/// For a text of a few bytes a memory context of the server asks for a block of up to a megabyte, and for no smaller one. Pages that
/// nobody writes to take no memory.
const LAYOUT: Layout = Layout::new::<[u8; (1 << 20) + (64 << 10)]>();

static BALLAST: AtomicPtr<u8> = AtomicPtr::new(null_mut());

/// Runs what may meet errors of the server with memory to spare for one.
#[inline]
pub(super) fn with<R>(work: impl FnOnce() -> R) -> R {
    if BALLAST.load(Relaxed).is_null() {
        take();
    }
    // SAFETY: all that the callback does is to give memory back.
    unsafe { error_frame::with(give_back, work) }
}

#[cold]
fn take() {
    // SAFETY: the layout has a size. Where there is no memory the pointer is NULL, and the next call tries again.
    BALLAST.store(unsafe { System.alloc(LAYOUT) }, Relaxed);
}

unsafe extern "C-unwind" fn give_back(_arg: *mut c_void) {
    // SAFETY: the server calls this while it makes an error or a message; the pointer is that of the allocation, taken once.
    unsafe {
        if geterrcode() == PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY as c_int {
            let ballast = BALLAST.swap(null_mut(), Relaxed);
            if !ballast.is_null() {
                System.dealloc(ballast, LAYOUT);
            }
        }
    }
}
