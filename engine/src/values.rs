//! Values found as text in JSON documents. What does not parse is `None`, never an error: one bad field must not fail a
//! report. What does parse is accepted by PostgreSQL's own input functions.

use data_encoding::BASE64URL_NOPAD;

use crate::calendar::day_of_date;
use crate::resource::memory::demand;
use crate::time::{DAY, HOUR, SECOND, UNIX_TO_2000};
use crate::written_date;

/// Most digits of a number.
pub const MAX_NUMERIC_DIGITS: usize = 1_000;
/// Largest exponent of a number, either way.
pub const MAX_NUMERIC_EXPONENT: u32 = 300;
/// Longest JWS text, bytes. Apple's are about 10 kB.
pub const MAX_JWS_LENGTH: usize = 1 << 20;
/// Beyond this the memory for it is asked for: a list of one digit each takes 32 bytes for two, twice while it grows.
const LONG_PAYLOAD: usize = 8 << 10;
const BYTES_OF_BYTE: usize = 64;

const MINUTE: i64 = 60 * SECOND;

/// The instant, microseconds since 2000-01-01 UTC, that a text names, whatever the session's settings.
///
/// - RFC 3339 and ISO 8601's extended form: `2024-02-29`, alone or followed by `T` or one space and `12:30`,
///   `12:30:05` or `12:30:05.25`, then optionally a zone, after at most one space: `Z`, `UTC`, `GMT`, `+02`, `+0200`,
///   `+02:00`, `+02:00:30`. Without a zone it is UTC, without a time midnight. Seconds of 60 and the time 24:00:00
///   roll over, and fractions are rounded to microseconds, half to even, as in PostgreSQL.
/// - An offset may be followed by the zone's name in square brackets, as Java writes it (RFC 9557): `+02:00[Europe/Rome]`.
/// - Digits alone are Unix time: up to 10 of them seconds, 11 to 13 milliseconds, 14 to 16 microseconds. Those that read as a date
///   of the years 1900 to 2199 as well, `20260504`, `202605041000`, `20260504100000`, are either: `None`.
/// - What [`written_date`] reads: RFC 5322, RFC 850, `asctime`, ISO 8601's basic form.
///
/// White space around the text is ignored. Anything else, `infinity` included, is `None`.
///
/// By hand because chrono's formats read no `+02`, no `+02:00:30`, no second 60, no 24:00, and cut fractions instead of rounding
/// them half to even.
pub fn timestamptz(text: impl AsRef<[u8]>) -> Option<i64> {
    let text = text.as_ref().trim_ascii();
    if !text.is_empty() && text.iter().all(u8::is_ascii_digit) {
        return unix_time(text);
    }
    extended(text).or_else(|| written_date::instant(text))
}

/// ISO 8601's extended form.
#[inline]
fn extended(text: &[u8]) -> Option<i64> {
    let mut rest = TimestampReader(text);
    let year = rest.digits::<4>().filter(|year| *year > 0)?;
    rest.expect(b'-')?;
    let month = rest.digits::<2>()?;
    rest.expect(b'-')?;
    let midnight = day_of_date(year, month, rest.digits::<2>()?)? * DAY;
    if rest.is_empty() {
        return Some(midnight);
    }
    rest.expect(b'T').or_else(|| rest.expect(b't')).or_else(|| rest.expect(b' '))?;
    let local = midnight + rest.time_of_day()?;
    // Years of four digits and 16 digits of microseconds lie well inside PostgreSQL's range.
    let instant = local - rest.zone()?;
    rest.is_empty().then_some(instant)
}

fn unix_time(digits: &[u8]) -> Option<i64> {
    if reads_as_date(digits) {
        return None;
    }
    let unit = match digits.len() {
        ..=10 => SECOND,
        11..=13 => 1_000,
        14..=16 => 1,
        _ => return None,
    };
    let number = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some(number * unit - UNIX_TO_2000)
}

