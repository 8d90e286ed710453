//! States of aggregates: where they live, what they may take, how they become bytes.

mod context;
mod direct;
mod state;

pub use direct::Receiver;
pub(crate) use state::transition_function;
pub use state::{State, combine, deserialize, finalize, gather, hand_over, merge_stored, serialize, transition, view};
