//! The aggregate behind the attribution reports: the journeys of many conversions, and what every model makes of them.

use mrcall_engine::journeys::{
    AnswerRow, AnswerRows, Conversion, CreditRow, JourneyRow, JourneySet, JourneySettings, JourneyTouch, PathRow,
};
use mrcall_engine::model::Model;
use mrcall_engine::{Error, time};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use pgrx::{Internal, pg_sys};

use crate::agg;
use crate::error::{SqlResult, needed, report};
use crate::pg::args::Args;

/// What a row of the aggregate's input is: row_kind.
mod row {
    /// Nothing: makes an answer where there is no other row.
    pub const NOTHING: i32 = 0;
    pub const CONVERSION: i32 = 1;
    pub const LINK: i32 = 2;
    pub const TOUCH: i32 = 3;
    pub const CONVERTED: i32 = 4;
    pub const RESTART: i32 = 5;
}

fn settings(args: &Args<'_>) -> SqlResult<JourneySet> {
    let (months, days, micros) = needed(args.interval(15), "half_life")?;
    let settings = JourneySettings {
        models: args.texts(14).iter().map(|name| Model::parse(name)).collect::<Result<_, _>>().map_err(report)?,
        half_life: time::exact_micros(months, days, micros, "half_life").map_err(report)?,
        first_weight: needed(args.f64(16), "first_weight")?,
        last_weight: needed(args.f64(17), "last_weight")?,
        weights: args.floats(18),
        counts: args.bool(19).unwrap_or(false),
        paths: args.bool(20).unwrap_or(false),
        unconverted: args.i64(21).zip(args.i64(22)),
        journeys: args.bool(23).unwrap_or(false),
    };
    JourneySet::new(settings).map_err(report)
}

fn push(set: &mut JourneySet, args: &Args<'_>) -> SqlResult<()> {
    let pushed = match args.i32(1) {
        Some(row::NOTHING) => Ok(()),
        Some(row::CONVERSION) => set.push_conversion(&Conversion {
            customer: args.text(2)?,
            ends_at: needed(args.i64(4), "at")?,
            begins_at: needed(args.i64(5), "begins_at")?,
            id: args.text(8)?.unwrap_or_default(),
            value: needed(args.text(9)?, "value")?,
            scale: needed(args.i32(10), "scale")?,
            currency: args.text(11)?,
            signed_up_at: args.i64(12),
            business_at: args.i64(13),
        }),
        Some(row::LINK) => set.push_link(needed(args.text(2)?, "customer")?, needed(args.text(3)?, "visitor")?),
        Some(row::TOUCH) => set.push_touch(&JourneyTouch {
            visitor: needed(args.text(3)?, "visitor")?,
            at: needed(args.i64(4), "at")?,
            channel: needed(args.text(6)?, "channel")?,
            value: needed(args.text(7)?, "dimension_value")?,
        }),
        Some(row::CONVERTED) => set.push_converted(needed(args.text(2)?, "customer")?),
        Some(row::RESTART) => set.push_restart(needed(args.text(2)?, "customer")?, needed(args.i64(4), "at")?),
        other => Err(Error::invalid(format!("unknown row_kind: {}", other.unwrap_or(-1)), "Use 0 to 5.")),
    };
    pushed.map_err(report)
}

/// Arguments behind the state: row_kind, customer_id, visitor_id, at, begins_at, channel, dimension_value, conversion_id,
/// value, scale, currency, signed_up_at, business_at, then the settings: models, half_life, first_weight, last_weight,
/// weights, counts, paths, unconverted_since, unconverted_until, journeys.
fn journey_set_trans(state: Internal, fcinfo: pg_sys::FunctionCallInfo) -> SqlResult<Internal> {
    let args = Args::of(fcinfo);
    agg::gather(state, fcinfo, || settings(&args), |set| push(set, &args), JourneySet::heap_bytes)
}
agg::transition_function!(journey_set_trans_wrapper, pg_finfo_journey_set_trans_wrapper, journey_set_trans);

#[pg_extern(sql = false)]
fn journey_set_final(state: Internal) -> SqlResult<Option<Vec<u8>>> {
    agg::view(&state, |set: &JourneySet| set.answer().map_err(report)).transpose()
}

/// The rows of one table of an answer, one at a time.
fn rows<R: AnswerRow>(answer: &[u8]) -> SqlResult<impl Iterator<Item = R> + use<R>> {
    let mut rows = AnswerRows::new(answer).map_err(report)?;
    Ok(core::iter::from_fn(move || {
        pgrx::check_for_interrupts!();
        rows.next_row().unwrap_or_else(|error| {
            report(error).report(PgLogLevel::ERROR);
            None
        })
    }))
}

#[pg_extern(sql = false)]
fn journey_credit_rows(
    answer: &[u8],
) -> Result<
    TableIterator<
        'static,
        (
            name!(dimension_value, Option<String>),
            name!(currency, Option<String>),
            name!(conversions, Vec<String>),
            name!(value, Vec<String>),
            name!(touches, Vec<i64>),
            name!(visitors, Vec<i64>),
        ),
    >,
    ErrorReport,
> {
    let rows = rows(answer)?.map(|row: CreditRow| {
        let (mut conversions, mut values, mut touches, mut visitors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for credit in row.credits {
            conversions.push(credit.conversions);
            values.push(credit.value);
            touches.push(credit.touches as i64);
            visitors.push(credit.visitors as i64);
        }
        (row.value, row.currency, conversions, values, touches, visitors)
    });
    Ok(TableIterator::new(rows))
}

#[pg_extern(sql = false)]
fn journey_path_rows(
    answer: &[u8],
) -> Result<
    TableIterator<
        'static,
        (
            name!(path, Vec<String>),
            name!(currency, Option<String>),
            name!(conversions, i64),
            name!(value, String),
            name!(nulls, i64),
        ),
    >,
    ErrorReport,
> {
    let rows =
        rows(answer)?.map(|row: PathRow| (row.path, row.currency, row.conversions as i64, row.value, row.nulls as i64));
    Ok(TableIterator::new(rows))
}

#[pg_extern(sql = false)]
fn journey_rows(
    answer: &[u8],
) -> Result<
    TableIterator<
        'static,
        (
            name!(conversion_id, String),
            name!(currency, Option<String>),
            name!(value, String),
            name!(journey_at, i64),
            name!(path, Vec<String>),
            name!(touched_at, Vec<i64>),
        ),
    >,
    ErrorReport,
> {
    let rows =
        rows(answer)?.map(|row: JourneyRow| (row.id, row.currency, row.value, row.ends_at, row.path, row.touched_at));
    Ok(TableIterator::new(rows))
}
