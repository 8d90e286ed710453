//! Settings, where pgrx has no safe form.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::Relaxed};
use std::ffi::CString;

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary as guarded;
use pgrx::{PgSqlErrorCode, pg_sys};

unsafe extern "C-unwind" {
    /// The same in PostgreSQL 15 to 18; pgrx does not bind it.
    fn pg_parameter_aclcheck(parameter: *const c_char, role: pg_sys::Oid, mode: pg_sys::AclMode) -> c_int;
}

/// Makes an unknown setting below a prefix an error.
pub fn reserve_prefix(prefix: &'static CStr) {
    // SAFETY: the server reads a NUL-terminated string that lives for ever.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) }
}

/// When the client sent what is running, in microseconds since 2000-01-01 UTC: the same in all calls that a statement makes.
pub fn statement_start() -> i64 {
    // SAFETY: reads a variable of the server and takes no argument.
    unsafe { pg_sys::GetCurrentStatementStartTimestamp() }
}

/// The setting that has a ceiling, the ceiling, and where that comes from. There is one such setting.
const LIMITED: &CStr = c"mrcall.max_state_memory";
static CEILING: AtomicI32 = AtomicI32::new(0);
static CEILING_FROM: AtomicU32 = AtomicU32::new(pg_sys::GucSource::PGC_S_DEFAULT);

/// Registers `mrcall.max_state_memory` in kilobytes, which every role may set, but not above what the server says: its files, or
/// what belongs to the database or the role, which only those could write who may set it at all. Superusers, and whom they grant
/// SET ON PARAMETER, have no ceiling.
pub fn define_max_state_memory(setting: &'static GucSetting<i32>) {
    CEILING.store(setting.get(), Relaxed);
    // SAFETY: the hook is guarded and reads what the server passes it.
    unsafe {
        GucRegistry::define_int_guc_with_hooks(
            LIMITED,
            c"How much memory the code of this extension may take in one process.",
            c"Going over it is an error (54000). A role may lower it; above the server's own setting only a superuser sets it.",
            setting,
            64,
            i32::MAX,
            GucContext::Userset,
            GucFlags::UNIT_KB,
            Some(check_max_state_memory),
            None,
            None,
        );
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn check_max_state_memory(
    new: *mut c_int,
    _extra: *mut *mut c_void,
    source: pg_sys::GucSource::Type,
) -> bool {
    // SAFETY: the server passes the new value.
    let new = unsafe { *new };
    if source <= pg_sys::GucSource::PGC_S_DATABASE_USER {
        // Of several the later one in the order of sources counts, as for the server itself; one that was in a file and is no more
        // is the default again.
        let from = CEILING_FROM.load(Relaxed);
        let is_reset = source == pg_sys::GucSource::PGC_S_DEFAULT && from <= pg_sys::GucSource::PGC_S_FILE;
        if source >= from || is_reset {
            CEILING.store(new, Relaxed);
            CEILING_FROM.store(source, Relaxed);
        }
        return true;
    }
    // A worker has what its leader has.
    // SAFETY: a flag of the server.
    if unsafe { pg_sys::InitializingParallelWorker } || new <= CEILING.load(Relaxed) || may_set() {
        return true;
    }
    refuse();
    false
}

/// Whether the current role may set it to anything.
fn may_set() -> bool {
    // SAFETY: catalogs are read within a transaction only; an ERROR of the server unwinds.
    unsafe {
        pg_sys::IsTransactionState()
            && (pg_sys::superuser()
                || guarded(|| {
                    pg_parameter_aclcheck(LIMITED.as_ptr(), pg_sys::GetUserId(), pg_sys::ACL_SET as pg_sys::AclMode)
                }) == pg_sys::AclResult::ACLCHECK_OK as c_int)
    }
}

fn refuse() {
    let ceiling = CEILING.load(Relaxed);
    let message =
        format!("permission denied to set mrcall.max_state_memory above the server's own setting ({ceiling} kB)");
    let hint = "Set it lower, or have a superuser raise it: ALTER ROLE name SET mrcall.max_state_memory = '4GB';";
    // SAFETY: the server reads both texts before the memory that is current goes; what is allocated there is a copy.
    unsafe {
        pg_sys::GUC_check_errcode(PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE as c_int);
        for (place, text) in [
            (&raw mut pg_sys::GUC_check_errmsg_string, message.as_str()),
            (&raw mut pg_sys::GUC_check_errhint_string, hint),
        ] {
            *place = pg_sys::pstrdup(CString::new(text).unwrap_or_default().as_ptr());
        }
    }
}
