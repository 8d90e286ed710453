//! Where a visitor came from: one event's referrer, page and UTM values become a channel of Google Analytics 4's
//! default channel group, with source, medium, campaign and search term.
//!
//! - **UTM values** that are absent are read from the query of the page's URL. `null`, `undefined`, `(not set)`,
//!   `(none)` and blanks are absent, in click ids too.
//! - **Source**: `utm_source` as it is written, else the referrer (the name the rule table gives it, else its host),
//!   else the network of the click id. `(direct)` is no source, and hides the referrer. A referrer that shares the
//!   page's registrable domain, or is no URL, is no source.
//! - **Medium**: `cpc` for a proven paid click, else `utm_medium`; else, when the source comes from the referrer or the
//!   click id, `organic` for a search engine and `referral` for everything else, as in Google Analytics.
//! - **Click ids** prove what `click_id.rs` says. One that is not the UTM source's own is stale and counts for nothing.
//! - **Term**: the search term in the referrer of a search engine, whatever the source is.
//! - **Direct** is an event without source, medium and campaign.

mod click_id;
mod ga4;
mod rules;

use crate::url::{self, UrlParts};
use click_id::{CLICK_IDS, ClickId, Proof};
use rules::{Category, ChannelRule};
use std::borrow::Cow;

/// The channels in the order in which their conditions are tried; the first that holds wins.
pub const CHANNELS: [&str; 20] = [
    "Direct",
    "Cross-network",
    "Paid Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Display",
    "Paid Other",
    "AI Assistants",
    "Organic Shopping",
    "Organic Social",
    "Organic Video",
    "Organic Search",
    "Referral",
    "Email",
    "Affiliates",
    "Audio",
    "SMS",
    "Mobile Push Notifications",
    "Unassigned",
];

/// Whether a channel is bought: Cross-network, Display and those called Paid. Text that is not a channel is not bought.
pub fn is_paid(channel: &str) -> bool {
    CHANNELS[1..=7].contains(&channel)
}

/// What an event says about where its visitor came from, as it lands on a page; `None` where it says nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Landing<'a> {
    /// The URL of the page before, as `document.referrer` or the `Referer` header give it.
    pub referrer: Option<&'a str>,
    /// The URL of the page, with its query.
    pub page_url: Option<&'a str>,
    /// The campaign parameters that a tracker has taken from the page's URL already.
    pub utm_source: Option<&'a str>,
    /// See `utm_source`.
    pub utm_medium: Option<&'a str>,
    /// See `utm_source`.
    pub utm_campaign: Option<&'a str>,
}

/// Where a visitor came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// One of [`CHANNELS`].
    pub channel: &'static str,
    /// The place; `None` for Direct.
    pub source: Option<Cow<'a, str>>,
    /// The kind of link; `None` when nothing says it.
    pub medium: Option<Cow<'a, str>>,
    /// The campaign; `None` without one.
    pub campaign: Option<Cow<'a, str>>,
    /// The search term; `None` when the referrer has no such term.
    pub term: Option<Cow<'a, str>>,
    /// The condition that chose the channel, and the click id that named or proved the source: `search source and paid
    /// medium (gclid)`.
    pub rule: Cow<'static, str>,
}

/// Classifies a landing. Every one has an arrival; see the module's text for the definitions.
pub fn arrival<'a>(landing: &Landing<'a>) -> Arrival<'a> {
    let referrer = Referrer::of(landing);
    let term = referrer.as_ref().filter(|referrer| !referrer.same_site).and_then(Referrer::term);
    let evidence = Evidence::of(Tags::of(landing), referrer);
    let (channel, condition) = evidence.classify();
    let rule = match evidence.click {
        Some(id) => Cow::Owned(format!("{condition} ({})", id.name)),
        None => Cow::Borrowed(condition),
    };
    Arrival { channel, source: evidence.source, medium: evidence.medium, campaign: evidence.campaign, term, rule }
}

/// The channel of a landing alone, one of [`CHANNELS`].
pub fn channel(landing: &Landing) -> &'static str {
    let tags = Tags::of(landing);
    let referrer = if tags.source.is_none() { Referrer::of(landing) } else { None };
    Evidence::of(tags, referrer).classify().0
}

/// Whether a landing begins something new rather than continues the visit. False in two cases only: the referrer's host
/// is `ignored` (called with the lower-case host; [`ignored_by_seed`] or a lookup in a table of one's own), or the
/// referrer shares the page's registrable domain and there is neither a UTM value nor a click id. So an event without a
/// referrer is an arrival, of channel Direct.
pub fn is_arrival(landing: &Landing, ignored: impl FnOnce(&str) -> bool) -> bool {
    let Some(referrer) = Referrer::of(landing) else { return true };
    if ignored(&referrer.host) {
        return false;
    }
    !referrer.same_site || {
        let tags = Tags::of(landing);
        tags.clicks != 0 || [tags.source, tags.medium, tags.campaign].iter().any(Option::is_some)
    }
}

