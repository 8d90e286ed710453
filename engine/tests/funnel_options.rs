//! Funnels whose steps have options, against every chain that there is; and those without, against the modes of `window_funnel`.

mod size;

use mrcall_engine::behaviour::{
    FunnelState, Modes, NEVER, NOTHING_HELD, StepChain, StepChains, StepEvent, StepNote, StepRule, any_order,
};
use proptest::prelude::*;

/// Whether a chain goes before another: more required steps, more optional ones, earlier times, a missing one last.
fn is_better(rules: &[StepRule], chain: &[i64], other: &[i64]) -> bool {
    let count = |chain: &[i64], optional: bool| {
        chain.iter().zip(rules).filter(|(at, rule)| **at != NEVER && rule.is_optional == optional).count()
    };
    let all = |chain: &[i64]| (0..rules.len()).map(|i| chain.get(i).copied().unwrap_or(NEVER)).collect::<Vec<_>>();
    let depth = |chain: &[i64]| (count(chain, false), count(chain, true));
    depth(chain).cmp(&depth(other)).then_with(|| all(other).cmp(&all(chain))).is_gt()
}

struct World<'a> {
    events: &'a [StepEvent],
    rules: &'a [StepRule],
    within: i64,
    strict: bool,
}

impl World<'_> {
    /// Whether a chain may go from one event (its number) to another by a step.
    fn follows(&self, before: &StepEvent, after: &StepEvent, step: usize) -> bool {
        let rule = self.rules[step];
        let since = after.at - before.at;
        let is_excluded = |e: &&StepEvent| {
            e.excludes >> step & 1 == 1 && e.held == before.held && before.at < e.at && e.at < after.at
        };
        since >= rule.min && since <= rule.max && (self.strict || !self.events.iter().any(|e| is_excluded(&e)))
    }

    /// Every chain that `chain` (events and their steps) can grow to.
    fn grow(&self, chain: &mut Vec<(usize, usize)>, best: &mut Vec<i64>) {
        if self.strict && !self.is_run(chain) {
            return;
        }
        let mut times = Vec::new();
        for (event, step) in &*chain {
            times.resize(*step, NEVER);
            times.push(self.events[*event].at);
        }
        if is_better(self.rules, &times, best) {
            *best = times;
        }
        let Some((last, step)) = chain.last().copied() else { return };
        let first = self.events[chain[0].0];
        for next in step + 1..self.rules.len() {
            for (number, event) in self.events.iter().enumerate() {
                let is_new = chain.iter().all(|(used, _)| *used != number);
                let is_met = event.steps >> next & 1 == 1 && event.held == first.held;
                let in_time = event.at >= self.events[last].at && event.at - first.at <= self.within;
                if is_new && is_met && in_time && self.follows(&self.events[last], event, next) {
                    chain.push((number, next));
                    self.grow(chain, best);
                    chain.pop();
                }
            }
            if !self.rules[next].is_optional {
                break;
            }
        }
    }

    /// Whether there is an order of the events of each instant in which these are neighbours: between the first instant of the chain
    /// and its last one all events are in it.
    fn is_run(&self, chain: &[(usize, usize)]) -> bool {
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return true };
        let (start, end) = (self.events[first.0].at, self.events[last.0].at);
        let is_used = |number: usize| chain.iter().any(|(used, _)| *used == number);
        self.events.iter().enumerate().all(|(number, e)| e.at <= start || e.at >= end || is_used(number))
    }

    fn best(&self) -> Vec<i64> {
        let mut best = Vec::new();
        for (number, event) in self.events.iter().enumerate() {
            if event.steps & 1 == 1 {
                self.grow(&mut vec![(number, 0)], &mut best);
            }
        }
        best
    }
}

fn rule() -> impl Strategy<Value = StepRule> {
    (any::<bool>(), prop_oneof![3 => Just(0), 1 => 1..4i64], prop_oneof![3 => Just(i64::MAX), 1 => 0..5i64])
        .prop_map(|(is_optional, min, max)| StepRule { is_optional, min: min.min(max), max })
}

fn rules() -> impl Strategy<Value = Vec<StepRule>> {
    prop::collection::vec(rule(), 1..5).prop_map(|mut rules| {
        rules[0] = StepRule::default();
        rules
    })
}

