#!/usr/bin/env bash
# Retention survives kill -9 half-way, a cancel, a lock, a second run, late calls and readers of old snapshots: every call stays in
# exactly one place, none goes before its time, and no reader misses one or sees one twice. ROUNDS=… kills, 100 of them with SOAK=1;
# SEED=… repeats.
export CLUSTER=retention
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
ROUNDS=${ROUNDS:-$([ "${SOAK:-}" = 1 ] && echo 100 || echo 4)}
SEED=${SEED:-$(date +%s)}
RANDOM=$SEED
echo "seed $SEED, $ROUNDS rounds"
OUT=$LOGS/retention
others=()
tidy() {
    close_gates
    for pid in "${others[@]}"; do kill "$pid" 2>/dev/null || true; done
    cluster remove >/dev/null 2>&1 || true
}
trap tidy EXIT
cluster remove >/dev/null 2>&1 || true
cluster start
cluster new-database retention
URL=$(cluster url retention)
has_chunks() { [ "$TIMESCALEDB" != 0 ]; }

# A world whose calls are hours away from every limit, so that what becomes of each is known beforehand. Policy by business:
# archive, delete, both, deleted sooner than archived, none, a mistake, no business at all.
world() {
    db -f "$ROOT/sql/reference/reference.sql" >/dev/null
    db <<SQL
SET client_min_messages = error;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach() \g /dev/null
ALTER TABLE public.session_retention_policies DROP CONSTRAINT session_retention_policies_archive_after_days_check;
INSERT INTO public.business (business_id) SELECT 'b' || n FROM generate_series(0, 6) AS n;
INSERT INTO public.session_retention_policies VALUES
    ('b0', 30, NULL), ('b1', NULL, 60), ('b2', 30, 60), ('b3', 60, 30), ('b4', NULL, NULL), ('b5', -1, 5);
CREATE SCHEMA test;
-- Every call there ever was. fate: k stays, a goes into the archive, d is deleted; was_archived: began there.
CREATE TABLE test.call (id text PRIMARY KEY, business_id text, at timestamptz, caller text, fate text, was_archived boolean);
CREATE SEQUENCE test.run;
CREATE FUNCTION test.u(n bigint, nr int) RETURNS float8 LANGUAGE sql IMMUTABLE
AS \$\$ SELECT (hashtextextended(n::text, $SEED + nr) & 1073741823) / 1073741824.0 \$\$;
CREATE FUNCTION test.add(calls int) RETURNS void LANGUAGE sql AS \$\$
    WITH new AS (
        SELECT format('call-%s-%s', r.run, n) AS id, 'b' || (n % 8) AS b, x.days, now() - (x.days + 0.25) * interval '24 hours' AS at,
               '+' || floor(200 * test.u(r.run * 1000000 + n, 2)) AS caller, test.u(r.run * 1000000 + n, 3) < 0.2 AND n % 8 IN (0, 1, 2) AS archived
        FROM (SELECT nextval('test.run') AS run) AS r, generate_series(1, calls) AS n
        -- Beyond 100 days all calls are due: chunks to drop; beyond 70 days all that are not due have a business.
        CROSS JOIN LATERAL (SELECT floor(CASE WHEN n % 8 < 4 THEN 200 WHEN n % 8 = 7 THEN 65 ELSE 100 END
                                         * test.u(r.run * 1000000 + n, 1)) AS days) AS x
    ), made AS (
        INSERT INTO test.call
        SELECT n.id, CASE WHEN n.b <> 'b7' THEN n.b END, n.at, n.caller,
               CASE WHEN n.b IN ('b1', 'b2') AND n.days >= 60 OR n.b = 'b3' AND n.days >= 30 THEN 'd'
                    WHEN n.b IN ('b0', 'b2') AND n.days >= 30 THEN 'a' WHEN n.archived THEN 'a' ELSE 'k' END, n.archived
        FROM new AS n RETURNING *
    ), live AS (
        INSERT INTO public.sessions (id, business_id, start_timestamp, data)
        SELECT m.id, m.business_id, m.at, jsonb_build_object('caller', m.caller, 'pad', repeat('x', 300)) FROM made AS m WHERE NOT m.was_archived
    ), ids AS (
        INSERT INTO public.sessions_ids SELECT m.id, m.at FROM made AS m WHERE NOT m.was_archived
    )
    INSERT INTO mrcall.session_archive (business_id, started_at, call_id, caller)
    SELECT m.business_id, m.at, m.id, m.caller FROM made AS m WHERE m.was_archived
\$\$;
-- Where each call is now.
CREATE VIEW test.place AS
SELECT c.*, s.id IS NOT NULL AS is_live, a.call_id IS NOT NULL AS is_archived, i.id IS NOT NULL AS is_indexed, a.caller AS archived_caller
FROM test.call AS c
LEFT JOIN public.sessions AS s ON s.id = c.id AND s.start_timestamp = c.at
LEFT JOIN mrcall.session_archive AS a ON a.call_id = c.id AND a.business_id = c.business_id AND a.started_at = c.at
LEFT JOIN public.sessions_ids AS i ON i.id = c.id;
-- All that must hold at any time; nothing should be listed.
CREATE VIEW test.fault AS
SELECT 'lost or deleted early' AS fault, p.id FROM test.place AS p WHERE NOT p.is_live AND NOT p.is_archived AND p.fate <> 'd'
UNION ALL SELECT 'archived early', p.id FROM test.place AS p WHERE p.is_archived AND p.fate = 'k'
UNION ALL SELECT 'in two places', p.id FROM test.place AS p WHERE p.is_live AND p.is_archived
UNION ALL SELECT 'index out of step', p.id FROM test.place AS p WHERE p.is_live <> p.is_indexed
UNION ALL SELECT 'archived with another caller', p.id FROM test.place AS p WHERE p.archived_caller <> p.caller
UNION ALL SELECT 'known to nobody', a.call_id FROM mrcall.calls AS a WHERE NOT EXISTS (SELECT FROM test.call AS c WHERE c.id = a.call_id)
UNION ALL SELECT 'deleted without a first call', p.id FROM test.place AS p
WHERE NOT p.is_live AND NOT p.is_archived
  AND NOT EXISTS (SELECT FROM mrcall_internal.first_call AS f WHERE f.business_id = p.business_id AND f.first_call_at <= p.at)
UNION ALL SELECT 'deleted without a first contact', p.id FROM test.place AS p
WHERE NOT p.is_live AND NOT p.is_archived AND NOT EXISTS (
    SELECT FROM mrcall_internal.first_contact AS f WHERE f.business_id = p.business_id AND f.first_at <= p.at
        AND f.caller_hash = mrcall_internal.caller_hash((SELECT k.key FROM mrcall_internal.caller_key AS k), p.business_id, p.caller))
UNION ALL SELECT 'the log counts otherwise', format('%s %s', l, n)
FROM (SELECT coalesce(sum(r.deleted), 0) FROM mrcall.retention_run AS r) AS l (l),
     (SELECT count(*) FROM test.place AS p WHERE NOT p.is_live AND NOT p.is_archived) AS n (n) WHERE l <> n
UNION ALL SELECT 'the log counts otherwise', format('%s %s', l, n)
FROM (SELECT coalesce(sum(r.archived), 0) FROM mrcall.retention_run AS r) AS l (l),
     (SELECT count(*) FROM test.place AS p WHERE p.is_archived AND NOT p.was_archived) AS n (n) WHERE l <> n;
CREATE VIEW test.undone AS
SELECT p.id FROM test.place AS p WHERE p.fate = 'd' AND (p.is_live OR p.is_archived) OR p.fate = 'a' AND p.is_live;
SQL
}
sound() { is "$1: every call is where it belongs" '' "$(db -c "SELECT fault, count(*), min(id) FROM test.fault GROUP BY 1")"; }
complete() {
    db -c "CALL mrcall.apply_session_retention(false, ${2:-1000})" >"$OUT-run.out" 2>&1 ||
        die "$1: the run failed" "$(cat "$OUT-run.out")"
    sound "$1"
    is "$1: nothing is left to do" 0 "$(db -c 'SELECT count(*) FROM test.undone')"
}
back() { # waits for the end of the recovery
    for _ in $(seq 600); do
        db -c 'SELECT 1' >/dev/null 2>&1 && return
        sleep 0.1
    done
    die "the server does not come back"
}
world
make_gate
db -c 'CREATE TRIGGER gate BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION test.gate()' \
    -c 'CREATE TRIGGER gate BEFORE DELETE ON mrcall.session_archive FOR EACH ROW EXECUTE FUNCTION test.gate()'
super() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url retention)" "$@"; }
super <<'SQL'
CREATE FUNCTION test.drop_gate() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('test.stop_in_drop', true) <> '' THEN
        PERFORM set_config('test.stop_in_drop', (current_setting('test.stop_in_drop')::int - 1)::text, false);
        IF current_setting('test.stop_in_drop') = '0' THEN
            PERFORM nextval('test.arrived');
            WHILE NOT pg_try_advisory_xact_lock_shared(77) LOOP
                PERFORM pg_sleep(0.01);
            END LOOP;
        END IF;
    END IF;
END $$;
CREATE EVENT TRIGGER drop_gate ON sql_drop EXECUTE FUNCTION test.drop_gate();
SQL
due() { db -c 'CALL mrcall.apply_session_retention()' 2>/dev/null | awk '{ print $4 + $5 }'; }
old_chunks() { db -c "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'sessions' AND range_end < now() - interval '110 days'"; }

# A reader of one snapshot, over and over, until something ends it; and one of many snapshots, each of which it reads three times.
seen="SELECT count(*), count(DISTINCT call_id), sum(hashtext(call_id)::bigint) FROM mrcall.calls"
read_on() { # file
    { echo 'BEGIN ISOLATION LEVEL REPEATABLE READ;' && yes "$seen;" | head -n 20000; } | PGAPPNAME=reader db >"$1" 2>&1 &
    others+=($!)
    reader=$!
    until_read "$1" 1
}
until_read() { # file, lines
    for _ in $(seq 1200); do
        [ "$(grep -c '^[0-9]' "$1")" -lt "$2" ] || return 0
        sleep 0.05
    done
    die 'a reader does not come on' "$(tail -n 3 "$1")"
}
check_reader() { # what, file
    ! grep 'ERROR:' "$2" || die "$1: a reader failed" "$(tail -n 5 "$2")"
    [ "$(grep -c '^[0-9]' "$2")" -ge 2 ] || die "$1: the reader has hardly read" "$(tail -n 3 "$2")"
    # The last line may be cut by the end of the server. The first figure is all calls, the second all different ones.
    [ "$(sed '$d' "$2" | grep '^[0-9]' | sort -u | awk '{ print $1 == $2 }' | paste -sd ' ')" = 1 ] ||
        die "$1: a reader saw other calls than before, or one twice" "$(grep '^[0-9]' "$2" | sort | uniq -c)"
}
# A transaction that has read a chunk keeps it from being dropped; so this one reads by short ones, each three times.
read_by_turns() { # file
    yes "BEGIN ISOLATION LEVEL REPEATABLE READ; $seen; SELECT pg_sleep(0.02) \\g /dev/null
$seen; SELECT pg_sleep(0.05) \\g /dev/null
$seen; COMMIT; SELECT 'next'; SELECT pg_sleep(0.02) \\g /dev/null" | head -n 40000 | PGAPPNAME=reader db >"$1" 2>&1 &
    others+=($!)
    reader=$!
    until_read "$1" 3
}
check_turns() { # what, file
    ! grep 'ERROR:' "$2" || die "$1: a reader failed" "$(tail -n 5 "$2")"
    sed '$d' "$2" | awk '/^next/ { last = ""; read++; next } /^[0-9]/ { if ($1 != $2 || last != "" && last != $0) bad++; last = $0 }
        END { exit bad > 0 || read < 1 }' || die "$1: a reader saw other calls than before, or one twice" "$(tail -n 20 "$2")"
}
end_reader() {
    db -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reader'" >/dev/null
    wait "$reader" 2>/dev/null || true
}
# Whether the run comes where it stops; it may end before.
arrives() { # what
    for _ in $(seq 1200); do
        [ "$(db -c 'SELECT is_called FROM test.arrived')" != t ] || return 0
        kill -0 "$victim" 2>/dev/null || return 1
        sleep 0.05
    done
    die "$1"
}
# Calls that come in all the while, old ones too. What fails otherwise than by the server's end fails the test.
write_on() { # file
    yes 'SELECT test.add(10); SELECT pg_sleep(0.05);' | head -n 20000 | db >/dev/null 2>"$1" &
    others+=($!)
    writer=$!
}
end_writer() { # file
    wait "$writer" 2>/dev/null && die 'the writer ended by itself'
    ! grep 'ERROR:' "$1" || die 'a late call failed' "$(cat "$1")"
}

