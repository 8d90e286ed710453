//! Exact durations and the range of instants, shared by every function that takes an `interval` or a `timestamptz`.

use crate::calendar::{first_day_of_month, month_of_day};
use crate::error::{Error, ErrorKind, Result};

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// First instant of PostgreSQL's `timestamptz` range: 4714-11-24 00:00 BC UTC, in microseconds since 2000-01-01 UTC.
pub const MIN_INSTANT: i64 = -211_813_488_000_000_000;
/// End of that range (exclusive): 294277-01-01 00:00 UTC.
pub const END_INSTANT: i64 = 9_223_371_331_200_000_000;

/// The exact length, in microseconds, of an interval of `months`, `days` and `micros`: a day is 24 hours in every zone.
///
/// `name` is the argument's name for the message. Months other than 0 have no exact length: `22023`. Too long for 64
/// bits, or PostgreSQL 17's `infinity`: `22008`. The SQL layer handles NULL. Source: docs/buckets.md.
pub fn exact_micros(months: i32, days: i32, micros: i64, name: &str) -> Result<i64> {
    if is_infinite(months, days, micros) {
        return Err(out_of_range(format!("{name} is infinite"), format!("Give {name} a finite length.")));
    }
    if months != 0 {
        return Err(Error::invalid(
            format!("{name} has months, which have no fixed length: {}", interval_text(months, days, micros)),
            "Write it in days, for example interval '30 days'.",
        ));
    }
    i64::from(days).checked_mul(DAY).and_then(|d| d.checked_add(micros)).ok_or_else(|| {
        out_of_range(
            format!("{name} is too long: {}", interval_text(months, days, micros)),
            "Use an interval of less than 290000 years.",
        )
    })
}

/// `micros` when it is above zero, else `22023` with `name` and the value.
pub fn positive(micros: i64, name: &str) -> Result<i64> {
    if micros > 0 {
        return Ok(micros);
    }
    Err(Error::invalid(
        format!("{name} must be positive, not {}", interval_text(0, 0, micros)),
        format!("Give {name} a length above zero, for example interval '30 minutes'."),
    ))
}

/// `micros` when it is zero or above, else `22023` with `name` and the value.
pub fn not_negative(micros: i64, name: &str) -> Result<i64> {
    if micros >= 0 {
        return Ok(micros);
    }
    Err(Error::invalid(
        format!("{name} must not be negative: {}", interval_text(0, 0, micros)),
        format!("Give {name} a length of zero or above, for example interval '30 days'."),
    ))
}

/// `instant` when it is neither `infinity` nor `-infinity` (`i64::MAX`, `i64::MIN`), else `22008`.
pub fn finite(instant: i64, name: &str) -> Result<i64> {
    match instant {
        i64::MAX => Err(out_of_range(format!("{name} is infinity"), "Use a finite timestamp.")),
        i64::MIN => Err(out_of_range(format!("{name} is -infinity"), "Use a finite timestamp.")),
        _ => Ok(instant),
    }
}

/// Whether `instant` (microseconds since 2000-01-01 UTC) is a finite value of PostgreSQL's `timestamptz`.
pub fn in_range(instant: i64) -> bool {
    (MIN_INSTANT..END_INSTANT).contains(&instant)
}

/// An error of class `22008`.
pub(crate) fn out_of_range(message: impl Into<String>, hint: impl Into<String>) -> Error {
    Error::new(ErrorKind::DatetimeOutOfRange, message, hint)
}

/// PostgreSQL 17 and later write `infinity` as the largest value of every field, `-infinity` as the smallest.
pub(crate) fn is_infinite(months: i32, days: i32, micros: i64) -> bool {
    matches!((months, days, micros), (i32::MAX, i32::MAX, i64::MAX) | (i32::MIN, i32::MIN, i64::MIN))
}

/// Microseconds from 1970-01-01 to 2000-01-01 UTC.
pub(crate) const UNIX_TO_2000: i64 = 10_957 * DAY;

/// An instant as text for messages, in UTC as PostgreSQL writes it: `2026-05-01 12:30:05.25+00`.
pub fn instant_text(instant: i64) -> String {
    text_of(instant, "+00")
}

/// What a wall clock shows as text for messages, as PostgreSQL writes a `timestamp`.
pub fn clock_text(local: i64) -> String {
    text_of(local, "")
}

fn text_of(instant: i64, zone: &str) -> String {
    let (day, micros) = (instant.div_euclid(DAY), instant.rem_euclid(DAY));
    if instant == i64::MAX || instant == i64::MIN {
        return if instant > 0 { "infinity" } else { "-infinity" }.to_owned();
    }
    let month = month_of_day(day);
    // The year before the year 1 is 1 BC, here the year 0.
    let year = 2_000 + month.div_euclid(12);
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    let (seconds, fraction) = (micros / SECOND, micros % SECOND);
    let [hour, minute, second] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    let (month, day) = (month.rem_euclid(12) + 1, day - first_day_of_month(month) + 1);
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{fraction:06}");
    // Trailing zeros and the point go, not those of the seconds.
    let kept = if fraction == 0 { text.len() - 7 } else { text.trim_end_matches('0').len() };
    format!("{}{zone}{era}", &text[..kept])
}

