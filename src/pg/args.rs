//! Arguments of a transition function as the server passes them: read where they lie, without a copy or a call, because a
//! report passes millions of rows.

use core::slice;

use mrcall_engine::Error;
use mrcall_engine::behaviour::condition_mask;
use mrcall_engine::paths::ExactAmount;
use mrcall_engine::text::utf8;
use pgrx::datum::DatumWithOid;
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::{AllocatedByRust, Array, FromDatum, pg_sys, varlena};

use super::text_array::TextArray;
use crate::error::{SqlResult, report};

/// What the server aligns an array's elements to.
const MAX_ALIGN: usize = 8;

/// The arguments of the call that is running.
pub struct Args<'a>(&'a [pg_sys::NullableDatum]);

impl Args<'_> {
    /// The arguments behind a call info that the server gave to the running function.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> Self {
        // SAFETY: the server passes a live call info with nargs arguments behind it.
        Self(unsafe {
            slice::from_raw_parts((*fcinfo).args.as_ptr(), usize::try_from((*fcinfo).nargs).unwrap_or_default())
        })
    }

    /// An argument of any type, `None` for NULL.
    pub fn datum(&self, i: usize) -> Option<pg_sys::Datum> {
        self.0.get(i).filter(|arg| !arg.isnull).map(|arg| arg.value)
    }

    /// An argument as that of a query, of the type that the SQL declaration says.
    pub fn typed(&self, i: usize, of_type: pg_sys::Oid) -> DatumWithOid<'_> {
        // SAFETY: see above; the argument lives as long as the call.
        self.datum(i).map_or(DatumWithOid::null_oid(of_type), |datum| unsafe { DatumWithOid::new(datum, of_type) })
    }

    /// An argument of type timestamptz or bigint.
    pub fn i64(&self, i: usize) -> Option<i64> {
        self.datum(i).map(|datum| datum.value() as i64)
    }

    /// An argument of type integer.
    pub fn i32(&self, i: usize) -> Option<i32> {
        self.datum(i).map(|datum| datum.value() as i32)
    }

    /// An argument of type float8.
    pub fn f64(&self, i: usize) -> Option<f64> {
        self.datum(i).map(|datum| f64::from_bits(datum.value() as u64))
    }

    /// An argument of type float8[]; NULL elements are left out.
    pub fn floats(&self, i: usize) -> Option<Vec<f64>> {
        let datum = self.datum(i)?;
        // SAFETY: the SQL declaration says that the argument is an array of float8.
        let array = unsafe { Array::<f64>::from_datum(datum, false) };
        array.map(|numbers| numbers.iter().flatten().collect())
    }

    /// An argument of type boolean.
    pub fn bool(&self, i: usize) -> Option<bool> {
        self.datum(i).map(|datum| datum.value() & 0xff != 0)
    }

    /// How many elements an argument of type boolean[] has, and which of them are true, the first as bit 0 (see
    /// [`condition_mask`]).
    pub fn conditions(&self, i: usize) -> Option<(usize, u32)> {
        let pointer = self.datum(i)?.cast_mut_ptr::<pg_sys::varlena>();
        // SAFETY: the SQL declaration says that the argument is an array of booleans: a header, as many lengths as it has
        // dimensions, where it has NULLs a bit for each element that says whether it is none, and a byte for each other one.
        unsafe {
            let pointer = if varlena::varatt_is_4b_u(pointer) { pointer } else { pg_sys::pg_detoast_datum(pointer) };
            let array = pointer.cast::<pg_sys::ArrayType>();
            let dimensions = usize::try_from((*array).ndim).unwrap_or_default();
            let lengths = slice::from_raw_parts(array.add(1).cast::<i32>(), dimensions);
            let count = lengths.iter().map(|length| usize::try_from(*length).unwrap_or_default()).product();
            let count = if dimensions == 0 { 0 } else { count };
            let (start, end) = (array.cast::<u8>(), varlena::varsize_any(pointer));
            let header = size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>() * dimensions;
            let has_nulls = (*array).dataoffset != 0;
            let offset = if has_nulls { (*array).dataoffset as usize } else { header.next_multiple_of(MAX_ALIGN) };
            let mut values =
                slice::from_raw_parts(start.add(offset), end.saturating_sub(offset)).iter().map(|byte| *byte != 0);
            if !has_nulls {
                return Some((count, condition_mask(values.map(Some))));
            }
            let is_value = slice::from_raw_parts(start.add(header), count.div_ceil(8));
            let element = |nr: usize| (is_value[nr / 8] >> (nr % 8) & 1 == 1).then(|| values.next()).flatten();
            Some((count, condition_mask((0..count).map(element))))
        }
    }

    /// An argument of type text[].
    pub fn array(&self, i: usize) -> Option<Array<'_, &str>> {
        let datum = self.datum(i)?;
        // SAFETY: the SQL declaration says that the argument is an array of texts.
        unsafe { Array::from_datum(datum, false) }
    }

    /// An argument of type interval: months, days, microseconds.
    pub fn interval(&self, i: usize) -> Option<(i32, i32, i64)> {
        self.datum(i).map(interval_of)
    }

    /// The bytes of an argument of type text.
    pub fn bytes(&self, i: usize) -> Option<&[u8]> {
        let pointer = self.datum(i)?.cast_mut_ptr::<pg_sys::varlena>();
        // SAFETY: the SQL declaration says that the argument is a text; a value that is compressed or stored elsewhere is
        // brought into memory of this call first.
        Some(unsafe {
            let pointer = if is_plain(pointer) { pointer } else { pg_sys::pg_detoast_datum_packed(pointer) };
            slice::from_raw_parts(varlena::vardata_any(pointer).cast::<u8>(), varlena::varsize_any_exhdr(pointer))
        })
    }

    /// An argument of a composite type.
    pub fn composite(&self, i: usize) -> Option<PgHeapTuple<'_, AllocatedByRust>> {
        // SAFETY: the SQL declaration says that the argument is a composite value.
        self.datum(i).map(|datum| unsafe { PgHeapTuple::from_composite_datum(datum) })
    }

    /// An argument of type text; `55000` where the database is not in UTF-8.
    pub fn text(&self, i: usize) -> SqlResult<Option<&str>> {
        self.bytes(i).map(utf8).transpose().map_err(report)
    }

    /// An argument of type text[]; NULL elements are left out.
    pub fn texts(&self, i: usize) -> Vec<String> {
        let Some(datum) = self.datum(i) else { return Vec::new() };
        // SAFETY: the SQL declaration says that the argument is an array of texts.
        let array = unsafe { Array::<&str>::from_datum(datum, false) };
        array.map(|texts| texts.iter().flatten().map(str::to_owned).collect()).unwrap_or_default()
    }

    /// An argument of type text[] with one dimension, else `22023`.
    pub fn path(&self, i: usize, name: &'static str) -> SqlResult<Option<TextArray<'_>>> {
        self.bytes(i).map(|array| TextArray::new(array, name)).transpose()
    }

    /// An argument of type numeric, read as it is laid out on disk, which no version changes; NaN and infinity are `22023`.
    pub fn amount(&self, i: usize, name: &str) -> SqlResult<Option<ExactAmount>> {
        let Some(bytes) = self.bytes(i) else { return Ok(None) };
        let mut words = bytes.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
        let header = words.next().unwrap_or(0);
        let (weight, is_negative) = match header & 0xC000 {
            0xC000 => {
                let word = match header & 0xF000 {
                    0xD000 => "Infinity",
                    0xF000 => "-Infinity",
                    _ => "NaN",
                };
                return Err(report(Error::invalid(format!("{name} is {word}"), format!("Give a finite {name}."))));
            }
            // The short form: a weight of seven bits, the highest of which is its sign.
            0x8000 => (i32::from(header & 0x3F) - i32::from(header & 0x40), header & 0x2000 != 0),
            sign => (i32::from(words.next().unwrap_or(0) as i16), sign == 0x4000),
        };
        if words.len() == 0 {
            return Ok(Some(ExactAmount::default()));
        }
        let groups: Vec<u16> = words.collect();
        Ok(Some(ExactAmount::from_groups(&groups, weight, is_negative)))
    }
}

/// Months, days and microseconds of an argument that the SQL declaration says is an interval.
pub fn interval_of(datum: pg_sys::Datum) -> (i32, i32, i64) {
    // SAFETY: an interval is passed by reference.
    let v = unsafe { *datum.cast_mut_ptr::<pg_sys::Interval>() };
    (v.month, v.day, v.time)
}

/// Whether a value's content stands behind its header: neither compressed nor stored elsewhere.
///
/// SAFETY: the pointer is that of a live varlena.
pub(super) unsafe fn is_plain(pointer: *mut pg_sys::varlena) -> bool {
    // SAFETY: see above.
    unsafe { varlena::varatt_is_4b_u(pointer) || (varlena::varatt_is_1b(pointer) && !varlena::varatt_is_1b_e(pointer)) }
}
