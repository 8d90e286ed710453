//! The C symbols that the library exports, all of them: for each SQL function `NAME_wrapper`, which `sql/install` names in its
//! declaration, and `pg_finfo_NAME_wrapper`, which tells the server how to call it.

use pgrx::pg_sys;

use super::asked;
use super::function::Function;
use super::function_call::guard;
use super::jsonb;
use super::language;
use super::planned;
use crate::agg;
use crate::api::*;
use mrcall_engine::behaviour::{FunnelEvents, FunnelState, RetentionState, SequenceState};
use mrcall_engine::calls::{CallSet, CallState, OfferedSet};
use mrcall_engine::distinct::DistinctState;
use mrcall_engine::paths::PathSet;
use mrcall_engine::visits::{VisitSet, VisitState};

/// Exports what runs `$call` over the call info.
macro_rules! symbol {
    ($name:ident $suffix:literal, |$info:ident| $call:expr) => {
        const _: () = {
            #[unsafe(export_name = concat!(stringify!($name), $suffix, "_wrapper"))]
            unsafe extern "C-unwind" fn function($info: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
                $call
            }

            #[unsafe(export_name = concat!("pg_finfo_", stringify!($name), $suffix, "_wrapper"))]
            extern "C-unwind" fn info() -> &'static pg_sys::Pg_finfo_record {
                const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
                &V1
            }
        };
    };
}

/// Exports a safe function. Its arguments and its result are those of the declaration in `sql/install`: this is where the types
/// of SQL and of Rust meet, which no compiler compares.
macro_rules! export {
    ($name:ident $suffix:literal, $function:expr) => {
        symbol!($name $suffix, |info| {
            let function = $function;
            // SAFETY: the server passes a live call info of the function that sql/install declares over this symbol.
            unsafe { guard(info, |call| Function::run(function, call)) }
        });
    };
}

/// The functions of a file of `api`.
macro_rules! functions {
    ($($file:ident: $($name:ident),+;)+) => { $($( export!($name "", $file::$name); )+)+ };
}

/// What workers need of an aggregate: `NAME_combine`, `NAME_serialize`, `NAME_deserialize`.
macro_rules! mergeable {
    ($($name:ident: $state:ty;)+) => {$(
        export!($name "_combine", agg::combine::<$state>);
        export!($name "_serialize", agg::serialize::<$state>);
        export!($name "_deserialize", agg::deserialize::<$state>);
    )+};
}

/// What is there for an aggregate whose result is its state: the result, the aggregate over stored states, the type's input
/// from text, from a message and from bytea.
macro_rules! stored {
    ($($name:ident, $rollup:ident, $of_type:ident: $state:ty;)+) => {$(
        export!($name "_final", agg::finalize::<$state>);
        export!($rollup "_trans", agg::merge_stored::<$state>);
        export!($of_type "_in", state_text::input::<$state>);
        export!($of_type "_recv", state_text::receive::<$state>);
        export!($of_type "_from_bytes", state_text::from_bytes::<$state>);
    )+};
}

/// Functions that read fields of documents, which most calls do without a guard.
macro_rules! fields {
    ($($name:ident: $reading:ty;)+) => {$(
        symbol!($name "", |info| {
            // SAFETY: the server passes a live call info; sql/install declares it as a field of a document.
            unsafe { jsonb::field::<$reading>(info) }
        });
    )+};
}

