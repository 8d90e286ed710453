//! The calls that a business was offered, with how long they waited, for the report of service: no group for each business and bucket,
//! as in [`super::CallSet`].

use super::figures::Lasting;
use super::in_time::{InTime, Timed};
use super::read::{Calls, Texts, known, read_running};
use super::set::{code, length, parts, write_parts, write_running, write_texts};
use crate::error::{Error, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec};
use crate::state::codec::MAX_OF_NUMBER;
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::time;

pub(super) const KIND: u8 = b'O';
pub(super) const NAME: &str = "set of offered calls";
/// What the direction of a call that the business made itself begins with, in whatever case: providers write `outbound-api`.
const OUTBOUND: &str = "outbound";

/// Whether a call of that direction is one that the business made itself; a call that does not say came in.
pub fn is_outbound(direction: Option<&str>) -> bool {
    let start = direction.and_then(|direction| direction.as_bytes().get(..OUTBOUND.len()));
    start.is_some_and(|start| start.eq_ignore_ascii_case(OUTBOUND.as_bytes()))
}

/// When a call was answered where that lies within it: not before its start, not after its end.
pub fn within_call(answered_at: i64, start: i64, end: Option<i64>) -> Option<i64> {
    (answered_at >= start && end.is_none_or(|end| answered_at <= end)).then_some(answered_at)
}

/// A call as the source has it. Instants are microseconds since 2000-01-01 UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct OfferedCall<'a> {
    /// Whose it is; `None` for nobody's.
    pub business: Option<&'a str>,
    /// Its begin.
    pub start: i64,
    /// Its end; `None` while it runs.
    pub end: Option<i64>,
    /// When it was answered.
    pub answered_at: Option<i64>,
    /// Whether it was, where nobody knows when.
    pub answered: Option<bool>,
    /// Who called whom; see [`is_outbound`].
    pub direction: Option<&'a str>,
}

/// What became of an offered call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    #[default]
    Waiting,
    Abandoned,
    Answered,
}

/// An offered call; compares by its start first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReadOffer {
    pub(super) start: i64,
    pub(super) wait: Option<i64>,
    pub(super) talk: Option<i64>,
    pub(super) fate: Fate,
}

impl ReadOffer {
    /// Nobody waits for a call whose wait has not ended, as far as a report can tell.
    fn of(call: &OfferedCall<'_>) -> Result<Self> {
        let start = time::finite(call.start, "started_at")?;
        let end = call.end.map(|end| time::finite(end, "ended_at")).transpose()?;
        let answered_at = call.answered_at.map(|at| time::finite(at, "answered_at")).transpose()?;
        let answered_at = answered_at.and_then(|at| within_call(at, start, end));
        let fate = match (answered_at, call.answered, end) {
            (Some(_), _, _) | (_, Some(true), _) => Fate::Answered,
            (_, _, Some(_)) => Fate::Abandoned,
            (_, _, None) => Fate::Waiting,
        };
        let lasts = |from: i64, to: i64| length(from, to).map(|length| length as i64);
        let over = if fate == Fate::Abandoned { end.filter(|end| *end >= start) } else { answered_at };
        let wait = over.map(|over| lasts(start, over)).transpose()?;
        let talk = answered_at.zip(end).map(|(at, end)| lasts(at, end)).transpose()?;
        Ok(Self { start, wait, talk, fate })
    }
}

impl Lasting for ReadOffer {
    fn start(&self) -> i64 {
        self.start
    }

    fn length(&self) -> i64 {
        self.wait.unwrap_or(0)
    }
}

/// The same with the number of its business.
#[derive(Debug, Clone, Copy)]
struct NumberedOffer {
    business: u32,
    call: ReadOffer,
}

/// A duration in the bytes: 0 where nobody knows.
fn duration_code(duration: Option<i64>) -> u64 {
    duration.map_or(0, |duration| duration as u64 + 1)
}

fn duration_of(code: u64) -> Option<Option<i64>> {
    if code == 0 { Some(None) } else { i64::try_from(code - 1).ok().map(Some) }
}

impl Timed for NumberedOffer {
    fn start(&self) -> i64 {
        self.call.start
    }

    fn write(&self, w: &mut Writer, before: i64) {
        w.reserve_few(5 * MAX_OF_NUMBER);
        w.unsigned(code(self.business));
        w.signed(self.call.start.wrapping_sub(before));
        w.unsigned(self.call.fate as u64);
        w.unsigned(duration_code(self.call.wait));
        w.unsigned(duration_code(self.call.talk));
    }
}

/// Offered calls from an instant `since` on, and the ends of the waits that run on from before.
#[derive(Debug)]
pub struct OfferedSet {
    since: i64,
    businesses: Dictionary,
    /// The calls since, as they cross to the leader.
    calls: InTime<NumberedOffer>,
    /// Business and end of the wait.
    running: Vec<(u32, i64)>,
    /// Bytes of other sets' calls, not read in.
    parts: Vec<Vec<u8>>,
}

impl OfferedSet {
    /// An empty set; an infinite `since` is `22008`.
    pub fn new(since: i64) -> Result<Self> {
        let since = time::finite(since, "since")?;
        let (businesses, calls) = (Dictionary::default(), InTime::new(since));
        Ok(Self { since, businesses, calls, running: Vec::new(), parts: Vec::new() })
    }

    /// Where the range begins.
    pub fn since(&self) -> i64 {
        self.since
    }

