//! One event as the source has it.

use crate::arrival::Landing;
use crate::error::Result;
use crate::text::utf8;

/// An event. Texts are bytes as the database has them: they are looked at as UTF-8 only where they are new.
#[derive(Debug, Clone, Copy, Default)]
pub struct PageEvent<'a> {
    /// Whose it is.
    pub visitor: &'a [u8],
    /// Microseconds since 2000-01-01 UTC.
    pub at: i64,
    /// Its own id, which a second delivery has too.
    pub id: Option<&'a [u8]>,
    /// Whether it is a page view: only these have pages and touches.
    pub is_pageview: bool,
    /// Its type, where heartbeats are looked for.
    pub event_type: Option<&'a [u8]>,
    /// Whether it is a key event.
    pub is_key: bool,
    /// The page's path; `None` takes it from the URL where the set's settings say so.
    pub path: Option<&'a [u8]>,
    /// How the visitor came: see [`Landing`].
    pub page_url: Option<&'a [u8]>,
    /// See [`Landing`].
    pub referrer: Option<&'a [u8]>,
    /// See [`Landing`].
    pub utm_source: Option<&'a [u8]>,
    /// See [`Landing`].
    pub utm_medium: Option<&'a [u8]>,
    /// See [`Landing`].
    pub utm_campaign: Option<&'a [u8]>,
    /// The browser.
    pub user_agent: Option<&'a [u8]>,
}

impl<'a> PageEvent<'a> {
    /// How the visitor came; `55000` for a text that is not UTF-8.
    pub fn event(&self) -> Result<Landing<'a>> {
        let text = |bytes: Option<&'a [u8]>| bytes.map(utf8).transpose();
        Ok(Landing {
            referrer: text(self.referrer)?,
            page_url: text(self.page_url)?,
            utm_source: text(self.utm_source)?,
            utm_medium: text(self.utm_medium)?,
            utm_campaign: text(self.utm_campaign)?,
        })
    }
}

/// Whether events of a type are page views.
pub fn is_pageview(event_type: &[u8]) -> bool {
    matches!(event_type, b"page_view" | b"pageview")
}
