//! What a text must contain for a regular expression to fit it: texts that contain nothing of it are not shown to the expression.
//!
//! The expressions are the server's (its advanced ones, without regard to case), and only the server says whether one fits. Here
//! is read just enough of them to say for sure that one does not; where anything is unusual, nothing is said.

use crate::error::Result;
use crate::resource::memory;

/// Groups within each other beyond so many are unusual.
const DEEPEST: usize = 16;
/// A text that must be found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needle {
    /// ASCII letters in lower case, which stand for both cases.
    pub text: String,
    /// Whether the whole text begins with it.
    pub starts: bool,
    /// Whether the whole text ends with it.
    pub ends: bool,
}

/// Needles of which every text that the pattern fits contains at least one; `None` where that is not known.
pub fn needles(pattern: &str) -> Result<Option<Vec<Needle>>> {
    // A director, as `***=`.
    if pattern.starts_with("***") {
        return Ok(None);
    }
    memory::demand(pattern.len().saturating_mul(64));
    let mut reader = PatternReader { rest: pattern, depth: 0 };
    let found = reader.alternatives();
    Ok(match found {
        Some(needles) if reader.rest.is_empty() => needles,
        _ => None,
    })
}

/// What is left of a pattern. What its functions do not understand is `None`: then nothing is known of the whole pattern.
struct PatternReader<'a> {
    rest: &'a str,
    depth: usize,
}

/// The needles of a part of a pattern, `None` where a text may fit without any.
type Found = Option<Vec<Needle>>;

/// One thing that a branch is made of.
enum Atom {
    /// A letter, which stands for itself and its other case.
    Letter(char),
    Group(Found),
    /// Something of which nothing is known.
    Other,
    /// The begin and the end of the text, and another place between letters.
    Start,
    End,
    Place,
}

impl PatternReader<'_> {
    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        Some(next)
    }

    fn take(&mut self, start: &str) -> bool {
        let rest = self.rest.strip_prefix(start);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Branches up to the end of the group: a text has the needles of one of them.
    fn alternatives(&mut self) -> Option<Found> {
        let mut all = self.branch()?;
        while self.take("|") {
            let more = self.branch()?;
            all = all.zip(more).map(|(mut all, more)| {
                all.extend(more);
                all
            });
        }
        Some(all)
    }

    /// One branch: of all that it asks for, what is hardest to meet by chance.
    fn branch(&mut self) -> Option<Found> {
        let (mut best, mut run) = (None, Needle::default());
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let atom = self.atom()?;
            let is_optional = match self.rest.chars().next() {
                Some('*' | '?') => true,
                Some('{') => self.rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())),
                _ => false,
            };
            let is_repeated = self.quantifier()?;
            match atom {
                Atom::Letter(letter) if !is_optional => run.text.push(letter.to_ascii_lowercase()),
                Atom::Group(found) => {
                    end_run(&mut run, &mut best);
                    better(&mut best, found.filter(|_| !is_optional));
                }
                Atom::Letter(_) | Atom::Other => end_run(&mut run, &mut best),
                Atom::Start => {
                    end_run(&mut run, &mut best);
                    run.starts = true;
                }
                Atom::End => {
                    run.ends = true;
                    end_run(&mut run, &mut best);
                }
                Atom::Place => {}
            }
            if is_repeated {
                end_run(&mut run, &mut best);
            }
        }
        end_run(&mut run, &mut best);
        Some(best)
    }

    /// Reads a quantifier, if there is one, and whether there was.
    fn quantifier(&mut self) -> Option<bool> {
        let is_some = if self.take("*") || self.take("+") || self.take("?") {
            true
        } else if self.rest.starts_with('{')
            && !matches!(self.rest.as_bytes(), [b'{', other, ..] if !other.is_ascii_digit())
        {
            let end = self.rest.find('}')?;
            let (bounds, rest) = self.rest.split_at(end + 1);
            self.rest = rest;
            bounds.chars().all(|c| c.is_ascii_digit() || "{,}".contains(c)).then_some(true)?
        } else {
            false
        };
        if is_some {
            self.take("?");
        }
        // Another one is an error, which the server is to raise.
        if is_some && self.rest.starts_with(['*', '+', '?']) { None } else { Some(is_some) }
    }

    fn atom(&mut self) -> Option<Atom> {
        Some(match self.next()? {
            '(' => {
                // What begins so is an option, or looks around.
                if !self.take("?:") && self.rest.starts_with('?') {
                    return None;
                }
                self.depth += 1;
                if self.depth > DEEPEST {
                    return None;
                }
                let found = self.alternatives()?;
                self.depth -= 1;
                self.take(")").then_some(Atom::Group(found))?
            }
            '[' => {
                self.bracket()?;
                Atom::Other
            }
            '.' => Atom::Other,
            '^' => Atom::Start,
            '$' => Atom::End,
            '\\' => match self.next()? {
                'd' | 's' | 'w' | 'D' | 'S' | 'W' => Atom::Other,
                'A' => Atom::Start,
                'Z' => Atom::End,
                'm' | 'M' | 'y' | 'Y' => Atom::Place,
                other if other.is_alphanumeric() => return None,
                other => literal(other),
            },
            '*' | '+' | '?' => return None,
            '{' if self.rest.starts_with(|c: char| c.is_ascii_digit()) => return None,
            other => literal(other),
        })
    }

    /// The rest of a bracket expression.
    fn bracket(&mut self) -> Option<()> {
        self.take("^");
        self.take("]");
        loop {
            match self.next()? {
                ']' => return Some(()),
                '\\' => {
                    self.next()?;
                }
                '[' => {
                    let kind = self.rest.chars().next()?;
                    if ":.=".contains(kind) {
                        self.next()?;
                        let end = self.rest.find(&format!("{kind}]"))?;
                        self.rest = self.rest.get(end + 2..)?;
                    }
                }
                _ => {}
            }
        }
    }
}

