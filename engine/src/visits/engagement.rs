//! Whether somebody was there in a visit, and for how long: what GA4 calls an engaged session.

use super::views::View;
use super::visit_part::VisitPart;
use crate::time::SECOND;

/// A page view or a heartbeat: at such an event somebody was there.
pub(super) const PRESENT: u32 = 1;
/// An event that the business counts on.
pub(super) const KEY: u32 = 2;

/// A visit that is longer than this is engaged.
const LONG: i64 = 10 * SECOND;

/// What a visit's events say of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engagement {
    /// Whether it is longer than ten seconds, has two page views, or a key event.
    pub is_engaged: bool,
    /// The time from each page view or heartbeat to the next one, none longer than a cap, added up.
    pub micros: i64,
}

impl Engagement {
    /// That of a visit with these moments, in order of time.
    pub fn of(visit: &VisitPart, moments: &[View], cap: i64) -> Self {
        let run = visit.run;
        let is_long = run.end.saturating_sub(run.start) > LONG;
        let has_key = || moments.iter().any(|moment| moment.page & KEY != 0);
        let mut times = moments.iter().filter(|moment| moment.page & PRESENT != 0).map(|moment| moment.at);
        let (mut micros, mut before) = (0i64, times.next());
        for at in times {
            micros = micros.saturating_add(at.saturating_sub(before.unwrap_or(at)).min(cap));
            before = Some(at);
        }
        Self { is_engaged: is_long || run.pageviews >= 2 || has_key(), micros }
    }
}
