//! Webhooks' documents: what they say about money, and the ids by which an index finds those of one conversion.

use std::cell::RefCell;

use mrcall_engine::jsonb::FieldValue;
use mrcall_engine::resource::interrupt;
use mrcall_engine::resource::memory::push;
use mrcall_engine::values;
use mrcall_engine::webhooks::{AppleIds, Moment, StripeFacts, Transaction};

use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::jsonb::{number_text, read_json};
use crate::pg::text::text_array;

/// The longest id that is one: an index has no room for any text. What stands for the others is the empty one.
const LONGEST: usize = 255;

thread_local! {
    static STRIPE: RefCell<StripeFacts> = RefCell::default();
    static APPLE: RefCell<AppleIds> = RefCell::default();
}

/// A row for each thing that an event of Stripe's says about money.
pub fn stripe_facts(call: Call<'_>, document: Option<&[u8]>, received_at: Option<i64>) -> SqlResult<()> {
    let mut store = call.materialize(11)?;
    let Some(document) = document else { return Ok(()) };
    let instant = |moment: Option<Moment<'_>>| -> Option<i64> {
        let at = moment?.iter().flatten().find_map(|at| values::timestamptz(text_of(call, *at)?));
        at.or(received_at)
    };
    STRIPE.with_borrow_mut(|facts| {
        facts.each(document, &mut |fact| {
            interrupt::check();
            let values = [
                fact.id,
                fact.invoice,
                fact.charge,
                fact.intent,
                fact.subscription,
                fact.customer,
                fact.currency,
                fact.amount,
            ];
            store.row.set(0, fact.kind)?;
            for (value, column) in values.into_iter().zip(1..) {
                store.row.set(column, value.and_then(|value| str::from_utf8(text_of(call, value)?).ok()))?;
            }
            store.row.set(9, instant(fact.at))?;
            store.row.set(10, instant(fact.returned_at))?;
            store.put();
            Ok(())
        })
    })
}

pub fn stripe_ids(call: Call<'_>, document: Option<&[u8]>) -> SqlResult<Option<Made>> {
    let Some(document) = document else { return Ok(None) };
    let mut ids = Vec::new();
    STRIPE
        .with_borrow_mut(|facts| {
            facts.each(document, &mut |fact| {
                interrupt::check();
                // Neighbours name the same ones.
                fact.ids().try_for_each(|id| {
                    if ids.iter().rev().take(8).any(|known| *known == id) { Ok(()) } else { push(&mut ids, id) }
                })
            })
        })
        .map_err(report)?;
    if ids.is_empty() { Ok(None) } else { texts(call, ids.into_iter()).map(Some) }
}

// All of it here: an SQL function in an index would be looked up with the rights of whoever writes a row.
pub fn apple_ids(call: Call<'_>, document: Option<&[u8]>) -> SqlResult<Option<Made>> {
    let ids = document.and_then(|document| apple_ids_of(call, document));
    ids.map(|ids| texts(call, ids.into_iter().flatten())).transpose()
}

fn apple_ids_of<'fcx>(call: Call<'fcx>, document: &'fcx [u8]) -> Option<[Option<FieldValue<'fcx>>; 2]> {
    let notification = match APPLE.with_borrow_mut(|ids| ids.signed_payload(document)) {
        Some(text) => payload(call, text)?,
        None => document,
    };
    let transaction = match APPLE.with_borrow_mut(|ids| ids.transaction(notification))? {
        Transaction::Decoded(object) => object,
        Transaction::Signed(text) => payload(call, text)?,
    };
    Some(APPLE.with_borrow_mut(|ids| ids.find(transaction)))
}

/// The document in a JWS.
fn payload<'fcx>(call: Call<'fcx>, text: &[u8]) -> Option<&'fcx [u8]> {
    read_json(call, &values::jws_payload(str::from_utf8(text).ok()?)?)
}

/// A value as `->>` says it; nothing of a container.
fn text_of<'a>(call: Call<'a>, value: FieldValue<'a>) -> Option<&'a [u8]> {
    match value {
        FieldValue::Text(text) => Some(text),
        FieldValue::Bool(true) => Some(b"true"),
        FieldValue::Bool(false) => Some(b"false"),
        FieldValue::Number(number) => number_text(call, number),
        FieldValue::Container(_) => None,
    }
}

/// The ids of an index.
fn texts<'a>(call: Call<'a>, ids: impl Iterator<Item = FieldValue<'a>>) -> SqlResult<Made> {
    text_array(ids.map(|id| match text_of(call, id) {
        Some(text) if text.len() <= LONGEST => text,
        _ => b"",
    }))
}
