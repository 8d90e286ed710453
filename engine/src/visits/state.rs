//! The state of one visitor: its runs, mergeable in any order, and its canonical bytes.

use std::borrow::Cow;

use super::run::Run;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::time;

const KIND: u8 = b'V';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.visit_state";

/// The visits of one visitor.
#[derive(Debug, Clone)]
pub struct VisitState {
    gap: i64,
    /// Sorted, neighbours more than the gap apart.
    runs: Vec<Run>,
    /// Not yet sorted in: what came out of time order.
    loose: Vec<Run>,
    texts: Dictionary,
}

/// A visit, as it is read from a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit<'a> {
    /// The first event, in microseconds since 2000-01-01 UTC.
    pub started_at: i64,
    /// The last event.
    pub ended_at: i64,
    /// Events, at least one.
    pub events: u32,
    /// Events with a page.
    pub pageviews: u32,
    /// The page of the smallest (time, page).
    pub entry_page: Option<&'a str>,
    /// The page of the largest (time, page).
    pub exit_page: Option<&'a str>,
    /// The touch of the smallest (time, touch).
    pub touch: Option<&'a str>,
}

impl VisitState {
    /// A state without events for visits by that gap in microseconds; less than zero is `22023`.
    pub fn new(gap: i64) -> Result<Self> {
        let gap = time::not_negative(gap, "gap")?;
        Ok(Self { gap, runs: Vec::new(), loose: Vec::new(), texts: Dictionary::default() })
    }

    /// The gap in microseconds.
    pub fn gap(&self) -> i64 {
        self.gap
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.loose.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        (self.runs.capacity() + self.loose.capacity()) * size_of::<Run>() + self.texts.heap_bytes()
    }

    /// Adds an event; `page` is the path of a page view, `touch` says how the visitor came. ±infinity is `22008`.
    pub fn push(&mut self, at: i64, page: Option<&str>, touch: Option<&str>) -> Result<()> {
        let at = time::finite(at, "ts")?;
        let mut id = |text: Option<&str>| text.map_or(Ok(NONE), |t| self.texts.intern(t.as_bytes()));
        let run = Run::of(at, id(page)?, id(touch)?);
        match self.runs.last_mut() {
            Some(last) if at >= last.start && at.saturating_sub(last.end) <= self.gap => last.absorb(&run, &self.texts),
            Some(last) if at < last.start => self.push_late(at, run),
            _ => add(&mut self.runs, run),
        }
    }

    /// Adds an event before the last run: into the run that it touches, where it joins no two of them.
    fn push_late(&mut self, at: i64, run: Run) -> Result<()> {
        let gap = self.gap;
        let after = self.runs.partition_point(|run| { run.start } <= at);
        let touches = |i: usize| self.runs.get(i).is_some_and(|other| other.is_within_gap(&run, gap));
        let place = match (after.checked_sub(1).filter(|i| touches(*i)), touches(after)) {
            (Some(before), false) => self.runs.get_mut(before),
            (None, true) => self.runs.get_mut(after),
            // Events that come from the last to the first touch the run of the event before them.
            (None, false) => self.loose.last_mut().filter(|last| last.is_within_gap(&run, gap)),
            (Some(_), true) => None,
        };
        if let Some(place) = place {
            return place.absorb(&run, &self.texts);
        }
        add(&mut self.loose, run)?;
        self.settle_if_many()
    }

