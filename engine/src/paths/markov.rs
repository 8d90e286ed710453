//! Credit by removal effects in the Markov chain of all journeys (Anderl, Becker, von Wangenheim and Schumann 2016).
//!
//! What is lost without a channel is counted, not found as a difference: a conversion that passes the channel leaves it for
//! good exactly once. So the loss is the sum, over the visits of states with the channel (which are known: the journeys were
//! counted there), of the chance to convert from there without such a state again.

use super::counted_paths::{Journeys, PathCounts};
use super::elimination::{Matrix, absorption, without_return};
use super::markov_chain::{self, Chain, Flow};
use super::sum::Sum;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::HeldVec;

pub use super::markov_chain::MAX_ORDER;

/// Up to so many states the chances are found by elimination, else by sweeps.
const MAX_ELIMINATED: usize = 1024;
/// How likely a journey may still be on its way when the sweeps end: far below the precision of the result.
const SETTLED: f64 = 1e-20;
/// Sweeps before a chain with few states is eliminated instead, and before it is given up.
const PATIENT_SWEEPS: usize = 1_000;
const MAX_SWEEPS: usize = 1_000_000;
/// Most states of a chain that is eliminated because its sweeps do not settle.
const MAX_SLOW: usize = 4096;

/// What a channel earns, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal {
    /// Its name.
    pub channel: String,
    /// Its part of the conversions.
    pub conversions: f64,
    /// Its part of the value.
    pub value: f64,
    /// The part of the conversions that would be lost without it, 0 to 1.
    pub removal_effect: f64,
}

/// `order` as a number of neighbouring channels; `22023` outside 1 to [`MAX_ORDER`].
pub(super) fn parse_order(order: i32) -> Result<usize> {
    usize::try_from(order).ok().filter(|order| (1..=MAX_ORDER).contains(order)).ok_or_else(|| {
        Error::invalid(
            format!("markov_order must be from 1 to {MAX_ORDER}, not {order}"),
            "Use 1, or 2 to tell channels apart by the one before them.",
        )
    })
}

/// What each channel earns, in order of their names' bytes; zeros without a conversion. Paths without a touch take no
/// part. `order` is the number of neighbouring channels that a state knows.
///
/// `22023`: another order than 1 to 4. `54000`: more than a million states, a chain whose journeys hardly ever end, a
/// value beyond 1e250.
pub fn markov(journeys: &Journeys, order: i32) -> Result<Vec<Removal>> {
    let order = parse_order(order)?;
    let counts = journeys.counts()?;
    let chain = Chain::new(journeys, order)?;
    let losses = losses(&chain, order, journeys.channels().len(), &counts)?;

    let total = |amounts: &[f64]| -> f64 {
        let touched = journeys.iter().zip(amounts).filter(|(path, _)| !path.steps.is_empty());
        touched.map(|(_, amount)| *amount).collect::<Sum>().value()
    };
    let (conversions, value) = (total(&counts.conversions), total(&counts.value));
    let sum = |index: usize| losses.iter().filter_map(|loss| loss.get(index).copied()).collect::<Sum>().value();
    let (lost, lost_value) = (sum(0), sum(1));
    let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
    journeys.rows(&losses, |channel, [loss, loss_of_value]| Removal {
        channel,
        conversions: conversions * share(*loss, lost),
        // Values of both signs may cancel out: then they are shared as the conversions are.
        value: value * if lost_value == 0.0 { share(*loss, lost) } else { loss_of_value / lost_value },
        removal_effect: share(*loss, conversions).min(1.0),
    })
}

/// The conversions and the value that would be lost without each channel.
pub(super) fn losses(chain: &Chain, order: usize, channels: usize, counts: &PathCounts) -> Result<HeldVec<[f64; 2]>> {
    let flow = chain.flow(counts)?;
    let mut losses = HeldVec::filled([0.0; 2], channels)?;
    if order == 1 && chain.len() <= MAX_ELIMINATED {
        let found = without_return(matrix(chain, &flow, |_| true)?.0)?;
        for (state, chances) in found.iter().enumerate() {
            if let Some(loss) = losses.get_mut(chain.channel(state) as usize) {
                let visits = flow.visits.get(state).copied().unwrap_or_default();
                *loss = chances.map(|chance| visits * chance);
            }
        }
        return Ok(losses);
    }
    let sweeps = Sweeps::new(chain, &flow)?;
    for (channel, loss) in (0u32..).zip(&mut losses) {
        *loss = sweeps.loss(chain, &flow, channel)?;
    }
    Ok(losses)
}

/// Whether the sweeps that are left are enough at the pace of the later half of the patient ones: it does not become faster.
fn will_settle(halfway: f64, bound: f64) -> bool {
    let sweeps = (MAX_SWEEPS - PATIENT_SWEEPS) as f64;
    let pace = (bound / halfway).ln() / (PATIENT_SWEEPS - PATIENT_SWEEPS / 2) as f64;
    pace * sweeps <= (SETTLED / bound).ln()
}

