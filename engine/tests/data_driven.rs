//! The model `data_driven` over paths, against all orders of each journey's channels, on random worlds.
//!
//! Each run tries `WORLDS` worlds from the seed in `MRCALL_SEED` on (default 1); what fails names its world's seed.

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::attribution_model::Model;
use mrcall_engine::credit::Options;
use mrcall_engine::paths::{
    ChannelCredit, ExactAmount, Journeys, PathSet, data_driven_weights, path_credit, path_models,
};

const WORLDS: u64 = 6_000;
const NAMES: [&str; 7] = ["Direct", "P one", "Email", "P two", "Referral", "é", "z"];

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

fn first_seed() -> u64 {
    std::env::var("MRCALL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1)
}

/// Path, conversions, value, nulls.
type Row = (Vec<&'static str>, i64, i64, i64);

fn world(rng: &mut Rng) -> Vec<Row> {
    let (channels, length) = (1 + rng.below(6), 1 + rng.below(6));
    (0..1 + rng.below(14))
        .map(|_| {
            let path = (0..rng.below(length + 1)).map(|_| NAMES[rng.below(channels) as usize]).collect();
            let conversions = rng.below(4) as i64;
            let value = if conversions > 0 { rng.below(9_000) as i64 - 2_000 } else { 0 };
            (path, conversions, value, rng.below(5) as i64)
        })
        .collect()
}

fn amount(value: i64) -> ExactAmount {
    ExactAmount::from_groups(&[value.unsigned_abs() as u16], 0, value < 0)
}

fn set_of(rows: &[Row]) -> PathSet {
    let mut set = PathSet::default();
    for (path, conversions, value, nulls) in rows {
        set.push(path, *conversions, &amount(*value), *nulls).unwrap();
    }
    set
}

fn credits(journeys: &Journeys) -> Vec<ChannelCredit> {
    path_credit(journeys, Model::DataDriven, &Options::default(), |_| false).unwrap()
}

/// Every order of some channels.
fn orders<'a>(channels: &BTreeSet<&'a str>) -> Vec<Vec<&'a str>> {
    channels.iter().fold(vec![Vec::new()], |orders, channel| {
        let longer = |order: &Vec<&'a str>| {
            let order = order.clone();
            (0..=order.len()).map(move |at| [&order[..at], &[*channel], &order[at..]].concat())
        };
        orders.iter().flat_map(longer).collect()
    })
}

/// The shares of the channels of a set: what each adds on average, in all orders, to the rate of conversions.
fn shares<'a>(rows: &[Row], set: &BTreeSet<&'a str>) -> BTreeMap<&'a str, f64> {
    let worth = |part: &[&str]| {
        let part: BTreeSet<&str> = part.iter().copied().collect();
        let same =
            rows.iter().filter(|row| !row.0.is_empty() && row.0.iter().copied().collect::<BTreeSet<_>>() == part);
        let (conversions, all) = same.fold((0, 0), |sums, row| (sums.0 + row.1, sums.1 + row.1 + row.3));
        if all > 0 { conversions as f64 / all as f64 } else { 0.0 }
    };
    let orders = orders(set);
    let mut gains: BTreeMap<&str, f64> = set.iter().map(|channel| (*channel, 0.0)).collect();
    for order in &orders {
        for (i, channel) in order.iter().enumerate() {
            *gains.get_mut(channel).unwrap() += (worth(&order[..=i]) - worth(&order[..i])) / orders.len() as f64;
        }
    }
    gains.values_mut().for_each(|gain| *gain = if *gain < 1e-12 { 0.0 } else { *gain });
    let sum: f64 = gains.values().sum();
    let count = gains.len() as f64;
    gains.values_mut().for_each(|gain| *gain = if sum > 0.0 { *gain / sum } else { 1.0 / count });
    gains
}

fn near(found: f64, expected: f64, scale: f64) -> bool {
    (found - expected).abs() <= 1e-9 * scale.abs().max(1.0)
}

#[test]
fn each_journey_is_shared_by_the_game_of_its_own_channels() {
    let (mut negative, mut unequal) = (0, 0);
    for seed in first_seed()..first_seed() + WORLDS {
        let rows = world(&mut Rng(seed));
        let journeys = set_of(&rows).journeys().unwrap();
        let mut expected: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
        for (path, conversions, value, nulls) in rows.iter().filter(|row| row.1 + row.3 > 0) {
            let shares = shares(&rows, &path.iter().copied().collect());
            for (channel, share) in &shares {
                let sums = expected.entry(channel).or_default();
                *sums = (sums.0 + share * *conversions as f64, sums.1 + share * *value as f64);
                unequal += usize::from(!near(share * shares.len() as f64, 1.0, 1.0));
                negative += usize::from(*share == 0.0);
            }
            // Its touches: a channel's share in equal parts.
            if conversions + nulls > 0 {
                let weights = data_driven_weights(&journeys, path).unwrap();
                for (channel, weight) in path.iter().zip(&weights) {
                    let times = path.iter().filter(|other| *other == channel).count() as f64;
                    assert!(
                        near(*weight, shares[channel] / times, 1.0),
                        "seed {seed}: {weights:?} of {path:?}\n{rows:?}"
                    );
                }
            }
        }
        let found = credits(&journeys);
        assert_eq!(found.len(), expected.len(), "seed {seed}");
        for row in &found {
            let (conversions, value) = expected[row.channel.as_str()];
            let good = near(row.conversions, conversions, 100.0) && near(row.value, value, 1e5);
            assert!(good, "seed {seed}: {row:?}, not {conversions} and {value}\n{rows:?}");
        }
        let touched = || rows.iter().filter(|row| !row.0.is_empty());
        let (conversions, value): (i64, i64) = touched().fold((0, 0), |sums, row| (sums.0 + row.1, sums.1 + row.2));
        assert!(near(found.iter().map(|row| row.conversions).sum(), conversions as f64, 100.0), "seed {seed}");
        assert!(near(found.iter().map(|row| row.value).sum(), value as f64, 1e5), "seed {seed}");
    }
    assert!(negative > 1000 && unequal > 1000, "{negative} shares of nothing, {unequal} that are no equal parts");
}

