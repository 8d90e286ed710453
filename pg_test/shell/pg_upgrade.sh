#!/usr/bin/env bash
# pg_upgrade, which takes a database apart and makes its tables anew around the files that are there (to the same version here, as
# PostgreSQL's own tests do): what the extension keeps is there, and every report prints the same.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
export TIMESCALEDB=0 CLUSTER=pgupgrade
[ -x "$PGBIN/pg_upgrade" ] || { echo "this PostgreSQL $PG has no pg_upgrade" && exit 77; }
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
run() { (cd "$work" && cluster run "$@"); }
work=$BUILD/pgupgrade
finish() {
    [ -e "$work/data/postmaster.pid" ] && run "$PGBIN/pg_ctl" -D "$work/data" -m immediate -w stop >/dev/null 2>&1
    cluster remove
    rm -rf "$work"
}
trap finish EXIT
finish
mkdir -p "$work"
[ "$(id -u)" != 0 ] || chown postgres "$work"

db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
state() {
    db <<'SQL'
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'linear');
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01', 'time_decay', 'first_call');
SELECT * FROM mrcall.visitor_buckets('7 days', '2026-02-01', '2026-06-01', 'Europe/Rome', 'channel');
SELECT * FROM mrcall.call_summary('7 days', '2026-02-01', '2026-06-01');
SELECT * FROM mrcall.doctor();
SELECT day, state, mrcall.num_calls(state) FROM public.states ORDER BY day;
TABLE mrcall.source ORDER BY 1;
TABLE mrcall.channel_rule ORDER BY 1;
TABLE mrcall.ignored_referrer ORDER BY 1;
TABLE mrcall.spend ORDER BY 1;
TABLE mrcall.session_archive ORDER BY 1, 2, 3;
TABLE mrcall.retention_run ORDER BY 1;
TABLE mrcall_internal.first_call ORDER BY 1;
TABLE mrcall_internal.first_contact ORDER BY 1, 2;
TABLE mrcall_internal.caller_key;
SELECT c.oid::regclass, c.relkind, pg_get_userbyid(c.relowner), obj_description(c.oid, 'pg_class') FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v') ORDER BY c.oid::regclass::text;
SELECT p.oid::regprocedure, pg_get_userbyid(p.proowner) FROM pg_proc AS p
WHERE p.pronamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) ORDER BY p.oid::regprocedure::text COLLATE "C";
SQL
}
cluster new-database kept
URL=$(cluster url kept)
password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$URL")
db -f "$ROOT/sql/reference/reference.sql" -v visitors=200 -v seed=31 -f "$ROOT/sql/demo/generate.sql" >/dev/null
db >/dev/null 2>&1 <<'SQL'
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach($${"calls": {"columns": {"outcome": "coalesce(data->>'outcome', 'none')"}}, "templates": {"table": null}}$$);
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (10, 'Own Letters', '^newsletter$');
INSERT INTO mrcall.spend VALUES ('2026-05-02', 'Paid Search', NULL, 90, 'EUR');
CREATE TABLE public.states (day date, state mrcall.call_state);
INSERT INTO public.states SELECT c.started_at::date, mrcall.call_agg(c.started_at, c.ended_at, c.outcome) FROM mrcall.calls AS c
WHERE c.ended_at >= c.started_at GROUP BY 1;
INSERT INTO public.session_retention_policies (business_id, archive_after_days, delete_after_days)
SELECT b.business_id, 1, CASE WHEN b.n % 3 = 0 THEN 60 END
FROM (SELECT business_id, row_number() OVER (ORDER BY business_id) AS n FROM public.business) AS b
ON CONFLICT DO NOTHING;
CALL mrcall.apply_session_retention(false);
SQL
state >"$LOGS/pgupgrade-before.out"
[ "$(wc -l <"$LOGS/pgupgrade-before.out")" -gt 500 ] || die "there is nothing to compare"
cluster stop

printf '%s\n' "$password" >"$work/password"
run "$PGBIN/initdb" -D "$work/data" -U postgres --pwfile="$work/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 \
    --no-instructions >"$LOGS/pgupgrade-initdb.log" 2>&1 || die "initdb" "$(tail -n 5 "$LOGS/pgupgrade-initdb.log")"
run env PGPASSWORD="$password" "$PGBIN/pg_upgrade" -b "$PGBIN" -B "$PGBIN" -U postgres \
    -d "$BUILD/pg$PG/cluster-pgupgrade-plain/data" -D "$work/data" >"$LOGS/pgupgrade.log" 2>&1 ||
    die "pg_upgrade" "$(tail -n 8 "$LOGS/pgupgrade.log")" "$(find "$work/data/pg_upgrade_output.d" -name 'pg_upgrade_dump_*.log' -exec grep -h -m 1 error {} +)"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
run "$PGBIN/pg_ctl" -D "$work/data" -l "$work/server.log" -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c timezone=UTC" \
    start >/dev/null || die "the new server does not start" "$(tail -n 5 "$work/server.log")"
URL=postgresql://demo:$password@127.0.0.1:$port/kept
[ "$(db -c "SELECT current_setting('server_version_num')::int / 10000")" = "$PG" ] || die "it is not PostgreSQL $PG"
same() { # what
    state >"$LOGS/pgupgrade-after.out"
    diff "$LOGS/pgupgrade-before.out" "$LOGS/pgupgrade-after.out" || die "$1: not what it was"
    echo "ok: $1: $(wc -l <"$LOGS/pgupgrade-after.out") lines are what they were"
}
same "after pg_upgrade"
mapping=$(db -c "SELECT jsonb_object_agg(logical_table, jsonb_build_object('table', relation, 'columns', columns)) FROM mrcall.source")
db -v mapping="$mapping" >/dev/null <<'SQL'
SELECT mrcall.attach(:'mapping');
SQL
same "after attach"
# pg_upgrade leaves every extension to the superuser.
db -c 'SELECT mrcall.detach()' -c 'DROP TABLE public.states' >/dev/null
"$PGBIN/psql" -X -q "${URL/demo:/postgres:}" -c 'DROP EXTENSION mrcall_ext'
db -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
[ "$(db -c 'SELECT count(*) > 0 FROM mrcall.session_archive')" = t ] || die "the archive is gone"
echo "ok: detached, dropped, installed and attached there"
