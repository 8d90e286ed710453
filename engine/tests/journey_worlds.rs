//! Journeys against their definition, on random worlds full of ties: shared browsers, several conversions a person, links
//! that repeat, lookbacks from nothing on, restarts, persons without a conversion, touches left out before.
//!
//! Each run tries `WORLDS` worlds from the seed in `MRCALL_SEED` on (default 1); what fails names its world's seed.

use std::collections::{BTreeMap, BTreeSet};

use mrcall_engine::arrival::is_paid;
use mrcall_engine::attribution_model::Model;
use mrcall_engine::journeys::{
    AnswerRow, AnswerRows, Conversion, CreditRow, JourneyRow, JourneySet, JourneySettings, JourneyTouch, PathRow,
};
use num_bigint::BigUint;

const WORLDS: u64 = 12_000;
const MODELS: [Model; 10] = [
    Model::FirstTouch,
    Model::LastTouch,
    Model::LastNonDirect,
    Model::LastPaid,
    Model::Linear,
    Model::PositionBased,
    Model::InverseJ,
    Model::TimeDecay,
    Model::Participation,
    Model::DataDriven,
];
const CHANNELS: [&str; 5] = ["Direct", "Direct", "Email", "Paid Search", "Référence"];
const HALF_LIFE: i64 = 4;

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
    fn name(&mut self, letter: char, bound: u64) -> String {
        format!("{letter}{}", self.below(bound))
    }
    fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[derive(Debug, Clone)]
struct Converted {
    id: String,
    customer: Option<String>,
    at: i64,
    units: i64,
    currency: Option<&'static str>,
}

/// In the order in which touches follow one another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Touched {
    at: i64,
    channel: &'static str,
    value: String,
    visitor: String,
}

#[derive(Debug, Default)]
struct World {
    conversions: Vec<Converted>,
    links: Vec<(String, String)>,
    touches: Vec<Touched>,
    /// Who converted before the end of the range, beside those of `conversions`.
    converted: Vec<String>,
    restarts: Vec<(String, i64)>,
    /// Where `data_driven` learns from other conversions: they, and who has converted beside.
    learned: Option<(Vec<Converted>, Vec<String>)>,
    lookback: i64,
    unconverted: Option<(i64, i64)>,
}

fn world(rng: &mut Rng) -> World {
    let (customers, visitors, span) = (1 + rng.below(4), 1 + rng.below(5), [4, 12, 40][rng.below(3) as usize]);
    let mut world = World { lookback: [0, 1, 3, 8, 1000][rng.below(5) as usize], ..World::default() };
    for _ in 0..rng.below(10) {
        world.links.push((rng.name('c', customers), rng.name('v', visitors)));
    }
    for _ in 0..rng.below(25) {
        world.touches.push(Touched {
            at: rng.below(span) as i64,
            channel: CHANNELS[rng.below(5) as usize],
            value: rng.name('d', 3),
            visitor: rng.name('v', visitors + 1),
        });
    }
    let sign = if rng.below(4) == 0 { -1 } else { 1 };
    for id in 0..rng.below(7) {
        let most = [3, 100, 1_000_000][rng.below(3) as usize];
        world.conversions.push(Converted {
            id: format!("id{id}"),
            customer: (rng.below(8) > 0).then(|| rng.name('c', customers)),
            at: rng.below(span) as i64,
            units: sign * rng.below(most) as i64,
            currency: [None, Some("EUR"), Some("JPY")][rng.below(3) as usize],
        });
    }
    if rng.below(2) == 0 {
        let own = world.conversions.iter().filter_map(|c| Some((c.customer.clone()?, c.at)));
        world.restarts = own.collect();
        for _ in 0..rng.below(3) {
            world.restarts.push((rng.name('c', customers), rng.below(span) as i64));
        }
    }
    if rng.below(2) == 0 {
        let from = rng.below(span) as i64;
        world.unconverted = Some((from, from + 1 + rng.below(span) as i64));
        world.converted = (0..rng.below(3)).map(|_| rng.name('c', customers)).collect();
    }
    if rng.below(3) == 0 {
        let learned = (0..rng.below(5)).map(|_| Converted {
            id: String::new(),
            customer: (rng.below(8) > 0).then(|| rng.name('c', customers)),
            at: rng.below(span) as i64,
            units: 0,
            currency: None,
        });
        let learned = learned.collect();
        world.learned = Some((learned, (0..rng.below(3)).map(|_| rng.name('c', customers)).collect()));
    }
    world
}

fn scale(currency: Option<&str>) -> usize {
    if currency == Some("JPY") { 0 } else { 2 }
}

