#!/usr/bin/env bash
# The plans of the statements inside the reports, as auto_explain logs them: partial aggregates in workers, and no chunk read
# that lies outside of what the report needs.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
[ -e "$("$PG_CONFIG" --pkglibdir)/auto_explain.so" ] || { echo "this PostgreSQL $PG has no auto_explain" && exit 77; }
# Only a superuser loads auto_explain. The reports run as they do for anybody else.
URL=$("$ROOT/scripts/cluster.sh" super-url regress)
db() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$URL" "$@"; }
fail() { die "$1" "the plan is in ${LOGS#"$ROOT"/}/plans-$report.out"; }

# The plans of everything that a report runs, with workers wherever the planner may use them.
plans() {
    db -c "LOAD 'auto_explain'" -c 'SET auto_explain.log_min_duration = 0' -c 'SET auto_explain.log_nested_statements = on' \
        -c 'SET parallel_setup_cost = 0' -c 'SET parallel_tuple_cost = 0' -c 'SET min_parallel_table_scan_size = 0' \
        -c 'SET min_parallel_index_scan_size = 0' -c 'SET client_min_messages = log' -c "$1" >"$LOGS/plans-$report.out" 2>&1 ||
        fail "$report does not run"
}
# The chunks of a table that a plan reads: all, or those of its parallel and partial part alone.
chunks_read() { grep -oE "on _hyper_$1_[0-9]+_chunk" "$LOGS/plans-$report.out" | sort -u | wc -l; }
hypertable() { db -c "SELECT id FROM _timescaledb_catalog.hypertable WHERE table_name = '$1'"; }
chunks_of() { # table, from, to: how many chunks meet the range, and how many there are
    db -F ' ' -c "SELECT count(*) FILTER (WHERE range_start < '$3' AND range_end > '$2'), count(*)
        FROM timescaledb_information.chunks WHERE hypertable_name = '$1'"
}

since=2026-04-01 until=2026-04-11
declare -A query
query[sessionize]="SELECT count(*) FROM mrcall.sessionize('$since', '$until')"
query[visitor_buckets]="SELECT count(*) FROM mrcall.visitor_buckets('1 day', '$since', '$until', 'Europe/Rome', 'channel')"
query[attribution]="SELECT count(*) FROM mrcall.attribution('$since', '$until', 'linear', 'signup', '10 days')"
# More visitors than the planner is asked about one by one.
query[many_visitors]="SELECT count(*) FROM mrcall_internal.visits('$since', '$until', '30 minutes', '{$(seq -s , 6000)}', '2026-03-31')"
query[top_pages]="SELECT count(*) FROM mrcall.top_pages('$since', '$until', NULL)"
query[cohorts]="SELECT count(*) FROM mrcall.cohorts('$since', '$until', by => 'channel')"
query[lifecycle]="SELECT count(*) FROM mrcall.lifecycle('1 day', '$since', '$until')"
query[stickiness]="SELECT count(*) FROM mrcall.stickiness('1 day', '$since', '$until')"
query[page_flow]="SELECT count(*) FROM mrcall.page_flow('$since', '$until')"
query[call_summary]="SELECT count(*) FROM mrcall.call_summary('1 day', '$since', '$until', 'Europe/Rome')"
# What a report may read before its range: a day for what was delivered before, a gap and a day more, a lookback; a new caller has no earlier call, ever.
declare -A table=([sessionize]=website_events [visitor_buckets]=website_events [attribution]=website_events
    [many_visitors]=website_events [top_pages]=website_events [cohorts]=website_events [lifecycle]=website_events
    [stickiness]=website_events [page_flow]=website_events [call_summary]=sessions)
declare -A before=([sessionize]='1 day' [visitor_buckets]='2 days 30 minutes' [attribution]='13 days' [many_visitors]='1 day'
    [top_pages]='2 days 30 minutes' [cohorts]='1000 years' [lifecycle]='1000 years' [stickiness]='1 day' [page_flow]='2 days 30 minutes' [call_summary]='1000 years')
