# What the tests of stored facts share: a server of their own, its roles, and a database with the world of the histories.
# shellcheck shell=bash
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
facts_tidy() { [ -n "${KEEP:-}" ] || cluster remove >/dev/null 2>&1 || true; }

facts_server() {
    trap facts_tidy EXIT
    [ -n "${KEEP:-}" ] || cluster remove >/dev/null 2>&1 || true
    cluster start
    local super
    super=$(cluster super-url)
    if [ "$("$PGBIN/psql" -X -Atq "$super" -c 'SHOW max_prepared_transactions')" = 0 ]; then
        "$PGBIN/psql" -X -q "$super" -c 'ALTER SYSTEM SET max_prepared_transactions = 20' -c 'ALTER SYSTEM SET deadlock_timeout = 200'
        cluster stop
        cluster start
    fi
}

# The owner is demo, as in every test; the others have the same password. Made once, and copied for each test that breaks it.
facts_database() {
    owner=$(cluster url facts)
    super=$(cluster super-url facts)
    [ -n "${facts_base:-}" ] || facts_make_base
    # A history that was left in the middle may have one.
    "$PGBIN/psql" -X -q "$super" >/dev/null 2>&1 <<'SQL' || true
SELECT format('ROLLBACK PREPARED %L', p.gid) FROM pg_prepared_xacts AS p WHERE p.database = current_database() \gexec
SQL
    "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url)" <<'SQL' >/dev/null
SET client_min_messages = error;
DROP DATABASE IF EXISTS facts WITH (FORCE);
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'facts_base';
CREATE DATABASE facts TEMPLATE facts_base OWNER demo;
SQL
}
facts_make_base() {
    cluster new-database facts_base
    local password role
    password=$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$owner")
    for role in facts_reader facts_tenant facts_writer facts_partial; do
        "$PGBIN/psql" -X -q "$(cluster super-url)" -v "role=$role" -v "password=$password" >/dev/null <<'SQL'
SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', :'role', :'password') WHERE to_regrole(:'role') IS NULL \gexec
GRANT :"role" TO demo;
SQL
    done
    "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster url facts_base)" -f "$ROOT/sql/reference/reference.sql" \
        -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' -v "base=$(date -u '+%Y-%m-%d %H:00:00+00')" \
        -f "$ROOT/pg_test/facts/world.sql" \
        -c "SELECT mrcall.grant_read(r::name) FROM unnest('{facts_reader,facts_tenant,facts_partial}'::text[]) AS r" >/dev/null
    # No copy is made of what somebody is connected to.
    "$PGBIN/psql" -X -q "$(cluster super-url)" -c 'ALTER DATABASE facts_base ALLOW_CONNECTIONS false'
    facts_base=made
}

facts_python() { # program, arguments…
    local program=$1
    shift
    python3 -B "$ROOT/pg_test/facts/$program" --owner "$owner" --super "$super" "$@"
}

# A hot standby of the server; $standby is the owner's address there.
facts_standby() {
    local port data
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    data=$(dirname "$(cluster log)")/standby
    rm -rf "$data"
    cluster run "$PGBIN/pg_basebackup" -D "$data" -R -c fast -d "$(cluster super-url)" >"$LOGS/facts-standby.log" 2>&1 ||
        die "no copy for a standby" "$(tail -n 5 "$LOGS/facts-standby.log")"
    standby_data=$data
    trap 'facts_standby_ends; facts_tidy' EXIT
    cluster run "$PGBIN/pg_ctl" -D "$data" -l "$data/standby.log" -o "-p $port" -w start >>"$LOGS/facts-standby.log" 2>&1 ||
        die "the standby does not start" "$(tail -n 5 "$data/standby.log")"
    # shellcheck disable=SC2034
    standby=$(sed -E "s|:[0-9]+/|:$port/|" <<<"$owner")
}
facts_standby_ends() { cluster run "$PGBIN/pg_ctl" -D "$standby_data" -m immediate stop >/dev/null 2>&1 || true; }
