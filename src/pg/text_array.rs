//! An array of texts, read where it lies: its layout is that of the disk, which no version of the server changes.

use mrcall_engine::resource::interrupt::Throttle;
use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::text::utf8;
use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys;

use super::arg::{Read, not_flat};
use super::function_call::Call;
use crate::error::{SqlResult, needed_element, report};

/// Dimensions, offset of the data, type of the elements.
const FIXED: usize = 12;
/// The length word before all of it, from which offsets count.
const LENGTH: usize = 4;

/// Why an element cannot be read; smaller than the error, because millions of elements pass by.
#[derive(Debug, Clone, Copy)]
pub enum Unreadable {
    /// It is NULL: which one.
    Null(usize),
    /// Its bytes are no text.
    Layout,
}

/// A text[], its dimensions one after the other.
#[derive(Debug, Clone, Copy)]
pub struct TextArray<'a> {
    /// What is behind the length word.
    array: &'a [u8],
    dimensions: u32,
    count: usize,
    /// Where the bits of what is no NULL are, behind the bounds of the dimensions; and the elements.
    bits: usize,
    data: usize,
    has_nulls: bool,
}

impl<'fcx> Read<'fcx> for TextArray<'fcx> {
    #[inline]
    unsafe fn read(call: Call<'fcx>, datum: pg_sys::Datum) -> SqlResult<Self> {
        // SAFETY: as this function's.
        let array = unsafe { <&[u8]>::read(call, datum)? };
        let (dimensions, offset) = (word(array, 0), word(array, 4) as usize);
        let lengths = 0..dimensions as usize;
        let count = if dimensions == 0 { 0 } else { lengths.map(|i| word(array, FIXED + 4 * i) as usize).product() };
        let bits = FIXED + 8 * dimensions as usize;
        // Without NULLs the data follow the bounds of the dimensions, at a multiple of eight.
        let data = if offset == 0 { (LENGTH + bits).next_multiple_of(8) } else { offset }.saturating_sub(LENGTH);
        Ok(Self { array, dimensions, count, bits, data, has_nulls: offset != 0 })
    }
}

impl<'a> TextArray<'a> {
    /// The same, `22023` for more than one dimension.
    pub fn one_dimension(self, name: &str) -> SqlResult<Self> {
        if self.dimensions > 1 {
            return Err(not_flat(name, i64::from(self.dimensions)));
        }
        Ok(self)
    }

    /// How many elements there are.
    pub fn len(self) -> usize {
        self.count
    }

    /// The bytes of each element.
    pub fn elements(self) -> impl Iterator<Item = Result<&'a [u8], Unreadable>> + use<'a> {
        let (array, mut at) = (self.array, self.data);
        (0..self.count).map(move |i| {
            if self.has_nulls && array.get(self.bits + i / 8).is_none_or(|bits| bits >> (i % 8) & 1 == 0) {
                return Err(Unreadable::Null(i));
            }
            at = at.next_multiple_of(4);
            let header = word(array, at);
            // Elements are never compressed nor stored elsewhere, and always have a length word of four bytes.
            let (is_plain, length) = match cfg!(target_endian = "big") {
                true => (header >> 30 == 0, header),
                false => (header & 3 == 0, header >> 2),
            };
            let element = array.get(at + LENGTH..at.saturating_add(length as usize)).filter(|_| is_plain);
            at = at.saturating_add(length as usize);
            element.ok_or(Unreadable::Layout)
        })
    }

    /// Each element as a text, `None` for NULL; `55000` where the database is not in UTF-8.
    pub fn texts(self) -> impl Iterator<Item = SqlResult<Option<&'a str>>> + use<'a> {
        self.elements().map(|element| match element {
            Ok(text) => utf8(text).map(Some).map_err(report),
            Err(Unreadable::Null(_)) => Ok(None),
            Err(Unreadable::Layout) => Err(unknown_layout()),
        })
    }

    /// The texts that are not NULL.
    pub fn present(self) -> SqlResult<HeldVec<&'a str>> {
        let (mut present, mut throttle) = (HeldVec::default(), Throttle::default());
        for text in self.texts() {
            throttle.step();
            if let Some(text) = text? {
                present.push(text).map_err(report)?;
            }
        }
        Ok(present)
    }

    /// All texts; a NULL among them is `22004` with its place.
    pub fn all(self, name: &str) -> SqlResult<HeldVec<&'a str>> {
        let (mut all, mut throttle) = (HeldVec::default(), Throttle::default());
        for (i, text) in self.texts().enumerate() {
            throttle.step();
            all.push(needed_element(text?, name, i)?).map_err(report)?;
        }
        Ok(all)
    }
}

impl Unreadable {
    /// The error for such an element: `22004` for a NULL.
    pub fn fail<T>(self, name: &str) -> SqlResult<T> {
        match self {
            Self::Null(i) => needed_element(None, name, i),
            Self::Layout => Err(unknown_layout()),
        }
    }
}

fn unknown_layout() -> pgrx::pg_sys::panic::ErrorReport {
    report(Error::new(
        ErrorKind::NotPossible,
        "an array is laid out in an unknown way",
        "Give it as an array of texts.",
    ))
}

/// A number; zero beyond the end.
fn word(array: &[u8], at: usize) -> u32 {
    array.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}
