//! Which of many patterns may fit a text, in one pass over it.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::needles::{Needle, needles};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::memory;

/// Letters that some locale takes for an ASCII letter in another case: ı and İ for i, and to be sure ſ for s and K (Kelvin) for k.
const ODD_CASES: [char; 4] = ['\u{130}', '\u{131}', '\u{17f}', '\u{212a}'];

/// The needles of some patterns.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    needles: Option<AhoCorasick>,
    /// By needle: the number of its pattern.
    patterns: Vec<(Needle, u32)>,
    /// Patterns that may fit anything.
    always: Vec<u32>,
    count: u32,
}

impl Sieve {
    /// That of these patterns, numbered from 0.
    pub fn new<'p>(patterns: impl Iterator<Item = &'p str>) -> Result<Self> {
        let (mut sieve, mut bytes) = (Self::default(), 0);
        for (pattern, number) in patterns.zip(0u32..) {
            sieve.count = number + 1;
            match needles(pattern)? {
                None => memory::push(&mut sieve.always, number)?,
                Some(found) => {
                    for needle in found {
                        bytes += needle.text.len();
                        memory::push(&mut sieve.patterns, (needle, number))?;
                    }
                }
            }
        }
        if sieve.patterns.is_empty() {
            return Ok(sieve);
        }
        // Its tables have a few words for each letter.
        memory::demand(bytes.saturating_mul(128));
        let built = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(sieve.patterns.iter().map(|(needle, _)| &needle.text));
        sieve.needles = Some(built.map_err(|_| {
            Error::new(ErrorKind::LimitExceeded, "the patterns of channel_rule are too long", "Use shorter patterns.")
        })?);
        Ok(sieve)
    }

    /// Says of each pattern that may fit the text its number, some of them several times.
    pub fn of_text(&self, text: &str, mut say: impl FnMut(u32)) {
        if !text.is_ascii() && text.contains(ODD_CASES) {
            return (0..self.count).for_each(say);
        }
        self.always.iter().for_each(|number| say(*number));
        let Some(needles) = &self.needles else { return };
        for found in needles.find_overlapping_iter(text) {
            let Some((needle, number)) = self.patterns.get(found.pattern().as_usize()) else { continue };
            let is_there = (!needle.starts || found.start() == 0) && (!needle.ends || found.end() == text.len());
            if is_there {
                say(*number);
            }
        }
    }
}
