//! What texts meant that looked the same: most URLs and referrers come again and again.

use core::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::error::Result;
use crate::resource::memory;

/// Beyond this many bytes of keys it begins anew, so that one-off URLs cannot fill the memory.
const MAX_BYTES: usize = 4 << 20;

#[derive(Debug, Clone, Copy)]
struct CacheEntry<const PARTS: usize> {
    hash: u64,
    start: u32,
    /// The lengths of the parts plus one, 0 where one is absent: so no two different keys look the same.
    lengths: [u32; PARTS],
    meaning: u32,
}

/// The number of a text by all that decides it.
#[derive(Debug)]
pub struct ArrivalCache<const PARTS: usize> {
    keys: Vec<u8>,
    entries: HashTable<CacheEntry<PARTS>>,
    hasher: DefaultHashBuilder,
}

/// What the cache is asked for.
#[derive(Debug)]
pub struct CacheKey<'a, const PARTS: usize> {
    parts: [&'a [u8]; PARTS],
    lengths: [u32; PARTS],
    hash: u64,
}

impl<const PARTS: usize> Default for ArrivalCache<PARTS> {
    fn default() -> Self {
        Self { keys: Vec::new(), entries: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }
}

impl<const PARTS: usize> ArrivalCache<PARTS> {
    /// The key that some texts make.
    pub fn key<'a>(&self, parts: [Option<&'a [u8]>; PARTS]) -> CacheKey<'a, PARTS> {
        let lengths = parts.map(|part| part.map_or(0, |text| u32::try_from(text.len() + 1).unwrap_or(u32::MAX)));
        let mut hasher = self.hasher.build_hasher();
        for part in parts.into_iter().flatten() {
            hasher.write(part);
        }
        for length in lengths {
            hasher.write_u32(length);
        }
        CacheKey { parts: parts.map(Option::unwrap_or_default), lengths, hash: hasher.finish() }
    }

    /// What the key meant before.
    pub fn find(&self, key: &CacheKey<'_, PARTS>) -> Option<u32> {
        self.entries.find(key.hash, |entry| self.is(entry, key)).map(|entry| entry.meaning)
    }

    fn is(&self, entry: &CacheEntry<PARTS>, key: &CacheKey<'_, PARTS>) -> bool {
        if entry.hash != key.hash || entry.lengths != key.lengths {
            return false;
        }
        let mut kept = self.keys.get(entry.start as usize..).unwrap_or_default();
        key.parts.iter().all(|part| match kept.split_at_checked(part.len()) {
            Some((start, rest)) => {
                kept = rest;
                start == *part
            }
            None => false,
        })
    }

    /// Keeps what a key means that is not in it yet.
    pub fn keep(&mut self, key: &CacheKey<'_, PARTS>, meaning: u32) -> Result<()> {
        let length: usize = key.parts.iter().map(|part| part.len()).sum();
        if length > MAX_BYTES / 64 {
            return Ok(());
        }
        if self.keys.len() + length > MAX_BYTES {
            self.keys.clear();
            self.entries.clear();
        }
        let start = self.keys.len() as u32;
        memory::reserve(&mut self.keys, length)?;
        memory::reserve_table(&mut self.entries, |e| e.hash)?;
        key.parts.iter().for_each(|part| self.keys.extend_from_slice(part));
        let entry = CacheEntry { hash: key.hash, start, lengths: key.lengths, meaning };
        self.entries.insert_unique(entry.hash, entry, |e| e.hash);
        Ok(())
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.keys.capacity() + self.entries.capacity() * (size_of::<CacheEntry<PARTS>>() + 1)
    }
}
