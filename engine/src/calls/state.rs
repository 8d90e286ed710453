//! The state of `call_agg`: the interval of every call, mergeable in any order, and its canonical bytes.

use super::durations;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldCow, HeldVec};
use crate::resource::sort;
use crate::state::{Dictionary, Reader, Writer};
use crate::time;

const KIND: u8 = b'C';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.call_state";

/// At most so many calls with a duration a state keeps: beyond it is `54000`. Their bytes are 190 MB at most.
pub const MAX_CALLS: usize = 10_000_000;
/// At most so many bytes the distinct outcomes of a state may have together.
const MAX_OUTCOME_BYTES: usize = 1 << 24;

/// The interval of a call, half-open; `end` is after `start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    start: i64,
    end: i64,
}

impl Span {
    fn length(&self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// The most calls at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// How many.
    pub calls: usize,
    /// The first instant with so many, in microseconds since 2000-01-01 UTC.
    pub at: i64,
}

/// Calls. Instants are microseconds since 2000-01-01 UTC.
#[derive(Debug, Clone, Default)]
pub struct CallState {
    spans: Vec<Span>,
    /// Whether the spans are out of order.
    mixed: bool,
    outcomes: Dictionary,
    /// By outcome: its calls.
    tallies: Vec<u64>,
    /// Calls without an outcome.
    unset: u64,
    /// All calls.
    calls: u64,
    outcome_bytes: usize,
}

impl CallState {
    /// Whether there is no call.
    pub fn is_empty(&self) -> bool {
        self.calls == 0
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.spans.capacity() * size_of::<Span>()
            + self.outcomes.heap_bytes()
            + self.tallies.capacity() * size_of::<u64>()
    }

    /// Adds a call. `end` is `None` for one that runs still. ±infinity, an end before the start, or a duration beyond what
    /// an interval holds (292,000 years): `22008`; more than [`MAX_CALLS`] with a duration: `54000`.
    pub fn push(&mut self, start: i64, end: Option<i64>, outcome: Option<&str>) -> Result<()> {
        let start = time::finite(start, "started_at")?;
        let end = end.map(|end| time::finite(end, "ended_at")).transpose()?;
        if end.is_some_and(|end| end < start) {
            return Err(time::out_of_range(
                "a call ends before it starts",
                "Leave such calls out: WHERE ended_at >= started_at OR ended_at IS NULL.",
            ));
        }
        if let Some(end) = end.filter(|end| *end > start) {
            if end.checked_sub(start).is_none() {
                return Err(time::out_of_range(
                    "a call lasts longer than an interval can say",
                    "Give started_at and ended_at less than 292,000 years apart.",
                ));
            }
            self.keep(Span { start, end })?;
        }
        self.tally(outcome.map(str::as_bytes), 1)
    }

