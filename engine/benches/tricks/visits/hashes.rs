//! The hash of a UUID: as one number, and as two.

use core::hash::BuildHasher;

use divan::{Bencher, black_box, counter::ItemsCount};
use hashbrown::DefaultHashBuilder;

use crate::{Random, VISITORS};

fn words() -> Vec<[u64; 2]> {
    let mut random = Random(2);
    (0..VISITORS).map(|_| [random.next(), random.next()]).collect()
}

#[divan::bench]
fn trick(bencher: Bencher<'_, '_>) {
    let (words, hasher) = (words(), DefaultHashBuilder::default());
    let hash = |[high, low]: [u64; 2]| hasher.hash_one(u128::from(high) << 64 | u128::from(low));
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| words.iter().fold(0, |all, word| all ^ hash(black_box(*word))));
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    let (words, hasher) = (words(), DefaultHashBuilder::default());
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| words.iter().fold(0, |all, word| all ^ hasher.hash_one(black_box(*word))));
}