fn events(held: bool) -> impl Strategy<Value = Vec<StepEvent>> {
    let event = (0..10i64, 0..32u32, prop_oneof![4 => Just(0), 1 => 0..32u32], 0..3u32);
    prop::collection::vec(event, 0..9).prop_map(move |rows| {
        let mut events: Vec<_> = rows
            .into_iter()
            .map(|(at, steps, excludes, number)| StepEvent {
                at,
                steps,
                excludes: excludes & !1,
                held: if held { number } else { NOTHING_HELD },
            })
            .collect();
        events.sort_by_key(|event| event.at);
        events
    })
}

/// Only the steps that there are.
fn of_steps(events: &[StepEvent], steps: usize) -> Vec<StepEvent> {
    let mask = (1 << steps) - 1;
    events.iter().map(|e| StepEvent { steps: e.steps & mask, excludes: e.excludes & mask, ..*e }).collect()
}

fn best(events: &[StepEvent], rules: &[StepRule], within: i64, strict: bool) -> StepChain {
    StepChains::new(rules.to_vec(), within, strict).best(events).unwrap()
}

/// The most steps that events from one on fill within a time, and when.
fn grow_any(events: &[StepEvent], free: u32, within: i64, times: &mut Vec<(usize, i64)>, best: &mut Vec<i64>) {
    let found: Vec<_> = times.iter().map(|(_, at)| *at).collect();
    if found.len() > best.len() || found.len() == best.len() && found < *best {
        *best = found;
    }
    for (number, event) in events.iter().enumerate() {
        let (first, last) = (times.first().map(|t| t.0), times.last().map(|t| t.0));
        let fits = first.is_none_or(|first| {
            event.at - events[first].at <= within && event.held == events[first].held && number > last.unwrap()
        });
        for step in (0..32).filter(|step| fits && event.steps & free & 1 << step != 0) {
            times.push((number, event.at));
            grow_any(events, free & !(1 << step), within, times, best);
            times.pop();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size::cases(3_000)))]

    #[test]
    fn the_best_of_all_chains(events in events(false), rules in rules(), within in 0..12i64) {
        let events = of_steps(&events, rules.len());
        let world = World { events: &events, rules: &rules, within, strict: false };
        prop_assert_eq!(best(&events, &rules, within, false).times, world.best());
    }

    #[test]
    fn the_best_of_all_runs(events in events(false), rules in rules(), within in 0..12i64) {
        let events = of_steps(&events, rules.len());
        let world = World { events: &events, rules: &rules, within, strict: true };
        prop_assert_eq!(best(&events, &rules, within, true).times, world.best());
    }

    #[test]
    fn what_is_held_stays_the_same(events in events(true), rules in rules(), within in 0..12i64, strict: bool) {
        let events = of_steps(&events, rules.len());
        let world = World { events: &events, rules: &rules, within, strict };
        prop_assert_eq!(best(&events, &rules, within, strict).times, world.best());
    }

    #[test]
    fn without_options_as_the_modes(events in events(false), steps in 1..5usize, within in 0..12i64) {
        let events = of_steps(&events, steps);
        for (strict, mode) in [(false, "strict_once"), (true, "consecutive")] {
            let mut state = FunnelState::new(within, Modes::parse([mode]).unwrap(), steps).unwrap();
            events.iter().for_each(|event| state.push(event.at, event.steps).unwrap());
            let rules = vec![StepRule::default(); steps];
            let events: Vec<_> = events.iter().map(|event| StepEvent { excludes: 0, ..*event }).collect();
            prop_assert_eq!(best(&events, &rules, within, strict).times, state.times().unwrap(), "{}", mode);
        }
    }

    #[test]
    fn any_order_finds_the_most(events in events(true), held: bool, steps in 1..5usize, within in 0..12i64, until in 0..12i64) {
        let mut events = of_steps(&events, steps);
        if !held {
            events.iter_mut().for_each(|event| event.held = NOTHING_HELD);
        }
        let mut expected = Vec::new();
        for start in 0..events.len() {
            // Chains whose first event is this one.
            if events[start].at < until {
                for step in (0..steps).filter(|step| events[start].steps >> step & 1 == 1) {
                    let free = !(1 << step);
                    grow_any(&events, free, within, &mut vec![(start, events[start].at)], &mut expected);
                }
            }
        }
        prop_assert_eq!(any_order(&events, steps, within, until).unwrap().times, expected);
    }
}

#[test]
fn notes_are_read_as_they_were_written() {
    let mut note = StepNote::default();
    assert_eq!(StepNote::read(note.write(0, u32::MAX, None)), (0, u32::MAX, ""));
    assert_eq!(StepNote::read(note.write(0x8000_0001, 5, Some("[\"è\"]"))), (0x8000_0001, 5, "[\"è\"]"));
    assert_eq!(StepNote::read("é"), (0, 0, ""));
}
