//! The visits of many visitors in one state, for reports over whole ranges: one hash table of visitors instead of a group
//! for each. It crosses from worker to leader as bytes, which [`VisitRows`] reads without bringing them into a table again.
//!
//! The table is the set's open batch. It is kept so small that the processor's cache holds most of it: at [`MAX_VISITORS`] its
//! visitors are written down in order, as a batch, and it begins anew. Events come nearly in order of time, so few visits are in
//! two batches; their visit parts are joined when the batches are read.

use std::borrow::Cow;

use super::batches::Batches;
use super::classify::Classifier;
use super::cuts::{Cuts, join};
use super::engagement::{KEY, PRESENT};
use super::format::{SetHeader, base};
use super::marks::OpenMarks;
use super::page_event::PageEvent;
use super::rows::VisitRows;
use super::settings::VisitSettings;
use super::views::{View, Views};
use super::visit_part::VisitPart;
use super::visitor::Visitors;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory;
use crate::resource::sort;
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::time;

/// As many visitors as a hash table of 8,192 places takes.
const MAX_VISITORS: usize = 7_168;

/// At most so many marks take half as much as the table does as a rule; where a few visitors have many events, they would take more than all else.
const MAX_MARKS: usize = 32_768;
const MAX_VIEWS: usize = 32_768;

/// See [`VisitSet::is_count_due`].
const EVENTS_BETWEEN_COUNTS: u32 = 64;

/// A visit part of the table and whose it is: 72 bytes.
#[derive(Debug, Clone, Copy)]
struct TableEntry {
    part: VisitPart,
    visitor: u32,
}

/// Where in the table a visitor's next event may belong.
#[derive(Debug, Clone, Copy)]
struct Latest {
    /// The newest visit part.
    newest: u32,
    /// The one that the last event out of order of time met: such events come in runs too.
    met: u32,
}

/// What a set keeps of an event by itself, where it keeps anything.
#[derive(Debug, Clone, Copy)]
enum Kept<'a> {
    /// Its page, if it is a page view.
    Pages,
    /// What is said of it.
    Note(Option<&'a str>),
}

/// At most so many visit parts may be out of order of time before the table is joined, and an eighth of it more.
const MAX_LATE: usize = 64;

/// The visits of many visitors.
#[derive(Debug)]
pub struct VisitSet {
    header: SetHeader,
    heartbeats: Vec<String>,
    cuts: Cuts,
    classifier: Classifier,
    visitors: Visitors,
    latest: Vec<Latest>,
    table: Vec<TableEntry>,
    /// Those of the table's visitors.
    marks: OpenMarks,
    /// Page views of the table's visitors, where they are wanted, and whose they are.
    views: Vec<(u32, View)>,
    counted_since: i64,
    /// Events since its memory was counted.
    uncounted: u32,
    /// How many visit parts came out of order of time since the table was joined.
    late: usize,
    /// The newest event, and how many were more than the gap older than the newest before them since batches were merged.
    newest: i64,
    late_events: usize,
    batches: Batches,
    /// The texts of table and batches.
    texts: Dictionary,
    /// What workers have written.
    parts: Vec<Vec<u8>>,
}

impl VisitSet {
    /// An empty set; a gap of less than zero is `22023`.
    pub fn new(mut settings: VisitSettings) -> Result<Self> {
        let gap = time::not_negative(settings.gap, "gap")?;
        let cuts = Cuts::new(core::mem::take(&mut settings.cuts));
        let (with_pages, with_moments, receiver) = (settings.with_pages, settings.with_moments, settings.receiver);
        let with_views = settings.with_views || with_moments;
        let heartbeats = core::mem::take(&mut settings.heartbeats);
        let counted_since = settings.counted_since.unwrap_or(i64::MIN);
        Ok(Self {
            header: SetHeader { gap, has_cuts: cuts.exist(), with_pages, with_views, with_moments, receiver },
            heartbeats,
            cuts,
            classifier: Classifier::new(settings),
            visitors: Visitors::default(),
            latest: Vec::new(),
            table: Vec::new(),
            marks: OpenMarks::default(),
            views: Vec::new(),
            counted_since,
            uncounted: 0,
            late: 0,
            newest: i64::MIN,
            late_events: 0,
            batches: Batches::default(),
            texts: Dictionary::default(),
            parts: Vec::new(),
        })
    }

