//! The figures of one business after the other, from its calls in order of their starts.

use super::durations;
use super::read::{ReadCall, Texts};
use super::rows::{ReportRows, index};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::HeldVec;
use crate::resource::sort;
use crate::time;

/// What a report asks for.
#[derive(Debug)]
pub struct SummaryRange<'a> {
    /// Where it begins.
    pub since: i64,
    /// The starts of its buckets, the first one at or before `since`.
    pub buckets: &'a [i64],
    /// The businesses that have a row for every bucket; without them a row is for a bucket and business with calls.
    pub fill: Option<&'a [&'a str]>,
}

/// The figures of a business in a bucket. Durations are microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that start in the bucket.
    pub calls: u32,
    /// Those of them that were answered.
    pub answered: u32,
    /// Those that were not.
    pub missed: u32,
    /// Distinct callers.
    pub callers: u32,
    /// Callers whose first call ever lies in the bucket.
    pub new_callers: u32,
    /// Most calls at one instant, those that began before the bucket too.
    pub peak: u32,
    /// Durations added up.
    pub total: i64,
    /// Their mean, median and 95th percentile.
    pub durations: Option<[i64; 3]>,
}

/// The figures of a row, and where its outcomes begin and end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SweptRow {
    pub(super) figures: Figures,
    pub(super) outcomes: (u32, u32),
}

/// What takes time: a call, or the wait before it is answered.
pub(super) trait Lasting {
    fn start(&self) -> i64;
    /// Zero where nobody knows: then it is not seen as running.
    fn length(&self) -> i64;
}

impl Lasting for ReadCall {
    fn start(&self) -> i64 {
        self.start
    }

    fn length(&self) -> i64 {
        self.length
    }
}

/// Calls a function for each bucket of one business with what begins there and the most that ran at one instant; where gaps are
/// filled also for those in which nothing begins but something runs. `calls` are in order of their starts; `running` are the ends of
/// those from before the range; `ends` is room.
pub(super) fn each_bucket<C: Lasting>(
    range: &SummaryRange<'_>,
    calls: &[C],
    running: &[(u32, i64)],
    ends: &mut HeldVec<i64>,
    mut with: impl FnMut(usize, &[C], u32) -> Result<()>,
) -> Result<()> {
    let bucket_start = |bucket: usize| range.buckets.get(bucket).map_or(i64::MAX, |start| (*start).max(range.since));
    ends.clear();
    ends.reserve(running.len() + calls.len())?;
    for end in running.iter().map(|(_, end)| *end) {
        ends.push(end)?;
    }
    for call in calls.iter().filter(|call| call.length() > 0) {
        ends.push(call.start() + call.length())?;
    }
    sort::ascending(ends);
    let mut rest = &**ends;
    // Calls that run: those that began, less those that ended.
    let mut now = running.len();
    let mut end_until = |at: i64, now: &mut usize| {
        while let [end, later @ ..] = rest {
            if *end > at {
                break;
            }
            rest = later;
            *now -= 1;
        }
    };
    let (mut bucket, mut left, mut throttle) = (0, calls, Throttle::default());
    loop {
        let next = left.first().map(|call| {
            let later = range.buckets.get(bucket..).unwrap_or_default();
            bucket + later.partition_point(|start| *start <= call.start()).saturating_sub(1)
        });
        // Buckets before it in which no call begins.
        if range.fill.is_some() {
            while bucket < next.unwrap_or(range.buckets.len()) {
                end_until(bucket_start(bucket), &mut now);
                if now == 0 {
                    break;
                }
                with(bucket, &[], now as u32)?;
                bucket += 1;
                throttle.step();
            }
        }
        let Some(next) = next else { return Ok(()) };
        bucket = next;
        let until = range.buckets.get(bucket + 1).copied().unwrap_or(i64::MAX);
        let (own, later) = left.split_at(left.partition_point(|call| call.start() < until));
        left = later;
        end_until(bucket_start(bucket), &mut now);
        let mut peak = now;
        for call in own.iter().filter(|call| call.length() > 0) {
            end_until(call.start(), &mut now);
            now += 1;
            peak = peak.max(now);
        }
        with(bucket, own, peak as u32)?;
        bucket += 1;
    }
}

