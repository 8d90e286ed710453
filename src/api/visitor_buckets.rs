//! `visitor_buckets`: one pass over the events finds the visits, cut at the buckets' starts; then they are counted.

use core::ffi::CStr;

use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::{self, Reservation};
use mrcall_engine::time::SECOND;
use mrcall_engine::visits::{
    Bots, BucketCounts, CountedVisit, Cuts, Dimension, Engagement, VisitPart, VisitSet, VisitValues,
};
use mrcall_engine::zone::wall_clock;
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::{Interval, Timestamp, TimestampWithTimeZone};

use super::bucket::{Buckets, list_buckets};
use super::local_days::note_midnight;
use super::own_rules::OwnRules;
use super::visit_rows::{ids, receive};
use crate::agg::Receiver;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::query;
use crate::pg::srf::{Materialize, Shared};
use crate::pg::zone::PgZone;
use crate::settings;

const COLUMNS: usize = 12;
const ALL: &CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    told_since => $14, more_cuts => $15, with_moments => true) AS s";
const ONCE: &CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_once($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
    told_since => $14, more_cuts => $15, with_moments => true) AS s";

/// At most so many visitors cannot make the counts much larger.
const VISITORS_BETWEEN_COUNTS: u64 = 64;

/// How visits are counted.
struct Counting {
    cuts: Vec<i64>,
    /// Where their whole history is read, visits begin from here on; what lies before says only that they are not their visitors' first.
    begin: Option<i64>,
    no_bots: bool,
    /// The most time between two moments that counts.
    cap: i64,
    /// The number of the last visitor.
    visitor: u64,
}

/// Counts the visits of a set, but for visitors who may have an event twice, and says who they are.
fn count(
    set: &mut VisitSet,
    counts: &mut BucketCounts,
    values: &mut VisitValues,
    rules: &mut OwnRules,
    counting: &mut Counting,
) -> SqlResult<Vec<String>> {
    let Counting { begin, no_bots, cap, ref cuts, ref mut visitor } = *counting;
    let cuts = memory::copy(cuts).map_err(report)?;
    let mut rows = set.rows(Cuts::new(cuts)).map_err(report)?;
    values.begin_set();
    if values.dimension().needs_rules() {
        rules.learn(&rows)?;
    }
    let (mut share, mut counter, mut bots) =
        (Reservation::default(), interrupt::Throttle::default(), Bots::new(&rows).map_err(report)?);
    let gap = rows.gap();
    while rows.next_visitor().map_err(report)?.is_some() {
        *visitor += 1;
        let (mut moments, mut is_first) = (rows.views(), true);
        let is_before = |part: &VisitPart| begin.is_some_and(|begin| part.run.start < begin);
        let is_one =
            |a: &VisitPart, b: &VisitPart| b.run.start.saturating_sub(a.run.end) <= gap && is_before(a) == is_before(b);
        for parts in rows.visit_parts().chunk_by(is_one) {
            counter.step();
            let joined;
            let visit = match parts {
                [whole] => whole,
                _ => {
                    joined = rows.visit(parts).map_err(report)?;
                    &joined
                }
            };
            let end = visit.run.end;
            let length = moments.iter().position(|moment| moment.at > end).unwrap_or(moments.len());
            let (own, later) = moments.split_at_checked(length).unwrap_or_default();
            moments = later;
            counter.steps(own.len());
            if no_bots && bots.has(visit.agent, &rows) {
                continue;
            }
            let is_first = core::mem::replace(&mut is_first, false);
            if is_before(visit) {
                continue;
            }
            let value = values.of(visit, &rows, rules).map_err(report)?;
            let engagement = Engagement::of(visit, own, cap);
            let visit = CountedVisit { visitor: *visitor, whole: visit, parts, value, is_first, engagement };
            counts.add(visit).map_err(report)?;
        }
        if (*visitor).is_multiple_of(VISITORS_BETWEEN_COUNTS) {
            share.set(counts.heap_bytes() + values.texts().heap_bytes()).map_err(report)?;
        }
    }
    ids(rows.suspects())
}

/// Writes a row for each bucket and value.
fn write(
    counts: &BucketCounts,
    with_new: bool,
    values: &VisitValues,
    buckets: &[(i64, i64)],
    zone: PgZone,
    store: &mut Materialize<'_>,
) -> SqlResult<()> {
    let mut shown: Vec<(u32, Option<Shared<'_>>)> = match values.dimension() {
        Dimension::Whole => vec![(0, None)],
        _ => {
            let mut found = counts.values().map_err(report)?;
            found.sort_unstable_by(|a, b| values.texts().get(*a).cmp(values.texts().get(*b)));
            let text = |id: u32| core::str::from_utf8(values.texts().get(id)).ok();
            let mut shared = |id| SqlResult::Ok((id, text(id).map(|text| store.row.share(text)).transpose()?));
            let mut shown = memory::with_room(found.len()).map_err(report)?;
            for id in found {
                shown.push(shared(id)?);
            }
            shown
        }
    };
    let mut counter = interrupt::Throttle::default();
    for ((start, _), bucket) in buckets.iter().zip(1..) {
        let local = wall_clock(*start, &zone).map_err(report)?;
        for (value, text) in &mut shown {
            counter.step();
            let cell = counts.counts(bucket, *value);
            let days = i32::try_from(cell.days).ok();
            let duration = days.and_then(|days| Interval::new(0, days, cell.micros).ok()).ok_or_else(|| {
                let message = "the total duration is out of range";
                report(Error::new(ErrorKind::DatetimeOutOfRange, message, "Use a smaller width."))
            })?;
            let numbers = [cell.visitors, cell.visits, cell.events, cell.pageviews, cell.bounces];
            store.row.set(0, *start)?;
            store.row.set(1, *text)?;
            for (column, count) in (2..).zip(numbers) {
                store.row.set(column, count as i64)?;
            }
            store.row.set(7, duration)?;
            store.row.set(8, with_new.then_some(cell.new_visitors as i64))?;
            store.row.set(9, cell.engaged_visits as i64)?;
            store.row.set(10, Interval::new(0, 0, cell.engaged_micros).ok())?;
            store.row.set(11, local)?;
            store.put();
        }
    }
    Ok(())
}

