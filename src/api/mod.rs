//! The thin SQL layer: one file per feature, declared in the file of `sql/install` with the same name.

mod arrival;
mod behaviour;
mod bucket;
mod call_summary;
mod calls;
mod credit;
mod distinct;
mod fields;
mod funnel_state;
mod gap_fill;
mod journeys;
mod mapping;
mod paths;
mod retention;
mod sessionize;
mod state_text;
mod text_set;
mod values;
mod visit_rows;
mod visitor_buckets;
mod visits;
mod webhooks;
