//! Events of one group, packed and sorted only when they have to be.

use core::mem;

use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldCow, HeldVec};
use crate::resource::sort;
use crate::state::{Reader, Writer};
use crate::time;

/// An instant and the conditions it meets: 12 bytes, so its fields are read by value only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(4))]
pub(super) struct MaskedEvent {
    ts: i64,
    mask: u32,
}

impl MaskedEvent {
    pub(super) fn ts(self) -> i64 {
        self.ts
    }

    pub(super) fn mask(self) -> u32 {
        self.mask
    }

    /// The order of (ts, conditions), conditions as PostgreSQL compares arrays of booleans: the first one counts most.
    fn key(self) -> (i64, u32) {
        (self.ts, self.mask.reverse_bits())
    }
}

/// How many events are moved at once when a list grows: beyond that they stay where they are, without room to grow.
const BLOCK: usize = 1024;

/// A multiset of events.
#[derive(Debug, Clone)]
pub(super) struct Events {
    /// What came first, of groups with many events: few groups have them, and what all groups have is to be small.
    full: Option<Box<Full>>,
    /// What came last.
    list: Vec<MaskedEvent>,
    sorted: bool,
}

/// Blocks that are full.
#[derive(Debug, Clone, Default)]
struct Full {
    blocks: Vec<Box<[MaskedEvent]>>,
    /// How many events those are.
    len: usize,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { full: None, list: Vec::new(), sorted: true }
    }

    /// Events that are in order.
    fn of(list: Vec<MaskedEvent>) -> Self {
        Self { list, ..Self::new() }
    }

    /// Adds an event; `22008` for an instant that is infinite or outside PostgreSQL's range.
    pub(super) fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        if !time::in_range(ts) {
            time::finite(ts, "ts")?;
            return Err(time::out_of_range(
                format!("ts is outside the range of timestamptz: {}", time::instant_text(ts)),
                "Use a timestamp between 4714 BC and 294276 AD.",
            ));
        }
        self.add(MaskedEvent { ts, mask })
    }

    #[inline]
    fn add(&mut self, event: MaskedEvent) -> Result<()> {
        let last = self.list.last().or_else(|| self.full.as_ref().and_then(|full| full.blocks.last()?.last()));
        self.sorted = self.sorted && last.is_none_or(|last| last.key() <= event.key());
        if self.list.len() == self.list.capacity() {
            self.grow()?;
        }
        self.list.push(event);
        Ok(())
    }

    fn grow(&mut self) -> Result<()> {
        if self.list.len() >= BLOCK {
            let full = self.full.get_or_insert_default();
            memory::reserve(&mut full.blocks, 1)?;
            full.len += self.list.len();
            full.blocks.push(mem::take(&mut self.list).into_boxed_slice());
        }
        // A hundred thousand groups hold a few events each: doubling would cost more than the events.
        let room = if self.list.is_empty() { 4 } else { 8 };
        let more = (self.list.len() / 8).max(room);
        memory::reserve_exact(&mut self.list, more)
    }

    pub(super) fn merge(&mut self, other: &Self) -> Result<()> {
        memory::ask(other.len() * size_of::<MaskedEvent>())?;
        let mut throttle = Throttle::default();
        for event in other.each() {
            throttle.step();
            self.add(event)?;
        }
        Ok(())
    }

    /// The events as they came.
    fn each(&self) -> impl Iterator<Item = MaskedEvent> {
        self.blocks().iter().flatten().chain(&self.list).copied()
    }

    fn blocks(&self) -> &[Box<[MaskedEvent]>] {
        self.full.as_ref().map_or(&[], |full| &full.blocks)
    }

    pub(super) fn len(&self) -> usize {
        self.full.as_ref().map_or(0, |full| full.len) + self.list.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let full = self.full.as_ref().map_or(0, |full| {
            size_of::<Full>()
                + full.len * size_of::<MaskedEvent>()
                + full.blocks.capacity() * size_of::<Box<[MaskedEvent]>>()
        });
        full + self.list.capacity() * size_of::<MaskedEvent>()
    }

    /// Leaves out the events that meet no condition.
    pub(super) fn leave_out_empty(&mut self) -> Result<()> {
        let mut throttle = Throttle::default();
        let mut kept = memory::with_room(self.each().filter(|event| event.mask != 0).count())?;
        if kept.capacity() < self.len() {
            for event in self.each().filter(|event| event.mask != 0) {
                throttle.step();
                kept.push(event);
            }
            *self = Self { sorted: self.sorted, ..Self::of(kept) };
        }
        Ok(())
    }

    pub(super) fn sort(&mut self) -> Result<()> {
        if let HeldCow::Held(list) = self.in_order()? {
            *self = Self::of(list.into_vec());
        }
        Ok(())
    }

    /// The events in order of (ts, conditions); a copy where they are not in that order yet, or in several blocks.
    pub(super) fn in_order(&self) -> Result<HeldCow<'_, MaskedEvent>> {
        if self.sorted && self.full.is_none() {
            return Ok(HeldCow::Borrowed(&self.list));
        }
        let mut all = HeldVec::with_room(self.len())?;
        for block in self.blocks() {
            all.extend(block)?;
        }
        all.extend(&self.list)?;
        if !self.sorted {
            sort::by_key(&mut all, |event| event.key());
        }
        Ok(HeldCow::Held(all))
    }

    /// The first instant and then the steps between neighbours, each followed by its mask.
    pub(super) fn write(&self, w: &mut Writer) -> Result<()> {
        let events = self.in_order()?;
        w.unsigned(events.len() as u64);
        let (mut before, mut throttle) = (None, Throttle::default());
        for event in events.iter() {
            throttle.step();
            match before {
                None => w.signed(event.ts),
                Some(before) => w.unsigned(event.ts.wrapping_sub(before) as u64),
            }
            w.unsigned(u64::from(event.mask));
            before = Some(event.ts);
        }
        Ok(())
    }

    /// Adds what [`Self::write`] wrote, with masks among `known` bits, never empty ones unless `with_empty`. On an error some of
    /// the events may be added.
    pub(super) fn read(&mut self, r: &mut Reader<'_>, known: u32, with_empty: bool) -> Result<()> {
        let count = r.count(2)?;
        memory::ask(count * size_of::<MaskedEvent>())?;
        if self.len() == 0 || self.list.len() + count <= BLOCK {
            memory::reserve_exact(&mut self.list, count)?;
        }
        let (mut before, mut throttle) = (None::<MaskedEvent>, Throttle::default());
        for _ in 0..count {
            throttle.step();
            let ts = match before {
                None => r.signed()?,
                Some(before) => {
                    let step = r.unsigned()?;
                    before.ts().checked_add_unsigned(step).ok_or_else(|| r.malformed("an event is out of range"))?
                }
            };
            let event = MaskedEvent { ts, mask: r.unsigned_32()? };
            let known_mask = event.mask & !known == 0 && (with_empty || event.mask != 0);
            if !known_mask || !time::in_range(ts) || before.is_some_and(|before| before.key() > event.key()) {
                return Err(r.malformed("an event is impossible"));
            }
            self.add(event)?;
            before = Some(event);
        }
        Ok(())
    }

    /// About how many bytes [`Self::write`] writes.
    pub(super) fn written_bytes(&self) -> usize {
        8 * self.len() + 8
    }
}

/// The events of each instant, in order of time.
pub(super) fn instants(events: &[MaskedEvent]) -> impl Iterator<Item = &[MaskedEvent]> {
    let mut throttle = Throttle::default();
    events.chunk_by(move |a, b| {
        throttle.step();
        a.ts() == b.ts()
    })
}

/// The instant of events that share one.
pub(super) fn instant(group: &[MaskedEvent]) -> i64 {
    group.first().map_or(0, |event| event.ts())
}

/// The conditions that any of the events meets.
pub(super) fn any_mask(group: &[MaskedEvent]) -> u32 {
    group.iter().fold(0, |mask, event| mask | event.mask())
}
