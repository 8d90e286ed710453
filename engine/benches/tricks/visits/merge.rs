//! Merging the batches of a visit set: the loser tree, the same with branches or without keys, and a heap.

use core::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use divan::{Bencher, counter::ItemsCount};

use super::loser_tree::LoserTree;
use super::uuid;
use super::visitor::Visitor;
use crate::resource::memory::HeldVec;
use crate::{Random, VISITORS};

/// As many as a million visitors make.
const BATCHES: usize = 140;

fn batches() -> Vec<Vec<Visitor<'static>>> {
    let mut random = Random(4);
    let mut batch = |_| {
        let mut ids: Vec<_> =
            (0..VISITORS / 8).map(|_| Visitor::Uuid(uuid::parse(random.uuid().as_bytes()).unwrap())).collect();
        ids.sort_unstable();
        ids
    };
    (0..BATCHES).map(&mut batch).collect()
}

fn counter() -> ItemsCount {
    ItemsCount::new(BATCHES * (VISITORS / 8))
}

fn mixed(all: u64, visitor: Visitor<'_>) -> u64 {
    let Visitor::Uuid([high, low]) = visitor else { return all };
    (all ^ high ^ low).rotate_left(1)
}

fn by_loser_tree(batches: &[Vec<Visitor<'static>>]) -> u64 {
    let mut rest: Vec<_> = batches.iter().map(|batch| batch.iter().copied()).collect();
    let mut tree = LoserTree::new(HeldVec::collect(rest.iter_mut().map(Iterator::next)).unwrap()).unwrap();
    let mut all = 0;
    while let Some((from, visitor)) = tree.first() {
        all = mixed(all, visitor);
        tree.advance(rest[from].next());
    }
    all
}

fn by_heap(batches: &[Vec<Visitor<'static>>]) -> u64 {
    let mut rest: Vec<_> = batches.iter().map(|batch| batch.iter().copied()).collect();
    let firsts = rest.iter_mut().enumerate().filter_map(|(from, batch)| Some(Reverse((batch.next()?, from))));
    let (mut heap, mut all) = (firsts.collect::<BinaryHeap<_>>(), 0);
    while let Some(mut top) = heap.peek_mut() {
        let Reverse((visitor, from)) = *top;
        all = mixed(all, visitor);
        match rest[from].next() {
            Some(next) => *top = Reverse((next, from)),
            None => {
                PeekMut::pop(top);
            }
        }
    }
    all
}

/// The loser tree with what it is said to gain by left out.
struct Plain<const KEYS: bool> {
    heads: Vec<Option<Visitor<'static>>>,
    matches: Vec<(u64, u32)>,
}

impl<const KEYS: bool> Plain<KEYS> {
    fn new(heads: Vec<Option<Visitor<'static>>>) -> Self {
        let places = heads.len().next_power_of_two();
        let mut tree = Self { heads, matches: vec![(0, 0); places] };
        let mut players: Vec<_> = (0..places as u32).map(|sequence| tree.player(sequence)).collect();
        let mut first = places / 2;
        while first > 0 {
            for place in 0..first {
                (players[place], tree.matches[first + place]) = tree.played(players[2 * place], players[2 * place + 1]);
            }
            first /= 2;
        }
        tree.matches[0] = players[0];
        tree
    }

    fn head(&self, sequence: u32) -> Option<Visitor<'static>> {
        self.heads.get(sequence as usize).copied().flatten()
    }

    fn player(&self, sequence: u32) -> (u64, u32) {
        (if KEYS { self.head(sequence).map_or(u64::MAX, |visitor| visitor.first_bytes()) } else { 0 }, sequence)
    }

    fn advance(&mut self, next: Option<Visitor<'static>>) {
        let sequence = self.matches[0].1;
        self.heads[sequence as usize] = next;
        let mut winner = self.player(sequence);
        let mut place = (sequence as usize + self.matches.len()) / 2;
        while place > 0 {
            let (first, loser) = self.played(winner, self.matches[place]);
            (winner, self.matches[place]) = (first, loser);
            place /= 2;
        }
        self.matches[0] = winner;
    }

    #[inline]
    fn played(&self, a: (u64, u32), b: (u64, u32)) -> ((u64, u32), (u64, u32)) {
        let a_wins = if a.0 == b.0 { self.is_before(a.1, b.1) } else { a.0 < b.0 };
        if a_wins { (a, b) } else { (b, a) }
    }

    fn is_before(&self, a: u32, b: u32) -> bool {
        match (self.head(a), self.head(b)) {
            (Some(a), Some(b)) => a < b,
            (a, _) => a.is_some(),
        }
    }
}

fn by_plain_tree<const KEYS: bool>(batches: &[Vec<Visitor<'static>>]) -> u64 {
    let mut rest: Vec<_> = batches.iter().map(|batch| batch.iter().copied()).collect();
    let mut tree = Plain::<KEYS>::new(rest.iter_mut().map(Iterator::next).collect());
    let mut all = 0;
    loop {
        let from = tree.matches[0].1;
        let Some(visitor) = tree.head(from) else { return all };
        all = mixed(all, visitor);
        tree.advance(rest[from as usize].next());
    }
}

fn merge(bencher: Bencher<'_, '_>, by: impl Fn(&[Vec<Visitor<'static>>]) -> u64) {
    let batches = batches();
    assert_eq!(by(&batches), by_heap(&batches));
    bencher.counter(counter()).bench_local(|| by(&batches));
}

#[divan::bench]
fn trick(bencher: Bencher<'_, '_>) {
    merge(bencher, by_loser_tree);
}

#[divan::bench]
fn plain_branches(bencher: Bencher<'_, '_>) {
    merge(bencher, by_plain_tree::<true>);
}

#[divan::bench]
fn plain_no_keys(bencher: Bencher<'_, '_>) {
    merge(bencher, by_plain_tree::<false>);
}

#[divan::bench]
fn plain_heap(bencher: Bencher<'_, '_>) {
    merge(bencher, by_heap);
}
