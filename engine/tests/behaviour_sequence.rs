//! Sequences against their definition, spelled out: backtracking over lazy gaps. Retention beside them.

mod size;

use std::sync::Arc;

use mrcall_engine::ErrorKind;
use mrcall_engine::behaviour::{MAX_CONDITIONS, Pattern, RetentionState, SequenceState};
use proptest::prelude::*;

type Row = (i64, u32);

/// Half a second: time conditions are in whole seconds, events are not.
const HALF: i64 = 500_000;

/// What stands before a step.
#[derive(Debug, Clone)]
enum Gap {
    Nothing,
    Star,
    /// A comparison with a number of seconds; whether `.*` stands before and after it.
    Time(&'static str, i64, bool, bool),
}

/// A step is the number of a condition, a `.` is 0.
type Parts = Vec<(Gap, u32)>;

fn text(parts: &Parts) -> String {
    let star = |on: bool| if on { ".*" } else { "" };
    let part = |(gap, step): &(Gap, u32)| {
        let gap = match gap {
            Gap::Nothing => String::new(),
            Gap::Star => ".*".into(),
            Gap::Time(op, seconds, before, after) => format!("{}(?t{op}{seconds}){}", star(*before), star(*after)),
        };
        if *step == 0 { gap + "." } else { format!("{gap}(?{step})") }
    };
    parts.iter().map(part).collect()
}

fn compares(op: &str, since: i64, seconds: i64) -> bool {
    let micros = seconds * 1_000_000;
    match op {
        "<" => since < micros,
        "<=" => since <= micros,
        ">" => since > micros,
        ">=" => since >= micros,
        _ => since == micros,
    }
}

/// The event after the match of `parts` that follows on the event before `from`; shortest gaps first.
fn end(rows: &[Row], parts: &[(Gap, u32)], from: usize) -> Option<usize> {
    let [(gap, step), rest @ ..] = parts else { return Some(from) };
    (from..rows.len()).find_map(|at| if is_met(rows, gap, *step, from, at) { end(rows, rest, at + 1) } else { None })
}

/// Whether the event at a place is the step's, behind the event before `from`.
fn is_met(rows: &[Row], gap: &Gap, step: u32, from: usize, at: usize) -> bool {
    let since = |row: usize| rows[row].0 - rows[from - 1].0;
    let fits = match gap {
        Gap::Nothing => at == from,
        Gap::Star => true,
        Gap::Time(op, seconds, _, false) => compares(op, since(at), *seconds),
        Gap::Time(op, seconds, _, true) => (from..=at).any(|row| compares(op, since(row), *seconds)),
    };
    fits && (step == 0 || rows[at].1 >> (step - 1) & 1 == 1)
}

/// The rows of the sequence in order.
fn in_order(rows: &[Row], conditions: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = rows.iter().filter(|row| row.1 != 0).copied().collect();
    let booleans = |mask: u32| (0..conditions).map(move |i| mask >> i & 1 == 1).collect::<Vec<_>>();
    rows.sort_by_key(|row| (row.0, booleans(row.1)));
    rows
}

/// When the steps of the first match happened.
fn first(rows: &[Row], parts: &Parts) -> Vec<i64> {
    let rows = in_order(rows, 4);
    let Some((mut from, _)) =
        (0..rows.len()).map(|start| (start, end(&rows, &with_no_gap(parts), start))).find(|found| found.1.is_some())
    else {
        return Vec::new();
    };
    let (mut times, parts) = (Vec::new(), with_no_gap(parts));
    for (number, (gap, step)) in parts.iter().enumerate() {
        // The first event that the rest can follow on.
        let goes_on = |at: usize| end(&rows, &parts[number + 1..], at + 1).is_some();
        let at = (from..rows.len()).find(|at| is_met(&rows, gap, *step, from, *at) && goes_on(*at)).unwrap();
        if *step != 0 {
            times.push(rows[at].0);
        }
        from = at + 1;
    }
    times
}

fn with_no_gap(parts: &Parts) -> Parts {
    let mut parts = parts.clone();
    parts[0].0 = Gap::Nothing;
    parts
}

fn definition(rows: &[Row], parts: &Parts, conditions: usize) -> u64 {
    let rows = in_order(rows, conditions);
    let mut parts = parts.clone();
    parts[0].0 = Gap::Nothing;
    let (mut count, mut from) = (0, 0);
    while from < rows.len() {
        // Leftmost first.
        match (from..rows.len()).find_map(|start| end(&rows, &parts, start)) {
            Some(next) => (count, from) = (count + 1, next),
            None => break,
        }
    }
    count
}

fn state(pattern: &str, conditions: usize, rows: &[Row]) -> SequenceState {
    let mut state = SequenceState::new(Arc::new(Pattern::parse(pattern, conditions).unwrap()));
    rows.iter().for_each(|(ts, mask)| state.push(*ts, *mask).unwrap());
    state
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(((0i64..24).prop_map(|ts| ts * HALF), 0u32..16), 0..most)
}

fn parts() -> impl Strategy<Value = Parts> {
    let gap = prop_oneof![
        2 => Just(Gap::Nothing),
        1 => Just(Gap::Star),
        2 => (prop::sample::select(vec!["<", "<=", ">", ">=", "=="]), 0i64..5, any::<bool>(), any::<bool>())
            .prop_map(|(op, seconds, before, after)| Gap::Time(op, seconds, before, after)),
    ];
    prop::collection::vec((gap, 0u32..5), 1..6).prop_map(|mut parts| {
        if matches!(parts[0].0, Gap::Time(..)) {
            parts[0].0 = Gap::Star;
        }
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(20_000)))]

