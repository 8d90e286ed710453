//! The visits of many visitors in one state, for reports over whole ranges: one hash table of visitors instead of a group
//! for each. It crosses from worker to leader as bytes, which [`super::Rows`] reads without bringing them into a table again.
//!
//! The table is kept so small that the processor's cache holds most of it: at [`MOST_VISITORS`] its visitors are written down
//! in order, as a batch, and it begins anew. Events come nearly in order of time, so few visits are in two batches; their
//! pieces are joined when the batches are read.

use std::borrow::Cow;

use super::arrival_cache::ArrivalCache;
use super::origin::origin;
use super::page_event::PageEvent;
use super::rows::Rows;
use super::run::Run;
use super::visit_part::VisitPart;
use super::visitor::Visitors;
use crate::arrival;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::text::utf8;
use crate::time;
use crate::url;

pub(super) const KIND: u8 = b'S';
pub(super) const VERSION: u8 = 4;
pub(super) const NAME: &str = "visit set";

/// The fewest bytes of a visitor: an empty id and one piece, which has six numbers at least.
pub(super) const LEAST_OF_VISITOR: usize = 2 + LEAST_OF_PIECE;
pub(super) const LEAST_OF_PIECE: usize = 6;
/// Those of a batch of one visitor, and of a part of one batch without texts, each behind its length. What is read takes much more
/// memory than such bytes, so nothing is in a set that has none of its own.
pub(super) const LEAST_OF_BATCH: usize = 2 + LEAST_OF_VISITOR;
pub(super) const LEAST_OF_PART: usize = 3 + LEAST_OF_BATCH;

/// As many visitors as a hash table of 8,192 places takes.
const MOST_VISITORS: usize = 7_168;

/// The page of a page view.
enum Page {
    /// Its number.
    Number(u32),
    /// There is one, which is not wanted.
    Counted,
    /// There is none, so that the event counts as no page view.
    None,
}

/// A longer start of a URL is not kept.
const MOST_OF_SITE: usize = 256;
/// So many URLs of other sites in a row are chance.
const MOST_OFF_SITE: u32 = 8;

/// A piece and whose it is: 72 bytes.
#[derive(Debug, Clone, Copy)]
struct Owned {
    piece: VisitPart,
    visitor: u32,
}

/// What is wanted of a set.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The gap between visits, in microseconds.
    pub gap: i64,
    /// Hosts that bring nobody.
    pub ignored: Vec<String>,
    /// Where runs are cut: instants in order. With cuts the rows are pieces of visits.
    pub cuts: Vec<i64>,
    /// Whether the path of a page comes from its URL.
    pub path_from_url: bool,
    /// Whether pages are wanted; else only their number.
    pub with_pages: bool,
    /// Whether touches are wanted.
    pub with_touch: bool,
    /// Who is to have the set: a number that it and its bytes carry, 0 for nobody.
    pub taker: u32,
}

/// The visits of many visitors.
#[derive(Debug)]
pub struct VisitSet {
    gap: i64,
    cuts: Cuts,
    ignored: Vec<String>,
    path_from_url: bool,
    with_pages: bool,
    with_touch: bool,
    taker: u32,
    /// The start of the URLs of one site, see [`url::site`]: most are of the same.
    site: String,
    /// How many URLs in a row were of other sites.
    off_site: u32,
    visitors: Visitors,
    /// By visitor: its latest run.
    latest: Vec<u32>,
    runs: Vec<Owned>,
    /// The visitors that were written down, each batch in order.
    batches: Vec<Vec<u8>>,
    batch_bytes: usize,
    /// The texts of runs and batches.
    texts: Dictionary,
    /// The pages of URLs up to their query, and where page views came from.
    pages: ArrivalCache<1>,
    origins: ArrivalCache<5>,
    /// What of a URL decides where its visitor came from.
    arrival_key: Vec<u8>,
    /// What workers have written.
    parts: Vec<Vec<u8>>,
}