/// An interval as text for messages, `2 mons -1 days 00:30:00.5`.
pub fn interval_text(months: i32, days: i32, micros: i64) -> String {
    let mut parts = Vec::new();
    for (count, unit) in [(months, "mon"), (days, "day")] {
        match count {
            0 => {}
            1 => parts.push(format!("1 {unit}")),
            _ => parts.push(format!("{count} {unit}s")),
        }
    }
    if micros != 0 || parts.is_empty() {
        let (sign, total) = (if micros < 0 { "-" } else { "" }, micros.unsigned_abs());
        let (seconds, fraction) = (total / 1_000_000, total % 1_000_000);
        let mut time = format!("{sign}{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
        if fraction != 0 {
            time.push_str(format!(".{fraction:06}").trim_end_matches('0'));
        }
        parts.push(time);
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::day_of_date;

    #[test]
    fn a_day_is_24_hours() {
        assert_eq!(exact_micros(0, 2, -HOUR, "gap"), Ok(2 * DAY - HOUR));
        assert_eq!(exact_micros(0, 0, 0, "gap"), Ok(0));
        assert_eq!(exact_micros(0, -1, i64::MAX, "gap"), Ok(i64::MAX - DAY));
    }

    #[test]
    fn months_overflow_and_infinity_are_errors() {
        let error = exact_micros(1, 2, 30 * 60 * SECOND, "gap").unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument);
        assert_eq!(error.message, "gap has months, which have no fixed length: 1 mon 2 days 00:30:00");
        for (months, days, micros) in [
            (0, i32::MAX, 0),
            (0, i32::MIN, 0),
            (0, 1, i64::MAX),
            (i32::MAX, i32::MAX, i64::MAX),
            (i32::MIN, i32::MIN, i64::MIN),
        ] {
            let error = exact_micros(months, days, micros, "gap").unwrap_err();
            assert_eq!(error.kind, ErrorKind::DatetimeOutOfRange, "{error}");
        }
    }

    #[test]
    fn instants_are_dates() {
        let at = |date: i64, time: i64| date * DAY + time;
        for (instant, text) in [
            (0, "2000-01-01 00:00:00+00"),
            (-1, "1999-12-31 23:59:59.999999+00"),
            (at(9617, 12 * HOUR + 30 * 60 * SECOND + 5_250_000), "2026-05-01 12:30:05.25+00"),
            (at(-730_119, 0), "0001-01-01 00:00:00+00"),
            (at(-730_119, -1), "0001-12-31 23:59:59.999999+00 BC"),
            // The ends of PostgreSQL's range, and beyond.
            (MIN_INSTANT, "4714-11-24 00:00:00+00 BC"),
            (END_INSTANT - 1, "294276-12-31 23:59:59.999999+00"),
            (i64::MAX, "infinity"),
            (i64::MIN, "-infinity"),
            (i64::MAX - 1, "294277-01-09 04:00:54.775806+00"),
            (i64::MIN + 1, "290279-12-22 19:59:05.224193+00 BC"),
            (at(59, 10 * SECOND), "2000-02-29 00:00:10+00"),
            (day_of_date(262_142, 12, 31).unwrap() * DAY, "262142-12-31 00:00:00+00"),
            (day_of_date(262_143, 1, 1).unwrap() * DAY, "262143-01-01 00:00:00+00"),
        ] {
            assert_eq!(instant_text(instant), text);
        }
    }

    #[test]
    fn signs() {
        assert_eq!(positive(1, "gap"), Ok(1));
        assert_eq!(not_negative(0, "lookback"), Ok(0));
        assert_eq!(positive(0, "gap").unwrap_err().message, "gap must be positive, not 00:00:00");
        assert_eq!(
            not_negative(-90_500_000, "lookback").unwrap_err().message,
            "lookback must not be negative: -00:01:30.5"
        );
        assert_eq!(not_negative(i64::MIN, "lookback").unwrap_err().kind, ErrorKind::InvalidArgument);
    }

    #[test]
    fn instants() {
        assert_eq!(finite(0, "ts"), Ok(0));
        for infinite in [i64::MAX, i64::MIN] {
            assert_eq!(finite(infinite, "ts").unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
        }
        assert!(in_range(MIN_INSTANT) && !in_range(MIN_INSTANT - 1));
        assert!(in_range(END_INSTANT - 1) && !in_range(END_INSTANT));
    }
}
