//! Marks: which visitors may have events that were delivered twice.
//!
//! Rows of one visitor with one id at most 24 hours apart are one event. A set has no room for ids, so it keeps some bits of each id's
//! hash, with its visitor: a visitor of whom two marks are alike is a suspect. Whoever reads the set leaves the suspects out, and counts
//! their rows anew from the source, exactly. So marks that are alike by chance cost time, never an answer. They are rare: within a batch
//! whole hashes are compared, between two of them 24 bits, or 40 of who has many events, and only where both are of about one day.

use xxhash_rust::xxh3::xxh3_64;

use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::{NONE, Reader, Writer};
use crate::time::DAY;

/// The bytes of a mark where it is written.
const NARROW: usize = 3;
const WIDE: usize = 5;
/// From so many marks of a visitor in one batch on they are wide.
const MANY: usize = 32;
/// The bytes of the marks of a visitor who has one.
pub(super) const LEAST_OF_MARKS: usize = LEAST_OF_LIST;
const LEAST_OF_LIST: usize = 3 + NARROW;
/// Up to so many marks are compared each with each.
const FEW: usize = 12;
/// Two instants 24 hours apart are so many quarters of days apart.
const QUARTERS: i64 = 4;

/// The quarter of a day in which an instant is.
pub(super) fn quarter(at: i64) -> i32 {
    at.div_euclid(DAY / 4) as i32
}

/// The mark of an event, behind the one before it of the same visitor.
#[derive(Debug, Clone, Copy)]
struct Mark {
    hash: u64,
    before: u32,
}

/// A visitor's marks: the newest, how many there are, and the quarters of a day between which their events happened.
#[derive(Debug, Clone, Copy)]
struct OfVisitor {
    newest: u32,
    count: u32,
    first: i32,
    last: i32,
}

/// The marks of an open batch.
#[derive(Debug, Default)]
pub(super) struct OpenMarks {
    marks: Vec<Mark>,
    /// By the visitor's number.
    visitors: Vec<OfVisitor>,
}

impl OpenMarks {
    /// Adds that of an event with this id. The hash is fixed by its specification: servers compare marks.
    #[inline]
    pub fn push(&mut self, visitor: u32, id: &[u8], at: i64) -> Result<()> {
        let (quarter, place) = (quarter(at), self.marks.len() as u32);
        while self.visitors.len() <= visitor as usize {
            memory::push(&mut self.visitors, OfVisitor { newest: NONE, count: 0, first: i32::MAX, last: i32::MIN })?;
        }
        let Some(own) = self.visitors.get_mut(visitor as usize) else { return Ok(()) };
        let mark = Mark { hash: xxh3_64(id), before: own.newest };
        own.newest = place;
        own.count += 1;
        (own.first, own.last) = (own.first.min(quarter), own.last.max(quarter));
        memory::push(&mut self.marks, mark)
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Forgets all of them, but keeps the memory for others.
    pub fn clear(&mut self) {
        self.marks.clear();
        self.visitors.clear();
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.marks.capacity() * size_of::<Mark>() + self.visitors.capacity() * size_of::<OfVisitor>()
    }

    /// How many of a visitor there are.
    pub fn count(&self, visitor: u32) -> usize {
        self.visitors.get(visitor as usize).map_or(0, |own| own.count as usize)
    }

    /// Writes those of a visitor; `base` is a quarter of a day near to them, `hashes` memory that is used again.
    pub fn write(&self, visitor: u32, base: i32, hashes: &mut Vec<u64>, w: &mut Writer) -> Result<()> {
        let Some(own) = self.visitors.get(visitor as usize).filter(|own| own.count > 0) else {
            w.unsigned(0);
            return Ok(());
        };
        hashes.clear();
        memory::reserve(hashes, own.count as usize)?;
        let mut next = own.newest;
        while let Some(mark) = self.marks.get(next as usize) {
            hashes.push(mark.hash);
            next = mark.before;
        }
        let (length, is_wide) = (hashes.len(), hashes.len() > MANY);
        let list = List { start: 0, length, is_wide, is_suspect: are_alike(hashes), first: own.first, last: own.last };
        w.unsigned(list.head() << 1);
        list.write_range(base, w);
        if is_wide {
            for hash in hashes {
                w.append(hash.to_be_bytes().get(..WIDE).unwrap_or_default());
            }
            return Ok(());
        }
        let mut bytes = [0; MANY * NARROW];
        for (to, hash) in bytes.chunks_exact_mut(NARROW).zip(hashes) {
            to.copy_from_slice(hash.to_be_bytes().get(..NARROW).unwrap_or_default());
        }
        w.append(bytes.get(..length * NARROW).unwrap_or_default());
        Ok(())
    }
}

/// Whether two of them are equal.
fn are_alike(hashes: &mut [u64]) -> bool {
    if hashes.len() <= FEW {
        return hashes.iter().enumerate().any(|(i, a)| hashes.iter().take(i).any(|b| a == b));
    }
    sort::ascending(hashes);
    hashes.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

/// Marks of one visitor: a list for each batch that they come from.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// As they are written, one list behind the other.
    bytes: Vec<u8>,
    lists: Vec<List>,
    /// What lists that were joined are made in.
    joined: (Vec<u8>, Vec<List>),
    /// Those of lists that may have events in common, from the highest bits on: the bits of a mark, the number of its list.
    compared: Vec<u64>,
}

#[derive(Debug, Clone, Copy)]
struct List {
    start: usize,
    length: usize,
    is_wide: bool,
    /// Whether two of its events had one hash.
    is_suspect: bool,
    /// The quarters of a day between which all of them happened.
    first: i32,
    last: i32,
}

impl List {
    fn head(&self) -> u64 {
        (self.length as u64) << 2 | u64::from(self.is_suspect) << 1 | u64::from(self.is_wide)
    }

