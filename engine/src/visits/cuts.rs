//! Where visits are cut, and which visit parts of one visitor join.

use std::sync::Arc;

use super::visit_part::VisitPart;
use crate::error::Result;
use crate::resource::sort;
use crate::state::Dictionary;

/// Where visits are cut: at each instant a new interval begins.
#[derive(Debug, Clone, Default)]
pub struct Cuts {
    exist: bool,
    instants: Arc<Vec<i64>>,
    /// The interval that was asked for last: events come nearly in order of time, so it is mostly the next one's too.
    start: i64,
    end: i64,
}

impl Cuts {
    /// Cuts at instants that are in order.
    pub fn new(instants: Vec<i64>) -> Self {
        Self { exist: !instants.is_empty(), instants: Arc::new(instants), start: 0, end: 0 }
    }

    /// Cuts, or none, at instants that are not known: for a set that only merges others.
    pub(super) fn unknown(exist: bool) -> Self {
        Self { exist, ..Self::default() }
    }

    /// Whether there are cuts.
    pub(super) fn exist(&self) -> bool {
        self.exist
    }

    /// Whether no cut is between two instants.
    pub(super) fn together(&mut self, a: i64, b: i64) -> bool {
        if !self.exist {
            return true;
        }
        if a < self.start || a >= self.end {
            let after = self.instants.partition_point(|cut| *cut <= a);
            self.start = after.checked_sub(1).and_then(|i| self.instants.get(i)).copied().unwrap_or(i64::MIN);
            self.end = self.instants.get(after).copied().unwrap_or(i64::MAX);
        }
        self.start <= b && b < self.end
    }

    /// The memory that they take, in bytes.
    pub(super) fn heap_bytes(&self) -> usize {
        self.instants.capacity() * size_of::<i64>()
    }
}

/// Sorts one visitor's visit parts by time and joins those within the gap of each other and between the same cuts.
pub(super) fn join(parts: &mut Vec<VisitPart>, gap: i64, cuts: &mut Cuts, texts: &Dictionary) -> Result<()> {
    let mut apart = |a: &VisitPart, b: &VisitPart| {
        b.run.start > a.run.start && !(a.run.is_within_gap(&b.run, gap) && cuts.together(a.run.start, b.run.start))
    };
    if parts.windows(2).all(|pair| matches!(pair, [a, b] if apart(a, b))) {
        return Ok(());
    }
    sort::by_key(parts, |part| part.run.start);
    let mut last_kept = 0;
    for i in 1..parts.len() {
        let Some(&part) = parts.get(i) else { break };
        let Some(last) = parts.get_mut(last_kept) else { break };
        if last.run.is_within_gap(&part.run, gap) && cuts.together(last.run.start, part.run.start) {
            last.absorb(&part, texts)?;
        } else {
            last_kept += 1;
            if let Some(slot) = parts.get_mut(last_kept) {
                *slot = part;
            }
        }
    }
    parts.truncate(last_kept + 1);
    Ok(())
}
