//! What the procedure of session retention asks the server.

use pgrx::pg_sys;

use crate::pg::{query, table};

pub fn may_commit() -> bool {
    query::may_commit()
}

pub fn is_seen_by_nobody(relation: pg_sys::Oid) -> bool {
    table::is_seen_by_nobody(relation)
}
