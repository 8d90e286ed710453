//! What page views meant that looked the same: most URLs and referrers come again and again.

use core::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::set::Hit;

/// Beyond this many bytes of keys it begins anew, so that one-off URLs cannot fill the memory.
const MOST_BYTES: usize = 4 << 20;

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
    start: usize,
    end: usize,
    meaning: Meaning,
}

/// Meanings by all that decides them.
#[derive(Debug, Default)]
pub struct Memo {
    keys: Vec<u8>,
    entries: HashTable<Entry>,
    hasher: DefaultHashBuilder,
    /// The key that was looked for last.
    key: Vec<u8>,
}

impl Memo {
    /// The meaning of a page view that looked the same.
    pub fn find(&mut self, hit: &Hit<'_>) -> Option<Meaning> {
        self.make_key(hit);
        let hash = self.hash();
        let found = self.entries.find(hash, |e| self.keys.get(e.start..e.end) == Some(self.key.as_slice()))?;
        Some(found.meaning)
    }

    /// Keeps the meaning of the page view that [`Self::find`] was asked for last.
    pub fn keep(&mut self, meaning: Meaning) {
        if self.key.len() > MOST_BYTES / 64 {
            return;
        }
        if self.keys.len() + self.key.len() > MOST_BYTES {
            self.keys.clear();
            self.entries.clear();
        }
        let start = self.keys.len();
        self.keys.extend_from_slice(&self.key);
        let entry = Entry { hash: self.hash(), start, end: self.keys.len(), meaning };
        self.entries.insert_unique(entry.hash, entry, |e| e.hash);
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.keys.capacity() + self.key.capacity() + self.entries.capacity() * (size_of::<Entry>() + 1)
    }

    fn hash(&self) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(&self.key);
        hasher.finish()
    }

    // Each part with its length, so that no two different page views have one key; an absent part has a length of its own.
    fn make_key(&mut self, hit: &Hit<'_>) {
        let e = &hit.event;
        let parts = [hit.path, e.page_url, e.referrer, e.utm_source, e.utm_medium, e.utm_campaign];
        self.key.clear();
        self.key.push(u8::from(hit.path_from_url));
        for part in parts {
            let length = part.map_or(u32::MAX, |text| u32::try_from(text.len()).unwrap_or(u32::MAX - 1));
            self.key.extend_from_slice(&length.to_le_bytes());
            self.key.extend_from_slice(part.unwrap_or("").as_bytes());
        }
    }
}