# And behind it: a visit that goes on is seen whole.
declare -A behind=([top_pages]='1 day 30 minutes' [cohorts]='1 day 30 minutes' [page_flow]='1 day 30 minutes')

for report in sessionize visitor_buckets attribution many_visitors top_pages cohorts lifecycle stickiness page_flow call_summary; do
    plans "${query[$report]}"
    out=$LOGS/plans-$report.out
    grep -q 'Query Text:' "$out" || fail "$report: auto_explain says nothing"
    case $report in
    call_summary) wanted='Parallel (Seq|Index|Bitmap Heap)' ;;
    *) wanted='Partial Aggregate' ;;
    esac
    { grep -qE "$wanted" "$out" && grep -q Gather "$out"; } || fail "$report: nothing is done in workers ($wanted)"
    # A plan with TimescaleDB's own node gives workers nothing to do where a chunk's filter takes a parameter.
    if [ "$report" = many_visitors ] && grep -q ChunkAppend "$out"; then fail "$report: one process reads all chunks"; fi
    # Who may have an event twice is read anew, by visitor; the others once.
    case $report in
    top_pages | cohorts | visitor_buckets | lifecycle | stickiness | page_flow)
        [ "$(grep -cE 'Query Text: .*visit_set_of' "$out")" = 1 ] || fail "$report: the events are read more than once"
        if grep -qE 'Query Text: .*(twice|events_once|mrcall.visits)' "$out"; then fail "$report: the events are read once more"; fi
        ;;
    esac
    said="$report: $(grep -cE "$wanted" "$out") x $wanted"
    if [ "$(db -c "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")" = 1 ]; then
        read -r may all < <(chunks_of "${table[$report]}" \
            "$(db -c "SELECT timestamptz '$since' - interval '${before[$report]}'")" \
            "$(db -c "SELECT timestamptz '$until' + interval '${behind[$report]:-0}'")")
        seen=$(chunks_read "$(hypertable "${table[$report]}")")
        # It also looks at the first row of all, whether events were dropped.
        [ "$report" != attribution ] || may=$((may + 1))
        [ "$may" -lt "$all" ] || die "$report: the range meets every chunk, so that nothing can be left out"
        { [ "$seen" -ge 1 ] && [ "$seen" -le "$may" ]; } || fail "$report: reads $seen of $all chunks, $may meet its range"
        said="$said; reads $seen of $all chunks of ${table[$report]}, $may of which meet its range"
    fi
    echo "$said"
done

# Conditions on the views: the events of a visitor by the index, of a time only its chunks and those of the margins.
declare -A asked=([visitor]="visits WHERE visitor_id = 'W-visitor-1'" [touches]="touches WHERE touched_at >= '$since' AND touched_at < '$until'"
    [visits]="visits WHERE started_at >= '$since' AND started_at < '$until'")
