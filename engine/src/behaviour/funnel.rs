//! A funnel: what it asks for, how deep a group came, and when.

use super::funnel_chain::Chains;
use super::modes::Modes;
use super::state::{Definition, EventState};
use super::{all_conditions, checked_count, consecutive, same_count, scan};
use crate::error::{Error, Result};
use crate::state::{Reader, Writer};
use crate::time::{self, interval_text};

/// The definition of a funnel.
///
/// A chain of steps begins at an event that meets the first step; each later step's event is at most `within` after
/// that first event. The answer is [`FunnelState::depth`], the length of the deepest chain, and
/// [`FunnelState::times`].
#[derive(Debug, Clone, Copy)]
pub struct Funnel {
    within: i64,
    modes: Modes,
    steps: u8,
}

/// The events of a funnel over one group (one visitor), with the definition of the funnel.
pub type FunnelState = EventState<Funnel>;

impl Funnel {
    /// A funnel of `steps` steps within `within` microseconds. No step and a negative `within` are `22023`, more than
    /// [`super::MAX_CONDITIONS`] steps `54000`. The SQL layer handles NULL.
    pub fn new(within: i64, modes: Modes, steps: usize) -> Result<Self> {
        let within = time::not_negative(within, "within")?;
        Ok(Self { within, modes, steps: checked_count(steps, "steps")? })
    }
}

impl Definition for Funnel {
    const KIND: u8 = b'F';
    const VERSION: u8 = 1;
    const NAME: &'static str = "the state of mrcall.window_funnel";
    const MAY_BE_EMPTY: bool = true;

    fn same(&self, other: &Self) -> Result<()> {
        if self.within != other.within {
            let [this, here] = [self.within, other.within].map(|micros| interval_text(0, 0, micros));
            return Err(Error::invalid(
                format!("within is {here} here and {this} in another row of the group"),
                "Give within the same value in every row.",
            ));
        }
        if self.modes != other.modes {
            return Err(Error::invalid(
                format!(
                    "modes are {} here and {} in another row of the group",
                    other.modes.names(),
                    self.modes.names()
                ),
                "Give modes the same value in every row.",
            ));
        }
        same_count(self.steps, usize::from(other.steps), "steps")
    }

    fn conditions(&self) -> u32 {
        all_conditions(self.steps)
    }

    fn keeps_others(&self) -> bool {
        self.modes.needs_other_events()
    }

    fn write(&self, w: &mut Writer) {
        w.unsigned(u64::from(self.steps));
        w.unsigned(u64::from(self.modes.bits()));
        w.unsigned(self.within as u64);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (steps, modes, within) = (r.unsigned()?, r.unsigned()?, r.unsigned()?);
        let modes = u8::try_from(modes).ok().and_then(|bits| Modes::from_bits(bits).ok());
        let funnel = match (usize::try_from(steps), modes, i64::try_from(within)) {
            (Ok(steps), Some(modes), Ok(within)) => Self::new(within, modes, steps).ok(),
            _ => None,
        };
        funnel.ok_or_else(|| r.malformed("the funnel is impossible"))
    }
}

impl FunnelState {
    /// A state without events of the funnel that [`Funnel::new`] makes.
    pub fn new(within: i64, modes: Modes, steps: usize) -> Result<Self> {
        Funnel::new(within, modes, steps).map(Self::of)
    }

    /// `22023` unless a row asks for the same funnel as this state.
    pub fn same_funnel(&self, within: i64, modes: Modes, steps: usize) -> Result<()> {
        let funnel = self.definition;
        if (funnel.within, funnel.modes) == (within, modes) {
            return same_count(funnel.steps, steps, "steps");
        }
        funnel.same(&Funnel { within, modes, steps: funnel.steps })
    }

    /// The deepest step reached, 0 without an event of the first step.
    ///
    /// In the default mode, with `strict_increase` and with `strict_once` it is the longest chain that exists. With
    /// `consecutive` too; there, events of one instant stand in whatever order makes a chain longest. With
    /// `strict_deduplication` or `strict_order` it is what the scan of ClickHouse's `windowFunnel` finds.
    pub fn depth(&self) -> Result<i32> {
        // At most 32.
        self.deepest().map(|(depth, _)| depth as i32)
    }

    /// When each reached step happened, in microseconds since 2000-01-01 UTC: as many instants as [`Self::depth`]
    /// says, the lexicographically smallest of all chains of that depth. With `strict_deduplication` or
    /// `strict_order` it is the smallest among the events that the scan looked at before it ended, where each step is
    /// no earlier than the one before, strictly later with `strict_increase`, and an event of its own with
    /// `strict_once`.
    pub fn times(&self) -> Result<Vec<i64>> {
        let Funnel { within, modes, .. } = self.definition;
        let (depth, seen) = self.deepest()?;
        let events = self.events.in_order()?;
        let events = events.get(..seen).unwrap_or_default();
        // At most 32.
        let steps = depth as u8;
        if steps == 0 {
            return Ok(Vec::new());
        }
        if modes.has(Modes::CONSECUTIVE) {
            return Ok(consecutive::earliest(events, steps, within));
        }
        Ok(Chains::new(modes, steps, within).earliest(events))
    }

    /// The deepest step and how many events, in order, it took to know it.
    fn deepest(&self) -> Result<(usize, usize)> {
        let events = self.events.in_order()?;
        let Funnel { within, modes, steps } = self.definition;
        if modes.has(Modes::CONSECUTIVE) {
            return Ok((consecutive::depth(&events, steps, within), events.len()));
        }
        let deduplicate = modes.has(Modes::STRICT_DEDUPLICATION);
        let reached = match (deduplicate || modes.has(Modes::STRICT_ORDER), modes.has(Modes::STRICT_ONCE)) {
            (true, false) => scan::entries(&events, modes, steps, within),
            (true, true) if deduplicate => scan::once_deduplicated(&events, modes, steps, within),
            // With strict_once alone ClickHouse's scan follows every chain, so it finds the longest before it ends.
            _ => Chains::new(modes, steps, within).longest(&events, modes),
        };
        Ok((reached.level, reached.seen))
    }
}
