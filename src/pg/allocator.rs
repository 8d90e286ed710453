//! The memory of this library's own code: the system's, counted, with a little in reserve.
//!
//! Where the system has no more, an allocation that can fail does (`mrcall_engine::resource::memory`), and is an ERROR. One that
//! cannot, of a message's text or of a few bytes in a loop, takes from the reserve, and the statement ends at the next look for an
//! interrupt. Rust would abort the process otherwise, and with it all sessions of the server.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int};
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::alloc::System;

use mrcall_engine::resource::memory;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgSqlErrorCode, pg_sys};

use crate::error::{SqlResult, report};

unsafe extern "C-unwind" {
    // Without pgrx's frames, which allocate: at this level none of them comes back with an error.
    fn errstart(level: c_int, domain: *const c_char) -> bool;
    fn errcode(sqlstate: c_int) -> c_int;
    fn errmsg(format: *const c_char, ...) -> c_int;
    fn errfinish(file: *const c_char, line: c_int, function: *const c_char);
}

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The system's allocator, counted.
struct CountingAllocator;

/// What is in reserve, and the largest piece that comes from it: what is larger asks before.
const RESERVE: usize = 1 << 20;
const MAX_OF_RESERVE: usize = 128 << 10;
/// What pieces are aligned to.
const ALIGN: usize = 64;

/// Pages of zeros, which take no memory before they are used.
#[repr(align(64))]
struct Reserve(UnsafeCell<[u8; RESERVE]>);

// SAFETY: a backend has one thread, and pieces of it never overlap.
unsafe impl Sync for Reserve {}

static IN_RESERVE: Reserve = Reserve(UnsafeCell::new([0; RESERVE]));
/// How much of the reserve is taken, and by how many pieces: without any it is whole again.
static TAKEN: AtomicUsize = AtomicUsize::new(0);
static PIECES: AtomicUsize = AtomicUsize::new(0);
/// Whether the reserve was used since this was asked last.
static RAN_SHORT: AtomicBool = AtomicBool::new(false);
/// What the system has given.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// What the system has given, in bytes.
pub fn held() -> usize {
    HELD.load(Relaxed)
}

/// `53200` where the reserve was used since this was asked last.
#[inline]
pub fn check() -> SqlResult<()> {
    if RAN_SHORT.load(Relaxed) { Err(ran_short()) } else { Ok(()) }
}

#[cold]
fn ran_short() -> ErrorReport {
    RAN_SHORT.store(false, Relaxed);
    report(memory::out_of_memory(MAX_OF_RESERVE))
}

/// What an allocation takes of the system: a header and a multiple of 16 bytes.
#[inline]
fn taken_by(size: usize) -> usize {
    (size.saturating_add(23) & !15).max(32)
}

// One thread: no other writes in between.
#[inline]
fn count(given: usize, back: usize) {
    HELD.store(HELD.load(Relaxed).wrapping_add(given).wrapping_sub(back), Relaxed);
}

fn is_of_reserve(place: *mut u8) -> bool {
    let start = IN_RESERVE.0.get() as usize;
    (start..start + RESERVE).contains(&(place as usize))
}

/// What the system has not.
#[cold]
fn of_reserve(layout: Layout) -> *mut u8 {
    if memory::is_trying() {
        return ptr::null_mut();
    }
    let size = layout.size().next_multiple_of(ALIGN);
    let start = TAKEN.load(Relaxed);
    if layout.align() > ALIGN || layout.size() > MAX_OF_RESERVE || start + size > RESERVE {
        end_session();
    }
    RAN_SHORT.store(true, Relaxed);
    TAKEN.store(start + size, Relaxed);
    PIECES.store(PIECES.load(Relaxed) + 1, Relaxed);
    // SAFETY: within the reserve.
    unsafe { IN_RESERVE.0.get().cast::<u8>().add(start) }
}

fn back_to_reserve() {
    let pieces = PIECES.load(Relaxed) - 1;
    PIECES.store(pieces, Relaxed);
    if pieces == 0 {
        TAKEN.store(0, Relaxed);
    }
}

/// The last resort: this session ends, where an abort would end all of them.
fn end_session() -> ! {
    // SAFETY: the server's own way to end a session, in the only thread; it does not come back.
    unsafe {
        if errstart(pg_sys::FATAL as c_int, ptr::null()) {
            errcode(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY as c_int);
            errmsg(c"out of memory".as_ptr());
            errfinish(c"allocator.rs".as_ptr(), 0, c"end_session".as_ptr());
        }
    }
    std::process::abort()
}

// SAFETY: each piece is the system's, or one of the reserve that no other has before it is given back.
unsafe impl GlobalAlloc for CountingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function's.
        let place = unsafe { System.alloc(layout) };
        if place.is_null() {
            return of_reserve(layout);
        }
        count(taken_by(layout.size()), 0);
        place
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function's.
        let place = unsafe { System.alloc_zeroed(layout) };
        if place.is_null() {
            let place = of_reserve(layout);
            if !place.is_null() {
                // SAFETY: the piece has that size. What had it before may have written there.
                unsafe { place.write_bytes(0, layout.size()) };
            }
            return place;
        }
        count(taken_by(layout.size()), 0);
        place
    }

    #[inline]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if is_of_reserve(place) {
            return back_to_reserve();
        }
        count(0, taken_by(layout.size()));
        // SAFETY: as this function's: it is not of the reserve, so the system has given it.
        unsafe { System.dealloc(place, layout) };
    }

    #[inline]
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !is_of_reserve(place) {
            // SAFETY: as this function's.
            let new = unsafe { System.realloc(place, layout, new_size) };
            if !new.is_null() {
                count(taken_by(new_size), taken_by(layout.size()));
                return new;
            }
        }
        // SAFETY: the caller promises that the new size is one of a layout; the new piece has room for the smaller of both.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(place, new, layout.size().min(new_size));
                self.dealloc(place, layout);
            }
            new
        }
    }
}
