//! `path_agg`, the accessors of its state, and the models over all journeys.

use mrcall_engine::Error;
use mrcall_engine::arrival::is_paid;
use mrcall_engine::attribution_model::{MODELS, Model, Needs};
use mrcall_engine::credit::Options;
use mrcall_engine::paths::{self, Bootstrap, ExactAmount, Game, Journeys, ModelCredits, PathSet, Sampling, Transform};
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::{self, Reservation};
use pgrx::{AnyNumeric, Array};

use super::credit::own_weights;
use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::answer::Made;
use crate::pg::arg::Numeric;
use crate::pg::function_call::Call;
use crate::pg::text::text_array;
use crate::pg::text_array::TextArray;

/// The row of conversions without a touch.
const UNATTRIBUTED: &str = "(unattributed)";

fn read(bytes: &[u8]) -> SqlResult<Journeys> {
    Journeys::decode(bytes).map_err(report)
}

/// An amount of money; NaN and infinity are `22023`.
fn amount(value: Numeric, name: &str) -> SqlResult<ExactAmount> {
    match value {
        Numeric::Finite { groups, weight, is_negative } => Ok(match groups.is_empty() {
            true => ExactAmount::default(),
            false => ExactAmount::from_groups(&groups, weight, is_negative),
        }),
        Numeric::Special(word) => {
            Err(report(Error::invalid(format!("{name} is {word}"), format!("Give a finite {name}."))))
        }
    }
}

pub fn path_agg_trans<'fcx>(
    state: Held<'fcx, PathSet>,
    path: Option<TextArray<'_>>,
    conversions: Option<i64>,
    value: Option<Numeric>,
    nulls: Option<i64>,
) -> SqlResult<Held<'fcx, PathSet>> {
    let path = path.map(|path| path.one_dimension("path")).transpose()?;
    let value = value.map_or(Ok(ExactAmount::default()), |value| amount(value, "value"))?;
    let (conversions, nulls) = (conversions.unwrap_or(0), nulls.unwrap_or(0));
    state.transition(
        || Ok(PathSet::default()),
        |set| {
            let Some(path) = path else {
                return set.push([b""; 0], conversions, &value, nulls).map_err(report);
            };
            let mut unreadable = None;
            let steps = path.elements().map_while(|step| step.map_err(|element| unreadable = Some(element)).ok());
            set.push(steps, conversions, &value, nulls).map_err(report)?;
            unreadable.map_or(Ok(()), |element| element.fail("path"))
        },
    )
}

fn numeric(value: &ExactAmount) -> SqlResult<AnyNumeric> {
    AnyNumeric::try_from(value.to_string().as_str())
        .map_err(|_| report(Error::invalid("a value is out of the range of numeric", "Give values in a larger unit.")))
}

pub fn paths(call: Call<'_>, paths: &[u8]) -> SqlResult<()> {
    let journeys = read(paths)?;
    call.table(journeys.iter().map(|path| {
        let channels = memory::collect(path.steps.iter().map(|step| journeys.name(*step))).map_err(report)?;
        Ok((channels, path.conversions as i64, numeric(path.value)?, path.nulls as i64))
    }))
}

pub fn num_paths(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.len() as i64)
}

pub fn num_conversions(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.totals().conversions as i64)
}

pub fn num_nulls(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.totals().nulls as i64)
}

pub fn total_value(paths: &[u8]) -> SqlResult<AnyNumeric> {
    numeric(&read(paths)?.totals().value)
}

/// Conversions and value of the paths without a touch; `None` when there is no such conversion.
fn unattributed(journeys: &Journeys) -> SqlResult<Option<(f64, f64)>> {
    let sums = journeys.unattributed();
    if sums.conversions == 0 {
        return Ok(None);
    }
    Ok(Some((sums.conversions as f64, sums.value.to_f64().map_err(report)?)))
}

pub fn path_credit(
    call: Call<'_>,
    paths: Option<&[u8]>,
    model: Option<&str>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    weights: Option<Array<'_, f64>>,
) -> SqlResult<()> {
    let model = Model::parse(needed(model, "model")?).map_err(report)?;
    let weights = own_weights(weights)?;
    let options = shares(first_weight, last_weight, weights.as_deref())?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let credits = paths::path_credit(&journeys, model, &options, is_paid).map_err(report)?;
    let apart = unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value));
    let rows = credits.into_iter().map(|credit| (credit.channel, credit.conversions, credit.value));
    call.table(rows.chain(apart))
}

fn shares(first_weight: Option<f64>, last_weight: Option<f64>, weights: Option<&[f64]>) -> SqlResult<Options<'_>> {
    Ok(Options {
        first_weight: needed(first_weight, "first_weight")?,
        last_weight: needed(last_weight, "last_weight")?,
        weights,
        ..Options::default()
    })
}

