//! The figures of the calls of a [`CallSet`](super::CallSet), by bucket and business.

use core::fmt::Write;

use super::figures;
use super::set::{NAME, parts};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::state::{Dictionary, NONE, Reader};
use crate::time;

/// So many calls are read between two beats.
const PIECE: usize = 1 << 16;
/// So many rows a report with gaps filled has at most.
const MOST_ROWS: usize = 10_000_000;

/// What a report asks for.
#[derive(Debug)]
pub struct Range<'a> {
    /// Where it begins.
    pub since: i64,
    /// The starts of its buckets, the first one at or before `since`.
    pub buckets: &'a [i64],
    /// The businesses that have a row for every bucket; without them a row is for a bucket and business with calls.
    pub fill: Option<&'a [String]>,
    /// The memory that the figures may take, in bytes.
    pub memory: usize,
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

/// A row of the report.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The start of the bucket.
    pub bucket: i64,
    /// The number of the business for [`Summary::business`].
    pub business: usize,
    /// Its figures.
    pub figures: Figures,
    /// Its outcomes, by their number, with their calls; for [`Summary::json`].
    pub outcomes: &'a [(u32, u32)],
}

/// A row as it is kept until all are known.
#[derive(Debug, Clone, Copy)]
struct Kept {
    bucket: u32,
    rank: u32,
    figures: Figures,
    outcomes: (u32, u32),
}

/// A call; compares by its start first. 32 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    start: i64,
    /// Zero without a duration.
    length: i64,
    outcome: u32,
    caller: u32,
    answered: u8,
}

/// What calls before the range leave: sorted by business.
#[derive(Debug, Default)]
struct Before {
    known: Vec<(u32, u32)>,
    running: Vec<(u32, i64)>,
}

/// A part of a set, its texts read.
struct Part<'a> {
    businesses: Vec<u32>,
    outcomes: Vec<u32>,
    callers: Vec<u32>,
    calls: &'a [u8],
    count: usize,
}

/// All rows of a report, in order of bucket and business.
#[derive(Debug)]
pub struct Summary {
    buckets: Vec<i64>,
    businesses: Dictionary,
    /// The numbers of the businesses in order of their texts, nobody's ([`NONE`]) last.
    ranked: Vec<u32>,
    outcomes: Dictionary,
    fills: bool,
    kept: Vec<Kept>,
    tallies: Vec<(u32, u32)>,
    /// Bucket and place of every kept row, sorted.
    order: Vec<u64>,
    /// The next of `order`.
    at: usize,
    /// With gaps filled: the bucket and the rank of the next row.
    bucket: usize,
    rank: usize,
}