pub fn visitor_buckets(
    call: Call<'_>,
    width: Option<Interval>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    zone: Option<&str>,
    dimension: Option<&str>,
    gap: Option<Interval>,
    exclude_bots: Option<bool>,
    origin: Option<Timestamp>,
    with_new: Option<bool>,
) -> SqlResult<()> {
    let with_new = with_new == Some(true);
    query::connect(|query| {
        let mut store = call.materialize(COLUMNS)?;
        query.run(
            c"SELECT mrcall_internal.exact($1, 'gap'), mrcall_internal.check_range($2, $3)",
            &[gap.into(), since.into(), until.into()],
        )?;
        let instant = |at: Option<TimestampWithTimeZone>, name| needed(at, name).map(i64::from);
        let (from, to) = (instant(since, "since")?, instant(until, "until")?);
        let buckets = list_buckets(Buckets { width, zone, origin: origin.map(i64::from) }, Some(from), Some(to))?;
        note_midnight(Some(from), Some(to), zone)?;
        if dimension.is_some() {
            query.run(
                c"SELECT mrcall_internal.check_dimension($1, '{channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}')",
                &[dimension.into()],
            )?;
        }
        query.run(c"SELECT mrcall_internal.require_attached()", &[])?;
        let (by, no_bots) = (dimension.map_or(Dimension::Whole, Dimension::named), exclude_bots == Some(true));
        let with_touch = by.needs_touch();
        let with_agent = no_bots || by.needs_agent();
        // To know the whole visit, not only that it has begun before, a day more is read.
        let whole_visit = no_bots || by != Dimension::Whole;
        // Computed before, so that the planner sees an instant and no row has to compute it again.
        let first: Option<TimestampWithTimeZone> = query.first(
            c"SELECT f.at, mrcall_internal.earlier(f.at, '24:00:00')
              FROM mrcall_internal.earlier(mrcall_internal.earlier($1, mrcall_internal.exact($2, 'gap')),
                CASE WHEN $3 THEN '24:00:00'::pg_catalog.interval ELSE '0' END) AS f (at)",
            &[since.into(), gap.into(), whole_visit.into()],
        )?;
        let ids_since: Option<TimestampWithTimeZone> = query.column(2)?;
        if with_new {
            query.run(
                c"SELECT mrcall_internal.warn_of_dropped_events('-infinity', 'who came before is new here when coming again')",
                &[],
            )?;
        }
        // Before the query whose row is read.
        let mut rules = OwnRules::new(query)?;
        let with_pages = by.needs_pages(&rules);
        let starts = first_cut(&buckets, from)?;
        // What lies before is read for who is new alone, and cut off: it changes no other column.
        let begin = first.filter(|_| with_new).map(i64::from);
        let cuts = memory::collect(begin.into_iter().chain(starts.iter().copied())).map_err(report)?;
        let more_cuts: Option<Vec<TimestampWithTimeZone>> = first.filter(|_| with_new).map(|first| vec![first]);
        let mut counts = BucketCounts::new(starts);
        let cap = i64::from(settings::engaged_cap()) * SECOND;
        let mut counting = Counting { cuts, begin, no_bots, cap, visitor: 0 };
        let mut values = VisitValues::new(by);
        // All visitors, then those who may have an event twice, from their rows.
        let mut suspects = None;
        loop {
            let receiver = Receiver::new();
            let is_once = suspects.is_some();
            let args = [
                ids_since.filter(|_| !with_new).into(),
                first.filter(|_| !with_new).into(),
                until.into(),
                gap.into(),
                suspects.into(),
                with_touch.into(),
                with_agent.into(),
                width.into(),
                since.into(),
                zone.into(),
                with_pages.into(),
                receiver.number().into(),
                origin.into(),
                first.filter(|_| with_new).into(),
                more_cuts.clone().into(),
            ];
            query.run(if is_once { ONCE } else { ALL }, &args)?;
            let Some(mut set) = receive(&receiver, query)? else { break };
            let found = count(&mut set.state, &mut counts, &mut values, &mut rules, &mut counting)?;
            if is_once || found.is_empty() {
                break;
            }
            suspects = Some(found);
        }
        let clock = PgZone::named(needed(zone, "zone")?).map_err(report)?;
        write(&counts, with_new, &values, &buckets, clock, &mut store)
    })
}

/// Where visits are cut: at the begin of the range, and at the begin of each bucket behind it.
pub fn first_cut(buckets: &[(i64, i64)], since: i64) -> SqlResult<Vec<i64>> {
    memory::collect(buckets.iter().map(|bucket| bucket.0.max(since))).map_err(report)
}