/// A letter that is not ASCII has cases that this crate does not know: they are the locale's.
fn literal(letter: char) -> Atom {
    if letter.is_ascii() { Atom::Letter(letter) } else { Atom::Other }
}

impl Needle {
    fn worth(&self) -> usize {
        self.text.len() + usize::from(self.starts) + usize::from(self.ends)
    }
}

/// What a run of letters asks for.
fn end_run(run: &mut Needle, best: &mut Found) {
    let run = core::mem::take(run);
    if !run.text.is_empty() {
        better(best, Some(vec![run]));
    }
}

/// The better one of two: its shortest needle is longer, where an end of the text counts as a letter.
fn better(best: &mut Found, other: Found) {
    let worth = |found: &Found| found.as_ref().and_then(|needles| needles.iter().map(Needle::worth).min());
    if worth(&other) > worth(best) {
        *best = other;
    }
}

#[cfg(test)]
mod tests {
    use super::{Needle, needles};

    fn of(pattern: &str) -> Option<String> {
        let shown = |needle: Needle| {
            [if needle.starts { "^" } else { "" }, &needle.text, if needle.ends { "$" } else { "" }].concat()
        };
        needles(pattern).unwrap().map(|needles| needles.into_iter().map(shown).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_pattern_asks_for_its_longest_letters() {
        for (pattern, wanted) in [
            ("^newsletter$", "^newsletter$"),
            ("^a+bc|x^y$|(?:^q$)z", "^a ^y$ ^q$"),
            (r"\Aone\Z|^.two.$|^thr*", "^one$ two ^th"),
            ("^(Acme|Example)$", "acme example"),
            (r"(^|\.)partner\.example$", "partner.example$"),
            ("ab+cd?e", "ab"),
            ("a(?:bc|d.e{2}fgh)", "bc fgh"),
            ("x{2}|yz", ""),
            ("[a-z]+_(2031|2032)", "2031 2032"),
            (r"[]\]x[:alpha:][=a=]]foo|bar", "foo bar"),
            ("a{b", "a{b"),
            ("(((deep)))", "deep"),
            ("ü-spring", "-spring"),
        ] {
            assert_eq!(of(pattern).unwrap_or_default(), wanted, "{pattern}");
        }
    }

    #[test]
    fn of_what_may_fit_anything_nothing_is_known() {
        for pattern in [
            "", "^$", ".", "a*", "a?", "(a|)", "a|", "|a", "***=x", "***:x", "(?i)abc", "(?=abc)", "(?!abc)x",
            "(?<=a)b", r"\x61bc", r"(a)\1b", "(abc", "abc)", "[abc", "a**", "a{2}{3}", "*a", "é", r"abc\", "{1}",
            "a{1", "(a)?", "(a|b*)",
        ] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
        let deep = format!("{}x{}", "(".repeat(100), ")".repeat(100));
        assert_eq!(of(&deep), None);
    }
}
