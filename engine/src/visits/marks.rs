//! Marks: which visitors may have events that were delivered twice.
//!
//! Rows of one visitor with one id at most 24 hours apart are one event. A set has no room for ids, so it keeps of each event 32 bits of
//! its id's hash, with its visitor: a visitor of whom two marks are equal is a suspect. Whoever reads the set leaves the suspects out, and
//! counts their rows anew from the source, exactly. So marks that are equal by chance cost time, never an answer: one in a million
//! visitors of a hundred events a day.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Result;
use crate::resource::interrupt;
use crate::resource::memory;
use crate::state::{Reader, Writer};
use crate::time::DAY;

/// The bytes of a mark where it is written.
const WRITTEN: usize = 4;
/// The bytes of the marks of a visitor who has one.
pub(super) const LEAST_OF_MARKS: usize = 3 + WRITTEN;
/// Up to so many marks are compared each with each.
const FEW: usize = 12;
/// Two instants 24 hours apart are so many quarters of days apart at most.
const QUARTERS: i64 = 4;

/// The mark of an event, and whose it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub visitor: u32,
    bits: u32,
    /// The quarter of a day in which it happened: as an instant it would take twice the room.
    quarter: i32,
}

impl Mark {
    /// That of an event with this id. The hash is fixed by its specification: servers compare marks.
    #[inline]
    pub fn new(visitor: u32, id: &[u8], at: i64) -> Self {
        Self { visitor, bits: xxh3_64(id) as u32, quarter: at.div_euclid(DAY / 4) as i32 }
    }
}

/// Marks of one visitor, from one batch or many.
#[derive(Debug, Default)]
pub(super) struct Marks {
    list: Vec<Seen>,
}

/// A mark, and the quarters of a day between which it was seen.
#[derive(Debug, Clone, Copy)]
struct Seen {
    bits: u32,
    first: i32,
    last: i32,
}

impl Seen {
    /// Whether two of them may be one event.
    fn may_be(&self, other: &Self) -> bool {
        let apart = |a: &Self, b: &Self| i64::from(b.first) - i64::from(a.last);
        self.bits == other.bits && apart(self, other) <= QUARTERS && apart(other, self) <= QUARTERS
    }
}

impl Marks {
    /// Forgets all of them.
    #[inline]
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Becomes those of a batch.
    pub fn set<'m>(&mut self, marks: impl Iterator<Item = &'m Mark>) -> Result<()> {
        self.list.clear();
        for mark in marks {
            memory::push(&mut self.list, Seen { bits: mark.bits, first: mark.quarter, last: mark.quarter })?;
        }
        Ok(())
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.list.capacity() * size_of::<Seen>()
    }

    /// Writes them behind their number and the quarters between which all of them were seen.
    pub fn write(&self, w: &mut Writer) {
        w.unsigned(self.list.len() as u64);
        let Some(first) = self.list.iter().map(|seen| seen.first).min() else { return };
        let last = self.list.iter().map(|seen| seen.last).max().unwrap_or(first);
        w.signed(i64::from(first));
        w.unsigned((i64::from(last) - i64::from(first)) as u64);
        for seen in &self.list {
            w.append(&seen.bits.to_le_bytes());
        }
    }

    /// Adds what [`Self::write`] wrote.
    #[inline]
    pub fn read(&mut self, r: &mut Reader<'_>) -> Result<()> {
        let count = r.count(WRITTEN)?;
        if count == 0 {
            return Ok(());
        }
        let first = i32::try_from(r.signed()?).ok();
        let length = i64::try_from(r.unsigned()?).ok();
        let last = first.zip(length).and_then(|(first, length)| i32::try_from(length.checked_add(first.into())?).ok());
        let Some((first, last)) = first.zip(last) else { return Err(r.malformed("a mark's time is out of range")) };
        let (marks, _) = r.bytes(count.saturating_mul(WRITTEN))?.as_chunks();
        memory::reserve(&mut self.list, count)?;
        self.list.extend(marks.iter().map(|bits| Seen { bits: u32::from_le_bytes(*bits), first, last }));
        Ok(())
    }

    /// Whether two of them may be one event.
    #[inline]
    pub fn are_suspect(&mut self) -> bool {
        match &*self.list {
            [] | [_] => false,
            few if few.len() <= FEW => {
                few.iter().enumerate().any(|(i, a)| few.iter().take(i).any(|b| a.bits == b.bits && a.may_be(b)))
            }
            _ => self.many_are_suspect(),
        }
    }

    fn many_are_suspect(&mut self) -> bool {
        interrupt::sort_by_key(&mut self.list, |seen| (seen.bits, seen.first));
        self.list.chunk_by(|a, b| a.bits == b.bits).any(|alike| {
            // In order of their first quarters: the one that was seen last of those before is the nearest.
            let mut before: Option<i32> = None;
            alike.iter().any(|seen| {
                let is_near = before.is_some_and(|last| i64::from(seen.first) - i64::from(last) <= QUARTERS);
                before = before.max(Some(seen.last));
                is_near
            })
        })
    }
}
