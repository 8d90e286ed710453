# Shared by the scripts: where things are, how to say what is going on. Sourced, never run.
# shellcheck shell=bash disable=SC2034  # the variables are for who sources this
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
LOGS=$BUILD/log
TIMESCALEDB=${TIMESCALEDB:-1}
# EDITION=community: TimescaleDB's other edition, built from the source tree TSL_SOURCE, in a prefix and with servers of its own.
EDITION=${EDITION:-}
TSL_SOURCE=${TSL_SOURCE:-}
CLUSTER=${CLUSTER:-demo}
# A test run must not be bent by the caller's own connection settings or language.
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE PGOPTIONS PGAPPNAME PSQLRC
export LC_ALL=C.UTF-8 PSQL_PAGER='' PGCONNECT_TIMEOUT=10
mkdir -p "$LOGS"

say() { printf '%s\n' "$*"; }
die() {
    printf '\nerror: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# Whether the machine's package sources have the server; PostgreSQL 16 and 18 come from PyPI elsewhere.
has_packages() {
    case $PG in 15 | 17) return 0 ;; esac
    [ -x "/usr/lib/postgresql/$PG/bin/pg_config" ] || apt-cache show "postgresql-server-dev-$PG" >/dev/null 2>&1
}

# The PostgreSQL to build for: PG=…, else the distribution's own, else the newest server that is installed.
choose_pg() {
    if [ -z "${PG:-}" ]; then
        # shellcheck disable=SC1091
        case "$(. /etc/os-release 2>/dev/null && echo "${ID:-}${VERSION_ID:-}")" in
        debian12) PG=15 ;;
        debian13) PG=17 ;;
        *) PG=$(find /usr/lib/postgresql -maxdepth 1 -name '1[5-8]' -printf '%f\n' 2>/dev/null | sort -n | tail -n 1) ;;
        esac
    fi
    case "${PG:-}" in
    15 | 16 | 17 | 18) ;;
    '') die "no PostgreSQL 15 to 18 found" "name one: make demo PG=17" ;;
    *) die "PG=$PG is not supported" "choose one of 15, 16, 17, 18" ;;
    esac
    export PG
    # The servers from PyPI have no TimescaleDB.
    has_packages || [ -n "$EDITION" ] || export TIMESCALEDB=0
    PREFIX=$BUILD/pg$PG/prefix${EDITION:+-$EDITION}
    PGLIB=$PREFIX/usr/lib/postgresql/$PG
    PGBIN=$PGLIB/bin
    PG_CONFIG=$PGBIN/pg_config
}

# Runs a command with its output in a log file and a sign of life every few seconds.
# usage: run_logged "what is done" "how long it may take" log-name command…
run_logged() {
    local what=$1 long=$2 log=$LOGS/$3.log started=$SECONDS pid status=0 tick=0
    shift 3
    printf '==> %s (%s)\n' "$what" "$long"
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        tick=$((tick + 1))
        if [ -t 1 ]; then
            printf '\r    … %d s ' $((SECONDS - started))
        elif [ $((tick % 150)) = 0 ]; then
            printf '    … %d s\n' $((SECONDS - started))
        fi
    done
    wait "$pid" || status=$?
    trap - INT TERM
    [ -t 1 ] && printf '\r'
    if [ "$status" != 0 ]; then
        tail -n 25 "$log" >&2
        die "$what failed (exit $status)" "the whole output is in ${log#"$ROOT"/}; mend the cause and run the same command again"
    fi
    printf '    done in %d s\n' $((SECONDS - started))
}

need_root() {
    if [ "$(id -u)" = 0 ]; then
        SUDO=()
    elif command -v sudo >/dev/null; then
        SUDO=(sudo)
    else
        die "packages are missing and this user may not install them: $*" \
            "run as root, or have an administrator install them: apt-get install $*"
    fi
}
