//! What a table holds beyond what a query sees.

use core::ptr;

use pgrx::pg_sys;

/// Whether a table has no row that any snapshot, however old, shows: what VACUUM could not take away. False where the table is
/// not the server's own kind, or is gone.
pub fn is_seen_by_nobody(relation: pg_sys::Oid) -> bool {
    let lock = pg_sys::AccessShareLock as pg_sys::LOCKMODE;
    // SAFETY: the relation is open, and locked, until the end; the server gives it, its lock and the scan back where an error ends
    // this in between. The snapshot lives as long as the scan that reads through it, and one of this kind is neither registered
    // nor has it anything but the two fields that the server's InitNonVacuumableSnapshot sets.
    unsafe {
        let table = pg_sys::try_table_open(relation, lock);
        if table.is_null() {
            return false;
        }
        let kind = &*(*table).rd_rel;
        let mut seen = true;
        if kind.relkind == pg_sys::RELKIND_RELATION as core::ffi::c_char && kind.relam == pg_sys::HEAP_TABLE_AM_OID {
            // Brings up to date what the next line goes by.
            pg_sys::GetOldestNonRemovableTransactionId(table);
            let mut snapshot = pg_sys::SnapshotData {
                snapshot_type: pg_sys::SnapshotType::SNAPSHOT_NON_VACUUMABLE,
                vistest: pg_sys::GlobalVisTestFor(table),
                ..Default::default()
            };
            let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_STRAT;
            let scan = pg_sys::heap_beginscan(table, &mut snapshot, 0, ptr::null_mut(), ptr::null_mut(), flags);
            seen = !pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection).is_null();
            pg_sys::heap_endscan(scan);
        }
        pg_sys::table_close(table, lock);
        !seen
    }
}
