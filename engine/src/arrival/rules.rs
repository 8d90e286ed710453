//! The rule table (`rules/channels.tsv`, `lists.tsv`, `ignored_referrers.tsv`): parsed once, looked up by host or name.

use crate::rule_versions::version_of;
use crate::url::{MAX_HOST, country_suffix};
use encoding_rs::Encoding;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

use crate::resource::memory::lasting;

const CHANNELS_TSV: &str = include_str!("../../rules/channels.tsv");
const LISTS_TSV: &str = include_str!("../../rules/lists.tsv");
const IGNORED_TSV: &str = include_str!("../../rules/ignored_referrers.tsv");

/// The list a place is on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Category {
    Search,
    Social,
    Video,
    Shopping,
    Ai,
    Email,
    Other,
    /// A host that shows pages of other sites.
    Proxy,
}

/// One row of the table.
pub(super) struct ChannelRule {
    pub category: Category,
    /// The name to report; empty: the host.
    pub source: &'static str,
    /// Query parameters that carry the search term; of a proxy, the address of the page that it shows.
    pub terms: Vec<&'static str>,
    /// What search terms are written in that are no UTF-8.
    pub charsets: Vec<&'static Encoding>,
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
    /// The row whose network's advertising goes by this name.
    advertising: Option<usize>,
    /// Rows for paths of the host, by prefix.
    paths: Vec<(&'static str, usize)>,
}

struct RuleTable {
    rows: Vec<ChannelRule>,
    /// By host or name.
    hosts: FxHashMap<&'static str, HostRows>,
    /// By host without its country suffix (the patterns that end in `.*`).
    stems: FxHashMap<&'static str, HostRows>,
    /// By the first label of a host (the patterns that end in `.**`).
    labels: FxHashMap<&'static str, usize>,
    /// The hosts of proxies, of those under any country the last label before it.
    proxies: FxHashSet<&'static str>,
}

static TABLE: LazyLock<RuleTable> = LazyLock::new(|| lasting(|| parse(&[CHANNELS_TSV, LISTS_TSV])));
static IGNORED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| lasting(|| rows(IGNORED_TSV).map(first_column).collect()));
static IGNORED_SET: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| lasting(|| IGNORED.iter().copied().collect()));

/// The version line of the rule table.
pub(super) fn version() -> &'static str {
    version_of(CHANNELS_TSV)
}

/// The version line of what public lists add to it.
pub(super) fn lists_version() -> &'static str {
    version_of(LISTS_TSV)
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

/// Whether pages of a canonical host may be those of another site; without the public suffix list, which is slow.
pub(super) fn may_be_proxy(host: &str) -> bool {
    let proxies = &TABLE.proxies;
    ancestors(host)
        .any(|name| proxies.contains(name) || name.split_once('.').is_some_and(|(label, _)| proxies.contains(label)))
}

/// The rule of a source as people write it into a UTM parameter: a name or a host, whatever its case.
pub(super) fn by_source(source: &str) -> Option<&'static ChannelRule> {
    let lower = source.to_ascii_lowercase();
    let bare = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")).unwrap_or(&lower);
    let (host, tail) = bare.split_at_checked(bare.find('/').unwrap_or(bare.len()))?;
    by_host(host, tail)
}

/// The rule of a network under a name that its advertising goes by: one of the table's (`adwords`), or the name of the place with
/// a word for advertising (`google-ad`, `facebook_feed_ad`, `linkedinads`).
pub(super) fn by_advertising_name(source: &str) -> Option<&'static ChannelRule> {
    const WORDS: [&str; 9] = ["ads", "ad", "adwords", "advertising", "paid", "ppc", "cpc", "sem", "sea"];
    const LONGEST: usize = 64;
    let table = &*TABLE;
    let lower = Some(source).filter(|source| source.len() <= LONGEST)?.to_ascii_lowercase();
    if let Some(row) = table.hosts.get(&*lower).and_then(|slot| slot.advertising) {
        return table.rows.get(row);
    }
    let words = || lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let place = if words().any(|word| WORDS.contains(&word)) {
        words().find(|word| !WORDS.contains(word))?
    } else {
        ["ads", "ad", "paid"].iter().find_map(|word| lower.strip_suffix(word))?
    };
    let slot = table.hosts.get(place)?;
    let rule = table.rows.get(slot.below.or(slot.advertising)?)?;
    (!matches!(rule.category, Category::Ai | Category::Email | Category::Proxy)).then_some(rule)
}

