//! The paths of journeys, converted or not.

use hashbrown::{HashMap, HashSet};
use num_bigint::BigInt;

use super::index::Index;
use super::output::{JourneyRow, PathRow};
use super::set::StoredTouch;
use crate::resource::interrupt;
use crate::split;
use crate::state::NONE;

#[derive(Default)]
struct Sums {
    conversions: u64,
    units: BigInt,
    scale: usize,
    nulls: u64,
}

/// Sums by path and currency.
#[derive(Default)]
struct Paths(HashMap<(u32, Vec<u32>), Sums>);

impl Paths {
    fn of(&mut self, currency: u32, journey: &[StoredTouch]) -> &mut Sums {
        self.0.entry((currency, journey.iter().map(|touch| touch.value).collect())).or_default()
    }
}

/// The distinct paths, in order of currency, then path by bytes. An unattributed conversion has an empty path; journeys
/// without a conversion have no currency.
pub(super) fn paths(index: &Index<'_>) -> Vec<PathRow> {
    let set = index.set();
    let mut paths = Paths::default();
    let mut journey = Vec::new();
    for conversion in &set.conversions {
        interrupt::check();
        index.journey_of(conversion, &mut journey);
        let sums = paths.of(conversion.currency, &journey);
        sums.conversions += 1;
        let scale = sums.scale.max(conversion.scale);
        let finer = |from: usize| BigInt::from(10).pow(u32::try_from(scale - from).unwrap_or(0));
        sums.units = &sums.units * finer(sums.scale) + &conversion.units * finer(conversion.scale);
        sums.scale = scale;
    }
    if let Some(range) = set.settings.unconverted {
        unconverted(index, range, &mut paths);
    }
    let mut rows: Vec<((u32, Vec<u32>), Sums)> = paths.0.into_iter().collect();
    interrupt::sort_by(&mut rows, |((currency, path), _), ((other_currency, other_path), _)| {
        let rank = |text: &u32| index.rank(*text);
        let by_path = || path.iter().map(rank).cmp(other_path.iter().map(rank));
        rank(currency).cmp(&rank(other_currency)).then_with(by_path)
    });
    let row = |((currency, path), sums): ((u32, Vec<u32>), Sums)| {
        interrupt::check();
        PathRow {
            path: path.into_iter().map(|value| set.text(value).to_owned()).collect(),
            currency: (currency != NONE).then(|| set.text(currency).to_owned()),
            conversions: sums.conversions,
            value: split::units_text(&sums.units, sums.scale),
            nulls: sums.nulls,
        }
    };
    rows.into_iter().map(row).collect()
}

/// The journeys of those who did not convert: each customer with all of its browsers, each browser that is linked to
/// nobody.
fn unconverted(index: &Index<'_>, (from, until): (i64, i64), paths: &mut Paths) {
    let set = index.set();
    let converted: HashSet<u32> = set.converted.iter().copied().collect();
    let linked: HashSet<u32> = set.links.iter().map(|(_, visitor)| *visitor).collect();
    let mut journey = Vec::new();
    for links in index.customers() {
        interrupt::check();
        if links.first().is_some_and(|(customer, _)| !converted.contains(customer)) {
            index.journey(links, from, until.saturating_sub(1), &mut journey);
            if !journey.is_empty() {
                paths.of(NONE, &journey).nulls += 1;
            }
        }
    }
    for touches in index.browsers() {
        interrupt::check();
        if touches.first().is_none_or(|touch| linked.contains(&touch.visitor)) {
            continue;
        }
        journey.clear();
        journey.extend(touches.iter().filter(|touch| (from..until).contains(&touch.at)));
        if !journey.is_empty() {
            index.sort(&mut journey);
            paths.of(NONE, &journey).nulls += 1;
        }
    }
}

/// The journey of each conversion, in the order in which they came.
pub(super) fn journeys(index: &Index<'_>) -> Vec<JourneyRow> {
    let set = index.set();
    let mut rows = Vec::with_capacity(set.conversions.len());
    let mut journey = Vec::new();
    for conversion in &set.conversions {
        interrupt::check();
        index.journey_of(conversion, &mut journey);
        rows.push(JourneyRow {
            id: set.text(conversion.id).to_owned(),
            currency: (conversion.currency != NONE).then(|| set.text(conversion.currency).to_owned()),
            value: split::units_text(&conversion.units, conversion.scale),
            ends_at: conversion.ends_at,
            path: journey.iter().map(|touch| set.text(touch.value).to_owned()).collect(),
            touched_at: journey.iter().map(|touch| touch.at).collect(),
        });
    }
    rows
}
