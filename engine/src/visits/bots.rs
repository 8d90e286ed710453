//! Which user agents of a set are programs'.

use super::rows::VisitRows;
use crate::error::Result;
use crate::resource::memory::HeldVec;
use crate::user_agent;

/// What is known of the set's texts: each is looked at once.
#[derive(Debug)]
pub struct Bots(HeldVec<Option<bool>>);

impl Bots {
    /// Of a set none is known yet.
    pub fn new(rows: &VisitRows<'_>) -> Result<Self> {
        HeldVec::filled(None, rows.num_texts() as usize).map(Self)
    }

    /// Whether a text of the set is a program's user agent; what is none is nobody's.
    pub fn has(&mut self, agent: u32, rows: &VisitRows<'_>) -> bool {
        let Some(known) = self.0.get_mut(agent as usize) else { return false };
        *known.get_or_insert_with(|| rows.text(agent).is_some_and(user_agent::is_bot))
    }
}
