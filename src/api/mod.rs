//! The thin SQL layer: one file per feature, declared in `sql/install` (as a rule in the file of the same name) and exported in `pg::exports`.
#![forbid(unsafe_code)]

pub mod activity;
pub mod arrival;
pub mod behaviour;
pub mod bucket;
pub mod call_agg;
pub mod call_retention;
pub mod call_service;
pub mod call_summary;
pub mod caller_id;
pub mod cohorts;
pub mod credit;
pub mod deleted_callers;
pub mod distinct;
pub mod document_fields;
pub mod facts;
pub mod fail;
pub mod funnel_state;
pub mod gap_fill;
pub mod journeys;
pub mod local_days;
pub mod mapping;
pub mod own_rules;
pub mod page_flow;
pub mod paths;
pub mod sessionize;
pub mod state_text;
pub mod stored_visits;
pub mod text_set;
pub mod top_pages;
pub mod twice;
pub mod values;
pub mod visit_agg;
pub mod visit_rows;
pub mod visitor_buckets;
pub mod webhooks;
