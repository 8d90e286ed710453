//! `visit_agg` and the accessors of its state.

use mrcall_engine::Error;
use mrcall_engine::visits::VisitState;
use pgrx::datum::Interval;

use super::credit::exact_micros;
use crate::agg::Held;
use crate::error::{SqlResult, report};
use crate::pg::function_call::Call;

pub fn visit_agg_trans<'fcx>(
    state: Held<'fcx, VisitState>,
    ts: Option<i64>,
    gap: Option<Interval>,
    page: Option<&str>,
    touch: Option<&str>,
) -> SqlResult<Held<'fcx, VisitState>> {
    let gap = exact_micros(gap, "gap")?;
    let Some(ts) = ts else { return Ok(state) };
    state.transition(
        || VisitState::new(gap).map_err(report),
        |visits| visits.same_gap(gap).and_then(|()| visits.push(ts, page, touch)).map_err(report),
    )
}

pub fn visit_agg_times_trans<'fcx>(
    state: Held<'fcx, VisitState>,
    ts: Option<i64>,
    gap: Option<Interval>,
) -> SqlResult<Held<'fcx, VisitState>> {
    visit_agg_trans(state, ts, gap, None, None)
}

fn read(bytes: &[u8]) -> SqlResult<VisitState> {
    VisitState::deserialize(bytes).map_err(report)
}

pub fn visits(call: Call<'_>, state: &[u8]) -> SqlResult<()> {
    let state = read(state)?;
    let visits = state.visits().map_err(report)?;
    call.table(visits.iter().zip(1i32..).map(|(v, no)| {
        let (events, pageviews) = (i64::from(v.events), i64::from(v.pageviews));
        (no, v.started_at, v.ended_at, events, pageviews, v.entry_page, v.exit_page, v.touch)
    }))
}

fn count(value: usize) -> SqlResult<i64> {
    i64::try_from(value).map_err(|_| report(Error::invalid("a count is out of range", "Use a shorter range.")))
}

pub fn num_visits(state: &[u8]) -> SqlResult<i64> {
    count(read(state)?.num_visits().map_err(report)?)
}

pub fn num_events(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_events() as i64)
}

pub fn num_pageviews(state: &[u8]) -> SqlResult<i64> {
    Ok(read(state)?.num_pageviews() as i64)
}

pub fn num_bounces(state: &[u8]) -> SqlResult<i64> {
    count(read(state)?.num_bounces().map_err(report)?)
}

pub fn total_duration(state: &[u8]) -> SqlResult<Interval> {
    let micros = read(state)?.total_duration().map_err(report)?;
    Interval::new(0, 0, micros)
        .map_err(|_| report(Error::invalid("the total duration is out of range", "Use a shorter range.")))
}
