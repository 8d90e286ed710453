//! The calls of all businesses at once: the aggregate behind `call_summary`, and its rows.

use std::collections::HashMap;

use mrcall_engine::calls::{CallSet, Figures, SourceCall, Summary, SummaryRange};
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::zone::wall_clock;
use pgrx::datum::Interval;

use super::bucket::{Buckets, list_buckets};
use super::visit_set::same_version;
use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::srf::{Json, Row, Rows, Shared, Start};
use crate::pg::text_array::TextArray;
use crate::pg::zone::PgZone;

/// Arguments behind the state: business_id, started_at, ended_at, outcome, answered, caller, since, and known: business,
/// caller, business, caller … of calls before that are gone.
pub fn call_set_trans<'fcx>(state: Held<'fcx, CallSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, CallSet>> {
    let Some(start) = call.arg(2)? else { return Ok(state) };
    let source = SourceCall {
        business: call.arg(1)?,
        start,
        end: call.arg(3)?,
        outcome: call.arg(4)?,
        answered: call.arg(5)?,
        caller: call.arg(6)?,
    };
    let make = || {
        let mut set = CallSet::new(needed(call.arg(7)?, "since")?).map_err(report)?;
        let known: Option<TextArray<'_>> = call.arg(8)?;
        for pair in known.map_or(Ok(HeldVec::default()), TextArray::present)?.chunks_exact(2) {
            if let [business, caller] = pair {
                set.know(business, caller).map_err(report)?;
            }
        }
        Ok(set)
    };
    state.transition(make, |set| set.push(&source).map_err(report))
}

/// The same, with the version of who asks behind them.
pub fn call_set_asked_trans<'fcx>(state: Held<'fcx, CallSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, CallSet>> {
    if state.state().is_none() {
        same_version(call.arg(9)?)?;
    }
    call_set_trans(state, call)
}

/// At most so many different distributions of outcomes are kept as JSON: most buckets have one of a few.
const MAX_OUTCOMES_KEPT: usize = 20_000;

struct SummaryRows<'m> {
    summary: Summary,
    zone: PgZone,
    /// A bucket's start and what the clock shows then: many rows are of one bucket.
    clock: (i64, i64),
    /// By business: its text, made when the first row needs it.
    businesses: HeldVec<Option<Shared<'m>>>,
    outcomes: HashMap<Vec<(u32, u32)>, Shared<'m>>,
}

impl<'m> Rows<'m> for SummaryRows<'m> {
    fn next(&mut self, row: &mut Row<'m>) -> SqlResult<bool> {
        interrupt::check();
        let Some(next) = self.summary.next_row() else { return Ok(false) };
        let (bucket, business, f) = (next.bucket, next.business, next.figures);
        match self.outcomes.get(next.outcomes) {
            Some(known) => row.set(12, *known)?,
            None => {
                let tallies = next.outcomes.to_vec();
                let json = self.summary.json(&tallies);
                if self.outcomes.len() < MAX_OUTCOMES_KEPT {
                    let shared = row.share_jsonb(&json)?;
                    self.outcomes.insert(tallies, shared);
                    row.set(12, shared)?;
                } else {
                    row.set(12, Json(&json))?;
                }
            }
        }
        let Some(id) = self.businesses.get_mut(business) else { return Ok(false) };
        if id.is_none() {
            *id = self.summary.business(business).map(|text| row.share(text)).transpose()?;
        }
        row.set(0, bucket)?;
        row.set(1, *id)?;
        let Figures { calls, answered, missed, callers, new_callers, peak, total, durations } = f;
        for (column, count) in (2..).zip([calls, answered, missed, callers, new_callers]) {
            row.set(column, i64::from(count))?;
        }
        let [mean, median, high] = durations.map_or([None; 3], |all| all.map(Some));
        for (column, micros) in (7..).zip([Some(total), mean, median, high]) {
            row.set(column, micros.and_then(|micros| Interval::new(0, 0, micros).ok()))?;
        }
        row.set(11, peak as i32)?;
        if self.clock.0 != bucket {
            self.clock = (bucket, wall_clock(bucket, &self.zone).map_err(report)?);
        }
        row.set(13, self.clock.1)?;
        Ok(true)
    }
}

/// The rows of a set by bucket and business: set, width, since, until, zone, fill, origin. NULL stands for a set without calls.
struct OfCallSet;

impl Start for OfCallSet {
    type Rows<'m> = SummaryRows<'m>;

    fn start<'m>(call: Call<'_>, _row: &mut Row<'m>) -> SqlResult<SummaryRows<'m>> {
        let since = call.arg(2)?;
        let asked = Buckets { width: call.arg(1)?, zone: call.arg(4)?, origin: call.arg(6)? };
        let buckets = list_buckets(asked, since, call.arg(3)?)?;
        let buckets = HeldVec::collect(buckets.iter().map(|(start, _)| *start)).map_err(report)?;
        let fill: Option<TextArray<'_>> = call.arg(5)?;
        let fill = fill.map(TextArray::present).transpose()?;
        let range = SummaryRange { since: needed(since, "since")?, buckets: &buckets, fill: fill.as_deref() };
        let summary = Summary::new(call.arg(0)?, &range).map_err(report)?;
        let businesses = HeldVec::filled(None, summary.num_businesses()).map_err(report)?;
        let zone = PgZone::named(needed(asked.zone, "zone")?).map_err(report)?;
        Ok(SummaryRows { summary, zone, clock: (i64::MIN, 0), businesses, outcomes: HashMap::new() })
    }
}

pub fn call_set_rows(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfCallSet>()
}
