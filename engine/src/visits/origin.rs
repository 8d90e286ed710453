//! Where a page view came from, as one text that compares by bytes.

use crate::arrival::{self, Landing};
use crate::url;

/// The separator between the parts.
const PART: char = '\u{1f}';

/// Where a page view came from, `None` where the event is no arrival: channel, source, medium, campaign, term, rule, referrer
/// domain and the host of the page, joined by a separator; an absent part is empty.
pub(super) fn origin(event: &Landing<'_>, is_ignored: impl FnOnce(&str) -> bool) -> Option<String> {
    if !arrival::is_arrival(event, is_ignored) {
        return None;
    }
    let a = arrival::arrival(event);
    let domain = event.referrer.and_then(url::domain);
    let host = event.page_url.and_then(url::host);
    let mut origin = String::with_capacity(96);
    origin.push_str(a.channel);
    for part in [
        a.source.as_deref(),
        a.medium.as_deref(),
        a.campaign.as_deref(),
        a.term.as_deref(),
        Some(&*a.rule),
        domain.as_deref(),
        host.as_deref(),
    ] {
        push(&mut origin, part.unwrap_or(""));
    }
    Some(origin)
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

/// The channel that a text of [`origin`] names, then source, medium, campaign, term, rule, referrer domain and the page's host; an
/// absent part is `None`.
pub fn origin_parts(origin: &str) -> [Option<&str>; 8] {
    let mut parts = [None; 8];
    for (slot, part) in parts.iter_mut().zip(origin.splitn(8, PART)) {
        *slot = Some(part).filter(|text| !text.is_empty());
    }
    parts
}

/// A text of [`origin`] up to the page's host, and the host: of two touches at one instant the one whose page is smaller wins before
/// the one whose host is.
pub(super) fn without_host(origin: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memrchr(PART as u8, origin).unwrap_or(origin.len());
    origin.split_at_checked(end).unwrap_or_default()
}
