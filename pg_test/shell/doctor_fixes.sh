#!/usr/bin/env bash
# What doctor advises runs as it is printed, each statement by itself, and mends; what it says of owners, of stored answers and of
# TimescaleDB's settings, in databases where that can be brought about.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
database=doctor_fixes
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url "$database")" "$@"; }
as() { # role, psql arguments…
    local role=$1
    shift
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(ROLE=$role cluster url "$database")" "$@"
}
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
findings() { as demo -F '|' -c "SELECT severity, object, finding FROM mrcall.doctor() WHERE severity <> 'ok' AND $1 ORDER BY 2, 3"; }
mend() { # condition: each fix as it stands, outside of a transaction block
    as demo -c "SELECT fix FROM mrcall.doctor() WHERE $1 ORDER BY fix" >"$LOGS/doctor_fixes.sql"
    [ -s "$LOGS/doctor_fixes.sql" ] || die "there is nothing to mend where $1"
    as demo -f "$LOGS/doctor_fixes.sql" >/dev/null
}
drop() {
    "$PGBIN/psql" -X -q "$(cluster super-url)" -c 'DROP DATABASE IF EXISTS doctor_fixes WITH (FORCE)' \
        -c 'DROP DATABASE IF EXISTS doctor_owner WITH (FORCE)' -c 'DROP DATABASE IF EXISTS doctor_plain WITH (FORCE)' \
        -c 'DROP ROLE IF EXISTS test_first, test_second' 2>/dev/null
}
trap drop EXIT
cluster start
drop
cluster new-database doctor_fixes
as demo -f "$ROOT/sql/reference/reference.sql" -v visitors=100 -v seed=5 -f "$ROOT/sql/demo/generate.sql" >/dev/null
as demo -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null

# Missing indexes, made while others write: a table that is locked by its readers and writers is indexed all the same, once they are done.
as demo -c 'DROP INDEX public.sessions_business_id_start_timestamp_idx' -c 'DROP INDEX public.website_events_session_id_created_at_idx' \
    -c 'DROP INDEX public.business_owner_idx, public.payment_subscription_business_id_idx'
is 'four indexes are missing' 4 "$(findings "finding LIKE 'no index on (%'" | wc -l)"
is 'and three of what functions say' 3 "$(findings "finding LIKE 'no index on mrcall%'" | wc -l)"
is 'no fix locks a table that is not said to be' 0 "$(as demo -c "SELECT count(*) FROM mrcall.doctor()
    WHERE fix LIKE 'CREATE INDEX%' AND fix NOT LIKE '%CONCURRENTLY%' AND finding NOT LIKE '%cannot be written%'")"
mend "finding LIKE 'no index%'"
is 'the fixes mend all of them' '' "$(findings "finding LIKE '%index%'")"
# Left by a CREATE INDEX CONCURRENTLY that failed or was cancelled: there, and used by nothing.
as demo -c 'DROP INDEX public.business_owner_idx'
as demo -c "INSERT INTO public.business (business_id, owner) SELECT 'twin-' || n, (SELECT min(id) FROM public.customers_registry)
    FROM generate_series(1, 2) AS n"
