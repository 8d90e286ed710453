//! Instants as mail, web servers and carriers write them: with the month's name, or in ISO 8601's basic form.

use crate::calendar::day_of_date;
use crate::time::{DAY, HOUR};
use crate::values::TimestampReader;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// 2000-01-01, from which days are counted, was a Saturday.
const SATURDAY: i64 = 5;
/// The names that RFC 5322 gives an offset to, in hours. All others, and the letters of military zones, name different ones.
const ZONES: [(&str, i64); 12] = [
    ("gmt", 0),
    ("ut", 0),
    ("utc", 0),
    ("z", 0),
    ("est", -5),
    ("edt", -4),
    ("cst", -6),
    ("cdt", -5),
    ("mst", -7),
    ("mdt", -6),
    ("pst", -8),
    ("pdt", -7),
];

/// The instant that a text names, microseconds since 2000-01-01 UTC:
///
/// - RFC 5322 (and 2822, 822): `Mon, 04 May 2026 10:00:00 +0000`, the day of the week and the seconds optional;
/// - RFC 850: `Monday, 04-May-26 10:00:00 GMT`;
/// - C's `asctime`, with or without a zone: `Mon May  4 10:00:00 2026`, `Mon May 4 10:00:00 UTC 2026`;
/// - JavaScript's `Mon May 04 2026 10:00:00 GMT+0000 (Coordinated Universal Time)`;
/// - ISO 8601's basic form: `20260504T100000.5Z`, `20260504T1000+02`.
///
/// Without a zone it is UTC. A day of the week that is not the date's is an error of whoever wrote it: `None`. A year of two digits
/// is taken where a day of the week confirms it.
pub(crate) fn instant(text: &[u8]) -> Option<i64> {
    if text.first()?.is_ascii_digit() && text.get(8).is_some_and(|byte| matches!(byte, b'T' | b't')) {
        return basic(text);
    }
    let mut rest = Words(without_comment(text));
    let weekday = rest.name(&WEEKDAYS);
    if weekday.is_some() {
        rest.skip(b",");
    }
    let parts = if rest.0.first()?.is_ascii_digit() { day_first(&mut rest)? } else { month_first(&mut rest)? };
    let Parts { year, month, day, time, offset } = parts;
    let date = day_of_date(year.of(weekday)?, month, day)?;
    if weekday.is_some_and(|weekday| (date + SATURDAY).rem_euclid(7) != weekday) {
        return None;
    }
    rest.0.is_empty().then_some(date * DAY + time - offset)
}

struct Parts {
    year: Year,
    month: i64,
    day: i64,
    time: i64,
    offset: i64,
}

#[derive(Clone, Copy)]
enum Year {
    Full(i64),
    /// RFC 5322: 00 to 49 are of this century, the others of the last.
    Short(i64),
}

impl Year {
    fn of(self, weekday: Option<i64>) -> Option<i64> {
        match self {
            Self::Full(year) => (year > 0).then_some(year),
            Self::Short(year) => weekday.map(|_| if year < 50 { 2_000 + year } else { 1_900 + year }),
        }
    }
}

/// `04 May 2026 10:00:00 +0000`, with dashes between the parts of the date as well.
fn day_first(rest: &mut Words<'_>) -> Option<Parts> {
    let day = rest.number(1..=2)?;
    let between: &[u8] = if rest.0.first() == Some(&b'-') { b"-" } else { b" " };
    rest.need(between)?;
    let month = rest.month()?;
    rest.need(between)?;
    let year = rest.year()?;
    rest.need(b" ")?;
    let time = rest.time()?;
    Some(Parts { year, month, day, time, offset: rest.zone()? })
}

/// `May  4 10:00:00 2026`, `May 4 10:00:00 UTC 2026`, `May 04 2026 10:00:00 GMT+0000`.
fn month_first(rest: &mut Words<'_>) -> Option<Parts> {
    let month = rest.month()?;
    rest.need(b" ")?;
    let day = rest.number(1..=2)?;
    rest.need(b" ")?;
    let is_time = rest.0.get(2) == Some(&b':');
    let year = if is_time { None } else { Some(rest.year()?) };
    if year.is_some() {
        rest.need(b" ")?;
    }
    let time = rest.time()?;
    if let Some(year) = year {
        return Some(Parts { year, month, day, time, offset: rest.zone()? });
    }
    rest.need(b" ")?;
    let has_zone = !rest.0.first()?.is_ascii_digit();
    let offset = if has_zone { rest.named_zone()? } else { 0 };
    if has_zone {
        rest.need(b" ")?;
    }
    Some(Parts { year: rest.year()?, month, day, time, offset })
}

