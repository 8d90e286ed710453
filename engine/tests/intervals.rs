//! How often the interval of a share holds the truth, in worlds where it is known: few conversions and many, few kinds of journeys
//! and many, few journeys and many.
//!
//! `WORLDS` worlds of each kind (more with `SOAK=1`) from the seed in `MRCALL_SEED` on (default 1).

mod size;

use std::collections::BTreeMap;

use mrcall_engine::attribution_model::Model;
use mrcall_engine::credit::Options;
use mrcall_engine::paths::{Bootstrap, ExactAmount, Game, PathSet, interval};

const WORLDS: u32 = 12;
const CHANNELS: [&str; 5] = ["Direct", "Email", "Paid Search", "Referral", "SMS"];
const SIZES: [usize; 3] = [300, 1_500, 10_000];
/// Whether the model hangs on sets of channels.
const MODELS: [(&str, Model, Game, bool); 6] = [
    ("data_driven", Model::DataDriven, Game::Total, true),
    ("shapley rate", Model::Shapley, Game::Rate, true),
    ("shapley conditional", Model::Shapley, Game::Conditional, true),
    ("shapley total", Model::Shapley, Game::Total, false),
    ("markov", Model::Markov, Game::Total, false),
    ("linear", Model::Linear, Game::Total, false),
];

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// Nearly normal: the sum of twelve numbers.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Paths, how likely a journey goes along each, and how likely it converts there.
fn world(rng: &mut Rng, is_rare: bool, paths: usize) -> Vec<(Vec<&'static str>, f64, f64)> {
    let effects: Vec<f64> = CHANNELS.iter().map(|_| 0.8 * rng.normal()).collect();
    let mut world = BTreeMap::new();
    for _ in 0..paths {
        let length = 1 + (1.2 * rng.exponential()) as usize;
        let mut channels: Vec<usize> = (0..CHANNELS.len()).collect();
        let path: Vec<usize> = (0..length.min(CHANNELS.len()))
            .map(|_| channels.swap_remove((rng.unit() * channels.len() as f64) as usize))
            .collect();
        let odds = path.iter().map(|channel| effects[*channel]).sum::<f64>() + 0.2 * rng.normal();
        let rate = 1.0 / (1.0 + (if is_rare { 3.0 } else { 1.0 } - odds).exp());
        world.insert(path, (rng.exponential() / length as f64, rate));
    }
    let named = |path: Vec<usize>| path.into_iter().map(|channel| CHANNELS[channel]).collect();
    world.into_iter().map(|(path, (chance, rate))| (named(path), chance, rate)).collect()
}

#[test]
fn intervals_of_set_models_hold_the_truth() {
    let first: u64 = std::env::var("MRCALL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("seed {first}");
    let mut held: BTreeMap<(&str, bool, usize), (usize, usize)> = BTreeMap::new();
    for seed in first..first + u64::from(size::cases(WORLDS)) {
        for (is_rare, paths) in [(true, 12), (true, 60), (false, 12), (false, 60)] {
            let mut rng = Rng(seed.wrapping_mul(0x0100_0000_00b3) ^ u64::from(is_rare) ^ (paths << 8));
            let world = world(&mut rng, is_rare, paths as usize);
            let weight: f64 = world.iter().map(|(_, chance, _)| chance).sum();
            let mut truth = PathSet::default();
            for (path, chance, rate) in &world {
                // A billion journeys are as good as the chances themselves.
                let all = (1e9 * chance / weight).round() + 1.0;
                let conversions = (all * rate).round();
                truth.push(path, conversions as i64, &ExactAmount::default(), (all - conversions) as i64).unwrap();
            }
            let truth = truth.journeys().unwrap();
            for journeys in SIZES {
                let mut sample = PathSet::default();
                for _ in 0..journeys {
                    let mut place = rng.unit() * weight;
                    let found = world.iter().find(|(_, chance, _)| {
                        place -= chance;
                        place < 0.0
                    });
                    let (path, _, rate) = found.unwrap_or(&world[0]);
                    let converts = i64::from(rng.unit() < *rate);
                    sample.push(path, converts, &ExactAmount::default(), 1 - converts).unwrap();
                }
                let sample = sample.journeys().unwrap();
                if sample.totals().conversions < 2 {
                    continue;
                }
                for (name, model, game, _) in MODELS {
                    let run = |journeys, replicates| {
                        let bootstrap = Bootstrap { replicates, level: 0.95, seed: 42 };
                        interval(journeys, model, (1, game), (&Options::default(), |_| false), bootstrap).unwrap()
                    };
                    let truth: BTreeMap<String, f64> =
                        run(&truth, 1).into_iter().map(|share| (share.channel, share.share)).collect();
                    for share in run(&sample, 300) {
                        let [lower, upper, _] = share.spread.unwrap();
                        let counts = held.entry((name, is_rare, journeys)).or_default();
                        counts.0 += usize::from((lower - 1e-9..=upper + 1e-9).contains(&truth[&share.channel]));
                        counts.1 += 1;
                    }
                }
            }
        }
    }
    for (name, _, _, is_of_sets) in MODELS {
        for is_rare in [true, false] {
            let parts = SIZES.map(|journeys| held[&(name, is_rare, journeys)]);
            let rate = if is_rare { "about 5 %" } else { "about 30 %" };
            let shown: Vec<String> =
                parts.iter().map(|(held, all)| format!("{:.3}", *held as f64 / *all as f64)).collect();
            println!("figure: intervals of {name}, {rate} convert, {SIZES:?} journeys: {}", shown.join(", "));
            let (held, all) = parts.iter().fold((0, 0), |sums, part| (sums.0 + part.0, sums.1 + part.1));
            let part = held as f64 / all as f64;
            assert!(all > 300, "{all}");
            if is_of_sets {
                // Four standard deviations below 93 %: the shares of a world hang together.
                let least = 0.93 - 4.0 * (0.05 / all as f64).sqrt();
                assert!((least..0.995).contains(&part), "{name}, {rate}: {part} of {all}");
            }
        }
    }
}
