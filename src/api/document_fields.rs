//! Fields of JSONB documents: `field` and its forms for other types than text.

use mrcall_engine::parse;

use crate::pg::jsonb::{Field, Reading};

/// The text.
pub struct Text;

impl Reading for Text {
    #[inline]
    fn text(text: &[u8]) -> Field<'_> {
        Field::Text(text)
    }
}

/// The instant that a text says.
pub struct Instant;

impl Reading for Instant {
    #[inline]
    fn text(text: &[u8]) -> Field<'_> {
        parse::timestamptz(text).map_or(Field::Null, Field::Instant)
    }
}

/// The truth value that it is, or that a text says.
pub struct Truth;

impl Reading for Truth {
    #[inline]
    fn text(text: &[u8]) -> Field<'_> {
        parse::boolean(text).map_or(Field::Null, Field::Truth)
    }
    #[inline]
    fn truth(value: bool) -> Field<'static> {
        Field::Truth(value)
    }
}
