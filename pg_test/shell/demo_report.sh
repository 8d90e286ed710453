#!/usr/bin/env bash
# What make demo prints: within 100 columns, every section there, each with the statement that made it, totals that agree; the second
# time from the data of the first, whose end it chooses and says.
set -euo pipefail
ROOT=${ROOT:?} PGBIN=${PGBIN:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*" && failed=1; }

export LC_ALL=C.UTF-8
unset LOG UNTIL FRESH SEED
yesterday=$(date -u -d yesterday +%F)
VISITORS=300 FRESH=1 "$ROOT/scripts/demo.sh" >"$work/said" 2>&1 || { cat "$work/said" && fail "the demo does not run"; }
sed -n '/^━━ mrcall_ext/,$p' "$work/said" >"$work/report"
! grep -nE '^.{101}' "$work/report" || fail "lines wider than 100 columns"
! grep -n '✗' "$work/report" || fail "figures that differ"
[ "$(grep -c '✓' "$work/report")" -ge 8 ] || fail "fewer than eight lines with totals that say that they agree"
for heading in 'mrcall_ext' 'Which channels brought the sign-ups' 'Which channels brought the paid subscriptions' \
    'The sign-ups by every model' 'One sign-up explained' \
    'Visitors and visits per week' 'Visits per week by channel' 'How far visitors come' 'Who came back' \
    'Which pages they see' 'How the calls went' 'How long callers waited' 'When the calls come' 'Businesses to look at' 'What mrcall.doctor() finds' \
    'Try next in make psql'; do
    grep -qF "━━ $heading" "$work/report" || fail "no section '$heading'"
done
[ "$(grep -c '(unattributed)' "$work/report")" = 3 ] || fail "the (unattributed) rows"

# The statement of each section runs as it is printed, and finds something.
url=$("$ROOT/scripts/cluster.sh" url)
awk '/^━━ Try next/ { exit } /^  (SELECT|FROM) / { on = 1 } on { print } /;$/ { on = 0 }' "$work/report" >"$work/statements.sql"
awk '/^━━/ { if (heading && !found && heading !~ /mrcall_ext|Try next/) print heading; heading = $0; found = 0 } /^  SELECT .*/ { found = 1 }
     END { if (heading !~ /Try next/ && !found) print heading }' "$work/report" >"$work/without"
[ ! -s "$work/without" ] || { cat "$work/without" && fail "sections without their statement"; }
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$url" -f "$work/statements.sql" >"$work/made" || fail "the statement of a section"
! grep -qE '^\(0 rows\)' "$work/made" || { cat "$work/made" && fail "the statement of a section finds nothing"; }
[ "$(grep -cE '^\([0-9]+ rows?\)' "$work/made")" = "$(grep -c ';$' "$work/statements.sql")" ] || fail "statements that print no rows"

# The data end yesterday, so a range that ends now finds them; weekends are quiet whatever day of the week that is.
user() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$url" "$@"; }
[ "$(user -c "SELECT max(created_at AT TIME ZONE 'UTC')::date FROM public.website_events")" = "$yesterday" ] || fail "the events do not end yesterday"
[ "$(user -c "SELECT count(*) > 0 FROM mrcall.visits WHERE started_at > now() - interval '3 days'")" = t ] || fail "no visit within three days"

sed -n '/^━━ Try next/,$p' "$work/report" | tail -n +2 >"$work/try.sql"
[ "$(grep -c ';$' "$work/try.sql")" -ge 5 ] || fail "fewer than five statements to try next"
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$url" -f "$work/try.sql" >"$work/tried" || fail "a statement to try next"
! grep -q '(0 rows)' "$work/tried" || { cat "$work/tried" && fail "a statement to try next finds nothing"; }

# The same again finds the data as they were and prints the same.
VISITORS=300 "$ROOT/scripts/demo.sh" >"$work/again" 2>&1 || fail "the demo does not run again"
grep -q 'as it was' "$work/again" || fail "the demo fills the database again"
sed -n '/^━━ mrcall_ext/,$p' "$work/again" | diff "$work/report" - || fail "the second run prints something else"

# make psql and make url leave alone what a user made there, whatever size of demo they would make; a build that has changed
# is installed anew, and says so.
user -c "CREATE MATERIALIZED VIEW public.mine AS SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01')" \
    -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (10, 'Mine', '^mine$')" -c 'CREATE TABLE public.kept (n int)'
made="SELECT count(*) FROM public.mine UNION ALL SELECT count(*) FROM mrcall.channel_rule"
before=$(user -c "$made")
VISITORS=20 "$ROOT/scripts/demo.sh" --only-data >"$work/looked" 2>&1 || fail "make psql does not start"
[ "$(user -c "$made")" = "$before" ] || fail "make psql takes away what a user made"
user -c "DO \$\$ BEGIN EXECUTE format('COMMENT ON DATABASE mrcall IS %L', 'demo of 300 visitors, seed 42, until $yesterday' || E'\\nbuild 1'); END \$\$"
"$ROOT/scripts/demo.sh" --only-data >"$work/looked" 2>&1 || fail "a changed build does not start"
grep -q 'installed anew' "$work/looked" || fail "a changed build is silent"
user -c 'SELECT count(*) FROM public.kept' >"$work/kept" || fail "a changed build drops a user's table"
[ "$(user -c 'SELECT channel FROM mrcall.channel_rule')" = Mine ] || fail "a changed build drops a user's rule"

# A demo that was made long ago stays, and says how old it is; another last day or FRESH=1 makes it anew.
VISITORS=300 UNTIL=2026-05-31 "$ROOT/scripts/demo.sh" --only-data >"$work/looked" 2>&1
[ "$(user -c 'SELECT count(*) FROM public.kept')" = 0 ] || fail "make psql makes the data anew for an UNTIL"
VISITORS=300 UNTIL=2026-05-31 "$ROOT/scripts/demo.sh" >"$work/fixed" 2>&1 || fail "the demo of a fixed end does not run"
! grep -n '✗' "$work/fixed" || fail "figures of a fixed end that differ"
[ "$(user -c "SELECT max(created_at AT TIME ZONE 'UTC')::date FROM public.website_events")" = 2026-05-31 ] || fail "the events do not end with UNTIL"
user -c 'CREATE TABLE public.kept (n int)'
VISITORS=300 "$ROOT/scripts/demo.sh" >"$work/old" 2>&1 || fail "an old demo does not run"
grep -q 'end on 2026-05-31, .*FRESH=1' "$work/old" || fail "an old demo does not say how old it is"
sed -n '/^━━ mrcall_ext/,$p' "$work/fixed" >"$work/fixed.report"
sed -n '/^━━ mrcall_ext/,$p' "$work/old" | diff "$work/fixed.report" - || fail "an old demo is made anew unasked"
user -c 'SELECT count(*) FROM public.kept' >"$work/kept" || fail "an old demo takes away what a user made"
# The rows of a fixed end are always the same, but for the heartbeats, which came later.
[ "$(user -c "SELECT md5(string_agg(e::text, '' ORDER BY e.event_id)) FROM public.website_events AS e WHERE e.event_type <> 'heartbeat'")" = d9e99ca1970fd381f9b052ba8a7746f5 ] ||
    fail "the events of a fixed end are not those that they were"
VISITORS=300 UNTIL=2027-02-16 "$ROOT/scripts/demo.sh" --only-data >/dev/null 2>&1
VISITORS=300 FRESH=1 "$ROOT/scripts/demo.sh" --only-data >"$work/fresh" 2>&1 || fail "FRESH=1 does not run"
[ "$(user -c "SELECT max(created_at AT TIME ZONE 'UTC')::date FROM public.website_events")" = "$yesterday" ] || fail "FRESH=1 leaves old data"
for bad in 2026-02-30 31.5.2026 tomorrow; do
    ! UNTIL=$bad "$ROOT/scripts/demo.sh" --only-data >"$work/bad" 2>&1 || fail "UNTIL=$bad is taken"
    grep -q "UNTIL=$bad is no day" "$work/bad" || fail "UNTIL=$bad is refused without a reason"
done

# Saturdays and Sundays are the quiet days of any period.
for until in 2026-05-31 2026-06-02 2026-06-05; do
    "$ROOT/scripts/cluster.sh" new-database demo_days
    days=$("$ROOT/scripts/cluster.sh" url demo_days)
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$days" -f "$ROOT/sql/reference/reference.sql" -v visitors=300 -v until="$until" \
        -f "$ROOT/sql/demo/generate.sql" -c "SELECT 'weekend', count(*) FILTER (WHERE extract(isodow FROM start_timestamp) > 5) * 5
            < count(*) FILTER (WHERE extract(isodow FROM start_timestamp) < 6) * 2, max(start_timestamp AT TIME ZONE 'UTC')::date
            FROM public.sessions" | grep -qx "weekend|t|$until" || fail "the weekends of a period that ends on $until"
done

exit "$failed"
