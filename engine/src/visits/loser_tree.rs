//! A loser tree (Knuth, volume 3, section 5.4.1): which of many sorted sequences goes on with the smallest visitor. It is a
//! tournament, which after each visitor is played again along one path, with one comparison a round: 53 → 23 ns a visitor
//! of 140 sequences, beside a heap.

use super::visitor::Visitor;
use crate::error::Result;
use crate::resource::memory::HeldVec;

/// Sequences by number, each with its next visitor.
#[derive(Debug, Default)]
pub(super) struct LoserTree<'a> {
    heads: HeldVec<Option<Visitor<'a>>>,
    /// By match, from 1: who lost it. Before them the winner of all.
    matches: HeldVec<Player>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Player {
    /// The first bytes of its visitor, which nearly always decide (82 → 47 ns); the largest number where it has ended.
    key: u64,
    sequence: u32,
}

impl<'a> LoserTree<'a> {
    /// Over the first visitors of all sequences.
    pub fn new(heads: HeldVec<Option<Visitor<'a>>>) -> Result<Self> {
        // A power of two, so that each path has the same length.
        let places = heads.len().next_power_of_two();
        let mut tree = Self { heads, matches: HeldVec::filled(Player::default(), places)? };
        let mut players = HeldVec::collect((0..places as u32).map(|sequence| tree.player(sequence)))?;
        // Round by round, from the last places to the first match.
        let mut first = places / 2;
        while first > 0 {
            for place in 0..first {
                let Some(&[a, b]) = players.get(2 * place..2 * place + 2).and_then(|pair| pair.first_chunk()) else {
                    break;
                };
                let (winner, loser) = tree.played(a, b);
                if let (Some(to), Some(lost)) = (players.get_mut(place), tree.matches.get_mut(first + place)) {
                    (*to, *lost) = (winner, loser);
                }
            }
            first /= 2;
        }
        if let (Some(slot), Some(winner)) = (tree.matches.first_mut(), players.first()) {
            *slot = *winner;
        }
        Ok(tree)
    }

    /// The smallest visitor and its sequence; `None` when all have ended.
    pub fn first(&self) -> Option<(usize, Visitor<'a>)> {
        let winner = self.matches.first()?.sequence as usize;
        Some((winner, (*self.heads.get(winner)?)?))
    }

    /// Goes on with the next visitor of the sequence that was first.
    pub fn advance(&mut self, next: Option<Visitor<'a>>) {
        let Some(sequence) = self.matches.first().map(|winner| winner.sequence) else { return };
        if let Some(head) = self.heads.get_mut(sequence as usize) {
            *head = next;
        }
        let mut winner = Player { key: key(&next), sequence };
        let mut place = (sequence as usize + self.matches.len()) / 2;
        while place > 0 {
            let Some(&other) = self.matches.get(place) else { return };
            let (first, loser) = self.played(winner, other);
            winner = first;
            if let Some(slot) = self.matches.get_mut(place) {
                *slot = loser;
            }
            place /= 2;
        }
        if let Some(slot) = self.matches.first_mut() {
            *slot = winner;
        }
    }

    /// Who wins and who loses.
    #[inline]
    fn played(&self, a: Player, b: Player) -> (Player, Player) {
        let a_wins = if a.key == b.key { self.is_before(a.sequence, b.sequence) } else { a.key < b.key };
        // Who wins cannot be foreseen, so there is no branch: 47 → 23 ns a visitor.
        let either = |yes: Player, no: Player| Player {
            key: core::hint::select_unpredictable(a_wins, yes.key, no.key),
            sequence: core::hint::select_unpredictable(a_wins, yes.sequence, no.sequence),
        };
        (either(a, b), either(b, a))
    }

    /// Whether a comes before b, where their keys are equal.
    #[inline(never)]
    fn is_before(&self, a: u32, b: u32) -> bool {
        match (self.head(a), self.head(b)) {
            (Some(a), Some(b)) => a < b,
            (a, _) => a.is_some(),
        }
    }

    fn player(&self, sequence: u32) -> Player {
        Player { key: key(&self.head(sequence)), sequence }
    }

    fn head(&self, sequence: u32) -> Option<Visitor<'a>> {
        self.heads.get(sequence as usize).copied().flatten()
    }
}

fn key(head: &Option<Visitor<'_>>) -> u64 {
    head.map_or(u64::MAX, |visitor| visitor.first_bytes())
}
