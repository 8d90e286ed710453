//! Funnels whose steps are neighbouring events. Events of one instant stand in whatever order makes the chain longest.

use super::event::{Event, instant, instants};
use super::matching::{Matching, Reach};
use super::{MAX_CONDITIONS, bits, in_window};

/// How far each length can grow within one instant. All its events have to be used before a chain can leave it.
fn reach(group: &[Event], steps: u8, matching: &mut Matching) -> Reach {
    if let [event] = group {
        let mut reach = core::array::from_fn(|level| level);
        bits(event.mask()).take_while(|step| *step < usize::from(steps)).for_each(|step| reach[step] = step + 1);
        return reach;
    }
    matching.load(group, steps);
    matching.reach_all()
}

/// The deepest step.
pub(super) fn depth(events: &[Event], steps: u8, within: i64) -> usize {
    let mut matching = Matching::default();
    // The latest start of a chain of each length whose last event is the last one so far.
    let mut starts = [None; MAX_CONDITIONS + 1];
    let mut deepest = 0;
    for group in instants(events) {
        let ts = instant(group);
        let reach = reach(group, steps, &mut matching);
        let mut next = [None; MAX_CONDITIONS + 1];
        next[1..=reach[0]].fill(Some(ts));
        deepest = deepest.max(reach[0]);
        for level in 1..usize::from(steps) {
            let Some(start) = starts[level].filter(|start| in_window(*start, ts, within)) else { continue };
            deepest = deepest.max(reach[level]);
            if reach[level] == level + group.len() && next[reach[level]].is_none() {
                next[reach[level]] = Some(start);
            }
        }
        if deepest == usize::from(steps) {
            break;
        }
        starts = next;
    }
    deepest
}

/// The lexicographically smallest instants of a chain of `steps` steps: the earliest start, with as many of its instant's
/// events as can be.
pub(super) fn earliest(events: &[Event], steps: u8, within: i64) -> Vec<i64> {
    let mut matching = Matching::default();
    let mut rest = events;
    while let Some(group) = instants(rest).next() {
        let first = reach(group, steps, &mut matching)[0];
        for level in (1..=first).rev() {
            let times = follow(rest, level, steps, within, &mut matching);
            if times.len() == usize::from(steps) {
                return times;
            }
        }
        rest = rest.get(group.len()..).unwrap_or_default();
    }
    Vec::new()
}

/// The chain that takes `level` steps at the first instant, until it is complete or breaks.
fn follow(events: &[Event], level: usize, steps: u8, within: i64, matching: &mut Matching) -> Vec<i64> {
    let steps = (steps, usize::from(steps));
    let start = instant(events);
    let mut times = vec![start; level];
    for group in instants(events).skip(1) {
        let ts = instant(group);
        if times.len() == steps.1 || !in_window(start, ts, within) {
            break;
        }
        let end = reach(group, steps.0, matching)[times.len()];
        let whole = end == times.len() + group.len();
        times.resize(end, ts);
        if !whole {
            break;
        }
    }
    times
}
