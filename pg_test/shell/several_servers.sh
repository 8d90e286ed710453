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
at one -f "$ROOT/sql/reference/reference.sql" -v visitors="${SOAK:+10}60" -v seed=3 -f "$ROOT/sql/demo/generate.sql" >/dev/null
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
# Nobody may be connected meanwhile: workers of TimescaleDB look into every database from time to time.
super postgres -c 'ALTER DATABASE several_one ALLOW_CONNECTIONS false' -o /dev/null \
    -c "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'several_one'"
for n in here $servers; do
    super postgres -c 'SET client_min_messages = warning' -c "DROP DATABASE IF EXISTS several_$n WITH (FORCE)" \
        -c "CREATE DATABASE several_$n TEMPLATE several_one OWNER demo"
done
super postgres -c 'ALTER DATABASE several_one ALLOW_CONNECTIONS true'
at one -c 'SELECT mrcall.attach()' >/dev/null

port=${URL##*:} port=${port%%/*} password=${URL#*:*:} password=${password%%@*}
super several_here -c 'CREATE EXTENSION postgres_fdw'
declare -A doors controls
for n in $servers; do
    exec 8< <(exec python3 "$(dirname "$0")/lib/counting_proxy.py" "$port")
    proxies+=("$!")
    read -r "doors[$n]" "controls[$n]" <&8
    exec 8<&-
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
kinds='key week row'
for kind in $kinds; do
    spread "$kind"
    is "rows lie on several servers, by $kind" t "$(db -c "SELECT count(*) > 1 FROM (SELECT tableoid, count(*) AS n FROM (
        SELECT tableoid FROM placed.website_events UNION ALL SELECT tableoid FROM s1.website_events
        UNION ALL SELECT tableoid FROM s2.website_events UNION ALL SELECT tableoid FROM s3.website_events) AS e GROUP BY 1) AS t")"
    reports here >"$LOGS/several_servers-$kind.out"
    diff "$LOGS/several_servers-one.out" "$LOGS/several_servers-$kind.out" >"$LOGS/several_servers.diff" ||
        die "spread by $kind, reports answer otherwise" "$(head -n 20 "$LOGS/several_servers.diff")"
    echo "ok: every report answers the same by $kind, $(wc -l <"$LOGS/several_servers-one.out") lines"
done

# What crosses, by report, beside what the rows are.
rows=$(at one -c "SELECT sum(pg_column_size(e.*)) FROM public.website_events AS e")
calls=$(at one -c "SELECT sum(pg_column_size(c.*)) FROM public.sessions AS c")
echo "figure: $rows bytes of events and $calls bytes of calls, three quarters of them on other servers"
while IFS= read -r statement; do
    crossed >/dev/null
    at here -c 'SET client_min_messages = warning' -c "$statement" >/dev/null
    bytes=$(crossed)
    name=${statement#*mrcall.} name=${name%%(*}
    echo "figure: ${name%% *} takes $bytes bytes"
    [ "$name" != visitor_buckets ] || [[ $statement == *dimension* ]] || buckets=$bytes
    [ "$name" != call_summary ] || summary=$bytes
done < <(grep -E '^SELECT .*mrcall\.(sessionize|visitor_buckets|top_pages|cohorts|attribution|call_summary|callers|call_heatmap|business_health|flow)\(' \
    "$ROOT/pg_test/shell/lib/reports.sql" | grep -v ';.*FROM.*;$')
[ "$((buckets * 2))" -lt "$rows" ] || die 'visitor_buckets takes rows' "$buckets of $rows bytes"
[ "$((summary * 2))" -lt "$calls" ] || die 'call_summary takes rows' "$summary of $calls bytes"
echo 'ok: visitor_buckets and call_summary take states'

# A server that goes away in the middle is an error that names it, never a part of an answer.
while IFS= read -r statement; do
    name=${statement#*mrcall.} name=${name%%(*}
    proxy 2 count >/dev/null
    at here -c 'SET client_min_messages = warning' -c "$statement" >/dev/null
    bytes=$(proxy 2 count)
    for share in 3 2; do
        proxy 2 "cut $((bytes - bytes / share))" >/dev/null
        if error=$(at here -c 'SET client_min_messages = warning' -c "$statement" 2>&1 >/dev/null); then
            die "$name answers without a server" "$((bytes - bytes / share)) of $bytes bytes came"
        fi
        [[ $error == *'server "s2"'* || $error == *'server closed the connection'* ]] || die "$name does not name the server that is gone" "$error"
        proxy 2 mend >/dev/null
    done
    at here -c 'SET client_min_messages = warning' -c "$statement" >/dev/null || die "$name stays without the server that is back"
done < <(grep -E '^SELECT .*mrcall\.(visitor_buckets|top_pages|cohorts|attribution|attribution_models|conversion_paths|call_summary|callers|call_heatmap|business_health|sessionize)\(' \
    "$ROOT/pg_test/shell/lib/reports.sql" | awk -v all="${SOAK:-}" '{ sub(/^.*mrcall\./, "&"); n = $0; sub(/^.*mrcall\./, "", n); sub(/\(.*/, "", n) } all || !seen[n]++')
echo 'ok: a server that is cut off is an error in each report'
proxy 2 'cut 0' >/dev/null
error=$(at here -c "SELECT * FROM mrcall.visitor_buckets('1 day', '2026-03-20', '2026-04-10')" 2>&1) && die 'a report answers without a server'
[[ $error == *'could not connect to server "s2"'* ]] || die 'a server that is down is not named' "$error"
proxy 2 mend >/dev/null
echo 'ok: a server that is down is named'

# Who waits for another server can be stopped, over there too.
coproc LOCK { exec "$PGBIN/psql" -X -q -At "$(cluster url several_3)" 2>&1; }
echo "BEGIN; LOCK TABLE placed.website_events, placed.sessions; SELECT 'locked';" >&"${LOCK[1]}"
read -r -u "${LOCK[0]}" locked
is 'a table over there is locked' locked "$locked"
for statement in "mrcall.visitor_buckets('1 day', '2026-03-20', '2026-04-10')" "mrcall.call_summary('1 day', '2026-03-20', '2026-04-10')"; do
    error=$(at here -c "SET statement_timeout = '300ms'" -c "SELECT * FROM $statement" 2>&1) && die 'a report does not wait'
    [[ $error == *'canceling statement due to statement timeout'* ]] || die 'the timeout is not the error' "$error"
done
until_over() { # nothing of ours runs over there
    local n
    for _ in $(seq 1200); do
        n=$(super several_3 -c "SELECT count(*) FROM pg_stat_activity WHERE datname = 'several_3' AND wait_event_type = 'Lock'")
        [ "$n" != 0 ] || return 0
        sleep 0.05
    done
    die 'a query goes on over there'
}
until_over
echo 'ROLLBACK;' >&"${LOCK[1]}"
kill "$LOCK_PID" 2>/dev/null || true
echo 'ok: statement_timeout reaches the other server'

# Rules are those of the server that is asked.
for n in one here; do
    at "$n" -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Own', '^(google|facebook)')" \
        -c "INSERT INTO mrcall.ignored_referrer (domain) VALUES ('linkedin.com')"
done
buckets="SELECT * FROM mrcall.visitor_buckets('1 week', '2026-02-02', '2026-06-01', 'UTC', 'channel')"
[ "$(at one -c "$buckets" | grep -c Own)" -gt 5 ] || die 'the rule has no effect'
is 'own rules hold for rows of other servers' "$(at one -c "$buckets")" "$(at here -c "$buckets")"

# Who may read.
super several_here -c 'SET client_min_messages = warning' -c 'DROP ROLE IF EXISTS several_reader' -c "CREATE ROLE several_reader LOGIN"
error=$(db -c "SELECT mrcall.grant_read('several_reader')" 2>&1)
for n in $servers; do
    [[ $error == *"no user mapping on the foreign server \"s$n\""* ]] || die 'a server without a user mapping is not said' "$error"
    super several_here -c "CREATE USER MAPPING FOR several_reader SERVER s$n OPTIONS (user 'demo', password '$password')" \
        -c "GRANT USAGE ON FOREIGN SERVER s$n TO several_reader"
done
is 'a reader gets the same answers' "$(at here -c "$buckets")" "$(super several_here -c 'SET ROLE several_reader' -c "$buckets")"
db -c "SELECT mrcall.revoke_read('several_reader')" >/dev/null

# Writers change no row that may be elsewhere.
error=$(db -c 'CALL mrcall.apply_session_retention(false)' 2>&1) && die 'retention runs over several servers'
[[ $error == *'cannot write to mrcall.call'*': its part s1.sessions'*'is a foreign table'* ]] || die 'retention' "$error"
error=$(db -c "SELECT mrcall.link_visitor('customer', 'browser-0001')" 2>&1) && die 'link_visitor writes over several servers'
[[ $error == *'its part s1.customers_registry is a foreign table'* ]] || die 'link_visitor' "$error"
error=$(db -c "SELECT mrcall.maintain('visits')" 2>&1) && die 'facts of several servers are kept'
echo 'ok: writers refuse'

# detach takes the views of the parts, too, attach brings them back, and what was given once stays given.
views="SELECT count(*) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'mrcall_internal'::regnamespace AND relname ~ '_part_[0-9]+$'"
is 'a view for each part' 60 "$(db -c "$views")"
db -c 'SELECT mrcall.detach()' >/dev/null
is 'detach leaves none' 0 "$(db -c "$views")"
db -c 'SELECT mrcall.attach()' >/dev/null
is 'attach brings them back' "60 $(at one -c 'SELECT count(*) FROM mrcall.events')" \
    "$(db -c "$views") $(db -c 'SELECT count(*) FROM mrcall.events')"
error=$(db -c "SELECT mrcall.attach('{\"events\": {\"tables\": [\"s1.website_events\", \"\\\"s1\\\".website_events\"]}}')" 2>&1) && die 'a table counts twice'
[[ $error == *'s1.website_events is there twice'* ]] || die 'a table that is named twice' "$error"

# Another version over there.
only=$(db -c "SELECT jsonb_object_agg(t.logical_table, CASE t.logical_table WHEN 'events' THEN '{\"tables\": [\"s2.website_events\"]}'
    WHEN 'calls' THEN '{\"tables\": [\"s2.sessions\"]}' ELSE '{\"table\": null}' END::jsonb) FROM mrcall_internal.source_tables() AS t")
db -c "SELECT mrcall.attach('$only')" >/dev/null
is 'parts that are none any more are gone' 2 "$(db -c "$views")"
super several_here -c "CREATE OR REPLACE FUNCTION mrcall.version() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS \$\$ SELECT '0.0.9'::text \$\$"
for statement in "mrcall.visitor_buckets('1 day', '2026-03-20', '2026-04-10')" "mrcall.call_summary('1 day', '2026-03-20', '2026-04-10')"; do
    error=$(at here -c "SELECT * FROM $statement" 2>&1) && die 'another version answers'
    [[ $error == *'server "s2": mrcall_ext '*' is asked by a server with mrcall_ext 0.0.9'* ]] || die 'another version' "$error"
done
echo 'ok: another version is an error that names the server'
