//! The values of a row, some of them shared by many rows.

use core::marker::PhantomData;
use std::borrow::Cow;
use std::ffi::CString;

use mrcall_engine::resource::memory;
use pgrx::datum::Interval;
use pgrx::{AnyNumeric, PgMemoryContexts, direct_function_call_as_datum, pg_sys, varlena};

use crate::error::SqlResult;
use crate::pg::answer::Answer;

/// The most columns of a row.
pub(super) const MOST: usize = 32;

/// The next row. `'m` is how long the function gives rows: a call where all of them are written down, else many.
pub struct Row<'m> {
    /// Memory that lives as long.
    memory: PgMemoryContexts,
    datums: [pg_sys::Datum; MOST],
    nulls: [bool; MOST],
    /// Texts and intervals of this row, laid out as the server does, one for each column that has any.
    buffers: [Vec<u64>; MOST],
    /// Other values of this row.
    scratch: Option<PgMemoryContexts>,
    life: PhantomData<&'m ()>,
}

/// A value that many rows share.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'m>(pg_sys::Datum, PhantomData<&'m ()>);

/// A value of a column that costs nothing to set again, or NULL.
#[derive(Debug, Clone, Copy)]
pub struct Value<'m> {
    datum: pg_sys::Datum,
    is_null: bool,
    life: PhantomData<&'m ()>,
}

impl Value<'_> {
    /// NULL.
    pub const NULL: Self = Self { datum: pg_sys::Datum::null(), is_null: true, life: PhantomData };

    fn of(datum: impl Into<pg_sys::Datum>) -> Self {
        Self { datum: datum.into(), is_null: false, life: PhantomData }
    }
}

impl<'m> From<Shared<'m>> for Value<'m> {
    fn from(value: Shared<'m>) -> Self {
        Self::of(value.0)
    }
}

macro_rules! by_value {
    ($($of:ty: $datum:expr),+) => {$(
        impl From<$of> for Value<'_> {
            #[inline]
            fn from(value: $of) -> Self {
                Self::of($datum(value))
            }
        }
        impl Column<'_> for $of {
            #[inline]
            fn set(self, row: &mut Row<'_>, column: usize) -> SqlResult<()> {
                row.put(column, self.into());
                Ok(())
            }
        }
    )+};
}
// A bigint or timestamptz is an i64.
by_value!(bool: pg_sys::Datum::from, i32: pg_sys::Datum::from, i64: pg_sys::Datum::from,
    f64: |value: f64| pg_sys::Datum::from(value.to_bits()));

impl<'m, T: Into<Self>> From<Option<T>> for Value<'m> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NULL, T::into)
    }
}

/// What a column can be set to; its type has to be that of the SQL declaration.
pub trait Column<'m> {
    /// Sets a column of the next row. What it is set to stays until it is set again, but for arrays, numerics and JSON, which
    /// are of one row.
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()>;
}

impl<'m> Column<'m> for Value<'m> {
    #[inline]
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        row.put(column, self);
        Ok(())
    }
}

impl<'m> Column<'m> for Shared<'m> {
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        Value::from(self).set(row, column)
    }
}

impl<'m, T: Column<'m>> Column<'m> for Option<T> {
    #[inline]
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        match self {
            Some(value) => value.set(row, column),
            None => Value::NULL.set(row, column),
        }
    }
}

impl<'m> Column<'m> for &str {
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        let size = self.len() + pg_sys::VARHDRSZ;
        row.set_buffer(column, size, |place| {
            // SAFETY: the buffer has that size, and is aligned for the header.
            unsafe {
                varlena::set_varsize_4b(place.cast(), i32::try_from(size).unwrap_or(i32::MAX));
                core::ptr::copy_nonoverlapping(self.as_ptr(), place.add(pg_sys::VARHDRSZ), self.len());
            }
        });
        Ok(())
    }
}

impl<'m> Column<'m> for String {
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        self.as_str().set(row, column)
    }
}

impl<'m> Column<'m> for Cow<'_, str> {
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        (*self).set(row, column)
    }
}

impl<'m> Column<'m> for Interval {
    fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
        row.set_buffer(column, size_of::<pg_sys::Interval>(), |place| {
            // SAFETY: the buffer has that size, and is aligned for any type.
            unsafe { place.cast::<pg_sys::Interval>().write(self.into_inner()) }
        });
        Ok(())
    }
}

/// A text that is JSON, as jsonb.
pub struct Json<'a>(pub &'a str);

impl Answer for Json<'_> {
    fn answer(self) -> SqlResult<Option<pg_sys::Datum>> {
        let json = CString::new(self.0).unwrap_or_default();
        // SAFETY: jsonb_in reads a NUL-terminated string; it gives a value or raises an ERROR.
        Ok(unsafe { direct_function_call_as_datum(pg_sys::jsonb_in, &[Some(pg_sys::Datum::from(json.as_ptr()))]) })
    }
}