    fn has_own(&self) -> bool {
        !self.calls.is_empty() || !self.running.is_empty()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        !self.has_own() && self.parts.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.businesses.heap_bytes()
            + self.calls.heap_bytes()
            + self.running.capacity() * size_of::<(u32, i64)>()
            + self.parts.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds a call that is not outbound; ±infinity is `22008`. Of a call before `since` only the end of its wait counts, where that
    /// lies behind `since`.
    pub fn push(&mut self, call: &OfferedCall<'_>) -> Result<()> {
        if is_outbound(call.direction) {
            return Ok(());
        }
        let business = call.business;
        let call = ReadOffer::of(call)?;
        let waits_until = call.start + call.length();
        if call.start < self.since && waits_until <= self.since {
            return Ok(());
        }
        let business = business.map_or(Ok(NONE), |text| self.businesses.intern(text.as_bytes()))?;
        if call.start < self.since {
            return memory::push(&mut self.running, (business, waits_until));
        }
        self.calls.push(NumberedOffer { business, call })
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

    fn own_part(&self) -> Result<Vec<u8>> {
        let mut w = Writer::default();
        write_texts(&self.businesses, &mut w);
        write_running(&self.running, &mut w);
        self.calls.write(&mut w)?;
        w.finish()
    }

    /// The bytes: the parts, one after the other. `54000` from a gigabyte on.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let own = self.has_own().then(|| self.own_part()).transpose()?;
        write_parts(KIND, self.since, self.parts.iter().chain(&own))
    }

    /// Keeps the parts in bytes of [`Self::serialize`] as they are; they are read by [`super::Service`].
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let (since, parts) = parts(bytes, KIND, NAME)?;
        let mut set = Self::new(since)?;
        for part in parts {
            memory::push(&mut set.parts, memory::copy(part)?)?;
        }
        Ok(set)
    }
}

/// A part of a set, its texts read.
pub(super) struct OfferedPart<'a> {
    businesses: HeldVec<u32>,
    calls: &'a [u8],
    count: usize,
}

impl<'a> OfferedPart<'a> {
    /// Reads a part up to its calls.
    pub(super) fn read(part: &'a [u8], businesses: &mut Texts, running: &mut HeldVec<(u32, i64)>) -> Result<Self> {
        let mut r = Reader::resume(part, NAME);
        let businesses = businesses.read(&mut r)?;
        read_running(&mut r, &businesses, running)?;
        let count = r.count(5)?;
        let calls = part.get(part.len() - r.left()..).unwrap_or_default();
        Ok(Self { businesses, calls, count })
    }
}

impl Calls for OfferedPart<'_> {
    type Call = ReadOffer;

    fn count(&self) -> usize {
        self.count
    }

    fn each(&self, since: i64, nobody: usize, mut with: impl FnMut(usize, ReadOffer)) -> Result<()> {
        let (mut r, mut throttle) = (Reader::resume(self.calls, NAME), Throttle::default());
        let mut last = since;
        for _ in 0..self.count {
            throttle.step();
            let business = known(&mut r, &self.businesses)?;
            let start = last.wrapping_add(r.signed()?);
            let fate = match r.unsigned()? {
                0 => Some(Fate::Waiting),
                1 => Some(Fate::Abandoned),
                2 => Some(Fate::Answered),
                _ => None,
            };
            let (wait, talk) = (duration_of(r.unsigned()?), duration_of(r.unsigned()?));
            let wait = wait.filter(|wait| start.checked_add(wait.unwrap_or(0)).is_some());
            let (Some(fate), Some(wait), Some(talk), true) = (fate, wait, talk, start >= since) else {
                return Err(r.malformed("a call is out of range"));
            };
            last = start;
            let place = if business == NONE { nobody } else { business as usize };
            with(place, ReadOffer { start, wait, talk, fate });
        }
        r.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions() {
        for out in ["outbound", "Outbound", "OUTBOUND-API", "outbound-dial"] {
            assert!(is_outbound(Some(out)), "{out}");
        }
        for other in ["inbound", "", "out", "outboun", "é outbound", "trunking-terminating"] {
            assert!(!is_outbound(Some(other)), "{other}");
        }
        assert!(!is_outbound(None));
    }

    #[test]
    fn an_instant_lies_within_its_call() {
        assert_eq!(within_call(5, 5, Some(5)), Some(5));
        assert_eq!(within_call(5, 5, None), Some(5));
        assert_eq!(within_call(4, 5, None), None);
        assert_eq!(within_call(6, 5, Some(5)), None);
        assert_eq!(within_call(5, 5, Some(4)), None);
    }

    #[test]
    fn what_becomes_of_calls() {
        let of = |end, answered_at, answered| {
            let call = OfferedCall { start: 10, end, answered_at, answered, ..OfferedCall::default() };
            let ReadOffer { wait, talk, fate, .. } = ReadOffer::of(&call).unwrap();
            (fate, wait, talk)
        };
        assert_eq!(of(Some(30), Some(14), Some(false)), (Fate::Answered, Some(4), Some(16)));
        assert_eq!(of(None, Some(10), None), (Fate::Answered, Some(0), None));
        assert_eq!(of(Some(30), None, Some(true)), (Fate::Answered, None, None));
        assert_eq!(of(Some(30), Some(31), Some(true)), (Fate::Answered, None, None));
        assert_eq!(of(Some(30), Some(31), None), (Fate::Abandoned, Some(20), None));
        assert_eq!(of(Some(10), None, Some(false)), (Fate::Abandoned, Some(0), None));
        assert_eq!(of(Some(5), Some(7), None), (Fate::Abandoned, None, None));
        assert_eq!(of(None, Some(9), Some(false)), (Fate::Waiting, None, None));
        assert_eq!(of(None, None, None), (Fate::Waiting, None, None));
    }
}
