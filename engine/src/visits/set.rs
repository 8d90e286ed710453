//! The visits of many visitors in one state, for reports over whole ranges: one hash table of visitors instead of a group
//! for each. It crosses from worker to leader as bytes, and its rows are read from the same bytes.

use super::memo::{Meaning, Memo};
use super::run::Run;
use crate::arrival::{self, Event};
use crate::duration;
use crate::error::{Error, Result};
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::url;

pub(super) const KIND: u8 = b'S';
pub(super) const VERSION: u8 = 1;
pub(super) const NAME: &str = "visit set";

/// One event as the source has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hit<'a> {
    /// Whose it is.
    pub visitor: &'a str,
    /// Microseconds since 2000-01-01 UTC.
    pub at: i64,
    /// Whether it is a page view: only these have pages and touches.
    pub is_pageview: bool,
    /// The page's path; `None` takes it from the URL where `path_from_url` says so.
    pub path: Option<&'a str>,
    /// Whether the path is to be taken from the URL.
    pub path_from_url: bool,
    /// How the visitor came.
    pub event: Event<'a>,
    /// The browser.
    pub user_agent: Option<&'a str>,
}

/// The visits of many visitors.
#[derive(Debug)]
pub struct VisitSet {
    gap: i64,
    ignored: Vec<String>,
    visitors: Dictionary,
    /// By visitor: its latest run.
    latest: Vec<u32>,
    runs: Vec<Run>,
    /// By run: the smallest user agent by bytes.
    agents: Vec<u32>,
    texts: Dictionary,
    memo: Memo,
    /// States from workers, not read in yet.
    parts: Vec<Vec<u8>>,
}

impl VisitSet {
    /// An empty set. `gap` in microseconds, less than zero is `22023`; `ignored` are hosts that bring nobody.
    pub fn new(gap: i64, ignored: Vec<String>) -> Result<Self> {
        Ok(Self {
            gap: duration::not_negative(gap, "gap")?,
            ignored,
            visitors: Dictionary::default(),
            latest: Vec::new(),
            runs: Vec::new(),
            agents: Vec::new(),
            texts: Dictionary::default(),
            memo: Memo::default(),
            parts: Vec::new(),
        })
    }