# kill -9 of the backend at work: the server restarts all of them and recovers. By turns while it takes calls from the table, while it
# takes them from the table or the archive, and while it drops a chunk; at a random row or chunk.
kills=0 reads=0 tries=0
while [ "$kills" -lt "$ROUNDS" ]; do
    round=$((kills + 1)) tries=$((tries + 1))
    [ "$tries" -le $((2 * ROUNDS)) ] || die 'hardly a run comes where it is to be killed'
    db -c 'SELECT test.add(600)' >/dev/null
    batch=$((1 + RANDOM % 60))
    open_gates
    hold 77
    setting='test.stop_at' kind='of calls'
    if has_chunks && [ $((round % 3)) = 0 ]; then
        # All is done but the chunks: a reader keeps them, which has a snapshot and has not read them yet.
        hold 78
        before=$(db -c "$seen")
        db -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'SELECT FROM public.website_events LIMIT 1' -c 'SELECT pg_advisory_lock(78)' -c "$seen" \
            -c COMMIT >"$OUT-reader.out" 2>&1 &
        others+=($!)
        reader=$!
        until_waiting "round $round: the reader does not begin" 78
        db -c 'CALL mrcall.apply_session_retention(false)' >/dev/null 2>&1
        release 78
        wait "$reader" || die "round $round: a reader failed" "$(cat "$OUT-reader.out")"
        is "round $round: a whole run changes nothing for who began before" "$before" "$(grep '^[0-9]' "$OUT-reader.out")"
        left=$(old_chunks)
        [ "$left" -gt 3 ] || die 'there are no chunks to drop'
        setting='test.stop_in_drop' kind='of chunks' stop=$((1 + RANDOM % (left * 2 / 3)))
    else
        stop=$((1 + (RANDOM * 32768 + RANDOM) % $(due)))
        [ $((round % 3)) = 1 ] || batch=$((batch * 20))
    fi
    reset_gate
    if [ "$kind" = 'of chunks' ]; then
        read_by_turns "$OUT-reader.out"
    else
        read_on "$OUT-reader.out"
        write_on "$OUT-writer.out"
    fi
    { db -c "SET $setting = '$stop'" -c 'SELECT pg_backend_pid()' -c "CALL mrcall.apply_session_retention(false, $batch)" || true; } \
        >"$OUT-backend.out" 2>/dev/null &
    others+=($!)
    victim=$!
    if ! arrives "round $round: the run does not come to number $stop $kind"; then
        # What somebody reads at that moment is dropped another time.
        [ "$kind" = 'of chunks' ] || die "round $round: the run ended before number $stop $kind"
        echo "round $round: readers kept it from $stop chunks; once more"
        close_gates
        end_reader
        check_turns "round $round" "$OUT-reader.out"
        sound "round $round, not killed"
        continue
    fi
    if [ "$kind" = 'of chunks' ]; then
        # Who reads or writes waits for the drop.
        write_on "$OUT-writer.out"
        sleep 0.2
    else
        until_read "$OUT-reader.out" $(($(grep -c '^[0-9]' "$OUT-reader.out") + 2))
    fi
    kill -9 "$(head -n 1 "$OUT-backend.out")"
    kills=$((kills + 1))
    close_gates
    for pid in "$victim" "$reader"; do wait "$pid" 2>/dev/null || true; done
    end_writer "$OUT-writer.out"
    back
    reads=$((reads + $(grep -c '^[0-9]' "$OUT-reader.out")))
    if [ "$kind" = 'of chunks' ]; then
        check_turns "round $round" "$OUT-reader.out"
    else
        check_reader "round $round" "$OUT-reader.out"
    fi
    sound "round $round, killed at number $stop $kind in batches of $batch"
