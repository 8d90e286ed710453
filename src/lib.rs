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
mod pg;
mod settings;

use error::{SqlResult, raise, report};
use mrcall_engine::resource::{interrupt, memory};

pgrx::pg_module_magic!();

/// Called once per process, when the library is loaded.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    pg::backtrace::never_capture();
    settings::init();
    interrupt::on_check(|| {
        pgrx::check_for_interrupts!();
        if let Err(error) = look_at_memory() {
            raise(error);
        }
    });
    memory::on_limit(settings::max_state_memory);
    memory::on_measure(pg::allocator::held);
    memory::on_demand(|error| raise(report(error)));
}

/// The error of a process that has come to the end of its memory, in pieces too small to ask for each.
fn look_at_memory() -> SqlResult<()> {
    pg::allocator::check()?;
    memory::check_limit().map_err(report)
}
