//! `locf` and `interpolate`, window functions over a series.

use mrcall_engine::gap_fill::{Filler, SeriesRow, SeriesRows};
use mrcall_engine::resource::interrupt;
use mrcall_engine::{Error, ErrorKind, Result as EngineResult};

use super::credit::exact_micros;
use crate::error::{SqlResult, report};
use crate::pg::window::Window;

/// The arguments: value float8, ts timestamptz, max_gap interval.
const VALUE: i32 = 0;
const TS: i32 = 1;
const MAX_GAP: i32 = 2;
/// The server counts a partition's rows from the current one in 32 bits.
const MAX_ROWS: i64 = i32::MAX as i64;

impl SeriesRows for Window<'_> {
    fn row(&mut self, place: i64) -> EngineResult<Option<SeriesRow>> {
        interrupt::check();
        if place >= MAX_ROWS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("a partition of more than {MAX_ROWS} rows"),
                "Fill shorter ranges, or use PARTITION BY.",
            ));
        }
        let Some(ts) = self.argument_at(TS, place) else { return Ok(None) };
        Ok(Some(SeriesRow { ts, value: self.argument_at(VALUE, place).flatten() }))
    }
}

/// Fills the current row by `how`.
fn fill(
    mut window: Window<'_>,
    how: impl FnOnce(&mut Filler, i64, SeriesRow, Option<i64>, &mut Window<'_>) -> EngineResult<Option<f64>>,
) -> SqlResult<Option<f64>> {
    let max_gap = window.argument(MAX_GAP).map(|gap| exact_micros(Some(gap), "max_gap")).transpose()?;
    let here = SeriesRow { ts: window.argument(TS), value: window.argument(VALUE) };
    let place = window.current();
    window.with_kept(|filler| how(filler, place, here, max_gap, &mut window)).map_err(report)
}

pub fn locf(window: Window<'_>) -> SqlResult<Option<f64>> {
    fill(window, |filler, place, row, max_gap, window| filler.locf(place, row, max_gap, window))
}

pub fn interpolate(window: Window<'_>) -> SqlResult<Option<f64>> {
    fill(window, |filler, place, row, max_gap, window| filler.interpolate(place, row, max_gap, window))
}
