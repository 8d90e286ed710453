//! Values in JSON documents: what parses, to what, and what does not.

mod size;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use mrcall_engine::time::{DAY, HOUR, SECOND, in_range};
use mrcall_engine::values::{MAX_JWS_LENGTH, bigint, boolean, jws_payload, numeric, timestamptz};
use proptest::prelude::*;

/// 2024-02-29 12:30:05 UTC, from PostgreSQL: extract(epoch from ...) = 1709209805, 2000-01-01 = 946684800.
const LEAP: i64 = (1_709_209_805 - 946_684_800) * SECOND;

#[test]
fn timestamps() {
    for text in [
        "2024-02-29T12:30:05Z",
        "2024-02-29t12:30:05z",
        "2024-02-29 12:30:05",
        " \t2024-02-29 12:30:05 UTC\n",
        "2024-02-29 12:30:05 gmt",
        "2024-02-29T12:30:05.0",
        "2024-02-29T12:30:05,000000000Z",
        "2024-02-29T14:30:05+02",
        "2024-02-29T14:30:05+0200",
        "2024-02-29T14:30:05+02:00",
        "2024-02-29T14:30:05 +02:00",
        "2024-02-29T07:00:05-05:30",
        "2024-03-01T04:29:05+15:59",
        "2024-02-29 13:20:11+00:50:06",
        "2024-02-29T12:30:05-00:00",
        "1709209805",
        "1709209805000",
        "1709209805000000",
    ] {
        assert_eq!(timestamptz(text), Some(LEAP), "{text}");
    }
    for (text, micros) in [
        ("2024-02-29T12:30:05.25Z", 250_000),
        ("2024-02-29T12:30:05.123456789Z", 123_457),
        ("2024-02-29T12:30:05.1234565Z", 123_456),
        ("2024-02-29T12:30:05.1234575Z", 123_458),
        ("2024-02-29T12:30:05.12345650000000001Z", 123_457),
        ("2024-02-29T12:30:05.9999996", SECOND),
        ("2024-02-29T12:30Z", -5 * SECOND),
        ("2024-02-29T12:30:60Z", 55 * SECOND),
        ("1709209805001", 1_000),
        ("1709209805000001", 1),
    ] {
        assert_eq!(timestamptz(text), Some(LEAP + micros), "{text}");
    }
    let midnight = LEAP - 12 * HOUR - 30 * 60 * SECOND - 5 * SECOND;
    assert_eq!(timestamptz("2024-02-29"), Some(midnight));
    assert_eq!(timestamptz("2024-02-28 24:00"), Some(midnight));
    assert_eq!(timestamptz("2000-01-01"), Some(0));
    assert_eq!(timestamptz("0"), Some(-946_684_800 * SECOND));
    assert_eq!(timestamptz("0001-01-01T00:00:00+15:59"), Some(-730_119 * DAY - 15 * HOUR - 59 * 60 * SECOND));
    assert_eq!(timestamptz("9999-12-31T23:59:59.9999999-15:59").map(in_range), Some(true));
}

#[test]
fn no_timestamps() {
    for text in [
        "",
        " ",
        "infinity",
        "-infinity",
        "now",
        "null",
        "2023-02-29",
        "1900-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-32",
        "2024-01-00",
        "0000-01-01",
        "24-01-01",
        "2024-1-1",
        "+2024-01-01",
        "12024-01-01",
        "2024-01-01 BC",
        "2024-01-01T",
        "2024-01-01T12",
        "2024-01-01T1230",
        "2024-01-01T24:00:01",
        "2024-01-01T24:01",
        "2024-01-01T25:00",
        "2024-01-01T12:60",
        "2024-01-01T12:30:61",
        "2024-01-01T12:30:05.",
        "2024-01-01T12:30:05.Z",
        "2024-01-01T12:30.5Z",
        "2024-01-01  12:30",
        "2024-01-01T12:30:05  Z",
        "2024-01-01T12:30:05+",
        "2024-01-01T12:30:05+2",
        "2024-01-01T12:30:05+16",
        "2024-01-01T12:30:05+02:",
        "2024-01-01T12:30:05+02:60",
        "2024-01-01T12:30:05+02000",
        "2024-01-01T12:30:05+020000",
        "2024-01-01T12:30:05+02:00:00:00",
        "2024-01-01T12:30:05 Europe/Rome",
        "2024-01-01T12:30:05ZZ",
        "2024-01-01Z",
        "2024−01−01",
        "٢٠٢٤-01-01",
        "-1709209805",
        "1709209805.5",
        "1e9",
        "17092098050000000",
        "99999999999999999999999999",
    ] {
        assert_eq!(timestamptz(text), None, "{text}");
    }
}