impl Summary {
    /// Makes the figures of the calls in a set's bytes. Bytes that are no set, or one for another `since`: `22P03`; more
    /// memory than allowed, or more rows than ten million with gaps filled: `54000`; sums beyond 292,000 years: `22008`.
    pub fn new(bytes: Option<&[u8]>, range: &Range<'_>) -> Result<Self> {
        let mut summary = Self {
            buckets: range.buckets.to_vec(),
            businesses: Dictionary::default(),
            ranked: Vec::new(),
            outcomes: Dictionary::default(),
            fills: range.fill.is_some(),
            kept: Vec::new(),
            tallies: Vec::new(),
            order: Vec::new(),
            at: 0,
            bucket: 0,
            rank: 0,
        };
        let mut callers = Dictionary::default();
        let mut before = Before::default();
        let mut read = Vec::new();
        if let Some(bytes) = bytes {
            let (since, parts) = parts(bytes)?;
            if since != range.since {
                return Err(Reader::resume(bytes, NAME).malformed("it is for another range"));
            }
            for part in parts {
                read.push(summary.read_part(part, &mut callers, &mut before)?);
                interrupt::check();
            }
        }
        for business in range.fill.unwrap_or_default() {
            summary.businesses.intern(business.as_bytes())?;
        }
        let all = summary.businesses.len();
        if summary.fills && all.saturating_mul(summary.buckets.len()) > MOST_ROWS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MOST_ROWS} rows: {} buckets for each of {all} businesses", summary.buckets.len()),
                "Use a larger width or a shorter range.",
            ));
        }
        let (mut calls, starts) = place(&read, all, range)?;
        drop(read);
        interrupt::sort(&mut before.known);
        before.known.dedup();
        interrupt::sort(&mut before.running);
        summary.ranked = (0..all as u32).collect();
        let texts = &summary.businesses;
        summary.ranked.sort_unstable_by(|a, b| texts.get(*a).cmp(texts.get(*b)));
        if !summary.fills {
            summary.ranked.push(NONE);
        }
        let mut sweep = Sweep::new(range, &summary.outcomes, callers.len());
        let outgrown = |sweep: &Sweep<'_>| size_of::<Call>() * calls_len(&starts) + sweep.heap_bytes() > range.memory;
        for (rank, business) in (0u32..).zip(&summary.ranked) {
            interrupt::check();
            let place = if *business == NONE { all } else { *business as usize };
            let span = starts.get(place).zip(starts.get(place + 1)).map_or(0..0, |(start, end)| *start..*end);
            let own = calls.get_mut(span).unwrap_or_default();
            interrupt::sort(own);
            sweep.business(rank, own, of(&before.known, *business), of(&before.running, *business))?;
            if outgrown(&sweep) {
                return Err(too_large(range.memory));
            }
        }
        summary.kept = sweep.kept;
        summary.tallies = sweep.tallies;
        summary.order = (0u64..).zip(&summary.kept).map(|(place, row)| u64::from(row.bucket) << 32 | place).collect();
        interrupt::sort(&mut summary.order);
        Ok(summary)
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.businesses.heap_bytes()
            + (self.buckets.capacity() + self.order.capacity() + self.tallies.capacity()) * size_of::<u64>()
            + self.kept.capacity() * size_of::<Kept>()
    }

    fn read_part<'a>(&mut self, part: &'a [u8], callers: &mut Dictionary, before: &mut Before) -> Result<Part<'a>> {
        let mut r = Reader::resume(part, NAME);
        let businesses = texts(&mut r, &mut self.businesses)?;
        let outcomes = texts(&mut r, &mut self.outcomes)?;
        let callers = texts(&mut r, callers)?;
        for _ in 0..r.count(2)? {
            let business = known(&mut r, &businesses)?;
            match known(&mut r, &callers)? {
                NONE => return Err(r.malformed("a caller is missing")),
                caller => before.known.push((business, caller)),
            }
        }
        for _ in 0..r.count(2)? {
            let business = known(&mut r, &businesses)?;
            before.running.push((business, r.signed()?));
        }
        let count = r.count(5)?;
        let calls = part.get(part.len() - r.left()..).unwrap_or_default();
        Ok(Part { businesses, outcomes, callers, calls, count })
    }

    /// How many businesses there are, nobody among them.
    pub fn num_businesses(&self) -> usize {
        self.ranked.len()
    }

    /// The text of a business; `None` for nobody.
    pub fn business(&self, number: usize) -> Option<&str> {
        let id = *self.ranked.get(number)?;
        if id == NONE { None } else { core::str::from_utf8(self.businesses.get(id)).ok() }
    }

    /// Outcomes with their calls as a JSON object.
    pub fn json(&self, outcomes: &[(u32, u32)]) -> String {
        let mut json = String::from("{");
        for (outcome, calls) in outcomes {
            let text = String::from_utf8_lossy(self.outcomes.get(*outcome));
            let comma = if json.len() > 1 { ", " } else { "" };
            // Writing to a String does not fail.
            let _ = write!(json, "{comma}{}: {calls}", serde_json::Value::from(text));
        }
        json.push('}');
        json
    }

    /// The next row, `None` after the last.
    pub fn next_row(&mut self) -> Option<Row<'_>> {
        let next = self.order.get(self.at).and_then(|key| self.kept.get(*key as u32 as usize));
        if self.fills {
            if self.rank == self.ranked.len() {
                self.rank = 0;
                self.bucket += 1;
            }
            let (bucket, business) = (self.bucket, self.rank);
            let start = if self.ranked.is_empty() { None } else { self.buckets.get(bucket) };
            self.rank += 1;
            if next.is_none_or(|row| (row.bucket as usize, row.rank as usize) != (bucket, business)) {
                return Some(Row { bucket: *start?, business, figures: Figures::default(), outcomes: &[] });
            }
        }
        self.at += 1;
        next.map(|row| Row {
            bucket: self.buckets.get(row.bucket as usize).copied().unwrap_or_default(),
            business: row.rank as usize,
            figures: row.figures,
            outcomes: self.tallies.get(row.outcomes.0 as usize..row.outcomes.1 as usize).unwrap_or_default(),
        })
    }
}

/// The texts of a part as numbers of a dictionary for all parts.
fn texts(r: &mut Reader<'_>, all: &mut Dictionary) -> Result<Vec<u32>> {
    let count = r.count(1)?;
    let mut ids = Vec::with_capacity(count);
    for _ in 0..count {
        let text = r.text()?;
        if text.contains(&0) || core::str::from_utf8(text).is_err() {
            return Err(r.malformed("a text is none"));
        }
        ids.push(all.intern(text)?);
    }
    Ok(ids)
}

