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

ask() { "$PGBIN/psql" -X -q --csv -v ON_ERROR_STOP=1 "$monitor" -f "$work/$1.sql" >"$work/$1.csv"; }
figure() { # query, key or '' for the only row, column: of the last answer
    awk -F , -v key="$2" -v column="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i; next }
        key == "" || index("," $0 ",", "," key ",") { print $at }' "$work/$1.csv"
}
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
every_query() { # when
    local name columns column header
    while read -r name columns; do
        ask "$name" || die "$1: $name fails"
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
owner -c 'SELECT mrcall.attach()' -c 'SELECT mrcall.maintain()' >/dev/null
# The least that docs/monitoring.md names for the first two.
owner -c 'GRANT SELECT ON mrcall.source, mrcall.channel_rule, mrcall.ignored_referrer TO test_monitor'
ask sql_exporter.mrcall_fact
is "before the first refresh it is behind for ever" Infinity "$(figure sql_exporter.mrcall_fact visits behind_seconds)"
is "so is the time since a refresh" Infinity "$(figure sql_exporter.mrcall_fact visits since_refresh_seconds)"
owner -c 'CALL mrcall.refresh()' 2>/dev/null
ask postgres_exporter.mrcall_fact
is "with the least rights: the facts" 0 "$(figure postgres_exporter.mrcall_fact visits fault)"
ask postgres_exporter.mrcall_version
is "with the least rights: the version" 0 "$(figure postgres_exporter.mrcall_version '' update_pending)"
owner -c "SELECT mrcall.grant_read('test_monitor')" >/dev/null
every_query "with facts"
each mrcall_version '' update_pending 0
each mrcall_doctor error findings 0
each mrcall_fact visits fault 0
each mrcall_fact visits failing_keys 0
each mrcall_fact visits rows "$(owner -c 'SELECT rows FROM mrcall.freshness()')"
each mrcall_verify visits differing_keys 0
[ "$(owner -c 'SELECT rows > 20 FROM mrcall.freshness()')" = t ] || die "hardly any visit is stored"

# What is wrong is seen: an untruth in all that is stored, rules that have changed, a view that is gone.
super -c "SET session_replication_role = replica" -c "UPDATE mrcall.visit SET events = events + 1"
# A hundredth of few visitors may be none: of all, the same query finds them.
sed -i 's/verify(f.fact, 0.01)/verify(f.fact, 1)/' "$work"/*.mrcall_verify.sql
every_query "with an untruth"
for file in postgres_exporter sql_exporter_seldom pgwatch_metrics; do
    [ "$(figure "$file.mrcall_verify" visits differing_keys)" -gt 20 ] || die "$file: an untruth is not seen"
    echo "ok: $file: an untruth is seen"
done
owner -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Ours', 'ours')" 2>/dev/null
for file in postgres_exporter sql_exporter pgwatch_metrics; do ask "$file.mrcall_fact"; done
each mrcall_fact visits fault 1
owner -c 'SELECT mrcall.unmaintain()' -c 'DROP VIEW mrcall.templates' >/dev/null
every_query "without facts, and with a view that is gone"
is "without facts there is no row about them" '' "$(figure postgres_exporter.mrcall_fact '' fault)"
each mrcall_doctor warning findings 1
# The alerts are about metrics that there are.
while read -r metric; do
    grep -qxF "$metric" <(grep -ohE 'metric_name: \w+' "$ROOT"/examples/monitoring/sql_exporter*.yml | sed 's/.*: //') || die "no metric $metric"
done < <(grep -oE 'expr: \w+' "$ROOT/examples/monitoring/prometheus_rules.yml" | sed 's/.*: //')
echo "ok: every alert is about a metric"