    /// Takes the events of another state into this one; different gaps are `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_gap(other.gap)?;
        let (mut ids, mut throttle) = (memory::filled(NONE, other.texts.len())?, Throttle::default());
        for run in other.runs.iter().chain(&other.loose) {
            throttle.step();
            let mut here = |id: u32| -> Result<u32> {
                let Some(known) = ids.get_mut(id as usize) else { return Ok(NONE) };
                if *known == NONE {
                    *known = self.texts.intern(other.texts.get(id))?;
                }
                Ok(*known)
            };
            let run = Run { entry: here(run.entry)?, exit: here(run.exit)?, touch: here(run.touch)?, ..*run };
            let is_last = |last: &Run| run.start > last.end && run.start.saturating_sub(last.end) > self.gap;
            let to = if self.runs.last().is_none_or(is_last) { &mut self.runs } else { &mut self.loose };
            add(to, run)?;
        }
        self.settle_if_many()
    }

    /// `22023` unless the gap is this state's.
    pub fn same_gap(&self, gap: i64) -> Result<()> {
        if gap == self.gap {
            return Ok(());
        }
        Err(Error::invalid(
            format!("different gaps: {} and {}", time::interval_text(0, 0, self.gap), time::interval_text(0, 0, gap)),
            "Use one gap for all rows and all states that are merged.",
        ))
    }

    // So few loose runs take little beside the others; sorting them in costs a constant a run.
    fn settle_if_many(&mut self) -> Result<()> {
        if self.loose.len() > 64 + self.runs.len() / 16 { self.settle() } else { Ok(()) }
    }

    /// Sorts the loose runs in, without a copy of the others. Changes no answer.
    pub fn settle(&mut self) -> Result<()> {
        if self.loose.is_empty() {
            return Ok(());
        }
        let loose = core::mem::take(&mut self.loose);
        sort_in(&mut self.runs, loose, self.gap, &self.texts)
    }

    /// All runs, sorted and joined; a copy where some are loose.
    fn settled(&self) -> Result<Cow<'_, [Run]>> {
        if self.loose.is_empty() {
            return Ok(Cow::Borrowed(&self.runs));
        }
        let mut runs = memory::copy(&self.runs)?;
        sort_in(&mut runs, memory::copy(&self.loose)?, self.gap, &self.texts)?;
        Ok(Cow::Owned(runs))
    }

    /// How many visits there are.
    pub fn num_visits(&self) -> Result<usize> {
        Ok(self.settled()?.len())
    }

    /// The visits in order of time.
    pub fn visits(&self) -> Result<Vec<Visit<'_>>> {
        let text = |id: u32| if id == NONE { None } else { core::str::from_utf8(self.texts.get(id)).ok() };
        let visit = |run: &Run| Visit {
            started_at: run.start,
            ended_at: run.end,
            events: run.events,
            pageviews: run.pageviews,
            entry_page: text(run.entry),
            exit_page: text(run.exit),
            touch: text(run.touch),
        };
        memory::collect(self.settled()?.iter().map(visit))
    }

    /// The bytes: the same for the same rows, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let runs = self.settled()?;
        let texts = runs.iter().flat_map(|run| [run.entry, run.exit, run.touch]);
        let mut used = memory::collect(texts.filter(|id| *id != NONE))?;
        sort::by(&mut used, |a, b| self.texts.get(*a).cmp(self.texts.get(*b)));
        used.dedup();
        let mut rank = memory::filled(0u64, self.texts.len())?;
        let mut throttle = Throttle::default();
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.gap as u64);
        w.unsigned(used.len() as u64);
        for (id, place) in used.iter().zip(0u64..) {
            throttle.step();
            w.text(self.texts.get(*id));
            if let Some(slot) = rank.get_mut(*id as usize) {
                *slot = place;
            }
        }
        let rank = |id: u32| rank.get(id as usize).copied().unwrap_or(0);
        w.unsigned(runs.len() as u64);
        let mut before = 0i64;
        for run in runs.iter() {
            throttle.step();
            run.write(&mut w, before, rank);
            before = run.end;
        }
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(r.unsigned()?).map_err(|_| r.malformed("the gap is out of range"))?;
        let mut state = Self::new(gap)?;
        let (count, mut throttle) = (r.count(1)?, Throttle::default());
        let mut previous: Option<&str> = None;
        for _ in 0..count {
            throttle.step();
            let text = r.utf8()?;
            if previous.is_some_and(|previous| previous >= text) {
                return Err(r.malformed("texts are not in ascending order"));
            }
            previous = Some(text);
            state.texts.intern(text.as_bytes())?;
        }
        let mut used = memory::filled(false, count)?;
        let mut mark = |id: u64| {
            *used.get_mut(usize::try_from(id).ok()?)? = true;
            u32::try_from(id).ok()
        };
        let runs = r.count(5)?;
        memory::reserve_exact(&mut state.runs, runs)?;
        let mut before: Option<i64> = None;
        for _ in 0..runs {
            throttle.step();
            let mut run = Run::EMPTY;
            run.read(&mut r, before, gap, true, &mut mark)?;
            // The texts are numbered in their order: (time, number) compares as (time, page) does.
            if run.entry != NONE && (run.entry_at, run.entry) > (run.exit_at, run.exit) {
                return Err(r.malformed("a visit ends before it begins"));
            }
            before = Some(run.end);
            state.runs.push(run);
        }
        if used.contains(&false) || state.runs.is_empty() {
            return Err(r.malformed("texts or visits are missing"));
        }
        r.finish()?;
        Ok(state)
    }
}

