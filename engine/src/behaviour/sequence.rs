//! Sequences of events that match a pattern, in time that grows with events and steps only.
//!
//! Of all matches, the one that ends first is the leftmost one with every `.*` as short as can be: starting earlier,
//! or stopping to skip earlier, never makes the rest end later. So no match has to be remembered, only which prefixes
//! of the pattern the events so far can end with, and for a prefix before a time condition, since when.

use core::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use super::all_conditions;
use super::event::Events;
use super::pattern::{Comparison, Gap, Part, Pattern};
use crate::error::{Error, Result};
use crate::resource::interrupt::Throttle;
use crate::state::{Reader, Writer};
use crate::time;

const KIND: u8 = b'S';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.sequence_state";

/// The events of one group (one visitor) with the pattern to look for. Events are in order of (ts, conditions), where
/// conditions compare as PostgreSQL compares arrays of booleans.
#[derive(Debug, Clone)]
pub struct SequenceState {
    pattern: Arc<Pattern>,
    events: Events,
}

impl SequenceState {
    /// A state without events. Groups of one query share their pattern.
    pub fn new(pattern: Arc<Pattern>) -> Self {
        Self { pattern, events: Events::new() }
    }

    /// A state without events for the same pattern.
    pub fn like(&self) -> Self {
        Self::new(Arc::clone(&self.pattern))
    }

    /// `22023` unless a row has the same pattern and as many conditions as this state.
    pub fn same_pattern(&self, text: &str, conditions: usize) -> Result<()> {
        if self.pattern.text() != text {
            return Err(Error::invalid(
                format!("pattern is {text:?} here and {:?} in another row of the group", self.pattern.text()),
                "Give pattern the same value in every row.",
            ));
        }
        super::same_count(self.pattern.count(), conditions, "conditions")
    }

    /// Adds an event that meets the conditions of `mask` (see [`super::condition_mask`]); one without any is not in the
    /// sequence. An infinite `ts` is `22008`, whatever the mask; the SQL layer leaves out rows whose `ts` is NULL.
    pub fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        match mask & all_conditions(self.pattern.count()) {
            0 => time::finite(ts, "ts").map(|_| ()),
            mask => self.events.push(ts, mask),
        }
    }

    /// Takes the events of another state, each as often as it holds it; `22023` if it has another pattern.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_pattern(other.pattern.text(), other.pattern.conditions())?;
        self.events.merge(&other.events);
        Ok(())
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept: then nothing matches.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that the events take, in bytes: 12 each, and at most an eighth of that or eight events more.
    pub fn heap_bytes(&self) -> usize {
        self.events.heap_bytes()
    }

    /// Puts the events in order, so that what is asked next makes no copy. Changes no answer.
    pub fn sort(&mut self) {
        self.events.sort();
    }

    /// Whether any events match the pattern.
    pub fn matches(&self) -> bool {
        self.count_up_to(1) == 1
    }

    /// How many matches there are, from the left, each beginning after the last event of the one before.
    pub fn count(&self) -> u64 {
        self.count_up_to(u64::MAX)
    }

    fn count_up_to(&self, most: u64) -> u64 {
        let parts = self.pattern.parts();
        let mut slots: Vec<Slot> = parts.iter().map(|part| Slot::new(part.gap)).collect();
        let (mut count, mut counter) = (0, Throttle::default());
        for event in self.events.in_order().iter() {
            counter.step();
            if complete(parts, &mut slots, event.ts(), event.mask()) {
                count += 1;
                if count == most {
                    break;
                }
                slots.iter_mut().for_each(Slot::reset);
            }
        }
        count
    }

    /// The bytes: the same for the same pattern and events, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.reserve(self.pattern.text().len() + self.events.written_bytes());
        w.text(self.pattern.text().as_bytes());
        w.unsigned(u64::from(self.pattern.count()));
        self.events.write(&mut w);
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let (text, conditions) = (r.text()?, r.unsigned()?);
        let pattern = match (core::str::from_utf8(text), usize::try_from(conditions)) {
            (Ok(text), Ok(conditions)) => Pattern::parse(text, conditions).ok(),
            _ => None,
        };
        let pattern = pattern.ok_or_else(|| r.malformed("the pattern is impossible"))?;
        let events = Events::read(&mut r, all_conditions(pattern.count()), false)?;
        r.finish()?;
        Ok(Self { pattern: Arc::new(pattern), events })
    }

    /// Takes the events of a state that [`Self::serialize`] wrote, as [`Self::merge`] does.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        if r.text()? != self.pattern.text().as_bytes() || r.unsigned()? != u64::from(self.pattern.count()) {
            return self.merge(&Self::deserialize(bytes)?);
        }
        self.events.read_more(&mut r, all_conditions(self.pattern.count()), false)?;
        r.finish()
    }
}

/// Takes an event; whether it completes a match. From the last part down, so that no event is taken twice.
fn complete(parts: &[Part], slots: &mut [Slot], ts: i64, mask: u32) -> bool {
    // The slot of the part after this one.
    let mut after: Option<&mut Slot> = None;
    for (index, (part, slot)) in parts.iter().zip(slots).enumerate().rev() {
        // A match can begin at any event.
        let ready = slot.ready(ts) || index == 0;
        if ready && part.mask & mask != 0 {
            match after {
                None => return true,
                Some(after) => after.arrive(ts),
            }
        }
        after = Some(slot);
    }
    false
}

/// What is known of the matches of all parts before one part.
#[derive(Debug)]
struct Slot {
    gap: Gap,
    /// The part may match the next event.
    open: bool,
    /// When they ended, as far as the part's time condition can still tell them apart; ascending.
    ended: VecDeque<i64>,
}

impl Slot {
    fn new(gap: Gap) -> Self {
        Self { gap, open: false, ended: VecDeque::new() }
    }

    fn reset(&mut self) {
        self.open = false;
        self.ended.clear();
    }

    /// The parts before matched up to an event at `ts`.
    fn arrive(&mut self, ts: i64) {
        match self.gap {
            Gap::Nothing | Gap::Anything => self.open = true,
            Gap::Time { comparison, .. } => match comparison {
                // The latest is within whatever an earlier one is within.
                Comparison::Less | Comparison::LessOrEqual => {
                    self.ended.clear();
                    self.ended.push_back(ts);
                }
                // The earliest is as far back as any.
                Comparison::Greater | Comparison::GreaterOrEqual if self.ended.is_empty() => self.ended.push_back(ts),
                Comparison::Equal if self.ended.back() != Some(&ts) => self.ended.push_back(ts),
                Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal => {}
            },
        }
    }

    /// Whether the part may match an event at `ts`, which comes next.
    fn ready(&mut self, ts: i64) -> bool {
        match self.gap {
            Gap::Nothing => core::mem::take(&mut self.open),
            Gap::Anything => self.open,
            Gap::Time { comparison, micros, then_anything } => {
                let open = self.open || self.compares(comparison, micros, ts);
                self.open = then_anything && open;
                open
            }
        }
    }

    fn compares(&mut self, comparison: Comparison, micros: u64, ts: i64) -> bool {
        // Exact even where it exceeds 63 bits: events come in order of time.
        let since = |ended: i64| ts.wrapping_sub(ended) as u64;
        if comparison == Comparison::Equal {
            while self.ended.front().is_some_and(|ended| since(*ended) > micros) {
                self.ended.pop_front();
            }
        }
        let Some(order) = self.ended.front().map(|ended| since(*ended).cmp(&micros)) else { return false };
        match comparison {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
            Comparison::Equal => order == Ordering::Equal,
        }
    }
}
