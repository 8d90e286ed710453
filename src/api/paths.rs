//! `path_agg`, its state type, `rollup` and accessors, and the models over all journeys.

use mrcall_engine::arrival::is_paid;
use mrcall_engine::credit::Options;
use mrcall_engine::model::{MODELS, Model, Needs};
use mrcall_engine::paths::{self, Bootstrap, Game, Journeys, ModelCredits, PathSet, Sampling, Transform};
use mrcall_engine::resource::memory::Reservation;
use mrcall_engine::{Error, Result as EngineResult};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{AnyElement, Internal, pg_sys};

use super::credit::own_weights;
use crate::agg::{self, State};
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;
use crate::pg::text::text_array;

/// The row of conversions without a touch.
const UNATTRIBUTED: &str = "(unattributed)";

impl State for PathSet {
    fn heap_bytes(&self) -> usize {
        PathSet::heap_bytes(self)
    }
    fn is_empty(&self) -> bool {
        PathSet::is_empty(self)
    }
    fn like(&self) -> EngineResult<Self> {
        Ok(PathSet::default())
    }
    fn merge(&mut self, other: &Self) -> EngineResult<()> {
        PathSet::merge(self, other)
    }
    fn serialize(&self) -> EngineResult<Vec<u8>> {
        PathSet::serialize(self)
    }
    fn deserialize(bytes: &[u8]) -> EngineResult<Self> {
        PathSet::deserialize(bytes)
    }
    const MERGES_BYTES: bool = true;
    fn merge_bytes(&mut self, bytes: &[u8]) -> EngineResult<()> {
        PathSet::merge_bytes(self, bytes)
    }
}

fn read(bytes: &[u8]) -> SqlResult<Journeys> {
    Journeys::decode(bytes).map_err(report)
}

// The arguments of path_agg are path, conversions, value, nulls: read where they lie.
fn path_agg_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    let path = args.path(1, "path")?;
    let value = args.amount(3, "value")?.unwrap_or_default();
    let (conversions, nulls) = (args.i64(2).unwrap_or(0), args.i64(4).unwrap_or(0));
    agg::transition(
        state,
        fcinfo,
        || Ok(PathSet::default()),
        |set| {
            let Some(path) = path else {
                return set.push([b""; 0], conversions, &value, nulls).map_err(report);
            };
            let mut unreadable = None;
            let steps = path.steps().map_while(|step| step.map_err(|element| unreadable = Some(element)).ok());
            set.push(steps, conversions, &value, nulls).map_err(report)?;
            unreadable.map_or(Ok(()), |element| path.fail(element))
        },
    )
}
agg::transition_function!(path_agg_trans_wrapper, pg_finfo_path_agg_trans_wrapper, path_agg_trans);

#[pg_extern(sql = false)]
fn path_agg_combine(first: Internal, second: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::combine::<PathSet>(first, second, fcinfo)
}

#[pg_extern(sql = false)]
fn path_agg_serialize(state: Internal) -> SqlResult<Option<AnyElement>> {
    // No bytes stand for no path: a worker that met counts of zero alone has nothing to hand over.
    if agg::view::<PathSet, _>(&state, State::is_empty).unwrap_or(true) {
        return Ok(None);
    }
    agg::serialize::<PathSet>(&state)
}

#[pg_extern(sql = false)]
fn path_agg_deserialize(bytes: &[u8], _internal: Internal) -> SqlResult<Internal> {
    agg::deserialize::<PathSet>(bytes)
}

#[pg_extern(sql = false)]
fn path_agg_final(state: Internal) -> SqlResult<Option<AnyElement>> {
    agg::finalize::<PathSet>(&state)
}

#[pg_extern(sql = false)]
fn path_rollup_trans(state: Internal, stored: Option<&[u8]>, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    agg::merge_stored::<PathSet>(state, stored, fcinfo)
}

#[pg_extern(sql = false)]
fn path_set_in(text: &core::ffi::CStr) -> SqlResult<Vec<u8>> {
    super::state_text::decode::<PathSet>(text, "mrcall.path_set").map_err(report)
}

#[pg_extern(sql = false)]
fn path_set_recv(message: Internal) -> SqlResult<Vec<u8>> {
    let bytes = crate::pg::message::rest(&message);
    read(&bytes).map(|_| bytes)
}

