//! The rows of a report by bucket and business, with gaps filled where that is asked for.

use core::ops::Range;

use super::figures::SummaryRange;
use super::read::Texts;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory::HeldVec;
use crate::resource::sort;
use crate::state::NONE;

/// At most so many rows a report with gaps filled has at most.
const MAX_ROWS: usize = 10_000_000;

/// A row as it is kept until all are known.
#[derive(Debug, Clone, Copy)]
struct PackedRow<F> {
    bucket: u32,
    rank: u32,
    figures: F,
}

/// All rows of a report, in order of bucket and business.
#[derive(Debug)]
pub(super) struct ReportRows<F> {
    buckets: HeldVec<i64>,
    businesses: Texts,
    /// The numbers of the businesses in order of their texts, nobody's ([`NONE`]) last.
    ranked: HeldVec<u32>,
    fills: bool,
    rows: HeldVec<PackedRow<F>>,
    /// Bucket and place of every row, sorted.
    order: HeldVec<u64>,
    /// The next of `order`.
    at: usize,
    /// With gaps filled: the bucket and the rank of the next row.
    bucket: usize,
    rank: usize,
}

impl<F: Copy> ReportRows<F> {
    /// Without rows. `businesses`: those that have calls.
    pub(super) fn new(mut businesses: Texts, range: &SummaryRange<'_>) -> Result<Self> {
        for business in range.fill.unwrap_or_default() {
            businesses.intern(business.as_bytes())?;
        }
        let (all, fills) = (businesses.all.len(), range.fill.is_some());
        if fills && all.saturating_mul(range.buckets.len()) > MAX_ROWS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MAX_ROWS} rows: {} buckets for each of {all} businesses", range.buckets.len()),
                "Use a larger width or a shorter range.",
            ));
        }
        let mut ranked = businesses.in_order()?;
        if !fills {
            ranked.push(NONE)?;
        }
        let buckets = HeldVec::copy(range.buckets)?;
        let (rows, order) = (HeldVec::default(), HeldVec::default());
        Ok(Self { buckets, businesses, ranked, fills, rows, order, at: 0, bucket: 0, rank: 0 })
    }

    /// How many businesses have a text: the place of nobody's calls behind them.
    pub(super) fn nobody(&self) -> usize {
        self.businesses.all.len()
    }

    /// How many businesses there are, nobody among them.
    pub(super) fn num_businesses(&self) -> usize {
        self.ranked.len()
    }

    /// The number of the business of a rank, and where its calls are: `starts` as [`super::read::by_business`] has them.
    pub(super) fn ranked(&self, rank: usize, starts: &[usize]) -> (u32, Range<usize>) {
        let business = self.ranked.get(rank).copied().unwrap_or(NONE);
        let place = if business == NONE { self.nobody() } else { business as usize };
        (business, starts.get(place).zip(starts.get(place + 1)).map_or(0..0, |(start, end)| *start..*end))
    }

    /// The text of the business of a rank; `None` for nobody.
    pub(super) fn business(&self, rank: usize) -> Option<&str> {
        let id = *self.ranked.get(rank)?;
        if id == NONE { None } else { core::str::from_utf8(self.businesses.all.get(id)).ok() }
    }

    pub(super) fn push(&mut self, bucket: usize, rank: u32, figures: F) -> Result<()> {
        index(self.rows.len())?;
        self.rows.push(PackedRow { bucket: index(bucket)?, rank, figures })
    }

    /// Puts the rows in order, once all are there.
    pub(super) fn settle(&mut self) -> Result<()> {
        let keys = (0u64..).zip(&self.rows).map(|(place, row)| u64::from(row.bucket) << 32 | place);
        self.order = HeldVec::collect(keys)?;
        sort::ascending(&mut self.order);
        Ok(())
    }

    /// The start of the bucket and the rank of the business of the next row, with the figures of one that is no gap; `None` after
    /// the last.
    pub(super) fn next_row(&mut self) -> Option<(i64, usize, Option<F>)> {
        let next = self.order.get(self.at).and_then(|key| self.rows.get(*key as u32 as usize));
        if self.fills {
            if self.rank == self.ranked.len() {
                self.rank = 0;
                self.bucket += 1;
            }
            let (bucket, rank) = (self.bucket, self.rank);
            let start = if self.ranked.is_empty() { None } else { self.buckets.get(bucket) };
            self.rank += 1;
            if next.is_none_or(|row| (row.bucket as usize, row.rank as usize) != (bucket, rank)) {
                return Some((*start?, rank, None));
            }
        }
        self.at += 1;
        next.map(|row| {
            let start = self.buckets.get(row.bucket as usize).copied().unwrap_or_default();
            (start, row.rank as usize, Some(row.figures))
        })
    }
}

/// A place among rows, or among what belongs to them.
pub(super) fn index(place: usize) -> Result<u32> {
    u32::try_from(place).map_err(|_| {
        Error::new(
            ErrorKind::LimitExceeded,
            "this report has more than 4294967295 rows or outcomes",
            "Ask for a shorter range.",
        )
    })
}