/// The chances of the states that are kept, and which state each row is.
fn matrix(chain: &Chain, flow: &Flow, keep: impl Fn(usize) -> bool) -> Result<(Matrix, HeldVec<usize>)> {
    let kept = HeldVec::collect((0..chain.len()).filter(|state| keep(*state)))?;
    let mut matrix = Matrix::new(kept.len())?;
    let get = |amounts: &[f64], place: usize| amounts.get(place).copied().unwrap_or_default();
    for (row, state) in kept.iter().enumerate() {
        let visits = get(&flow.visits, *state);
        if visits <= 0.0 {
            continue;
        }
        let mut elsewhere = get(&flow.nulls, *state);
        for (edge, to) in chain.edges_of(*state) {
            let amount = get(&flow.edges, edge);
            match kept.binary_search(&to) {
                Ok(column) => matrix.set(row, column, amount / visits),
                Err(_) => elsewhere += amount,
            }
        }
        let exits = [get(&flow.conversions, *state), elsewhere, get(&flow.value, *state)];
        matrix.set_exits(row, exits.map(|amount| amount / visits));
    }
    Ok((matrix, kept))
}

/// Gauss-Seidel sweeps over a chain with many states.
struct Sweeps {
    order: HeldVec<usize>,
    /// By edge: its chance.
    chances: HeldVec<f64>,
}

impl Sweeps {
    fn new(chain: &Chain, flow: &Flow) -> Result<Self> {
        let (mut chances, mut throttle) = (HeldVec::filled(0.0, flow.edges.len())?, Throttle::default());
        for (state, visits) in flow.visits.iter().enumerate().filter(|(_, visits)| **visits > 0.0) {
            throttle.step();
            for (edge, _) in chain.edges_of(state) {
                if let (Some(chance), Some(amount)) = (chances.get_mut(edge), flow.edges.get(edge)) {
                    *chance = amount / visits;
                }
            }
        }
        Ok(Self { order: chain.successors_first()?, chances })
    }

    /// The conversions and the value that would be lost without a channel.
    fn loss(&self, chain: &Chain, flow: &Flow, channel: u32) -> Result<[f64; 2]> {
        let chances = self.chances_without(chain, flow, channel)?;
        let get = |amounts: &[f64], place: usize| amounts.get(place).copied().unwrap_or_default();
        let mut loss = [Sum::default(); 2];
        for state in (0..chain.len()).filter(|state| chain.has(*state, channel)) {
            loss[0].add(get(&flow.conversions, state));
            loss[1].add(get(&flow.value, state));
            for (edge, to) in chain.edges_of(state) {
                let [conversion, value, _] = chances.get(to).copied().unwrap_or_default();
                loss[0].add(get(&flow.edges, edge) * conversion);
                loss[1].add(get(&flow.edges, edge) * value);
            }
        }
        Ok(loss.map(Sum::value))
    }

    /// For each state the chance to convert without a state that has the channel, the expected value of it, and a bound
    /// of how much of the chance is still missing; zeros for states with the channel.
    fn chances_without(&self, chain: &Chain, flow: &Flow, channel: u32) -> Result<HeldVec<[f64; 3]>> {
        let visits = |state: usize| flow.visits.get(state).copied().unwrap_or_default();
        let is_kept = |state: usize| visits(state) > 0.0 && !chain.has(state, channel);
        let kept = HeldVec::collect(self.order.iter().copied().filter(|state| is_kept(*state)))?;
        let ends = HeldVec::collect(kept.iter().map(|state| {
            let part = |amounts: &[f64]| amounts.get(*state).copied().unwrap_or_default() / visits(*state);
            [part(&flow.conversions), part(&flow.value), 0.0]
        }))?;
        let mut found = HeldVec::filled([0.0; 3], chain.len())?;
        for state in &kept {
            if let Some(slot) = found.get_mut(*state) {
                *slot = [0.0, 0.0, 1.0];
            }
        }
        let (mut throttle, mut halfway) = (Throttle::default(), 1.0);
        for sweep in 0..MAX_SWEEPS {
            interrupt::check();
            // Each sweep multiplies the error of every chance by no more than it multiplies this bound, 1 at first.
            let mut bound = 0.0f64;
            for (state, end) in kept.iter().zip(&ends) {
                throttle.step();
                let mut sums = *end;
                for (edge, to) in chain.edges_of(*state) {
                    if let (Some(chance), Some(known)) = (self.chances.get(edge), found.get(to)) {
                        sums.iter_mut().zip(known).for_each(|(sum, known)| *sum += chance * known);
                    }
                }
                bound = bound.max(sums[2]);
                if let Some(slot) = found.get_mut(*state) {
                    *slot = sums;
                }
            }
            if bound < SETTLED {
                return Ok(found);
            }
            if sweep == PATIENT_SWEEPS / 2 {
                halfway = bound;
            }
            if sweep == PATIENT_SWEEPS && kept.len() > MAX_SLOW && !will_settle(halfway, bound) {
                break;
            }
            if sweep == PATIENT_SWEEPS && kept.len() <= MAX_SLOW {
                let (matrix, rows) = matrix(chain, flow, is_kept)?;
                for (state, [conversion, value]) in rows.iter().zip(&absorption(matrix)?) {
                    if let Some(slot) = found.get_mut(*state) {
                        *slot = [*conversion, *value, 0.0];
                    }
                }
                return Ok(found);
            }
        }
        Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("the Markov chain of {} states does not settle", chain.len()),
            format!(
                "Use a markov_order below {}, or shorten the paths: mrcall.path_transform(path, 'trim', '50').",
                markov_chain::MAX_ORDER
            ),
        ))
    }
}
