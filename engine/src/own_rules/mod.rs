//! Channel rules of one's own, for all origins and pages of a set at once.
//!
//! A rule has up to six patterns: regular expressions of the server's, which only the server understands. To ask it for each origin
//! would take longer than all else, so it is asked for each distinct value of a column, and only for the patterns that may fit it
//! ([`needles`]), pattern by pattern, because the server keeps few of them compiled. What it says is kept as bits.
//!
//! ```text
//! let mut rules = OwnRules::new(list)?;
//! rules.begin(&rows)?;
//! while let Some(questions) = rules.questions(&rows)? { … the server answers … rules.answer(questions.asked, &fits)?; }
//! rules.of_touch(origin, page)
//! ```

mod needles;
mod sieve;

pub use needles::{Needle, needles};

use self::sieve::Sieve;
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::state::{Dictionary, NONE};
use crate::visits::{VisitRows, origin_parts};

/// The columns that patterns look at: source, medium, campaign, referrer domain, host and path of the landing page.
pub const COLUMNS: usize = 6;
/// Those that an origin decides; the last is the page.
const OF_ORIGIN: usize = 5;
const PAGE: usize = 5;
/// Where they stand in an origin.
const PARTS: [usize; OF_ORIGIN] = [1, 2, 3, 6, 7];

/// At most so many questions, or so many bytes of values, are asked at once.
const MAX_QUESTIONS: usize = 16_384;
const MAX_BYTES: usize = 1 << 20;

/// A rule.
#[derive(Debug, Clone, Default)]
pub struct OwnRule {
    /// Its place among the others, which is its name.
    pub position: i32,
    /// The channel that it gives.
    pub channel: String,
    /// By column; without one anything fits.
    pub patterns: [Option<String>; COLUMNS],
}

/// Rules in the order in which they are tried.
#[derive(Debug, Default)]
pub struct OwnRules {
    rules: Vec<OwnRule>,
    /// By rule: its columns, and the number of its pattern among those of the column.
    patterns: Vec<Vec<(usize, usize)>>,
    columns: [Column; COLUMNS],
    /// By text of the set: the number of the origin plus one, 0 for another text.
    places: HeldVec<u32>,
    /// By origin: the numbers of its values.
    origins: HeldVec<[u32; OF_ORIGIN]>,
    next: Place,
}

/// The patterns of a column, and what is known of its values.
#[derive(Debug, Default)]
struct Column {
    /// By pattern: the number of its rule.
    rules: Vec<u32>,
    sieve: Sieve,
    /// The first value is the empty one, which stands for none. Pages are not kept: theirs are the numbers of the set's texts plus one.
    values: Dictionary,
    held: Reservation,
    count: usize,
    /// By pattern: a bit for each value, whether it fits; as long as that is not asked, whether it may.
    fits: Vec<HeldVec<u64>>,
}

/// Where the questions go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    column: usize,
    pattern: usize,
    value: usize,
}

/// What the server is to be asked: of each value whether the column's pattern of the rule at this position fits.
#[derive(Debug)]
pub struct Questions<'a> {
    /// The column.
    pub column: usize,
    /// The positions of the rules.
    pub positions: Vec<i32>,
    /// The values.
    pub values: Vec<&'a str>,
    /// For [`OwnRules::answer`].
    pub asked: Asked,
}

/// Which questions these are.
#[derive(Debug)]
pub struct Asked {
    column: usize,
    pairs: HeldVec<(u32, u32)>,
    next: Place,
}

impl OwnRules {
    /// Rules in the order in which they are tried.
    pub fn new(rules: Vec<OwnRule>) -> Result<Self> {
        let mut own = Self { rules, ..Self::default() };
        for (rule, number) in own.rules.iter().zip(0u32..) {
            let mut patterns = Vec::new();
            for (column, at) in own.columns.iter_mut().zip(0..).filter(|(_, at)| rule.has_pattern(*at)) {
                memory::push(&mut patterns, (at, column.rules.len()))?;
                memory::push(&mut column.rules, number)?;
            }
            memory::push(&mut own.patterns, patterns)?;
        }
        for (column, at) in own.columns.iter_mut().zip(0..) {
            let rules = column.rules.iter().filter_map(|rule| own.rules.get(*rule as usize));
            column.sieve = Sieve::new(rules.filter_map(|rule| rule.patterns.get(at)?.as_deref()))?;
        }
        Ok(own)
    }

