//! The rows of a window function's partition. pgrx does not bind the server's window interface: it is declared here.

use core::mem::MaybeUninit;

use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary as guarded;

use crate::error::{SqlResult, report};

/// `windowapi.h`: places count from the partition's first row.
const WINDOW_SEEK_HEAD: i32 = 1;

// The same in PostgreSQL 15 to 18. Each is called behind a guard: an ERROR that it raises has to unwind, not to jump.
unsafe extern "C-unwind" {
    fn WinGetPartitionLocalMemory(window: *mut pg_sys::WindowObjectData, size: usize) -> *mut core::ffi::c_void;
    fn WinGetCurrentPosition(window: *mut pg_sys::WindowObjectData) -> i64;
    fn WinSetMarkPosition(window: *mut pg_sys::WindowObjectData, place: i64);
    fn WinGetFuncArgInPartition(
        window: *mut pg_sys::WindowObjectData,
        argument: i32,
        place: i32,
        seek: i32,
        set_mark: bool,
        is_null: *mut bool,
        is_out: *mut bool,
    ) -> pg_sys::Datum;
    fn WinGetFuncArgCurrent(window: *mut pg_sys::WindowObjectData, argument: i32, is_null: *mut bool) -> pg_sys::Datum;
}

/// The partition in which a window function runs, at its current row.
#[derive(Clone, Copy)]
pub struct Window(*mut pg_sys::WindowObjectData);

impl Window {
    /// Of the call that is running; `55000` when it is not one of a window.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Self> {
        // SAFETY: the server passes a live call info; its context is NULL or a node, which begins with its tag.
        unsafe {
            let context = (*fcinfo).context;
            if !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_WindowObjectData {
                return Ok(Self(context.cast()));
            }
        }
        Err(report(Error::new(
            ErrorKind::NotPossible,
            "this function works only as a window function",
            "Call it with OVER (ORDER BY ts).",
        )))
    }

    /// The place of the current row; rows before it will not be asked for again.
    pub fn current(self) -> i64 {
        // SAFETY: the window is the server's own, for the call that is running.
        unsafe {
            guarded(|| {
                let place = WinGetCurrentPosition(self.0);
                WinSetMarkPosition(self.0, place);
                place
            })
        }
    }

    /// An argument at the current row, as the server passes it; `None` is NULL.
    pub fn argument(self, i: i32) -> Option<pg_sys::Datum> {
        let mut is_null = false;
        // SAFETY: as above; is_null is a live local.
        let datum = unsafe { guarded(|| WinGetFuncArgCurrent(self.0, i, &mut is_null)) };
        (!is_null).then_some(datum)
    }

    /// An argument at a place at or behind the current row's; the outer `None` is behind the last row, the inner one NULL.
    pub fn argument_at(self, i: i32, place: i64) -> Option<Option<pg_sys::Datum>> {
        let place = i32::try_from(place).ok()?;
        let (mut is_null, mut is_out) = (false, false);
        // SAFETY: as above.
        let datum = unsafe {
            guarded(|| WinGetFuncArgInPartition(self.0, i, place, WINDOW_SEEK_HEAD, false, &mut is_null, &mut is_out))
        };
        if is_out { None } else { Some((!is_null).then_some(datum)) }
    }

    /// What a function keeps from row to row of one partition.
    pub fn kept<'a, T: Default + Copy>(self) -> &'a mut T {
        #[repr(C)]
        struct Kept<T> {
            is_set: u8,
            value: MaybeUninit<T>,
        }
        // SAFETY: the server gives memory of the asked size, aligned for any type and zeroed at a partition's begin, which
        // makes a Kept whose value is not set; it lives longer than the call, and nobody else of the call has it.
        unsafe {
            let kept = &mut *guarded(|| WinGetPartitionLocalMemory(self.0, size_of::<Kept<T>>())).cast::<Kept<T>>();
            if kept.is_set == 0 {
                kept.value.write(T::default());
                kept.is_set = 1;
            }
            kept.value.assume_init_mut()
        }
    }
}
