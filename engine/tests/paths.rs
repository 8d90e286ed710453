//! Path sets and the models over all journeys, against slow and plain definitions, on random worlds.
//!
//! Each run tries `WORLDS` worlds from the seed in `MRCALL_SEED` on (default 1); what fails names its world's seed.

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::attribution_model::{MODELS, Model, Needs};
use mrcall_engine::credit::{Options, path_weights};
use mrcall_engine::paths::{
    Bootstrap, ExactAmount, Game, Journeys, PathSet, Sampling, interval, markov, path_credit, path_models, shapley,
};
use mrcall_engine::{ErrorKind, Result};
use num_bigint::BigInt;
use proptest::prelude::*;

const WORLDS: u64 = 12_000;
const SAMPLING: Sampling = Sampling { samples: 2000, seed: 42 };

fn is_paid(channel: &str) -> bool {
    channel.starts_with('P')
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn first_seed() -> u64 {
    std::env::var("MRCALL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// One row: path, conversions, value in cents, nulls.
type Row = (Vec<&'static str>, i64, i64, i64);

const NAMES: [&str; 8] = ["Direct", "P one", "Email", "P two", "Referral", "é", "z", "A"];

fn world(rng: &mut Rng, channels: u64, rows: u64, length: u64) -> Vec<Row> {
    let sign = if rng.below(4) == 0 { -1 } else { 1 };
    (0..1 + rng.below(rows))
        .map(|_| {
            let path = (0..rng.below(length + 1)).map(|_| NAMES[rng.below(channels) as usize]).collect();
            let conversions = rng.below(4) as i64;
            let value = if conversions > 0 { sign * rng.below(20_000) as i64 } else { 0 };
            (path, conversions, value, rng.below(3) as i64)
        })
        .collect()
}

/// An amount of cents, as a numeric of two decimals is sent: groups of four digits.
fn cents(cents: i64) -> ExactAmount {
    let units = cents.unsigned_abs() * 100;
    let groups = [units / 100_000_000, units / 10_000 % 10_000, units % 10_000].map(|group| group as u16);
    ExactAmount::from_groups(&groups, 1, cents < 0)
}

fn set_of(rows: &[Row]) -> PathSet {
    let mut set = PathSet::default();
    for (path, conversions, value, nulls) in rows {
        set.push(path, *conversions, &cents(*value), *nulls).unwrap();
    }
    set
}

fn near(found: f64, expected: f64, scale: f64) -> bool {
    (found - expected).abs() <= 1e-9 * scale.abs().max(1.0)
}

fn totals(rows: &[Row]) -> (f64, f64) {
    let touched = || rows.iter().filter(|row| !row.0.is_empty());
    (touched().map(|row| row.1 as f64).sum(), touched().map(|row| row.2 as f64 / 100.0).sum())
}

// ---------------------------------------------------------------------------------------------------------------------
// Markov: a dense system of equations for each removed channel, by Gaussian elimination with pivoting.

fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|i, j| a[*i][column].abs().total_cmp(&a[*j][column].abs())).unwrap();
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..n {
            let factor = a[row][column] / a[column][column];
            if factor != 0.0 {
                let (above, below) = a.split_at_mut(row);
                below[0].iter_mut().zip(&above[column]).for_each(|(cell, pivot)| *cell -= factor * pivot);
                b[row] -= factor * b[column];
            }
        }
    }
    for row in (0..n).rev() {
        for k in row + 1..n {
            b[row] -= a[row][k] * b[k];
        }
        b[row] /= a[row][row];
    }
    b
}

type Weights = BTreeMap<Vec<&'static str>, BTreeMap<Vec<&'static str>, f64>>;

/// (removal effect, value's removal effect) by channel; `None` where nothing converts.
fn removal_effects(rows: &[Row], order: usize) -> Option<BTreeMap<&'static str, (f64, f64)>> {
    let (start, conversion, null) = (vec!["(start)"], vec!["(conversion)"], vec!["(null)"]);
    let mut weights = Weights::new();
    let mut values: BTreeMap<Vec<&str>, (f64, f64)> = BTreeMap::new();
    for (path, conversions, value, nulls) in rows.iter().filter(|row| !row.0.is_empty()) {
        // Windows of the path as it is; then equal neighbouring states are one.
        let mut states: Vec<Vec<&str>> = path.windows(order).map(<[_]>::to_vec).collect();
        if states.is_empty() {
            states = vec![path.clone()];
        }
        states.dedup();
        let mut add = |from: &Vec<&'static str>, to: &Vec<&'static str>, weight: i64| {
            *weights.entry(from.clone()).or_default().entry(to.clone()).or_default() += weight as f64;
        };
        let both = conversions + nulls;
        add(&start, &states[0], both);
        states.windows(2).for_each(|pair| add(&pair[0], &pair[1], both));
        let last = states.last().unwrap();
        add(last, &conversion, *conversions);
        add(last, &null, *nulls);
        let sums = values.entry(last.clone()).or_default();
        *sums = (sums.0 + *value as f64 / 100.0, sums.1 + *conversions as f64);
    }
    weights.retain(|_, to| to.values().sum::<f64>() > 0.0);
    let states: Vec<Vec<&str>> = weights.keys().cloned().collect();
    let place: BTreeMap<&Vec<&str>, usize> = states.iter().enumerate().map(|(i, state)| (state, i)).collect();
    let from_start = |removed: Option<&str>| {
        let n = states.len();
        let (mut a, mut b, mut worth) = (vec![vec![0.0; n]; n], vec![0.0; n], vec![0.0; n]);
        for (i, state) in states.iter().enumerate() {
            a[i][i] = 1.0;
            if removed.is_some_and(|channel| state.contains(&channel)) {
                continue;
            }
            let sum: f64 = weights[state].values().sum();
            for (to, weight) in &weights[state] {
                if *to == conversion {
                    b[i] += weight / sum;
                    let (value, count) = values[state];
                    worth[i] += if count > 0.0 { weight / sum * (value / count) } else { 0.0 };
                } else if let Some(j) = place.get(to) {
                    a[i][*j] -= weight / sum;
                }
            }
        }
        let at = *place.get(&start)?;
        Some((solve(a.clone(), b)[at], solve(a, worth)[at]))
    };
    let (whole, whole_value) = from_start(None)?;
    let channels: BTreeSet<&str> = rows.iter().filter(|row| row.1 + row.3 > 0).flat_map(|row| row.0.clone()).collect();
    let effect = |without: f64, whole: f64| if whole == 0.0 { 0.0 } else { 1.0 - without / whole };
    (whole > 0.0).then(|| {
        channels
            .into_iter()
            .map(|channel| {
                let (without, without_value) = from_start(Some(channel)).unwrap();
                (channel, (effect(without, whole), effect(without_value, whole_value)))
            })
            .collect()
    })
}

