#!/usr/bin/env bash
# A database that cannot load the extension, beside one that has it: the page docs/sidecar.md as it stands, and random changes that
# copy_from follows.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
for database in one main here; do cluster new-database "sidecar_$database"; done
URL=$(cluster url sidecar_here)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url sidecar_here)" "$@"; }
at() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url "sidecar_$1")" "${@:2}"; }
if [ "$(super -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 0 ]; then
    echo 'this server has no postgres_fdw'
    exit 77
fi
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
for database in one main; do
    at "$database" -f "$ROOT/sql/reference/reference.sql" -v visitors=60 -v seed=3 -f "$ROOT/sql/demo/generate.sql" >/dev/null
done
at one -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
is 'the main database has no extension of ours' 0 "$(at main -c "SELECT count(*) FROM pg_extension WHERE extname LIKE 'mrcall%'")"

# The blocks of the page, in order: its server is ours.
port=${URL##*:} port=${port%%/*} password=${URL#*:*:} password=${password%%@*}
block() { # number
    awk -v wanted="$1" '/^ *```sql/ { n++; inside = n == wanted; next } /^ *```/ { inside = 0 } inside' "$ROOT/docs/sidecar.md" |
        sed "s/main\.example/127.0.0.1/; s/'5432'/'$port'/; s/dbname 'mrcall'/dbname 'sidecar_main'/; s/'reader'/'demo'/; s/'secret'/'$password'/"
}
super -c "$(block 1)"
at here -c "SET client_min_messages = warning" -c "$(block 2)" >"$LOGS/sidecar-doctor.out"
is 'doctor finds no error' '' "$(grep '^error' "$LOGS/sidecar-doctor.out" || true)"
reports() { # database, file
    at "$1" -c 'SET client_min_messages = warning' -f "$ROOT/pg_test/shell/lib/reports.sql" >"$LOGS/sidecar-$2.out"
}
same() { # what
    reports here here
    diff "$LOGS/sidecar-one.out" "$LOGS/sidecar-here.out" >"$LOGS/sidecar.diff" || die "$1: reports differ" "$(head -n 10 "$LOGS/sidecar.diff")"
    echo "ok: $1, $(wc -l <"$LOGS/sidecar-one.out") lines"
}
reports one one
same 'every report answers the same over foreign tables'
customer=$(at main -c 'SELECT min(id) FROM public.customers_registry')
at main -c "PREPARE link(text, text) AS $(block 3)" -c "EXECUTE link('$customer', 'browser-0001')" \
    -c "EXECUTE link('$customer', 'browser-0001')" -c "EXECUTE link('$customer', 'browser-0002')"
at one -c "SELECT mrcall.link_visitor('$customer', 'browser-0001'), mrcall.link_visitor('$customer', 'browser-0002')" >/dev/null
document='SELECT document FROM public.customers_registry ORDER BY id LIMIT 1'
is 'the statement links as link_visitor does' "$(at one -c "$document")" "$(at main -c "$document")"

at here -c "$(block 4)" >"$LOGS/sidecar-copy.out"
copied=$(at main -c 'SELECT (SELECT count(*) FROM public.website_events) + (SELECT count(*) FROM public.sessions)')
is 'the first run copies everything' "$copied|$copied|0" "$(tail -n 1 "$LOGS/sidecar-copy.out")"
reports one one
same 'and over copies'

contents="SELECT md5(string_agg(t, '' ORDER BY t)) FROM (
    SELECT (jsonb_build_object('e', e.*)::text) COLLATE \"C\" AS t FROM public.website_events AS e
    UNION ALL SELECT (jsonb_build_object('s', s.*)::text) FROM public.sessions AS s) AS r"
follow() { # what
    is "$1" "$(at main -c "$contents")" "$(at here -c "$contents")"
}
copy() { at here -c "CALL mrcall.copy_from('remote'$1)"; }
is 'a run that finds nothing changes nothing' '0|0' "$(copy '' | cut -d '|' -f 2,3)"
rounds=${SOAK:+40}
for round in $(seq "${rounds:-4}"); do
    at main -v seed="0.$(((seed + round * 7919) % 1000000))" <<'SQL'
SELECT setseed(:seed) \g /dev/null
-- Gone, anywhere; new and late; changed in the last day; and days that have as many rows as before, but others.
DELETE FROM public.website_events WHERE random() < 0.01;
DELETE FROM public.sessions WHERE random() < 0.01;
INSERT INTO public.website_events SELECT (jsonb_populate_record(e, jsonb_build_object('event_id', md5(e.event_id || random()),
    'created_at', e.created_at + random() * interval '30 hours'))).* FROM public.website_events AS e WHERE random() < 0.02;
UPDATE public.sessions SET data = coalesce(data, '{}') || '{"outcome": "changed"}'
WHERE start_timestamp > (SELECT max(start_timestamp) - interval '20 hours' FROM public.sessions) AND random() < 0.5;
UPDATE public.website_events SET event_id = md5(event_id || random()) WHERE random() < 0.002;
SQL
    copy '' >/dev/null
    follow "round $round"
done
at main -c "UPDATE public.sessions SET owner = 'somebody else'
    WHERE start_timestamp < (SELECT max(start_timestamp) - interval '3 days' FROM public.sessions)"
copy '' >/dev/null
[ "$(at main -c "$contents")" != "$(at here -c "$contents")" ] || die 'old rows that change are seen without since'
copy ", since => '-infinity'" >/dev/null
follow 'since reads old rows that have changed'
is 'a transaction may hold two runs' 2 "$(at here -c BEGIN -c "CALL mrcall.copy_from('remote')" -c "CALL mrcall.copy_from('remote')" -c COMMIT | wc -l)"

refused() { # SQLSTATE, what, statement
    local error
    error=$(at here -v VERBOSITY=verbose -c "$3" 2>&1) && die "$2: not refused"
    [[ $error == *"ERROR:  $1: "* ]] || die "$2" "$error"
    echo "ok: $2"
}
refused 22004 'no schema' 'CALL mrcall.copy_from(NULL)'
refused 42P01 'a schema without such tables' "CALL mrcall.copy_from('pg_catalog')"
refused 55000 'its own copy' "CALL mrcall.copy_from('public')"
at here -c "SELECT mrcall.attach('{\"schema\": \"remote\"}')" >/dev/null
refused 55000 'a foreign table as the copy' "CALL mrcall.copy_from('remote')"
