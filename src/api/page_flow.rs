//! What `page_flow` shows: one pass over the events finds the visits and their page views, which are followed one by one.

use mrcall_engine::resource::interrupt::Throttle;
use mrcall_engine::visits::{Cuts, PageFlow, PageFlowSettings};
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::visit_rows::{ids, receive};
use crate::agg::Receiver;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::query;

const COLUMNS: usize = 6;
const ALL: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, $5, false, $6, receiver => $7, with_views => true) AS s";
const ONCE: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_once($1, $2, $3, $4, $5, false, $6, receiver => $7, with_views => true) AS s";

/// The range, from where on ids and events are read and up to where, what is followed and how far, the gap, whether bots are left out.
pub fn page_flow_rows(
    call: Call<'_>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    ids_since: Option<TimestampWithTimeZone>,
    read_since: Option<TimestampWithTimeZone>,
    read_until: Option<TimestampWithTimeZone>,
    from_page: Option<&str>,
    to_page: Option<&str>,
    depth: Option<i32>,
    nodes: Option<i32>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<()> {
    let instant = |at: Option<TimestampWithTimeZone>, name| needed(at, name).map(i64::from);
    let settings = PageFlowSettings {
        since: instant(since, "since")?,
        until: instant(until, "until")?,
        from: from_page.map(str::to_owned),
        to: to_page.map(str::to_owned),
        depth: u32::try_from(needed(depth, "depth")?).unwrap_or_default(),
        nodes: usize::try_from(needed(nodes, "nodes")?).unwrap_or_default(),
        no_bots: no_bots == Some(true),
    };
    let (no_bots, backwards) = (settings.no_bots, from_page.is_none() && to_page.is_some());
    let mut flow = PageFlow::new(settings).map_err(report)?;
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
            query.run(if is_once { ONCE } else { ALL }, &args)?;
            let Some(mut set) = receive(&receiver, query)? else { break };
            let mut rows = set.state.rows(Cuts::default()).map_err(report)?;
            flow.add(&mut rows).map_err(report)?;
            let found = ids(rows.suspects())?;
            if is_once || found.is_empty() {
                break;
            }
            suspects = Some(found);
        }
        let mut throttle = Throttle::default();
        for row in flow.rows().map_err(report)? {
            throttle.step();
            store.row.set(0, row.step)?;
            store.row.set(1, row.source.name(backwards))?;
            store.row.set(2, row.target.name(backwards))?;
            store.row.set(3, row.visits as i64)?;
            store.row.set(4, row.visitors as i64)?;
            let median = row.median.map(|median| Interval::new(0, 0, median)).transpose().map_err(|_| {
                let hint = "Use a smaller gap.";
                report(Error::new(ErrorKind::DatetimeOutOfRange, "the median time is out of range", hint))
            })?;
            store.row.set(5, median)?;
            store.put();
        }
        Ok(())
    })
}
