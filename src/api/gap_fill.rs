//! `locf` and `interpolate`, window functions over a series.

use mrcall_engine::gap_fill::{Filler, SeriesRow, SeriesRows};
use mrcall_engine::{Error, ErrorKind, Result as EngineResult, time};
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::error::{SqlResult, report};
use crate::pg::args::interval_of;
use crate::pg::window::Window;

/// The arguments: value float8, ts timestamptz, max_gap interval.
const VALUE: i32 = 0;
const TS: i32 = 1;
const MAX_GAP: i32 = 2;
/// The server counts a partition's rows from the current one in 32 bits.
const MOST_ROWS: i64 = i32::MAX as i64;

impl SeriesRows for Window {
    fn row(&mut self, place: i64) -> EngineResult<Option<SeriesRow>> {
        pgrx::check_for_interrupts!();
        if place >= MOST_ROWS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("a partition of more than {MOST_ROWS} rows"),
                "Fill shorter ranges, or use PARTITION BY.",
            ));
        }
        let Some(ts) = self.argument_at(TS, place) else { return Ok(None) };
        Ok(Some(row(self.argument_at(VALUE, place).flatten(), ts)))
    }
}

fn row(value: Option<pg_sys::Datum>, ts: Option<pg_sys::Datum>) -> SeriesRow {
    SeriesRow {
        ts: ts.map(|datum| datum.value() as i64),
        value: value.map(|datum| f64::from_bits(datum.value() as u64)),
    }
}

/// Fills the current row by `how`.
fn fill(
    fcinfo: pg_sys::FunctionCallInfo,
    how: impl FnOnce(&mut Filler, i64, SeriesRow, Option<i64>, &mut Window) -> EngineResult<Option<f64>>,
) -> SqlResult<Option<f64>> {
    let mut window = Window::of(fcinfo)?;
    let exact = |(months, days, micros)| time::exact_micros(months, days, micros, "max_gap");
    let max_gap = window.argument(MAX_GAP).map(interval_of).map(exact).transpose().map_err(report)?;
    let here = row(window.argument(VALUE), window.argument(TS));
    let place = window.current();
    how(window.kept(), place, here, max_gap, &mut window).map_err(report)
}

#[pg_extern(sql = false)]
fn locf(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<f64>> {
    fill(fcinfo, |filler, place, row, max_gap, window| filler.locf(place, row, max_gap, window))
}

#[pg_extern(sql = false)]
fn interpolate(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<f64>> {
    fill(fcinfo, |filler, place, row, max_gap, window| filler.interpolate(place, row, max_gap, window))
}
