//! What `funnel` and `funnel_trend` count: one pass over the events keeps which steps each meets, and the visits where they are asked for.

use std::ffi::{CStr, CString};

use mrcall_engine::behaviour::{FunnelCounts, FunnelSettings, Modes, StepNote, StepOrder, StepRule};
use mrcall_engine::time::DAY;
use mrcall_engine::visits::{Cuts, Dimension, PageEvent, VisitSet, VisitValues, is_pageview};
use mrcall_engine::{Error, ErrorKind};
use pgrx::Array;
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::behaviour::window;
use super::own_rules::OwnRules;
use super::visit_rows::{ids, receive};
use super::visit_set::settings;
use crate::agg::{Held, Receiver};
use crate::error::{SqlResult, needed, report};
use crate::pg::arg::Booleans;
use crate::pg::function_call::Call;
use crate::pg::{query, scan};

const COLUMNS: usize = 6;

/// The bits of conditions from a place on.
fn mask(met: Booleans<'_>, from: usize, count: usize) -> u32 {
    let bits = met.iter().skip(from).take(count).zip(0..u32::BITS);
    bits.fold(0, |mask, (met, bit)| mask | u32::from(met == Some(true)) << bit)
}

/// Arguments behind the state: those of `visit_set_trans` (1 to 12), which steps the event meets and behind them which exclusions (NULL
/// for one that is nothing in the funnel), whether a chain may begin with it, what it holds ('' for what can stay the same in no chain,
/// NULL where nothing is to), whether events of no step matter, whether it counts for visits.
pub fn funnel_set_trans<'fcx>(state: Held<'fcx, VisitSet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, VisitSet>> {
    let (Some(visitor), Some(at)) = (call.arg(1)?, call.arg(2)?) else { return Ok(state) };
    scan::load_next_row(visitor);
    let event = PageEvent {
        visitor,
        at,
        id: call.arg(11)?,
        is_pageview: call.arg::<&[u8]>(3)?.is_some_and(is_pageview),
        event_type: None,
        is_key: false,
        path: call.arg(4)?,
        page_url: call.arg(5)?,
        referrer: call.arg(6)?,
        utm_source: call.arg(7)?,
        utm_medium: call.arg(8)?,
        utm_campaign: call.arg(9)?,
        user_agent: call.arg(10)?,
    };
    let flag = |number| call.arg::<bool>(number).map(Option::unwrap_or_default);
    let (may_begin, keeps_others, in_visit) = (flag(14)?, flag(16)?, flag(17)?);
    let held: Option<&str> = call.arg(15)?;
    let mut note = StepNote::default();
    let note = match call.arg::<Booleans<'_>>(13)? {
        None => None,
        Some(met) => {
            let count = met.len() / 2;
            let (mut steps, mut excludes) = (mask(met, 0, count), mask(met, count, count));
            // Where only the beginning would be too late, the event is as if it had not been.
            let is_late = !may_begin && steps == 1;
            if !may_begin {
                steps &= !1;
            }
            if held == Some("") {
                (steps, excludes) = (0, 0);
            }
            let matters = steps | excludes != 0 || keeps_others && !is_late;
            matters.then(|| note.write(steps, excludes, held.filter(|held| !held.is_empty())))
        }
    };
    let make = || VisitSet::new(settings(call.arg(12)?)?).map_err(report);
    state.transition_counted(make, |set| {
        set.push_noted(&event, in_visit, note).map(|()| set.is_count_due()).map_err(report)
    })
}

/// The text of a query.
fn statement(text: Option<&str>) -> SqlResult<CString> {
    CString::new(needed(text, "query")?).map_err(|_| {
        report(Error::new(ErrorKind::InvalidArgument, "a query has a zero byte", "Call mrcall.funnel instead."))
    })
}