    /// Whether a rule looks at the page, too: else all touches of one origin have the same.
    pub fn look_at_page(&self) -> bool {
        self.columns.last().is_some_and(|pages| !pages.rules.is_empty())
    }

    /// Forgets another set, and finds out what is to be asked of this one.
    pub fn begin(&mut self, rows: &VisitRows<'_>) -> Result<()> {
        self.next = Place::default();
        (self.places, self.origins) = (HeldVec::default(), HeldVec::default());
        if self.rules.is_empty() {
            return Ok(());
        }
        let mut throttle = Throttle::default();
        for column in &mut self.columns {
            column.begin()?;
        }
        for id in 0..rows.num_texts() {
            throttle.step();
            let Some(origin) = rows.text(id).filter(|text| is_origin(text)) else { continue };
            let mut values = [0; OF_ORIGIN];
            let parts = origin_parts(origin);
            for ((value, column), part) in values.iter_mut().zip(&mut self.columns).zip(PARTS) {
                *value = column.value(parts.get(part).copied().flatten())?;
            }
            self.origins.push(values)?;
            self.places.grow_to(id as usize + 1, 0)?;
            if let Some(place) = self.places.get_mut(id as usize) {
                *place = self.origins.len() as u32;
            }
        }
        if let Some(pages) = self.columns.last_mut() {
            pages.count = rows.num_texts() as usize + 1;
        }
        self.columns.iter_mut().zip(0..).try_for_each(|(column, at)| column.sift(at, rows))
    }

    /// The next questions, `None` behind the last.
    pub fn questions<'a>(&'a self, rows: &'a VisitRows<'_>) -> Result<Option<Questions<'a>>> {
        let mut at = self.next;
        let (mut throttle, mut bytes) = (Throttle::default(), 0);
        let (mut pairs, mut positions, mut values) = (HeldVec::default(), Vec::new(), Vec::new());
        while let Some(column) = self.columns.get(at.column) {
            let Some(fits) = column.fits.get(at.pattern) else {
                if !pairs.is_empty() {
                    break;
                }
                at = Place { column: at.column + 1, ..Place::default() };
                continue;
            };
            throttle.step();
            let Some(value) = next_bit(fits, at.value) else {
                at = Place { pattern: at.pattern + 1, value: 0, ..at };
                continue;
            };
            at.value = value + 1;
            let text = column.text(at.column, value as u32, rows);
            let rule = column.rules.get(at.pattern).and_then(|rule| self.rules.get(*rule as usize));
            pairs.push((at.pattern as u32, value as u32))?;
            memory::push(&mut positions, rule.map_or(0, |rule| rule.position))?;
            memory::push(&mut values, text)?;
            bytes += text.len();
            if pairs.len() >= MAX_QUESTIONS || bytes >= MAX_BYTES {
                break;
            }
        }
        let asked = Asked { column: at.column, pairs, next: at };
        Ok((!asked.pairs.is_empty()).then_some(Questions { column: at.column, positions, values, asked }))
    }

    /// Takes in what was answered: the places, from 1, of the questions whose pattern fits.
    pub fn answer(&mut self, asked: Asked, fitting: &[i64]) {
        let Some(column) = self.columns.get_mut(asked.column) else { return };
        asked.pairs.iter().for_each(|pair| column.set(*pair, false));
        for place in fitting {
            let pair = usize::try_from(*place - 1).ok().and_then(|place| asked.pairs.get(place));
            pair.into_iter().for_each(|pair| column.set(*pair, true));
        }
        self.next = asked.next;
    }

    /// The first rule that fits a touch: the numbers of the set's texts that are its origin and its page, or [`NONE`].
    pub fn of_touch(&self, origin: u32, page: u32) -> Option<&OwnRule> {
        let place = self.places.get(origin as usize).and_then(|place| place.checked_sub(1));
        let [source, medium, campaign, domain, host] =
            place.and_then(|place| self.origins.get(place as usize)).copied().unwrap_or_default();
        let values = [source, medium, campaign, domain, host, if page == NONE { 0 } else { page.saturating_add(1) }];
        let fits = |(column, pattern): &(usize, usize)| {
            let value = values.get(*column).copied().unwrap_or_default() as usize;
            let fits = self.columns.get(*column).and_then(|column| column.fits.get(*pattern)?.get(value / 64));
            fits.is_some_and(|bits| bits >> (value % 64) & 1 == 1)
        };
        self.rules.iter().zip(&self.patterns).find(|(_, patterns)| patterns.iter().all(fits)).map(|(rule, _)| rule)
    }
}

