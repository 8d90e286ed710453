//! The rule table (`rules/channels.tsv`, `rules/ignored_referrers.tsv`): parsed once, looked up by host or name.

use crate::rule_versions::version_of;
use crate::url::{MAX_HOST, country_suffix};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

use crate::resource::memory::lasting;

const CHANNELS_TSV: &str = include_str!("../../rules/channels.tsv");
const IGNORED_TSV: &str = include_str!("../../rules/ignored_referrers.tsv");

/// The list a place is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Category {
    Search,
    Social,
    Video,
    Shopping,
    Ai,
    Other,
}

/// One row of the table.
pub(super) struct ChannelRule {
    pub category: Category,
    /// The name to report; empty: the host.
    pub source: &'static str,
    /// Query parameters that carry the search term.
    pub terms: Vec<&'static str>,
    ads: Vec<&'static str>,
}

impl ChannelRule {
    /// Whether this place belongs to an advertising network or sells its ads.
    pub fn belongs_to(&self, network: &str) -> bool {
        self.source == network || self.ads.contains(&network)
    }
}

/// What the table says about one host or name.
#[derive(Default)]
struct HostRows {
    /// The row for the host alone.
    exact: Option<usize>,
    /// The row for the host and its subdomains.
    below: Option<usize>,
    /// Rows for paths of the host, by prefix.
    paths: Vec<(&'static str, usize)>,
}

struct RuleTable {
    rows: Vec<ChannelRule>,
    /// By host or name.
    hosts: FxHashMap<&'static str, HostRows>,
    /// By host without its country suffix (the patterns that end in `.*`).
    stems: FxHashMap<&'static str, HostRows>,
}

static TABLE: LazyLock<RuleTable> = LazyLock::new(|| lasting(|| parse(CHANNELS_TSV)));
static IGNORED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lasting(|| rows(IGNORED_TSV).map(first_column).collect()));
static IGNORED_SET: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| lasting(|| IGNORED.iter().copied().collect()));

/// The version line of the rule table.
pub(super) fn version() -> &'static str {
    version_of(CHANNELS_TSV)
}

/// The version line of the ignored hosts.
pub(super) fn ignored_version() -> &'static str {
    version_of(IGNORED_TSV)
}

/// The hosts of `rules/ignored_referrers.tsv`.
pub(super) fn ignored() -> &'static [&'static str] {
    &IGNORED
}

/// Whether a canonical host or one of the domains above it is in `rules/ignored_referrers.tsv`.
pub(super) fn is_ignored(host: &str) -> bool {
    ancestors(host).any(|name| IGNORED_SET.contains(name))
}

/// The rule of a referrer: a canonical host and what follows it in the URL.
pub(super) fn by_referrer(host: &str, tail: &str) -> Option<&'static ChannelRule> {
    // A host without a dot is a machine of an intranet, not the source of that name; numbers are iOS apps.
    let named = host.contains('.') || host.bytes().all(|b| b.is_ascii_digit());
    if named { by_host(host, tail) } else { None }
}

/// The rule of a source as people write it into a UTM parameter: a name or a host, whatever its case.
pub(super) fn by_source(source: &str) -> Option<&'static ChannelRule> {
    let lower = source.to_ascii_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let (host, tail) = bare.split_at_checked(bare.find('/').unwrap_or(bare.len()))?;
    by_host(host, tail)
}

/// The rule of the first word of a source (`google_pmax` is Google's).
pub(super) fn by_first_word(source: &str) -> Option<&'static ChannelRule> {
    by_source(source.split(|c: char| !c.is_ascii_alphanumeric()).next()?)
}

fn by_host(host: &str, tail: &str) -> Option<&'static ChannelRule> {
    let table = &*TABLE;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let found = climb(&table.hosts, host, tail).or_else(|| {
        let stem = host.strip_suffix(country_suffix(host)?)?.strip_suffix('.')?;
        climb(&table.stems, stem, tail)
    });
    table.rows.get(found?)
}

/// The row of a name or of the nearest domain above it.
fn climb(slots: &FxHashMap<&'static str, HostRows>, name: &str, tail: &str) -> Option<usize> {
    ancestors(name).enumerate().find_map(|(level, name)| {
        let slot = slots.get(name)?;
        let here = if level == 0 { slot.by_path(tail).or(slot.exact) } else { None };
        here.or(slot.below)
    })
}

