//! The aggregate behind the attribution reports: the journeys of many conversions, and what every model makes of them.

use mrcall_engine::Error;
use mrcall_engine::attribution_model::Model;
use mrcall_engine::journeys::{
    AnswerRow, AnswerRows, Conversion, CreditRow, JourneyRow, JourneySet, JourneySettings, JourneyTouch, PathRow,
};
use mrcall_engine::resource::memory::HeldVec;
use pgrx::Array;

use super::credit::exact_micros;
use crate::agg::Held;
use crate::error::{SqlResult, needed, report};
use crate::pg::function_call::Call;
use crate::pg::text_array::TextArray;

/// What a row of the aggregate's input is: row_kind.
mod row {
    /// Nothing: makes an answer where there is no other row.
    pub const NOTHING: i32 = 0;
    pub const CONVERSION: i32 = 1;
    pub const LINK: i32 = 2;
    pub const TOUCH: i32 = 3;
    pub const CONVERTED: i32 = 4;
    pub const RESTART: i32 = 5;
    pub const LEARNED: i32 = 6;
    pub const LEARNED_CONVERTED: i32 = 7;
}

fn settings(call: Call<'_>) -> SqlResult<JourneySet> {
    let models: Option<TextArray<'_>> = call.arg(14)?;
    let models = models.map_or(Ok(HeldVec::default()), TextArray::present)?;
    let weights: Option<Array<'_, f64>> = call.arg(18)?;
    let flag = |i| call.arg::<bool>(i).map(Option::unwrap_or_default);
    let settings = JourneySettings {
        models: models.iter().copied().map(Model::parse).collect::<Result<_, _>>().map_err(report)?,
        half_life: exact_micros(call.arg(15)?, "half_life")?,
        first_weight: needed(call.arg(16)?, "first_weight")?,
        last_weight: needed(call.arg(17)?, "last_weight")?,
        weights: weights.map(|weights| weights.iter().flatten().collect()),
        counts: flag(19)?,
        paths: flag(20)?,
        unconverted: call.arg::<i64>(21)?.zip(call.arg(22)?),
        journeys: flag(23)?,
        learns_apart: flag(24)?,
    };
    JourneySet::new(settings).map_err(report)
}

fn push(set: &mut JourneySet, call: Call<'_>) -> SqlResult<()> {
    let text = |i, name| needed(call.arg::<&str>(i)?, name);
    let instant = |i, name| needed(call.arg::<i64>(i)?, name);
    let pushed = match call.arg(1)? {
        Some(row::NOTHING) => Ok(()),
        Some(row::CONVERSION) => set.push_conversion(&Conversion {
            customer: call.arg(2)?,
            ends_at: instant(4, "at")?,
            begins_at: instant(5, "begins_at")?,
            id: call.arg::<&str>(8)?.unwrap_or_default(),
            value: text(9, "value")?,
            scale: needed(call.arg(10)?, "scale")?,
            currency: call.arg(11)?,
            signed_up_at: call.arg(12)?,
            business_at: call.arg(13)?,
        }),
        Some(row::LINK) => set.push_link(text(2, "customer")?, text(3, "visitor")?),
        Some(row::TOUCH) => set.push_touch(&JourneyTouch {
            visitor: text(3, "visitor")?,
            at: instant(4, "at")?,
            channel: text(6, "channel")?,
            value: text(7, "dimension_value")?,
        }),
        Some(row::CONVERTED) => set.push_converted(text(2, "customer")?),
        Some(row::RESTART) => set.push_restart(text(2, "customer")?, instant(4, "at")?),
        Some(row::LEARNED) => set.push_learned(call.arg(2)?, instant(5, "begins_at")?, instant(4, "at")?),
        Some(row::LEARNED_CONVERTED) => set.push_learned_converted(text(2, "customer")?),
        other => Err(Error::invalid(format!("unknown row_kind: {}", other.unwrap_or(-1)), "Use 0 to 7.")),
    };
    pushed.map_err(report)
}

/// Arguments behind the state: row_kind, customer_id, visitor_id, at, begins_at, channel, dimension_value, conversion_id,
/// value, scale, currency, signed_up_at, business_at, then the settings: models, half_life, first_weight, last_weight,
/// weights, counts, paths, unconverted_since, unconverted_until, journeys, learns_apart.
pub fn journey_set_trans<'fcx>(state: Held<'fcx, JourneySet>, call: Call<'fcx>) -> SqlResult<Held<'fcx, JourneySet>> {
    state.transition(|| settings(call), |set| push(set, call))
}

pub fn journey_set_final(state: Held<'_, JourneySet>) -> SqlResult<Option<Vec<u8>>> {
    state.state().map(|set| set.answer().map_err(report)).transpose()
}

/// The rows of one table of an answer.
fn rows<R: AnswerRow>(answer: &[u8]) -> SqlResult<impl Iterator<Item = SqlResult<R>>> {
    let mut table = AnswerRows::<R>::new(answer).map_err(report)?;
    Ok(core::iter::from_fn(move || table.next_row().map_err(report).transpose()))
}

pub fn journey_credit_rows(call: Call<'_>, answer: &[u8]) -> SqlResult<()> {
    call.table(rows::<CreditRow>(answer)?.map(|row| {
        let row = row?;
        let (mut conversions, mut values, mut touches, mut visitors) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for credit in row.credits {
            conversions.push(credit.conversions);
            values.push(credit.value);
            touches.push(credit.touches as i64);
            visitors.push(credit.visitors as i64);
        }
        Ok((row.value, row.currency, conversions, values, touches, visitors))
    }))
}

pub fn journey_path_rows(call: Call<'_>, answer: &[u8]) -> SqlResult<()> {
    call.table(rows::<PathRow>(answer)?.map(|row| {
        let row = row?;
        Ok((row.path, row.currency, row.conversions as i64, row.value, row.nulls as i64))
    }))
}

pub fn journey_rows(call: Call<'_>, answer: &[u8]) -> SqlResult<()> {
    call.table(rows::<JourneyRow>(answer)?.map(|row| {
        let row = row?;
        Ok((
            row.id,
            row.currency,
            row.value,
            row.ends_at,
            row.path,
            row.touched_at,
            row.visitors,
            row.channels,
            row.weights,
        ))
    }))
}
