//! The text of the views that `mrcall.attach` creates; they cannot be members of the extension, because they name tables
//! that it does not know before.

use crate::error::SqlResult;
use crate::pg::call::Call;

/// Name and text, in the order in which they must be created.
const VIEWS: [(&str, &str); 4] = [
    ("visits", include_str!("../../sql/views/visits.sql")),
    ("touches", include_str!("../../sql/views/touches.sql")),
    ("identities", include_str!("../../sql/views/identities.sql")),
    ("conversions", include_str!("../../sql/views/conversions.sql")),
];

pub fn views(call: Call<'_>) -> SqlResult<()> {
    call.table(VIEWS)
}
