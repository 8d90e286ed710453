//! The links of a customer's document to browsers.

use crate::error::Result;
use crate::jsonb::{FieldPath, FieldValue, elements};
use crate::resource::interrupt::Throttle;
use crate::resource::memory::push;
use crate::resource::sort;

/// The browsers that a document names, each once, in order of first linking: those of its list, then the one seen last.
pub fn website_session_ids(document: &[u8]) -> Result<Vec<&[u8]>> {
    let mut ids: Vec<(&[u8], usize)> = Vec::new();
    let mut throttle = Throttle::default();
    let listed = match FieldPath::new(["website_session_ids"]).find(document) {
        Some(FieldValue::Container(list)) => elements(list),
        _ => None,
    };
    for id in listed.into_iter().flatten() {
        throttle.step();
        add(&mut ids, id)?;
    }
    add(&mut ids, FieldPath::new(["website_session_id"]).find(document))?;
    sort::ascending(&mut ids);
    ids.dedup_by_key(|(id, _)| *id);
    sort::by_key(&mut ids, |(_, place)| *place);
    let mut answer = Vec::new();
    for (id, _) in ids {
        push(&mut answer, id)?;
    }
    Ok(answer)
}

/// Takes in a text that is not empty, with its place.
fn add<'a>(ids: &mut Vec<(&'a [u8], usize)>, id: Option<FieldValue<'a>>) -> Result<()> {
    let place = ids.len();
    match id {
        Some(FieldValue::Text(id)) if !id.is_empty() => push(ids, (id, place)),
        _ => Ok(()),
    }
}