for report in visitor touches visits; do
    plans "SELECT count(*) FROM mrcall.${asked[$report]}"
    if [ "$report" = visitor ]; then
        # A chunk of a few pages is read without its index.
        grep -qE '(Index Cond|Filter): .*session_id = ANY' "$LOGS/plans-$report.out" || fail "$report: the events of all are read"
        if grep -q 'Filter: (created_at' "$LOGS/plans-$report.out"; then fail "$report: chunks are read for all"; fi
        echo "$report: by its visitor"
    elif [ "$(db -c "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'")" = 1 ]; then
        read -r may all < <(chunks_of website_events "$(db -c "SELECT timestamptz '$since' - interval '48 hours 30 minutes'")" \
            "$(db -c "SELECT timestamptz '$until' + interval '48 hours 30 minutes'")")
        seen=$(chunks_read "$(hypertable website_events)")
        [ "$may" -lt "$all" ] || die "$report: the range meets every chunk, so that nothing can be left out"
        { [ "$seen" -ge 1 ] && [ "$seen" -le "$may" ]; } || fail "$report: reads $seen of $all chunks, $may meet its range"
        echo "$report: reads $seen of $all chunks, $may of which meet its range and the margins"
    fi
done

# Own rules: what the server is asked does not grow with the origins.
asked_of() { # origins
    plans "BEGIN; INSERT INTO mrcall.channel_rule (position, channel, source_pattern, campaign_pattern)
            VALUES (1, 'a', '^a', 'x'), (2, 'b', NULL, '[0-9]'), (3, 'c', 'news', NULL);
        INSERT INTO website_events (session_id, created_at, page_url, utm_source, utm_campaign)
            SELECT 'own-' || n, '2033-05-01Z', 'https://mrcall.ai/', 'news', 'campaign ' || n FROM generate_series(1, $1) AS n;
        SELECT count(*) FROM mrcall.sessionize('2033-05-01Z', '2033-05-02Z'); ROLLBACK"
    grep -cE 'Query Text: .*array_agg' "$LOGS/plans-$report.out"
}
report=own_rules
few=$(asked_of 20) many=$(asked_of 5000)
{ [ "$few" -ge 3 ] && [ "$many" = "$few" ]; } || fail "$report: $few questions about 20 origins, $many about 5000"
echo "$report: $few questions about 20 and about 5000 origins"
# The latest calls, of all and of one business: from the indexes of chunks and archive in their order, a row of each.
for report in latest latest_of_one; do
    where=''
    [ "$report" = latest ] || where="WHERE business_id = (SELECT max(b.business_id) FROM mrcall.businesses AS b)"
    db -c "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT call_id FROM mrcall.calls $where ORDER BY started_at DESC LIMIT 5" \
        >"$LOGS/plans-$report.out"
    grep -q 'Merge Append' "$LOGS/plans-$report.out" || fail "$report: all are sorted"
    if grep -E '(Seq Scan on (sessions|session_archive|_hyper)|Sort Method).* loops' "$LOGS/plans-$report.out"; then
        fail "$report: read without an index"
    fi
    echo "$report: $(grep -c 'Index.* Scan' "$LOGS/plans-$report.out") x Index Scan, merged"
done

# A payment, refund or subscription is found through the indexes of the webhooks; without them the tables are read.
# Among more webhooks than the tests have.
indexes='INSERT INTO apple_webhooks_registry (document) SELECT to_jsonb(n) FROM generate_series(1, 5000) AS n;
    CREATE INDEX ON stripe_webhooks_registry USING gin (mrcall.stripe_ids(document));
    CREATE INDEX ON apple_webhooks_registry USING gin (mrcall.apple_ids(document));
    ANALYZE stripe_webhooks_registry, apple_webhooks_registry'
for kind in subscription payment refund; do
    report=explain_$kind
    id=$(db -c "SELECT quote_literal(max(conversion_id)) FROM mrcall.conversions WHERE conversion = '$kind'")
    explain="SELECT count(*) FROM mrcall.explain_conversion('$kind', $id)"
    plans "BEGIN; $indexes; $explain; ROLLBACK"
    for table in stripe apple; do
        grep -q "Bitmap Index Scan on ${table}_webhooks_registry_${table}_ids_idx" "$LOGS/plans-$report.out" ||
            fail "$report: the index of $table's webhooks is not read"
        if grep -q "Scan on ${table}_webhooks_registry " <(grep -v 'Bitmap Heap Scan' "$LOGS/plans-$report.out"); then
            fail "$report: $table's webhooks are read"
        fi
    done
    plans "$explain"
    grep -q 'Seq Scan on stripe_webhooks_registry' "$LOGS/plans-$report.out" || fail "$report: what is read without an index"
    echo "$report: through the indexes of both tables; without them by reading all"
done
