//! Which steps the events of one instant can fill when each fills one at most: bipartite matching of steps to events.

use super::event::MaskedEvent;
use super::{MAX_CONDITIONS, all_conditions, bits};

/// No step holds the event, or no step led to it.
const NONE: u8 = u8::MAX;

/// For each number of steps that a chain has, how many it can have after one instant.
pub(super) type Reach = [usize; MAX_CONDITIONS + 1];

/// A matching of neighbouring steps to distinct events, with its memory kept for the next instant.
#[derive(Debug, Default)]
pub(super) struct Matching {
    steps: usize,
    any: u32,
    masks: Vec<u32>,
    /// The step that each event fills.
    holder: Vec<u8>,
    /// The step from which the search came to each event.
    via: Vec<u8>,
    /// The event that fills each step.
    filled_by: [usize; MAX_CONDITIONS],
}

impl Matching {
    /// Takes the events of an instant. More events of one step than there are steps change nothing: as many as that are
    /// enough to give every chain its own. So an instant costs bounded work beside the reading of its events.
    pub(super) fn load(&mut self, group: &[MaskedEvent], steps: u8) {
        self.load_masks(group.iter().map(|event| event.mask()), steps);
    }

    /// The same of events of which only the steps are known.
    pub(super) fn load_masks(&mut self, events: impl Iterator<Item = u32>, steps: u8) {
        self.steps = usize::from(steps);
        self.masks.clear();
        self.any = 0;
        let mut kept = [0usize; MAX_CONDITIONS];
        for mask in events {
            let mask = mask & all_conditions(steps);
            if bits(mask).any(|step| kept[step] < self.steps) {
                bits(mask).for_each(|step| kept[step] += 1);
                self.any |= mask;
                self.masks.push(mask);
            }
        }
    }

    /// How many steps a chain of `level` steps has after the instant at most.
    pub(super) fn reach(&mut self, level: usize) -> usize {
        self.clear();
        self.extend(level)
    }

    /// The same for every level at once: the next level gives its event back and goes on from there.
    pub(super) fn reach_all(&mut self) -> Reach {
        self.clear();
        let mut reach = [self.steps; MAX_CONDITIONS + 1];
        let mut end = 0;
        for (level, reach) in reach.iter_mut().enumerate().take(self.steps) {
            end = self.extend(end.max(level));
            *reach = end;
            if end > level
                && let Some(holder) = self.holder.get_mut(self.filled_by[level])
            {
                *holder = NONE;
            }
        }
        reach
    }

    /// Whether all of these steps can be filled at once.
    pub(super) fn fills(&mut self, steps: u32) -> bool {
        self.clear();
        steps & !self.any == 0 && bits(steps).all(|step| self.fill(step))
    }

    fn clear(&mut self) {
        self.holder.clear();
        self.holder.resize(self.masks.len(), NONE);
        self.via.resize(self.masks.len(), NONE);
    }

    /// Fills the steps from `step` on until one cannot be filled; that one.
    fn extend(&mut self, mut step: usize) -> usize {
        while step < self.steps && self.any >> step & 1 == 1 && self.fill(step) {
            step += 1;
        }
        step
    }

    /// Fills one step more, by an augmenting path: steps that are filled may move to other events, none loses its own.
    fn fill(&mut self, step: usize) -> bool {
        self.via.fill(NONE);
        let mut queue = [step as u8; MAX_CONDITIONS];
        let (mut head, mut tail) = (0, 1);
        while head < tail {
            let from = queue[head];
            head += 1;
            for (event, (mask, via)) in self.masks.iter().zip(&mut self.via).enumerate() {
                if *via != NONE || mask >> from & 1 == 0 {
                    continue;
                }
                *via = from;
                match self.holder.get(event) {
                    // Each step holds one event, and `step` none: the queue has room.
                    Some(&holder) if holder != NONE => {
                        queue[tail] = holder;
                        tail += 1;
                    }
                    _ => {
                        self.shift(event, step);
                        return true;
                    }
                }
            }
        }
        false
    }

    /// Moves every step of the path that ends at a free event to the event that it was searched from.
    fn shift(&mut self, mut event: usize, step: usize) {
        while let (Some(&from), Some(holder)) = (self.via.get(event), self.holder.get_mut(event)) {
            *holder = from;
            let from = usize::from(from);
            let left = core::mem::replace(&mut self.filled_by[from], event);
            if from == step {
                return;
            }
            event = left;
        }
    }
}