    fn write_range(&self, base: i32, w: &mut Writer) {
        w.signed(i64::from(self.first) - i64::from(base));
        w.unsigned((i64::from(self.last) - i64::from(self.first)) as u64);
    }

    fn bytes(&self) -> core::ops::Range<usize> {
        self.start..self.start + self.length * if self.is_wide { WIDE } else { NARROW }
    }
}

/// Lists beyond so many count as one.
const LAST_LIST: usize = 0xffff;

impl Marks {
    /// Forgets all of them.
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.lists.clear();
    }

    /// How many lists there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        let bytes = self.bytes.capacity() + self.joined.0.capacity();
        let lists = self.lists.capacity() + self.joined.1.capacity();
        bytes + lists * size_of::<List>() + self.compared.capacity() * size_of::<u64>()
    }

    /// Writes the lists: one behind its length and flags, which are even then, several behind their number.
    pub fn write(&self, base: i32, w: &mut Writer) {
        match &*self.lists {
            [] => return w.unsigned(0),
            [one] => w.unsigned(one.head() << 1),
            several => w.unsigned((several.len() as u64) << 1 | 1),
        }
        for list in &self.lists {
            if self.lists.len() > 1 {
                w.unsigned(list.head());
            }
            list.write_range(base, w);
            w.append(self.bytes.get(list.bytes()).unwrap_or_default());
        }
    }

    /// Adds what [`Self::write`] or [`OpenMarks::write`] wrote with this base.
    #[inline]
    pub fn read(&mut self, r: &mut Reader<'_>, base: i32) -> Result<()> {
        let head = r.unsigned()?;
        if head == 0 {
            return Ok(());
        }
        if head & 1 == 0 {
            return self.read_list(r, head >> 1, base);
        }
        let lists = usize::try_from(head >> 1).unwrap_or(usize::MAX);
        if lists < 2 || lists > r.left() / LEAST_OF_LIST {
            return Err(r.malformed("the number of lists of marks is impossible"));
        }
        for _ in 0..lists {
            let head = r.unsigned()?;
            self.read_list(r, head, base)?;
        }
        Ok(())
    }

    #[inline]
    fn read_list(&mut self, r: &mut Reader<'_>, head: u64, base: i32) -> Result<()> {
        let (is_wide, is_suspect) = (head & 1 != 0, head & 2 != 0);
        let length = usize::try_from(head >> 2).unwrap_or(usize::MAX);
        let first = r.signed()?.checked_add(base.into()).and_then(|first| i32::try_from(first).ok());
        let span = i64::try_from(r.unsigned()?).ok();
        let last = first.zip(span).and_then(|(first, span)| i32::try_from(span.checked_add(first.into())?).ok());
        let Some((first, last)) = first.zip(last) else { return Err(r.malformed("a mark's time is out of range")) };
        if length == 0 {
            return Err(r.malformed("a list of marks is empty"));
        }
        let bytes = r.bytes(length.saturating_mul(if is_wide { WIDE } else { NARROW }))?;
        let start = self.bytes.len();
        memory::reserve(&mut self.bytes, bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        memory::push(&mut self.lists, List { start, length, is_wide, is_suspect, first, last })
    }

    /// Makes one of short lists of a day: of events out of order of time each batch has a few of the same visit.
    pub fn join(&mut self) -> Result<()> {
        if self.lists.len() < 2 {
            return Ok(());
        }
        sort::by_key(&mut self.lists, |list| list.first);
        let (mut bytes, mut lists) = core::mem::take(&mut self.joined);
        bytes.clear();
        lists.clear();
        memory::reserve(&mut bytes, self.bytes.len())?;
        let mut throttle = Throttle::default();
        for list in &self.lists {
            throttle.step();
            let own = self.bytes.get(list.bytes()).unwrap_or_default();
            match lists.last_mut().filter(|open: &&mut List| open.takes(list)) {
                Some(open) => {
                    let known = bytes.get(open.bytes()).unwrap_or_default();
                    open.is_suspect |= list.is_suspect || share_mark(known, own);
                    open.length += list.length;
                    open.last = open.last.max(list.last);
                }
                None => memory::push(&mut lists, List { start: bytes.len(), ..*list })?,
            }
            bytes.extend_from_slice(own);
        }
        let old = core::mem::replace(self, Self { bytes, lists, ..Self::default() });
        (self.joined, self.compared) = ((old.bytes, old.lists), old.compared);
        Ok(())
    }

    /// Whether two of them may be one event.
    #[inline]
    pub fn are_suspect(&mut self) -> Result<bool> {
        match &*self.lists {
            [] => Ok(false),
            [one] => Ok(one.is_suspect),
            [one, other] if !one.is_near(other) => Ok(one.is_suspect || other.is_suspect),
            _ => self.many_are_suspect(),
        }
    }

    fn many_are_suspect(&mut self) -> Result<bool> {
        if self.lists.iter().any(|list| list.is_suspect) {
            return Ok(true);
        }
        sort::by_key(&mut self.lists, |list| list.first);
        // A run of lists each of which is near to one before it.
        let (mut begin, mut last, mut throttle) = (0, i32::MIN, Throttle::default());
        for end in 0..=self.lists.len() {
            throttle.step();
            let next = self.lists.get(end).copied();
            if next.is_none_or(|next| is_later(next.first, last)) {
                if end - begin > 1 && self.compare(begin..end)? {
                    return Ok(true);
                }
                begin = end;
            }
            last = last.max(next.map_or(last, |next| next.last));
        }
        Ok(false)
    }

    /// Whether marks of two of these lists are alike.
    fn compare(&mut self, range: core::ops::Range<usize>) -> Result<bool> {
        let lists = self.lists.get(range).unwrap_or_default();
        self.compared.clear();
        memory::reserve(&mut self.compared, lists.iter().map(|list| list.length).sum())?;
        for (number, list) in lists.iter().enumerate() {
            let (bytes, number) = (self.bytes.get(list.bytes()).unwrap_or_default(), number.min(LAST_LIST) as u64);
            if list.is_wide {
                let (marks, _) = bytes.as_chunks::<WIDE>();
                let word = |[a, b, c, d, e]: &[u8; WIDE]| u64::from_be_bytes([*a, *b, *c, *d, *e, 0, 0, 0]);
                self.compared.extend(marks.iter().map(|mark| word(mark) | number));
            } else {
                let (marks, _) = bytes.as_chunks::<NARROW>();
                let word = |[a, b, c]: &[u8; NARROW]| u64::from_be_bytes([*a, *b, *c, 0, 0, 0, 0, 0]);
                self.compared.extend(marks.iter().map(|mark| word(mark) | number));
            }
        }
        sort::ascending(&mut self.compared);
        let mut throttle = Throttle::default();
        Ok(self.compared.chunk_by(|a, b| (a ^ b) >> (64 - 8 * NARROW) == 0).any(|alike| {
            throttle.steps(alike.len());
            alike.iter().enumerate().any(|(i, a)| alike.iter().take(i).any(|b| may_be_one(lists, *a, *b)))
        }))
    }
}

