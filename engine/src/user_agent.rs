//! User agents: who is a program, and what kind of device the others are, by the words of `rules/agents.tsv`. A hint,
//! not proof: a program can call itself a browser, and an iPad calls itself a Mac unless its owner forbids it.

use aho_corasick::{AhoCorasick, MatchKind};
use std::sync::LazyLock;

use crate::resource::memory::lasting;
use crate::rule_versions::version_of;

const AGENTS_TSV: &str = include_str!("../rules/agents.tsv");

/// The version of the words that are compiled in.
pub fn rules_version() -> &'static str {
    version_of(AGENTS_TSV)
}

/// How much of a user agent is read, in bytes; real ones end long before.
const MAX_READ: usize = 4096;

/// The kinds of words, in the order in which they decide.
const KINDS: [&str; 7] = ["bot", "tv", "tablet", "mobile", "android", "desktop", "skip"];
const BOT: u8 = 1 << 0;
const TV: u8 = 1 << 1;
const TABLET: u8 = 1 << 2;
const MOBILE: u8 = 1 << 3;
const ANDROID: u8 = 1 << 4;
const DESKTOP: u8 = 1 << 5;

struct Words {
    finder: Option<AhoCorasick>,
    /// The kind of each word, as a bit.
    kinds: Vec<u8>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| lasting(words));

fn words() -> Words {
    let mut words = Vec::new();
    let mut kinds = Vec::new();
    for (kind, list) in AGENTS_TSV.lines().filter_map(|line| line.split_once('\t')) {
        if let Some(bit) = KINDS.iter().position(|known| *known == kind) {
            for word in list.split(", ") {
                words.push(word);
                kinds.push(1 << bit);
            }
        }
    }
    // Building fails only beyond billions of states; a test builds it.
    let finder =
        AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(words).ok();
    Words { finder, kinds }
}

/// Whether a user agent is a program that reads pages by itself: a crawler, a preview, a monitor, a feed reader, a
/// library or a browser without a screen. False for an empty one.
pub fn is_bot(user_agent: &str) -> bool {
    kinds(user_agent) & BOT != 0
}

/// The kind of device of a user agent: `bot`, `tv` (consoles too), `tablet`, `mobile`, `desktop`, or `unknown`.
pub fn device(user_agent: &str) -> &'static str {
    let kinds = kinds(user_agent);
    let has = |bits: u8| kinds & bits != 0;
    if has(BOT) {
        "bot"
    } else if has(TV) {
        "tv"
    } else if has(TABLET) {
        "tablet"
    } else if has(MOBILE) {
        "mobile"
    } else if has(ANDROID) {
        "tablet"
    } else if has(DESKTOP) {
        "desktop"
    } else {
        "unknown"
    }
}

/// The kinds of all words in a user agent.
fn kinds(user_agent: &str) -> u8 {
    let words = &*WORDS;
    let bytes = user_agent.as_bytes();
    let bytes = bytes.get(..MAX_READ).unwrap_or(bytes);
    let found = words.finder.iter().flat_map(|finder| finder.find_iter(bytes));
    found.filter_map(|word| words.kinds.get(word.pattern().as_usize())).fold(0, |all, kind| all | kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        for line in AGENTS_TSV.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, words) = line.split_once('\t').unwrap_or_else(|| panic!("malformed row: {line}"));
            assert!(KINDS.contains(&kind), "unknown kind: {line}");
            assert!(words.split(", ").all(|word| word.len() > 2 && word == word.to_lowercase()), "{line}");
        }
        assert!(WORDS.finder.is_some());
    }
}
