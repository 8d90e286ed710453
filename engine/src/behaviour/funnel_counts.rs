//! What the report `funnel` counts: of a set of visits with notes of events, each visitor's best chain.

use hashbrown::HashMap;

use super::any_order::any_order;
use super::funnel::FunnelState;
use super::modes::Modes;
use super::step_chains::StepChains;
use super::step_event::{NEVER, NOTHING_HELD, StepEvent, StepNote, StepRule};
use crate::error::Result;
use crate::own_rules::OwnRules;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;
use crate::state::Dictionary;
use crate::visits::{Bots, ByTextId, VisitRows, VisitValues};

/// Up to so many times the middle one is looked for without a look for an interrupt.
const FEW: usize = 1 << 20;

/// How the steps of a chain follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOrder {
    /// As the modes of `window_funnel` say; the steps have no options.
    Modes(Modes),
    /// In their order, each by an event of its own.
    Ordered,
    /// As neighbouring events.
    Strict,
    /// In any order.
    Any,
}

/// What is asked of a funnel.
#[derive(Debug, Clone)]
pub struct FunnelSettings {
    /// The steps.
    pub rules: Vec<StepRule>,
    /// How they follow each other.
    pub order: StepOrder,
    /// The longest time from the first to the last.
    pub within: i64,
    /// Chains begin before.
    pub until: i64,
    /// Where the buckets begin, in order; none where there are no buckets.
    pub starts: Vec<i64>,
    /// Whether a chain is counted for a value of the visit that it begins in.
    pub by_value: bool,
    /// Whether events of visits of programs are left out.
    pub no_bots: bool,
}

/// What is counted of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunnelFigures {
    /// The number of the value.
    pub value: u32,
    /// The number of the bucket, from 1; 0 where there are none.
    pub bucket: u32,
    /// The number of the step, from 1.
    pub step: usize,
    /// Visitors who reach it.
    pub visitors: u64,
    /// The median of the times since the step that its rates refer to, in microseconds; none of the first step.
    pub since_before: Option<i64>,
    /// That of the times since the first step.
    pub since_first: Option<i64>,
}

#[derive(Debug, Default)]
struct Cell {
    visitors: u64,
    since_before: HeldVec<i64>,
    /// Nothing where the step before is the first one.
    since_first: HeldVec<i64>,
}

/// The counts of a funnel.
#[derive(Debug)]
pub struct FunnelCounts {
    settings: FunnelSettings,
    chains: StepChains,
    /// By step: the one that its rates refer to.
    before: Vec<usize>,
    groups: HashMap<(u32, u32), u32>,
    /// By group: one for each step.
    cells: HeldVec<Cell>,
    held: Reservation,
}

/// What the notes of a set say, each read once.
#[derive(Debug)]
struct Notes {
    known: ByTextId<(u32, u32, u32)>,
    held: Dictionary,
}

impl Notes {
    fn read(&mut self, note: u32, rows: &VisitRows<'_>) -> Result<(u32, u32, u32)> {
        if let Some(known) = self.known.get(note) {
            return Ok(known);
        }
        let (steps, excludes, held) = StepNote::read(rows.text(note).unwrap_or_default());
        let held = if held.is_empty() { NOTHING_HELD } else { self.held.intern(held.as_bytes())? };
        self.known.put(note, (steps, excludes, held))
    }
}

impl FunnelCounts {
    /// Nothing counted yet.
    pub fn new(settings: FunnelSettings) -> Self {
        let is_strict = settings.order == StepOrder::Strict;
        let chains = StepChains::new(settings.rules.clone(), settings.within, is_strict);
        let required = |step: &usize| settings.rules.get(*step).is_some_and(|rule| !rule.is_optional);
        let before = (0..settings.rules.len()).map(|step| (0..step).rev().find(required).unwrap_or_default()).collect();
        Self {
            settings,
            chains,
            before,
            groups: HashMap::new(),
            cells: HeldVec::default(),
            held: Reservation::default(),
        }
    }

    /// Counts the visitors of a set, but for those who may have an event twice; the rules are those of the set.
    pub fn add(&mut self, rows: &mut VisitRows<'_>, values: &mut VisitValues, rules: &OwnRules) -> Result<()> {
        let (mut bots, mut throttle) = (Bots::new(rows)?, Throttle::default());
        let mut notes = Notes { known: ByTextId::new(), held: Dictionary::default() };
        let mut notes_held = Reservation::default();
        let mut events = HeldVec::default();
        while rows.next_visitor()?.is_some() {
            throttle.steps(rows.views().len() + rows.visit_parts().len());
            events.clear();
            let mut visits = rows.visit_parts();
            for view in rows.views() {
                if self.settings.no_bots {
                    while let [visit, rest @ ..] = visits {
                        if { visit.run }.end >= view.at {
                            break;
                        }
                        visits = rest;
                    }
                    let visit = visits.first().filter(|visit| { visit.run }.start <= view.at);
                    if visit.is_some_and(|visit| bots.has(visit.agent, rows)) {
                        continue;
                    }
                }
                let (steps, excludes, held) = notes.read(view.page, rows)?;
                events.push(StepEvent { at: view.at, steps, excludes, held })?;
            }
            notes_held.set(notes.held.heap_bytes())?;
            let times = self.times(&events)?;
            let Some(start) = times.first().copied() else { continue };
            let mut value = 0;
            if self.settings.by_value {
                let visits = rows.visit_parts();
                let around = visits.partition_point(|visit| { visit.run }.end < start);
                let visit = visits.get(around).filter(|visit| { visit.run }.start <= start);
                let Some(visit) = visit else { continue };
                value = values.of(visit, rows, rules)?;
            }
            let bucket = self.settings.starts.partition_point(|bucket| *bucket <= start) as u32;
            self.count((value, bucket), &times)?;
        }
        Ok(())
    }