fn numeric(value: &paths::ExactAmount) -> SqlResult<AnyNumeric> {
    AnyNumeric::try_from(value.to_string().as_str())
        .map_err(|_| report(Error::invalid("a value is out of the range of numeric", "Give values in a larger unit.")))
}

#[pg_extern(sql = false)]
fn paths(
    paths: &[u8],
) -> Result<
    TableIterator<
        'static,
        (name!(path, Vec<String>), name!(conversions, i64), name!(value, AnyNumeric), name!(nulls, i64)),
    >,
    ErrorReport,
> {
    let journeys = read(paths)?;
    let values = journeys.iter().map(|path| numeric(path.value)).collect::<SqlResult<Vec<_>>>()?;
    Ok(TableIterator::new(values.into_iter().enumerate().map_while(move |(i, value)| {
        pgrx::check_for_interrupts!();
        let path = journeys.get(i)?;
        let channels = path.steps.iter().map(|step| journeys.name(*step).to_owned()).collect();
        Some((channels, path.conversions as i64, value, path.nulls as i64))
    })))
}

#[pg_extern(sql = false)]
fn num_paths(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.len() as i64)
}

#[pg_extern(sql = false)]
fn num_conversions(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.totals().conversions as i64)
}

#[pg_extern(sql = false)]
fn num_nulls(paths: &[u8]) -> SqlResult<i64> {
    Ok(read(paths)?.totals().nulls as i64)
}

#[pg_extern(sql = false)]
fn total_value(paths: &[u8]) -> SqlResult<AnyNumeric> {
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

#[pg_extern(sql = false)]
fn path_credit(
    paths: Option<&[u8]>,
    model: Option<&str>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    weights: Option<Array<f64>>,
) -> Result<TableIterator<'static, (name!(channel, String), name!(conversions, f64), name!(value, f64))>, ErrorReport> {
    let model = Model::parse(needed(model, "model")?).map_err(report)?;
    let weights = own_weights(weights)?;
    let options = shares(first_weight, last_weight, weights.as_deref())?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let credits = paths::path_credit(&journeys, model, &options, is_paid).map_err(report)?;
    let apart = unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value));
    let rows = credits.into_iter().map(|credit| (credit.channel, credit.conversions, credit.value));
    Ok(TableIterator::new(rows.chain(apart).collect::<Vec<_>>()))
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

// A row of SQL's path_models, whose columns name the models in the order of MODELS.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn path_models(
    paths: Option<&[u8]>,
    first_weight: Option<f64>,
    last_weight: Option<f64>,
    weights: Option<Array<f64>>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(channel, String),
            name!(first_touch_conversions, f64),
            name!(first_touch_value, f64),
            name!(last_touch_conversions, f64),
            name!(last_touch_value, f64),
            name!(last_non_direct_conversions, f64),
            name!(last_non_direct_value, f64),
            name!(last_paid_conversions, f64),
            name!(last_paid_value, f64),
            name!(linear_conversions, f64),
            name!(linear_value, f64),
            name!(position_based_conversions, f64),
            name!(position_based_value, f64),
            name!(u_shaped_conversions, f64),
            name!(u_shaped_value, f64),
            name!(j_shaped_conversions, f64),
            name!(j_shaped_value, f64),
            name!(inverse_j_conversions, f64),
            name!(inverse_j_value, f64),
            name!(participation_conversions, f64),
            name!(participation_value, f64),
            name!(custom_conversions, Option<f64>),
            name!(custom_value, Option<f64>),
        ),
    >,
    ErrorReport,
