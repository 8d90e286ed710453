//! The events of a group with the steps that they meet, kept for funnels that are defined later.

use super::event::Events;
use super::funnel::FunnelState;
use super::modes::Modes;
use super::{all_conditions, checked_count, same_count};
use crate::error::Result;
use crate::state::{Reader, Writer};

const KIND: u8 = b'E';
const VERSION: u8 = 1;
const NAME: &str = "mrcall.funnel_state";

/// The events of one group (one visitor) and which of a funnel's steps each meets. How long a chain may take and what
/// the modes are is said when it is read: every event is kept, those of no step too, because modes look at them.
#[derive(Debug, Clone)]
pub struct FunnelEvents {
    steps: u8,
    events: Events,
}

impl FunnelEvents {
    /// A state without events of `steps` steps; none is `22023`, more than [`super::MAX_CONDITIONS`] `54000`.
    pub fn new(steps: usize) -> Result<Self> {
        Ok(Self { steps: checked_count(steps, "steps")?, events: Events::new() })
    }

    /// A state without events of as many steps.
    pub fn like(&self) -> Self {
        Self { events: Events::new(), ..*self }
    }

    /// `22023` unless a row, or another state, has as many steps as this state.
    pub fn same_steps(&self, steps: usize) -> Result<()> {
        same_count(self.steps, steps, "steps")
    }

    /// Adds an event that meets the steps of `mask` (bit 0 is the first step, see [`super::condition_mask`]). An
    /// infinite `ts` is `22008`; the SQL layer leaves out rows whose `ts` is NULL.
    pub fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        self.events.push(ts, mask & all_conditions(self.steps))
    }

    /// Takes the events of another state, each as often as it holds it; `22023` if it has other steps.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_steps(usize::from(other.steps))?;
        self.events.merge(&other.events);
        Ok(())
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that the events take, in bytes: 12 each, and room for at most 128 more to come.
    pub fn heap_bytes(&self) -> usize {
        self.events.heap_bytes()
    }

    /// The funnel over these events whose chains take at most `within` microseconds (`22023` less than zero).
    pub fn funnel(self, within: i64, modes: Modes) -> Result<FunnelState> {
        let funnel = FunnelState::new(within, modes, usize::from(self.steps))?;
        let mut events = self.events;
        if !modes.needs_other_events() {
            events.leave_out_empty();
        }
        Ok(funnel.with_events(events))
    }

    /// The bytes: the same for the same events, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.reserve(self.events.written_bytes());
        w.unsigned(u64::from(self.steps));
        self.events.write(&mut w);
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else, a state without events too, is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let (mut state, mut r) = Self::read_steps(bytes)?;
        state.read_events(&mut r)?;
        r.finish()?;
        Ok(state)
    }

    /// Takes the events of a state that [`Self::serialize`] wrote, as [`Self::merge`] does.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let (other, mut r) = Self::read_steps(bytes)?;
        self.same_steps(usize::from(other.steps))?;
        self.read_events(&mut r)?;
        r.finish()
    }

    fn read_steps(bytes: &[u8]) -> Result<(Self, Reader<'_>)> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let steps = usize::try_from(r.unsigned()?).ok().and_then(|steps| Self::new(steps).ok());
        let state = steps.ok_or_else(|| r.malformed("its steps are impossible"))?;
        Ok((state, r))
    }

    fn read_events(&mut self, r: &mut Reader<'_>) -> Result<()> {
        let before = self.len();
        self.events.read_more(r, all_conditions(self.steps), true)?;
        if self.len() == before { Err(r.malformed("it has no event")) } else { Ok(()) }
    }
}
