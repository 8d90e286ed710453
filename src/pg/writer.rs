//! What a writer of events has to know: which subtransaction it is, and up to where visits are stored.

use core::ffi::c_char;
use core::ptr::null_mut;

use pgrx::{PgXactCallbackEvent, pg_sys};

/// The transaction and the subtransaction in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Level {
    pub transaction: u64,
    pub level: u64,
}

/// Who is writing; `None` where nothing was written yet.
pub fn level() -> Option<Level> {
    // SAFETY: reads the state of the server's own transaction.
    let (transaction, level) =
        unsafe { (pg_sys::GetTopFullTransactionIdIfAny().value, pg_sys::GetCurrentFullTransactionIdIfAny().value) };
    (transaction != 0 && level != 0).then_some(Level { transaction, level })
}

/// The transaction that is running, 0 where it has written nothing.
pub fn transaction() -> u64 {
    // SAFETY: as above.
    unsafe { pg_sys::GetTopFullTransactionIdIfAny().value }
}

/// Whether a subtransaction is the one that runs, or was released into it.
pub fn is_live(level: u64) -> bool {
    // SAFETY: looks the number up in the state of the server's own transaction.
    unsafe { pg_sys::TransactionIdIsCurrentTransactionId((level as u32).into()) }
}

/// Runs before the transaction commits or is prepared; an error that it raises ends the transaction.
pub fn before_commit(work: impl Fn() + Copy + Send + std::panic::UnwindSafe + std::panic::RefUnwindSafe + 'static) {
    pgrx::register_xact_callback(PgXactCallbackEvent::PreCommit, work);
    pgrx::register_xact_callback(PgXactCallbackEvent::PrePrepare, work);
}

/// Has the caches of the catalogs know what others have committed: a statement that takes no lock anew does not see it.
pub fn look_at_catalogs() {
    // SAFETY: as the server does whenever it takes a lock.
    unsafe { pg_sys::AcceptInvalidationMessages() }
}

/// The instant before which visits are stored or about to be, as committed last: a transaction with an older snapshot has to know it,
/// too. `None` where there is none.
pub fn threshold() -> Option<i64> {
    let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
    // SAFETY: the table is open, and locked, until the end, the snapshot registered as long as the scan; the server gives all of it back
    // where an error ends this in between. The one column is what sql/install declares.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"mrcall_internal".as_ptr(), true);
        let relation = pg_sys::get_relname_relid(c"fact_threshold".as_ptr(), schema);
        let table = pg_sys::try_table_open(relation, lock);
        if table.is_null() {
            return None;
        }
        let mut found = None;
        if (*(*table).rd_rel).relam == pg_sys::HEAP_TABLE_AM_OID
            && (*(*table).rd_rel).relkind == pg_sys::RELKIND_RELATION as c_char
            && (*(*table).rd_att).natts == 1
        {
            let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
            let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
            let scan = pg_sys::heap_beginscan(table, snapshot, 0, null_mut(), null_mut(), flags);
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if !tuple.is_null() {
                let (mut value, mut is_null) = (pg_sys::Datum::null(), true);
                pg_sys::heap_deform_tuple(tuple, (*table).rd_att, &mut value, &mut is_null);
                found = (!is_null).then(|| value.value() as i64);
            }
            pg_sys::heap_endscan(scan);
            pg_sys::UnregisterSnapshot(snapshot);
        }
        pg_sys::table_close(table, lock);
        found
    }
}
