//! A sign of life of long loops: whoever runs the engine can look, every now and then, whether to go on.

use core::cmp::Ordering;
use std::sync::OnceLock;

static BEAT: OnceLock<fn()> = OnceLock::new();

/// How many steps of a loop go by between two beats of a [`Counter`]: less than a few milliseconds.
const STEPS: u32 = 1 << 14;
/// So many values are sorted between two beats.
const PIECE: usize = 1 << 16;

/// Sets what long loops call between two steps; it may unwind to end the loop. Only the first call counts.
pub fn set(beat: fn()) {
    let _ = BEAT.set(beat);
}

/// Counts the steps of a loop and calls what was [`set`] once for many of them.
#[derive(Debug, Default)]
pub struct Counter(u32);

impl Counter {
    /// One step more.
    #[inline]
    pub fn step(&mut self) {
        self.steps(1);
    }

    /// So many steps more.
    #[inline]
    pub fn steps(&mut self, steps: usize) {
        self.0 = self.0.saturating_add(u32::try_from(steps).unwrap_or(u32::MAX));
        if self.0 >= STEPS {
            self.0 = 0;
            beat();
        }
    }
}

/// A sign of life, for loops whose steps take long.
#[cold]
pub fn beat() {
    if let Some(beat) = BEAT.get() {
        beat();
    }
}

/// Sorts as `sort_unstable` does, with a sign of life for long slices.
pub fn sort<T: Ord>(list: &mut [T]) {
    if list.len() <= PIECE {
        return list.sort_unstable();
    }
    // Comparing without counting is faster, and the stable sort finds the sorted pieces: it only merges them.
    for piece in list.chunks_mut(PIECE) {
        piece.sort_unstable();
        beat();
    }
    let mut counter = Counter::default();
    list.sort_by(|a, b| {
        counter.step();
        a.cmp(b)
    });
}

/// Sorts as `sort_unstable_by` does, with a sign of life for long slices.
pub fn sort_by<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut counter = Counter::default();
    list.sort_unstable_by(|a, b| {
        counter.step();
        compare(a, b)
    });
}

/// Sorts as `sort_unstable_by_key` does, with a sign of life for long slices.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}
