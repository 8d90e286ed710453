//! The credit of the touches of one conversion: `credit`, `split_amount`.

use mrcall_engine::arrival::is_paid;
use mrcall_engine::credit::{self, Options, Touch};
use mrcall_engine::model::{MODELS, Model};
use mrcall_engine::{Error, split, time};
use pgrx::datum::Interval;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

use crate::error::{SqlResult, needed, needed_element, report};

fn micros(interval: &Interval, name: &str) -> SqlResult<i64> {
    time::exact_micros(interval.months(), interval.days(), interval.micros(), name).map_err(report)
}

/// The same duration in hours, minutes and microseconds alone, so that adding it never asks for a time zone; months and
/// negative durations are `22023`.
#[pg_extern(sql = false)]
fn exact(interval: Option<Interval>, name: &str) -> SqlResult<Interval> {
    let value = micros(&needed(interval, name)?, name)?;
    let value = time::not_negative(value, name).map_err(report)?;
    Interval::new(0, 0, value)
        .map_err(|_| report(Error::invalid(format!("{name} is out of range"), format!("Give a shorter {name}."))))
}

#[pg_extern(sql = false)]
fn credit(
    touched_at: Option<Array<i64>>,
    channels: Option<Array<&str>>,
    converted_at: Option<i64>,
    model: Option<&str>,
    lookback: Option<Interval>,
    half_life: Option<Interval>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    signup_at: Option<i64>,
    business_at: Option<i64>,
    weights: Option<Array<f64>>,
) -> Result<
    TableIterator<'static, (name!(touch_no, i32), name!(channel, String), name!(touched_at, i64), name!(weight, f64))>,
    ErrorReport,
> {
    let model = Model::parse(needed(model, "model")?).map_err(report)?;
    let converted_at = needed(converted_at, "converted_at")?;
    let weights = own_weights(weights)?;
    let options = Options {
        lookback: micros(&needed(lookback, "lookback")?, "lookback")?,
        half_life: micros(&needed(half_life, "half_life")?, "half_life")?,
        first_weight: needed(first_weight, "first_weight")?,
        last_weight: needed(last_weight, "last_weight")?,
        signup_at,
        business_at,
        weights: weights.as_deref(),
    };
    let (Some(touched_at), Some(channels)) = (touched_at, channels) else {
        credit::touch_weights(&[], converted_at, model, &options, is_paid).map_err(report)?;
        return Ok(TableIterator::new(Vec::new()));
    };
    if touched_at.len() != channels.len() {
        return Err(report(Error::invalid(
            format!("touched_at has {} elements and channels has {}", touched_at.len(), channels.len()),
            "Give both arrays the same length.",
        )));
    }
    let touches = touched_at
        .iter()
        .zip(channels.iter())
        .enumerate()
        .map(|(i, (at, channel))| {
            Ok(Touch { at: needed_element(at, "touched_at", i)?, channel: needed_element(channel, "channels", i)? })
        })
        .collect::<SqlResult<Vec<_>>>()?;
    let credits = credit::touch_weights(&touches, converted_at, model, &options, is_paid).map_err(report)?;
    let rows: Vec<_> = credits
        .into_iter()
        .zip(1..)
        .map(|((i, weight), touch_no)| (touch_no, touches[i].channel.to_owned(), touches[i].at, weight))
        .collect();
    Ok(TableIterator::new(rows))
}

/// The argument `weights` of the functions that take the model `custom`.
pub fn own_weights(weights: Option<Array<f64>>) -> SqlResult<Option<Vec<f64>>> {
    let element = |(i, weight)| needed_element(weight, "weights", i);
    weights.map(|weights| weights.iter().enumerate().map(element).collect()).transpose()
}

#[pg_extern(sql = false)]
fn models() -> TableIterator<
    'static,
    (name!(model, &'static str), name!(additive, bool), name!(needs, &'static str), name!(description, &'static str)),
> {
    TableIterator::new(MODELS.map(|known| (known.name, known.is_additive, known.needs.name(), known.description)))
}

/// The parts of an amount as decimal text; the SQL function around it casts them.
#[pg_extern(sql = false)]
fn split_amount(amount: &str, weights: Array<f64>, scale: i32) -> SqlResult<Vec<String>> {
    let weights =
        weights.iter().enumerate().map(|(i, w)| needed_element(w, "weights", i)).collect::<SqlResult<Vec<_>>>()?;
    split::split_amount(amount, &weights, scale).map_err(report)
}
