//! What `cohorts` counts: one pass over the events finds who came first when, and came back when.

use mrcall_engine::visits::{CohortCounts, CohortSettings, Cuts, Dimension, Period, VisitValues};
use pgrx::datum::{Interval, Timestamp, TimestampWithTimeZone};

use super::bucket::{Buckets, list_buckets};
use super::credit::exact_micros;
use super::own_rules::OwnRules;
use super::visit_rows::{ids, receive};
use super::visitor_buckets::first_cut;
use crate::agg::Receiver;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::query;

const COLUMNS: usize = 5;

/// Of events before told_since, here those before the range, only the times matter; of the others what tells the newcomer's visit.
const ALL: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_of(NULL, NULL, $1, $2, NULL, $3, $4, $5, $6, $7, $8, $9, $10,
    cut_until => $11, told_since => $12, times_only => $14) AS s";
const ONCE: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_once(NULL, NULL, $1, $2, $13, $3, $4, $5, $6, $7, $8, $9, $10,
    cut_until => $11) AS s";

/// Arguments: since, until, from where on all is read, width, zone, origin, rolling, what tells the cohorts apart, the last period, gap,
/// whether bots are left out.
pub fn cohort_counts(call: Call<'_>) -> SqlResult<()> {
    let instant = |i, name| needed(call.arg::<TimestampWithTimeZone>(i)?, name);
    let (since, until, read_until) = (instant(0, "since")?, instant(1, "until")?, instant(2, "read_until")?);
    let (from, to) = (i64::from(since), i64::from(until));
    let (width, zone, origin): (Option<Interval>, Option<&str>, Option<Timestamp>) =
        (call.arg(3)?, call.arg(4)?, call.arg(5)?);
    let flag = |i| call.arg::<bool>(i).map(Option::unwrap_or_default);
    let (rolling, no_bots) = (flag(6)?, flag(10)?);
    let by = needed(call.arg::<&str>(7)?, "by")?;
    let by_start = by == "first_seen";
    let dimension = if by_start { Dimension::Whole } else { Dimension::named(by) };
    let periods = i64::from(needed(call.arg::<i32>(8)?, "periods")?);
    let gap = exact_micros(call.arg(9)?, "gap")?;
    let buckets = list_buckets(Buckets { width, zone, origin: origin.map(i64::from) }, Some(from), Some(to))?;
    let step = if rolling { Some(exact_micros(width, "width")?) } else { None };
    // Where nobody asks for visits, they are as long as they may be, and few.
    let visit_gap = if by_start && !no_bots { i64::MAX } else { gap };
    let set_gap = step.map_or(visit_gap, |step| step.min(visit_gap));
    let mut counts = CohortCounts::new(CohortSettings {
        since: from,
        until: to,
        starts: buckets.iter().map(|bucket| bucket.0).collect(),
        last_is_over: buckets.last().is_some_and(|bucket| bucket.1 <= to),
        step,
        periods,
        gap: visit_gap,
        by_start,
        no_bots,
    });
    query::connect(|query| {
        let mut store = call.materialize(COLUMNS)?;
        let mut rules = if dimension.needs_rules() { OwnRules::new(query)? } else { OwnRules::default() };
        let mut values = VisitValues::new(dimension);
        let cut_width = if rolling { None } else { width };
        let set_gap = Interval::new(0, 0, set_gap).ok();
        // All visitors, then those who may have an event twice, from their rows.
        let mut suspects: Option<Vec<String>> = None;
        loop {
            let (receiver, is_once) = (Receiver::new(), suspects.is_some());
            let args = [
                Some(read_until).into(),
                set_gap.into(),
                dimension.needs_touch().into(),
                (no_bots || dimension.needs_agent()).into(),
                cut_width.into(),
                Some(since).into(),
                zone.into(),
                dimension.needs_pages(&rules).into(),
                receiver.number().into(),
                origin.into(),
                Some(until).into(),
                Some(since).into(),
                suspects.into(),
                by_start.into(),
            ];
            query.run(if is_once { ONCE } else { ALL }, &args)?;
            let Some(mut set) = receive(&receiver, query)? else { break };
            let cuts = if rolling { Vec::new() } else { first_cut(&buckets, from)? };
            let mut rows = set.state.rows(Cuts::new(cuts)).map_err(report)?;
            values.begin_set();
            if dimension.needs_rules() {
                rules.learn(&rows)?;
            }
            counts.add(&mut rows, &mut values, &rules).map_err(report)?;
            let found = ids(rows.suspects())?;
            if is_once || found.is_empty() {
                break;
            }
            suspects = Some(found);
        }
        for row in counts.rows().map_err(report)? {
            store.row.set(0, by_start.then_some(row.start as i32))?;
            store.row.set(1, if by_start { None } else { core::str::from_utf8(values.texts().get(row.value)).ok() })?;
            let (over, period) = match row.period {
                Period::Over(over) => (Some(over), None),
                Period::Returned(period) => (None, Some(period)),
            };
            store.row.set(2, over)?;
            store.row.set(3, period)?;
            store.row.set(4, row.visitors as i64)?;
            store.put();
        }
        Ok(())
    })
}
