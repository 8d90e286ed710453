//! Visitors, visits and events by bucket of time and by a value of the visit.

use hashbrown::HashMap;

use super::engagement::Engagement;
use super::visit_part::VisitPart;
use crate::error::Result;
use crate::resource::memory;
use crate::resource::sort;

const DAY: i64 = crate::time::DAY;

/// What is counted of a bucket and a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitCounts {
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
    /// Visitors whose first visit starts.
    pub new_visitors: u64,
    /// Of the visits, those in which somebody was there.
    pub engaged_visits: u64,
    /// And for how long, in microseconds.
    pub engaged_micros: i64,
}

/// A visit, for [`BucketCounts::add`].
#[derive(Debug, Clone, Copy)]
pub struct CountedVisit<'a> {
    /// Its visitor: numbered from 1, one after the other.
    pub visitor: u64,
    /// The whole of it.
    pub whole: &'a VisitPart,
    /// Its parts in order of time, each of which lies in one bucket.
    pub parts: &'a [VisitPart],
    /// Its value.
    pub value: u32,
    /// Whether it is the first of its visitor.
    pub is_first: bool,
    /// What its events say of it.
    pub engagement: Engagement,
}

#[derive(Debug, Default)]
struct BucketCell {
    counts: VisitCounts,
    /// The visitor that was counted last, from 1.
    visitor: u64,
}

/// The counts by bucket and value. Buckets are numbered from 1; what lies before the first counts nowhere.
#[derive(Debug)]
pub struct BucketCounts {
    starts: Vec<i64>,
    /// How many buckets begin in a microsecond, on average.
    density: f64,
    cells: HashMap<(u32, u32), BucketCell>,
}

impl BucketCounts {
    /// Nothing counted yet; buckets begin at instants that are in order.
    pub fn new(starts: Vec<i64>) -> Self {
        let length = starts.last().zip(starts.first()).map_or(0, |(last, first)| last.saturating_sub(*first));
        let density = if length > 0 { (starts.len() - 1) as f64 / length as f64 } else { 0.0 };
        Self { starts, density, cells: HashMap::new() }
    }

    /// Counts a visit.
    pub fn add(&mut self, visit: CountedVisit<'_>) -> Result<()> {
        let CountedVisit { visitor, whole, parts, value, is_first, engagement } = visit;
        for (part, nr) in parts.iter().zip(0u64..) {
            let Some(bucket) = self.bucket(part.run.start) else { continue };
            memory::reserve_map(&mut self.cells)?;
            let cell = self.cells.entry((bucket, value)).or_default();
            cell.counts.events += u64::from(part.run.events);
            cell.counts.pageviews += u64::from(part.run.pageviews);
            if cell.visitor != visitor {
                cell.visitor = visitor;
                cell.counts.visitors += 1;
            }
            // The visit begins with its first part.
            if nr == 0 {
                let length = whole.run.end.saturating_sub(whole.run.start);
                cell.counts.visits += 1;
                cell.counts.new_visitors += u64::from(is_first);
                cell.counts.engaged_visits += u64::from(engagement.is_engaged);
                cell.counts.engaged_micros = cell.counts.engaged_micros.saturating_add(engagement.micros);
                cell.counts.bounces += u64::from(whole.run.events == 1);
                cell.counts.days = cell.counts.days.saturating_add(length / DAY);
                cell.counts.micros = cell.counts.micros.saturating_add(length % DAY);
            }
        }
        Ok(())
    }

    /// The bucket that an instant lies in. Buckets are nearly of one length, so where it would be if they were is where it is,
    /// or beside it.
    fn bucket(&self, at: i64) -> Option<u32> {
        let first = self.starts.first().filter(|first| **first <= at)?;
        let begins = |bucket: usize| self.starts.get(bucket).is_some_and(|start| *start <= at);
        let mut bucket = (at.saturating_sub(*first) as f64 * self.density) as usize;
        bucket = bucket.min(self.starts.len() - 1);
        while !begins(bucket) {
            bucket -= 1;
        }
        while begins(bucket + 1) {
            bucket += 1;
        }
        u32::try_from(bucket + 1).ok()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.starts.capacity() * size_of::<i64>() + self.cells.capacity() * (size_of::<((u32, u32), BucketCell)>() + 1)
    }

    /// The values that were counted, in order of their numbers.
    pub fn values(&self) -> Result<Vec<u32>> {
        let mut values = memory::collect(self.cells.keys().map(|key| key.1))?;
        sort::ascending(&mut values);
        values.dedup();
        Ok(values)
    }

    /// The counts of a bucket and a value.
    pub fn counts(&self, bucket: u32, value: u32) -> VisitCounts {
        self.cells.get(&(bucket, value)).map(|cell| cell.counts).unwrap_or_default()
    }
}
