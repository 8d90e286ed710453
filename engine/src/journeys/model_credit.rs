//! The credit of each value of the dimension, by currency and model.

use hashbrown::HashMap;
use num_bigint::BigInt;

use super::index::JourneyIndex;
use super::rows::{CreditRow, ModelCredit, TableWriter};
use super::set::{StoredConversion, StoredTouch};
use crate::arrival::is_paid;
use crate::attribution_model::Model;
use crate::credit;
use crate::error::Result;
use crate::paths::TouchWeights;
use crate::resource::interrupt;
use crate::resource::memory::{self, HeldVec, Reservation};
use crate::resource::sort;
use crate::split_amount;
use crate::state::NONE;

/// Decimals of the parts of a conversion.
const COUNT_SCALE: usize = 6;
/// A whole conversion in its parts.
const WHOLE: u32 = 1_000_000;

/// What one value of the dimension has in one currency.
struct ValueCredit {
    value: u32,
    currency: u32,
    /// By model: millionths of conversions, units of the value.
    sums: Vec<(BigInt, BigInt)>,
}

/// What all values have in all currencies, each pair at a place of its own.
#[derive(Default)]
struct CreditTable {
    credits: Vec<ValueCredit>,
    places: HashMap<(u32, u32), usize>,
    models: usize,
    held: Reservation,
}

impl CreditTable {
    fn place(&mut self, value: u32, currency: u32) -> Result<usize> {
        if let Some(place) = self.places.get(&(value, currency)) {
            return Ok(*place);
        }
        // A sum has a block of its own for its digits: 32 bytes with what the allocator needs.
        let sums = self.models * (size_of::<(BigInt, BigInt)>() + 2 * 32);
        self.held.add(size_of::<ValueCredit>() + size_of::<((u32, u32), usize)>() + sums)?;
        memory::reserve_map(&mut self.places)?;
        let place = self.credits.len();
        let sums = memory::filled(Default::default(), self.models)?;
        memory::push(&mut self.credits, ValueCredit { value, currency, sums })?;
        self.places.insert((value, currency), place);
        Ok(place)
    }
}

/// The weights of the touches of journeys under a set's models.
pub(super) struct Weigher<'a> {
    pub index: &'a JourneyIndex<'a>,
    /// What [`Model::DataDriven`] goes by.
    learned: Option<TouchWeights>,
}

impl<'a> Weigher<'a> {
    pub fn new(index: &'a JourneyIndex<'a>, learned: Option<TouchWeights>) -> Self {
        Self { index, learned }
    }

    /// The touches of a journey as the models see them.
    pub fn touches(&self, journey: &[StoredTouch]) -> Result<HeldVec<credit::Touch<'a>>> {
        let set = self.index.set();
        HeldVec::collect(journey.iter().map(|touch| credit::Touch { at: touch.at, channel: set.text(touch.channel) }))
    }

    /// The weight of each touch of a conversion's journey; `touches` are those of [`Self::touches`].
    pub fn of(
        &mut self,
        conversion: &StoredConversion,
        journey: &[StoredTouch],
        touches: &[credit::Touch<'_>],
        model: Model,
    ) -> Result<HeldVec<f64>> {
        match self.learned.as_mut().filter(|_| model == Model::DataDriven) {
            Some(learned) => learned.of(&HeldVec::collect(journey.iter().map(|touch| self.index.rank(touch.value)))?),
            None => {
                let options = self.index.set().options(conversion.signed_up_at, conversion.business_at);
                let weights = credit::touch_weights(touches, conversion.ends_at, model, &options, is_paid)?;
                HeldVec::collect(weights.into_iter().map(|(_, weight)| weight))
            }
        }
    }
}

