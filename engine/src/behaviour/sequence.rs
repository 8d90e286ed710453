//! Sequences of events that match a pattern, in time that grows with events and steps only.
//!
//! Of all matches, the one that ends first is the leftmost one with every `.*` as short as can be: starting earlier,
//! or stopping to skip earlier, never makes the rest end later. So no match has to be remembered, only which prefixes
//! of the pattern the events so far can end with, and for a prefix before a time condition, since when.

use core::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use super::all_conditions;
use super::event::MaskedEvent;
use super::pattern::{Comparison, Gap, Pattern, PatternPart};
use super::sequence_events;
use super::state::{Definition, EventState};
use crate::error::{Error, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{Reservation, out_of_memory, trying};
use crate::state::{Reader, Writer};
use crate::text::beginning;

/// The events of one group (one visitor) with the pattern to look for. Events are in order of (ts, conditions), where
/// conditions compare as PostgreSQL compares arrays of booleans.
pub type SequenceState = EventState<Arc<Pattern>>;

fn same_pattern(pattern: &Pattern, text: &str, conditions: usize) -> Result<()> {
    if pattern.text() != text {
        return Err(Error::invalid(
            format!(
                "pattern is {:?} here and {:?} in another row of the group",
                beginning(text),
                beginning(pattern.text())
            ),
            "Give pattern the same value in every row.",
        ));
    }
    super::same_count(pattern.count(), conditions, "conditions")
}

fn parsed(text: &[u8], conditions: u64, r: &Reader<'_>) -> Result<Arc<Pattern>> {
    let pattern = match (core::str::from_utf8(text), usize::try_from(conditions)) {
        (Ok(text), Ok(conditions)) => Pattern::parse(text, conditions).ok(),
        _ => None,
    };
    pattern.map(Arc::new).ok_or_else(|| r.malformed("the pattern is impossible"))
}

impl Definition for Arc<Pattern> {
    const KIND: u8 = b'S';
    const VERSION: u8 = 1;
    const NAME: &'static str = "mrcall.sequence_state";
    const MAY_BE_EMPTY: bool = true;

    fn same(&self, other: &Self) -> Result<()> {
        same_pattern(self, other.text(), Pattern::conditions(other))
    }

    fn conditions(&self) -> u32 {
        all_conditions(self.count())
    }

    fn keeps_others(&self) -> bool {
        false
    }

    fn write(&self, w: &mut Writer) {
        w.text(self.text().as_bytes());
        w.unsigned(u64::from(self.count()));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (text, conditions) = (r.text()?, r.unsigned()?);
        parsed(text, conditions, r)
    }

    // Without parsing it: many groups of many workers have one pattern.
    fn read_same(&self, r: &mut Reader<'_>) -> Result<()> {
        let (text, conditions) = (r.text()?, r.unsigned()?);
        if text == self.text().as_bytes() && conditions == u64::from(self.count()) {
            return Ok(());
        }
        self.same(&parsed(text, conditions, r)?)
    }
}

impl SequenceState {
    /// A state without events. Groups of one query share their pattern.
    pub fn new(pattern: Arc<Pattern>) -> Self {
        Self::of(pattern)
    }

    /// `22023` unless a row has the same pattern and as many conditions as this state.
    pub fn same_pattern(&self, text: &str, conditions: usize) -> Result<()> {
        same_pattern(&self.definition, text, conditions)
    }

    /// Whether any events match the pattern.
    pub fn matches(&self) -> Result<bool> {
        self.count_up_to(1).map(|count| count == 1)
    }

    /// How many matches there are, from the left, each beginning after the last event of the one before.
    pub fn count(&self) -> Result<u64> {
        self.count_up_to(u64::MAX)
    }

    /// When the steps of the first match happened, those of `.` left out: the smallest instants of all matches. Nothing without one.
    pub fn first_match(&self) -> Result<Vec<i64>> {
        let events = self.events.in_order()?;
        let mut end = None;
        self.each_match(&events, |last| {
            end = Some(last);
            false
        })?;
        let Some(end) = end else { return Ok(Vec::new()) };
        sequence_events::first_match(self.definition.parts(), events.get(..=end).unwrap_or_default())
    }

    fn count_up_to(&self, most: u64) -> Result<u64> {
        let mut count = 0;
        self.each_match(&self.events.in_order()?, |_| {
            count += 1;
            count < most
        })?;
        Ok(count)
    }

    /// Tells where each match ends, until `found` wants no more.
    fn each_match(&self, events: &[MaskedEvent], mut found: impl FnMut(usize) -> bool) -> Result<()> {
        let parts = self.definition.parts();
        let mut partial: Vec<PartialMatch> = parts.iter().map(|part| PartialMatch::new(part.gap)).collect();
        let mut throttle = Throttle::default();
        for (place, event) in events.iter().enumerate() {
            throttle.step();
            if complete(parts, &mut partial, event.ts(), event.mask())? {
                if !found(place) {
                    break;
                }
                partial.iter_mut().for_each(PartialMatch::reset);
            }
        }
        Ok(())
    }
}

/// Takes an event; whether it completes a match. From the last part down, so that no event is taken twice.
fn complete(parts: &[PatternPart], partial: &mut [PartialMatch], ts: i64, mask: u32) -> Result<bool> {
    // What is known of the part after this one.
    let mut after: Option<&mut PartialMatch> = None;
    for (index, (part, state)) in parts.iter().zip(partial).enumerate().rev() {
        // A match can begin at any event.
        let ready = state.ready(ts) || index == 0;
        if ready && part.mask & mask != 0 {
            match after {
                None => return Ok(true),
                Some(after) => after.arrive(ts)?,
            }
        }
        after = Some(state);
    }
    Ok(false)
}

/// What is known of the matches of all parts before one part.
#[derive(Debug)]
struct PartialMatch {
    gap: Gap,
    /// The part may match the next event.
    open: bool,
    /// When they ended, as far as the part's time condition can still tell them apart; ascending.
    ended: VecDeque<i64>,
    held: Reservation,
}

impl PartialMatch {
    fn new(gap: Gap) -> Self {
        Self { gap, open: false, ended: VecDeque::new(), held: Reservation::default() }
    }

    fn reset(&mut self) {
        self.open = false;
        self.ended.clear();
    }

    /// The parts before matched up to an event at `ts`.
    fn arrive(&mut self, ts: i64) -> Result<()> {
        match self.gap {
            Gap::Nothing | Gap::Anything => self.open = true,
            Gap::Time { comparison, .. } => match comparison {
                // The latest is within whatever an earlier one is within.
                Comparison::Less | Comparison::LessOrEqual => {
                    self.ended.clear();
                    self.remember(ts)?;
                }
                // The earliest is as far back as any.
                Comparison::Greater | Comparison::GreaterOrEqual if self.ended.is_empty() => self.remember(ts)?,
                Comparison::Equal if self.ended.back() != Some(&ts) => self.remember(ts)?,
                Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal => {}
            },
        }
        Ok(())
    }

    fn remember(&mut self, ts: i64) -> Result<()> {
        if self.ended.len() == self.ended.capacity() {
            let more = self.ended.len().max(4);
            self.held.add(more * size_of::<i64>())?;
            trying(|| self.ended.try_reserve_exact(more)).map_err(|_| out_of_memory(self.held.bytes()))?;
        }
        self.ended.push_back(ts);
        Ok(())
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
