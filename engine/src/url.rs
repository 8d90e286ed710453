//! URLs as trackers record them: the host, the registrable domain, the path and a query parameter of a text, without
//! allocation where the text allows it. A text is a URL here when it has a scheme, `://` and a host (RFC 3986, with the
//! host rules of the WHATWG URL standard), or begins with `//` and a host. Anything else yields `None`, never an error.

use crate::resource::interrupt::{Throttle, position};
use crate::resource::memory::demand;
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The version of the public suffix list, which is that of the crate `psl`.
pub(crate) const SUFFIXES_VERSION: &str = "2.1.247";

/// The longest host that is looked at, before it is put into ASCII.
const MAX_RAW_HOST: usize = 1024;
/// The longest host name of the DNS, in bytes.
pub(crate) const MAX_HOST: usize = 253;

/// The host of a URL: lower case, in ASCII (punycode for an internationalised name), without user, port and trailing
/// dot. An IPv6 address keeps its brackets. `None` when the text is no URL.
pub fn host(url: &str) -> Option<String> {
    UrlParts::of(url)?.host().map(Cow::into_owned)
}

/// The registrable domain of a URL's host by the public suffix list, private suffixes included. The host itself for an
/// IP address, an app (`android-app://`), and a host that has no more than a public suffix. `None` when the text is no
/// URL.
pub fn domain(url: &str) -> Option<String> {
    let parts = UrlParts::of(url)?;
    let host = parts.host()?;
    Some(parts.registrable(&host).to_owned())
}

/// The path of a URL, or of a text that begins with `/`, without query and fragment and as it is written (not decoded).
/// `/` when it is empty. `None` when the text is no URL.
pub fn path(url: &str) -> Option<String> {
    let tail = match UrlParts::of(url) {
        Some(parts) => parts.is_url().then_some(parts.tail)?,
        None => Some(trim(url)).filter(|text| text.starts_with('/'))?,
    };
    let path = tail.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
    Some(path.to_owned())
}

/// The start of a URL up to its first slash behind the host: whatever begins with it is a URL too, of the same scheme and host.
/// `None` where there is no such slash, and for a text that is no URL or has blanks before it.
pub(crate) fn site(url: &str) -> Option<&str> {
    let parts = UrlParts::of(url).filter(UrlParts::is_url)?;
    let host = url.strip_prefix(parts.scheme)?.trim_start_matches(':').strip_prefix("//")?;
    host.strip_prefix(parts.authority)?.strip_prefix('/').and_then(|path| url.get(..url.len() - path.len()))
}

/// The value of the first query parameter called `name` (compared by bytes, after decoding) of a URL, or of a text
/// that begins with `/` or `?`; empty when the parameter has no value. Percent sequences and `+` are decoded, bytes
/// that are no UTF-8 and NUL become U+FFFD. `None` when the parameter is absent or the text is no URL.
pub fn param(url: &str, name: &str) -> Option<String> {
    let known = match UrlParts::of(url) {
        Some(parts) => parts.is_url(),
        None => trim(url).starts_with(['/', '?']),
    };
    if known { find(query(url)?, name).map(Cow::into_owned) } else { None }
}

/// The pieces of a URL that has an authority.
#[derive(Clone, Copy)]
pub(crate) struct UrlParts<'a> {
    scheme: &'a str,
    authority: &'a str,
    /// Path, query and fragment.
    pub tail: &'a str,
}

