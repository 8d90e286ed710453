//! The modes that ClickHouse's `windowFunnel` defines by its scan: events become entries (ts, step), in that order, and
//! the scan keeps one chain for each step, the one it met last.
//!
//! Where two events of one instant meet the same step and the answer depends on which comes first (`strict_once` with
//! `strict_deduplication`), they come in order of their conditions, whatever the order of arrival.

use super::event::{MaskedEvent, any_mask, instant, instants};
use super::funnel_chain::Reached;
use super::modes::Modes;
use super::{MAX_CONDITIONS, all_conditions, bits, in_window};
use crate::resource::interrupt::Throttle;

/// What the scan does about an event of a step whose predecessor was not reached.
fn ends_at_premature(modes: Modes, level: usize) -> bool {
    modes.has(Modes::STRICT_ORDER) && !modes.has(Modes::ALLOW_REENTRY) && level > 0
}

/// Whether the scan ends before these events, because one of them is of no step.
fn ends_before(group: &[MaskedEvent], modes: Modes, level: usize) -> bool {
    modes.has(Modes::STRICT_ORDER) && level > 0 && group.first().is_some_and(|event| event.mask() == 0)
}

/// The scan without `strict_once`. With `strict_increase` it loses chains, as ClickHouse's does: a step that is met
/// again replaces the chain that reached it before.
pub(super) fn entries(events: &[MaskedEvent], modes: Modes, steps: u8, within: i64) -> Reached {
    let deduplicate = modes.has(Modes::STRICT_DEDUPLICATION);
    let increase = modes.has(Modes::STRICT_INCREASE);
    // The first and the last instant of the chain that reached each number of steps.
    let mut chains = [(0i64, 0i64); MAX_CONDITIONS + 1];
    let mut reached = Reached::default();
    for group in instants(events) {
        if ends_before(group, modes, reached.level) {
            return reached;
        }
        reached.seen += group.len();
        let ts = instant(group);
        for step in bits(any_mask(group) & all_conditions(steps)) {
            if step == 0 {
                chains[1] = (ts, ts);
                reached.level = reached.level.max(1);
            } else if deduplicate && reached.level > step {
                return reached;
            } else if reached.level < step {
                if ends_at_premature(modes, reached.level) {
                    return reached;
                }
            } else {
                let (first, last) = chains[step];
                if !in_window(first, ts, within) || (increase && last == ts) {
                    continue;
                }
                chains[step + 1] = (first, ts);
                reached.level = reached.level.max(step + 1);
                let again = deduplicate && group.iter().filter(|event| event.mask() >> step & 1 == 1).count() > 1;
                if reached.level == usize::from(steps) || again {
                    return reached;
                }
            }
        }
    }
    reached
}

/// The scan with both `strict_once` and `strict_deduplication`. Each step after the first is reached by one event only;
/// beside those it keeps every start that can still count, each an instant and the number of its event.
pub(super) fn once_deduplicated(events: &[MaskedEvent], modes: Modes, steps: u8, within: i64) -> Reached {
    let increase = modes.has(Modes::STRICT_INCREASE);
    // A chain has at most `steps` events to rule out a start, so the newest starts beyond that number suffice. With
    // `strict_increase` one instant rules out all its starts: one of them is kept.
    let enough = usize::from(steps) + 1;
    let mut firsts: Vec<(i64, usize)> = Vec::new();
    let mut starts: Vec<(i64, usize)> = Vec::new();
    let mut path: Vec<(i64, usize)> = Vec::new();
    // One instant may have all the events.
    let mut throttle = Throttle::default();
    let mut reached = Reached::default();
    for group in instants(events) {
        if ends_before(group, modes, reached.level) {
            return reached;
        }
        let (ts, base) = (instant(group), reached.seen);
        reached.seen += group.len();
        for step in bits(any_mask(group) & all_conditions(steps)) {
            let met = (base..).zip(group).filter(|(_, event)| event.mask() >> step & 1 == 1).map(|(number, _)| number);
            for number in met {
                throttle.step();
                if step == 0 {
                    if firsts.len() >= 2 * enough {
                        firsts.drain(..firsts.len() - enough);
                    }
                    if !increase || firsts.last().is_none_or(|(at, _)| *at != ts) {
                        firsts.push((ts, number));
                    }
                    reached.level = reached.level.max(1);
                } else if reached.level > step {
                    return reached;
                } else if reached.level < step {
                    if ends_at_premature(modes, reached.level) {
                        return reached;
                    }
                } else {
                    let used = path.iter().any(|(at, event)| *event == number || (increase && *at == ts));
                    let from = if step == 1 { &firsts } else { &starts };
                    let left: Vec<_> = from
                        .iter()
                        .filter(|(at, event)| {
                            *event != number && in_window(*at, ts, within) && !(increase && *at == ts)
                        })
                        .copied()
                        .collect();
                    if used || left.is_empty() {
                        continue;
                    }
                    starts = left;
                    path.push((ts, number));
                    reached.level = step + 1;
                    if reached.level == usize::from(steps) {
                        return reached;
                    }
                }
            }
        }
    }
    reached
}