impl VisitSet {
    /// An empty set; a gap of less than zero is `22023`.
    pub fn new(settings: Settings) -> Result<Self> {
        let Settings { gap, ignored, cuts, path_from_url, with_pages, with_touch, taker } = settings;
        Ok(Self {
            gap: time::not_negative(gap, "gap")?,
            cuts: Cuts::new(cuts),
            ignored,
            path_from_url,
            with_pages,
            with_touch,
            taker,
            site: String::new(),
            off_site: MOST_OFF_SITE,
            visitors: Visitors::default(),
            latest: Vec::new(),
            runs: Vec::new(),
            batches: Vec::new(),
            batch_bytes: 0,
            texts: Dictionary::default(),
            pages: ArrivalCache::default(),
            origins: ArrivalCache::default(),
            arrival_key: Vec::new(),
            parts: Vec::new(),
        })
    }

    /// An empty set that this one can be merged into.
    pub fn like(&self) -> Result<Self> {
        let cuts = self.cuts.clone();
        let settings =
            Settings { gap: self.gap, with_pages: self.with_pages, taker: self.taker, ..Settings::default() };
        Ok(Self { cuts, ..Self::new(settings)? })
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        !self.has_own() && self.parts.is_empty()
    }

    /// Whether there is an event of its own, not only what workers have written.
    fn has_own(&self) -> bool {
        !self.runs.is_empty() || !self.batches.is_empty()
    }

    /// Who is to have the set, 0 for nobody.
    pub fn taker(&self) -> u32 {
        self.taker
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.visitors.heap_bytes()
            + self.texts.heap_bytes()
            + self.runs.capacity() * size_of::<Owned>()
            + self.batch_bytes
            + self.latest.capacity() * size_of::<u32>()
            + self.cuts.instants.capacity() * size_of::<i64>()
            + self.pages.heap_bytes()
            + self.origins.heap_bytes()
            + self.arrival_key.capacity()
            + self.site.capacity()
            + self.parts.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds an event; ±infinity is `22008`, a text that is not UTF-8 `55000`.
    pub fn push(&mut self, hit: &PageEvent<'_>) -> Result<()> {
        let at = time::finite(hit.at, "occurred_at")?;
        if self.visitors.len() >= MOST_VISITORS {
            self.close_batch()?;
        }
        let visitor = self.visitors.intern(hit.visitor)?;
        let (mut run, mut landing) = (Run::of(at, NONE, NONE), NONE);
        if hit.is_pageview {
            let page = self.page(hit)?;
            let touch = if self.with_touch && !self.has_touch_before(visitor, at) { self.origin(hit)? } else { NONE };
            match page {
                Page::Number(page) => {
                    run = Run::of(at, page, touch);
                    landing = if touch == NONE || self.texts.get(page).is_empty() { NONE } else { page };
                }
                Page::Counted => run = Run { pageviews: 1, ..Run::of(at, NONE, touch) },
                Page::None => run = Run::of(at, NONE, touch),
            }
        }
        let agent = self.agent(hit.user_agent, visitor)?;
        self.add(Owned { piece: VisitPart { run, agent, landing }, visitor })
    }

    /// Writes down the visitors of the table, which begins anew.
    fn close_batch(&mut self) -> Result<()> {
        let batch = self.batch()?;
        self.batch_bytes += batch.len();
        self.batches.push(batch);
        self.visitors.clear();
        self.latest.clear();
        self.runs.clear();
        Ok(())
    }

    /// The visits, read where they are; what no set wrote is `22P03`. `cuts` are those that the set was made with.
    pub fn rows(&mut self, cuts: Cuts) -> Result<Rows<'_>> {
        if !self.runs.is_empty() {
            self.close_batch()?;
        }
        let mut rows = Rows::empty(self.gap, self.flags(), cuts)?;
        for part in &self.parts {
            rows.part(part)?;
        }
        if self.has_own() {
            rows.own(&self.texts, &self.batches)?;
        }
        rows.begin()
    }

    /// Whether the event continues a run that has a touch before it: then its own says nothing.
    fn has_touch_before(&self, visitor: u32, at: i64) -> bool {
        self.latest.get(visitor as usize).and_then(|place| self.runs.get(*place as usize)).is_some_and(|last| {
            let run = last.piece.run;
            run.touch != NONE && run.touch_at < at && at.saturating_sub(run.end) <= self.gap
        })
    }