    fn keep(&mut self, span: Span) -> Result<()> {
        if self.spans.len() >= MAX_CALLS {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("more than {MAX_CALLS} calls with a duration in one {NAME}"),
                "Aggregate a shorter range, or group by business or by day.",
            ));
        }
        self.mixed |= self.spans.last().is_some_and(|last| *last > span);
        memory::push(&mut self.spans, span)
    }

    fn tally(&mut self, outcome: Option<&[u8]>, calls: u64) -> Result<()> {
        self.calls = self.calls.checked_add(calls).filter(|sum| i64::try_from(*sum).is_ok()).ok_or_else(|| {
            Error::new(
                ErrorKind::LimitExceeded,
                "too many calls to count",
                "Do not merge a state with itself so often.",
            )
        })?;
        let Some(outcome) = outcome else {
            self.unset += calls;
            return Ok(());
        };
        let known = self.tallies.len();
        let id = self.outcomes.intern(outcome)? as usize;
        if id == known {
            memory::push(&mut self.tallies, 0)?;
            self.outcome_bytes += outcome.len();
            if self.outcome_bytes > MAX_OUTCOME_BYTES {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("the distinct outcomes of one {NAME} have more than {MAX_OUTCOME_BYTES} bytes"),
                    "Give outcome a column with few distinct values, or NULL.",
                ));
            }
        }
        if let Some(tally) = self.tallies.get_mut(id) {
            *tally += calls;
        }
        Ok(())
    }

    /// Takes the calls of another state into this one; limits as in [`Self::push`].
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        memory::reserve(&mut self.spans, other.spans.len())?;
        let mut throttle = Throttle::default();
        for span in &other.spans {
            throttle.step();
            self.keep(*span)?;
        }
        if other.unset > 0 {
            self.tally(None, other.unset)?;
        }
        other.each_outcome().try_for_each(|(outcome, calls)| self.tally(Some(outcome), calls))
    }

    fn each_outcome(&self) -> impl Iterator<Item = (&[u8], u64)> {
        (0u32..).zip(&self.tallies).map(|(id, calls)| (self.outcomes.get(id), *calls))
    }

    /// Each outcome with its calls, in order of its bytes; calls without one come last, under `None`.
    pub fn outcomes(&self) -> Vec<(Option<&str>, u64)> {
        let mut named: Vec<_> = self.each_outcome().collect();
        named.sort_unstable();
        let named =
            named.into_iter().map(|(outcome, calls)| (Some(core::str::from_utf8(outcome).unwrap_or("")), calls));
        named.chain((self.unset > 0).then_some((None, self.unset))).collect()
    }

    /// Puts the calls in order, so that what is asked next makes no copy. Changes no answer.
    pub fn settle(&mut self) {
        if self.mixed {
            sort::ascending(&mut self.spans);
            self.mixed = false;
        }
    }

    fn sorted(&self) -> Result<HeldCow<'_, Span>> {
        if !self.mixed {
            return Ok(HeldCow::Borrowed(&self.spans));
        }
        let mut spans = HeldVec::copy(&self.spans)?;
        sort::ascending(&mut spans);
        Ok(HeldCow::Held(spans))
    }

    /// The bytes: the same for the same calls, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.unset);
        let mut named: Vec<_> = self.each_outcome().collect();
        named.sort_unstable();
        w.unsigned(named.len() as u64);
        for (outcome, calls) in named {
            w.text(outcome);
            w.unsigned(calls);
        }
        let spans = self.sorted()?;
        w.unsigned(spans.len() as u64);
        let (mut before, mut throttle) = (None, Throttle::default());
        for span in spans.iter() {
            throttle.step();
            match before {
                None => w.signed(span.start),
                // Two instants may be further apart than a signed number says.
                Some(before) => w.unsigned(span.start.wrapping_sub(before) as u64),
            }
            w.unsigned(span.length() as u64);
            before = Some(span.start);
        }
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let mut state = Self::default();
        let bad = |error: Error| Error { kind: ErrorKind::MalformedBinary, ..error };
        state.tally(None, r.unsigned()?).map_err(bad)?;
        let mut previous: Option<&[u8]> = None;
        for _ in 0..r.count(2)? {
            let text = r.text()?;
            if core::str::from_utf8(text).is_err() || text.contains(&0) || previous.is_some_and(|p| p >= text) {
                return Err(r.malformed("its outcomes are not texts in ascending order"));
            }
            previous = Some(text);
            match r.unsigned()? {
                0 => return Err(r.malformed("an outcome has no call")),
                calls => state.tally(Some(text), calls).map_err(bad)?,
            }
        }
        let count = r.count(2)?;
        if count as u64 > state.calls || state.calls == 0 || count > MAX_CALLS {
            return Err(r.malformed("its calls do not add up"));
        }
        memory::reserve_exact(&mut state.spans, count)?;
        let (mut before, mut throttle) = (None::<Span>, Throttle::default());
        while state.spans.len() < count {
            throttle.step();
            let start = match before {
                None => Some(r.signed()?),
                Some(before) => before.start.checked_add_unsigned(r.unsigned()?),
            };
            let length = r.unsigned()?;
            let span = start
                .filter(|start| time::in_range(*start) && length > 0)
                .and_then(|start| Some(Span { start, end: start.checked_add(i64::try_from(length).ok()?)? }))
                .filter(|span| time::in_range(span.end) && before.is_none_or(|before| before <= *span))
                .ok_or_else(|| r.malformed("a call is out of order or out of range"))?;
            state.spans.push(span);
            before = Some(span);
        }
        r.finish()?;
        Ok(state)
    }
}

/// The figures of a state. A call without a duration counts in the first only.
impl CallState {
    /// All calls.
    pub fn num_calls(&self) -> u64 {
        self.calls
    }

    fn total(&self) -> i128 {
        self.spans.iter().map(|span| i128::from(span.length())).sum()
    }

    /// The durations added up, in microseconds; `22008` beyond 292,000 years.
    pub fn total_duration(&self) -> Result<i64> {
        i64::try_from(self.total())
            .map_err(|_| time::out_of_range("the total duration is out of range", "Sum the calls' durations in parts."))
    }

    /// The mean duration in microseconds, as [`durations::mean`]; `None` without any.
    pub fn mean_duration(&self) -> Option<i64> {
        durations::mean(self.total(), self.spans.len())
    }

    /// The percentile of the durations in microseconds, as [`durations::percentile`]; a fraction outside 0 to 1 is `22023`.
    pub fn duration_percentile(&self, fraction: f64) -> Result<Option<i64>> {
        let fraction = durations::check_fraction(fraction)?;
        let mut lengths = HeldVec::collect(self.spans.iter().map(Span::length))?;
        sort::ascending(&mut lengths);
        Ok(durations::percentile(&lengths, fraction))
    }

    /// The most calls at one instant, and the first such instant; `None` without a duration.
    pub fn peak(&self) -> Result<Option<Peak>> {
        let spans = self.sorted()?;
        let mut ends = HeldVec::collect(spans.iter().map(|span| span.end))?;
        sort::ascending(&mut ends);
        let mut ended = ends.iter().peekable();
        let (mut running, mut peak, mut throttle) = (0, None, Throttle::default());
        for span in spans.iter() {
            throttle.step();
            running += 1;
            while ended.next_if(|end| **end <= span.start).is_some() {
                running -= 1;
            }
            if peak.is_none_or(|peak: Peak| running > peak.calls) {
                peak = Some(Peak { calls: running, at: span.start });
            }
        }
        Ok(peak)
    }

    /// How long at least one call ran, in microseconds; `22008` beyond 292,000 years.
    pub fn busy_time(&self) -> Result<i64> {
        let (mut busy, mut until, mut throttle) = (0i128, i64::MIN, Throttle::default());
        for span in self.sorted()?.iter() {
            throttle.step();
            busy += (i128::from(span.end) - i128::from(span.start.max(until))).max(0);
            until = until.max(span.end);
        }
        i64::try_from(busy).map_err(|_| time::out_of_range("the busy time is out of range", "Ask for a shorter range."))
    }
}