fn check_markov(rows: &[Row], order: usize, seed: u64) {
    let found = markov(&set_of(rows).journeys().unwrap(), order as i32).unwrap();
    let (conversions, value) = totals(rows);
    let Some(effects) = removal_effects(rows, order) else {
        assert!(found.iter().all(|row| row.conversions == 0.0 && row.value == 0.0 && row.removal_effect == 0.0));
        return;
    };
    assert_eq!(found.len(), effects.len(), "seed {seed}");
    let sum: f64 = effects.values().map(|effect| effect.0).sum();
    let sum_of_value: f64 = effects.values().map(|effect| effect.1).sum();
    for row in &found {
        let (effect, value_effect) = effects[row.channel.as_str()];
        let shown = || format!("seed {seed}, order {order}: {row:?}, not {effect} of {effects:?}\n{rows:?}");
        assert!(near(row.removal_effect, effect, 1.0), "{}", shown());
        assert!(near(row.conversions, conversions * effect / sum, conversions), "{}", shown());
        if value != 0.0 {
            assert!(near(row.value, value * value_effect / sum_of_value, value), "{}", shown());
        }
    }
    assert!(near(found.iter().map(|row| row.conversions).sum(), conversions, conversions), "seed {seed}");
    assert!(near(found.iter().map(|row| row.value).sum(), value, value), "seed {seed}");
}

#[test]
fn markov_is_what_each_removal_costs() {
    for seed in first_seed()..first_seed() + WORLDS {
        let mut rng = Rng(seed);
        let (channels, length) = (1 + rng.below(7), 1 + rng.below(9));
        let rows = world(&mut rng, channels, 14, length);
        check_markov(&rows, 1 + (seed % 4) as usize, seed);
    }
}

/// A journey that goes to and fro many times: sweeps would take long, elimination takes over.
#[test]
fn markov_of_long_loops() {
    for order in 1..=4 {
        let mut path = ["A", "Direct"].repeat(3_000);
        let rows = [
            (path.clone(), 2, 500, 1),
            {
                path.extend(["Email", "z", "Email"]);
                (path.clone(), 3, 900, 0)
            },
            {
                path.push("A");
                (path, 0, 0, 1)
            },
            (vec!["z", "Direct"], 1, 100, 2),
        ];
        check_markov(&rows, order, 0);
    }
}

