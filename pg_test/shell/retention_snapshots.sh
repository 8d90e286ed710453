#!/usr/bin/env bash
# Retention beside others: who began before a run reads each call once, in every isolation a run does its work, a chunk goes when
# nobody needs it, and who writes into one that is just going loses nothing.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster new-database retention_snapshots
URL=$(cluster url retention_snapshots)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url retention_snapshots)" "$@"; }
OUT=$LOGS/retention-snapshots
jobs=()
tidy() {
    close_gates
    for pid in "${jobs[@]}"; do kill "$pid" 2>/dev/null || true; done
}
trap tidy EXIT

db -f "$ROOT/sql/reference/reference.sql" >/dev/null
db -c 'SET client_min_messages = error' -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
db -c "INSERT INTO public.business (business_id) VALUES ('b0'), ('b1')" \
    -c "INSERT INTO public.session_retention_policies VALUES ('b0', 30, NULL), ('b1', NULL, 60)"
make_gate
open_gates

# 400 calls of 200 days, half past midday: those of b0 go into the archive, those of b1 go.
fill() { # prefix
    db -c "WITH call AS (
        INSERT INTO public.sessions (id, business_id, start_timestamp, data)
        SELECT format('$1-%s', n), 'b' || n % 2, now() - (n / 2 + 0.5) * interval '24 hours', jsonb_build_object('caller', '+' || n % 9)
        FROM generate_series(1, 400) AS n RETURNING id, start_timestamp
    ) INSERT INTO public.sessions_ids SELECT id, start_timestamp FROM call"
}
seen="SELECT count(*), count(DISTINCT call_id), md5(string_agg(call_id || ' ' || business_id, ',' ORDER BY call_id COLLATE \"C\"))
    FROM mrcall.calls"
run() { # batch; prints archived deleted dropped left left
    db -c "CALL mrcall.apply_session_retention(false, $1)" 2>"$OUT-run.err"
}
chunks="SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'sessions' AND range_end < now() - interval '60 days'"
has_chunks() { [ "$TIMESCALEDB" != 0 ]; }

# A reader whose snapshot is older than the run sees all calls where they were, each once. It has read another table only, which neither
# the calls nor their chunks refer to: nothing but the snapshot keeps the chunks.
fill a
before=$(db -c "$seen")
hold 78
db -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT FROM public.website_events LIMIT 1' -c 'SELECT pg_advisory_lock(78)' -c "$seen" \
    -c "SELECT count(*) FROM public.sessions" -c COMMIT >"$OUT-reader.out" 2>&1 &
reader=$! jobs+=($!)
until_waiting 'the reader does not come to the middle' 78
if has_chunks; then is 'there are chunks to drop' t "$(db -c "SELECT ($chunks) > 15")"; fi
is 'a run beside the reader' '171 140 0 0' "$(run 40 | cut -d ' ' -f 1,2,4,5)"
after=$(db -c "$seen")
release 78
wait "$reader" || die 'the reader failed' "$(cat "$OUT-reader.out")"
is 'the reader sees what was there when it began' "$before|400" "$(grep -E '^[0-9]' "$OUT-reader.out" | paste -sd '|')"
if has_chunks; then
    grep -q 'empty chunks are not dropped yet' "$OUT-run.err" || die 'the run does not say that chunks wait' "$(cat "$OUT-run.err")"
fi
# One that has read them as well.
hold 78
db -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c "$seen" -c 'SELECT pg_advisory_lock(78)' -c "$seen" -c COMMIT >"$OUT-reader.out" 2>&1 &
reader=$! jobs+=($!)
until_waiting 'the second reader does not come to the middle' 78
is 'a run beside the second reader' '0 0 0 0 0' "$(run 40)"
release 78
wait "$reader" || die 'the second reader failed' "$(cat "$OUT-reader.out")"
is 'the second reader saw the same before and after' "$after|$after" "$(grep -E '^[0-9]' "$OUT-reader.out" | paste -sd '|')"
is 'the readers are gone: the chunks go' "$(has_chunks && echo t || echo f)" "$(run 40 | awk '{ print ($3 > 15 ? "t" : "f") }')"
if has_chunks; then is 'and none is left' 0 "$(db -c "$chunks")"; fi
is 'nothing changed by that' "$after" "$(db -c "$seen")"

