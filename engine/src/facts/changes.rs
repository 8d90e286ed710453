//! Which stored visitors a transaction has changed, until its ledger is written.
//!
//! Every changed row is noted, and each visitor written once. A load of very many is written as days instead: whoever has a row in one
//! of them may have changed. All of it belongs to the subtransaction that changed the row: what is rolled back takes its note along.

use std::collections::HashSet;

use crate::time::{self, DAY};

/// At most so many visitors of a subtransaction are written one by one.
const MAX_KEYS: usize = 1000;
/// At most so many days; then it is all time.
const MAX_DAYS: usize = 1000;
/// What an index holds of a visitor's id, and more than any tracker gives.
const LONGEST_KEY: usize = 500;

/// A row of the ledger: a visitor, or without one a range of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The visitor.
    pub key: Option<String>,
    /// Where the range begins; the ends of time are those of PostgreSQL's infinity.
    pub since: i64,
    /// Where it ends.
    pub until: i64,
}

/// What the transactions of one process have noted.
#[derive(Debug, Default)]
pub struct Changes {
    transaction: u64,
    levels: Vec<Level>,
}

/// A subtransaction.
#[derive(Debug)]
struct Level {
    id: u64,
    keys: HashSet<String>,
    days: HashSet<i64>,
    last_day: Option<i64>,
    is_all: bool,
    unwritten: Vec<Change>,
}

impl Changes {
    /// Notes the change of a visitor's row; whether something is to be written that nobody has been told of.
    pub fn note(&mut self, transaction: u64, level: u64, key: &str, at: i64) -> bool {
        self.begin(transaction);
        let place = self.levels.iter().rposition(|known| known.id == level).unwrap_or_else(|| {
            // What is written need not be remembered: it would be written again.
            self.levels.retain(|known| !known.unwritten.is_empty());
            self.levels.push(Level::new(level));
            self.levels.len() - 1
        });
        let Some(level) = self.levels.get_mut(place) else { return true };
        let was_told = !level.unwritten.is_empty();
        level.note(key, at);
        !was_told && !level.unwritten.is_empty()
    }

    /// What a subtransaction has to write.
    pub fn take(&mut self, transaction: u64, level: u64) -> Vec<Change> {
        self.begin(transaction);
        let mine = self.levels.iter_mut().find(|known| known.id == level);
        mine.map(|level| core::mem::take(&mut level.unwritten)).unwrap_or_default()
    }

    /// Whether something is not written yet of the subtransactions that were not rolled back.
    pub fn are_unwritten(&mut self, transaction: u64, is_live: impl Fn(u64) -> bool) -> bool {
        self.begin(transaction);
        self.levels.retain(|level| level.unwritten.is_empty() || is_live(level.id));
        self.levels.iter().any(|level| !level.unwritten.is_empty())
    }

    /// Forgets what is written, because the ledger's rows are gone: what changes next is written again.
    pub fn forget_written(&mut self) {
        self.levels.retain_mut(|level| {
            *level = Level { unwritten: core::mem::take(&mut level.unwritten), ..Level::new(level.id) };
            !level.unwritten.is_empty()
        });
    }

    /// Nothing of an earlier transaction is wanted.
    fn begin(&mut self, transaction: u64) {
        if self.transaction != transaction {
            *self = Self { transaction, levels: Vec::new() };
        }
    }
}

impl Level {
    fn new(id: u64) -> Self {
        Self { id, keys: HashSet::new(), days: HashSet::new(), last_day: None, is_all: false, unwritten: Vec::new() }
    }

