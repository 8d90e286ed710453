//! The algorithms of `mrcall_ext`, without PostgreSQL: pure functions over plain Rust values that return [`Result`].
//! The SQL layer maps [`ErrorKind`] to a SQLSTATE. Instants are microseconds since 2000-01-01 00:00 UTC, as in PostgreSQL.
#![forbid(unsafe_code)]

pub mod arrival;
pub mod attribution_model;
pub mod behaviour;
pub mod bucket;
pub mod calendar;
pub mod caller_id;
pub mod calls;
pub mod credit;
pub mod distinct;
pub mod error;
pub mod facts;
pub mod gap_fill;
pub mod journeys;
pub mod jsonb;
pub mod mapping;
pub mod nearest;
pub mod own_rules;
pub mod paths;
pub mod resource;
pub mod rule_versions;
mod same_name;
pub mod split_amount;
pub mod state;
pub mod text;
pub mod time;
pub mod url;
pub mod user_agent;
pub mod values;
pub mod visits;
pub mod webhooks;
pub mod website_session_ids;
mod written_date;
pub mod zone;

pub use error::{Error, ErrorKind, Result};