# A session whose transactions keep their snapshot: a change meanwhile is no error.
for isolation in 'repeatable read' serializable 'read committed'; do
    fill "i-${isolation%% *}"
    db -c 'SET client_min_messages = warning' -c 'DROP TRIGGER IF EXISTS gate ON public.sessions' \
        -c 'CREATE TRIGGER gate BEFORE DELETE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION test.gate()'
    reset_gate
    hold 77
    PGOPTIONS="-c default_transaction_isolation=${isolation// /\\ }" db -c 'SET test.stop_at = 2' -c 'SHOW transaction_isolation' \
        -c 'CALL mrcall.apply_session_retention(false, 50)' >"$OUT-run.out" 2>&1 &
    pid=$! jobs+=($!)
    until_arrived 'the run does not come to its second batch'
    db -c "UPDATE public.sessions SET data = data || '{\"late\": 1}' WHERE start_timestamp < now() - interval '30 days'"
    release 77
    wait "$pid" || die "a run in $isolation failed" "$(cat "$OUT-run.out")"
    is "$isolation: the run does all" "$isolation|171 140 0" "$(grep -v NOTICE "$OUT-run.out" | head -n 2 | sed -E 's/^([0-9]+ [0-9]+) [0-9]+ 0 0$/\1 0/' | paste -sd '|')"
    is "$isolation: once" t "$(db -c 'SELECT count(*) = count(DISTINCT call_id) FROM mrcall.calls')"
done
db -c 'DROP TRIGGER gate ON public.sessions'
# In somebody's transaction it is one batch, in every isolation, and goes back with it.
fill block
state=$(db -c "$seen" -c 'SELECT count(*) FROM public.sessions')
for isolation in 'READ COMMITTED' 'REPEATABLE READ' SERIALIZABLE; do
    is "$isolation block: one batch" '0 20' "$(db -c "BEGIN ISOLATION LEVEL $isolation" -c 'SELECT FROM mrcall.calls LIMIT 1' \
        -c 'CALL mrcall.apply_session_retention(false, 20)' -c ROLLBACK 2>/dev/null | awk 'NF { print $3, $1 + $2 }')"
done
is 'and all is as it was' "$state" "$(db -c "$seen" -c 'SELECT count(*) FROM public.sessions')"
run 1000 >/dev/null

# A deadlock, or a wait beyond lock_timeout, gives others way and is tried again. The run stops at its second row for a lock that a writer
# has, who then wants the first: the run, whose deadlock_timeout is the shorter one, is who has to give way.
db <<'SQL'
CREATE FUNCTION test.meet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('test.step') = 2 THEN
        PERFORM nextval('test.arrived'), pg_advisory_xact_lock(79);
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER meet BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION test.meet();
SQL
super -c 'ALTER ROLE demo IN DATABASE retention_snapshots SET deadlock_timeout = 3000'
fill dead
reset_gate
hold 78
super -c "SET deadlock_timeout = '1min'" -c BEGIN -c 'SELECT pg_advisory_xact_lock(79)' -c 'SELECT pg_advisory_lock_shared(78)' \
    -c "UPDATE public.sessions SET data = data || '{\"late\": 2}' WHERE id LIKE 'dead-%'" -c COMMIT >"$OUT-writer.out" 2>&1 &