/// Whether a lower-case host, or a domain above it, is one of [`ignored_referrers`].
pub fn ignored_by_seed(host: &str) -> bool {
    rules::is_ignored(host)
}

/// Hosts of payment and login services, which send visitors back in the middle of a visit; subdomains count too.
pub fn ignored_referrers() -> &'static [&'static str] {
    rules::ignored()
}

/// The version of the rule table that is compiled in.
pub fn rules_version() -> &'static str {
    rules::version()
}

/// The version of the hosts of [`ignored_referrers`].
pub fn ignored_version() -> &'static str {
    rules::ignored_version()
}

/// A referrer that is a URL.
struct Referrer<'a> {
    parts: UrlParts<'a>,
    host: Cow<'a, str>,
    /// It shares the page's registrable domain.
    same_site: bool,
    rule: Option<&'static ChannelRule>,
}

impl<'a> Referrer<'a> {
    fn of(landing: &Landing<'a>) -> Option<Self> {
        let parts = site(landing.referrer?)?;
        let host = parts.host()?;
        let same_site = landing.page_url.and_then(site).is_some_and(|page| {
            page.host().is_some_and(|page_host| {
                page_host == host
                    // The public suffix list is slow: ask only where the last two labels leave it open.
                    || last_two_labels(&page_host) == last_two_labels(&host)
                        && page.registrable(&page_host) == parts.registrable(&host)
            })
        });
        let rule = rules::by_referrer(&host, parts.tail);
        Some(Self { parts, host, same_site, rule })
    }

    fn term(&self) -> Option<Cow<'a, str>> {
        let rule = self.rule.filter(|rule| !rule.terms.is_empty())?;
        let query = url::query(self.parts.tail)?;
        rule.terms.iter().find_map(|name| present(url::find(query, name)?))
    }

    fn source(&self) -> Cow<'a, str> {
        match self.rule {
            Some(rule) if !rule.source.is_empty() => Cow::Borrowed(rule.source),
            _ => self.host.clone(),
        }
    }
}

fn site(text: &str) -> Option<UrlParts<'_>> {
    UrlParts::of(text).or_else(|| UrlParts::of_bare_host(text))
}

fn last_two_labels(host: &str) -> &str {
    host.rmatch_indices('.').nth(1).and_then(|(dot, _)| host.get(dot + 1..)).unwrap_or(host)
}

/// The UTM values of a landing, its own or its URL's, and the click ids of its URL.
struct Tags<'a> {
    source: Option<Cow<'a, str>>,
    medium: Option<Cow<'a, str>>,
    campaign: Option<Cow<'a, str>>,
    /// One bit for each of [`CLICK_IDS`].
    clicks: u32,
}

/// A query parameter that says where a visitor came from.
enum Tag {
    Source,
    Medium,
    Campaign,
    /// One of [`CLICK_IDS`].
    Click(usize),
}

impl Tag {
    /// The tag of a parameter's still encoded name; `None` for any other, and for a click id without a value.
    fn of(name: &str, value: &str) -> Option<Self> {
        match &*url::decode(name) {
            "utm_source" => Some(Self::Source),
            "utm_medium" => Some(Self::Medium),
            "utm_campaign" => Some(Self::Campaign),
            other => {
                let id = CLICK_IDS.iter().position(|id| id.name == other)?;
                present(url::decode(value)).map(|_| Self::Click(id))
            }
        }
    }
}

/// Appends what of a page's URL decides its arrival: two URLs with the same key arrive alike. It leaves out the path, the values
/// of click ids, which are different in each, and all that is no tag.
pub fn arrival_key(page_url: &str, to: &mut Vec<u8>) {
    match UrlParts::of(page_url) {
        Some(parts) => parts.write_site(to),
        None => to.extend_from_slice(page_url.split(['/', '?', '#']).next().unwrap_or_default().as_bytes()),
    }
    tags(page_url, to);
}

/// What [`arrival_key`] appends behind the site.
pub(crate) fn tags(page_url: &str, to: &mut Vec<u8>) {
    to.push(b'?');
    for (name, value) in url::query(page_url).into_iter().flat_map(url::pairs) {
        // No value has an ampersand in it, so the codes cannot be mistaken.
        match Tag::of(name, value) {
            Some(Tag::Source) => to.push(b's'),
            Some(Tag::Medium) => to.push(b'm'),
            Some(Tag::Campaign) => to.push(b'c'),
            Some(Tag::Click(id)) => {
                to.extend_from_slice(&[b'0', id as u8]);
                continue;
            }
            None => continue,
        }
        to.extend_from_slice(value.as_bytes());
        to.push(b'&');
    }
}

