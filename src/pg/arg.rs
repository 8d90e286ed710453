//! Arguments, read where they lie, without a copy or a call, because a report passes millions of rows.
//!
//! That an argument has the type that a function reads is what the SQL declaration says, and what a line in [`super::exports`]
//! vouches for; nothing else makes a [`Call`].

use core::ffi::CStr;
use core::slice;

use mrcall_engine::Error;
use mrcall_engine::resource::memory;
use mrcall_engine::text::utf8;
use pgrx::datum::{Interval, Timestamp, TimestampWithTimeZone, UnboxDatum};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{AllocatedByRust, Array, FromDatum, IntoDatum, pg_sys, varlena};

use super::function_call::Call;
use crate::error::{SqlResult, needed, report};

/// What the server aligns an array's elements to.
const MAX_ALIGN: usize = 8;

/// An argument of a function; `Option` where it may be NULL.
pub trait Arg<'fcx>: Sized {
    /// Reads the next argument.
    fn take(call: Call<'fcx>, next: &mut usize) -> SqlResult<Self>;
}

impl<'fcx> Arg<'fcx> for Call<'fcx> {
    #[inline]
    fn take(call: Self, _next: &mut usize) -> SqlResult<Self> {
        Ok(call)
    }
}

/// What a value that is not NULL is read as.
pub trait Read<'fcx>: Sized {
    /// # Safety
    /// The datum is one of the type that this reads, and lives as long as the call.
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self>;
}

impl<'fcx, T: Read<'fcx>> Arg<'fcx> for Option<T> {
    #[inline]
    fn take(call: Call<'fcx>, next: &mut usize) -> SqlResult<Self> {
        let datum = call.datum(*next);
        *next += 1;
        // SAFETY: the call is that of a function whose SQL declaration gives this argument the type that T reads.
        datum.map(|datum| unsafe { T::read(call, datum) }).transpose()
    }
}

impl<'fcx, T: Read<'fcx>> Arg<'fcx> for T {
    #[inline]
    fn take(call: Call<'fcx>, next: &mut usize) -> SqlResult<Self> {
        // The server does not call a STRICT function with a NULL.
        let value: Option<T> = Arg::take(call, next)?;
        value.map_or_else(|| needed(None, &format!("${next}")), Ok)
    }
}

impl<'fcx> Call<'fcx> {
    /// An argument by its number, `None` for NULL: for those that most calls do not need.
    #[inline]
    pub fn arg<T: Read<'fcx>>(self, i: usize) -> SqlResult<Option<T>> {
        Arg::take(self, &mut { i })
    }
}

/// A value that borrows nothing of the server's memory.
pub trait Owned: FromDatum + IntoDatum {}

impl Owned for String {}
impl Owned for Vec<u8> {}
impl Owned for Vec<String> {}
impl Owned for Vec<i64> {}

macro_rules! read_as_pgrx {
    ($($of:ty),+) => {$(
        impl Owned for $of {}

        impl<'fcx> Read<'fcx> for $of {
            #[inline]
            unsafe fn read(_call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
                // SAFETY: as this function's; the value is not NULL.
                needed(unsafe { FromDatum::from_datum(datum, false) }, "value")
            }
        }
    )+};
}
// A timestamptz or a timestamp is an i64 too, where infinity means nothing else than any other instant.
read_as_pgrx!(bool, i32, i64, f64, pg_sys::Oid, Interval, Timestamp, TimestampWithTimeZone);

/// An array of elements that are read one by one.
impl<'fcx, T: UnboxDatum> Read<'fcx> for Array<'fcx, T> {
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's; what is unpacked lies in the memory of the call.
        unsafe {
            call.memory().switch_to(|_| {
                let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
                flat((*array).ndim)?;
                needed(FromDatum::from_datum(pg_sys::Datum::from(array), false), "value")
            })
        }
    }
}

/// `22023` for an array of more than one dimension.
#[inline]
fn flat(dimensions: i32) -> SqlResult<()> {
    if dimensions > 1 { Err(not_flat("an array", i64::from(dimensions))) } else { Ok(()) }
}

