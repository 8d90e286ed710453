//! How much of one conversion each touch before it earns (contract, section 5): the models that need one journey only.

use std::cmp::Ordering;

use crate::duration;
use crate::error::{Error, Result};

/// The channel of a visit that nothing referred; `last_non_direct` and `last_paid` look past it.
const DIRECT: &str = "Direct";

/// An attribution model that needs the touches of one journey and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// All to the first touch.
    FirstTouch,
    /// All to the last touch.
    LastTouch,
    /// All to the last touch whose channel is not `Direct`; to the last touch when all are.
    LastNonDirect,
    /// All to the last paid touch; as [`Model::LastNonDirect`] when none is paid.
    LastPaid,
    /// Equal parts.
    Linear,
    /// [`Options::first_weight`] to the first, [`Options::last_weight`] to the last, the rest equally to those between.
    PositionBased,
    /// Another name for [`Model::PositionBased`].
    UShaped,
    /// 20 % to the first, 60 % to the last, 20 % equally to those between, whatever the options say.
    JShaped,
    /// 60 % to the first, 20 % to the last, 20 % equally to those between, whatever the options say.
    InverseJ,
    /// `2^(-age / half_life)`, the age counted from the youngest touch, scaled to a sum of 1.
    TimeDecay,
}

impl Model {
    /// Every model with its SQL name.
    pub const ALL: [(&'static str, Model); 10] = [
        ("first_touch", Model::FirstTouch),
        ("last_touch", Model::LastTouch),
        ("last_non_direct", Model::LastNonDirect),
        ("last_paid", Model::LastPaid),
        ("linear", Model::Linear),
        ("position_based", Model::PositionBased),
        ("u_shaped", Model::UShaped),
        ("j_shaped", Model::JShaped),
        ("inverse_j", Model::InverseJ),
        ("time_decay", Model::TimeDecay),
    ];

    /// The model named `name`, in lower case. Any other name: `22023`, with the names in the hint; for those that
    /// need more than one journey the message says so. The SQL layer handles NULL.
    pub fn parse(name: &str) -> Result<Self> {
        if let Some((_, model)) = Self::ALL.iter().find(|(known, _)| *known == name) {
            return Ok(*model);
        }
        Err(match name {
            "markov" | "shapley" => Error::invalid(
                format!("model {name} needs all journeys, not one"),
                format!("Use one of {}.", Self::names()),
            ),
            "w_shaped" => Error::invalid(
                "model w_shaped needs the milestones sign-up and business creation",
                format!("Use one of {}.", Self::names()),
            ),
            "participation" => Error::invalid(
                "model participation gives every touch full credit, so its weights do not sum to 1",
                format!("Use one of {}.", Self::names()),
            ),
            _ => Error::invalid(format!("unknown model: {name:?}"), format!("Use one of {}.", Self::names())),
        })
    }

    /// The SQL name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, model)| *model == self).map_or("", |(name, _)| name)
    }

    fn names() -> String {
        Self::ALL.map(|(name, _)| name).join(", ")
    }
}

/// What the models take beside the touches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// How long before the conversion a touch still counts, microseconds, zero or above.
    pub lookback: i64,
    /// The time in which a touch's weight halves under [`Model::TimeDecay`], microseconds, above zero.
    pub half_life: i64,
    /// Share of the first touch under [`Model::PositionBased`].
    pub first_weight: f64,
    /// Share of the last touch under [`Model::PositionBased`].
    pub last_weight: f64,
}

impl Default for Options {
    /// 30 days, 7 days, 40 %, 40 %: the defaults of `mrcall.credit`.
    fn default() -> Self {
        Self { lookback: 30 * duration::DAY, half_life: 7 * duration::DAY, first_weight: 0.4, last_weight: 0.4 }
    }
}

impl Options {
    /// `22023` for a negative lookback, a half-life not above zero, a weight that is negative or not finite, or weights
    /// that sum to more than 1. All are checked, also those that a model does not use.
    pub fn validate(&self) -> Result<()> {
        duration::not_negative(self.lookback, "lookback")?;
        duration::positive(self.half_life, "half_life")?;
        for (name, weight) in [("first_weight", self.first_weight), ("last_weight", self.last_weight)] {
            if !weight.is_finite() || weight < 0.0 {
                return Err(Error::invalid(
                    format!("{name} must be a finite number, zero or above, not {weight}"),
                    format!("Give {name} a share from 0 to 1, for example 0.4."),
                ));
            }
        }
        let sum = self.first_weight + self.last_weight;
        if sum > 1.0 {
            return Err(Error::invalid(
                format!("first_weight and last_weight sum to {sum}, which is more than 1"),
                "Lower one of them: what is left of 1 goes to the touches between.",
            ));
        }
        Ok(())
    }
}