/// Writes the rows of the report, in order of currency and value by bytes, the unattributed row of each currency last; one of
/// no currency where there is no conversion at all.
pub(super) fn credit(weigher: &mut Weigher<'_>, table: &mut TableWriter<CreditRow>) -> Result<()> {
    let index = weigher.index;
    let set = index.set();
    let models = &set.settings.models;
    let scales = scales(&set.conversions)?;
    let mut all = CreditTable { models: models.len(), ..CreditTable::default() };
    // Who got credit, by model: place and browser, once for each touch.
    let mut credited: Vec<HeldVec<(usize, u32)>> = models.iter().map(|_| HeldVec::default()).collect();
    let mut journey = HeldVec::default();

    for conversion in &set.conversions {
        interrupt::check();
        let scale = scales.get(&conversion.currency).copied().unwrap_or(conversion.scale);
        let to_scale = BigInt::from(10).pow(u32::try_from(scale.saturating_sub(conversion.scale)).unwrap_or(0));
        index.journey_of(conversion, &mut journey)?;
        if journey.is_empty() {
            let place = all.place(NONE, conversion.currency)?;
            for sum in all.credits.get_mut(place).map(|credit| &mut credit.sums).into_iter().flatten() {
                sum.0 += WHOLE;
                sum.1 += &conversion.units * &to_scale;
            }
            continue;
        }
        let touches = weigher.touches(&journey)?;
        let mut places = HeldVec::with_room(journey.len())?;
        for touch in &journey {
            places.push(all.place(touch.value, conversion.currency)?)?;
        }
        for (m, model) in models.iter().enumerate() {
            interrupt::check();
            let weights = weigher.of(conversion, &journey, &touches, *model)?;
            let parts = parts(&weights, conversion, *model)?;
            for ((place, touch), part) in places.iter().zip(&journey).zip(parts) {
                let Some((count, value)) = part else { continue };
                if let Some(sum) = all.credits.get_mut(*place).and_then(|credit| credit.sums.get_mut(m)) {
                    sum.0 += count;
                    sum.1 += value * &to_scale;
                }
                if let Some(list) = credited.get_mut(m).filter(|_| set.settings.counts) {
                    list.push((*place, touch.visitor))?;
                }
            }
        }
    }
    for currency in if scales.is_empty() { vec![NONE] } else { memory::collect(scales.keys().copied())? } {
        all.place(NONE, currency)?;
    }
    let places = all.credits.len();
    let counts = credited.into_iter().map(|list| counts(list, places)).collect::<Result<Vec<_>>>()?;
    let mut order = HeldVec::collect(all.credits.iter().zip(0..))?;
    sort::by_key(&mut order, |(credit, _)| (index.rank(credit.currency), index.rank(credit.value)));
    for (credit, place) in &order {
        interrupt::check();
        let scale = scales.get(&credit.currency).copied().unwrap_or(0);
        let credits = credit.sums.iter().zip(&counts).map(|((count, value), counts)| {
            let (touches, visitors) = counts.get(*place).copied().unwrap_or_default();
            let conversions = split_amount::units_text(count, COUNT_SCALE);
            ModelCredit { conversions, value: split_amount::units_text(value, scale), touches, visitors }
        });
        table.push(&CreditRow {
            value: (credit.value != NONE).then(|| memory::text(set.text(credit.value))).transpose()?,
            currency: (credit.currency != NONE).then(|| memory::text(set.text(credit.currency))).transpose()?,
            credits: credits.collect(),
        })?;
    }
    Ok(())
}

/// The decimals of each currency: the most of any of its conversions.
fn scales(conversions: &[StoredConversion]) -> Result<HashMap<u32, usize>> {
    let mut scales = HashMap::new();
    for conversion in conversions {
        memory::reserve_map(&mut scales)?;
        let scale = scales.entry(conversion.currency).or_insert(0);
        *scale = conversion.scale.max(*scale);
    }
    Ok(scales)
}

/// The part of each touch, in millionths of the conversion and units of its value; `None` for a touch of no weight. A
/// model that is not additive gives every touch all of it.
fn parts(weights: &[f64], conversion: &StoredConversion, model: Model) -> Result<Vec<Option<(BigInt, BigInt)>>> {
    if !model.about().is_additive || weights.iter().filter(|weight| **weight > 0.0).count() == 1 {
        let whole = || (BigInt::from(WHOLE), conversion.units.clone());
        return memory::collect(weights.iter().map(|weight| (*weight > 0.0).then(whole)));
    }
    let counts = split_amount::split_units(&BigInt::from(WHOLE), weights)?;
    let values = split_amount::split_units(&conversion.units, weights)?;
    let pair = |((weight, count), value): ((&f64, BigInt), BigInt)| (*weight > 0.0).then_some((count, value));
    memory::collect(weights.iter().zip(counts).zip(values).map(pair))
}

/// How many touches, and how many distinct browsers, each place has.
fn counts(mut list: HeldVec<(usize, u32)>, places: usize) -> Result<HeldVec<(u64, u64)>> {
    sort::ascending(&mut list);
    let mut counts = HeldVec::filled((0, 0), places)?;
    for same in list.chunk_by(|a, b| a == b) {
        if let Some(count) = same.first().and_then(|(place, _)| counts.get_mut(*place)) {
            count.0 += same.len() as u64;
            count.1 += 1;
        }
    }
    Ok(counts)
}
