//! Events of one group, packed and sorted only when they have to be.

use core::mem;
use std::borrow::Cow;

use crate::duration;
use crate::error::Result;
use crate::pulse;
use crate::state::{Reader, Writer};

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
    /// What came first, in pieces that are full.
    full: Vec<Box<[Event]>>,
    /// How many events those are.
    in_full: usize,
    /// What came last.
    list: Vec<Event>,
    sorted: bool,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { full: Vec::new(), in_full: 0, list: Vec::new(), sorted: true }
    }

    /// Events that are in order.
    fn of(list: Vec<Event>) -> Self {
        Self { list, ..Self::new() }
    }

    /// Adds an event; `22008` for an instant that is infinite or outside PostgreSQL's range.
    pub(super) fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        if !duration::in_range(ts) {
            duration::finite(ts, "ts")?;
            return Err(duration::out_of_range(
                format!("ts is outside the range of timestamptz: {ts} microseconds since 2000-01-01"),
                "Use a timestamp between 4714 BC and 294276 AD.",
            ));
        }
        self.add(Event { ts, mask });
        Ok(())
    }

    fn add(&mut self, event: Event) {
        let last = self.list.last().or_else(|| self.full.last().and_then(|block| block.last()));
        self.sorted = self.sorted && last.is_none_or(|last| last.key() <= event.key());
        if self.list.len() == self.list.capacity() {
            if self.list.len() >= BLOCK {
                self.in_full += self.list.len();
                self.full.push(mem::take(&mut self.list).into_boxed_slice());
            }
            // A hundred thousand groups hold a few events each: doubling would cost more than the events.
            self.list.reserve_exact((self.list.len() / 8).max(4));
        }
        self.list.push(event);
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mut counter = pulse::Counter::default();
        other.each().for_each(|event| {
            counter.step();
            self.add(event);
        });
    }

    /// The events as they came.
    fn each(&self) -> impl Iterator<Item = Event> {
        self.full.iter().flatten().chain(&self.list).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.in_full + self.list.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        (self.in_full + self.list.capacity()) * size_of::<Event>() + self.full.capacity() * size_of::<Box<[Event]>>()
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
        if self.sorted && self.full.is_empty() {
            return Cow::Borrowed(&self.list);
        }
        let mut all = Vec::with_capacity(self.len());
        self.full.iter().for_each(|block| all.extend_from_slice(block));
        all.extend_from_slice(&self.list);
        if !self.sorted {
            pulse::sort_by_key(&mut all, |event| event.key());
        }
        Cow::Owned(all)
    }

    /// The first instant and then the steps between neighbours, each followed by its mask.
    pub(super) fn write(&self, w: &mut Writer) {
        let events = self.in_order();
        w.unsigned(events.len() as u64);
        let (mut before, mut counter) = (None, pulse::Counter::default());
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
        let count = r.count(2)?;
        let mut events = Self::of(Vec::with_capacity(count));
        let mut counter = pulse::Counter::default();
        for _ in 0..count {
            counter.step();
            let ts = match events.list.last() {
                None => r.signed()?,
                Some(last) => i64::try_from(i128::from(last.ts()) + i128::from(r.unsigned()?))
                    .map_err(|_| r.malformed("an event is out of range"))?,
            };
            let event = Event { ts, mask: r.unsigned_32()? };
            let known_mask = event.mask & !known == 0 && (with_empty || event.mask != 0);
            if !known_mask || !duration::in_range(ts) || events.list.last().is_some_and(|l| l.key() > event.key()) {
                return Err(r.malformed("an event is impossible"));
            }
            events.list.push(event);
        }
        Ok(events)
    }
}

/// The events of each instant, in order of time.
pub(super) fn instants(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    let mut counter = pulse::Counter::default();
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