/// Units with that many decimals, as text.
fn decimal(units: i128, scale: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn answer(world: &World, rng: &mut Rng) -> Vec<u8> {
    let settings = JourneySettings {
        models: MODELS.to_vec(),
        half_life: HALF_LIFE,
        first_weight: 0.25,
        last_weight: 0.5,
        counts: true,
        paths: true,
        unconverted: world.unconverted,
        journeys: true,
        learns_apart: world.learned.is_some(),
        ..JourneySettings::default()
    };
    let mut set = JourneySet::new(settings).unwrap();
    let converted = world.conversions.iter().filter_map(|c| c.customer.as_ref());
    let (mut links, mut touches) = (world.links.clone(), world.touches.clone());
    rng.shuffle(&mut links);
    rng.shuffle(&mut touches);
    for touch in &touches {
        let Touched { at, channel, value, visitor } = touch;
        set.push_touch(&JourneyTouch { visitor, at: *at, channel, value }).unwrap();
    }
    for c in &world.conversions {
        set.push_conversion(&Conversion {
            id: &c.id,
            customer: c.customer.as_deref(),
            begins_at: c.at - world.lookback,
            ends_at: c.at,
            value: &decimal(c.units.into(), scale(c.currency)),
            scale: scale(c.currency) as i32,
            currency: c.currency,
            signed_up_at: None,
            business_at: None,
        })
        .unwrap();
    }
    for (customer, visitor) in &links {
        set.push_link(customer, visitor).unwrap();
    }
    for customer in converted.chain(&world.converted) {
        set.push_converted(customer).unwrap();
    }
    for (customer, at) in &world.restarts {
        set.push_restart(customer, *at).unwrap();
    }
    if let Some((learned, converted)) = &world.learned {
        for c in learned {
            set.push_learned(c.customer.as_deref(), c.at - world.lookback, c.at).unwrap();
        }
        for customer in learned.iter().filter_map(|c| c.customer.as_ref()).chain(converted) {
            set.push_learned_converted(customer).unwrap();
        }
    }
    set.answer().unwrap()
}

/// The touches of browsers from one instant to another, both included.
fn between(world: &World, visitors: &BTreeSet<&str>, from: i64, to: i64) -> Vec<Touched> {
    let counts = |touch: &&Touched| visitors.contains(touch.visitor.as_str()) && from <= touch.at && touch.at <= to;
    let mut journey: Vec<Touched> = world.touches.iter().filter(counts).cloned().collect();
    journey.sort();
    journey
}

fn browsers<'a>(world: &'a World, customer: &str) -> BTreeSet<&'a str> {
    world.links.iter().filter(|(c, _)| c == customer).map(|(_, visitor)| visitor.as_str()).collect()
}

/// The lookback reaches from the conversion back, both ends included, but not to a restart before it.
fn journey(world: &World, conversion: &Converted) -> Vec<Touched> {
    let Some(customer) = &conversion.customer else { return Vec::new() };
    let restarts = world.restarts.iter().filter(|(c, at)| c == customer && *at < conversion.at);
    let after = restarts.map(|(_, at)| at + 1).max().unwrap_or(i64::MIN);
    between(world, &browsers(world, customer), after.max(conversion.at - world.lookback), conversion.at)
}

/// The weights of a journey's touches by the definitions, not scaled to any sum.
fn weights(journey: &[Touched], model: Model) -> Vec<f64> {
    let count = journey.len();
    let last = |wanted: fn(&str) -> bool| journey.iter().rposition(|touch| wanted(touch.channel));
    let non_direct = last(|channel| channel != "Direct").unwrap_or(count - 1);
    let only = |winner: usize| (0..count).map(|i| f64::from(u8::from(i == winner))).collect();
    let placed = |first: f64, end: f64| match count {
        1 => vec![1.0],
        _ => (0..count)
            .map(|i| match i {
                0 => first,
                _ if i == count - 1 => end,
                _ => (1.0 - first - end) / (count - 2) as f64,
            })
            .collect(),
    };
    match model {
        Model::FirstTouch => only(0),
        Model::LastTouch => only(count - 1),
        Model::LastNonDirect => only(non_direct),
        Model::LastPaid => only(last(is_paid).unwrap_or(non_direct)),
        Model::PositionBased => placed(0.25, 0.5),
        Model::InverseJ => placed(0.6, 0.2),
        Model::TimeDecay => journey
            .iter()
            .map(|touch| 2f64.powf((touch.at - journey[count - 1].at) as f64 / HALF_LIFE as f64))
            .collect(),
        _ => vec![1.0; count],
    }
}