/// The steps' options: which are optional, and the shortest and the longest times in microseconds.
fn rules(call: Call<'_>, first: usize) -> SqlResult<Vec<StepRule>> {
    let optional: Booleans<'_> = needed(call.arg(first)?, "optional")?;
    let times = |number, name| -> SqlResult<Vec<Option<i64>>> {
        Ok(needed(call.arg::<Array<'_, i64>>(number)?, name)?.iter().collect())
    };
    let (min, max) = (times(first + 1, "min")?, times(first + 2, "max")?);
    let limits = min.into_iter().zip(max);
    Ok(optional
        .iter()
        .zip(limits)
        .map(|(is_optional, (min, max))| StepRule {
            is_optional: is_optional == Some(true),
            min: min.unwrap_or_default(),
            max: max.unwrap_or(i64::MAX),
        })
        .collect())
}

/// Arguments: the query over all events, that over the events of those who may have one twice, since, until, the longest time, the
/// modes (NULL where the steps follow each other in another way), the order, the steps' options (three), the buckets, the dimension,
/// whether bots are left out, the gap; and of what is read: where chains end, where ids begin, where visits begin and end, the end.
pub fn funnel_figures(call: Call<'_>) -> SqlResult<()> {
    let (all, once) = (statement(call.arg(0)?)?, statement(call.arg(1)?)?);
    let instant = |number, name| needed(call.arg::<TimestampWithTimeZone>(number)?, name);
    let (since, until) = (instant(2, "since")?, instant(3, "until")?);
    let order = needed(call.arg::<&str>(6)?, "ordering")?;
    let (within, modes) = window(call.arg(4)?, call.arg(5)?)?;
    let order = match order {
        "any" => StepOrder::Any,
        "options" => StepOrder::Ordered,
        "strict options" => StepOrder::Strict,
        "strict" => StepOrder::Modes(Modes::CONSECUTIVE),
        _ => StepOrder::Modes(modes),
    };
    let starts: Option<Array<'_, i64>> = call.arg(10)?;
    let dimension = call.arg::<&str>(11)?.map_or(Dimension::Whole, Dimension::named);
    let by_value = dimension != Dimension::Whole;
    let no_bots = call.arg(12)?.unwrap_or(false);
    let gap: Option<Interval> = call.arg(13)?;
    let (ends_at, ids_since) = (instant(14, "ends_at")?, instant(15, "ids_since")?);
    let (read_since, visits_until) = (instant(16, "read_since")?, instant(17, "visits_until")?);
    let read_until = instant(18, "read_until")?;
    let mut counts = FunnelCounts::new(FunnelSettings {
        rules: rules(call, 7)?,
        order,
        within,
        until: until.into(),
        starts: starts.iter().flat_map(Array::iter).flatten().collect(),
        by_value,
        no_bots,
    });
    query::connect(|query| {
        let mut store = call.materialize(COLUMNS)?;
        let mut rules = if dimension.needs_rules() { OwnRules::new(query)? } else { OwnRules::default() };
        let mut values = VisitValues::new(dimension);
        // All visitors, then those who may have an event twice, from their rows.
        let mut suspects: Option<Vec<String>> = None;
        loop {
            let (receiver, is_once) = (Receiver::new(), suspects.is_some());
            let args = [
                since.into(),
                until.into(),
                ends_at.into(),
                ids_since.into(),
                read_since.into(),
                visits_until.into(),
                read_until.into(),
                gap.into(),
                receiver.number().into(),
                dimension.needs_touch().into(),
                (no_bots || dimension.needs_agent()).into(),
                dimension.needs_pages(&rules).into(),
                suspects.into(),
            ];
            let sql: &CStr = if is_once { &once } else { &all };
            query.run(sql, &args)?;
            let Some(mut set) = receive(&receiver, query)? else { break };
            let mut rows = set.state.rows(Cuts::default()).map_err(report)?;
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
        for figures in counts.figures().map_err(report)? {
            let value = values.texts().get(figures.value);
            store.row.set(0, if by_value { core::str::from_utf8(value).ok() } else { None })?;
            store.row.set(1, i64::from(figures.bucket))?;
            store.row.set(2, figures.step as i64)?;
            store.row.set(3, figures.visitors as i64)?;
            for (column, time) in [(4, figures.since_before), (5, figures.since_first)] {
                // Days of 24 hours, as justify_hours makes them.
                let time = time.and_then(|time| Interval::new(0, (time / DAY) as i32, time % DAY).ok());
                store.row.set(column, time)?;
            }
            store.put();
        }
        Ok(())
    })
}