/// The text without what stands in brackets at its end, which says a zone for people.
fn without_comment(text: &[u8]) -> &[u8] {
    let cut = text.strip_suffix(b")").and_then(|inside| inside.iter().rposition(|byte| *byte == b'('));
    cut.and_then(|at| text.get(..at)).unwrap_or(text).trim_ascii_end()
}

/// What is still to be read, no blank before it.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    /// Blanks, and one byte among them.
    fn skip(&mut self, byte: &[u8; 1]) -> bool {
        self.0 = self.0.trim_ascii_start();
        let found = self.0.strip_prefix(byte);
        self.0 = found.unwrap_or(self.0).trim_ascii_start();
        found.is_some()
    }

    /// One byte; for a blank, blanks.
    fn need(&mut self, byte: &[u8]) -> Option<()> {
        let rest = self.0.strip_prefix(byte).or_else(|| (byte == b" ").then(|| self.0.trim_ascii_start()))?;
        let found = rest.len() < self.0.len();
        self.0 = if byte == b" " { rest.trim_ascii_start() } else { rest };
        found.then_some(())
    }

    fn letters(&self) -> &[u8] {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        self.0.get(..length).unwrap_or_default()
    }

    /// The place of the name that the text goes on with: its first three letters, or all of it, with or without a point.
    fn name(&mut self, names: &[&str]) -> Option<i64> {
        let letters = self.letters();
        let is_it = |name: &&str| {
            let name = name.as_bytes();
            letters.eq_ignore_ascii_case(name) || name.get(..3).is_some_and(|short| letters.eq_ignore_ascii_case(short))
        };
        let place = names.iter().position(is_it)?;
        self.0 = self.0.get(letters.len()..)?;
        i64::try_from(place).ok()
    }

    /// From 1.
    fn month(&mut self) -> Option<i64> {
        self.name(&MONTHS).map(|place| place + 1)
    }

    /// A number of so many digits, and no more.
    fn number(&mut self, digits: core::ops::RangeInclusive<usize>) -> Option<i64> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at_checked(length).filter(|_| digits.contains(&length))?;
        self.0 = rest;
        Some(number.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn year(&mut self) -> Option<Year> {
        let before = self.0.len();
        let year = self.number(2..=4)?;
        match before - self.0.len() {
            2 => Some(Year::Short(year)),
            4 => Some(Year::Full(year)),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<i64> {
        let mut reader = TimestampReader(self.0);
        let time = reader.time_of_day()?;
        self.0 = reader.0;
        Some(time)
    }

    /// The offset up to the end of the text: `+0200`, `GMT+0200`, a name, or nothing.
    fn zone(&mut self) -> Option<i64> {
        if self.0.is_empty() {
            return Some(0);
        }
        self.need(b" ")?;
        let name = self.letters();
        let is_utc = [b"GMT", b"UTC"].iter().any(|utc| name.eq_ignore_ascii_case(*utc));
        if is_utc && self.0.get(3).is_some_and(|byte| matches!(byte, b'+' | b'-')) {
            self.0 = self.0.get(3..)?;
        }
        if matches!(self.0.first(), Some(b'+' | b'-')) {
            let mut reader = TimestampReader(self.0);
            let offset = reader.zone()?;
            self.0 = reader.0;
            return Some(offset);
        }
        self.named_zone()
    }

    fn named_zone(&mut self) -> Option<i64> {
        let name = self.letters();
        let (_, hours) = ZONES.iter().find(|(zone, _)| name.eq_ignore_ascii_case(zone.as_bytes()))?;
        self.0 = self.0.get(name.len()..)?;
        Some(hours * HOUR)
    }
}

/// `20260504T100000.5Z`: a date of eight digits, a time of four or six.
fn basic(text: &[u8]) -> Option<i64> {
    let mut rest = TimestampReader(text);
    let year = rest.digits::<4>().filter(|year| *year > 0)?;
    let (month, day) = (rest.digits::<2>()?, rest.digits::<2>()?);
    let midnight = day_of_date(year, month, day)? * DAY;
    rest.expect(b'T').or_else(|| rest.expect(b't'))?;
    let local = midnight + rest.basic_time_of_day()?;
    let instant = local - rest.zone()?;
    rest.is_empty().then_some(instant)
}