    /// When a visitor's best chain takes its steps; nothing where there is none.
    fn times(&mut self, events: &[StepEvent]) -> Result<Vec<i64>> {
        let FunnelSettings { order, within, until, .. } = self.settings;
        let steps = self.settings.rules.len();
        match order {
            StepOrder::Any => any_order(events, steps, within, until).map(|chain| chain.times),
            _ if !events.iter().any(|event| event.steps & 1 == 1) => Ok(Vec::new()),
            StepOrder::Modes(modes) => {
                let mut state = FunnelState::new(within, modes, steps)?;
                events.iter().try_for_each(|event| state.push(event.at, event.steps))?;
                state.times()
            }
            StepOrder::Ordered | StepOrder::Strict => self.chains.best(events).map(|chain| chain.times),
        }
    }

    fn count(&mut self, group: (u32, u32), times: &[i64]) -> Result<()> {
        let steps = self.before.len();
        let number = match self.groups.get(&group) {
            Some(number) => *number as usize,
            None => {
                let number = self.groups.len();
                memory::reserve_map(&mut self.groups)?;
                self.groups.insert(group, number as u32);
                self.held.set(memory::map_bytes(&self.groups))?;
                for _ in 0..steps {
                    self.cells.push(Cell::default())?;
                }
                number
            }
        };
        let in_any_order = self.settings.order == StepOrder::Any;
        let first = times.first().copied().unwrap_or_default();
        let cells = self.cells.get_mut(number * steps..(number + 1) * steps).unwrap_or_default();
        for (step, (cell, at)) in cells.iter_mut().zip(times).enumerate() {
            if *at == NEVER {
                continue;
            }
            cell.visitors += 1;
            if step == 0 {
                continue;
            }
            let before = if in_any_order { step - 1 } else { self.before.get(step).copied().unwrap_or_default() };
            let since = |before: Option<&i64>| at.saturating_sub(before.copied().unwrap_or(first));
            cell.since_before.push(since(times.get(before)))?;
            if before > 0 {
                cell.since_first.push(since(None))?;
            }
        }
        Ok(())
    }

    /// What is counted of the steps that anybody reaches, in no order.
    pub fn figures(&mut self) -> Result<Vec<FunnelFigures>> {
        let steps = self.before.len();
        let mut figures = memory::with_room(self.cells.len())?;
        let mut throttle = Throttle::default();
        for ((value, bucket), number) in &self.groups {
            let first = *number as usize * steps;
            let cells = self.cells.get_mut(first..first + steps).unwrap_or_default();
            for (step, cell) in (1..).zip(cells).filter(|(_, cell)| cell.visitors > 0) {
                throttle.steps(cell.since_before.len());
                let since_before = median(&mut cell.since_before);
                let since_first = match step {
                    1 => Some(0),
                    _ if cell.since_first.is_empty() => since_before,
                    _ => median(&mut cell.since_first),
                };
                let (value, bucket, visitors) = (*value, *bucket, cell.visitors);
                figures.push(FunnelFigures { value, bucket, step, visitors, since_before, since_first });
            }
        }
        Ok(figures)
    }
}

/// The median as the server's `percentile_cont(0.5)` makes it of intervals: between two, half of what they differ by, rounded to an
/// even number.
fn median(times: &mut [i64]) -> Option<i64> {
    if times.len() > FEW {
        sort::ascending(times);
    }
    let middle = times.len() / 2;
    if middle >= times.len() {
        return None;
    }
    let upper = *times.select_nth_unstable(middle).1;
    if times.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = times.iter().take(middle).copied().max()?;
    let (half, rest) = ((upper - lower) / 2, (upper - lower) % 2);
    Some(lower + half + (rest & half & 1))
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians_are_those_of_the_server() {
        let of = |times: &[i64]| median(&mut times.to_vec());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some(7));
        assert_eq!(of(&[9, 1]), Some(5));
        assert_eq!(of(&[3, 1, 2]), Some(2));
        // Half of 1 is 0, half of 3 is 2: to even.
        assert_eq!(of(&[2, 1]), Some(1));
        assert_eq!(of(&[1, 4]), Some(3));
        assert_eq!(of(&[10, 1, 2, 5]), Some(4));
    }
}
