#!/usr/bin/env bash
# Stored visits: every report gives the same with and without them, whatever has changed since and in every snapshot; refresh loses no
# writer, may be killed, and leaves what verify finds right; nobody reads more by them than without.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster new-database facts
URL=$(cluster url facts)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url facts)" "$@"; }
OUT=$LOGS/facts
jobs=()
tidy() {
    close_gates
    for pid in "${jobs[@]}"; do kill "$pid" 2>/dev/null || true; done
}
trap tidy EXIT

db -f "$ROOT/sql/reference/reference.sql" -f "$ROOT/pg_test/fixtures/world.sql" -f "$ROOT/pg_test/fixtures/every_report.sql" >/dev/null
db >/dev/null <<'SQL'
ALTER TABLE asking.report ADD COLUMN is_quick boolean NOT NULL DEFAULT false;
-- Reports that say something else with and without facts; the quick ones are asked more often.
CREATE FUNCTION asking.differing(quick_ones boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    asked record;
    by_facts text;
    by_rows text;
BEGIN
    FOR asked IN SELECT r.* FROM asking.report AS r WHERE r.is_quick OR NOT quick_ones LOOP
        PERFORM set_config('mrcall.use_facts', 'on', true);
        by_facts := asking.answer(asked.query);
        PERFORM set_config('mrcall.use_facts', 'off', true);
        by_rows := asking.answer(asked.query);
        PERFORM set_config('mrcall.use_facts', 'on', true);
        -- Where an error of both comes from differs.
        IF regexp_replace(by_facts, 'line \d+', '', 'g') <> regexp_replace(by_rows, 'line \d+', '', 'g') THEN
            RETURN NEXT concat_ws(' | ', asked.name, asked.query, by_facts, by_rows);
        END IF;
    END LOOP;
END $$;
-- One visit and touch, a visitor's, those of a time across the end of what is stored; around the borders of a day.
INSERT INTO asking.report VALUES
    ('visit', $$SELECT * FROM mrcall.visits WHERE visitor_id = 'F-1'$$),
    ('visits', $$SELECT v.visitor_id, v.started_at, v.events, v.rule FROM mrcall.visits AS v WHERE v.visitor_id IN ('F-1', 'F-2', 'F-3')$$),
    ('visits', $$SELECT * FROM mrcall.visits WHERE started_at >= now() - interval '3 days'$$),
    ('visits', $$SELECT visitor_id, ended_at, events FROM mrcall.visits WHERE started_at BETWEEN '2026-04-03' AND '2026-04-05 12:00'$$),
    ('touches', $$SELECT * FROM mrcall.touches WHERE touched_at >= '2026-05-01' AND touched_at < '2026-05-11'$$),
    ('visits_of', $$SELECT * FROM mrcall.visits_of('{F-1,F-2}', until => now() - interval '1 hour')$$),
    ('sessionize', $$SELECT * FROM mrcall.sessionize(now() - interval '30 hours 3 minutes', now() + interval '1 day')$$),
    ('sessionize', $$SELECT * FROM mrcall.sessionize('2026-04-02 09:17:13', '2026-04-02 21:17:13', '20 minutes')$$),
    ('top_pages', $$SELECT * FROM mrcall.top_pages(now() - interval '2 days', now(), NULL)$$);
UPDATE asking.report SET is_quick = name IN ('visit', 'visits', 'touches', 'visits_of', 'sessionize', 'view visits') OR query ~ 'now';
SQL
same() { # when, whether the quick ones are enough
    local found
    found=$(db -c "SELECT * FROM asking.differing(${2:-true})")
    [ -z "$found" ] || die "$1: not the same with and without facts" "$found"
}
fresh() { # columns
    db -c "SELECT $1 FROM mrcall.freshness()"
}
refresh() {
    db -c "CALL mrcall.refresh(${1:-})" 2>"$OUT-refresh.err" || die 'refresh fails' "$(cat "$OUT-refresh.err")"
}
proved() { # when
    is "$1: what is stored is right" '' "$(db -c "SELECT v.key, v.stored, v.computed FROM mrcall.verify('visits', 1) AS v LIMIT 3")"
}

# Some visitors of these days, one of them at this moment, one across the end of what is stored.
db -c "INSERT INTO public.website_events (event_id, session_id, created_at, page_url, referrer)
    SELECT format('F-%s-%s', v, n), 'F-' || v, now() - n * v * interval '7 minutes', 'https://mrcall.ai/' || n % 3,
           CASE WHEN n % 9 = 0 THEN 'https://www.google.com/' END
    FROM generate_series(1, 4) AS v CROSS JOIN generate_series(0, 300) AS n" \
    -c "INSERT INTO public.website_events (event_id, session_id, created_at, page_url)
    SELECT 'F-5-' || n % 5, 'F-5', now() - n * interval '5 hours', 'https://mrcall.ai/again' FROM generate_series(0, 9) AS n"

# Before the first refresh, and after.
is 'what maintain says' 'kept: visits; next: CALL mrcall.refresh();' "$(db -c 'SELECT mrcall.maintain()')"
is 'a second one' 'kept: visits; next: CALL mrcall.refresh();' "$(db -c "SELECT mrcall.maintain('{visits}')")"
is 'nothing is stored yet' '-infinity 0 nothing is stored yet' "$(fresh 'stored_until, rows, fault')"
same 'nothing is stored yet'
refresh
is 'most is stored' 't t 0 0  ' "$(fresh "stored_until > now() - interval '6 minutes', pending_keys > 0, pending_ranges, failing_keys, waiting_for, fault")"
is 'as many as it says' t "$(db -c 'SELECT f.rows = count(*) FROM mrcall.visit, mrcall.freshness() AS f GROUP BY f.rows')"
same 'after the first refresh' false
proved 'after the first refresh'

# They are read: what is wrong there is wrong in the answers, and verify names it.
db -c "UPDATE mrcall.visit SET events = events + 1 WHERE (visitor_id, started_at) IN
    (SELECT visitor_id, started_at FROM mrcall.visit WHERE started_at >= '2026-04-05' AND pageviews > 0 ORDER BY 2, 1 LIMIT 1)"
for name in 'view visits' sessionize; do
    db -c 'SELECT * FROM asking.differing(true)' | grep -q "^$name" || die "$name does not read what is stored"
done
is 'verify names it' 1 "$(db -c "SELECT count(*) FROM mrcall.verify('visits', 1)")"
db -c "UPDATE mrcall.visit SET events = events - 1 WHERE (visitor_id, started_at) IN
    (SELECT visitor_id, started_at FROM mrcall.visit WHERE started_at >= '2026-04-05' AND pageviews > 0 ORDER BY 2, 1 LIMIT 1)"
proved 'mended by hand'

# Every kind of change, before and after a refresh; what is rolled back is nothing.
changes=(
    "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-1', now() - interval '9 days'), ('F-new', '2026-04-04 01:00')"
    "DELETE FROM public.website_events WHERE session_id = 'F-2' AND created_at < now() - interval '1 day'"
    "UPDATE public.website_events SET session_id = CASE session_id WHEN 'F-3' THEN 'F-4' ELSE 'F-3' END WHERE session_id IN ('F-3', 'F-4')"
    "UPDATE public.website_events SET created_at = created_at + interval '25 minutes' WHERE session_id = 'F-4'"
    "UPDATE public.website_events SET referrer = 'https://t.co/x' WHERE session_id = 'F-1'"
    "BEGIN; SAVEPOINT a; DELETE FROM public.website_events WHERE session_id = 'F-1'; ROLLBACK TO a; COMMIT"
    "BEGIN; SAVEPOINT a; INSERT INTO public.website_events (session_id, created_at) VALUES ('F-6', now() - interval '5 days'); RELEASE a; COMMIT"
    "INSERT INTO public.website_events (session_id, created_at) SELECT 'F-load-' || n, now() - n * interval '1 hour' FROM generate_series(1, 1500) AS n"
    "DELETE FROM public.website_events WHERE session_id LIKE 'F-load-%'"
    "DROP INDEX public.website_events_session_id_created_at_idx; INSERT INTO public.website_events (session_id, created_at)
        SELECT (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) AS n), now() - n * interval '1 day' FROM generate_series(2, 3) AS n"
    "DELETE FROM public.website_events WHERE length(session_id) > 6000"
    "CREATE INDEX website_events_session_id_created_at_idx ON public.website_events (session_id, created_at)"
    "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Mine', 'google')"
    "UPDATE mrcall.ignored_referrer SET ignored = NOT ignored WHERE domain = 'checkout.stripe.com'"
)
# Hypertables refuse it.
disabled="ALTER TABLE public.website_events DISABLE TRIGGER USER; DELETE FROM public.website_events WHERE session_id = 'F-3';
    ALTER TABLE public.website_events ENABLE TRIGGER USER"
