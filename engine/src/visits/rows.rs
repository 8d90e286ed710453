//! Reading the visits of a set from its bytes, visitor by visitor: the batches of its parts, which have their visitors in
//! order, are merged on the way.

use super::loser_tree::LoserTree;
use super::set::{Cuts, KIND, LEAST_OF_BATCH, LEAST_OF_PART, LEAST_OF_PIECE, LEAST_OF_VISITOR, NAME, VERSION, join};
use super::visit_part::VisitPart;
use super::visitor::Visitor;
use crate::error::Result;
use crate::state::{Dictionary, NONE, Reader};

/// The visitors of a set in order of their ids, each with its visits in order of time. Texts are numbers for [`Rows::text`].
#[derive(Debug)]
pub struct Rows<'a> {
    gap: i64,
    with_pages: bool,
    cuts: Cuts,
    texts: Dictionary,
    /// By part: what its texts are called here.
    names: Vec<Vec<u32>>,
    batches: Vec<Batch<'a>>,
    /// The next visitor of each batch.
    next: LoserTree<'a>,
    pieces: Vec<VisitPart>,
}

#[derive(Debug)]
struct Batch<'a> {
    reader: Reader<'a>,
    part: usize,
    visitors_left: usize,
    last: Option<Visitor<'a>>,
}

impl<'a> Rows<'a> {
    /// Begins to read; bytes that no set wrote are `22P03`, here or on the way. `cuts` are those that the set was made with.
    pub fn new(bytes: &'a [u8], cuts: Cuts) -> Result<Self> {
        let mut reader = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(reader.unsigned()?).map_err(|_| reader.malformed("the gap is out of range"))?;
        let mut rows = Self::empty(gap, reader.unsigned()?, cuts)?;
        for _ in 0..reader.count(LEAST_OF_PART)? {
            rows.part(reader.text()?)?;
        }
        reader.finish()?;
        rows.begin()
    }

