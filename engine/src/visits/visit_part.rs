//! A visit of a set, or a part of one.

use core::cmp::Ordering;

use super::origin::without_host;
use super::run::Run;
use crate::error::Result;
use crate::state::{Dictionary, NONE};

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

    /// Takes another part of a visit of the same visitor into this one.
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
            let text = |origin, page| {
                let (origin, host) = without_host(texts.get(origin));
                origin.iter().chain(&[0x1f]).chain(texts.get(page)).chain(host)
            };
            text(a.touch, self.landing).cmp(text(b.touch, other.landing))
        })
    }
}
