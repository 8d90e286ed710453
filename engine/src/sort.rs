//! Sorting that can be interrupted: millions of values take longer than a cancel may wait.

/// So many values are sorted or merged between two pauses: about five milliseconds.
const PIECE: usize = 1 << 16;

/// Sorts `items`; calls `pause` every few milliseconds, which may unwind. Values that compare equal must be the same.
pub fn sort<T: Ord + Copy>(items: &mut Vec<T>, pause: &mut dyn FnMut()) {
    if items.is_sorted() {
        return;
    }
    for piece in items.chunks_mut(PIECE) {
        piece.sort_unstable();
        pause();
    }
    let mut spare = Vec::new();
    let mut width = PIECE;
    while width < items.len() {
        spare.clear();
        spare.reserve_exact(items.len());
        for pair in items.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut spare, pause);
        }
        core::mem::swap(items, &mut spare);
        width *= 2;
    }
}

/// Appends two sorted runs as one.
fn merge<T: Ord + Copy>(left: &[T], right: &[T], out: &mut Vec<T>, pause: &mut dyn FnMut()) {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let next = if l <= r { left.next() } else { right.next() };
        out.extend(next);
        if out.len().is_multiple_of(PIECE) {
            pause();
        }
    }
    out.extend(left);
    out.extend(right);
    pause();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_any_length_and_pauses() {
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
            let mut pauses = 0;
            sort(&mut items, &mut || pauses += 1);
            assert_eq!(items, expected);
            assert!(pauses >= length / PIECE, "{length}: {pauses}");
        }
    }
}
