//! Reading the visits of a set from its bytes, visitor by visitor: the batches of its parts, which have their visitors in
//! order, are merged on the way.

use super::cuts::{Cuts, join};
use super::format::{LEAST_OF_BATCH, LEAST_OF_VISIT_PART, LEAST_OF_VISITOR, NAME, SetHeader, base};
use super::loser_tree::LoserTree;
use super::marks::Marks;
use super::views::{View, Views};
use super::visit_part::VisitPart;
use super::visitor::Visitor;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::state::{Dictionary, NONE, Reader};

/// The visitors of a set in order of their ids, each with its visits in order of time, but for the suspects: visitors who may have an
/// event twice. Texts are numbers for [`Self::text`]. All the memory that it takes beside the bytes is held of the limit.
#[derive(Debug)]
pub struct VisitRows<'a> {
    header: SetHeader,
    cuts: Cuts,
    texts: Dictionary,
    texts_held: Reservation,
    /// By part: the numbers in `texts` of its texts.
    numbers: Vec<HeldVec<u32>>,
    batches: HeldVec<BatchReader<'a>>,
    /// The next visitor of each batch.
    next: LoserTree<'a>,
    visit_parts: Vec<VisitPart>,
    visit_parts_held: Reservation,
    marks: Marks,
    views: Views,
    suspects: HeldVec<Visitor<'a>>,
}

/// How the visitors of a batch are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form<'n> {
    /// Visit parts are further apart.
    pub gap: i64,
    /// Whether page views have pages.
    pub with_pages: bool,
    /// Whether page views are there one by one.
    pub with_views: bool,
    /// Whether these are moments instead.
    pub with_moments: bool,
    /// The reader's numbers of the texts.
    pub numbers: &'n [u32],
}

/// The visitors of a batch, one after the other.
#[derive(Debug)]
pub(super) struct BatchReader<'a> {
    reader: Reader<'a>,
    /// Which part the batch is of.
    part: usize,
    visitors_left: usize,
    last: Option<Visitor<'a>>,
}

impl<'a> VisitRows<'a> {
    /// Begins to read; bytes that no set wrote are `22P03`, here or on the way. `cuts` are those that the set was made with.
    pub fn new(bytes: &'a [u8], cuts: Cuts) -> Result<Self> {
        let (header, parts, mut reader) = SetHeader::read(bytes)?;
        let mut rows = Self::empty(header, cuts)?;
        for _ in 0..parts {
            rows.add_part(reader.text()?)?;
        }
        reader.finish()?;
        rows.begin()
    }

    /// Nothing to read yet, of a set with this header.
    pub(super) fn empty(header: SetHeader, cuts: Cuts) -> Result<Self> {
        if header.has_cuts != cuts.exist() {
            return Err(Reader::resume(&[], NAME).malformed("it was made with other cuts"));
        }
        Ok(Self {
            header,
            cuts,
            texts: Dictionary::default(),
            texts_held: Reservation::default(),
            numbers: Vec::new(),
            batches: HeldVec::default(),
            next: LoserTree::default(),
            visit_parts: Vec::new(),
            visit_parts_held: Reservation::default(),
            marks: Marks::default(),
            views: Views::default(),
            suspects: HeldVec::default(),
        })
    }

    /// Finds the first visitor of all parts.
    pub(super) fn begin(mut self) -> Result<Self> {
        let mut first = HeldVec::with_room(self.batches.len())?;
        for batch in &mut self.batches {
            first.push(batch.next_visitor()?)?;
        }
        self.next = LoserTree::new(first)?;
        Ok(self)
    }

    /// Adds the part that these bytes are.
    pub(super) fn add_part(&mut self, bytes: &'a [u8]) -> Result<()> {
        let mut reader = Reader::resume(bytes, NAME);
        let count = reader.count(1)?;
        self.add_texts((0..count).map(|_| reader.utf8().map(str::as_bytes)))?;
        let (batches, mut throttle) = (reader.count_some(LEAST_OF_BATCH)?, Throttle::default());
        for _ in 0..batches {
            throttle.step();
            self.add_batch(reader.text()?)?;
        }
        reader.finish()
    }

    /// Adds the part of a set that is not written yet: texts and batches.
    pub(super) fn add_open_part(&mut self, texts: &Dictionary, batches: &'a [Vec<u8>]) -> Result<()> {
        self.add_texts((0..texts.len() as u32).map(|id| Ok(texts.get(id))))?;
        batches.iter().try_for_each(|batch| self.add_batch(batch))
    }