    /// The gap in microseconds.
    pub fn gap(&self) -> i64 {
        self.gap
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.parts.is_empty()
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.visitors.heap_bytes()
            + self.texts.heap_bytes()
            + self.runs.capacity() * size_of::<Run>()
            + (self.latest.capacity() + self.agents.capacity()) * size_of::<u32>()
            + self.memo.heap_bytes()
            + self.parts.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds an event; ±infinity is `22008`.
    pub fn push(&mut self, hit: &Hit<'_>) -> Result<()> {
        let at = duration::finite(hit.at, "occurred_at")?;
        let meaning = if hit.is_pageview { self.meaning(hit)? } else { Meaning { page: NONE, touch: NONE } };
        let agent = hit.user_agent.map_or(Ok(NONE), |text| self.texts.intern(text.as_bytes()))?;
        let visitor = self.visitors.intern(hit.visitor.as_bytes())?;
        self.add(Run::of(at, meaning.page, meaning.touch, visitor), agent)
    }

    fn meaning(&mut self, hit: &Hit<'_>) -> Result<Meaning> {
        if let Some(known) = self.memo.find(hit) {
            return Ok(known);
        }
        let derived;
        let path = match hit.path {
            None if hit.path_from_url => {
                derived = hit.event.page_url.and_then(url::path);
                derived.as_deref()
            }
            given => given,
        };
        let page = path.map_or(Ok(NONE), |path| self.texts.intern(path.as_bytes()))?;
        let ignored = &self.ignored;
        let is_ignored = |host: &str| ignored.iter().any(|domain| is_below(host, domain));
        let touch = match touch(&hit.event, path, is_ignored) {
            Some(touch) => self.texts.intern(touch.as_bytes())?,
            None => NONE,
        };
        let meaning = Meaning { page, touch };
        self.memo.keep(meaning);
        Ok(meaning)
    }

    fn add(&mut self, run: Run, agent: u32) -> Result<()> {
        let place = u32::try_from(self.runs.len()).ok().filter(|place| *place != NONE).ok_or_else(too_many)?;
        match self.latest.get_mut(run.visitor as usize) {
            None => self.latest.push(place),
            Some(latest) => {
                let i = *latest as usize;
                if let (Some(last), Some(own)) = (self.runs.get_mut(i), self.agents.get_mut(i)) {
                    if last.touches(&run, self.gap) {
                        *own = smaller(*own, agent, &self.texts);
                        return last.absorb(&run, &self.texts);
                    }
                    if run.start > last.start {
                        *latest = place;
                    }
                }
            }
        }
        self.runs.push(run);
        self.agents.push(agent);
        Ok(())
    }

    /// Takes the events of another set into this one; different gaps are `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        for part in &other.parts {
            self.read(part)?;
        }
        if !other.runs.is_empty() {
            self.read(&other.serialize()?)?;
        }
        Ok(())
    }

    /// Keeps bytes of [`Self::serialize`] as they are; they are read when they are merged into another set.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(r.unsigned()?).map_err(|_| r.malformed("the gap is out of range"))?;
        let mut set = Self::new(gap, Vec::new())?;
        set.parts.push(bytes.to_vec());
        Ok(set)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = r.unsigned()?;
        if gap != self.gap as u64 {
            return Err(Error::invalid("different gaps in one aggregate", "Use one gap for all rows."));
        }
        let count = r.count(1)?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(self.texts.intern(r.text()?)?);
        }
        for _ in 0..r.count(3)? {
            let visitor = self.visitors.intern(r.text()?)?;
            let mut before = None;
            for _ in 0..r.count(6)? {
                let known = |id: u64| usize::try_from(id).ok().and_then(|i| texts.get(i)).copied();
                let agent = match r.unsigned()? {
                    0 => NONE,
                    id => known(id - 1).ok_or_else(|| r.malformed("a text is missing"))?,
                };
                let run = Run { visitor, ..Run::read(&mut r, before, self.gap, known)? };
                before = Some(run.end);
                self.add(run, agent)?;
            }
        }
        r.finish()
    }

    /// The bytes: texts, then each visitor with its visits in order of time.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        if let ([part], true) = (self.parts.as_slice(), self.runs.is_empty()) {
            return Ok(part.clone());
        }
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.gap as u64);
        w.unsigned(self.texts.len() as u64);
        for id in 0..self.texts.len() as u32 {
            w.text(self.texts.get(id));
        }
        w.unsigned(self.visitors.len() as u64);
        let order = self.by_visitor();
        let mut joined: Vec<(Run, u32)> = Vec::new();
        let mut rest = order.as_slice();
        for visitor in 0..self.visitors.len() as u32 {
            let own =
                rest.iter().take_while(|i| self.runs.get(**i as usize).is_some_and(|r| r.visitor == visitor)).count();
            let (mine, others) = rest.split_at(own);
            rest = others;
            self.join(mine, &mut joined)?;
            w.text(self.visitors.get(visitor));
            w.unsigned(joined.len() as u64);
            let mut before = 0;
            for (run, agent) in &joined {
                w.unsigned(if *agent == NONE { 0 } else { u64::from(*agent) + 1 });
                run.write(&mut w, before, u64::from);
                before = run.end;
            }
        }
        Ok(w.finish())
    }

    /// The places of all runs, grouped by visitor: a counting sort.
    fn by_visitor(&self) -> Vec<u32> {
        let mut starts = vec![0u32; self.visitors.len() + 1];
        for run in &self.runs {
            if let Some(n) = starts.get_mut(run.visitor as usize + 1) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for n in &mut starts {
            sum += *n;
            *n = sum;
        }
        let mut order = vec![0u32; self.runs.len()];
        for (run, place) in self.runs.iter().zip(0u32..) {
            if let Some(next) = starts.get_mut(run.visitor as usize) {
                if let Some(slot) = order.get_mut(*next as usize) {
                    *slot = place;
                }
                *next += 1;
            }
        }
        order
    }

    /// One visitor's runs, sorted and joined.
    fn join(&self, places: &[u32], joined: &mut Vec<(Run, u32)>) -> Result<()> {
        joined.clear();
        let run_at = |i: u32| Some((*self.runs.get(i as usize)?, *self.agents.get(i as usize)?));
        joined.extend(places.iter().filter_map(|i| run_at(*i)));
        let apart = |pair: &[(Run, u32)]| match pair {
            [a, b] => b.0.start > a.0.start && !a.0.touches(&b.0, self.gap),
            _ => true,
        };
        if joined.windows(2).all(apart) {
            return Ok(());
        }
        joined.sort_unstable_by_key(|(run, _)| run.start);
        let all = core::mem::take(joined);
        for (run, agent) in all {
            match joined.last_mut() {
                Some((last, own)) if last.touches(&run, self.gap) => {
                    last.absorb(&run, &self.texts)?;
                    *own = smaller(*own, agent, &self.texts);
                }
                _ => joined.push((run, agent)),
            }
        }
        Ok(())
    }
}

fn too_many() -> Error {
    Error::new(crate::ErrorKind::LimitExceeded, "too many visits in one report", "Ask for a shorter range.")
}

/// The smaller text by bytes; none is larger than any.
fn smaller(a: u32, b: u32, texts: &Dictionary) -> u32 {
    if a == b || b == NONE || (a != NONE && texts.get(a) <= texts.get(b)) { a } else { b }
}

/// Whether a host is a domain or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The separator between the parts of a touch.
pub(super) const PART: char = '\u{1f}';

/// The touch of a page view as one text that compares by bytes, `None` where the event is no arrival: channel, source,
/// medium, campaign, term, rule, referrer domain and landing page, joined by [`PART`]; an absent part is empty.
fn touch(event: &Event<'_>, path: Option<&str>, is_ignored: impl FnOnce(&str) -> bool) -> Option<String> {
    if !arrival::is_arrival(event, is_ignored) {
        return None;
    }
    let a = arrival::arrival(event);
    let domain = event.referrer.and_then(url::domain);
    let parts = [
        a.source.as_deref(),
        a.medium.as_deref(),
        a.campaign.as_deref(),
        a.term.as_deref(),
        Some(&*a.rule),
        domain.as_deref(),
        path,
    ];
    let mut touch = String::with_capacity(96);
    touch.push_str(a.channel);
    for part in parts {
        touch.push(PART);
        // A separator in the data must not shift the parts behind it.
        touch.extend(part.unwrap_or("").chars().map(|c| if c == PART { ' ' } else { c }));
    }
    Some(touch)
}
