//! What `top_pages` counts: one pass over the events finds the visits and their page views.

use mrcall_engine::resource::interrupt;
use mrcall_engine::visits::{Cuts, PageCounts};
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::visit_rows::{ids, receive};
use crate::agg::Receiver;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::query;

const COLUMNS: usize = 10;

/// The range, from where on ids and events are read and up to where, the gap, whether bots are left out.
pub fn page_figures(
    call: Call<'_>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    ids_since: Option<TimestampWithTimeZone>,
    read_since: Option<TimestampWithTimeZone>,
    read_until: Option<TimestampWithTimeZone>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<()> {
    let instant = |at: Option<TimestampWithTimeZone>, name| needed(at, name).map(i64::from);
    let mut counts = PageCounts::new(instant(since, "since")?, instant(until, "until")?);
    let no_bots = no_bots == Some(true);
    query::connect(|query| {
        let mut store = call.materialize(COLUMNS)?;
        // All visitors, then those who may have an event twice, from their rows.
        let mut suspects: Option<Vec<String>> = None;
        loop {
            let (receiver, is_once) = (Receiver::new(), suspects.is_some());
            let args = [
                ids_since.into(),
                read_since.into(),
                read_until.into(),
                gap.into(),
                suspects.into(),
                no_bots.into(),
                receiver.number().into(),
            ];
            query.run(
                if is_once {
                    c"SELECT s.visits FROM mrcall_internal.visit_set_once($1, $2, $3, $4, $5, false, $6, receiver => $7, with_views => true) AS s"
                } else {
                    c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, $5, false, $6, receiver => $7, with_views => true) AS s"
                },
                &args,
            )?;
            let Some(mut set) = receive(&receiver, query)? else { break };
            let mut rows = set.state.rows(Cuts::default()).map_err(report)?;
            counts.add(&mut rows, no_bots).map_err(report)?;
            let found = ids(rows.suspects())?;
            if is_once || found.is_empty() {
                break;
            }
            suspects = Some(found);
        }
        let mut throttle = interrupt::Throttle::default();
        for (page, figures) in counts.pages() {
            throttle.step();
            let counted =
                [figures.pageviews, figures.visitors, figures.visits, figures.entries, figures.exits, figures.bounces];
            store.row.set(0, page)?;
            for (column, count) in (1..).zip(counted) {
                store.row.set(column, count as i64)?;
            }
            store.row.set(7, figures.timed as i64)?;
            store.row.set(8, figures.days)?;
            store.row.set(9, figures.micros)?;
            store.put();
        }
        Ok(())
    })
}
