//! How much of one conversion each touch before it earns: the models that need one journey only ([`crate::attribution_model`] lists all).

use std::cmp::Ordering;

use crate::attribution_model::{Model, Needs};
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec};
use crate::resource::sort;
use crate::time;

/// The channel of a visit that nothing referred; `last_non_direct` and `last_paid` look past it.
const DIRECT: &str = "Direct";

/// What the models take beside the touches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options<'a> {
    /// How long before the conversion a touch still counts, microseconds, zero or above.
    pub lookback: i64,
    /// The time in which a touch's weight halves under [`Model::TimeDecay`], microseconds, above zero.
    pub half_life: i64,
    /// Share of the first touch under [`Model::PositionBased`].
    pub first_weight: f64,
    /// Share of the last touch under [`Model::PositionBased`].
    pub last_weight: f64,
    /// When the customer signed up, microseconds since 2000-01-01 UTC, for [`Model::WShaped`].
    pub signup_at: Option<i64>,
    /// When the customer created a business.
    pub business_at: Option<i64>,
    /// The weights of [`Model::Custom`]: the first touch takes the first, and so on; touches beyond take the last.
    pub weights: Option<&'a [f64]>,
}

impl Default for Options<'_> {
    /// 30 days, 7 days, 40 %, 40 %, no milestones, no weights: the defaults of `mrcall.credit`.
    fn default() -> Self {
        Self {
            lookback: 30 * time::DAY,
            half_life: 7 * time::DAY,
            first_weight: 0.4,
            last_weight: 0.4,
            signup_at: None,
            business_at: None,
            weights: None,
        }
    }
}

impl Options<'_> {
    /// `22023` for a negative lookback, a half-life not above zero, a weight that is negative or not finite, a first and
    /// a last weight that sum to more than 1, or own weights that are all zero; `22008` for an infinite milestone. All
    /// are checked, also those that a model does not use.
    pub fn validate(&self) -> Result<()> {
        time::not_negative(self.lookback, "lookback")?;
        time::positive(self.half_life, "half_life")?;
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
        for (at, name) in [(self.signup_at, "signup_at"), (self.business_at, "business_at")] {
            at.map_or(Ok(0), |at| time::finite(at, name))?;
        }
        self.weights.map_or(Ok(()), valid_weights)
    }
}

fn valid_weights(weights: &[f64]) -> Result<()> {
    let hint =
        "Give a weight for each position from the first on, for example '{3,1,2}'; touches beyond take the last.";
    if let Some((index, weight)) = weights.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < 0.0) {
        let no = index + 1;
        return Err(Error::invalid(
            format!("weights[{no}] must be a finite number, zero or above, not {weight}"),
            hint,
        ));
    }
    if !weights.iter().any(|weight| *weight > 0.0) {
        return Err(Error::invalid(format!("no weight is positive among {}", weights.len()), hint));
    }
    Ok(())
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
/// by bytes, then index, so that its positions from 1 are `touch_no`. The weights sum to 1 (under
/// [`Model::Participation`] each is 1); touches without weight are listed with 0; without a touch that counts the result
/// is empty. `is_paid` says whether a channel is paid, for `last_paid`.
///
/// Bad options, or a model that needs all journeys: `22023`; [`Model::Custom`] without weights: `22004`; an infinite
/// `converted_at` or touch, also one that would not count: `22008`.
pub fn touch_weights(
    touches: &[Touch],
    converted_at: i64,
    model: Model,
    options: &Options,
    is_paid: fn(&str) -> bool,
) -> Result<Vec<(usize, f64)>> {
    options.validate()?;
    of_one_journey(model, options)?;
    time::finite(converted_at, "converted_at")?;
    let window = converted_at.saturating_sub(options.lookback)..=converted_at;
    let (mut counted, mut throttle) = (HeldVec::default(), Throttle::default());
    for (index, touch) in touches.iter().enumerate() {
        throttle.step();
        time::finite(touch.at, "touched_at")?;
        if window.contains(&touch.at) {
            counted.push((index, touch))?;
        }
    }
    sort::by(&mut counted, |(i, a), (j, b)| by_time_and_channel(a, b).then(i.cmp(j)));

    let ordered = HeldVec::collect(counted.iter().map(|(_, touch)| **touch))?;
    let weights = weights(&ordered, model, options, is_paid)?;
    memory::collect(counted.iter().map(|(index, _)| *index).zip(weights))
}

