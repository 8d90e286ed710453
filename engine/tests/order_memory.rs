//! What a state takes does not depend on the order in which its rows came: a fifth more at most, and the answer is the same.

use mrcall_engine::calls::CallState;
use mrcall_engine::state::text_set_has;
use mrcall_engine::visits::{Cuts, PageEvent, VisitSet, VisitSettings, VisitState};

const MINUTE: i64 = 60_000_000;
const GAP: i64 = 30 * MINUTE;

/// Numbers in no order, each once.
fn shuffled(count: i64) -> Vec<i64> {
    let mut numbers: Vec<i64> = (0..count).collect();
    numbers.sort_unstable_by_key(|n| (*n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23));
    numbers
}

/// Events by their numbers in order of time, and in other orders.
fn orders(count: i64) -> [(&'static str, Vec<i64>); 4] {
    let half = count / 2;
    let in_turn = (0..half).flat_map(|n| [n, half + n]).collect();
    [
        ("in order", (0..count).collect()),
        ("backwards", (0..count).rev().collect()),
        ("in no order", shuffled(count)),
        ("two streams in turn", in_turn),
    ]
}

/// The time of the n-th event: visits of ten events.
fn at(n: i64) -> i64 {
    n / 10 * 24 * 60 * MINUTE + n % 10 * MINUTE
}

#[test]
fn a_visit_state_takes_the_same_in_any_order() {
    let count = 100_000;
    let mut wanted = (0, Vec::new());
    for (name, order) in orders(count) {
        let (mut state, mut most) = (VisitState::new(GAP).unwrap(), 0);
        for n in order {
            state.push(at(n), Some(if n % 7 == 0 { "/a" } else { "/b" }), None).unwrap();
            most = most.max(state.heap_bytes());
        }
        assert_eq!(state.num_visits().unwrap(), count as usize / 10, "{name}");
        state.settle().unwrap();
        let found = (most, state.serialize().unwrap());
        if wanted.0 == 0 {
            wanted = found;
            continue;
        }
        assert!(found.0 * 5 <= wanted.0 * 6 + 5 * 8_192, "{name}: {} bytes beside {}", found.0, wanted.0);
        assert!(found.1 == wanted.1, "{name}: other bytes");
    }
}

/// The most that a set takes while events come in an order, and its visits: visitor, start, end, events.
fn visits(visitors: i64, order: &[i64], at: impl Fn(i64) -> (i64, i64)) -> (usize, Vec<(String, i64, i64, u32)>) {
    let settings = VisitSettings { gap: GAP, with_pages: true, ..VisitSettings::default() };
    let (mut set, mut most) = (VisitSet::new(settings).unwrap(), 0);
    for n in order {
        let (visitor, at) = at(*n);
        assert!(visitor < visitors);
        let (visitor, path) =
            (format!("visitor {}", visitor * 7_919 % 1_000_003), if n % 7 == 0 { "/a" } else { "/b" });
        let event = PageEvent {
            visitor: visitor.as_bytes(),
            at,
            is_pageview: true,
            path: Some(path.as_bytes()),
            ..PageEvent::default()
        };
        set.push(&event).unwrap();
        most = most.max(set.heap_bytes());
    }
    let (mut rows, mut found) = (set.rows(Cuts::default()).unwrap(), Vec::new());
    while let Some(visitor) = rows.next_visitor().unwrap() {
        let visitor = visitor.text(&mut [0; 36]).to_owned();
        for part in rows.visit_parts() {
            let run = part.run;
            found.push((visitor.clone(), run.start, run.end, run.events));
        }
    }
    (most, found)
}

fn same_in_any_order(visitors: i64, count: i64, at: impl Fn(i64) -> (i64, i64) + Copy) {
    let mut wanted = (0, Vec::new());
    for (name, order) in orders(count) {
        let found = visits(visitors, &order, at);
        if wanted.0 == 0 {
            assert_eq!(found.1.iter().map(|visit| i64::from(visit.3)).sum::<i64>(), count);
            wanted = found;
            continue;
        }
        assert!(found.0 * 5 <= wanted.0 * 6 + 5 * 65_536, "{name}: {} bytes beside {}", found.0, wanted.0);
        assert!(found.1 == wanted.1, "{name}: other visits");
    }
}

#[test]
fn a_visit_set_takes_the_same_in_any_order() {
    // One visitor, and a hundred.
    same_in_any_order(1, 100_000, |n| (0, at(n)));
    same_in_any_order(100, 100_000, |n| (n % 100, at(n / 100)));
    // More than a table holds, one after the other, of twenty visits with ten events each.
    same_in_any_order(20_000, 200_000, |n| (n / 10, at(n)));
    // The same, all of them busy at once.
    same_in_any_order(20_000, 200_000, |n| (n % 20_000, at(n / 20_000)));
}

#[test]
fn a_call_state_takes_the_same_in_any_order() {
    let mut wanted = (0, Vec::new());
    for (name, order) in orders(50_000) {
        let mut state = CallState::default();
        order.into_iter().for_each(|n| state.push(at(n), Some(at(n) + MINUTE), Some("done")).unwrap());
        state.settle();
        let found = (state.heap_bytes(), state.serialize().unwrap());
        if wanted.0 == 0 {
            wanted = found;
            continue;
        }
        assert!(found == wanted, "{name}: {} bytes beside {}", found.0, wanted.0);
    }
}

#[test]
fn a_forged_set_of_texts_has_nothing_and_is_looked_through_in_no_time() {
    let mut bytes = vec![0u8; 20];
    for slots in [0xC000_0001u32, 3, 0, u32::MAX, 1 << 31, 2] {
        bytes[8..12].copy_from_slice(&slots.to_ne_bytes());
        bytes[16..].copy_from_slice(&1u32.to_ne_bytes());
        for text in ["a", "e", ""] {
            assert!(!text_set_has(&bytes, text.as_bytes()), "{slots} {text:?}");
        }
    }
}
