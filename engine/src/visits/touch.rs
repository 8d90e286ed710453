//! The touch of a page view as one text that compares by bytes.

use crate::arrival::{self, Event};
use crate::url;

/// The separator between the parts of a touch.
const PART: char = '\u{1f}';

/// Where a page view came from, `None` where the event is no arrival: channel, source, medium, campaign, term, rule and referrer
/// domain, joined by a separator; an absent part is empty.
pub(super) fn origin(event: &Event<'_>, is_ignored: impl FnOnce(&str) -> bool) -> Option<String> {
    if !arrival::is_arrival(event, is_ignored) {
        return None;
    }
    let a = arrival::arrival(event);
    let domain = event.referrer.and_then(url::domain);
    let mut origin = String::with_capacity(96);
    origin.push_str(a.channel);
    for part in [
        a.source.as_deref(),
        a.medium.as_deref(),
        a.campaign.as_deref(),
        a.term.as_deref(),
        Some(&*a.rule),
        domain.as_deref(),
    ] {
        push(&mut origin, part.unwrap_or(""));
    }
    Some(origin)
}

/// The touch of a page view: where it came from, and its path.
pub(super) fn touch(origin: &str, path: Option<&str>) -> String {
    let path = path.unwrap_or("");
    let mut touch = String::with_capacity(origin.len() + 1 + path.len());
    touch.push_str(origin);
    push(&mut touch, path);
    touch
}

fn push(to: &mut String, part: &str) {
    to.push(PART);
    if part.contains(PART) {
        // A separator in the data must not shift the parts behind it.
        to.extend(part.chars().map(|c| if c == PART { ' ' } else { c }));
    } else {
        to.push_str(part);
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