fn of_one_journey(model: Model, options: &Options) -> Result<()> {
    match model.about().needs {
        Needs::AllJourneys => Err(Error::invalid(
            format!("model {} needs all journeys, not one", model.name()),
            format!(
                "Use mrcall.path_agg and mrcall.{}, or one of {}.",
                if model == Model::DataDriven { "path_credit" } else { model.name() },
                Model::names(|needs| needs != Needs::AllJourneys)
            ),
        )),
        Needs::Weights if options.weights.is_none() => Err(Error::new(
            ErrorKind::NullNotAllowed,
            format!("model {} needs weights", model.name()),
            "Give a weight for each position: weights => '{3,1,2}'.",
        )),
        _ => Ok(()),
    }
}

/// The weight of each touch of a path, whose touches have an order but no times, and all count.
///
/// Errors as those of [`touch_weights`]; `22023` for a model that needs times or milestones.
pub fn path_weights(channels: &[&str], model: Model, options: &Options, is_paid: fn(&str) -> bool) -> Result<Vec<f64>> {
    options.validate()?;
    of_one_journey(model, options)?;
    let has = |needs| matches!(needs, Needs::Order | Needs::Weights);
    if !has(model.about().needs) {
        return Err(Error::invalid(
            format!("model {} needs the times of the touches, which a path does not have", model.name()),
            format!("Use mrcall.credit on each journey, or one of {}.", Model::names(has)),
        ));
    }
    let touches = HeldVec::collect(channels.iter().map(|channel| Touch { at: 0, channel }))?;
    weights(&touches, model, options, is_paid)
}

fn by_time_and_channel(a: &Touch, b: &Touch) -> Ordering {
    a.at.cmp(&b.at).then_with(|| a.channel.as_bytes().cmp(b.channel.as_bytes()))
}

/// The weight of each counted touch, in order, for arguments that have been checked.
fn weights(counted: &[Touch], model: Model, options: &Options, is_paid: fn(&str) -> bool) -> Result<Vec<f64>> {
    let channel = |position: usize| counted.get(position).map_or("", |touch| touch.channel);
    match model {
        Model::WShaped => by_milestones(counted, options),
        Model::TimeDecay => by_age(counted, options.half_life),
        _ => {
            let is_direct = |position| channel(position) == DIRECT;
            let shape = shape(model, counted.len(), options, is_direct, |position| is_paid(channel(position)))?;
            memory::collect((0..counted.len()).map(|position| shape.weight(position)))
        }
    }
}

/// Weighs many paths, whose channels are numbers, for options that have been checked.
pub(crate) struct PathWeights<'a> {
    options: &'a Options<'a>,
    /// By channel.
    is_direct: HeldVec<bool>,
    is_paid: HeldVec<bool>,
}

impl<'a> PathWeights<'a> {
    /// Of the channels with these names.
    pub(crate) fn new(channels: &[String], options: &'a Options<'a>, is_paid: fn(&str) -> bool) -> Result<Self> {
        Ok(Self {
            options,
            is_direct: HeldVec::collect(channels.iter().map(|channel| channel == DIRECT))?,
            is_paid: HeldVec::collect(channels.iter().map(|channel| is_paid(channel)))?,
        })
    }

