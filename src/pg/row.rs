//! The values of a row that a set-returning function gives, some of them shared by many rows.

use mrcall_engine::{Error, ErrorKind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgMemoryContexts, pg_sys};

use crate::error::report;

/// The most columns of a row.
pub(super) const MOST: usize = 32;

/// The values of the next row.
pub struct Row {
    context: PgMemoryContexts,
    datums: [pg_sys::Datum; MOST],
    nulls: [bool; MOST],
    /// A text of one row, laid out as the server does.
    text: Vec<u32>,
    /// An interval of one row.
    interval: Box<pg_sys::Interval>,
}

/// A text that lives as long as the function runs.
#[derive(Debug, Clone, Copy)]
pub struct Text(pg_sys::Datum);

/// A value of a column; its type has to be that of the SQL declaration.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    datum: pg_sys::Datum,
    is_null: bool,
}

impl Value {
    /// NULL.
    pub const NULL: Self = Self { datum: pg_sys::Datum::null(), is_null: true };

    fn of(datum: impl Into<pg_sys::Datum>) -> Self {
        Self { datum: datum.into(), is_null: false }
    }
}

/// An int, bigint or timestamptz.
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::of(number)
    }
}

/// A boolean.
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::of(value)
    }
}

/// A text that many rows share.
impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::of(text.0)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NULL, T::into)
    }
}

impl Row {
    /// A row of NULLs; shared texts are kept in the context.
    pub(super) fn new(context: PgMemoryContexts) -> Self {
        let (datums, nulls) = ([pg_sys::Datum::null(); MOST], [true; MOST]);
        Self { context, datums, nulls, text: Vec::new(), interval: Box::default() }
    }

    /// A text for many rows.
    pub fn share(&mut self, text: &str) -> Text {
        let length = i32::try_from(text.len()).unwrap_or(i32::MAX);
        // SAFETY: the pointer and the length are those of a live string, shorter than the server's limit of 1 GB; the
        // server copies it into the memory of the running function.
        Text(unsafe {
            self.context
                .switch_to(|_| pg_sys::Datum::from(pg_sys::cstring_to_text_with_len(text.as_ptr().cast(), length)))
        })
    }

    /// A value that lives as long as the function runs, and is dropped after what was made of it.
    pub fn own<T>(&mut self, value: T) -> &'static mut T {
        // SAFETY: the memory is new, and of the context of the running function, which drops its values from the last to the first.
        unsafe { &mut *self.context.leak_and_drop_on_delete(value) }
    }

    /// Bytes that live as long as the function runs.
    pub fn keep(&mut self, bytes: &[u8]) -> &'static [u8] {
        // SAFETY: the memory is new, of that length, and of the context of the running function.
        unsafe {
            let place = self.context.palloc(bytes.len()).cast::<u8>();
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), place, bytes.len());
            core::slice::from_raw_parts(place, bytes.len())
        }
    }

    /// Sets a column of the next row and of those after it.
    #[inline]
    pub fn set(&mut self, column: usize, value: Value) {
        if let (Some(datum), Some(is_null)) = (self.datums.get_mut(column), self.nulls.get_mut(column)) {
            (*datum, *is_null) = (value.datum, value.is_null);
        }
    }

    /// Sets a column to a text that the next rows have, until another one is set by this method.
    pub fn set_text(&mut self, column: usize, text: &str) {
        let total = text.len() + 4;
        self.text.clear();
        self.text.resize(total.div_ceil(4), 0);
        // SAFETY: the buffer has room for the header and the text, and is aligned for the header. It stays as it is until
        // the server has read or copied the row.
        unsafe {
            let start = self.text.as_mut_ptr();
            pgrx::varlena::set_varsize_4b(start.cast(), i32::try_from(total).unwrap_or(i32::MAX));
            core::ptr::copy_nonoverlapping(text.as_ptr(), start.cast::<u8>().add(4), text.len());
        }
        let text = Value::of(self.text.as_mut_ptr());
        self.set(column, text);
    }

    /// Sets a column to an interval, until another one is set by this method.
    pub fn set_interval(&mut self, column: usize, days: i32, micros: i64) {
        *self.interval = pg_sys::Interval { time: micros, day: days, month: 0 };
        let interval = Value::of(core::ptr::from_mut(&mut *self.interval));
        self.set(column, interval);
    }

    /// The values and which of them are NULL.
    pub(super) fn values(&mut self) -> (&mut [pg_sys::Datum; MOST], &mut [bool; MOST]) {
        (&mut self.datums, &mut self.nulls)
    }
}

/// The error of a function that was declared with another row type than it makes.
pub(super) fn no_such_row() -> ErrorReport {
    report(Error::new(
        ErrorKind::NotPossible,
        "this function needs its own row type",
        "Call it as CREATE EXTENSION declares it.",
    ))
}
