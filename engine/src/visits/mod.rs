//! Visits: runs of one visitor's events in which no two neighbours are more than a gap apart.
//!
//! A state keeps gap-closed runs. Two runs that come within the gap of each other join; because every instant between a
//! run's ends is within the gap of one of its events, joining whole runs gives what joining all their events gives, for any
//! split of the rows and any order of merging.
//!
//! The visits of one visitor are a [`VisitState`]. Those of all visitors of a report are a [`VisitSet`]:
//!
//! ```text
//!  PageEvent ── classify: texts become numbers ──► table (the open batch of the open part)
//!                                                    │ at 7,168 visitors: sorted, joined, written down
//!                                                    ▼
//!  set ─ header, parts
//!   ├─ part (what one worker saw) ─ its texts, batches
//!   │   ├─ batch (7,168 visitors) ─ visitors in order of their ids
//!   │   │   ├─ visitor ─ id, visit parts in order of time, marks of events, views
//!   │   │   │   ├─ visit part ─ a run of events: times, counts, pages, touch, user agent
//!   │   │   │   └─ …
//!   │   │   └─ …
//!   │   └─ …
//!   └─ …
//!        │ VisitRows: a loser tree merges the batches of all parts, visitor by visitor; visit parts within the gap join;
//!        │ suspects, who may have an event twice, are left out and counted anew from their rows
//!        ▼
//!  rows of sessionize and the reports; BucketCounts
//! ```
//!
//! - A **set** ([`set`], [`VisitSet`]) is all that one process knows: the parts that workers wrote, and the open part of its own events.
//! - A **part** is one worker's events as bytes; the numbers of its texts mean something only within it.
//! - A **batch** is one filling of the worker's hash table: so small a table stays in the processor's cache.
//!   Batches that have parts of the same visits, of events out of order of time, are merged ([`batches`]).
//! - A **visitor** ([`visitor`], [`Visitor`]) may be in many batches of many parts, in each of them once.
//! - A **view** ([`views`], [`View`]) is a page view by itself, or a moment at which somebody was there or did what counts
//!   ([`engagement`]), kept only where a report asks for them.
//! - A **mark** ([`marks`]) is what is kept of an event's id, to find those that may have been delivered twice.
//! - A **visit part** ([`visit_part`], [`VisitPart`]) is a visit, or what of one lies in a batch and, where there are [`Cuts`], between
//!   two of them.
//!
//! The bytes are described in [`format`], which alone reads and writes them.

mod activity;
mod arrival_cache;
mod asked;
mod batches;
mod bots;
mod bucket_counts;
mod classify;
mod cohort_counts;
mod cuts;
mod engagement;
mod format;
mod loser_tree;
mod marks;
mod origin;
mod page_event;
mod page_flow;
mod rows;
mod run;
mod set;
mod settings;
mod state;
mod uuid;
mod values;
mod views;
mod visit_part;
mod visitor;

pub use activity::{ActiveCounts, Activity, LifeStages, LifecycleCounts, WINDOWS};
pub use asked::{AskedVisits, ReadFurther};
pub use bots::Bots;
pub use bucket_counts::{BucketCounts, CountedVisit, VisitCounts};
pub use cohort_counts::{CohortCounts, CohortRow, CohortSettings, Period};
pub use cuts::Cuts;
pub use engagement::Engagement;
pub use origin::origin_parts;
pub use page_event::{PageEvent, is_pageview};
pub use page_flow::{FlowRow, Node, PageFlow, PageFlowSettings};
pub use rows::VisitRows;
pub use run::Run;
pub use set::VisitSet;
pub use settings::VisitSettings;
pub use state::{Visit, VisitState};
pub use values::{ByTextId, Dimension, Pairs, VisitValues};
pub use views::{PageCounts, PageFigures, View};
pub use visit_part::VisitPart;
pub use visitor::Visitor;
