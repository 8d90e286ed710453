//! Values out of JSON documents that may be malformed: what does not parse is NULL, never an error.

use mrcall_engine::{values, website_session_ids};

use crate::error::{SqlResult, report};
use crate::pg::answer::Made;
use crate::pg::function_call::Call;
use crate::pg::jsonb::{self, Document};
use crate::pg::text::text_array;
use crate::settings;

pub fn try_timestamptz(value: &str) -> Option<i64> {
    values::timestamptz(value)
}

pub fn try_bigint(value: &str) -> Option<i64> {
    values::bigint(value)
}

pub fn try_boolean(value: &str) -> Option<bool> {
    values::boolean(value)
}

/// The text if it is a number that the server's numeric accepts.
pub fn numeric_text(value: &str) -> Option<&str> {
    values::numeric(value)
}

/// The JSON payload of a JWS compact serialization.
pub fn jws_payload(value: &str) -> Option<String> {
    values::jws_payload(value)
}

pub fn unpacked(document: Option<Document<'_>>) -> Option<Made> {
    document.map(Document::unpacked)
}

/// NULL where there is none.
pub fn website_session_ids(document: Option<&[u8]>) -> SqlResult<Option<Made>> {
    let Some(document) = document else { return Ok(None) };
    let ids = website_session_ids::website_session_ids(document).map_err(report)?;
    if ids.is_empty() {
        return Ok(None);
    }
    text_array(ids.into_iter()).map(Some)
}

pub fn text_items(call: Call<'_>, document: Option<Document<'_>>) -> SqlResult<Option<Made>> {
    document.map_or(Ok(None), |document| jsonb::text_items(call, document))
}

pub fn longest_call() -> i32 {
    settings::longest_call()
}

pub fn heartbeat_events() -> Vec<String> {
    settings::heartbeat_events()
}

pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
