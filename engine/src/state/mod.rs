//! What all stored states share: a header with kind and version, and a compact, canonical encoding of their numbers.

pub mod codec;
pub mod dictionary;
mod short_key;
mod short_number;
mod text_set;

pub use codec::{Reader, Writer};
pub use dictionary::{Dictionary, NONE};
pub use text_set::{text_set, text_set_has};
