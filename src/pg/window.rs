//! The rows of a window function's partition. pgrx does not bind the server's window interface: it is declared here.

use core::any::TypeId;
use core::marker::PhantomData;
use core::mem::MaybeUninit;

use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary as guarded;

use super::arg::{Arg, Owned};
use super::function_call::Call;
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
pub struct Window<'fcx>(*mut pg_sys::WindowObjectData, PhantomData<&'fcx ()>);

/// What a function keeps from row to row of one partition. The server gives it zeroed memory.
#[repr(C)]
struct Kept<T> {
    is_set: u8,
    of_type: MaybeUninit<TypeId>,
    value: MaybeUninit<T>,
}

impl<'fcx> Arg<'fcx> for Window<'fcx> {
    /// `55000` when the call is not one of a window.
    fn take(call: Call<'fcx>, _next: &mut usize) -> SqlResult<Self> {
        // SAFETY: the call is live; its context is NULL or a node, which begins with its tag.
        unsafe {
            let context = (*call.info()).context;
            if !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_WindowObjectData {
                return Ok(Self(context.cast(), PhantomData));
            }
        }
        Err(report(Error::new(
            ErrorKind::NotPossible,
            "this function works only as a window function",
            "Call it with OVER (ORDER BY ts).",
        )))
    }
}

impl Window<'_> {
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

    /// An argument at the current row, of the type that the SQL declaration says; `None` is NULL.
    pub fn argument<T: Owned>(self, i: i32) -> Option<T> {
        let mut is_null = false;
        // SAFETY: as above; is_null is a live local.
        unsafe {
            let datum = guarded(|| WinGetFuncArgCurrent(self.0, i, &mut is_null));
            T::from_datum(datum, is_null)
        }
    }

    /// An argument at a place at or behind the current row's; the outer `None` is behind the last row, the inner one NULL.
    pub fn argument_at<T: Owned>(self, i: i32, place: i64) -> Option<Option<T>> {
        let place = i32::try_from(place).ok()?;
        let (mut is_null, mut is_out) = (false, false);
        // SAFETY: as above.
        unsafe {
            let datum = guarded(|| {
                WinGetFuncArgInPartition(self.0, i, place, WINDOW_SEEK_HEAD, false, &mut is_null, &mut is_out)
            });
            (!is_out).then(|| T::from_datum(datum, is_null))
        }
    }

    /// Works with what the function keeps from row to row of the partition, a new one at its first row.
    pub fn with_kept<T: Default + Copy + 'static, R>(self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the window is the server's own, for the call that is running. Its memory is of the size that the first call
        // asks, aligned for any type, and zeroed or as it is left here; a value of another type is not looked at.
        unsafe {
            let kept: *mut Kept<T> = guarded(|| WinGetPartitionLocalMemory(self.0, size_of::<Kept<T>>())).cast();
            let is_ours = (*kept).is_set == 0 || (*kept).of_type.assume_init() == TypeId::of::<T>();
            let mut value = T::default();
            if is_ours && (*kept).is_set == 1 {
                value = (*kept).value.assume_init();
            }
            let result = work(&mut value);
            if is_ours {
                let of_type = MaybeUninit::new(TypeId::of::<T>());
                kept.write(Kept { is_set: 1, of_type, value: MaybeUninit::new(value) });
            }
            result
        }
    }
}
