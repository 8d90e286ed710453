//! Interrupts of long loops: whoever runs the engine can look, every now and then, whether to go on.

use core::cmp::Ordering;
use std::sync::OnceLock;

static CHECK: OnceLock<fn()> = OnceLock::new();

/// How many steps of a loop go by between two checks of a [`Throttle`]: less than a few milliseconds.
const STEPS: u32 = 1 << 14;
/// So many values are sorted or gone through between two checks.
const CHUNK: usize = 1 << 16;

/// So many bytes of a text are looked at between two checks.
const LONG: usize = 1 << 20;

/// Sets what long loops call between two steps; it may unwind to end the loop. Only the first call counts.
pub fn on_check(check: fn()) {
    let _ = CHECK.set(check);
}

/// Counts the steps of a loop and calls [`check`] once for many of them.
#[derive(Debug, Default)]
pub struct Throttle(u32);

impl Throttle {
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
            check();
        }
    }
}

/// Looks for an interrupt, for loops whose steps take long.
#[cold]
pub fn check() {
    if let Some(check) = CHECK.get() {
        check();
    }
}

/// Sorts as `sort_unstable` does, with a look for an interrupt in long slices.
pub fn sort<T: Ord>(list: &mut [T]) {
    if list.len() <= CHUNK {
        return list.sort_unstable();
    }
    // Comparing without counting is faster, and the stable sort finds the sorted chunks: it only merges them.
    for chunk in list.chunks_mut(CHUNK) {
        chunk.sort_unstable();
        check();
    }
    let mut throttle = Throttle::default();
    list.sort_by(|a, b| {
        throttle.step();
        a.cmp(b)
    });
}

/// Sorts as `sort_unstable_by` does, with a look for an interrupt in long slices.
pub fn sort_by<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut throttle = Throttle::default();
    list.sort_unstable_by(|a, b| {
        throttle.step();
        compare(a, b)
    });
}

/// Sorts as `sort_unstable_by_key` does, with a look for an interrupt in long slices.
pub fn sort_by_key<T, K: Ord>(list: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(list, |a, b| key(a).cmp(&key(b)));
}

/// A list in chunks, with a look for an interrupt after each long one.
#[inline]
pub fn chunks<T>(list: &[T]) -> impl Iterator<Item = &[T]> {
    list.chunks(CHUNK).inspect(|chunk| {
        if chunk.len() == CHUNK {
            check();
        }
    })
}

/// The place of the first byte that is asked for, with a look for an interrupt in long texts.
#[inline]
pub fn position(bytes: &[u8], mut is_it: impl FnMut(u8) -> bool) -> Option<usize> {
    if bytes.len() <= LONG {
        return bytes.iter().position(|byte| is_it(*byte));
    }
    bytes.chunks(LONG).zip((0..).step_by(LONG)).find_map(|(chunk, start)| {
        check();
        chunk.iter().position(|byte| is_it(*byte)).map(|place| start + place)
    })
}