/// More channels than are eliminated.
#[test]
fn markov_of_many_channels() {
    let names: Vec<String> = (0..1100).map(|i| format!("c{i:04}")).collect();
    let mut rng = Rng(7);
    let mut set = PathSet::default();
    let mut small = PathSet::default();
    for _ in 0..3000 {
        let steps: Vec<usize> = (0..1 + rng.below(5)).map(|_| rng.below(1100) as usize).collect();
        let conversions = rng.below(3) as i64;
        let path: Vec<&str> = steps.iter().map(|step| names[*step].as_str()).collect();
        set.push(&path, conversions, &ExactAmount::default(), 1).unwrap();
        // The same chain with channels told apart by groups of eleven: few enough to be eliminated.
        let path: Vec<&str> = steps.iter().map(|step| names[step / 11].as_str()).collect();
        small.push(&path, conversions, &ExactAmount::default(), 1).unwrap();
    }
    let sum =
        |set: &PathSet| markov(&set.journeys().unwrap(), 1).unwrap().iter().map(|row| row.conversions).sum::<f64>();
    assert!(near(sum(&set), sum(&small), 3000.0));
    // Paths that do not meet: without its first channel a path is lost, without its second only half of it, since of the two
    // visits of the first channel one goes on to the end.
    let mut apart = PathSet::default();
    for (i, name) in names.iter().enumerate() {
        let other = format!("{name}+");
        apart.push([name, other.as_str(), name], 1 + (i % 3) as i64, &ExactAmount::default(), (i % 2) as i64).unwrap();
    }
    let journeys = apart.journeys().unwrap();
    let total: f64 = (0..1100).map(|i| f64::from(1 + i % 3)).sum();
    for row in markov(&journeys, 1).unwrap() {
        let i: u32 = row.channel[1..5].parse().unwrap();
        let lost = if row.channel.ends_with('+') { 0.5 } else { 1.0 };
        assert!(near(row.removal_effect, lost * f64::from(1 + i % 3) / total, 1.0), "{row:?}");
    }
}

#[test]
fn markov_limits() {
    let set = set_of(&[(vec!["A"], 1, 100, 0)]);
    for order in [0, 5, -1, i32::MAX] {
        assert_eq!(markov(&set.journeys().unwrap(), order).unwrap_err().kind, ErrorKind::InvalidArgument);
    }
    assert_eq!(markov(&Journeys::default(), 1), Ok(Vec::new()));
    let mut huge = PathSet::default();
    huge.push(["A"], 1, &ExactAmount::from_groups(&[1], 100, false), 0).unwrap();
    assert_eq!(markov(&huge.journeys().unwrap(), 1).unwrap_err().kind, ErrorKind::LimitExceeded);
}

// ---------------------------------------------------------------------------------------------------------------------
// Shapley: the mean gain over all orders of the channels.

fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for i in 0..n {
        all = all
            .iter()
            .flat_map(|order: &Vec<usize>| {
                (0..=i).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, i);
                    order
                })
            })
            .collect();
    }
    all
}

fn worth(rows: &[Row], channels: &[&str], set: usize, game: Game) -> (f64, f64) {
    let has = |channel: &str| set >> channels.iter().position(|known| *known == channel).unwrap() & 1 == 1;
    let touched = || rows.iter().filter(|row| !row.0.is_empty() && row.1 + row.3 > 0);
    let inside = || touched().filter(|row| row.0.iter().all(|channel| has(channel)));
    let conversions: f64 = inside().map(|row| row.1 as f64).sum();
    let value: f64 = inside().map(|row| row.2 as f64 / 100.0).sum();
    let journeys: f64 = inside().map(|row| (row.1 + row.3) as f64).sum();
    let all: f64 = touched().map(|row| (row.1 + row.3) as f64).sum();
    match game {
        Game::Total => (conversions, value),
        Game::Rate if journeys > 0.0 => (conversions / journeys * all, value / journeys * all),
        _ => (0.0, 0.0),
    }
}

/// The game `conditional` by its definition: each set of channels that occurs, and all orders of its channels.
fn conditional(rows: &[Row], channels: &[&str]) -> Vec<(f64, f64)> {
    let place = |channel: &str| channels.iter().position(|known| *known == channel).unwrap();
    let mut sets: BTreeMap<usize, [f64; 3]> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.0.is_empty() && row.1 + row.3 > 0) {
        let sums = sets.entry(row.0.iter().fold(0, |set, channel| set | 1 << place(channel))).or_default();
        sums[0] += row.1 as f64;
        sums[1] += row.2 as f64 / 100.0;
        sums[2] += (row.1 + row.3) as f64;
    }
    let worth = |set: usize| sets.get(&set).map_or((0.0, 0.0), |sums| (sums[0] / sums[2], sums[1] / sums[2]));
    let mut credits = vec![(0.0, 0.0); channels.len()];
    for (whole, [_, _, journeys]) in &sets {
        let members: Vec<usize> = (0..channels.len()).filter(|channel| whole >> channel & 1 == 1).collect();
        let orders = permutations(members.len());
        for order in &orders {
            let mut set = 0;
            for channel in order.iter().map(|place| members[*place]) {
                let (before, after) = (worth(set), worth(set | 1 << channel));
                credits[channel].0 += (after.0 - before.0) / orders.len() as f64 * journeys;
                credits[channel].1 += (after.1 - before.1) / orders.len() as f64 * journeys;
                set |= 1 << channel;
            }
        }
    }
    credits
}