writer=$! jobs+=($!)
until_waiting 'the writer does not come to the middle' 78
db -c 'CALL mrcall.apply_session_retention(false, 1000)' >"$OUT-run.out" 2>&1 &
pid=$! jobs+=($!)
until_arrived 'the run does not come to its second row'
release 78
wait "$writer" || die 'the writer failed' "$(cat "$OUT-writer.out")"
wait "$pid" || die 'a run that met a deadlock failed' "$(cat "$OUT-run.out")"
is 'a deadlock: the run does all' '171 140 0 0' "$(grep '^[0-9]' "$OUT-run.out" | cut -d ' ' -f 1,2,4,5)"
db -c 'DROP TRIGGER meet ON public.sessions'
super -c 'ALTER ROLE demo IN DATABASE retention_snapshots RESET ALL'
# A row that somebody holds for longer than lock_timeout, and one that is held for good.
fill held
hold 78
db -c BEGIN -c "SELECT FROM public.sessions WHERE id = 'held-390' FOR UPDATE" -c 'SELECT pg_advisory_lock(78)' -c COMMIT >"$OUT-writer.out" 2>&1 &
writer=$! jobs+=($!)
until_waiting 'the writer does not come to the middle' 78
if db -c "SET lock_timeout = 20" -c 'CALL mrcall.apply_session_retention(false, 10)' >"$OUT-run.out" 2>&1; then
    die 'a run passed a row that somebody holds' "$(cat "$OUT-run.out")"
fi
is 'a lock that stays: the error as it is' 'ERROR:  canceling statement due to lock timeout' "$(grep '^ERROR' "$OUT-run.out")"
is 'no call is lost or twice' '400 t' "$(db -c "SELECT count(*), count(*) = count(DISTINCT call_id) FROM (
    SELECT call_id FROM mrcall.calls WHERE call_id LIKE 'held-%') AS c")"
db -c "SET lock_timeout = '1s'" -c 'CALL mrcall.apply_session_retention(false, 1000)' >"$OUT-run.out" 2>&1 &
pid=$! jobs+=($!)
until_is 'the run does not wait for the row' t "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
sleep 1.3
release 78
wait "$writer" || die 'the writer failed' "$(cat "$OUT-writer.out")"
wait "$pid" || die 'a run that waited for a row failed' "$(cat "$OUT-run.out")"
is 'a lock that goes: the run does all' '171 140 0 0' "$(grep '^[0-9]' "$OUT-run.out" | cut -d ' ' -f 1,2,4,5)"
is 'and nothing is twice' t "$(db -c 'SELECT count(*) = count(DISTINCT call_id) FROM mrcall.calls')"
# Archived calls, too.
db -c "UPDATE public.session_retention_policies SET delete_after_days = 100 WHERE business_id = 'b0'"
hold 78
db -c BEGIN -c "SELECT FROM mrcall.session_archive WHERE call_id = 'held-390' FOR UPDATE" -c 'SELECT pg_advisory_lock(78)' -c COMMIT \
    >"$OUT-writer.out" 2>&1 &
writer=$! jobs+=($!)
until_waiting 'the writer does not come to the middle' 78
db -c "SET lock_timeout = '1s'" -c 'CALL mrcall.apply_session_retention(false, 10000)' >"$OUT-run.out" 2>&1 &
pid=$! jobs+=($!)
until_is 'the run does not wait for the row' t "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
sleep 1.3
release 78
wait "$writer" || die 'the writer failed' "$(cat "$OUT-writer.out")"
wait "$pid" || die 'a run that waited for an archived call failed' "$(cat "$OUT-run.out")"
is 'an archived call that is held: the run does all' '0 t' \
    "$(db -c "SELECT count(*) FILTER (WHERE started_at < now() - interval '101 days'), count(*) > 100 FROM mrcall.session_archive")"
db -c "UPDATE public.session_retention_policies SET delete_after_days = NULL WHERE business_id = 'b0'"

if ! has_chunks; then
    echo 'without TimescaleDB there are no chunks to drop: ok as far as that goes'
    exit 0
fi

