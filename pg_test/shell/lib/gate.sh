# Sessions that wait for each other at known points, so that a test meets them there however fast the machine is.
# Needs PGBIN and URL; a test that sources this calls open_gates, and close_gates at its end.
# shellcheck shell=bash

db() { "$PGBIN/psql" -X -q -At -F ' ' -v ON_ERROR_STOP=1 "$URL" "$@"; }
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
until_is() { # what, wanted, query
    local got
    for _ in $(seq 1200); do
        got=$(db -c "$3")
        [ "$got" != "$2" ] || return 0
        sleep 0.05
    done
    die "$1" "wanted: $2" "got:    $got"
}

# One session that holds locks and does what it is told.
open_gates() {
    coproc HOLDER { exec "$PGBIN/psql" -X -q -At "$URL" 2>&1; }
    holder=$HOLDER_PID
}
tell() { # SQL
    local line
    echo "$1; SELECT 'told';" >&"${HOLDER[1]}"
    while read -r line <&"${HOLDER[0]}"; do
        [ "$line" != told ] || return 0
    done
    die "the session that holds the locks has ended"
}
close_gates() {
    [ -z "${holder:-}" ] || { kill "$holder" && wait "$holder"; } 2>/dev/null || true
    holder=''
}
hold() { tell "SELECT pg_advisory_lock($1)"; }
release() { tell "SELECT pg_advisory_unlock($1)"; }
until_waiting() { # what, lock
    until_is "$1" 1 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $2 AND NOT granted"
}

# A trigger function that stops where the session's setting test.stop_at says, counted in calls of it: there it waits until nobody
# holds lock 77. A lock_timeout does not end that.
make_gate() {
    db <<'SQL'
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS test;
CREATE SEQUENCE test.step;
CREATE SEQUENCE test.arrived;
CREATE FUNCTION test.gate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('test.step') = nullif(current_setting('test.stop_at', true), '')::bigint THEN
        PERFORM nextval('test.arrived');
        WHILE NOT pg_try_advisory_xact_lock_shared(77) LOOP
            PERFORM pg_sleep(0.01);
        END LOOP;
    END IF;
    RETURN CASE WHEN TG_LEVEL = 'ROW' THEN OLD END;
END $$;
SQL
}
reset_gate() { db -c "SELECT setval('test.step', 1, false), setval('test.arrived', 1, false)" >/dev/null; }
until_arrived() { until_is "$1" t 'SELECT is_called FROM test.arrived'; }
