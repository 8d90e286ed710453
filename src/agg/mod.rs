//! States of aggregates: where they live, what they may take, how they become bytes.

mod context;
mod direct;
mod state;
mod states;

pub use context::Held;
pub use direct::{Measured, Receiver};
pub use state::{Stored, combine, deserialize, finalize, hand_over, merge_stored, serialize};
