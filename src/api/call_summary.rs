//! The calls of all businesses at once: the aggregate behind `call_summary`, and its rows.

use std::collections::HashMap;

use mrcall_engine::calls::{CallSet, Figures, SourceCall, Summary, SummaryRange};
use mrcall_engine::{Error, ErrorKind, Result as EngineResult};
use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use super::bucket::each_bucket;
use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;
use crate::pg::tuples::Tuples;

impl State for CallSet {
    fn heap_bytes(&self) -> usize {
        CallSet::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        CallSet::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        CallSet::new(self.since())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        CallSet::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        CallSet::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        CallSet::deserialize(bytes)
    }
}

/// Arguments behind the state: business_id, started_at, ended_at, outcome, answered, caller, since, and known: business,
/// caller, business, caller … of calls before that are gone.
fn call_set_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let Some(start) = args.i64(2) else { return Ok(state) };
    let call = SourceCall {
        business: args.text(1)?,
        start,
        end: args.i64(3),
        outcome: args.text(4)?,
        answered: args.bool(5),
        caller: args.text(6)?,
    };
    let make = || {
        let mut set = CallSet::new(needed(args.i64(7), "since")?).map_err(report)?;
        for pair in args.texts(8).chunks_exact(2) {
            if let [business, caller] = pair {
                set.know(business, caller).map_err(report)?;
            }
        }
        Ok(set)
    };
    agg::transition(state, fcinfo, make, |set: &mut CallSet| set.push(&call).map_err(report))
}
agg::transition_function!(call_set_trans_wrapper, pg_finfo_call_set_trans_wrapper, call_set_trans);

#[pg_extern(sql = false)]
fn call_set_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<CallSet>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn call_set_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::serialize::<CallSet>(&state)
}

#[pg_extern(sql = false)]
fn call_set_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<CallSet>(bytes)
}

#[pg_extern(sql = false)]
fn call_set_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<CallSet>(&state)
}

/// So many different distributions of outcomes are kept as JSON: most buckets have one of a few.
const MOST_OUTCOMES_KEPT: usize = 20_000;

struct Output {
    summary: Summary,
    tuples: Tuples,
    /// By business: its text, made when the first row needs it.
    businesses: Vec<Option<pg_sys::Datum>>,
    outcomes: HashMap<Vec<(u32, u32)>, pg_sys::Datum>,
}

const COLUMNS: usize = 13;

impl Output {
    fn tuple(&mut self) -> Option<AnyElement> {
        let row = self.summary.next_row()?;
        let (bucket, business, f) = (row.bucket, row.business, row.figures);
        let outcomes = match self.outcomes.get(row.outcomes) {
            Some(known) => *known,
            None => {
                let tallies = row.outcomes.to_vec();
                let json = self.summary.json(&tallies);
                if self.outcomes.len() < MOST_OUTCOMES_KEPT {
                    let datum = self.tuples.lasting_jsonb(&json);
                    self.outcomes.insert(tallies, datum);
                    datum
                } else {
                    self.tuples.jsonb(&json)
                }
            }
        };
        let id = self.businesses.get_mut(business)?;
        if id.is_none() {
            *id = self.summary.business(business).map(|text| self.tuples.lasting_text(text));
        }
        let id = *id;
        let Figures { calls, answered, missed, callers, new_callers, peak, total, durations } = f;
        let count = |n: u32| Some(pg_sys::Datum::from(i64::from(n)));
        let interval = |micros: i64| Some(self.tuples.interval(micros));
        let [mean, median, high] = durations.map_or([None; 3], |all| all.map(interval));
        self.tuples.row(&[
            Some(pg_sys::Datum::from(bucket)),
            id,
            count(calls),
            count(answered),
            count(missed),
            count(callers),
            count(new_callers),
            interval(total),
            mean,
            median,
            high,
            Some(pg_sys::Datum::from(peak as i32)),
            Some(outcomes),
        ])
    }
}

impl Iterator for Output {
    type Item = AnyElement;

    fn next(&mut self) -> Option<AnyElement> {
        pgrx::check_for_interrupts!();
        self.tuple()
    }
}

/// The rows of a set by bucket and business; NULL stands for a set without calls.
#[pg_extern(sql = false)]
fn call_set_rows(
    set: Option<&[u8]>,
    width: Option<Interval>,
    since: Option<i64>,
    until: Option<i64>,
    zone: Option<&str>,
    fill: Option<Vec<Option<String>>>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Result<SetOfIterator<'static, AnyElement>, ErrorReport> {
    let mut buckets = Vec::new();
    each_bucket(width, since, until, zone, |start, _| buckets.push(start))?;
    let fill = fill.map(|texts| texts.into_iter().flatten().collect::<Vec<_>>());
    let range = SummaryRange { since: needed(since, "since")?, buckets: &buckets, fill: fill.as_deref() };
    let summary = Summary::new(set, &range).map_err(report)?;
    let tuples = Tuples::of(fcinfo, COLUMNS).ok_or_else(|| {
        report(Error::new(
            ErrorKind::NotPossible,
            "this function needs its own row type",
            "Call mrcall.call_summary instead.",
        ))
    })?;
    let businesses = vec![None; summary.num_businesses()];
    Ok(SetOfIterator::new(Output { summary, tuples, businesses, outcomes: HashMap::new() }))
}
