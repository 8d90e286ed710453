//! The states whose rows are events: one group's events behind the definition of what is asked of them.

use super::event::Events;
use crate::error::Result;
use crate::state::{Reader, Writer};
use crate::time;

/// What is asked of the events: it stands before them in the bytes.
pub trait Definition: Clone {
    /// The letter of the state's bytes.
    const KIND: u8;
    /// The version of their format.
    const VERSION: u8;
    /// The type's name, for messages.
    const NAME: &'static str;
    /// Whether a state without events has bytes.
    const MAY_BE_EMPTY: bool;

    /// `22023` unless the other one asks for the same.
    fn same(&self, other: &Self) -> Result<()>;
    /// The mask of all conditions.
    fn conditions(&self) -> u32;
    /// Whether events that meet no condition are kept.
    fn keeps_others(&self) -> bool;
    /// Writes it.
    fn write(&self, w: &mut Writer);
    /// Reads what [`Self::write`] wrote; anything else is `22P03`.
    fn read(r: &mut Reader<'_>) -> Result<Self>;
    /// Reads a definition that has to be the same as this one.
    fn read_same(&self, r: &mut Reader<'_>) -> Result<()> {
        self.same(&Self::read(r)?)
    }
}

/// The events of one group (one visitor), mergeable in any order, with what is asked of them.
#[derive(Debug, Clone)]
pub struct EventState<D> {
    pub(super) definition: D,
    pub(super) events: Events,
}

impl<D: Definition> EventState<D> {
    pub(super) fn of(definition: D) -> Self {
        Self { definition, events: Events::new() }
    }

    /// A state without events of the same definition.
    pub fn like(&self) -> Self {
        Self::of(self.definition.clone())
    }

    /// Adds an event that meets the conditions of `mask` (bit 0 is the first, see [`super::condition_mask`]); one without any
    /// only where the definition looks at those. An infinite `ts` is `22008`, whatever the mask; the SQL layer leaves out rows
    /// whose `ts` is NULL.
    #[inline]
    pub fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        let mask = mask & self.definition.conditions();
        if mask == 0 && !self.definition.keeps_others() {
            return time::finite(ts, "ts").map(|_| ());
        }
        self.events.push(ts, mask)
    }

    /// Takes the events of another state, each as often as it holds it; `22023` if it has another definition.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.definition.same(&other.definition)?;
        self.events.merge(&other.events)
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept: then no step is reached and nothing matches.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that the events take, in bytes: 12 each, and room for at most 128 more to come.
    pub fn heap_bytes(&self) -> usize {
        self.events.heap_bytes()
    }

    /// Puts the events in order, so that what is asked next makes no copy. Changes no answer.
    pub fn sort(&mut self) -> Result<()> {
        self.events.sort()
    }

    /// The bytes: the same for the same definition and events, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(D::KIND, D::VERSION);
        w.reserve(self.events.written_bytes());
        self.definition.write(&mut w);
        self.events.write(&mut w)?;
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, D::KIND, D::VERSION, D::NAME)?;
        let mut state = Self::of(D::read(&mut r)?);
        state.read_events(r)?;
        Ok(state)
    }

    /// Takes the events of a state that [`Self::serialize`] wrote, as [`Self::merge`] does.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes, D::KIND, D::VERSION, D::NAME)?;
        self.definition.read_same(&mut r)?;
        self.read_events(r)
    }

    fn read_events(&mut self, mut r: Reader<'_>) -> Result<()> {
        let before = self.len();
        self.events.read(&mut r, self.definition.conditions(), self.definition.keeps_others())?;
        if self.len() == before && !D::MAY_BE_EMPTY {
            return Err(r.malformed("it has no event"));
        }
        r.finish()
    }
}
