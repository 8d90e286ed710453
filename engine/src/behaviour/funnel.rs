//! The state of a funnel: the events of one group, mergeable in any order.

use super::chain::Chains;
use super::event::Events;
use super::modes::Modes;
use super::{all_conditions, checked_count, consecutive, same_count, scan};
use crate::error::{Error, Result};
use crate::state::{Reader, Writer};
use crate::time::{self, interval_text};

const KIND: u8 = b'F';
const VERSION: u8 = 1;
const NAME: &str = "the state of mrcall.window_funnel";

/// The events of a funnel over one group (one visitor), with the definition of the funnel.
///
/// A chain of steps begins at an event that meets the first step; each later step's event is at most `within` after
/// that first event. The answer is [`FunnelState::depth`], the length of the deepest chain, and
/// [`FunnelState::times`].
#[derive(Debug, Clone)]
pub struct FunnelState {
    within: i64,
    modes: Modes,
    steps: u8,
    events: Events,
}

impl FunnelState {
    /// A state without events of a funnel of `steps` steps within `within` microseconds. No step and a negative
    /// `within` are `22023`, more than [`super::MAX_CONDITIONS`] steps `54000`. The SQL layer handles NULL.
    pub fn new(within: i64, modes: Modes, steps: usize) -> Result<Self> {
        let within = time::not_negative(within, "within")?;
        Ok(Self { within, modes, steps: checked_count(steps, "steps")?, events: Events::new() })
    }

    /// A state without events of the same funnel.
    pub fn like(&self) -> Self {
        Self { events: Events::new(), ..*self }
    }

    /// `22023` unless a row, or another state, asks for the same funnel as this state.
    pub fn same_funnel(&self, within: i64, modes: Modes, steps: usize) -> Result<()> {
        if self.within != within {
            let [this, other] = [self.within, within].map(|micros| interval_text(0, 0, micros));
            return Err(Error::invalid(
                format!("within is {other} here and {this} in another row of the group"),
                "Give within the same value in every row.",
            ));
        }
        if self.modes != modes {
            return Err(Error::invalid(
                format!("modes are {} here and {} in another row of the group", modes.names(), self.modes.names()),
                "Give modes the same value in every row.",
            ));
        }
        same_count(self.steps, steps, "steps")
    }

    /// Adds an event that meets the steps of `mask` (bit 0 is the first step, see [`super::condition_mask`]). Events
    /// of no step are kept where a mode looks at them. An infinite `ts` is `22008`, whatever the mask; the SQL layer
    /// leaves out rows whose `ts` is NULL.
    pub fn push(&mut self, ts: i64, mask: u32) -> Result<()> {
        let mask = mask & all_conditions(self.steps);
        if mask == 0 && !self.modes.needs_other_events() {
            return time::finite(ts, "ts").map(|_| ());
        }
        self.events.push(ts, mask)
    }

