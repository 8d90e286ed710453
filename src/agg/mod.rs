//! States of aggregates: where they live, what they may take, how they become bytes.

mod aggregate;
mod context;
mod receiver;
mod states;

pub use aggregate::{Stored, combine, deserialize, finalize, hand_over, merge_stored, serialize};
pub use context::Held;
pub use receiver::{Measured, Receiver};
