//! Texts and paths in order.

use divan::{Bencher, counter::ItemsCount};

use crate::path_key::{FirstSteps, put, steps};
use crate::state::Dictionary;
use crate::{Random, VISITORS};

fn dictionary(mut text: impl FnMut(&mut Random) -> Vec<u8>) -> Dictionary {
    let (mut texts, mut random) = (Dictionary::default(), Random(7));
    (0..VISITORS).for_each(|_| {
        texts.intern(&text(&mut random)).unwrap();
    });
    texts
}

fn ids() -> Dictionary {
    dictionary(|random| random.uuid().into_bytes())
}

fn pages() -> Dictionary {
    dictionary(|random| {
        let kind = ["/products/", "/blog/2026/", "https://www.example.com/p/"][random.below(3) as usize];
        format!("{kind}{}", random.below(100_000)).into_bytes()
    })
}

/// Four steps on average, over 12 channels.
fn paths() -> Dictionary {
    dictionary(|random| {
        let mut key = Vec::new();
        (0..1 + random.below(7)).for_each(|_| put(&mut key, random.below(12) as u32).unwrap());
        key
    })
}

fn plain(texts: &Dictionary) -> u32 {
    let mut numbers: Vec<u32> = (0..texts.len() as u32).collect();
    numbers.sort_unstable_by(|a, b| texts.get(*a).cmp(texts.get(*b)));
    numbers.into_iter().fold(0, |a, b| a.rotate_left(1) ^ b)
}

fn trick(texts: &Dictionary) -> u32 {
    texts.in_order().unwrap().fold(0, |a, b| a.rotate_left(1) ^ b)
}

fn order(bencher: Bencher<'_, '_>, texts: Dictionary, order: impl Fn(&Dictionary) -> u32) {
    assert_eq!(order(&texts), plain(&texts));
    bencher.counter(ItemsCount::new(texts.len())).bench_local(|| order(&texts));
}

#[divan::bench]
fn ids_trick(bencher: Bencher<'_, '_>) {
    order(bencher, ids(), trick);
}

#[divan::bench]
fn ids_plain(bencher: Bencher<'_, '_>) {
    order(bencher, ids(), plain);
}

#[divan::bench]
fn pages_trick(bencher: Bencher<'_, '_>) {
    order(bencher, pages(), trick);
}

#[divan::bench]
fn pages_plain(bencher: Bencher<'_, '_>) {
    order(bencher, pages(), plain);
}

#[divan::bench]
fn paths_trick(bencher: Bencher<'_, '_>) {
    order(bencher, paths(), |paths| {
        let first = FirstSteps::of(12);
        let path = |id| steps(paths.get(id));
        let mut order: Vec<_> = (0..paths.len() as u32).map(|id| (first.key(path(id)), id)).collect();
        order.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| path(a.1).cmp(path(b.1))));
        order.into_iter().fold(0, |a, b| a.rotate_left(1) ^ b.1)
    });
}

#[divan::bench]
fn paths_plain(bencher: Bencher<'_, '_>) {
    order(bencher, paths(), |paths| {
        let path = |id| steps(paths.get(id));
        let mut order: Vec<_> = (0..paths.len() as u32).collect();
        order.sort_unstable_by(|a, b| path(*a).cmp(path(*b)));
        order.into_iter().fold(0, |a, b| a.rotate_left(1) ^ b)
    });
}
