//! The visitors of a table in order of their ids: by the first bytes beside their numbers, and by the ids.

use divan::{Bencher, counter::ItemsCount};

use super::visitor::Visitors;
use crate::{Random, VISITORS};

fn visitors() -> Visitors {
    let (mut visitors, mut random) = (Visitors::default(), Random(3));
    (0..VISITORS).for_each(|_| {
        visitors.intern(random.uuid().as_bytes()).unwrap();
    });
    visitors
}

fn by_ids(visitors: &Visitors) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..VISITORS as u32).collect();
    numbers.sort_unstable_by(|a, b| visitors.get(*a).cmp(&visitors.get(*b)));
    numbers
}

#[divan::bench]
fn trick(bencher: Bencher<'_, '_>) {
    let visitors = visitors();
    assert!(visitors.in_order().unwrap().eq(by_ids(&visitors)));
    bencher.counter(ItemsCount::new(VISITORS)).bench_local(|| visitors.in_order().unwrap().fold(0, |a, b| a ^ b));
}

#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    let visitors = visitors();
    bencher.counter(ItemsCount::new(VISITORS)).bench_local(|| by_ids(&visitors).into_iter().fold(0, |a, b| a ^ b));
}
