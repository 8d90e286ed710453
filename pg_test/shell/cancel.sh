#!/usr/bin/env bash
# Long calls answer statement_timeout and pg_cancel_backend at once, with the server's own error and nothing else.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
db() { PGOPTIONS="-c client_min_messages=warning" "$PGBIN/psql" -X -q -At -v VERBOSITY=verbose "$URL" "$@"; }
fail() { die "$1" "$(cat "$LOGS/cancel.out")"; }
now() { date +%s%3N; }
# The error of a cancelled statement: its SQLSTATE, and no word from inside the extension.
check_output() {
    grep -q '57014' "$LOGS/cancel.out" || fail "$1: did not end with 57014"
    grep -qiE 'panic|backtrace|\.rs:[0-9]' "$LOGS/cancel.out" && fail "$1: the error shows the inside of the extension"
    return 0
}

# Ten million buckets take seconds, a thousand such calls take the better part of an hour.
declare -A query
query[one_call]="SELECT count(*) FROM mrcall.buckets('1 minute', '2000-01-01', '2018-12-31', 'Europe/Rome')"
query[many_calls]="SELECT count(*) FROM generate_series(1, 1000) AS n CROSS JOIN LATERAL
    mrcall.buckets('1 minute', '2000-01-01'::timestamptz + n * interval '1 day', '2018-12-31', 'Europe/Rome')"
query[report]="SELECT count(*)
    FROM mrcall.visitor_buckets('1 minute', '2000-01-01', '2018-12-31', 'Europe/Rome', 'channel')"

# What an answer is compared with, so that a slow machine is none too slow: one call that is let alone.
started=$(now)
db -c "${query[one_call]}" >"$LOGS/cancel.out" 2>&1 || fail "one_call: failed"
whole=$(($(now) - started))
echo "one_call: ends by itself after $whole ms"

for what in one_call many_calls report; do
    best=
    for _ in 1 2 3; do
        started=$(now)
        db -c "SET statement_timeout = '50ms'" -c "${query[$what]}" >"$LOGS/cancel.out" 2>&1 && fail "$what: ended by itself"
        took=$(($(now) - started))
        check_output "$what"
        [ -z "$best" ] || [ "$took" -lt "$best" ] && best=$took
    done
    echo "$what: statement_timeout of 50 ms answered after $best ms, connecting included"
    # An answer that waited for the end of a call's loop would take at least as long as that.
    [ "$best" -lt $((whole / 3)) ] || fail "$what: too late, after $best ms"
done

# A cancel from another session.
for what in many_calls report; do
    PGAPPNAME="cancel-$what" db -c "${query[$what]}" >"$LOGS/cancel.out" 2>&1 &
    pid=$!
    cancelled=
    for _ in $(seq 100); do
        cancelled=$(db -c "SELECT pg_cancel_backend(a.pid) FROM pg_stat_activity AS a
            WHERE a.application_name = 'cancel-$what' AND a.state = 'active'
              AND a.query_start < clock_timestamp() - interval '300 ms'")
        [ "$cancelled" = t ] && break
        sleep 0.1
    done
    [ "$cancelled" = t ] || fail "$what: was not seen at work"
    started=$(now)
    wait "$pid" && fail "$what: ended by itself"
    took=$(($(now) - started))
    check_output "$what"
    echo "$what: pg_cancel_backend answered after $took ms"
    [ "$took" -lt "$whole" ] || fail "$what: too late, after $took ms"
done

# The session goes on, and the next call is whole.
[ "$(db -c "SET statement_timeout = '50ms'" -c "${query[one_call]}" -c 'RESET statement_timeout' \
    -c "SELECT count(*) FROM mrcall.buckets('1 hour', '2026-03-29', '2026-03-30', 'Europe/Rome')" 2>/dev/null)" = 24 ] ||
    die "after a cancel the session does not go on as it should"