    /// An empty set that others with this header can be merged into.
    fn with_header(header: SetHeader) -> Result<Self> {
        let SetHeader { gap, has_cuts, .. } = header;
        let set = Self::new(VisitSettings { gap, ..VisitSettings::default() })?;
        Ok(Self { header, cuts: Cuts::unknown(has_cuts), ..set })
    }

    /// An empty set that this one can be merged into.
    pub fn like(&self) -> Result<Self> {
        Ok(Self { cuts: self.cuts.clone(), ..Self::with_header(self.header)? })
    }

    /// Whether there is no event.
    pub fn is_empty(&self) -> bool {
        !self.has_open_part() && self.parts.is_empty()
    }

    /// Whether there is an event that came here, not only what workers have written.
    fn has_open_part(&self) -> bool {
        self.has_open_batch() || !self.batches.all().is_empty()
    }

    fn has_open_batch(&self) -> bool {
        self.visitors.len() > 0
    }

    /// Who is to have the set, 0 for nobody.
    pub fn receiver(&self) -> u32 {
        self.header.receiver
    }

    /// Whether its memory is to be counted again: with every 64th event, because a count takes 12 ns. What grows asks for itself.
    #[inline]
    pub fn is_count_due(&mut self) -> bool {
        self.uncounted += 1;
        let is_due = self.uncounted >= EVENTS_BETWEEN_COUNTS;
        if is_due {
            self.uncounted = 0;
        }
        is_due
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.visitors.heap_bytes()
            + self.texts.heap_bytes()
            + self.table.capacity() * size_of::<TableEntry>()
            + self.marks.heap_bytes()
            + self.views.capacity() * size_of::<(u32, View)>()
            + self.batches.heap_bytes()
            + self.latest.capacity() * size_of::<Latest>()
            + self.cuts.heap_bytes()
            + self.classifier.heap_bytes()
            + self.parts.iter().map(Vec::capacity).sum::<usize>()
    }

    /// Adds an event; ±infinity is `22008`, a text that is not UTF-8 `55000`.
    pub fn push(&mut self, event: &PageEvent<'_>) -> Result<()> {
        let at = time::finite(event.at, "occurred_at")?;
        self.push_at(event, at, at >= self.counted_since, Kept::Pages)
    }

    /// The same in a set that keeps notes where others keep page views: that of this event, if any. Where it is not `counted`, it is
    /// of no visit.
    pub fn push_noted(&mut self, event: &PageEvent<'_>, counted: bool, note: Option<&str>) -> Result<()> {
        let at = time::finite(event.at, "occurred_at")?;
        self.push_at(event, at, counted && at >= self.counted_since, Kept::Note(note))
    }

    #[inline]
    fn push_at(&mut self, event: &PageEvent<'_>, at: i64, counts: bool, kept: Kept<'_>) -> Result<()> {
        let note = if let Kept::Note(note) = kept { note } else { None };
        if !counts && event.id.is_none() && note.is_none() {
            return Ok(());
        }
        if self.visitors.len() >= MAX_VISITORS || self.marks.len() >= MAX_MARKS || self.views.len() >= MAX_VIEWS {
            self.close_batch()?;
        }
        let visitor = self.visitors.intern(event.visitor)?;
        if let Some(id) = event.id {
            self.marks.push(visitor, id, at)?;
        }
        if let Some(note) = note {
            let page = self.texts.intern(note.as_bytes())?;
            memory::push(&mut self.views, (visitor, View { at, page }))?;
        }
        if !counts {
            return Ok(());
        }
        self.late_events += usize::from(at < self.newest.saturating_sub(self.header.gap));
        self.newest = self.newest.max(at);
        let latest = self.latest.get(visitor as usize).and_then(|latest| self.table.get(latest.newest as usize));
        let part = self.classifier.visit_part(event, at, latest.map(|entry| &entry.part), &mut self.texts)?;
        if self.header.with_views && matches!(kept, Kept::Pages) {
            let page = if self.header.with_moments { self.moment(event, &part) } else { Some(part.run.entry) };
            if let Some(page) = page.filter(|page| *page != NONE) {
                memory::push(&mut self.views, (visitor, View { at, page }))?;
            }
        }
        self.add(TableEntry { part, visitor })
    }

