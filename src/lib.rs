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
    mrcall_engine::pulse::set(|| {
        pgrx::check_for_interrupts!();
    });
}

pgrx::extension_sql_file!("../sql/install/10-arrival.sql", name = "arrival");
pgrx::extension_sql_file!("../sql/install/20-bucket.sql", name = "bucket", requires = ["arrival"]);
pgrx::extension_sql_file!("../sql/install/22-gap_fill.sql", name = "gap_fill", requires = ["bucket"]);
pgrx::extension_sql_file!("../sql/install/24-distinct.sql", name = "distinct", requires = ["gap_fill"]);
pgrx::extension_sql_file!("../sql/install/25-visit_agg.sql", name = "visit_agg", requires = ["distinct"]);
pgrx::extension_sql_file!("../sql/install/27-behaviour.sql", name = "behaviour", requires = ["visit_agg"]);
pgrx::extension_sql_file!("../sql/install/28-funnel_state.sql", name = "funnel_state", requires = ["behaviour"]);
pgrx::extension_sql_file!("../sql/install/30-credit.sql", name = "credit", requires = ["funnel_state"]);
pgrx::extension_sql_file!("../sql/install/32-paths.sql", name = "paths", requires = ["credit"]);
pgrx::extension_sql_file!("../sql/install/34-markov_shapley.sql", name = "markov_shapley", requires = ["paths"]);
pgrx::extension_sql_file!("../sql/install/36-call_agg.sql", name = "call_agg", requires = ["markov_shapley"]);
pgrx::extension_sql_file!("../sql/install/40-values.sql", name = "values", requires = ["call_agg"]);
pgrx::extension_sql_file!("../sql/install/50-tables.sql", name = "tables", requires = ["values"]);
pgrx::extension_sql_file!("../sql/install/52-spend.sql", name = "spend", requires = ["tables"]);
pgrx::extension_sql_file!("../sql/install/53-session_archive.sql", name = "session_archive", requires = ["spend"]);
pgrx::extension_sql_file!(
    "../sql/install/55-source_columns.sql",
    name = "source_columns",
    requires = ["session_archive"]
);
pgrx::extension_sql_file!("../sql/install/57-call_fields.sql", name = "call_fields", requires = ["source_columns"]);
pgrx::extension_sql_file!("../sql/install/58-webhooks.sql", name = "webhooks", requires = ["call_fields"]);
pgrx::extension_sql_file!("../sql/install/60-attach.sql", name = "attach", requires = ["webhooks"]);
pgrx::extension_sql_file!("../sql/install/62-doctor.sql", name = "doctor", requires = ["attach"]);
pgrx::extension_sql_file!("../sql/install/65-link_visitor.sql", name = "link_visitor", requires = ["doctor"]);
pgrx::extension_sql_file!("../sql/install/70-visits.sql", name = "visits", requires = ["link_visitor"]);
pgrx::extension_sql_file!("../sql/install/72-funnel.sql", name = "funnel", requires = ["visits"]);
pgrx::extension_sql_file!("../sql/install/73-cohorts.sql", name = "cohorts", requires = ["funnel"]);
pgrx::extension_sql_file!("../sql/install/74-top_pages.sql", name = "top_pages", requires = ["cohorts"]);
pgrx::extension_sql_file!("../sql/install/75-visitor_buckets.sql", name = "visitor_buckets", requires = ["top_pages"]);
pgrx::extension_sql_file!("../sql/install/78-journeys.sql", name = "journeys", requires = ["visitor_buckets"]);
pgrx::extension_sql_file!("../sql/install/80-attribution.sql", name = "attribution", requires = ["journeys"]);
pgrx::extension_sql_file!(
    "../sql/install/81-attribution_models.sql",
    name = "attribution_models",
    requires = ["attribution"]
);
pgrx::extension_sql_file!(
    "../sql/install/82-conversion_paths.sql",
    name = "conversion_paths",
    requires = ["attribution_models"]
);
pgrx::extension_sql_file!(
    "../sql/install/83-explain_conversion.sql",
    name = "explain_conversion",
    requires = ["conversion_paths"]
);
pgrx::extension_sql_file!("../sql/install/84-marketing.sql", name = "marketing", requires = ["explain_conversion"]);
pgrx::extension_sql_file!("../sql/install/85-call_summary.sql", name = "call_summary", requires = ["marketing"]);
pgrx::extension_sql_file!("../sql/install/86-callers.sql", name = "callers", requires = ["call_summary"]);
pgrx::extension_sql_file!("../sql/install/87-flow.sql", name = "flow", requires = ["callers"]);
pgrx::extension_sql_file!("../sql/install/88-resource_usage.sql", name = "resource_usage", requires = ["flow"]);
pgrx::extension_sql_file!("../sql/install/89-retention.sql", name = "retention", requires = ["resource_usage"]);
pgrx::extension_sql_file!("../sql/install/91-forget.sql", name = "forget", requires = ["retention"]);
pgrx::extension_sql_file!("../sql/install/95-grants.sql", name = "grants", requires = ["forget"]);
