//! Fields of JSONB documents: `field` and its forms for other types than text.

use mrcall_engine::parse;
use pgrx::pg_sys;

use crate::pg::document::{NoMemory, Reading, field};
use crate::pg::function::function;
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

function!(field_wrapper, pg_finfo_field_wrapper, field::<Text>);
function!(field_timestamptz_wrapper, pg_finfo_field_timestamptz_wrapper, field::<Instant>);
function!(field_boolean_wrapper, pg_finfo_field_boolean_wrapper, field::<Truth>);
