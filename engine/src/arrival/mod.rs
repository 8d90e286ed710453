//! Where a visitor came from: one event's referrer, page and UTM values become a channel of Google Analytics 4's
//! default channel group, with source, medium, campaign and search term.
//!
//! - **UTM values** that are absent are read from the query of the page's URL, where there is none at all Matomo's. What trackers
//!   write for nothing is absent, in click ids too ([`tags`](mod@tags)).
//! - **Source**: `utm_source` as it is written, else the referrer (the name the rule table gives it, else its host),
//!   else the network of the click id. `(direct)` is no source, and hides the referrer. A referrer that shares the
//!   page's registrable domain, or is no URL, is no source. `ref` and `source` name a source as a referrer does.
//! - **Medium**: `utm_medium`, but `cpc` for a proven paid click where it says nothing about how it was paid; else, when the source
//!   comes from the referrer or the click id, `organic` for a search engine, `email` for mail, `affiliate` for an affiliate's click
//!   and `referral` for everything else, as in Google Analytics.
//! - **Click ids** prove what `click_id.rs` says. One that is not the UTM source's own is stale and counts for nothing.
//! - **Pages inside others** (caches, translators, archives, browser extensions) are those of the site inside ([`inner`]).
//! - **Term**: the search term in the referrer of a search engine, whatever the source is.
//! - **Direct** is an event without source, medium and campaign.

mod ad_click;
mod charset;
mod click_id;
mod ga4;
mod inner;
mod rules;
mod tags;

use crate::url::{self, UrlParts};
pub use ad_click::{AdClick, ad_click};
use click_id::{ClickId, Proof};
use inner::Inner;
use rules::{Category, ChannelRule};
use std::borrow::Cow;
use tags::Tags;
pub(crate) use tags::tags;

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
    matches!(
        channel,
        "Cross-network" | "Paid Shopping" | "Paid Search" | "Paid Social" | "Paid Video" | "Display" | "Paid Other"
    )
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
    !referrer.same_site || Tags::of(landing).begin_something()
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

/// The version of what public lists add to it.
pub(crate) fn lists_version() -> &'static str {
    rules::lists_version()
}

/// The version of the hosts of [`ignored_referrers`].
pub fn ignored_version() -> &'static str {
    rules::ignored_version()
}

/// A referrer that is a URL.
struct Referrer<'a> {
    host: Cow<'a, str>,
    /// Path and query; empty where the page is shown by somebody else.
    tail: &'a str,
    /// It shares the page's registrable domain.
    same_site: bool,
    /// Of another site.
    rule: Option<&'static ChannelRule>,
}

impl<'a> Referrer<'a> {
    fn of(landing: &Landing<'a>) -> Option<Self> {
        let parts = site(landing.referrer?)?;
        let host = parts.host()?;
        if parts.is_extension() {
            // A page of the browser, which belongs to no other site than the one it shows.
            return Some(match inner::of_extension(parts.tail) {
                Some(inner) => Self::inside(inner, landing.page_url),
                None => Self { host, tail: "", same_site: true, rule: None },
            });
        }
        if !parts.is_site() {
            return None;
        }
        if let Some(inner) = inside(&parts, &host) {
            return Some(Self::inside(inner, landing.page_url));
        }
        let same_site = landing.page_url.and_then(site).is_some_and(|page| {
            page.host().is_some_and(|page_host| {
                page_host == host
                    // The public suffix list is slow: ask only where the last two labels leave it open.
                    || last_two_labels(&page_host) == last_two_labels(&host)
                        && page.registrable(&page_host) == parts.registrable(&host)
                    || inside(&page, &page_host).is_some_and(|inner| inner.domain == parts.registrable(&host))
            })
        });
        // Most page views come from the same site, about which nobody asks more.
        let rule = if same_site { None } else { rules::by_referrer(&host, parts.tail) };
        Some(Self { host, tail: parts.tail, same_site, rule })
    }

    /// That of a page that somebody else shows.
    fn inside(inner: Inner, page_url: Option<&str>) -> Self {
        let same_site = page_url.and_then(site).is_some_and(|page| {
            page.host().is_some_and(|host| match inside(&page, &host) {
                Some(shown) => shown.domain == inner.domain,
                None => page.registrable(&host) == inner.domain,
            })
        });
        let rule = rules::by_referrer(&inner.host, "");
        Self { host: Cow::Owned(inner.host), tail: "", same_site, rule }
    }

