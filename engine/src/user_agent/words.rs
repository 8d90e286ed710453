//! The words of the rules, and which of them a user agent has.

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use std::ops::Range;
use std::sync::LazyLock;

use super::device_model;
use crate::resource::memory::lasting;
use crate::rule_versions::version_of;

const OWN: &str = include_str!("../../rules/agents.tsv");
const MADE: &str = include_str!("../../rules/agents_made.tsv");

/// What most user agents say. It is stepped over, with the words that are in it, for it is half of their length.
const COMMON: [&str; 3] = ["Mozilla/5.0 (", "AppleWebKit/537.36 (KHTML, like Gecko) ", "Safari/537.36"];

/// Stands for what `device_model::has_inches` tells; a pattern like the others, which no user agent has.
const INCHES: &str = "(inches)";

/// The versions of the words that are compiled in.
pub fn rules_version() -> String {
    format!("{}.{}", version_of(OWN), version_of(MADE))
}

/// What a word tells. The head of the rules explains them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    AiAgent,
    AiCrawler,
    Crawler,
    Person,
    Bot,
    Walks,
    Program,
    Skip,
    Compatible,
    Known,
    App,
    Library,
    Browser,
    Engine,
    Safari,
    Desktop,
    Handheld,
    Tv,
    Tablet,
    NoTablet,
    Mobile,
    Android,
    DesktopModel,
    TvModel,
    TabletModel,
    MobileModel,
}

/// Their names in the rules.
const TELLS: [(&str, Tells); 26] = [
    ("ai_agent", Tells::AiAgent),
    ("ai_crawler", Tells::AiCrawler),
    ("crawler", Tells::Crawler),
    ("person", Tells::Person),
    ("bot", Tells::Bot),
    ("walks", Tells::Walks),
    ("program", Tells::Program),
    ("skip", Tells::Skip),
    ("compatible", Tells::Compatible),
    ("known", Tells::Known),
    ("app", Tells::App),
    ("library", Tells::Library),
    ("browser", Tells::Browser),
    ("engine", Tells::Engine),
    ("safari", Tells::Safari),
    ("desktop", Tells::Desktop),
    ("handheld", Tells::Handheld),
    ("tv", Tells::Tv),
    ("tablet", Tells::Tablet),
    ("no_tablet", Tells::NoTablet),
    ("mobile", Tells::Mobile),
    ("android", Tells::Android),
    ("desktop_model", Tells::DesktopModel),
    ("tv_model", Tells::TvModel),
    ("tablet_model", Tells::TabletModel),
    ("mobile_model", Tells::MobileModel),
];

/// One word of the rules.
struct Word {
    tells: Tells,
    name: &'static str,
    at_start: bool,
    open_left: bool,
    open_right: bool,
    is_address: bool,
}

struct Words {
    finder: Option<NFA>,
    words: Vec<Word>,
    /// The place of the inches among them.
    inches: u16,
    steps: Vec<Step>,
}

/// A part of many user agents, and the places of the words in it.
struct Step {
    text: &'static [u8],
    words: Vec<u16>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| lasting(words));

fn words() -> Words {
    let mut patterns = Vec::new();
    let mut words = Vec::new();
    let mut inches = NONE;
    for (tells, name, list) in lines() {
        for word in list.split(", ") {
            if word == INCHES {
                inches = u16::try_from(words.len()).unwrap_or(NONE);
            }
            let (at_start, word) = strip(word, |word| word.strip_prefix('^'));
            let (open_left, word) = strip(word, |word| word.strip_prefix('*'));
            let (open_right, word) = strip(word, |word| word.strip_suffix('*'));
            let is_address = word.starts_with("http") || word.starts_with("www.");
            patterns.push(word);
            words.push(Word { tells, name, at_start, open_left, open_right, is_address });
        }
    }
    // Building fails only beyond billions of states; a test builds it.
    let finder = NFA::new(patterns).ok();
    let mut words = Words { finder, words, inches, steps: Vec::new() };
    let step = |text: &'static str| Step {
        text: text.as_bytes(),
        words: words.scan(text.as_bytes()).first.into_iter().filter(|word| *word != NONE).collect(),
    };
    words.steps = COMMON.into_iter().map(step).collect();
    words
}

