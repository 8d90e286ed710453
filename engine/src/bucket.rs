//! Time buckets on the wall clock of a zone.
//!
//! With `local(t) = t + offset(t)`, the grid is local time 2000-01-03 00:00 plus multiples of the width, or 2000-01-01
//! 00:00 plus multiples of its months; an origin takes the place of either. Below 24 hours a bucket starts at **every** instant at which the clock shows or
//! jumps past a grid time: an hour that the clock repeats is two buckets. From 24 hours on, and for months, it starts
//! at the **first** such instant only: a day of 25 hours is one bucket, and a day that the clock skips has no bucket.

use crate::calendar::{first_day_of_month, month_of_day};
use crate::error::{Error, Result};
use crate::time::{self, DAY, END_INSTANT, MIN_INSTANT};
use crate::zone::{
    MAX_STEPS, Zone, first_since, in_range, instant, latest_local, out_of_range, segment_at, too_many_steps,
};

/// Local time 2000-01-03 00:00, a Monday: the origin of the grids without months.
const ORIGIN: i64 = 2 * DAY;
/// The last day that every month has.
const LAST_DAY_OF_ALL: i64 = 28;
/// The width of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Microseconds of the wall clock, above zero.
    Micros(i64),
    /// Calendar months, above zero.
    Months(i32),
}

impl Width {
    /// The width of an interval of `months`, `days` (24 hours each) and `micros`.
    ///
    /// Zero, negative, or months mixed with anything else: `22023`; too long for 64 bits, or infinite: `22008`.
    pub fn new(months: i32, days: i32, micros: i64) -> Result<Self> {
        if months == 0 || time::is_infinite(months, days, micros) {
            let width = time::exact_micros(months, days, micros, "width")?;
            return Self::Micros(width).check();
        }
        if days != 0 || micros != 0 {
            return Err(Error::invalid(
                format!("width mixes months with days or time: {}", time::interval_text(months, days, micros)),
                "Use either months (and years) alone, or weeks, days and time alone.",
            ));
        }
        Self::Months(months).check()
    }

    fn check(self) -> Result<Self> {
        match self {
            Self::Micros(width) => time::positive(width, "width").map(Self::Micros),
            Self::Months(months) if months > 0 => Ok(self),
            Self::Months(months) => Err(Error::invalid(
                format!("width must be positive, not {}", time::interval_text(months, 0, 0)),
                "Give width a length above zero, for example interval '1 month'.",
            )),
        }
    }

    /// Whether a bucket starts at every instant that shows a grid time, not only at the first.
    fn repeats(self) -> bool {
        matches!(self, Self::Micros(width) if width < DAY)
    }
}

/// The local times at which buckets start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    width: Width,
    /// Of the origin: its distance from the last multiple of the width; with months, from the begin of its month.
    phase: i64,
    /// The number of the origin's month, from January 2000, within the months of the width.
    month: i64,
}

impl Grid {
    /// The grid of a width from an origin, microseconds of the wall clock since 2000-01-01 00:00; without one from the Monday and
    /// the January of the module's text.
    ///
    /// A width that is not positive, or an origin after the 28th where the width has months: `22023`; an infinite origin: `22008`.
    pub fn new(width: Width, origin: Option<i64>) -> Result<Self> {
        let width = width.check()?;
        let origin = origin.map(|origin| time::finite(origin, "origin")).transpose()?;
        if let Some(far) = origin.filter(|origin| !time::in_range(*origin)) {
            return Err(time::out_of_range(
                format!("origin is out of range: {}", time::clock_text(far)),
                "Use a timestamp between 4714 BC and 294276 AD.",
            ));
        }
        match width {
            Width::Micros(micros) => Ok(Self { width, phase: origin.unwrap_or(ORIGIN).rem_euclid(micros), month: 0 }),
            Width::Months(months) => {
                let origin = origin.unwrap_or(0);
                let month = month_of_day(origin.div_euclid(DAY));
                let phase = origin - first_day_of_month(month) * DAY;
                if phase >= LAST_DAY_OF_ALL * DAY {
                    return Err(Error::invalid(
                        format!("origin is after day {LAST_DAY_OF_ALL} of its month: {}", time::clock_text(origin)),
                        "A bucket of months starts on the same day of each: use a day that every month has.",
                    ));
                }
                Ok(Self { width, phase, month: month.rem_euclid(months.into()) })
            }
        }
    }

    /// The width of its buckets.
    pub fn width(&self) -> Width {
        self.width
    }