/// The rule of the first word of a source (`google_pmax` is Google's).
pub(super) fn by_first_word(source: &str) -> Option<&'static ChannelRule> {
    by_source(source.split(|c: char| !c.is_ascii_alphanumeric()).next()?)
}

fn by_host(host: &str, tail: &str) -> Option<&'static ChannelRule> {
    let table = &*TABLE;
    let host = host.strip_prefix("www.").unwrap_or(host);
    // A name without a dot is no domain: x.li is not below the name li.
    let domains = |(level, name): &(usize, &str)| *level == 0 || name.contains('.');
    let found = climb(&table.hosts, ancestors(host).enumerate().filter(domains), tail)
        .or_else(|| {
            let stem = host.strip_suffix(country_suffix(host)?)?.strip_suffix('.')?;
            climb(&table.stems, ancestors(stem).enumerate(), tail)
        })
        .or_else(|| {
            let label = host.split_once('.')?.0;
            // Webmail comes with numbers.
            table.labels.get(if label.starts_with("webmail") { "webmail" } else { label }).copied()
        });
    table.rows.get(found?)
}

/// The row of a name or of the nearest domain above it: each with how far above it is.
fn climb<'n>(
    slots: &FxHashMap<&'static str, HostRows>,
    mut names: impl Iterator<Item = (usize, &'n str)>,
    tail: &str,
) -> Option<usize> {
    names.find_map(|(level, name)| {
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

fn parse(files: &[&'static str]) -> RuleTable {
    let mut table = RuleTable {
        rows: Vec::new(),
        hosts: FxHashMap::default(),
        stems: FxHashMap::default(),
        labels: FxHashMap::default(),
        proxies: FxHashSet::default(),
    };
    for line in files.iter().copied().flat_map(rows) {
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
    let (terms, ads, charsets) = (columns.next()?, columns.next()?, columns.next()?);
    let list = |text: &'static str| if text == "-" { Vec::new() } else { text.split(", ").collect() };
    let category = match category {
        "search" => Category::Search,
        "social" => Category::Social,
        "video" => Category::Video,
        "shopping" => Category::Shopping,
        "ai" => Category::Ai,
        "email" => Category::Email,
        "other" => Category::Other,
        "proxy" => Category::Proxy,
        _ => return None,
    };
    let source = if source == "-" { "" } else { source };
    let charsets =
        list(charsets).iter().map(|name| Encoding::for_label(name.as_bytes())).collect::<Option<Vec<_>>>()?;
    Some((patterns, ChannelRule { category, source, terms: list(terms), charsets, ads: list(ads) }))
}

impl RuleTable {
    fn add(&mut self, pattern: &'static str, row: usize) {
        if let Some(name) = pattern.strip_prefix('$') {
            self.hosts.entry(name).or_default().advertising = Some(row);
            return;
        }
        if let Some(label) = pattern.strip_suffix(".**") {
            self.labels.insert(label, row);
            return;
        }
        let (alone, pattern) = match pattern.strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, pattern),
        };
        let (host, path) = match pattern.find('/').and_then(|at| pattern.split_at_checked(at)) {
            Some((host, path)) => (host, Some(path)),
            None => (pattern, None),
        };
        if self.rows.get(row).is_some_and(|rule| rule.category == Category::Proxy) {
            let name = host.strip_suffix(".*").map_or(host, |stem| stem.rsplit('.').next().unwrap_or(stem));
            self.proxies.insert(name);
        }
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
    use super::super::click_id::Proof;
    use super::super::tags::MAX_NAME;
    use super::*;

    #[test]
    fn every_row_is_read_and_no_pattern_stands_twice() {
        let mut seen = FxHashSet::default();
        for line in rows(CHANNELS_TSV).chain(rows(LISTS_TSV)) {
            let (patterns, rule) = parse_row(line).unwrap_or_else(|| panic!("malformed row: {line}"));
            assert_eq!(line.split('\t').count(), 6, "{line}");
            let is_known = |network: &&str| by_source(network).or_else(|| by_advertising_name(network)).is_some();
            assert!(rule.ads.iter().all(is_known), "unknown network: {line}");
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
        for id in super::super::click_id::CLICK_IDS {
            let rule = by_source(id.source);
            assert!(rule.is_some(), "{}", id.name);
            if !matches!(id.proof, Proof::Email | Proof::Affiliate) {
                assert!(rule.is_some_and(|rule| rule.belongs_to(id.network)), "{}", id.name);
            }
            assert!(id.name.len() <= MAX_NAME && id.name.bytes().all(|b| !b.is_ascii_uppercase()), "{}", id.name);
        }
    }
}
