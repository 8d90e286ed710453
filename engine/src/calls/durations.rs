//! Figures of durations, in microseconds.

use crate::error::{Error, Result};

/// The mean of `count` durations that add up to `total`, to the microsecond, a half to the even one; `None` without any.
pub fn mean(total: i128, count: usize) -> Option<i64> {
    let count = i128::try_from(count).ok().filter(|count| *count > 0)?;
    let (whole, rest) = (total.div_euclid(count), total.rem_euclid(count));
    let up = 2 * rest > count || (2 * rest == count && whole % 2 != 0);
    i64::try_from(whole + i128::from(up)).ok()
}

/// A fraction from 0 to 1, else `22023`.
pub fn check_fraction(fraction: f64) -> Result<f64> {
    if (0.0..=1.0).contains(&fraction) {
        return Ok(fraction);
    }
    Err(Error::invalid(
        format!("fraction is not between 0 and 1: {fraction}"),
        "Give 0.5 for the median, 0.95 for the 95th percentile.",
    ))
}

/// The percentile of sorted durations as PostgreSQL's `percentile_cont` has it: between the two nearest ones in proportion,
/// to the microsecond. `None` without any; `fraction` as [`check_fraction`] lets it through.
pub fn percentile(sorted: &[i64], fraction: f64) -> Option<i64> {
    let place = fraction * (sorted.len().checked_sub(1)? as f64);
    let (low, high) = (place.floor(), place.ceil());
    let (first, second) = (*sorted.get(low as usize)?, *sorted.get(high as usize)?);
    // The server's order of operations, so that the rounding is its own.
    Some(first + (second.saturating_sub(first) as f64 * (place - low)).round_ties_even() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_round_to_even() {
        let cases = [(3, 2, 2), (5, 2, 2), (7, 2, 4), (10, 3, 3), (11, 3, 4), (i128::from(i64::MAX) * 4, 4, i64::MAX)];
        for (total, count, expected) in cases {
            assert_eq!(mean(total, count), Some(expected), "{total} / {count}");
        }
        assert_eq!(mean(0, 0), None);
    }

    #[test]
    fn percentiles_lie_between_neighbours() {
        let sorted = [10, 20, 40];
        for (fraction, expected) in [(0.0, 10), (0.25, 15), (0.5, 20), (0.75, 30), (0.95, 38), (1.0, 40)] {
            assert_eq!(percentile(&sorted, fraction), Some(expected), "{fraction}");
        }
        assert_eq!(percentile(&[7], 0.3), Some(7));
        assert_eq!(percentile(&[], 0.3), None);
        for bad in [-0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            assert_eq!(check_fraction(bad).unwrap_err().kind, crate::ErrorKind::InvalidArgument);
        }
    }
}
