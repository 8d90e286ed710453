//! The best chain of a funnel whose steps have options: optional steps, exclusions, shortest and longest times between two steps.
//! Each event fills one step at most. Time grows with events, steps and optional steps, never with the number of chains.
//!
//! Of two ways to go on from a step the one that ends first is never worse: all that is asked of what lies behind is that it ends
//! within the funnel's time. So from the last instant back to the first one, for each step that a chain may leave an instant with and
//! each number of optional steps still to come, the earliest end is all there is to remember. From the start that leads to the most
//! steps the chain then takes each step as early as it leaves the end in reach.
//!
//! What a step asks of the time since the one before, and that no exclusion lies in between, depends on that step alone. So of the
//! instants at which it can come next there is a window, which moves back with the instant that the chain leaves.

use super::matching::Matching;
use super::step_event::{NEVER, NOTHING_HELD, StepChain, StepEvent, StepRule};
use super::{bits, in_window};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::HeldVec;
use crate::resource::sort;

/// A search for the best chain.
#[derive(Debug)]
pub struct StepChains {
    rules: Vec<StepRule>,
    within: i64,
    is_strict: bool,
    matching: Matching,
}

/// An event and where it stands among all of its visitor.
#[derive(Debug, Clone, Copy)]
struct Placed {
    event: StepEvent,
    /// The number of its instant.
    place: u32,
    /// How many events that instant has.
    together: u32,
}

/// The events of one instant that hold the same.
#[derive(Debug, Clone, Copy)]
struct Instant {
    at: i64,
    first: usize,
    end: usize,
    steps: u32,
    excludes: u32,
    place: u32,
    together: u32,
}

impl StepChains {
    /// Of these steps, within a time. Where it `is_strict`, they are neighbouring events.
    pub fn new(rules: Vec<StepRule>, within: i64, is_strict: bool) -> Self {
        Self { rules, within, is_strict, matching: Matching::default() }
    }

    /// The best chain of a visitor's events, which are in order of time; one without a step where there is none. Those of no step are
    /// neighbours only.
    pub fn best(&mut self, events: &[StepEvent]) -> Result<StepChain> {
        let mut placed = self.placed(events)?;
        if placed.iter().any(|one| one.event.held != NOTHING_HELD) {
            sort::by_key(&mut placed, |one| (one.event.held, one.event.at));
        }
        let mut best = StepChain::default();
        for group in placed.chunk_by(|a, b| a.event.held == b.event.held) {
            let found = self.search(group)?;
            if found.is_better(&best) {
                best = found;
            }
        }
        Ok(best)
    }

    /// The events that are a step or an exclusion.
    fn placed(&self, events: &[StepEvent]) -> Result<HeldVec<Placed>> {
        let (mut placed, mut throttle, mut place) = (HeldVec::default(), Throttle::default(), 0);
        for group in events.chunk_by(|a, b| a.at == b.at) {
            throttle.steps(group.len());
            let together = group.len() as u32;
            for event in group.iter().filter(|event| event.steps | event.excludes != 0) {
                placed.push(Placed { event: *event, place, together })?;
            }
            place += 1;
        }
        Ok(placed)
    }

    fn search(&mut self, events: &[Placed]) -> Result<StepChain> {
        let (mut instants, mut any, mut throttle, mut end) = (HeldVec::default(), 0, Throttle::default(), 0);
        for group in events.chunk_by(|a, b| a.event.at == b.event.at) {
            throttle.steps(group.len());
            let first = end;
            end += group.len();
            let Some(one) = group.first() else { continue };
            let steps = group.iter().fold(0, |steps, one| steps | one.event.steps);
            let excludes = group.iter().fold(0, |excludes, one| excludes | one.event.excludes);
            any |= steps;
            let Placed { place, together, .. } = *one;
            instants.push(Instant { at: one.event.at, first, end, steps, excludes, place, together })?;
        }
        let required: Vec<usize> = (0..self.rules.len()).filter(|step| !self.rules[*step].is_optional).collect();
        // Deeper no chain can be.
        let most = required.iter().take_while(|step| any >> **step & 1 == 1).count();
        for depth in (1..=most).rev() {
            let steps = required.get(depth).copied().unwrap_or(self.rules.len());
            let rules = self.rules.get(..steps).unwrap_or_default();
            let optional = (0..steps).filter(|step| rules[*step].is_optional && any >> step & 1 == 1).count();
            let search = Search {
                rules,
                within: self.within,
                is_strict: self.is_strict,
                events,
                instants: &instants,
                optional,
                ends: HeldVec::default(),
                matching: &mut self.matching,
                loaded: None,
                throttle: Throttle::default(),
            };
            if let Some((optional, times)) = search.run()? {
                return Ok(StepChain { required: depth, optional, times });
            }
        }
        Ok(StepChain::default())
    }
}