impl<'a> Tags<'a> {
    fn of(landing: &Landing<'a>) -> Self {
        let (mut source, mut medium, mut campaign, mut clicks) = (None, None, None, 0);
        for (name, value) in landing.page_url.and_then(url::query).into_iter().flat_map(url::pairs) {
            let slot = match Tag::of(name, value) {
                Some(Tag::Source) => &mut source,
                Some(Tag::Medium) => &mut medium,
                Some(Tag::Campaign) => &mut campaign,
                Some(Tag::Click(id)) => {
                    clicks |= 1 << id;
                    continue;
                }
                None => continue,
            };
            slot.get_or_insert(value);
        }
        let pick = |own: Option<&'a str>, tag: Option<&'a str>| {
            own.and_then(|text| present(Cow::Borrowed(text))).or_else(|| present(url::decode(tag?)))
        };
        Self {
            source: pick(landing.utm_source, source),
            medium: pick(landing.utm_medium, medium),
            campaign: pick(landing.utm_campaign, campaign),
            clicks,
        }
    }
}

/// `text` without the blanks around it; `None` when it is what trackers write for nothing.
fn present(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    const NOTHING: [&str; 5] = ["", "null", "undefined", "(not set)", "(none)"];
    let trimmed = text.trim();
    if NOTHING.iter().any(|nothing| trimmed.eq_ignore_ascii_case(nothing)) {
        return None;
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(ref owned) if trimmed.len() < owned.len() => Cow::Owned(trimmed.to_owned()),
        Cow::Owned(owned) => Cow::Owned(owned),
    })
}

/// Where the source was found.
enum SourceOrigin<'a> {
    Utm(&'a str, Option<&'static ChannelRule>),
    Referrer(Option<&'static ChannelRule>),
    Nowhere,
}

impl SourceOrigin<'_> {
    /// Whether a click id proves a paid click here.
    fn proves_paid(&self, id: &ClickId) -> bool {
        let belongs = |rule: Option<&ChannelRule>| rule.is_some_and(|rule| rule.belongs_to(id.network));
        match (id.proof, self) {
            (Proof::Network, _) => false,
            (_, SourceOrigin::Utm(source, rule)) => belongs(rule.or_else(|| rules::by_first_word(source))),
            (Proof::Paid, _) | (_, SourceOrigin::Nowhere) => true,
            (Proof::PaidAtPartners, SourceOrigin::Referrer(rule)) => belongs(*rule),
        }
    }
}

/// What a landing comes to before its channel is chosen.
struct Evidence<'a> {
    source: Option<Cow<'a, str>>,
    medium: Option<Cow<'a, str>>,
    campaign: Option<Cow<'a, str>>,
    category: Option<Category>,
    explicit_direct: bool,
    /// The click id that proved a paid click or named the source.
    click: Option<&'static ClickId>,
}

impl<'a> Evidence<'a> {
    fn of(tags: Tags<'a>, referrer: Option<Referrer<'a>>) -> Self {
        let Tags { source: utm_source, medium: utm_medium, campaign, clicks } = tags;
        let explicit_direct = utm_source.as_ref().is_some_and(|source| source.eq_ignore_ascii_case("(direct)"));
        let referrer = referrer.filter(|referrer| !referrer.same_site);
        let utm_rule = utm_source.as_deref().and_then(rules::by_source);
        let origin = match (&utm_source, &referrer) {
            (Some(source), _) => SourceOrigin::Utm(source, utm_rule),
            (None, Some(referrer)) => SourceOrigin::Referrer(referrer.rule),
            (None, None) => SourceOrigin::Nowhere,
        };
        let mut found = CLICK_IDS.iter().enumerate().filter(|(bit, _)| clicks >> bit & 1 == 1).map(|(_, id)| id);
        let first = found.clone().next();
        let proof = found.find(|id| origin.proves_paid(id));
        let click = match origin {
            SourceOrigin::Nowhere => proof.or(first),
            _ => proof,
        };

        let tagged = utm_source.is_some();
        let (source, rule) = match (utm_source, referrer) {
            (Some(_), _) if explicit_direct => (None, None),
            (Some(source), _) => (Some(source), utm_rule),
            (None, Some(referrer)) => (Some(referrer.source()), referrer.rule),
            (None, None) => match click {
                Some(id) => (Some(Cow::Borrowed(id.source)), rules::by_source(id.source)),
                None => (None, None),
            },
        };
        let category = rule.map(|rule| rule.category);
        let medium = match utm_medium {
            _ if proof.is_some() => Some(Cow::Borrowed("cpc")),
            None if !tagged && source.is_some() => {
                Some(Cow::Borrowed(if category == Some(Category::Search) { "organic" } else { "referral" }))
            }
            other => other,
        };
        Self { source, medium, campaign, category, explicit_direct, click }
    }

    /// The channel and the condition that chose it.
    fn classify(&self) -> (&'static str, &'static str) {
        ga4::classify(&ga4::Signals {
            category: self.category,
            explicit_direct: self.explicit_direct,
            source: self.source.as_deref().unwrap_or_default(),
            medium: self.medium.as_deref().unwrap_or_default(),
            campaign: self.campaign.as_deref().unwrap_or_default(),
        })
    }
}