impl OwnRule {
    fn has_pattern(&self, column: usize) -> bool {
        self.patterns.get(column).is_some_and(Option::is_some)
    }
}

impl Column {
    fn begin(&mut self) -> Result<()> {
        self.values.clear();
        self.fits.clear();
        self.values.intern(b"")?;
        self.count = 1;
        Ok(())
    }

    /// The number of a value.
    fn value(&mut self, text: Option<&str>) -> Result<u32> {
        if self.rules.is_empty() {
            return Ok(0);
        }
        let value = self.values.intern(text.unwrap_or_default().as_bytes())?;
        self.count = self.values.len();
        self.held.set(self.values.heap_bytes())?;
        Ok(value)
    }

    fn text<'a>(&'a self, column: usize, value: u32, rows: &'a VisitRows<'_>) -> &'a str {
        if column == PAGE {
            return value.checked_sub(1).and_then(|id| rows.text(id)).unwrap_or_default();
        }
        core::str::from_utf8(self.values.get(value)).unwrap_or_default()
    }

    /// Notes which patterns may fit which values.
    fn sift(&mut self, column: usize, rows: &VisitRows<'_>) -> Result<()> {
        let mut throttle = Throttle::default();
        let mut fits = Vec::new();
        for _ in &self.rules {
            // The empty value is always asked for, so that a pattern that is none is an error whatever came in.
            let mut bits = HeldVec::filled(0u64, self.count.div_ceil(64))?;
            bits.first_mut().into_iter().for_each(|first| *first = 1);
            memory::push(&mut fits, bits)?;
        }
        if self.rules.is_empty() {
            return Ok(());
        }
        for value in 0..self.count {
            throttle.step();
            let text = self.text(column, value as u32, rows);
            self.sieve.of_text(text, |pattern| set_bit(&mut fits, pattern, value, true));
        }
        self.fits = fits;
        Ok(())
    }

    fn set(&mut self, (pattern, value): (u32, u32), fits: bool) {
        set_bit(&mut self.fits, pattern, value as usize, fits);
    }
}

fn set_bit(fits: &mut [HeldVec<u64>], pattern: u32, value: usize, to: bool) {
    if let Some(bits) = fits.get_mut(pattern as usize).and_then(|bits| bits.get_mut(value / 64)) {
        *bits = *bits & !(1 << (value % 64)) | u64::from(to) << (value % 64);
    }
}

/// The first bit that is set, from one on.
fn next_bit(bits: &[u64], from: usize) -> Option<usize> {
    let first = bits.get(from / 64)? >> (from % 64);
    if first != 0 {
        return Some(from + first.trailing_zeros() as usize);
    }
    let behind = from / 64 + 1;
    let (word, bits) = bits.iter().enumerate().skip(behind).find(|(_, bits)| **bits != 0)?;
    Some(word * 64 + bits.trailing_zeros() as usize)
}

/// Whether a text looks like the one that stands for an origin: a page that does is only looked at in vain.
fn is_origin(text: &str) -> bool {
    text.bytes().filter(|byte| *byte == 0x1f).count() == 7
}