/// Goes through the calls of one business after the other.
pub(super) struct Sweep<'a> {
    range: &'a SummaryRange<'a>,
    /// By outcome: its place in order of the texts.
    places: HeldVec<u32>,
    /// By outcome: its calls in the present bucket.
    counts: HeldVec<u32>,
    /// By caller: business and bucket, both counted from 1, that saw it last.
    seen: HeldVec<(u32, u32)>,
    /// The outcomes of all rows with their calls.
    pub(super) outcomes: HeldVec<(u32, u32)>,
    ends: HeldVec<i64>,
    lengths: HeldVec<i64>,
    /// The outcomes of the present bucket.
    touched: HeldVec<u32>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(range: &'a SummaryRange<'a>, outcomes: &Texts, callers: usize) -> Result<Self> {
        let sorted = outcomes.in_order()?;
        let mut places = HeldVec::filled(0, sorted.len())?;
        for (place, outcome) in (0u32..).zip(&sorted) {
            if let Some(slot) = places.get_mut(*outcome as usize) {
                *slot = place;
            }
        }
        Ok(Self {
            range,
            counts: HeldVec::filled(0, places.len())?,
            places,
            seen: HeldVec::filled((0, 0), callers)?,
            outcomes: HeldVec::default(),
            ends: HeldVec::default(),
            lengths: HeldVec::default(),
            touched: HeldVec::default(),
        })
    }

    /// The rows of one business from its sorted calls.
    pub(super) fn business(
        &mut self,
        rank: u32,
        calls: &[ReadCall],
        known: &[(u32, u32)],
        running: &[(u32, i64)],
        rows: &mut ReportRows<SweptRow>,
    ) -> Result<()> {
        let stamp = rank + 1;
        for (_, caller) in known {
            if let Some(seen) = self.seen.get_mut(*caller as usize) {
                *seen = (stamp, 0);
            }
        }
        let mut ends = core::mem::take(&mut self.ends);
        each_bucket(self.range, calls, running, &mut ends, |bucket, own, peak| {
            let figures = self.figures(own, (stamp, bucket as u32 + 1))?;
            let outcomes = self.take_outcomes()?;
            rows.push(bucket, rank, SweptRow { figures: Figures { peak, ..figures }, outcomes })
        })?;
        self.ends = ends;
        Ok(())
    }

    /// The figures of the calls that begin in one bucket, but the peak; leaves their outcomes in `touched` and `counts`.
    fn figures(&mut self, calls: &[ReadCall], stamp: (u32, u32)) -> Result<Figures> {
        let mut figures = Figures { calls: calls.len() as u32, ..Figures::default() };
        let mut lengths = core::mem::take(&mut self.lengths);
        lengths.clear();
        for call in calls {
            match call.answered {
                0 => {}
                1 => figures.missed += 1,
                _ => figures.answered += 1,
            }
            if let Some(seen) = self.seen.get_mut(call.caller as usize).filter(|seen| **seen != stamp) {
                figures.callers += 1;
                figures.new_callers += u32::from(seen.0 != stamp.0);
                *seen = stamp;
            }
            if let Some(count) = self.counts.get_mut(call.outcome as usize) {
                if *count == 0 {
                    self.touched.push(call.outcome)?;
                }
                *count += 1;
            }
            if call.length > 0 {
                lengths.push(call.length)?;
            }
        }
        sort::ascending(&mut lengths);
        let total: i128 = lengths.iter().copied().map(i128::from).sum();
        figures.total = i64::try_from(total).map_err(|_| {
            time::out_of_range("the total duration of a bucket is out of range", "Use a smaller width.")
        })?;
        if let (Some(mean), Some(median), Some(high)) = (
            durations::mean(total, lengths.len()),
            durations::percentile(&lengths, 0.5),
            durations::percentile(&lengths, 0.95),
        ) {
            figures.durations = Some([mean, median, high]);
        }
        self.lengths = lengths;
        Ok(figures)
    }

    /// Where the outcomes of the present bucket are kept; the next one begins without any.
    fn take_outcomes(&mut self) -> Result<(u32, u32)> {
        let places = &self.places;
        self.touched.sort_unstable_by_key(|outcome| places.get(*outcome as usize));
        let first = self.outcomes.len();
        for outcome in &self.touched {
            if let Some(count) = self.counts.get_mut(*outcome as usize) {
                self.outcomes.push((*outcome, *count))?;
                *count = 0;
            }
        }
        self.touched.clear();
        Ok((index(first)?, index(self.outcomes.len())?))
    }
}
