//! What all stored states share: a header with kind and version, and a compact, canonical encoding of their numbers.

pub mod dictionary;
mod text_set;
pub mod wire;

pub use dictionary::{Dictionary, NONE};
pub use text_set::{text_set, text_set_has};
pub use wire::{Reader, Writer};
