//! What `lifecycle`, `active_visitors` and `stickiness` count: one pass over the events finds in which buckets each visitor was there.

use mrcall_engine::resource::interrupt::Throttle;
use mrcall_engine::resource::memory::{self, HeldVec};
use mrcall_engine::time::DAY;
use mrcall_engine::visits::{ActiveCounts, Activity, Cuts, LifecycleCounts};
use mrcall_engine::zone;
use pgrx::datum::{Interval, Timestamp, TimestampWithTimeZone};

use super::bucket::{Buckets, bucket_before, list_buckets};
use super::credit::exact_micros;
use super::visit_rows::{ids, receive};
use super::visitor_buckets::first_cut;
use crate::agg::Receiver;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::query;
use crate::pg::zone::PgZone;

/// Only times matter, and who it was where programs are left out.
const ALL: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, $5, false, $6, $7, $8, $9, false, $10, $11,
    more_cuts => $12, times_only => true) AS s";
const ONCE: &core::ffi::CStr =
    c"SELECT s.visits FROM mrcall_internal.visit_set_once($1, $2, $3, $4, $5, false, $6, $7, $8, $9, false, $10, $11,
    more_cuts => $12) AS s";

/// The range and the buckets that a report asks for.
struct Asked<'a> {
    since: i64,
    until: i64,
    width: Option<Interval>,
    zone: Option<&'a str>,
    origin: Option<Timestamp>,
    gap: i64,
    no_bots: bool,
}

impl Asked<'_> {
    fn buckets(&self) -> Buckets<'_> {
        Buckets { width: self.width, zone: self.zone, origin: self.origin.map(i64::from) }
    }

    /// Where nobody asks for visits, they are as long as they may be, and few.
    fn gap(&self) -> i64 {
        if self.no_bots { self.gap } else { i64::MAX }
    }

    /// Calls a function with each visitor: see [`Activity::each`]. Buckets are counted from `cut_since` on, behind `more_cuts`; events
    /// are read from `read_since` on, all where that is `None`.
    fn each(
        &self,
        query: &query::Query,
        read_since: Option<i64>,
        more_cuts: &[i64],
        cut_since: i64,
        mut with: impl FnMut(i64, &[u32], &[i64], &mut Throttle),
    ) -> SqlResult<()> {
        let instant = |at: i64| TimestampWithTimeZone::try_from(at).ok();
        let from = query.first::<TimestampWithTimeZone>(
            c"SELECT CASE WHEN $3 THEN mrcall_internal.earlier(mrcall_internal.earlier($1, $2), '24:00:00') ELSE $1 END",
            &[
                read_since.and_then(instant).into(),
                Interval::new(0, 0, self.gap).ok().into(),
                self.no_bots.into(),
            ],
        )?;
        let ids_since =
            query.first::<TimestampWithTimeZone>(c"SELECT mrcall_internal.earlier($1, '24:00:00')", &[from.into()])?;
        let later = first_cut(&list_buckets(self.buckets(), Some(cut_since), Some(self.until))?, cut_since)?;
        let starts = HeldVec::collect(more_cuts.iter().chain(&later).copied()).map_err(report)?;
        let activity = Activity { starts, gap: self.gap(), no_bots: self.no_bots };
        let more: Vec<TimestampWithTimeZone> = more_cuts.iter().filter_map(|cut| instant(*cut)).collect();
        // All visitors, then those who may have an event twice, from their rows.
        let mut suspects: Option<Vec<String>> = None;
        loop {
            let (receiver, is_once) = (Receiver::new(), suspects.is_some());
            let args = [
                ids_since.into(),
                from.into(),
                instant(self.until).into(),
                Interval::new(0, 0, self.gap()).ok().into(),
                suspects.into(),
                self.no_bots.into(),
                self.width.into(),
                instant(cut_since).into(),
                self.zone.into(),
                receiver.number().into(),
                self.origin.into(),
                more.clone().into(),
            ];
            query.run(if is_once { ONCE } else { ALL }, &args)?;
            let Some(mut set) = receive(&receiver, query)? else { return Ok(()) };
            let cuts = memory::copy(&activity.starts).map_err(report)?;
            let mut rows = set.state.rows(Cuts::new(cuts)).map_err(report)?;
            activity
                .each(&mut rows, |first, active, throttle| with(first, active, &activity.starts, throttle))
                .map_err(report)?;
            let found = ids(rows.suspects())?;
            if is_once || found.is_empty() {
                return Ok(());
            }
            suspects = Some(found);
        }
    }
}

