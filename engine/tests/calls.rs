//! The state of `call_agg` against its definition, against ClickHouse, and the promise that order, split and merge change
//! no byte. `data/calls.tsv` is written by `pg_test/oracles/calls_chdb.py`; set `MRCALL_CALLS_VECTORS` to a larger file of
//! it to check that as well.

mod size;

use mrcall_engine::ErrorKind;
use mrcall_engine::calls::{CallState, MAX_CALLS, mean};
use proptest::prelude::*;

type Row = (i64, Option<i64>, Option<&'static str>);

fn state_of(rows: &[Row]) -> CallState {
    let mut state = CallState::default();
    rows.iter().for_each(|(start, end, outcome)| state.push(*start, *end, *outcome).unwrap());
    state
}

fn bytes(state: &CallState) -> Vec<u8> {
    state.serialize().unwrap()
}

/// Every figure of a state.
#[derive(Debug, PartialEq)]
struct Figures {
    calls: u64,
    outcomes: Vec<(Option<String>, u64)>,
    total: i64,
    mean: Option<i64>,
    percentiles: Vec<Option<i64>>,
    peak: Option<(usize, i64)>,
    busy: i64,
}

const FRACTIONS: [f64; 6] = [0.0, 0.1, 0.5, 0.75, 0.95, 1.0];

fn figures(state: &CallState) -> Figures {
    Figures {
        calls: state.num_calls(),
        outcomes: state.outcomes().into_iter().map(|(o, calls)| (o.map(str::to_owned), calls)).collect(),
        total: state.total_duration().unwrap(),
        mean: state.mean_duration(),
        percentiles: FRACTIONS.iter().map(|f| state.duration_percentile(*f).unwrap()).collect(),
        peak: state.peak().unwrap().map(|peak| (peak.calls, peak.at)),
        busy: state.busy_time().unwrap(),
    }
}

/// The definition, instant by instant.
fn definition(rows: &[Row]) -> Figures {
    let spans: Vec<_> = rows.iter().filter_map(|(s, e, _)| e.filter(|e| e > s).map(|e| (*s, e))).collect();
    let mut lengths: Vec<_> = spans.iter().map(|(s, e)| e - s).collect();
    lengths.sort_unstable();
    let mut outcomes: Vec<(Option<String>, u64)> = Vec::new();
    for (_, _, outcome) in rows {
        let outcome = outcome.map(str::to_owned);
        match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, calls)) => *calls += 1,
            None => outcomes.push((outcome, 1)),
        }
    }
    outcomes.sort_by_key(|(outcome, _)| (outcome.is_none(), outcome.clone()));
    let running = |at: i64| spans.iter().filter(|(s, e)| *s <= at && at < *e).count();
    let mut peak = None;
    let mut busy = 0;
    for at in -20..80 {
        let now = running(at);
        busy += i64::from(now > 0);
        if now > peak.map_or(0, |(calls, _)| calls) {
            peak = Some((now, at));
        }
    }
    let percentile = |fraction: f64| {
        let place = fraction * (lengths.len() as f64 - 1.0);
        let (low, high) = (*lengths.get(place.floor() as usize)?, lengths[place.ceil() as usize]);
        // The server rounds what it adds to the lower one.
        Some(low + ((high - low) as f64 * place.fract()).round_ties_even() as i64)
    };
    Figures {
        calls: rows.len() as u64,
        outcomes,
        total: lengths.iter().sum(),
        mean: (!lengths.is_empty())
            .then(|| (lengths.iter().sum::<i64>() as f64 / lengths.len() as f64).round_ties_even() as i64),
        percentiles: FRACTIONS.iter().map(|f| percentile(*f)).collect(),
        peak,
        busy,
    }
}

