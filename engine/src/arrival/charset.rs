//! The text of a search term: UTF-8 where its bytes are, else in the charset that the query names or the engine is known to use.

use crate::resource::memory::demand;
use crate::url;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// A longer value that is no UTF-8 is no search term.
const MOST: usize = 4096;
/// Query parameters in which engines say how the term is written.
const NAMES: [&str; 5] = ["ie", "ei", "charset", "enc", "encoding"];

/// The text of a still encoded value; `None` where its bytes are of a charset that nobody knows: no text is better than a wrong one.
pub(super) fn term<'a>(value: &'a str, query: &str, charsets: &[&'static Encoding]) -> Option<Cow<'a, str>> {
    let bytes = match url::decode_bytes(value) {
        Cow::Borrowed(_) => return Some(Cow::Borrowed(value)).filter(|text| is_text(text)),
        Cow::Owned(bytes) => bytes,
    };
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Some(Cow::Owned(text)).filter(|text| is_text(text)),
        Err(error) => error,
    };
    let valid = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    if bytes.len() > MOST {
        return None;
    }
    let start = bytes.get(..valid)?;
    if error.utf8_error().error_len().is_none() && !start.is_ascii() {
        // UTF-8 that somebody cut within a character.
        return core::str::from_utf8(start).ok().filter(|text| is_text(text)).map(|text| Cow::Owned(text.to_owned()));
    }
    let named = NAMES.iter().filter_map(|name| Encoding::for_label(url::find(query, name)?.as_bytes()));
    demand(4 * bytes.len());
    named.chain(charsets.iter().copied()).find_map(|charset| {
        let text = charset.decode_without_bom_handling_and_without_replacement(bytes)?;
        (is_text(&text) && (!charset.is_single_byte() || text.chars().all(is_plausible)))
            .then(|| Cow::Owned(text.into_owned()))
    })
}

/// Whether a text has nothing in it that no one types.
fn is_text(text: &str) -> bool {
    !text.contains(|c: char| matches!(c, '\0'..='\x08' | '\x0e'..='\x1f' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fffd}'))
}

/// Any bytes are a text in a charset of one byte a character; one that people search for has letters and few signs.
fn is_plausible(c: char) -> bool {
    c.is_ascii()
        || c.is_alphabetic()
        || c.is_numeric()
        || matches!(c, '«' | '»' | '–' | '—' | '’' | '“' | '”' | '№' | '\u{a0}')
}
