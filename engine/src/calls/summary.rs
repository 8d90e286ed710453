//! The figures of the calls of a [`CallSet`](super::CallSet), by bucket and business.

use serde::Serializer;

use super::figures::{Figures, SummaryRange, Sweep, SweptRow};
use super::read::{Before, Part, Texts, by_business, of};
use super::rows::ReportRows;
use super::set::{KIND, NAME, parts};
use crate::error::Result;
use crate::resource::interrupt;
use crate::resource::memory::{self, HeldVec};
use crate::resource::sort;
use crate::state::Reader;

/// A row of the report.
#[derive(Debug, Clone, Copy)]
pub struct SummaryRow<'a> {
    /// The start of the bucket.
    pub bucket: i64,
    /// The number of the business for [`Summary::business`].
    pub business: usize,
    /// Its figures.
    pub figures: Figures,
    /// Its outcomes, by their number, with their calls; for [`Summary::json`].
    pub outcomes: &'a [(u32, u32)],
}

/// All rows of a report, in order of bucket and business.
#[derive(Debug)]
pub struct Summary {
    rows: ReportRows<SweptRow>,
    outcomes: Texts,
    /// The outcomes of all rows, by their number, with their calls.
    counts: HeldVec<(u32, u32)>,
}

impl Summary {
    /// Makes the figures of the calls in a set's bytes. Bytes that are no set, or one for another `since`: `22P03`; more
    /// memory than the limit, or more rows than ten million with gaps filled: `54000`; sums beyond 292,000 years: `22008`.
    pub fn new(bytes: Option<&[u8]>, range: &SummaryRange<'_>) -> Result<Self> {
        let (mut businesses, mut outcomes, mut callers) = (Texts::default(), Texts::default(), Texts::default());
        let mut before = Before::default();
        let mut read = Vec::new();
        if let Some(bytes) = bytes {
            let (since, parts) = parts(bytes, KIND, NAME)?;
            if since != range.since {
                return Err(Reader::resume(bytes, NAME).malformed("it is for another range"));
            }
            read = memory::with_room(parts.len())?;
            for part in parts {
                interrupt::check();
                read.push(Part::read(part, [&mut businesses, &mut outcomes, &mut callers], &mut before)?);
            }
        }
        let mut rows = ReportRows::new(businesses, range)?;
        let (mut calls, starts) = by_business(&read, rows.nobody(), range.since)?;
        drop(read);
        sort::ascending(&mut before.known);
        before.known.dedup();
        sort::ascending(&mut before.running);
        let mut sweep = Sweep::new(range, &outcomes, callers.all.len())?;
        for rank in 0..rows.num_businesses() {
            interrupt::check();
            let (business, span) = rows.ranked(rank, &starts);
            let own = calls.get_mut(span).unwrap_or_default();
            sort::ascending(own);
            sweep.business(rank as u32, own, of(&before.known, business), of(&before.running, business), &mut rows)?;
        }
        let counts = sweep.outcomes;
        rows.settle()?;
        Ok(Self { rows, outcomes, counts })
    }

    /// How many businesses there are, nobody among them.
    pub fn num_businesses(&self) -> usize {
        self.rows.num_businesses()
    }

    /// The text of a business; `None` for nobody.
    pub fn business(&self, number: usize) -> Option<&str> {
        self.rows.business(number)
    }

    /// Outcomes with their calls as a JSON object.
    pub fn json(&self, outcomes: &[(u32, u32)]) -> String {
        let entry = |(outcome, calls): &(u32, u32)| (String::from_utf8_lossy(self.outcomes.all.get(*outcome)), *calls);
        let length = |(outcome, _): &(u32, u32)| self.outcomes.all.get(*outcome).len() + 16;
        memory::demand(outcomes.iter().map(length).sum::<usize>().saturating_mul(8));
        let mut json = Vec::new();
        // Writing to memory does not fail.
        let _ = serde_json::Serializer::new(&mut json).collect_map(outcomes.iter().map(entry));
        String::from_utf8(json).unwrap_or_default()
    }

    /// The next row, `None` after the last.
    pub fn next_row(&mut self) -> Option<SummaryRow<'_>> {
        let (bucket, business, row) = self.rows.next_row()?;
        let SweptRow { figures, outcomes: (first, end) } = row.unwrap_or_default();
        let outcomes = self.counts.get(first as usize..end as usize).unwrap_or_default();
        Some(SummaryRow { bucket, business, figures, outcomes })
    }
}