/// 2026-05-04 10:00:00 UTC, a Monday.
const MONDAY: i64 = (1_777_888_800 - 946_684_800) * SECOND;

#[test]
fn what_carriers_and_servers_write() {
    for text in [
        // RFC 2822 and 5322, as Twilio writes it; older zones; blanks and comments.
        "Mon, 04 May 2026 10:00:00 +0000",
        "Mon, 4 May 2026 10:00:00 GMT",
        "mon, 04 MAY 2026 10:00 UT",
        "04 May 2026 12:00:00 +0200",
        "Mon, 04 May 2026 10:00:00 -0000",
        "Mon,  04  May 2026\r\n 05:00:00 EST",
        "Mon, 04 May 2026 06:00:00 EDT",
        "Mon, 04 May 2026 03:00:00 PDT",
        "Mon, 04 May 2026 10:00:00 +0000 (UTC)",
        "Mon, 04 May 2026 12:00:00 +0200 (Central European Summer Time)",
        "Mon, 04 May 2026 10:00:00 Z",
        "Mon, 04 May 2026 10:00:00",
        "Mon, 04 May 26 10:00:00 +0000",
        // RFC 850, and cookies.
        "Monday, 04-May-26 10:00:00 GMT",
        "Mon, 04-May-2026 10:00:00 GMT",
        "04-May-2026 10:00:00",
        // asctime, date(1), JavaScript.
        "Mon May  4 10:00:00 2026",
        "Mon May 4 10:00:00 UTC 2026",
        "Mon May 04 06:00:00 EDT 2026",
        "Mon May 04 2026 12:00:00 GMT+0200 (Central European Summer Time)",
        // ISO 8601, basic.
        "20260504T100000Z",
        "20260504t100000",
        "20260504T1000Z",
        "20260504T120000+0200",
        "20260504T120000.000+02:00",
        "20260504T100000,0Z",
        // Vonage, Plivo, Telnyx, Java.
        "2026-05-04 10:00:00",
        "2026-05-04 12:00:00+02:00",
        "2026-05-04T10:00:00.000000Z",
        "2026-05-04T12:00:00+02:00[Europe/Rome]",
        "2026-05-04T10:00:00Z[UTC]",
        "1777888800",
        "1777888800000",
        "1777888800000000",
    ] {
        assert_eq!(timestamptz(text), Some(MONDAY), "{text}");
    }
    assert_eq!(timestamptz("20260504T100000.5Z"), Some(MONDAY + SECOND / 2));
    assert_eq!(timestamptz("Mon, 04 May 2026 10:00:00,25 GMT"), Some(MONDAY + SECOND / 4));
    assert_eq!(timestamptz("Sunday, 06-Nov-94 08:49:37 GMT"), timestamptz("1994-11-06T08:49:37Z"));
    assert_eq!(timestamptz("Sun Nov  6 08:49:37 1994"), timestamptz("1994-11-06T08:49:37Z"));
}

