#!/usr/bin/env bash
# What docs/sizing.md says: bytes and time for a million events and a million calls, as a table, from data of its own.
# usage: sizing.sh     VISITORS=135000 (a million events, 400,000 calls)
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
choose_pg
VISITORS=${VISITORS:-135000}
"$ROOT/scripts/setup.sh" all
export CLUSTER=bench SHARED_BUFFERS=${SHARED_BUFFERS:-4GB}
"$ROOT/scripts/cluster.sh" start
read -r load _ </proc/loadavg
[ "${load%.*}" -lt 1 ] || say "warning: the load average is $load, so the times are no times of a quiet machine"
"$ROOT/scripts/cluster.sh" new-database sizing
URL=$("$ROOT/scripts/cluster.sh" url sizing)
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
say "==> $VISITORS visitors"
db -f "$ROOT/sql/reference/reference.sql" -v visitors="$VISITORS" -f "$ROOT/sql/demo/generate.sql" >/dev/null
db -f "$ROOT/sql/demo/install.sql"
db -f "$ROOT/bench/sql/sizing.sql"
