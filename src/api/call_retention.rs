//! What the procedure of session retention asks the server.

use crate::pg::query;

pub fn may_commit() -> bool {
    query::may_commit()
}
