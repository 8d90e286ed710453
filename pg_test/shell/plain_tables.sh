#!/usr/bin/env bash
# Without TimescaleDB, in a cluster that does not even load it, everything works on ordinary tables and gives the same figures.
export CLUSTER=trial
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
had_timescaledb=$TIMESCALEDB
tidy() {
    TIMESCALEDB=0 cluster remove >/dev/null 2>&1 || true
    [ "$had_timescaledb" = 0 ] || TIMESCALEDB=1 cluster remove >/dev/null 2>&1 || true
}
trap tidy EXIT
tidy

fill() {
    db -f "$ROOT/sql/reference/reference.sql" -v visitors=500 -v seed=3 -f "$ROOT/sql/demo/generate.sql" >/dev/null
    db -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
}
reports() {
    db <<'SQL'
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'time_decay', 'payment');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'last_touch', 'first_call', dimension => 'source');
SELECT * FROM mrcall.visitor_buckets('1 day', '2026-03-20', '2026-04-10', 'Europe/Rome');
SELECT * FROM mrcall.visitor_buckets('1 month', '2026-02-01', '2026-06-01', 'UTC', 'device');
SELECT * FROM mrcall.call_summary('1 month', '2026-02-01', '2026-06-01', 'Europe/Rome');
SELECT * FROM mrcall.sessionize('2026-05-01', '2026-05-10') ORDER BY 1, 2;
SELECT * FROM mrcall.conversions ORDER BY 1, 2;
SQL
}

export TIMESCALEDB=0
cluster start
cluster new-database plain
URL=$(cluster url plain)
is 'the server loads no TimescaleDB' '' "$("$PGBIN/psql" -X -At "$(cluster super-url)" -c 'SHOW shared_preload_libraries')"
fill
is 'the extension is there, TimescaleDB is not' mrcall_ext,plpgsql \
    "$(db -c "SELECT string_agg(extname, ',' ORDER BY extname) FROM pg_extension")"
is 'events and calls are ordinary tables' 'r,r' "$(db -c "SELECT string_agg(relkind::text, ',') FROM pg_class
    WHERE oid IN ('public.website_events'::regclass, 'public.sessions'::regclass) AND NOT relhassubclass")"
is 'doctor finds no error, and says what TimescaleDB would do' '0 2' "$(db -F ' ' -c "SELECT count(*) FILTER (WHERE severity = 'error'),
    count(*) FILTER (WHERE severity = 'info' AND finding LIKE 'TimescaleDB is not installed%') FROM mrcall.doctor()")"
# Totals that have to agree, from the tables themselves.
is 'every sign-up is in the report' "$(db -c "SELECT count(*) FROM public.customers_registry
    WHERE created_at >= '2026-02-01' AND created_at < '2026-06-01'")" \
    "$(db -c "SELECT trunc(sum(conversions)) FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear')")"
is 'every event is in a bucket' "$(db -c "SELECT count(*) FROM public.website_events
    WHERE created_at >= '2026-05-01' AND created_at < '2026-06-01' AND session_id IS NOT NULL")" \
    "$(db -c "SELECT sum(events) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01')")"
is 'every call is in the summary' "$(db -c "SELECT count(*) FROM public.sessions
    WHERE start_timestamp >= '2026-05-01' AND start_timestamp < '2026-06-01'")" \
    "$(db -c "SELECT sum(calls) FROM mrcall.call_summary('1 day', '2026-05-01', '2026-06-01')")"
customer=$(db -c 'SELECT min(id) FROM public.customers_registry')
reports >"$LOGS/plain_tables-plain.out"
db -c "SELECT mrcall.link_visitor('$customer', 'plain-visitor')" >/dev/null
is 'link_visitor writes' plain-visitor "$(db -c "SELECT website_session_id FROM mrcall.customers WHERE customer_id = '$customer'")"
cluster remove

if [ "$had_timescaledb" != 0 ]; then
    export TIMESCALEDB=1
    cluster start
    cluster new-database hyper
    URL=$(cluster url hyper)
    fill
    is 'with TimescaleDB they are hypertables' 2 "$(db -c 'SELECT count(*) FROM timescaledb_information.hypertables')"
    reports >"$LOGS/plain_tables-hyper.out"
    diff "$LOGS/plain_tables-plain.out" "$LOGS/plain_tables-hyper.out" || die "the figures differ with TimescaleDB"
    echo "ok: the figures are the same with TimescaleDB, $(wc -l <"$LOGS/plain_tables-plain.out") lines"
fi
