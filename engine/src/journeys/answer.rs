//! The answer of a set as bytes.

use super::distinct_paths::{journeys, paths};
use super::index::JourneyIndex;
use super::model_credit::credit;
use super::rows::{KIND, TableWriter, VERSION};
use super::set::JourneySet;
use crate::error::Result;
use crate::state::Writer;

impl JourneySet {
    /// The bytes of what the settings ask for: three tables, empty where nothing is asked.
    ///
    /// Errors: those of the models.
    pub fn answer(&self) -> Result<Vec<u8>> {
        let index = JourneyIndex::new(self)?;
        let mut answer = Writer::new(KIND, VERSION);
        let mut table = TableWriter::new();
        if !self.settings.models.is_empty() {
            credit(&index, &mut table)?;
        }
        table.finish(&mut answer)?;
        let mut table = TableWriter::new();
        if self.settings.paths {
            paths(&index, &mut table)?;
        }
        table.finish(&mut answer)?;
        let mut table = TableWriter::new();
        if self.settings.journeys {
            journeys(&index, &mut table)?;
        }
        table.finish(&mut answer)?;
        answer.finish()
    }
}