[ "$TIMESCALEDB" != 0 ] || changes=("$disabled" "${changes[@]}")
for change in "${changes[@]}"; do
    db -c "$change"
    same "after $change"
    proved "after $change"
    refresh
    same "refreshed after $change"
    proved "$change"
done
same 'after all changes' false

# Inside a block one batch is done, and nothing that is not the caller's own to see is stored.
db -c "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-7', now() - interval '4 days')"
db -c BEGIN -c 'CALL mrcall.refresh()' -c "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-7', now() - interval '3 days')" \
    -c 'CALL mrcall.refresh()' -c "DELETE FROM public.website_events WHERE session_id = 'F-7' AND created_at > now() - interval '80 hours'" \
    -c COMMIT 2>"$OUT-block.err"
grep -q 'inside a transaction block one batch is done' "$OUT-block.err" || die 'a refresh in a block does not say so' "$(cat "$OUT-block.err")"
is 'it is in the ledger again' 1 "$(db -c "SELECT count(*) FROM mrcall_internal.fact_change WHERE key = 'F-7'")"
same 'after a block'
refresh
proved 'after a block'

# A reader of an older snapshot, with facts and without, across changes and two refreshes.
open_gates
tell 'BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TEMP TABLE before AS SELECT * FROM mrcall.visits'
db -c "DELETE FROM public.website_events WHERE session_id IN ('F-1', 'F-7')" \
    -c "INSERT INTO public.website_events (session_id, created_at) SELECT 'F-2', now() - n * interval '8 hours' FROM generate_series(1, 9) AS n"