/// Whether digits may be meant for a date, with or without a time, rather than for Unix time.
fn reads_as_date(digits: &[u8]) -> bool {
    let mut rest = TimestampReader(digits);
    let mut date = || {
        let (year, month, day) = (rest.digits::<4>()?, rest.digits::<2>()?, rest.digits::<2>()?);
        let is_date = (1_900..2_200).contains(&year) && day_of_date(year, month, day).is_some();
        (is_date && (rest.is_empty() || rest.basic_time_of_day().is_some() && rest.is_empty())).then_some(())
    };
    matches!(digits.len(), 8 | 12 | 14) && date().is_some()
}

/// What is still to be read of a timestamp.
pub(crate) struct TimestampReader<'a>(pub(crate) &'a [u8]);

impl TimestampReader<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn expect(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// A number of exactly `N` digits.
    #[inline]
    pub(crate) fn digits<const N: usize>(&mut self) -> Option<i64> {
        let (digits, rest) = self.0.split_first_chunk::<N>()?;
        let mut number = 0;
        for digit in digits.map(|byte| byte.wrapping_sub(b'0')) {
            if digit > 9 {
                return None;
            }
            number = number * 10 + i64::from(digit);
        }
        self.0 = rest;
        Some(number)
    }

    /// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fraction`, in microseconds.
    pub(crate) fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.digits::<2>()?;
        self.expect(b':')?;
        let minute = self.digits::<2>().filter(|minute| *minute < 60)?;
        let mut time = hour * HOUR + minute * MINUTE;
        if self.expect(b':').is_some() {
            time += self.digits::<2>().filter(|second| *second <= 60)? * SECOND;
            if self.expect(b'.').or_else(|| self.expect(b',')).is_some() {
                time += self.fraction()?;
            }
        }
        (hour < 24 || time == DAY).then_some(time)
    }

    /// `HHMM`, `HHMMSS` or `HHMMSS.fraction`, in microseconds.
    pub(crate) fn basic_time_of_day(&mut self) -> Option<i64> {
        let hour = self.digits::<2>()?;
        let minute = self.digits::<2>().filter(|minute| *minute < 60)?;
        let mut time = hour * HOUR + minute * MINUTE;
        if self.0.first().is_some_and(u8::is_ascii_digit) {
            time += self.digits::<2>().filter(|second| *second <= 60)? * SECOND;
            if self.expect(b'.').or_else(|| self.expect(b',')).is_some() {
                time += self.fraction()?;
            }
        }
        (hour < 24 || time == DAY).then_some(time)
    }

    /// The digits after a decimal point, in microseconds, rounded half to even.
    fn fraction(&mut self) -> Option<i64> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(length).filter(|(digits, _)| !digits.is_empty())?;
        self.0 = rest;
        let (kept, beyond) = digits.split_at_checked(6).unwrap_or((digits, &[]));
        let number = kept.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        let micros = number * [100_000, 10_000, 1_000, 100, 10, 1][kept.len().clamp(1, 6) - 1];
        let Some((next, others)) = beyond.split_first() else { return Some(micros) };
        let is_beyond_half = others.iter().any(|digit| *digit != b'0') || micros % 2 == 1;
        Some(if *next > b'5' || *next == b'5' && is_beyond_half { micros + 1 } else { micros })
    }

    /// The offset from UTC in microseconds, 0 at the end of the text.
    pub(crate) fn zone(&mut self) -> Option<i64> {
        if self.is_empty() {
            return Some(0);
        }
        // The space may be missing.
        let _ = self.expect(b' ');
        self.strip_zone_name();
        if [b"Z".as_slice(), b"UTC", b"GMT"].iter().any(|name| self.0.eq_ignore_ascii_case(name)) {
            self.0 = &[];
            return Some(0);
        }
        let sign = if self.expect(b'-').is_some() { -1 } else { self.expect(b'+').map(|()| 1)? };
        let mut offset = self.digits::<2>().filter(|hour| *hour < 16)? * HOUR;
        if !self.is_empty() {
            let colon = self.expect(b':').is_some();
            offset += self.digits::<2>().filter(|minute| *minute < 60)? * MINUTE;
            if colon && self.expect(b':').is_some() {
                offset += self.digits::<2>().filter(|second| *second < 60)? * SECOND;
            }
        }
        Some(sign * offset)
    }

    /// Takes `[Europe/Rome]` off the end: the offset before it counts. A name that is marked as critical stays.
    #[inline]
    fn strip_zone_name(&mut self) {
        let Some(inside) = self.0.strip_suffix(b"]") else { return };
        let name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'+');
        let is_name = |zone: &[u8]| !zone.is_empty() && zone.iter().all(name);
        let start = inside.iter().rposition(|byte| *byte == b'[').filter(|start| *start > 0);
        if let Some(start) = start.filter(|start| inside.get(start + 1..).is_some_and(is_name)) {
            self.0 = inside.get(..start).unwrap_or_default();
        }
    }
}

