//! How sure the channels' shares are: the bootstrap of Efron (1979) over journeys.

use super::counted_paths::{Journeys, PathCounts};
use super::data_driven::DataDriven;
use super::linear::Linear;
use super::markov::{losses, parse_order};
use super::markov_chain::Chain;
use super::random::Random;
use super::shapley::{EXACT_CHANNELS, Game, conditional, exact_rate};
use super::sum::Sum;
use crate::attribution_model::Model;
use crate::credit::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::resource::interrupt;
use crate::resource::memory::HeldVec;
use crate::resource::sort;

/// Most replicates.
const MAX_REPLICATES: i32 = 100_000;
/// Most shares that are kept, of all channels and replicates.
const MAX_SHARES: usize = 1 << 26;

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How many times all journeys are drawn anew.
    pub replicates: i32,
    /// How likely the interval holds the true share, above 0 and below 1.
    pub level: f64,
    /// Which draws.
    pub seed: i64,
}

/// A channel's share of the credit and how far it may be from the truth.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelShare {
    /// Its name.
    pub channel: String,
    /// Its part of all channels' credit; 0 without a conversion.
    pub share: f64,
    /// The interval's ends and the standard error; `None` when no replicate has a conversion.
    pub spread: Option<[f64; 3]>,
}

/// A model that can be asked again and again with other numbers of journeys.
enum Estimator {
    Linear(Linear),
    Markov(Chain, usize),
    /// A model that looks at sets of channels.
    Sets(DataDriven, SetModel),
}

#[derive(Clone, Copy, PartialEq)]
enum SetModel {
    Rate,
    Conditional,
    DataDriven,
}

impl Estimator {
    /// The credit of each channel for journeys of these numbers; models of sets have counted theirs.
    fn credits(&mut self, journeys: &Journeys, counts: &PathCounts) -> Result<HeldVec<f64>> {
        let channels = journeys.channels().len();
        let of_conversions = |credits: HeldVec<[f64; 4]>| HeldVec::collect(credits.iter().map(|credit| credit[0]));
        match self {
            Self::Linear(linear) => linear.share(&counts.conversions),
            Self::Markov(chain, order) => {
                let lost = losses(chain, *order, channels, counts)?;
                HeldVec::collect(lost.iter().map(|[conversions, _]| *conversions))
            }
            Self::Sets(learned, SetModel::Rate) => of_conversions(exact_rate(learned.sets(), channels)?),
            Self::Sets(learned, SetModel::Conditional) => of_conversions(conditional(learned.sets(), channels)?),
            Self::Sets(learned, SetModel::DataDriven) => learned.credits(channels),
        }
    }
}

