#!/usr/bin/env bash
# Aggregates over one huge group answer a cancel in every phase: while they take rows, while they sort what they hold, while
# they write it for another process, while they make their answer of it.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
OUT=$LOGS/cancel_states.out
db() { PGOPTIONS="-c client_min_messages=warning" "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" "$@"; }
now() { date +%s%3N; }

# A million visitors with an event each, in no order, and the events of a funnel in two stored states.
db -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS public.cancel_states, public.cancel_stored' -c "CREATE TABLE public.cancel_states AS
    SELECT n, format('visitor %s', n * 7919 % 1000003) AS visitor, ARRAY[true, n = 1000000] AS steps,
           timestamptz '2026-01-01' + (n * 1299709 % 15485863) * interval '1 second' AS at
    FROM generate_series(1, 1000000::bigint) AS n" -c 'ANALYZE public.cancel_states' -c "CREATE TABLE public.cancel_stored AS
    SELECT mrcall.funnel_agg(at, steps) AS s FROM public.cancel_states GROUP BY n % 2"
visits="SELECT octet_length(mrcall_internal.visit_set(visitor || k, at, 'pageview', '/' || n % 1000, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, '(\"30 minutes\",f,t,t,{},,,,,,,,,,,)'::mrcall_internal.visit_settings)) FROM public.cancel_states, generate_series(1, 2) AS k"
# A person with ten thousand browsers and a hundred conversions; every other browser has a path of its own.
journeys="SELECT octet_length(mrcall_internal.journey_set(kind, customer, visitor, at, '2026-01-01', 'Email', visitor, 'conversion', '9.99', 2,
    'EUR', NULL, NULL, '{linear}', '7 days', 0.4, 0.4, NULL, true, true, '2026-01-01', '2027-01-01', true, false))
    FROM (SELECT 3 AS kind, NULL AS customer, visitor, at FROM public.cancel_states WHERE n <= 700000
          UNION ALL SELECT 2, 'customer', visitor, NULL FROM public.cancel_states WHERE n <= 10000
          UNION ALL SELECT 1, 'customer', NULL, at FROM public.cancel_states WHERE n <= 100) AS r"
declare -A query
query[visits]=$visits
query[visits_parallel]=$visits
query[journeys]=$journeys
# Both have one state, which is sorted for each of them.
query[window_funnel]="SELECT mrcall.window_funnel('36500 days', at, steps), mrcall.window_funnel_times('36500 days', at, steps)
    FROM public.cancel_states, generate_series(1, 5)"
# States that are read and merged, then sorted and written.
query[funnel_rollup]="SELECT pg_column_size(mrcall.rollup(s)) FROM public.cancel_stored, generate_series(1, 15)"
query[sleep]='SELECT pg_sleep(3600)'
workers() { [ "$1" = visits_parallel ] && echo 2 || echo 0; }
run() { # name, statement_timeout in ms, EXPLAIN or nothing: writes to $OUT, how long it took to took
    local started
    started=$(now)
    db -c "SET statement_timeout = $2" -c "SET max_parallel_workers_per_gather = $(workers "$1")" -c 'SET parallel_setup_cost = 0' \
        -c 'SET parallel_tuple_cost = 0' -c 'SET min_parallel_table_scan_size = 0' -c "${3:-} ${query[$1]}" >"$OUT" 2>&1
    local status=$?
    took=$(($(now) - started))
    return "$status"
}
run visits_parallel 0 EXPLAIN || die 'visits_parallel: failed' "$(cat "$OUT")"
grep -q 'Partial Aggregate' "$OUT" || die 'visits_parallel: no parallel plan' "$(cat "$OUT")"
# What connecting takes, and a cancel where there is nothing to do.
connecting=
for _ in 1 2 3 4 5; do
    run sleep 100 && die 'pg_sleep ended by itself'
    [ -n "$connecting" ] && [ $((took - 100)) -ge "$connecting" ] || connecting=$((took - 100))
done

for what in visits visits_parallel journeys window_funnel funnel_rollup; do
    run "$what" 0 || die "$what: failed" "$(cat "$OUT")"
    whole=$took
    # Cancelled ever later, until it ends by itself: so every phase is met, however the machine's pace changes.
    worst=0 cancels=0 at=0
    while :; do
        at=$((at + whole / 10))
        best=
        # A pause of the machine is no delay of ours: the best of several counts.
        for _ in 1 2 3; do
            run "$what" "$at" && break 2
            grep -q '57014' "$OUT" || die "$what: did not end with 57014" "$(cat "$OUT")"
            ! grep -qiE 'panic|backtrace|\.rs:[0-9]' "$OUT" || die "$what: the error shows the inside of the extension"
            late=$((took - at - connecting))
            [ -n "$best" ] && [ "$late" -ge "$best" ] || best=$late
            [ "$best" -ge $((whole / 10)) ] || break
        done
        cancels=$((cancels + 1))
        [ "$best" -le "$worst" ] || worst=$best
    done
    echo "$what: $whole ms; $cancels cancels were answered after $worst ms at most"
    [ "$cancels" -ge 4 ] || die "$what: ended by itself after $cancels cancels"
    [ $((worst * 6)) -lt "$whole" ] || die "$what: too late, $worst ms of $whole ms"
done
db -c 'DROP TABLE public.cancel_states, public.cancel_stored'
