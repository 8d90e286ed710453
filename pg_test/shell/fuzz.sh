#!/usr/bin/env bash
# Every function with arguments that nobody meant, hostile states, and SQLsmith where it is installed: no crash, no internal error, no
# panic text. SEED=… repeats a run, MINUTES=30 goes on for longer, ONLY=part/number shows one case.
export CLUSTER=fuzz
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
MINUTES=${MINUTES:-${SOAK:+15}}
seconds=$((MINUTES ? MINUTES * 60 : 60))
SEED=${SEED:-$((RANDOM * 32768 + RANDOM))}
tidy() {
    # What the server said of itself outlives it.
    if [ -s "${log:-}" ]; then
        grep -E ' (LOG|PANIC|FATAL|WARNING|DETAIL):' "$log" | grep -vE 'checkpoint|connection to client' | tail -n 200 >"$LOGS/fuzz-server.log"
    fi
    cluster remove >/dev/null 2>&1 || true
}
trap tidy EXIT
cluster remove >/dev/null 2>&1 || true
cluster start
log=$(cluster log)
cluster new-database fuzz
owner=$(cluster url fuzz)
super=$(cluster super-url fuzz)
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super" -c "CREATE ROLE fuzz_reader LOGIN PASSWORD 'fuzz'" \
    -c "ALTER SYSTEM SET log_line_prefix = '%m [%p] %e %u '" -c 'SELECT pg_reload_conf()' >/dev/null
reader=${owner/demo:*@/fuzz_reader:fuzz@}
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -v "seed=$SEED" "$owner" -f "$ROOT/pg_test/fuzz/world.sql"

status=0
python3 -B "$ROOT/pg_test/fuzz/fuzz.py" --reader "$reader" --owner "$owner" --server-log "$log" --seed "$SEED" --seconds "$seconds" \
    ${ONLY:+--only "$ONLY"} || status=$?
# Of one case again, that is all.
! command -v sqlsmith >/dev/null || [ -n "${ONLY:-}" ] || smith=1

# SQLsmith writes whole queries over all that there is; what it calls of TimescaleDB's or the server's own is not ours to judge.
if [ -n "${smith:-}" ]; then
    took=$((seconds / 3))
    host=${reader#*@}
    port=${host#*:}
    before=$(wc -c <"$log")
    conninfo="host=${host%%:*} port=${port%%/*} dbname=fuzz user=fuzz_reader password=fuzz options='-c statement_timeout=1500 -c search_path=mrcall,public'"
    timeout --foreground "$took" sqlsmith --target="$conninfo" --exclude-catalog --verbose --seed="$SEED" >"$LOGS/fuzz-sqlsmith.out" 2>&1 || true
    tail -c +"$((before + 1))" "$log" >"$LOGS/fuzz-sqlsmith.log"
    errors=$(grep -c ' fuzz_reader ERROR:' "$LOGS/fuzz-sqlsmith.log" || true)
    # A sign for each query.
    queries=$(sed -n '/^[.eSctC]\{20,\}/p' "$LOGS/fuzz-sqlsmith.out" | tr -cd '.eSctC' | wc -c)
    echo "figure: SQLsmith: $took s, ${queries:-0} queries, $errors with errors"
    # It meets internal errors of the server, too, for queries that nobody writes: what is of ours has a text of Rust's.
    panics=$(grep -nE 'panicked|RefCell|index out of bounds|memory allocation of|terminated by signal' "$LOGS/fuzz-sqlsmith.log" || true)
    if [ -n "$panics" ]; then
        printf '✗ SQLsmith, seed %s:\n%s\n' "$SEED" "$panics"
        status=1
    fi
    [ "${queries:-0}" -gt 100 ] || die "SQLsmith tried nothing" "$(tail -n 5 "$LOGS/fuzz-sqlsmith.out")"
elif [ -z "${ONLY:-}" ]; then
    echo "SQLsmith is not installed here: skipped (Debian's package sqlsmith)"
fi
[ "$status" = 0 ]
