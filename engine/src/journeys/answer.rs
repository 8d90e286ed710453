//! The answer of a set as bytes.

use super::distinct_paths::{PathTable, journeys, paths};
use super::index::JourneyIndex;
use super::model_credit::{Weigher, credit};
use super::rows::{KIND, TableWriter, VERSION};
use super::set::JourneySet;
use crate::attribution_model::Model;
use crate::error::Result;
use crate::paths::TouchWeights;
use crate::state::Writer;

impl JourneySet {
    /// The bytes of what the settings ask for: three tables, empty where nothing is asked.
    ///
    /// Errors: those of the models.
    pub fn answer(&self) -> Result<Vec<u8>> {
        let index = JourneyIndex::new(self)?;
        let learns = self.settings.models.contains(&Model::DataDriven);
        let apart = learns && self.settings.learns_apart;
        let walked = match self.settings.paths || learns && !apart {
            true => Some(PathTable::of_report(&index)?),
            false => None,
        };
        let mut answer = Writer::new(KIND, VERSION);
        let mut table = TableWriter::new();
        let learned = match &walked {
            _ if apart => Some(PathTable::of_learned(&index)?.learn(&index)?),
            Some(walked) if learns => Some(walked.learn(&index)?),
            _ => None,
        };
        let mut weigher = Weigher::new(&index, learned.map(TouchWeights::new));
        if !self.settings.models.is_empty() {
            credit(&mut weigher, &mut table)?;
        }
        table.finish(&mut answer)?;
        let mut table = TableWriter::new();
        if let Some(walked) = walked.filter(|_| self.settings.paths) {
            paths(&index, walked, &mut table)?;
        }
        table.finish(&mut answer)?;
        let mut table = TableWriter::new();
        if self.settings.journeys {
            journeys(&mut weigher, &mut table)?;
        }
        table.finish(&mut answer)?;
        answer.finish()
    }
}
