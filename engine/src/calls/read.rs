//! The parts of a set's bytes, read: their texts by numbers that all parts share, and the calls grouped by business.

use std::borrow::Cow;

use super::set::NAME;
use crate::caller_id::caller_id;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{HeldVec, Reservation};
use crate::resource::sort;
use crate::state::{Dictionary, NONE, Reader};

/// At most so many texts are added to a dictionary between two counts of what it takes.
const TEXTS: usize = 1 << 12;

/// A call; compares by its start first. 32 bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ReadCall {
    pub(super) start: i64,
    /// Zero without a duration.
    pub(super) length: i64,
    pub(super) outcome: u32,
    pub(super) caller: u32,
    /// 0 where nobody knows, 1 for no, 2 for yes.
    pub(super) answered: u8,
}

/// What calls before the range leave, by business.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) known: HeldVec<(u32, u32)>,
    pub(super) running: HeldVec<(u32, i64)>,
}

/// The texts of all parts, whose memory is held.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) all: Dictionary,
    held: Reservation,
}

impl Texts {
    /// The number of a text.
    pub(super) fn intern(&mut self, text: &[u8]) -> Result<u32> {
        let known = self.all.len();
        let id = self.all.intern(text)?;
        if self.all.len() > known && known.is_multiple_of(TEXTS) {
            self.held.set(self.all.heap_bytes())?;
        }
        Ok(id)
    }

    /// The texts of a part as numbers.
    pub(super) fn read(&mut self, r: &mut Reader<'_>) -> Result<HeldVec<u32>> {
        self.read_as(r, |text| Some(Cow::Borrowed(text)))
    }

    /// The same of what is made of each text, [`NONE`] for nothing.
    fn read_as(
        &mut self,
        r: &mut Reader<'_>,
        made_of: impl for<'a> Fn(&'a str) -> Option<Cow<'a, str>>,
    ) -> Result<HeldVec<u32>> {
        let count = r.count(1)?;
        let (mut ids, mut throttle) = (HeldVec::with_room(count)?, Throttle::default());
        for _ in 0..count {
            throttle.step();
            let text = r.text()?;
            let Some(text) = core::str::from_utf8(text).ok().filter(|text| !text.contains('\0')) else {
                return Err(r.malformed("a text is not valid UTF-8"));
            };
            ids.push(made_of(text).map_or(Ok(NONE), |text| self.intern(text.as_bytes()))?)?;
        }
        self.held.set(self.all.heap_bytes())?;
        Ok(ids)
    }

    /// The numbers of all texts in order of their bytes.
    pub(super) fn in_order(&self) -> Result<HeldVec<u32>> {
        let mut order = HeldVec::collect(0..self.all.len() as u32)?;
        sort::by(&mut order, |a, b| self.all.get(*a).cmp(self.all.get(*b)));
        Ok(order)
    }
}

/// A part of a set, its texts read.
pub(super) struct Part<'a> {
    businesses: HeldVec<u32>,
    outcomes: HeldVec<u32>,
    callers: HeldVec<u32>,
    calls: &'a [u8],
    count: usize,
}

/// The number behind a code of the bytes; `None` for no text.
fn coded(r: &mut Reader<'_>, ids: &[u32]) -> Result<Option<u32>> {
    match r.unsigned()? {
        0 => Ok(None),
        code => {
            let id = usize::try_from(code - 1).ok().and_then(|i| ids.get(i)).copied();
            id.map(Some).ok_or_else(|| r.malformed("a text is missing"))
        }
    }
}

/// The same with [`NONE`] for no text.
pub(super) fn known(r: &mut Reader<'_>, ids: &[u32]) -> Result<u32> {
    Ok(coded(r, ids)?.unwrap_or(NONE))
}

/// Reads the ends of calls before the range that run on.
pub(super) fn read_running(r: &mut Reader<'_>, businesses: &[u32], running: &mut HeldVec<(u32, i64)>) -> Result<()> {
    let mut throttle = Throttle::default();
    for _ in 0..r.count(2)? {
        throttle.step();
        let business = known(r, businesses)?;
        running.push((business, r.signed()?))?;
    }
    Ok(())
}

impl<'a> Part<'a> {
    /// Reads a part up to its calls. `texts` are those of businesses, outcomes and callers.
    pub(super) fn read(part: &'a [u8], texts: [&mut Texts; 3], before: &mut Before) -> Result<Self> {
        let (mut r, mut throttle) = (Reader::resume(part, NAME), Throttle::default());
        let [businesses, outcomes, callers] = texts;
        let businesses = businesses.read(&mut r)?;
        let outcomes = outcomes.read(&mut r)?;
        // Here, where each is met once, not where each call is.
        let callers = callers.read_as(&mut r, caller_id)?;
        for _ in 0..r.count(2)? {
            throttle.step();
            let business = known(&mut r, &businesses)?;
            match coded(&mut r, &callers)? {
                None => return Err(r.malformed("a caller is missing")),
                Some(NONE) => {}
                Some(caller) => before.known.push((business, caller))?,
            }
        }
        read_running(&mut r, &businesses, &mut before.running)?;
        let count = r.count(5)?;
        let calls = part.get(part.len() - r.left()..).unwrap_or_default();
        Ok(Self { businesses, outcomes, callers, calls, count })
    }
}

impl Calls for Part<'_> {
    type Call = ReadCall;

    fn count(&self) -> usize {
        self.count
    }

    fn each(&self, since: i64, nobody: usize, mut with: impl FnMut(usize, ReadCall)) -> Result<()> {
        let (mut r, mut throttle) = (Reader::resume(self.calls, NAME), Throttle::default());
        let mut last = since;
        for _ in 0..self.count {
            throttle.step();
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
            with(place, ReadCall { start, length, outcome, caller, answered: (how % 3) as u8 });
        }
        r.finish()
    }
}

/// The calls of a part of a set.
pub(super) trait Calls {
    type Call: Copy + Default;

    fn count(&self) -> usize;

    /// Calls a function with the place of the business and the call, for every call. `nobody`: the place without a business.
    fn each(&self, since: i64, nobody: usize, with: impl FnMut(usize, Self::Call)) -> Result<()>;
}

/// All calls grouped by business, nobody's last, and where each group begins: a counting sort.
pub(super) fn by_business<P: Calls>(parts: &[P], all: usize, since: i64) -> Result<(HeldVec<P::Call>, HeldVec<usize>)> {
    let total: usize = parts.iter().map(P::count).sum();
    let mut calls = HeldVec::filled(P::Call::default(), total)?;
    let mut starts = HeldVec::filled(0usize, all + 2)?;
    for part in parts {
        part.each(since, all, |place, _| {
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
    let mut next = HeldVec::copy(&starts)?;
    for part in parts {
        part.each(since, all, |place, call| {
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
pub(super) fn of<T>(sorted: &[(u32, T)], business: u32) -> &[(u32, T)] {
    let start = sorted.partition_point(|(other, _)| *other < business);
    let rest = sorted.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|(other, _)| *other == business)).unwrap_or_default()
}
