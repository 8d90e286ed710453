#!/usr/bin/env bash
# The benchmark: the extension, plain SQL, DuckDB and ClickHouse on the same data (bench/README.md).
# usage: bench.sh     VISITORS=100000 SEED=42 RUNS=3 JOB=sessionize[,…] WORKERS=2
#        bench.sh     JOB=facts VISITORS=1000000    stored visits beside the rows
#        bench.sh     CALLS=5000000 SEED=42 RUNS=3 WORKERS=2     the job on calls, on that many calls of 20,000 businesses
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
export CLUSTER=bench TIMESCALEDB
VISITORS=${VISITORS:-100000}
SEED=${SEED:-42}
RUNS=${RUNS:-3}
WORKERS=${WORKERS:-2}
CALLS=${CALLS:-}
JOB=${JOB:-${CALLS:+call_summary}}
number() { case $2 in '' | *[!0-9]*) die "$1=$2 is no whole number" "example: make bench $1=$3" ;; esac; }
number VISITORS "$VISITORS" 100000
[ -z "$CALLS" ] || number CALLS "$CALLS" 5000000
number SEED "$SEED" 42
number RUNS "$RUNS" 3
number WORKERS "$WORKERS" 2
[ "$VISITORS" -gt 0 ] || die "VISITORS=0 leaves nothing to measure" "example: make bench VISITORS=100000"
[ "$RUNS" -ge 3 ] || die "RUNS=$RUNS gives no median" "at least three: make bench RUNS=3"
for job in ${JOB//,/ }; do
    [ "$JOB" != facts ] || break
    [ -e "$ROOT/bench/sql/$job/job.json" ] ||
        die "there is no job '$job'" "the jobs: $(cd "$ROOT/bench/sql" && echo */job.json | sed 's#/job.json##g'), and facts alone"
done

"$ROOT/scripts/setup.sh" all
[ "$JOB" = facts ] || "$ROOT/scripts/setup.sh" bench || say "without duckdb and chdb: their columns of the table stay empty"
load=$(cut -d ' ' -f 1 /proc/loadavg)
if awk -v load="$load" 'BEGIN { exit !(load > 1) }'; then
    say "warning: the machine is busy (load average $load); the figures will be worse than they should"
fi

# A quarter of the memory, as PostgreSQL's manual advises: the others keep their tables in memory of their own, too.
SHARED_BUFFERS=$(awk '/^MemTotal/ { mb = int($2 / 4096); print (mb > 8192 ? 8192 : mb) "MB" }' /proc/meminfo)
export SHARED_BUFFERS
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster start
trap 'cluster stop' EXIT
DATABASE=bench_${VISITORS}_$SEED
[ -z "$CALLS" ] || { DATABASE=bench_calls_${CALLS}_$SEED && VISITORS=0; }
URL=$(cluster url "$DATABASE")
db() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$URL" "$@"; }

# The comment of the database says what is in it, once all of it is there; another generator makes other data.
made_by=$(find "$ROOT/sql/reference" "$ROOT/sql/demo/generate" "$ROOT/sql/demo/generate.sql" \
    "$ROOT/bench/sql/load/make_calls.sql" -name '*.sql' -print0 |
    sort -z | xargs -0 cat | cksum | cut -d ' ' -f 1)
contents="benchmark of $VISITORS visitors, seed $SEED, made by $made_by"
[ -z "$CALLS" ] || contents="benchmark of $CALLS calls, seed $SEED, made by $made_by"
found=$(db -At -c "SELECT pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()" 2>/dev/null || true)
if [ "$found" = "$contents" ]; then
    say "==> database $DATABASE: as it was"
else
    what="$VISITORS visitors (about 40 s for each 100,000)"
    [ -z "$CALLS" ] || what="$CALLS calls (about 40 s for each million)"
    say "==> database $DATABASE: $what"
    cluster new-database "$DATABASE"
    db -f "$ROOT/sql/reference/reference.sql"
    if [ -n "$CALLS" ]; then
        db -v calls="$CALLS" -v seed="$SEED" -f "$ROOT/bench/sql/load/make_calls.sql"
    else
        db -v visitors="$VISITORS" -v seed="$SEED" -v nasty=1 -f "$ROOT/sql/demo/generate.sql"
    fi
    # Whole, so that no run meets hint bits to set or a table without statistics.
    db -c 'SET client_min_messages = error' -c 'VACUUM (ANALYZE)'
    db -c "COMMENT ON DATABASE $DATABASE IS '$contents'"
fi
# The extension anew each time: it may have been built anew.
db -f "$ROOT/sql/demo/install.sql"

BENCH_DATA=$BUILD/bench/pg$PG-$DATABASE
[ "$TIMESCALEDB" != 0 ] || BENCH_DATA+=-plain
PEER_PYTHON=$BUILD/venv-bench/bin/python
export PYTHONDONTWRITEBYTECODE=1
SERVER_PID=$(cluster pid)
export SERVER_PID ROOT BUILD PGBIN URL DATABASE CONTENTS="$contents" BENCH_DATA PEER_PYTHON VISITORS SEED RUNS JOB WORKERS
if [ "$JOB" = facts ]; then
    python3 "$ROOT/bench/facts.py"
    exit
fi
python3 "$ROOT/bench/run.py"
[ -z "$CALLS" ] || { say "==> one business and 30 days, asked by 1 and by 50 clients" && "$ROOT/bench/calls.sh"; }