    /// What an event says of who was there, `None` for nothing.
    fn moment(&self, event: &PageEvent<'_>, part: &VisitPart) -> Option<u32> {
        let is_heartbeat = || {
            event.event_type.is_some_and(|kind| self.heartbeats.iter().any(|heartbeat| heartbeat.as_bytes() == kind))
        };
        let is_present = part.run.pageviews > 0 || is_heartbeat();
        let moment = if is_present { PRESENT } else { 0 } | if event.is_key { KEY } else { 0 };
        (moment > 0).then_some(moment)
    }

    fn add(&mut self, new: TableEntry) -> Result<()> {
        let place = u32::try_from(self.table.len()).ok().filter(|place| *place != NONE).ok_or_else(|| {
            Error::new(ErrorKind::LimitExceeded, "too many visits in one report", "Ask for a shorter range.")
        })?;
        match self.latest.get(new.visitor as usize).copied().filter(|latest| latest.newest != NONE) {
            None => {
                // Visitors before may have no event that counts.
                while self.latest.len() < new.visitor as usize {
                    memory::push(&mut self.latest, Latest { newest: NONE, met: NONE })?;
                }
                let first = Latest { newest: place, met: place };
                match self.latest.get_mut(new.visitor as usize) {
                    Some(latest) => *latest = first,
                    None => memory::push(&mut self.latest, first)?,
                }
            }
            Some(latest) => {
                if self.joins(latest.newest, &new.part)? {
                    return Ok(());
                }
                if latest.met != latest.newest && self.joins(latest.met, &new.part)? {
                    return Ok(());
                }
                let newest = self.table.get(latest.newest as usize).map(|entry| entry.part.run.start);
                let is_late = newest.is_some_and(|start| new.part.run.start <= start);
                if is_late && self.late > MAX_LATE + self.table.len() / 8 {
                    self.join_table()?;
                    return self.add(new);
                }
                self.late += usize::from(is_late);
                if let Some(latest) = self.latest.get_mut(new.visitor as usize) {
                    *latest = Latest { newest: if is_late { latest.newest } else { place }, met: place };
                }
            }
        }
        if self.table.len() == self.table.capacity() {
            // Doubling would cost more than the visit parts.
            let more = (self.table.len() / 8).max(64);
            memory::reserve_exact(&mut self.table, more)?;
        }
        self.table.push(new);
        Ok(())
    }

    /// Whether a visit part of the table takes another one of its visitor in.
    #[inline]
    fn joins(&mut self, place: u32, new: &VisitPart) -> Result<bool> {
        let Some(entry) = self.table.get_mut(place as usize) else { return Ok(false) };
        let (run, other) = (entry.part.run, new.run);
        if run.is_within_gap(&other, self.header.gap) && self.cuts.together(other.start, run.start) {
            entry.part.absorb(new, &self.texts)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Joins the visit parts of each visitor where they are: what comes out of order of time is a part of its own at first.
    #[cold]
    fn join_table(&mut self) -> Result<()> {
        sort::by_key(&mut self.table, |entry| (entry.visitor, entry.part.run.start));
        let (mut last_kept, mut throttle) = (0, Throttle::default());
        for i in 1..self.table.len() {
            throttle.step();
            let Some(entry) = self.table.get(i).copied() else { break };
            let is_same = self.table.get(last_kept).is_some_and(|last| last.visitor == entry.visitor);
            if is_same && self.joins(last_kept as u32, &entry.part)? {
                continue;
            }
            last_kept += 1;
            if let Some(slot) = self.table.get_mut(last_kept) {
                *slot = entry;
            }
        }
        self.table.truncate(last_kept + 1);
        for (place, entry) in (0u32..).zip(&self.table) {
            if let Some(latest) = self.latest.get_mut(entry.visitor as usize) {
                *latest = Latest { newest: place, met: place };
            }
        }
        self.late = 0;
        Ok(())
    }

    /// Writes down the visitors of the table, which begins anew.
    fn close_batch(&mut self) -> Result<()> {
        let mut batch = self.open_batch()?;
        // The room was a guess, twice what is needed as a rule.
        batch.shrink_to_fit();
        self.visitors.clear();
        self.latest.clear();
        self.table.clear();
        self.marks.clear();
        self.views.clear();
        self.late = 0;
        self.batches.push(batch)?;
        // In order of time hardly a visit is in two batches.
        if self.late_events > MAX_VISITORS / 8
            && self.batches.merge_if_many(self.header, &mut self.cuts, &self.texts)?
        {
            self.late_events = 0;
        }
        Ok(())
    }

    /// The visits, read where they are; bytes that no set wrote are `22P03`. `cuts` are those that the set was made with.
    pub fn rows(&mut self, cuts: Cuts) -> Result<VisitRows<'_>> {
        if self.has_open_batch() {
            self.close_batch()?;
        }
        let mut rows = VisitRows::empty(self.header, cuts)?;
        for part in &self.parts {
            rows.add_part(part)?;
        }
        if self.has_open_part() {
            rows.add_open_part(&self.texts, self.batches.all())?;
        }
        rows.begin()
    }

    /// Takes the events of another set into this one; different settings are `22023`.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_settings(other.header)?;
        for part in &other.parts {
            memory::push(&mut self.parts, memory::copy(part)?)?;
        }
        if other.has_open_part() {
            memory::push(&mut self.parts, concat(&other.open_part()?)?)?;
        }
        Ok(())
    }