fn check_shapley(rows: &[Row], seed: u64) {
    let channels: Vec<&str> = rows
        .iter()
        .filter(|row| row.1 + row.3 > 0)
        .flat_map(|row| row.0.clone())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let (conversions, value) = totals(rows);
    for game in [Game::Total, Game::Rate, Game::Conditional] {
        let worths: Vec<(f64, f64)> = (0..1 << channels.len()).map(|set| worth(rows, &channels, set, game)).collect();
        let orders = permutations(channels.len());
        let mut expected = vec![(0.0, 0.0); channels.len()];
        for order in &orders {
            let mut set = 0;
            for channel in order {
                let (before, after) = (worths[set], worths[set | 1 << channel]);
                expected[*channel].0 += (after.0 - before.0) / orders.len() as f64;
                expected[*channel].1 += (after.1 - before.1) / orders.len() as f64;
                set |= 1 << channel;
            }
        }
        if game == Game::Conditional {
            expected = conditional(rows, &channels);
        }
        let found = shapley(&set_of(rows).journeys().unwrap(), game, SAMPLING).unwrap();
        assert_eq!(found.len(), channels.len(), "seed {seed}");
        for (row, (channel, expected)) in found.iter().zip(channels.iter().zip(&expected)) {
            assert_eq!(row.channel, *channel);
            let good = near(row.conversions, expected.0, conversions) && near(row.value, expected.1, 1e4);
            assert!(good, "seed {seed}, {game:?}: {row:?}, not {expected:?}\n{rows:?}");
            assert_eq!((row.std_error, row.value_std_error), (0.0, 0.0));
        }
        assert!(near(found.iter().map(|row| row.conversions).sum(), conversions, conversions), "seed {seed}");
        assert!(near(found.iter().map(|row| row.value).sum(), value, 1e4), "seed {seed}");
    }
}

#[test]
fn shapley_is_the_mean_gain_over_all_orders() {
    for seed in first_seed()..first_seed() + WORLDS {
        let mut rng = Rng(seed);
        // All orders of eight channels are 40,320: only now and then.
        let channels = if seed % 1000 == 0 {
            8
        } else if seed % 50 == 0 {
            6
        } else {
            1 + rng.below(4)
        };
        check_shapley(&world(&mut rng, channels, 14, 6), seed);
    }
}

/// More channels than any table of all sets could have: the game `conditional` looks only at the sets that occur. Each journey has
/// a chain of channels whose beginnings occur too, so that the worths that count are known.
#[test]
fn conditional_takes_any_number_of_channels() {
    let names: Vec<String> = (0..300).map(|i| format!("c{i:03}")).collect();
    let mut set = PathSet::default();
    for length in 1..=names.len() {
        // Every second beginning converts.
        let converts = i64::from(length % 2 == 0);
        set.push(names[..length].iter().map(String::as_str), converts, &ExactAmount::default(), 1 - converts).unwrap();
    }
    let found = shapley(&set.journeys().unwrap(), Game::Conditional, SAMPLING).unwrap();
    let mut expected = vec![0.0; names.len()];
    for whole in 1..=names.len() {
        // t channels of s come first in 1 of (s over t) orders; then a worth of 1 is gained by one of them, lost by the next one.
        let mut ways = 1.0;
        for size in 1..=whole {
            ways *= (whole - size + 1) as f64 / size as f64;
            if size % 2 == 0 {
                expected[..size].iter_mut().for_each(|credit| *credit += 1.0 / ways / size as f64);
                expected[size..whole].iter_mut().for_each(|credit| *credit -= 1.0 / ways / (whole - size) as f64);
            }
        }
    }
    for (row, expected) in found.iter().zip(&expected) {
        assert!(near(row.conversions, *expected, 1.0), "{row:?}, not {expected}");
    }
    assert!(near(found.iter().map(|row| row.conversions).sum(), 150.0, 150.0));
}

