#!/usr/bin/env bash
# Every upgrade script leads from a released version to the current one, and what comes out has the same members as a fresh
# installation: functions with their text and attributes, tables with their columns, rights and comments.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
upgrades=$(find "$ROOT/sql" -maxdepth 1 -name 'mrcall_ext--*--*.sql' -printf '%f\n' | sort)
if [ -z "$upgrades" ]; then
    echo "there is no released version yet, so there is nothing to upgrade from (no sql/mrcall_ext--A--B.sql)"
    exit 77
fi
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url upgrade)" "$@"; }
trap '"$PGBIN/psql" -X -q "$(cluster super-url)" -c "DROP DATABASE IF EXISTS upgrade WITH (FORCE)"' EXIT
members() {
    db <<'SQL'
SELECT pg_describe_object(d.classid, d.objid, 0), obj_description(d.objid, d.classid::regclass::name),
       p.prosrc, p.provolatile, p.proparallel, p.proisstrict, p.proconfig, p.procost, p.prorows, p.proacl,
       (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a WHERE d.classid = 'pg_class'::regclass AND a.attrelid = d.objid AND a.attnum > 0 AND NOT a.attisdropped)
FROM pg_depend AS d
JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'mrcall_ext'
LEFT JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
WHERE d.deptype = 'e' ORDER BY 1 COLLATE "C";
SQL
}
install() { # CREATE EXTENSION's clause
    cluster new-database upgrade
    db -f "$ROOT/sql/reference/reference.sql" -c "CREATE EXTENSION mrcall_ext $1" -c 'SELECT mrcall.attach()' >/dev/null
}
install ''
current=$(db -c "SELECT extversion FROM pg_extension WHERE extname = 'mrcall_ext'")
members >"$LOGS/upgrade-fresh.out"
for script in $upgrades; do
    from=${script#mrcall_ext--}
    from=${from%%--*}
    install "VERSION '$from'"
    db -c "ALTER EXTENSION mrcall_ext UPDATE TO '$current'"
    members >"$LOGS/upgrade-from.out"
    diff "$LOGS/upgrade-fresh.out" "$LOGS/upgrade-from.out" || die "an upgrade from $from is not what a fresh $current is"
    db -c 'SELECT mrcall.attach()' -c "SELECT count(*) FROM mrcall.attribution('2026-05-01', '2026-06-01')" >/dev/null
    echo "ok: $from to $current, $(wc -l <"$LOGS/upgrade-fresh.out") lines"
done
