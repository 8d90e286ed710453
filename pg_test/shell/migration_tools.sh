#!/usr/bin/env bash
# The migrations of docs/install_by_migration.md, run as the tools run them: by a role that is no superuser and does not own the
# database, with a search_path of the tool's, each file in a transaction or outside of one as the page says; as one file's text sent at
# once, too. All of it twice: what has been undone can be done again.
set -euo pipefail
ROOT=${ROOT:?} PGBIN=${PGBIN:?}
work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
clean_up() {
    "$PGBIN/psql" -X -q "$("$ROOT/scripts/cluster.sh" super-url)" -c 'SET client_min_messages = warning' \
        -c 'DROP DATABASE IF EXISTS migrated WITH (FORCE)' -c 'DROP ROLE IF EXISTS migrator' -c 'DROP ROLE IF EXISTS analyst'
    rm -rf "$work"
}
trap clean_up EXIT
failed=0
fail() { echo "FAILED: $*" && failed=1; }
"$ROOT/scripts/cluster.sh" new-database migrated
super=$("$ROOT/scripts/cluster.sh" super-url migrated)
"$PGBIN/psql" -X -q -v ON_ERROR_STOP=1 "$super" >"$work/out" <<'SQL'
SET client_min_messages = warning;
DO $$
DECLARE
    role name;
BEGIN
    FOREACH role IN ARRAY '{migrator,analyst}'::name[] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', role);
        END IF;
    END LOOP;
    ALTER ROLE migrator PASSWORD 'migrator';
    ALTER ROLE analyst PASSWORD 'analyst';
    EXECUTE format('GRANT CREATE ON DATABASE %I TO migrator', current_database());
    GRANT ALL ON SCHEMA public TO migrator;
END
$$;
SQL
as() { # role, psql's arguments
    "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(sed -E "s#://[^@]*@#://$1:$1@#" <<<"$super")" "${@:2}"
}
as migrator -f "$ROOT/sql/reference/reference.sql" -v visitors=200 -f "$ROOT/sql/demo/generate.sql" -c 'CREATE SCHEMA flyway' >"$work/out"

# The page's files, in the order in which they stand there.
awk -v dir="$work" '/^```sql migration$/ { n += 1; on = 1; next } /^```$/ { on = 0 } on { print > (dir "/" n ".sql") }' \
    "$ROOT/docs/install_by_migration.md"
[ "$(find "$work" -name '*.sql' | wc -l)" = 6 ] || fail "the page has another number of migrations"
what=(install index view change check undo)

# The three ways to run a file.
# shellcheck disable=SC2317  # called by their names
in_transaction() { # as Flyway and Liquibase do
    as migrator -c 'SET search_path = flyway, pg_catalog' --single-transaction -f "$1" >"$work/out" 2>"$work/error" || { cat "$work/error" && fail "$2 in a transaction"; }
}
# shellcheck disable=SC2317
alone() { # as sqitch and psql do
    as migrator -c 'SET search_path = flyway' -f "$1" >"$work/out" 2>"$work/error" || { cat "$work/error" && fail "$2 outside of a transaction"; }
}
# shellcheck disable=SC2317
at_once() { # its text in one message, as golang-migrate and node-postgres do
    as migrator -c "$(cat "$1")" >"$work/out" 2>"$work/error" || { cat "$work/error" && fail "$2 sent at once"; }
}
migrate() { # how the files in a transaction are run
    "$1" "$work/1.sql" install
    [ "$(as analyst -c "SELECT count(*) > 0 FROM mrcall.attribution('2026-02-01', '2026-06-01')")" = t ] || fail "an analyst cannot ask for a report"
    at_once "$work/2.sql" index
    [ "$(as migrator -c "SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.business_by_owner'::regclass")" = t ] || fail "the index"
    for n in 3 4 5; do "$1" "$work/$n.sql" "${what[n - 1]}"; done
    [ "$(as migrator -c "SELECT count(*) > 0 FROM public.channels")" = t ] || fail "the view"
    [ "$(as migrator -c "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'public.business'::regclass AND attname = 'template'")" = \
        'character varying(200)' ] || fail "the column"
    [ "$(as analyst -c "SELECT count(*) > 0 FROM mrcall.call_summary('1 month', '2026-02-01', '2026-06-01')")" = t ] || fail "an analyst after the change"
    "$1" "$work/6.sql" undo
    [ "$(as migrator -c "SELECT count(*) FROM pg_extension WHERE extname = 'mrcall_ext'")" = 0 ] || fail "the extension is still there"
}
for how in in_transaction alone at_once; do migrate "$how"; done

# What the page warns of is so, and its check fails where the reports would.
in_transaction "$work/1.sql" install
refused() { # what, the error, psql's arguments
    if as migrator "${@:3}" >"$work/out" 2>"$work/error"; then fail "$1"; fi
    grep -q "$2" "$work/error" || { cat "$work/error" && fail "$1: another error"; }
}
refused 'an index in a transaction' 'cannot run inside a transaction block' --single-transaction -f "$work/2.sql"
refused 'a column changes under the views' 'used by a view' -c 'ALTER TABLE public.business ALTER COLUMN template TYPE text'
as migrator -c 'SELECT mrcall.detach()' -c 'ALTER TABLE public.business RENAME TO business_before' >"$work/out"
refused 'the check passes without a table' 'division by zero' -f "$work/5.sql"
exit "$failed"
