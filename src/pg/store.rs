//! The rows of a set-returning function, written into the server's tuple store one by one: the cheapest way for many of them.

use pgrx::{PgMemoryContexts, pg_sys};

/// The most columns of a row.
const MOST: usize = 32;

/// The store of the function that is running.
pub struct Store {
    store: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    context: PgMemoryContexts,
    columns: usize,
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
pub enum Value {
    /// NULL.
    Null,
    /// int, bigint or timestamptz.
    Number(i64),
    /// boolean.
    Bool(bool),
    /// A text that many rows share.
    Shared(Text),
}

impl From<Option<Text>> for Value {
    fn from(text: Option<Text>) -> Self {
        text.map_or(Self::Null, Self::Shared)
    }
}

impl Store {
    /// For the set-returning function that is running; `None` where its result has not that many columns. What cannot
    /// take a set gets the server's own error.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, columns: usize) -> Option<Self> {
        // SAFETY: fcinfo is the live call info of a function that the SQL declaration says returns rows; the server fills in
        // the result info behind it, whose store and descriptor live as long as the query.
        unsafe {
            pg_sys::InitMaterializedSRF(fcinfo, 0);
            let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            let (store, descriptor) = ((*info).setResult, (*info).setDesc);
            if columns > MOST || usize::try_from((*descriptor).natts).ok() != Some(columns) {
                return None;
            }
            let context = PgMemoryContexts::For(pg_sys::CurrentMemoryContext);
            let (datums, nulls) = ([pg_sys::Datum::null(); MOST], [true; MOST]);
            Some(Self {
                store,
                descriptor,
                context,
                columns,
                datums,
                nulls,
                text: Vec::new(),
                interval: Box::default(),
            })
        }
    }

    /// How many columns a row has.
    pub fn columns(&self) -> usize {
        self.columns
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

    /// Sets a column of the next row and of those after it.
    pub fn set(&mut self, column: usize, value: Value) {
        let (datum, null) = match value {
            Value::Null => (pg_sys::Datum::null(), true),
            Value::Number(number) => (pg_sys::Datum::from(number), false),
            Value::Bool(value) => (pg_sys::Datum::from(value), false),
            Value::Shared(text) => (text.0, false),
        };
        if let (Some(slot), Some(flag)) = (self.datums.get_mut(column), self.nulls.get_mut(column)) {
            (*slot, *flag) = (datum, null);
        }
    }

    /// Sets a column to a text that the next rows have, until another one is set by this method.
    pub fn set_text(&mut self, column: usize, text: &str) {
        let total = text.len() + 4;
        self.text.clear();
        self.text.resize(total.div_ceil(4), 0);
        // SAFETY: the buffer has room for the header and the text, and is aligned for the header. It stays as it is until
        // the store has copied the row.
        unsafe {
            let start = self.text.as_mut_ptr();
            pgrx::varlena::set_varsize_4b(start.cast(), i32::try_from(total).unwrap_or(i32::MAX));
            core::ptr::copy_nonoverlapping(text.as_ptr(), start.cast::<u8>().add(4), text.len());
        }
        if let (Some(slot), Some(flag)) = (self.datums.get_mut(column), self.nulls.get_mut(column)) {
            (*slot, *flag) = (pg_sys::Datum::from(self.text.as_mut_ptr()), false);
        }
    }

    /// Sets a column to an interval, until another one is set by this method.
    pub fn set_interval(&mut self, column: usize, days: i32, micros: i64) {
        *self.interval = pg_sys::Interval { time: micros, day: days, month: 0 };
        if let (Some(slot), Some(flag)) = (self.datums.get_mut(column), self.nulls.get_mut(column)) {
            (*slot, *flag) = (pg_sys::Datum::from(core::ptr::from_mut(&mut *self.interval)), false);
        }
    }

    /// Adds the row of the values that are set.
    pub fn put(&mut self) {
        // SAFETY: both arrays have at least as many elements as the descriptor has columns, and the texts are alive.
        unsafe {
            pg_sys::tuplestore_putvalues(
                self.store,
                self.descriptor,
                self.datums.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
    }
}
