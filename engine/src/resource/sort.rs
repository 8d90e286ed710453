//! Sorting with a look for an interrupt in long slices.

use core::cmp::Ordering;

use super::interrupt::{CHUNK, Throttle, check};

/// Sorts as `sort_unstable` does.
pub fn ascending<T: Ord>(list: &mut [T]) {
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

/// Sorts as `sort_unstable_by` does.
pub fn by<T>(list: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let mut throttle = Throttle::default();
    list.sort_unstable_by(|a, b| {
        throttle.step();
        compare(a, b)
    });
}

/// Sorts as `sort_unstable_by_key` does.
pub fn by_key<T, K: Ord>(list: &mut [T], mut key: impl FnMut(&T) -> K) {
    by(list, |a, b| key(a).cmp(&key(b)));
}