/// Units by largest remainder, the earliest first among equals, the weights at their exact binary value.
fn split(units: i64, weights: &[f64]) -> Vec<i128> {
    let exact: Vec<BigUint> = weights.iter().map(|weight| whole(*weight)).collect();
    let total: BigUint = exact.iter().sum();
    let shares: Vec<BigUint> = exact.iter().map(|weight| weight * units.unsigned_abs()).collect();
    let mut parts: Vec<i128> = shares.iter().map(|share| i128::try_from(share / &total).unwrap()).collect();
    let left = i128::from(units.unsigned_abs()) - parts.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(&shares[*i] % &total));
    for i in order.into_iter().take(left as usize) {
        parts[i] += 1;
    }
    parts.into_iter().map(|part| part * i128::from(units.signum())).collect()
}

/// A weight times 2^1100.
fn whole(weight: f64) -> BigUint {
    let bits = weight.to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    if weight == 0.0 { BigUint::default() } else { BigUint::from(fraction | 1 << 52) << (exponent + 1100 - 1075) }
}

/// What a value of the dimension has in a currency: by model conversions, value, touches, browsers.
type Cells = BTreeMap<(Option<String>, Option<String>), Vec<(i128, i128, u64, BTreeSet<String>)>>;
/// By path and currency: conversions, value, journeys without one.
type Paths = BTreeMap<(Vec<String>, Option<String>), (u64, i128, u64)>;

fn path(journey: &[Touched]) -> Vec<String> {
    journey.iter().map(|touch| touch.value.clone()).collect()
}

fn cells(world: &World) -> Cells {
    let mut cells = Cells::new();
    let nothing = || vec![Default::default(); MODELS.len()];
    let seen = seen(world);
    for c in &world.conversions {
        let currency = c.currency.map(str::to_owned);
        let journey = journey(world, c);
        let rest = cells.entry((None, currency.clone())).or_insert_with(nothing);
        if journey.is_empty() {
            for (conversions, value, ..) in rest {
                *conversions += 1_000_000;
                *value += i128::from(c.units);
            }
            continue;
        }
        for (m, model) in MODELS.into_iter().enumerate() {
            let weights = match model {
                Model::DataDriven => data_driven(&journey, &seen),
                _ => weights(&journey, model),
            };
            let (counts, values) = match model {
                Model::Participation => (vec![1_000_000; journey.len()], vec![i128::from(c.units); journey.len()]),
                _ => (split(1_000_000, &weights), split(c.units, &weights)),
            };
            for (i, touch) in journey.iter().enumerate() {
                let cell = &mut cells.entry((Some(touch.value.clone()), currency.clone())).or_insert_with(nothing)[m];
                cell.0 += counts[i];
                cell.1 += values[i];
                if weights[i] > 0.0 {
                    cell.2 += 1;
                    cell.3.insert(touch.visitor.clone());
                }
            }
        }
    }
    if cells.is_empty() {
        cells.insert((None, None), nothing());
    }
    cells
}

fn paths(world: &World) -> Paths {
    let mut paths = Paths::new();
    for c in &world.conversions {
        let sums = paths.entry((path(&journey(world, c)), c.currency.map(str::to_owned))).or_default();
        sums.0 += 1;
        sums.1 += i128::from(c.units);
    }
    for journey in unconverted(world, &world.conversions, &world.converted) {
        paths.entry((path(&journey), None)).or_default().2 += 1;
    }
    paths
}

/// The journeys in the range of those who have not converted.
fn unconverted(world: &World, conversions: &[Converted], converted: &[String]) -> Vec<Vec<Touched>> {
    let Some((from, until)) = world.unconverted else { return Vec::new() };
    let has_converted = |customer: &str| {
        converted.iter().any(|c| c == customer) || conversions.iter().any(|c| c.customer.as_deref() == Some(customer))
    };
    let customers: BTreeSet<&str> = world.links.iter().map(|(customer, _)| customer.as_str()).collect();
    let linked: BTreeSet<&str> = world.links.iter().map(|(_, visitor)| visitor.as_str()).collect();
    let strangers: BTreeSet<&str> = world.touches.iter().map(|touch| touch.visitor.as_str()).collect();
    let persons = customers.into_iter().filter(|customer| !has_converted(customer)).map(|c| browsers(world, c));
    let persons = persons.chain(strangers.difference(&linked).map(|visitor| BTreeSet::from([*visitor])));
    persons.map(|person| between(world, &person, from, until - 1)).filter(|journey| !journey.is_empty()).collect()
}

/// By set of values: how many journeys have exactly it, and how many of them converted.
type Seen = BTreeMap<BTreeSet<String>, (f64, f64)>;

fn seen(world: &World) -> Seen {
    let own = (world.conversions.clone(), world.converted.clone());
    let (conversions, converted) = world.learned.as_ref().unwrap_or(&own);
    let mut seen = Seen::new();
    let done = conversions.iter().map(|c| (journey(world, c), 1.0)).filter(|(journey, _)| !journey.is_empty());
    for (journey, converts) in done.chain(unconverted(world, conversions, converted).into_iter().map(|j| (j, 0.0))) {
        let sums = seen.entry(path(&journey).into_iter().collect()).or_default();
        *sums = (sums.0 + 1.0, sums.1 + converts);
    }
    seen
}

