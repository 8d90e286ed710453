#!/usr/bin/env bash
# A private PostgreSQL server under build/, on a free port of 127.0.0.1, run as a user that is not root.
# usage: cluster.sh start|stop|url [db]|psql [args…]|run command…|status
#        CLUSTER=demo|test|… names it, SHARED_BUFFERS=6GB starts it with another size than 512MB
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg

NAME=$CLUSTER${EDITION:+-$EDITION}
[ "$TIMESCALEDB" = 0 ] && NAME=$NAME-plain
HOME_DIR=$BUILD/pg$PG/cluster-$NAME
DATA=$HOME_DIR/data

# The server refuses to run as root; then it runs as the user postgres, which the package postgresql-common makes.
# A clone below a folder that this user may not enter (/root) is reached with one capability instead of a wider mode.
as_server_user() {
    if [ "$(id -u)" != 0 ]; then
        "$@"
    elif runuser -u postgres -- test -x "$HOME_DIR" 2>/dev/null; then
        runuser -u postgres -- "$@"
    else
        # no_setuid_fixup: access(2) would drop the capabilities otherwise, and the server asks it about its own files.
        setpriv --reuid postgres --regid postgres --init-groups --securebits +no_setuid_fixup \
            --inh-caps +dac_override,+dac_read_search --ambient-caps +dac_override,+dac_read_search -- "$@"
    fi
}

server_pid() {
    local pid
    pid=$(head -n 1 "$DATA/postmaster.pid" 2>/dev/null) || return 1
    [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$DATA" && echo "$pid"
}

running() { [ -e "$HOME_DIR/port" ] && server_pid >/dev/null && super -d postgres -Atqc 'select 1' >/dev/null 2>&1; }

super() {
    PGPASSWORD=$(cat "$HOME_DIR/password") "$PGBIN/psql" -X -h 127.0.0.1 -p "$(cat "$HOME_DIR/port")" -U postgres "$@"
}

create() {
    [ -e "$HOME_DIR/created" ] && return
    say "==> a private PostgreSQL $PG server in ${HOME_DIR#"$ROOT"/} (a few seconds)"
    rm -rf "$HOME_DIR" && mkdir -p "$HOME_DIR"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$HOME_DIR/password")
    [ "$(id -u)" = 0 ] && chown -R postgres "$HOME_DIR"
    as_server_user "$PGBIN/initdb" -D "$DATA" -U postgres --pwfile="$HOME_DIR/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-instructions >"$LOGS/initdb-$NAME.log" 2>&1 ||
        die "initdb failed" "see ${LOGS#"$ROOT"/}/initdb-$NAME.log"
    as_server_user tee -a "$DATA/postgresql.conf" >/dev/null <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_preload_libraries = '$([ "$TIMESCALEDB" = 0 ] || echo timescaledb)'
max_connections = 100
max_worker_processes = 16
max_locks_per_transaction = 512
shared_buffers = 512MB
work_mem = 64MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
checkpoint_timeout = 15min
synchronous_commit = off
jit = off
lc_messages = 'C'
timezone = 'UTC'
log_timezone = 'UTC'
$([ "$TIMESCALEDB" = 0 ] || echo "timescaledb.telemetry_level = off")
EOF
    touch "$HOME_DIR/created"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# One start at a time: two would take each other's port.
start() { (flock 8 && start_alone) 8>"$BUILD/.start-$NAME.lock"; }

start_alone() {
    [ -x "$PGBIN/postgres" ] || die "the server is not set up" "run: make setup"
    create
    running && return
    # A pid file whose process is gone, or is another program after a restart of the machine, must not stop us.
    if [ -e "$DATA/postmaster.pid" ] && ! server_pid >/dev/null; then
        rm -f "$DATA/postmaster.pid"
    fi
    local try
    for try in 1 2 3 4 5 6; do
        free_port >"$HOME_DIR/port.new" && mv "$HOME_DIR/port.new" "$HOME_DIR/port"
        if as_server_user "$PGBIN/pg_ctl" -D "$DATA" -l "$HOME_DIR/server.log" -w -t 60 \
            -o "-p $(cat "$HOME_DIR/port")${SHARED_BUFFERS:+ -c shared_buffers=$SHARED_BUFFERS}" \
            start >"$LOGS/start-$NAME.log" 2>&1 8>&- 9>&-; then
            return
        fi
        running && return
        # After a kill -9, backends of the old server need a moment to see that it is gone.
        sleep $((try))
    done
    tail -n 5 "$HOME_DIR/server.log" >&2 || true
    die "the server does not start" "its log: ${HOME_DIR#"$ROOT"/}/server.log" \
        "to begin anew with an empty one: make clean-cluster"
}

stop() {
    if server_pid >/dev/null; then
        as_server_user "$PGBIN/pg_ctl" -D "$DATA" -m fast -w stop >/dev/null 2>&1 || true
    fi
}

url() {
    printf 'postgresql://%s:%s@127.0.0.1:%s/%s\n' "${ROLE:-demo}" "$(cat "$HOME_DIR/password")" \
        "$(cat "$HOME_DIR/port")" "${1:-mrcall}"
}

# An empty database that an ordinary role owns: nothing of ours needs a superuser.
new_database() {
    start
    super -d postgres -q -v ON_ERROR_STOP=1 -v db="$1" -v pw="$(cat "$HOME_DIR/password")" -f "$ROOT/scripts/sql/new_database.sql"
    [ "$TIMESCALEDB" = 0 ] || super -d "$1" -q -c 'CREATE EXTENSION IF NOT EXISTS timescaledb' 2>/dev/null
}

command=${1:-}
shift || true
case $command in
start) start ;;
stop) stop ;;
url) start >&2 && url "$@" ;;
super-url) start >&2 && ROLE=postgres url "${1:-postgres}" ;;
psql) start >&2 && exec "$PGBIN/psql" "$(url)" "$@" ;;
new-database) new_database "$1" ;;
pid) server_pid ;;
run) mkdir -p "$HOME_DIR" && as_server_user "$@" ;;
remove) stop && rm -rf "$HOME_DIR" ;;
log) say "$HOME_DIR/server.log" ;;
status) if running; then say "running on port $(cat "$HOME_DIR/port")"; else say "not running"; fi ;;
*) die "unknown command '$command'" "usage: cluster.sh start|stop|status|url [db]|super-url [db]|psql [args]|new-database db|run command|pid|log|remove" ;;
esac
