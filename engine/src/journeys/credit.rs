//! The credit of each value of the dimension, by currency and model.

use hashbrown::HashMap;
use num_bigint::BigInt;

use super::index::Index;
use super::output::{Amount, CreditRow};
use super::set::StoredConversion;
use crate::arrival::is_paid;
use crate::credit::{self, Options};
use crate::error::Result;
use crate::model::Model;
use crate::resource::interrupt;
use crate::split;
use crate::state::NONE;

/// Decimals of the parts of a conversion.
const COUNT_SCALE: usize = 6;
/// A whole conversion in its parts.
const WHOLE: u32 = 1_000_000;

/// What one value of the dimension has in one currency.
struct Cell {
    value: u32,
    currency: u32,
    /// By model: millionths of conversions, units of the value.
    sums: Vec<(BigInt, BigInt)>,
}

/// The rows of the report, in order of currency and value by bytes, the unattributed row of each currency last; one of
/// no currency where there is no conversion at all.
pub(super) fn credit(index: &Index<'_>) -> Result<Vec<CreditRow>> {
    let set = index.set();
    let models = &set.settings.models;
    let scales = scales(&set.conversions);
    let mut cells: Vec<Cell> = Vec::new();
    let mut places: HashMap<(u32, u32), usize> = HashMap::new();
    let mut place_of = |cells: &mut Vec<Cell>, value: u32, currency: u32| {
        *places.entry((value, currency)).or_insert_with(|| {
            cells.push(Cell { value, currency, sums: vec![Default::default(); models.len()] });
            cells.len() - 1
        })
    };
    // Who got credit, by model: cell and browser, once for each touch.
    let mut credited: Vec<Vec<(usize, u32)>> = vec![Vec::new(); models.len()];
    let mut journey = Vec::new();

    for conversion in &set.conversions {
        interrupt::check();
        let scale = scales.get(&conversion.currency).copied().unwrap_or(conversion.scale);
        let to_scale = BigInt::from(10).pow(u32::try_from(scale.saturating_sub(conversion.scale)).unwrap_or(0));
        index.journey_of(conversion, &mut journey);
        if journey.is_empty() {
            let place = place_of(&mut cells, NONE, conversion.currency);
            for sum in cells.get_mut(place).map(|cell| &mut cell.sums).into_iter().flatten() {
                sum.0 += WHOLE;
                sum.1 += &conversion.units * &to_scale;
            }
            continue;
        }
        let touches: Vec<credit::Touch<'_>> =
            journey.iter().map(|touch| credit::Touch { at: touch.at, channel: set.text(touch.channel) }).collect();
        let of_touch: Vec<usize> =
            journey.iter().map(|touch| place_of(&mut cells, touch.value, conversion.currency)).collect();
        let options = set.options(conversion.signed_up_at, conversion.business_at);
        for (m, model) in models.iter().enumerate() {
            interrupt::check();
            let parts = parts(&touches, conversion, *model, &options)?;
            for ((place, touch), part) in of_touch.iter().zip(&journey).zip(parts) {
                let Some((count, value)) = part else { continue };
                if let Some(sum) = cells.get_mut(*place).and_then(|cell| cell.sums.get_mut(m)) {
                    sum.0 += count;
                    sum.1 += value * &to_scale;
                }
                if let Some(list) = credited.get_mut(m).filter(|_| set.settings.counts) {
                    list.push((*place, touch.visitor));
                }
            }
        }
    }
    for currency in if scales.is_empty() { vec![NONE] } else { scales.keys().copied().collect() } {
        place_of(&mut cells, NONE, currency);
    }
    let counts: Vec<Vec<(u64, u64)>> = credited.into_iter().map(|list| counts(list, cells.len())).collect();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    interrupt::sort_by_key(&mut order, |i| {
        cells.get(*i).map(|cell| (index.rank(cell.currency), index.rank(cell.value)))
    });
    let row = |i: usize| {
        interrupt::check();
        let cell = cells.get(i)?;
        let scale = scales.get(&cell.currency).copied().unwrap_or(0);
        let amounts = cell.sums.iter().enumerate().map(|(m, (count, value))| {
            let (touches, visitors) = counts.get(m).and_then(|list| list.get(i)).copied().unwrap_or_default();
            Amount {
                conversions: split::units_text(count, COUNT_SCALE),
                value: split::units_text(value, scale),
                touches,
                visitors,
            }
        });
        Some(CreditRow {
            value: (cell.value != NONE).then(|| set.text(cell.value).to_owned()),
            currency: (cell.currency != NONE).then(|| set.text(cell.currency).to_owned()),
            amounts: amounts.collect(),
        })
    };
    Ok(order.into_iter().filter_map(row).collect())
}

/// The decimals of each currency: the most of any of its conversions.
fn scales(conversions: &[StoredConversion]) -> HashMap<u32, usize> {
    let mut scales = HashMap::new();
    for conversion in conversions {
        let scale = scales.entry(conversion.currency).or_insert(0);
        *scale = conversion.scale.max(*scale);
    }
    scales
}

/// The part of each touch, in millionths of the conversion and units of its value; `None` for a touch of no weight. A
/// model that is not additive gives every touch all of it.
fn parts(
    touches: &[credit::Touch<'_>],
    conversion: &StoredConversion,
    model: Model,
    options: &Options<'_>,
) -> Result<Vec<Option<(BigInt, BigInt)>>> {
    let weights: Vec<f64> = credit::touch_weights(touches, conversion.ends_at, model, options, is_paid)?
        .into_iter()
        .map(|(_, weight)| weight)
        .collect();
    if !model.about().is_additive || weights.iter().filter(|weight| **weight > 0.0).count() == 1 {
        let whole = || (BigInt::from(WHOLE), conversion.units.clone());
        return Ok(weights.iter().map(|weight| (*weight > 0.0).then(whole)).collect());
    }
    let counts = split::split_units(&BigInt::from(WHOLE), &weights)?;
    let values = split::split_units(&conversion.units, &weights)?;
    let pair = |((weight, count), value): ((&f64, BigInt), BigInt)| (*weight > 0.0).then_some((count, value));
    Ok(weights.iter().zip(counts).zip(values).map(pair).collect())
}

/// How many touches, and how many distinct browsers, each cell has.
fn counts(mut list: Vec<(usize, u32)>, cells: usize) -> Vec<(u64, u64)> {
    interrupt::sort(&mut list);
    let mut counts = vec![(0, 0); cells];
    for same in list.chunk_by(|a, b| a == b) {
        if let Some(count) = same.first().and_then(|(cell, _)| counts.get_mut(*cell)) {
            count.0 += same.len() as u64;
            count.1 += 1;
        }
    }
    counts
}
