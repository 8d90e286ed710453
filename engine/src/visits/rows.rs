//! Reading the visits of a set from its bytes, visitor by visitor: the parts of a set, which have their visitors in order, are
//! merged on the way.

use super::run::Run;
use super::set::{Cuts, KIND, NAME, Piece, VERSION, join, smaller};
use crate::error::Result;
use crate::state::{Dictionary, NONE, Reader};

/// The visitors of a set in order of their ids, each with its visits in order of time. Texts are numbers for [`Rows::text`].
#[derive(Debug)]
pub struct Rows<'a> {
    gap: i64,
    cuts: Cuts,
    texts: Dictionary,
    parts: Vec<Part<'a>>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Part<'a> {
    reader: Reader<'a>,
    /// What the part's texts are called here.
    ids: Vec<u32>,
    visitors_left: usize,
    /// The next one; `None` after the last.
    visitor: Option<&'a str>,
}

impl<'a> Rows<'a> {
    /// Begins to read; bytes that no set wrote are `22P03`, here or on the way. `cuts` are those that the set was made with.
    pub fn new(bytes: &'a [u8], cuts: Cuts) -> Result<Self> {
        let mut reader = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(reader.unsigned()?).map_err(|_| reader.malformed("the gap is out of range"))?;
        if (reader.unsigned()? != 0) != cuts.are_used() {
            return Err(reader.malformed("it has other cuts"));
        }
        let mut texts = Dictionary::default();
        let mut parts = Vec::new();
        for _ in 0..reader.count(1)? {
            parts.push(Part::new(Reader::resume(reader.text()?, NAME), &mut texts)?);
        }
        reader.finish()?;
        Ok(Self { gap, cuts, texts, parts, pieces: Vec::new() })
    }

    /// The gap between visits, in microseconds.
    pub fn gap(&self) -> i64 {
        self.gap
    }

    /// The memory that it takes beside the bytes.
    pub fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes() + self.parts.iter().map(|part| part.ids.capacity() * size_of::<u32>()).sum::<usize>()
    }

    /// A text by its number; `None` for [`NONE`].
    pub fn text(&self, id: u32) -> Option<&str> {
        if id == NONE { None } else { core::str::from_utf8(self.texts.get(id)).ok() }
    }

    /// The visit that pieces of it make.
    pub fn visit(&self, pieces: &[Piece]) -> Result<Piece> {
        let [first, rest @ ..] = pieces else { return Ok(Piece { run: Run::of(0, NONE, NONE), agent: NONE }) };
        let mut visit = *first;
        for piece in rest {
            let mut run = visit.run;
            run.absorb(&piece.run, &self.texts)?;
            visit = Piece { run, agent: smaller(visit.agent, piece.agent, &self.texts) };
        }
        Ok(visit)
    }

    /// The next visitor and its visits, or their pieces where there are cuts; `None` after the last.
    pub fn next_visitor(&mut self) -> Result<Option<(&'a str, &[Piece])>> {
        let Some(visitor) = self.parts.iter().filter_map(|part| part.visitor).min() else { return Ok(None) };
        self.pieces.clear();
        // Without cuts two pieces are more than the gap apart, with cuts they may follow each other.
        let gap = if self.cuts.are_used() { 0 } else { self.gap };
        let mut from = 0;
        for part in &mut self.parts {
            if part.visitor == Some(visitor) {
                part.read(gap, &mut self.pieces)?;
                from += 1;
            }
        }
        if from > 1 {
            join(&mut self.pieces, self.gap, &mut self.cuts, &self.texts)?;
        }
        Ok(Some((visitor, &self.pieces)))
    }
}

impl<'a> Part<'a> {
    fn new(mut reader: Reader<'a>, texts: &mut Dictionary) -> Result<Self> {
        let count = reader.count(1)?;
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            ids.push(texts.intern(utf8(&mut reader)?.as_bytes())?);
        }
        let visitors_left = reader.count(3)?;
        let mut part = Self { reader, ids, visitors_left, visitor: None };
        part.advance()?;
        Ok(part)
    }

    fn advance(&mut self) -> Result<()> {
        let before = self.visitor.take();
        if self.visitors_left > 0 {
            self.visitors_left -= 1;
            let visitor = utf8(&mut self.reader)?;
            if before.is_some_and(|before| before >= visitor) {
                return Err(self.reader.malformed("its visitors are not in order"));
            }
            self.visitor = Some(visitor);
        } else if self.reader.left() > 0 {
            return Err(self.reader.malformed("bytes are left over"));
        }
        Ok(())
    }

    /// Reads the pieces of the visitor and goes on to the next.
    fn read(&mut self, gap: i64, pieces: &mut Vec<Piece>) -> Result<()> {
        let mut before = None;
        for _ in 0..self.reader.count(6)? {
            let ids = &self.ids;
            let known = |id: u64| usize::try_from(id).ok().and_then(|i| ids.get(i)).copied();
            let agent = match self.reader.unsigned()? {
                0 => NONE,
                id => known(id - 1).ok_or_else(|| self.reader.malformed("a text is missing"))?,
            };
            let run = Run::read(&mut self.reader, before, gap, known)?;
            before = Some(run.end);
            pieces.push(Piece { run, agent });
        }
        self.advance()
    }
}

fn utf8<'a>(reader: &mut Reader<'a>) -> Result<&'a str> {
    match core::str::from_utf8(reader.text()?) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(reader.malformed("a text is none")),
    }
}