    fn note(&mut self, key: &str, at: i64) {
        let day = at.div_euclid(DAY);
        if self.is_all || self.last_day == Some(day) {
            return;
        }
        if key.len() <= LONGEST_KEY {
            if self.keys.contains(key) {
                return;
            }
            if self.keys.len() < MAX_KEYS {
                self.keys.insert(key.to_owned());
                self.unwritten.push(Change { key: Some(key.to_owned()), since: at, until: at });
                return;
            }
        }
        self.last_day = Some(day);
        if !self.days.insert(day) {
            return;
        }
        if self.days.len() > MAX_DAYS {
            self.is_all = true;
            self.unwritten.push(Change { key: None, since: i64::MIN, until: i64::MAX });
            return;
        }
        let since = day.saturating_mul(DAY);
        let until = since.saturating_add(DAY);
        // What is no instant is an end of time.
        self.unwritten.push(Change {
            key: None,
            since: if time::in_range(since) { since } else { i64::MIN },
            until: if time::in_range(until) { until } else { i64::MAX },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 20_000;

    /// A visitor's change is covered by what was written in its own or an enclosing subtransaction.
    fn covers(written: &[Change], key: &str, at: i64) -> bool {
        written.iter().any(|change| match &change.key {
            Some(changed) => changed == key,
            None => change.since <= at && (at < change.until || change.until == i64::MAX),
        })
    }

    #[test]
    fn every_change_is_covered() {
        let (mut random, mut longest) = (20261130_u64, 0);
        for history in 1..40 {
            let (mut changes, mut written, mut is_told) = (Changes::default(), Vec::new(), false);
            let mut noted = Vec::new();
            for _ in 0..ROWS / 10 {
                random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let pick = |shift: u32, below: u64| (random >> shift) % below;
                let key = format!("{:0>1$}", pick(20, 50 + 100 * history), if pick(50, 50) == 0 { 600 } else { 4 });
                let at = (pick(33, 40 * history) as i64 - 20) * DAY / 2 - 1;
                is_told |= changes.note(1, 1, &key, at);
                noted.push((key, at));
                if pick(45, 97) == 0 {
                    assert_eq!(is_told, changes.are_unwritten(1, |_| true));
                    written.extend(changes.take(1, 1));
                    is_told = false;
                }
            }
            written.extend(changes.take(1, 1));
            longest = longest.max(written.len());
            for (key, at) in &noted {
                assert!(covers(&written, key, *at), "seed 20261130, history {history}: {key} at {at}");
            }
        }
        assert!(longest > MAX_KEYS && longest <= MAX_KEYS + MAX_DAYS + 1, "{longest}");
    }

    #[test]
    fn what_is_told_once_is_not_told_again_until_it_is_written() {
        let mut changes = Changes::default();
        assert!(changes.note(7, 7, "a", 0));
        assert!(!changes.note(7, 7, "b", 0));
        assert_eq!(changes.take(7, 7).len(), 2);
        assert!(!changes.note(7, 7, "a", 5));
        assert!(changes.note(7, 7, "c", 5));
        changes.take(7, 7);
        changes.forget_written();
        assert!(changes.note(7, 7, "a", 5));
    }

    #[test]
    fn a_subtransaction_writes_its_own() {
        let mut changes = Changes::default();
        assert!(changes.note(7, 7, "a", 0));
        assert!(changes.note(7, 8, "a", 0));
        assert_eq!(changes.take(7, 8).len(), 1);
        // Rolled back, and again in the one around.
        assert_eq!(changes.take(7, 7).len(), 1);
        assert!(changes.note(7, 9, "a", 0) && changes.are_unwritten(7, |_| true));
        // Of another transaction nothing is left.
        assert!(!changes.are_unwritten(7, |level| level < 9) && !changes.are_unwritten(10, |_| true));
        assert!(changes.note(10, 10, "a", 0));
    }

    #[test]
    fn the_ends_of_time_are_days() {
        let mut changes = Changes::default();
        let long = "x".repeat(LONGEST_KEY + 1);
        for at in [i64::MIN, i64::MAX] {
            changes.note(1, 1, &long, at);
        }
        let written = changes.take(1, 1);
        assert!(covers(&written, &long, i64::MIN) && covers(&written, &long, i64::MAX), "{written:?}");
    }
}
