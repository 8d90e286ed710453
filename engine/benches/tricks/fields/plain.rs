//! The reading of documents with names compared as slices.

#[path = "../../../src/jsonb.rs"]
#[allow(dead_code, clippy::duplicate_mod)]
pub mod jsonb;

mod same_name {
    #[inline]
    pub fn same_name(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}
