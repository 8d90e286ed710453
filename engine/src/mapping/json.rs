//! Values as JSON texts: what a mapping is read from before its types are known.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::{Error, Result};

/// The JSON text of a key's value, `None` where the key is not there.
pub type Raw<'a> = Option<&'a RawValue>;

/// A key that is there, null or not.
pub fn present<'de, D: Deserializer<'de>>(value: D) -> core::result::Result<Raw<'de>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// JSON as a type, `None` where it is not of its form.
pub fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// A text, number or truth value as text, as `->>` says it.
pub fn scalar(json: &RawValue) -> Option<String> {
    match json.get().as_bytes().first()? {
        b'"' => read(json.get()),
        b'{' | b'[' | b'n' => None,
        _ => Some(json.get().to_owned()),
    }
}

/// The name of a JSON value's kind, as `jsonb_typeof` says it.
pub fn kind(json: &str) -> &'static str {
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b'"') => "string",
        Some(b't' | b'f') => "boolean",
        Some(b'n') | None => "null",
        _ => "number",
    }
}

/// An object by its keys. `unknown` makes the error of a key that is not known.
pub fn keys<'a, T: Deserialize<'a>>(json: &'a str, unknown: impl FnOnce(&str) -> Error) -> Result<T> {
    // serde names the key between backticks; whatever else an object of any values can be wrong in, the server refused before.
    serde_json::from_str(json).map_err(|error| unknown(error.to_string().split('`').nth(1).unwrap_or_default()))
}