    fn same_settings(&self, header: SetHeader) -> Result<()> {
        if header == self.header {
            return Ok(());
        }
        Err(Error::invalid("different settings in one aggregate", "Use one gap and the same settings for all rows."))
    }

    /// Reads bytes of [`Self::serialize`]; what they say is looked at by [`VisitRows`].
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let (header, parts, r) = SetHeader::read(bytes)?;
        let mut set = Self::with_header(header)?;
        set.take_parts(parts, r)?;
        Ok(set)
    }

    /// Takes the events of a set of which these are the bytes; different settings are `22023`.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let (header, parts, r) = SetHeader::read(bytes)?;
        self.same_settings(header)?;
        self.take_parts(parts, r)
    }

    /// The same, whoever was to have the other set: it comes from a part of the rows that was asked for apart.
    pub fn merge_apart(&mut self, bytes: &[u8]) -> Result<()> {
        let (header, parts, r) = SetHeader::read(bytes)?;
        self.same_settings(SetHeader { receiver: self.header.receiver, ..header })?;
        self.take_parts(parts, r)
    }

    fn take_parts(&mut self, parts: usize, mut r: Reader<'_>) -> Result<()> {
        for _ in 0..parts {
            memory::push(&mut self.parts, memory::copy(r.text()?)?)?;
        }
        r.finish()
    }

    /// The bytes: a header, then the parts.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        concat(&self.chunks()?)
    }

    /// The bytes in chunks, most of which are there already: they are a hundred megabytes, and each copy of them costs.
    pub fn chunks(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        let open = if self.has_open_part() { self.open_part()? } else { Vec::new() };
        let header = self.header.write(self.parts.len() + usize::from(!open.is_empty()));
        let mut chunks = memory::with_room(1 + 2 * self.parts.len() + 1 + open.len())?;
        chunks.push(Cow::Owned(header.finish()?));
        for part in &self.parts {
            chunks.extend([length(part.len())?, Cow::Borrowed(part)]);
        }
        if !open.is_empty() {
            chunks.push(length(open.iter().map(|chunk| chunk.len()).sum())?);
            chunks.extend(open);
        }
        Ok(chunks)
    }

    /// The events that came here as a part: its texts, then the batches.
    fn open_part(&self) -> Result<Vec<Cow<'_, [u8]>>> {
        let mut w = Writer::default();
        w.reserve(self.texts.text_bytes() + 5 * self.texts.len() + 64);
        w.unsigned(self.texts.len() as u64);
        let mut throttle = Throttle::default();
        for id in 0..self.texts.len() as u32 {
            throttle.step();
            w.text(self.texts.get(id));
        }
        let open = if self.has_open_batch() { Some(self.open_batch()?) } else { None };
        let batches = self.batches.all().len() + usize::from(open.is_some());
        w.unsigned(batches as u64);
        let mut chunks = memory::with_room(1 + 2 * batches)?;
        chunks.push(Cow::Owned(w.finish()?));
        for batch in self.batches.all().iter().map(|batch| Cow::Borrowed(&**batch)).chain(open.map(Cow::Owned)) {
            chunks.extend([length(batch.len())?, batch]);
        }
        Ok(chunks)
    }

    /// The visitors of the table in order of their ids, each with its visit parts in order of time, its marks and its page views.
    fn open_batch(&self) -> Result<Vec<u8>> {
        let mut w = Writer::default();
        w.reserve(self.visitors.written_bytes() + self.table.len() * 32 + self.marks.len() * 5 + self.views.len() * 6);
        w.unsigned(self.visitors.len() as u64);
        let entries = ByVisitor::new(&self.table, self.visitors.len(), |entry| entry.visitor)?;
        let all_views = ByVisitor::new(&self.views, self.visitors.len(), |(visitor, _)| *visitor)?;
        let (mut parts, mut hashes, mut views) = (Vec::new(), Vec::new(), Views::default());
        let (mut cuts, mut throttle) = (self.cuts.clone(), Throttle::default());
        for visitor in self.visitors.in_order()? {
            let entries = entries.of(visitor);
            parts.clear();
            memory::reserve(&mut parts, entries.len())?;
            throttle.steps(entries.len() + self.marks.count(visitor));
            parts.extend(entries.filter_map(|place| self.table.get(place)).map(|entry| entry.part));
            join(&mut parts, self.header.gap, &mut cuts, &self.texts)?;
            self.visitors.get(visitor).write_with(&parts, &mut w);
            self.marks.write(visitor, base(&parts), &mut hashes, &mut w)?;
            if self.header.with_views {
                let own = all_views.of(visitor);
                throttle.steps(own.len());
                let missing = View { at: 0, page: NONE };
                views.set(own.map(|place| self.views.get(place).map_or(missing, |(_, view)| *view)))?;
                views.sort(&self.texts, self.header.with_moments);
                views.write(&mut w);
            }
        }
        w.finish()
    }
}