/// One way a visitor came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch<'a> {
    /// When, microseconds since 2000-01-01 UTC.
    pub at: i64,
    /// Through which channel.
    pub channel: &'a str,
}

/// The touches that count for a conversion at `converted_at`, each as its index in `touches` and its weight.
///
/// A touch counts when `converted_at - lookback <= at <= converted_at`. The result is in order of time, then channel
/// by bytes, then index, so that its positions from 1 are `touch_no`. The weights sum to 1; touches without weight are
/// listed with 0; without a touch that counts the result is empty. `is_paid` says whether a channel is paid, for
/// `last_paid`.
///
/// Bad options: `22023`; an infinite `converted_at` or touch, also one that would not count: `22008`.
pub fn credit(
    touches: &[Touch],
    converted_at: i64,
    model: Model,
    options: &Options,
    is_paid: fn(&str) -> bool,
) -> Result<Vec<(usize, f64)>> {
    options.validate()?;
    duration::finite(converted_at, "converted_at")?;
    let window = converted_at.saturating_sub(options.lookback)..=converted_at;
    let mut counted = Vec::new();
    for (index, touch) in touches.iter().enumerate() {
        duration::finite(touch.at, "touched_at")?;
        if window.contains(&touch.at) {
            counted.push((index, touch));
        }
    }
    counted.sort_unstable_by(|(i, a), (j, b)| by_time_and_channel(a, b).then(i.cmp(j)));

    let weights = weights(&counted, model, options, is_paid);
    Ok(counted.iter().map(|(index, _)| *index).zip(weights).collect())
}

fn by_time_and_channel(a: &Touch, b: &Touch) -> Ordering {
    a.at.cmp(&b.at).then_with(|| a.channel.as_bytes().cmp(b.channel.as_bytes()))
}

/// The weight of each counted touch, in order.
fn weights(counted: &[(usize, &Touch)], model: Model, options: &Options, is_paid: fn(&str) -> bool) -> Vec<f64> {
    let count = counted.len();
    let last_where = |wanted: &dyn Fn(&str) -> bool| counted.iter().rposition(|(_, touch)| wanted(touch.channel));
    let last_non_direct = || last_where(&|channel| channel != DIRECT).unwrap_or(count.saturating_sub(1));
    match model {
        Model::FirstTouch => all_to(0, count),
        Model::LastTouch => all_to(count.saturating_sub(1), count),
        Model::LastNonDirect => all_to(last_non_direct(), count),
        Model::LastPaid => all_to(last_where(&is_paid).unwrap_or_else(last_non_direct), count),
        Model::Linear => vec![1.0 / count as f64; count],
        Model::PositionBased | Model::UShaped => by_position(options.first_weight, options.last_weight, count),
        Model::JShaped => by_position(0.2, 0.6, count),
        Model::InverseJ => by_position(0.6, 0.2, count),
        Model::TimeDecay => by_age(counted, options.half_life),
    }
}

fn all_to(winner: usize, count: usize) -> Vec<f64> {
    (0..count).map(|position| if position == winner { 1.0 } else { 0.0 }).collect()
}

/// 1 touch: all; 2 touches: `first` and `last` in proportion, halves when both are 0; more: the rest equally between.
fn by_position(first: f64, last: f64, count: usize) -> Vec<f64> {
    match count {
        0 | 1 => vec![1.0; count],
        2 if first + last > 0.0 => vec![first / (first + last), last / (first + last)],
        2 => vec![0.5; 2],
        _ => {
            let middle = (1.0 - first - last).max(0.0) / (count - 2) as f64;
            let share = |position| match position {
                0 => first,
                _ if position == count - 1 => last,
                _ => middle,
            };
            (0..count).map(share).collect()
        }
    }
}

/// Halved for each half-life of age. The youngest touch has age 0, so the sum is at least 1 however old all of them
/// are.
fn by_age(counted: &[(usize, &Touch)], half_life: i64) -> Vec<f64> {
    let youngest = counted.last().map_or(0, |(_, touch)| touch.at);
    let decay = |at: i64| (-(youngest.abs_diff(at) as f64) / half_life as f64).exp2();
    let mut weights: Vec<f64> = counted.iter().map(|(_, touch)| decay(touch.at)).collect();
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
}