    #[test]
    fn matches_are_leftmost_lazy_and_apart(rows in rows(14), parts in parts(), trailing: bool) {
        let pattern = text(&parts) + if trailing { ".*" } else { "" };
        let count = definition(&rows, &parts, 4);
        let state = state(&pattern, 4, &rows);
        prop_assert_eq!(state.count().unwrap(), count, "{}", pattern);
        prop_assert_eq!(state.matches().unwrap(), count > 0, "{}", pattern);
        prop_assert_eq!(state.first_match().unwrap(), first(&rows, &parts), "{}", pattern);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(4_000)))]

    #[test]
    fn order_split_and_merge_change_no_byte(
        rows in rows(40), split in prop::collection::vec(0usize..3, 40),
        order in prop::collection::vec(any::<u32>(), 40)
    ) {
        let whole = state("(?1).*(?2)(?t<=2)(?3)", 4, &rows);
        let mut shuffled: Vec<_> = rows.iter().zip(&order).zip(&split).collect();
        shuffled.sort_by_key(|((_, order), _)| **order);
        let mut states: Vec<_> = (0..3).map(|_| whole.like()).collect();
        shuffled.iter().for_each(|(((ts, mask), _), part)| states[**part].push(*ts, *mask).unwrap());
        let (mut merged, mut read) = (whole.like(), whole.like());
        for part in [1, 2, 0] {
            merged.merge(&SequenceState::deserialize(&states[part].serialize().unwrap()).unwrap()).unwrap();
            read.merge_bytes(&states[part].serialize().unwrap()).unwrap();
        }
        prop_assert_eq!((merged.serialize().unwrap(), read.serialize().unwrap()), (whole.serialize().unwrap(), whole.serialize().unwrap()));
        prop_assert_eq!(merged.count().unwrap(), whole.count().unwrap());
    }

    #[test]
    fn bytes_are_canonical_or_refused(
        rows in rows(12), at in any::<prop::sample::Index>(), byte: u8, cut in any::<prop::sample::Index>(),
        noise in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        let bytes = state("(?1).*(?2)", 4, &rows).serialize().unwrap();
        let mut changed = bytes.clone();
        changed[at.index(bytes.len())] = byte;
        let mut headed = bytes[..14.min(bytes.len())].to_vec();
        headed.extend(&noise);
        for broken in [&changed, &bytes[..cut.index(bytes.len())], &noise, &headed] {
            match SequenceState::deserialize(broken) {
                Ok(state) => prop_assert_eq!(state.serialize().unwrap(), broken),
                Err(error) => prop_assert_eq!(error.kind, ErrorKind::MalformedBinary),
            }
            match RetentionState::deserialize(broken) {
                Ok(state) => prop_assert_eq!(state.serialize().unwrap(), broken),
                Err(error) => prop_assert_eq!(error.kind, ErrorKind::MalformedBinary),
            }
        }
    }

    #[test]
    fn any_text_parses_or_says_where(pattern in "[(?t<=>.*)0-9 é]{0,24}", conditions in 1usize..40) {
        match Pattern::parse(&pattern, conditions) {
            Ok(parsed) => prop_assert_eq!((parsed.text(), parsed.conditions()), (&pattern[..], conditions)),
            Err(error) if error.kind == ErrorKind::InvalidArgument => {
                prop_assert!(error.message.contains("at position"));
            }
            Err(error) => prop_assert_eq!((error.kind, conditions > MAX_CONDITIONS), (ErrorKind::LimitExceeded, true)),
        }
    }
}