refresh
db -c "INSERT INTO mrcall.channel_rule (position, channel, referrer_pattern) VALUES (2, 'Bird', 't.co')"
refresh
tell "CREATE TABLE public.f_seen AS SELECT s.*, (SELECT count(*) FROM ((TABLE before EXCEPT ALL SELECT * FROM mrcall.visits)
    UNION ALL (SELECT * FROM mrcall.visits EXCEPT ALL TABLE before)) AS d) AS changed FROM asking.differing(true) AS s
    RIGHT JOIN (SELECT) AS one ON true"
tell COMMIT
is 'an older snapshot sees what it saw' ' 0' "$(db -c 'TABLE public.f_seen')"
close_gates

# A writer that began before the time moves on is waited for, and a refresh that may not wait leaves the time where it is.
open_gates
tell "BEGIN; INSERT INTO public.website_events (session_id, created_at) VALUES ('F-8', now() + interval '1 day')"
before=$(fresh stored_until)
refresh "interval '1 second'"
grep -q 'max_duration is over' "$OUT-refresh.err" || die 'a refresh whose time is over does not say so' "$(cat "$OUT-refresh.err")"
is 'nothing is stored while somebody writes' "$before" "$(fresh stored_until)"
db -c 'CALL mrcall.refresh()' 2>"$OUT-waits.err" &
waits=$! jobs+=($!)
until_is 'freshness says whom it waits for' t "SELECT waiting_for ~ '^process' FROM mrcall.freshness()"
db -c "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-9', now() - interval '1 day')"
tell "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-8', now() - interval '6 minutes'); COMMIT"
wait "$waits" || die 'the refresh fails' "$(cat "$OUT-waits.err")"
is 'time has moved on' t "$(fresh "stored_until > '$before'")"
same 'after a writer that was waited for'
refresh
proved 'after a writer that was waited for'
close_gates

# Killed at any point, twice at once: what is stored is right.
db -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (3, 'Third', 'bing')"
for killed in 1 2 3 4 5 6; do
    (PGAPPNAME=killed exec "$PGBIN/psql" -X -q "$URL" -c 'CALL mrcall.refresh()' >/dev/null 2>&1) &
    jobs+=($!)
    sleep "0.0$((killed * 9))"
    super -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'killed'" >/dev/null
    wait $! || true
    same "killed $killed"
done
for _ in 1 2; do
    db -c 'CALL mrcall.refresh()' 2>>"$OUT-two.err" &
    jobs+=($!)
done
for pid in "${jobs[@]: -2}"; do wait "$pid" || die 'one of two refreshes fails' "$(cat "$OUT-two.err")"; done
same 'two refreshes at once'
proved 'two refreshes at once'

# Little is read for one visitor, also when many are in the ledger.
buffers() { # query, how often in one session
    local asked=()
    for _ in $(seq "$2"); do asked+=(-c "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) $1"); done
    db "${asked[@]}" | grep -v '^ *Planning' | awk '/^ *Buffers/ && !seen { seen = 1; print } /^[^ ]/ { seen = 0 }' |
        sed -n 's/.*Buffers: shared hit=\([0-9]*\).*/\1/p' | tail -n 1
}
db -c 'VACUUM (ANALYZE) mrcall.visit'
one=$(db -c "SELECT format('SELECT * FROM mrcall.visits WHERE visitor_id = %L', max(session_id)) FROM public.website_events WHERE session_id < 'F'")
echo "figure: buffers of one visitor's visits: $(buffers "$one" 1) in a new session"
# TimescaleDB looks itself up in the catalogs for each query that is planned, and its chunks for what is not stored yet.
most=$([ "$TIMESCALEDB" = 0 ] && echo 45 || echo 75)
for ledger in 'a short ledger' 'a long ledger'; do
    warm=$(buffers "$one" 8)
    echo "figure: buffers of one visitor's visits: $warm in a session that has asked before, with $ledger"
    [ "$warm" -le "$most" ] || die "one visitor's visits take $warm buffers with $ledger, more than $most"
    super -c "INSERT INTO mrcall_internal.fact_change (key, since, until) SELECT 'F-nobody-' || n, now(), now() FROM generate_series(1, 5000) AS n"
