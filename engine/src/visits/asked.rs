//! What of the events is to be read for a question about some visits, so that each visit asked for comes out as it is among all.
//!
//! A visit's beginning and end depend on events beside it, its number on all before. So a question about a range is read with a
//! margin; then the few visitors whose visits may go on beyond it are read further, and where numbers are asked for, every visitor of
//! the range from its first event on.

use super::rows::VisitRows;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, Reservation};
use crate::time::{self, DAY};

/// What is asked: bounds of `started_at` and of `touched_at`, both ends included. More may be read, never less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AskedVisits {
    /// Bounds of the start.
    pub started: [Option<i64>; 2],
    /// Bounds of the touch.
    pub touched: [Option<i64>; 2],
    /// Whether the numbers of the visits are wanted.
    pub with_numbers: bool,
    /// Whether only some visitors are asked for, whose events are found by an index.
    pub of_some: bool,
    /// The gap between visits.
    pub gap: i64,
}

/// The visitors of whom more has to be read: before the range, and from its end on.
#[derive(Debug, Default)]
pub struct ReadFurther {
    /// Those whose events before the range are needed.
    pub before: Vec<String>,
    /// Those whose events behind it are.
    pub behind: Vec<String>,
    held: Reservation,
}

impl AskedVisits {
    /// The range of events that is read of all visitors, half-open.
    pub fn range(&self) -> [Option<i64>; 2] {
        let within = |instant: i64| time::in_range(instant).then_some(instant);
        let [started_since, touched_since] = [self.started[0], self.touched[0]].map(|at| at.and_then(within));
        // A visit that began in time has all its events after that; an event within the gap before shows that it did not. One that
        // was touched in time may have begun any time before, as a rule less than a day.
        let since = match (started_since, touched_since) {
            // Of some visitors all is read at once, where their numbers are wanted.
            _ if self.of_some && self.with_numbers => None,
            (Some(started), _) => within(started.saturating_sub(self.margin())),
            (None, Some(touched)) => within(touched.saturating_sub(DAY.saturating_add(self.margin()))),
            (None, None) => None,
        };
        let until = self.latest_start().and_then(within);
        let until = until.and_then(|until| within(until.saturating_add(DAY.saturating_add(self.margin()))));
        [since, until]
    }

    /// What of an event's past decides whether it begins a visit: the gap, and a day in which the same event may have come before.
    fn margin(&self) -> i64 {
        self.gap.saturating_add(DAY)
    }

    /// A visit that begins later is not asked for: it is not touched before it begins.
    fn latest_start(&self) -> Option<i64> {
        match (self.started[1], self.touched[1]) {
            (Some(started), Some(touched)) => Some(started.min(touched)),
            (started, touched) => started.or(touched),
        }
    }

    /// A visit that ends earlier is not asked for.
    fn earliest_end(&self) -> Option<i64> {
        match (self.started[0], self.touched[0]) {
            (Some(started), Some(touched)) => Some(started.max(touched)),
            (started, touched) => started.or(touched),
        }
    }

    /// The visitors whose visits, among those asked for, may go on beyond the range that was read.
    pub fn read_further(&self, rows: VisitRows<'_>) -> Result<ReadFurther> {
        self.beyond(self.range(), rows)
    }

    /// The same of another range that was read; where it has no begin, no visit goes on before it.
    pub fn beyond(&self, range: [Option<i64>; 2], mut rows: VisitRows<'_>) -> Result<ReadFurther> {
        let [since, until] = range;
        let mut further = ReadFurther::default();
        if since.is_none() && until.is_none() {
            return Ok(further);
        }
        let mut throttle = Throttle::default();
        while let Some(visitor) = rows.next_visitor()? {
            let (mut before, mut behind) = (false, false);
            for part in rows.visit_parts() {
                throttle.step();
                let (start, end) = (part.run.start, part.run.end);
                let is_asked = self.latest_start().is_none_or(|latest| start <= latest)
                    && self.earliest_end().is_none_or(|earliest| end >= earliest);
                before |= is_asked
                    && since.is_some_and(|since| self.with_numbers || start.saturating_sub(self.margin()) < since);
                behind |= is_asked && until.is_some_and(|until| end.saturating_add(self.gap) >= until);
            }
            for (list, is_in) in [(&mut further.before, before), (&mut further.behind, behind)] {
                if is_in {
                    let mut buffer = [0; 36];
                    let text = visitor.text(&mut buffer);
                    further.held.add(text.len() + size_of::<String>())?;
                    memory::push(list, memory::text(text)?)?;
                }
            }
        }
        Ok(further)
    }
}