/// What a channel takes for each model: two sums and the two numbers made of them.
const MODEL_BYTES: usize = 48;

/// Channel, and conversions and value of each model.
const MODEL_COLUMNS: usize = 25;

// A row of SQL's path_models, whose columns name the models that need the order in that of MODELS, then data_driven, then custom: NULL
// without weights.
pub fn path_models(
    call: Call<'_>,
    paths: Option<&[u8]>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    weights: Option<Array<'_, f64>>,
) -> SqlResult<()> {
    let weights = own_weights(weights)?;
    let options = shares(first_weight, last_weight, weights.as_deref())?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let by_order = MODELS.iter().filter(|known| known.needs == Needs::Order).map(|known| known.model);
    let custom = options.weights.map(|_| Model::Custom);
    let models: Vec<Model> = by_order.chain([Model::DataDriven]).chain(custom).collect();
    let mut share = Reservation::default();
    share.set(journeys.channels().len() * models.len() * MODEL_BYTES).map_err(report)?;
    let rows = paths::path_models(&journeys, &models, &options, is_paid).map_err(report)?;
    let apart = unattributed(&journeys)?
        .map(|credit| ModelCredits { channel: UNATTRIBUTED.to_owned(), credits: vec![credit; models.len()] });
    let mut table = call.materialize(MODEL_COLUMNS)?;
    for row in rows.into_iter().chain(apart) {
        interrupt::check();
        table.row.set(0, row.channel)?;
        for (column, (conversions, value)) in (1..).step_by(2).zip(row.credits) {
            table.row.set(column, conversions)?;
            table.row.set(column + 1, value)?;
        }
        table.put();
    }
    Ok(())
}

/// The weight of each touch of a path under the model `data_driven` that the paths of a set teach.
pub fn data_driven_weights(call: Call<'_>, paths: Option<&[u8]>, path: Option<TextArray<'_>>) -> SqlResult<()> {
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let path = needed(path, "path")?.one_dimension("path")?.all("path")?;
    let weights = paths::data_driven_weights(&journeys, &path).map_err(report)?;
    call.table((1i32..).zip(weights))
}

pub fn markov(call: Call<'_>, paths: Option<&[u8]>, markov_order: Option<i32>) -> SqlResult<()> {
    let order = needed(markov_order, "markov_order")?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let found = paths::markov(&journeys, order).map_err(report)?;
    let apart =
        unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value, None));
    let rows = found.into_iter().map(|row| (row.channel, row.conversions, row.value, Some(row.removal_effect)));
    call.table(rows.chain(apart))
}

pub fn shapley(
    call: Call<'_>,
    paths: Option<&[u8]>,
    game: Option<&str>,
    samples: Option<i32>,
    seed: Option<i64>,
) -> SqlResult<()> {
    let game = Game::parse(needed(game, "game")?).map_err(report)?;
    let sampling = Sampling { samples: needed(samples, "samples")?, seed: needed(seed, "seed")? };
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let found = paths::shapley(&journeys, game, sampling).map_err(report)?;
    let apart =
        unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value, 0.0, 0.0));
    let rows =
        found.into_iter().map(|row| (row.channel, row.conversions, row.value, row.std_error, row.value_std_error));
    call.table(rows.chain(apart))
}

pub fn path_interval(
    call: Call<'_>,
    paths: Option<&[u8]>,
    model: Option<&str>,
    markov_order: Option<i32>,
    game: Option<&str>,
    replicates: Option<i32>,
    level: Option<f64>,
    seed: Option<i64>,
) -> SqlResult<()> {
    let model = Model::parse(needed(model, "model")?).map_err(report)?;
    let order = needed(markov_order, "markov_order")?;
    let game = Game::parse(needed(game, "game")?).map_err(report)?;
    let bootstrap = Bootstrap {
        replicates: needed(replicates, "replicates")?,
        level: needed(level, "level")?,
        seed: needed(seed, "seed")?,
    };
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let options = (&Options::default(), is_paid as fn(&str) -> bool);
    let found = paths::interval(&journeys, model, (order, game), options, bootstrap).map_err(report)?;
    call.table(found.into_iter().map(|row| {
        let [lower, upper, std_error] = row.spread.map_or([None; 3], |spread| spread.map(Some));
        (row.channel, row.share, lower, upper, std_error)
    }))
}

pub fn path_transform(
    path: Option<TextArray<'_>>,
    transform: Option<&str>,
    argument: Option<&str>,
) -> SqlResult<Option<Made>> {
    let transform = Transform::parse(needed(transform, "transform")?, argument).map_err(report)?;
    let Some(path) = path else { return Ok(None) };
    let path = path.one_dimension("path")?.all("path")?;
    let steps = paths::path_transform(&path, transform).map_err(report)?;
    text_array(steps.iter().map(|step| step.as_bytes())).map(Some)
}
