#!/usr/bin/env bash
# A backend that is ended while it waits inside of a function of ours, to read a document that is stored elsewhere, leaves no lock.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/heavy.sh
. "$(dirname "$0")/lib/heavy.sh"
OUT=$LOGS/terminate.out
until_is() { # what, wanted, query
    local got
    for _ in $(seq 600); do
        got=$(db -c "$3")
        [ "$got" != "$2" ] || return 0
        sleep 0.1
    done
    die "$1" "wanted: $2" "got:    $got"
}

db -c 'SET client_min_messages = warning' -c 'DROP TABLE IF EXISTS public.terminate_big' -c 'CREATE TABLE public.terminate_big (d jsonb)' \
    -c 'ALTER TABLE public.terminate_big ALTER d SET STORAGE EXTERNAL' -c "INSERT INTO public.terminate_big
    SELECT jsonb_build_object('a', n, 'filler', repeat(md5(n::text), 200)) FROM generate_series(1, 3) AS n"
index=$(db -c "SELECT i.indexrelid::regclass FROM pg_class AS c JOIN pg_index AS i ON i.indrelid = c.reltoastrelid
    WHERE c.oid = 'public.terminate_big'::regclass")

# One session reads the documents twice in a transaction, and waits in between until the other one has locked where they are.
super=$("$ROOT/scripts/cluster.sh" super-url "${URL##*/}")
coproc LOCKER { "$PGBIN/psql" -X -q -At "$super" 2>&1; }
locker=$LOCKER_PID
echo 'SELECT pg_advisory_lock(14);' >&"${LOCKER[1]}"
read -r _ <&"${LOCKER[0]}"
read="SELECT count(mrcall_internal.field(d, '{a}')) FROM public.terminate_big"
PGAPPNAME=terminated "$PGBIN/psql" -X -q -At "$URL" -c BEGIN -c "$read" -c 'SELECT pg_advisory_xact_lock(14)' -c "$read" >"$OUT" 2>&1 &
reader=$!
state="SELECT wait_event FROM pg_stat_activity WHERE application_name = 'terminated'"
until_is 'the reader does not come to the middle' advisory "$state"
echo "BEGIN; REINDEX INDEX $index; SELECT pg_advisory_unlock(14);" >&"${LOCKER[1]}"
until_is 'the reader does not wait for the documents' relation "$state"
db -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminated'" >"$LOGS/terminate-pid.out"
wait "$reader" && die 'the reader ended by itself' "$(cat "$OUT")"
until_is 'the reader is still there' '' "$state"
echo 'ROLLBACK; \q' >&"${LOCKER[1]}"
wait "$locker" || true

grep -q 'terminating connection due to administrator command' "$OUT" || die 'the reader ended in another way' "$(cat "$OUT")"
until_is 'a lock is left behind' 0 "SELECT count(*) FROM pg_locks WHERE relation = 'public.terminate_big'::regclass AND pid <> pg_backend_pid()"
db -c "SET lock_timeout = '2s'" -c 'DROP TABLE public.terminate_big'
echo 'ok: no lock is left'

# Each function that may take long, ended in the midst of its work.
heavy_data 60000
ended=0
while IFS=$'\t' read -r kind functions statement; do
    [ "$kind" = long ] || continue
    # Again and again, so that the end meets it at work however fast it is.
    again=()
    for _ in {1..100}; do again+=(-c "$statement"); done
    PGAPPNAME=terminated "$PGBIN/psql" -X -q -At "$URL" -c BEGIN -c 'SELECT count(*) FROM public.heavy_state' "${again[@]}" \
        -c 'SELECT pg_sleep(60)' >"$OUT" 2>&1 &
    reader=$!
    until_is "$functions does not begin" t "SELECT coalesce(bool_or(xact_start < clock_timestamp() - interval '30 ms'
        AND query NOT LIKE 'BEGIN%' AND query <> 'SELECT count(*) FROM public.heavy_state'), false) FROM pg_stat_activity WHERE application_name = 'terminated'"
    [ -n "$(db -c "SELECT 1 FROM pg_stat_activity WHERE application_name = 'terminated' AND query LIKE 'SELECT pg_sleep%'")" ] || ended=$((ended + 1))
    db -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'terminated'" >"$LOGS/terminate-pid.out"
    wait "$reader" && die "$functions: ended by itself" "$(cat "$OUT")"
    until_is "$functions: the session is still there" '' "$state"
    grep -q 'terminating connection due to administrator command' "$OUT" || die "$functions: ended in another way" "$(cat "$OUT")"
    until_is "$functions: a lock is left behind" 0 "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid()
        AND relation IN ('public.heavy_row'::regclass, 'public.heavy_state'::regclass)"
    db -c "SET lock_timeout = '2s'" -c 'BEGIN; LOCK TABLE public.heavy_row, public.heavy_state IN ACCESS EXCLUSIVE MODE; COMMIT'
done <"$HEAVY"
[ "$ended" -ge 10 ] || die "only $ended functions were ended at work"
echo "ok: $ended functions ended at work leave no lock"
