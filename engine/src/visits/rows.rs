//! Reading the rows of a set from its bytes, one by one.

use core::ops::Range;

use super::run::Run;
use super::set::{KIND, NAME, PART, VERSION};
use crate::error::Result;
use crate::state::{NONE, Reader};

/// A visit of a set; texts are numbers for [`Rows::text`].
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The run: times, counts, entry, exit and touch.
    pub run: Run,
    /// Counts from 1 for each visitor.
    pub visit_no: u32,
    /// The user agent, or [`NONE`].
    pub agent: u32,
}

/// The rows of a set.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    /// Where the next row, or the next visitor, begins.
    at: usize,
    gap: i64,
    texts: Vec<Range<usize>>,
    visitors_left: usize,
    visits_left: usize,
    visit_no: u32,
    before: Option<i64>,
    visitor: Range<usize>,
}

impl Rows {
    /// Begins to read; bytes that no set wrote are `22P03`, here or on the way.
    pub fn new(bytes: Vec<u8>) -> Result<Self> {
        let mut reader = Reader::new(&bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(reader.unsigned()?).map_err(|_| reader.malformed("the gap is out of range"))?;
        let count = reader.count(1)?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            texts.push(utf8(&mut reader, bytes.len())?);
        }
        let visitors_left = reader.count(3)?;
        let at = bytes.len() - reader.left();
        Ok(Self { bytes, at, gap, texts, visitors_left, visits_left: 0, visit_no: 0, before: None, visitor: 0..0 })
    }

    /// How many texts there are.
    pub fn num_texts(&self) -> usize {
        self.texts.len()
    }

    /// A text by its number; `None` for [`NONE`].
    pub fn text(&self, id: u32) -> Option<&str> {
        self.str(self.texts.get(id as usize)?.clone())
    }

    /// The visitor of the latest row.
    pub fn visitor(&self) -> &str {
        self.str(self.visitor.clone()).unwrap_or("")
    }

    fn str(&self, range: Range<usize>) -> Option<&str> {
        core::str::from_utf8(self.bytes.get(range)?).ok()
    }

    /// The next row, `None` after the last.
    pub fn next_row(&mut self) -> Result<Option<Row>> {
        let mut reader = Reader::resume(self.bytes.get(self.at..).unwrap_or_default(), NAME);
        while self.visits_left == 0 {
            if self.visitors_left == 0 {
                return Ok(None);
            }
            self.visitors_left -= 1;
            self.visitor = utf8(&mut reader, self.bytes.len())?;
            self.visits_left = reader.count(6)?;
            self.visit_no = 0;
            self.before = None;
        }
        self.visits_left -= 1;
        self.visit_no += 1;
        let count = self.texts.len() as u64;
        let known = |id: u64| if id < count { u32::try_from(id).ok() } else { None };
        let agent = match reader.unsigned()? {
            0 => NONE,
            id => known(id - 1).ok_or_else(|| reader.malformed("a text is missing"))?,
        };
        let run = Run::read(&mut reader, self.before, self.gap, known)?;
        self.at = self.bytes.len() - reader.left();
        self.before = Some(run.end);
        Ok(Some(Row { run, visit_no: self.visit_no, agent }))
    }
}

/// The channel of a touch, then source, medium, campaign, term, rule, referrer domain and landing page; an absent part is
/// `None`.
pub fn touch_parts(touch: &str) -> [Option<&str>; 8] {
    let mut parts = [None; 8];
    for (slot, part) in parts.iter_mut().zip(touch.splitn(8, PART)) {
        *slot = Some(part).filter(|text| !text.is_empty());
    }
    parts
}

/// The place of the next text, which is checked.
fn utf8(reader: &mut Reader<'_>, total: usize) -> Result<Range<usize>> {
    let text = reader.text()?;
    if text.contains(&0) || core::str::from_utf8(text).is_err() {
        return Err(reader.malformed("a text is none"));
    }
    let end = total - reader.left();
    Ok(end - text.len()..end)
}