/// A search for a chain of all the required ones of these steps.
struct Search<'a> {
    rules: &'a [StepRule],
    within: i64,
    is_strict: bool,
    events: &'a [Placed],
    instants: &'a [Instant],
    /// The most optional steps that a chain can have.
    optional: usize,
    /// By instant, the step that the chain leaves it with, and the number of optional steps that are to come: the earliest end.
    ends: HeldVec<i64>,
    matching: &'a mut Matching,
    /// The instant whose events the matching knows.
    loaded: Option<usize>,
    throttle: Throttle,
}

/// A chain on its way.
#[derive(Debug, Clone, Copy)]
struct Way {
    instant: usize,
    /// The steps that it took there.
    taken: u32,
    /// The last of them.
    last: usize,
    /// How many optional steps are to come.
    left: usize,
    /// Whether it came from an earlier instant.
    came: bool,
}

/// The instants at which a step can come next, and the earliest ends from there, by the number of optional steps to come behind it.
#[derive(Debug)]
struct Window {
    /// Instants from here on are in it, or left it.
    next: usize,
    /// The first exclusion behind.
    until: i64,
    /// The ends that may be the earliest one: the first is.
    ends: Vec<Queue>,
}

/// Instants, the latest first, with ends that become later.
#[derive(Debug, Default)]
struct Queue {
    list: HeldVec<(i64, i64)>,
    head: usize,
}

impl Queue {
    fn add(&mut self, at: i64, end: i64) -> Result<()> {
        while self.list.len() > self.head && self.list.last().is_some_and(|last| last.1 >= end) {
            self.list.pop();
        }
        self.list.push((at, end))
    }

    /// Drops what is later than `until`.
    fn drop_behind(&mut self, until: i64) {
        while self.list.get(self.head).is_some_and(|first| first.0 > until) {
            self.head += 1;
        }
    }

    fn earliest(&self) -> i64 {
        self.list.get(self.head).map_or(NEVER, |first| first.1)
    }
}

