//! What a database keeps of answers, and how it stays right.

mod changes;

pub use changes::{Change, Changes};
