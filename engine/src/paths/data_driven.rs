//! The model `data_driven`: each converted journey is shared out by the game `conditional` of its own channels.
//!
//! What the channels of a journey add to the chance to convert is seen in journeys, converted or not, with some of these channels
//! and no other.

use super::channel_sets::{ChannelSets, set_of};
use super::counted_paths::{Journeys, PathCounts};
use super::sum::Sum;
use crate::error::Result;
use crate::resource::memory::HeldVec;
use crate::resource::sort;

/// A gain below this, in conversions per journey, is the rounding of a sum that is 0.
const NO_GAIN: f64 = 1e-12;
/// Shares are multiples of one over this: what is equal but for rounding is the same number, whoever computes it.
const STEPS: f64 = (1u64 << 40) as f64;

/// What is learned from journeys: the share of each channel of a set in the conversions of the journeys with that set.
#[derive(Debug)]
pub(crate) struct DataDriven {
    sets: ChannelSets,
    /// By set and channel, where they have been asked for.
    shares: HeldVec<f64>,
    is_known: HeldVec<bool>,
    /// The shares of a set that no journey has.
    others: HeldVec<f64>,
    gains: HeldVec<[f64; 2]>,
}

impl DataDriven {
    /// Learns from sets whose journeys have been counted.
    pub(crate) fn new(sets: ChannelSets) -> Result<Self> {
        Ok(Self {
            shares: HeldVec::filled(0.0, sets.all_members())?,
            is_known: HeldVec::filled(false, sets.len())?,
            others: HeldVec::default(),
            gains: HeldVec::default(),
            sets,
        })
    }

    /// Learns from paths with these numbers of journeys.
    pub(super) fn of(journeys: &Journeys, counts: &PathCounts) -> Result<Self> {
        Self::new(ChannelSets::new(journeys, counts)?)
    }

    /// The sets, to be counted anew: the shares are learned anew then.
    pub(super) fn sets_mut(&mut self) -> &mut ChannelSets {
        self.is_known.iter_mut().for_each(|is_known| *is_known = false);
        &mut self.sets
    }

    /// What it learned from.
    pub(super) fn sets(&self) -> &ChannelSets {
        &self.sets
    }

    /// The shares of the channels of a set, which are in order; they sum to 1 within their last digit.
    pub(crate) fn shares(&mut self, set: &[u32]) -> Result<&[f64]> {
        match self.sets.find(set) {
            Some(i) => self.known(i),
            None => {
                self.others.clear();
                self.others.grow_to(set.len(), 0.0)?;
                self.sets.gains(set, &mut self.gains)?;
                share(&self.gains, &mut self.others);
                Ok(&self.others)
            }
        }
    }

    fn known(&mut self, i: usize) -> Result<&[f64]> {
        let range = self.sets.range(i);
        if let Some(is_known) = self.is_known.get_mut(i).filter(|is_known| !**is_known) {
            self.sets.gains(self.sets.set(i), &mut self.gains)?;
            share(&self.gains, self.shares.get_mut(range.clone()).unwrap_or_default());
            *is_known = true;
        }
        Ok(self.shares.get(range).unwrap_or_default())
    }

    /// What each channel earns of the conversions of all journeys.
    pub(super) fn credits(&mut self, channels: usize) -> Result<HeldVec<f64>> {
        let mut credits = HeldVec::filled(Sum::default(), channels)?;
        for i in 0..self.sets.len() {
            let [conversions, ..] = self.sets.amounts(i);
            if conversions > 0.0 {
                self.known(i)?;
                let shares = self.shares.get(self.sets.range(i)).unwrap_or_default();
                for (channel, share) in self.sets.set(i).iter().zip(shares) {
                    if let Some(credit) = credits.get_mut(*channel as usize) {
                        credit.add(conversions * share);
                    }
                }
            }
        }
        HeldVec::collect(credits.iter().map(|credit| credit.value()))
    }

    /// Hands out each channel of a path, one of those it was learned from, with its share.
    pub(super) fn each(&mut self, path: usize, mut hand_out: impl FnMut(u32, f64) -> Result<()>) -> Result<()> {
        let Some(i) = self.sets.of_path(path) else { return Ok(()) };
        self.known(i)?;
        let shares = self.shares.get(self.sets.range(i)).unwrap_or_default();
        self.sets.set(i).iter().zip(shares).try_for_each(|(channel, share)| hand_out(*channel, *share))
    }
}

/// Gains as shares: what is lost counts as nothing, and where nothing is gained all channels are alike.
fn share(gains: &[[f64; 2]], shares: &mut [f64]) {
    let gained = |[gain, _]: &[f64; 2]| if *gain < NO_GAIN { 0.0 } else { *gain };
    let sum = gains.iter().map(gained).collect::<Sum>().value();
    for (gain, share) in gains.iter().zip(shares) {
        let part = if sum > 0.0 { gained(gain) / sum } else { 1.0 / gains.len() as f64 };
        *share = (part * STEPS).round() / STEPS;
    }
}

/// The weights of the touches of a journey: a channel's share in equal parts.
#[derive(Debug)]
pub(crate) struct TouchWeights {
    learned: DataDriven,
    set: HeldVec<u32>,
    times: HeldVec<u32>,
}

impl TouchWeights {
    /// By what has been learned.
    pub(crate) fn new(learned: DataDriven) -> Self {
        Self { learned, set: HeldVec::default(), times: HeldVec::default() }
    }

    /// The weight of each touch of a path.
    pub(crate) fn of(&mut self, path: &[u32]) -> Result<HeldVec<f64>> {
        set_of(path.iter().copied(), &mut self.set)?;
        self.times.clear();
        self.times.grow_to(self.set.len(), 0)?;
        for channel in path {
            if let Some(times) = self.set.binary_search(channel).ok().and_then(|at| self.times.get_mut(at)) {
                *times += 1;
            }
        }
        let shares = self.learned.shares(&self.set)?;
        HeldVec::collect(path.iter().map(|channel| {
            let at = self.set.binary_search(channel).unwrap_or(0);
            let times = self.times.get(at).copied().unwrap_or(1);
            shares.get(at).copied().unwrap_or_default() / f64::from(times)
        }))
    }
}

/// The weight of each touch of a path under the model `data_driven` that all journeys teach.
pub fn data_driven_weights(journeys: &Journeys, path: &[&str]) -> Result<Vec<f64>> {
    let mut strangers = HeldVec::default();
    for name in path {
        if journeys.place(name).is_none() {
            strangers.push(*name)?;
        }
    }
    sort::ascending(&mut strangers);
    strangers.dedup();
    // Channels that no journey has come behind all others.
    let number = |name: &&str| {
        let place = journeys.place(name);
        place.unwrap_or_else(|| journeys.channels().len() + strangers.binary_search(name).unwrap_or(0)) as u32
    };
    let steps = HeldVec::collect(path.iter().map(number))?;
    let learned = DataDriven::of(journeys, &journeys.counts()?)?;
    Ok(TouchWeights::new(learned).of(&steps)?.into_vec())
}
