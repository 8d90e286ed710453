//! One gap-closed run of events.

use core::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result};
use crate::state::{Dictionary, NONE};

/// A run; texts are numbers of the state's dictionary. 60 bytes, so its fields are read by value only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C, packed(4))]
pub struct Run {
    /// The first event.
    pub start: i64,
    /// The last event.
    pub end: i64,
    /// The time of `entry`.
    pub entry_at: i64,
    /// The time of `exit`.
    pub exit_at: i64,
    /// The time of `touch`.
    pub touch_at: i64,
    /// Events, at least one.
    pub events: u32,
    /// Events with a page.
    pub pageviews: u32,
    /// The page of the smallest (time, page), or [`NONE`].
    pub entry: u32,
    /// The page of the largest (time, page), or [`NONE`].
    pub exit: u32,
    /// The touch of the smallest (time, touch), or [`NONE`].
    pub touch: u32,
}

impl Run {
    /// One without events, still to be read.
    pub(super) const EMPTY: Self = Self::of(0, NONE, NONE);

    /// The run of a single event.
    pub const fn of(at: i64, page: u32, touch: u32) -> Self {
        Self {
            start: at,
            end: at,
            entry_at: at,
            exit_at: at,
            touch_at: at,
            events: 1,
            pageviews: (page != NONE) as u32,
            entry: page,
            exit: page,
            touch,
        }
    }

    /// Takes another run of the same visitor into this one.
    pub fn absorb(&mut self, other: &Self, texts: &Dictionary) -> Result<()> {
        self.absorb_events(other, texts)?;
        if other.touch != NONE
            && (self.touch == NONE || order((other.touch_at, other.touch), (self.touch_at, self.touch), texts).is_lt())
        {
            (self.touch_at, self.touch) = (other.touch_at, other.touch);
        }
        Ok(())
    }

    /// Takes all of another run but its touch.
    pub(super) fn absorb_events(&mut self, other: &Self, texts: &Dictionary) -> Result<()> {
        let add = |a: u32, b: u32| {
            a.checked_add(b).ok_or_else(|| {
                Error::new(
                    ErrorKind::LimitExceeded,
                    "a visit has more than 4294967295 events",
                    "Use a smaller gap, or leave out the visitor.",
                )
            })
        };
        self.events = add(self.events, other.events)?;
        self.pageviews = add(self.pageviews, other.pageviews)?;
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        if other.entry != NONE {
            if self.entry == NONE || order((other.entry_at, other.entry), (self.entry_at, self.entry), texts).is_lt() {
                (self.entry_at, self.entry) = (other.entry_at, other.entry);
            }
            if self.exit == NONE || order((other.exit_at, other.exit), (self.exit_at, self.exit), texts).is_gt() {
                (self.exit_at, self.exit) = (other.exit_at, other.exit);
            }
        }
        Ok(())
    }

    /// Whether two runs of one visitor are within the gap of each other.
    pub fn is_within_gap(&self, other: &Self, gap: i64) -> bool {
        self.start.saturating_sub(other.end) <= gap && other.start.saturating_sub(self.end) <= gap
    }
}

/// Time first, then the texts by bytes.
fn order(a: (i64, u32), b: (i64, u32), texts: &Dictionary) -> Ordering {
    a.0.cmp(&b.0).then_with(|| if a.1 == b.1 { Ordering::Equal } else { texts.get(a.1).cmp(texts.get(b.1)) })
}