/// The mean of what each value adds to the rate of conversions, over all orders in which the values of a journey may come.
fn data_driven(journey: &[Touched], seen: &Seen) -> Vec<f64> {
    let worth = |set: &[&String]| {
        let set: BTreeSet<String> = set.iter().copied().cloned().collect();
        seen.get(&set).map_or(0.0, |(all, converted)| converted / all)
    };
    let values: BTreeSet<&String> = journey.iter().map(|touch| &touch.value).collect();
    let (mut gains, mut orders) = (BTreeMap::<&String, f64>::new(), vec![Vec::new()]);
    for value in values {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<&String>| {
                (0..=order.len()).map(|at| [&order[..at], &[value], &order[at..]].concat())
            })
            .collect();
    }
    for order in &orders {
        for (i, value) in order.iter().enumerate() {
            *gains.entry(*value).or_default() += (worth(&order[..=i]) - worth(&order[..i])) / orders.len() as f64;
        }
    }
    gains.values_mut().for_each(|gain| *gain = if *gain < 1e-12 { 0.0 } else { *gain });
    let sum: f64 = gains.values().sum();
    let quantum = 2f64.powi(-40);
    let weight = |touch: &Touched| {
        let share = if sum > 0.0 { gains[&touch.value] / sum } else { 1.0 / gains.len() as f64 };
        let times = journey.iter().filter(|other| other.value == touch.value).count();
        (share / quantum).round() * quantum / times as f64
    };
    journey.iter().map(weight).collect()
}

fn rows_of<T: AnswerRow>(answer: &[u8]) -> Vec<T> {
    let mut table = AnswerRows::<T>::new(answer).unwrap();
    std::iter::from_fn(|| table.next_row().unwrap()).collect()
}

fn check(seed: u64) -> usize {
    let mut rng = Rng(seed);
    let world = world(&mut rng);
    let answer = answer(&world, &mut rng);
    let shown = || format!("seed {seed}: {world:#?}");

    let mut wanted = cells(&world);
    for row in rows_of::<CreditRow>(&answer) {
        // Without a conversion there is one row, of no currency.
        let decimals = if world.conversions.is_empty() { 0 } else { scale(row.currency.as_deref()) };
        let cell = wanted.remove(&(row.value.clone(), row.currency.clone()));
        let cell = cell.unwrap_or_else(|| panic!("{row:?} is too much, {}", shown()));
        for ((amount, model), (conversions, value, touches, browsers)) in row.credits.iter().zip(MODELS).zip(cell) {
            let found = (&*amount.conversions, &*amount.value, amount.touches, amount.visitors);
            let (conversions, value) = (decimal(conversions, 6), decimal(value, decimals));
            let expected = (&*conversions, &*value, touches, browsers.len() as u64);
            assert_eq!(found, expected, "{model:?} of {:?} {:?}, {}", row.value, row.currency, shown());
        }
    }
    assert!(wanted.is_empty(), "missing: {wanted:?}, {}", shown());

    let mut wanted = paths(&world);
    for row in rows_of::<PathRow>(&answer) {
        let expected = wanted.remove(&(row.path.clone(), row.currency.clone())).unwrap_or_default();
        let decimals = if expected.0 == 0 { 0 } else { scale(row.currency.as_deref()) };
        let expected = (expected.0, decimal(expected.1, decimals), expected.2);
        assert_eq!((row.conversions, row.value.clone(), row.nulls), expected, "{row:?}, {}", shown());
    }
    assert!(wanted.is_empty(), "missing: {wanted:?}, {}", shown());

    let rows = rows_of::<JourneyRow>(&answer);
    assert_eq!(rows.len(), world.conversions.len(), "{}", shown());
    let mut touches = 0;
    for (row, conversion) in rows.iter().zip(&world.conversions) {
        let journey = journey(&world, conversion);
        let times: Vec<i64> = journey.iter().map(|touch| touch.at).collect();
        assert_eq!((&row.id, row.ends_at), (&conversion.id, conversion.at), "{}", shown());
        assert_eq!((&row.path, &row.touched_at), (&path(&journey), &times), "{row:?}, {}", shown());
        touches += journey.len();
    }
    touches
}

#[test]
fn journeys_are_what_the_definition_says() {
    let first = std::env::var("MRCALL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let touches: usize = (first..first + WORLDS).map(check).sum();
    assert!(touches as u64 > 2 * WORLDS, "only {touches} touches in all journeys");
}