as demo -c 'CREATE UNIQUE INDEX CONCURRENTLY broken ON public.business (owner)' 2>/dev/null && die "the index is not broken"
is 'an invalid index does not count, and is one too many' 'warning|public.broken|is not valid: no query uses it, and each write to public.business pays for it
warning|public.business|no index on (owner): customers to businesses' "$(findings "finding ~ 'not valid|no index on \(owner'")"
mend "finding LIKE 'no index%'"
is 'the wanted one is made' 'warning|public.broken' "$(findings "finding ~ 'not valid|no index'" | cut -d '|' -f 1-2)"
mend "finding LIKE '%not valid%'"
is 'and the other one dropped' '' "$(findings "finding ~ 'not valid|no index'")"
super -c "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.payment_subscription_business_id_idx'::regclass"
is 'one of the same columns that broke' 2 "$(findings "finding ~ 'not valid|no index'" | wc -l)"
mend "finding LIKE 'no index%'"
mend "finding LIKE '%not valid%'"
is 'likewise' '' "$(findings "finding ~ 'not valid|no index'")"

# Stored answers: an index of older rules, and a generated column whose function answers otherwise by now.
as demo -c "CREATE INDEX by_domain ON public.customers_registry (mrcall.url_domain(document ->> 'home'))" \
    -c "COMMENT ON INDEX by_domain IS 'mrcall rules: url_domain 1.0'" \
    -c 'CREATE TABLE public.agents (id int, agent text, device text GENERATED ALWAYS AS (mrcall.device(agent)) STORED)' \
    -c "INSERT INTO public.agents (id, agent) SELECT n, CASE WHEN n % 4 = 0 THEN 'Googlebot/2.1' END FROM generate_series(1, 100) AS n"
is 'an index of older rules' 1 "$(findings "object LIKE '%by_domain'" | wc -l)"
before=$(as demo -c "SELECT pg_relation_filenode('public.by_domain')")
mend "object LIKE '%by_domain'"
is 'is built anew, and says by which rules' "f mrcall rules: url_domain $(as demo -c "SELECT version FROM mrcall_internal.rules()
    WHERE function_name = 'url_domain'")" "$(as demo -F ' ' -c "SELECT pg_relation_filenode('public.by_domain') = $before, obj_description('public.by_domain'::regclass)")"
is 'and is no finding any more' '' "$(findings "object LIKE '%by_domain'")"
is 'a generated column is as its function says' '' "$(findings "object LIKE 'public.agents%'")"
super -c "UPDATE pg_proc SET probin = NULL, prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql'),
    prosrc = 'SELECT CASE WHEN user_agent LIKE ''Googlebot%'' THEN ''crawler'' ELSE ''unknown'' END' WHERE oid = 'mrcall.device(text)'::regprocedure"
is 'rows of other rules are counted' 'warning|public.agents.device|25 rows were made by other rules than mrcall.device has now (the fix writes them anew)' \
    "$(findings "object LIKE 'public.agents%'")"
mend "object LIKE 'public.agents%'"
is 'and written anew' '25' "$(as demo -c "SELECT count(*) FROM public.agents WHERE device = 'crawler'")"
is 'no more of them' '' "$(findings "object LIKE 'public.agents%'")"

# The owner of the extension hands all over to another role, which works on; what is given to somebody else by itself is found.
database=doctor_owner
password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$(cluster super-url)")
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url)" -c "CREATE ROLE test_first LOGIN PASSWORD '$password'" \
    -c "CREATE ROLE test_second LOGIN PASSWORD '$password'" -c 'CREATE DATABASE doctor_owner OWNER test_first TEMPLATE template0'
as test_first -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
is 'its owner has all rights' 0 "$(as test_first -c "SELECT count(*) FROM mrcall.doctor() WHERE object = 'mrcall_ext' OR finding LIKE 'belongs to%'")"
super -c 'REASSIGN OWNED BY test_first TO test_second'
is 'all of it goes along' 0 "$(as test_second -c "SELECT count(*) FROM mrcall.doctor() WHERE object = 'mrcall_ext' OR finding LIKE 'belongs to%'")"
as test_second -c 'SELECT mrcall.attach()' -c "SELECT * FROM mrcall.forget('nobody')" -c "SELECT mrcall.grant_read('test_first')" >/dev/null
echo 'ok: the new owner attaches, forgets and grants'
super -c 'ALTER FUNCTION mrcall.forget OWNER TO postgres'
is 'a function that it may not call any more' 'error|GRANT EXECUTE ON ROUTINE mrcall.forget(text) TO test_second WITH GRANT OPTION;' \
    "$(as test_second -F '|' -c "SELECT severity, fix FROM mrcall.doctor() WHERE object = 'mrcall_ext'")"
