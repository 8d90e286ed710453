#!/usr/bin/env bash
# The queries of examples/monitoring, by a role that may read reports and nothing else: before attach, without facts, with them, and
# where something is wrong, which the figures have to say. That an exporter takes them is in pg_test/oracles/monitoring_scrape.sh.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
work=$(mktemp -d)
SUPER=$(cluster super-url)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "${SUPER%/*}/${database:-postgres}" "$@"; }
tidy() {
    rm -rf "$work"
    database='' super -c 'DROP DATABASE IF EXISTS monitoring WITH (FORCE)' -c 'DROP ROLE IF EXISTS test_monitor' 2>/dev/null
}
trap tidy EXIT
database='' super -c 'DROP DATABASE IF EXISTS monitoring WITH (FORCE)' -c 'DROP ROLE IF EXISTS test_monitor' \
    -c "CREATE ROLE test_monitor LOGIN PASSWORD '$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$SUPER")'" 2>/dev/null
database=monitoring
cluster new-database "$database"
owner() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url "$database")" "$@"; }
monitor=$(ROLE=test_monitor cluster url "$database")
owner -f "$ROOT/sql/reference/reference.sql" -v visitors=60 -v seed=3 -f "$ROOT/sql/demo/generate.sql" -c 'CREATE EXTENSION mrcall_ext' >/dev/null
owner -c 'GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO test_monitor'

"$ROOT/pg_test/monitoring/queries.py" "$work" >"$work/list"
[ "$(wc -l <"$work/list")" = 12 ] || die "not twelve queries" "$(cat "$work/list")"

ask() { "$PGBIN/psql" -X -q --csv -v ON_ERROR_STOP=1 "$monitor" -f "$work/$1.sql"; }
figure() { # query, key or '' for the only row, column
    ask "$1" | python3 -c '
import csv, sys
rows = [row for row in csv.DictReader(sys.stdin) if not sys.argv[1] or sys.argv[1] in row.values()]
print(" ".join(row[sys.argv[2]] for row in rows))' "$2" "$3"
}
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
every_query() { # when
    local name columns column header
    while read -r name columns; do
        ask "$name" >"$work/$name.csv" || die "$1: $name fails"
        header=",$(head -n 1 "$work/$name.csv"),"
        for column in ${columns//,/ }; do
            [[ $header == *",$column,"* ]] || die "$name names the column $column" "the query has $header"
        done
    done <"$work/list"
    echo "ok: $1: all queries run"
}
each() { # query, key, column, wanted: in the files of all three programs
    local file
    for file in postgres_exporter "$([ -e "$work/sql_exporter.$1.sql" ] && echo sql_exporter || echo sql_exporter_seldom)" pgwatch_metrics; do
        is "$file: $1 $2 $3 is $4" "$4" "$(figure "$file.$1" "$2" "$3")"
    done
}

every_query "not attached"
owner -c 'SELECT mrcall.attach()' -c "SELECT mrcall.grant_read('test_monitor')" >/dev/null
every_query "without facts"
is "without facts there is no row about them" '' "$(figure postgres_exporter.mrcall_fact '' fault)"
each mrcall_version '' update_pending 0
each mrcall_doctor error findings 0
owner -c 'SELECT mrcall.maintain()' >/dev/null
is "before the first refresh it is behind for ever" Infinity "$(figure postgres_exporter.mrcall_fact '' behind_seconds)"
is "so is the time since a refresh" Infinity "$(figure sql_exporter.mrcall_fact '' since_refresh_seconds)"
owner -c 'CALL mrcall.refresh()' 2>/dev/null
every_query "with facts"
each mrcall_fact visits fault 0
each mrcall_fact visits failing_keys 0
each mrcall_fact visits rows "$(owner -c 'SELECT rows FROM mrcall.freshness()')"
each mrcall_verify visits differing_keys 0
[ "$(owner -c 'SELECT rows > 20 FROM mrcall.freshness()')" = t ] || die "hardly any visit is stored"

# What is wrong is seen: an untruth in all that is stored, rules that have changed, a view that is gone, files of a later version.
super -c "SET session_replication_role = replica" -c "UPDATE mrcall.visit SET events = events + 1"
# A hundredth of few visitors may be none: of all, the same query finds them.
for file in postgres_exporter sql_exporter_seldom pgwatch_metrics; do
    sed -i 's/verify(f.fact, 0.01)/verify(f.fact, 1)/' "$work/$file.mrcall_verify.sql"
    [ "$(figure "$file.mrcall_verify" visits differing_keys)" -gt 20 ] || die "$file: an untruth is not seen"
    echo "ok: $file: an untruth is seen"
done
owner -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Ours', 'ours')" 2>/dev/null
each mrcall_fact visits fault 1
owner -c 'SELECT mrcall.unmaintain()' -c 'DROP VIEW mrcall.templates' >/dev/null
each mrcall_doctor warning findings "$(owner -c "SELECT count(*) FROM mrcall.doctor() WHERE severity = 'warning'")"
[ "$(figure postgres_exporter.mrcall_doctor warning findings)" -gt 0 ] || die "doctor does not miss the view"
# The alerts are about metrics that there are.
while read -r metric; do
    grep -qxF "$metric" <(grep -ohE 'metric_name: \w+' "$ROOT"/examples/monitoring/sql_exporter*.yml | sed 's/.*: //') || die "no metric $metric"
done < <(grep -oE 'expr: \w+' "$ROOT/examples/monitoring/prometheus_rules.yml" | sed 's/.*: //')
echo "ok: every alert is about a metric"
