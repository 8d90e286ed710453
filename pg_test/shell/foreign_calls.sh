#!/usr/bin/env bash
# Calls that are on another server: first calls are one query over there, which sends a row a business; those of one business, and the
# latest, are asked for as such.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster new-database calls_far
cluster new-database calls_here
URL=$(cluster url calls_here)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url calls_here)" "$@"; }
if [ "$(super -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'")" = 0 ]; then
    echo 'this server has no postgres_fdw'
    exit 77
fi
far=$(cluster url calls_far)
"$PGBIN/psql" -X -q "$far" -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE public.sessions (id text, business_id text, owner text, start_timestamp timestamptz NOT NULL, state_variables jsonb, data jsonb);
INSERT INTO public.sessions
SELECT 'call-' || n, CASE WHEN n % 101 > 0 THEN 'b' || n % 100 END, 'me', timestamptz '2026-01-01Z' + (n * 7919 % 20000) * interval '9 minutes', '{}', '{}'
FROM generate_series(1, 20000) AS n;
CREATE INDEX ON public.sessions (business_id, start_timestamp);
CREATE INDEX ON public.sessions (start_timestamp);
ANALYZE public.sessions;
SQL
port=${far##*:} port=${port%%/*} password=${far#*:*:} password=${password%%@*}
super -c 'CREATE EXTENSION postgres_fdw' \
    -c "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '$port', dbname 'calls_far')" \
    -c "CREATE USER MAPPING FOR demo SERVER far OPTIONS (user 'demo', password '$password')" -c 'GRANT USAGE ON FOREIGN SERVER far TO demo'
db <<'SQL'
SET client_min_messages = error;
IMPORT FOREIGN SCHEMA public LIMIT TO (sessions) FROM SERVER far INTO public;
CREATE TABLE public.business (business_id text PRIMARY KEY, owner text, template text, created_at timestamptz, subscription_status text,
    stripe_customer_id text, time_zone text);
INSERT INTO public.business (business_id, owner) SELECT 'b' || n, 'o' || n % 10 FROM generate_series(0, 119) AS n;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach('{"events":{"table":null},"phones":{"table":null},"contacts":{"table":null},"products":{"table":null},
  "customers":{"table":null},"resources":{"table":null},"templates":{"table":null},"call_index":{"table":null},
  "flow_states":{"table":null},"apple_events":{"table":null},"stripe_events":{"table":null},"subscriptions":{"table":null},
  "retention_policies":{"table":null}}') \g /dev/null
INSERT INTO mrcall.session_archive (business_id, started_at, call_id) VALUES ('b7', '2025-12-01Z', 'old'), ('b110', '2025-12-02Z', 'old');
INSERT INTO mrcall_internal.first_call (business_id, call_id, first_call_at) VALUES ('b8', 'older', '2025-11-01Z');
SQL
plan() { db -c "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) $1"; }
remote() { grep -E 'Remote SQL' <<<"$plan"; }

first="FROM mrcall.conversions WHERE conversion = 'first_call'"
is 'first calls' 101 "$(db -c "SELECT count(*) $first")"
is 'first calls are those of plain SQL' 0 "$(db -c "SELECT count(*) FROM (
    SELECT business_id, converted_at $first EXCEPT
    SELECT business_id, min(at) FROM (SELECT business_id, start_timestamp AS at FROM public.sessions
        UNION ALL SELECT business_id, started_at FROM mrcall.session_archive
        UNION ALL SELECT business_id, first_call_at FROM mrcall_internal.first_call) AS c GROUP BY 1) AS d")"
plan=$(plan "SELECT * $first")
is 'they are one query' 1 "$(remote | wc -l)"
[[ $(remote) == *'min(start_timestamp)'*'GROUP BY'* ]] || die 'first calls are not grouped over there' "$(remote)"
is 'which runs once and sends a row a business' 1 "$(grep -c 'Foreign Scan (actual rows=101[.0]* loops=1)' <<<"$plan")"
plan=$(plan "SELECT * $first AND business_id = 'b7'")
[[ $(remote) == *"business_id = 'b7'"* ]] || die 'the first call of one business reads others' "$(remote)"
echo 'ok: first calls'

plan=$(plan 'SELECT call_id FROM mrcall.calls ORDER BY started_at DESC LIMIT 5')
[[ $(remote) == *'ORDER BY start_timestamp DESC'* ]] || die 'the latest calls are not read in their order' "$plan"
is 'the latest calls' "$(db -c 'SELECT id FROM public.sessions ORDER BY start_timestamp DESC LIMIT 5')" \
    "$(db -c 'SELECT call_id FROM mrcall.calls ORDER BY started_at DESC LIMIT 5')"
plan=$(plan "SELECT call_id FROM mrcall.calls WHERE business_id = 'b7' AND started_at >= '2026-02-01' AND started_at < '2026-02-03'")
[[ $(remote) == *start_timestamp*"business_id = 'b7'"* ]] || die 'the calls of one business and period are not asked for as such' "$plan"
echo 'ok: calls of a business, and the latest'
is 'a row a business, and those without' 121 "$(db -c "SELECT count(*) FROM mrcall.business_health('2026-06-01Z')")"