done
echo "figure: $kills kills -9 half-way, beside $(db -c 'SELECT count(*) FROM test.call') calls written and $reads reads of old snapshots"
[ "$ROUNDS" -ge 3 ] || die 'too few rounds for each kind of kill'
complete 'after the kills'
if has_chunks; then
    dropped=$(db -c 'SELECT sum(chunks_dropped) FROM mrcall.retention_run')
    echo "$dropped chunks dropped"
    [ "$dropped" -gt 3 ] || die 'hardly a chunk was dropped'
fi

# A cancel in between: what is committed stays, the run says that it did not finish, the next one does.
db -c 'SELECT test.add(1000)' >/dev/null
open_gates
hold 77
reset_gate
PGAPPNAME=cancelled db -c 'SET test.stop_at = 35' -c 'CALL mrcall.apply_session_retention(false, 10)' >"$OUT-cancel.out" 2>&1 &
others+=($!)
pid=$!
until_arrived 'the run does not come to its middle'
db -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'cancelled'" >/dev/null
wait "$pid" && die 'the run ended by itself' "$(cat "$OUT-cancel.out")"
grep -q 'canceling statement due to user request' "$OUT-cancel.out" || die "another error" "$(cat "$OUT-cancel.out")"
close_gates
sound 'after a cancel'
is 'the cancelled run has its batches, and no end' '3 t' "$(db -c 'SELECT batches, finished_at IS NULL FROM mrcall.retention_run
    ORDER BY started_at DESC LIMIT 1')"
