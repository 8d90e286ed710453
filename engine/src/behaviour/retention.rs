//! Retention: which conditions a group met at any time, given that it met the first.

use super::{all_conditions, checked_count, same_count};
use crate::error::Result;
use crate::state::{Reader, Writer};

const KIND: u8 = b'R';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.retention_state";

/// The conditions that any row of one group met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionState {
    conditions: u8,
    met: u32,
}

impl RetentionState {
    /// A state without rows. No condition is `22023`, more than [`super::MAX_CONDITIONS`] `54000`.
    pub fn new(conditions: usize) -> Result<Self> {
        Ok(Self { conditions: checked_count(conditions, "conditions")?, met: 0 })
    }

    /// A state without rows for as many conditions.
    pub fn like(&self) -> Self {
        Self { met: 0, ..*self }
    }

    /// `22023` unless a row has as many conditions as this state.
    pub fn same_conditions(&self, conditions: usize) -> Result<()> {
        same_count(self.conditions, conditions, "conditions")
    }

    /// Adds a row that meets the conditions of `mask`, see [`super::condition_mask`].
    pub fn push(&mut self, mask: u32) {
        self.met |= mask & all_conditions(self.conditions);
    }

    /// Takes the rows of another state; `22023` if it has another number of conditions.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_conditions(usize::from(other.conditions))?;
        self.push(other.met);
        Ok(())
    }

    /// For each condition whether any row met it and any row met the first.
    pub fn retention(&self) -> Vec<bool> {
        let began = self.met & 1 == 1;
        (0..self.conditions).map(|i| began && self.met >> i & 1 == 1).collect()
    }

    /// The bytes: the same for the same rows, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.unsigned(u64::from(self.conditions));
        w.unsigned(u64::from(self.met));
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let (conditions, met) = (r.unsigned()?, r.unsigned_32()?);
        let state = usize::try_from(conditions).ok().and_then(|count| Self::new(count).ok());
        let mut state = state.ok_or_else(|| r.malformed("the number of conditions is impossible"))?;
        if met & !all_conditions(state.conditions) != 0 {
            return Err(r.malformed("a condition is unknown"));
        }
        state.met = met;
        r.finish()?;
        Ok(state)
    }
}