    /// The page of a page view.
    fn page(&mut self, hit: &PageEvent<'_>) -> Result<Page> {
        let url = match (hit.path, hit.page_url) {
            (Some(path), _) if self.with_pages => return intern(&mut self.texts, path).map(Page::Number),
            (Some(_), _) => return Ok(Page::Counted),
            (None, Some(url)) if self.path_from_url => url,
            _ => return Ok(Page::None),
        };
        if !self.with_pages && self.is_of_site(url) {
            return Ok(Page::Counted);
        }
        let number = self.page_of_url(url)?;
        Ok(match number {
            NONE => Page::None,
            _ if self.with_pages => Page::Number(number),
            _ => Page::Counted,
        })
    }

    /// The number of a URL's path, [`NONE`] where it has none; where pages are not wanted, any other number.
    fn page_of_url(&mut self, url: &[u8]) -> Result<u32> {
        // What follows the path says nothing about it, but whether something follows does: only then blanks belong to it.
        let end = memchr::memchr2(b'?', b'#', url).map_or(url.len(), |at| at + 1);
        let key = self.pages.key([url.get(..end)]);
        if let Some(known) = self.pages.find(&key) {
            return Ok(known);
        }
        let page = match url::path(utf8(url)?) {
            Some(path) if self.with_pages => self.texts.intern(path.as_bytes())?,
            Some(_) => 0,
            None => NONE,
        };
        self.pages.keep(&key, page);
        Ok(page)
    }

    /// Whether a URL is of the site that most are of. After several others in a row it is another.
    fn is_of_site(&mut self, url: &[u8]) -> bool {
        if !self.site.is_empty() && url.starts_with(self.site.as_bytes()) {
            self.off_site = 0;
            return true;
        }
        self.off_site += 1;
        if self.off_site > MOST_OFF_SITE {
            self.off_site = 0;
            let site = core::str::from_utf8(url).ok().and_then(url::site).filter(|site| site.len() <= MOST_OF_SITE);
            self.site.clear();
            self.site.push_str(site.unwrap_or_default());
        }
        false
    }

    /// The number of where a page view came from, [`NONE`] where it is no arrival.
    fn origin(&mut self, hit: &PageEvent<'_>) -> Result<u32> {
        self.arrival_key.clear();
        match hit.page_url {
            Some(url) if self.is_of_site(url) => {
                // Without the slash, which is the path's.
                self.arrival_key.extend(self.site.bytes().take(self.site.len().saturating_sub(1)));
                arrival::tags(utf8(url)?, &mut self.arrival_key);
            }
            Some(url) => arrival::arrival_key(utf8(url)?, &mut self.arrival_key),
            None => {}
        }
        let arrival_key = hit.page_url.map(|_| &*self.arrival_key);
        let key = self.origins.key([arrival_key, hit.referrer, hit.utm_source, hit.utm_medium, hit.utm_campaign]);
        if let Some(known) = self.origins.find(&key) {
            return Ok(known);
        }
        let ignored = &self.ignored;
        let is_ignored = |host: &str| ignored.iter().any(|domain| is_below(host, domain));
        let origin = match origin(&hit.event()?, is_ignored) {
            Some(origin) => self.texts.intern(origin.as_bytes())?,
            None => NONE,
        };
        self.origins.keep(&key, origin);
        Ok(origin)
    }

    /// The number of a user agent: most often that of the visitor's event before.
    fn agent(&mut self, text: Option<&[u8]>, visitor: u32) -> Result<u32> {
        let Some(text) = text else { return Ok(NONE) };
        let before =
            self.latest.get(visitor as usize).and_then(|i| self.runs.get(*i as usize)).map(|run| run.piece.agent);
        match before {
            Some(id) if id != NONE && self.texts.get(id) == text => Ok(id),
            _ => intern(&mut self.texts, text),
        }
    }

    fn add(&mut self, new: Owned) -> Result<()> {
        let place = u32::try_from(self.runs.len()).ok().filter(|place| *place != NONE).ok_or_else(too_many)?;
        match self.latest.get_mut(new.visitor as usize) {
            None => self.latest.push(place),
            Some(latest) => {
                if let Some(last) = self.runs.get_mut(*latest as usize) {
                    let (run, other) = (last.piece.run, new.piece.run);
                    if run.touches(&other, self.gap) && self.cuts.together(other.start, run.start) {
                        return last.piece.absorb(&new.piece, &self.texts);
                    }
                    if other.start > run.start {
                        *latest = place;
                    }
                }
            }
        }
        // Doubling would cost more than the runs.
        if self.runs.len() == self.runs.capacity() {
            self.runs.reserve_exact((self.runs.len() / 8).max(64));
        }
        self.runs.push(new);
        Ok(())
    }