done
super -c "DELETE FROM mrcall_internal.fact_change WHERE key LIKE 'F-nobody-%'"

# Nobody reads more than without facts; who writes needs no rights on them.
super >/dev/null <<'SQL'
DROP ROLE IF EXISTS f_tenant, f_writer, f_none;
CREATE ROLE f_tenant; CREATE ROLE f_writer; CREATE ROLE f_none;
SQL
owner=$(db -c 'SELECT quote_ident(current_user)')
super -c "GRANT f_tenant, f_writer, f_none TO $owner"
db >/dev/null <<'SQL'
SELECT mrcall.grant_read('f_tenant'), mrcall.grant_read('f_none');
GRANT USAGE ON SCHEMA asking TO f_tenant, f_none; GRANT SELECT ON asking.report TO f_tenant, f_none;
GRANT INSERT, SELECT ON public.website_events TO f_writer;
REVOKE SELECT ON public.website_events FROM f_none;
ALTER TABLE public.website_events ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_it ON public.website_events TO f_writer USING (true);
CREATE POLICY a_few ON public.website_events TO f_tenant USING (session_id IN ('F-2', 'F-9') AND page_url IS NOT NULL);
SQL
for role in f_tenant f_none; do
    is "$role reads nothing of what is stored" '0 0' \
        "$(db -c "SET ROLE $role" -c 'SELECT (SELECT count(*) FROM mrcall.visit), (SELECT count(*) FROM mrcall_internal.fact_change)')"
done
for role in f_tenant f_none; do
    is "$role gets the same" '' "$(db -c "SET ROLE $role" -c 'SELECT * FROM asking.differing(true)')"
done
is 'a tenant sees his own' t "$(db -c 'SET ROLE f_tenant' -c "SELECT array_agg(DISTINCT visitor_id) <@ '{F-2,F-9}' FROM mrcall.visits")"
db -c 'SET ROLE f_writer' -c "INSERT INTO public.website_events (session_id, created_at) VALUES ('F-quiet', now() - interval '7 days')"
is 'a writer without rights is noted' 1 "$(db -c "SELECT count(*) FROM mrcall_internal.fact_change WHERE key = 'F-quiet'")"
db -c 'ALTER TABLE public.website_events DISABLE ROW LEVEL SECURITY'
# Who calls the triggers' condition himself.
if db -c BEGIN -c "INSERT INTO public.website_events (session_id) VALUES ('F-3')" \
    -c "SELECT mrcall_internal.is_stored('F-2', '2020-01-01', NULL, NULL)" -c COMMIT >"$OUT-hand.out" 2>&1; then
    die 'a transaction commits that has notes without a trigger'
fi
grep -q 'the ledger of stored visits is not complete' "$OUT-hand.out" || die 'it does not say why' "$(cat "$OUT-hand.out")"
same 'after all of it'

# All is gone after detach, and attach and maintain bring it back; TRUNCATE empties it.
refresh
db -c 'TRUNCATE public.website_events'
same 'an empty table'
refresh
is 'nothing is stored' '0 0' "$(fresh 'rows, pending_keys')"
db -c 'SELECT mrcall.detach()' >/dev/null
is 'no trigger is left' 0 "$(db -c "SELECT count(*) FROM pg_trigger WHERE tgname ~ '^mrcall_visits'")"
is 'nor a row' '0 0 0 0' "$(db -c 'SELECT (SELECT count(*) FROM mrcall.visit), (SELECT count(*) FROM mrcall_internal.fact_state),
    (SELECT count(*) FROM mrcall_internal.fact_change), (SELECT count(*) FROM mrcall_internal.fact_threshold)')"
db -c 'SELECT mrcall.attach()' -c 'SELECT mrcall.maintain()' >/dev/null
refresh
same 'attached again'
db -c 'SELECT mrcall.unmaintain()' >/dev/null
same 'unmaintained'
super -c 'DROP OWNED BY f_tenant, f_writer, f_none' -c 'DROP ROLE f_tenant, f_writer, f_none' >/dev/null
echo 'facts: ok'