/// The places of things in a list, grouped by the visitor that each of them is of: a counting sort.
struct ByVisitor {
    places: Vec<u32>,
    /// Where each visitor's end.
    ends: Vec<u32>,
}

impl ByVisitor {
    fn new<T>(list: &[T], visitors: usize, visitor: impl Fn(&T) -> u32) -> Result<Self> {
        let mut throttle = Throttle::default();
        let mut next = memory::filled(0u32, visitors)?;
        for thing in list {
            throttle.step();
            if let Some(n) = next.get_mut(visitor(thing) as usize) {
                *n += 1;
            }
        }
        let mut sum = 0;
        for n in &mut next {
            sum += core::mem::replace(n, sum);
        }
        let mut places = memory::filled(0u32, list.len())?;
        for (thing, place) in list.iter().zip(0u32..) {
            throttle.step();
            if let Some(next) = next.get_mut(visitor(thing) as usize) {
                if let Some(slot) = places.get_mut(*next as usize) {
                    *slot = place;
                }
                *next += 1;
            }
        }
        Ok(Self { places, ends: next })
    }

    /// The places of a visitor's.
    fn of(&self, visitor: u32) -> impl ExactSizeIterator<Item = usize> {
        let end = self.ends.get(visitor as usize).copied().unwrap_or_default();
        let start = visitor.checked_sub(1).and_then(|i| self.ends.get(i as usize)).copied().unwrap_or_default();
        self.places.get(start as usize..end as usize).unwrap_or_default().iter().map(|place| *place as usize)
    }
}

/// A length as it stands before its bytes.
fn length(bytes: usize) -> Result<Cow<'static, [u8]>> {
    let mut w = Writer::default();
    w.unsigned(bytes as u64);
    w.finish().map(Cow::Owned)
}

/// The bytes of all chunks.
fn concat(chunks: &[Cow<'_, [u8]>]) -> Result<Vec<u8>> {
    let mut bytes = memory::with_room(chunks.iter().map(|chunk| chunk.len()).sum())?;
    chunks.iter().for_each(|chunk| bytes.extend_from_slice(chunk));
    Ok(bytes)
}
