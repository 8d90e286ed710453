//! Long loops give a sign of life, often enough for a cancel to be answered at once.

use std::cell::Cell;

use mrcall_engine::behaviour::{FunnelState, Modes};
use mrcall_engine::pulse;
use mrcall_engine::visits::{Hit, VisitSet};

thread_local! {
    // Tests run side by side, each in a thread of its own.
    static BEATS: Cell<usize> = const { Cell::new(0) };
}

/// How many beats there are while something is done.
fn beats(work: impl FnOnce()) -> usize {
    pulse::set(|| BEATS.set(BEATS.get() + 1));
    let before = BEATS.get();
    work();
    BEATS.get() - before
}

#[test]
fn sorts_any_length_and_beats() {
    const PIECE: usize = 1 << 16;
    let mut seed = 1u64;
    for length in [0, 1, 2, 1000, PIECE, PIECE + 1, 2 * PIECE, 5 * PIECE + 7] {
        let mut items: Vec<u64> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                seed >> 44
            })
            .collect();
        let mut expected = items.clone();
        expected.sort_unstable();
        let beats = beats(|| pulse::sort(&mut items));
        assert_eq!(items, expected);
        assert!(length <= PIECE || beats >= length / PIECE, "{length}: {beats}");
    }
}

#[test]
fn a_huge_state_beats_while_it_is_sorted_merged_and_written() {
    // Every 16,384 steps: two million events have 122 such stretches, and sorting them looks at each some twenty times.
    let mut funnel = FunnelState::new(1_000_000, Modes::default(), 3).unwrap();
    let mut random = 42u64;
    for _ in 0..2_000_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        funnel.push((random >> 20) as i64, 1 << (random >> 62).min(2)).unwrap();
    }
    let mut bytes = Vec::new();
    assert!(beats(|| bytes = funnel.serialize()) > 1_000);
    assert!(beats(|| drop(FunnelState::deserialize(&bytes).unwrap())) >= 120);
    let mut other = funnel.like();
    assert!(beats(|| other.merge(&funnel).unwrap()) >= 120);

    let mut set = VisitSet::new(1, Vec::new(), Vec::new()).unwrap();
    for i in 0..200_000i64 {
        let visitor = (i * 7_919 % 100_003).to_string();
        set.push(&Hit { visitor: visitor.as_bytes(), at: i * 1_000, ..Hit::default() }).unwrap();
    }
    assert!(beats(|| drop(set.serialize().unwrap())) > 50);
}
