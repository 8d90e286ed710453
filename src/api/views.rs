//! The text of the views that `mrcall.attach` creates; they cannot be members of the extension, because they name tables
//! that it does not know before.

use pgrx::prelude::*;

/// Name and text, in the order in which they must be created.
const VIEWS: [(&str, &str); 5] = [
    ("visits", include_str!("../../sql/views/visits.sql")),
    ("touches", include_str!("../../sql/views/touches.sql")),
    ("identities", include_str!("../../sql/views/identities.sql")),
    ("conversions", include_str!("../../sql/views/conversions.sql")),
    ("comments", include_str!("../../sql/views/comments.sql")),
];

#[pg_extern(sql = false)]
fn views() -> TableIterator<'static, (name!(name, &'static str), name!(definition, &'static str))> {
    TableIterator::new(VIEWS)
}
