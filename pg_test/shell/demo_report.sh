#!/usr/bin/env bash
# What make demo prints: within 100 columns, every section there, totals that agree, statements that run; the second
# time from the data of the first.
set -euo pipefail
ROOT=${ROOT:?} PGBIN=${PGBIN:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*" && failed=1; }

export LC_ALL=C.UTF-8
unset LOG
VISITORS=300 "$ROOT/scripts/demo.sh" >"$work/said" 2>&1 || { cat "$work/said" && fail "the demo does not run"; }
sed -n '/^━━ mrcall_ext/,$p' "$work/said" >"$work/report"
! grep -nE '^.{101}' "$work/report" || fail "lines wider than 100 columns"
! grep -n '✗' "$work/report" || fail "figures that differ"
[ "$(grep -c '✓' "$work/report")" -ge 8 ] || fail "fewer than eight lines with totals that say that they agree"
for heading in 'mrcall_ext' 'Which channels brought the sign-ups' 'Which channels brought the paid subscriptions' \
    'The sign-ups by every model' 'One sign-up explained' \
    'Visitors and visits per week' 'Visits per week by channel' 'How far visitors come' 'Who came back' \
    'Which pages they see' 'How the calls went' 'When the calls come' 'Businesses to look at' 'What mrcall.doctor() finds' \
    'Try next in make psql'; do
    grep -qF "━━ $heading" "$work/report" || fail "no section '$heading'"
done
[ "$(grep -c '(unattributed)' "$work/report")" = 3 ] || fail "the (unattributed) rows"

sed -n '/^━━ Try next/,$p' "$work/report" | tail -n +2 >"$work/try.sql"
[ "$(grep -c ';$' "$work/try.sql")" -ge 5 ] || fail "fewer than five statements to try next"
url=$("$ROOT/scripts/cluster.sh" url)
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$url" -f "$work/try.sql" >"$work/tried" || fail "a statement to try next"
! grep -q '(0 rows)' "$work/tried" || { cat "$work/tried" && fail "a statement to try next finds nothing"; }

# The same again finds the data as they were and prints the same.
VISITORS=300 "$ROOT/scripts/demo.sh" >"$work/again" 2>&1 || fail "the demo does not run again"
grep -q 'as it was' "$work/again" || fail "the demo fills the database again"
sed -n '/^━━ mrcall_ext/,$p' "$work/again" | diff "$work/report" - || fail "the second run prints something else"

# make psql and make url leave alone what a user made there, whatever size of demo they would make; a build that has changed
# is installed anew, and says so.
url=$("$ROOT/scripts/cluster.sh" url)
user() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$url" "$@"; }
user -c "CREATE MATERIALIZED VIEW public.mine AS SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01')" \
    -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (10, 'Mine', '^mine$')" -c 'CREATE TABLE public.kept (n int)'
made="SELECT count(*) FROM public.mine UNION ALL SELECT count(*) FROM mrcall.channel_rule"
before=$(user -c "$made")
VISITORS=20 "$ROOT/scripts/demo.sh" --only-data >"$work/looked" 2>&1 || fail "make psql does not start"
[ "$(user -c "$made")" = "$before" ] || fail "make psql takes away what a user made"
user -c "DO \$\$ BEGIN EXECUTE format('COMMENT ON DATABASE mrcall IS %L', 'demo of 300 visitors, seed 42' || E'\\nbuild 1'); END \$\$"
"$ROOT/scripts/demo.sh" --only-data >"$work/looked" 2>&1 || fail "a changed build does not start"
grep -q 'installed anew' "$work/looked" || fail "a changed build is silent"
user -c 'SELECT count(*) FROM public.kept' >"$work/kept" || fail "a changed build drops a user's table"
[ "$(user -c 'SELECT channel FROM mrcall.channel_rule')" = Mine ] || fail "a changed build drops a user's rule"

exit "$failed"