# A drop that fails takes nothing with it: the calls are where they belong, the run says so, and later it succeeds.
run 1000 >/dev/null
fill view
chunk=$(db -c "SELECT format('%I.%I', chunk_schema, chunk_name) FROM timescaledb_information.chunks
    WHERE hypertable_name = 'sessions' ORDER BY range_start LIMIT 1")
db -c "CREATE VIEW test.on_chunk AS SELECT * FROM $chunk"
is 'a run that may not drop one chunk' '171 140 t 0 0' "$(run 60 | awk '{ print $1, $2, ($3 > 10 ? "t" : "f"), $4, $5 }')"
grep -q 'WARNING:  empty chunk .* is not dropped: .*other objects depend on it' "$OUT-run.err" || die 'nothing is said' "$(cat "$OUT-run.err")"
is 'it is empty' 0 "$(db -c 'SELECT count(*) FROM test.on_chunk')"
is 'no call is twice' t "$(db -c 'SELECT count(*) = count(DISTINCT call_id) FROM mrcall.calls')"
db -c 'DROP VIEW test.on_chunk'
is 'the next run drops it' '0 0 1 0 0' "$(run 60)"

# Somebody has written and not yet committed: chunks stay, and nobody waits long.
fill busy
hold 78
db -c BEGIN -c "INSERT INTO public.sessions (id, business_id, start_timestamp) VALUES ('busy-new', 'b0', now())" \
    -c 'SELECT pg_advisory_lock(78)' -c COMMIT >"$OUT-writer.out" 2>&1 &
writer=$! jobs+=($!)
until_waiting 'the writer does not come to the middle' 78
is 'beside a writer no chunk is dropped' '171 140 0 0 0' "$(run 60)"
release 78
wait "$writer" || die 'the writer failed' "$(cat "$OUT-writer.out")"
is 'after it they are' t "$(run 60 | awk '{ print ($3 > 15 ? "t" : "f") }')"

# A late call goes to a chunk that is just being dropped: it waits, and is there afterwards.
fill late
super -c "CREATE FUNCTION test.drop_gate() RETURNS event_trigger LANGUAGE plpgsql AS \$\$
    BEGIN
        IF current_setting('test.stop_in_drop', true) = 'on' THEN
            PERFORM set_config('test.stop_in_drop', 'off', false), nextval('test.arrived');
            WHILE NOT pg_try_advisory_xact_lock_shared(77) LOOP
                PERFORM pg_sleep(0.01);
            END LOOP;
        END IF;
    END \$\$" -c 'CREATE EVENT TRIGGER drop_gate ON sql_drop EXECUTE FUNCTION test.drop_gate()'
reset_gate
hold 77
db -c 'SET test.stop_in_drop = on' -c 'CALL mrcall.apply_session_retention(false, 90)' >"$OUT-run.out" 2>&1 &
pid=$! jobs+=($!)
until_arrived 'no chunk is being dropped'
db -c "INSERT INTO public.sessions (id, business_id, start_timestamp)
    VALUES ('very-late', 'b0', now() - interval '200 days 12 hours')" >"$OUT-writer.out" 2>&1 &
writer=$! jobs+=($!)
until_is 'the late call does not wait' t "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
release 77
wait "$pid" || die 'the run failed' "$(cat "$OUT-run.out")"
wait "$writer" || die 'the late call failed' "$(cat "$OUT-writer.out")"
is 'the late call is there' 1 "$(db -c "SELECT count(*) FROM mrcall.calls WHERE call_id = 'very-late'")"
super -c 'DROP EVENT TRIGGER drop_gate'
run 90 >/dev/null
is 'and archived by the next run' 1 "$(db -c "SELECT count(*) FROM mrcall.session_archive WHERE call_id = 'very-late'")"

# Partitions by space as well, an interval that was changed, several rows of one id, and an index that knows ids alone.
db <<'SQL'
CREATE TABLE test.calls (id text, shop text, at timestamptz NOT NULL, who text);
SELECT create_hypertable('test.calls', 'at', 'shop', 3, chunk_time_interval => interval '10 days') \g /dev/null
CREATE TABLE test.ids (id text PRIMARY KEY);
SELECT setseed(0.42) \g /dev/null
CREATE TABLE test.given AS
SELECT 'call-' || n % 1500 AS id, 'b' || floor(random() * 6)::int AS shop, now() - random() * interval '150 days' AS at, n AS who
FROM generate_series(1, 4000) AS n;
INSERT INTO test.calls SELECT id, shop, at, who::text FROM test.given WHERE at < (SELECT max(g.at) FROM test.given AS g) - interval '110 days';
SELECT set_chunk_time_interval('test.calls', interval '3 days') \g /dev/null
INSERT INTO test.calls SELECT id, shop, at, who::text FROM test.given WHERE at > (SELECT max(g.at) FROM test.given AS g) - interval '70 days';
SELECT set_chunk_time_interval('test.calls', interval '25 days') \g /dev/null
INSERT INTO test.calls SELECT id, shop, at, who::text FROM test.given
WHERE at >= (SELECT max(g.at) FROM test.given AS g) - interval '110 days' AND at <= (SELECT max(g.at) FROM test.given AS g) - interval '70 days';
INSERT INTO test.ids SELECT DISTINCT id FROM test.given;
DELETE FROM public.session_retention_policies;
INSERT INTO public.business (business_id) SELECT 'b' || n FROM generate_series(2, 5) AS n;
INSERT INTO public.session_retention_policies VALUES ('b0', 30, 90), ('b1', 45, NULL), ('b2', NULL, 20), ('b3', 50, 40), ('b4', NULL, NULL);
SELECT mrcall.attach('{"calls": {"table": "test.calls", "columns": {"call_id": "id", "business_id": "shop", "started_at": "at", "caller": "who",
    "owner": null, "ended_at": null, "outcome": null, "answered": null, "medium": null, "language": null, "last_state": null,
    "state_variables": null, "data": null}}, "call_index": {"table": "test.ids", "columns": {"id": "id", "start_timestamp": null}}}') \g /dev/null
