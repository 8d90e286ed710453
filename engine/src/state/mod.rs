//! What all stored states share: a header with kind and version, and a compact, canonical encoding of their numbers.

pub mod dictionary;
pub mod wire;

pub use dictionary::{Dictionary, NONE};
pub use wire::{Reader, Writer};