    /// Takes the events of another set into this one; different settings are `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if (other.gap, other.flags()) != (self.gap, self.flags()) {
            return Err(different_settings());
        }
        self.parts.extend(other.parts.iter().cloned());
        if other.has_own() {
            self.parts.push(other.part()?.concat());
        }
        Ok(())
    }

    /// Reads bytes of [`Self::serialize`]; what they say is looked at by [`super::Rows`].
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(r.unsigned()?).map_err(|_| r.malformed("the gap is out of range"))?;
        let flags = r.unsigned()?;
        let taker = u32::try_from(flags >> 2).map_err(|_| r.malformed("its flags are out of range"))?;
        let mut set = Self::new(Settings { gap, with_pages: flags & 2 != 0, taker, ..Settings::default() })?;
        set.cuts.used = flags & 1 != 0;
        set.take_parts(r)?;
        Ok(set)
    }

    /// Takes the events of a set of which these are the bytes; different settings are `22023`.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        if i64::try_from(r.unsigned()?) != Ok(self.gap) || r.unsigned()? != self.flags() {
            return Err(different_settings());
        }
        self.take_parts(r)
    }

    fn take_parts(&mut self, mut r: Reader<'_>) -> Result<()> {
        for _ in 0..r.count(LEAST_OF_PART)? {
            self.parts.push(r.text()?.to_vec());
        }
        r.finish()
    }

    /// The bytes: gap, flags, and the parts.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        Ok(self.chunks()?.concat())
    }

    /// The bytes in chunks, most of which are there already: they are a hundred megabytes, and each copy of them costs.
    pub fn chunks(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        let own = if self.has_own() { self.part()? } else { Vec::new() };
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.gap as u64);
        w.unsigned(self.flags());
        w.unsigned((self.parts.len() + usize::from(!own.is_empty())) as u64);
        let mut chunks = vec![Cow::Owned(w.finish())];
        for part in &self.parts {
            chunks.extend([length(part.len()), Cow::Borrowed(part)]);
        }
        if !own.is_empty() {
            chunks.push(length(own.iter().map(|chunk| chunk.len()).sum()));
            chunks.extend(own);
        }
        Ok(chunks)
    }

    /// Whether there are cuts, and pages, and who is to have the set.
    fn flags(&self) -> u64 {
        u64::from(self.cuts.used) | u64::from(self.with_pages) << 1 | u64::from(self.taker) << 2
    }

    /// The own events as a part: its texts, then the batches.
    fn part(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        let mut w = Writer::default();
        w.reserve(self.texts.text_bytes() + 5 * self.texts.len() + 64);
        w.unsigned(self.texts.len() as u64);
        for id in 0..self.texts.len() as u32 {
            w.text(self.texts.get(id));
        }
        let open = if self.runs.is_empty() { None } else { Some(self.batch()?) };
        w.unsigned((self.batches.len() + usize::from(open.is_some())) as u64);
        let mut chunks = vec![Cow::Owned(w.finish())];
        for batch in self.batches.iter().map(|batch| Cow::Borrowed(&**batch)).chain(open.map(Cow::Owned)) {
            chunks.extend([length(batch.len()), batch]);
        }
        Ok(chunks)
    }

    /// The visitors of the table in order of their ids, each with its runs in order of time.
    fn batch(&self) -> Result<Vec<u8>> {
        let mut w = Writer::default();
        w.reserve(self.visitors.written_bytes() + self.runs.len() * 32);
        w.unsigned(self.visitors.len() as u64);
        let (starts, places) = self.by_visitor();
        let (mut joined, mut cuts, mut counter) = (Vec::new(), self.cuts.clone(), Throttle::default());
        for visitor in self.visitors.in_order() {
            let end = starts.get(visitor as usize).copied().unwrap_or_default();
            let start = visitor.checked_sub(1).and_then(|i| starts.get(i as usize)).copied().unwrap_or_default();
            joined.clear();
            for place in places.get(start as usize..end as usize).unwrap_or_default() {
                counter.step();
                if let Some(owned) = self.runs.get(*place as usize) {
                    joined.push(owned.piece);
                }
            }
            join(&mut joined, self.gap, &mut cuts, &self.texts)?;
            self.visitors.get(visitor).write(&mut w);
            w.unsigned(joined.len() as u64);
            let mut before = 0;
            for piece in &joined {
                piece.write(&mut w, before);
                before = piece.run.end;
            }
        }
        Ok(w.finish())
    }

    /// The places of all runs, grouped by visitor, and where each visitor's end: a counting sort.
    fn by_visitor(&self) -> (Vec<u32>, Vec<u32>) {
        let mut next = vec![0u32; self.visitors.len()];
        for owned in &self.runs {
            if let Some(n) = next.get_mut(owned.visitor as usize) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for n in &mut next {
            sum += core::mem::replace(n, sum);
        }
        let mut places = vec![0u32; self.runs.len()];
        for (owned, place) in self.runs.iter().zip(0u32..) {
            if let Some(next) = next.get_mut(owned.visitor as usize) {
                if let Some(slot) = places.get_mut(*next as usize) {
                    *slot = place;
                }
                *next += 1;
            }
        }
        (next, places)
    }
}

