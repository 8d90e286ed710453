#!/usr/bin/env bash
# Reports whose whole query the server gives to a worker say the same as without.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/expect.sh
. "$(dirname "$0")/lib/expect.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
mode=debug_parallel_query
[ "$PG" -ge 16 ] || mode=force_parallel_mode
answer() { # on or off, query
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" -c BEGIN -c "SET LOCAL $mode = $1" -c 'SET LOCAL parallel_setup_cost = 0' \
        -c 'SET LOCAL min_parallel_table_scan_size = 0' -c 'SELECT mrcall.attach()' -c "${3:-SELECT}" -c "SELECT * FROM ($2) AS r ORDER BY r::text" | tail -n +2
}
is_the_same() { # query, what is done before
    local without
    without=$(answer off "$@") && [ -n "$without" ] && [ "$(answer on "$@")" = "$without" ]
}
range="'2020-01-01', '2030-01-01'"
passes sessionize is_the_same "SELECT * FROM mrcall.sessionize($range)"
passes visitor_buckets is_the_same "SELECT * FROM mrcall.visitor_buckets('1 year', $range, 'Europe/Rome')"
passes visitor_buckets_channel is_the_same "SELECT * FROM mrcall.visitor_buckets('1 year', $range, 'Europe/Rome', 'channel')"
passes call_summary is_the_same "SELECT * FROM mrcall.call_summary('1 year', $range, 'Europe/Rome')"
passes call_service is_the_same "SELECT * FROM mrcall.call_service('1 year', $range, 'Europe/Rome')"
passes top_pages is_the_same "SELECT * FROM mrcall.top_pages($range, NULL, exclude_bots => true)"
passes cohorts is_the_same "SELECT * FROM mrcall.cohorts($range, '1 year', by => 'channel', rolling => false)"
passes lifecycle is_the_same "SELECT * FROM mrcall.lifecycle('1 year', $range, 'Europe/Rome')"
passes page_flow is_the_same "SELECT * FROM mrcall.page_flow($range, exclude_bots => true)"
passes attribution is_the_same "SELECT * FROM mrcall.attribution($range)"
# With rules of one's own the report asks for them in between.
passes visitor_buckets_own_channel is_the_same "SELECT * FROM mrcall.visitor_buckets('1 year', $range, 'Europe/Rome', 'channel')" \
    "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Mine', '^google\$')"