    /// Takes the events of another state, each as often as it holds it; `22023` if it is of another funnel.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.same_funnel(other.within, other.modes, usize::from(other.steps))?;
        self.events.merge(&other.events);
        Ok(())
    }

    /// How many events are kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept: then the depth is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that the events take, in bytes: 12 each, and room for at most 128 more to come.
    pub fn heap_bytes(&self) -> usize {
        self.events.heap_bytes()
    }

    /// A state of those events.
    pub(super) fn with_events(self, events: Events) -> Self {
        Self { events, ..self }
    }

    /// Puts the events in order, so that what is asked next makes no copy. Changes no answer.
    pub fn sort(&mut self) {
        self.events.sort();
    }

    /// The deepest step reached, 0 without an event of the first step.
    ///
    /// In the default mode, with `strict_increase` and with `strict_once` it is the longest chain that exists. With
    /// `consecutive` too; there, events of one instant stand in whatever order makes a chain longest. With
    /// `strict_deduplication` or `strict_order` it is what the scan of ClickHouse's `windowFunnel` finds.
    pub fn depth(&self) -> i32 {
        // At most 32.
        self.deepest().0 as i32
    }

    /// When each reached step happened, in microseconds since 2000-01-01 UTC: as many instants as [`Self::depth`]
    /// says, the lexicographically smallest of all chains of that depth. With `strict_deduplication` or
    /// `strict_order` it is the smallest among the events that the scan looked at before it ended, where each step is
    /// no earlier than the one before, strictly later with `strict_increase`, and an event of its own with
    /// `strict_once`.
    pub fn times(&self) -> Vec<i64> {
        let (depth, seen) = self.deepest();
        let events = self.events.in_order();
        let events = events.get(..seen).unwrap_or_default();
        // At most 32.
        let steps = depth as u8;
        if steps == 0 {
            return Vec::new();
        }
        if self.modes.has(Modes::CONSECUTIVE) {
            return consecutive::earliest(events, steps, self.within);
        }
        Chains::new(self.modes, steps, self.within).earliest(events)
    }

    /// The deepest step and how many events, in order, it took to know it.
    fn deepest(&self) -> (usize, usize) {
        let events = self.events.in_order();
        let (modes, steps, within) = (self.modes, self.steps, self.within);
        if modes.has(Modes::CONSECUTIVE) {
            return (consecutive::depth(&events, steps, within), events.len());
        }
        let deduplicate = modes.has(Modes::STRICT_DEDUPLICATION);
        let reached = match (deduplicate || modes.has(Modes::STRICT_ORDER), modes.has(Modes::STRICT_ONCE)) {
            (true, false) => scan::entries(&events, modes, steps, within),
            (true, true) if deduplicate => scan::once_deduplicated(&events, modes, steps, within),
            // With strict_once alone ClickHouse's scan follows every chain, so it finds the longest before it ends.
            _ => Chains::new(modes, steps, within).longest(&events, modes),
        };
        (reached.level, reached.seen)
    }

    /// The bytes: the same for the same funnel and events, whatever their order and split.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let mut w = Writer::new(KIND, VERSION);
        w.reserve(self.events.written_bytes());
        w.unsigned(u64::from(self.steps));
        w.unsigned(u64::from(self.modes.bits()));
        w.unsigned(self.within as u64);
        self.events.write(&mut w);
        w.finish()
    }

    /// Reads what [`Self::serialize`] wrote; anything else is `22P03`.
    pub fn deserialize(bytes: &[u8]) -> Result<Self> {
        let (mut state, mut r) = Self::read_funnel(bytes)?;
        state.read_events(&mut r)?;
        r.finish()?;
        Ok(state)
    }

    /// Takes the events of a state that [`Self::serialize`] wrote, as [`Self::merge`] does.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Result<()> {
        let (other, mut r) = Self::read_funnel(bytes)?;
        self.same_funnel(other.within, other.modes, usize::from(other.steps))?;
        self.read_events(&mut r)?;
        r.finish()
    }

    fn read_funnel(bytes: &[u8]) -> Result<(Self, Reader<'_>)> {
        let mut r = Reader::new(bytes, KIND, VERSION, NAME)?;
        let (steps, modes, within) = (r.unsigned()?, r.unsigned()?, r.unsigned()?);
        let modes = u8::try_from(modes).ok().and_then(|bits| Modes::from_bits(bits).ok());
        let funnel = match (usize::try_from(steps), modes, i64::try_from(within)) {
            (Ok(steps), Some(modes), Ok(within)) => Self::new(within, modes, steps).ok(),
            _ => None,
        };
        let state = funnel.ok_or_else(|| r.malformed("the funnel is impossible"))?;
        Ok((state, r))
    }

    fn read_events(&mut self, r: &mut Reader<'_>) -> Result<()> {
        self.events.read_more(r, all_conditions(self.steps), self.modes.needs_other_events())
    }
}
