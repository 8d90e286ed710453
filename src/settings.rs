//! The settings `mrcall.*`.
#![forbid(unsafe_code)]

use crate::pg;
use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

static LONGEST_CALL: GucSetting<i32> = GucSetting::<i32>::new(24 * 3600);
static USE_FACTS: GucSetting<bool> = GucSetting::<bool>::new(true);
/// In kilobytes, the unit that the server's own memory settings have.
static MAX_STATE_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(1 << 20);

/// Registers the settings and reserves their prefix, so that a misspelt one is an error.
pub fn init() {
    GucRegistry::define_int_guc(
        c"mrcall.longest_call",
        c"How far back reports look for calls that are still running.",
        c"A call that began longer before a period than this is not seen in the period's concurrency.",
        &LONGEST_CALL,
        0,
        366 * 24 * 3600,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_bool_guc(
        c"mrcall.use_facts",
        c"Whether reports read what mrcall.maintain keeps.",
        c"The answers are the same with and without; off makes every report read the rows.",
        &USE_FACTS,
        GucContext::Userset,
        GucFlags::default(),
    );
    pg::guc::define_max_state_memory(&MAX_STATE_MEMORY);
    pg::guc::reserve_prefix(c"mrcall");
}

/// `mrcall.longest_call` in seconds.
pub fn longest_call() -> i32 {
    LONGEST_CALL.get()
}

/// `mrcall.use_facts`.
pub fn use_facts() -> bool {
    USE_FACTS.get()
}

/// `mrcall.max_state_memory` in bytes.
pub fn max_state_memory() -> usize {
    usize::try_from(MAX_STATE_MEMORY.get()).unwrap_or_default() << 10
}
