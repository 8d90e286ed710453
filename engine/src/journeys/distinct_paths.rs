//! The paths of journeys, converted or not.

use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use num_bigint::BigInt;

use super::index::JourneyIndex;
use super::model_credit::Weigher;
use super::rows::{JourneyRow, PathRow, TableWriter};
use super::set::{StoredConversion, StoredTouch};
use crate::error::Result;
use crate::paths::{ChannelSets, DataDriven};
use crate::resource::interrupt::{self, Throttle};
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;
use crate::split_amount;
use crate::state::NONE;

/// A currency and the values along a way.
type PathKey = (u32, Vec<u32>);

#[derive(Default)]
struct PathSums {
    conversions: u64,
    units: BigInt,
    scale: usize,
    nulls: u64,
}

/// Sums by path and currency.
#[derive(Default)]
pub(super) struct PathTable {
    sums: HashMap<PathKey, PathSums>,
    held: Reservation,
}

impl PathTable {
    fn sums(&mut self, currency: u32, journey: &[StoredTouch]) -> Result<&mut PathSums> {
        let path = memory::collect(journey.iter().map(|touch| touch.value))?;
        memory::reserve_map(&mut self.sums)?;
        match self.sums.entry((currency, path)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                // Its place in the table and in the rows that are sorted, and the path.
                self.held.add(2 * size_of::<(PathKey, PathSums)>() + size_of_val(&*new.key().1))?;
                Ok(new.insert(PathSums::default()))
            }
        }
    }
}

impl PathTable {
    /// The paths of the conversions of a report, and of the journeys without one.
    pub fn of_report(index: &JourneyIndex<'_>) -> Result<Self> {
        let set = index.set();
        Self::of(index, &set.conversions, &set.converted)
    }

    /// Those that [`Model::DataDriven`](crate::attribution_model::Model::DataDriven) learns from where they are others.
    pub fn of_learned(index: &JourneyIndex<'_>) -> Result<Self> {
        let set = index.set();
        Self::of(index, &set.learned, &set.learned_converted)
    }

    fn of(index: &JourneyIndex<'_>, conversions: &[StoredConversion], converted: &[u32]) -> Result<Self> {
        let (mut paths, mut journey) = (Self::default(), HeldVec::default());
        for conversion in conversions {
            interrupt::check();
            index.journey_of(conversion, &mut journey)?;
            let sums = paths.sums(conversion.currency, &journey)?;
            sums.conversions += 1;
            let scale = sums.scale.max(conversion.scale);
            let finer = |from: usize| BigInt::from(10).pow(u32::try_from(scale - from).unwrap_or(0));
            sums.units = &sums.units * finer(sums.scale) + &conversion.units * finer(conversion.scale);
            sums.scale = scale;
        }
        if let Some(range) = index.set().settings.unconverted {
            unconverted(index, range, converted, &mut paths)?;
        }
        Ok(paths)
    }

    /// What the model `data_driven` learns from these paths, of all currencies; its channels are the ranks of the values.
    pub fn learn(&self, index: &JourneyIndex<'_>) -> Result<DataDriven> {
        let (mut steps, mut ends, mut throttle) =
            (HeldVec::default(), HeldVec::with_room(self.sums.len())?, Throttle::default());
        for (_, path) in self.sums.keys() {
            throttle.steps(1 + path.len());
            for value in path {
                steps.push(index.rank(*value))?;
            }
            ends.push(steps.len())?;
        }
        let mut start = 0;
        let paths = ends.iter().map(|end| steps.get(core::mem::replace(&mut start, *end)..*end).unwrap_or_default());
        let mut sets = ChannelSets::of(paths)?;
        // Whole numbers: their sums are the same in any order.
        for (i, ((_, path), sums)) in self.sums.iter().enumerate().filter(|(_, ((_, path), _))| !path.is_empty()) {
            throttle.steps(1 + path.len());
            sets.add(i, [sums.conversions as f64, 0.0, (sums.conversions + sums.nulls) as f64]);
        }
        DataDriven::new(sets)
    }
}

