//! Visits from what is stored of them, where that is as good as the rows: the views over visits, `sessionize`, and what reports read.
//!
//! Stored are the visits before an instant. An answer is made of three parts, of different visitors or different times: the stored visits
//! of all but some; the visits of these, who are *apart*, from their rows; and the visits from that instant on, from theirs. Apart are
//! visitors whose rows have changed since, or may go on with a visit behind the instant, or have a visit across a border of the range.
//! Where nothing is stored that can be relied on, everything comes from the rows.

use std::collections::{HashMap, HashSet};

use mrcall_engine::resource::memory;
use mrcall_engine::visits::{AskedVisits, Cuts, VisitSet};
use pgrx::Array;
use pgrx::datum::{Interval, TimestampWithTimeZone};

use super::credit::exact_micros;
use super::visit_rows::{Range, StoredBefore, VisitOutput, ids, receive};
use crate::agg::{Measured, Receiver};
use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
use crate::pg::asked::{IS_JOINED, MAX_JOINED};
use crate::pg::function_call::Call;
use crate::pg::query::{self, Query};
use crate::pg::srf::{Cursor, Row, Rows, Start};

/// The gap of the views and of what is stored, in microseconds.
const GAP: i64 = 30 * 60 * 1_000_000;
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

type Instant = TimestampWithTimeZone;

/// The parts of an answer, one after the other.
#[derive(Default)]
pub struct Parts<'m> {
    stored: Option<Cursor>,
    read: Vec<Option<VisitOutput<'m>>>,
    next: usize,
}

impl<'m> Parts<'m> {
    fn read_only(rows: Option<VisitOutput<'m>>) -> Self {
        Self { stored: None, read: vec![rows], next: 0 }
    }
}

impl<'m> Rows<'m> for Parts<'m> {
    fn next(&mut self, row: &mut Row<'m>) -> SqlResult<bool> {
        if let Some(stored) = &mut self.stored {
            if stored.next(row)? {
                return Ok(true);
            }
            self.stored = None;
        }
        while let Some(part) = self.read.get_mut(self.next) {
            if part.next(row)? {
                return Ok(true);
            }
            self.next += 1;
        }
        Ok(false)
    }
}

/// What is stored and may be read.
struct Stored {
    /// Visits before this instant.
    until: Instant,
    /// The visitors who are apart.
    apart: Vec<String>,
}

impl Stored {
    /// `None` where the rows are to be read; the borders are those of a range that cuts visits.
    fn find(query: &Query, visitors: Option<&Vec<&str>>, borders: [Option<Instant>; 2]) -> SqlResult<Option<Self>> {
        let [since, until] = borders;
        let stored_until = query.first(
            c"SELECT f.stored_until, f.apart FROM mrcall_internal.usable_visits($1, $2, $3) AS f",
            &[visitors.cloned().into(), since.into(), until.into()],
        )?;
        let apart: Option<Vec<String>> = query.column(2)?;
        Ok(stored_until.map(|until| Self { until, apart: apart.unwrap_or_default() }))
    }

    /// Those who are apart, as a filter.
    fn apart(&self) -> HashSet<String> {
        self.apart.iter().cloned().collect()
    }

    fn until(&self) -> i64 {
        i64::from(self.until)
    }

    /// From where on the ids of events count for what is not stored. Computed here, as a query of its own would be planned.
    fn ids_since(&self) -> Option<Instant> {
        instant(self.until().checked_sub(DAY))
    }
}

fn texts(ids: &[String]) -> SqlResult<Vec<&str>> {
    memory::collect(ids.iter().map(String::as_str)).map_err(report)
}

fn instant(at: Option<i64>) -> Option<Instant> {
    at.and_then(|at| Instant::try_from(at).ok())
}

/// The set of the visits that the events of a range make, of some visitors or all; `None` without an event.
/// Sets of one receiver can be merged.
fn read_set(
    query: &Query,
    receiver: &Receiver<VisitSet>,
    range: Range,
    visitors: Option<&Vec<&str>>,
) -> SqlResult<Option<Measured<VisitSet>>> {
    query.run(
        c"SELECT s.visits FROM mrcall_internal.visit_set_of($1, $2, $3, $4, $5, true, $6, receiver => $7) AS s",
        &[
            range.ids_since.into(),
            range.since.into(),
            range.until.into(),
            range.gap.into(),
            visitors.cloned().into(),
            range.with_agent.into(),
            receiver.number().into(),
        ],
    )?;
    receive(receiver, query)
}

/// The visits of a range, from its rows.
fn read_range<'m>(
    query: &Query,
    range: Range,
    visitors: Option<&Vec<&str>>,
    row: &mut Row<'m>,
) -> SqlResult<Option<VisitOutput<'m>>> {
    let Some(set) = read_set(query, &Receiver::new(), range, visitors)? else { return Ok(None) };
    let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
    VisitOutput::new(rows, range, query, row).map(Some)
}