/// A length as it stands before its bytes.
fn length(bytes: usize) -> Cow<'static, [u8]> {
    let mut w = Writer::default();
    w.unsigned(bytes as u64);
    Cow::Owned(w.finish())
}

/// The number of a text of the database, which is looked at when it is new.
fn intern(texts: &mut Dictionary, text: &[u8]) -> Result<u32> {
    let known = texts.len();
    let id = texts.intern(text)?;
    if texts.len() > known {
        utf8(text)?;
    }
    Ok(id)
}

/// Sorts one visitor's pieces by time and joins those within the gap of each other and between the same cuts.
pub(super) fn join(pieces: &mut Vec<VisitPart>, gap: i64, cuts: &mut Cuts, texts: &Dictionary) -> Result<()> {
    let mut apart = |a: &VisitPart, b: &VisitPart| {
        b.run.start > a.run.start && !(a.run.touches(&b.run, gap) && cuts.together(a.run.start, b.run.start))
    };
    if pieces.windows(2).all(|pair| matches!(pair, [a, b] if apart(a, b))) {
        return Ok(());
    }
    crate::resource::interrupt::sort_by_key(pieces, |piece| piece.run.start);
    let mut kept = 0;
    for i in 1..pieces.len() {
        let Some(&piece) = pieces.get(i) else { break };
        let Some(last) = pieces.get_mut(kept) else { break };
        if last.run.touches(&piece.run, gap) && cuts.together(last.run.start, piece.run.start) {
            last.absorb(&piece, texts)?;
        } else {
            kept += 1;
            if let Some(slot) = pieces.get_mut(kept) {
                *slot = piece;
            }
        }
    }
    pieces.truncate(kept + 1);
    Ok(())
}

/// Where runs are cut: at each instant a new stretch begins.
#[derive(Debug, Clone, Default)]
pub struct Cuts {
    used: bool,
    instants: Vec<i64>,
    /// The stretch that was asked for last.
    start: i64,
    end: i64,
}

impl Cuts {
    /// Cuts at instants that are in order.
    pub fn new(instants: Vec<i64>) -> Self {
        Self { used: !instants.is_empty(), instants, start: 0, end: 0 }
    }

    /// Whether there are cuts.
    pub(super) fn are_used(&self) -> bool {
        self.used
    }

    /// Whether no cut is between two instants.
    fn together(&mut self, a: i64, b: i64) -> bool {
        if !self.used {
            return true;
        }
        if a < self.start || a >= self.end {
            let after = self.instants.partition_point(|cut| *cut <= a);
            self.start = after.checked_sub(1).and_then(|i| self.instants.get(i)).copied().unwrap_or(i64::MIN);
            self.end = self.instants.get(after).copied().unwrap_or(i64::MAX);
        }
        self.start <= b && b < self.end
    }
}

fn different_settings() -> Error {
    Error::invalid("different settings in one aggregate", "Use one gap and the same settings for all rows.")
}

fn too_many() -> Error {
    Error::new(ErrorKind::LimitExceeded, "too many visits in one report", "Ask for a shorter range.")
}

/// Whether a host is a domain or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
