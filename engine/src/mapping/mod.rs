//! `mrcall.attach`'s mapping: read from JSON, checked, and compiled to the SQL of each logical column (docs/sources.md).
//!
//! ```text
//! JSON ─ shape ─> Mapping ─┐
//! pg_attribute ──────────> columns ─ field ─> SQL of each column ─ tried by the server ─> problem: one error for all
//! catalog ─────────────────┘
//! ```

pub mod catalog;
pub mod columns;
pub mod field_place;
pub mod field_sql;
mod json;
pub mod problem;
pub mod shape;
pub mod sql;