/// How many visits are stored of the visitors of a set, from an instant on.
fn count_stored(query: &Query, set: &mut VisitSet, since: Option<Instant>) -> SqlResult<HashMap<String, usize>> {
    let mut rows = set.rows(Cuts::default()).map_err(report)?;
    let mut visitors = Vec::new();
    while let Some(visitor) = rows.next_visitor().map_err(report)? {
        let text = memory::text(visitor.text(&mut [0; 36])).map_err(report)?;
        memory::push(&mut visitors, text).map_err(report)?;
    }
    visitors.extend(ids(rows.suspects())?);
    memory::demand(visitors.iter().map(|id| id.len() + 64).sum());
    let found: Option<Vec<String>> = query.first(
        c"SELECT pg_catalog.array_agg(n.visitor_id), pg_catalog.array_agg(n.visits)
        FROM mrcall_internal.count_stored_visits($1, $2) AS n",
        &[visitors.into(), since.into()],
    )?;
    let counts: Option<Vec<i64>> = query.column(2)?;
    let counts = counts.unwrap_or_default().into_iter().map(|count| usize::try_from(count).unwrap_or_default());
    Ok(found.unwrap_or_default().into_iter().zip(counts).collect())
}

/// The visits that the events of a range make: what is stored of them, and the rest from the rows. With numbers, each visitor's are
/// numbered from 1.
fn visits_of_range<'m>(
    query: &Query,
    range: Range,
    visitors: Option<&Vec<&str>>,
    with_numbers: bool,
    row: &mut Row<'m>,
) -> SqlResult<Parts<'m>> {
    let (since, until) = (range.since, range.until);
    let is_usual = exact_micros(range.gap, "gap")? == GAP;
    let found = if is_usual { Stored::find(query, visitors, [since, until])? } else { None };
    let Some(stored) = found else { return read_range(query, range, visitors, row).map(Parts::read_only) };
    let mut parts = Parts::default();
    if !stored.apart.is_empty() {
        parts.read.push(read_range(query, range, Some(&texts(&stored.apart)?), row)?);
    }
    if until.is_none_or(|until| i64::from(until) > stored.until()) {
        let head = Range { ids_since: stored.ids_since(), since: Some(stored.until), ..range };
        if let Some(mut set) = read_set(query, &Receiver::new(), head, visitors)? {
            let counts = if with_numbers { count_stored(query, &mut set.state, since)? } else { HashMap::new() };
            let before = row.own(StoredBefore { apart: stored.apart(), counts });
            let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
            parts.read.push(Some(VisitOutput::new(rows, head, query, row)?.behind(before)));
        }
    }
    let args = [since.into(), until.into(), visitors.cloned().into(), stored.apart.into(), with_numbers.into()];
    parts.stored = Some(Cursor::open(
        query,
        c"SELECT v.* FROM mrcall_internal.stored_range($1, $2, $3, $4, $5) AS v",
        &args,
        row,
    )?);
    Ok(parts)
}

/// From where on the ids of events count for one at an instant.
const EARLIER: &core::ffi::CStr = c"SELECT mrcall_internal.earlier($1, '24:00:00')";

/// The rows of `sessionize`: since, until, gap. The sets are made by queries of their own, so that workers help whoever asks, and
/// however.
struct OfSessions;

impl Start for OfSessions {
    type Rows<'m> = Parts<'m>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let (since, until): (Option<Instant>, Option<Instant>) = (call.arg(0)?, call.arg(1)?);
        let gap: Option<Interval> = call.arg(2)?;
        query::connect(|query| {
            query.run(
                c"SELECT mrcall_internal.check_range($1, $2), mrcall_internal.exact($3, 'gap'), mrcall_internal.require_attached()",
                &[since.into(), until.into(), gap.into()],
            )?;
            let ids_since = query.first(EARLIER, &[since.into()])?;
            visits_of_range(query, Range { ids_since, since, until, gap, with_agent: false }, None, true, row)
        })
    }
}

pub fn sessionize(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfSessions>()
}

/// What `mrcall_internal.visits` gives where visits are stored: since, until, gap, visitors, and from where on the ids of events count.
struct OfRange;

impl Start for OfRange {
    type Rows<'m> = Parts<'m>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let ids: Option<Array<'_, &str>> = call.arg(3)?;
        let visitors = ids.as_ref().map(|ids| memory::collect(ids.iter().flatten())).transpose().map_err(report)?;
        let range = Range {
            since: call.arg(0)?,
            until: call.arg(1)?,
            gap: call.arg(2)?,
            ids_since: call.arg(4)?,
            with_agent: true,
        };
        query::connect(|query| visits_of_range(query, range, visitors.as_ref(), false, row))
    }
}

pub fn range_visits(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfRange>()
}

