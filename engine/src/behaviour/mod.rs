//! What visitors do, in which order: funnels, retention and sequences of events.
//!
//! An event is an instant and the set of conditions that it meets, a bit mask whose lowest bit is the first
//! condition. The states keep events in any order, merge in any order, and answer for the multiset alone: events of
//! one instant have no order among themselves other than the one that a definition gives them.

mod any_order;
mod consecutive;
mod event;
mod funnel;
mod funnel_chain;
mod funnel_counts;
mod matching;
mod modes;
mod pattern;
mod retention;
mod scan;
mod sequence;
mod sequence_events;
mod state;
mod step_chains;
mod step_event;
mod stored;

pub use any_order::any_order;
pub use funnel::{Funnel, FunnelState};
pub use funnel_counts::{FunnelCounts, FunnelFigures, FunnelSettings, StepOrder};
pub use modes::Modes;
pub use pattern::Pattern;
pub use retention::RetentionState;
pub use sequence::SequenceState;
pub use state::{Definition, EventState};
pub use step_chains::StepChains;
pub use step_event::{NEVER, NOTHING_HELD, StepChain, StepEvent, StepNote, StepRule};
pub use stored::{FunnelEvents, StepCount};

use crate::error::{Error, ErrorKind, Result};

/// The most conditions that an event can be tested for.
pub const MAX_CONDITIONS: usize = 32;

/// The bit mask of a row's conditions: bit 0 is the first. NULL is false; what comes after the 32nd is not looked at
/// (states refuse to have so many).
pub fn condition_mask(conditions: impl IntoIterator<Item = Option<bool>>) -> u32 {
    conditions.into_iter().zip(0..u32::BITS).fold(0, |mask, (met, bit)| mask | u32::from(met == Some(true)) << bit)
}

/// `count` when it is from 1 to [`MAX_CONDITIONS`]; 0 is `22023`, more is `54000`. `name` is the argument's.
fn checked_count(count: usize, name: &str) -> Result<u8> {
    match u8::try_from(count) {
        Ok(0) => Err(Error::invalid(
            format!("{name} is an empty array"),
            format!("Give {name} at least one condition, for example ARRAY[page = '/', page = '/signup']."),
        )),
        Ok(count) if usize::from(count) <= MAX_CONDITIONS => Ok(count),
        _ => Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("{name} has {count} elements, more than {MAX_CONDITIONS}"),
            format!("Use at most {MAX_CONDITIONS} conditions."),
        )),
    }
}

/// `22023` unless a row, or a state to be merged, has as many conditions as this state.
fn same_count(have: u8, given: usize, name: &str) -> Result<()> {
    if usize::from(have) == given {
        return Ok(());
    }
    Err(Error::invalid(
        format!("{name} has {given} elements here and {have} in another row of the group"),
        format!("Give {name} the same conditions in every row."),
    ))
}

/// The mask of the first `count` conditions, all of them met.
fn all_conditions(count: u8) -> u32 {
    u32::MAX >> (u32::BITS - u32::from(count).clamp(1, u32::BITS))
}

/// The numbers of the bits that are set, ascending.
fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let bit = mask.trailing_zeros();
        mask &= mask.checked_sub(1)?;
        Some(bit as usize)
    })
}

/// The same descending.
fn bits_down(mut mask: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let bit = mask.checked_ilog2()?;
        mask ^= 1 << bit;
        Some(bit as usize)
    })
}

/// Whether `ts` is at most `within` after `start`, which is not later. Exact where the difference exceeds 63 bits.
fn in_window(start: i64, ts: i64, within: i64) -> bool {
    ts.wrapping_sub(start) as u64 <= within as u64
}
