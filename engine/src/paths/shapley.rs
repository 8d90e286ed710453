//! Credit by the Shapley value (Shapley 1953; for attribution: Zhao, Mahboobi and Bagheri 2018).

use super::channel_sets::ChannelSets;
use super::counted_paths::{Journeys, PathCounts};
use super::linear::Linear;
use super::random::Random;
use super::sum::Sum;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::HeldVec;
use crate::text::beginning;

/// Up to so many channels the game `rate` is solved exactly.
pub const EXACT_CHANNELS: usize = 20;
/// Most channels of the game `rate`.
const MAX_CHANNELS: usize = 4096;
/// Most samples.
const MAX_SAMPLES: i32 = 1_000_000;

/// What a set of channels is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Game {
    /// The conversions of the journeys that need no other channel.
    Total,
    /// The conversions per journey among the journeys that need no other channel, times the number of all journeys.
    Rate,
    /// Each set of channels that occurs is a game of its own, in which a smaller set is worth the conversions per journey among
    /// the journeys of exactly that set; times the number of the set's journeys.
    Conditional,
}

impl Game {
    /// The game of that name; `22023` for another one.
    pub fn parse(name: &str) -> Result<Self> {
        match name {
            "total" => Ok(Self::Total),
            "rate" => Ok(Self::Rate),
            "conditional" => Ok(Self::Conditional),
            _ => Err(Error::invalid(format!("unknown game: {:?}", beginning(name)), "Use total, rate or conditional.")),
        }
    }
}

/// How the game `rate` is sampled beyond [`EXACT_CHANNELS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// How many orders of the channels are tried.
    pub samples: i32,
    /// Which ones.
    pub seed: i64,
}

/// What a channel earns.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapleyCredit {
    /// Its name.
    pub channel: String,
    /// Its part of the conversions; it may be negative.
    pub conversions: f64,
    /// Its part of the value.
    pub value: f64,
    /// The standard error of the conversions: 0 unless sampled.
    pub std_error: f64,
    /// The standard error of the value: 0 unless sampled.
    pub value_std_error: f64,
}

/// What each channel earns, in order of their names' bytes. Paths without a touch take no part.
///
/// `22023`: a number of samples below 2 or above a million. `54000`: more than 4,096 channels under [`Game::Rate`], a
/// value beyond 1e250.
pub fn shapley(journeys: &Journeys, game: Game, sampling: Sampling) -> Result<Vec<ShapleyCredit>> {
    if !(2..=MAX_SAMPLES).contains(&sampling.samples) {
        return Err(Error::invalid(
            format!("samples must be from 2 to {MAX_SAMPLES}, not {}", sampling.samples),
            "The standard error falls with the square root of their number: try 10000.",
        ));
    }
    let counts = journeys.counts()?;
    let credits = match game {
        Game::Total => {
            let linear = Linear::by_channel(journeys)?;
            let (conversions, values) = (linear.share(&counts.conversions)?, linear.share(&counts.value)?);
            HeldVec::collect(
                conversions.iter().zip(&values).map(|(conversions, value)| [*conversions, *value, 0.0, 0.0]),
            )?
        }
        Game::Rate if journeys.channels().len() <= EXACT_CHANNELS => {
            exact_rate(&ChannelSets::new(journeys, &counts)?, journeys.channels().len())?
        }
        Game::Rate => sampled_rate(journeys, &counts, sampling)?,
        Game::Conditional => conditional(&ChannelSets::new(journeys, &counts)?, journeys.channels().len())?,
    };
    journeys.rows(&credits, |channel, &[conversions, value, std_error, value_std_error]| ShapleyCredit {
        channel,
        conversions,
        value,
        std_error,
        value_std_error,
    })
}

/// The exact value of the game `rate`, for up to [`EXACT_CHANNELS`] channels: over all sets of channels.
pub(super) fn exact_rate(sets: &ChannelSets, channels: usize) -> Result<HeldVec<[f64; 4]>> {
    let mut sums = HeldVec::filled([0.0f64; 3], 1 << channels)?;
    let mut all = 0.0;
    for (members, amounts) in sets.iter() {
        let set = members.iter().fold(0usize, |set, channel| set | 1 << channel);
        if let Some(sums) = sums.get_mut(set) {
            add(sums, amounts);
        }
        all += amounts[2];
    }
    // Each set gets the sums of its subsets, channel by channel.
    for channel in 0..channels {
        interrupt::check();
        for block in sums.chunks_exact_mut(2 << channel) {
            let (without, with) = block.split_at_mut(1 << channel);
            with.iter_mut().zip(without).for_each(|(with, without)| add(with, without));
        }
    }
    let rates = HeldVec::collect(sums.iter().map(|sums| rate(*sums, all)))?;
    drop(sums);
    // By the number of the other channels: in how many of all orders exactly these come before, 1 / (n * (n-1 over k)).
    let mut chances = Vec::with_capacity(channels);
    let mut chance = 1.0 / channels as f64;
    for k in 0..channels {
        chances.push(chance);
        chance *= (k + 1) as f64 / (channels - 1 - k).max(1) as f64;
    }
    HeldVec::collect((0..channels).map(|channel| {
        interrupt::check();
        let mut gains = [[Sum::default(); 2]; EXACT_CHANNELS];
        for (block, start) in rates.chunks_exact(2 << channel).zip((0usize..).step_by(2 << channel)) {
            let (without, with) = block.split_at(1 << channel);
            for ((without, with), set) in without.iter().zip(with).zip(start..) {
                if let Some([conversions, value]) = gains.get_mut(set.count_ones() as usize) {
                    conversions.add(with[0] - without[0]);
                    value.add(with[1] - without[1]);
                }
            }
        }
        let credit = |index: usize| {
            gains.iter().zip(&chances).map(|(gain, chance)| gain[index].value() * chance).collect::<Sum>().value()
        };
        [credit(0), credit(1), 0.0, 0.0]
    }))
}

