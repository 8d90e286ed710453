//! A set of texts that a scan asks for each of its rows.

use mrcall_engine::resource::memory::HeldVec;
use mrcall_engine::state as engine;

use crate::error::{SqlResult, report};
use crate::pg::text_array::TextArray;

pub fn text_set(texts: Option<TextArray<'_>>) -> SqlResult<Vec<u8>> {
    let texts = texts.map_or(Ok(HeldVec::default()), TextArray::present)?;
    engine::text_set(&texts).map_err(report)
}

// Read where it lies: the set may have megabytes, and is asked millions of times.
pub fn text_set_has(set: Option<&[u8]>, text: Option<&[u8]>) -> Option<bool> {
    Some(engine::text_set_has(set?, text?))
}
