#!/usr/bin/env bash
# The demo: sets everything up, fills a database, prints the reports.
# usage: demo.sh [--only-data]     VISITORS=20000 SEED=42 LOG=access.log[.gz] LOG_HOST=www.example.org
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
VISITORS=${VISITORS:-20000}
SEED=${SEED:-42}
LOG=${LOG:-}
only_data=${1:-}
case $VISITORS in '' | *[!0-9]* | 0*) die "VISITORS=$VISITORS is no number above 0" "example: make demo VISITORS=20000" ;; esac
case $SEED in '' | *[!0-9]*) die "SEED=$SEED is no whole number" "example: make demo SEED=42" ;; esac
[ -z "$LOG" ] || [ -r "$LOG" ] || die "the log file $LOG cannot be read" "example: make demo LOG=/var/log/apache2/access.log"

"$ROOT/scripts/setup.sh" all
"$ROOT/scripts/cluster.sh" start

cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
db() { "$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$URL" "$@"; }

# The comment of the database says what is in it, once all of it is there, and below it which build of the extension is installed.
comment() { db -At -c "SELECT pg_catalog.shobj_description(d.oid, 'pg_database') FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()" 2>/dev/null || true; }
build() { cat "$("$PG_CONFIG" --pkglibdir)"/mrcall_ext* "$("$PG_CONFIG" --sharedir)/extension"/mrcall_ext* | cksum | cut -d ' ' -f 1; }
install() { db -f "$ROOT/sql/demo/install.sql" && db -c "COMMENT ON DATABASE \"$1\" IS E'$2\\nbuild $(build)'"; }

fill() { # database, what is in it, how
    local name=$1 what=$2
    shift 2
    URL=$(cluster url "$name")
    found=$(comment)
    # Who only wants to look (make psql, make url) gets what is there.
    [ -z "$only_data" ] || [ -z "$found" ] || what=${found%%$'\n'*}
    if [ "${found%%$'\n'*}" != "$what" ]; then
        say "==> database $name: $what"
        cluster new-database "$name"
        db -f "$ROOT/sql/reference/reference.sql"
        "$@"
        install "$name" "$what"
    elif [ "$found" != "$what"$'\n'"build $(build)" ]; then
        say "==> database $name: $what; the extension was built anew and is installed anew:" \
            "    what you made with its functions and types is dropped, your rules, archived calls and other tables stay"
        install "$name" "$what" || {
            say "    the tables that the other build kept are not those of this one, and are dropped"
            db -c 'SET client_min_messages = warning' -c 'DROP EXTENSION IF EXISTS mrcall_ext CASCADE' \
                -c 'DROP SCHEMA IF EXISTS mrcall, mrcall_internal CASCADE'
            install "$name" "$what"
        }
    else
        say "==> database $name: as it was ($what)"
    fi
}

generate() { db -v visitors="$VISITORS" -v seed="$SEED" -f "$ROOT/sql/demo/generate.sql"; }
load_log() { "$ROOT/scripts/load_log.sh" "$LOG" "$URL"; }

if [ "$TIMESCALEDB" = 0 ]; then say "without TimescaleDB: website_events and sessions are ordinary tables"; fi
if [ -n "$LOG" ]; then
    host=$(printf '%s' "${LOG_HOST:-}" | tr -cd 'A-Za-z0-9.:/_-')
    fill mrcall_log "log $(basename "$LOG" | tr -cd 'A-Za-z0-9._-') $(cksum <"$LOG" | tr ' ' '-') ${host:+of $host}" load_log
    [ -n "$only_data" ] || db -f "$ROOT/sql/demo/report_log.sql"
else
    fill mrcall "demo of $VISITORS visitors, seed $SEED" generate
    [ -n "$only_data" ] || db -f "$ROOT/sql/demo/report.sql"
fi
