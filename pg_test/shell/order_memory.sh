#!/usr/bin/env bash
# The memory of an aggregate is that of what it knows, in whatever order its rows come.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
# One visitor, 20,000 events in 2,000 visits.
visits_fit() { # order
    [ "$("$PGBIN/psql" -X -q -At "$URL" -c "SET mrcall.max_state_memory = '1MB'" -c "SELECT octet_length(mrcall_internal.visit_set(
        'one', at, 'pageview', '/', NULL, NULL, NULL, NULL, NULL, NULL, '(\"30 minutes\",f,t,t,{},,,,,)'::mrcall_internal.visit_settings ORDER BY $1))
        FROM (SELECT timestamptz '2026-01-01' + n / 10 * interval '1 day' + n % 10 * interval '1 minute' AS at
              FROM generate_series(0, 19999) AS n) AS e")" -gt 0 ]
}
passes 'events in order of time' visits_fit 'at'
expected_failure 'events from the last to the first' visits_fit 'at DESC'
expected_failure 'events in no order' visits_fit 'md5(at::text)'
