//! A visit of a set, or a piece of one.

use core::cmp::Ordering;

use super::run::Run;
use crate::error::Result;
use crate::state::{Dictionary, NONE, Reader, Writer};

/// A run whose touch is where a page view came from, and the page that was viewed: there are few of each, but many pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitPart {
    /// Times, counts, entry and exit, and where the touch came from.
    pub run: Run,
    /// The number of the smallest user agent of its events by bytes, or [`NONE`].
    pub agent: u32,
    /// The page of the touch, or [`NONE`].
    pub landing: u32,
}

impl VisitPart {
    /// One without events, still to be read.
    pub(super) const EMPTY: Self = Self { run: Run::EMPTY, agent: NONE, landing: NONE };

    /// Takes another piece of the same visitor into this one.
    pub(super) fn absorb(&mut self, other: &Self, texts: &Dictionary) -> Result<()> {
        let (mut run, theirs) = (self.run, other.run);
        run.absorb_events(&theirs, texts)?;
        if theirs.touch != NONE && (run.touch == NONE || other.touch_order(self, texts).is_lt()) {
            (run.touch_at, run.touch) = (theirs.touch_at, theirs.touch);
            self.landing = other.landing;
        }
        self.run = run;
        // None is larger than any.
        if self.agent != other.agent
            && other.agent != NONE
            && (self.agent == NONE || texts.get(other.agent) < texts.get(self.agent))
        {
            self.agent = other.agent;
        }
        Ok(())
    }

    /// Time first, then both texts of the touch as one.
    fn touch_order(&self, other: &Self, texts: &Dictionary) -> Ordering {
        let (a, b) = (self.run, other.run);
        let at = (a.touch_at, b.touch_at);
        at.0.cmp(&at.1).then_with(|| {
            if (a.touch, self.landing) == (b.touch, other.landing) {
                return Ordering::Equal;
            }
            let text = |origin, page| texts.get(origin).iter().chain(&[0x1f]).chain(texts.get(page));
            text(a.touch, self.landing).cmp(text(b.touch, other.landing))
        })
    }

    /// Writes the piece behind one that ended at `before`.
    pub(super) fn write(&self, w: &mut Writer, before: i64) {
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

    /// Becomes what [`Self::write`] wrote, see [`Run::read`]; `names` are the own numbers of the texts.
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
        let text = |r: &Reader<'_>, id: u64| known(id).ok_or_else(|| r.malformed("a text is missing"));
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
