//! Funnels against their definition, spelled out: every chain is tried.

mod size;

use mrcall_engine::ErrorKind;
use mrcall_engine::behaviour::{FunnelState, MAX_CONDITIONS, Modes, condition_mask};
use proptest::prelude::*;

type Row = (i64, u32);

fn modes(names: &[&str]) -> Modes {
    Modes::parse(names.iter().copied()).unwrap()
}

fn state(rows: &[Row], within: i64, modes: Modes, steps: usize) -> FunnelState {
    let mut state = FunnelState::new(within, modes, steps).unwrap();
    rows.iter().for_each(|(ts, mask)| state.push(*ts, *mask).unwrap());
    state
}

/// Keeps the better of two chains' instants: the longer, then the lexicographically smaller.
fn keep(best: &mut Vec<i64>, times: &[i64]) {
    if times.len() > best.len() || (times.len() == best.len() && times < &best[..]) {
        *best = times.to_vec();
    }
}

/// What the modes allow between neighbours of a chain.
#[derive(Clone, Copy)]
struct Rule {
    within: i64,
    steps: usize,
    increase: bool,
    once: bool,
}

/// Every chain that `chain` (numbers of rows) can grow to.
fn grow(rows: &[Row], rule: Rule, chain: &mut Vec<usize>, best: &mut Vec<i64>) {
    let times: Vec<_> = chain.iter().map(|row| rows[*row].0).collect();
    keep(best, &times);
    if chain.len() == rule.steps {
        return;
    }
    for (number, (ts, mask)) in rows.iter().enumerate() {
        let follows = times.last().is_none_or(|last| if rule.increase { last < ts } else { last <= ts });
        let in_time = times.first().is_none_or(|first| *ts <= first + rule.within);
        let free = !rule.once || !chain.contains(&number);
        if mask >> chain.len() & 1 == 1 && follows && in_time && free {
            chain.push(number);
            grow(rows, rule, chain, best);
            chain.pop();
        }
    }
}

fn best_chain(rows: &[Row], rule: Rule) -> Vec<i64> {
    let mut best = Vec::new();
    grow(rows, rule, &mut Vec::new(), &mut best);
    best
}

/// Every order of the rows that is in order of time.
fn orders(rows: &[Row], from: usize, visit: &mut impl FnMut(&[Row])) {
    if from == rows.len() {
        return visit(rows);
    }
    for next in from..rows.len() {
        if rows[next].0 == rows[from].0 {
            let mut rows = rows.to_vec();
            rows.swap(from, next);
            orders(&rows, from + 1, visit);
        }
    }
}

fn best_neighbours(rows: &[Row], within: i64, steps: usize) -> Vec<i64> {
    let mut rows = rows.to_vec();
    rows.sort();
    let mut best = Vec::new();
    orders(&rows, 0, &mut |rows| {
        for start in 0..rows.len() {
            let mut times = Vec::new();
            for (step, (ts, mask)) in rows[start..].iter().take(steps).enumerate() {
                if mask >> step & 1 == 0 || *ts > rows[start].0 + within {
                    break;
                }
                times.push(*ts);
                keep(&mut best, &times);
            }
        }
    });
    best
}

/// ClickHouse's scan over entries (ts, step, conditions, row), with every chain of rows that it keeps: the depth, and
/// the rows with the conditions that the scan came to before it ended.
fn scan(rows: &[Row], names: &[&str], within: i64, steps: usize) -> (usize, Vec<Row>) {
    let has = |name| names.contains(&name);
    let (once, order) = (has("strict_once"), has("strict_order"));
    let rows: Vec<Row> = rows.iter().map(|(ts, mask)| (*ts, mask & ((1 << steps) - 1))).collect();
    let mut entries = Vec::new();
    for (number, (ts, mask)) in rows.iter().enumerate() {
        if *mask == 0 && order {
            entries.push((*ts, 0, 0, number));
        }
        let met = (0..steps).filter(|step| mask >> step & 1 == 1);
        entries.extend(met.map(|step| (*ts, step + 1, mask.reverse_bits(), number)));
    }
    entries.sort();
    let mut seen = vec![0u32; rows.len()];
    // For each step the chains of rows that reached it; without strict_once the last one alone.
    let mut chains: Vec<Vec<Vec<usize>>> = vec![Vec::new(); steps + 1];
    for (ts, step, _, number) in entries {
        let begun = !chains[1].is_empty();
        if step == 0 {
            if begun {
                break;
            }
            continue;
        }
        seen[number] |= 1 << (step - 1);
        let before = if step == 1 { vec![Vec::new()] } else { chains[step - 1].clone() };
        if step > 1 && has("strict_deduplication") && !chains[step].is_empty() {
            break;
        }
        if step > 1 && before.is_empty() && order && begun {
            if has("allow_reentry") {
                continue;
            }
            break;
        }
        let mut grown: Vec<Vec<usize>> = before;
        grown.retain(|chain| {
            let in_time = chain.first().is_none_or(|first| ts <= rows[*first].0 + within);
            let later = !has("strict_increase") || chain.last().is_none_or(|last| rows[*last].0 < ts);
            in_time && later && !(once && chain.contains(&number))
        });
        grown.iter_mut().for_each(|chain| chain.push(number));
        if once {
            chains[step].extend(grown);
        } else if let Some(chain) = grown.pop() {
            chains[step] = vec![chain];
        }
        if !chains[steps].is_empty() {
            break;
        }
    }
    let depth = (1..=steps).take_while(|step| !chains[*step].is_empty()).count();
    (depth, rows.iter().zip(seen).map(|((ts, _), mask)| (*ts, mask)).collect())
}

