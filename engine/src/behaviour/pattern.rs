//! The pattern language of sequences: `(?1)`, `.`, `.*` and `(?t<=3600)`.

use super::{MAX_CONDITIONS, checked_count};
use crate::error::{Error, ErrorKind, Result};
use crate::time::SECOND;

/// The most steps and `.` in a pattern: matching costs events times this.
const MAX_PARTS: usize = 256;

/// How the time since the last event of the match compares with a number of seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
}

/// What may lie between an event of the match and the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Nothing,
    /// Any events.
    Anything,
    /// Any events, if the time compares. With `then_anything` (`.*` after the condition) it is some event up to this
    /// one whose time compares, else this one's.
    Time { comparison: Comparison, micros: u64, then_anything: bool },
}

/// One event of the match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PatternPart {
    pub(super) gap: Gap,
    /// The conditions of which it meets one: a single one, or all for `.`, since every event meets some condition.
    pub(super) mask: u32,
}

/// A parsed pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    conditions: u8,
    parts: Vec<PatternPart>,
}

impl Pattern {
    /// Reads a pattern over `conditions` conditions.
    ///
    /// `(?1)` to `(?32)`: an event that meets that condition; `.`: any one event; both follow directly on the event
    /// before. `.*`: any number of events. `(?t<=60)`, and `<`, `>=`, `>`, `==` likewise: any number of events, and
    /// the next event of the match comes so many seconds after the last that a step or a `.` matched; at most one
    /// between two of these.
    ///
    /// A pattern that does not parse or has no step is `22023` with the position (in characters, from 1) in the
    /// message; no condition `22023`, more than 32 conditions or 256 steps `54000`. The SQL layer handles NULL.
    pub fn parse(text: &str, conditions: usize) -> Result<Self> {
        let conditions = checked_count(conditions, "conditions")?;
        let parts = Parser { text, at: 0 }.parts(conditions)?;
        Ok(Self { text: text.into(), conditions, parts })
    }

    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many conditions the pattern is over.
    pub fn conditions(&self) -> usize {
        usize::from(self.conditions)
    }

    pub(super) fn count(&self) -> u8 {
        self.conditions
    }

    pub(super) fn parts(&self) -> &[PatternPart] {
        &self.parts
    }
}

struct Parser<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
}

impl<'a> Parser<'a> {
    fn parts(mut self, conditions: u8) -> Result<Vec<PatternPart>> {
        let mut parts: Vec<PatternPart> = Vec::new();
        let mut gap = Gap::Nothing;
        // Where the time condition of the gap begins.
        let mut timed_at = 0;
        while self.at < self.text.len() {
            let start = self.at;
            let mask = if self.take(".*") {
                match &mut gap {
                    Gap::Time { then_anything, .. } => *then_anything = true,
                    _ => gap = Gap::Anything,
                }
                continue;
            } else if self.take(".") {
                u32::MAX
            } else if self.take("(?t") {
                let (comparison, micros) = self.time()?;
                if parts.is_empty() {
                    return Err(self.error(start, "a time condition needs a step or a . before it"));
                }
                if matches!(gap, Gap::Time { .. }) {
                    return Err(self.error(start, "only one time condition can stand between two steps"));
                }
                gap = Gap::Time { comparison, micros, then_anything: false };
                timed_at = start;
                continue;
            } else if self.take("(?") {
                self.condition(conditions)?
            } else {
                return Err(self.error(start, "(?1), (?t<=60), . or .* expected"));
            };
            if parts.len() == MAX_PARTS {
                return Err(Error::new(
                    ErrorKind::LimitExceeded,
                    format!("the pattern has more than {MAX_PARTS} steps"),
                    "Use a shorter pattern.",
                ));
            }
            parts.push(PatternPart { gap, mask });
            gap = Gap::Nothing;
        }
        if matches!(gap, Gap::Time { .. }) {
            return Err(self.error(timed_at, "a time condition needs a step or a . after it"));
        }
        if parts.is_empty() {
            return Err(self.error(self.at, "a step or a . expected"));
        }
        Ok(parts)
    }

    /// The rest of a step after `(?`: its condition, as a mask.
    fn condition(&mut self, conditions: u8) -> Result<u32> {
        let start = self.at;
        let number = self.number()?;
        match number.checked_sub(1).filter(|_| number <= u64::from(conditions)) {
            Some(index) => self.close().map(|()| 1 << index),
            None if conditions == 1 => Err(self.error(start, "there is 1 condition")),
            None => Err(self.error(start, &format!("there are {conditions} conditions"))),
        }
    }

    /// The rest of a time condition after `(?t`.
    fn time(&mut self) -> Result<(Comparison, u64)> {
        let comparison = if self.take("<=") {
            Comparison::LessOrEqual
        } else if self.take("<") {
            Comparison::Less
        } else if self.take(">=") {
            Comparison::GreaterOrEqual
        } else if self.take(">") {
            Comparison::Greater
        } else if self.take("==") {
            Comparison::Equal
        } else {
            return Err(self.error(self.at, "<=, <, >=, > or == expected"));
        };
        let start = self.at;
        let micros = self.number()?.checked_mul(SECOND as u64);
        let micros = micros.ok_or_else(|| self.error(start, "the number of seconds is too large"))?;
        self.close()?;
        Ok((comparison, micros))
    }

    fn number(&mut self) -> Result<u64> {
        let start = self.at;
        let rest = self.rest();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(self.error(start, "a whole number expected"));
        }
        self.at += digits;
        let number = rest.get(..digits).and_then(|digits| digits.parse().ok());
        number.ok_or_else(|| self.error(start, "the number is too large"))
    }

    fn close(&mut self) -> Result<()> {
        if self.take(")") { Ok(()) } else { Err(self.error(self.at, "a closing parenthesis expected")) }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Only whole tokens are taken, so this is never between the bytes of a character.
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, at: usize, what: &str) -> Error {
        let before = self.text.get(..at).unwrap_or_default();
        // A pattern may be as long as a text can be; the message is not.
        let near: String = self.text.get(at..).unwrap_or_default().chars().take(40).collect();
        let found = if near.is_empty() { "the end".into() } else { format!("{near:?}") };
        Error::invalid(
            format!("pattern does not parse at position {}, {found}: {what}", before.chars().count() + 1),
            format!(
                "Write a pattern of (?1) to (?{MAX_CONDITIONS}), . for any one event, .* for any number of them, and \
                 (?t<=3600) between two steps, for example '(?1).*(?2)(?t<=3600)(?3)'."
            ),
        )
    }
}