/// Sorts loose runs into sorted ones, each of which moves once, and joins those within the gap of each other.
fn sort_in(runs: &mut Vec<Run>, mut loose: Vec<Run>, gap: i64, texts: &Dictionary) -> Result<()> {
    sort::by_key(&mut loose, |run| run.start);
    let mut left = runs.len();
    if runs.capacity() - left < loose.len() {
        memory::reserve_exact(runs, loose.len() + left / 16)?;
    }
    runs.extend_from_slice(&loose);
    // From the last to the first: the places behind those that are left are free.
    let (mut throttle, mut place) = (Throttle::default(), runs.len());
    while let Some(next) = loose.last().copied() {
        throttle.step();
        place -= 1;
        let run = match left.checked_sub(1).and_then(|i| runs.get(i)).copied().filter(|run| run.start > next.start) {
            Some(run) => {
                left -= 1;
                run
            }
            None => {
                loose.pop();
                next
            }
        };
        if let Some(slot) = runs.get_mut(place) {
            *slot = run;
        }
    }
    drop(loose);
    let mut last_kept = 0;
    for i in 1..runs.len() {
        throttle.step();
        let Some(run) = runs.get(i).copied() else { break };
        let Some(last) = runs.get_mut(last_kept) else { break };
        if run.start.saturating_sub(last.end) <= gap {
            last.absorb(&run, texts)?;
        } else {
            last_kept += 1;
            if let Some(slot) = runs.get_mut(last_kept) {
                *slot = run;
            }
        }
    }
    runs.truncate(last_kept + 1);
    if runs.capacity() - runs.len() > 64 + runs.len() / 8 {
        runs.shrink_to(runs.len() + runs.len() / 16);
    }
    Ok(())
}

/// Doubling would cost more than the runs: a visitor has two of them, a busy one thousands.
fn add(runs: &mut Vec<Run>, run: Run) -> Result<()> {
    if runs.len() == runs.capacity() {
        memory::reserve_exact(runs, 1 + runs.len() / 16)?;
    }
    runs.push(run);
    Ok(())
}

/// The totals of a state.
impl VisitState {
    /// All events.
    pub fn num_events(&self) -> u64 {
        self.each().map(|run| u64::from(run.events)).sum()
    }

    /// All page views.
    pub fn num_pageviews(&self) -> u64 {
        self.each().map(|run| u64::from(run.pageviews)).sum()
    }

    /// Visits of one event.
    pub fn num_bounces(&self) -> Result<usize> {
        Ok(self.settled()?.iter().filter(|run| run.events == 1).count())
    }

    /// The length of all visits in microseconds; `22008` beyond 292,000 years.
    pub fn total_duration(&self) -> Result<i64> {
        let total: i128 = self.settled()?.iter().map(|run| i128::from(run.end) - i128::from(run.start)).sum();
        i64::try_from(total).map_err(|_| {
            Error::new(
                ErrorKind::DatetimeOutOfRange,
                "the total duration is out of range",
                "Sum the visits' durations in parts.",
            )
        })
    }

    fn each(&self) -> impl Iterator<Item = &Run> {
        self.runs.iter().chain(&self.loose)
    }
}