/// The lines of the rules: what the words tell, a name, the words.
fn lines() -> impl Iterator<Item = (Tells, &'static str, &'static str)> {
    OWN.lines().chain(MADE.lines()).filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let tells = columns.next()?;
        let (_, tells) = TELLS.iter().find(|(name, _)| *name == tells)?;
        let name = columns.next().filter(|name| *name != "-").unwrap_or_default();
        Some((*tells, name, columns.next()?))
    })
}

fn strip(word: &'static str, mark: impl Fn(&'static str) -> Option<&'static str>) -> (bool, &'static str) {
    mark(word).map_or((false, word), |word| (true, word))
}

/// A word of a user agent that counts.
pub(super) struct Hit {
    /// The name in the rules, empty where the text itself has it.
    pub(super) name: &'static str,
    pub(super) start: usize,
    /// The word is of an address.
    pub(super) is_address: bool,
}

/// The words of one user agent.
pub(super) struct Found {
    /// For all that a word can tell the first of the rules, as a place among the words.
    first: [u16; TELLS.len()],
    /// Where it was.
    starts: [u16; TELLS.len()],
    /// Words of programs, less those that are known to be none.
    pub(super) programs: i32,
    /// The same of `compatible;`.
    pub(super) compatible: i32,
    /// Where the name of the model is.
    model: Range<usize>,
}

/// No word.
const NONE: u16 = u16::MAX;

impl Found {
    fn word(&self, tells: Tells) -> u16 {
        self.first.get(tells as usize).copied().unwrap_or(NONE)
    }

    pub(super) fn has(&self, tells: Tells) -> bool {
        self.word(tells) != NONE
    }

    pub(super) fn first(&self, tells: Tells) -> Option<Hit> {
        let word = WORDS.words.get(usize::from(self.word(tells)))?;
        let start = self.starts.get(tells as usize)?;
        Some(Hit { name: word.name, start: usize::from(*start), is_address: word.is_address })
    }

    /// What the name of the model tells: the first line wins.
    pub(super) fn model(&self, text: &str) -> Option<Tells> {
        let inches = text.as_bytes().get(self.model.clone()).is_some_and(device_model::has_inches);
        let inches = if inches { WORDS.inches } else { NONE };
        let models = [Tells::DesktopModel, Tells::TvModel, Tells::TabletModel, Tells::MobileModel];
        let words = models.into_iter().map(|tells| (self.word(tells), tells));
        words
            .chain([(inches, Tells::TvModel)])
            .filter(|(word, _)| *word != NONE)
            .min_by_key(|(word, _)| *word)
            .map(|(_, tells)| tells)
    }

    /// Takes a word that was read, if it stands by itself.
    fn meet(&mut self, words: &Words, text: &[u8], index: usize, at: Range<usize>) {
        let Some(word) = words.words.get(index).filter(|word| stands(text, word, at.clone())) else { return };
        // The name of the model comes behind the word Android.
        if word.tells == Tells::Android && !self.has(Tells::Android) {
            self.model = device_model::place(text, at.end);
        }
        self.put(words, u16::try_from(index).unwrap_or(NONE), at.start);
    }

    /// Takes a word that stands by itself, if it counts where it is.
    fn put(&mut self, words: &Words, word: u16, start: usize) {
        let Some(Word { tells, .. }) = words.words.get(usize::from(word)) else { return };
        if !counts(*tells, self.model.contains(&start)) {
            return;
        }
        match tells {
            Tells::Program | Tells::Walks => self.programs += 1,
            Tells::Skip => self.programs -= 1,
            Tells::Compatible => self.compatible += 1,
            Tells::Known => self.compatible -= 1,
            _ => {}
        }
        let at = *tells as usize;
        if let (Some(first), Some(place)) = (self.first.get_mut(at), self.starts.get_mut(at))
            && word < *first
        {
            *first = word;
            *place = u16::try_from(start).unwrap_or(NONE);
        }
    }
}

/// Finds the words of a user agent.
pub(super) fn find(text: &[u8]) -> Found {
    WORDS.scan(text)
}

