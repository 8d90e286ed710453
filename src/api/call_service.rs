//! The offered calls of all businesses at once: the aggregate behind `call_service`, and its rows.

use mrcall_engine::calls::{self, OfferedCall, OfferedSet, Service, ServiceFigures, ServiceRule, SummaryRange};
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::zone::wall_clock;
use pgrx::datum::Interval;

use super::bucket::{Buckets, list_buckets};
use super::credit::exact_micros;
use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::srf::{Row, Rows, Shared, Start};
use crate::pg::text_array::TextArray;
use crate::pg::zone::PgZone;

/// NULL where an answer does not lie within its call.
pub fn within_call(answered_at: Option<i64>, started_at: Option<i64>, ended_at: Option<i64>) -> Option<i64> {
    calls::within_call(answered_at?, started_at?, ended_at)
}

/// Arguments behind the state: business_id, started_at, ended_at, answered_at, answered, direction, since.
pub fn offered_set_trans<'fcx>(state: Held<'fcx, OfferedSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, OfferedSet>> {
    let Some(start) = call.arg(2)? else { return Ok(state) };
    let offered = OfferedCall {
        business: call.arg(1)?,
        start,
        end: call.arg(3)?,
        answered_at: call.arg(4)?,
        answered: call.arg(5)?,
        direction: call.arg(6)?,
    };
    let make = || OfferedSet::new(needed(call.arg(7)?, "since")?).map_err(report);
    state.transition(make, |set| set.push(&offered).map_err(report))
}

struct ServiceRows<'m> {
    service: Service,
    zone: PgZone,
    /// A bucket's start and what the clock shows then: many rows are of one bucket.
    clock: (i64, i64),
    /// By business: its text, made when the first row needs it.
    businesses: HeldVec<Option<Shared<'m>>>,
}

impl<'m> Rows<'m> for ServiceRows<'m> {
    fn next(&mut self, row: &mut Row<'m>) -> SqlResult<bool> {
        interrupt::check();
        let Some(next) = self.service.next_row() else { return Ok(false) };
        let Some(id) = self.businesses.get_mut(next.business) else { return Ok(false) };
        if id.is_none() {
            *id = self.service.business(next.business).map(|text| row.share(text)).transpose()?;
        }
        if self.clock.0 != next.bucket {
            self.clock = (next.bucket, wall_clock(next.bucket, &self.zone).map_err(report)?);
        }
        row.set(0, next.bucket)?;
        row.set(1, self.clock.1)?;
        row.set(2, *id)?;
        let f: ServiceFigures = next.figures;
        for (column, count) in (3..).zip([f.offered, f.answered, f.abandoned, f.waiting]) {
            row.set(column, i64::from(count))?;
        }
        row.set(7, f.service_level())?;
        let [mean, high] = f.waits.map_or([None; 2], |waits| waits.map(Some));
        // What a call takes to be handled is its talk, as long as nothing says how long is written down afterwards.
        for (column, micros) in (8..).zip([mean, high, f.longest_wait, f.mean_talk, f.mean_talk]) {
            row.set(column, micros.and_then(|micros| Interval::new(0, 0, micros).ok()))?;
        }
        row.set(13, f.peak_waiting as i32)?;
        row.set(14, i64::from(f.in_time.0))?;
        row.set(15, i64::from(f.in_time.1))?;
        Ok(true)
    }
}

/// The rows of a set by bucket and business: set, width, since, until, zone, fill, origin, within, short_abandon. NULL stands for a
/// set without calls.
struct OfOfferedSet;

impl Start for OfOfferedSet {
    type Rows<'m> = ServiceRows<'m>;

    fn start<'m>(call: Call<'_>, _row: &mut Row<'m>) -> SqlResult<ServiceRows<'m>> {
        let since = call.arg(2)?;
        let asked = Buckets { width: call.arg(1)?, zone: call.arg(4)?, origin: call.arg(6)? };
        let buckets = list_buckets(asked, since, call.arg(3)?)?;
        let buckets = HeldVec::collect(buckets.iter().map(|(start, _)| *start)).map_err(report)?;
        let fill: Option<TextArray<'_>> = call.arg(5)?;
        let fill = fill.map(TextArray::present).transpose()?;
        let range = SummaryRange { since: needed(since, "since")?, buckets: &buckets, fill: fill.as_deref() };
        let within = exact_micros(call.arg(7)?, "within")?;
        let rule = ServiceRule::new(within, exact_micros(call.arg(8)?, "short_abandon")?).map_err(report)?;
        let service = Service::new(call.arg(0)?, &range, &rule).map_err(report)?;
        let businesses = HeldVec::filled(None, service.num_businesses()).map_err(report)?;
        let zone = PgZone::named(needed(asked.zone, "zone")?).map_err(report)?;
        Ok(ServiceRows { service, zone, clock: (i64::MIN, 0), businesses })
    }
}

pub fn offered_set_rows(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfOfferedSet>()
}