macro_rules! of_one_row {
    ($($of:ty),+) => {$(
        impl<'m> Column<'m> for $of {
            fn set(self, row: &mut Row<'m>, column: usize) -> SqlResult<()> {
                // SAFETY: the memory lives.
                let value = unsafe { row.scratch().switch_to(|_| self.answer()) }?;
                row.put(column, value.map_or(Value::NULL, Value::of));
                Ok(())
            }
        }
    )+};
}
of_one_row!(AnyNumeric, Json<'_>, Vec<f64>, Vec<i64>, Vec<String>, Vec<&str>);

impl<'m> Row<'m> {
    /// A row of NULLs; shared values are kept in the memory.
    ///
    /// # Safety
    /// The memory lives as long as `'m`.
    pub(super) unsafe fn new(memory: PgMemoryContexts) -> Self {
        Self {
            memory,
            datums: [pg_sys::Datum::null(); MOST],
            nulls: [true; MOST],
            buffers: [const { Vec::new() }; MOST],
            scratch: None,
            life: PhantomData,
        }
    }

    /// A text for many rows.
    pub fn share(&mut self, text: &str) -> SqlResult<Shared<'m>> {
        self.share_any(text)
    }

    /// A jsonb for many rows; the text has to be JSON.
    pub fn share_jsonb(&mut self, json: &str) -> SqlResult<Shared<'m>> {
        self.share_any(Json(json))
    }

    fn share_any(&mut self, value: impl Answer) -> SqlResult<Shared<'m>> {
        // SAFETY: the memory lives.
        let datum = unsafe { self.memory.switch_to(|_| value.answer()) }?;
        Ok(Shared(datum.unwrap_or(pg_sys::Datum::null()), PhantomData))
    }

    /// A value that lives as long as the function gives rows, and is dropped after what was made of it.
    pub fn own<T: 'static>(&mut self, value: T) -> &'m mut T {
        // SAFETY: the value is new and nobody else has it; the memory drops its values from the last to the first.
        unsafe { &mut *self.memory.leak_and_drop_on_delete(value) }
    }

    /// Bytes that live as long as the function gives rows.
    pub fn keep(&mut self, bytes: &[u8]) -> &'m [u8] {
        memory::demand(bytes.len());
        // SAFETY: the memory is new and of that length.
        unsafe {
            let place = self.memory.palloc(bytes.len()).cast::<u8>();
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
            core::slice::from_raw_parts(place, bytes.len())
        }
    }

    /// Sets a column of the next row.
    #[inline]
    pub fn set(&mut self, column: usize, value: impl Column<'m>) -> SqlResult<()> {
        value.set(self, column)
    }

    #[inline]
    fn put(&mut self, column: usize, value: Value<'_>) {
        if let (Some(datum), Some(is_null)) = (self.datums.get_mut(column), self.nulls.get_mut(column)) {
            (*datum, *is_null) = (value.datum, value.is_null);
        }
    }

    fn set_buffer(&mut self, column: usize, size: usize, write: impl FnOnce(*mut u8)) {
        let Some(buffer) = self.buffers.get_mut(column) else { return };
        buffer.clear();
        if size > buffer.capacity() * size_of::<u64>() {
            memory::demand(size);
        }
        buffer.resize(size.div_ceil(size_of::<u64>()), 0);
        let place = buffer.as_mut_ptr();
        write(place.cast());
        self.put(column, Value::of(place));
    }

    /// Runs what makes something that lives as long as the function gives rows.
    pub(super) fn lasting<T>(&mut self, make: impl FnOnce() -> T) -> T {
        // SAFETY: the memory lives.
        unsafe { self.memory.switch_to(|_| make()) }
    }

    /// Further memory that lives as long, for whoever empties it now and then.
    pub(super) fn further_memory(&mut self) -> PgMemoryContexts {
        // SAFETY: the memory lives.
        let further = unsafe { self.memory.switch_to(|_| PgMemoryContexts::new("mrcall_ext rows")) };
        PgMemoryContexts::For(core::mem::ManuallyDrop::new(further).value())
    }

    /// Memory for values of this row. It goes with that of all rows, and not with the row, which may go after it.
    fn scratch(&mut self) -> &mut PgMemoryContexts {
        if self.scratch.is_none() {
            self.scratch = Some(self.further_memory());
        }
        // It was made just now.
        self.scratch.get_or_insert_with(|| PgMemoryContexts::CurrentMemoryContext)
    }

    /// Gives back what [`Self::scratch`] has, after the server has read or copied the row.
    #[inline]
    pub(super) fn clear(&mut self) {
        if let Some(scratch) = &mut self.scratch {
            // SAFETY: nobody reads the values of the last row any more.
            unsafe { scratch.reset() };
        }
    }

    /// The values and which of them are NULL.
    pub(super) fn values(&mut self) -> (&mut [pg_sys::Datum; MOST], &mut [bool; MOST]) {
        (&mut self.datums, &mut self.nulls)
    }
}
