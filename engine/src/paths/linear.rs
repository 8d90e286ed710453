//! Models under which a channel's part of a path does not depend on other paths.

use super::ChannelCredit;
use super::counted_paths::Journeys;
use super::data_driven::DataDriven;
use super::sum::Sum;
use crate::attribution_model::Model;
use crate::credit::{self, Options, PathWeights};
use crate::error::Result;
use crate::resource::interrupt::Throttle;
use crate::resource::memory::{self, HeldVec};
use crate::resource::sort;

/// What part of each path's conversions each of its channels earns. Paths without a conversion have no parts: they earn
/// nobody anything, however often journeys are drawn anew.
#[derive(Debug, Default)]
pub struct Linear {
    channels: usize,
    parts: HeldVec<(u32, f64)>,
    ends: HeldVec<usize>,
}

impl Linear {
    /// By the position of the touches, as [`credit::path_weights`] says.
    pub fn by_model(journeys: &Journeys, model: Model, options: &Options, is_paid: fn(&str) -> bool) -> Result<Self> {
        let weights = weights(journeys, &[model], options, is_paid)?;
        Self::of(journeys, |path, parts| weights.each(path, model, |channel, part| parts.push((channel, part))))
    }

    /// Equal parts to the different channels of a path, however often each occurs.
    pub fn by_channel(journeys: &Journeys) -> Result<Self> {
        let mut distinct = HeldVec::default();
        Self::of(journeys, |path, parts| {
            distinct.clear();
            distinct.extend(path)?;
            sort::ascending(&mut distinct);
            distinct.dedup();
            let part = 1.0 / distinct.len() as f64;
            distinct.iter().try_for_each(|channel| parts.push((*channel, part)))
        })
    }

    fn of(journeys: &Journeys, mut add: impl FnMut(&[u32], &mut HeldVec<(u32, f64)>) -> Result<()>) -> Result<Self> {
        let mut linear = Self { channels: journeys.channels().len(), ..Self::default() };
        for path in journeys.iter() {
            if path.conversions > 0 {
                add(path.steps, &mut linear.parts)?;
            }
            linear.ends.push(linear.parts.len())?;
        }
        Ok(linear)
    }

    /// The sums of `amounts`, one for each path, by channel.
    pub fn share(&self, amounts: &[f64]) -> Result<HeldVec<f64>> {
        let mut sums = HeldVec::filled(Sum::default(), self.channels)?;
        let (mut start, mut throttle) = (0, Throttle::default());
        for (end, amount) in self.ends.iter().zip(amounts) {
            throttle.steps(1 + end - start);
            for (channel, part) in self.parts.get(start..*end).unwrap_or_default() {
                if let Some(sum) = sums.get_mut(*channel as usize) {
                    sum.add(amount * part);
                }
            }
            start = *end;
        }
        HeldVec::collect(sums.iter().map(|sum| sum.value()))
    }
}

/// Weighs paths under these models; an error where one of them needs more than paths, and for bad options, also when no
/// path has a touch.
fn weights<'a>(
    journeys: &Journeys,
    models: &[Model],
    options: &'a Options<'a>,
    is_paid: fn(&str) -> bool,
) -> Result<PathWeights<'a>> {
    options.validate()?;
    for model in models.iter().filter(|model| **model != Model::DataDriven) {
        credit::path_weights(&[], *model, options, is_paid)?;
    }
    PathWeights::new(journeys.channels(), options, is_paid)
}

/// What a channel earns under several models.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCredits {
    /// Its name.
    pub channel: String,
    /// By model: its part of the conversions, its part of the value.
    pub credits: Vec<(f64, f64)>,
}

/// What each channel earns under each of the models, which need no times (`data_driven` learns from these journeys), in order of the channels' bytes. Paths
/// without a touch earn nobody anything: see [`Journeys::unattributed`].
///
/// `22023` for a model that needs more than paths, and for bad options; `54000` for a value beyond 1e250.
pub fn path_models(
    journeys: &Journeys,
    models: &[Model],
    options: &Options,
    is_paid: fn(&str) -> bool,
) -> Result<Vec<ModelCredits>> {
    let weights = weights(journeys, models, options, is_paid)?;
    let mut learned = match models.contains(&Model::DataDriven) {
        true => Some(DataDriven::of(journeys, &journeys.counts()?)?),
        false => None,
    };
    // By channel, then model. Adding a zero would change no sum: paths without a conversion are passed over.
    let mut all = HeldVec::filled([Sum::default(); 2], journeys.channels().len() * models.len())?;
    for (i, path) in journeys.iter().enumerate().filter(|(_, path)| path.conversions > 0) {
        let (conversions, value) = (path.conversions as f64, path.value.to_f64()?);
        for (m, model) in models.iter().enumerate() {
            let earn = |channel: u32, part: f64| {
                if let Some([of_conversions, of_value]) = all.get_mut(channel as usize * models.len() + m) {
                    of_conversions.add(conversions * part);
                    of_value.add(value * part);
                }
                Ok(())
            };
            match learned.as_mut().filter(|_| *model == Model::DataDriven) {
                Some(learned) => learned.each(i, earn)?,
                None => weights.each(path.steps, *model, earn)?,
            }
        }
    }
    let credits =
        |sums: &[[Sum; 2]]| sums.iter().map(|[conversions, value]| (conversions.value(), value.value())).collect();
    journeys
        .rows(all.chunks_exact(models.len().max(1)), |channel, sums| ModelCredits { channel, credits: credits(sums) })
}

/// What each channel earns under a model: [`path_models`] of one.
pub fn path_credit(
    journeys: &Journeys,
    model: Model,
    options: &Options,
    is_paid: fn(&str) -> bool,
) -> Result<Vec<ChannelCredit>> {
    let rows = path_models(journeys, &[model], options, is_paid)?.into_iter();
    let credit = |ModelCredits { channel, credits }| {
        let (conversions, value) = credits.first().copied().unwrap_or_default();
        ChannelCredit { channel, conversions, value }
    };
    memory::collect(rows.map(credit))
}