functions! {
    activity: lifecycle_counts, active_visitor_counts, stickiness_counts;
    arrival: ad_click, arrival, channel, is_arrival, url_host, url_domain, url_path, url_param, is_bot, device, agent, is_paid,
        rules_version, ignored_referrer_seed, rules, channels, nearest_name;
    behaviour: window_funnel_trans, window_funnel_final, window_funnel_times_final, retention_trans, retention_final,
        sequence_trans, sequence_match_final, sequence_count_final, sequence_events_final;
    bucket: is_zone, bucket, next_bucket, buckets;
    call_service: offered_set_trans, offered_set_rows, within_call;
    call_summary: call_set_trans, call_set_asked_trans, call_set_rows;
    caller_id: caller_id;
    call_agg: call_agg_trans, num_calls, calls_total_duration, mean_duration, duration_percentile, outcomes, peak_concurrency,
        peak_at, busy_time;
    cohorts: cohort_counts;
    credit: exact, credit, models, split_amount;
    deleted_callers: deleted_callers, is_asked;
    distinct: distinct_agg_trans, distinct_agg_default_trans, num_distinct, distinct_error;
    facts: use_facts, is_stored, noted_changes, are_unwritten, forget_written;
    fail: fail;
    funnel: funnel_set_trans, funnel_figures;
    funnel_state: funnel_agg_trans, funnel_state_depth, funnel_state_times, funnel_state_num_events;
    gap_fill: locf, interpolate;
    journeys: journey_set_trans, journey_set_final, journey_credit_rows, journey_path_rows, journey_rows;
    local_days: start_of_day, wall_clock, note_midnight, warn_once;
    mapping: source_tables, source_columns, mapping_paths, mapped_tables, compiled_mapping, cast_expression, source_problem;
    page_flow: page_flow_rows;
    paths: path_agg_trans, paths, num_paths, num_conversions, num_nulls, total_value, path_credit, path_models,
        data_driven_weights, markov, shapley, path_interval, path_transform;
    call_retention: may_commit, is_seen_by_nobody;
    visit_set: visit_set_trans, visit_set_merge_trans, visit_set_final;
    state_text: state_out;
    text_set: text_set, text_set_has;
    top_pages: page_figures;
    twice: twice;
    values: try_timestamptz, try_bigint, try_boolean, numeric_text, jws_payload, unpacked, website_session_ids, text_items, longest_call, heartbeat_events, version;
    visit_rows: visit_set_rows;
    stored_visits: asked_visit_rows, range_visits, sessionize;
    visitor_buckets: visitor_buckets;
    visit_agg: visit_agg_trans, visit_agg_times_trans, visits, num_visits, num_events, num_pageviews, num_bounces, total_duration;
    webhooks: stripe_facts, stripe_ids, apple_ids;
}

mergeable! {
    call_agg: CallState;
    call_set: CallSet;
    distinct_agg: DistinctState;
    funnel_agg: FunnelEvents;
    funnel_set: VisitSet;
    offered_set: OfferedSet;
    path_agg: PathSet;
    retention: RetentionState;
    sequence: SequenceState;
    visit_agg: VisitState;
    visit_set: VisitSet;
    window_funnel: FunnelState;
}

stored! {
    call_agg, call_rollup, call_state: CallState;
    distinct_agg, distinct_rollup, distinct_state: DistinctState;
    funnel_agg, funnel_rollup, funnel_state: FunnelEvents;
    path_agg, path_rollup, path_set: PathSet;
    visit_agg, visit_rollup, visit_state: VisitState;
}

export!(call_set "_final", agg::finalize::<CallSet>);
export!(offered_set "_final", agg::finalize::<OfferedSet>);
export!(call_set_merge "_trans", agg::merge_stored::<CallSet>);

fields! {
    field: document_fields::Text;
    field_timestamptz: document_fields::Instant;
    field_boolean: document_fields::Truth;
}

symbol!(run_report "", |info| {
    // SAFETY: the server passes a live call info of a function whose language has this handler.
    unsafe { language::call(info) }
});

symbol!(asked_support "", |info| {
    // SAFETY: the server passes a live call info; sql/install declares it as a support function.
    unsafe { pgrx::pgrx_extern_c_guard(|| asked::support(info)) }
});

symbol!(planned_support "", |info| {
    // SAFETY: the server passes a live call info; sql/install declares it as a support function.
    unsafe { pgrx::pgrx_extern_c_guard(|| planned::support(info)) }
});
