//! Models under which a channel's part of a path does not depend on other paths.

use super::Credit;
use super::journeys::{Counts, Journeys};
use super::sum::Sum;
use crate::credit::{self, Options, Touch};
use crate::error::Result;
use crate::model::Model;
use crate::pulse;

/// How many paths go between two looks for a cancel.
const CHUNK: usize = 4096;

/// What part of each path's conversions each of its channels earns.
#[derive(Debug, Default)]
pub struct Linear {
    channels: usize,
    parts: Vec<(u32, f64)>,
    ends: Vec<usize>,
}

impl Linear {
    /// By the position of the touches, as [`credit::path_weights`] says.
    pub fn by_model(journeys: &Journeys, model: Model, options: &Options, is_paid: fn(&str) -> bool) -> Result<Self> {
        // The arguments are checked even when no path has a touch.
        credit::path_weights(&[], model, options, is_paid)?;
        let mut linear = Self { channels: journeys.channels().len(), ..Self::default() };
        let mut touches = Vec::new();
        for (i, (path, _)) in journeys.iter().enumerate() {
            if i % CHUNK == 0 {
                pulse::beat();
            }
            touches.clear();
            touches.extend(path.iter().map(|step| Touch { at: 0, channel: journeys.name(*step) }));
            let weights = credit::weights(&touches, model, options, is_paid);
            linear.parts.extend(path.iter().copied().zip(weights));
            linear.ends.push(linear.parts.len());
        }
        Ok(linear)
    }

    /// Equal parts to the different channels of a path, however often each occurs.
    pub fn by_channel(journeys: &Journeys) -> Self {
        let mut linear = Self { channels: journeys.channels().len(), ..Self::default() };
        let mut distinct = Vec::new();
        for (i, (path, _)) in journeys.iter().enumerate() {
            if i % CHUNK == 0 {
                pulse::beat();
            }
            distinct.clear();
            distinct.extend_from_slice(path);
            distinct.sort_unstable();
            distinct.dedup();
            let part = 1.0 / distinct.len() as f64;
            linear.parts.extend(distinct.iter().map(|channel| (*channel, part)));
            linear.ends.push(linear.parts.len());
        }
        linear
    }

    /// The sums of `amounts`, one for each path, by channel.
    pub fn share(&self, amounts: &[f64]) -> Vec<f64> {
        let mut sums = vec![Sum::default(); self.channels];
        let mut start = 0;
        for (end, amount) in self.ends.iter().zip(amounts) {
            for (channel, part) in self.parts.get(start..*end).unwrap_or_default() {
                if let Some(sum) = sums.get_mut(*channel as usize) {
                    sum.add(amount * part);
                }
            }
            start = *end;
        }
        sums.into_iter().map(Sum::value).collect()
    }

    /// What each channel earns, in order of their names' bytes.
    pub fn credits(&self, journeys: &Journeys, counts: &Counts) -> Vec<Credit> {
        let (conversions, value) = (self.share(&counts.conversions), self.share(&counts.value));
        let sums = conversions.into_iter().zip(value);
        journeys
            .channels()
            .iter()
            .zip(sums)
            .map(|(channel, (conversions, value))| Credit { channel: channel.clone(), conversions, value })
            .collect()
    }
}

/// What each channel earns under a model without times, in order of their names' bytes. Paths without a touch earn nobody
/// anything: see [`Journeys::unattributed`].
///
/// `22023` for a model that needs more than paths, and for bad options; `54000` for a value beyond 1e250.
pub fn path_credit(
    journeys: &Journeys,
    model: Model,
    options: &Options,
    is_paid: fn(&str) -> bool,
) -> Result<Vec<Credit>> {
    Ok(Linear::by_model(journeys, model, options, is_paid)?.credits(journeys, &journeys.counts()?))
}
