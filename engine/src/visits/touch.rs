//! The touch of a page view as one text that compares by bytes.

use crate::arrival::{self, Event};
use crate::url;

/// The separator between the parts of a touch.
const PART: char = '\u{1f}';

/// The touch of a page view, `None` where the event is no arrival: channel, source, medium, campaign, term, rule, referrer
/// domain and landing page, joined by a separator; an absent part is empty.
pub(super) fn touch(event: &Event<'_>, path: Option<&str>, is_ignored: impl FnOnce(&str) -> bool) -> Option<String> {
    if !arrival::is_arrival(event, is_ignored) {
        return None;
    }
    let a = arrival::arrival(event);
    let domain = event.referrer.and_then(url::domain);
    let parts = [
        a.source.as_deref(),
        a.medium.as_deref(),
        a.campaign.as_deref(),
        a.term.as_deref(),
        Some(&*a.rule),
        domain.as_deref(),
        path,
    ];
    let mut touch = String::with_capacity(96);
    touch.push_str(a.channel);
    for part in parts {
        touch.push(PART);
        let part = part.unwrap_or("");
        if part.contains(PART) {
            // A separator in the data must not shift the parts behind it.
            touch.extend(part.chars().map(|c| if c == PART { ' ' } else { c }));
        } else {
            touch.push_str(part);
        }
    }
    Some(touch)
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
