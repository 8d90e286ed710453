#!/usr/bin/env bash
# TimescaleDB's community edition: compressed tables, chunk-wise plans, continuous aggregates, policies that drop events. No package has
# it: TSL_SOURCE=folder builds it from a source tree. VISITORS=… SEED=… choose the world, SOAK=1 a larger one.
if [ -z "${TSL_SOURCE:-}" ]; then
    echo "TimescaleDB's community edition is in no package: make test TSL_SOURCE=folder builds it from its source tree"
    exit 77
fi
export CLUSTER=community EDITION=community TIMESCALEDB=1
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
db() { "$PGBIN/psql" -X -q -At -F ' ' -v ON_ERROR_STOP=1 "$URL" "$@"; }
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
SEED=${SEED:-$(date +%s)}
VISITORS=${VISITORS:-${SOAK:+12000}}
VISITORS=${VISITORS:-1200}
echo "seed $SEED, $VISITORS visitors"
trap 'cluster remove >/dev/null 2>&1 || true' EXIT
cluster remove >/dev/null 2>&1 || true
cluster start
cluster new-database plain
URL=$(cluster url plain)
fill() {
    db -f "$ROOT/sql/reference/reference.sql" >/dev/null
    db -v "visitors=$VISITORS" -v "seed=$SEED" -f "$ROOT/sql/demo/generate.sql" >/dev/null
    db -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
    db -c "DELETE FROM public.session_retention_policies"
}
fill
is 'it is the community edition' timescale "$(db -c 'SHOW timescaledb.license')"
echo "figure: TimescaleDB $(db -c "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"), PostgreSQL $PG, $(
    db -c 'SELECT count(*) FROM public.website_events') events, $(db -c 'SELECT count(*) FROM public.sessions') calls"
copy() { # a database like another one, which nobody uses meanwhile
    "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url)" -c "CREATE DATABASE $1 OWNER demo TEMPLATE $2"
}
# Jobs would hold on to the databases that are copied.
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url)" -c 'ALTER SYSTEM SET timescaledb.max_background_workers = 0'
cluster stop
cluster start
URL=$(cluster url plain)