impl Words {
    /// Finds all words that end at each of the bytes, in one pass.
    fn scan(&self, text: &[u8]) -> Found {
        let mut found =
            Found { first: [NONE; TELLS.len()], starts: [0; TELLS.len()], programs: 0, compatible: 0, model: 0..0 };
        let Some(finder) = &self.finder else { return found };
        let Ok(start) = finder.start_state(Anchored::No) else { return found };
        let (mut state, mut at) = (start, 0);
        while let Some(byte) = text.get(at) {
            if matches!(byte, b'A' | b'M' | b'S')
                && parts(at.checked_sub(1).and_then(|before| text.get(before)), Some(byte))
                && let Some(rest) = text.get(at..)
                && let Some(step) = self.steps.iter().find(|step| rest.starts_with(step.text))
            {
                for word in &step.words {
                    found.put(self, *word, at);
                }
                (state, at) = (start, at + step.text.len());
                continue;
            }
            at += 1;
            state = finder.next_state(Anchored::No, state, byte.to_ascii_lowercase());
            if finder.is_special(state) && finder.is_match(state) {
                for i in 0..finder.match_len(state) {
                    let pattern = finder.match_pattern(state, i);
                    let start = at.saturating_sub(finder.pattern_len(pattern));
                    found.meet(self, text, pattern.as_usize(), start..at);
                }
            }
        }
        found
    }
}

/// Whether a word stands where its marks want it.
fn stands(text: &[u8], word: &Word, at: Range<usize>) -> bool {
    let inside = text.get(at.clone()).unwrap_or_default();
    let before = at.start.checked_sub(1).and_then(|before| text.get(before));
    (!word.at_start || at.start == 0)
        && (word.open_left || parts(before, inside.first()))
        && (word.open_right || parts(inside.last(), text.get(at.end)))
}

/// Whether the place between two bytes parts two words: no run of letters and none of digits goes over it.
fn parts(left: Option<&u8>, right: Option<&u8>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return true };
    !(left.is_ascii_alphabetic() && right.is_ascii_alphabetic() || left.is_ascii_digit() && right.is_ascii_digit())
}

/// What a maker calls a device says nothing of the program on it, and only there are the words about models.
fn counts(tells: Tells, in_model: bool) -> bool {
    match tells {
        Tells::AiAgent | Tells::AiCrawler | Tells::Handheld | Tells::Tv | Tells::Tablet | Tells::NoTablet => true,
        Tells::Mobile | Tells::Android => true,
        Tells::DesktopModel | Tells::TvModel | Tells::TabletModel | Tells::MobileModel => in_model,
        _ => !in_model,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        let rows = OWN.lines().chain(MADE.lines()).filter(|line| !line.starts_with('#') && !line.is_empty());
        assert_eq!(rows.count(), lines().count());
        assert!(WORDS.finder.is_some() && WORDS.inches != NONE && WORDS.words.len() < usize::from(NONE));
        for (tells, name, list) in lines() {
            for word in list.split(", ") {
                let bare = word.trim_start_matches('^').trim_matches('*');
                assert!(
                    bare.len() > 1 && bare == bare.to_lowercase() && !bare.contains(['*', '\t']),
                    "{tells:?} {name} {word}"
                );
            }
        }
    }

    /// Stepping over what is common leaves the answers as they are.
    #[test]
    fn steps_change_nothing() {
        let slow = Words { steps: Vec::new(), ..words() };
        let parts = [
            "x",
            " ",
            "bot",
            "1",
            ")",
            ";",
            "Mobile ",
            "Safari",
            "Version/4.0 ",
            "Linux; Android 9; Tab ",
            "/",
            "(compatible; ",
        ];
        for a in COMMON {
            for b in parts {
                for c in COMMON {
                    for d in parts {
                        let text = [b, a, d, c, b].concat();
                        assert_eq!(find(text.as_bytes()).first, slow.scan(text.as_bytes()).first, "{text}");
                    }
                }
            }
        }
    }

    /// A skip takes away one word of a program, so it has to hold exactly one.
    #[test]
    fn every_exception_has_its_rule() {
        for (tells, _, list) in lines().filter(|(tells, ..)| matches!(tells, Tells::Skip | Tells::Known)) {
            for word in list.split(", ") {
                let found = find(word.trim_matches('*').as_bytes());
                let left = if tells == Tells::Skip { found.programs } else { found.compatible };
                assert_eq!(left, 0, "{word}");
            }
        }
    }
}
