//! Visits: runs of one visitor's events in which no two neighbours are more than a gap apart.
//!
//! A state keeps gap-closed runs. Two runs that come within the gap of each other join; because every instant between a
//! run's ends is within the gap of one of its events, joining whole runs gives what joining all their events gives, for any
//! split of the rows and any order of merging.

mod arrival_cache;
mod bucket_counts;
mod loser_tree;
mod origin;
mod page_event;
mod rows;
mod run;
mod set;
mod state;
mod visit_part;
mod visitor;

pub use bucket_counts::{BucketCounts, Counts};
pub use origin::origin_parts;
pub use page_event::{PageEvent, is_pageview};
pub use rows::Rows;
pub use run::Run;
pub use set::{Cuts, Settings, VisitSet};
pub use state::{Visit, VisitState};
pub use visit_part::VisitPart;
pub use visitor::Visitor;
