//! Funnels whose steps may come in any order: how many different steps happen within a time of the earliest, each by an event of its
//! own.
//!
//! Which events can fill steps beside each other is a matroid. So while a window moves over the events, one matching of steps to the
//! events in it is kept: an event that comes makes it larger by one at most, one that leaves smaller by one at most. And within the
//! first window that has the most, taking each event in order of time that makes the matching larger gives the smallest times.
//! Events that meet the same steps are one kind.

use hashbrown::HashMap;

use super::step_event::{NOTHING_HELD, StepChain, StepEvent};
use super::{MAX_CONDITIONS, bits, in_window};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec};
use crate::resource::sort;

const FREE: u32 = u32::MAX;

/// The most steps of a visitor that lie within a time of the first of them, which is before `until`; the events are in order of time.
pub fn any_order(events: &[StepEvent], steps: usize, within: i64, until: i64) -> Result<StepChain> {
    let mut own = HeldVec::default();
    let mut throttle = Throttle::default();
    for event in events.iter().filter(|event| event.steps != 0) {
        throttle.step();
        own.push(*event)?;
    }
    if own.iter().any(|event| event.held != NOTHING_HELD) {
        sort::by_key(&mut own, |event| (event.held, event.at));
    }
    let mut best = StepChain::default();
    for group in own.chunk_by(|a, b| a.held == b.held) {
        let found = most(group, steps, within, until)?;
        if found.is_better(&best) {
            best = found;
        }
    }
    Ok(best)
}

fn most(events: &[StepEvent], steps: usize, within: i64, until: i64) -> Result<StepChain> {
    let (mut window, mut throttle) = (Window::new(steps), Throttle::default());
    let (mut first, mut end, mut best, mut best_first) = (0, 0, 0, 0);
    while let Some(start) = events.get(first).filter(|start| start.at < until && best < steps) {
        while let Some(event) = events.get(end).filter(|event| in_window(start.at, event.at, within)) {
            throttle.step();
            window.add(event.steps)?;
            end += 1;
        }
        if window.size > best {
            (best, best_first) = (window.size, first);
        }
        while let Some(event) = events.get(first).filter(|event| event.at == start.at) {
            throttle.step();
            window.remove(event.steps);
            first += 1;
        }
    }
    let (mut window, mut times) = (Window::new(steps), Vec::with_capacity(best));
    for event in events.iter().skip(best_first).take_while(|_| best > 0) {
        throttle.step();
        if times.len() == best {
            break;
        }
        window.add(event.steps)?;
        if window.size > times.len() {
            times.push(event.at);
        }
    }
    Ok(StepChain { required: best, optional: 0, times })
}

/// Events of one kind.
#[derive(Debug, Clone, Copy)]
struct Kind {
    steps: u32,
    events: u32,
    /// How many of them fill a step.
    used: u32,
    /// The step from which the search came to them.
    via: u8,
}

/// A largest matching of steps to the events of a window.
#[derive(Debug)]
struct Window {
    all: u32,
    kinds: HeldVec<Kind>,
    of_steps: HashMap<u32, u32>,
    /// The kind that fills each step.
    filled_by: [u32; MAX_CONDITIONS],
    size: usize,
}

impl Window {
    fn new(steps: usize) -> Self {
        Self {
            all: super::all_conditions(steps as u8),
            kinds: HeldVec::default(),
            of_steps: HashMap::new(),
            filled_by: [FREE; MAX_CONDITIONS],
            size: 0,
        }
    }

    fn add(&mut self, steps: u32) -> Result<()> {
        memory::reserve_map(&mut self.of_steps)?;
        let kind = match self.of_steps.get(&steps) {
            Some(kind) => *kind,
            None => {
                let kind = self.kinds.len() as u32;
                self.kinds.push(Kind { steps, events: 0, used: 0, via: 0 })?;
                self.of_steps.insert(steps, kind);
                kind
            }
        };
        if let Some(kind) = self.kinds.get_mut(kind as usize) {
            kind.events += 1;
        }
        self.grow();
        Ok(())
    }

    fn remove(&mut self, steps: u32) {
        let Some(number) = self.of_steps.get(&steps).copied() else { return };
        let Some(kind) = self.kinds.get_mut(number as usize) else { return };
        kind.events -= 1;
        if kind.used <= kind.events {
            return;
        }
        kind.used -= 1;
        if let Some(step) = self.filled_by.iter_mut().find(|filled_by| **filled_by == number) {
            *step = FREE;
            self.size -= 1;
        }
        self.grow();
    }

    /// Fills one step more if that is possible: from the free steps, along steps that may move to events of another kind, to an event
    /// that fills none.
    fn grow(&mut self) {
        let free = bits(self.all).filter(|step| self.filled_by[*step] == FREE);
        let mut queue = [0u8; MAX_CONDITIONS];
        let mut tail = 0;
        for step in free {
            queue[tail] = step as u8;
            tail += 1;
        }
        if tail == 0 {
            return;
        }
        let (mut head, mut seen) = (0, queue.iter().take(tail).fold(0u32, |seen, step| seen | 1 << step));
        self.kinds.iter_mut().for_each(|kind| kind.via = u8::MAX);
        while head < tail {
            let from = queue[head];
            head += 1;
            for number in 0..self.kinds.len() {
                let Some(kind) = self.kinds.get_mut(number) else { break };
                if kind.via != u8::MAX || kind.steps >> from & 1 == 0 || kind.events == 0 {
                    continue;
                }
                kind.via = from;
                if kind.used < kind.events {
                    kind.used += 1;
                    self.size += 1;
                    return self.shift(number as u32);
                }
                for (step, filled_by) in self.filled_by.iter().enumerate() {
                    if *filled_by == number as u32 && seen >> step & 1 == 0 {
                        seen |= 1 << step;
                        queue[tail] = step as u8;
                        tail += 1;
                    }
                }
            }
        }
    }

    /// Moves every step of the path to the kind that was searched from it.
    fn shift(&mut self, mut number: u32) {
        while let Some(kind) = self.kinds.get(number as usize) {
            let step = usize::from(kind.via);
            let left = core::mem::replace(&mut self.filled_by[step], number);
            if left == FREE {
                return;
            }
            number = left;
        }
    }
}
