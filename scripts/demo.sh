#!/usr/bin/env bash
# The demo: sets everything up, fills a database, prints the reports.
# usage: demo.sh [--only-data]     VISITORS=20000 SEED=42 UNTIL=2026-05-31 FRESH=1 LOG=access.log[.gz] LOG_HOST=www.example.org
# The data end yesterday, or on the day UNTIL. What was made once stays, until other data are asked for or FRESH=1.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/lib.sh"
choose_pg
VISITORS=${VISITORS:-20000}
SEED=${SEED:-42}
LOG=${LOG:-}
UNTIL=${UNTIL:-}
FRESH=${FRESH:-}
yesterday=$(date -u -d yesterday +%F)
only_data=${1:-}
case $VISITORS in '' | *[!0-9]* | 0*) die "VISITORS=$VISITORS is no number above 0" "example: make demo VISITORS=20000" ;; esac
case $SEED in '' | *[!0-9]*) die "SEED=$SEED is no whole number" "example: make demo SEED=42" ;; esac
case $UNTIL in
'' | [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]) [ -z "$UNTIL" ] || date -u -d "$UNTIL" >/dev/null 2>&1 || bad_until=1 ;;
*) bad_until=1 ;;
esac
[ -z "${bad_until:-}" ] || die "UNTIL=$UNTIL is no day" "example: make demo UNTIL=2026-05-31"
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
    # Who only wants to look (make psql, make url) gets what is there, and who names no last day the one that is there.
    if [ -n "$found" ] && [ "$FRESH" != 1 ]; then
        have=${found%%$'\n'*}
        if [ -n "$only_data" ] || { [ -z "$UNTIL" ] && [ "${have%, until *}" = "${what%, until *}" ]; }; then what=$have; fi
    fi
    if [ "$FRESH" = 1 ] || [ "${found%%$'\n'*}" != "$what" ]; then
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
    case $what in
    *', until '*)
        last=${what##*, until }
        [[ ! $last < $yesterday ]] || say "    its data end on $last, so a range that ends now() misses days: FRESH=1 makes them anew, until yesterday"
        ;;
    esac
}

generate() { db -v visitors="$VISITORS" -v seed="$SEED" -v until="${UNTIL:-$yesterday}" -f "$ROOT/sql/demo/generate.sql"; }
load_log() { "$ROOT/scripts/load_log.sh" "$LOG" "$URL"; }

if [ "$TIMESCALEDB" = 0 ]; then say "without TimescaleDB: website_events and sessions are ordinary tables"; fi
if [ -n "$LOG" ]; then
    host=$(printf '%s' "${LOG_HOST:-}" | tr -cd 'A-Za-z0-9.:/_-')
    fill mrcall_log "log $(basename "$LOG" | tr -cd 'A-Za-z0-9._-') $(cksum <"$LOG" | tr ' ' '-') ${host:+of $host}" load_log
    [ -n "$only_data" ] || db -f "$ROOT/sql/demo/report_log.sql"
else
    fill mrcall "demo of $VISITORS visitors, seed $SEED, until ${UNTIL:-$yesterday}" generate
    [ -n "$only_data" ] || db -f "$ROOT/sql/demo/report.sql"
fi
