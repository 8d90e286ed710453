#!/usr/bin/env bash
# Debian's postgres exporter and Prometheus, unpacked below build/ and installed nowhere, scrape a database with stored facts by
# examples/monitoring: every figure is what the database says, and a fault raises its alert. Not part of make test: it needs Debian's
# packages.     usage: pg_test/oracles/monitoring_scrape.sh
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
export CLUSTER=test
"$ROOT/scripts/setup.sh" all
# shellcheck source=scripts/setup_server.sh
. "$ROOT/scripts/setup_server.sh"
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
tools=$BUILD/monitoring
[ -x "$tools/usr/bin/prometheus" ] || { rm -rf "$tools" && unpack_debs "$tools" prometheus-postgres-exporter prometheus; } >"$LOGS/monitoring-debs.log" 2>&1 || {
    echo "left out: Debian's packages prometheus-postgres-exporter and prometheus cannot be had here"
    exit 77
}
work=$(mktemp -d)
pids=()
tidy() {
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
    wait
    "$PGBIN/psql" -X -q "$(cluster super-url)" -c 'DROP DATABASE IF EXISTS scraped WITH (FORCE)' -c 'DROP ROLE IF EXISTS test_scraper' 2>/dev/null
    rm -rf "$work"
}
trap tidy EXIT
super=$(cluster super-url)
"$PGBIN/psql" -X -q "$super" -c 'DROP DATABASE IF EXISTS scraped WITH (FORCE)' -c 'DROP ROLE IF EXISTS test_scraper' \
    -c "CREATE ROLE test_scraper LOGIN PASSWORD '$(sed -E 's|^[^:]*://[^:]*:([^@]*)@.*|\1|' <<<"$super")'" 2>/dev/null
cluster new-database scraped
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster url scraped)" "$@"; }
db -f "$ROOT/sql/reference/reference.sql" -v visitors=100 -v seed=3 -f "$ROOT/sql/demo/generate.sql" -c 'CREATE EXTENSION mrcall_ext' \
    -c 'SELECT mrcall.attach()' -c "SELECT mrcall.grant_read('test_scraper')" -c 'SELECT mrcall.maintain()' -c 'CALL mrcall.refresh()' >/dev/null 2>&1

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
until_true() { # seconds, command…
    local left=$(($1 * 5))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.2
    done
}
port=$(free_port)
# What reads whole tables is asked again each time here, to see it change.
sed 's/cache_seconds: .*/cache_seconds: 0/' "$ROOT/examples/monitoring/postgres_exporter.yaml" >"$work/queries.yaml"
DATA_SOURCE_NAME="$(ROLE=test_scraper cluster url scraped)?sslmode=disable" "$tools/usr/bin/prometheus-postgres-exporter" --extend.query-path="$work/queries.yaml" \
    --web.listen-address="127.0.0.1:$port" --disable-default-metrics --disable-settings-metrics >"$work/exporter.log" 2>&1 &
pids+=($!)
scrape() { curl -sf "http://127.0.0.1:$port/metrics" -o "$work/metrics" && grep -q '^mrcall_' "$work/metrics"; }
until_true 30 scrape || { tail -n 20 "$work/exporter.log" && die "the exporter has no metric of ours"; }
figure() { # metric, label="value"
    awk -v metric="$1{" -v label="$2" 'index($0, metric) == 1 && index($0, label) { print $NF }' "$work/metrics"
}
is() { # what, wanted, got
    [ "$2" = "$3" ] || die "$1" "wanted: $2" "got:    $3"
    echo "ok: $1"
}
number() { python3 -c 'import sys; print(float(sys.argv[1]))' "$1"; }
for column in pending_keys pending_ranges failing_keys rows bytes; do
    is "exporter: mrcall_fact_$column" "$(number "$(db -c "SELECT $column FROM mrcall.freshness()")")" "$(number "$(figure "mrcall_fact_$column" 'fact="visits"')")"
done
is "exporter: mrcall_fact_fault" 0 "$(figure mrcall_fact_fault 'fact="visits"')"
is "exporter: mrcall_verify_differing_keys" 0 "$(figure mrcall_verify_differing_keys 'fact="visits"')"
is "exporter: mrcall_version_update_pending" 0 "$(figure mrcall_version_update_pending "installed=\"$(db -c 'SELECT mrcall.version()')\"")"
for severity in error warning info; do
    is "exporter: mrcall_doctor_findings of $severity" "$(db -c "SELECT count(*) FROM mrcall.doctor() WHERE severity = '$severity'")" \
        "$(figure mrcall_doctor_findings "severity=\"$severity\"")"
done
is "exporter: no query failed" 0 "$(grep -c -iE 'level=(error|warn).*mrcall' "$work/exporter.log" || true)"

# Prometheus: a fault becomes an alert. It need not last for this.
prometheus=$(free_port)
sed -E '/^ +for: /d' "$ROOT/examples/monitoring/prometheus_rules.yml" >"$work/rules.yml"
"$tools/usr/bin/promtool" check rules "$ROOT/examples/monitoring/prometheus_rules.yml" >"$work/promtool" || { cat "$work/promtool" && die "the rules"; }
grep -q '6 rules found' "$work/promtool" || die "promtool finds other rules" "$(cat "$work/promtool")"
printf 'global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\nscrape_configs:\n  - job_name: mrcall\n    static_configs: [{targets: ["127.0.0.1:%s"]}]\n' \
    "$port" >"$work/prometheus.yml"
"$tools/usr/bin/prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" --web.listen-address="127.0.0.1:$prometheus" \
    >"$work/prometheus.log" 2>&1 &
pids+=($!)
query() { # expression → its value, '' where there is none
    curl -sfG "http://127.0.0.1:$prometheus/api/v1/query" --data-urlencode "query=$1" |
        python3 -c 'import json, sys; print(*(row["value"][1] for row in json.load(sys.stdin)["data"]["result"]))' 2>/dev/null
}
says() { [ "$(query "$1")" = "$2" ]; }
until_true 30 says 'mrcall_fact_rows{fact="visits"}' "$(db -c 'SELECT rows FROM mrcall.freshness()')" || {
    tail -n 20 "$work/prometheus.log"
    die "Prometheus does not have the figure" "it has: $(query 'mrcall_fact_rows')"
}
echo "ok: Prometheus has scraped it"
is "no alert is raised while all is well" '' "$(query 'ALERTS{alertname=~"Mrcall.*"}')"
db -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Ours', 'ours')" 2>/dev/null
until_true 30 says 'ALERTS{alertname="MrcallFactsFault",alertstate="firing"}' 1 || die "a fault raises no alert"
echo "ok: a fault raises its alert"
db -c 'CALL mrcall.refresh()' 2>/dev/null
until_true 30 says 'ALERTS{alertname="MrcallFactsFault",alertstate="firing"}' '' || die "the alert stays"
echo "ok: and a refresh takes it back"
