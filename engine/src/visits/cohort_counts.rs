//! Who came first when, or by what, and in which periods behind that they came back.

use hashbrown::HashMap;

use super::bots::Bots;
use super::rows::VisitRows;
use super::values::VisitValues;
use super::visit_part::VisitPart;
use crate::error::Result;
use crate::own_rules::OwnRules;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, Reservation};

/// At most so many visitors cannot make the counts much larger.
const VISITORS_BETWEEN_COUNTS: usize = 64;

/// What is asked of cohorts.
#[derive(Debug, Clone, Default)]
pub struct CohortSettings {
    /// Newcomers are those whose first event lies from here…
    pub since: i64,
    /// … to before here; nothing counts from here on.
    pub until: i64,
    /// Where the calendar's periods begin, in order; parts of visits are cut there unless there is a `step`.
    pub starts: Vec<i64>,
    /// Whether the last of them is over at `until`.
    pub last_is_over: bool,
    /// The length of periods that are counted from each visitor's first event.
    pub step: Option<i64>,
    /// The last period that is wanted.
    pub periods: i64,
    /// The gap between visits, which the parts' own gap is at most, nor more than the step.
    pub gap: i64,
    /// Whether a cohort is a period of the calendar; else it is a value of the newcomer's first visit.
    pub by_start: bool,
    /// Whether visits of programs are left out.
    pub no_bots: bool,
}

/// A row of the report's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CohortRow {
    /// The calendar's period from 1, or 0.
    pub start: u32,
    /// The number of the value, or 0.
    pub value: u32,
    /// How many periods are over, or which period this is.
    pub period: Period,
    /// Visitors.
    pub visitors: u64,
}

/// What the visitors of a row have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// At most so many of their periods are over; one more than are wanted stands for all above it.
    Over(i64),
    /// They came back in this one.
    Returned(i64),
}

/// The counts of cohorts.
#[derive(Debug)]
pub struct CohortCounts {
    settings: CohortSettings,
    cells: HashMap<(u32, u32, Period), u64>,
    held: Reservation,
}

impl CohortCounts {
    /// Nothing counted yet.
    pub fn new(settings: CohortSettings) -> Self {
        Self { settings, cells: HashMap::new(), held: Reservation::default() }
    }

    /// Counts the visitors of a set, but for those who may have an event twice; the rules are those of the set.
    pub fn add(&mut self, rows: &mut VisitRows<'_>, values: &mut VisitValues, rules: &OwnRules) -> Result<()> {
        let (mut bots, mut throttle, mut visitors) = (Bots::new(rows)?, Throttle::default(), 0usize);
        while rows.next_visitor()?.is_some() {
            throttle.steps(rows.visit_parts().len());
            let mut newcomer: Option<Newcomer> = None;
            let gap = self.settings.gap;
            let visits = rows.visit_parts().chunk_by(|a, b| b.run.start.saturating_sub(a.run.end) <= gap);
            for parts in visits {
                let Some(first) = parts.first() else { continue };
                // The whole visit is wanted for what it was, and for who it was.
                if self.settings.no_bots && bots.has(rows.visit(parts)?.agent, rows) {
                    continue;
                }
                if newcomer.is_none() {
                    let at = first.run.start;
                    if at < self.settings.since || at >= self.settings.until {
                        break;
                    }
                    let value = values.of(&rows.visit(parts)?, rows, rules)?;
                    newcomer = Some(self.newcomer(at, value)?);
                }
                if let Some(newcomer) = &mut newcomer {
                    for part in parts {
                        self.count(newcomer, part)?;
                    }
                }
            }
            visitors += 1;
            if visitors.is_multiple_of(VISITORS_BETWEEN_COUNTS) {
                self.held.set(memory::map_bytes(&self.cells))?;
            }
        }
        Ok(())
    }

    /// Counts a visitor who comes first at an instant.
    fn newcomer(&mut self, at: i64, value: u32) -> Result<Newcomer> {
        let settings = &self.settings;
        let first = settings.starts.partition_point(|start| *start <= at) as i64;
        let over = match settings.step {
            Some(step) => settings.until.saturating_sub(at) / step.max(1),
            None => settings.starts.len() as i64 - first + i64::from(settings.last_is_over),
        };
        let start = if settings.by_start { first as u32 } else { 0 };
        // Of what is wanted.
        let over = over.min(settings.periods.saturating_add(1));
        self.one_more((start, value, Period::Over(over)))?;
        Ok(Newcomer { at, first, start, value, over, next: 0 })
    }

    /// Counts the periods of a newcomer in which a part of a visit has events. Each begins behind the last that was counted.
    fn count(&mut self, newcomer: &mut Newcomer, part: &VisitPart) -> Result<()> {
        let run = part.run;
        if run.start >= self.settings.until {
            return Ok(());
        }
        let (from, to) = match self.settings.step {
            // No two neighbours of its events are further apart than a period is long, so none in between is without one.
            Some(step) => {
                let period = |at: i64| at.saturating_sub(newcomer.at) / step.max(1);
                (period(run.start), period(run.end))
            }
            None => {
                let period = self.settings.starts.partition_point(|start| *start <= run.start) as i64 - newcomer.first;
                (period, period)
            }
        };
        let mut throttle = Throttle::default();
        for period in from.max(newcomer.next)..=to.min(newcomer.over - 1).min(self.settings.periods) {
            throttle.step();
            self.one_more((newcomer.start, newcomer.value, Period::Returned(period)))?;
        }
        newcomer.next = newcomer.next.max(to.saturating_add(1));
        Ok(())
    }

    fn one_more(&mut self, key: (u32, u32, Period)) -> Result<()> {
        memory::reserve_map(&mut self.cells)?;
        *self.cells.entry(key).or_default() += 1;
        Ok(())
    }

    /// The rows in order.
    pub fn rows(&self) -> Result<Vec<CohortRow>> {
        let row = |(key, visitors): (&(u32, u32, Period), &u64)| {
            let (start, value, period) = *key;
            CohortRow { start, value, period, visitors: *visitors }
        };
        let mut rows = memory::collect(self.cells.iter().map(row))?;
        crate::resource::sort::ascending(&mut rows);
        Ok(rows)
    }
}

/// A visitor who is counted.
#[derive(Debug)]
struct Newcomer {
    at: i64,
    /// The number of the calendar's period.
    first: i64,
    start: u32,
    value: u32,
    over: i64,
    /// The first period that was not counted yet.
    next: i64,
}