/// The text without white space around it, when it is a decimal number that PostgreSQL's `numeric` takes: an optional
/// sign, digits with an optional point, an optional exponent; at most [`MAX_NUMERIC_DIGITS`] digits and
/// [`MAX_NUMERIC_EXPONENT`]. `NaN`, infinities, hexadecimal and underscores are `None`.
pub fn numeric(text: &str) -> Option<&str> {
    let text = text.trim_ascii();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = whole.len() + fraction.len();
    let plain = (1..=MAX_NUMERIC_DIGITS).contains(&digits) && all_digits(whole) && all_digits(fraction);
    (plain && exponent.is_none_or(is_small_exponent)).then_some(text)
}

fn is_small_exponent(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    all_digits(digits) && digits.parse::<u32>().is_ok_and(|exponent| exponent <= MAX_NUMERIC_EXPONENT)
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A whole number in the range of `bigint`, with an optional sign and white space around it.
pub fn bigint(text: &str) -> Option<i64> {
    text.trim_ascii().parse().ok()
}

/// `true`, `t`, `yes`, `on`, `1` or `false`, `f`, `no`, `off`, `0`, in any case, with white space around it.
pub fn boolean(text: impl AsRef<[u8]>) -> Option<bool> {
    let text = text.as_ref().trim_ascii();
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is_one_of(&["true", "t", "yes", "on", "1"]) {
        return Some(true);
    }
    is_one_of(&["false", "f", "no", "off", "0"]).then_some(false)
}

/// The payload of a JWS in compact form (RFC 7515, section 3.1: `header.payload.signature`), when it is base64url
/// without padding and JSON that PostgreSQL's `jsonb` takes.
///
/// The signature is **not** verified: the text is as trustworthy as its source. Longer than [`MAX_JWS_LENGTH`] is
/// `None`.
pub fn jws_payload(text: &str) -> Option<String> {
    let text = text.trim_ascii();
    if text.len() > MAX_JWS_LENGTH {
        return None;
    }
    let (header, rest) = text.split_once('.')?;
    let (payload, signature) = rest.split_once('.')?;
    if header.is_empty() || signature.contains('.') {
        return None;
    }
    if payload.len() > LONG_PAYLOAD {
        demand(BYTES_OF_BYTE * payload.len());
    }
    let json = String::from_utf8(BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()?;
    // A full parse: skipping values instead would let lone surrogates and numbers out of range through.
    serde_json::from_str::<serde_json::Value>(&json).ok()?;
    fits_jsonb(&json).then_some(json)
}

/// Whether valid JSON has no `\u0000`, which `jsonb` cannot hold, and only numbers that [`numeric`] takes. In the text itself: serde_json
/// hands numbers out as `f64`, or as objects with a key that a document can have too.
fn fits_jsonb(json: &str) -> bool {
    let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let mut rest = json;
    let mut in_string = false;
    while let Some(first) = rest.as_bytes().first() {
        let length = match first {
            b'\\' if rest.starts_with("\\u0000") => return false,
            b'\\' => 2,
            b'-' | b'0'..=b'9' if !in_string => {
                let length = rest.bytes().take_while(in_number).count();
                if rest.get(..length).and_then(numeric).is_none() {
                    return false;
                }
                length
            }
            b'"' => {
                in_string = !in_string;
                1
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        rest = rest.get(length..).unwrap_or("");
    }
    true
}