fn rows(most: usize, span: i64) -> impl Strategy<Value = Vec<Row>> {
    // A narrow range of times and few steps: ties, duplicates and windows that just close are common.
    let mask = prop_oneof![3 => (0u32..5).prop_map(|bit| 1 << bit), 2 => 0u32..32];
    prop::collection::vec((0..span, mask), 0..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(20_000)))]

    #[test]
    fn chains_are_the_best_that_exist(rows in rows(8, 12), within in 0i64..12, steps in 1usize..6) {
        for (names, increase, once) in [
            (&[][..], false, false),
            (&["strict_increase"], true, false),
            (&["strict_once"], false, true),
            (&["strict_once", "strict_increase"], true, true),
        ] {
            let state = state(&rows, within, modes(names), steps);
            let best = best_chain(&rows, Rule { within, steps, increase, once });
            prop_assert_eq!(state.depth().unwrap() as usize, best.len(), "{:?}", names);
            prop_assert_eq!(state.times().unwrap(), best, "{:?}", names);
        }
    }

    #[test]
    fn ties_are_matched(rows in rows(9, 2), within in 0i64..3, steps in 1usize..6) {
        let best = best_chain(&rows, Rule { within, steps, increase: false, once: true });
        let state = state(&rows, within, modes(&["strict_once"]), steps);
        prop_assert_eq!(state.depth().unwrap() as usize, best.len());
        prop_assert_eq!(state.times().unwrap(), best);
    }

    #[test]
    fn consecutive_steps_are_neighbours(rows in rows(8, 6), within in 0i64..7, steps in 1usize..6) {
        let best = best_neighbours(&rows, within, steps);
        let state = state(&rows, within, modes(&["consecutive"]), steps);
        prop_assert_eq!(state.depth().unwrap() as usize, best.len());
        prop_assert_eq!(state.times().unwrap(), best);
    }

    #[test]
    fn scans_end_as_defined(rows in rows(9, 8), within in 0i64..9, steps in 1usize..6, combination in 0usize..20) {
        let base: &[&str] = [
            &["strict_deduplication"][..],
            &["strict_order"],
            &["strict_order", "allow_reentry"],
            &["strict_deduplication", "strict_order"],
            &["strict_deduplication", "strict_order", "allow_reentry"],
        ][combination % 5];
        let (increase, once) = (combination / 5 % 2 == 1, combination / 10 == 1);
        let mut names = base.to_vec();
        names.extend(increase.then_some("strict_increase"));
        names.extend(once.then_some("strict_once"));
        let (depth, seen) = scan(&rows, &names, within, steps);
        let state = state(&rows, within, modes(&names), steps);
        prop_assert_eq!(state.depth().unwrap() as usize, depth, "{:?}", names);
        let best = best_chain(&seen, Rule { within, steps: depth.max(1), increase, once });
        prop_assert_eq!(state.times().unwrap(), best, "{:?}", names);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(4_000)))]

    #[test]
    fn order_split_and_merge_change_no_byte(
        rows in rows(40, 30), parts in prop::collection::vec(0usize..4, 40), within in 0i64..30, steps in 1usize..6,
        order in prop::collection::vec(any::<u32>(), 40), mode in 0usize..6
    ) {
        let names = [
            &[][..], &["strict_increase"], &["strict_once"], &["strict_order", "strict_once"], &["consecutive"],
            &["strict_deduplication", "strict_once"],
        ][mode];
        let whole = state(&rows, within, modes(names), steps);
        let mut shuffled: Vec<_> = rows.iter().zip(&order).zip(&parts).collect();
        shuffled.sort_by_key(|((_, order), _)| **order);
        let mut split: Vec<_> = (0..4).map(|_| whole.like()).collect();
        shuffled.iter().for_each(|(((ts, mask), _), part)| split[**part].push(*ts, *mask).unwrap());
        let (mut merged, mut read) = (whole.like(), whole.like());
        split[1].sort().unwrap();
        for part in [2, 0, 3, 1] {
            merged.merge(&FunnelState::deserialize(&split[part].serialize().unwrap()).unwrap()).unwrap();
            read.merge_bytes(&split[part].serialize().unwrap()).unwrap();
        }
        prop_assert_eq!((merged.serialize().unwrap(), read.serialize().unwrap()), (whole.serialize().unwrap(), whole.serialize().unwrap()));
        prop_assert_eq!((merged.depth().unwrap(), merged.times().unwrap()), (whole.depth().unwrap(), whole.times().unwrap()));
        let double = { let mut double = whole.clone(); double.merge(&whole).unwrap(); double };
        prop_assert_eq!(double.len(), 2 * whole.len());
    }

    #[test]
    fn bytes_are_canonical_or_refused(
        rows in rows(12, 30), mode in 0usize..3, at in any::<prop::sample::Index>(), byte: u8,
        cut in any::<prop::sample::Index>(), noise in prop::collection::vec(any::<u8>(), 0..40)
    ) {
        let names = [&[][..], &["strict_order", "allow_reentry"], &["consecutive"]][mode];
        let bytes = state(&rows, 1_000_000, modes(names), 5).serialize().unwrap();
        prop_assert_eq!(FunnelState::deserialize(&bytes).unwrap().serialize().unwrap(), &bytes[..]);
        let mut changed = bytes.clone();
        let at = at.index(changed.len());
        changed[at] = byte;
        let mut headed = bytes[..5].to_vec();
        headed.extend(&noise);
        for broken in [&changed, &bytes[..cut.index(bytes.len())], &noise, &headed] {
            match FunnelState::deserialize(broken) {
                Ok(state) => {
                    prop_assert_eq!(state.serialize().unwrap(), broken);
                    prop_assert_eq!(state.times().unwrap().len() as i32, state.depth().unwrap());
                }
                Err(error) => prop_assert_eq!(error.kind, ErrorKind::MalformedBinary),
            }
        }
    }
}