/// Arguments: since, until, width, zone, origin, gap, whether bots are left out.
pub fn lifecycle_counts(
    call: Call<'_>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    width: Option<Interval>,
    zone: Option<&str>,
    origin: Option<Timestamp>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<()> {
    let asked = asked(since, until, width, zone, origin, gap, no_bots)?;
    let clock = clock(zone)?;
    let buckets = list_buckets(asked.buckets(), Some(asked.since), Some(asked.until))?;
    let Some((first_start, _)) = buckets.first().copied() else { return call.materialize(6).map(drop) };
    // The bucket before is read whole; of the first one, what lies before the range counts nowhere.
    let before = bucket_before(asked.buckets(), first_start)?.unwrap_or(first_start);
    let more_cuts: &[i64] = if first_start < asked.since { &[before, first_start] } else { &[before] };
    let mut counts = LifecycleCounts::new(more_cuts.len() as u32, buckets.len()).map_err(report)?;
    query::connect(|query| {
        let mut store = call.materialize(6)?;
        asked.each(query, None, more_cuts, asked.since, |first, active, starts, throttle| {
            counts.add(first, active, starts, throttle);
        })?;
        let mut throttle = Throttle::default();
        for ((start, _), stages) in buckets.iter().zip(counts.stages()) {
            throttle.step();
            store.row.set(0, *start)?;
            store.row.set(1, zone::wall_clock(*start, &clock).map_err(report)?)?;
            let counted = [stages.new, stages.returned, stages.resurrecting, stages.dormant];
            for (column, count) in (2..).zip(counted) {
                store.row.set(column, count as i64)?;
            }
            store.put();
        }
        Ok(())
    })
}

/// Arguments: since, until, zone, origin, gap, whether bots are left out.
pub fn active_visitor_counts(
    call: Call<'_>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    zone: Option<&str>,
    origin: Option<Timestamp>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<()> {
    let asked = asked(since, until, Interval::new(0, 1, 0).ok(), zone, origin, gap, no_bots)?;
    let clock = clock(zone)?;
    let day = |at: i64| zone::wall_clock(at, &clock).map(|wall| wall.div_euclid(DAY) as i32).map_err(report);
    let shown = list_buckets(asked.buckets(), Some(asked.since), Some(asked.until))?;
    let Some((first_start, _)) = shown.first().copied() else { return call.materialize(4).map(drop) };
    // The days of the longest window that ends with the first day; a zone may have left one out.
    let (first_day, mut read_since) = (day(first_start)?, first_start);
    while let Some(before) = bucket_before(asked.buckets(), read_since)? {
        if first_day - day(before)? >= LONGEST {
            break;
        }
        read_since = before;
    }
    let all = list_buckets(asked.buckets(), Some(read_since), Some(asked.until))?;
    let mut days = HeldVec::with_room(all.len()).map_err(report)?;
    for (start, _) in &all {
        days.push(day(*start)?).map_err(report)?;
    }
    let mut counts = ActiveCounts::new(days).map_err(report)?;
    query::connect(|query| {
        let mut store = call.materialize(4)?;
        asked.each(query, Some(read_since), &[], read_since, |_, active, _, throttle| counts.add(active, throttle))?;
        let mut throttle = Throttle::default();
        for (day, visitors) in counts.days().skip(all.len() - shown.len()) {
            throttle.step();
            store.row.set(0, i64::from(day) * DAY)?;
            for (column, count) in (1..).zip(visitors) {
                store.row.set(column, count)?;
            }
            store.put();
        }
        Ok(())
    })
}

/// The days of the longest window of `active_visitors`.
const LONGEST: i32 = 28;

/// Arguments: since, until, width, zone, origin, gap, whether bots are left out.
pub fn stickiness_counts(
    call: Call<'_>,
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    width: Option<Interval>,
    zone: Option<&str>,
    origin: Option<Timestamp>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<()> {
    let asked = asked(since, until, width, zone, origin, gap, no_bots)?;
    let buckets = list_buckets(asked.buckets(), Some(asked.since), Some(asked.until))?;
    let mut counts = HeldVec::filled(0i64, buckets.len()).map_err(report)?;
    query::connect(|query| {
        let mut store = call.materialize(2)?;
        asked.each(query, Some(asked.since), &[], asked.since, |_, active, _, _| {
            // Who came in none, only in what is read before, has no place.
            let place = active.len().checked_sub(1).and_then(|place| counts.get_mut(place));
            place.into_iter().for_each(|count| *count += 1);
        })?;
        let mut throttle = Throttle::default();
        for (nr, count) in (1i32..).zip(&counts) {
            throttle.step();
            store.row.set(0, nr)?;
            store.row.set(1, *count)?;
            store.put();
        }
        Ok(())
    })
}

fn asked(
    since: Option<TimestampWithTimeZone>,
    until: Option<TimestampWithTimeZone>,
    width: Option<Interval>,
    zone: Option<&str>,
    origin: Option<Timestamp>,
    gap: Option<Interval>,
    no_bots: Option<bool>,
) -> SqlResult<Asked<'_>> {
    let instant = |at: Option<TimestampWithTimeZone>, name| needed(at, name).map(i64::from);
    Ok(Asked {
        since: instant(since, "since")?,
        until: instant(until, "until")?,
        width,
        zone,
        origin,
        gap: exact_micros(gap, "gap")?,
        no_bots: no_bots == Some(true),
    })
}

fn clock(zone: Option<&str>) -> SqlResult<PgZone> {
    PgZone::named(needed(zone, "zone")?).map_err(report)
}
