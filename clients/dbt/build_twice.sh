#!/usr/bin/env bash
# Two nights of a job: dbt build, a day with new, late and changed rows, dbt build again. Each build runs the tests of tests/, which compare
# what is kept with what the reports say. usage: build_twice.sh folder-for-its-files, with libpq's environment variables
set -euo pipefail
cd "$(dirname "$0")"
export DBT_PROFILES_DIR=$PWD DBT_TARGET_PATH=$1/target DBT_LOG_PATH=$1/log DBT_SEND_ANONYMOUS_USAGE_STATS=false DO_NOT_TRACK=1
night() { dbt --no-version-check build --no-use-colors --vars "{until: $1}"; }
sql() { PGUSER=${AS:-dbt} psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }
sum() { sql -c "SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM analytics.$1 AS t WHERE true ${2:-}"; }

night 2026-05-30
before=$(sum daily_channels)
calls=$(sum monthly_calls "AND month = '2026-05-01'")
view=$(sum funnel_by_channel)
AS=demo sql -f next_day.sql
night 2026-06-01
# The tests have compared all of it; here is that there was something to find.
for one in daily_channels:"$before" monthly_calls:"$calls" funnel_by_channel:"$view"; do
    [ "$(sum "${one%%:*}" "$([ "${one%%:*}" != monthly_calls ] || echo "AND month = '2026-05-01'")")" != "${one#*:}" ] ||
        { echo "${one%%:*} is what it was, after a day with other rows"; exit 1; }
done
again=$(sum daily_credit)
rows=$(sql -c 'SELECT count(*) FROM analytics.daily_credit')
[ "$rows" -gt 100 ] || { echo "hardly a row: $rows"; exit 1; }
dbt --no-version-check run --no-use-colors --select daily_credit --vars '{until: 2026-06-01}'
[ "$(sum daily_credit)" = "$again" ] || { echo "a build without a change changes something"; exit 1; }
echo "ok: dbt: $rows rows of credit, two builds with $(find tests -name '*.sql' | wc -l) comparisons each"
