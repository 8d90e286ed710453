#!/usr/bin/env bash
# The clients: each is a small program that does what its user does, against a private server. usage: clients.sh [name…]
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
export CLUSTER=clients TIMESCALEDB
"$ROOT/scripts/setup.sh" all
# shellcheck source=scripts/setup_clients.sh
. "$ROOT/scripts/setup_clients.sh"
cd "$ROOT"

passed=0 failed=0 skipped=0 only=("$@")
cluster() { scripts/cluster.sh "$@"; }
super() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$(cluster super-url clients)" "$@"; }
# KEEP=1 leaves the server.
[ -n "${KEEP:-}" ] || trap 'cluster remove >/dev/null 2>&1 || true' EXIT
cluster remove >/dev/null 2>&1 || true

say "==> a database for the clients (a quarter of a minute)"
cluster new-database clients
URL=$(cluster url clients)
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$URL" -f sql/reference/reference.sql -f pg_test/fixtures/world.sql >"$LOGS/clients-world.log" 2>&1 ||
    die "the database cannot be filled" "$(tail -n 5 "$LOGS/clients-world.log")"
PGPASSWORD=$(sed -E 's|.*:([^:@]+)@.*|\1|' <<<"$URL")
port=$(sed -E 's|.*:([0-9]+)/.*|\1|' <<<"$URL")
export PGPASSWORD PGHOST=127.0.0.1 PGPORT=$port PGDATABASE=clients
for role in website starchat analyst dbt; do
    super -v role="$role" -v password="$PGPASSWORD" <<<"CREATE ROLE :\"role\" LOGIN PASSWORD :'password'"
done
PGUSER=demo "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -f clients/roles.sql >"$LOGS/clients-roles.log" || die "the roles cannot be made"
# What somebody spent, for the report that asks.
PGUSER=demo "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 -f clients/world.sql

client() { # name, what setup.sh calls what it takes, command
    local name=$1 began log=$LOGS/client-$1.log status=0
    if [ ${#only[@]} -gt 0 ] && [[ " ${only[*]} " != *" $name "* ]]; then return; fi
    # Without a way to the registries the rest is tested all the same.
    if ! "$ROOT/scripts/setup.sh" clients "$2"; then
        skipped=$((skipped + 1))
        say "SKIPPED  $name: what it takes cannot be had, see above"
        return
    fi
    began=$SECONDS
    "$3" >"$log" 2>&1 </dev/null || status=$?
    # A program that ends well without a word has tested nothing.
    if [ "$status" = 0 ] && grep -q '^ok: ' "$log"; then
        passed=$((passed + 1))
        say "ok       $name ($((SECONDS - began)) s): $(grep '^ok: ' "$log" | sed 's/^ok: //' | paste -sd ';' | sed 's/;/; /g')"
    elif [ "$status" = 77 ]; then
        skipped=$((skipped + 1))
        say "SKIPPED  $name: $(tail -n 1 "$log")"
    else
        failed=$((failed + 1))
        say "FAILED   $name" && tail -n 40 "$log"
    fi
}

classes=$CLIENTS/classes
# What is compiled already is not compiled again.
compiled() { # language, command…
    local sum stamp=$classes/$1.sum
    sum=$(cat clients/jdbc/*."$1" "$CLIENTS/jars.stamp" | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] || { mkdir -p "$classes" && "${@:2}" clients/jdbc/*."$1" && echo "$sum" >"$stamp"; }
}
jars() { printf '%s:' "$CLIENTS"/jars/*.jar; }
jvm() { java -ea -Duser.timezone=America/New_York -cp "$classes:$(jars)" "$@"; }
scalac() { java -cp "$(jars)" scala.tools.nsc.Main -usejavacp -d "$classes" "$@"; }
jdbc() { compiled java javac -Xlint:all,-path -d "$classes" -cp "$(jars)" && jvm Reports && jvm SignUp && jvm States; }
scala() {
    echo 'object Empty' >"$CLIENTS/Empty.scala"
    if ! compiled scala scalac; then
        scalac "$CLIENTS/Empty.scala" >/dev/null 2>&1 && return 1
        echo "Scala 2.11, which Debian has, does not run with this $(java -version 2>&1 | head -n 1)"
        return 77
    fi
    jvm Dashboard
}

node_clients() {
    find_node
    cp clients/node/*.mjs "$CLIENTS/node/"
    # A server's zone is not the reports'.
    for program in track reports postgres; do TZ=America/New_York PATH=$NODE_BIN:$PATH node "$CLIENTS/node/$program.mjs" || return; done
}

python_clients() {
    for program in reports states frames reflection superset; do
        TZ=America/New_York "$BUILD/venv-clients/bin/python" -W error::UserWarning "clients/python/$program.py" || return
    done
}

pooled() {
    local dir=$CLIENTS/pool status=0
    rm -rf "$dir" && mkdir -p "$dir"
    POOL_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export POOL_PORT
    sed -e "s/@port@/$POOL_PORT/; s/@server@/$PGPORT/" clients/pgbouncer/pgbouncer.ini >"$dir/pgbouncer.ini"
    (umask 077 && printf '"%s" "%s"\n' starchat "$PGPASSWORD" analyst "$PGPASSWORD" demo "$PGPASSWORD" >"$dir/users.txt")
    # It does not run as root, either.
    [ "$(id -u)" != 0 ] || chown -R postgres "$dir"
    cluster run env -C "$dir" "LD_LIBRARY_PATH=$CLIENTS/pgbouncer" "$CLIENTS/pgbouncer/pgbouncer" pgbouncer.ini >"$dir/out" 2>&1 &
    "$BUILD/venv-clients/bin/python" clients/pgbouncer/pooled.py || status=$?
    kill "$(cat "$dir/pid")" 2>/dev/null || true
    wait
    [ "$status" = 0 ] || tail -n 20 "$dir/out"
    return "$status"
}

dbt_project() { PATH=$BUILD/venv-dbt/bin:$PGBIN:$PATH clients/dbt/build_twice.sh "$CLIENTS/dbt"; }

client jdbc jdbc jdbc
client scala jdbc scala
client node node node_clients
client python python python_clients
client pgbouncer pgbouncer pooled
# Last what changes the sources for everybody.
client dbt dbt dbt_project
say ""
say "clients: $passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
