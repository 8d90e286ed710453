//! The events of a group with the steps that they meet, kept for funnels that are defined later.

use super::funnel::FunnelState;
use super::modes::Modes;
use super::state::{Definition, EventState};
use super::{all_conditions, checked_count, same_count};
use crate::error::Result;
use crate::state::{Reader, Writer};

/// How many steps a funnel has. How long a chain may take and what the modes are is said when the state is read: every event is
/// kept, those of no step too, because modes look at them.
#[derive(Debug, Clone, Copy)]
pub struct StepCount(u8);

/// The events of one group (one visitor) and which of a funnel's steps each meets.
pub type FunnelEvents = EventState<StepCount>;

impl Definition for StepCount {
    const KIND: u8 = b'E';
    const VERSION: u8 = 1;
    const NAME: &'static str = "mrcall.funnel_state";
    const MAY_BE_EMPTY: bool = false;

    fn same(&self, other: &Self) -> Result<()> {
        same_count(self.0, usize::from(other.0), "steps")
    }

    fn conditions(&self) -> u32 {
        all_conditions(self.0)
    }

    fn keeps_others(&self) -> bool {
        true
    }

    fn write(&self, w: &mut Writer) {
        w.unsigned(u64::from(self.0));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let steps = usize::try_from(r.unsigned()?).ok().and_then(|steps| checked_count(steps, "steps").ok());
        steps.map(Self).ok_or_else(|| r.malformed("its steps are impossible"))
    }
}

impl FunnelEvents {
    /// A state without events of `steps` steps; no step is `22023`, more than [`super::MAX_CONDITIONS`] `54000`.
    pub fn new(steps: usize) -> Result<Self> {
        checked_count(steps, "steps").map(|steps| Self::of(StepCount(steps)))
    }

    /// `22023` unless a row has as many steps as this state.
    pub fn same_steps(&self, steps: usize) -> Result<()> {
        same_count(self.definition.0, steps, "steps")
    }

    /// The funnel over these events whose chains take at most `within` microseconds (`22023` less than zero).
    pub fn funnel(self, within: i64, modes: Modes) -> Result<FunnelState> {
        let mut funnel = FunnelState::new(within, modes, usize::from(self.definition.0))?;
        funnel.events = self.events;
        if !modes.needs_other_events() {
            funnel.events.leave_out_empty()?;
        }
        Ok(funnel)
    }
}
