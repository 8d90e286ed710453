#!/usr/bin/env bash
# A server whose environment asks Rust for stacks, as images for Rust programs do, shows none to its clients.
export CLUSTER=trial
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
tidy() { cluster remove >/dev/null 2>&1 || true; }
trap tidy EXIT
tidy

export RUST_BACKTRACE=full RUST_LIB_BACKTRACE=1
cluster start
for setting in RUST_BACKTRACE=full RUST_LIB_BACKTRACE=1; do
    tr '\0' '\n' <"/proc/$(cluster pid)/environ" | grep -qx "$setting" || die "the server was not started with $setting"
done
cluster new-database backtrace
db() { "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose -v SHOW_CONTEXT=always "$(cluster url backtrace)" "$@" 2>&1; }
db -v ON_ERROR_STOP=1 -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' >/dev/null
db -v ON_ERROR_STOP=1 -c "INSERT INTO public.website_events (session_id, created_at, page_url)
    SELECT 'visitor-' || n, '2026-05-01', 'https://mrcall.ai/' FROM generate_series(1, 10) AS n" \
    -c "SELECT mrcall.attach('{\"events\": {\"columns\": {\"utm_source\": \"(1 / (length(session_id) * 0))::text\"}}}')" >/dev/null
# An error of the server below a function in Rust, one of the extension's own, one in a state's text, one in a worker.
parallel=debug_parallel_query
[ "$PG" -gt 15 ] || parallel=force_parallel_mode
statements=("SELECT * FROM mrcall.sessionize('2026-05-01', '2026-05-02')"
    "SELECT * FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-05-02', 'UTC', 'channel')"
    "SELECT mrcall.bucket('1 month 1 day', now(), 'UTC')"
    "SELECT 'x'::mrcall.visit_state"
    "SET $parallel = on; SELECT * FROM mrcall.sessionize('2026-05-01', '2026-05-02')")
seen=0
for statement in "${statements[@]}"; do
    answer=$(db -c "$statement" || true)
    grep -q '^ERROR: ' <<<"$answer" || die "no error came of: $statement" "$answer"
    if grep -qE 'backtrace|stack|[a-z_]+::[a-z_]+|\.rs:[0-9]+:[0-9]+' <<<"$(grep -v '^LOCATION' <<<"$answer")"; then
        die "a stack comes with the error of: $statement" "$answer"
    fi
    seen=$((seen + 1))
done
echo "ok: $seen errors without a stack"