impl<'a> UrlParts<'a> {
    /// The pieces of a text with `scheme://` or `//` at its start; the host is not looked at yet.
    pub fn of(text: &'a str) -> Option<Self> {
        let text = trim(text);
        let is_scheme = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let colon = position(text.as_bytes(), |b| !is_scheme(b))?;
        let (scheme, rest) = text.split_at_checked(colon)?;
        let rest = match scheme.bytes().next() {
            None => rest.strip_prefix("//")?,
            Some(first) if first.is_ascii_alphabetic() => rest.strip_prefix("://")?,
            Some(_) => return None,
        };
        // A backslash ends the authority as in browsers: else http://a.com\@b.com/ would pass for b.com.
        let end = position(rest.as_bytes(), |b| matches!(b, b'/' | b'?' | b'#' | b'\\')).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end)?;
        Some(Self { scheme, authority, tail })
    }

    /// The pieces of a bare host with an optional path (`www.example.com/a`), for trackers that leave out the scheme:
    /// only a name below a public suffix that exists.
    pub fn of_bare_host(text: &'a str) -> Option<Self> {
        let text = trim(text);
        let end = position(text.as_bytes(), |b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(text.len());
        let (authority, tail) = text.split_at_checked(end)?;
        let parts = Self { scheme: "", authority, tail };
        let host = parts.host()?;
        (host.contains('.') && psl::suffix(host.as_bytes())?.is_known()).then_some(parts)
    }

    /// The host in its canonical form, `None` when it is empty or no host.
    pub fn host(&self) -> Option<Cow<'a, str>> {
        let hostport = match self.authority.bytes().rposition(|b| b == b'@') {
            Some(at) => self.authority.get(at + 1..)?,
            None => self.authority,
        };
        if let Some(rest) = hostport.strip_prefix('[') {
            let (address, port) = rest.split_once(']')?;
            if !port.is_empty() && !is_port(port.strip_prefix(':')?) {
                return None;
            }
            return Some(Cow::Owned(format!("[{}]", address.parse::<Ipv6Addr>().ok()?)));
        }
        let name = match hostport.bytes().rposition(|b| b == b':') {
            Some(colon) if is_port(hostport.get(colon + 1..)?) => hostport.get(..colon)?,
            Some(_) => return None,
            None => hostport,
        };
        canonical(name, self.is_app())
    }

    /// The registrable domain of this URL's canonical host.
    pub fn registrable<'h>(&self, host: &'h str) -> &'h str {
        // Package names of apps are written the other way round: they have no public suffix.
        if self.is_app() || is_address(host) { host } else { psl::domain_str(host).unwrap_or(host) }
    }

    /// Appends what is before path, query and fragment.
    pub fn write_site(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.scheme.as_bytes());
        to.extend_from_slice(b"://");
        to.extend_from_slice(self.authority.as_bytes());
    }

    /// Whether it is a page of a browser's extension.
    pub fn is_extension(&self) -> bool {
        self.scheme.len() > 10 && self.scheme.to_ascii_lowercase().ends_with("-extension")
    }

    /// Whether it is a page of the web, or an app: not one of a browser's own (`chrome://newtab`), a file, or the like.
    pub fn is_site(&self) -> bool {
        matches!(self.scheme, "https" | "http" | "")
            || self.scheme.eq_ignore_ascii_case("https")
            || self.scheme.eq_ignore_ascii_case("http")
            || self.is_app()
    }

    fn is_app(&self) -> bool {
        self.scheme.len() > 4 && self.scheme.to_ascii_lowercase().ends_with("-app")
    }

    fn is_url(&self) -> bool {
        self.host().is_some() || (self.authority.is_empty() && self.scheme.eq_ignore_ascii_case("file"))
    }
}

/// The public suffix of a canonical host when it is `com` or belongs to a country, the ones under which a site keeps
/// its name from land to land (`co.uk` of `google.co.uk`).
pub(crate) fn country_suffix(host: &str) -> Option<&str> {
    let mut name = host;
    loop {
        let suffix = psl::suffix(name.as_bytes())?;
        let text = name.get(name.len().checked_sub(suffix.as_bytes().len())?..)?;
        match suffix.typ()? {
            psl::Type::Icann => {
                let top = text.rsplit('.').next()?;
                return (text == "com" || top.len() == 2).then_some(text);
            }
            // Below a private suffix (blogspot.com) the site is the owner of that suffix.
            psl::Type::Private => name = text.split_once('.')?.1,
        }
    }
}

/// The query of a text, between the first `?` and the fragment; it need not be a URL.
pub(crate) fn query(text: &str) -> Option<&str> {
    let question = memchr::memchr2(b'?', b'#', text.as_bytes())?;
    let query = text.get(question..)?.strip_prefix('?')?;
    Some(query.find('#').and_then(|hash| query.get(..hash)).unwrap_or(query))
}

