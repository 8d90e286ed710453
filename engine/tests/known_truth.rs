//! How far each model is from the truth, in worlds where it is known: what would not have converted without a channel.
//!
//! `WORLDS` worlds of each kind (16 with `SOAK=1`) from the seed in `MRCALL_SEED` on (default 1). Half the sum of the absolute
//! differences between a model's shares and the true ones is the part of the credit that stands at the wrong channel.

use std::collections::BTreeMap;

use mrcall_engine::attribution_model::{MODELS, Model, Needs};
use mrcall_engine::credit::Options;
use mrcall_engine::paths::{ExactAmount, Game, Journeys, PathSet, Sampling, markov, path_credit, shapley};

const PEOPLE: usize = 20_000;
const CHANNELS: [&str; 7] = ["Direct", "Email", "Organic Search", "Paid Search", "Paid Social", "Referral", "Display"];

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }
}

/// How channels work together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Each adds its part to the chance to convert.
    Adding,
    /// Each multiplies the odds.
    Multiplying,
    /// Each has its own chance to convince who is not convinced yet.
    Convincing,
}

struct World {
    kind: Kind,
    /// By channel: how many meet it, and what it does. Some that many meet do nothing.
    reach: Vec<f64>,
    effect: Vec<f64>,
    /// How late it tends to come in a journey: those who are about to convert anyway come directly.
    place: Vec<f64>,
}

impl World {
    fn new(kind: Kind, rng: &mut Rng) -> Self {
        let idle = [rng.below(CHANNELS.len()), rng.below(CHANNELS.len())];
        let mut effect = |channel: usize| match kind {
            _ if idle.contains(&channel) => 0.0,
            Kind::Adding => rng.between(0.005, 0.08),
            Kind::Multiplying => rng.between(0.1, 1.2),
            Kind::Convincing => rng.between(0.01, 0.15),
        };
        let effect = (0..CHANNELS.len()).map(&mut effect).collect();
        let mut any = |low: f64, high: f64| (0..CHANNELS.len()).map(|_| rng.between(low, high)).collect();
        Self { kind, reach: any(0.05, 0.45), place: any(0.0, 1.0), effect }
    }

    /// The chance to convert of somebody who has met these channels.
    fn chance(&self, met: &[bool]) -> f64 {
        let effects = || self.effect.iter().zip(met).filter(|(_, met)| **met).map(|(effect, _)| *effect);
        match self.kind {
            Kind::Adding => effects().sum(),
            Kind::Multiplying => 1.0 / (1.0 + (3.5 - effects().sum::<f64>()).exp()),
            Kind::Convincing => 1.0 - effects().map(|effect| 1.0 - effect).product::<f64>(),
        }
    }

    /// Journeys, and what part of all that is lost without a channel is lost without each.
    fn journeys(&self, rng: &mut Rng) -> (Journeys, BTreeMap<&'static str, f64>) {
        let (mut set, mut lost) = (PathSet::default(), vec![0.0; CHANNELS.len()]);
        for _ in 0..PEOPLE {
            let mut met: Vec<bool> = self.reach.iter().map(|reach| rng.unit() < *reach).collect();
            if !met.contains(&true) {
                met[rng.below(CHANNELS.len())] = true;
            }
            let mut touches: Vec<(f64, usize)> = Vec::new();
            for channel in (0..CHANNELS.len()).filter(|channel| met[*channel]) {
                for _ in 0..1 + rng.below(3) {
                    touches.push((self.place[channel] + rng.between(0.0, 0.8), channel));
                }
            }
            touches.sort_by(|a, b| a.0.total_cmp(&b.0));
            let chance = self.chance(&met);
            for (channel, lost) in lost.iter_mut().enumerate() {
                let mut without = met.clone();
                without[channel] = false;
                *lost += chance - self.chance(&without);
            }
            let converts = i64::from(rng.unit() < chance);
            let path = touches.iter().map(|(_, channel)| CHANNELS[*channel]);
            set.push(path, converts, &ExactAmount::default(), 1 - converts).unwrap();
        }
        let all: f64 = lost.iter().sum();
        (set.journeys().unwrap(), CHANNELS.into_iter().zip(lost.iter().map(|lost| lost / all)).collect())
    }
}

/// Each model's credit by channel.
fn models(journeys: &Journeys) -> Vec<(String, Vec<(String, f64)>)> {
    let is_paid = |channel: &str| channel.starts_with("Paid") || channel == "Display";
    let by_path = MODELS.iter().filter(|known| known.needs == Needs::Order && known.model != Model::UShaped);
    let by_path = by_path.map(|known| known.model).chain([Model::DataDriven]);
    let mut all: Vec<(String, Vec<(String, f64)>)> = by_path
        .map(|model| {
            let credit = path_credit(journeys, model, &Options::default(), is_paid).unwrap();
            (model.name().into(), credit.into_iter().map(|row| (row.channel, row.conversions)).collect())
        })
        .collect();
    for order in [1, 2] {
        let credit = markov(journeys, order).unwrap();
        all.push((format!("markov {order}"), credit.into_iter().map(|row| (row.channel, row.conversions)).collect()));
    }
    for (name, game) in [("total", Game::Total), ("rate", Game::Rate), ("conditional", Game::Conditional)] {
        let credit = shapley(journeys, game, Sampling { samples: 2, seed: 1 }).unwrap();
        all.push((format!("shapley {name}"), credit.into_iter().map(|row| (row.channel, row.conversions)).collect()));
    }
    all
}

#[test]
fn data_driven_is_nearest_to_what_channels_do() {
    let worlds = if std::env::var_os("SOAK").is_some() { 16 } else { 4 };
    let first: u64 = std::env::var("MRCALL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("seed {first}");
    let mut wrong: BTreeMap<String, BTreeMap<Kind, Vec<f64>>> = BTreeMap::new();
    for seed in first..first + worlds {
        for kind in [Kind::Adding, Kind::Multiplying, Kind::Convincing] {
            let mut rng = Rng(seed.wrapping_mul(0x1234_5678_9abc_def1));
            let (journeys, truth) = World::new(kind, &mut rng).journeys(&mut rng);
            for (model, credit) in models(&journeys) {
                let sum: f64 = credit.iter().map(|(_, credit)| credit).sum();
                let off = credit.iter().map(|(channel, credit)| (credit / sum - truth[channel.as_str()]).abs());
                wrong.entry(model).or_default().entry(kind).or_default().push(off.sum::<f64>() / 2.0);
            }
        }
    }
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let mut means = BTreeMap::new();
    for (model, by_kind) in &wrong {
        let all = mean(&by_kind.values().flatten().copied().collect::<Vec<_>>());
        let kinds: Vec<String> = by_kind.iter().map(|(kind, list)| format!("{kind:?} {:.3}", mean(list))).collect();
        println!("figure: distance to the truth of {model}: {all:.3} ({})", kinds.join(", "));
        means.insert(model.as_str(), all);
    }
    let learned = ["data_driven", "shapley conditional"];
    for (model, distance) in means.iter().filter(|(model, _)| !learned.contains(model)) {
        assert!(means["data_driven"] < 0.75 * distance, "{model}: {distance}, data_driven: {}", means["data_driven"]);
    }
    assert!(means["data_driven"] < 0.2, "{}", means["data_driven"]);
}
