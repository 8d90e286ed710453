#!/usr/bin/env bash
# Memory that the system does not give is an error of the statement, as the server's own: no session ends of it.
export CLUSTER=starved TIMESCALEDB=0
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
OUT=$LOGS/failing_allocation.out
trap 'cluster remove' EXIT
cluster remove
cluster new-database starved
cluster stop
# An address space of 220 MB, where malloc fails as it does on a server without overcommitment.
(ulimit -v 220000 && SHARED_BUFFERS=16MB cluster start)
URL=$(cluster url starved)
db() { "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" "$@" >"$OUT" 2>&1; }
db -c 'CREATE EXTENSION mrcall_ext' || die 'the extension is not there' "$(cat "$OUT")"

goes_on_after() { # query
    # After a crash the server takes a moment to be there again.
    until db -c 'SELECT 1'; do sleep 0.2; done
    # The state is allowed more than the system gives.
    db -c "SET mrcall.max_state_memory = '2GB'" -c "$1" -c "SELECT 'goes on'"
    grep -q 53200 "$OUT" && grep -qx 'goes on' "$OUT"
}
passes 'an array of the server' goes_on_after "SELECT length(array_agg(repeat(md5(n::text), 4))::text) FROM generate_series(1, 5000000) AS n"
passes 'paths' goes_on_after "SELECT length(mrcall.path_agg(ARRAY['a', n::text], 1, 0, 0)::text) FROM generate_series(1, 3000000) AS n"
passes 'visits' goes_on_after "SELECT octet_length(mrcall_internal.visit_set(n::text || repeat('x', 30), now(), 'pageview', '/' || n, NULL, NULL,
    NULL, NULL, NULL, NULL, '(\"30 minutes\",f,t,t,{},,,,,)'::mrcall_internal.visit_settings)) FROM generate_series(1, 3000000) AS n"
