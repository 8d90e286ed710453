#!/usr/bin/env bash
# A real web server's log, loaded and reported, against an independent computation (log_oracle.py); the same log with lines
# that are none; logs without a usable line.
set -euo pipefail
ROOT=${ROOT:?} PGBIN=${PGBIN:?}
export LC_ALL=C.UTF-8
log=$ROOT/../shared/data/access_log.gz
[ -r "$log" ] || { echo "no ../shared/data/access_log.gz here" && exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() { echo "FAILED: $*" && failed=1; }
db() { "$PGBIN/psql" -X -q -At -F ' ' -v ON_ERROR_STOP=1 "$url" "$@"; }

fresh() {
    "$ROOT/scripts/cluster.sh" new-database test_log
    url=$("$ROOT/scripts/cluster.sh" url test_log)
    db -f "$ROOT/sql/reference/reference.sql" -f "$ROOT/sql/demo/install.sql"
}

# What the database says, in the form and order of log_oracle.py.
figures() {
    db <<'SQL'
SET timezone = 'UTC';
SELECT 'lines', sum(lines) FROM demo_log;
SELECT 'taken', count(*) FROM website_events;
SELECT 'refused', coalesce(sum(lines) FILTER (WHERE NOT is_taken), 0) FROM demo_log;
SELECT 'refused:', kind, lines FROM demo_log WHERE NOT is_taken ORDER BY kind COLLATE "C";
SELECT 'kind:', event_type, count(*) FROM mrcall.events GROUP BY event_type ORDER BY event_type COLLATE "C";
SELECT 'visitors', count(*), md5(string_agg(v.visitor_id, ',' ORDER BY v.visitor_id COLLATE "C"))
FROM (SELECT DISTINCT visitor_id FROM mrcall.events) AS v;
SELECT 'visits', count(*) FROM mrcall.visits;
SELECT 'bounces', count(*) FILTER (WHERE events = 1) FROM mrcall.visits;
SELECT 'seconds', extract(epoch FROM sum(ended_at - started_at))::bigint FROM mrcall.visits;
SELECT 'day', bucket::date, events, pageviews, visits
FROM mrcall.visitor_buckets('1 day', (SELECT min(created_at) FROM website_events),
                            (SELECT max(created_at) + interval '1 second' FROM website_events))
WHERE events > 0
ORDER BY bucket;
SQL
}

compare() { # what
    figures >"$work/database"
    if diff -u "$work/oracle" "$work/database"; then echo "ok: $1 ($(wc -l <"$work/oracle") figures)"; else fail "$1"; fi
}

echo "the 10,000 real lines"
fresh
python3 "$ROOT/pg_test/shell/log_oracle.py" "$log" >"$work/oracle"
"$ROOT/scripts/load_log.sh" "$log" "$url" | tee "$work/said"
compare "the real log"
grep -q '^lines 10000$' "$work/database" || fail "not every one of the 10,000 lines is accounted for"
grep -qF '10,000 lines = 9,999 taken + 1 refused' "$work/said" || fail "what the loader says of taken and refused"
grep -qF '(line 8899)' "$work/said" || fail "the number of the refused line"
[ "$(db -c "SELECT DISTINCT split_part(page_url, '/', 3) FROM website_events")" = www.semicomplete.com ] || fail "the host"
db -f "$ROOT/sql/demo/report_log.sql" >"$work/report"
! grep -n '✗' "$work/report" || fail "figures of the report differ"
! grep -nE '^.{101}' "$work/report" || fail "the report is wider than 100 columns"
sed -n '/^━━ Try next/,$p' "$work/report" | tail -n +2 >"$work/try.sql"
[ "$(grep -c ';$' "$work/try.sql")" -ge 5 ] || fail "fewer than five statements to try next"
db -f "$work/try.sql" >/dev/null || fail "a statement to try next"

echo "the same with lines that are none, from a pipe"
fresh
python3 "$ROOT/pg_test/shell/log_oracle.py" "$log" --mangle "$work/mangled.log" >"$work/oracle"
"$ROOT/scripts/load_log.sh" <(cat "$work/mangled.log") "$url"
compare "the mangled log"
for reason in 'empty line 2' 'unreadable time 4' 'Common Log Format, without referrer and user agent 1' \
    'not the Combined Log Format 8'; do
    grep -qxF "refused: $reason" "$work/database" || fail "refused: $reason"
done
[ "$(db -c "SELECT count(*) FROM website_events WHERE user_agent = 'Say \"hi\" \\' AND referrer = 'http://x.example/\"'")" = 1 ] ||
    fail "escaped quotes"
[ "$(db -c "SELECT count(*) FROM website_events WHERE page_url LIKE '%/café' AND user_agent = 'Café'")" = 1 ] || fail "UTF-8"
[ "$(db -c "SELECT max(length(page_url)) FROM website_events")" -gt 1000000 ] || fail "a line of 1 MB"
[ "$(db -c "SELECT count(*) FROM website_events WHERE page_url IS NULL AND properties ? 'request' AND user_agent IS NULL")" = 3 ] ||
    fail "requests that are no HTTP"
db -f "$ROOT/sql/demo/report_log.sql" >"$work/report"
! grep -n '✗' "$work/report" || fail "figures of the mangled log's report differ"
! grep -nE '^.{101}' "$work/report" || fail "the mangled log's report is wider than 100 columns"

echo "nothing is written halfway"
fresh
head -c 100000 "$log" >"$work/cut.gz"
printf 'no log\n\n' >"$work/none.log"
: >"$work/empty.log"
refuse() { # what, the message, command…
    local what=$1 message=$2 status=0
    shift 2
    "$@" >"$work/said" 2>&1 || status=$?
    [ "$status" = 1 ] || fail "$what: exit $status"
    grep -q "^error: .*$message" "$work/said" || { cat "$work/said" && fail "$what: the message"; }
    [ "$(db -c 'SELECT count(*) FROM website_events')" = 0 ] || fail "$what: something was written"
    [ -z "$(db -c "SELECT to_regclass('demo_log')")" ] || fail "$what: figures of it were written"
}
load=$ROOT/scripts/load_log.sh
refuse "a log that is cut short" 'could not be read to its end' "$load" "$work/cut.gz" "$url"
refuse "a file that is no log" 'no line of none.log is usable: 2 lines refused' "$load" "$work/none.log" "$url"
refuse "an empty file" 'it is empty' "$load" "$work/empty.log" "$url"
refuse "a folder" 'is a folder' "$load" "$work" "$url"
refuse "a file that is not there" 'cannot be read' "$load" "$work/absent.log" "$url"
refuse "a host that is none" 'is no host' env LOG_HOST='a b' "$load" "$log" "$url"

LOG_HOST=www.example.org "$load" "$log" "$url" >/dev/null
[ "$(db -c "SELECT DISTINCT left(page_url, 24) FROM website_events")" = https://www.example.org/ ] || fail "LOG_HOST"
"$PGBIN/psql" -X -q "$("$ROOT/scripts/cluster.sh" url postgres)" -c 'DROP DATABASE test_log' 2>/dev/null || true
exit "$failed"
