//! Funnels whose steps are neighbouring events. Events of one instant stand in whatever order makes the chain longest.

use super::event::{MaskedEvent, instant, instants};
use super::matching::{Matching, Reach};
use super::{MAX_CONDITIONS, all_conditions, bits_down, in_window};
use crate::resource::interrupt::Throttle;

/// How many steps a chain of `length` has after an instant at most.
fn reach(length: usize, group: &[MaskedEvent], steps: u8, matching: &mut Matching) -> usize {
    if let [event] = group {
        let mask = u64::from(event.mask() & all_conditions(steps));
        return length + (mask >> length & 1) as usize;
    }
    matching.load(group, steps);
    matching.reach(length)
}

/// The chains whose last event is the last one so far.
struct Open {
    steps: u8,
    within: i64,
    /// A bit for each length that there is a chain of.
    lengths: u64,
    /// The latest start of each.
    starts: [i64; MAX_CONDITIONS + 1],
}

impl Open {
    fn follows(&self, length: usize, ts: i64) -> bool {
        self.lengths >> length & 1 == 1 && in_window(self.starts[length], ts, self.within)
    }

    /// Goes on with an event alone at its instant; the longest chain that it ends.
    fn one(&mut self, ts: i64, mask: u32) -> usize {
        let mut lengths = 0u64;
        // A chain can begin at any event.
        self.starts[0] = ts;
        self.lengths |= 1;
        // From the last step down: no chain takes two.
        for step in bits_down(mask) {
            if self.follows(step, ts) {
                self.starts[step + 1] = self.starts[step];
                lengths |= 1 << (step + 1);
            }
        }
        self.lengths = lengths;
        lengths.checked_ilog2().unwrap_or(0) as usize
    }

    /// Goes on with several events of one instant; the longest chain that ends there.
    fn several(&mut self, ts: i64, events: usize, reach: &Reach) -> usize {
        let mut next = Self { lengths: 0, ..*self };
        let mut longest = reach[0];
        for (length, &to) in reach.iter().enumerate().take(usize::from(self.steps)).skip(1) {
            if !self.follows(length, ts) {
                continue;
            }
            longest = longest.max(to);
            // All the events have to be used before a chain can leave their instant.
            if to == length + events {
                next.starts[to] = self.starts[length];
                next.lengths |= 1 << to;
            }
        }
        for length in 1..=reach[0] {
            next.starts[length] = ts;
            next.lengths |= 1 << length;
        }
        *self = next;
        longest
    }
}

/// The deepest step.
pub(super) fn depth(events: &[MaskedEvent], steps: u8, within: i64) -> usize {
    let mut matching = Matching::default();
    let mut open = Open { steps, within, lengths: 0, starts: [0; MAX_CONDITIONS + 1] };
    let mut deepest = 0;
    for group in instants(events) {
        let ts = instant(group);
        let longest = match group {
            [event] => open.one(ts, event.mask() & all_conditions(steps)),
            _ => {
                matching.load(group, steps);
                open.several(ts, group.len(), &matching.reach_all())
            }
        };
        deepest = deepest.max(longest);
        if deepest == usize::from(steps) {
            break;
        }
    }
    deepest
}

/// The lexicographically smallest instants of a chain of `steps` steps: the earliest start, with as many of its
/// instant's events as can be.
pub(super) fn earliest(events: &[MaskedEvent], steps: u8, within: i64) -> Vec<i64> {
    let mut matching = Matching::default();
    let mut times = Vec::with_capacity(usize::from(steps));
    let mut rest = events;
    let mut throttle = Throttle::default();
    while let Some(group) = instants(rest).next() {
        throttle.step();
        let first = reach(0, group, steps, &mut matching);
        for level in (1..=first).rev() {
            times.clear();
            times.resize(level, instant(group));
            follow(rest, steps, within, &mut matching, &mut times);
            if times.len() == usize::from(steps) {
                return times;
            }
        }
        rest = rest.get(group.len()..).unwrap_or_default();
    }
    Vec::new()
}

/// Goes on with the chain that took its steps so far at the first instant, until it is complete or breaks.
fn follow(events: &[MaskedEvent], steps: u8, within: i64, matching: &mut Matching, times: &mut Vec<i64>) {
    let start = instant(events);
    for group in instants(events).skip(1) {
        let ts = instant(group);
        if times.len() == usize::from(steps) || !in_window(start, ts, within) {
            break;
        }
        let end = reach(times.len(), group, steps, matching);
        let whole = end == times.len() + group.len();
        times.resize(end, ts);
        if !whole {
            break;
        }
    }
}