# Each report is in the list.
missing=$(db -c "SELECT string_agg(p.proname, ' ' ORDER BY 1) FROM pg_proc AS p WHERE p.pronamespace = 'mrcall'::regnamespace
    AND p.prokind = 'f' AND ('since' = ANY (p.proargnames) OR 'as_of' = ANY (p.proargnames))
    AND p.proname NOT IN ('buckets', 'bucket', 'next_bucket', $(grep -oE 'mrcall\.[a-z_]+\(' "$ROOT/pg_test/shell/lib/reports.sql" |
        sed -E "s/mrcall\.(.*)\(/'\1'/" | sort -u | paste -sd,))")
is 'every report is compared' '' "$missing"
reports() { # options of the server…
    PGOPTIONS="$*" "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$URL" -f "$ROOT/pg_test/shell/lib/reports.sql" 2>&1
}
same() { # what, file with the wanted answers, options…
    local what=$1 wanted=$2
    shift 2
    reports "$@" >"$LOGS/community-got.out" || die "$what: a report fails" "$(tail -n 5 "$LOGS/community-got.out")"
    diff "$wanted" "$LOGS/community-got.out" >"$LOGS/community.diff" ||
        die "$what: the reports differ" "$(head -n 20 "$LOGS/community.diff")"
    echo "ok: $what: all reports say the same"
}
checkup() { # what, options…
    local what=$1
    shift
    PGOPTIONS="$*" db -c "SELECT severity, object, finding FROM mrcall.doctor() WHERE severity <> 'info' ORDER BY 1, 2, 3" \
        >"$LOGS/community-doctor.out" 2>&1 || die "$what: doctor fails" "$(head -n 5 "$LOGS/community-doctor.out")"
    is "$what: doctor ends, and reads the sources" t "$(grep -c '^ok ' "$LOGS/community-doctor.out" | awk '{ print ($1 >= 10) ? "t" : "f" }')"
}
chunkwise=(-c parallel_setup_cost=0 -c parallel_tuple_cost=0 -c min_parallel_table_scan_size=0 -c max_parallel_workers_per_gather=4
    -c timescaledb.enable_chunkwise_aggregation=on)
serial=(-c max_parallel_workers_per_gather=0 -c timescaledb.enable_chunkwise_aggregation=off)

# 1. Compressed tables, and plans that aggregate chunk by chunk in workers.
compress() { # table, segmentby
    local by=${2:+", timescaledb.compress_segmentby = '$2'"}
    db -c "ALTER TABLE public.$1 SET (timescaledb.compress$by)" \
        -c "SELECT count(compress_chunk(c, true)) FROM show_chunks('public.$1') AS c" >"$LOGS/community-compress.out" 2>&1 ||
        die "$1 cannot be compressed" "$(cat "$LOGS/community-compress.out")"
    [ "$(tail -n 1 "$LOGS/community-compress.out")" -gt 5 ] || die "hardly a chunk of $1 was compressed"
}
change() { # late rows, changed ones and lost ones, the same for each seed
    db -c "INSERT INTO public.website_events (session_id, created_at, event_type, page_url, referrer)
        SELECT session_id, created_at + interval '3 hours', event_type, page_url, referrer FROM public.website_events
        WHERE abs(hashtextextended(session_id || created_at, $SEED)) % 40 = 0" \
        -c "DELETE FROM public.website_events WHERE abs(hashtextextended(session_id || created_at, $SEED + 1)) % 50 = 0" \
        -c "UPDATE public.website_events SET referrer = 'https://www.bing.com/', utm_source = NULL
            WHERE abs(hashtextextended(session_id || created_at, $SEED + 2)) % 60 = 0" \
        -c "UPDATE public.sessions SET data = data || '{\"outcome\": \"changed\"}' WHERE abs(hashtextextended(id, $SEED + 3)) % 30 = 0" \
        -c "DELETE FROM public.sessions WHERE abs(hashtextextended(id, $SEED + 4)) % 50 = 0" -c 'ANALYZE public.website_events, public.sessions'
}
reports "${serial[@]}" >"$LOGS/community-plain.out" || die "a report fails" "$(tail -n 5 "$LOGS/community-plain.out")"
[ "$(wc -l <"$LOGS/community-plain.out")" -gt 800 ] || die "the reports say hardly anything"
plan=$(PGOPTIONS="${chunkwise[*]}" db -c "EXPLAIN (COSTS OFF) SELECT mrcall.call_agg(start_timestamp, start_timestamp, 'x') FROM public.sessions")
for part in 'Partial Aggregate' 'Workers Planned'; do grep -q "$part" <<<"$plan" || die "no chunk-wise plan in workers" "$plan"; done
same 'uncompressed, chunk-wise, in workers' "$LOGS/community-plain.out" "${chunkwise[@]}"
checkup 'uncompressed, chunk-wise, in workers' "${chunkwise[@]}"
copy changed plain
URL=$(cluster url changed)
change
reports "${serial[@]}" >"$LOGS/community-changed.out" || die "a report fails" "$(tail -n 5 "$LOGS/community-changed.out")"
! cmp -s "$LOGS/community-plain.out" "$LOGS/community-changed.out" || die "nothing was changed"
URL=$(cluster url plain)
copy segments plain
URL=$(cluster url segments)
compress website_events session_id
compress sessions business_id
same 'compressed by visitor and business' "$LOGS/community-plain.out" "${serial[@]}"
same 'compressed by visitor and business, chunk-wise, in workers' "$LOGS/community-plain.out" "${chunkwise[@]}"
checkup 'compressed' "${chunkwise[@]}"
change
same 'compressed in part, after changes' "$LOGS/community-changed.out" "${serial[@]}"
same 'compressed in part, after changes, chunk-wise, in workers' "$LOGS/community-changed.out" "${chunkwise[@]}"
copy whole plain
URL=$(cluster url whole)
compress website_events ''
compress sessions ''
same 'compressed without segments' "$LOGS/community-plain.out" "${chunkwise[@]}"
checkup 'compressed without segments' "${serial[@]}"

# 2. Continuous aggregates over the sources equal recomputation, before and after late changes.
copy caggs plain
URL=$(cluster url caggs)
db -f "$ROOT/pg_test/shell/lib/caggs.sql" >"$LOGS/community-caggs.out" 2>&1 || die "a continuous aggregate fails" "$(tail -n 5 "$LOGS/community-caggs.out")"
differ() {
    is "$1: continuous aggregates equal their queries" '' "$(db -c "SELECT name, stored, computed, different FROM public.cagg_differences()
        WHERE different > 0 OR stored < 20")"
    echo "figure: $1: $(db -c "SELECT string_agg(format('%s %s', name, stored), ', ' ORDER BY name) FROM public.cagg_differences()") rows compared"
}
differ 'first refresh'
change
each() { db <<<"$1 \\gexec"; } # a query that gives statements: runs them
each "SELECT format('CALL refresh_continuous_aggregate(%L, NULL, NULL)', name) FROM public.cagg_query ORDER BY level, name"
differ 'after changes and a refresh'
each "SELECT format('ALTER MATERIALIZED VIEW public.%I SET (timescaledb.materialized_only = false)', name) FROM public.cagg_query"
db -c "INSERT INTO public.website_events (session_id, created_at, event_type, page_url) SELECT 'late-' || n, now() + n * interval '7 minutes',
        'page_view', 'https://mrcall.ai/' FROM generate_series(1, 200) AS n" \
    -c "INSERT INTO public.sessions (id, business_id, start_timestamp, data) SELECT 'late-' || n, (SELECT min(business_id) FROM public.business),
        now() + n * interval '9 minutes', '{}' FROM generate_series(1, 200) AS n"
differ 'in real time, above the watermark'

# 3. Retention of calls on compressed chunks: it unpacks what it takes and no more, and fits the edition's limit.
policies() {
    db -c "INSERT INTO public.session_retention_policies SELECT b.business_id, CASE WHEN b.nr % 3 > 0 THEN 30 END, CASE WHEN b.nr % 3 = 0 THEN 30 END
        FROM (SELECT business_id, row_number() OVER (ORDER BY business_id) AS nr FROM public.business
              WHERE business_id IN (SELECT business_id FROM public.sessions)) AS b WHERE b.nr % 10 = 0"
}
left() { # of rows that lie unpacked in compressed chunks: all, and those of businesses without a policy
    db <<'SQL'
CREATE TEMP TABLE unpacked (business_id text);
SELECT format('INSERT INTO unpacked SELECT business_id FROM ONLY %s', c) FROM show_chunks('public.sessions') AS c \gexec
SELECT count(*), count(*) FILTER (WHERE business_id IS NULL OR business_id NOT IN
    (SELECT business_id FROM public.session_retention_policies)) FROM unpacked;
SQL
}
calls="SELECT md5(string_agg(c::text, '|' ORDER BY c.call_id, c.started_at)) FROM (SELECT call_id, business_id, started_at, ended_at, outcome FROM mrcall.calls) AS c"
copy kept plain
URL=$(cluster url kept)
policies
db -c 'CALL mrcall.apply_session_retention(false)' >"$LOGS/community-wanted.out"
read -r archived deleted _ <"$LOGS/community-wanted.out"
if [ $((archived)) -le 50 ] || [ $((deleted)) -le 20 ]; then die "hardly a call is due" "$(cat "$LOGS/community-wanted.out")"; fi
wanted=$(db -c "$calls")
copy packed plain
URL=$(cluster url packed)
policies
compress sessions business_id
is 'nothing lies unpacked before' '0 0' "$(left)"
db -c 'CALL mrcall.apply_session_retention(false)' >"$LOGS/community-kept.out"
is 'on compressed chunks as many calls go' "$archived $deleted" "$(cut -d ' ' -f 1,2 "$LOGS/community-kept.out")"
is 'and the same calls are left' "$wanted" "$(db -c "$calls")"
read -r all others <<<"$(left)"
is 'no call of a business without a policy is unpacked' 0 "$others"
echo "figure: retention took $((archived + deleted)) calls of compressed chunks and left $all unpacked"
[ "$all" -le $((archived + deleted)) ] || die "it unpacks more than it takes" "took $((archived + deleted)), left unpacked $all"
# The edition's limit: a run fits it, or its error names a batch that does.
copy limited plain
URL=$(cluster url limited)
policies
compress sessions business_id
limit="SET timescaledb.max_tuples_decompressed_per_dml_transaction = 300"
if db -c "$limit" -c 'CALL mrcall.apply_session_retention(false, 30000)' >"$LOGS/community-limit.out" 2>&1; then
    echo 'ok: a large batch fits the limit'
else
    smaller=$(sed -nE 's/^HINT: .*apply_session_retention\(false, ([0-9]+)\).*/\1/p' "$LOGS/community-limit.out" | head -n 1)
    [ -n "$smaller" ] || die "an error of the limit without a batch that fits" "$(cat "$LOGS/community-limit.out")"
    db -c "$limit" -c "CALL mrcall.apply_session_retention(false, $smaller)" >"$LOGS/community-limit.out" 2>&1 ||
        die "the batch of the HINT, $smaller, does not fit either" "$(cat "$LOGS/community-limit.out")"
    echo "ok: the error of a batch beyond the limit names one that fits, $smaller"
fi
is 'under the limit the same calls are left' "$wanted" "$(db -c "$calls")"

# 4. Events that a policy drops: doctor, explain_conversion and the reports say so.
copy dropping plain
URL=$(cluster url dropping)
policy="SELECT add_retention_policy('public.website_events', drop_after => now() - timestamptz '2026-04-20')"
is 'without a policy nothing is said' '0 0' "$(db -c "SELECT count(*) FILTER (WHERE finding LIKE '%policy drops%'),
    count(*) FILTER (WHERE finding LIKE '%were dropped%') FROM mrcall.doctor()")"
job=$(db -c "$policy")
is 'doctor tells of a policy' 1 "$(db -c "SELECT count(*) FROM mrcall.doctor() WHERE object = 'public.website_events'
    AND finding LIKE 'a policy drops what is older than %'")"
warned() { # what, number of warnings, query
    is "$1" "$2" "$(db -c "$3" 2>&1 >/dev/null | grep -c '^WARNING:  events before .* were dropped' || true)"
}
early="SELECT * FROM mrcall.attribution('2026-04-01', '2026-06-01', 'linear')"
warned 'before it has run, reports say nothing' 0 "$early"
db -c "CALL run_job($job)" -c "SELECT (SELECT min(created_at) FROM public.website_events) > '2026-04-01'" | grep -qx t || die "the policy dropped nothing"
is 'doctor says what is gone' 1 "$(db -c "SELECT count(*) FROM mrcall.doctor() WHERE severity = 'warning' AND object LIKE 'events%'
    AND finding LIKE 'events before % were dropped%'")"
warned 'attribution whose lookback is gone' 1 "$early"
warned 'cohorts' 1 "SELECT * FROM mrcall.cohorts('2026-05-01', '2026-06-01')"
warned 'attribution whose lookback is whole' 0 "SELECT * FROM mrcall.attribution('2026-06-01', '2026-06-02', 'linear', lookback => '1 day')"
reason=$(db -c "SELECT e.reason FROM mrcall.customers AS u CROSS JOIN LATERAL mrcall.explain_conversion('signup', u.customer_id) AS e
    WHERE u.created_at BETWEEN '2026-03-01' AND '2026-04-01' AND cardinality(u.website_session_ids) > 0 ORDER BY u.customer_id LIMIT 1")
grep -q '^dropped: the events before ' <<<"$reason" || die "explain_conversion does not say that the events were dropped" "$reason"
echo "ok: explain_conversion: $reason"
# Of an installation that has seen none of them, too.
db -c "UPDATE mrcall.source SET begins_at = NULL"
warned 'by the policy alone' 1 "$early"
