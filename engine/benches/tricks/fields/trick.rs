//! The reading of documents as it is.

#[path = "../../../src/jsonb.rs"]
#[allow(dead_code)]
pub mod jsonb;
#[path = "../../../src/same_name.rs"]
mod same_name;
