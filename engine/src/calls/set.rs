//! The calls of many businesses in one state, for reports over whole ranges: no group for each business and bucket, which
//! would cost more than the calls themselves. It crosses from worker to leader as bytes, and its figures are made from the
//! same bytes by [`super::Summary`].

use super::in_time::{InTime, Timed};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::codec::MAX_OF_NUMBER;
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::time;

pub(super) const KIND: u8 = b'K';
const VERSION: u8 = 1;
pub(super) const NAME: &str = "call set";
/// The outcome of calls without one.
const NOT_SET: &str = "(not set)";
/// A value of the server holds less than a gigabyte.
const MAX_BYTES: usize = (1 << 30) - 1024;

/// A call as the source has it. Instants are microseconds since 2000-01-01 UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SourceCall<'a> {
    /// Whose it is; `None` for nobody's.
    pub business: Option<&'a str>,
    /// Its begin.
    pub start: i64,
    /// Its end; `None` while it runs.
    pub end: Option<i64>,
    /// How it went.
    pub outcome: Option<&'a str>,
    /// Whether it was answered.
    pub answered: Option<bool>,
    /// Who called.
    pub caller: Option<&'a str>,
}

/// A call whose texts are numbers.
#[derive(Debug, Clone, Copy)]
struct NumberedCall {
    start: i64,
    length: u64,
    business: u32,
    caller: u32,
    /// The outcome three times, and how it was answered.
    outcome: u64,
}

impl Timed for NumberedCall {
    fn start(&self) -> i64 {
        self.start
    }

    fn write(&self, w: &mut Writer, before: i64) {
        w.reserve_few(5 * MAX_OF_NUMBER);
        w.unsigned(code(self.business));
        w.signed(self.start.wrapping_sub(before));
        w.unsigned(self.length);
        w.unsigned(self.outcome);
        w.unsigned(code(self.caller));
    }
}

/// Calls from an instant `since` on, and what reports need of the calls before.
#[derive(Debug)]
pub struct CallSet {
    since: i64,
    businesses: Dictionary,
    outcomes: Dictionary,
    callers: Dictionary,
    /// The calls since, as they cross to the leader.
    calls: InTime<NumberedCall>,
    /// Business and caller of calls before: sorted and distinct up to `settled`.
    known: Vec<u64>,
    settled: usize,
    /// Business and end of calls before that run on.
    running: Vec<(u32, i64)>,
    /// Bytes of other sets' calls, not read in.
    parts: Vec<Vec<u8>>,
}

impl CallSet {
    /// An empty set; an infinite `since` is `22008`.
    pub fn new(since: i64) -> Result<Self> {
        Ok(Self {
            since: time::finite(since, "since")?,
            businesses: Dictionary::default(),
            outcomes: Dictionary::default(),
            callers: Dictionary::default(),
            calls: InTime::new(since),
            known: Vec::new(),
            settled: 0,
            running: Vec::new(),
            parts: Vec::new(),
        })
    }

    /// Where the range begins.
    pub fn since(&self) -> i64 {
        self.since
    }