impl Search<'_> {
    /// The number of optional steps and the times of the best chain.
    fn run(mut self) -> Result<Option<(usize, Vec<i64>)>> {
        self.find_ends()?;
        let mut best: Option<Way> = None;
        for instant in 0..self.instants.len() {
            self.throttle.step();
            if self.instants[instant].steps & 1 == 0 {
                continue;
            }
            let least = best.map_or(0, |best| best.left + 1);
            for left in (least..=self.optional).rev() {
                let way = Way { instant, taken: 1, last: 0, left, came: false };
                let end = self.earliest_end(way);
                if end != NEVER && in_window(self.instants[instant].at, end, self.within) {
                    best = Some(way);
                    break;
                }
            }
        }
        Ok(best.map(|way| (way.left, self.follow(way))))
    }

    /// Whether no required step is behind this one.
    fn may_end(&self, last: usize) -> bool {
        self.rules.iter().skip(last + 1).all(|rule| rule.is_optional)
    }

    fn end_of(&self, instant: usize, last: usize, left: usize) -> i64 {
        let place = (instant * self.rules.len() + last) * (self.optional + 1) + left;
        self.ends.get(place).copied().unwrap_or(NEVER)
    }

    /// Whether the events of an instant fill all of these steps, each one of them.
    fn fits(&mut self, instant: usize, steps: u32) -> bool {
        let Instant { first, end, steps: any, .. } = self.instants[instant];
        if steps & !any != 0 || steps.count_ones() as usize > end - first {
            return false;
        }
        if steps.count_ones() == 1 {
            return true;
        }
        if self.loaded != Some(instant) {
            let group = self.events.get(first..end).unwrap_or_default();
            self.throttle.steps(group.len());
            self.matching.load_masks(group.iter().map(|one| one.event.steps), self.rules.len() as u8);
            self.loaded = Some(instant);
        }
        self.matching.fills(steps)
    }

    /// The earliest end of a chain that has come so far: it may take more steps at its instant.
    fn earliest_end(&mut self, way: Way) -> i64 {
        let Way { instant, mut taken, last, left, .. } = way;
        let mut earliest = NEVER;
        for step in last..self.rules.len() {
            let (mut steps, mut left) = (taken, left);
            if step > last {
                let StepRule { is_optional, min, .. } = self.rules[step];
                steps |= 1 << step;
                let is_possible = min == 0 && (!is_optional || left > 0) && self.fits(instant, steps);
                if !is_possible && is_optional {
                    continue;
                } else if !is_possible {
                    break;
                } else if is_optional {
                    left -= 1;
                } else {
                    taken = steps;
                }
            }
            earliest = earliest.min(self.leave(Way { taken: steps, last: step, left, ..way }));
            // Steps that events can fill beside others are a matroid: whatever is taken first, there are as many in the end.
            for more in last + 1..step {
                let StepRule { is_optional, min, .. } = self.rules[more];
                let with = steps | 1 << more;
                if left > 0 && is_optional && min == 0 && self.fits(instant, with) {
                    (steps, left) = (with, left - 1);
                    earliest = earliest.min(self.leave(Way { taken: steps, last: step, left, ..way }));
                }
            }
        }
        earliest
    }

    /// The earliest end of a chain that takes no more steps at its instant.
    fn leave(&self, way: Way) -> i64 {
        if self.may_leave(way) {
            self.end_of(way.instant, way.last, way.left)
        } else if way.left == 0 && self.may_end(way.last) {
            self.instants[way.instant].at
        } else {
            NEVER
        }
    }

    /// Between neighbours there is nothing: who came to an instant leaves it only behind all of its events.
    fn may_leave(&self, way: Way) -> bool {
        !self.is_strict || !way.came || way.taken.count_ones() == self.instants[way.instant].together
    }

    /// Whether a step's time behind the one before is as long as it may be.
    fn is_in_time(&self, step: usize, before: i64, at: i64) -> bool {
        let StepRule { min, max, .. } = self.rules[step];
        in_window(before, at, max) && at.wrapping_sub(before) as u64 >= min as u64
    }

    /// The chain comes to an instant by a step.
    fn enter(&mut self, instant: usize, step: usize, left: usize) -> i64 {
        self.earliest_end(Way { instant, taken: 1 << step, last: step, left, came: true })
    }

    fn find_ends(&mut self) -> Result<()> {
        let (steps, lefts, count) = (self.rules.len(), self.optional + 1, self.instants.len());
        self.ends = HeldVec::filled(NEVER, count.saturating_mul(steps * lefts))?;
        let queues = || (0..lefts).map(|_| Queue::default()).collect();
        let mut windows: Vec<Window> =
            (0..steps).map(|_| Window { next: count, until: NEVER, ends: queues() }).collect();
        for instant in (0..count).rev() {
            self.throttle.steps(steps);
            for (step, window) in windows.iter_mut().enumerate().skip(1) {
                if self.is_strict {
                    self.only_next(instant, step, window)?
                } else {
                    self.move_back(instant, step, window)?
                }
            }
            let Instant { at, steps: met, .. } = self.instants[instant];
            for last in bits(met).take_while(|last| *last < steps) {
                for left in 0..lefts {
                    let mut earliest = if left == 0 && self.may_end(last) { at } else { NEVER };
                    for (rule, window) in self.rules.iter().zip(&windows).skip(last + 1) {
                        if let Some(left) = left.checked_sub(usize::from(rule.is_optional)) {
                            earliest = earliest.min(window.ends[left].earliest());
                        }
                        if !rule.is_optional {
                            break;
                        }
                    }
                    if let Some(end) = self.ends.get_mut((instant * steps + last) * lefts + left) {
                        *end = earliest;
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes the window that of the instants at which a step can come behind an instant.
    fn move_back(&mut self, instant: usize, step: usize, window: &mut Window) -> Result<()> {
        let at = self.instants[instant].at;
        let StepRule { min, max, .. } = self.rules[step];
        if let Some(after) = self.instants.get(instant + 1).filter(|after| after.excludes >> step & 1 == 1) {
            window.until = after.at;
        }
        while window.next > instant + 1 && self.instants[window.next - 1].at.wrapping_sub(at) as u64 >= min as u64 {
            self.throttle.step();
            window.next -= 1;
            let Instant { at, steps, .. } = self.instants[window.next];
            if steps >> step & 1 == 0 {
                continue;
            }
            for left in 0..window.ends.len() {
                let end = self.enter(window.next, step, left);
                if end != NEVER {
                    window.ends[left].add(at, end)?;
                }
            }
        }
        let until = at.saturating_add(max).min(window.until);
        window.ends.iter_mut().for_each(|queue| queue.drop_behind(until));
        Ok(())
    }

    /// The same of neighbours.
    fn only_next(&mut self, instant: usize, step: usize, window: &mut Window) -> Result<()> {
        let Instant { at, place, .. } = self.instants[instant];
        let next = self.instants.get(instant + 1).copied();
        let next = next.filter(|next| next.place == place + 1 && next.steps >> step & 1 == 1);
        for left in 0..window.ends.len() {
            window.ends[left].list.clear();
            if let Some(next) = next.filter(|next| self.is_in_time(step, at, next.at)) {
                let end = self.enter(instant + 1, step, left);
                if end != NEVER {
                    window.ends[left].add(next.at, end)?;
                }
            }
        }
        Ok(())
    }

    /// The times of the chain, each as early as leaves the end in reach.
    fn follow(&mut self, mut way: Way) -> Vec<i64> {
        let start = self.instants[way.instant].at;
        let mut times = vec![start];
        for step in 1..self.rules.len() {
            let Some(left) = way.left.checked_sub(usize::from(self.rules[step].is_optional)) else {
                times.push(NEVER);
                continue;
            };
            match self.earliest_step(way, step, left, start) {
                Some(next) => {
                    way = next;
                    times.push(self.instants[next.instant].at);
                }
                None => times.push(NEVER),
            }
        }
        while times.last() == Some(&NEVER) {
            times.pop();
        }
        times
    }

    /// The chain with a step more, at the earliest instant that leaves an end in time.
    fn earliest_step(&mut self, way: Way, step: usize, left: usize, start: i64) -> Option<Way> {
        let in_time = |end: i64, within: i64| end != NEVER && in_window(start, end, within);
        let before = self.instants[way.instant].at;
        let here = Way { taken: way.taken | 1 << step, last: step, left, ..way };
        if self.rules[step].min == 0 && self.fits(way.instant, here.taken) {
            let end = self.earliest_end(here);
            if in_time(end, self.within) {
                return Some(here);
            }
        }
        if !self.may_leave(way) {
            return None;
        }
        for instant in way.instant + 1..self.instants.len() {
            self.throttle.step();
            let Instant { at, steps, excludes, place, .. } = self.instants[instant];
            let is_near = !self.is_strict || place == self.instants[way.instant].place + 1;
            if !is_near || !in_window(start, at, self.within) || !in_window(before, at, self.rules[step].max) {
                break;
            }
            if steps >> step & 1 == 1 && self.is_in_time(step, before, at) {
                let end = self.enter(instant, step, left);
                if in_time(end, self.within) {
                    return Some(Way { instant, taken: 1 << step, last: step, left, came: true });
                }
            }
            if !self.is_strict && excludes >> step & 1 == 1 {
                break;
            }
        }
        None
    }
}
