//! The ids in webhooks' documents, by which an index finds those of one conversion.

use std::cell::RefCell;
use std::thread::LocalKey;

use mrcall_engine::document::FieldValue;
use mrcall_engine::parse;
use mrcall_engine::webhooks::{AppleIds, StripeIds, Transaction};
use pgrx::prelude::*;
use pgrx::{AnyElement, pg_sys};

use crate::pg::args::Args;
use crate::pg::document::{number_text, read_json};
use crate::pg::text::text_array;

/// The longest id that is one: an index has no room for any text. What stands for the others is the empty one.
const LONGEST: usize = 255;

thread_local! {
    static STRIPE: RefCell<StripeIds> = RefCell::default();
    static APPLE: RefCell<AppleIds> = RefCell::default();
}

#[pg_extern(sql = false)]
fn stripe_ids(fcinfo: pg_sys::FunctionCallInfo) -> Option<AnyElement> {
    let args = Args::of(fcinfo);
    let document = args.bytes(0)?;
    with_paths(&STRIPE, |paths| texts(&paths.find(document)?))
}

// All of it here: an SQL function in an index would be looked up with the rights of whoever writes a row.
#[pg_extern(sql = false)]
fn apple_ids(fcinfo: pg_sys::FunctionCallInfo) -> Option<AnyElement> {
    let args = Args::of(fcinfo);
    let document = args.bytes(0)?;
    with_paths(&APPLE, |paths| {
        let notification = match paths.signed_payload(document) {
            Some(text) => payload(text)?,
            None => document,
        };
        let transaction = match paths.transaction(notification)? {
            Transaction::Decoded(object) => object,
            Transaction::Signed(text) => payload(text)?,
        };
        texts(&paths.find(transaction))
    })
}

/// Lends the paths, which know where their keys were in the last document. They are taken out of their place, not borrowed,
/// because the server is called meanwhile: after an error of its the next call makes new ones.
fn with_paths<T: Default, R>(paths: &'static LocalKey<RefCell<T>>, find: impl FnOnce(&mut T) -> R) -> R {
    let mut taken = paths.take();
    let found = find(&mut taken);
    paths.set(taken);
    found
}

/// The document in a JWS.
fn payload<'a>(text: &[u8]) -> Option<&'a [u8]> {
    read_json(&parse::jws_payload(str::from_utf8(text).ok()?)?)
}

/// The ids that are there, as `->>` says them.
fn texts(ids: &[Option<FieldValue<'_>>]) -> Option<AnyElement> {
    let ids = ids.iter().flatten().filter_map(|id| {
        let text = match *id {
            FieldValue::Text(text) => text,
            FieldValue::Bool(true) => b"true",
            FieldValue::Bool(false) => b"false",
            FieldValue::Number(number) => number_text(number)?.to_bytes(),
            FieldValue::Container(_) => b"",
        };
        Some(if text.len() > LONGEST { b"" } else { text })
    });
    text_array(ids)
}
