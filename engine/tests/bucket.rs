//! Buckets on the wall clock, against a clock that is watched tick by tick, and on days known from real zones.

use std::collections::BTreeSet;

use mrcall_engine::bucket::{self as grids, Grid, Width};
use mrcall_engine::time::{DAY, END_INSTANT, HOUR, MIN_INSTANT, SECOND};
use mrcall_engine::zone::{Segment, Zone, start_of_day, wall_clock};
use mrcall_engine::{Error, ErrorKind, Result};
use proptest::prelude::*;

const MINUTE: i64 = 60 * SECOND;

/// A width and where its grid begins.
#[derive(Debug, Clone, Copy)]
struct Cut {
    width: Width,
    origin: Option<i64>,
}

impl From<Width> for Cut {
    fn from(width: Width) -> Self {
        Self { width, origin: None }
    }
}

fn bucket(cut: &(impl Into<Cut> + Copy), ts: i64, zone: &impl Zone) -> Result<i64> {
    let Cut { width, origin } = (*cut).into();
    grids::bucket(&Grid::new(width, origin)?, ts, zone)
}

fn next_bucket(cut: &(impl Into<Cut> + Copy), ts: i64, zone: &impl Zone) -> Result<i64> {
    let Cut { width, origin } = (*cut).into();
    grids::next_bucket(&Grid::new(width, origin)?, ts, zone)
}

/// A zone made of its first offset and a list of changes, in microseconds.
#[derive(Debug, Clone)]
struct Clock {
    first: i64,
    changes: Vec<(i64, i64)>,
}

impl Clock {
    fn new(first: i64, changes: &[(i64, i64)]) -> Self {
        Self { first, changes: changes.to_vec() }
    }

    fn offset(&self, t: i64) -> i64 {
        self.changes.iter().rev().find(|(at, _)| *at <= t).map_or(self.first, |(_, offset)| *offset)
    }
}

impl Zone for Clock {
    fn segment(&self, t: i64) -> Result<Segment> {
        let start = self.changes.iter().map(|(at, _)| *at).filter(|at| *at <= t).max().unwrap_or(i64::MIN);
        let end = self.changes.iter().map(|(at, _)| *at).filter(|at| *at > t).min().unwrap_or(i64::MAX);
        Ok(Segment { offset: self.offset(t) / SECOND, start, end })
    }
}

/// The first days of the months from 1990 to 2029 in local microseconds, each with its number from January 2000.
fn months() -> Vec<(i64, i64)> {
    let mut day = -3_652;
    let mut months = Vec::new();
    for year in 1990..2030 {
        let february = if year % 4 == 0 { 29 } else { 28 };
        for (index, length) in (0..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
            months.push(((year - 2000) * 12 + index, day * DAY));
            day += length;
        }
    }
    months
}

