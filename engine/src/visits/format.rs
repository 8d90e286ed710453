//! The bytes of a set and of a visitor's state: how runs, visit parts and visitors are written and read.
//!
//! A set is a header, then its parts, each behind its length. A part is its texts, then its batches, each behind its length. A batch
//! is visitors in order of their ids, each an id, its visit parts in order of time and its marks: some of either; then its page views,
//! where the set has them. See the picture in [`super`].

use super::marks::{LEAST_OF_MARKS, quarter};
use super::run::Run;
use super::uuid;
use super::views::LEAST_OF_VIEW;
use super::visit_part::VisitPart;
use super::visitor::Visitor;
use crate::error::Result;
use crate::state::{NONE, Reader, Writer};
use crate::time;

const KIND: u8 = b'B';
const VERSION: u8 = 7;
pub(super) const NAME: &str = "visit set";

/// The fewest bytes of a visitor: an empty id, no visit part, no mark, and something that is kept of one event. One mark, or one visit
/// part, which has six numbers at least, is longer.
pub(super) const LEAST_OF_VISITOR: usize = 4 + LEAST_OF_VIEW;
pub(super) const LEAST_OF_VISIT_PART: usize = 6;
const _: () = assert!(LEAST_OF_VISIT_PART + 3 >= LEAST_OF_VISITOR && 2 + LEAST_OF_MARKS >= LEAST_OF_VISITOR);
/// Those of a batch of one visitor, and of a part of one batch without texts, each behind its length. A reader takes up to 100 bytes
/// of memory for each batch, so none may be written as the one byte that an empty one would be.
pub(super) const LEAST_OF_BATCH: usize = 2 + LEAST_OF_VISITOR;
pub(super) const LEAST_OF_PART: usize = 3 + LEAST_OF_BATCH;

/// What all parts of a set have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SetHeader {
    /// The gap between visits, in microseconds.
    pub gap: i64,
    /// Whether visits are cut.
    pub has_cuts: bool,
    /// Whether page views have pages.
    pub with_pages: bool,
    /// Whether page views are there one by one.
    pub with_views: bool,
    /// Whether these are moments instead of pages.
    pub with_moments: bool,
    /// Who is to have the set, 0 for nobody.
    pub receiver: u32,
}

impl SetHeader {
    /// Begins the bytes of a set of so many parts.
    pub fn write(&self, parts: usize) -> Writer {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(self.gap as u64);
        let flags = [self.has_cuts, self.with_pages, self.with_views, self.with_moments];
        let flags = flags.iter().zip(0..).map(|(flag, bit)| u64::from(*flag) << bit).sum::<u64>();
        w.unsigned(flags | u64::from(self.receiver) << 4);
        w.unsigned(parts as u64);
        w
    }

    /// Reads what [`Self::write`] wrote; the reader goes on with the parts, so many.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize, Reader<'_>)> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let gap = i64::try_from(r.unsigned()?).map_err(|_| r.malformed("the gap is out of range"))?;
        let flags = r.unsigned()?;
        let receiver = u32::try_from(flags >> 4).map_err(|_| r.malformed("the flags are out of range"))?;
        let parts = r.count(LEAST_OF_PART)?;
        let [has_cuts, with_pages, with_views, with_moments] = [1, 2, 4, 8].map(|bit| flags & bit != 0);
        if with_moments && !with_views {
            return Err(r.malformed("the flags are impossible"));
        }
        Ok((Self { gap, has_cuts, with_pages, with_views, with_moments, receiver }, parts, r))
    }
}

impl<'a> Visitor<'a> {
    /// Writes the id: a text behind its length plus one, a UUID behind 0.
    fn write(&self, w: &mut Writer) {
        match self {
            Self::Uuid(uuid) => {
                w.unsigned(0);
                uuid.iter().for_each(|word| w.append(&word.to_be_bytes()));
            }
            Self::Text(text) => {
                w.unsigned(text.len() as u64 + 1);
                w.append(text.as_bytes());
            }
        }
    }

    /// Writes the id and its visit parts, which are in order of time. Behind them go its marks and, where they are wanted, its page views.
    pub(super) fn write_with(&self, parts: &[VisitPart], w: &mut Writer) {
        self.write(w);
        w.unsigned(parts.len() as u64);
        let mut before = 0;
        for part in parts {
            part.write(w, before);
            before = part.run.end;
        }
    }

    /// Reads what [`Self::write`] wrote.
    pub(super) fn read(r: &mut Reader<'a>) -> Result<Self> {
        let length = r.count(1)?;
        if length == 0 {
            return match r.bytes(16)?.as_chunks() {
                ([high, low], []) => Ok(Self::Uuid([*high, *low].map(u64::from_be_bytes))),
                _ => Err(r.malformed("invalid visitor id")),
            };
        }
        match core::str::from_utf8(r.bytes(length - 1)?) {
            Ok(text) if !text.contains('\0') && uuid::parse(text.as_bytes()).is_none() => Ok(Self::Text(text)),
            _ => Err(r.malformed("invalid visitor id")),
        }
    }
}