    /// The largest grid time at or before the local time `local`.
    fn floor(&self, local: i64) -> Option<i64> {
        match self.width {
            Width::Micros(width) => {
                let past = local.rem_euclid(width) - self.phase;
                local.checked_sub(if past < 0 { past + width } else { past })
            }
            Width::Months(months) => {
                let month = month_of_day(local.checked_sub(self.phase)?.div_euclid(DAY));
                let first = month - (month - self.month).rem_euclid(months.into());
                first_day_of_month(first).checked_mul(DAY)?.checked_add(self.phase)
            }
        }
    }

    /// The grid time after the grid time `grid`.
    fn after(&self, grid: i64) -> Option<i64> {
        match self.width {
            Width::Micros(width) => grid.checked_add(width),
            Width::Months(months) => {
                let month = month_of_day(grid.div_euclid(DAY)) + i64::from(months);
                first_day_of_month(month).checked_mul(DAY)?.checked_add(self.phase)
            }
        }
    }
}

/// The start of the bucket that holds `ts`; both in microseconds since 2000-01-01 UTC.
///
/// Always `b <= ts < next_bucket(b)` and `bucket(b) = b`; a later `ts` never has an earlier bucket. An infinite `ts`,
/// or a start outside PostgreSQL's range: `22008`. The SQL layer handles NULL.
pub fn bucket(grid: &Grid, ts: i64, zone: &impl Zone) -> Result<i64> {
    let ts = instant(ts)?;
    if grid.width.repeats() { last_start(grid, ts, zone) } else { first_showing(grid, ts, zone, false) }
        .and_then(in_range)
}

/// The start of the first bucket that starts after `ts`, which may be any instant. Units and errors as in [`bucket`].
pub fn next_bucket(grid: &Grid, ts: i64, zone: &impl Zone) -> Result<i64> {
    let ts = instant(ts)?;
    if grid.width.repeats() { next_start(grid, ts, zone) } else { first_showing(grid, ts, zone, true) }
        .and_then(in_range)
}

/// Below 24 hours: the last bucket start at or before `ts`. Without a transition nearby it takes one look at the zone.
fn last_start(grid: &Grid, ts: i64, zone: &impl Zone) -> Result<i64> {
    let mut here = segment_at(zone, ts)?;
    let mut instant = ts;
    for _ in 0..MAX_STEPS {
        let time = grid.floor(instant + here.offset).ok_or_else(out_of_range)?;
        let shown = time.saturating_sub(here.offset);
        if shown >= here.start {
            return Ok(shown);
        }
        if here.start < MIN_INSTANT {
            return Err(out_of_range());
        }
        // The clock shows no grid time between the transition and the instant; it may have jumped past one.
        let before = segment_at(zone, here.start - 1)?;
        if time >= here.start + before.offset {
            return Ok(here.start);
        }
        instant = here.start - 1;
        here = before;
    }
    Err(too_many_steps())
}

/// Below 24 hours: the first bucket start after `ts`.
fn next_start(grid: &Grid, ts: i64, zone: &impl Zone) -> Result<i64> {
    let mut here = segment_at(zone, ts)?;
    let mut instant = ts;
    for _ in 0..MAX_STEPS {
        let time = grid.floor(instant + here.offset).and_then(|time| grid.after(time)).ok_or_else(out_of_range)?;
        let shown = time.saturating_sub(here.offset);
        if shown < here.end {
            return Ok(shown);
        }
        if here.end >= END_INSTANT {
            return Err(out_of_range());
        }
        let after = segment_at(zone, here.end)?;
        // The clock jumps from here.end + here.offset to here.end + after.offset: forward past a grid time, or onto
        // one.
        let landed = here.end + after.offset;
        let last = grid.floor(landed).ok_or_else(out_of_range)?;
        if last == landed || last >= here.end + here.offset {
            return Ok(here.end);
        }
        instant = here.end;
        here = after;
    }
    Err(too_many_steps())
}

/// From 24 hours on, and months: the first instant that shows, or jumps past, the largest grid time that the clock has
/// reached by `ts`, or with `next` the grid time after it.
fn first_showing(grid: &Grid, ts: i64, zone: &impl Zone, next: bool) -> Result<i64> {
    let here = segment_at(zone, ts)?;
    let reached = latest_local(ts, here, zone)?;
    let mut time = grid.floor(reached).ok_or_else(out_of_range)?;
    if next {
        time = grid.after(time).ok_or_else(out_of_range)?;
    }
    first_since(time, Some(here), zone)
}