/// The error of an array of several dimensions.
#[cold]
pub(super) fn not_flat(name: &str, dimensions: i64) -> ErrorReport {
    report(Error::invalid(
        format!("{name} has {dimensions} dimensions"),
        "Give an array of one dimension, such as '{a,b}'.",
    ))
}

/// A value of a composite type.
impl<'fcx> Read<'fcx> for PgHeapTuple<'fcx, AllocatedByRust> {
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's; what is unpacked lies in the memory of the call.
        Ok(unsafe { call.memory().switch_to(|_| Self::from_composite_datum(datum)) })
    }
}

/// The bytes of a value of variable length: a text, a bytea, a jsonb.
impl<'fcx> Read<'fcx> for &'fcx [u8] {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        let pointer = datum.cast_mut_ptr();
        // SAFETY: as this function's; a value that is compressed or stored elsewhere is brought into memory of the call first.
        Ok(unsafe { content(if is_plain(pointer) { pointer } else { unpack(call, pointer) }) })
    }
}

/// A text; `55000` where the database is not in UTF-8.
impl<'fcx> Read<'fcx> for &'fcx str {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's.
        let text = unsafe { <&[u8]>::read(call, datum)? };
        // Whatever is made of it, a copy in another form or a message that quotes it, takes about as much.
        memory::demand(2 * text.len());
        utf8(text).map_err(report)
    }
}

/// What a type's input function reads.
impl<'fcx> Read<'fcx> for &'fcx CStr {
    unsafe fn read(_call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's: it is a string that a zero ends.
        Ok(unsafe { CStr::from_ptr(datum.cast_mut_ptr()) })
    }
}

/// What a client sent to a type's receive function.
pub struct Message<'fcx>(&'fcx mut pg_sys::StringInfoData);

impl<'fcx> Arg<'fcx> for Message<'fcx> {
    fn take(call: Call<'fcx>, next: &mut usize) -> SqlResult<Self> {
        let buffer = needed(call.datum(*next), "message")?;
        *next += 1;
        // SAFETY: the server passes a receive function a buffer of its own, which the function may read from. There is one
        // argument like it, and Call::arg gives no other.
        Ok(Self(unsafe { &mut *buffer.cast_mut_ptr() }))
    }
}

impl Message<'_> {
    /// All bytes that have not been read yet; marks them as read.
    pub fn rest(self) -> SqlResult<Vec<u8>> {
        let [start, end] = [self.0.cursor, self.0.len].map(|at| at.max(0) as usize);
        self.0.cursor = self.0.len;
        // SAFETY: the buffer has len bytes, of which cursor have been read.
        let rest = unsafe { slice::from_raw_parts(self.0.data.cast::<u8>().add(start), end.saturating_sub(start)) };
        memory::copy(rest).map_err(report)
    }
}

/// A boolean[].
#[derive(Clone, Copy)]
pub struct Booleans<'fcx> {
    count: usize,
    /// Where it has NULLs: a bit for each element, zero for NULL.
    is_value: Option<&'fcx [u8]>,
    /// Each that is not NULL.
    values: &'fcx [u8],
}

impl<'fcx> Booleans<'fcx> {
    /// How many there are.
    pub fn len(self) -> usize {
        self.count
    }

    /// All of them, where none is NULL.
    pub fn without_null(self) -> Option<impl Iterator<Item = bool> + use<'fcx>> {
        self.is_value.is_none().then(|| self.values.iter().map(|byte| *byte != 0))
    }

    /// All of them, `None` for NULL.
    pub fn iter(self) -> impl Iterator<Item = Option<bool>> + use<'fcx> {
        let mut values = self.values.iter().map(|byte| *byte != 0);
        let is_value = move |nr: usize| {
            self.is_value.is_none_or(|bits| bits.get(nr / 8).is_some_and(|bits| bits >> (nr % 8) & 1 == 1))
        };
        (0..self.count).map(move |nr| if is_value(nr) { values.next() } else { None })
    }
}

