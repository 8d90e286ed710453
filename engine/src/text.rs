//! Texts as a database passes them: bytes that are to be UTF-8.

use crate::error::{Error, ErrorKind, Result};

/// A text of a database in UTF-8, else `55000`.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    core::str::from_utf8(bytes).map_err(|_| {
        Error::new(
            ErrorKind::NotPossible,
            "text is not valid UTF-8",
            "mrcall_ext works in databases whose encoding is UTF8.",
        )
    })
}

/// As much of a text as a message shows: a value may have hundreds of megabytes.
pub fn beginning(text: &str) -> &str {
    text.get(..text.floor_char_boundary(200)).unwrap_or_default()
}
