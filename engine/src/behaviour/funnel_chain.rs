//! The best chain that exists, in time that grows with events and steps only.
//!
//! Of two chains of the same length the one that began later is never worse: it has the same steps to go and more time
//! left. So one start for each length is all there is to remember. Events of one instant are looked at together, which
//! is what keeps their order out of the answer.

use super::event::{MaskedEvent, any_mask, instant, instants};
use super::matching::Matching;
use super::modes::Modes;
use super::{MAX_CONDITIONS, all_conditions, bits, bits_down, in_window};

/// What a chain may do within one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepRule {
    /// Any number of steps, one event several of them.
    Shared,
    /// Any number of steps, each by an event of its own.
    Own,
    /// One step.
    One,
}

/// How far a pass over events came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reached {
    /// The deepest step.
    pub(super) level: usize,
    /// The first instant at which it was reached.
    pub(super) at: i64,
    /// How many events were looked at.
    pub(super) seen: usize,
}

/// A search for chains.
#[derive(Debug)]
pub(super) struct Chains {
    rule: StepRule,
    steps: u8,
    within: i64,
    matching: Matching,
    /// The latest start of a chain of each length; those up to `level` are set.
    starts: [i64; MAX_CONDITIONS + 1],
    level: usize,
}

impl Chains {
    pub(super) fn new(modes: Modes, steps: u8, within: i64) -> Self {
        // Strictly later events are different events.
        let rule = if modes.has(Modes::STRICT_INCREASE) {
            StepRule::One
        } else if modes.has(Modes::STRICT_ONCE) {
            StepRule::Own
        } else {
            StepRule::Shared
        };
        let starts = [0; MAX_CONDITIONS + 1];
        Self { rule, steps, within, matching: Matching::default(), starts, level: 0 }
    }

    /// The longest chain. Under `strict_order` the pass ends where that mode says.
    pub(super) fn longest(&mut self, events: &[MaskedEvent], modes: Modes) -> Reached {
        let strict = modes.has(Modes::STRICT_ORDER);
        let ends_early = strict && !modes.has(Modes::ALLOW_REENTRY);
        let mut reached = Reached::default();
        self.level = 0;
        for group in instants(events) {
            if strict && self.level > 0 && group.first().is_some_and(|event| event.mask() == 0) {
                break;
            }
            let ts = instant(group);
            let mask = any_mask(group) & all_conditions(self.steps);
            self.advance(group, ts, mask);
            reached.seen += group.len();
            if self.level > reached.level {
                (reached.level, reached.at) = (self.level, ts);
            }
            let premature = ends_early && self.level > 0 && u64::from(mask) >> (self.level + 1) != 0;
            if self.level == usize::from(self.steps) || premature {
                break;
            }
        }
        reached
    }

    /// The lexicographically smallest instants of a chain of all steps, if there is one.
    ///
    /// The chain that is complete first can exchange its start for any earlier one that leaves it in time, and every
    /// other complete chain ends no earlier. So the best start is the earliest that reaches that end; from there on
    /// each step is taken as soon as it can be.
    pub(super) fn earliest(&mut self, events: &[MaskedEvent]) -> Vec<i64> {
        let reached = self.longest(events, Modes::default());
        let mut times = Vec::with_capacity(usize::from(self.steps));
        if reached.level < usize::from(self.steps) {
            return times;
        }
        for group in instants(events) {
            let ts = instant(group);
            if times.len() == usize::from(self.steps) || ts > reached.at {
                break;
            }
            if in_window(ts, reached.at, self.within) {
                let level = self.reach(times.len(), group);
                times.resize(level, ts);
            }
        }
        times
    }

    /// How many steps a chain of `level` steps has after an instant at most.
    fn reach(&mut self, level: usize, group: &[MaskedEvent]) -> usize {
        let mask = u64::from(any_mask(group) & all_conditions(self.steps));
        match self.rule {
            StepRule::Shared => level + (mask >> level).trailing_ones() as usize,
            StepRule::Own if group.len() > 1 => {
                self.matching.load(group, self.steps);
                self.matching.reach(level)
            }
            StepRule::Own | StepRule::One => level + (mask >> level & 1) as usize,
        }
    }

    /// Moves the starts of all lengths over the events of one instant, which meet the conditions of `mask`.
    fn advance(&mut self, group: &[MaskedEvent], ts: i64, mask: u32) {
        self.starts[0] = ts;
        match self.rule {
            StepRule::Shared => bits(mask).for_each(|step| self.step(step, ts)),
            StepRule::Own if group.len() > 1 => self.advance_own(group, ts),
            // From the last step down: no chain takes two.
            StepRule::Own | StepRule::One => bits_down(mask).for_each(|step| self.step(step, ts)),
        }
    }

    /// Chains of `step` steps take one more.
    fn step(&mut self, step: usize, ts: i64) {
        if step <= self.level && in_window(self.starts[step], ts, self.within) {
            self.starts[step + 1] = self.starts[step];
            self.level = self.level.max(step + 1);
        }
    }

    /// Shorter chains began later: each length takes its start from the shortest chain that can grow to it.
    fn advance_own(&mut self, group: &[MaskedEvent], ts: i64) {
        self.matching.load(group, self.steps);
        let reach = self.matching.reach_all();
        let before = self.starts;
        let mut done = 0;
        for from in 0..=self.level {
            if !in_window(before[from], ts, self.within) {
                break;
            }
            done = done.max(from);
            while done < reach[from] {
                done += 1;
                self.starts[done] = before[from];
            }
        }
        self.level = self.level.max(done);
    }
}