#[test]
fn examples() {
    let second = 2 * HALF;
    let rows = [(0, 0b001), (10 * second, 0b100), (20 * second, 0b010), (30 * second, 0b001), (31 * second, 0b010)];
    for (pattern, count) in [
        ("(?1)(?2)", 1),
        ("(?1).*(?2)", 2),
        ("(?1).(?2)", 1),
        ("(?1)(?t<=20)(?2)", 2),
        ("(?1)(?t<20)(?2)", 1),
        ("(?1)(?t>=20)(?2)", 1),
        ("(?1)(?t==20)(?2)", 1),
        // The time counts from the last event of a step or a ., not from what .* skips.
        ("(?1).*(?t<=15)(?2)", 1),
        ("(?1).(?t<=15)(?2)", 1),
        // The next event after a step comes in time, the step after it at any time.
        ("(?1)(?t<=10).*(?2)", 2),
        (".", 5),
        ("(?3)", 1),
        (".*(?1).*", 2),
        ("(?3)(?3)", 0),
        ("(?1)(?t<=18446744073709)(?2)", 2),
    ] {
        assert_eq!(state(pattern, 3, &rows).count().unwrap(), count, "{pattern}");
        assert_eq!(state(pattern, 3, &rows).matches().unwrap(), count > 0, "{pattern}");
    }
    // Rows without a condition are not in the sequence; at one instant the order is that of the conditions.
    assert!(state("(?1)(?2)", 2, &[(0, 1), (1, 0), (2, 2)]).matches().unwrap());
    assert!(state("(?2)(?1)", 2, &[(0, 1), (0, 2)]).matches().unwrap());
    assert!(!state("(?1)(?2)", 2, &[(0, 1), (0, 2)]).matches().unwrap());
    assert!(!state("(?1)", 2, &[]).matches().unwrap());
    assert_eq!(state("(?32)", 32, &[(0, 1 << 31)]).count().unwrap(), 1);
}

/// Backtracking would take longer than the age of the universe.
#[test]
fn hard_patterns_are_quick() {
    let rows: Vec<Row> = (0..20_000).map(|i| (i * HALF, 1)).collect();
    let stars = "(?1).*".repeat(100) + "(?2)";
    let times = "(?1)(?t>=1)".repeat(100) + "(?2)";
    let equal = "(?1)(?t==1000)".repeat(10) + "(?2)";
    for pattern in [stars, times, equal] {
        assert_eq!(state(&pattern, 2, &rows).count().unwrap(), 0);
    }
}

