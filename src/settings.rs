//! The settings `mrcall.*`.
#![forbid(unsafe_code)]

use crate::pg;
use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use std::ffi::CString;

static LONGEST_CALL: GucSetting<i32> = GucSetting::<i32>::new(24 * 3600);
static HEARTBEAT_EVENTS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(Some(c"heartbeat"));
static ENGAGED_CAP: GucSetting<i32> = GucSetting::<i32>::new(30);
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
    GucRegistry::define_string_guc(
        c"mrcall.heartbeat_events",
        c"The types of events by which a page says that somebody still looks at it.",
        c"A list with commas, of event_type as events have it; empty for none.",
        &HEARTBEAT_EVENTS,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"mrcall.engaged_cap",
        c"The most time between two page views or heartbeats that counts as engaged.",
        c"Of a longer pause so much counts.",
        &ENGAGED_CAP,
        0,
        24 * 3600,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
    pg::guc::define_max_state_memory(&MAX_STATE_MEMORY);
    pg::guc::reserve_prefix(c"mrcall");
}

/// `mrcall.longest_call` in seconds.
pub fn longest_call() -> i32 {
    LONGEST_CALL.get()
}

/// `mrcall.heartbeat_events` as a list.
pub fn heartbeat_events() -> Vec<String> {
    let setting = HEARTBEAT_EVENTS.get().unwrap_or_default();
    let names = setting.to_string_lossy();
    names.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// `mrcall.engaged_cap` in seconds.
pub fn engaged_cap() -> i32 {
    ENGAGED_CAP.get()
}

/// `mrcall.use_facts`.
pub fn use_facts() -> bool {
    USE_FACTS.get()
}

/// `mrcall.max_state_memory` in bytes.
pub fn max_state_memory() -> usize {
    usize::try_from(MAX_STATE_MEMORY.get()).unwrap_or_default() << 10
}
