//! Marks: which visitors may have events that were delivered twice.
//!
//! Rows of one visitor with one id at most 24 hours apart are one event. A set has no room for ids, so it keeps some bits of each id's
//! hash, with its visitor: a visitor of whom two marks are alike is a suspect. Whoever reads the set leaves the suspects out, and counts
//! their rows anew from the source, exactly. So marks that are alike by chance cost time, never an answer. They are rare: 32 bits tell
//! apart what most visitors have, who has many events has 48 of each, and only marks of about one day are compared.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Result;
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory;
use crate::state::{Reader, Writer};
use crate::time::DAY;

/// The bytes of a mark where it is written.
const NARROW: usize = 4;
const WIDE: usize = 6;
/// From so many marks of a visitor in one batch on they are wide.
const MANY: usize = 32;
/// The bytes of the marks of a visitor who has one.
pub(super) const LEAST_OF_MARKS: usize = 1 + LEAST_OF_LIST;
const LEAST_OF_LIST: usize = 3 + NARROW;
/// Up to so many marks are compared each with each.
const FEW: usize = 12;
/// Two instants 24 hours apart are so many quarters of days apart.
const QUARTERS: i64 = 4;

/// The mark of an event, and whose it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub visitor: u32,
    /// The quarter of a day in which it happened.
    quarter: i32,
    bits: u64,
}

impl Mark {
    /// That of an event with this id. The hash is fixed by its specification: servers compare marks.
    #[inline]
    pub fn new(visitor: u32, id: &[u8], at: i64) -> Self {
        Self { visitor, quarter: at.div_euclid(DAY / 4) as i32, bits: xxh3_64(id) }
    }
}

/// Marks of one visitor: a list for each batch that they come from.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// From the highest bits on: the 32 bits of each mark, the 16 of a wide one, the number of its list.
    list: Vec<u64>,
    lists: Vec<List>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    length: usize,
    is_wide: bool,
    /// The quarters of a day between which all of them were seen.
    first: i32,
    last: i32,
}

/// Lists beyond so many count as one.
const LAST_LIST: usize = 0xffff;

impl Marks {
    /// Forgets all of them.
    #[inline]
    pub fn clear(&mut self) {
        self.list.clear();
        self.lists.clear();
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Becomes those of a batch.
    pub fn set<'m>(&mut self, marks: impl ExactSizeIterator<Item = &'m Mark>) -> Result<()> {
        self.clear();
        let is_wide = marks.len() > MANY;
        let mut range: Option<(i32, i32)> = None;
        for mark in marks {
            let (first, last) = range.unwrap_or((mark.quarter, mark.quarter));
            range = Some((first.min(mark.quarter), last.max(mark.quarter)));
            memory::push(&mut self.list, entry(mark.bits, 0))?;
        }
        let Some((first, last)) = range else { return Ok(()) };
        memory::push(&mut self.lists, List { length: self.list.len(), is_wide, first, last })
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.list.capacity() * size_of::<u64>() + self.lists.capacity() * size_of::<List>()
    }

    /// Writes the lists behind their number, each behind its length, its width and its quarters.
    pub fn write(&self, w: &mut Writer) {
        w.unsigned(self.lists.len() as u64);
        let mut rest = &*self.list;
        for list in &self.lists {
            w.unsigned((list.length as u64) << 1 | u64::from(list.is_wide));
            w.signed(i64::from(list.first));
            w.unsigned((i64::from(list.last) - i64::from(list.first)) as u64);
            let (own, others) = rest.split_at_checked(list.length).unwrap_or((rest, &[]));
            rest = others;
            for entry in own {
                // The list's number is no part of it.
                let bytes = entry.to_be_bytes();
                w.append(bytes.get(..if list.is_wide { WIDE } else { NARROW }).unwrap_or_default());
            }
        }
    }

    /// Adds what [`Self::write`] wrote.
    #[inline]
    pub fn read(&mut self, r: &mut Reader<'_>) -> Result<()> {
        for _ in 0..r.count(LEAST_OF_LIST)? {
            self.read_list(r)?;
        }
        Ok(())
    }

    fn read_list(&mut self, r: &mut Reader<'_>) -> Result<()> {
        let head = r.unsigned()?;
        let (length, is_wide) = (usize::try_from(head >> 1).unwrap_or(usize::MAX), head & 1 != 0);
        let first = i32::try_from(r.signed()?).ok();
        let span = i64::try_from(r.unsigned()?).ok();
        let last = first.zip(span).and_then(|(first, span)| i32::try_from(span.checked_add(first.into())?).ok());
        let Some((first, last)) = first.zip(last) else { return Err(r.malformed("a mark's time is out of range")) };
        if length == 0 {
            return Err(r.malformed("a list of marks is empty"));
        }
        let number = self.lists.len().min(LAST_LIST) as u64;
        let bytes = r.bytes(length.saturating_mul(if is_wide { WIDE } else { NARROW }))?;
        memory::reserve(&mut self.list, length)?;
        if is_wide {
            let (marks, _) = bytes.as_chunks::<WIDE>();
            self.list.extend(
                marks.iter().map(|[a, b, c, d, e, f]| u64::from_be_bytes([*a, *b, *c, *d, *e, *f, 0, 0]) | number),
            );
        } else {
            let (marks, _) = bytes.as_chunks::<NARROW>();
            self.list.extend(marks.iter().map(|mark| u64::from(u32::from_be_bytes(*mark)) << 32 | number));
        }
        memory::push(&mut self.lists, List { length, is_wide, first, last })
    }

    /// Whether two of them may be one event.
    #[inline]
    pub fn are_suspect(&mut self) -> bool {
        match &*self.list {
            [] | [_] => false,
            few if few.len() <= FEW => few
                .iter()
                .enumerate()
                .any(|(i, a)| few.iter().take(i).any(|b| (a ^ b) >> 32 == 0 && self.may_be(*a, *b))),
            _ => self.many_are_suspect(),
        }
    }

    fn many_are_suspect(&mut self) -> bool {
        interrupt::sort(&mut self.list);
        let mut throttle = Throttle::default();
        self.list.chunk_by(|a, b| (a ^ b) >> 32 == 0).any(|alike| {
            throttle.steps(alike.len());
            alike.iter().enumerate().any(|(i, a)| alike.iter().take(i).any(|b| self.may_be(*a, *b)))
        })
    }

    /// Whether two marks that share their 32 bits may be of one event.
    fn may_be(&self, a: u64, b: u64) -> bool {
        let list = |entry: u64| (entry & LAST_LIST as u64) as usize;
        if list(a).max(list(b)) == LAST_LIST {
            return true;
        }
        let (Some(own), Some(other)) = (self.lists.get(list(a)), self.lists.get(list(b))) else { return true };
        let is_far = |a: &List, b: &List| i64::from(b.first) - i64::from(a.last) > QUARTERS;
        let differ = own.is_wide && other.is_wide && (a ^ b) >> 16 != 0;
        !differ && !is_far(own, other) && !is_far(other, own)
    }
}

/// A mark as it is kept.
fn entry(bits: u64, list: u64) -> u64 {
    bits & !(LAST_LIST as u64) | list
}
