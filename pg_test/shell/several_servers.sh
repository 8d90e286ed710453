#!/usr/bin/env bash
# Rows that lie on several servers give the same answers, to the byte, as on one: three databases behind proxies that count and cut,
# and tables here, over which the rows are spread by key, by time and one by one.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
at() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url "several_$1")" "${@:2}"; }
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url "$1")" "${@:2}"; }
cluster new-database several_one
URL=$(cluster url several_here)
if [ "$(super several_one -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 0 ]; then
    echo 'this server has no postgres_fdw'
    exit 77
fi
servers='1 2 3'
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
echo "seed $seed"
proxies=()
tidy() { [ ${#proxies[@]} = 0 ] || kill "${proxies[@]}" 2>/dev/null || true; }
trap tidy EXIT

# One world, five times: as it is, and as what is spread.
super several_one -c 'DROP EXTENSION IF EXISTS timescaledb CASCADE' 2>/dev/null
at one -f "$ROOT/sql/reference/reference.sql" -v visitors="${SOAK:+1}300" -v seed=3 -f "$ROOT/sql/demo/generate.sql" >/dev/null
at one -c 'CREATE EXTENSION mrcall_ext' -c "
CREATE SCHEMA placed;
CREATE FUNCTION placed.place(kind text, seed text, key text, at timestamptz, line text) RETURNS int LANGUAGE sql AS \$\$
    SELECT abs(hashtext(seed || CASE kind WHEN 'key' THEN coalesce(key, '') WHEN 'week' THEN coalesce(date_trunc('week', at)::text, key)
                                          ELSE line END)) % 4 \$\$;" -c "
-- Some events are delivered again, an hour later and so by another server.
INSERT INTO public.website_events SELECT (jsonb_populate_record(e, jsonb_build_object('created_at', e.created_at + interval '1 hour'))).*
FROM public.website_events AS e WHERE hashtext(e.event_id) % 50 = 0;"
at one <<'SQL'
SELECT format('CREATE TABLE placed.%I (LIKE %s INCLUDING ALL)', split_part(t.relation, '.', 2), t.relation)
FROM mrcall_internal.source_tables() AS t \gexec
SQL
for n in here $servers; do
    super postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS several_$n WITH (FORCE)" \
        -c "CREATE DATABASE several_$n TEMPLATE several_one OWNER demo"
done
at one -c 'SELECT mrcall.attach()' >/dev/null

port=${URL##*:} port=${port%%/*} password=${URL#*:*:} password=${password%%@*}
super several_here -c 'CREATE EXTENSION postgres_fdw'
declare -A doors controls
for n in $servers; do
    coproc PROXY { exec python3 "$(dirname "$0")/lib/counting_proxy.py" "$port"; }
    read -r "doors[$n]" "controls[$n]" <&"${PROXY[0]}"
    proxies+=("$PROXY_PID")
    # A copy, because bash knows one coprocess at a time.
    unset PROXY
    super several_here -c "CREATE SERVER s$n FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${doors[$n]}',
            dbname 'several_$n', extensions 'mrcall_ext', async_capable 'true', fetch_size '10000')" \
        -c "CREATE USER MAPPING FOR demo SERVER s$n OPTIONS (user 'demo', password '$password')" \
        -c "GRANT USAGE ON FOREIGN SERVER s$n TO demo"
    db -c "CREATE SCHEMA s$n" -c "IMPORT FOREIGN SCHEMA placed FROM SERVER s$n INTO s$n"
done
proxy() { # server, command
    exec 7<>"/dev/tcp/127.0.0.1/${controls[$1]}"
    echo "$2" >&7
    cat <&7
    exec 7>&-
}
crossed() { # how many bytes came from all servers since this was asked last
    local sum=0 n
    for n in $servers; do sum=$((sum + $(proxy "$n" count))); done
    echo "$sum"
}
spread() { # kind
    local nr=0 n
    for n in here $servers; do
        at "$n" -v kind="$1" -v seed="$seed" -v nr="$nr" <<'SQL'
SELECT format('TRUNCATE placed.%1$I', r.name), format(
    'INSERT INTO placed.%1$I OVERRIDING SYSTEM VALUE SELECT * FROM public.%1$I AS t WHERE placed.place(%2$L, %3$L, t.%4$I::text, %5$s, t::text) = %6$s',
    r.name, :'kind', :'seed', r.key, r.at, :nr), format('ANALYZE placed.%I', r.name)
FROM (
    SELECT split_part(t.relation, '.', 2) AS name,
           (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = t.relation::regclass AND a.attnum > 0
            ORDER BY a.attname NOT IN ('session_id', 'business_id'), a.attnum LIMIT 1) AS key,
           coalesce((SELECT 't.' || quote_ident(a.attname) FROM pg_attribute AS a
                     WHERE a.attrelid = t.relation::regclass AND a.atttypid = 'timestamptz'::regtype ORDER BY a.attnum LIMIT 1),
                    'NULL') AS at
    FROM mrcall_internal.source_tables() AS t
) AS r \gexec
SQL
        nr=$((nr + 1))
    done
}
attach="SELECT mrcall.attach((SELECT jsonb_object_agg(t.logical_table, jsonb_build_object('tables',
    ARRAY(SELECT p || '.' || split_part(t.relation, '.', 2) FROM unnest('{placed,s1,s2,s3}'::text[]) AS p)))
    FROM mrcall_internal.source_tables() AS t))"
spread row
is 'attach takes several tables for each logical one' '15 of 15 logical tables attached' "$(db -c "$attach")"
is 'doctor finds no error' '' "$(db -c "SELECT * FROM mrcall.doctor() WHERE severity = 'error'")"

reports() { at "$1" -c "SET client_min_messages = warning" -f "$ROOT/pg_test/shell/lib/reports.sql"; }
reports one >"$LOGS/several_servers-one.out"
for kind in key week row; do
    spread "$kind"
    is "rows lie on all servers, by $kind" t "$(db -c "SELECT min(n) > 100 FROM (SELECT tableoid, count(*) AS n FROM (
        SELECT tableoid FROM placed.website_events UNION ALL SELECT tableoid FROM s1.website_events
        UNION ALL SELECT tableoid FROM s2.website_events UNION ALL SELECT tableoid FROM s3.website_events) AS e GROUP BY 1) AS t")"
    reports here >"$LOGS/several_servers-$kind.out"
    diff "$LOGS/several_servers-one.out" "$LOGS/several_servers-$kind.out" >"$LOGS/several_servers.diff" ||
        die "spread by $kind, reports answer otherwise" "$(head -n 20 "$LOGS/several_servers.diff")"
    echo "ok: every report answers the same by $kind, $(wc -l <"$LOGS/several_servers-one.out") lines"
done
