//! What page views meant that looked the same: most URLs and referrers come again and again.

use core::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::hit::Hit;

/// Beyond this many bytes of keys it begins anew, so that one-off URLs cannot fill the memory.
const MOST_BYTES: usize = 4 << 20;
/// What decides the meaning of a page view.
const PARTS: usize = 6;

/// The page and the touch of a page view, as numbers of the set's texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The path.
    pub page: u32,
    /// The touch, where it is an arrival.
    pub touch: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u64,
    start: u32,
    /// The lengths of the parts plus one, 0 where one is absent: so no two different page views have one key.
    lengths: [u32; PARTS],
    path_from_url: bool,
    meaning: Meaning,
}

/// Meanings by all that decides them.
#[derive(Debug, Default)]
pub struct Memo {
    keys: Vec<u8>,
    entries: HashTable<Entry>,
    hasher: DefaultHashBuilder,
}

/// A page view as the memo looks for it.
#[derive(Debug)]
pub struct Key<'a> {
    parts: [&'a [u8]; PARTS],
    lengths: [u32; PARTS],
    path_from_url: bool,
    hash: u64,
}

impl Memo {
    /// The key of a page view.
    pub fn key<'a>(&self, hit: &Hit<'a>) -> Key<'a> {
        let given = [hit.path, hit.page_url, hit.referrer, hit.utm_source, hit.utm_medium, hit.utm_campaign];
        let lengths = given.map(|part| part.map_or(0, |text| u32::try_from(text.len() + 1).unwrap_or(u32::MAX)));
        let mut hasher = self.hasher.build_hasher();
        for part in given.into_iter().flatten() {
            hasher.write(part);
        }
        for length in lengths {
            hasher.write_u32(length);
        }
        let hash = hasher.finish();
        Key { parts: given.map(Option::unwrap_or_default), lengths, path_from_url: hit.path_from_url, hash }
    }

    /// The meaning of a page view that looked the same.
    pub fn find(&self, key: &Key<'_>) -> Option<Meaning> {
        self.entries.find(key.hash, |entry| self.is(entry, key)).map(|entry| entry.meaning)
    }

    fn is(&self, entry: &Entry, key: &Key<'_>) -> bool {
        if entry.hash != key.hash || entry.lengths != key.lengths || entry.path_from_url != key.path_from_url {
            return false;
        }
        let mut kept = self.keys.get(entry.start as usize..).unwrap_or_default();
        key.parts.iter().all(|part| match kept.split_at_checked(part.len()) {
            Some((own, rest)) => {
                kept = rest;
                own == *part
            }
            None => false,
        })
    }

    /// Keeps the meaning of a page view that is not in it yet.
    pub fn keep(&mut self, key: &Key<'_>, meaning: Meaning) {
        let length: usize = key.parts.iter().map(|part| part.len()).sum();
        if length > MOST_BYTES / 64 {
            return;
        }
        if self.keys.len() + length > MOST_BYTES {
            self.keys.clear();
            self.entries.clear();
        }
        let start = self.keys.len() as u32;
        key.parts.iter().for_each(|part| self.keys.extend_from_slice(part));
        let entry = Entry { hash: key.hash, start, lengths: key.lengths, path_from_url: key.path_from_url, meaning };
        self.entries.insert_unique(entry.hash, entry, |e| e.hash);
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.keys.capacity() + self.entries.capacity() * (size_of::<Entry>() + 1)
    }
}
