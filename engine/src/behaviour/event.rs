//! Events of one group, packed and sorted only when they have to be.

use std::borrow::Cow;

use crate::duration;
use crate::error::Result;
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

/// A multiset of events.
#[derive(Debug, Clone)]
pub(super) struct Events {
    list: Vec<Event>,
    sorted: bool,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), sorted: true }
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
        // A hundred thousand groups hold a few events each: doubling would cost more than the events.
        if self.list.len() == self.list.capacity() {
            self.list.reserve_exact((self.list.len() / 8).max(4));
        }
        let event = Event { ts, mask };
        self.sorted = self.sorted && self.list.last().is_none_or(|last| last.key() <= event.key());
        self.list.push(event);
        Ok(())
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let (Some(first), last) = (other.list.first(), self.list.last()) else { return };
        self.sorted = self.sorted && other.sorted && last.is_none_or(|last| last.key() <= first.key());
        self.list.reserve_exact(other.list.len());
        self.list.extend_from_slice(&other.list);
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.list.capacity() * size_of::<Event>()
    }

    pub(super) fn sort(&mut self) {
        if !self.sorted {
            self.list.sort_unstable_by_key(|event| event.key());
            self.sorted = true;
        }
    }

    /// The events in order of (ts, conditions); a copy only when they are not in that order yet.
    pub(super) fn in_order(&self) -> Cow<'_, [Event]> {
        if self.sorted {
            return Cow::Borrowed(&self.list);
        }
        let mut copy = self.clone();
        copy.sort();
        Cow::Owned(copy.list)
    }

    /// The first instant and then the steps between neighbours, each followed by its mask.
    pub(super) fn write(&self, w: &mut Writer) {
        let events = self.in_order();
        w.unsigned(events.len() as u64);
        let mut before = None;
        for event in events.iter() {
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
        let mut events = Self { list: Vec::with_capacity(count), sorted: true };
        for _ in 0..count {
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
    events.chunk_by(|a, b| a.ts() == b.ts())
}

/// The instant of events that share one.
pub(super) fn instant(group: &[Event]) -> i64 {
    group.first().map_or(0, |event| event.ts())
}

/// The conditions that any of the events meets.
pub(super) fn any_mask(group: &[Event]) -> u32 {
    group.iter().fold(0, |mask, event| mask | event.mask())
}