/// A quarter of a day near to the marks of a visitor with these visit parts.
pub(super) fn base(parts: &[VisitPart]) -> i32 {
    parts.first().map_or(0, |part| quarter(part.run.start))
}

impl VisitPart {
    /// Writes the visit part behind one that ended at `before`.
    fn write(&self, w: &mut Writer, before: i64) {
        w.unsigned(if self.agent == NONE { 0 } else { u64::from(self.agent) + 1 });
        let run = self.run;
        run.write(w, before, u64::from);
        if run.touch != NONE {
            w.unsigned(match self.landing {
                // As a rule.
                page if page == run.entry => 0,
                NONE => 1,
                page => u64::from(page) + 2,
            });
        }
    }

    /// Becomes what [`Self::write`] wrote, see [`Run::read`]; `names` are the reader's numbers of the texts.
    #[inline]
    pub(super) fn read(
        &mut self,
        r: &mut Reader<'_>,
        before: Option<i64>,
        gap: i64,
        with_pages: bool,
        names: &[u32],
    ) -> Result<()> {
        let known = |id: u64| usize::try_from(id).ok().and_then(|i| names.get(i)).copied();
        let text = |r: &Reader<'_>, id: u64| known(id).ok_or_else(|| r.malformed("unknown text number"));
        let agent = r.unsigned()?;
        self.agent = if agent == 0 { NONE } else { text(r, agent - 1)? };
        self.run.read(r, before, gap, with_pages, known)?;
        let landing = if self.run.touch == NONE { 1 } else { r.unsigned()? };
        self.landing = match landing {
            0 => self.run.entry,
            1 => NONE,
            page => text(r, page - 2)?,
        };
        Ok(())
    }
}

impl Run {
    /// Writes the run behind one that ended at `before`, with its pages if it has any; `number` gives the number that a text is
    /// written as.
    pub fn write(&self, w: &mut Writer, before: i64, number: impl Fn(u32) -> u64) {
        w.signed(self.start.wrapping_sub(before));
        w.unsigned(self.end.wrapping_sub(self.start) as u64);
        w.unsigned(u64::from(self.events));
        w.unsigned(u64::from(self.pageviews));
        if self.entry != NONE {
            w.unsigned(self.entry_at.wrapping_sub(self.start) as u64);
            w.unsigned(number(self.entry));
            w.unsigned(self.end.wrapping_sub(self.exit_at) as u64);
            w.unsigned(number(self.exit));
        }
        if self.touch == NONE {
            w.unsigned(0);
        } else {
            w.unsigned(number(self.touch).wrapping_add(1));
            w.unsigned(self.touch_at.wrapping_sub(self.start) as u64);
        }
    }

    /// Becomes what [`Self::write`] wrote, of runs whose page views have pages or, without `with_pages`, have none; `text` gives
    /// the reader's number of a written text, `None` where there is no such one. It is read where it is to be: moving it takes as long.
    #[inline]
    pub fn read(
        &mut self,
        r: &mut Reader<'_>,
        before: Option<i64>,
        gap: i64,
        with_pages: bool,
        mut text: impl FnMut(u64) -> Option<u32>,
    ) -> Result<()> {
        let start = before.unwrap_or(0).wrapping_add(r.signed()?);
        let length = r.unsigned()?;
        let end = start.wrapping_add(length as i64);
        let (events, pageviews) = (r.unsigned_32()?, r.unsigned_32()?);
        let in_range = time::in_range(start) && time::in_range(end) && start <= end;
        let apart = before.is_none_or(|b| start > b && start.saturating_sub(b) > gap);
        if !in_range || !apart || events == 0 || pageviews > events || (events == 1 && start != end) {
            return Err(r.malformed("a visit is impossible"));
        }
        let within = |r: &Reader<'_>, offset: u64| {
            if offset <= length { Ok(offset as i64) } else { Err(r.malformed("a time lies outside its visit")) }
        };
        let mut known = |r: &Reader<'_>, id: u64| text(id).ok_or_else(|| r.malformed("unknown text number"));
        (self.start, self.end, self.entry_at, self.exit_at, self.touch_at) = (start, end, start, start, start);
        (self.events, self.pageviews, self.entry, self.exit, self.touch) = (events, pageviews, NONE, NONE, NONE);
        if pageviews > 0 && with_pages {
            let offset = r.unsigned()?;
            self.entry_at = start.wrapping_add(within(r, offset)?);
            let id = r.unsigned()?;
            self.entry = known(r, id)?;
            let offset = r.unsigned()?;
            self.exit_at = end.wrapping_sub(within(r, offset)?);
            let id = r.unsigned()?;
            self.exit = known(r, id)?;
        }
        let touch = r.unsigned()?;
        if touch > 0 {
            self.touch = known(r, touch - 1)?;
            let offset = r.unsigned()?;
            self.touch_at = start.wrapping_add(within(r, offset)?);
        }
        Ok(())
    }
}