#[test]
fn examples() {
    let rows = [(0, 0b001), (10, 0b010), (20, 0b100)];
    let depth = |rows: &[Row], within, names: &[&str]| state(rows, within, modes(names), 3).depth().unwrap();
    assert_eq!(depth(&rows, 20, &[]), 3);
    assert_eq!(depth(&rows, 19, &[]), 2);
    assert_eq!(depth(&rows[1..], 100, &[]), 0);
    assert_eq!(depth(&[], 100, &[]), 0);
    assert_eq!(state(&rows, 20, modes(&[]), 3).times().unwrap(), [0, 10, 20]);
    // One event may be all steps, but not with the strict modes.
    assert_eq!(depth(&[(5, 0b111)], 0, &[]), 3);
    assert_eq!(depth(&[(5, 0b111)], 0, &["strict_once"]), 1);
    assert_eq!(depth(&[(5, 0b111), (5, 0b111), (5, 0b111)], 0, &["strict_once"]), 3);
    assert_eq!(depth(&[(5, 0b111), (5, 0b111), (6, 0b111)], 1, &["strict_increase"]), 2);
    // The chain that ClickHouse loses: the second step 1 takes the place of the first.
    assert_eq!(depth(&[(1, 0b001), (2, 0b001), (2, 0b010)], 9, &["strict_increase"]), 2);
    assert_eq!(depth(&[(1, 0b001), (2, 0b001), (2, 0b010)], 9, &["strict_increase", "strict_order"]), 1);
    // An event of no step, and a repeated one.
    let visited = [(0, 0b001), (1, 0b000), (2, 0b010), (3, 0b010), (4, 0b100)];
    assert_eq!(depth(&visited, 9, &["strict_order"]), 1);
    assert_eq!(depth(&visited, 9, &["consecutive"]), 1);
    assert_eq!(depth(&visited, 9, &["strict_deduplication"]), 2);
    assert_eq!(depth(&visited, 9, &[]), 3);
    // A step too early.
    let early = [(0, 0b001), (1, 0b100), (2, 0b010), (3, 0b100)];
    assert_eq!(depth(&early, 9, &["strict_order"]), 1);
    assert_eq!(depth(&early, 9, &["strict_order", "allow_reentry"]), 3);
    assert_eq!(condition_mask([Some(true), None, Some(false), Some(true)]), 0b1001);
}

