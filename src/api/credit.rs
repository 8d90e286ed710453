//! The credit of the touches of one conversion: `credit`, `split_amount`.

use mrcall_engine::arrival::is_paid;
use mrcall_engine::attribution_model::{MODELS, Model};
use mrcall_engine::credit::{self, Options, Touch};
use mrcall_engine::resource::interrupt::Throttle;
use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::{Error, split_amount, time};
use pgrx::Array;
use pgrx::datum::Interval;

use crate::error::{SqlResult, needed, needed_element, report};
use crate::pg::function_call::Call;
use crate::pg::text_array::TextArray;

/// The microseconds of an argument that must not be NULL; months are `22023`.
pub fn exact_micros(interval: Option<Interval>, name: &str) -> SqlResult<i64> {
    let interval = needed(interval, name)?;
    time::exact_micros(interval.months(), interval.days(), interval.micros(), name).map_err(report)
}

/// The same duration in hours, minutes and microseconds alone, so that adding it never asks for a time zone; months and
/// negative durations are `22023`.
pub fn exact(interval: Option<Interval>, name: Option<&str>) -> SqlResult<Interval> {
    let name = needed(name, "name")?;
    let value = time::not_negative(exact_micros(interval, name)?, name).map_err(report)?;
    Interval::new(0, 0, value)
        .map_err(|_| report(Error::invalid(format!("{name} is out of range"), format!("Give a shorter {name}."))))
}

pub fn credit(
    call: Call<'_>,
    touched_at: Option<Array<'_, i64>>,
    channels: Option<TextArray<'_>>,
    converted_at: Option<i64>,
    model: Option<&str>,
    lookback: Option<Interval>,
    half_life: Option<Interval>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    signup_at: Option<i64>,
    business_at: Option<i64>,
    weights: Option<Array<'_, f64>>,
) -> SqlResult<()> {
    let model = Model::parse(needed(model, "model")?).map_err(report)?;
    let converted_at = needed(converted_at, "converted_at")?;
    let weights = own_weights(weights)?;
    let options = Options {
        lookback: exact_micros(lookback, "lookback")?,
        half_life: exact_micros(half_life, "half_life")?,
        first_weight: needed(first_weight, "first_weight")?,
        last_weight: needed(last_weight, "last_weight")?,
        signup_at,
        business_at,
        weights: weights.as_deref(),
    };
    let mut touches = HeldVec::default();
    let channels = channels.map(|channels| channels.one_dimension("channels")).transpose()?;
    if let (Some(touched_at), Some(channels)) = (touched_at, channels) {
        if touched_at.len() != channels.len() {
            return Err(report(Error::invalid(
                format!("touched_at has {} elements and channels has {}", touched_at.len(), channels.len()),
                "Give both arrays the same length.",
            )));
        }
        let mut throttle = Throttle::default();
        for (i, (at, channel)) in touched_at.iter().zip(channels.texts()).enumerate() {
            let at = needed_element(at, "touched_at", i)?;
            throttle.step();
            let channel = needed_element(channel?, "channels", i)?;
            touches.push(Touch { at, channel }).map_err(report)?;
        }
    }
    let credits = credit::touch_weights(&touches, converted_at, model, &options, is_paid).map_err(report)?;
    call.table(credits.into_iter().zip(1i32..).filter_map(|((i, weight), touch_no)| {
        let touch = touches.get(i)?;
        Some((touch_no, touch.channel, touch.at, weight))
    }))
}

/// The argument `weights` of the functions that take the model `custom`.
pub fn own_weights(weights: Option<Array<'_, f64>>) -> SqlResult<Option<HeldVec<f64>>> {
    let Some(weights) = weights else { return Ok(None) };
    let (mut own, mut throttle) = (HeldVec::with_room(weights.len()).map_err(report)?, Throttle::default());
    for (i, weight) in weights.iter().enumerate() {
        throttle.step();
        own.push(needed_element(weight, "weights", i)?).map_err(report)?;
    }
    Ok(Some(own))
}

pub fn models(call: Call<'_>) -> SqlResult<()> {
    call.table(MODELS.map(|known| (known.name, known.is_additive, known.needs.name(), known.description)))
}

/// The parts of an amount as decimal text; the SQL function around it casts them.
pub fn split_amount(amount: &str, weights: Array<'_, f64>, scale: i32) -> SqlResult<Vec<String>> {
    let weights = own_weights(Some(weights))?.unwrap_or_default();
    split_amount::split_amount(amount, &weights, scale).map_err(report)
}
