//! One gap-closed run of events.

use core::cmp::Ordering;

use crate::error::{Error, ErrorKind, Result};
use crate::state::{Dictionary, NONE, Reader, Writer};
use crate::time;

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
    pub fn touches(&self, other: &Self, gap: i64) -> bool {
        self.start.saturating_sub(other.end) <= gap && other.start.saturating_sub(self.end) <= gap
    }

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
    /// the own number of a written text, `None` where there is no such one. It is read where it is to be: moving it takes as long.
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
        let mut known = |r: &Reader<'_>, id: u64| text(id).ok_or_else(|| r.malformed("a text is missing"));
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

/// Time first, then the texts by bytes.
fn order(a: (i64, u32), b: (i64, u32), texts: &Dictionary) -> Ordering {
    a.0.cmp(&b.0).then_with(|| if a.1 == b.1 { Ordering::Equal } else { texts.get(a.1).cmp(texts.get(b.1)) })
}
