//! The proleptic Gregorian calendar over PostgreSQL's whole range: by hand because chrono's ends in the year 262143, PostgreSQL's in
//! 294276.

/// Both conversions count in eras of 400 Gregorian years, and years that begin in March, so that the leap day comes last.
const DAYS_IN_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 2000-01-01.
const DAYS_TO_2000: i64 = 730_425;

/// The month, counted from January 2000 = 0, of the day `day`, counted from 2000-01-01 = 0.
pub fn month_of_day(day: i64) -> i64 {
    let day = day + DAYS_TO_2000;
    let (era, day) = (day.div_euclid(DAYS_IN_ERA), day.rem_euclid(DAYS_IN_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    (era * 400 + year) * 12 + month_from_march + 2 - 2_000 * 12
}

/// The first day of the month `month`, both counted as in [`month_of_day`].
#[inline]
pub fn first_day_of_month(month: i64) -> i64 {
    let march_based = month + 2_000 * 12 - 2;
    let (years, month) = (march_based.div_euclid(12), march_based.rem_euclid(12));
    let (era, year) = (years.div_euclid(400), years.rem_euclid(400));
    era * DAYS_IN_ERA + 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 - DAYS_TO_2000
}

/// The day, counted from 2000-01-01 = 0, of a date of the proleptic Gregorian calendar; `None` when there is no such
/// date.
#[inline]
pub fn day_of_date(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(-5_000..=300_000).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let month = (year - 2_000) * 12 + month - 1;
    let first = first_day_of_month(month);
    // Every month has 28 days: only the others need the next month's first.
    let is_day = (1..=28).contains(&day) || (29..=first_day_of_month(month + 1) - first).contains(&day);
    is_day.then_some(first + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, END_INSTANT, MIN_INSTANT};

    /// Walks the calendar day by day, from 4801 BC over the range's ends, with the rule of leap years alone.
    #[test]
    fn calendar_agrees_with_counting() {
        for (from_year, to_year) in [(-4_800, 2_500), (290_000, 294_300)] {
            let mut day = day_of_date(from_year, 1, 1).unwrap();
            for year in from_year..to_year {
                let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                for (index, length) in (0..).zip(lengths) {
                    let month = (year - 2_000) * 12 + index;
                    assert_eq!(first_day_of_month(month), day, "{year}-{}", index + 1);
                    assert_eq!((month_of_day(day), month_of_day(day + length - 1)), (month, month));
                    assert_eq!(day_of_date(year, index + 1, length), Some(day + length - 1));
                    assert_eq!(day_of_date(year, index + 1, length + 1), None);
                    day += length;
                }
            }
        }
        assert_eq!(day_of_date(2000, 1, 1), Some(0));
        assert_eq!(day_of_date(-4713, 11, 24).map(|d| d * DAY), Some(MIN_INSTANT));
        assert_eq!(day_of_date(294_277, 1, 1).map(|d| d * DAY), Some(END_INSTANT));
        assert_eq!(day_of_date(2024, 0, 1), None);
        assert_eq!(day_of_date(2024, 13, 1), None);
        assert_eq!(day_of_date(2024, 1, 0), None);
    }
}
