//! The ledger of stored visits: what the triggers of `maintain` note, and write at the end of the statement.

use std::cell::{Cell, RefCell};

use mrcall_engine::facts::Changes;
use mrcall_engine::{Error, ErrorKind};

use crate::error::{SqlResult, raise, report};
use crate::pg::function_call::Call;
use crate::pg::writer::{self, Level};
use crate::settings;

thread_local! {
    // PostgreSQL's backends have one thread.
    static CHANGES: RefCell<Changes> = RefCell::default();
    // A subtransaction that has written holds the lock that refresh waits for, so that one look is enough for all of it.
    static WATCHED: Cell<u64> = const { Cell::new(0) };
    static THRESHOLD: Cell<Option<(Level, i64)>> = const { Cell::new(None) };
}

/// Whether facts are to be read. What is in their way is looked up next, in the catalogs of now.
pub fn use_facts() -> bool {
    writer::look_at_catalogs();
    settings::use_facts()
}

/// The condition of the triggers: whether there is something to write into the ledger that no trigger was called for yet. Notes both
/// visitors where a row was stored, before or after its change.
pub fn is_stored(key: Option<&str>, at: Option<i64>, former_key: Option<&str>, former_at: Option<i64>) -> bool {
    // Called by a trigger, a row was written.
    let Some(level) = writer::level() else { return false };
    let threshold = match THRESHOLD.get() {
        Some((known, threshold)) if known == level => threshold,
        _ => {
            let threshold = writer::threshold().unwrap_or(i64::MIN);
            THRESHOLD.set(Some((level, threshold)));
            threshold
        }
    };
    let mut is_told = false;
    for (key, at) in [(key, at), (former_key, former_at)] {
        if let (Some(key), Some(at)) = (key, at)
            && at < threshold
        {
            watch(level.transaction);
            is_told |= CHANGES.with_borrow_mut(|changes| changes.note(level.transaction, level.level, key, at));
        }
    }
    is_told
}

/// Whoever calls the condition by hand keeps the triggers from being called: that transaction does not commit.
fn watch(transaction: u64) {
    if WATCHED.replace(transaction) != transaction {
        writer::before_commit(|| {
            if are_unwritten() {
                let message = "the ledger of stored visits is not complete";
                raise(report(Error::new(
                    ErrorKind::NotPossible,
                    message,
                    "Do not call mrcall_internal.is_stored yourself.",
                )));
            }
        });
    }
}

/// What the trigger writes.
pub fn noted_changes(call: Call<'_>) -> SqlResult<()> {
    let noted = writer::level()
        .map(|level| CHANGES.with_borrow_mut(|changes| changes.take(level.transaction, level.level)))
        .unwrap_or_default();
    call.table(noted.into_iter().map(|change| (change.key, change.since, change.until)))
}

/// Whether a statement that is still running has changed what the ledger does not say yet.
pub fn are_unwritten() -> bool {
    CHANGES.with_borrow_mut(|changes| changes.are_unwritten(writer::transaction(), writer::is_live))
}

/// What a refresh does within the transaction that wrote.
pub fn forget_written() {
    CHANGES.with_borrow_mut(Changes::forget_written);
}
