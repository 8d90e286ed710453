//! In which buckets of time each visitor was there, and what reports count of it: the life cycle of visitors, those of the last days, and
//! how many buckets a visitor comes in.

use super::bots::Bots;
use super::rows::VisitRows;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::HeldVec;

/// What is asked of the visitors of a set.
#[derive(Debug)]
pub struct Activity {
    /// Where the buckets begin, in order: the set's cuts. One that begins where the next one does is empty.
    pub starts: HeldVec<i64>,
    /// The gap between visits, which that of the set is.
    pub gap: i64,
    /// Whether visits of programs are left out.
    pub no_bots: bool,
}

impl Activity {
    /// Calls a function with each visitor of a set, but for those who may have an event twice: with the instant of the first event,
    /// and the buckets that have one, in order and numbered from 0.
    pub fn each(&self, rows: &mut VisitRows<'_>, mut with: impl FnMut(i64, &[u32], &mut Throttle)) -> Result<()> {
        let (mut bots, mut throttle, mut active) = (Bots::new(rows)?, Throttle::default(), HeldVec::default());
        while rows.next_visitor()?.is_some() {
            throttle.steps(rows.visit_parts().len());
            active.clear();
            let (mut first, mut last) = (None, 0);
            for parts in rows.visit_parts().chunk_by(|a, b| b.run.start.saturating_sub(a.run.end) <= self.gap) {
                // The whole visit says who it was.
                if self.no_bots && bots.has(rows.visit(parts)?.agent, rows) {
                    continue;
                }
                for part in parts {
                    let at = part.run.start;
                    first.get_or_insert(at);
                    let begun = self.starts.partition_point(|start| *start <= at) as u32;
                    if begun > last {
                        last = begun;
                        active.push(begun - 1)?;
                    }
                }
            }
            if let Some(first) = first {
                with(first, &active, &mut throttle);
            }
        }
        Ok(())
    }
}

/// The visitors of a bucket by what they did before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LifeStages {
    /// Their first event is in it.
    pub new: u64,
    /// They were in the bucket before too.
    pub returned: u64,
    /// They came before, but not in the bucket before.
    pub resurrecting: u64,
    /// They were in the bucket before, but not in this one.
    pub dormant: u64,
}

/// The stages of all buckets from the one numbered `first` on; number 0 is the one before it, what lies between counts nowhere.
#[derive(Debug)]
pub struct LifecycleCounts {
    first: u32,
    stages: HeldVec<LifeStages>,
}

impl LifecycleCounts {
    /// Nothing counted yet, of so many buckets.
    pub fn new(first: u32, buckets: usize) -> Result<Self> {
        Ok(Self { first, stages: HeldVec::filled(LifeStages::default(), buckets)? })
    }

    /// Counts a visitor, as [`Activity::each`] gives it.
    pub fn add(&mut self, first_at: i64, active: &[u32], starts: &[i64], throttle: &mut Throttle) {
        // Where the visitor would be seen to be gone.
        let mut next = None;
        for bucket in active {
            throttle.step();
            let Some(place) = (if *bucket == 0 { Some(None) } else { bucket.checked_sub(self.first).map(Some) }) else {
                continue;
            };
            if let Some(place) = place {
                let is_new = starts.get(*bucket as usize).is_some_and(|start| first_at >= *start);
                if let Some(dormant) = next.filter(|next| *next != place) {
                    self.at(dormant, |stages| stages.dormant += 1);
                }
                self.at(place, |stages| {
                    if is_new {
                        stages.new += 1;
                    } else if next == Some(place) {
                        stages.returned += 1;
                    } else {
                        stages.resurrecting += 1;
                    }
                });
            }
            next = Some(place.map_or(0, |place| place + 1));
        }
        if let Some(dormant) = next {
            self.at(dormant, |stages| stages.dormant += 1);
        }
    }

    fn at(&mut self, place: u32, change: impl FnOnce(&mut LifeStages)) {
        if let Some(stages) = self.stages.get_mut(place as usize) {
            change(stages);
        }
    }

    /// The stages of each bucket.
    pub fn stages(&self) -> &[LifeStages] {
        &self.stages
    }
}

/// How long the windows of [`ActiveCounts`] are, in days.
pub const WINDOWS: [usize; 3] = [1, 7, 28];

/// The visitors of the last days, for each day.
#[derive(Debug)]
pub struct ActiveCounts {
    /// The days by their buckets, in order: a zone may leave one out.
    days: HeldVec<i32>,
    /// By day from the first on: by how many more, or fewer, visitors it has than the one before.
    changes: HeldVec<[i64; 3]>,
}

impl ActiveCounts {
    /// Nothing counted yet; the days, as numbers, in order.
    pub fn new(days: HeldVec<i32>) -> Result<Self> {
        let span = days.first().zip(days.last()).map_or(0, |(first, last)| last.abs_diff(*first) as usize + 1);
        Ok(Self { days, changes: HeldVec::filled([0; 3], span)? })
    }

    /// Counts a visitor who was there on these days, given by their places.
    pub fn add(&mut self, active: &[u32], throttle: &mut Throttle) {
        let Some(first) = self.days.first().copied() else { return };
        // Up to where the visitor is counted already.
        let mut counted = [0; WINDOWS.len()];
        for day in active.iter().filter_map(|place| self.days.get(*place as usize)) {
            throttle.step();
            let from = day.abs_diff(first) as usize;
            for (window, (length, counted)) in WINDOWS.iter().zip(&mut counted).enumerate() {
                let end = from + length;
                for (place, change) in [(from.max(*counted), 1), (end, -1)] {
                    let changes = self.changes.get_mut(place).and_then(|changes| changes.get_mut(window));
                    changes.into_iter().for_each(|changes| *changes += change);
                }
                *counted = end;
            }
        }
    }

    /// The days with the visitors of the windows that end with each.
    pub fn days(&self) -> impl Iterator<Item = (i32, [i64; 3])> {
        let (mut next, mut sums) = (0, [0; 3]);
        let first = self.days.first().copied().unwrap_or_default();
        self.days.iter().map(move |day| {
            let end = day.abs_diff(first) as usize + 1;
            for changes in self.changes.get(next..end).unwrap_or_default() {
                sums.iter_mut().zip(changes).for_each(|(sum, change)| *sum += change);
            }
            next = end;
            (*day, sums)
        })
    }
}
