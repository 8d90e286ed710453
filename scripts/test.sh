#!/usr/bin/env bash
# Every test: the engine's, the SQL ones against a private server, the shell ones. usage: test.sh [name…]
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
export CLUSTER=test TIMESCALEDB
"$ROOT/scripts/setup.sh" all
cd "$ROOT"

passed=0 failed=0 skipped=0 began=$SECONDS
only=("$@")
wanted() { [ ${#only[@]} = 0 ] || [[ " ${only[*]} " == *" $1 "* ]]; }
verdict() { # name, status: 0 passed, 77 skipped
    local took=$((SECONDS - began)) slow=
    began=$SECONDS
    [ "$took" -lt 10 ] || slow=" ($took s)"
    case $2 in
    0) passed=$((passed + 1)) && say "ok       $1$slow" ;;
    77) skipped=$((skipped + 1)) && say "SKIPPED  $1: $(tail -n 1 "$LOGS/test-$1.log")" ;;
    *) failed=$((failed + 1)) && say "FAILED   $1" && tail -n 40 "$LOGS/test-$1.log" ;;
    esac
}

if wanted engine; then
    say "==> engine: unit and property tests (a minute or two; the first time they are compiled)"
    status=0
    # At its full size it prints figures.
    cargo test -q -p mrcall_engine ${SOAK:+-- --show-output} >"$LOGS/test-engine.log" 2>&1 || status=$?
    grep '^test result' "$LOGS/test-engine.log" || true
    verdict engine "$status"
fi

scripts/cluster.sh start
began=$SECONDS
say "==> SQL tests on PostgreSQL $PG ($([ "$TIMESCALEDB" = 0 ] && echo without || echo with) TimescaleDB)"
scripts/cluster.sh new-database regress
URL=$(scripts/cluster.sh url regress)
export URL PGBIN ROOT BUILD LOGS PG
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$URL" -f sql/reference/reference.sql -f pg_test/fixtures/world.sql \
    >"$LOGS/test-fixture.log" 2>&1 || { cat "$LOGS/test-fixture.log"; die "the tests' fixture does not load"; }

# A test is a file of statements; what psql prints must be what expected/ says. Each runs in a transaction of its own that
# is rolled back, and each statement in a savepoint, so that errors are part of what is tested. A part that cannot be tested on this
# server raises a NOTICE "not tested here: …", which is said and not compared.
for file in pg_test/sql/*.sql; do
    name=$(basename "$file" .sql)
    wanted "$name" || continue
    { "$PGBIN/psql" -X -q -a "$URL" -v ON_ERROR_ROLLBACK=on -v VERBOSITY=verbose -v SHOW_CONTEXT=never \
        -c BEGIN -f "$file" -c ROLLBACK 2>&1 | sed -E '/^LOCATION:  /d; s/^psql:[^ ]*: //; s/[ \t]+$//'; } >"$LOGS/$name.out" </dev/null
    status=0
    left_out=$(grep -o 'not tested here: .*' <(grep '^NOTICE:  00000: ' "$LOGS/$name.out") || true)
    sed -i '/^NOTICE:  00000: not tested here: /d' "$LOGS/$name.out"
    diff -U 3 "pg_test/expected/$name.out" "$LOGS/$name.out" >"$LOGS/test-$name.log" 2>&1 || status=1
    [ "${ACCEPT:-}" = 1 ] && cp "$LOGS/$name.out" "pg_test/expected/$name.out" && status=0
    verdict "$name" "$status"
    [ -z "$left_out" ] || say "         $left_out"
done

say "==> tests of installation, server, demo and real input"
for file in pg_test/shell/*.sh; do
    name=$(basename "$file" .sh)
    wanted "$name" || continue
    status=0
    bash "$file" >"$LOGS/test-$name.log" 2>&1 </dev/null || status=$?
    verdict "$name" "$status"
done
scripts/cluster.sh stop

say ""
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
