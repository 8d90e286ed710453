//! The figures of the calls of a [`CallSet`](super::CallSet), by bucket and business.

use serde::Serializer;

use super::read::{Before, Part, Texts, by_business, of};
use super::set::{NAME, parts};
use super::sweep::{Figures, PackedRow, SummaryRange, Sweep};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::resource::memory::{self, HeldVec};
use crate::state::{NONE, Reader};

/// So many rows a report with gaps filled has at most.
const MOST_ROWS: usize = 10_000_000;

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
    buckets: HeldVec<i64>,
    businesses: Texts,
    /// The numbers of the businesses in order of their texts, nobody's ([`NONE`]) last.
    ranked: HeldVec<u32>,
    outcomes: Texts,
    fills: bool,
    rows: HeldVec<PackedRow>,
    /// The outcomes of all rows, by their number, with their calls.
    counts: HeldVec<(u32, u32)>,
    /// Bucket and place of every row, sorted.
    order: HeldVec<u64>,
    /// The next of `order`.
    at: usize,
    /// With gaps filled: the bucket and the rank of the next row.
    bucket: usize,
    rank: usize,
}

impl Summary {
    /// Makes the figures of the calls in a set's bytes. Bytes that are no set, or one for another `since`: `22P03`; more
    /// memory than the limit, or more rows than ten million with gaps filled: `54000`; sums beyond 292,000 years: `22008`.
    pub fn new(bytes: Option<&[u8]>, range: &SummaryRange<'_>) -> Result<Self> {
        let (mut businesses, mut outcomes, mut callers) = (Texts::default(), Texts::default(), Texts::default());
        let mut before = Before::default();
        let mut read = Vec::new();
        if let Some(bytes) = bytes {
            let (since, parts) = parts(bytes)?;
            if since != range.since {
                return Err(Reader::resume(bytes, NAME).malformed("it is for another range"));
            }
            read = memory::with_room(parts.len())?;
            for part in parts {
                interrupt::check();
                read.push(Part::read(part, [&mut businesses, &mut outcomes, &mut callers], &mut before)?);
            }
        }
        for business in range.fill.unwrap_or_default() {
            businesses.intern(business.as_bytes())?;
        }
        let (all, fills) = (businesses.all.len(), range.fill.is_some());
        if fills && all.saturating_mul(range.buckets.len()) > MOST_ROWS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MOST_ROWS} rows: {} buckets for each of {all} businesses", range.buckets.len()),
                "Use a larger width or a shorter range.",
            ));
        }
        let (mut calls, starts) = by_business(&read, all, range.since)?;
        drop(read);
        interrupt::sort(&mut before.known);
        before.known.dedup();
        interrupt::sort(&mut before.running);
        let mut ranked = businesses.in_order()?;
        if !fills {
            ranked.push(NONE)?;
        }
        let mut sweep = Sweep::new(range, &outcomes, callers.all.len())?;
        for (rank, business) in (0u32..).zip(&ranked) {
            interrupt::check();
            let place = if *business == NONE { all } else { *business as usize };
            let span = starts.get(place).zip(starts.get(place + 1)).map_or(0..0, |(start, end)| *start..*end);
            let own = calls.get_mut(span).unwrap_or_default();
            interrupt::sort(own);
            sweep.business(rank, own, of(&before.known, *business), of(&before.running, *business))?;
        }
        let Sweep { rows, outcomes: counts, .. } = sweep;
        let mut order = HeldVec::collect((0u64..).zip(&rows).map(|(place, row)| u64::from(row.bucket) << 32 | place))?;
        interrupt::sort(&mut order);
        let buckets = HeldVec::copy(range.buckets)?;
        Ok(Self { buckets, businesses, ranked, outcomes, fills, rows, counts, order, at: 0, bucket: 0, rank: 0 })
    }

    /// How many businesses there are, nobody among them.
    pub fn num_businesses(&self) -> usize {
        self.ranked.len()
    }

    /// The text of a business; `None` for nobody.
    pub fn business(&self, number: usize) -> Option<&str> {
        let id = *self.ranked.get(number)?;
        if id == NONE { None } else { core::str::from_utf8(self.businesses.all.get(id)).ok() }
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
        let next = self.order.get(self.at).and_then(|key| self.rows.get(*key as u32 as usize));
        if self.fills {
            if self.rank == self.ranked.len() {
                self.rank = 0;
                self.bucket += 1;
            }
            let (bucket, business) = (self.bucket, self.rank);
            let start = if self.ranked.is_empty() { None } else { self.buckets.get(bucket) };
            self.rank += 1;
            if next.is_none_or(|row| (row.bucket as usize, row.rank as usize) != (bucket, business)) {
                return Some(SummaryRow { bucket: *start?, business, figures: Figures::default(), outcomes: &[] });
            }
        }
        self.at += 1;
        next.map(|row| SummaryRow {
            bucket: self.buckets.get(row.bucket as usize).copied().unwrap_or_default(),
            business: row.rank as usize,
            figures: row.figures,
            outcomes: self.counts.get(row.outcomes.0 as usize..row.outcomes.1 as usize).unwrap_or_default(),
        })
    }
}