complete 'after the cancel'
db -c 'DROP TRIGGER gate ON public.sessions' -c 'DROP TRIGGER gate ON mrcall.session_archive'
super -c 'DROP EVENT TRIGGER drop_gate'

# Two runs at once, with calls coming in, old ones too, of which none may fail, and a reader of many snapshots.
db -c 'SELECT test.add(3000)' >/dev/null
both=()
read_by_turns "$OUT-reader.out"
for batch in 7 50; do
    db -c "CALL mrcall.apply_session_retention(false, $batch)" >"$OUT-run-$batch.out" 2>&1 &
    others+=($!)
    both+=("$!")
done
inserted=0
for _ in $(seq 30); do
    db -c 'SELECT test.add(40)' >/dev/null 2>"$OUT-insert.out" || die 'late calls fail' "$(cat "$OUT-insert.out")"
    inserted=$((inserted + 1))
done
for pid in "${both[@]}"; do wait "$pid" || die "a run failed beside another" "$(cat "$OUT"-run-*.out)"; done
end_reader
check_turns 'two runs at once' "$OUT-reader.out"
sound "two runs at once and $inserted times 40 late calls"
complete 'after two runs at once'

# Somebody reads an old chunk and does not end: its rows go all the same, the chunk another time.
db -c 'SELECT test.add(2000)' >/dev/null
old="SELECT count(*) FROM public.sessions WHERE start_timestamp < now() - interval '110 days'"
db -c BEGIN -c "$old" -c 'SELECT pg_sleep(120)' >"$OUT-reader.out" 2>&1 &
others+=($!)
reader=$!
for _ in $(seq 1200); do
    [ -s "$OUT-reader.out" ] && break
    sleep 0.05
done
[ "$(head -n 1 "$OUT-reader.out")" -gt 100 ] || die "there are no old calls to read"
complete 'with a reader of old chunks'
chunks="SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'sessions' AND range_end < now() - interval '110 days'"
[ "$TIMESCALEDB" = 0 ] || [ "$(db -c "$chunks")" -gt 5 ] || die "chunks were dropped under a reader"
kill "$reader"
wait "$reader" || true
db -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid()" >/dev/null
complete 'without the reader'
[ "$TIMESCALEDB" = 0 ] || is 'the empty chunks are gone' 0 "$(db -c "$chunks")"

# Late calls are being written, some into chunks of which all else is due, and are committed after the run: they stay.
db -c 'SELECT test.add(1000)' >/dev/null
db -c 'SELECT pg_advisory_lock(7)' -c 'SELECT pg_sleep(600)' >"$OUT-holder.out" 2>&1 &
others+=($!)
holder=$!
for _ in $(seq 1200); do
    [ -s "$OUT-holder.out" ] && break
    sleep 0.05
