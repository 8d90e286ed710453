//! The visits of all visitors at once: the aggregate behind `sessionize`, the views and the reports.

use mrcall_engine::visits::{PageEvent, VisitSet, VisitSettings, is_pageview};
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::{Timestamp, TimestampWithTimeZone, TryFromDatumError, UnboxDatum};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::{AllocatedByRust, Array, FromDatum, IntoDatum};

use super::bucket::{Buckets, list_buckets};
use super::credit::exact_micros;
use super::visitor_buckets::first_cut;
use crate::agg::{self, Held};
use crate::error::{SqlResult, needed, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::scan;

/// A field of a row by its name; `None` where the row's type, of an earlier version than the library, does not have it yet.
fn field<'row, T>(row: &'row PgHeapTuple<'_, AllocatedByRust>, name: &str) -> SqlResult<Option<T>>
where
    T: FromDatum + IntoDatum + UnboxDatum<As<'row> = T> + 'row,
{
    match row.get_by_name(name) {
        Err(TryFromDatumError::NoSuchAttributeName(_)) => Ok(None),
        field => field.map_err(|error| {
            let hint = "Call the function as CREATE EXTENSION declares it.";
            report(Error::new(ErrorKind::NotPossible, format!("field {name} of a row: {error}"), hint))
        }),
    }
}

/// A state is of one version: another one, on whose behalf a server is asked, may read URLs and user agents in another way.
pub fn same_version(asked: Option<&str>) -> SqlResult<()> {
    let own = super::values::version();
    if asked.is_none_or(|asked| asked == own) {
        return Ok(());
    }
    let message = format!("mrcall_ext {own} is asked by a server with mrcall_ext {}", asked.unwrap_or_default());
    let hint = "Install one version on all servers, and run ALTER EXTENSION mrcall_ext UPDATE on each.";
    Err(report(Error::new(ErrorKind::NotPossible, message, hint)))
}

/// What `mrcall_internal.visit_settings` says.
pub(super) fn settings(row: Option<PgHeapTuple<'_, AllocatedByRust>>) -> SqlResult<VisitSettings> {
    let row = needed(row, "settings")?;
    same_version(field(&row, "version")?)?;
    let ignored: Option<Array<'_, &str>> = field(&row, "ignored")?;
    let heartbeats: Option<Array<'_, &str>> = field(&row, "heartbeats")?;
    let flag = |name| field(&row, name).map(|flag| flag.unwrap_or(false));
    let cuts = match (field(&row, "width")?, field(&row, "cut_since")?, field(&row, "cut_until")?, field(&row, "zone")?)
    {
        (Some(width), Some(since), Some(until), Some(zone)) => {
            let [since, until] = [since, until].map(|at: TimestampWithTimeZone| i64::from(at));
            let origin: Option<Timestamp> = field(&row, "origin")?;
            let asked = Buckets { width: Some(width), zone: Some(zone), origin: origin.map(i64::from) };
            let more: Option<Array<'_, TimestampWithTimeZone>> = field(&row, "more_cuts")?;
            let mut cuts: Vec<i64> = more.iter().flat_map(Array::iter).flatten().map(i64::from).collect();
            cuts.extend(first_cut(&list_buckets(asked, Some(since), Some(until))?, since)?);
            cuts
        }
        _ => Vec::new(),
    };
    Ok(VisitSettings {
        gap: exact_micros(field(&row, "gap")?, "gap")?,
        ignored: ignored.iter().flat_map(Array::iter).flatten().map(str::to_owned).collect(),
        counted_since: field(&row, "counted_since")?.map(|at: TimestampWithTimeZone| i64::from(at)),
        cuts,
        path_from_url: flag("path_from_url")?,
        with_pages: flag("with_pages")?,
        with_touch: flag("with_touch")?,
        with_views: flag("with_views")?,
        with_moments: heartbeats.is_some(),
        heartbeats: heartbeats.iter().flat_map(Array::iter).flatten().map(str::to_owned).collect(),
        receiver: field::<i32>(&row, "receiver")?.and_then(|receiver| u32::try_from(receiver).ok()).unwrap_or_default(),
    })
}

/// Arguments behind the state: visitor_id, occurred_at, event_type, page_path, page_url, referrer, utm_source, utm_medium,
/// utm_campaign, user_agent, event_id, whether it is a key event, settings.
pub fn visit_set_trans<'fcx>(state: Held<'fcx, VisitSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, VisitSet>> {
    let (Some(visitor), Some(at)) = (call.arg(1)?, call.arg(2)?) else { return Ok(state) };
    scan::load_next_row(visitor);
    let event_type: Option<&[u8]> = call.arg(3)?;
    let hit = PageEvent {
        visitor,
        at,
        id: call.arg(11)?,
        is_pageview: event_type.is_some_and(is_pageview),
        event_type,
        is_key: call.arg(12)?.unwrap_or(false),
        path: call.arg(4)?,
        page_url: call.arg(5)?,
        referrer: call.arg(6)?,
        utm_source: call.arg(7)?,
        utm_medium: call.arg(8)?,
        utm_campaign: call.arg(9)?,
        user_agent: call.arg(10)?,
    };
    let make = || VisitSet::new(settings(call.arg(13)?)?).map_err(report);
    state.transition_counted(make, |set| set.push(&hit).map(|()| set.is_count_due()).map_err(report))
}

/// Arguments behind the state: the bytes of a set of some of the rows, and the settings. What is in the bytes is looked at where the
/// rows are made.
pub fn visit_set_merge_trans<'fcx>(state: Held<'fcx, VisitSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, VisitSet>> {
    let Some(bytes) = call.arg::<&[u8]>(1)? else { return Ok(state) };
    let make = || VisitSet::new(settings(call.arg(2)?)?).map_err(report);
    state.transition(make, |set| set.merge_apart(bytes).map_err(report))
}

pub fn visit_set_final(state: Held<'_, VisitSet>) -> SqlResult<Option<Made>> {
    agg::hand_over(state, VisitSet::receiver)
}
