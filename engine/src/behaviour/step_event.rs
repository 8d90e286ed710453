//! What an event does in a funnel whose steps have options.

use crate::state::NONE;

/// An event of a visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepEvent {
    /// When, in microseconds since 2000-01-01 UTC.
    pub at: i64,
    /// The steps whose conditions it meets, the first as bit 0.
    pub steps: u32,
    /// The steps whose exclusions it meets.
    pub excludes: u32,
    /// The number of the values that are to stay the same.
    pub held: u32,
}

/// What is asked of a step beside its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRule {
    /// A chain may be without it.
    pub is_optional: bool,
    /// The shortest time since the step before that the chain has.
    pub min: i64,
    /// The longest.
    pub max: i64,
}

impl Default for StepRule {
    fn default() -> Self {
        Self { is_optional: false, min: 0, max: i64::MAX }
    }
}

/// No time: that of a step which a chain is without.
pub const NEVER: i64 = i64::MAX;

/// The best chain of a visitor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepChain {
    /// How many required steps it has.
    pub required: usize,
    /// How many optional ones.
    pub optional: usize,
    /// When each step happened, [`NEVER`] for one that it is without, up to the last one that it has.
    pub times: Vec<i64>,
}

impl StepChain {
    /// Whether it goes before another one: more required steps, more optional ones, earlier times; a time that is missing is the latest.
    pub(super) fn is_better(&self, other: &Self) -> bool {
        let depth = (self.required, self.optional).cmp(&(other.required, other.optional));
        depth.then_with(|| times(other).cmp(times(self))).is_gt()
    }
}

/// The times of all steps: what a chain ends before is missing too.
fn times(chain: &StepChain) -> impl Iterator<Item = i64> {
    chain
        .times
        .iter()
        .copied()
        .chain(core::iter::repeat_n(NEVER, super::MAX_CONDITIONS - chain.times.len().min(super::MAX_CONDITIONS)))
}

/// What is said of an event where a set of visits keeps it: the steps, the exclusions and the held values.
#[derive(Debug, Default)]
pub struct StepNote(String);

/// Digits of a mask.
const DIGITS: usize = 8;

impl StepNote {
    /// Writes it.
    pub fn write(&mut self, steps: u32, excludes: u32, held: Option<&str>) -> &str {
        self.0.clear();
        for mask in [steps, excludes] {
            let digits = (0..DIGITS).rev().filter_map(|digit| char::from_digit(mask >> (4 * digit) & 15, 16));
            self.0.extend(digits);
        }
        if let Some(held) = held {
            crate::resource::memory::demand(held.len());
            self.0.push_str(held);
        }
        &self.0
    }

    /// The steps, the exclusions and the held values, if there are any.
    pub fn read(note: &str) -> (u32, u32, &str) {
        let mask = |from: usize| {
            note.get(from..from + DIGITS).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default()
        };
        (mask(0), mask(DIGITS), note.get(2 * DIGITS..).unwrap_or_default())
    }
}

/// What events that hold nothing hold.
pub const NOTHING_HELD: u32 = NONE;
