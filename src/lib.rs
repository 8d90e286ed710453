//! `mrcall_ext`: attribution, call summaries and visitor buckets inside PostgreSQL.
//!
//! `api` binds the engine to SQL, one file per feature; `pg` holds what has to talk to the server's C interface. All SQL
//! objects are declared by hand in `sql/install`, in the order of their numbers.
// SQL functions have as many arguments as the contract gives them, and pgrx's error is large, but built once a statement.
// pgrx wants the row type of a table function spelled out.
#![allow(clippy::too_many_arguments, clippy::result_large_err, clippy::type_complexity)]

mod agg;
mod api;
mod error;
mod guc;
mod pg;

pgrx::pg_module_magic!();

/// Called once per process, when the library is loaded.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::backtrace::never_capture();
    guc::init();
    mrcall_engine::resource::interrupt::on_check(|| {
        pgrx::check_for_interrupts!();
    });
    mrcall_engine::resource::memory::on_limit(guc::max_state_memory);
}