#[test]
fn what_may_mean_two_instants_means_none() {
    for text in [
        // Not the date's day of the week: one of them is wrong.
        "Tue, 04 May 2026 10:00:00 +0000",
        "Tuesday, 04-May-26 10:00:00 GMT",
        // Of which century?
        "04 May 26 10:00:00 +0000",
        // Zones that have several offsets, or none that RFC 5322 gives.
        "Mon, 04 May 2026 10:00:00 CEST",
        "Mon, 04 May 2026 10:00:00 IST",
        "Mon, 04 May 2026 10:00:00 A",
        "Mon May 4 10:00:00 CEST 2026",
        "2026-05-04T10:00:00 EST",
        "2026-05-04T10:00:00[Europe/Rome]",
        "2026-05-04T10:00:00+02:00[!Europe/Rome]",
        "2026-05-04T10:00:00+02:00[]",
        // Day and month in either order.
        "04/05/2026 10:00:00",
        "5/4/2026 10:00:00 AM",
        "04-05-2026 10:00:00",
        "04.05.2026 10:00",
        // Dates without separators, which are digits of Unix time as well.
        "20260504",
        "202605041000",
        "20260504100000",
        "19991231235959",
        // No instants.
        "Mon, 31 Apr 2026 10:00:00 +0000",
        "Mon, 04 May 2026 25:00:00 +0000",
        "Mon, 04 May 2026 10:00:00 +2",
        "Mon, 04 May 2026 10:00:00 +0000 +0000",
        "Mon, 04 May 2026 10:00:00 +0000 (",
        "Mon, 04 May 2026",
        "Mon 04",
        "Mon,",
        "May",
        "04 May",
        "Mon, 04 Mai 2026 10:00:00 +0000",
        "Mon, 04 May 202 10:00:00 +0000",
        "Mon, 04 May 02026 10:00:00 +0000",
        "Mon, 004 May 2026 10:00:00 +0000",
        "Mon, 04May2026 10:00:00 +0000",
        "Mon, 04-May 2026 10:00:00 +0000",
        "Mon, 04 May 2026 10:00:00+0000",
        "Monda, 04 May 2026 10:00:00 +0000",
        "20260504T",
        "20260504T10",
        "20260504T10:00:00Z",
        "20260532T100000Z",
        "20260504T250000Z",
        "2026-05-04T100000Z",
        "20260504 100000",
    ] {
        assert_eq!(timestamptz(text), None, "{text}");
    }
    // Digits that read as no date are Unix time, as ever.
    assert_eq!(timestamptz("20261304"), Some((20_261_304 - 946_684_800) * SECOND));
    assert_eq!(timestamptz("10000000000000"), Some((10_000_000 - 946_684_800) * SECOND));
}

#[test]
fn numerics() {
    for text in ["0", "-1", "+1.50", ".5", "5.", "1e3", "1E-300", "-12.5e+300", "00012", "1e0000001"] {
        assert_eq!(numeric(text), Some(text));
        assert_eq!(numeric(&format!(" {text}\r\n")), Some(text));
    }
    for text in [
        "",
        "-",
        ".",
        "e5",
        "1e",
        "1e+",
        "1e301",
        "1e-301",
        "1e99999999999",
        "NaN",
        "Infinity",
        "0x1F",
        "1_000",
        "1,5",
        "1.2.3",
        "--1",
        "+-1",
        "1e+-2",
        "1e2.5",
        "1 2",
        "1\0",
        "٣",
        "1e5e5",
        "$1",
    ] {
        assert_eq!(numeric(text), None, "{text}");
    }
    let long = format!("{}.{}", "1".repeat(500), "2".repeat(500));
    assert_eq!(numeric(&long), Some(long.as_str()));
    assert_eq!(numeric(&format!("{long}0")), None);
}

#[test]
fn integers_and_booleans() {
    assert_eq!(bigint(" -9223372036854775808 "), Some(i64::MIN));
    assert_eq!(bigint("+007"), Some(7));
    for text in ["", "-", "9223372036854775808", "1.0", "1e3", "0x10", "1_000", "- 1"] {
        assert_eq!(bigint(text), None, "{text}");
    }
    for (texts, value) in [(["true", "T", " yes ", "On", "1"], true), (["FALSE", "f", "No", "off", "0"], false)] {
        assert!(texts.iter().all(|text| boolean(text) == Some(value)));
    }
    for text in ["", "2", "truely", "o", "null", "-1"] {
        assert_eq!(boolean(text), None, "{text}");
    }
}

fn jws(payload: impl AsRef<[u8]>) -> String {
    format!("eyJhbGciOiJFUzI1NiJ9.{}.c2ln", BASE64URL_NOPAD.encode(payload.as_ref()))
}