#[test]
fn errors() {
    for (pattern, message) in [
        ("", "pattern does not parse at position 1, the end: a step or a . expected"),
        (".*", "pattern does not parse at position 3, the end: a step or a . expected"),
        ("(?1) (?2)", "pattern does not parse at position 5, \" (?2)\": (?1), (?t<=60), . or .* expected"),
        ("(?1)é", "pattern does not parse at position 5, \"é\": (?1), (?t<=60), . or .* expected"),
        ("(?1", "pattern does not parse at position 4, the end: a closing parenthesis expected"),
        ("(?)", "pattern does not parse at position 3, \")\": a whole number expected"),
        ("(?0)", "pattern does not parse at position 3, \"0)\": there are 3 conditions"),
        (".(?4)", "pattern does not parse at position 4, \"4)\": there are 3 conditions"),
        (
            "(?99999999999999999999)",
            "pattern does not parse at position 3, \"99999999999999999999)\": the number is too large",
        ),
        ("(?1)(?t=5)(?2)", "pattern does not parse at position 8, \"=5)(?2)\": <=, <, >=, > or == expected"),
        ("(?1)(?t<-5)(?2)", "pattern does not parse at position 9, \"-5)(?2)\": a whole number expected"),
        (
            "(?1)(?t<18446744073710)(?2)",
            "pattern does not parse at position 9, \"18446744073710)(?2)\": the number of seconds is too large",
        ),
        (
            "(?t<5)(?2)",
            "pattern does not parse at position 1, \"(?t<5)(?2)\": a time condition needs a step or a . before it",
        ),
        (
            "(?2)(?t<5).*",
            "pattern does not parse at position 5, \"(?t<5).*\": a time condition needs a step or a . after it",
        ),
        (
            "(?2)(?t>5).*(?t<9)(?1)",
            "pattern does not parse at position 13, \"(?t<9)(?1)\": \
             only one time condition can stand between two steps",
        ),
    ] {
        let error = Pattern::parse(pattern, 3).unwrap_err();
        assert_eq!((error.kind, &error.message[..]), (ErrorKind::InvalidArgument, message));
    }
    assert_eq!(Pattern::parse(&".".repeat(256), 1).map(|_| ()), Ok(()));
    assert_eq!(Pattern::parse(&".".repeat(257), 1).unwrap_err().kind, ErrorKind::LimitExceeded);
    assert_eq!(Pattern::parse(".", 0).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(Pattern::parse(".", 33).unwrap_err().kind, ErrorKind::LimitExceeded);

    let mut sequence = state("(?1)", 2, &[(0, 1)]);
    for (ts, mask) in [(i64::MAX, 1), (i64::MIN, 0)] {
        assert_eq!(sequence.push(ts, mask).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    }
    for other in [state("(?2)", 2, &[]), state("(?1)", 3, &[])] {
        let error = sequence.merge_bytes(&other.serialize().unwrap()).unwrap_err();
        assert_eq!(error.message, sequence.merge(&other).unwrap_err().message);
    }
    let error = sequence.merge(&state("(?2)", 2, &[])).unwrap_err();
    assert_eq!(error.message, "pattern is \"(?2)\" here and \"(?1)\" in another row of the group");
    let error = sequence.merge(&state("(?1)", 3, &[])).unwrap_err();
    assert_eq!(error.message, "conditions has 3 elements here and 2 in another row of the group");
}

#[test]
fn retention() {
    let mut state = RetentionState::new(4).unwrap();
    assert_eq!(state.retention(), [false; 4]);
    state.push(0b1010);
    assert_eq!(state.retention(), [false; 4]);
    let mut other = state.like();
    other.push(0b10001);
    state.merge(&RetentionState::deserialize(&other.serialize().unwrap()).unwrap()).unwrap();
    assert_eq!(state.retention(), [true, true, false, true]);
    assert_eq!(RetentionState::new(0).unwrap_err().kind, ErrorKind::InvalidArgument);
    assert_eq!(RetentionState::new(33).unwrap_err().kind, ErrorKind::LimitExceeded);
    assert_eq!(state.merge(&RetentionState::new(3).unwrap()).unwrap_err().kind, ErrorKind::InvalidArgument);
}