    fn term(&self) -> Option<Cow<'a, str>> {
        let rule = self.rule.filter(|rule| !rule.terms.is_empty() && rule.category != Category::Proxy)?;
        let query = url::query(self.tail)?;
        rule.terms.iter().find_map(|name| {
            let value = url::find_encoded(query, name)?;
            tags::present(charset::term(value, query, &rule.charsets)?)
        })
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

/// The site that a page shows which is another's: of a cache, a translator, an archive or an extension.
fn inside(page: &UrlParts<'_>, host: &str) -> Option<Inner> {
    if page.is_extension() {
        return inner::of_extension(page.tail);
    }
    if !rules::may_be_proxy(host) {
        return None;
    }
    let rule = rules::by_referrer(host, page.tail).filter(|rule| rule.category == Category::Proxy)?;
    inner::of_proxy(host, page.tail, rule)
}

fn last_two_labels(host: &str) -> &str {
    host.rmatch_indices('.').nth(1).and_then(|(dot, _)| host.get(dot + 1..)).unwrap_or(host)
}

/// Appends what of a page's URL decides its arrival: two URLs with the same key arrive alike. It leaves out the path, the values
/// of click ids, which are different in each, and all that is no tag.
pub fn arrival_key(page_url: &str, to: &mut Vec<u8>) {
    match site(page_url) {
        Some(parts) => {
            parts.write_site(to);
            if let Some(inner) = parts.host().and_then(|host| inside(&parts, &host)) {
                to.push(b'/');
                to.extend_from_slice(inner.domain.as_bytes());
            }
        }
        None => to.extend_from_slice(page_url.split(['/', '?', '#']).next().unwrap_or_default().as_bytes()),
    }
    tags(page_url, to);
}

/// Whether the site of a URL may show pages of others, so that its path says which.
pub(crate) fn may_show_others(site: &str) -> bool {
    UrlParts::of(site)
        .is_none_or(|parts| parts.is_extension() || parts.host().is_none_or(|host| rules::may_be_proxy(&host)))
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
            (Proof::Network | Proof::Email | Proof::Affiliate, _) => false,
            (_, SourceOrigin::Utm(source, rule)) => belongs(rule.or_else(|| rules::by_first_word(source))),
            (Proof::Paid, _) | (_, SourceOrigin::Nowhere) => true,
            (Proof::PaidAtPartners, SourceOrigin::Referrer(rule)) => belongs(*rule),
        }
    }
}

/// The rule of a UTM source, and whether the name is one of the network's advertising.
fn rule_of(source: &str) -> (Option<&'static ChannelRule>, bool) {
    match rules::by_source(source) {
        Some(rule) => (Some(rule), false),
        None => {
            let rule = rules::by_advertising_name(source);
            (rule, rule.is_some())
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
    /// The click id that proved how the visitor came, or named the source.
    click: Option<&'static ClickId>,
}

impl<'a> Evidence<'a> {
    fn of(tags: Tags<'a>, referrer: Option<Referrer<'a>>) -> Self {
        let Tags { source: mut utm_source, medium: utm_medium, campaign, hint, clicks } = tags;
        let is_inside = referrer.as_ref().is_some_and(|referrer| referrer.same_site);
        let referrer = referrer.filter(|referrer| !referrer.same_site);
        let tagged = utm_source.is_some();
        // A site's own ref and source are links within it; beside a referrer or a click, only a place's name says more.
        if let Some(hint) = hint.filter(|_| !is_inside) {
            let is_place = || rule_of(&hint).0.is_some() || UrlParts::of_bare_host(&hint).is_some();
            if referrer.is_none() && clicks == 0 || is_place() {
                utm_source = Some(hint);
            }
        }
        let explicit_direct = utm_source.as_ref().is_some_and(|source| source.eq_ignore_ascii_case("(direct)"));
        let (utm_rule, is_advertising) = utm_source.as_deref().map(rule_of).unwrap_or_default();
        let origin = match (&utm_source, &referrer) {
            (Some(source), _) => SourceOrigin::Utm(source, utm_rule),
            (None, Some(referrer)) => SourceOrigin::Referrer(referrer.rule),
            (None, None) => SourceOrigin::Nowhere,
        };
        let mut found = Tags::click_ids(clicks);
        let first = found.clone().next();
        let proof = found.clone().find(|id| origin.proves_paid(id));
        // A mail or an affiliate's link that is not another source's.
        let sent = found.find(|id| match (id.proof, &origin) {
            (Proof::Email, SourceOrigin::Referrer(rule)) => rule.is_some_and(|rule| rule.category == Category::Email),
            (Proof::Email | Proof::Affiliate, SourceOrigin::Nowhere) => true,
            (Proof::Affiliate, SourceOrigin::Referrer(_)) => true,
            _ => false,
        });
        let click = match origin {
            SourceOrigin::Nowhere => proof.or(sent).or(first),
            _ => proof.or(sent),
        };

        let (source, rule) = match (utm_source, referrer) {
            (Some(_), _) if explicit_direct => (None, None),
            // A name that begins with the network's is the network's, where its click id says so too.
            (Some(source), _) => {
                let rule = utm_rule.or_else(|| rules::by_first_word(&source).filter(|_| proof.is_some()));
                (Some(source), rule)
            }
            (None, Some(referrer)) => (Some(referrer.source()), referrer.rule),
            (None, None) => match click {
                Some(id) => (Some(Cow::Borrowed(id.source)), rules::by_source(id.source)),
                None => (None, None),
            },
        };
        let mut category = rule.map(|rule| rule.category);
        let is_paid = proof.is_some() || is_advertising && utm_medium.is_none();
        let medium = match utm_medium {
            Some(medium) if !is_paid || ga4::decides(&medium) => Some(medium),
            _ if is_paid => Some(Cow::Borrowed("cpc")),
            _ if !tagged && source.is_some() => Some(Cow::Borrowed(match (sent.map(|id| id.proof), category) {
                (Some(Proof::Email), _) | (_, Some(Category::Email)) => "email",
                (Some(Proof::Affiliate), _) => "affiliate",
                (_, Some(Category::Search)) => "organic",
                _ => "referral",
            })),
            _ => None,
        };
        let is_bought = medium.as_deref().is_some_and(ga4::is_paid_medium);
        if (is_advertising || proof.is_some()) && !is_bought {
            // The medium decides: neither a name of advertising nor a paid click says what came otherwise.
            category = None;
        }
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
