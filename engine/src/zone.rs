//! The wall clock of a time zone: what it shows at an instant, and when it first shows a time.

use crate::error::{Error, ErrorKind, Result};
use crate::time::{self, DAY, END_INSTANT, HOUR, MIN_INSTANT, SECOND};

/// No zone is further from UTC: POSIX zone specifications end at 167:59:59.
const MAX_OFFSET: i64 = 168 * HOUR;
/// Ends a walk over stretches of a zone that changes its offset absurdly often. Real zones need under ten steps.
pub(crate) const MAX_STEPS: usize = 10_000;

/// A stretch of time in which a zone keeps its offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Offset in seconds, positive east of UTC.
    pub offset: i64,
    /// First instant of the stretch, microseconds since 2000-01-01 UTC; `i64::MIN` when it has no beginning.
    pub start: i64,
    /// First instant after the stretch; `i64::MAX` when it has no end.
    pub end: i64,
}

/// The offsets of one time zone.
pub trait Zone {
    /// The stretch that holds `instant` (microseconds since 2000-01-01 UTC), for any value, also up to four weeks
    /// outside PostgreSQL's range. A stretch may come in pieces: neighbours of equal offset change no result.
    fn segment(&self, instant: i64) -> Result<Segment>;
}

/// The instant at which a day of the zone begins, where its bucket of a day does: midnight, or where the clock jumps past it the
/// instant after. A day that the clock skips begins where the next one does. `date` counts days from 2000-01-01; infinity, or a
/// start outside PostgreSQL's range: `22008`.
pub fn start_of_day(date: i32, zone: &impl Zone) -> Result<i64> {
    if date == i32::MAX || date == i32::MIN {
        return Err(time::out_of_range("a day is infinity", "Use a finite date."));
    }
    let midnight = i64::from(date).checked_mul(DAY).ok_or_else(out_of_range)?;
    first_since(midnight, None, zone).and_then(in_range)
}

/// What the wall clock of the zone shows at an instant, as microseconds since 2000-01-01 00:00 of the clock.
pub fn wall_clock(ts: i64, zone: &impl Zone) -> Result<i64> {
    let ts = instant(ts)?;
    in_range(ts + segment_at(zone, ts)?.offset)
}

/// The first instant that shows, or jumps past, a local time; `near` is a stretch that may be the one to begin with.
pub(crate) fn first_since(grid: i64, near: Option<Segment>, zone: &impl Zone) -> Result<i64> {
    // Before this instant no offset lets the clock show the grid time; past the range there is no answer to look for.
    let mut from = grid.saturating_sub(MAX_OFFSET);
    if from >= END_INSTANT || grid < MIN_INSTANT - MAX_OFFSET {
        return Err(out_of_range());
    }
    let near = near.filter(|near| (near.start..near.end).contains(&from));
    let mut stretch = near.map_or_else(|| segment_at(zone, from), Ok)?;
    for _ in 0..MAX_STEPS {
        let shown = grid.saturating_sub(stretch.offset).max(from);
        if shown < stretch.end || stretch.end == i64::MAX {
            return Ok(shown);
        }
        from = stretch.end;
        stretch = segment_at(zone, from)?;
    }
    Err(too_many_steps())
}

/// The latest local time that the clock has shown up to `ts`. Only a stretch that ended less than twice the largest
/// offset ago can have shown a later one than `ts` does.
pub(crate) fn latest_local(ts: i64, mut here: Segment, zone: &impl Zone) -> Result<i64> {
    let mut latest = ts + here.offset;
    for _ in 0..MAX_STEPS {
        if here.start <= ts - 2 * MAX_OFFSET {
            return Ok(latest);
        }
        let last = here.start - 1;
        here = segment_at(zone, last)?;
        latest = latest.max(last + here.offset);
    }
    Err(too_many_steps())
}

/// The zone's stretch at `instant` with its offset in microseconds, checked: a stretch that does not hold the instant
/// would make a walk run in circles.
pub(crate) fn segment_at(zone: &impl Zone, instant: i64) -> Result<Segment> {
    let Segment { offset, start, end } = zone.segment(instant)?;
    let offset = offset.saturating_mul(SECOND);
    if !(start..end).contains(&instant) || offset.saturating_abs() > MAX_OFFSET {
        return Err(Error::invalid(
            format!("time zone data are inconsistent at {}", time::instant_text(instant)),
            "Use an IANA zone name, for example 'Europe/Rome'.",
        ));
    }
    Ok(Segment { offset, start, end })
}

pub(crate) fn instant(ts: i64) -> Result<i64> {
    if time::in_range(time::finite(ts, "ts")?) {
        return Ok(ts);
    }
    Err(time::out_of_range(
        format!("ts is out of range: {}", time::instant_text(ts)),
        "Use a timestamp between 4714 BC and 294276 AD.",
    ))
}

pub(crate) fn in_range(start: i64) -> Result<i64> {
    if time::in_range(start) { Ok(start) } else { Err(out_of_range()) }
}

pub(crate) fn out_of_range() -> Error {
    time::out_of_range(
        "the start of the bucket is out of the range of timestamps",
        "Use a narrower width, or a timestamp further from 4714 BC and 294276 AD.",
    )
}

pub(crate) fn too_many_steps() -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("the time zone has more than {MAX_STEPS} changes within one bucket"),
        "Use an IANA zone name, for example 'Europe/Rome'.",
    )
}
