//! Pages that somebody else shows: caches, translators, archives and browser extensions. The site is the one inside.

use super::rules::ChannelRule;
use crate::url::{self, UrlParts};

/// As much of an address is looked at for the one inside: hosts stand near the start of what contains them.
const MOST: usize = 4096;

/// The host of the site whose page is shown, and its registrable domain.
pub(super) struct Inner {
    pub host: String,
    pub domain: String,
}

impl Inner {
    fn of(text: &str) -> Option<Self> {
        let parts = UrlParts::of(text).or_else(|| UrlParts::of_bare_host(text))?;
        let host = parts.host()?;
        // Names without a dot are of no site.
        host.contains('.').then(|| Self { domain: parts.registrable(&host).to_owned(), host: host.into_owned() })
    }
}

/// The site inside an address whose host is a proxy's: in a parameter, as a URL in the path or behind it, as a host in the path
/// (`/c/s/example.com/page`), or as the first label of the host (`my--shop-example-com`).
pub(super) fn of_proxy(host: &str, tail: &str, rule: &ChannelRule) -> Option<Inner> {
    let tail = tail.get(..tail.floor_char_boundary(MOST))?;
    let parameter = |name: &&str| {
        let value = url::find(url::query(tail)?, name)?;
        // A cache's own: cache:id:example.com/page.
        Inner::of(&value).or_else(|| Inner::of(value.rsplit(':').next()?))
    };
    embedded(tail)
        .or_else(|| rule.terms.iter().find_map(parameter))
        .or_else(|| {
            let path = tail.split(['?', '#']).next()?;
            path.split('/').filter(|segment| segment.contains('.')).find_map(Inner::of)
        })
        .or_else(|| {
            let label = host.split_once('.')?.0;
            Inner::of(&label.replace("--", "\n").replace('-', ".").replace('\n', "-"))
        })
}

/// The site inside the address of a browser extension.
pub(super) fn of_extension(tail: &str) -> Option<Inner> {
    embedded(tail.get(..tail.floor_char_boundary(MOST))?)
}

/// The first URL within a text, encoded or not, also with one slash or without colon (`/https/example.com`).
fn embedded(tail: &str) -> Option<Inner> {
    let tail = url::decode(tail);
    let lower = tail.to_ascii_lowercase();
    lower.match_indices("http").find_map(|(at, _)| {
        let rest = tail.get(at + 4..)?;
        let rest = rest.strip_prefix(['s', 'S']).unwrap_or(rest);
        let rest = rest.strip_prefix(':').unwrap_or(rest).strip_prefix('/')?;
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let end = rest.find(['/', '?', '#', '&', '\\', ' ']).unwrap_or(rest.len());
        Inner::of(&format!("//{}", rest.get(..end)?))
    })
}