/// The still encoded names and values of a query, in order; a name without `=` has an empty value.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut throttle = Throttle::default();
    query
        .split('&')
        .inspect(move |_| throttle.step())
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// The decoded value of the first parameter called `name`.
pub(crate) fn find<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    find_encoded(query, name).map(decode)
}

/// The still encoded value of the first parameter called `name`.
pub(crate) fn find_encoded<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    pairs(query).find(|(key, _)| *key == name || decode(key) == name).map(|(_, value)| value)
}

/// `text` with `+` and percent sequences decoded; what is no UTF-8, and NUL, becomes U+FFFD. A percent sign that
/// begins no sequence stays.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    let Cow::Owned(out) = decode_bytes(text) else { return Cow::Borrowed(text) };
    let out = String::from_utf8(out).unwrap_or_else(|error| {
        // Each byte that is none of a text becomes three, in a text that doubles as it grows.
        demand(6 * error.as_bytes().len());
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    });
    if !out.contains('\0') {
        return Cow::Owned(out);
    }
    demand(6 * out.len());
    Cow::Owned(out.replace('\0', "\u{FFFD}"))
}

/// The bytes that [`decode`] makes a text of; borrowed where nothing is to be decoded.
pub(crate) fn decode_bytes(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if position(bytes, |b| matches!(b, b'%' | b'+' | 0)).is_none() {
        return Cow::Borrowed(bytes);
    }
    demand(2 * bytes.len());
    let mut out = Vec::with_capacity(bytes.len());
    let (mut at, mut throttle) = (0, Throttle::default());
    while let Some(&byte) = bytes.get(at) {
        throttle.step();
        let sequence = if byte == b'%' { hex_pair(bytes.get(at + 1..at + 3)) } else { None };
        out.push(sequence.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if sequence.is_some() { 3 } else { 1 };
    }
    Cow::Owned(out)
}

fn hex_pair(digits: Option<&[u8]>) -> Option<u8> {
    let &[high, low] = digits? else { return None };
    let value = (high as char).to_digit(16)? * 16 + (low as char).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Without the control characters and spaces around it.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c <= ' ')
}

fn is_port(text: &str) -> bool {
    text.is_empty() || (text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u16>().is_ok())
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || (host.ends_with(|c: char| c.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_ok())
}

/// The canonical form of a host name or IPv4 address; borrowed when it is in that form already.
fn canonical(name: &str, is_app: bool) -> Option<Cow<'_, str>> {
    if name.len() > MAX_RAW_HOST {
        return None;
    }
    let (mut lower, mut ascii) = (true, true);
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {}
            b'A'..=b'Z' => lower = false,
            b'%' | 0x80.. => ascii = false,
            0..=b' ' | b'#' | b'/' | b':' | b'<' | b'>' | b'?' | b'@' | b'[' | b'\\' | b']' | b'^' | b'|' | 0x7f => {
                return None;
            }
            _ => {}
        }
    }
    let mut host = match (ascii, lower) {
        (true, true) => Cow::Borrowed(name),
        (true, false) => Cow::Owned(name.to_ascii_lowercase()),
        (false, _) => {
            // A plus is no space in a host.
            let name = decode(&name.replace('+', "%2B")).into_owned();
            Cow::Owned(idna::domain_to_ascii_cow(name.as_bytes(), idna::AsciiDenyList::URL).ok()?.into_owned())
        }
    };
    if host.ends_with('.') {
        host = match host {
            Cow::Borrowed(name) => Cow::Borrowed(name.get(..name.len() - 1)?),
            Cow::Owned(mut name) => {
                name.pop();
                Cow::Owned(name)
            }
        };
    }
    if host.len() > MAX_HOST || host.split('.').any(str::is_empty) {
        return None;
    }
    // A name that ends in a number is an address or nothing; but iOS apps are numbers.
    let number = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    if number && !is_app && host.parse::<Ipv4Addr>().is_err() { None } else { Some(host) }
}