#[test]
fn windows_at_the_ends_of_time() {
    use mrcall_engine::time::{END_INSTANT, MIN_INSTANT};
    let rows = [(END_INSTANT - 1, 2), (MIN_INSTANT, 1)];
    for (names, within, depth) in [(&[][..], i64::MAX, 1), (&["consecutive"], i64::MAX, 1)] {
        // The whole range is longer than any interval.
        assert_eq!(state(&rows, within, modes(names), 2).depth().unwrap(), depth);
    }
    assert_eq!(state(&[(MIN_INSTANT, 1), (0, 2)], i64::MAX, modes(&[]), 2).times().unwrap(), [MIN_INSTANT, 0]);
}

#[test]
fn thirty_two_steps() {
    let rows: Vec<Row> = (0..32).map(|step| (step, 1 << step)).collect();
    for names in [&[][..], &["strict_once"], &["strict_increase"], &["strict_order"], &["consecutive"]] {
        assert_eq!(state(&rows, 31, modes(names), 32).depth().unwrap(), 32, "{names:?}");
        assert_eq!(state(&rows, 30, modes(names), 32).depth().unwrap(), 31, "{names:?}");
    }
    // All at one instant, each event of all steps, then far more events than steps.
    for count in [1, 31, 32, 5_000] {
        let rows = vec![(7, u32::MAX); count];
        for names in [&["strict_once"][..], &["consecutive"], &["strict_once", "strict_order"]] {
            assert_eq!(state(&rows, 0, modes(names), 32).depth().unwrap() as usize, count.min(32), "{names:?}");
        }
    }
}

#[test]
fn errors() {
    let kind = |names: &[&str]| Modes::parse(names.iter().copied()).unwrap_err();
    let error = kind(&["strict_order", "strict"]);
    assert_eq!((error.kind, &error.message[..]), (ErrorKind::InvalidArgument, "unknown funnel mode: \"strict\""));
    assert!(error.hint.contains("strict_deduplication") && error.hint.contains("consecutive"));
    assert_eq!(kind(&["allow_reentry"]).message, "funnel mode allow_reentry needs strict_order");
    assert_eq!(
        kind(&["strict_once", "consecutive"]).message,
        "funnel mode consecutive stands alone, not in strict_once, consecutive"
    );
    for (within, steps, kind, message) in [
        (1, 0, ErrorKind::InvalidArgument, "steps is an empty array"),
        (1, 33, ErrorKind::LimitExceeded, "steps has 33 elements, more than 32"),
        (1, 1 << 40, ErrorKind::LimitExceeded, "steps has 1099511627776 elements, more than 32"),
        (-1, 1, ErrorKind::InvalidArgument, "within must not be negative: -00:00:00.000001"),
    ] {
        let error = FunnelState::new(within, Modes::default(), steps).unwrap_err();
        assert_eq!((error.kind, &error.message[..]), (kind, message));
    }
    assert!(FunnelState::new(0, Modes::default(), MAX_CONDITIONS).is_ok());

    let mut funnel = state(&[(0, 1)], 5, modes(&[]), 2);
    for (ts, mask) in [(i64::MAX, 1), (i64::MIN, 0), (i64::MAX - 1, 1)] {
        assert_eq!(funnel.push(ts, mask).unwrap_err().kind, ErrorKind::DatetimeOutOfRange);
    }
    for (other, message) in [
        (
            state(&[], 6, modes(&[]), 2),
            "within is 00:00:00.000006 here and 00:00:00.000005 in another row of the group",
        ),
        (
            state(&[], 5, modes(&["strict_once"]), 2),
            "modes are strict_once here and the default mode in another row of the group",
        ),
        (state(&[], 5, modes(&[]), 3), "steps has 3 elements here and 2 in another row of the group"),
    ] {
        assert_eq!(
            funnel.clone().merge_bytes(&other.serialize().unwrap()).unwrap_err().message,
            funnel.merge(&other).unwrap_err().message
        );
        let error = funnel.merge(&other).unwrap_err();
        assert_eq!((error.kind, &error.message[..]), (ErrorKind::InvalidArgument, message));
    }
}

#[test]
fn events_are_small() {
    let minute = 60_000_000;
    let rows: Vec<Row> = (0..100_000).map(|i| (i * 7 * minute + i % 977 * 1013, 1 << (i % 5))).collect();
    let state = state(&rows, minute, modes(&[]), 5);
    assert!(state.heap_bytes() <= 12 * (rows.len() + 128) + 32 * 100, "{}", state.heap_bytes());
    assert!(state.serialize().unwrap().len() < 7 * rows.len(), "{}", state.serialize().unwrap().len());
}
