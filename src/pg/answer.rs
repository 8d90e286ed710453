//! Results of functions, and values of rows, as the server has them: in the memory that is current.

use core::ffi::{c_int, c_void};
use std::borrow::Cow;
use std::ffi::CString;

use mrcall_engine::resource::memory;
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::{AnyNumeric, IntoDatum, pg_sys, varlena};

use super::function_call::Call;
use crate::error::{SqlResult, report};

/// The server's own limit of a gigabyte, less a header.
const MAX_BYTES: usize = (1 << 30) - 64;

/// The most that the server allocates at once.
const MAX_ALLOCATION: usize = 0x3fff_ffff;

unsafe extern "C-unwind" {
    /// As pgrx has it, but without the frame that catches the server's errors, which costs more than the allocation: asked
    /// not to fail, the function raises none.
    fn MemoryContextAllocExtended(context: pg_sys::MemoryContext, size: usize, flags: c_int) -> *mut c_void;
}

/// Memory of the context that is current; `None` where there is not enough. Raises no error: where the server raises one, pgrx copies
/// it, and a copy that finds no memory either ends the server.
#[inline]
pub(super) fn new_memory(size: usize) -> Option<*mut u8> {
    if size > MAX_ALLOCATION {
        return None;
    }
    // SAFETY: the server's current context lives.
    let new =
        unsafe { MemoryContextAllocExtended(pg_sys::CurrentMemoryContext, size, pg_sys::MCXT_ALLOC_NO_OOM as c_int) };
    (!new.is_null()).then_some(new.cast())
}

/// A result, of the type that the SQL declaration says.
pub trait Answer {
    /// The value; `None` is NULL.
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>>;
}

impl<T: Answer> Answer for SqlResult<T> {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        self?.answer()
    }
}

impl<T: Answer> Answer for Option<T> {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        self.map_or(Ok(None), T::answer)
    }
}

macro_rules! answer_as_pgrx {
    ($($of:ty),+) => {$(
        impl Answer for $of {
            #[inline]
            fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
                Ok(self.into_datum())
            }
        }
    )+};
}
answer_as_pgrx!(
    (),
    bool,
    i32,
    i64,
    f64,
    Interval,
    TimestampWithTimeZone,
    AnyNumeric,
    CString,
    Vec<bool>,
    Vec<f64>,
    Vec<i64>,
    Vec<String>,
    Vec<&str>,
    Vec<TimestampWithTimeZone>
);

/// A text; one that is too long is `54000`.
impl Answer for &str {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        varlena_of(&[self.as_bytes()])
    }
}

impl Answer for String {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        self.as_str().answer()
    }
}

/// A bytea; one that is too long is `54000`.
impl Answer for Vec<u8> {
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        varlena_of(&[self])
    }
}

/// The same in chunks.
impl Answer for Vec<Cow<'_, [u8]>> {
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        varlena_of(&self)
    }
}

/// A value of this process's own making, in the memory of the call.
pub struct Made(pub(super) pg_sys::Datum);

impl Made {
    /// An argument of the same type, as it is.
    pub fn argument(call: Call<'_>, i: usize) -> Option<Self> {
        call.datum(i).map(Self)
    }

    /// Makes it now, of what is borrowed only for a while.
    pub fn of(answer: impl Answer) -> SqlResult<Option<Self>> {
        Ok(answer.answer()?.map(Self))
    }
}

impl Answer for Made {
    #[inline]
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        Ok(Some(self.0))
    }
}

#[inline]
fn varlena_of(chunks: &[impl AsRef<[u8]>]) -> SqlResult<Option<pg_sys::Datum>> {
    let length: usize = chunks.iter().map(|chunk| chunk.as_ref().len()).sum();
    if length >= MAX_BYTES {
        return Err(report(Error::new(
            ErrorKind::LimitExceeded,
            format!("a result has {} MB, more than a value can have ({} MB)", length >> 20, MAX_BYTES >> 20),
            "Ask for a shorter range.",
        )));
    }
    // The server gives the memory, or raises an ERROR; the limit is of both.
    memory::ask(length).map_err(report)?;
    let size = length + pg_sys::VARHDRSZ;
    let value = new_memory(size).ok_or_else(|| report(memory::out_of_memory(size)))?.cast::<pg_sys::varlena>();
    // SAFETY: the memory has room for the header and all chunks.
    unsafe {
        varlena::set_varsize_4b(value, size as i32);
        let mut place = value.cast::<u8>().add(pg_sys::VARHDRSZ);
        for chunk in chunks {
            let chunk = chunk.as_ref();
            place.copy_from_nonoverlapping(chunk.as_ptr(), chunk.len());
            place = place.add(chunk.len());
        }
        Ok(Some(pg_sys::Datum::from(value)))
    }
}