/// Whether nothing up to one quarter is within 24 hours of what begins in the other.
fn is_later(first: i32, last: i32) -> bool {
    i64::from(first) - i64::from(last) > QUARTERS
}

/// Whether a narrow mark is in both.
fn share_mark(a: &[u8], b: &[u8]) -> bool {
    let (a, b) = (a.as_chunks::<NARROW>().0, b.as_chunks::<NARROW>().0);
    a.iter().any(|mark| b.contains(mark))
}

impl List {
    /// Whether both are short, and together of no more than a day: then they can be one.
    fn takes(&self, other: &Self) -> bool {
        let span = i64::from(self.last.max(other.last)) - i64::from(self.first);
        !self.is_wide && !other.is_wide && self.length + other.length <= MANY && span <= QUARTERS
    }

    /// Whether an event of it may be within 24 hours of one of the other.
    fn is_near(&self, other: &Self) -> bool {
        !is_later(self.first, other.last) && !is_later(other.first, self.last)
    }
}

/// Whether two marks that share the bits of a narrow one may be of one event. Within a list whole hashes were compared.
fn may_be_one(lists: &[List], a: u64, b: u64) -> bool {
    let list = |entry: u64| (entry & LAST_LIST as u64) as usize;
    if list(a).max(list(b)) == LAST_LIST {
        return true;
    }
    let (Some(own), Some(other)) = (lists.get(list(a)), lists.get(list(b))) else { return true };
    let differ = own.is_wide && other.is_wide && (a ^ b) >> (64 - 8 * WIDE) != 0;
    list(a) != list(b) && !differ && own.is_near(other)
}