/// The share of each channel under a model, in order of their names' bytes, with an interval.
///
/// Mostly by percentiles: each path's conversions and nulls are drawn anew, independently, from the Poisson distribution with their
/// number as its mean. Models of sets (`data_driven`, the games `rate` and `conditional`) hang on sets of which only a few journeys
/// were seen: they are drawn as `ChannelSets::redraw` says, and the interval reaches as far to both sides of the share as the farther
/// percentile. Replicates without a conversion are left out.
///
/// `22023`: a model that needs times or milestones, replicates outside 1 to 100,000, a level that is not between 0 and 1,
/// another order than 1 to 4. `54000`: the game `rate` with more than 20 channels, too many channels times replicates.
pub fn interval(
    journeys: &Journeys,
    model: Model,
    (order, game): (i32, Game),
    (options, is_paid): (&Options, fn(&str) -> bool),
    bootstrap: Bootstrap,
) -> Result<Vec<ChannelShare>> {
    let Bootstrap { replicates, level, seed } = bootstrap;
    if !(1..=MAX_REPLICATES).contains(&replicates) {
        return Err(Error::invalid(
            format!("replicates must be from 1 to {MAX_REPLICATES}, not {replicates}"),
            "A thousand are enough for an interval of 95 %.",
        ));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::invalid(format!("level must be between 0 and 1, not {level}"), "Use 0.95, for example."));
    }
    let order = parse_order(order)?;
    let channels = journeys.channels().len();
    let replicates = replicates.unsigned_abs() as usize;
    if channels.saturating_mul(replicates) > MAX_SHARES {
        return Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("{channels} channels times {replicates} replicates are more than {MAX_SHARES}"),
            "Use fewer replicates, or a dimension with fewer values.",
        ));
    }
    let counts = journeys.counts()?;
    let of_sets = |of: SetModel| -> Result<Estimator> { Ok(Estimator::Sets(DataDriven::of(journeys, &counts)?, of)) };
    let mut estimator = match (model, game) {
        (Model::DataDriven, _) => of_sets(SetModel::DataDriven)?,
        (Model::Markov, _) => Estimator::Markov(Chain::new(journeys, order)?, order),
        (Model::Shapley, Game::Total) => Estimator::Linear(Linear::by_channel(journeys)?),
        (Model::Shapley, Game::Conditional) => of_sets(SetModel::Conditional)?,
        (Model::Shapley, Game::Rate) if channels <= EXACT_CHANNELS => of_sets(SetModel::Rate)?,
        (Model::Shapley, Game::Rate) => {
            return Err(Error::new(
                ErrorKind::LimitExceeded,
                format!("an interval for the game rate takes at most {EXACT_CHANNELS} channels, not {channels}"),
                "Use the game conditional, or a dimension with fewer values.",
            ));
        }
        _ => Estimator::Linear(Linear::by_model(journeys, model, options, is_paid)?),
    };
    let counted = match &estimator {
        Estimator::Sets(learned, _) => Some(HeldVec::copy(learned.sets().counted())?),
        _ => None,
    };

    let shares = match shares(estimator.credits(journeys, &counts)?) {
        Some(shares) => shares,
        None => HeldVec::filled(0.0, channels)?,
    };
    // The shares that were drawn of the first channel, then those of the second …
    let mut drawn = HeldVec::filled(0.0, channels * replicates)?;
    let (mut random, mut found) = (Random::new(seed), 0);
    for _ in 0..replicates {
        interrupt::check();
        let draw = match (&mut estimator, &counted) {
            (Estimator::Sets(learned, _), Some(counted)) => {
                learned.sets_mut().redraw(counted, &mut random);
                PathCounts::default()
            }
            _ => draw(journeys, &counts, &mut random)?,
        };
        if let Some(shares) = self::shares(estimator.credits(journeys, &draw)?) {
            for (drawn, share) in drawn.chunks_exact_mut(replicates).zip(&shares) {
                if let Some(slot) = drawn.get_mut(found) {
                    *slot = *share;
                }
            }
            found += 1;
        }
    }
    let drawn = drawn.chunks_exact_mut(replicates).map(|drawn| drawn.get_mut(..found).unwrap_or_default());
    journeys.rows(shares.iter().zip(drawn), |channel, (share, drawn)| ChannelShare {
        channel,
        share: *share,
        spread: spread(drawn, level).map(|spread| match estimator {
            Estimator::Sets(_, of) => even(*share, spread, of == SetModel::DataDriven),
            _ => spread,
        }),
    })
}

/// Journeys drawn anew; those without a touch earn nobody anything and are not drawn.
fn draw(journeys: &Journeys, counts: &PathCounts, random: &mut Random) -> Result<PathCounts> {
    let paths = counts.conversions.len();
    let mut drawn = PathCounts {
        conversions: HeldVec::with_room(paths)?,
        nulls: HeldVec::with_room(paths)?,
        value: HeldVec::filled(0.0, paths)?,
    };
    for (path, (conversions, nulls)) in journeys.iter().zip(counts.conversions.iter().zip(&counts.nulls)) {
        let mut again = |mean: f64| if path.steps.is_empty() { 0.0 } else { random.poisson(mean) };
        drawn.conversions.push(again(*conversions))?;
        drawn.nulls.push(again(*nulls))?;
    }
    Ok(drawn)
}

/// The credits over their sum; `None` when it is 0.
fn shares(mut credits: HeldVec<f64>) -> Option<HeldVec<f64>> {
    let sum = credits.iter().copied().collect::<Sum>().value();
    credits.iter_mut().for_each(|credit| *credit /= sum);
    (sum != 0.0).then_some(credits)
}

/// As far to both sides of a share as the farther end; a share of `data_driven` is from 0 to 1.
fn even(share: f64, [lower, upper, error]: [f64; 3], is_part: bool) -> [f64; 3] {
    let reach = (upper - share).max(share - lower);
    let (lower, upper) = (share - reach, share + reach);
    if is_part { [lower.max(0.0), upper.min(1.0), error] } else { [lower, upper, error] }
}

/// The ends of the interval, as percentile_cont finds them, and the standard deviation.
fn spread(drawn: &mut [f64], level: f64) -> Option<[f64; 3]> {
    sort::by(drawn, f64::total_cmp);
    let last = drawn.len().checked_sub(1)?;
    let quantile = |fraction: f64| {
        let place = fraction * last as f64;
        let low = drawn.get(place.floor() as usize).copied().unwrap_or_default();
        let high = drawn.get(place.ceil() as usize).copied().unwrap_or_default();
        low + (high - low) * (place - place.floor())
    };
    let mean = drawn.iter().copied().collect::<Sum>().value() / drawn.len() as f64;
    let squares = drawn.iter().map(|share| (share - mean) * (share - mean)).collect::<Sum>().value();
    let tail = (1.0 - level) / 2.0;
    Some([quantile(tail), quantile(1.0 - tail), (squares / last.max(1) as f64).sqrt()])
}