/// Writes the distinct paths, in order of currency, then path by bytes. An unattributed conversion has an empty path; journeys
/// without a conversion have no currency.
pub(super) fn paths(index: &JourneyIndex<'_>, paths: PathTable, table: &mut TableWriter<PathRow>) -> Result<()> {
    let set = index.set();
    let mut rows: Vec<(PathKey, PathSums)> = memory::collect(paths.sums)?;
    sort::by(&mut rows, |((currency, path), _), ((other_currency, other_path), _)| {
        let rank = |text: &u32| index.rank(*text);
        let by_path = || path.iter().map(rank).cmp(other_path.iter().map(rank));
        rank(currency).cmp(&rank(other_currency)).then_with(by_path)
    });
    for ((currency, path), sums) in rows {
        interrupt::check();
        table.push(&PathRow {
            path: texts(path.into_iter().map(|value| set.text(value)))?,
            currency: (currency != NONE).then(|| memory::text(set.text(currency))).transpose()?,
            conversions: sums.conversions,
            value: split_amount::units_text(&sums.units, sums.scale),
            nulls: sums.nulls,
        })?;
    }
    Ok(())
}

/// The journeys of those who did not convert: each customer with all of its browsers, each browser that is linked to
/// nobody.
fn unconverted(
    index: &JourneyIndex<'_>,
    (from, until): (i64, i64),
    converted: &[u32],
    paths: &mut PathTable,
) -> Result<()> {
    let set = index.set();
    let mut numbers = Reservation::default();
    let converted = distinct(converted.iter().copied(), &mut numbers)?;
    let linked = distinct(set.links.iter().map(|(_, visitor)| *visitor), &mut numbers)?;
    let mut journey = HeldVec::default();
    for links in index.customers() {
        interrupt::check();
        if links.first().is_some_and(|(customer, _)| !converted.contains(customer)) {
            index.journey(links, from, until.saturating_sub(1), &mut journey)?;
            if !journey.is_empty() {
                paths.sums(NONE, &journey)?.nulls += 1;
            }
        }
    }
    for touches in index.browsers() {
        interrupt::check();
        if touches.first().is_none_or(|touch| linked.contains(&touch.visitor)) {
            continue;
        }
        journey.clear();
        for touch in touches.iter().filter(|touch| (from..until).contains(&touch.at)) {
            journey.push(*touch)?;
        }
        if !journey.is_empty() {
            index.sort(&mut journey);
            paths.sums(NONE, &journey)?.nulls += 1;
        }
    }
    Ok(())
}

/// The distinct ones of some numbers, held of the limit.
fn distinct(numbers: impl ExactSizeIterator<Item = u32>, held: &mut Reservation) -> Result<HashSet<u32>> {
    // At most seven eighths of a table's places are taken, and their number is a power of two.
    let bytes = (numbers.len() * 8 / 7).next_power_of_two() * (size_of::<u32>() + 1);
    held.add(bytes)?;
    let mut set = HashSet::new();
    memory::trying(|| set.try_reserve(numbers.len())).map_err(|_| memory::out_of_memory(bytes))?;
    set.extend(numbers);
    Ok(set)
}

fn texts<'a>(texts: impl ExactSizeIterator<Item = &'a str>) -> Result<Vec<String>> {
    let (mut copies, mut throttle) = (memory::with_room(texts.len())?, Throttle::default());
    for text in texts {
        throttle.step();
        copies.push(memory::text(text)?);
    }
    Ok(copies)
}

/// The journey of each conversion, in the order in which they came.
pub(super) fn journeys(weigher: &mut Weigher<'_>, table: &mut TableWriter<JourneyRow>) -> Result<()> {
    let index = weigher.index;
    let set = index.set();
    let mut journey = HeldVec::default();
    for conversion in &set.conversions {
        interrupt::check();
        index.journey_of(conversion, &mut journey)?;
        let weights = match set.settings.models.first() {
            Some(model) if !journey.is_empty() => {
                weigher.of(conversion, &journey, &weigher.touches(&journey)?, *model)?
            }
            _ => HeldVec::default(),
        };
        table.push(&JourneyRow {
            id: memory::text(set.text(conversion.id))?,
            currency: (conversion.currency != NONE).then(|| memory::text(set.text(conversion.currency))).transpose()?,
            value: split_amount::units_text(&conversion.units, conversion.scale),
            ends_at: conversion.ends_at,
            path: texts(journey.iter().map(|touch| set.text(touch.value)))?,
            touched_at: memory::collect(journey.iter().map(|touch| touch.at))?,
            visitors: texts(journey.iter().map(|touch| set.text(touch.visitor)))?,
            channels: texts(journey.iter().map(|touch| set.text(touch.channel)))?,
            weights: memory::collect(weights.iter().copied())?,
        })?;
    }
    Ok(())
}
