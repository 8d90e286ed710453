//! Who may have an event that was delivered twice, for reports that read events themselves.

use mrcall_engine::visits::Cuts;
use pgrx::datum::TimestampWithTimeZone;

use super::visit_rows::{ids, receive};
use crate::agg::Receiver;
use crate::error::{SqlResult, report};
use crate::pg::query;

pub fn twice(since: Option<TimestampWithTimeZone>, until: Option<TimestampWithTimeZone>) -> SqlResult<Vec<String>> {
    query::connect(|query| {
        if query.first(c"SELECT mrcall_internal.has_event_ids()", &[])? != Some(true) {
            return Ok(Vec::new());
        }
        let receiver = Receiver::new();
        query.run(
            c"SELECT s.visits FROM mrcall_internal.id_set_of($1, $2, $3) AS s",
            &[since.into(), until.into(), receiver.number().into()],
        )?;
        let Some(mut set) = receive(&receiver, query)? else { return Ok(Vec::new()) };
        let mut rows = set.state.rows(Cuts::default()).map_err(report)?;
        // None has a visit: all that is to be found are suspects.
        while rows.next_visitor().map_err(report)?.is_some() {}
        ids(rows.suspects())
    })
}
