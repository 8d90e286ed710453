//! Which of many sorted sequences goes on with the smallest visitor: a tournament, which after each visitor is played again along
//! one path, with one comparison a round.

use super::visitor::Visitor;

/// The place of a match that waits for its first player.
const NOBODY: u32 = u32::MAX;

/// Sequences by number, each with its next visitor.
#[derive(Debug, Default)]
pub(super) struct Tournament<'a> {
    heads: Vec<Option<Visitor<'a>>>,
    /// By sequence: the first bytes of its visitor, which nearly always decide; the largest number where it has ended.
    keys: Vec<u64>,
    /// By match, from 1: the sequence that lost it. Before them the winner of all.
    losers: Vec<u32>,
}

impl<'a> Tournament<'a> {
    /// Over the first visitors of all sequences.
    pub fn new(heads: Vec<Option<Visitor<'a>>>) -> Self {
        let keys = heads.iter().map(key).collect();
        let losers = vec![NOBODY; heads.len()];
        let mut tournament = Self { heads, keys, losers };
        for sequence in 0..tournament.heads.len() {
            tournament.play(sequence as u32);
        }
        tournament
    }

    /// The smallest visitor and its sequence; `None` when all have ended.
    pub fn first(&self) -> Option<(usize, Visitor<'a>)> {
        let winner = *self.losers.first()? as usize;
        Some((winner, (*self.heads.get(winner)?)?))
    }

    /// Goes on with the next visitor of the sequence that was first.
    pub fn advance(&mut self, next: Option<Visitor<'a>>) {
        let Some(&winner) = self.losers.first() else { return };
        if let (Some(head), Some(slot)) = (self.heads.get_mut(winner as usize), self.keys.get_mut(winner as usize)) {
            (*head, *slot) = (next, key(&next));
        }
        self.play(winner);
    }

    /// The memory that it takes, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Option<Visitor<'_>>>()
            + self.keys.capacity() * size_of::<u64>()
            + self.losers.capacity() * size_of::<u32>()
    }

    /// Plays the matches from a sequence's place upwards.
    fn play(&mut self, sequence: u32) {
        let mut winner = sequence;
        let mut own = self.key(winner);
        let mut place = (sequence as usize + self.heads.len()) / 2;
        while place > 0 {
            let Some(&other) = self.losers.get(place) else { return };
            let theirs = self.key(other);
            let is_lost = if own == theirs { other != NOBODY && self.is_before(other, winner) } else { theirs < own };
            // Who wins cannot be foreseen, so there is no branch.
            let loser = if is_lost { winner } else { other };
            winner = if is_lost { other } else { winner };
            own = own.min(theirs);
            if let Some(slot) = self.losers.get_mut(place) {
                *slot = if other == NOBODY { winner } else { loser };
            }
            if other == NOBODY {
                return;
            }
            place /= 2;
        }
        if let Some(slot) = self.losers.first_mut() {
            *slot = winner;
        }
    }

    fn key(&self, sequence: u32) -> u64 {
        self.keys.get(sequence as usize).copied().unwrap_or(u64::MAX)
    }

    /// Whether a comes before b, where their keys are equal.
    fn is_before(&self, a: u32, b: u32) -> bool {
        match (self.head(a), self.head(b)) {
            (Some(a), Some(b)) => a < b,
            (a, _) => a.is_some(),
        }
    }

    fn head(&self, sequence: u32) -> Option<Visitor<'a>> {
        self.heads.get(sequence as usize).copied().flatten()
    }
}

fn key(head: &Option<Visitor<'_>>) -> u64 {
    head.map_or(u64::MAX, |visitor| visitor.first_bytes())
}