/// The number behind a code of the bytes.
fn known(r: &mut Reader<'_>, ids: &[u32]) -> Result<u32> {
    match r.unsigned()? {
        0 => Ok(NONE),
        code => {
            let id = usize::try_from(code - 1).ok().and_then(|i| ids.get(i)).copied();
            id.ok_or_else(|| r.malformed("a text is missing"))
        }
    }
}

impl Part<'_> {
    /// Calls a function with the place of the business and the call, for every call.
    fn each(&self, since: i64, nobody: usize, mut with: impl FnMut(usize, Call)) -> Result<()> {
        let mut r = Reader::resume(self.calls, NAME);
        let mut last = since;
        for nr in 0..self.count {
            if nr % PIECE == 0 {
                interrupt::check();
            }
            let business = known(&mut r, &self.businesses)?;
            let start = last.wrapping_add(r.signed()?);
            let length = i64::try_from(r.unsigned()?).ok().filter(|length| start.checked_add(*length).is_some());
            let how = r.unsigned()?;
            let outcome = usize::try_from(how / 3).ok().and_then(|i| self.outcomes.get(i)).copied();
            let caller = known(&mut r, &self.callers)?;
            let (Some(length), Some(outcome), true) = (length, outcome, start >= since) else {
                return Err(r.malformed("a call is out of range"));
            };
            last = start;
            let place = if business == NONE { nobody } else { business as usize };
            with(place, Call { start, length, outcome, caller, answered: (how % 3) as u8 });
        }
        r.finish()
    }
}

fn calls_len(starts: &[usize]) -> usize {
    starts.last().copied().unwrap_or(0)
}

/// All calls grouped by business, nobody's last, and where each group begins: a counting sort.
fn place(parts: &[Part<'_>], all: usize, range: &Range<'_>) -> Result<(Vec<Call>, Vec<usize>)> {
    let total: usize = parts.iter().map(|part| part.count).sum();
    if total.saturating_mul(size_of::<Call>()) > range.memory {
        return Err(too_large(range.memory));
    }
    let mut starts = vec![0usize; all + 2];
    for part in parts {
        part.each(range.since, all, |place, _| {
            if let Some(n) = starts.get_mut(place + 1) {
                *n += 1;
            }
        })?;
    }
    let mut sum = 0;
    for n in &mut starts {
        sum += *n;
        *n = sum;
    }
    let mut next = starts.clone();
    let mut calls = vec![Call::default(); total];
    for part in parts {
        part.each(range.since, all, |place, call| {
            if let Some(next) = next.get_mut(place) {
                if let Some(slot) = calls.get_mut(*next) {
                    *slot = call;
                }
                *next += 1;
            }
        })?;
    }
    Ok((calls, starts))
}

/// The entries of a business in a sorted list.
fn of<T>(sorted: &[(u32, T)], business: u32) -> &[(u32, T)] {
    let start = sorted.partition_point(|(other, _)| *other < business);
    let rest = sorted.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|(other, _)| *other == business)).unwrap_or_default()
}

fn too_large(memory: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!("the figures of this report take more than mrcall.max_state_memory ({} kB)", memory >> 10),
        "Ask for a shorter range, or raise the limit: SET mrcall.max_state_memory = '4GB';",
    )
}

/// Goes through the calls of one business after the other.
struct Sweep<'a> {
    range: &'a Range<'a>,
    /// By outcome: its place in order of the texts.
    places: Vec<u32>,
    /// By outcome: its calls in the present bucket.
    counts: Vec<u32>,
    /// By caller: business and bucket, both counted from 1, that saw it last.
    seen: Vec<(u32, u32)>,
    kept: Vec<Kept>,
    tallies: Vec<(u32, u32)>,
    ends: Vec<i64>,
    lengths: Vec<i64>,
    touched: Vec<u32>,
}

impl<'a> Sweep<'a> {
    fn new(range: &'a Range<'a>, outcomes: &Dictionary, callers: usize) -> Self {
        let mut sorted: Vec<u32> = (0..outcomes.len() as u32).collect();
        sorted.sort_unstable_by(|a, b| outcomes.get(*a).cmp(outcomes.get(*b)));
        let mut places = vec![0; sorted.len()];
        for (place, outcome) in (0u32..).zip(sorted) {
            if let Some(slot) = places.get_mut(outcome as usize) {
                *slot = place;
            }
        }
        Self {
            range,
            counts: vec![0; places.len()],
            places,
            seen: vec![(0, 0); callers],
            kept: Vec::new(),
            tallies: Vec::new(),
            ends: Vec::new(),
            lengths: Vec::new(),
            touched: Vec::new(),
        }
    }