as test_second -c "SELECT fix FROM mrcall.doctor() WHERE object = 'mrcall_ext'" | super -f -
is 'and may again' 0 "$(as test_second -c "SELECT count(*) FROM mrcall.doctor() WHERE object = 'mrcall_ext'")"
super -c 'ALTER TABLE mrcall.spend OWNER TO postgres'
super -c 'ALTER FUNCTION mrcall_internal.had_deleted_calls OWNER TO postgres'
is 'a table and functions of another owner' \
    'mrcall.forget(text)|mrcall.spend|mrcall_internal.had_deleted_calls(text[],text[],timestamp with time zone[])' \
    "$(as test_second -c "SELECT object FROM mrcall.doctor() WHERE finding LIKE 'belongs to%'" | paste -sd '|')"
as test_second -c "SELECT fix FROM mrcall.doctor() WHERE finding LIKE 'belongs to%'" | super -f -
is 'and of the right one again' '' "$(as test_second -c "SELECT fix FROM mrcall.doctor() WHERE finding LIKE 'belongs to%'")"

# Where TimescaleDB's Apache edition has neither compression nor policies, its views are played: doctor reads nothing else.
database=doctor_plain
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url)" -c 'CREATE DATABASE doctor_plain OWNER demo TEMPLATE template0'
as demo -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
as demo <<'SQL' >/dev/null
CREATE SCHEMA timescaledb_information;
CREATE TABLE timescaledb_information.hypertables (hypertable_schema name, hypertable_name name);
INSERT INTO timescaledb_information.hypertables VALUES ('public', 'sessions'), ('public', 'website_events');
CREATE TABLE timescaledb_information.compression_settings (hypertable_schema name, hypertable_name name, attname name,
    segmentby_column_index smallint, orderby_column_index smallint);
CREATE TABLE timescaledb_information.jobs (job_id int, proc_name name, hypertable_schema name, hypertable_name name, config jsonb, schedule_interval interval);
CREATE TABLE timescaledb_information.dimensions (hypertable_schema name, hypertable_name name, dimension_number bigint, column_name name,
    time_interval interval);
SQL
played="finding ~ 'compressed|policy drops|hypertable'"
is 'nothing compressed, nothing dropped' '' "$(findings "$played")"
as demo -c "INSERT INTO timescaledb_information.compression_settings VALUES ('public', 'sessions', 'owner', 1, NULL), ('public', 'sessions', 'start_timestamp', NULL, 1),
    ('public', 'website_events', 'created_at', NULL, 1)" \
    -c "INSERT INTO timescaledb_information.jobs VALUES (1001, 'policy_retention', 'public', 'website_events', '{\"drop_after\": \"90 days\"}'),
    (1002, 'policy_retention', 'public', 'sessions', '{\"drop_after\": \"1 year\"}'), (1003, 'policy_compression', 'public', 'sessions', '{}'),
    (1004, 'policy_retention', 'public', 'another', '{\"drop_after\": \"1 day\"}')"
is 'compressed without the business, and rows that a policy drops' 'info|public.website_events|policy drops what is older than 90 days
warning|public.sessions|compressed without the segment business_id
warning|public.sessions|policy drops what is older than 1 year' \
    "$(as demo -F '|' -c "SELECT severity, object, substring(finding FROM '(policy drops what is older than \d+ [a-z]+|compressed without the segment [a-z_]+)')
    FROM mrcall.doctor() WHERE $played ORDER BY 1, 2, 3")"
is 'with the statements that mend' "ALTER TABLE public.sessions SET (timescaledb.compress_segmentby = 'owner, business_id');
SELECT * FROM timescaledb_information.jobs WHERE job_id = 1001;
SELECT remove_retention_policy('public.sessions');" "$(as demo -c "SELECT fix FROM mrcall.doctor() WHERE $played ORDER BY 1")"
as demo -c "UPDATE timescaledb_information.compression_settings SET attname = 'business_id' WHERE attname = 'owner'" \
    -c 'TRUNCATE timescaledb_information.jobs'
is 'with the business as a segment there is nothing to say' '' "$(findings "$played")"
as demo -c 'TRUNCATE timescaledb_information.hypertables'
is 'tables that are no hypertables' 2 "$(findings "$played" | wc -l)"
