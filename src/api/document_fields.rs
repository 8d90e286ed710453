//! Fields of JSONB documents: `field` and its forms for other types than text.

use mrcall_engine::values;

use crate::pg::jsonb::{Field, Reading};

/// The text.
pub struct Text;

impl Reading for Text {
    #[inline]
    fn text(text: &[u8]) -> Field {
        Field::text(text)
    }
}

/// The instant that a text says.
pub struct Instant;

impl Reading for Instant {
    #[inline]
    fn text(text: &[u8]) -> Field {
        values::timestamptz(text).map_or(Field::NULL, Field::instant)
    }
}

/// The truth value that it is, or that a text says.
pub struct Truth;

impl Reading for Truth {
    #[inline]
    fn text(text: &[u8]) -> Field {
        values::boolean(text).map_or(Field::NULL, Field::truth)
    }
    #[inline]
    fn truth(value: bool) -> Field {
        Field::truth(value)
    }
}