impl<'fcx> Read<'fcx> for Booleans<'fcx> {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        let pointer = datum.cast_mut_ptr::<pg_sys::varlena>();
        // SAFETY: as this function's. An array is a header, as many lengths as it has dimensions, where it has NULLs a bit for
        // each element that says whether it is none, and a byte for each other one.
        unsafe {
            let pointer = if varlena::varatt_is_4b_u(pointer) {
                pointer
            } else {
                call.memory().switch_to(|_| pg_sys::pg_detoast_datum(pointer))
            };
            let array = pointer.cast::<pg_sys::ArrayType>();
            flat((*array).ndim)?;
            let dimensions = usize::try_from((*array).ndim).unwrap_or_default();
            let lengths = slice::from_raw_parts(array.add(1).cast::<i32>(), dimensions);
            let count = lengths.iter().map(|length| usize::try_from(*length).unwrap_or_default()).product();
            let count = if dimensions == 0 { 0 } else { count };
            let (start, end) = (array.cast::<u8>(), varlena::varsize_any(pointer));
            let header = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>() * dimensions;
            let has_nulls = (*array).dataoffset != 0;
            let offset = if has_nulls { (*array).dataoffset as usize } else { header.next_multiple_of(MAX_ALIGN) };
            Ok(Self {
                count,
                is_value: has_nulls.then(|| slice::from_raw_parts(start.add(header), count.div_ceil(8))),
                values: slice::from_raw_parts(start.add(offset), end.saturating_sub(offset)),
            })
        }
    }
}

/// A numeric, read as it is laid out on disk, which no version of the server changes.
pub enum Numeric {
    /// `groups` of four decimal digits, the first of which counts 10000^`weight`.
    Finite { groups: Vec<u16>, weight: i32, is_negative: bool },
    /// NaN or an infinity: its name.
    Special(&'static str),
}

impl<'fcx> Read<'fcx> for Numeric {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's.
        let bytes = unsafe { <&[u8]>::read(call, datum)? };
        let mut words = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
        let header = words.next().unwrap_or(0);
        let (weight, is_negative) = match header & 0xC000 {
            0xC000 => {
                return Ok(Self::Special(match header & 0xF000 {
                    0xD000 => "Infinity",
                    0xF000 => "-Infinity",
                    _ => "NaN",
                }));
            }
            // The short form: a weight of seven bits, the highest of which is its sign.
            0x8000 => (i32::from(header & 0x3F) - i32::from(header & 0x40), header & 0x2000 != 0),
            sign => (i32::from(words.next().unwrap_or(0) as i16), sign == 0x4000),
        };
        Ok(Self::Finite { groups: words.collect(), weight, is_negative })
    }
}

/// Whether a value's content stands behind its header: neither compressed nor stored elsewhere.
///
/// # Safety
/// The pointer is that of a live varlena.
#[inline]
pub(super) unsafe fn is_plain(pointer: *mut pg_sys::varlena) -> bool {
    // SAFETY: as this function's.
    unsafe { varlena::varatt_is_4b_u(pointer) || (varlena::varatt_is_1b(pointer) && !varlena::varatt_is_1b_e(pointer)) }
}

/// What stands behind a value's header.
///
/// # Safety
/// The pointer is that of a plain varlena that lives as long as `'a`.
#[inline]
pub(super) unsafe fn content<'a>(pointer: *mut pg_sys::varlena) -> &'a [u8] {
    // SAFETY: as this function's.
    unsafe { slice::from_raw_parts(varlena::vardata_any(pointer).cast::<u8>(), varlena::varsize_any_exhdr(pointer)) }
}

/// # Safety
/// The pointer is that of a live varlena.
#[cold]
unsafe fn unpack(call: Call<'_>, pointer: *mut pg_sys::varlena) -> *mut pg_sys::varlena {
    // SAFETY: as this function's.
    unsafe { call.memory().switch_to(|_| pg_sys::pg_detoast_datum_packed(pointer)) }
}
