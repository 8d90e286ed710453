//! How long callers waited, by bucket and business: the figures of an [`OfferedSet`](super::OfferedSet).

use super::durations;
use super::figures::{SummaryRange, each_bucket};
use super::offered::{Fate, KIND, NAME, OfferedPart, ReadOffer};
use super::read::{Texts, by_business, of};
use super::rows::ReportRows;
use super::set::parts;
use crate::error::Result;
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::{self, HeldVec};
use crate::resource::sort;
use crate::state::Reader;
use crate::time;

/// What is asked of the service, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct ServiceRule {
    /// How long a caller may wait.
    pub within: i64,
    /// A caller who hangs up before that is not one who was let wait.
    pub short_abandon: i64,
}

impl ServiceRule {
    /// Below zero is `22023`.
    pub fn new(within: i64, short_abandon: i64) -> Result<Self> {
        let within = time::not_negative(within, "within")?;
        Ok(Self { within, short_abandon: time::not_negative(short_abandon, "short_abandon")? })
    }
}

/// The figures of a business in a bucket. Durations are microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServiceFigures {
    /// Calls that came in.
    pub offered: u32,
    /// Those of them that were answered.
    pub answered: u32,
    /// Those that ended unanswered.
    pub abandoned: u32,
    /// Those that neither were answered nor ended.
    pub waiting: u32,
    /// Calls that were answered in time, and calls that should have been.
    pub in_time: (u32, u32),
    /// Mean and 95th percentile of the waits of answered calls.
    pub waits: Option<[i64; 2]>,
    /// The longest wait, of abandoned calls too.
    pub longest_wait: Option<i64>,
    /// Mean of the time from answer to end.
    pub mean_talk: Option<i64>,
    /// Most callers who waited at one instant, those from before the bucket too.
    pub peak_waiting: u32,
}

impl ServiceFigures {
    /// The share of the calls that were answered in time; `None` of none.
    pub fn service_level(&self) -> Option<f64> {
        let (in_time, all) = self.in_time;
        (all > 0).then(|| f64::from(in_time) / f64::from(all))
    }
}

/// A row of the report.
#[derive(Debug, Clone, Copy)]
pub struct ServiceRow {
    /// The start of the bucket.
    pub bucket: i64,
    /// The number of the business for [`Service::business`].
    pub business: usize,
    /// Its figures.
    pub figures: ServiceFigures,
}

/// All rows of a report, in order of bucket and business.
#[derive(Debug)]
pub struct Service {
    rows: ReportRows<ServiceFigures>,
}

impl Service {
    /// Makes the figures of the calls in a set's bytes; errors as those of [`super::Summary::new`].
    pub fn new(bytes: Option<&[u8]>, range: &SummaryRange<'_>, rule: &ServiceRule) -> Result<Self> {
        let (mut businesses, mut running, mut read) = (Texts::default(), HeldVec::default(), Vec::new());
        if let Some(bytes) = bytes {
            let (since, parts) = parts(bytes, KIND, NAME)?;
            if since != range.since {
                return Err(Reader::resume(bytes, NAME).malformed("it is for another range"));
            }
            read = memory::with_room(parts.len())?;
            for part in parts {
                interrupt::check();
                read.push(OfferedPart::read(part, &mut businesses, &mut running)?);
            }
        }
        let mut rows = ReportRows::new(businesses, range)?;
        let (mut calls, starts) = by_business(&read, rows.nobody(), range.since)?;
        drop(read);
        sort::ascending(&mut running);
        let (mut ends, mut room) = (HeldVec::default(), HeldVec::default());
        for rank in 0..rows.num_businesses() {
            interrupt::check();
            let (business, span) = rows.ranked(rank, &starts);
            let own = calls.get_mut(span).unwrap_or_default();
            sort::ascending(own);
            each_bucket(range, own, of(&running, business), &mut ends, |bucket, own, peak| {
                let figures = figures(own, rule, &mut room)?;
                rows.push(bucket, rank as u32, ServiceFigures { peak_waiting: peak, ..figures })
            })?;
        }
        rows.settle()?;
        Ok(Self { rows })
    }

    /// How many businesses there are, nobody among them.
    pub fn num_businesses(&self) -> usize {
        self.rows.num_businesses()
    }

    /// The text of a business; `None` for nobody.
    pub fn business(&self, number: usize) -> Option<&str> {
        self.rows.business(number)
    }

    /// The next row, `None` after the last.
    pub fn next_row(&mut self) -> Option<ServiceRow> {
        let (bucket, business, figures) = self.rows.next_row()?;
        Some(ServiceRow { bucket, business, figures: figures.unwrap_or_default() })
    }
}

/// The figures of the calls that begin in one bucket, but the peak. `waits` is room.
fn figures(calls: &[ReadOffer], rule: &ServiceRule, waits: &mut HeldVec<i64>) -> Result<ServiceFigures> {
    let mut figures = ServiceFigures { offered: calls.len() as u32, ..ServiceFigures::default() };
    let (mut talked, mut talks, mut throttle) = (0i128, 0, Throttle::default());
    waits.clear();
    for call in calls {
        throttle.step();
        figures.longest_wait = figures.longest_wait.max(call.wait);
        match (call.fate, call.wait) {
            (Fate::Waiting, _) => figures.waiting += 1,
            (Fate::Abandoned, wait) => {
                figures.abandoned += 1;
                figures.in_time.1 += u32::from(wait.is_none_or(|wait| wait >= rule.short_abandon));
            }
            (Fate::Answered, None) => figures.answered += 1,
            (Fate::Answered, Some(wait)) => {
                figures.answered += 1;
                figures.in_time.0 += u32::from(wait <= rule.within);
                figures.in_time.1 += 1;
                waits.push(wait)?;
            }
        }
        if let Some(talk) = call.talk {
            talked += i128::from(talk);
            talks += 1;
        }
    }
    sort::ascending(waits);
    let waited: i128 = waits.iter().copied().map(i128::from).sum();
    let mean = durations::mean(waited, waits.len());
    figures.waits = mean.zip(durations::percentile(waits, 0.95)).map(|(mean, high)| [mean, high]);
    figures.mean_talk = durations::mean(talked, talks);
    Ok(figures)
}
