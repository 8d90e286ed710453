//! Calls: how many, how long, how many at once.
//!
//! A call with an end after its start has an **interval**, half-open: a call that ends when another begins does not overlap
//! it. A call that runs still, or has length zero, has no interval: it counts, but has no duration.

mod durations;
mod figures;
mod in_time;
mod offered;
mod read;
mod rows;
mod service;
mod set;
mod state;
mod summary;

pub use durations::{check_fraction, mean, percentile};
pub use figures::{Figures, SummaryRange};
pub use offered::{OfferedCall, OfferedSet, is_outbound, within_call};
pub use service::{Service, ServiceFigures, ServiceRow, ServiceRule};
pub use set::{CallSet, SourceCall};
pub use state::{CallState, MAX_CALLS, Peak};
pub use summary::{Summary, SummaryRow};
