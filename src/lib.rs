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
    guc::init();
}

pgrx::extension_sql_file!("../sql/install/10-arrival.sql", name = "arrival");
pgrx::extension_sql_file!("../sql/install/20-bucket.sql", name = "bucket", requires = ["arrival"]);
pgrx::extension_sql_file!("../sql/install/25-visit_agg.sql", name = "visit_agg", requires = ["bucket"]);
pgrx::extension_sql_file!("../sql/install/27-behaviour.sql", name = "behaviour", requires = ["visit_agg"]);
pgrx::extension_sql_file!("../sql/install/30-credit.sql", name = "credit", requires = ["behaviour"]);
pgrx::extension_sql_file!("../sql/install/40-values.sql", name = "values", requires = ["credit"]);
pgrx::extension_sql_file!("../sql/install/50-tables.sql", name = "tables", requires = ["values"]);
pgrx::extension_sql_file!("../sql/install/55-source_columns.sql", name = "source_columns", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/install/60-attach.sql", name = "attach", requires = ["source_columns"]);
pgrx::extension_sql_file!("../sql/install/62-doctor.sql", name = "doctor", requires = ["attach"]);
pgrx::extension_sql_file!("../sql/install/65-link_visitor.sql", name = "link_visitor", requires = ["doctor"]);
pgrx::extension_sql_file!("../sql/install/70-visits.sql", name = "visits", requires = ["link_visitor"]);
pgrx::extension_sql_file!("../sql/install/75-visitor_buckets.sql", name = "visitor_buckets", requires = ["visits"]);
pgrx::extension_sql_file!("../sql/install/80-attribution.sql", name = "attribution", requires = ["visitor_buckets"]);
pgrx::extension_sql_file!("../sql/install/85-call_summary.sql", name = "call_summary", requires = ["attribution"]);
pgrx::extension_sql_file!("../sql/install/90-grants.sql", name = "grants", requires = ["call_summary"]);