/// Microseconds from 2000-01-01 00:00 to a date and time.
fn at(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> i64 {
    let number = (year - 2000) * 12 + month - 1;
    let first = months().into_iter().find(|(n, _)| *n == number).unwrap().1;
    first + (day - 1) * DAY + hour * HOUR + minute * MINUTE
}

/// Every bucket start in `[from, until)`, by watching the clock at each `tick`, of which all times are multiples.
/// Starts in the first days are unreliable: the watch does not know what the clock showed before.
fn watched_starts(cut: Cut, zone: &Clock, from: i64, until: i64, tick: i64) -> BTreeSet<i64> {
    let Cut { width, origin } = cut;
    let month_grid: BTreeSet<i64> = match width {
        Width::Months(n) => {
            let (first, begin) = months().into_iter().rfind(|(_, t)| *t <= origin.unwrap_or(0)).unwrap();
            let phase = origin.unwrap_or(0) - begin;
            let on_grid = |m: &i64| (m - first).rem_euclid(n.into()) == 0;
            months().into_iter().filter(|(m, _)| on_grid(m)).map(|(_, t)| t + phase).collect()
        }
        Width::Micros(_) => BTreeSet::new(),
    };
    let on_grid = |local: i64| match width {
        Width::Micros(w) => (local - origin.unwrap_or(2 * DAY)) % w == 0,
        Width::Months(_) => month_grid.contains(&local),
    };
    let every_time = matches!(width, Width::Micros(w) if w < DAY);
    let mut starts = BTreeSet::new();
    let mut reached = from - tick + zone.offset(from - tick);
    let mut previous = reached;
    let mut t = from;
    while t < until {
        let local = t + zone.offset(t);
        let is_start = if every_time {
            let mut passed = previous + tick;
            let mut found = on_grid(local);
            while passed <= local && !found {
                found = on_grid(passed);
                passed += tick;
            }
            found
        } else {
            let mut new = reached + tick;
            let mut found = false;
            while new <= local && !found {
                found = on_grid(new);
                new += tick;
            }
            found
        };
        if is_start {
            starts.insert(t);
        }
        reached = reached.max(local);
        previous = local;
        t += tick;
    }
    starts
}

/// Compares both functions with the watched starts at `instants` and around every start.
fn check(cut: Cut, zone: &Clock, starts: &BTreeSet<i64>, instants: &[i64]) -> std::result::Result<(), TestCaseError> {
    let around = starts.iter().flat_map(|start| [start - 1, *start, start + 1]);
    let mut last = (i64::MIN, i64::MIN, i64::MIN);
    let mut sorted: Vec<i64> = around.chain(instants.iter().copied()).collect();
    sorted.sort_unstable();
    let mut compared = 0;
    for t in sorted {
        let (Some(b), Some(n)) = (starts.range(..=t).next_back(), starts.range(t + 1..).next()) else { continue };
        let found = (bucket(&cut, t, zone).unwrap(), next_bucket(&cut, t, zone).unwrap());
        prop_assert_eq!(found, (*b, *n), "{:?} at {} in {:?}", cut, t, zone);
        prop_assert_eq!(bucket(&cut, *b, zone).unwrap(), *b);
        prop_assert!(last.1 <= *b && last.2 <= *n);
        last = (t, *b, *n);
        compared += 1;
    }
    prop_assert!(compared >= 3, "only {} instants compared for {:?}", compared, cut);
    Ok(())
}

/// Watches long enough before and after `middle` to see two buckets on either side.
fn check_around(cut: impl Into<Cut>, zone: &Clock, middle: i64, tick: i64) {
    let cut = cut.into();
    let span = match cut.width {
        Width::Micros(w) => 3 * w + 6 * DAY,
        Width::Months(n) => i64::from(n) * 31 * 2 * DAY + 6 * DAY,
    };
    let mut starts = watched_starts(cut, zone, middle - span, middle + span, tick);
    starts.retain(|start| *start > middle - span + 3 * DAY);
    let instants: Vec<i64> = (-60..60).map(|step| middle + step * 47 * MINUTE).collect();
    check(cut, zone, &starts, &instants).unwrap();
}

fn starts_from(width: Width, zone: &Clock, from: i64, until: i64) -> Vec<i64> {
    let mut starts = vec![bucket(&width, from, zone).unwrap()];
    while *starts.last().unwrap() < until {
        starts.push(next_bucket(&width, *starts.last().unwrap(), zone).unwrap());
    }
    starts.retain(|start| (from..until).contains(start));
    starts
}

fn new_york() -> Clock {
    let (standard, summer) = (-5 * HOUR, -4 * HOUR);
    let spring = at(2024, 3, 10, 7, 0);
    Clock::new(standard, &[(at(2023, 11, 5, 6, 0), standard), (spring, summer), (at(2024, 11, 3, 6, 0), standard)])
}

fn lord_howe() -> Clock {
    let (standard, summer) = (10 * HOUR + 30 * MINUTE, 11 * HOUR);
    Clock::new(summer, &[(at(2024, 4, 6, 15, 0), standard), (at(2024, 10, 5, 15, 30), summer)])
}

/// 2011-12-30 never happened in Apia.
fn samoa() -> Clock {
    Clock::new(-10 * HOUR, &[(at(2011, 12, 30, 10, 0), 14 * HOUR), (at(2012, 3, 31, 14, 0), 13 * HOUR)])
}

/// São Paulo: 24:00 became 23:00 on 2018-02-17, and 00:00 became 01:00 on 2018-11-04.
fn sao_paulo() -> Clock {
    Clock::new(-2 * HOUR, &[(at(2018, 2, 18, 2, 0), -3 * HOUR), (at(2018, 11, 4, 3, 0), -2 * HOUR)])
}

fn fixtures() -> Vec<(&'static str, Clock, i64)> {
    let hours = |middle: i64, changes: &[(i64, i64)]| {
        let changes: Vec<_> = changes.iter().map(|(m, offset)| (middle + m * MINUTE, offset * MINUTE)).collect();
        (changes, middle)
    };
    let double = hours(at(2020, 6, 1, 0, 0), &[(-120, 60), (60, -30), (75, 120), (400, 840), (500, -720)]);
    let backward = hours(at(2020, 6, 1, 0, 0), &[(0, 0), (20, -60), (40, -120), (60, -180), (61, -181)]);
    vec![
        ("New York, spring", new_york(), at(2024, 3, 10, 7, 0)),
        ("New York, autumn", new_york(), at(2024, 11, 3, 6, 0)),
        ("Lord Howe, autumn", lord_howe(), at(2024, 4, 6, 15, 0)),
        ("Lord Howe, spring", lord_howe(), at(2024, 10, 5, 15, 30)),
        ("Samoa", samoa(), at(2011, 12, 30, 10, 0)),
        ("São Paulo, autumn", sao_paulo(), at(2018, 2, 18, 2, 0)),
        ("São Paulo, spring", sao_paulo(), at(2018, 11, 4, 3, 0)),
        ("double", Clock::new(0, &double.0), double.1),
        ("backward", Clock::new(60 * MINUTE, &backward.0), backward.1),
        ("constant", Clock::new(345 * MINUTE, &[]), at(2020, 2, 28, 12, 0)),
    ]
}

fn widths() -> Vec<Width> {
    let minutes = [1, 7, 15, 30, 45, 60, 90, 120, 300, 720, 1_439, 1_440, 1_441, 2_160, 7 * 1_440, 10 * 1_440];
    minutes.map(|m| Width::Micros(m * MINUTE)).into_iter().chain([1, 3, 12].map(Width::Months)).collect()
}

#[test]
fn known_zones_agree_with_the_watched_clock() {
    for (name, zone, middle) in fixtures() {
        for width in widths() {
            println!("{name}, {width:?}");
            check_around(width, &zone, middle, MINUTE);
        }
    }
}

/// Days from four in the morning, weeks from Sunday, halves of an hour at five past, years from July, accounting months: all with
/// the clock changing beside their starts, and at them.
#[test]
fn origins_agree_with_the_watched_clock() {
    let origins = [at(2024, 3, 3, 0, 0), at(1996, 7, 28, 4, 0), at(2019, 10, 5, 2, 30), at(2001, 1, 1, 0, 5)];
    for (name, zone, middle) in fixtures() {
        for width in widths() {
            // One that the clock shows at the change, before it and after it.
            let here = [-1, 1].map(|step| middle + step * MINUTE + zone.offset(middle));
            let in_months = here.iter().filter(|at| matches!(width, Width::Micros(_)) || day_of_month(**at) < 28);
            for origin in origins.iter().chain(in_months) {
                println!("{name}, {width:?} from {origin}");
                check_around(Cut { width, origin: Some(*origin) }, &zone, middle, MINUTE);
            }
        }
    }
}

/// From 0.
fn day_of_month(local: i64) -> i64 {
    let begin = months().into_iter().rfind(|(_, t)| *t <= local).unwrap().1;
    (local - begin) / DAY
}

#[test]
fn a_bucket_starts_at_the_origin() {
    let (rome, new_york) = (
        Clock::new(HOUR, &[(at(2026, 3, 29, 1, 0), 2 * HOUR), (at(2026, 10, 25, 1, 0), HOUR)]),
        Clock::new(-5 * HOUR, &[(at(2026, 3, 8, 7, 0), -4 * HOUR), (at(2026, 11, 1, 6, 0), -5 * HOUR)]),
    );
    let day = Cut { width: Width::Micros(DAY), origin: Some(at(2000, 1, 1, 4, 0)) };
    // A business day from four, on the day on which the clock jumps.
    assert_eq!(bucket(&day, at(2026, 3, 29, 12, 0), &rome), Ok(at(2026, 3, 29, 2, 0)));
    assert_eq!(bucket(&day, at(2026, 3, 29, 1, 59), &rome), Ok(at(2026, 3, 28, 3, 0)));
    // A week from Sunday.
    let week = Cut { width: Width::Micros(7 * DAY), origin: Some(at(2000, 1, 2, 0, 0)) };
    assert_eq!(bucket(&week, at(2026, 3, 8, 12, 0), &new_york), Ok(at(2026, 3, 8, 5, 0)));
    assert_eq!(next_bucket(&week, at(2026, 3, 8, 12, 0), &new_york), Ok(at(2026, 3, 15, 4, 0)));
    // Half past two is skipped: the day begins when the clock jumps past it, and at the first of two half past twos.
    let night = Cut { width: Width::Micros(DAY), origin: Some(at(2026, 3, 29, 2, 30)) };
    assert_eq!(bucket(&night, at(2026, 3, 29, 12, 0), &rome), Ok(at(2026, 3, 29, 1, 0)));
    assert_eq!(bucket(&night, at(2026, 10, 25, 1, 31), &rome), Ok(at(2026, 10, 25, 0, 30)));
    // Months from the 26th, years from July.
    let month = Cut { width: Width::Months(1), origin: Some(at(2001, 5, 26, 0, 0)) };
    assert_eq!(bucket(&month, at(2026, 3, 1, 12, 0), &rome), Ok(at(2026, 2, 25, 23, 0)));
    assert_eq!(next_bucket(&month, at(2026, 3, 27, 12, 0), &rome), Ok(at(2026, 4, 25, 22, 0)));
    let year = Cut { width: Width::Months(12), origin: Some(at(2001, 7, 1, 0, 0)) };
    assert_eq!(bucket(&year, at(2026, 3, 1, 12, 0), &rome), Ok(at(2025, 6, 30, 23, 0)));
}

#[test]
fn origins_that_are_none() {
    let new = |width: Width, origin: i64| Grid::new(width, Some(origin)).unwrap_err();
    for width in [Width::Micros(HOUR), Width::Micros(DAY), Width::Months(1)] {
        for origin in [i64::MIN, i64::MAX, MIN_INSTANT - 1, END_INSTANT] {
            assert_eq!(new(width, origin).kind, ErrorKind::DatetimeOutOfRange);
        }
    }
    let error = new(Width::Months(12), at(2001, 2, 1, 0, 0) + 28 * DAY - 31 * DAY);
    assert_eq!(error.message, "origin is after day 28 of its month: 2001-01-29 00:00:00");
    assert_eq!(error.kind, ErrorKind::InvalidArgument);
    for origin in [at(2001, 2, 28, 23, 59), at(2001, 1, 1, 0, 0), MIN_INSTANT] {
        assert!(Grid::new(Width::Months(3), Some(origin)).is_ok());
    }
    assert!(Grid::new(Width::Micros(7 * DAY), Some(at(2001, 1, 31, 0, 0))).is_ok());
}

/// A day begins at the first instant at which the clock shows it or a later one, and a bucket begins there too.
#[test]
fn days_begin_where_the_watched_clock_reaches_them() {
    for (name, zone, middle) in fixtures() {
        let first = (middle + zone.offset(middle)).div_euclid(DAY);
        for day in first - 4..first + 5 {
            let reached = |t: &i64| *t + zone.offset(*t) >= day * DAY;
            let begin = (-12 * 1_440..12 * 1_440).map(|minute| middle + minute * MINUTE).find(reached).unwrap();
            let start = start_of_day(i32::try_from(day).unwrap(), &zone);
            assert_eq!(start, Ok(begin), "{name}, day {day}");
            assert_eq!(bucket(&Width::Micros(DAY), begin, &zone), Ok(begin), "{name}, day {day}");
            assert_eq!(wall_clock(begin, &zone), Ok(begin + zone.offset(begin)), "{name}, day {day}");
        }
    }
}

#[test]
fn days_out_of_range() {
    let zone = Clock::new(-10 * HOUR, &[]);
    for day in [i32::MAX, i32::MIN, i32::MAX - 1, i32::MIN + 1, -2_451_600] {
        assert_eq!(start_of_day(day, &zone).unwrap_err().kind, ErrorKind::DatetimeOutOfRange, "{day}");
    }
    assert_eq!(wall_clock(i64::MAX, &zone).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    assert_eq!(wall_clock(MIN_INSTANT, &zone).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
}

/// Until 1883 New York's clocks were 4:56:02 behind, and Monrovia's until 1972 0:44:30.
#[test]
fn offsets_with_seconds() {
    let middle = at(2001, 5, 1, 0, 0) + 17 * SECOND;
    let zone = Clock::new(
        -(4 * HOUR + 56 * MINUTE + 2 * SECOND),
        &[(middle, -5 * HOUR), (middle + 3 * HOUR, -2_670 * SECOND)],
    );
    for minutes in [1, 7, 60, 90, 300, 1_440, 2_160] {
        check_around(Width::Micros(minutes * MINUTE), &zone, middle, SECOND);
    }
}

#[test]
fn days_of_23_and_25_hours() {
    let (hour, day) = (Width::Micros(HOUR), Width::Micros(DAY));
    let zone = new_york();
    for (month, date, offset, hours) in [(3, 10, 5, 23), (11, 3, 4, 25), (7, 4, 4, 24)] {
        let start = at(2024, month, date, offset, 0);
        let end = next_bucket(&day, start, &zone).unwrap();
        assert_eq!((bucket(&day, start + 20 * HOUR, &zone), end), (Ok(start), start + hours * HOUR));
        assert_eq!(starts_from(hour, &zone, start, end), (0..hours).map(|h| start + h * HOUR).collect::<Vec<_>>());
    }
    // Half an hour of daylight saving: 10:30 ahead, the clock shows 01:30 again at the change, and 02:00 once.
    let change = at(2024, 4, 6, 15, 0);
    let starts = starts_from(hour, &lord_howe(), change - HOUR, change + 2 * HOUR);
    assert_eq!(starts, [change - HOUR, change + 30 * MINUTE, change + 90 * MINUTE]);
}

#[test]
fn a_skipped_day_has_no_bucket() {
    let day = Width::Micros(DAY);
    let skip = at(2011, 12, 30, 10, 0);
    assert_eq!(starts_from(day, &samoa(), skip - DAY, skip + 2 * DAY), [skip - DAY, skip, skip + DAY]);
    assert_eq!(bucket(&day, skip - 1, &samoa()), Ok(skip - DAY));
}

/// The clock went from 23:59:59 back to 23:00: Sunday starts an hour later, once; 23:00 starts twice.
#[test]
fn midnight_that_comes_late() {
    let change = at(2018, 2, 18, 2, 0);
    let starts = starts_from(Width::Micros(DAY), &sao_paulo(), change - 2 * DAY, change + DAY);
    assert_eq!(starts, [change - 2 * DAY, change - DAY, change + HOUR]);
    let starts = starts_from(Width::Micros(HOUR), &sao_paulo(), change - HOUR, change + 2 * HOUR);
    assert_eq!(starts, [change - HOUR, change, change + HOUR]);
    // 00:00 became 01:00: Sunday starts at the change.
    let change = at(2018, 11, 4, 3, 0);
    assert_eq!(bucket(&Width::Micros(DAY), change + HOUR, &sao_paulo()), Ok(change));
}

#[test]
fn the_grid_starts_on_a_monday_and_in_january() {
    let utc = Clock::new(0, &[]);
    let week = Width::new(0, 7, 0).unwrap();
    assert_eq!(bucket(&week, at(2024, 2, 29, 12, 0), &utc), Ok(at(2024, 2, 26, 0, 0)));
    assert_eq!(bucket(&week, -1, &utc), Ok(-5 * DAY));
    let quarter = Width::new(3, 0, 0).unwrap();
    assert_eq!(bucket(&quarter, at(2024, 2, 29, 12, 0), &utc), Ok(at(2024, 1, 1, 0, 0)));
    assert_eq!(next_bucket(&quarter, at(1999, 12, 31, 0, 0), &utc), Ok(0));
    assert_eq!(bucket(&Width::Months(5), -1, &utc), Ok(at(1999, 8, 1, 0, 0)));
}

#[test]
fn widths_that_are_none() {
    assert_eq!(Width::new(0, 1, HOUR), Ok(Width::Micros(25 * HOUR)));
    assert_eq!(Width::new(0, 1, -HOUR), Ok(Width::Micros(23 * HOUR)));
    assert_eq!(Width::new(12, 0, 0), Ok(Width::Months(12)));
    let utc = Clock::new(0, &[]);
    for (months, days, micros) in [(0, 0, 0), (0, -1, 0), (0, 0, -1), (-1, 0, 0), (1, 1, 0), (1, 0, 1), (-1, 40, 0)] {
        let error = Width::new(months, days, micros).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidArgument, "{error}");
        assert!(!error.hint.is_empty());
    }
    for (months, days, micros) in [(0, i32::MAX, 0), (i32::MAX, i32::MAX, i64::MAX), (i32::MIN, i32::MIN, i64::MIN)] {
        assert_eq!(Width::new(months, days, micros).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    }
    for width in [Width::Micros(0), Width::Micros(i64::MIN), Width::Months(0), Width::Months(i32::MIN)] {
        assert_eq!(bucket(&width, 0, &utc).unwrap_err().kind, ErrorKind::InvalidArgument);
        assert_eq!(next_bucket(&width, 0, &utc).unwrap_err().kind, ErrorKind::InvalidArgument);
    }
}

#[test]
fn the_ends_of_the_range() {
    let utc = Clock::new(0, &[]);
    let hour = Width::Micros(HOUR);
    assert_eq!(bucket(&hour, MIN_INSTANT, &utc), Ok(MIN_INSTANT));
    assert_eq!(bucket(&Width::Micros(DAY), MIN_INSTANT + 5, &utc), Ok(MIN_INSTANT));
    assert_eq!(bucket(&hour, END_INSTANT - 1, &utc), Ok(END_INSTANT - HOUR));
    assert_eq!(bucket(&Width::Micros(i64::MAX), 3 * DAY, &utc), Ok(2 * DAY));
    assert_eq!(bucket(&Width::Months(i32::MAX), DAY, &utc), Ok(0));
    let out = |result: Result<i64>| assert_eq!(result.unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    for width in [hour, Width::Micros(DAY), Width::Months(1), Width::Micros(i64::MAX), Width::Months(i32::MAX)] {
        for ts in [i64::MIN, i64::MAX, MIN_INSTANT - 1, END_INSTANT] {
            out(bucket(&width, ts, &utc));
            out(next_bucket(&width, ts, &utc));
        }
        out(next_bucket(&width, END_INSTANT - 1, &utc));
    }
    out(bucket(&Width::Months(1), MIN_INSTANT, &utc));
    out(bucket(&hour, MIN_INSTANT, &Clock::new(30 * MINUTE, &[])));
    out(bucket(&Width::Micros(i64::MAX), 0, &utc));
    out(next_bucket(&Width::Micros(i64::MAX), 3 * DAY, &utc));
}

/// A zone that contradicts itself, fails, or changes too often ends in an error.
#[test]
fn broken_zones() {
    struct Broken(Result<Segment>);
    impl Zone for Broken {
        fn segment(&self, _: i64) -> Result<Segment> {
            self.0.clone()
        }
    }
    /// A new stretch every microsecond.
    struct Nervous;
    impl Zone for Nervous {
        fn segment(&self, t: i64) -> Result<Segment> {
            Ok(Segment { offset: -(t % 3), start: t, end: t.saturating_add(1) })
        }
    }
    let failure = Error::invalid("no such zone", "Use another.");
    for width in [Width::Micros(HOUR), Width::Micros(DAY), Width::Months(1)] {
        let both = |zone: &Broken| [bucket(&width, 0, zone), next_bucket(&width, 0, zone)];
        assert_eq!(both(&Broken(Err(failure.clone()))), [Err(failure.clone()), Err(failure.clone())]);
        for segment in [
            Segment { offset: 0, start: 1, end: 2 },
            Segment { offset: 0, start: -1, end: 0 },
            Segment { offset: i64::MIN, start: i64::MIN, end: i64::MAX },
            Segment { offset: 169 * 3_600, start: i64::MIN, end: i64::MAX },
        ] {
            for result in both(&Broken(Ok(segment))) {
                assert_eq!(result.unwrap_err().kind, ErrorKind::InvalidArgument);
            }
        }
        assert_eq!(bucket(&width, 5 * DAY + 7 * MINUTE, &Nervous).unwrap_err().kind, ErrorKind::LimitExceeded);
        assert_eq!(next_bucket(&width, 5 * DAY + 7 * MINUTE, &Nervous).unwrap_err().kind, ErrorKind::LimitExceeded);
    }
}

/// Any offset that PostgreSQL can name, minutes apart or days apart.
fn any_clock() -> impl Strategy<Value = Clock> {
    let offset = || prop_oneof![(-12 * 60..=14 * 60i64), (-48..=56i64).prop_map(|quarter| quarter * 15)];
    let gap = prop_oneof![1..30i64, 30..600i64, 600..6_000i64];
    (offset(), proptest::collection::vec((gap, offset()), 0..8)).prop_map(|(first, steps)| {
        let mut now = at(2012, 2, 25, 0, 0);
        let mut change = |(gap, offset)| {
            now += gap * MINUTE;
            (now, offset * MINUTE)
        };
        Clock { first: first * MINUTE, changes: steps.into_iter().map(&mut change).collect() }
    })
}

fn any_width() -> impl Strategy<Value = Width> {
    prop_oneof![
        (1..1_440i64).prop_map(|m| Width::Micros(m * MINUTE)),
        (1_440..30_000i64).prop_map(|m| Width::Micros(m * MINUTE)),
        (1..31i64).prop_map(|d| Width::Micros(d * DAY)),
        proptest::sample::select(widths()),
        (1..4i32).prop_map(Width::Months),
    ]
}

/// No origin, or one that any width can have, in minutes.
fn any_origin() -> impl Strategy<Value = Option<i64>> {
    let month = (0..480usize).prop_map(|nr| months()[nr].1);
    let within = prop_oneof![Just(0), (0..28i64).prop_map(|d| d * DAY), (0..28 * 1_440i64).prop_map(|m| m * MINUTE)];
    proptest::option::of((month, within).prop_map(|(month, within)| month + within))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn random_zones_agree_with_the_watched_clock(
        zone in any_clock(),
        width in any_width(),
        origin in any_origin(),
        instants in proptest::collection::vec(0..40 * DAY, 0..20),
    ) {
        let span = match width {
            Width::Micros(w) => 2 * w,
            Width::Months(n) => i64::from(n) * 62 * DAY,
        };
        let (from, until) = (at(2012, 2, 22, 0, 0) - span, at(2012, 4, 1, 0, 0) + span);
        let cut = Cut { width, origin };
        let mut starts = watched_starts(cut, &zone, from, until, MINUTE);
        starts.retain(|start| *start > from + 2 * DAY);
        let instants: Vec<i64> = instants.into_iter().map(|t| at(2012, 2, 22, 0, 0) + t).collect();
        check(cut, &zone, &starts, &instants)?;
    }

    /// The promises of the contract at any instant, width and zone, microseconds included.
    #[test]
    fn buckets_hold_their_instants(
        zone in any_clock(),
        width in prop_oneof![
            (1..i64::MAX).prop_map(Width::Micros),
            (1..3 * DAY).prop_map(Width::Micros),
            (1..=i32::MAX).prop_map(Width::Months),
        ],
        near in -40 * DAY..40 * DAY,
        any in MIN_INSTANT..END_INSTANT,
        origin in prop_oneof![any_origin(), (MIN_INSTANT..END_INSTANT).prop_map(Some)],
    ) {
        let cut = Cut { width, origin };
        // After the 28th no month begins.
        prop_assume!(Grid::new(width, origin).is_ok());
        for ts in [at(2012, 3, 1, 0, 0) + near, any, MIN_INSTANT + near.abs(), END_INSTANT - 1 - near.abs()] {
            let (start, next) = (bucket(&cut, ts, &zone), next_bucket(&cut, ts, &zone));
            for error in [&start, &next].into_iter().filter_map(|result| result.as_ref().err()) {
                prop_assert_eq!(error.kind, ErrorKind::DatetimeOutOfRange);
            }
            if let Ok(start) = start {
                prop_assert!(start <= ts);
                prop_assert_eq!(bucket(&cut, start, &zone), Ok(start));
                prop_assert_eq!(next_bucket(&cut, start, &zone), next.clone());
            }
            if let Ok(next) = next {
                prop_assert!(next > ts);
                prop_assert_eq!(bucket(&cut, next, &zone), Ok(next));
                if next - 1 > ts {
                    prop_assert_eq!(bucket(&cut, next - 1, &zone), start);
                }
            }
        }
    }
}
