//! Which events the first match of a pattern takes: of all matches the one with the smallest places, which is the leftmost one with
//! every `.*` as short as can be.
//!
//! From the last part of the pattern to the first one the places are found at which a match can go on to its end; then each part
//! takes the first of them that it can.

use super::event::MaskedEvent;
use super::pattern::{Comparison, Gap, PatternPart};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::HeldVec;

/// When the steps of the first match among events in order happened, those of `.` left out.
pub(super) fn first_match(parts: &[PatternPart], events: &[MaskedEvent]) -> Result<Vec<i64>> {
    let mut throttle = Throttle::default();
    // By part, from the last to the first: the places, the last one first.
    let mut places: Vec<HeldVec<usize>> = Vec::with_capacity(parts.len());
    let mut next: Option<&PatternPart> = None;
    for part in parts.iter().rev() {
        let mut own = HeldVec::default();
        for place in (0..events.len()).rev() {
            throttle.step();
            let is_met = events.get(place).is_some_and(|event| event.mask() & part.mask != 0);
            let goes_on = || match (next, places.last()) {
                (Some(next), Some(behind)) => go_on(next.gap, place, events, behind).is_some(),
                _ => true,
            };
            if is_met && goes_on() {
                own.push(place)?;
            }
        }
        places.push(own);
        next = Some(part);
    }
    let mut times = Vec::with_capacity(parts.len());
    let mut at: Option<usize> = None;
    for (part, places) in parts.iter().zip(places.iter().rev()) {
        let place = match at {
            None => places.last().copied(),
            Some(before) => go_on(part.gap, before, events, places),
        };
        let Some(event) = place.and_then(|place| events.get(place)) else { return Ok(Vec::new()) };
        at = place;
        if part.mask != u32::MAX {
            times.push(event.ts());
        }
    }
    Ok(times)
}

/// The first of some places that a part with this gap before it can take behind a place.
fn go_on(gap: Gap, place: usize, events: &[MaskedEvent], places: &[usize]) -> Option<usize> {
    let from = |least: usize| places.get(places.partition_point(|place| *place >= least).checked_sub(1)?).copied();
    let start = events.get(place)?.ts();
    match gap {
        Gap::Nothing => from(place + 1).filter(|found| *found == place + 1),
        Gap::Anything => from(place + 1),
        Gap::Time { comparison, micros, then_anything } => {
            let since = |event: &MaskedEvent| event.ts().wrapping_sub(start) as u64;
            let compares = |place: usize| {
                events.get(place).map(since).is_some_and(|since| match comparison {
                    Comparison::Less => since < micros,
                    Comparison::LessOrEqual => since <= micros,
                    Comparison::Greater => since > micros,
                    Comparison::GreaterOrEqual => since >= micros,
                    Comparison::Equal => since == micros,
                })
            };
            let behind = events.get(place + 1..)?;
            let first = place
                + 1
                + match comparison {
                    Comparison::Less | Comparison::LessOrEqual => 0,
                    Comparison::Greater => behind.partition_point(|event| since(event) <= micros),
                    Comparison::GreaterOrEqual | Comparison::Equal => {
                        behind.partition_point(|event| since(event) < micros)
                    }
                };
            let found = from(first)?;
            (compares(found) || then_anything && compares(first)).then_some(found)
        }
    }
}