    fn heap_bytes(&self) -> usize {
        self.kept.capacity() * size_of::<Kept>() + (self.tallies.capacity() + self.seen.capacity()) * size_of::<u64>()
    }

    fn bucket_start(&self, bucket: usize) -> i64 {
        self.range.buckets.get(bucket).map_or(i64::MAX, |start| (*start).max(self.range.since))
    }

    /// The rows of one business from its sorted calls.
    fn business(&mut self, rank: u32, calls: &[Call], known: &[(u32, u32)], running: &[(u32, i64)]) -> Result<()> {
        let stamp = rank + 1;
        for (_, caller) in known {
            if let Some(seen) = self.seen.get_mut(*caller as usize) {
                *seen = (stamp, 0);
            }
        }
        let mut ends = core::mem::take(&mut self.ends);
        ends.clear();
        ends.extend(running.iter().map(|(_, end)| *end));
        ends.extend(calls.iter().filter(|call| call.length > 0).map(|call| call.start + call.length));
        interrupt::sort(&mut ends);
        let mut rest = ends.as_slice();
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
        let (mut bucket, mut left) = (0, calls);
        loop {
            let next = left.first().map(|call| {
                let later = self.range.buckets.get(bucket..).unwrap_or_default();
                bucket + later.partition_point(|start| *start <= call.start).saturating_sub(1)
            });
            // Buckets before it in which no call begins.
            if self.range.fill.is_some() {
                while bucket < next.unwrap_or(self.range.buckets.len()) {
                    end_until(self.bucket_start(bucket), &mut now);
                    if now == 0 {
                        break;
                    }
                    self.keep(bucket, rank, Figures { peak: now as u32, ..Figures::default() })?;
                    bucket += 1;
                    if bucket % PIECE == 0 {
                        interrupt::check();
                    }
                }
            }
            let Some(next) = next else { break };
            bucket = next;
            let until = self.range.buckets.get(bucket + 1).copied().unwrap_or(i64::MAX);
            let (own, later) = left.split_at(left.partition_point(|call| call.start < until));
            left = later;
            end_until(self.bucket_start(bucket), &mut now);
            let mut peak = now;
            for call in own.iter().filter(|call| call.length > 0) {
                end_until(call.start, &mut now);
                now += 1;
                peak = peak.max(now);
            }
            let figures = self.figures(own, (stamp, bucket as u32 + 1))?;
            self.keep(bucket, rank, Figures { peak: peak as u32, ..figures })?;
            bucket += 1;
        }
        self.ends = ends;
        Ok(())
    }

    /// The figures of the calls that begin in one bucket, but the peak; leaves their outcomes in `touched` and `counts`.
    fn figures(&mut self, calls: &[Call], stamp: (u32, u32)) -> Result<Figures> {
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
                    self.touched.push(call.outcome);
                }
                *count += 1;
            }
            if call.length > 0 {
                lengths.push(call.length);
            }
        }
        interrupt::sort(&mut lengths);
        let total: i128 = lengths.iter().copied().map(i128::from).sum();
        figures.total = i64::try_from(total).map_err(|_| {
            time::out_of_range("the total duration of a bucket is out of range", "Use a smaller width.")
        })?;
        if let (Some(mean), Some(median), Some(high)) = (
            figures::mean(total, lengths.len()),
            figures::percentile(&lengths, 0.5),
            figures::percentile(&lengths, 0.95),
        ) {
            figures.durations = Some([mean, median, high]);
        }
        self.lengths = lengths;
        Ok(figures)
    }

    fn keep(&mut self, bucket: usize, rank: u32, figures: Figures) -> Result<()> {
        let places = &self.places;
        self.touched.sort_unstable_by_key(|outcome| places.get(*outcome as usize));
        let first = self.tallies.len();
        for outcome in self.touched.drain(..) {
            if let Some(count) = self.counts.get_mut(outcome as usize) {
                self.tallies.push((outcome, *count));
                *count = 0;
            }
        }
        let index = |place: usize| u32::try_from(place).map_err(|_| too_large(self.range.memory));
        let outcomes = (index(first)?, index(self.tallies.len())?);
        index(self.kept.len())?;
        self.kept.push(Kept { bucket: index(bucket)?, rank, figures, outcomes });
        Ok(())
    }
}
