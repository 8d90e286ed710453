//! Short texts: their keys in a dictionary, and a table of their own.

use core::hash::BuildHasher;

use divan::{Bencher, black_box, counter::ItemsCount};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::short_key::short_key;
use crate::state::Dictionary;
use crate::{Random, VISITORS};

/// Channels, campaigns, countries and pages of 2 to 15 bytes, one after the other as events have them.
fn texts() -> Vec<Vec<u8>> {
    let mut random = Random(8);
    let known: Vec<Vec<u8>> =
        (0..300).map(|_| (0..2 + random.below(14)).map(|_| b'a' + random.below(26) as u8).collect()).collect();
    (0..VISITORS).map(|_| known[random.below(300) as usize].clone()).collect()
}

fn copied_key(text: &[u8]) -> Option<[u8; 16]> {
    let mut key = [0; 16];
    key.get_mut(..15)?.get_mut(..text.len())?.copy_from_slice(text);
    key[15] = text.len() as u8;
    Some(key)
}

fn key(bencher: Bencher<'_, '_>, key: impl Fn(&[u8]) -> Option<[u8; 16]>) {
    let texts = texts();
    assert!(texts.iter().all(|text| key(text) == short_key(text)));
    bencher.counter(ItemsCount::new(VISITORS)).bench_local(|| {
        texts.iter().filter_map(|text| key(black_box(text))).fold(0, |all, key| all ^ u128::from_le_bytes(key))
    });
}

#[divan::bench]
fn key_trick(bencher: Bencher<'_, '_>) {
    key(bencher, short_key);
}

#[divan::bench]
fn key_plain(bencher: Bencher<'_, '_>) {
    key(bencher, copied_key);
}

/// A dictionary with one table for all texts.
#[derive(Default)]
struct OneTable {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    index: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl OneTable {
    fn intern(&mut self, text: &[u8]) -> u32 {
        let get = |id: u32| {
            let start = if id == 0 { 0 } else { self.ends[id as usize - 1] };
            &self.bytes[start..self.ends[id as usize]]
        };
        let hash = self.hasher.hash_one(text);
        if let Some(found) = self.index.find(hash, |id| get(*id) == text) {
            return *found;
        }
        let id = self.ends.len() as u32;
        self.index.insert_unique(hash, id, |id| self.hasher.hash_one(get(*id)));
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
        id
    }
}

#[divan::bench]
fn intern_trick(bencher: Bencher<'_, '_>) {
    let (texts, mut all) = (texts(), Dictionary::default());
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| texts.iter().fold(0, |sum, text| sum ^ all.intern(black_box(text)).unwrap()));
}

#[divan::bench]
fn intern_plain(bencher: Bencher<'_, '_>) {
    let (texts, mut all) = (texts(), OneTable::default());
    bencher
        .counter(ItemsCount::new(VISITORS))
        .bench_local(|| texts.iter().fold(0, |sum, text| sum ^ all.intern(black_box(text))));
}
