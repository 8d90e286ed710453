//! The click ids that advertising networks take back with a conversion.

use super::Landing;
use super::rules;
use super::tags::{self, Tags};
use crate::url;
use std::borrow::Cow;

/// A click id as the URL of a landing has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdClick<'a> {
    /// Whose it is.
    pub network: &'static str,
    /// The parameter, as the network spells it.
    pub kind: &'static str,
    /// The place of the kind among all: where a URL has several, the first counts.
    pub place: usize,
    /// The id, decoded, else as it is.
    pub id: Cow<'a, str>,
    /// Whether `utm_source` is known as that of another network: the id was left on the link.
    pub is_stale: bool,
}

/// A kind of click id.
struct Kind {
    name: &'static str,
    network: &'static str,
    /// The network as the rule table knows it, by all of its sources.
    own: &'static [&'static str],
}

const fn kind(name: &'static str, network: &'static str, own: &'static [&'static str]) -> Kind {
    Kind { name, network, own }
}

/// `dclid` and `gad_source` are no ids that a network takes back.
const KINDS: [Kind; 8] = [
    kind("gclid", "google", &["google"]),
    kind("gbraid", "google", &["google"]),
    kind("wbraid", "google", &["google"]),
    kind("msclkid", "microsoft", &["microsoft"]),
    kind("fbclid", "meta", &["facebook", "instagram", "messenger", "threads", "whatsapp"]),
    kind("ttclid", "tiktok", &["tiktok"]),
    kind("li_fat_id", "linkedin", &["linkedin"]),
    kind("ScCid", "snapchat", &["snapchat"]),
];

/// The click id of a landing's URL; names of parameters are compared without case, values that trackers write for nothing are none.
/// Of several the first kind that is not stale, else the first.
pub fn ad_click<'a>(landing: &Landing<'a>) -> Option<AdClick<'a>> {
    let mut found: [Option<&str>; KINDS.len()] = [None; KINDS.len()];
    for (name, value) in landing.page_url.and_then(url::query).into_iter().flat_map(url::pairs) {
        let name = url::decode(name.strip_prefix("amp;").unwrap_or(name));
        let at = KINDS.iter().position(|kind| kind.name.eq_ignore_ascii_case(&name));
        if let Some(slot) = at.and_then(|at| found.get_mut(at)).filter(|slot| slot.is_none()) {
            *slot = Some(value).filter(|value| tags::present(url::decode(value)).is_some());
        }
    }
    if found.iter().all(Option::is_none) {
        return None;
    }
    let source = Tags::of(landing).source;
    let rule = source.as_deref().and_then(|source| super::rule_of(source).0.or_else(|| rules::by_first_word(source)));
    let is_stale = |kind: &Kind| rule.is_some_and(|rule| !kind.own.iter().any(|own| rule.belongs_to(own)));
    let clicks = KINDS.iter().zip(found).enumerate().filter_map(|(place, (kind, value))| {
        let (network, is_stale) = (kind.network, is_stale(kind));
        Some(AdClick { network, kind: kind.name, place, id: url::decode(value?), is_stale })
    });
    clicks.min_by_key(|click| (click.is_stale, click.place))
}