/// 21 channels are sampled: compared with the sum over all two million sets, by its own standard error.
#[test]
fn sampled_shapley_is_near_the_exact_one() {
    let names: Vec<String> = (0..21).map(|i| format!("c{i:02}")).collect();
    let mut rng = Rng(11);
    let mut set = PathSet::default();
    let mut sets: Vec<(usize, f64, f64)> = Vec::new();
    for i in 0..60 {
        let steps: Vec<usize> =
            std::iter::once(i % 21).chain((0..rng.below(4)).map(|_| rng.below(21) as usize)).collect();
        let (conversions, nulls) = (rng.below(9), rng.below(9));
        let path: Vec<&str> = steps.iter().map(|step| names[*step].as_str()).collect();
        set.push(&path, conversions as i64, &ExactAmount::default(), nulls as i64).unwrap();
        sets.push((
            steps.iter().fold(0, |set, step| set | 1 << step),
            conversions as f64,
            (conversions + nulls) as f64,
        ));
    }
    let all: f64 = sets.iter().map(|set| set.2).sum();
    let worth = |subset: usize| {
        let inside = || sets.iter().filter(|set| set.0 & !subset == 0);
        let journeys: f64 = inside().map(|set| set.2).sum();
        if journeys > 0.0 { inside().map(|set| set.1).sum::<f64>() / journeys * all } else { 0.0 }
    };
    let worths: Vec<f64> = (0..1usize << 21).map(worth).collect();
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let chances: Vec<f64> = (0..21).map(|k| factorial(k) * factorial(20 - k) / factorial(21)).collect();
    let found = shapley(&set.journeys().unwrap(), Game::Rate, Sampling { samples: 20_000, seed: 3 }).unwrap();
    let mut squares = 0.0;
    for (channel, row) in found.iter().enumerate() {
        let outside = (0..1usize << 21).filter(|set| set >> channel & 1 == 0);
        let exact: f64 =
            outside.map(|set| (worths[set | 1 << channel] - worths[set]) * chances[set.count_ones() as usize]).sum();
        let off = (row.conversions - exact) / row.std_error;
        assert!(off.abs() < 5.0, "{row:?}, not {exact}");
        squares += off * off / 21.0;
    }
    // Honest errors: the squares of the deviations over their standard error have a mean of about 1.
    assert!((0.3..2.5).contains(&squares), "{squares}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Heuristics: plain definitions, touch by touch.

fn plain_weight(model: Model, path: &[&str], i: usize) -> f64 {
    let n = path.len();
    let last = n - 1;
    let last_where = |wanted: &dyn Fn(&str) -> bool| (0..n).rev().find(|i| wanted(path[*i]));
    let non_direct = last_where(&|channel| channel != "Direct").unwrap_or(last);
    let only = |winner: usize| if i == winner { 1.0 } else { 0.0 };
    let shaped = |first: f64, end: f64| match n {
        1 => 1.0,
        2 => [first, end][i] / (first + end),
        _ if i == 0 => first,
        _ if i == last => end,
        _ => (1.0 - first - end) / (n - 2) as f64,
    };
    match model {
        Model::FirstTouch => only(0),
        Model::LastTouch => only(last),
        Model::LastNonDirect => only(non_direct),
        Model::LastPaid => only(last_where(&is_paid).unwrap_or(non_direct)),
        Model::Linear => 1.0 / n as f64,
        Model::PositionBased | Model::UShaped => shaped(0.4, 0.4),
        Model::JShaped => shaped(0.2, 0.6),
        Model::InverseJ => shaped(0.6, 0.2),
        Model::Participation => 1.0,
        Model::Custom => {
            let weight = |i: usize| [3.0, 0.0, 1.0][i.min(2)];
            weight(i) / (0..n).map(weight).sum::<f64>()
        }
        _ => unreachable!(),
    }
}

fn models_of_paths() -> Vec<Model> {
    let has = |needs| matches!(needs, Needs::Order | Needs::Weights);
    MODELS.iter().filter(|known| has(known.needs)).map(|known| known.model).collect()
}

/// Neumaier's sum, of all touches of all paths in canonical order.
#[derive(Default)]
struct Compensated(f64, f64);

impl Compensated {
    fn add(&mut self, value: f64) {
        let sum = self.0 + value;
        self.1 += if self.0.abs() >= value.abs() { (self.0 - sum) + value } else { (value - sum) + self.0 };
        self.0 = sum;
    }
}

/// All models at once give what each gives alone, and that to the last bit what its weights say.
#[test]
fn models_side_by_side_to_the_last_bit() {
    let models = models_of_paths();
    for seed in first_seed()..first_seed() + WORLDS {
        let mut rng = Rng(seed);
        let (channels, length) = (1 + rng.below(8), rng.below(12));
        let rows = world(&mut rng, channels, 20, length);
        let own: Vec<f64> = (0..1 + rng.below(4)).map(|i| (rng.below(4) + u64::from(i == 0)) as f64).collect();
        let first_weight = rng.below(11) as f64 / 10.0;
        let last_weight = (1.0 - first_weight) * [0.0, rng.unit(), 1.0][rng.below(3) as usize];
        let options = Options { first_weight, last_weight, weights: Some(&own), ..Options::default() };
        let journeys = set_of(&rows).journeys().unwrap();
        let counts = journeys.counts().unwrap();
        let found = path_models(&journeys, &models, &options, is_paid).unwrap();
        for (m, model) in models.iter().enumerate() {
            let alone = path_credit(&journeys, *model, &options, is_paid).unwrap();
            let mut sums: BTreeMap<&str, (Compensated, Compensated)> = BTreeMap::new();
            for (i, path) in journeys.iter().enumerate() {
                let path: Vec<&str> = path.steps.iter().map(|step| journeys.name(*step)).collect();
                let weights = path_weights(&path, *model, &options, is_paid).unwrap();
                for (channel, weight) in path.into_iter().zip(weights) {
                    let sums = sums.entry(channel).or_default();
                    sums.0.add(counts.conversions[i] * weight);
                    sums.1.add(counts.value[i] * weight);
                }
            }
            assert_eq!((found.len(), alone.len()), (sums.len(), sums.len()), "seed {seed}");
            for ((row, alone), (channel, sums)) in found.iter().zip(&alone).zip(sums) {
                let (conversions, value) = row.credits[m];
                let bits = (conversions.to_bits(), value.to_bits());
                let expected = ((sums.0.0 + sums.0.1).to_bits(), (sums.1.0 + sums.1.1).to_bits());
                assert_eq!((row.channel.as_str(), bits), (channel, expected), "seed {seed}, {model:?}: {rows:?}");
                let alone = (alone.channel.as_str(), (alone.conversions.to_bits(), alone.value.to_bits()));
                assert_eq!(alone, (channel, expected), "seed {seed}, {model:?}: {rows:?}");
            }
        }
    }
}

#[test]
fn heuristics_by_plain_definition() {
    let options = Options { weights: Some(&[3.0, 0.0, 1.0]), ..Options::default() };
    let models = models_of_paths();
    for seed in first_seed()..first_seed() + WORLDS {
        let mut rng = Rng(seed);
        let (channels, length) = (1 + rng.below(8), rng.below(9));
        let rows = world(&mut rng, channels, 20, length);
        let journeys = set_of(&rows).journeys().unwrap();
        for model in &models {
            let mut expected: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
            for (path, conversions, value, _) in rows.iter().filter(|row| row.1 + row.3 > 0) {
                for (i, channel) in path.iter().enumerate() {
                    let weight = plain_weight(*model, path, i);
                    let sums = expected.entry(channel).or_default();
                    *sums = (sums.0 + weight * *conversions as f64, sums.1 + weight * *value as f64 / 100.0);
                }
            }
            let found = path_credit(&journeys, *model, &options, is_paid).unwrap();
            let names: Vec<&str> = found.iter().map(|row| row.channel.as_str()).collect();
            assert_eq!(names, expected.keys().copied().collect::<Vec<_>>(), "seed {seed}");
            for row in &found {
                let (conversions, value) = expected[row.channel.as_str()];
                let good = near(row.conversions, conversions, 100.0) && near(row.value, value, 1e4);
                assert!(good, "seed {seed}, {model:?}: {row:?}, not {conversions} and {value}\n{rows:?}");
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Intervals: how often the truth lies within.

/// Journeys drawn from known chances: each path with its part of all journeys and its conversion rate.
#[test]
fn intervals_hold_the_truth() {
    let mut held: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for seed in first_seed()..first_seed() + 300 {
        let mut rng = Rng(seed.wrapping_mul(1_000_003));
        let chances: Vec<(Vec<&str>, f64, f64)> = (0..12)
            .map(|_| {
                let path = (0..1 + rng.below(4)).map(|_| NAMES[rng.below(4) as usize]).collect();
                (path, 0.2 + rng.unit(), 0.1 + 0.4 * rng.unit())
            })
            .collect();
        let weight: f64 = chances.iter().map(|(_, chance, _)| chance).sum();
        let (mut truth, mut sample) = (PathSet::default(), PathSet::default());
        for (path, chance, rate) in &chances {
            // Ten million journeys are as good as the chances themselves.
            let all = 1e7 * chance / weight;
            let conversions = (all * rate).round();
            truth.push(path, conversions as i64, &ExactAmount::default(), (all - conversions) as i64).unwrap();
        }
        for _ in 0..1500 {
            let mut place = rng.unit() * weight;
            let (path, _, rate) = chances
                .iter()
                .find(|(_, chance, _)| {
                    place -= chance;
                    place < 0.0
                })
                .unwrap_or(&chances[0]);
            let converts = i64::from(rng.unit() < *rate);
            sample.push(path, converts, &ExactAmount::default(), 1 - converts).unwrap();
        }
        let bootstrap = Bootstrap { replicates: 200, level: 0.95, seed: 42 };
        for (what, model, order, game) in [
            ("markov", Model::Markov, 1, Game::Total),
            ("markov 2", Model::Markov, 2, Game::Total),
            ("shapley", Model::Shapley, 1, Game::Total),
            ("shapley rate", Model::Shapley, 1, Game::Rate),
            ("shapley conditional", Model::Shapley, 1, Game::Conditional),
            ("data_driven", Model::DataDriven, 1, Game::Total),
            ("linear", Model::Linear, 1, Game::Total),
        ] {
            let run = |set: &PathSet, replicates| {
                let bootstrap = Bootstrap { replicates, ..bootstrap };
                interval(&set.journeys().unwrap(), model, (order, game), (&Options::default(), is_paid), bootstrap)
            };
            let truth: BTreeMap<String, f64> =
                run(&truth, 1).unwrap().into_iter().map(|share| (share.channel, share.share)).collect();
            for share in run(&sample, bootstrap.replicates).unwrap() {
                let [lower, upper, _] = share.spread.unwrap();
                let counts = held.entry(what).or_default();
                counts.0 += usize::from((lower..=upper).contains(&truth[&share.channel]));
                counts.1 += 1;
            }
        }
    }
    for (what, (held, all)) in held {
        let part = held as f64 / all as f64;
        println!("{what}: {part} of {all}");
        assert!(all > 600 && (0.90..=0.99).contains(&part), "{what}: {part} of {all}");
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The state.

#[test]
fn what_a_row_may_say() {
    let mut set = PathSet::default();
    let kind = |result: Result<()>| result.unwrap_err().kind;
    assert_eq!(kind(set.push(["a"], -1, &ExactAmount::default(), 0)), ErrorKind::InvalidArgument);
    assert_eq!(kind(set.push(["a"], 0, &ExactAmount::default(), -1)), ErrorKind::InvalidArgument);
    assert_eq!(kind(set.push(["a"], 0, &cents(1), 1)), ErrorKind::InvalidArgument);
    set.push(["a"], 0, &ExactAmount::default(), 0).unwrap();
    assert!(set.is_empty());
    set.push(["a"], i64::MAX, &ExactAmount::default(), 0).unwrap();
    assert_eq!(kind(set.push(["b"], 0, &ExactAmount::default(), 1)), ErrorKind::LimitExceeded);
    assert!(PathSet::deserialize(&PathSet::default().serialize().unwrap()).is_err());
}

#[test]
fn amounts_are_exact() {
    for seed in first_seed()..first_seed() + 20_000 {
        let mut rng = Rng(seed);
        let mut sum = ExactAmount::default();
        // In units of 10000^-6.
        let mut expected = BigInt::default();
        for _ in 0..rng.below(6) {
            let groups: Vec<u16> = (0..rng.below(12)).map(|_| [0, 1, 9999, 120][rng.below(4) as usize]).collect();
            let weight = rng.below(8) as i32 + groups.len() as i32 - 7;
            let negative = rng.below(2) == 0;
            sum.add(&ExactAmount::from_groups(&groups, weight, negative));
            let units = groups.iter().enumerate().fold(BigInt::default(), |units, (i, group)| {
                units + BigInt::from(*group) * BigInt::from(10_000).pow((weight - i as i32 + 6).max(0) as u32)
            });
            expected += if negative { -units } else { units };
        }
        // The text, read again, is the number; it has no zeros at its end.
        let text = sum.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        assert!(decimals.len() <= 24 && !decimals.ends_with('0'), "seed {seed}: {text}");
        let units: BigInt = format!("{whole}{decimals:0<24}").parse().unwrap();
        assert_eq!(units, expected, "seed {seed}: {text}");
        assert_eq!(sum.to_f64(), Ok(text.parse().unwrap()), "seed {seed}: {text}");
        assert_eq!(sum.is_zero(), text == "0");
    }
}

/// Many channels, long paths that begin alike, values of all sizes: the order is that of the channels' bytes, and bytes
/// and states are merged as rows are.
#[test]
fn long_paths_and_many_channels() {
    for seed in first_seed()..first_seed() + 300 {
        let mut rng = Rng(seed);
        let channels = [1, 2, 3, 15, 16, 127, 128, 129, 300, 70_000][rng.below(10) as usize];
        let common: Vec<String> = (0..rng.below(40)).map(|_| format!("c{}", rng.below(channels))).collect();
        let mut sets = [PathSet::default(), PathSet::default(), PathSet::default()];
        let mut expected: BTreeMap<Vec<String>, (u64, u64)> = BTreeMap::new();
        for _ in 0..100 {
            let kept = rng.below(common.len() as u64 + 1) as usize;
            let mut path = common[..kept].to_vec();
            path.extend((0..rng.below(3)).map(|_| format!("c{}", rng.below(channels))));
            let groups: Vec<u16> = (0..rng.below(8)).map(|_| rng.below(10_000) as u16).collect();
            let value = ExactAmount::from_groups(&groups, rng.below(6) as i32, rng.below(2) == 0);
            sets[0].push(&path, 1, &value, 2).unwrap();
            sets[1 + rng.below(2) as usize].push(&path, 1, &value, 2).unwrap();
            let sums = expected.entry(path).or_default();
            *sums = (sums.0 + 1, sums.1 + 2);
        }
        let bytes = sets[0].serialize().unwrap();
        let journeys = Journeys::decode(&bytes).unwrap();
        let found: Vec<_> = journeys
            .iter()
            .map(|path| {
                let steps = path.steps.iter().map(|step| journeys.name(*step).to_owned()).collect::<Vec<_>>();
                (steps, (path.conversions, path.nulls))
            })
            .collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "seed {seed}");
        let parts = [sets[1].serialize().unwrap(), sets[2].serialize().unwrap()];
        for (i, part) in [&sets[2], &sets[1]].into_iter().enumerate().filter(|(i, _)| !sets[i + 1].is_empty()) {
            let mut merged = PathSet::deserialize(&parts[i]).unwrap();
            if !part.is_empty() {
                merged.merge_bytes(&parts[1 - i]).unwrap();
            }
            assert_eq!(merged.serialize().unwrap(), bytes, "seed {seed}");
            let mut merged = sets[i + 1].clone();
            merged.merge(part).unwrap();
            assert_eq!(merged.serialize().unwrap(), bytes, "seed {seed}");
        }
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let path = prop::collection::vec(prop::sample::select(NAMES.to_vec()), 0..6);
    prop::collection::vec((path, 1..5i64, -300..300i64, 0..4i64), 1..30)
}

proptest! {
    #[test]
    fn any_order_and_split_gives_the_same_bytes(rows in rows(), shift in 0..30usize, parts in 1..5usize) {
        let bytes = set_of(&rows).serialize().unwrap();
        let mut rotated = rows.clone();
        rotated.rotate_left(shift % rows.len());
        rotated.reverse();
        prop_assert_eq!(&set_of(&rotated).serialize().unwrap(), &bytes);
        let mut merged = PathSet::default();
        for chunk in rotated.chunks(rows.len().div_ceil(parts)) {
            let stored = set_of(chunk).serialize().unwrap();
            merged.merge(&PathSet::deserialize(&stored).unwrap()).unwrap();
        }
        prop_assert_eq!(&merged.serialize().unwrap(), &bytes);
        prop_assert_eq!(&Journeys::decode(&bytes).unwrap().encode().unwrap(), &bytes);
        // So every model's result is the same to the bit.
        let (a, b) = (set_of(&rows).journeys().unwrap(), merged.journeys().unwrap());
        prop_assert_eq!(markov(&a, 2).unwrap(), markov(&b, 2).unwrap());
        prop_assert_eq!(
            shapley(&a, Game::Rate, SAMPLING).unwrap(),
            shapley(&b, Game::Rate, SAMPLING).unwrap()
        );
        // Merging with itself counts twice.
        let copy = merged.clone();
        merged.merge(&copy).unwrap();
        let (once, twice) = (a.totals(), merged.journeys().unwrap().totals());
        prop_assert_eq!((twice.conversions, twice.nulls), (2 * once.conversions, 2 * once.nulls));
    }

    #[test]
    fn bad_bytes_are_errors(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
                            noise in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut bytes = set_of(&rows).serialize().unwrap();
        let cut = at.index(bytes.len());
        prop_assert_eq!(PathSet::deserialize(&bytes[..cut]).unwrap_err().kind, ErrorKind::MalformedBinary);
        bytes[cut] = byte;
        // What is accepted is canonical.
        if let Ok(set) = PathSet::deserialize(&bytes) {
            prop_assert_eq!(set.serialize().unwrap(), bytes);
        }
        let _ = PathSet::deserialize(&noise);
        let framed = [b"P\x01".as_slice(), &noise].concat();
        if let Ok(set) = PathSet::deserialize(&framed) {
            prop_assert_eq!(set.serialize().unwrap(), framed);
        }
    }
}
