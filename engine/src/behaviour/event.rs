//! Events of one group, packed and sorted only when they have to be.

use core::mem;
use std::borrow::Cow;

use crate::error::Result;
use crate::resource::interrupt;
use crate::state::{Reader, Writer};
use crate::time;

/// An instant and the conditions it meets: 12 bytes, so its fields are read by value only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(4))]
pub(super) struct Event {
    ts: i64,
    mask: u32,
}

impl Event {
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
    list: Vec<Event>,
    sorted: bool,
}

/// Pieces that are full.
#[derive(Debug, Clone, Default)]
struct Full {
    pieces: Vec<Box<[Event]>>,
    /// How many events those are.
    len: usize,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { full: None, list: Vec::new(), sorted: true }
    }

    /// Events that are in order.
    fn of(list: Vec<Event>) -> Self {
        Self { list, ..Self::new() }
    }

    /// Adds an event; `22008` for an instant that is infinite or outside PostgreSQL's range.
    pub(super) fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        if !time::in_range(ts) {
            time::finite(ts, "ts")?;
            return Err(time::out_of_range(
                format!("ts is outside the range of timestamptz: {ts} microseconds since 2000-01-01"),
                "Use a timestamp between 4714 BC and 294276 AD.",
            ));
        }
        self.add(Event { ts, mask });
        Ok(())
    }

    fn add(&mut self, event: Event) {
        let last = self.list.last().or_else(|| self.full.as_ref().and_then(|full| full.pieces.last()?.last()));
        self.sorted = self.sorted && last.is_none_or(|last| last.key() <= event.key());
        if self.list.len() == self.list.capacity() {
            self.grow();
        }
        self.list.push(event);
    }

    fn grow(&mut self) {
        if self.list.len() >= BLOCK {
            let full = self.full.get_or_insert_default();
            full.len += self.list.len();
            full.pieces.push(mem::take(&mut self.list).into_boxed_slice());
        }
        // A hundred thousand groups hold a few events each: doubling would cost more than the events.
        let room = if self.list.is_empty() { 4 } else { 8 };
        self.list.reserve_exact((self.list.len() / 8).max(room));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut counter = interrupt::Throttle::default();
        other.each().for_each(|event| {
            counter.step();
            self.add(event);
        });
    }

    /// The events as they came.
    fn each(&self) -> impl Iterator<Item = Event> {
        self.pieces().iter().flatten().chain(&self.list).copied()
    }

    fn pieces(&self) -> &[Box<[Event]>] {
        self.full.as_ref().map_or(&[], |full| &full.pieces)
    }

    pub(super) fn len(&self) -> usize {
        self.full.as_ref().map_or(0, |full| full.len) + self.list.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let full = self.full.as_ref().map_or(0, |full| {
            size_of::<Full>() + full.len * size_of::<Event>() + full.pieces.capacity() * size_of::<Box<[Event]>>()
        });
        full + self.list.capacity() * size_of::<Event>()
    }

    /// Leaves out the events that meet no condition.
    pub(super) fn leave_out_empty(&mut self) {
        if self.each().any(|event| event.mask == 0) {
            let list = self.each().filter(|event| event.mask != 0).collect();
            *self = Self { sorted: self.sorted, ..Self::of(list) };
        }
    }

    pub(super) fn sort(&mut self) {
        if let Cow::Owned(list) = self.in_order() {
            *self = Self::of(list);
        }
    }

    /// The events in order of (ts, conditions); a copy where they are not in that order yet, or in several pieces.
    pub(super) fn in_order(&self) -> Cow<'_, [Event]> {
        if self.sorted && self.full.is_none() {
            return Cow::Borrowed(&self.list);
        }
        let mut all = Vec::with_capacity(self.len());
        self.pieces().iter().for_each(|piece| all.extend_from_slice(piece));
        all.extend_from_slice(&self.list);
        if !self.sorted {
            interrupt::sort_by_key(&mut all, |event| event.key());
        }
        Cow::Owned(all)
    }

    /// The first instant and then the steps between neighbours, each followed by its mask.
    pub(super) fn write(&self, w: &mut Writer) {
        let events = self.in_order();
        w.unsigned(events.len() as u64);
        let (mut before, mut counter) = (None, interrupt::Throttle::default());
        for event in events.iter() {
            counter.step();
            match before {
                None => w.signed(event.ts),
                Some(before) => w.unsigned(event.ts.wrapping_sub(before) as u64),
            }
            w.unsigned(u64::from(event.mask));
            before = Some(event.ts);
        }
    }

    /// Reads what [`Self::write`] wrote, with masks among `known` bits, none of them empty unless `with_empty`.
    pub(super) fn read(r: &mut Reader<'_>, known: u32, with_empty: bool) -> Result<Self> {
        let mut events = Self::new();
        events.read_more(r, known, with_empty)?;
        Ok(events)
    }

    /// The same, added to these events. On an error some of them may be added.
    pub(super) fn read_more(&mut self, r: &mut Reader<'_>, known: u32, with_empty: bool) -> Result<()> {
        let count = r.count(2)?;
        if self.len() == 0 || self.list.len() + count <= BLOCK {
            self.list.reserve_exact(count);
        }
        let (mut before, mut counter) = (None::<Event>, interrupt::Throttle::default());
        for _ in 0..count {
            counter.step();
            let ts = match before {
                None => r.signed()?,
                Some(before) => {
                    let step = r.unsigned()?;
                    before.ts().checked_add_unsigned(step).ok_or_else(|| r.malformed("an event is out of range"))?
                }
            };
            let event = Event { ts, mask: r.unsigned_32()? };
            let known_mask = event.mask & !known == 0 && (with_empty || event.mask != 0);
            if !known_mask || !time::in_range(ts) || before.is_some_and(|before| before.key() > event.key()) {
                return Err(r.malformed("an event is impossible"));
            }
            self.add(event);
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
pub(super) fn instants(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    let mut counter = interrupt::Throttle::default();
    events.chunk_by(move |a, b| {
        counter.step();
        a.ts() == b.ts()
    })
}

/// The instant of events that share one.
pub(super) fn instant(group: &[Event]) -> i64 {
    group.first().map_or(0, |event| event.ts())
}

/// The conditions that any of the events meets.
pub(super) fn any_mask(group: &[Event]) -> u32 {
    group.iter().fold(0, |mask, event| mask | event.mask())
}