#[test]
fn jws_payloads() {
    for json in [
        r#"{"notificationType":"DID_RENEW","data":{"price":9990,"quote":"\"","path":"a\\b"}}"#,
        r#"{"e":"\\u0000","u":"\u0001\ud83d\ude00","d":"-1e999 \\"}"#,
        "[1e300, -0.5E-300, 0, true, null]",
        " {\"città\": \"日本\"} ",
        "5",
    ] {
        assert_eq!(jws_payload(&jws(json)).as_deref(), Some(json));
    }
    // RFC 7515, appendix A.1.
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let decoded = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";
    assert_eq!(jws_payload(&format!(" eyJ0eXAiOiJKV1QifQ.{payload}. ")).as_deref(), Some(decoded));
}

#[test]
fn no_jws_payloads() {
    for json in [
        "",
        "{",
        "{} {}",
        "{'a':1}",
        "[1,]",
        "NaN",
        r#"{"a":"\u0000"}"#,
        r#"{"\u0000":1}"#,
        r#"{"a":"\\\u0000"}"#,
        r#"{"a":"\ud83d"}"#,
        r#"{"a":"\ude00"}"#,
        "{\"a\":\"\0\"}",
        "\u{feff}{}",
        "[1e301]",
        "[1e-400]",
        "[1e400]",
        "[0e-20000]",
    ] {
        assert_eq!(jws_payload(&jws(json)), None, "{json}");
    }
    assert_eq!(jws_payload(&jws(b"\"\xff\"")), None);
    assert_eq!(jws_payload(&jws(format!("[{}]", "1".repeat(1_001)))), None);
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(jws_payload(&jws(deep(100))).is_some());
    assert_eq!(jws_payload(&jws(deep(100_000))), None);
    assert_eq!(jws_payload(&jws("1".repeat(MAX_JWS_LENGTH))), None);

    let body = BASE64URL_NOPAD.encode(b"{}");
    for text in ["", ".", "..", "a.b", &format!("a.{body}"), &format!("a.{body}.c.d"), &format!(".{body}.c")] {
        assert_eq!(jws_payload(text), None, "{text}");
    }
    assert_eq!(jws_payload(&format!("a.{}.c", BASE64.encode(b"{}"))), None);
    assert_eq!(jws_payload(&format!("a.{}.c", BASE64.encode(br#"{"a":"???>>>"}"#))), None);
}

proptest! {
    #[test]
    fn any_text_ends_well(text in "\\PC*|[-+0-9:TZ. eE]{0,30}|[12][0-9]{3}-[01][0-9]-[0-3][0-9][T ]?[0-9:.+Z-]*") {
        if let Some(instant) = timestamptz(&text) {
            prop_assert!(in_range(instant));
        }
        if let Some(number) = numeric(&text) {
            prop_assert!(number.parse::<f64>().is_ok());
        }
        let _ = (bigint(&text), boolean(&text), jws_payload(&text), jws_payload(&jws(&text)));
    }

    /// PostgreSQL's own output of any instant of four-digit years is read back.
    #[test]
    fn written_instants_are_read_back(day in -700_000..2_900_000i64, micros in 0..DAY, quarter in -60..60i64) {
        let (mut year, mut rest) = (2000 + day.div_euclid(146_097) * 400, day.rem_euclid(146_097));
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        while rest >= if leap(year) { 366 } else { 365 } {
            rest -= if leap(year) { 366 } else { 365 };
            year += 1;
        }
        let february = if leap(year) { 29 } else { 28 };
        let mut month = 1;
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            if rest < length {
                break;
            }
            rest -= length;
            month += 1;
        }
        let seconds = micros / SECOND;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let (sign, offset) = (if quarter < 0 { '-' } else { '+' }, quarter.abs());
        let text = format!(
            "{year:04}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02}.{:06}{sign}{:02}:{:02}",
            rest + 1, micros % SECOND, offset / 4, offset % 4 * 15,
        );
        prop_assert_eq!(timestamptz(&text), Some(day * DAY + micros - quarter * 15 * 60 * SECOND), "{}", text);
    }

    #[test]
    fn json_round_trips(value in (any::<i64>(), -1e200..1e200f64, any::<String>())) {
        let json = serde_json::json!({ "i": value.0, "f": value.1, "s": value.2 }).to_string();
        let fits = !value.2.contains('\0');
        prop_assert_eq!(jws_payload(&jws(&json)), fits.then_some(json));
    }
}

/// The instant of a chrono date, in microseconds since 2000-01-01 UTC.
fn since_2000(date: chrono::DateTime<chrono::Utc>) -> i64 {
    date.timestamp_micros() - 946_684_800_000_000
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(20_000)))]

    #[test]
    fn chrono_reads_the_same_instants(
        at in -62_135_596_800_000_000i64..253_402_300_800_000_000, offset in -900i32..900, digits in 0usize..=6
    ) {
        let offset = chrono::FixedOffset::east_opt(offset * 60).unwrap();
        let date = chrono::DateTime::from_timestamp_micros(at).unwrap().with_timezone(&offset);
        let fraction = ["%Y-%m-%dT%H:%M:%S%:z", "%Y-%m-%d %H:%M:%S%.3f%z", "%Y-%m-%dT%H:%M:%S%.6f %:z"];
        let text = date.format(fraction[digits % 3]).to_string();
        let read = chrono::DateTime::parse_from_str(&text, fraction[digits % 3]).unwrap();
        // In the first and the last hours the local year has more or fewer than four digits.
        if text.starts_with(|c: char| c.is_ascii_digit()) && !text.starts_with("0000") {
            prop_assert_eq!(timestamptz(&text), Some(since_2000(read.to_utc())), "{}", text);
        }
    }

    /// RFC 2822 by chrono, and what is not quite it: where both read a text, they read the same.
    #[test]
    fn chrono_reads_the_same_mail(
        at in -62_135_596_800i64..253_402_300_800, offset in -900i32..900, change in 0usize..64, by in "[ -~]{0,2}"
    ) {
        let date = chrono::DateTime::from_timestamp(at, 0).unwrap();
        let date = date.with_timezone(&chrono::FixedOffset::east_opt(offset * 60).unwrap());
        let text = date.format("%a, %d %b %Y %H:%M:%S %z").to_string();
        let year = date.format("%Y").to_string();
        if year.len() == 4 && year != "0000" {
            prop_assert_eq!(timestamptz(&text), Some(since_2000(date.to_utc())), "{}", text);
            let basic = date.format("%Y%m%dT%H%M%S%z").to_string();
            prop_assert_eq!(timestamptz(&basic), Some(since_2000(date.to_utc())), "{}", basic);
            let written = date.format("%a %b %e %Y %H:%M:%S GMT%z (Somewhere Summer Time)").to_string();
            prop_assert_eq!(timestamptz(&written), Some(since_2000(date.to_utc())), "{}", written);
        }
        let mut changed = text.clone();
        if change < changed.len() {
            changed.replace_range(change..=change, &by);
        }
        let ours = timestamptz(&changed);
        let theirs = chrono::DateTime::parse_from_rfc2822(&changed).ok().map(|date| since_2000(date.to_utc()));
        // chrono takes unknown names of zones, and military ones, for UTC.
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours, theirs, "{}", changed);
        }
    }

    #[test]
    fn chrono_has_the_same_calendar(day in -1_700_000i64..95_000_000) {
        use chrono::Datelike;
        let first = chrono::NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
        let date = first + chrono::Duration::days(day);
        let month = i64::from(date.year() - 2000) * 12 + i64::from(date.month0());
        prop_assert_eq!(mrcall_engine::calendar::month_of_day(day), month);
        let of_month = i64::from(date.day0());
        prop_assert_eq!(mrcall_engine::calendar::first_day_of_month(month), day - of_month);
        let (year, month) = (i64::from(date.year()), i64::from(date.month()));
        prop_assert_eq!(mrcall_engine::calendar::day_of_date(year, month, of_month + 1), Some(day));
    }
}
