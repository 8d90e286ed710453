//! Visitors, visits and events by stretch of time and by a value of the visit.

use hashbrown::HashMap;

use super::piece::Piece;

const DAY: i64 = crate::duration::DAY;

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
pub struct Tally {
    starts: Vec<i64>,
    cells: HashMap<(u32, u32), Cell>,
}

impl Tally {
    /// Nothing counted yet; stretches begin at instants that are in order.
    pub fn new(starts: Vec<i64>) -> Self {
        Self { starts, cells: HashMap::new() }
    }

    /// Counts a visit with its pieces, each of which lies in one stretch. Visitors are numbered from 1, one after the other.
    pub fn add(&mut self, visitor: u64, visit: &Piece, pieces: &[Piece], value: u32) {
        for piece in pieces {
            let Some(cell) = self.cell(piece.run.start, value) else { continue };
            cell.counts.events += u64::from(piece.run.events);
            cell.counts.pageviews += u64::from(piece.run.pageviews);
            if cell.visitor != visitor {
                cell.visitor = visitor;
                cell.counts.visitors += 1;
            }
        }
        if let Some(cell) = self.cell(visit.run.start, value) {
            let length = visit.run.end.saturating_sub(visit.run.start);
            cell.counts.visits += 1;
            cell.counts.bounces += u64::from(visit.run.events == 1);
            cell.counts.days = cell.counts.days.saturating_add(length / DAY);
            cell.counts.micros = cell.counts.micros.saturating_add(length % DAY);
        }
    }

    fn cell(&mut self, at: i64, value: u32) -> Option<&mut Cell> {
        let stretch = u32::try_from(self.starts.partition_point(|start| *start <= at)).ok()?;
        if stretch == 0 { None } else { Some(self.cells.entry((stretch, value)).or_default()) }
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
