//! The reading of documents as it is.

#[path = "../../../src/document.rs"]
#[allow(dead_code)]
pub mod document;
#[path = "../../../src/same_name.rs"]
mod same_name;