    /// Begins a part with its texts.
    fn add_texts<'t>(&mut self, texts: impl Iterator<Item = Result<&'t [u8]>>) -> Result<()> {
        let mut numbers = HeldVec::with_room(texts.size_hint().0)?;
        let mut throttle = Throttle::default();
        for text in texts {
            throttle.step();
            numbers.push(self.texts.intern(text?)?)?;
            self.texts_held.set(self.texts.heap_bytes())?;
        }
        memory::push(&mut self.numbers, numbers)
    }

    /// Adds a batch of the part that was begun last.
    fn add_batch(&mut self, bytes: &'a [u8]) -> Result<()> {
        self.batches.push(BatchReader::new(bytes, self.numbers.len() - 1)?)
    }

    /// The gap between visits, in microseconds.
    pub fn gap(&self) -> i64 {
        self.header.gap
    }

    /// A text by its number; `None` for [`NONE`].
    pub fn text(&self, id: u32) -> Option<&str> {
        if id == NONE { None } else { core::str::from_utf8(self.texts.get(id)).ok() }
    }

    /// How many texts there are, numbered from 0.
    pub fn num_texts(&self) -> u32 {
        self.texts.len() as u32
    }

    /// The visit that parts of it make.
    pub fn visit(&self, parts: &[VisitPart]) -> Result<VisitPart> {
        let [first, rest @ ..] = parts else { return Ok(VisitPart::EMPTY) };
        let mut visit = *first;
        rest.iter().try_for_each(|part| visit.absorb(part, &self.texts))?;
        Ok(visit)
    }

    /// The next visitor with a visit or something that is kept of an event, `None` after the last. [`Self::visit_parts`] are then those of this visitor.
    pub fn next_visitor(&mut self) -> Result<Option<Visitor<'a>>> {
        let mut throttle = Throttle::default();
        while let Some(visitor) = self.read_visitor()? {
            if self.marks.are_suspect()? {
                self.suspects.push(visitor)?;
            } else if !self.visit_parts.is_empty() || !self.views.all().is_empty() {
                return Ok(Some(visitor));
            }
            throttle.step();
        }
        self.visit_parts.clear();
        self.views.clear();
        Ok(None)
    }

    /// The visitors that were left out so far, because they may have an event twice.
    pub fn suspects(&self) -> &[Visitor<'a>] {
        &self.suspects
    }

    /// Reads visit parts and marks of the next visitor.
    fn read_visitor(&mut self) -> Result<Option<Visitor<'a>>> {
        self.visit_parts.clear();
        self.marks.clear();
        self.views.clear();
        // Without cuts two visit parts are more than the gap apart, with cuts they may follow each other.
        let gap = if self.header.has_cuts { 0 } else { self.header.gap };
        let (mut this, mut batches) = (None, 0);
        while let Some((from, visitor)) = self.next.first() {
            if *this.get_or_insert(visitor) != visitor {
                break;
            }
            let Some(batch) = self.batches.get_mut(from) else { break };
            let numbers = self.numbers.get(batch.part).map(|numbers| &**numbers).unwrap_or_default();
            let form = Form {
                gap,
                with_pages: self.header.with_pages,
                with_views: self.header.with_views,
                with_moments: self.header.with_moments,
                numbers,
            };
            batch.read(form, &mut self.visit_parts, &mut self.marks, &mut self.views)?;
            batches += 1;
            self.next.advance(batch.next_visitor()?);
        }
        let Some(visitor) = this else { return Ok(None) };
        let (parts, marks) = (self.visit_parts.capacity() * size_of::<VisitPart>(), self.marks.heap_bytes());
        self.visit_parts_held.set(parts + marks + self.views.heap_bytes())?;
        self.views.sort(&self.texts, self.header.with_moments);
        if batches > 1 {
            join(&mut self.visit_parts, self.header.gap, &mut self.cuts, &self.texts)?;
        }
        Ok(Some(visitor))
    }

    /// The visits of the visitor that was given last, or their parts where there are cuts.
    pub fn visit_parts(&self) -> &[VisitPart] {
        &self.visit_parts
    }

    /// The page views, or moments, of the visitor that was given last, in order of time and page; none where the set was made without.
    pub fn views(&self) -> &[View] {
        self.views.all()
    }
}

impl<'a> BatchReader<'a> {
    /// Begins to read a batch of a part.
    pub fn new(bytes: &'a [u8], part: usize) -> Result<Self> {
        let mut reader = Reader::resume(bytes, NAME);
        let visitors_left = reader.count_some(LEAST_OF_VISITOR)?;
        Ok(Self { reader, part, visitors_left, last: None })
    }

    /// The next visitor, `None` after the last.
    #[inline]
    pub fn next_visitor(&mut self) -> Result<Option<Visitor<'a>>> {
        if self.visitors_left == 0 {
            return if self.reader.left() > 0 { Err(self.reader.malformed("bytes are left over")) } else { Ok(None) };
        }
        self.visitors_left -= 1;
        let visitor = Visitor::read(&mut self.reader)?;
        if self.last.is_some_and(|last| last >= visitor) {
            return Err(self.reader.malformed("its visitors are not in ascending order"));
        }
        self.last = Some(visitor);
        Ok(Some(visitor))
    }

    /// Reads the visit parts, the marks and the page views of the visitor.
    #[inline]
    pub fn read(
        &mut self,
        form: Form<'_>,
        parts: &mut Vec<VisitPart>,
        marks: &mut Marks,
        views: &mut Views,
    ) -> Result<()> {
        let Form { gap, with_pages, with_views, with_moments, numbers } = form;
        let mut before = None;
        let (count, known_parts, known_marks) = (self.reader.count(LEAST_OF_VISIT_PART)?, parts.len(), marks.len());
        for _ in 0..count {
            memory::push(parts, VisitPart::EMPTY)?;
            let Some(part) = parts.last_mut() else { break };
            part.read(&mut self.reader, before, gap, with_pages, numbers)?;
            before = Some(part.run.end);
        }
        marks.read(&mut self.reader, base(parts.get(known_parts..).unwrap_or_default()))?;
        let known_views = views.all().len();
        if with_views {
            views.read(&mut self.reader, if with_moments { None } else { Some(numbers) })?;
        }
        if count == 0 && marks.len() == known_marks && views.all().len() == known_views {
            return Err(self.reader.malformed("a visitor has no event"));
        }
        Ok(())
    }
}
