//! Fields of JSONB documents: `_field` and its forms for other types than text.

use mrcall_engine::parse;
use pgrx::pg_sys;

use crate::pg::document::{NoMemory, Reading, field};
use crate::pg::text::new_text;

struct Text;

impl Reading for Text {
    #[inline]
    fn text(text: &[u8]) -> Result<Option<pg_sys::Datum>, NoMemory> {
        new_text(text).map(Some).ok_or(NoMemory)
    }
}

struct Instant;

impl Reading for Instant {
    #[inline]
    fn text(text: &[u8]) -> Result<Option<pg_sys::Datum>, NoMemory> {
        Ok(parse::timestamptz(text).map(pg_sys::Datum::from))
    }
}

struct Truth;

impl Reading for Truth {
    #[inline]
    fn text(text: &[u8]) -> Result<Option<pg_sys::Datum>, NoMemory> {
        Ok(parse::boolean(text).map(pg_sys::Datum::from))
    }
    #[inline]
    fn truth(value: bool) -> Result<Option<pg_sys::Datum>, NoMemory> {
        Ok(Some(pg_sys::Datum::from(value)))
    }
}

/// An SQL function over [`field`], and what tells the server how to call it.
macro_rules! field_function {
    ($name:ident, $info:ident, $reading:ty) => {
        #[unsafe(no_mangle)]
        unsafe extern "C-unwind" fn $name(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
            // SAFETY: sql/install/57-call_fields.sql declares the function.
            unsafe { field::<$reading>(fcinfo) }
        }

        #[unsafe(no_mangle)]
        extern "C-unwind" fn $info() -> &'static pg_sys::Pg_finfo_record {
            const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
            &V1
        }
    };
}

field_function!(_field_wrapper, pg_finfo__field_wrapper, Text);
field_function!(_field_timestamptz_wrapper, pg_finfo__field_timestamptz_wrapper, Instant);
field_function!(_field_boolean_wrapper, pg_finfo__field_boolean_wrapper, Truth);