SQL
is 'ranges of several widths have several chunks each' 't t' "$(db -c "SELECT count(*) > 1.5 * count(DISTINCT range_start),
    count(DISTINCT range_end - range_start) > 1 FROM timescaledb_information.chunks WHERE hypertable_name = 'calls'")"
# What has to become of each row: of b4 and b5 nothing, and of the others as their policy says.
db <<'SQL' >/dev/null
CREATE VIEW test.fate AS
SELECT g.*, CASE WHEN g.at < now() - p.delete_after_days * interval '24 hours' THEN 'gone'
                 WHEN g.at < now() - p.archive_after_days * interval '24 hours' THEN 'archived' ELSE 'live' END AS fate
FROM test.given AS g LEFT JOIN public.session_retention_policies AS p ON p.business_id = g.shop;
SQL
# The instant of the run is fixed before: what is due only later than that is not looked at.
db -c "DELETE FROM test.calls AS c USING test.given AS g WHERE g.who::text = c.who AND extract(epoch FROM now() - g.at) % 86400 > 86000" \
    -c "DELETE FROM test.given AS g WHERE extract(epoch FROM now() - g.at) % 86400 > 86000"
db -c 'CALL mrcall.apply_session_retention(false, 70)' >"$OUT-run.out" 2>&1 || die 'the run failed' "$(cat "$OUT-run.out")"
is 'each row of each partition is where it belongs, once' 'archived 0 t|gone 0 t|live 0 t' "$(db -c "
    SELECT f.fate, count(*) FILTER (WHERE (c.who IS NOT NULL) <> (f.fate = 'live')
        OR (a.call_id IS NOT NULL) <> (f.fate = 'archived')), count(*) > 300
    FROM test.fate AS f LEFT JOIN test.calls AS c ON c.who = f.who::text
    LEFT JOIN mrcall.session_archive AS a ON a.business_id = f.shop AND a.started_at = f.at AND a.call_id = f.id AND a.caller = f.who::text
    GROUP BY 1 ORDER BY 1" | paste -sd '|')"
is 'an id is in the index while a row has it' 0 "$(db -c "SELECT count(*) FROM (SELECT DISTINCT id FROM test.calls) AS c FULL JOIN test.ids AS i USING (id)
    WHERE (c.id IS NULL AND i.id IN (SELECT id FROM test.given)) OR i.id IS NULL")"
is 'chunks were dropped' t "$(awk '/^[0-9]/ { print ($3 > 10 ? "t" : "f") }' "$OUT-run.out")"
