//! Filling the gaps of a series: the last value carried forward, and the line between two neighbours.
//!
//! The rows of a partition come in order of time. A **known instant** has a row with a value; where it has several values, the
//! largest counts, so that ties do not depend on the order of arrival. A row without a time has no place in the series: it
//! gives nothing and gets nothing.

use crate::error::{Error, Result};
use crate::time;

/// A row of a series: its time in microseconds since 2000-01-01 UTC, and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesRow {
    /// When; `None` is NULL.
    pub ts: Option<i64>,
    /// What; `None` is NULL.
    pub value: Option<f64>,
}

/// The rows of a partition, by their place from 0 on.
pub trait SeriesRows {
    /// The row at a place, `None` behind the last.
    fn row(&mut self, place: i64) -> Result<Option<SeriesRow>>;
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct KnownValue {
    ts: i64,
    value: f64,
}

/// What has been read of a partition. Its rows are asked for in order, each once and never one before the current one: a whole
/// partition takes linear time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filler {
    /// The known instants around the current time: the last one at or before it, and the one that follows.
    before: Option<KnownValue>,
    after: Option<KnownValue>,
    /// A known instant was looked for.
    started: bool,
    /// The first row that has not been read.
    place: i64,
    /// The latest time that has been read.
    latest: Option<i64>,
    /// The first row of the instant behind `after`, already read.
    pending: Option<KnownValue>,
}

impl Filler {
    /// The value of `row`, which is at `place`; without one, the value of the last known instant at or before its time, if
    /// that is at most `max_gap` microseconds earlier (`None`: however long ago).
    ///
    /// NULL (`None`) where there is no such value; a row without a time keeps its own value. `22023`: a value that is NaN or
    /// infinite, rows that are not in order of time, a negative `max_gap`; `22008`: an infinite time.
    pub fn locf(
        &mut self,
        place: i64,
        row: SeriesRow,
        max_gap: Option<i64>,
        rows: &mut impl SeriesRows,
    ) -> Result<Option<f64>> {
        let Some(ts) = self.needed(place, row, max_gap, rows)? else { return Ok(row.value) };
        Ok(self.before.filter(|known| within(known.ts, ts, max_gap)).map(|known| known.value))
    }

    /// The value of `row`; without one, the value at its time on the straight line between the known instants around it, if
    /// these are at most `max_gap` microseconds apart. Before the first and after the last there is no line.
    ///
    /// NULL and errors as in [`Self::locf`].
    pub fn interpolate(
        &mut self,
        place: i64,
        row: SeriesRow,
        max_gap: Option<i64>,
        rows: &mut impl SeriesRows,
    ) -> Result<Option<f64>> {
        let Some(ts) = self.needed(place, row, max_gap, rows)? else { return Ok(row.value) };
        Ok(match (self.before, self.after) {
            (Some(before), _) if before.ts == ts => Some(before.value),
            (Some(before), Some(after)) if within(before.ts, after.ts, max_gap) => Some(between(before, after, ts)),
            _ => None,
        })
    }

    /// The time of a row that needs a value, with the known instants around it at hand; `None` when its own value stands.
    fn needed(
        &mut self,
        place: i64,
        row: SeriesRow,
        max_gap: Option<i64>,
        rows: &mut impl SeriesRows,
    ) -> Result<Option<i64>> {
        if let Some(gap) = max_gap {
            time::not_negative(gap, "max_gap")?;
        }
        check(row)?;
        let Some(ts) = row.ts else { return Ok(None) };
        self.place = self.place.max(place);
        while !self.started || self.after.is_some_and(|known| known.ts <= ts) {
            self.started = true;
            self.before = self.after;
            self.after = self.next_known(rows)?;
        }
        Ok(if row.value.is_none() { Some(ts) } else { None })
    }

    /// Reads on to the end of the next known instant.
    fn next_known(&mut self, rows: &mut impl SeriesRows) -> Result<Option<KnownValue>> {
        let mut known = self.pending.take();
        while let Some(row) = rows.row(self.place)? {
            self.place += 1;
            check(row)?;
            let Some(ts) = row.ts else { continue };
            if let Some(latest) = self.latest.replace(ts).filter(|latest| *latest > ts) {
                return Err(Error::invalid(
                    format!(
                        "rows are not in order of ts: {} follows {}",
                        time::instant_text(ts),
                        time::instant_text(latest)
                    ),
                    "Order the window by the ts that is the second argument: OVER (ORDER BY ts).",
                ));
            }
            let Some(value) = row.value else { continue };
            match &mut known {
                Some(same) if same.ts == ts => same.value = same.value.max(value),
                Some(_) => {
                    self.pending = Some(KnownValue { ts, value });
                    break;
                }
                None => known = Some(KnownValue { ts, value }),
            }
        }
        Ok(known)
    }
}

fn check(row: SeriesRow) -> Result<()> {
    if let Some(ts) = row.ts {
        time::finite(ts, "ts")?;
    }
    match row.value {
        Some(value) if !value.is_finite() => Err(Error::invalid(
            format!("value is not finite: {}", if value.is_nan() { "NaN" } else { "infinity" }),
            "Leave such values out, for example nullif(value, 'NaN').",
        )),
        _ => Ok(()),
    }
}

fn within(from: i64, to: i64, max_gap: Option<i64>) -> bool {
    max_gap.is_none_or(|gap| to.saturating_sub(from) <= gap)
}

/// The line's value at `ts`, never outside the two values.
fn between(before: KnownValue, after: KnownValue, ts: i64) -> f64 {
    let part = ts.saturating_sub(before.ts) as f64 / after.ts.saturating_sub(before.ts) as f64;
    let rise = after.value - before.value;
    let value =
        if rise.is_finite() { before.value + rise * part } else { before.value * (1.0 - part) + after.value * part };
    value.clamp(before.value.min(after.value), before.value.max(after.value))
}
