//! Texts as results, for functions that are called for each value of millions of rows.

use core::ffi::c_int;
use core::ptr;

use mrcall_engine::resource::memory::{HeldVec, out_of_memory, reserve_exact};
use pgrx::{pg_sys, varlena};

use super::answer::{Made, new_memory};
use crate::error::{SqlResult, report};

/// A text in the memory that is current; `None` where there is not enough. Raises no error.
#[inline]
pub(super) fn new_text(bytes: &[u8]) -> Option<pg_sys::Datum> {
    let size = bytes.len() + pg_sys::VARHDRSZ;
    let new = new_memory(size)?;
    // SAFETY: the new memory has room for the header and the bytes.
    unsafe {
        varlena::set_varsize_4b(new.cast(), size as i32);
        ptr::copy_nonoverlapping(bytes.as_ptr(), new.add(pg_sys::VARHDRSZ), bytes.len());
        Some(pg_sys::Datum::from(new))
    }
}

/// An array of texts in the memory that is current.
pub fn text_array<'a>(texts: impl Iterator<Item = &'a [u8]>) -> SqlResult<Made> {
    let (mut datums, mut bytes) = (HeldVec::with_room(texts.size_hint().0).map_err(report)?, 64);
    for text in texts {
        let datum = new_text(text).ok_or_else(|| report(out_of_memory(text.len())))?;
        datums.push(datum).map_err(report)?;
        bytes += (text.len() + pg_sys::VARHDRSZ).next_multiple_of(4);
    }
    // The array takes as much again: whether that is there is asked without an error of the server.
    let room = new_memory(bytes).ok_or_else(|| report(out_of_memory(bytes)))?;
    // SAFETY: it is new, and nobody else has it.
    unsafe { pg_sys::pfree(room.cast()) };
    let count = c_int::try_from(datums.len()).map_err(|_| report(out_of_memory(usize::MAX)))?;
    // SAFETY: each datum is a text, whose length, alignment and passing are those given.
    let array = unsafe {
        pg_sys::construct_array(datums.as_mut_ptr(), count, pg_sys::TEXTOID, -1, false, pg_sys::TYPALIGN_INT as i8)
    };
    Ok(Made(pg_sys::Datum::from(array)))
}

/// The same of texts that are made already, some of them NULL.
pub(super) fn nullable_text_array(texts: &[Option<pg_sys::Datum>]) -> SqlResult<Made> {
    let (mut values, mut nulls) = (Vec::new(), Vec::new());
    reserve_exact(&mut values, texts.len()).map_err(report)?;
    reserve_exact(&mut nulls, texts.len()).map_err(report)?;
    values.extend(texts.iter().map(|text| text.unwrap_or(pg_sys::Datum::null())));
    nulls.extend(texts.iter().map(Option::is_none));
    let mut length = c_int::try_from(texts.len()).map_err(|_| report(out_of_memory(texts.len())))?;
    let mut lower_bound = 1;
    // SAFETY: each datum that is no NULL is a text, whose length, alignment and passing are those given; of no element it makes
    // the empty array.
    let array = unsafe {
        pg_sys::construct_md_array(
            values.as_mut_ptr(),
            nulls.as_mut_ptr(),
            1,
            &raw mut length,
            &raw mut lower_bound,
            pg_sys::TEXTOID,
            -1,
            false,
            pg_sys::TYPALIGN_INT as i8,
        )
    };
    Ok(Made(pg_sys::Datum::from(array)))
}
