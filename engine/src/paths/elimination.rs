//! Exact solutions for absorbing Markov chains with few states, by eliminating states one by one.
//!
//! A state is eliminated by sending what enters it straight to where it goes on to. Its chance to go on is summed from its
//! exits, never found as one minus the chance to stay: so nothing is subtracted, and every entry keeps its relative
//! precision (Grassmann, Taksar and Heyman 1985).

use crate::error::Result;
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::HeldVec;

/// Columns beside the states: the chance to convert, the chance to end in any other way, the expected value of converting.
const EXITS: usize = 3;

/// A square matrix of chances to go from state to state, with the exits in [`EXITS`] further columns.
#[derive(Debug)]
pub struct Matrix {
    states: usize,
    cells: HeldVec<f64>,
}

impl Matrix {
    /// All zeros.
    pub fn new(states: usize) -> Result<Self> {
        Ok(Self { states, cells: HeldVec::filled(0.0, states * (states + EXITS))? })
    }

    fn width(&self) -> usize {
        self.states + EXITS
    }

    fn row(&self, state: usize) -> &[f64] {
        self.cells.get(state * self.width()..(state + 1) * self.width()).unwrap_or_default()
    }

    /// Sets the chance to go from one state to another.
    pub fn set(&mut self, from: usize, to: usize, chance: f64) {
        let place = from * self.width() + to;
        if let Some(cell) = self.cells.get_mut(place).filter(|_| to < self.states) {
            *cell = chance;
        }
    }

    /// Sets the chances to end after a state: by a conversion, otherwise; and the expected value of converting there.
    pub fn set_exits(&mut self, from: usize, exits: [f64; EXITS]) {
        let place = from * self.width() + self.states;
        if let Some(cells) = self.cells.get_mut(place..place + EXITS) {
            cells.copy_from_slice(&exits);
        }
    }

    /// Eliminates state `k`, the last one that is left, and says how likely it goes on; 0 for a state that nobody is in.
    fn eliminate(&mut self, k: usize) -> f64 {
        let (width, states) = (self.width(), self.states);
        let (before, from_k) = self.cells.split_at_mut(k * width);
        let (row, exits) = from_k.get(..width).unwrap_or_default().split_at(states.min(from_k.len()));
        let row = row.get(..k).unwrap_or_default();
        let onward = row.iter().sum::<f64>() + exits.iter().take(2).sum::<f64>();
        if onward <= 0.0 {
            return 0.0;
        }
        for other in before.chunks_exact_mut(width) {
            let (chances, other_exits) = other.split_at_mut(states);
            let factor = chances.get(k).copied().unwrap_or_default() / onward;
            if factor > 0.0 {
                chances.iter_mut().zip(row).for_each(|(a, b)| *a += factor * b);
                other_exits.iter_mut().zip(exits).for_each(|(a, b)| *a += factor * b);
            }
        }
        onward
    }

    /// The chain that is seen when only the states of a range are watched.
    fn watched(&self, range: core::ops::Range<usize>) -> Result<Self> {
        // The watched ones first, so that the others are eliminated from the end.
        let others = (0..self.states).filter(|state| !range.contains(state));
        let order = HeldVec::collect(range.clone().chain(others))?;
        let mut all = Self::new(self.states)?;
        for (state, row) in order.iter().zip(all.cells.chunks_exact_mut(self.width())) {
            let source = self.row(*state);
            let columns = order.iter().copied().chain(self.states..self.width());
            row.iter_mut().zip(columns).for_each(|(cell, column)| *cell = source.get(column).copied().unwrap_or(0.0));
        }
        for k in (range.len()..self.states).rev() {
            interrupt::check();
            all.eliminate(k);
        }
        let mut watched = Self::new(range.len())?;
        for (state, row) in (0..range.len()).zip(watched.cells.chunks_exact_mut(range.len() + EXITS)) {
            let source = all.row(state);
            let columns = (0..range.len()).chain(self.states..self.width());
            row.iter_mut().zip(columns).for_each(|(cell, column)| *cell = source.get(column).copied().unwrap_or(0.0));
        }
        Ok(watched)
    }
}

/// For each state, the chance to convert, and the expected value of it, before coming back to that state.
///
/// Halves of the states are watched in turn, so that all answers together take less work than one inversion.
pub fn without_return(matrix: Matrix) -> Result<HeldVec<[f64; 2]>> {
    let mut found = HeldVec::filled([0.0; 2], matrix.states)?;
    let mut open = vec![(0, matrix)];
    while let Some((start, matrix)) = open.pop() {
        match matrix.states {
            0 => {}
            1 => {
                let row = matrix.row(0);
                if let (Some(slot), [_, conversion, _, value]) = (found.get_mut(start), row) {
                    *slot = [*conversion, *value];
                }
            }
            states => {
                open.push((start, matrix.watched(0..states / 2)?));
                open.push((start + states / 2, matrix.watched(states / 2..states)?));
            }
        }
    }
    Ok(found)
}

/// For each state, the chance to convert, and the expected value of it.
pub fn absorption(mut matrix: Matrix) -> Result<HeldVec<[f64; 2]>> {
    let states = matrix.states;
    let mut onward = HeldVec::filled(0.0, states)?;
    for (k, slot) in onward.iter_mut().enumerate().rev() {
        interrupt::check();
        *slot = matrix.eliminate(k);
    }
    let (mut found, mut throttle) = (HeldVec::<[f64; 2]>::with_room(states)?, Throttle::default());
    for (k, onward) in onward.iter().enumerate() {
        throttle.steps(k);
        let (chances, exits) = matrix.row(k).split_at(states);
        let mut sums = [exits.first().copied().unwrap_or(0.0), exits.last().copied().unwrap_or(0.0)];
        for (chance, known) in chances.iter().zip(&found) {
            sums.iter_mut().zip(known).for_each(|(sum, known)| *sum += chance * known);
        }
        found.push(if *onward > 0.0 { sums.map(|sum| sum / onward) } else { [0.0; 2] })?;
    }
    Ok(found)
}