/// The value of the game `conditional`, exact for any number of channels.
pub(super) fn conditional(sets: &ChannelSets, channels: usize) -> Result<HeldVec<[f64; 4]>> {
    let mut sums = HeldVec::filled([Sum::default(); 2], channels)?;
    let mut gains = HeldVec::default();
    for i in 0..sets.len() {
        let [_, _, all] = sets.amounts(i);
        if all <= 0.0 {
            continue;
        }
        sets.gains(sets.set(i), &mut gains)?;
        for (channel, gain) in sets.set(i).iter().zip(&gains) {
            for (sum, gain) in sums.get_mut(*channel as usize).into_iter().flatten().zip(gain) {
                sum.add(gain * all);
            }
        }
    }
    HeldVec::collect(sums.iter().map(|[conversions, value]| [conversions.value(), value.value(), 0.0, 0.0]))
}

pub(super) fn add(sums: &mut [f64; 3], amounts: &[f64; 3]) {
    sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
}

/// Conversions and value per journey, scaled to all journeys; 0 where there is no journey.
fn rate([conversions, value, journeys]: [f64; 3], all: f64) -> [f64; 2] {
    if journeys > 0.0 { [conversions / journeys * all, value / journeys * all] } else { [0.0; 2] }
}

/// An unbiased estimate of the game `rate`: the mean gain over random orders of the channels, each with its reverse.
fn sampled_rate(journeys: &Journeys, counts: &PathCounts, sampling: Sampling) -> Result<HeldVec<[f64; 4]>> {
    let channels = journeys.channels().len();
    if channels > MAX_CHANNELS {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("too many channels for the game rate: {channels}, at most {MAX_CHANNELS}"),
            "Use the game total, or a dimension with fewer values.",
        ));
    }
    let sets = ChannelSets::new(journeys, counts)?;
    let all: f64 = sets.iter().map(|(_, amounts)| amounts[2]).sum();
    let mut random = Random::new(sampling.seed);
    let mut order: Vec<usize> = (0..channels).collect();
    let mut places = vec![0usize; channels];
    let mut mean = vec![[0.0f64; 2]; channels];
    let mut squares = vec![[0.0f64; 2]; channels];
    let pairs = sampling.samples.unsigned_abs().div_ceil(2);
    for pair in 1..=pairs {
        interrupt::check();
        for last in (1..channels).rev() {
            order.swap(last, random.below(last + 1));
        }
        for (place, channel) in order.iter().enumerate() {
            if let Some(slot) = places.get_mut(*channel) {
                *slot = place;
            }
        }
        let (forth, back) = by_place(&sets, &places);
        let mut gains = vec![[0.0f64; 2]; channels];
        gain(&mut gains, order.iter().zip(&forth), all);
        gain(&mut gains, order.iter().zip(&back).rev(), all);
        // Welford's running mean and sum of squares.
        for ((gain, mean), squares) in gains.iter().zip(&mut mean).zip(&mut squares) {
            for ((gain, mean), squares) in gain.iter().zip(mean).zip(squares) {
                let half = gain / 2.0;
                let off = half - *mean;
                *mean += off / f64::from(pair);
                *squares += off * (half - *mean);
            }
        }
    }
    let pairs = f64::from(pairs);
    let error = |squares: f64| (squares.max(0.0) / (pairs - 1.0).max(1.0) / pairs).sqrt();
    let credit = |(mean, squares): (&[f64; 2], &[f64; 2])| [mean[0], mean[1], error(squares[0]), error(squares[1])];
    HeldVec::collect(mean.iter().zip(&squares).map(credit))
}

/// Adds what each channel gains when it comes after those before it; `amounts` are those of the sets that it completes.
fn gain<'a>(gains: &mut [[f64; 2]], steps: impl Iterator<Item = (&'a usize, &'a [f64; 3])>, all: f64) {
    let mut sums = [0.0; 3];
    let mut before = [0.0; 2];
    for (channel, amounts) in steps {
        add(&mut sums, amounts);
        let after = rate(sums, all);
        if let Some(gain) = gains.get_mut(*channel) {
            gain[0] += after[0] - before[0];
            gain[1] += after[1] - before[1];
        }
        before = after;
    }
}

/// The amounts by the place of the channel that completes their set, in an order and in its reverse.
fn by_place(sets: &ChannelSets, places: &[usize]) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
    let (mut forth, mut back) = (vec![[0.0; 3]; places.len()], vec![[0.0; 3]; places.len()]);
    let mut throttle = Throttle::default();
    for (members, amounts) in sets.iter() {
        throttle.steps(members.len());
        let place = |channel: &u32| places.get(*channel as usize).copied().unwrap_or_default();
        let (low, high) =
            members.iter().map(place).fold((usize::MAX, 0), |(low, high), place| (low.min(place), high.max(place)));
        if let (Some(forth), Some(back)) = (forth.get_mut(high), back.get_mut(low)) {
            add(forth, amounts);
            add(back, amounts);
        }
    }
    (forth, back)
}