    fn has_own(&self) -> bool {
        !self.calls.is_empty() || !self.known.is_empty() || !self.running.is_empty()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        !self.has_own() && self.parts.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.businesses.heap_bytes()
            + self.outcomes.heap_bytes()
            + self.callers.heap_bytes()
            + self.calls.heap_bytes()
            + self.known.capacity() * size_of::<u64>()
            + self.running.capacity() * size_of::<(u32, i64)>()
            + self.parts.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds a call; ±infinity is `22008`. An end that is not after the start counts as no end. Of a call before `since` only its
    /// caller counts, and its end where that lies behind `since`.
    pub fn push(&mut self, call: &SourceCall<'_>) -> Result<()> {
        let start = time::finite(call.start, "started_at")?;
        let end = call.end.map(|end| time::finite(end, "ended_at")).transpose()?.filter(|end| *end > start);
        let business = call.business.map_or(Ok(NONE), |text| self.businesses.intern(text.as_bytes()))?;
        let caller = call.caller.map_or(Ok(NONE), |text| self.callers.intern(text.as_bytes()))?;
        if start < self.since {
            if let Some(end) = end.filter(|end| *end > self.since) {
                memory::push(&mut self.running, (business, end))?;
            }
            if caller != NONE {
                self.note(business, caller)?;
            }
            return Ok(());
        }
        let outcome = self.outcomes.intern(call.outcome.unwrap_or(NOT_SET).as_bytes())?;
        let length = end.map_or(Ok(0), |end| length(start, end))?;
        let outcome = u64::from(outcome) * 3 + call.answered.map_or(0, |answered| 1 + u64::from(answered));
        self.calls.push(NumberedCall { start, length, business, caller, outcome })
    }

    /// Adds a caller of a business whose calls before `since` are gone.
    pub fn know(&mut self, business: &str, caller: &str) -> Result<()> {
        let (business, caller) =
            (self.businesses.intern(business.as_bytes())?, self.callers.intern(caller.as_bytes())?);
        self.note(business, caller)
    }

    /// Notes a caller; repetitions are thrown out whenever they may have doubled the list.
    fn note(&mut self, business: u32, caller: u32) -> Result<()> {
        memory::push(&mut self.known, u64::from(business) << 32 | u64::from(caller))?;
        if self.known.len() > 2 * self.settled + (1 << 16) {
            sort::ascending(&mut self.known);
            self.known.dedup();
            self.settled = self.known.len();
        }
        Ok(())
    }

    /// Takes the calls of another set into this one; another `since` is `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.since != self.since {
            return Err(Error::invalid("different ranges in one aggregate", "Use one since for all rows."));
        }
        for part in &other.parts {
            memory::push(&mut self.parts, memory::copy(part)?)?;
        }
        if other.has_own() {
            memory::push(&mut self.parts, other.own_part()?)?;
        }
        Ok(())
    }

    /// The own calls as bytes: the texts, what is known of the calls before, and the calls.
    fn own_part(&self) -> Result<Vec<u8>> {
        let (mut w, mut throttle) = (Writer::default(), Throttle::default());
        for texts in [&self.businesses, &self.outcomes, &self.callers] {
            write_texts(texts, &mut w);
        }
        w.unsigned(self.known.len() as u64);
        for pair in &self.known {
            throttle.step();
            w.unsigned(code((pair >> 32) as u32));
            w.unsigned(code(*pair as u32));
        }
        write_running(&self.running, &mut w);
        self.calls.write(&mut w)?;
        w.finish()
    }

    /// The bytes: the parts, one after the other. `54000` from a gigabyte on.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let own = self.has_own().then(|| self.own_part()).transpose()?;
        write_parts(KIND, self.since, self.parts.iter().chain(&own))
    }

    /// Keeps the parts in bytes of [`Self::serialize`] as they are; they are read by [`super::Summary`].
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let (since, parts) = parts(bytes, KIND, NAME)?;
        let mut set = Self::new(since)?;
        for part in parts {
            memory::push(&mut set.parts, memory::copy(part)?)?;
        }
        Ok(set)
    }
}

/// How long it is from a start to an end behind it; longer than an interval can say: `22008`.
pub(super) fn length(start: i64, end: i64) -> Result<u64> {
    end.checked_sub(start).and_then(|length| u64::try_from(length).ok()).ok_or_else(|| {
        time::out_of_range(
            "a call lasts longer than an interval can say",
            "Give started_at and ended_at less than 292,000 years apart.",
        )
    })
}

/// A number of a dictionary in the bytes: 0 for no text.
pub(super) fn code(id: u32) -> u64 {
    if id == NONE { 0 } else { u64::from(id) + 1 }
}

/// Writes the texts of a dictionary in order of their numbers.
pub(super) fn write_texts(texts: &Dictionary, w: &mut Writer) {
    let mut throttle = Throttle::default();
    w.unsigned(texts.len() as u64);
    for id in 0..texts.len() as u32 {
        throttle.step();
        w.text(texts.get(id));
    }
}

/// Writes the ends of calls before the range that run on, with their businesses.
pub(super) fn write_running(running: &[(u32, i64)], w: &mut Writer) {
    let mut throttle = Throttle::default();
    w.unsigned(running.len() as u64);
    for (business, end) in running {
        throttle.step();
        w.unsigned(code(*business));
        w.signed(*end);
    }
}

/// The parts of a set as bytes. `54000` from a gigabyte on.
pub(super) fn write_parts<'a>(
    kind: u8,
    since: i64,
    parts: impl Iterator<Item = &'a Vec<u8>> + Clone,
) -> Result<Vec<u8>> {
    let total = parts.clone().map(|part| part.len() + 10).sum::<usize>();
    if total > MAX_BYTES {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("the calls of this report take {} MB, more than a value holds", total >> 20),
            "Ask for a shorter range, or for fewer businesses.",
        ));
    }
    let mut w = Writer::new(kind, VERSION);
    w.signed(since);
    w.unsigned(parts.clone().count() as u64);
    parts.for_each(|part| w.text(part));
    w.finish()
}

/// `since` and the parts of a set's bytes; other bytes are `22P03`.
pub(super) fn parts<'a>(bytes: &'a [u8], kind: u8, name: &'static str) -> Result<(i64, Vec<&'a [u8]>)> {
    let mut r = Reader::new(bytes, kind, VERSION, name)?;
    let since = r.signed()?;
    let count = r.count(1)?;
    let (mut parts, mut throttle) = (memory::with_room(count)?, Throttle::default());
    for _ in 0..count {
        throttle.step();
        parts.push(r.text()?);
    }
    r.finish()?;
    Ok((since, parts))
}