/// Rows in any order, in parts that are stored and merged, teach the same to the last bit; and so does the model among others.
#[test]
fn order_and_parts_change_no_bit() {
    let bits = |rows: &[ChannelCredit]| -> Vec<(String, u64, u64)> {
        rows.iter().map(|row| (row.channel.clone(), row.conversions.to_bits(), row.value.to_bits())).collect()
    };
    for seed in first_seed()..first_seed() + WORLDS / 4 {
        let mut rng = Rng(seed);
        let rows = world(&mut rng);
        let whole = set_of(&rows).journeys().unwrap();
        let mut turned = rows.clone();
        turned.rotate_left(rng.below(rows.len() as u64) as usize);
        turned.reverse();
        let mut merged = PathSet::default();
        for part in turned.chunks(1 + rng.below(4) as usize).map(set_of).filter(|set| !set.is_empty()) {
            merged.merge(&PathSet::deserialize(&part.serialize().unwrap()).unwrap()).unwrap();
        }
        let (alone, merged) = (credits(&whole), credits(&merged.journeys().unwrap()));
        assert_eq!(bits(&alone), bits(&merged), "seed {seed}: {rows:?}");
        let models = [Model::Linear, Model::DataDriven, Model::LastTouch];
        let among = path_models(&whole, &models, &Options::default(), |_| false).unwrap();
        for (row, other) in alone.iter().zip(&among) {
            assert_eq!((row.conversions, row.value), other.credits[1], "seed {seed}");
        }
    }
}

/// Direct converts one of four alone, with Email two of four: Email adds a half less what it is worth alone.
#[test]
fn a_worked_example() {
    let rows = [
        (vec!["Direct"], 1, 0, 3),
        (vec!["Email", "Direct", "Email"], 2, 100, 2),
        (vec!["Email"], 0, 0, 6),
        (vec![], 1, 7, 0),
    ];
    let found = credits(&set_of(&rows).journeys().unwrap());
    // Direct: (1/4 + 1/2) / 2 = 3/8; Email: (0 + 1/4) / 2 = 1/8; shares 3/4 and 1/4.
    let expected = [("Direct", 1.0 + 2.0 * 0.75, 75.0), ("Email", 0.5, 25.0)];
    for (row, expected) in found.iter().zip(expected) {
        assert_eq!((row.channel.as_str(), row.conversions, row.value), expected);
    }
    let weights = data_driven_weights(&set_of(&rows).journeys().unwrap(), &["Email", "Direct", "Email"]).unwrap();
    assert_eq!(weights, [0.125, 0.75, 0.125]);
}

#[test]
fn what_nobody_can_tell_apart_is_shared_equally() {
    // No journey has fewer of these channels: each is alike, whatever the sums round to.
    for count in 1..=7 {
        let rows = [(NAMES[..count].to_vec(), 3, 50, 4)];
        let weights = data_driven_weights(&set_of(&rows).journeys().unwrap(), &NAMES[..count]).unwrap();
        assert!(weights.iter().all(|weight| *weight == weights[0]), "{weights:?}");
        assert!(near(weights.iter().sum(), 1.0, 1.0));
    }
    // A journey of channels that nobody has had, and of no journeys at all.
    let none = Journeys::default();
    assert_eq!(data_driven_weights(&none, &["x", "y", "x", "z"]).unwrap().len(), 4);
    let journeys = set_of(&[(vec!["Direct"], 1, 0, 1)]).journeys().unwrap();
    assert_eq!(data_driven_weights(&journeys, &["x", "x"]).unwrap(), [0.5, 0.5]);
    assert_eq!(data_driven_weights(&journeys, &["x", "Direct"]).unwrap(), [0.0, 1.0]);
    assert_eq!(data_driven_weights(&journeys, &[]).unwrap(), [0.0; 0]);
}

#[test]
fn any_number_of_channels() {
    let names: Vec<String> = (0..300).map(|i| format!("c{i:03}")).collect();
    let mut set = PathSet::default();
    for length in 1..=names.len() {
        let converts = i64::from(length % 2 == 0);
        set.push(names[..length].iter().map(String::as_str), converts, &amount(10 * converts), 1 - converts).unwrap();
    }
    let found = credits(&set.journeys().unwrap());
    assert!(near(found.iter().map(|row| row.conversions).sum(), 150.0, 150.0));
    assert!(near(found.iter().map(|row| row.value).sum(), 1500.0, 1500.0));
    assert!(found.iter().all(|row| row.conversions >= 0.0));
}