impl HostRows {
    fn by_path(&self, tail: &str) -> Option<usize> {
        self.paths.iter().find_map(|(prefix, row)| {
            let rest = tail.strip_prefix(prefix)?;
            (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(*row)
        })
    }
}

/// A name and the domains above it: `a.b.c`, `b.c`, `c`. None for a text too long for a host: hashing all its parts
/// would take quadratic time.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name).filter(|name| name.len() <= MAX_HOST), |name| {
        name.split_once('.').map(|(_, above)| above)
    })
}

fn rows(tsv: &'static str) -> impl Iterator<Item = &'static str> {
    tsv.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn first_column(row: &'static str) -> &'static str {
    row.split('\t').next().unwrap_or(row)
}

fn parse(tsv: &'static str) -> RuleTable {
    let mut table = RuleTable { rows: Vec::new(), hosts: FxHashMap::default(), stems: FxHashMap::default() };
    for line in rows(tsv) {
        if let Some((patterns, rule)) = parse_row(line) {
            let row = table.rows.len();
            table.rows.push(rule);
            for pattern in patterns.split(", ") {
                table.add(pattern, row);
            }
        }
    }
    table
}

/// The patterns and the rule of a line; a line of another form is left out (a test sees to it that there is no such line).
fn parse_row(line: &'static str) -> Option<(&'static str, ChannelRule)> {
    let mut columns = line.split('\t');
    let (category, source, patterns) = (columns.next()?, columns.next()?, columns.next()?);
    let (terms, ads) = (columns.next()?, columns.next()?);
    let list = |text: &'static str| if text == "-" { Vec::new() } else { text.split(", ").collect() };
    let category = match category {
        "search" => Category::Search,
        "social" => Category::Social,
        "video" => Category::Video,
        "shopping" => Category::Shopping,
        "ai" => Category::Ai,
        "other" => Category::Other,
        _ => return None,
    };
    let source = if source == "-" { "" } else { source };
    Some((patterns, ChannelRule { category, source, terms: list(terms), ads: list(ads) }))
}

impl RuleTable {
    fn add(&mut self, pattern: &'static str, row: usize) {
        let (alone, pattern) = match pattern.strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (host, path) = match pattern.find('/').and_then(|at| pattern.split_at_checked(at)) {
            Some((host, path)) => (host, Some(path)),
            None => (pattern, None),
        };
        let slot = match host.strip_suffix(".*") {
            Some(stem) => self.stems.entry(stem).or_default(),
            None => self.hosts.entry(host).or_default(),
        };
        match path {
            Some(path) => slot.paths.push((path, row)),
            None if alone => slot.exact = Some(row),
            None => slot.below = Some(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_no_pattern_stands_twice() {
        let mut seen = FxHashSet::default();
        for line in rows(CHANNELS_TSV) {
            let (patterns, rule) = parse_row(line).unwrap_or_else(|| panic!("malformed row: {line}"));
            assert_eq!(line.split('\t').count(), 5, "{line}");
            assert!(rule.ads.iter().all(|network| by_source(network).is_some()), "unknown network: {line}");
            for pattern in patterns.split(", ") {
                assert!(!pattern.is_empty() && pattern == pattern.trim().to_lowercase(), "{pattern:?} in {line}");
                assert!(seen.insert(pattern), "{pattern} stands twice");
            }
        }
        assert!(seen.len() > 1000);
    }

    #[test]
    fn ignored_rows_are_hosts_that_stand_once() {
        assert_eq!(IGNORED.len(), IGNORED_SET.len());
        for row in rows(IGNORED_TSV) {
            assert_eq!(row.split('\t').count(), 2, "{row}");
        }
        for host in ignored() {
            assert_eq!(crate::url::host(&format!("https://{host}/")).as_deref(), Some(*host));
        }
    }

    #[test]
    fn every_click_id_names_a_source_of_the_table() {
        for id in &super::super::click_id::CLICK_IDS {
            assert!(by_source(id.source).is_some_and(|rule| rule.belongs_to(id.network)), "{}", id.name);
        }
    }
}
