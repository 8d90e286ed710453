//! Calls: how many, how long, how many at once.
//!
//! A call with an end after its start has an **interval**, half-open: a call that ends when another begins does not overlap
//! it. A call that runs still, or has length zero, has no interval: it counts, but has no duration.

mod durations;
mod read;
mod set;
mod state;
mod summary;
mod sweep;

pub use durations::{check_fraction, mean, percentile};
pub use set::{CallSet, SourceCall};
pub use state::{CallState, MOST_CALLS, Peak};
pub use summary::{Summary, SummaryRow};
pub use sweep::{Figures, SummaryRange};
