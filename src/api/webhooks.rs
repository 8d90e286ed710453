//! The ids in webhooks' documents, by which an index finds those of one conversion.

use std::cell::RefCell;

use mrcall_engine::jsonb::FieldValue;
use mrcall_engine::parse;
use mrcall_engine::webhooks::{AppleIds, StripeIds, Transaction};

use crate::error::SqlResult;
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::jsonb::{number_text, read_json};
use crate::pg::text::text_array;

/// The longest id that is one: an index has no room for any text. What stands for the others is the empty one.
const LONGEST: usize = 255;

thread_local! {
    static STRIPE: RefCell<StripeIds> = RefCell::default();
    static APPLE: RefCell<AppleIds> = RefCell::default();
}

pub fn stripe_ids(call: Call<'_>, document: Option<&[u8]>) -> SqlResult<Option<Made>> {
    let ids = STRIPE.with_borrow_mut(|ids| ids.find(document?));
    ids.map(|ids| texts(call, &ids)).transpose()
}

// All of it here: an SQL function in an index would be looked up with the rights of whoever writes a row.
pub fn apple_ids(call: Call<'_>, document: Option<&[u8]>) -> SqlResult<Option<Made>> {
    let ids = document.and_then(|document| apple_ids_of(call, document));
    ids.map(|ids| texts(call, &ids)).transpose()
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
    read_json(call, &parse::jws_payload(str::from_utf8(text).ok()?)?)
}

/// The ids that are there, as `->>` says them.
fn texts(call: Call<'_>, ids: &[Option<FieldValue<'_>>]) -> SqlResult<Made> {
    let ids = ids.iter().flatten().filter_map(|id| {
        let text = match *id {
            FieldValue::Text(text) => text,
            FieldValue::Bool(true) => b"true",
            FieldValue::Bool(false) => b"false",
            FieldValue::Number(number) => number_text(call, number)?,
            FieldValue::Container(_) => b"",
        };
        Some(if text.len() > LONGEST { b"" } else { text })
    });
    text_array(ids)
}
