//! The batches that a set has written down. Events out of order of time bring a visitor into one batch after the other, with a part
//! of the same visit in each: then the batches are merged now and then, page by page, so that both forms are never there as a whole.

use super::cuts::{Cuts, join};
use super::format::{SetHeader, base};
use super::loser_tree::LoserTree;
use super::marks::Marks;
use super::rows::{BatchReader, Form};
use super::views::Views;
use super::visit_part::VisitPart;
use super::visitor::Visitor;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec};
use crate::state::{Dictionary, Writer};

/// At most so many bytes of batches are left alone.
const FEW: usize = 128 << 10;
/// At most so many visitors has a page.
const MAX_OF_PAGE: usize = 7_168;

/// Batches, each of visitors in order.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// First the pages, which follow each other in order of their visitors; each of the others has visitors of its own.
    list: Vec<Vec<u8>>,
    pages: usize,
    page_bytes: usize,
    bytes: usize,
    /// At most so many bytes beside the pages are left alone.
    patience: usize,
}

impl Batches {
    /// All of them.
    pub fn all(&self) -> &[Vec<u8>] {
        &self.list
    }

    /// Adds a batch.
    pub fn push(&mut self, batch: Vec<u8>) -> Result<()> {
        memory::reserve(&mut self.list, 1)?;
        self.bytes += batch.len();
        self.list.push(batch);
        Ok(())
    }

    /// The memory that they take, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.bytes + self.list.capacity() * size_of::<Vec<u8>>()
    }

    /// Makes pages of all batches where there are many beside the pages, and says whether there were.
    pub fn merge_if_many(&mut self, header: SetHeader, cuts: &mut Cuts, texts: &Dictionary) -> Result<bool> {
        if self.bytes - self.page_bytes <= self.patience.max(FEW) {
            return Ok(false);
        }
        let fresh = self.list.split_off(self.pages);
        let old = core::mem::take(self);
        let numbers = HeldVec::collect(0..texts.len() as u32)?;
        let gap = if header.has_cuts { 0 } else { header.gap };
        let form = Form {
            gap,
            with_pages: header.with_pages,
            with_views: header.with_views,
            with_moments: header.with_moments,
            numbers: &numbers,
        };
        let mut fresh = Fresh::new(&fresh, form)?;
        let mut merge = Merge {
            to: self,
            page: Writer::default(),
            visitors: 0,
            parts: Vec::new(),
            marks: Marks::default(),
            views: Views::default(),
            read: 0,
            written: 0,
        };
        let mut throttle = Throttle::default();
        for page in old.list {
            let mut reader = BatchReader::new(&page, 0)?;
            while let Some(visitor) = reader.next_visitor()? {
                while let Some(other) = fresh.first().filter(|other| *other < visitor) {
                    merge.visitor(other, header, cuts, texts, |parts, marks, views| {
                        fresh.read(other, parts, marks, views)
                    })?;
                }
                throttle.step();
                merge.visitor(visitor, header, cuts, texts, |parts, marks, views| {
                    reader.read(form, parts, marks, views)?;
                    fresh.read(visitor, parts, marks, views)
                })?;
            }
        }
        while let Some(visitor) = fresh.first() {
            throttle.step();
            merge.visitor(visitor, header, cuts, texts, |parts, marks, views| {
                fresh.read(visitor, parts, marks, views)
            })?;
        }
        merge.end_page()?;
        let joined = merge.read - merge.written;
        let worth = joined > fresh.parts / 8;
        (self.pages, self.page_bytes) = (self.list.len(), self.bytes);
        // Where there was nothing to join, the next look is at twice as many.
        self.patience = if worth { self.bytes / 16 } else { self.bytes };
        Ok(true)
    }
}

/// The batches that are no pages, visitor by visitor.
struct Fresh<'a> {
    readers: HeldVec<BatchReader<'a>>,
    next: LoserTree<'a>,
    form: Form<'a>,
    /// How many visit parts were read.
    parts: usize,
}

impl<'a> Fresh<'a> {
    fn new(batches: &'a [Vec<u8>], form: Form<'a>) -> Result<Self> {
        let mut readers = HeldVec::with_room(batches.len())?;
        let mut first = HeldVec::with_room(batches.len())?;
        for batch in batches {
            let mut reader = BatchReader::new(batch, 0)?;
            first.push(reader.next_visitor()?)?;
            readers.push(reader)?;
        }
        Ok(Self { readers, next: LoserTree::new(first)?, form, parts: 0 })
    }

    fn first(&self) -> Option<Visitor<'a>> {
        self.next.first().map(|(_, visitor)| visitor)
    }

    /// Reads all that there is of a visitor, and goes on with the next one.
    fn read(
        &mut self,
        visitor: Visitor<'_>,
        parts: &mut Vec<VisitPart>,
        marks: &mut Marks,
        views: &mut Views,
    ) -> Result<()> {
        let before = parts.len();
        while let Some((from, _)) = self.next.first().filter(|(_, first)| *first == visitor) {
            let Some(reader) = self.readers.get_mut(from) else { break };
            reader.read(self.form, parts, marks, views)?;
            self.next.advance(reader.next_visitor()?);
        }
        self.parts += parts.len() - before;
        Ok(())
    }
}

/// Pages that are made.
struct Merge<'a> {
    to: &'a mut Batches,
    page: Writer,
    visitors: usize,
    parts: Vec<VisitPart>,
    marks: Marks,
    views: Views,
    read: usize,
    written: usize,
}

impl Merge<'_> {
    fn visitor(
        &mut self,
        visitor: Visitor<'_>,
        header: SetHeader,
        cuts: &mut Cuts,
        texts: &Dictionary,
        read: impl FnOnce(&mut Vec<VisitPart>, &mut Marks, &mut Views) -> Result<()>,
    ) -> Result<()> {
        self.parts.clear();
        self.marks.clear();
        self.views.clear();
        read(&mut self.parts, &mut self.marks, &mut self.views)?;
        self.views.sort(texts, header.with_moments);
        self.read += self.parts.len();
        join(&mut self.parts, header.gap, cuts, texts)?;
        self.written += self.parts.len();
        visitor.write_with(&self.parts, &mut self.page);
        self.marks.join()?;
        self.marks.write(base(&self.parts), &mut self.page);
        if header.with_views {
            self.views.write(&mut self.page);
        }
        self.visitors += 1;
        if self.visitors == MAX_OF_PAGE { self.end_page() } else { Ok(()) }
    }

    fn end_page(&mut self) -> Result<()> {
        if self.visitors == 0 {
            return Ok(());
        }
        let visitors = self.page.bytes()?;
        let mut page = Writer::default();
        page.reserve(visitors.len() + 10);
        page.unsigned(self.visitors as u64);
        page.append(visitors);
        let mut page = page.finish()?;
        page.shrink_to_fit();
        self.page.clear();
        self.visitors = 0;
        self.to.push(page)
    }
}