    /// Nothing to read yet, of a set with these flags.
    pub(super) fn empty(gap: i64, flags: u64, cuts: Cuts) -> Result<Self> {
        if (flags & 1 != 0) != cuts.are_used() || flags >> 34 != 0 {
            return Err(Reader::resume(&[], NAME).malformed("it has other cuts"));
        }
        let (texts, next) = (Dictionary::default(), LoserTree::default());
        let (names, batches, pieces) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { gap, with_pages: flags & 2 != 0, cuts, texts, names, batches, next, pieces })
    }

    /// Finds the first visitor of all parts.
    pub(super) fn begin(mut self) -> Result<Self> {
        self.next = LoserTree::new(self.batches.iter_mut().map(Batch::next_visitor).collect::<Result<_>>()?);
        Ok(self)
    }

    /// Adds the part that these bytes are.
    pub(super) fn part(&mut self, bytes: &'a [u8]) -> Result<()> {
        let mut reader = Reader::resume(bytes, NAME);
        let count = reader.count(1)?;
        let mut names = Vec::with_capacity(count);
        for _ in 0..count {
            names.push(self.texts.intern(utf8(&mut reader)?.as_bytes())?);
        }
        let batches = some(&mut reader, LEAST_OF_BATCH)?;
        self.batches.reserve(batches);
        for _ in 0..batches {
            self.batch(reader.text()?)?;
        }
        self.names.push(names);
        reader.finish()
    }

    /// Adds what a set has of its own: texts and batches.
    pub(super) fn own(&mut self, texts: &Dictionary, batches: &'a [Vec<u8>]) -> Result<()> {
        for batch in batches {
            self.batch(batch)?;
        }
        let ids = 0..texts.len() as u32;
        self.names.push(ids.map(|id| self.texts.intern(texts.get(id))).collect::<Result<_>>()?);
        Ok(())
    }

    /// Adds a batch of the part whose names come next.
    fn batch(&mut self, bytes: &'a [u8]) -> Result<()> {
        let mut reader = Reader::resume(bytes, NAME);
        let visitors_left = some(&mut reader, LEAST_OF_VISITOR)?;
        self.batches.push(Batch { reader, part: self.names.len(), visitors_left, last: None });
        Ok(())
    }

    /// The gap between visits, in microseconds.
    pub fn gap(&self) -> i64 {
        self.gap
    }

    /// The memory that it takes beside the bytes.
    pub fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes()
            + self.names.iter().map(|names| names.capacity() * size_of::<u32>()).sum::<usize>()
            + self.batches.capacity() * size_of::<Batch<'_>>()
            + self.next.heap_bytes()
    }

    /// A text by its number; `None` for [`NONE`].
    pub fn text(&self, id: u32) -> Option<&str> {
        if id == NONE { None } else { core::str::from_utf8(self.texts.get(id)).ok() }
    }

    /// The visit that pieces of it make.
    pub fn visit(&self, pieces: &[VisitPart]) -> Result<VisitPart> {
        let [first, rest @ ..] = pieces else { return Ok(VisitPart::EMPTY) };
        let mut visit = *first;
        rest.iter().try_for_each(|piece| visit.absorb(piece, &self.texts))?;
        Ok(visit)
    }

    /// The next visitor, `None` after the last. [`Self::pieces`] are then its own.
    pub fn next_visitor(&mut self) -> Result<Option<Visitor<'a>>> {
        self.pieces.clear();
        // Without cuts two pieces are more than the gap apart, with cuts they may follow each other.
        let gap = if self.cuts.are_used() { 0 } else { self.gap };
        let (mut this, mut batches) = (None, 0);
        while let Some((from, visitor)) = self.next.first() {
            if *this.get_or_insert(visitor) != visitor {
                break;
            }
            let Some(batch) = self.batches.get_mut(from) else { break };
            let names = self.names.get(batch.part).map(Vec::as_slice).unwrap_or_default();
            batch.read(gap, self.with_pages, names, &mut self.pieces)?;
            batches += 1;
            self.next.advance(batch.next_visitor()?);
        }
        let Some(visitor) = this else { return Ok(None) };
        if batches > 1 {
            join(&mut self.pieces, self.gap, &mut self.cuts, &self.texts)?;
        }
        Ok(Some(visitor))
    }

    /// The visits of the visitor that was given last, or their pieces where there are cuts.
    pub fn pieces(&self) -> &[VisitPart] {
        &self.pieces
    }
}

impl<'a> Batch<'a> {
    /// The next visitor, `None` after the last.
    #[inline]
    fn next_visitor(&mut self) -> Result<Option<Visitor<'a>>> {
        if self.visitors_left == 0 {
            return if self.reader.left() > 0 { Err(self.reader.malformed("bytes are left over")) } else { Ok(None) };
        }
        self.visitors_left -= 1;
        let visitor = Visitor::read(&mut self.reader)?;
        if self.last.is_some_and(|last| last >= visitor) {
            return Err(self.reader.malformed("its visitors are not in order"));
        }
        self.last = Some(visitor);
        Ok(Some(visitor))
    }

    /// Reads the pieces of the visitor.
    #[inline]
    fn read(&mut self, gap: i64, with_pages: bool, names: &[u32], pieces: &mut Vec<VisitPart>) -> Result<()> {
        let mut before = None;
        for _ in 0..some(&mut self.reader, LEAST_OF_PIECE)? {
            pieces.push(VisitPart::EMPTY);
            let Some(piece) = pieces.last_mut() else { break };
            piece.read(&mut self.reader, before, gap, with_pages, names)?;
            before = Some(piece.run.end);
        }
        Ok(())
    }
}

/// How many elements follow, at least one, see [`Reader::count`].
#[inline]
fn some(reader: &mut Reader<'_>, least: usize) -> Result<usize> {
    match reader.count(least)? {
        0 => Err(reader.malformed("a part of it is empty")),
        count => Ok(count),
    }
}

fn utf8<'a>(reader: &mut Reader<'a>) -> Result<&'a str> {
    match core::str::from_utf8(reader.text()?) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(reader.malformed("a text is none")),
    }
}
