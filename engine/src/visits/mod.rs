//! Visits: runs of one visitor's events in which no two neighbours are more than a gap apart.
//!
//! A state keeps gap-closed runs. Two runs that come within the gap of each other join; because every instant between a
//! run's ends is within the gap of one of its events, joining whole runs gives what joining all their events gives, for any
//! split of the rows and any order of merging.

mod hit;
mod memo;
mod origin;
mod piece;
mod rows;
mod run;
mod set;
mod state;
mod tally;
mod tournament;
mod visitor;

pub use hit::{Hit, is_pageview};
pub use origin::origin_parts;
pub use piece::Piece;
pub use rows::Rows;
pub use run::Run;
pub use set::{Cuts, Settings, VisitSet};
pub use state::{Visit, VisitState};
pub use tally::{Counts, Tally};
pub use visitor::Visitor;