done
db -c BEGIN -c 'SELECT test.add(80)' -c 'SELECT pg_advisory_lock(7)' -c COMMIT >"$OUT-late.out" 2>&1 &
late=$!
others+=("$late")
waiting="SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
for _ in $(seq 1200); do
    [ "$(db -c "$waiting")" = 1 ] && break
    sleep 0.05
done
complete 'beside late calls' 2000
is 'the late calls are not committed yet' 1 "$(db -c "$waiting")"
db -c "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted" >/dev/null
wait "$late" || die "the late calls failed" "$(cat "$OUT-late.out")"
wait "$holder" || true
sound 'with the late calls'
[ "$(db -c 'SELECT count(*) FROM test.undone')" -gt 3 ] || die "the late calls were not old"
complete 'after the late calls'

# In a REPEATABLE READ transaction, and in a function that commits nothing.
db -c 'SELECT test.add(2000)' >/dev/null
db -c 'BEGIN ISOLATION LEVEL REPEATABLE READ' -c 'CALL mrcall.apply_session_retention(false, 400)' -c COMMIT >/dev/null 2>&1
sound 'one batch of REPEATABLE READ'
db -c 'DO $$ DECLARE a bigint; d bigint; c int; la bigint; ld bigint;
    BEGIN CALL mrcall.apply_session_retention(false, 100, a, d, c, la, ld); ASSERT a + d > 200; ASSERT la + ld = 0; END $$' 2>/dev/null
complete 'from a DO block that may commit'

# A role that owns nothing, with the rights that docs/retention.md lists: they are enough, and no chunk is dropped.
"$PGBIN/psql" -X -q "$(cluster super-url)" -c "CREATE ROLE janitor LOGIN PASSWORD 'janitor'"
db -c "SELECT mrcall.grant_read('janitor')" >/dev/null
sed -n '/^GRANT DELETE ON public.sessions/,/^```/p' "$ROOT/docs/retention.md" | sed '$d' >"$OUT-grants.sql"
db -f "$OUT-grants.sql"
db -c 'SELECT test.add(1000)' >/dev/null
owner=$URL
URL=${URL/demo:*@/janitor:janitor@}
is 'another role' janitor "$(db -c 'SELECT current_user')"
is 'it drops no chunk' 0 "$(db -c 'CALL mrcall.apply_session_retention(false)' 2>/dev/null | cut -d ' ' -f 3)"
URL=$owner
sound 'by another role'
is 'by another role: nothing is left to do' 0 "$(db -c 'SELECT count(*) FROM test.undone')"

# Without TimescaleDB; and what retention keeps is dumped and restored.
"$PGBIN/psql" -X -q "$(cluster super-url)" -c 'CREATE DATABASE plain OWNER demo TEMPLATE template0' -c 'CREATE DATABASE copy OWNER demo TEMPLATE template0'
URL=$(cluster url plain)
world
db -c 'SELECT test.add(4000)' >/dev/null
complete 'plain tables' 333
is 'plain tables have no chunks' 0 "$(db -c 'SELECT sum(chunks_dropped) FROM mrcall.retention_run')"
kept() {
    for table in mrcall.session_archive mrcall_internal.first_call mrcall_internal.first_contact mrcall_internal.caller_key \
        mrcall.retention_run; do
        db -c "SELECT '$table', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM $table AS t"
    done
    db -c "SELECT md5(string_agg(s::text, '|')) FROM mrcall.call_summary('1 day', now() - interval '300 days', now()) AS s"
}
kept >"$OUT-kept.out"
grep -q '^mrcall_internal.first_contact [0-9][0-9][0-9]' "$OUT-kept.out" || die "there is nothing to dump" "$(cat "$OUT-kept.out")"
"$PGBIN/pg_dump" -Fc "$URL" >"$OUT.dump"
"$PGBIN/pg_restore" --exit-on-error -d "$(cluster url copy)" "$OUT.dump"
URL=$(cluster url copy)
kept | diff "$OUT-kept.out" - || die "a restore has not all that retention keeps"
rm -f "$OUT.dump"
sound 'a restored copy'
db -c 'SELECT test.add(500)' >/dev/null
complete 'and it goes on'
