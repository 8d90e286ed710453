//! An array of texts, read where it lies: its layout is that of the disk, which no version of the server changes.

use mrcall_engine::text::utf8;
use mrcall_engine::{Error, ErrorKind};

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

/// An array of one dimension.
#[derive(Debug, Clone, Copy)]
pub struct TextArray<'a> {
    /// What is behind the length word.
    array: &'a [u8],
    name: &'static str,
    count: usize,
    data: usize,
    has_nulls: bool,
}

impl<'a> TextArray<'a> {
    /// The content of a text[]; `22023` for more than one dimension.
    pub(super) fn new(array: &'a [u8], name: &'static str) -> SqlResult<Self> {
        let (dimensions, offset) = (word(array, 0), word(array, 4) as usize);
        if dimensions > 1 {
            return Err(report(Error::invalid(
                format!("{name} has {dimensions} dimensions"),
                "Give an array of one dimension: the channels in order of time.",
            )));
        }
        let count = if dimensions == 0 { 0 } else { word(array, FIXED) as usize };
        // Without NULLs the data follow the bounds of the dimension, at a multiple of eight.
        let data = if offset == 0 { 24 - LENGTH } else { offset.saturating_sub(LENGTH) };
        Ok(Self { array, name, count, data, has_nulls: offset != 0 })
    }

    /// The bytes of each element, up to one that cannot be read.
    pub fn steps(&self) -> impl Iterator<Item = Result<&'a [u8], Unreadable>> + use<'a> {
        let (array, mut at) = (self.array, self.data);
        let has_nulls = self.has_nulls;
        (0..self.count).map(move |i| {
            if has_nulls && array.get(FIXED + 8 + i / 8).is_none_or(|bits| bits >> (i % 8) & 1 == 0) {
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

    /// The error for such an element: `22004` for a NULL.
    pub fn fail<T>(&self, element: Unreadable) -> SqlResult<T> {
        match element {
            Unreadable::Null(i) => needed_element(None, self.name, i),
            Unreadable::Layout => Err(report(Error::new(
                ErrorKind::NotPossible,
                "an array is laid out in an unknown way",
                "Give it as an array of texts.",
            ))),
        }
    }

    /// Each element as a text; `55000` where the database is not in UTF-8.
    pub fn texts(&self) -> SqlResult<Vec<&'a str>> {
        self.steps()
            .map(|step| step.map_or_else(|element| self.fail(element), |text| utf8(text).map_err(report)))
            .collect()
    }
}

/// A number; zero beyond the end.
fn word(array: &[u8], at: usize) -> u32 {
    array.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}
