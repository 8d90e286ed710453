//! What a long computation takes from its host: time, which an interrupt ends, and memory, which a limit bounds.

pub mod interrupt;
pub mod memory;
pub mod sort;
