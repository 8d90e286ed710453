//! What one event says, as numbers: its page, where it came from and its user agent, each looked up where the same text was before.

use super::arrival_cache::ArrivalCache;
use super::origin::origin;
use super::page_event::PageEvent;
use super::run::Run;
use super::settings::VisitSettings;
use super::visit_part::VisitPart;
use crate::arrival;
use crate::error::Result;
use crate::state::{Dictionary, NONE};
use crate::text::utf8;
use crate::url;

/// A longer start of a URL is not remembered.
const MAX_OF_SITE: usize = 256;
/// At most so many URLs of other sites in a row are chance.
const MAX_OFF_SITE: u32 = 8;

/// The page of a page view.
enum Page {
    /// Its number.
    Number(u32),
    /// There is one, which is not wanted.
    Counted,
    /// There is none, so that the event counts as no page view.
    None,
}

/// Turns events into visit parts of one event.
#[derive(Debug)]
pub(super) struct Classifier {
    settings: VisitSettings,
    /// The start of the URLs of one site, see [`url::site`]: most are of the same.
    site: String,
    /// How many URLs in a row were of other sites.
    off_site: u32,
    /// The pages of URLs up to their query, and where page views came from.
    pages: ArrivalCache<1>,
    origins: ArrivalCache<5>,
    /// What of a URL decides where its visitor came from.
    arrival_key: Vec<u8>,
}

impl Classifier {
    /// One that has seen no event.
    pub fn new(settings: VisitSettings) -> Self {
        Self {
            settings,
            site: String::new(),
            off_site: MAX_OFF_SITE,
            pages: ArrivalCache::default(),
            origins: ArrivalCache::default(),
            arrival_key: Vec::new(),
        }
    }

    /// The visit part of an event at `at` of a visitor whose latest one is `latest`; `55000` for a text that is not UTF-8.
    #[inline]
    pub fn visit_part(
        &mut self,
        event: &PageEvent<'_>,
        at: i64,
        latest: Option<&VisitPart>,
        texts: &mut Dictionary,
    ) -> Result<VisitPart> {
        let (mut run, mut landing) = (Run::of(at, NONE, NONE), NONE);
        if event.is_pageview {
            let page = self.page(event, texts)?;
            let touch = if self.settings.with_touch && !latest.is_some_and(|latest| self.continues(latest, at)) {
                self.origin(event, texts)?
            } else {
                NONE
            };
            match page {
                Page::Number(page) => {
                    run = Run::of(at, page, touch);
                    landing = if touch == NONE || texts.get(page).is_empty() { NONE } else { page };
                }
                Page::Counted => run = Run { pageviews: 1, ..Run::of(at, NONE, touch) },
                Page::None => run = Run::of(at, NONE, touch),
            }
        }
        let agent = agent(event.user_agent, latest, texts)?;
        Ok(VisitPart { run, agent, landing })
    }

    /// Whether an event continues a run that has a touch before it: then its own says nothing.
    fn continues(&self, latest: &VisitPart, at: i64) -> bool {
        let run = latest.run;
        run.touch != NONE && run.touch_at < at && at.saturating_sub(run.end) <= self.settings.gap
    }

    /// The page of a page view.
    fn page(&mut self, event: &PageEvent<'_>, texts: &mut Dictionary) -> Result<Page> {
        let with_pages = self.settings.with_pages;
        let url = match (event.path, event.page_url) {
            (Some(path), _) if with_pages => return intern(texts, path).map(Page::Number),
            (Some(_), _) => return Ok(Page::Counted),
            (None, Some(url)) if self.settings.path_from_url => url,
            _ => return Ok(Page::None),
        };
        if !with_pages && self.is_of_site(url) {
            return Ok(Page::Counted);
        }
        let number = self.page_of_url(url, texts)?;
        Ok(match number {
            NONE => Page::None,
            _ if with_pages => Page::Number(number),
            _ => Page::Counted,
        })
    }

    /// The number of a URL's path, [`NONE`] where it has none; where pages are not wanted, any other number.
    fn page_of_url(&mut self, url: &[u8], texts: &mut Dictionary) -> Result<u32> {
        // What follows the path says nothing about it, but whether something follows does: only then blanks belong to it.
        let end = memchr::memchr2(b'?', b'#', url).map_or(url.len(), |at| at + 1);
        let key = self.pages.key([url.get(..end)]);
        if let Some(known) = self.pages.find(&key) {
            return Ok(known);
        }
        let page = match url::path(utf8(url)?) {
            Some(path) if self.settings.with_pages => texts.intern(path.as_bytes())?,
            Some(_) => 0,
            None => NONE,
        };
        self.pages.keep(&key, page)?;
        Ok(page)
    }

    /// Whether a URL is of the site that most are of. After several others in a row it is another.
    fn is_of_site(&mut self, url: &[u8]) -> bool {
        if !self.site.is_empty() && url.starts_with(self.site.as_bytes()) {
            self.off_site = 0;
            return true;
        }
        self.off_site += 1;
        if self.off_site > MAX_OFF_SITE {
            self.off_site = 0;
            let site = core::str::from_utf8(url).ok().and_then(url::site);
            let site = site.filter(|site| site.len() <= MAX_OF_SITE && !arrival::may_show_others(site));
            self.site.clear();
            self.site.push_str(site.unwrap_or_default());
        }
        false
    }

    /// The number of where a page view came from, [`NONE`] where it is no arrival.
    fn origin(&mut self, event: &PageEvent<'_>, texts: &mut Dictionary) -> Result<u32> {
        self.arrival_key.clear();
        match event.page_url {
            Some(url) if self.is_of_site(url) => {
                // Without the slash, which is the path's.
                self.arrival_key.extend(self.site.bytes().take(self.site.len().saturating_sub(1)));
                arrival::tags(utf8(url)?, &mut self.arrival_key);
            }
            Some(url) => arrival::arrival_key(utf8(url)?, &mut self.arrival_key),
            None => {}
        }
        let arrival_key = event.page_url.map(|_| &*self.arrival_key);
        let key =
            self.origins.key([arrival_key, event.referrer, event.utm_source, event.utm_medium, event.utm_campaign]);
        if let Some(known) = self.origins.find(&key) {
            return Ok(known);
        }
        let ignored = &self.settings.ignored;
        let is_ignored = |host: &str| ignored.iter().any(|domain| is_below(host, domain));
        let origin = match origin(&event.event()?, is_ignored) {
            Some(origin) => texts.intern(origin.as_bytes())?,
            None => NONE,
        };
        self.origins.keep(&key, origin)?;
        Ok(origin)
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.pages.heap_bytes() + self.origins.heap_bytes() + self.arrival_key.capacity() + self.site.capacity()
    }
}

/// The number of a user agent: most often that of the visitor's event before.
fn agent(text: Option<&[u8]>, latest: Option<&VisitPart>, texts: &mut Dictionary) -> Result<u32> {
    let Some(text) = text else { return Ok(NONE) };
    match latest.map(|latest| latest.agent) {
        Some(id) if id != NONE && texts.get(id) == text => Ok(id),
        _ => intern(texts, text),
    }
}

/// The number of a text of the database, which is looked at when it is new.
fn intern(texts: &mut Dictionary, text: &[u8]) -> Result<u32> {
    let known = texts.len();
    let id = texts.intern(text)?;
    if texts.len() > known {
        utf8(text)?;
    }
    Ok(id)
}

/// Whether a host is a domain or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