fn rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
    let outcome = prop::option::of(prop::sample::select(vec!["completed", "missed", "", "é", "zz"]));
    // A narrow range of times: ties, touching and nested calls are common.
    let row = (-20i64..50, prop::option::weighted(0.9, 0i64..25), outcome);
    prop::collection::vec(row.prop_map(|(start, length, outcome)| (start, length.map(|l| start + l), outcome)), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(4000)))]

    #[test]
    fn figures_are_as_defined(rows in rows(40)) {
        prop_assert_eq!(figures(&state_of(&rows)), definition(&rows));
    }

    #[test]
    fn order_split_and_merge_change_no_byte(
        rows in rows(60), parts in prop::collection::vec(0usize..4, 60), order in any::<u64>()
    ) {
        let whole = state_of(&rows);
        let mut shuffled: Vec<_> = rows.iter().enumerate().collect();
        shuffled.sort_by_key(|(i, _)| (*i as u64).wrapping_add(order).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut split = vec![CallState::default(); 4];
        for (i, (start, end, outcome)) in shuffled {
            split[parts[i]].push(*start, *end, *outcome).unwrap();
        }
        split.rotate_left((order % 4) as usize);
        let mut merged = CallState::default();
        for part in &split {
            if part.is_empty() {
                merged.merge(part).unwrap();
            } else {
                merged.merge(&CallState::deserialize(&bytes(part)).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(bytes(&merged), bytes(&whole));
        prop_assert_eq!(figures(&CallState::deserialize(&bytes(&whole)).unwrap()), figures(&whole));
    }

    #[test]
    fn a_state_merged_with_itself_counts_twice(rows in rows(30)) {
        let mut twice = state_of(&rows);
        twice.merge(&state_of(&rows)).unwrap();
        prop_assert_eq!(figures(&twice), figures(&state_of(&[rows.clone(), rows].concat())));
    }

    #[test]
    fn other_bytes_are_refused_or_canonical(
        rows in rows(20), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
    ) {
        let mut changed = bytes(&state_of(&rows));
        let at = at.index(changed.len());
        if cut { changed.truncate(at); } else { changed[at] = byte; }
        if let Ok(state) = CallState::deserialize(&changed) {
            prop_assert_eq!(bytes(&state), changed);
        }
    }

    #[test]
    fn random_bytes_never_panic(random in prop::collection::vec(any::<u8>(), 0..200)) {
        let framed = [b"C\x01".as_slice(), &random].concat();
        for bytes in [random, framed] {
            if let Err(error) = CallState::deserialize(&bytes) {
                prop_assert_eq!(error.kind, ErrorKind::MalformedBinary);
            }
        }
    }
}

#[test]
fn truncated_bytes_are_refused() {
    let whole = bytes(&state_of(&[(0, Some(10), Some("a")), (5, None, None), (7, Some(9), Some("b"))]));
    for length in 0..whole.len() {
        assert!(CallState::deserialize(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn bad_instants_are_refused() {
    for (start, end) in [(i64::MAX, None), (i64::MIN, None), (0, Some(i64::MAX)), (0, Some(i64::MIN)), (10, Some(9))] {
        assert_eq!(CallState::default().push(start, end, None).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    }
    let (first, last) = (-211_813_488_000_000_000, 9_223_371_331_199_999_999);
    assert_eq!(CallState::default().push(first, Some(last), None).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    let ends = state_of(&[(first, Some(first + 1), None), (last - 1, Some(last), None)]);
    assert_eq!(bytes(&CallState::deserialize(&bytes(&ends)).unwrap()), bytes(&ends));
}

#[test]
fn sums_out_of_range_are_errors() {
    let long = 9_000_000_000_000_000_000;
    let mut state = state_of(&[(0, Some(long), None), (0, Some(long), None)]);
    assert_eq!(state.total_duration().unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    assert_eq!(state.mean_duration(), Some(long));
    assert_eq!(mean(2 * i128::from(long), 2), Some(long));
    // Calls without a duration take no memory: doubling them ends at the largest bigint.
    state = state_of(&[(0, None, Some("a")), (0, None, None)]);
    let error = (0..64).find_map(|_| {
        state.clone().merge(&state.clone()).err().or_else(|| {
            let other = state.clone();
            state.merge(&other).err()
        })
    });
    assert_eq!(error.unwrap().kind, ErrorKind::LimitExceeded);
}

#[test]
fn limits_are_errors() {
    let mut state = CallState::default();
    for i in 0..MAX_CALLS as i64 {
        state.push(i, Some(i + 3), None).unwrap();
    }
    let full = bytes(&state);
    assert!(full.len() < 3 * MAX_CALLS);
    assert_eq!(CallState::deserialize(&full).unwrap().peak().unwrap().unwrap().calls, 3);
    assert_eq!(state.push(0, Some(1), None).unwrap_err().kind, ErrorKind::LimitExceeded);
    state.push(0, None, None).unwrap();
    let long = "x".repeat((1 << 24) + 1);
    assert_eq!(CallState::default().push(0, None, Some(&long)).unwrap_err().kind, ErrorKind::LimitExceeded);
}

/// Calls, and ClickHouse's maxIntersections, maxIntersectionsPosition and intervalLengthSum of them.
fn check(text: &str) -> usize {
    let (head, lines) = text.split_once('\n').unwrap();
    println!("{head}");
    for line in lines.lines() {
        let [spans, peak, at, busy] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let rows: Vec<Row> = spans
            .split(' ')
            .map(|span| {
                let (start, end) = span.split_once(':').unwrap();
                (start.parse().unwrap(), Some(end.parse().unwrap()), None)
            })
            .collect();
        let (left, right) = rows.split_at(rows.len() / 2);
        let mut state = state_of(right);
        state.merge(&state_of(left)).unwrap();
        let found = figures(&state);
        let (calls, position) = found.peak.unwrap();
        assert_eq!(
            [calls.to_string(), position.to_string(), found.busy.to_string()],
            [peak, at, busy],
            "{head}\n{line}"
        );
    }
    lines.lines().count()
}

#[test]
fn golden_vectors() {
    assert!(check(include_str!("data/calls.tsv")) >= 400);
}

#[test]
fn more_vectors() {
    if let Ok(path) = std::env::var("MRCALL_CALLS_VECTORS") {
        println!("{} vectors", check(&std::fs::read_to_string(path).unwrap()));
    }
}