    /// Hands out each touch of a path that has a weight, in order: its channel and the weight, as [`path_weights`] gives it.
    pub(crate) fn each(
        &self,
        path: &[u32],
        model: Model,
        mut hand_out: impl FnMut(u32, f64) -> Result<()>,
    ) -> Result<()> {
        let has = |kind: &[bool], position: usize| {
            path.get(position).and_then(|channel| kind.get(*channel as usize)).copied().unwrap_or_default()
        };
        let (is_direct, is_paid) = (|at| has(&self.is_direct, at), |at| has(&self.is_paid, at));
        match shape(model, path.len(), self.options, is_direct, is_paid)? {
            Shape::One(winner) => path.get(winner).map_or(Ok(()), |channel| hand_out(*channel, 1.0)),
            shape => {
                for (position, channel) in path.iter().enumerate() {
                    let weight = shape.weight(position);
                    if weight != 0.0 {
                        hand_out(*channel, weight)?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// The weights of touches under a model that looks at their order and channels only.
enum Shape {
    /// All to one of them.
    One(usize),
    /// To the first, to each of those between, to the last; and which position that is.
    Ends([f64; 3], usize),
    /// One by one.
    Each(Vec<f64>),
}

impl Shape {
    fn weight(&self, position: usize) -> f64 {
        match self {
            Self::One(winner) => f64::from(u8::from(position == *winner)),
            Self::Ends([first, ..], _) if position == 0 => *first,
            Self::Ends([_, between, last], end) => *if position == *end { last } else { between },
            Self::Each(weights) => weights.get(position).copied().unwrap_or_default(),
        }
    }
}

fn shape(
    model: Model,
    count: usize,
    options: &Options,
    is_direct: impl Fn(usize) -> bool,
    is_paid: impl Fn(usize) -> bool,
) -> Result<Shape> {
    let end = count.saturating_sub(1);
    let last_non_direct = || (0..count).rfind(|position| !is_direct(*position)).unwrap_or(end);
    Ok(match model {
        Model::FirstTouch => Shape::One(0),
        Model::LastTouch => Shape::One(end),
        Model::LastNonDirect => Shape::One(last_non_direct()),
        Model::LastPaid => Shape::One((0..count).rfind(|at| is_paid(*at)).unwrap_or_else(last_non_direct)),
        Model::Linear => Shape::Ends([1.0 / count as f64; 3], end),
        Model::PositionBased | Model::UShaped => {
            Shape::Ends(by_position(options.first_weight, options.last_weight, count), end)
        }
        Model::JShaped => Shape::Ends(by_position(0.2, 0.6, count), end),
        Model::InverseJ => Shape::Ends(by_position(0.6, 0.2, count), end),
        Model::Participation => Shape::Ends([1.0; 3], end),
        Model::Custom => Shape::Each(by_own_weights(options.weights.unwrap_or_default(), count)?),
        // Not of this kind, or refused by the callers.
        Model::WShaped | Model::TimeDecay | Model::DataDriven | Model::Markov | Model::Shapley => {
            Shape::Each(Vec::new())
        }
    })
}

/// The weights of the first touch, of each one between, and of the last. 1 touch: all; 2 touches: `first` and `last` in
/// proportion, halves when both are 0; more: the rest equally between.
fn by_position(first: f64, last: f64, count: usize) -> [f64; 3] {
    match count {
        0 | 1 => [1.0; 3],
        2 if first + last > 0.0 => [first / (first + last), 0.0, last / (first + last)],
        2 => [0.5; 3],
        _ => [first, (1.0 - first - last).max(0.0) / (count - 2) as f64, last],
    }
}

/// Halved for each half-life of age. The youngest touch has age 0, so the sum is at least 1 however old all of them
/// are.
fn by_age(counted: &[Touch], half_life: i64) -> Result<Vec<f64>> {
    let youngest = counted.last().map_or(0, |touch| touch.at);
    let decay = |at: i64| (-(youngest.abs_diff(at) as f64) / half_life as f64).exp2();
    let mut weights = memory::collect(counted.iter().map(|touch| decay(touch.at)))?;
    let sum: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    Ok(weights)
}

/// 90 % in equal parts to the milestones that are there (the first touch, the last at or before sign-up, the last at or
/// before the business), added where they are one touch; 10 % equally to the others, or to the milestones too when there
/// is no other.
fn by_milestones(counted: &[Touch], options: &Options) -> Result<Vec<f64>> {
    let last_until = |at: Option<i64>| at.and_then(|at| counted.iter().rposition(|touch| touch.at <= at));
    let milestones = [counted.first().map(|_| 0), last_until(options.signup_at), last_until(options.business_at)];
    let is_milestone = |position: usize| milestones.contains(&Some(position));
    let others = (0..counted.len()).filter(|position| !is_milestone(*position)).count();
    let total = if others == 0 { 1.0 } else { 0.9 };
    let share = total / milestones.iter().flatten().count() as f64;
    let weight = |position: usize| match milestones.iter().filter(|milestone| **milestone == Some(position)).count() {
        0 => 0.1 / others as f64,
        times => share * times as f64,
    };
    memory::collect((0..counted.len()).map(weight))
}

/// The weights by position, the last one for all touches beyond, scaled to a sum of 1; equal parts when those in use are
/// all zero.
fn by_own_weights(weights: &[f64], count: usize) -> Result<Vec<f64>> {
    let last = weights.last().copied().unwrap_or(0.0);
    let used = || (0..count).map(|position| weights.get(position).copied().unwrap_or(last));
    // By the largest first: the sum of huge weights stays finite.
    let largest = used().fold(0.0, f64::max);
    if largest <= 0.0 {
        return memory::filled(1.0 / count as f64, count);
    }
    let sum: f64 = used().map(|weight| weight / largest).sum();
    memory::collect(used().map(|weight| weight / largest / sum))
}
