#!/usr/bin/env bash
# Retention over foreign tables: refused, with the place to run it, before anything is touched. A wrapper without a handler, which every
# server has, makes the tables; postgres_fdw, where it is, those of the case that lost calls.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster new-database retention_far
cluster new-database retention_here
URL=$(cluster url retention_here)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url retention_here)" "$@"; }
super -c 'CREATE FOREIGN DATA WRAPPER nowhere' -c 'CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere' \
    -c 'GRANT USAGE ON FOREIGN SERVER nowhere TO demo' -c 'GRANT USAGE ON FOREIGN DATA WRAPPER nowhere TO demo'
refused() { # what, table
    local error
    for dry_run in false true; do
        error=$(db -c '\set VERBOSITY verbose' -c "CALL mrcall.apply_session_retention($dry_run)" 2>&1) && die "$1: not refused" "$error"
        [[ $error == *'ERROR:  55000: mrcall.apply_session_retention cannot write to '*"$2"*'is a foreign table'* ]] || die "$1" "$error"
        [[ $error == *'HINT:  Run mrcall.apply_session_retention on the server that has the table itself.'* ]] || die "$1" "$error"
    done
    is "$1: nothing is touched" "$untouched" "$(touched)"
    echo "ok: $1"
}
touched() { db -c 'SELECT count(*) FROM ONLY mrcall.session_archive' -c 'SELECT count(*) FROM mrcall.retention_run' | paste -sd ' '; }
untouched='0 0'

db <<'SQL'
SET client_min_messages = error;
CREATE TABLE public.sessions (id text, business_id text, owner text, start_timestamp timestamptz NOT NULL, state_variables jsonb, data jsonb)
PARTITION BY RANGE (start_timestamp);
CREATE TABLE public.sessions_now PARTITION OF public.sessions FOR VALUES FROM ('2020-01-01') TO ('2100-01-01');
CREATE TABLE public.sessions_ids (id text PRIMARY KEY, start_timestamp timestamptz);
CREATE TABLE public.session_retention_policies (business_id text, archive_after_days int, delete_after_days int);
INSERT INTO public.session_retention_policies VALUES ('b0', 30, 60);
INSERT INTO public.sessions SELECT 'call-' || n, 'b0', 'me', now() - n * interval '20 days', '{}', '{}' FROM generate_series(1, 6) AS n;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach('{"events":{"table":null},"phones":{"table":null},"contacts":{"table":null},"products":{"table":null},
  "customers":{"table":null},"resources":{"table":null},"templates":{"table":null},"businesses":{"table":null},
  "flow_states":{"table":null},"apple_events":{"table":null},"stripe_events":{"table":null},"subscriptions":{"table":null}}') \g /dev/null
SQL
is 'without a foreign part there is work' '0 0 0 1 4' "$(db -c 'CALL mrcall.apply_session_retention()')"
db -c "CREATE FOREIGN TABLE public.sessions_old PARTITION OF public.sessions FOR VALUES FROM ('2000-01-01') TO ('2020-01-01') SERVER nowhere"
refused 'a foreign partition' sessions_old
db -c 'DROP FOREIGN TABLE public.sessions_old' -c "CREATE TABLE public.sessions_old PARTITION OF public.sessions
    FOR VALUES FROM ('2000-01-01') TO ('2020-01-01') PARTITION BY LIST (business_id)" \
    -c "CREATE FOREIGN TABLE public.sessions_old_b9 PARTITION OF public.sessions_old FOR VALUES IN ('b9') SERVER nowhere"
