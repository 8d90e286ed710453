//! Visitors, visits and events by stretch of time and by a value of the visit.

use hashbrown::HashMap;

use super::visit_part::VisitPart;

const DAY: i64 = crate::time::DAY;

/// What is counted of a stretch and a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Distinct visitors with an event.
    pub visitors: u64,
    /// Visits that start.
    pub visits: u64,
    /// Events.
    pub events: u64,
    /// Events with a page.
    pub pageviews: u64,
    /// Of the visits, those of one event.
    pub bounces: u64,
    /// Of the visits, the whole days of each, added up.
    pub days: i64,
    /// And what is left of each in microseconds.
    pub micros: i64,
}

#[derive(Debug, Default)]
struct Cell {
    counts: Counts,
    /// The visitor that was counted last, from 1.
    visitor: u64,
}

/// The counts by stretch and value. Stretches are numbered from 1; what lies before the first counts nowhere.
#[derive(Debug)]
pub struct BucketCounts {
    starts: Vec<i64>,
    /// How many stretches begin in a microsecond, on average.
    density: f64,
    cells: HashMap<(u32, u32), Cell>,
}

impl BucketCounts {
    /// Nothing counted yet; stretches begin at instants that are in order.
    pub fn new(starts: Vec<i64>) -> Self {
        let length = starts.last().zip(starts.first()).map_or(0, |(last, first)| last.saturating_sub(*first));
        let density = if length > 0 { (starts.len() - 1) as f64 / length as f64 } else { 0.0 };
        Self { starts, density, cells: HashMap::new() }
    }

    /// Counts a visit with its pieces in order of time, each of which lies in one stretch. Visitors are numbered from 1, one after
    /// the other.
    pub fn add(&mut self, visitor: u64, visit: &VisitPart, pieces: &[VisitPart], value: u32) {
        for (piece, nr) in pieces.iter().zip(0u64..) {
            let Some(stretch) = self.stretch(piece.run.start) else { continue };
            let cell = self.cells.entry((stretch, value)).or_default();
            cell.counts.events += u64::from(piece.run.events);
            cell.counts.pageviews += u64::from(piece.run.pageviews);
            if cell.visitor != visitor {
                cell.visitor = visitor;
                cell.counts.visitors += 1;
            }
            // The visit begins with its first piece.
            if nr == 0 {
                let length = visit.run.end.saturating_sub(visit.run.start);
                cell.counts.visits += 1;
                cell.counts.bounces += u64::from(visit.run.events == 1);
                cell.counts.days = cell.counts.days.saturating_add(length / DAY);
                cell.counts.micros = cell.counts.micros.saturating_add(length % DAY);
            }
        }
    }

    /// The stretch that an instant lies in. Stretches are nearly of one length, so where it would be if they were is where it is,
    /// or beside it.
    fn stretch(&self, at: i64) -> Option<u32> {
        let first = self.starts.first().filter(|first| **first <= at)?;
        let begins = |stretch: usize| self.starts.get(stretch).is_some_and(|start| *start <= at);
        let mut stretch = (at.saturating_sub(*first) as f64 * self.density) as usize;
        stretch = stretch.min(self.starts.len() - 1);
        while !begins(stretch) {
            stretch -= 1;
        }
        while begins(stretch + 1) {
            stretch += 1;
        }
        u32::try_from(stretch + 1).ok()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.starts.capacity() * size_of::<i64>() + self.cells.capacity() * (size_of::<((u32, u32), Cell)>() + 1)
    }

    /// The values that were counted, in order of their numbers.
    pub fn values(&self) -> Vec<u32> {
        let mut values: Vec<u32> = self.cells.keys().map(|key| key.1).collect();
        values.sort_unstable();
        values.dedup();
        values
    }

    /// The counts of a stretch and a value.
    pub fn counts(&self, stretch: u32, value: u32) -> Counts {
        self.cells.get(&(stretch, value)).map(|cell| cell.counts).unwrap_or_default()
    }
}
