#!/usr/bin/env bash
# mrcall.max_state_memory: every role lowers it; above the server's own setting only superusers set it, and whom they let. Each way of
# setting it is tried.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
OUT=$LOGS/memory_setting.out
super=$("$ROOT/scripts/cluster.sh" super-url "${URL##*/}")
run() { "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$@" >"$OUT" 2>&1; }
as_super() { run "$super" -v ON_ERROR_STOP=1 "$@" || die 'a superuser may not' "$(cat "$OUT")"; }
load="SELECT 'loaded' FROM mrcall.version()"
show='SHOW mrcall.max_state_memory'
clean_up() {
    run "$super" -c 'ALTER ROLE demo RESET mrcall.max_state_memory' -c "ALTER DATABASE \"${URL##*/}\" RESET mrcall.max_state_memory" \
        -c 'ALTER SYSTEM RESET mrcall.max_state_memory' -c 'SELECT pg_reload_conf()' -c 'REVOKE SET ON PARAMETER mrcall.max_state_memory FROM demo' || true
}
trap clean_up EXIT
clean_up
is() { # what, wanted last line, psql arguments…
    local what=$1 wanted=$2
    shift 2
    run "$URL" "$@" || true
    [ "$(tail -n 1 "$OUT")" = "$wanted" ] || die "$what" "wanted: $wanted" "got: $(cat "$OUT")"
    echo "ok: $what"
}
refused() { # what, psql arguments…: the last statement
    local what=$1
    shift
    run "$URL" -v ON_ERROR_STOP=1 "$@" && die "not refused: $what" "$(cat "$OUT")"
    grep -q 'ERROR:  42501' "$OUT" || die "refused in another way: $what" "$(cat "$OUT")"
    echo "ok: refused: $what"
}
is 'the default' 1GB -c "$load" -c "$show"
is 'a role lowers it' 64MB -c "$load" -c "SET mrcall.max_state_memory = '64MB'" -c "$show"
is 'and goes back up to the server'"'"'s own' 1GB -c "$load" -c "SET mrcall.max_state_memory = '64MB'" -c "SET mrcall.max_state_memory = '1GB'" -c "$show"
is 'RESET' 1GB -c "$load" -c "SET mrcall.max_state_memory = '64MB'" -c 'RESET mrcall.max_state_memory' -c "$show"
refused 'SET' -c "$load" -c "SET mrcall.max_state_memory = '1025MB'"
grep -q 'HINT:.*superuser' "$OUT" || die 'no hint' "$(cat "$OUT")"
refused 'SET LOCAL' -c "$load" -c "BEGIN; SET LOCAL mrcall.max_state_memory = '2000GB'; COMMIT"
refused 'set_config' -c "$load" -c "SELECT set_config('mrcall.max_state_memory', '2GB', false)"
refused 'SET after it was lowered' -c "$load" -c "SET mrcall.max_state_memory = '64MB'" -c "SET mrcall.max_state_memory = '2GB'"
refused 'UPDATE of pg_settings' -c "$load" -c "UPDATE pg_settings SET setting = '2097152' WHERE name = 'mrcall.max_state_memory'"
refused 'SET of a function' -c "$load" -c "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SET mrcall.max_state_memory = '2GB' AS 'SELECT 1'"
refused 'ALTER ROLE by the role' -c "$load" -c "ALTER ROLE demo SET mrcall.max_state_memory = '2GB'"
refused 'ALTER DATABASE by its owner' -c "$load" -c "ALTER DATABASE \"${URL##*/}\" SET mrcall.max_state_memory = '2GB'"
# Before the library is there nobody knows the setting: then it is looked at when the library comes.
is 'SET before the library is loaded' 1GB -c "SET mrcall.max_state_memory = '5GB'" -c "$load" -c "$show"
export PGOPTIONS='-c mrcall.max_state_memory=5GB'
is 'an option of the connection' 1GB -c "$load" -c "$show"
export PGOPTIONS='-c mrcall.max_state_memory=5MB'
is 'one that lowers it' 5MB -c "$load" -c "$show"
is 'and goes back up' 1GB -c "$load" -c "SET mrcall.max_state_memory = '1GB'" -c "$show"
unset PGOPTIONS

as_super -c "$load" -c "SET mrcall.max_state_memory = '3GB'" -c "$show"
grep -qx 3GB "$OUT" || die 'a superuser may not raise it' "$(cat "$OUT")"
as_super -c "ALTER ROLE demo SET mrcall.max_state_memory = '3GB'"
is 'a superuser raises it for a role' 3GB -c "$load" -c "$show"
is 'which lowers and raises it below that' 2GB -c "$load" -c "SET mrcall.max_state_memory = '1MB'" -c "SET mrcall.max_state_memory = '2GB'" -c "$show"
refused 'above that' -c "$load" -c "SET mrcall.max_state_memory = '4GB'"
as_super -c "ALTER DATABASE \"${URL##*/}\" SET mrcall.max_state_memory = '512MB'"
is 'the setting of the role goes before that of the database' 3GB -c "$load" -c "$show"
as_super -c "ALTER ROLE demo RESET mrcall.max_state_memory"
is 'that of the database' 512MB -c "$load" -c "$show"
refused 'above that of the database' -c "$load" -c "SET mrcall.max_state_memory = '1GB'"
as_super -c "ALTER DATABASE \"${URL##*/}\" RESET mrcall.max_state_memory" -c "ALTER SYSTEM SET mrcall.max_state_memory = '2GB'" -c 'SELECT pg_reload_conf()' -c 'SELECT pg_sleep(0.5)'
is "that of the server's files" 2GB -c "$load" -c "SET mrcall.max_state_memory = '1MB'" -c "SET mrcall.max_state_memory = '2GB'" -c "$show"
as_super -c 'ALTER SYSTEM RESET mrcall.max_state_memory' -c 'SELECT pg_reload_conf()' -c 'SELECT pg_sleep(0.5)'
refused 'when it is in no file any more' -c "$load" -c "SET mrcall.max_state_memory = '2GB'"
as_super -c 'GRANT SET ON PARAMETER mrcall.max_state_memory TO demo'
is 'who is granted SET ON PARAMETER' 7GB -c "$load" -c "SET mrcall.max_state_memory = '7GB'" -c "$show"
clean_up

# Workers have what their leader has, lowered or raised.
parallel="SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off"
query="SELECT mrcall.num_visits(mrcall.visit_agg(occurred_at, '30 minutes')) > 0 FROM mrcall.events"
for size in 256MB 3GB; do
    run "$super" -v ON_ERROR_STOP=1 -c "$load" -c "$parallel" -c "SET mrcall.max_state_memory = '$size'" -c "EXPLAIN (ANALYZE, COSTS off, TIMING off) $query" ||
        die "$size: a parallel query fails" "$(cat "$OUT")"
    grep -qE 'Workers Launched: [1-9]' "$OUT" || die "$size: no worker was there" "$(cat "$OUT")"
    echo "ok: workers under $size"
done