refused 'a foreign partition of a partition' sessions_old_b9
db -c 'DROP TABLE public.sessions_old'
# By inheritance, and for the index of ids.
db -c 'CREATE FOREIGN TABLE public.ids_far () INHERITS (public.sessions_ids) SERVER nowhere'
refused 'a foreign child of the index of ids' ids_far
db -c 'DROP FOREIGN TABLE public.ids_far'
# A view that may be written through, over a table that becomes foreign.
db -c 'CREATE TABLE public.far (LIKE public.sessions)' -c 'CREATE VIEW public.inner_view AS SELECT * FROM public.far' \
    -c 'CREATE VIEW public.outer_view AS SELECT * FROM public.inner_view' -c "SELECT mrcall.attach((SELECT jsonb_object_agg(s.logical_table,
        jsonb_build_object('table', CASE s.logical_table WHEN 'calls' THEN 'public.outer_view' ELSE s.relation END, 'columns', s.columns))
        FROM mrcall.source AS s))" >/dev/null
is 'a view over a table is fine' '0 0 0 0 0' "$(db -c 'CALL mrcall.apply_session_retention(false)')"
untouched=$(touched)
db -c 'CREATE FOREIGN TABLE public.far_part () INHERITS (public.far) SERVER nowhere'
refused 'a view over a view over a table with a foreign child' far_part
db -c 'DROP FOREIGN TABLE public.far_part' -c "SELECT mrcall.attach((SELECT jsonb_object_agg(s.logical_table, jsonb_build_object(
        'table', CASE s.logical_table WHEN 'calls' THEN 'public.sessions' ELSE s.relation END, 'columns', s.columns))
    FROM mrcall.source AS s))" >/dev/null
is 'and again there is work where nothing is foreign' '1 4 0 0 0' "$(db -c 'CALL mrcall.apply_session_retention(false)')"

# The case itself: postgres_fdw deletes by the row's place, which several chunks or partitions of the other server have.
if [ "$(super -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 0 ]; then
    echo 'this server has no postgres_fdw: the case of two servers is not tried'
    exit 0
fi
far=$(cluster url retention_far)
"$PGBIN/psql" -X -q "$far" -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE public.sessions (id text, business_id text, owner text, start_timestamp timestamptz NOT NULL, state_variables jsonb, data jsonb)
PARTITION BY LIST (id);
SELECT format('CREATE TABLE public.%I PARTITION OF public.sessions FOR VALUES IN (%L)', 'part-' || n, 'call-' || n)
FROM generate_series(1, 6) AS n \gexec
CREATE TABLE public.sessions_ids (id text PRIMARY KEY, start_timestamp timestamptz);
CREATE TABLE public.session_retention_policies (business_id text, archive_after_days int, delete_after_days int);
INSERT INTO public.sessions SELECT 'call-' || n, 'b' || n % 2, 'me', now() - n * interval '10 days', '{}', '{}' FROM generate_series(1, 6) AS n;
INSERT INTO public.session_retention_policies VALUES ('b0', NULL, 55);
SQL
port=${far##*:} port=${port%%/*} password=${far#*:*:} password=${password%%@*}
super -c 'CREATE EXTENSION postgres_fdw' \
    -c "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '$port', dbname 'retention_far')" \
    -c "CREATE USER MAPPING FOR demo SERVER far OPTIONS (user 'demo', password '$password')" -c 'GRANT USAGE ON FOREIGN SERVER far TO demo'
db -c 'CREATE SCHEMA far' -c 'IMPORT FOREIGN SCHEMA public LIMIT TO (sessions, sessions_ids, session_retention_policies) FROM SERVER far INTO far' \
    -c "SELECT mrcall.attach((SELECT jsonb_object_agg(s.logical_table, jsonb_build_object('table', CASE WHEN s.relation IS NOT NULL
        THEN replace(s.relation, 'public.', 'far.') END, 'columns', s.columns)) FROM mrcall.source AS s))" >/dev/null
is 'what is due can be looked at from here' 'b0 0 1' "$(db -c 'SELECT business_id, to_archive, to_delete FROM mrcall.retention_due()')"
untouched=$(touched)
refused 'postgres_fdw' sessions
is 'the other server has all of its calls' 6 "$("$PGBIN/psql" -X -At "$far" -c 'SELECT count(*) FROM public.sessions')"
