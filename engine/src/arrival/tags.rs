//! What the query of a landing's URL says about where its visitor came from: campaign parameters and click ids.

use super::Landing;
use super::click_id::{CLICK_IDS, ClickId};
use crate::resource::memory::lasting;
use crate::url;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::sync::LazyLock;

/// No name of a parameter that is looked for is longer.
pub(super) const MAX_NAME: usize = 20;

/// One bit for each of [`CLICK_IDS`].
pub(super) type Clicks = u64;
const _: () = assert!(CLICK_IDS.len() <= Clicks::BITS as usize);

/// The places of click ids in their table, by name.
static NUMBERS: LazyLock<FxHashMap<&'static [u8], usize>> =
    LazyLock::new(|| lasting(|| CLICK_IDS.iter().zip(0..).map(|(id, n)| (id.name.as_bytes(), n)).collect()));

/// A query parameter that says where a visitor came from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    /// `utm_source`, `utm_medium`, `utm_campaign`: 0 to 2.
    Utm(usize),
    /// The same of Matomo and its relatives.
    Matomo(usize),
    /// `ref`, `source`: 0, 1.
    Hint(usize),
    /// One of [`CLICK_IDS`].
    Click(usize),
}

impl Tag {
    /// The tag of a parameter's still encoded name, `None` for any other.
    fn of(name: &str) -> Option<Self> {
        // An ampersand that was written for HTML.
        let name = name.strip_prefix("amp;").unwrap_or(name);
        if name.len() > 3 * MAX_NAME {
            return None;
        }
        let name = url::decode(name);
        let mut lower = [0; MAX_NAME];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"utm_source" => Self::Utm(0),
            b"utm_medium" => Self::Utm(1),
            b"utm_campaign" => Self::Utm(2),
            b"mtm_source" | b"matomo_source" | b"pk_source" | b"piwik_source" => Self::Matomo(0),
            b"mtm_medium" | b"matomo_medium" | b"pk_medium" | b"piwik_medium" => Self::Matomo(1),
            b"mtm_campaign" | b"mtm_cpn" | b"matomo_campaign" | b"pk_campaign" | b"pk_cpn" | b"piwik_campaign" => {
                Self::Matomo(2)
            }
            b"ref" => Self::Hint(0),
            b"source" => Self::Hint(1),
            other => Self::Click(*NUMBERS.get(other)?),
        })
    }

    /// What stands for it in a key.
    fn code(self) -> [u8; 2] {
        match self {
            Self::Utm(n) => [b'u', n as u8],
            Self::Matomo(n) => [b'm', n as u8],
            Self::Hint(n) => [b'h', n as u8],
            Self::Click(n) => [b'c', n as u8],
        }
    }
}

/// The parameters of a URL's query that say something, with their still encoded values.
fn tagged(page_url: &str) -> impl Iterator<Item = (Tag, &str)> {
    url::query(page_url).into_iter().flat_map(url::pairs).filter_map(|(name, value)| {
        let tag = Tag::of(name)?;
        let says = !matches!(tag, Tag::Click(_)) || present(url::decode(value)).is_some();
        says.then_some((tag, value))
    })
}

/// Appends what of a page's URL decides, besides its site, where its visitor came from: the values of click ids, which are
/// different in each, do not.
pub(crate) fn tags(page_url: &str, to: &mut Vec<u8>) {
    to.push(b'?');
    for (tag, value) in tagged(page_url) {
        to.extend_from_slice(&tag.code());
        if !matches!(tag, Tag::Click(_)) {
            // No value has an ampersand in it, so the codes cannot be mistaken.
            to.extend_from_slice(value.as_bytes());
            to.push(b'&');
        }
    }
}

/// The campaign values of a landing, its own or its URL's, and the click ids of its URL.
pub(super) struct Tags<'a> {
    pub source: Option<Cow<'a, str>>,
    pub medium: Option<Cow<'a, str>>,
    pub campaign: Option<Cow<'a, str>>,
    /// The value of `ref` or `source`, where there is no campaign parameter.
    pub hint: Option<Cow<'a, str>>,
    pub clicks: Clicks,
}

impl<'a> Tags<'a> {
    pub fn of(landing: &Landing<'a>) -> Self {
        let (mut utm, mut matomo, mut hints, mut clicks) = ([None; 3], [None; 3], [None; 2], 0);
        for (tag, value) in landing.page_url.into_iter().flat_map(tagged) {
            let slot = match tag {
                Tag::Utm(n) => utm.get_mut(n),
                Tag::Matomo(n) => matomo.get_mut(n),
                Tag::Hint(n) => hints.get_mut(n),
                Tag::Click(n) => {
                    clicks |= 1 << n;
                    None
                }
            };
            if let Some(slot) = slot {
                slot.get_or_insert(value);
            }
        }
        let read = |value: Option<&'a str>| present(url::decode(value?));
        let pick = |own: Option<&'a str>, tag| own.and_then(|text| present(Cow::Borrowed(text))).or_else(|| read(tag));
        let [source, medium, campaign] = utm;
        let (mut source, mut medium, mut campaign) =
            (pick(landing.utm_source, source), pick(landing.utm_medium, medium), pick(landing.utm_campaign, campaign));
        let mut hint = None;
        if source.is_none() && medium.is_none() && campaign.is_none() {
            [source, medium, campaign] = matomo.map(read);
            if source.is_none() {
                hint = hints.into_iter().find_map(read);
            }
        }
        Self { source, medium, campaign, hint, clicks }
    }

    /// Whether a campaign parameter or a click id says that a visit begins. A site has a `ref` and a `source` of its own.
    pub fn begin_something(&self) -> bool {
        self.clicks != 0 || self.source.is_some() || self.medium.is_some() || self.campaign.is_some()
    }

    /// The click ids, in the order of their table.
    pub fn click_ids(clicks: Clicks) -> impl Iterator<Item = &'static ClickId> + Clone {
        CLICK_IDS.iter().enumerate().filter(move |(bit, _)| clicks >> bit & 1 == 1).map(|(_, id)| id)
    }
}

/// `text` without the blanks around it; `None` when it is what trackers write for nothing, or a placeholder that nobody filled in.
pub(super) fn present(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let trimmed = text.trim();
    if is_nothing(trimmed) || is_placeholder(trimmed) {
        return None;
    }
    Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(ref owned) if trimmed.len() < owned.len() => Cow::Owned(trimmed.to_owned()),
        Cow::Owned(owned) => Cow::Owned(owned),
    })
}

fn is_nothing(text: &str) -> bool {
    const NOTHING: [&str; 18] = [
        "",
        "null",
        "undefined",
        "(not set)",
        "(none)",
        "none",
        "nil",
        "nan",
        "n/a",
        "-",
        "not set",
        "not_set",
        "notset",
        "(null)",
        "(undefined)",
        "(not provided)",
        "(empty)",
        "[object object]",
    ];
    text.len() <= 15 && NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// `{{campaign.name}}`, `{campaignid}`, `${name}`, `%%site%%`, `__CAMPAIGN_NAME__`: what an advertising tool should have replaced.
fn is_placeholder(text: &str) -> bool {
    let within = |start: &str, end: &str| {
        let inner = text.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
        inner.filter(|inner| !inner.is_empty())
    };
    let is_name =
        |inner: &str| inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b' ' | b':'));
    let braces = within("{{", "}}").or_else(|| within("${", "}")).or_else(|| within("{", "}"));
    braces.or_else(|| within("%%", "%%")).is_some_and(is_name)
        || within("__", "__")
            .is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'))
}