> {
    let weights = own_weights(weights)?;
    let options = shares(first_weight, last_weight, weights.as_deref())?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let has = |needs| needs == Needs::Order || (needs == Needs::Weights && options.weights.is_some());
    let models: Vec<Model> = MODELS.iter().filter(|known| has(known.needs)).map(|known| known.model).collect();
    let mut share = Reservation::default();
    share.set(journeys.channels().len() * models.len() * MODEL_BYTES).map_err(report)?;
    let rows = paths::path_models(&journeys, &models, &options, is_paid).map_err(report)?;
    let apart = unattributed(&journeys)?
        .map(|credit| ModelCredits { channel: UNATTRIBUTED.to_owned(), credits: vec![credit; models.len()] });
    Ok(TableIterator::new(rows.into_iter().chain(apart).map(move |row| {
        let _held = &share;
        let credit = |m: usize| row.credits.get(m).copied();
        let [first, last, non_direct, paid, linear, position, u, j, inverse_j, participation] =
            core::array::from_fn(|m| credit(m).unwrap_or_default());
        let custom = credit(10);
        (
            row.channel,
            first.0,
            first.1,
            last.0,
            last.1,
            non_direct.0,
            non_direct.1,
            paid.0,
            paid.1,
            linear.0,
            linear.1,
            position.0,
            position.1,
            u.0,
            u.1,
            j.0,
            j.1,
            inverse_j.0,
            inverse_j.1,
            participation.0,
            participation.1,
            custom.map(|custom| custom.0),
            custom.map(|custom| custom.1),
        )
    })))
}

#[pg_extern(sql = false)]
fn markov(
    paths: Option<&[u8]>,
    markov_order: Option<i32>,
) -> Result<
    TableIterator<
        'static,
        (name!(channel, String), name!(conversions, f64), name!(value, f64), name!(removal_effect, Option<f64>)),
    >,
    ErrorReport,
> {
    let order = needed(markov_order, "markov_order")?;
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let found = paths::markov(&journeys, order).map_err(report)?;
    let apart =
        unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value, None));
    let rows = found.into_iter().map(|row| (row.channel, row.conversions, row.value, Some(row.removal_effect)));
    Ok(TableIterator::new(rows.chain(apart).collect::<Vec<_>>()))
}

#[pg_extern(sql = false)]
fn shapley(
    paths: Option<&[u8]>,
    game: Option<&str>,
    samples: Option<i32>,
    seed: Option<i64>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(channel, String),
            name!(conversions, f64),
            name!(value, f64),
            name!(std_error, f64),
            name!(value_std_error, f64),
        ),
    >,
    ErrorReport,
> {
    let game = Game::parse(needed(game, "game")?).map_err(report)?;
    let sampling = Sampling { samples: needed(samples, "samples")?, seed: needed(seed, "seed")? };
    let journeys = paths.map_or(Ok(Journeys::default()), read)?;
    let found = paths::shapley(&journeys, game, sampling).map_err(report)?;
    let apart =
        unattributed(&journeys)?.map(|(conversions, value)| (UNATTRIBUTED.to_owned(), conversions, value, 0.0, 0.0));
    let rows =
        found.into_iter().map(|row| (row.channel, row.conversions, row.value, row.std_error, row.value_std_error));
    Ok(TableIterator::new(rows.chain(apart).collect::<Vec<_>>()))
}

#[pg_extern(sql = false)]
fn path_interval(
    paths: Option<&[u8]>,
    model: Option<&str>,
    markov_order: Option<i32>,
    game: Option<&str>,
    replicates: Option<i32>,
    level: Option<f64>,
    seed: Option<i64>,
) -> Result<
    TableIterator<
        'static,
        (
            name!(channel, String),
            name!(share, f64),
            name!(lower, Option<f64>),
            name!(upper, Option<f64>),
            name!(std_error, Option<f64>),
        ),
    >,
    ErrorReport,
> {
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
    let rows = found.into_iter().map(|row| {
        let spread = |index: usize| row.spread.map(|spread| spread[index]);
        (row.channel.clone(), row.share, spread(0), spread(1), spread(2))
    });
    Ok(TableIterator::new(rows.collect::<Vec<_>>()))
}

// The arguments of path_transform are path, transform, argument.
#[pg_extern(sql = false)]
fn path_transform(fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Option<AnyElement>> {
    let args = Args::of(fcinfo);
    let name = args.text(1)?;
    let transform = Transform::parse(needed(name, "transform")?, args.text(2)?).map_err(report)?;
    let Some(path) = args.path(0, "path")? else { return Ok(None) };
    let path = path.texts()?;
    let steps = paths::path_transform(&path, transform).map_err(report)?;
    Ok(text_array(steps.iter().map(|step| step.as_bytes())))
}
