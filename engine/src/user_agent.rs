//! User agents: who sends them, what kind of program that is, and on what kind of device. By the words of `rules/agents.tsv` (our own)
//! and `rules/agents_made.tsv` (made from packages by `scripts/agent_rules.py`). A hint, not proof: a program can call itself a browser,
//! and an iPad calls itself a Mac unless its owner forbids it.

mod device_model;
mod words;

use words::{Found, Hit, Tells};

pub use words::rules_version;

/// How much of a user agent is read, in bytes; real ones end long before.
const MAX_READ: usize = 4096;

/// A longer name is none.
const MAX_NAME: usize = 64;

/// Who sends a user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A browser that a person looks at.
    Browser,
    /// Another program that a person uses.
    App,
    /// A program that fetches by itself: previews, monitors, feeds, scanners, browsers without a screen.
    Bot,
    /// Walks sites for a search engine, an archive or an index of links.
    Crawler,
    /// Collects pages for the training, the search or the answers of an assistant.
    AiCrawler,
    /// Fetches because a person asked an assistant.
    AiAgent,
    /// What programs fetch with.
    Library,
    /// Says nothing that is known.
    Unknown,
}

impl Kind {
    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::App => "app",
            Self::Bot => "bot",
            Self::Crawler => "crawler",
            Self::AiCrawler => "ai_crawler",
            Self::AiAgent => "ai_agent",
            Self::Library => "library",
            Self::Unknown => "unknown",
        }
    }

    /// Whether it is a program that reads pages by itself.
    pub fn is_bot(self) -> bool {
        matches!(self, Self::Bot | Self::Crawler | Self::AiCrawler | Self::AiAgent | Self::Library)
    }
}

/// Who sends a user agent, and its name: the vendor's for AI, the program's for all others, `None` where the text has none.
pub fn agent(user_agent: &str) -> (Kind, Option<&str>) {
    let text = read(user_agent);
    let found = words::find(text.as_bytes());
    let (kind, hit) = decide(text, &found);
    let name = match hit {
        Some(Hit { name, .. }) if !name.is_empty() => Some(name),
        _ if matches!(kind, Kind::Browser | Kind::Unknown) => None,
        // The words of apps are of what they are made with.
        _ if kind == Kind::App => own_name(text, None),
        hit => own_name(text, hit),
    };
    (kind, name)
}

/// Whether a user agent is a program that reads pages by itself. False for an empty one.
pub fn is_bot(user_agent: &str) -> bool {
    let text = read(user_agent);
    decide(text, &words::find(text.as_bytes())).0.is_bot()
}

/// The kind of device of a user agent: `bot`, `tv` (consoles too), `tablet`, `mobile`, `desktop`, or `unknown`.
pub fn device(user_agent: &str) -> &'static str {
    let text = read(user_agent);
    let found = words::find(text.as_bytes());
    if decide(text, &found).0.is_bot() {
        return "bot";
    }
    let has = |tells| found.has(tells);
    let model = found.model(text);
    if has(Tells::Handheld) || model == Some(Tells::MobileModel) {
        "mobile"
    } else if has(Tells::Tv) || model == Some(Tells::TvModel) {
        "tv"
    } else if model == Some(Tells::DesktopModel) {
        "desktop"
    } else if has(Tells::Tablet) && !has(Tells::NoTablet) || model == Some(Tells::TabletModel) {
        "tablet"
    } else if has(Tells::Mobile) {
        "mobile"
    } else if has(Tells::Android) {
        // Android's browsers write "Mobile" on a phone alone; its apps, and browsers inside them that end early, write neither.
        if has(Tells::Safari) { "tablet" } else { "mobile" }
    } else if has(Tells::Desktop) {
        "desktop"
    } else {
        "unknown"
    }
}

/// The part of a user agent that is read.
fn read(user_agent: &str) -> &str {
    user_agent.get(..user_agent.floor_char_boundary(MAX_READ)).unwrap_or(user_agent)
}

/// The kind of a user agent and the word that decided, if one did.
fn decide(text: &str, found: &Found) -> (Kind, Option<Hit>) {
    let first = |tells| found.first(tells);
    let has = |tells| found.has(tells);
    let held = [Tells::Mobile, Tells::Android, Tells::Tablet, Tells::Tv, Tells::Handheld].into_iter().any(has);
    let named = [
        (Tells::AiAgent, Kind::AiAgent),
        (Tells::AiCrawler, Kind::AiCrawler),
        (Tells::Crawler, Kind::Crawler),
        (Tells::Person, Kind::Browser),
        (Tells::Bot, Kind::Bot),
    ];
    if let Some((tells, kind)) = named.into_iter().find(|(tells, _)| has(*tells)) {
        (kind, first(tells))
    } else if found.programs > 0 {
        let walks = has(Tells::Walks);
        (if walks { Kind::Crawler } else { Kind::Bot }, first(if walks { Tells::Walks } else { Tells::Program }))
    } else if found.compatible > 0 && !held && !has(Tells::Desktop) {
        (Kind::Bot, None)
    } else if has(Tells::App) {
        (Kind::App, first(Tells::App))
    } else if has(Tells::Library) {
        if held { (Kind::App, None) } else { (Kind::Library, first(Tells::Library)) }
    } else if !held && !has(Tells::Desktop) && is_one_word(text) {
        (Kind::Bot, None)
    } else if has(Tells::Browser) {
        (Kind::Browser, first(Tells::Browser))
    } else if has(Tells::Engine) {
        (Kind::Browser, None)
    } else if held || has(Tells::Desktop) {
        (Kind::App, None)
    } else if begins_as_product(text) {
        (Kind::Bot, None)
    } else {
        (Kind::Unknown, None)
    }
}

/// A text of one word: browsers and apps say more.
fn is_one_word(text: &str) -> bool {
    (2..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A text that begins as `Name of it/1.0` does; "Mozilla/5.0" is what is left of a browser's.
fn begins_as_product(text: &str) -> bool {
    if text.starts_with("Mozilla/") {
        return false;
    }
    let name = text.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_.:!%+ ".contains(&byte)));
    name.is_some_and(|end| end > 1 && text.as_bytes().get(end) == Some(&b'/'))
}

/// The name that a program gives itself: behind "compatible;", else the word that was found, else the first one.
fn own_name(text: &str, hit: Option<Hit>) -> Option<&str> {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.!".contains(byte);
    let bytes = text.as_bytes();
    let token = |start: usize| {
        let rest = bytes.get(start..)?;
        let len = rest.iter().position(|byte| !is_name(byte)).unwrap_or(rest.len());
        let name = text.get(start..start + len)?.trim_matches(['.', '-']);
        (name.len() > 1 && len <= MAX_NAME && name.bytes().any(|byte| byte.is_ascii_alphabetic())).then_some(name)
    };
    const COMPATIBLE: &str = "compatible; ";
    let compatible = text.find(COMPATIBLE).and_then(|at| token(at + COMPATIBLE.len()));
    let around = hit.filter(|hit| !hit.is_address).and_then(|hit| {
        let before = bytes.get(..hit.start)?;
        token(hit.start - before.iter().rev().position(|byte| !is_name(byte)).unwrap_or(before.len()))
    });
    let known = |name: &&str| !["Mozilla", "MSIE", "http", "https"].contains(name);
    compatible.filter(known).or(around.filter(known)).or_else(|| token(0).filter(known))
}
