//! Time buckets: `bucket`, `next_bucket`, `buckets`. Instants are microseconds since 2000-01-01 UTC, the server's own form.

use mrcall_engine::bucket::{self, Grid, Width};
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::time::{self, SECOND};
use mrcall_engine::zone;
use mrcall_engine::{Error, ErrorKind};
use pgrx::datum::Interval;

use super::local_days::{self, Note};
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::zone::PgZone;

/// A report with more rows than this is a mistyped width.
const MAX_BUCKETS: usize = 10_000_000;
/// At most so many buckets of less than a minute are worth a word.
const MANY_BUCKETS: usize = 100_000;
/// What a number without a unit means.
const UNITS: &str =
    "A number without a unit counts seconds, so '1' is one second: write '1 day' or '1 hour' if that was meant.";

/// What an SQL function is told of its buckets.
#[derive(Clone, Copy)]
pub struct Buckets<'a> {
    pub width: Option<Interval>,
    pub zone: Option<&'a str>,
    /// A time of the wall clock at which a bucket starts.
    pub origin: Option<i64>,
}

impl Buckets<'_> {
    fn width(self) -> SqlResult<Width> {
        let width = needed(self.width, "width")?;
        Width::new(width.months(), width.days(), width.micros()).map_err(report)
    }

    fn zone(self) -> SqlResult<PgZone> {
        PgZone::named(needed(self.zone, "zone")?).map_err(report)
    }

    fn grid(self, width: Width) -> SqlResult<Grid> {
        Grid::new(width, self.origin).map_err(report)
    }
}

/// The start of the bucket before the one that starts at an instant; `None` where time begins.
pub fn bucket_before(asked: Buckets<'_>, start: i64) -> SqlResult<Option<i64>> {
    let (width, zone) = (asked.width()?, asked.zone()?);
    let grid = asked.grid(width)?;
    Ok(start
        .checked_sub(1)
        .and_then(|before| bucket::bucket(&grid, before, &zone).ok())
        .filter(|before| *before < start))
}

pub fn is_zone(zone: &str) -> bool {
    PgZone::named(zone).is_ok()
}

pub fn bucket(
    width: Option<Interval>,
    ts: Option<i64>,
    zone: Option<&str>,
    origin: Option<i64>,
) -> SqlResult<Option<i64>> {
    let asked = Buckets { width, zone, origin };
    let (width, zone) = (asked.width()?, asked.zone()?);
    let grid = asked.grid(width)?;
    ts.map(|ts| bucket::bucket(&grid, ts, &zone).map_err(report)).transpose()
}

pub fn next_bucket(
    width: Option<Interval>,
    ts: Option<i64>,
    zone: Option<&str>,
    origin: Option<i64>,
) -> SqlResult<Option<i64>> {
    let asked = Buckets { width, zone, origin };
    let (width, zone) = (asked.width()?, asked.zone()?);
    let grid = asked.grid(width)?;
    ts.map(|ts| bucket::next_bucket(&grid, ts, &zone).map_err(report)).transpose()
}

pub fn buckets(
    call: Call<'_>,
    width: Option<Interval>,
    since: Option<i64>,
    until: Option<i64>,
    zone: Option<&str>,
    origin: Option<i64>,
) -> SqlResult<()> {
    let asked = Buckets { width, zone, origin };
    local_days::note_midnight(since, until, zone)?;
    let clock = asked.zone()?;
    let mut table = call.materialize(3)?;
    each_bucket(asked, since, until, |start, next| {
        table.row.set(0, start)?;
        table.row.set(1, next)?;
        table.row.set(2, zone::wall_clock(start, &clock).map_err(report)?)?;
        table.put();
        Ok(())
    })
}

/// Start and next start of every bucket that meets `[since, until)`.
pub fn list_buckets(asked: Buckets<'_>, since: Option<i64>, until: Option<i64>) -> SqlResult<HeldVec<(i64, i64)>> {
    let mut buckets = HeldVec::default();
    each_bucket(asked, since, until, |start, next| buckets.push((start, next)).map_err(report))?;
    Ok(buckets)
}

/// Calls a function with start and next start of every bucket that meets `[since, until)`.
fn each_bucket(
    asked: Buckets<'_>,
    since: Option<i64>,
    until: Option<i64>,
    mut with: impl FnMut(i64, i64) -> SqlResult<()>,
) -> SqlResult<()> {
    let width = asked.width()?;
    let finite = |at: Option<i64>, name: &str| time::finite(needed(at, name)?, name).map_err(report);
    let (since, until) = (finite(since, "since")?, finite(until, "until")?);
    let zone = asked.zone()?;
    let grid = asked.grid(width)?;
    if since >= until {
        return Ok(());
    }
    let mut start = bucket::bucket(&grid, since, &zone).map_err(report)?;
    let short = match width {
        Width::Micros(micros) if micros < 60 * SECOND => Some(micros),
        _ => None,
    };
    for nr in 0..MAX_BUCKETS {
        interrupt::check();
        if let Some(micros) = short.filter(|_| nr == MANY_BUCKETS) {
            let message = format!("more than {MANY_BUCKETS} buckets of {}", time::interval_text(0, 0, micros));
            local_days::note_once(Note::Width, message, UNITS);
        }
        let next = bucket::next_bucket(&grid, start, &zone).map_err(report)?;
        with(start, next)?;
        if next >= until {
            return Ok(());
        }
        start = next;
    }
    Err(report(Error::new(
        ErrorKind::LimitExceeded,
        format!("more than {MAX_BUCKETS} buckets"),
        format!(
            "Use a larger width or a shorter range. {}",
            short.filter(|micros| micros % SECOND == 0).map_or("", |_| UNITS)
        )
        .trim_end(),
    )))
}
