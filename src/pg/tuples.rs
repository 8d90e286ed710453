//! Composite rows of a set-returning function, built from values that are made once and used in many rows.

use std::ffi::CString;

use pgrx::{AnyElement, FromDatum, PgMemoryContexts, direct_function_call_as_datum, pg_sys};

/// Builds rows of the result type of the running function. Texts that it makes live as long as the function's call.
pub struct Tuples {
    descriptor: pg_sys::TupleDesc,
    context: PgMemoryContexts,
    columns: usize,
}

impl Tuples {
    /// For the set-returning function that is running, in its first call; `None` where its result is no row type of
    /// that many columns.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, columns: usize) -> Option<Self> {
        let mut descriptor: pg_sys::TupleDesc = core::ptr::null_mut();
        // SAFETY: fcinfo is the live call info of a function whose SQL declaration has a row type; the descriptor is
        // made in the memory of the whole call, which is current in a set-returning function's first call.
        unsafe {
            let class = pg_sys::get_call_result_type(fcinfo, core::ptr::null_mut(), &mut descriptor);
            if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE || descriptor.is_null() {
                return None;
            }
            if usize::try_from((*descriptor).natts).ok() != Some(columns) {
                return None;
            }
            let descriptor = pg_sys::BlessTupleDesc(descriptor);
            Some(Self { descriptor, context: PgMemoryContexts::For(pg_sys::CurrentMemoryContext), columns })
        }
    }

    /// A text that lives as long as the function's call.
    pub fn lasting_text(&mut self, text: &str) -> pg_sys::Datum {
        // SAFETY: the server copies the bytes into a new text of the current context.
        unsafe { self.context.switch_to(|_| Self::new_text(text)) }
    }

    /// A jsonb that lives as long as the function's call; the text has to be JSON.
    pub fn lasting_jsonb(&mut self, json: &str) -> pg_sys::Datum {
        // SAFETY: the server makes a new value in the current context.
        unsafe { self.context.switch_to(|_| Self::new_jsonb(json)) }
    }

    /// As [`Self::lasting_jsonb`], as long as the row.
    pub fn jsonb(&self, json: &str) -> pg_sys::Datum {
        // SAFETY: as above.
        unsafe { Self::new_jsonb(json) }
    }

    unsafe fn new_jsonb(json: &str) -> pg_sys::Datum {
        let json = CString::new(json).unwrap_or_default();
        let input = [Some(pg_sys::Datum::from(json.as_ptr()))];
        // SAFETY: jsonb_in reads a NUL-terminated string; it gives a value or raises an ERROR.
        unsafe { direct_function_call_as_datum(pg_sys::jsonb_in, &input) }.unwrap_or(pg_sys::Datum::null())
    }

    /// An interval of so many microseconds that lives as long as the row.
    pub fn interval(&self, micros: i64) -> pg_sys::Datum {
        // SAFETY: palloc gives memory of that size, or raises an ERROR.
        unsafe {
            let interval = pg_sys::palloc(size_of::<pg_sys::Interval>()).cast::<pg_sys::Interval>();
            interval.write(pg_sys::Interval { time: micros, day: 0, month: 0 });
            pg_sys::Datum::from(interval)
        }
    }

    unsafe fn new_text(text: &str) -> pg_sys::Datum {
        let length = i32::try_from(text.len()).unwrap_or(i32::MAX);
        // SAFETY: the pointer and the length are those of a live string, shorter than the server's limit of 1 GB.
        pg_sys::Datum::from(unsafe { pg_sys::cstring_to_text_with_len(text.as_ptr().cast(), length) })
    }

    /// A row of these values; `None` is NULL. As many as the result type has columns.
    pub fn row(&self, values: &[Option<pg_sys::Datum>]) -> Option<AnyElement> {
        let mut datums = [pg_sys::Datum::null(); 32];
        let mut nulls = [true; 32];
        if values.len() != self.columns || values.len() > datums.len() {
            return None;
        }
        for ((datum, null), value) in datums.iter_mut().zip(&mut nulls).zip(values) {
            if let Some(value) = value {
                *datum = *value;
                *null = false;
            }
        }
        // SAFETY: both arrays have at least as many elements as the descriptor has columns, whose types the callers
        // take from the SQL declaration.
        unsafe {
            let tuple = pg_sys::heap_form_tuple(self.descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
            let datum = pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data);
            AnyElement::from_polymorphic_datum(datum, false, (*self.descriptor).tdtypeid)
        }
    }
}