/// The rows of the views: a mark of the planner's, the visitors, bounds of started_at and touched_at, whether numbers are wanted. What
/// is NULL bounds nothing.
struct OfAsked;

/// The visits asked for, as they are among all, of a range of events that was read and what lies beyond it.
fn read_asked<'m>(
    query: &Query,
    asked: &AskedVisits,
    visitors: Option<&Vec<&str>>,
    stored: Option<&Stored>,
    row: &mut Row<'m>,
) -> SqlResult<Option<VisitOutput<'m>>> {
    let gap = Interval::new(0, 0, GAP).ok();
    let [since, until] = asked.range();
    let mut whole = Range { ids_since: None, since: None, until: None, gap, with_agent: true };
    // From the instant on, up to which visits are stored, none goes on before it.
    let mut begin = since;
    if let Some(stored) = stored {
        whole.ids_since = stored.ids_since();
        whole.since = Some(stored.until);
        begin = None;
    }
    let range_of = |since: Option<i64>, until: Option<i64>| Range {
        ids_since: if since.is_some() { instant(since) } else { whole.ids_since },
        since: if since.is_some() { instant(since) } else { whole.since },
        until: instant(until),
        ..whole
    };
    let receiver = Receiver::new();
    let Some(mut set) = read_set(query, &receiver, range_of(begin, until), visitors)? else { return Ok(None) };
    let further = asked.beyond([begin, until], set.state.rows(Cuts::default()).map_err(report)?).map_err(report)?;
    for (range, ids) in [(range_of(None, begin), &further.before), (range_of(until, None), &further.behind)] {
        if ids.is_empty() {
            continue;
        }
        if let Some(more) = read_set(query, &receiver, range, Some(&texts(ids)?))? {
            set.state.merge(&more.state).map_err(report)?;
            set = Measured::new(set.state)?;
        }
    }
    let before = match stored {
        Some(stored) => {
            let counts = if asked.with_numbers { count_stored(query, &mut set.state, None)? } else { HashMap::new() };
            Some(row.own(StoredBefore { apart: stored.apart(), counts }))
        }
        None => None,
    };
    let rows = row.own(set).state.rows(Cuts::default()).map_err(report)?;
    // Who may have an event twice is read whole.
    let output = VisitOutput::new(rows, whole, query, row)?;
    Ok(Some(match before {
        Some(before) => output.behind(before),
        None => output,
    }))
}

impl Start for OfAsked {
    type Rows<'m> = Parts<'m>;

    fn start<'m>(call: Call<'_>, row: &mut Row<'m>) -> SqlResult<Self::Rows<'m>> {
        let ids: Option<Array<'_, &str>> = call.arg(1)?;
        let visitors = ids.as_ref().map(|ids| memory::collect(ids.iter().flatten())).transpose().map_err(report)?;
        // Of what a join names no more was read than tells that it is many.
        let mark: Option<i32> = call.arg(0)?;
        let are_many = mark == Some(IS_JOINED) && ids.as_ref().is_some_and(|ids| ids.len() as i64 > MAX_JOINED);
        let visitors = visitors.filter(|_| !are_many);
        let asked = AskedVisits {
            started: [call.arg(2)?, call.arg(3)?],
            touched: [call.arg(4)?, call.arg(5)?],
            with_numbers: call.arg(6)?.unwrap_or(true),
            of_some: visitors.is_some(),
            gap: GAP,
        };
        let visitors = visitors.as_ref();
        query::connect(|query| {
            let [since, until] = asked.range();
            // What is asked of a time behind all that is stored, comes from the rows of that time.
            let found = Stored::find(query, visitors, [None, None])?
                .filter(|stored| since.is_none_or(|since| since < stored.until()));
            let Some(stored) = found else {
                return read_asked(query, &asked, visitors, None, row).map(Parts::read_only);
            };
            let mut parts = Parts::default();
            if !stored.apart.is_empty() {
                // As all would be, so that what cannot be read is an error where it would be one.
                parts.read.push(read_asked(query, &asked, Some(&texts(&stored.apart)?), None, row)?);
            }
            if until.is_none_or(|until| until > stored.until()) {
                parts.read.push(read_asked(query, &asked, visitors, Some(&stored), row)?);
            }
            let [started, touched] = [asked.started, asked.touched].map(|bounds| bounds.map(instant));
            let args = [
                visitors.cloned().into(),
                started[0].into(),
                started[1].into(),
                touched[0].into(),
                touched[1].into(),
                stored.apart.into(),
            ];
            let sql = c"SELECT v.* FROM mrcall_internal.stored_visits($1, $2, $3, $4, $5, $6) AS v";
            parts.stored = Some(Cursor::open(query, sql, &args, row)?);
            Ok(parts)
        })
    }
}

pub fn asked_visit_rows(call: Call<'_>) -> SqlResult<Option<Made>> {
    call.stream::<OfAsked>()
}
