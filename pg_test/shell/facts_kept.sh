#!/usr/bin/env bash
# Stored visits in the life of a database: who is forgotten, or deleted by the application, leaves nothing in any table of the extension;
# doctor finds facts that are not read or that nobody refreshes, and its fixes mend them.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=pg_test/shell/lib/gate.sh
. "$(dirname "$0")/lib/gate.sh"
choose_pg
export CLUSTER=${CLUSTER:-test}
cluster() { "$ROOT/scripts/cluster.sh" "$@"; }
cluster new-database facts_kept
URL=$(cluster url facts_kept)
super() { "$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 "$(cluster super-url facts_kept)" "$@"; }
OUT=$LOGS/facts_kept
tidy() {
    close_gates
    super -c 'DROP OWNED BY kept_officer, kept_reader' -c 'DROP ROLE kept_officer, kept_reader' >/dev/null 2>&1 || true
}
trap tidy EXIT
refresh() { db -c 'CALL mrcall.refresh()' 2>"$OUT-refresh.err" || die 'refresh fails' "$(cat "$OUT-refresh.err")"; }
nothing_left() { # of whom, texts…
    local whom=$1 found
    shift
    found=$(db -v "texts=$(IFS=, && echo "$*")" <<<"SELECT m FROM unnest(string_to_array(:'texts', ',')) AS x, t.mentions(x) AS m")
    [ -z "$found" ] || die "something is left of $whom" "$found"
    echo "ok: nothing is left of $whom"
}
proved() { # when
    is "$1: what is stored is right" '' "$(db -c "SELECT v.key, v.stored, v.computed FROM mrcall.verify('visits', 1) AS v LIMIT 3")"
}

db -f "$ROOT/sql/reference/reference.sql" -c 'CREATE EXTENSION mrcall_ext' -c 'SELECT mrcall.attach()' >/dev/null
db >/dev/null <<'SQL'
CREATE SCHEMA t;
-- The tables of the extension in which a text stands, whatever column it is in.
CREATE FUNCTION t.mentions(what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    place text;
    rows bigint;
BEGIN
    FOR place IN SELECT c.oid::regclass::text FROM pg_class AS c
        WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'p', 'm') ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*) FROM %s AS r WHERE strpos(r::text, $1) > 0', place) INTO rows USING what;
        IF rows > 0 THEN
            RETURN NEXT format('%s %s', place, rows);
        END IF;
    END LOOP;
END $$;
CREATE FUNCTION t.delete_events(visitors text) RETURNS void LANGUAGE sql AS
    'DELETE FROM public.website_events WHERE session_id LIKE visitors';
-- Browsers of three customers, one that two of them share, and others' by the hundred.
INSERT INTO public.customers_registry (id, document)
SELECT 'K-' || n, jsonb_build_object('website_session_ids', jsonb_build_array(format('kept-%s-a', n), format('kept-%s-b', n), 'kept-shared'))
FROM generate_series(1, 3) AS n;
INSERT INTO public.website_events (event_id, session_id, created_at, page_url)
SELECT format('%s %s', v, n), v, now() - n * interval '11 hours' - random() * interval '3 hours', 'https://mrcall.ai/'
FROM (SELECT format('kept-%s-%s', c, b) FROM generate_series(1, 3) AS c, unnest('{a,b}'::text[]) AS b UNION ALL SELECT 'kept-shared'
      UNION ALL SELECT 'other-' || x FROM generate_series(1, 300) AS x) AS v (v), generate_series(0, 8) AS n;
SELECT mrcall.maintain();
SQL
refresh
proved 'at the begin'
is 'all of them are stored' '{mrcall.visit}' "$(db -c "SELECT array_agg(DISTINCT split_part(m, ' ', 1)) FROM t.mentions('kept-1') AS m WHERE m !~ 'fact_change'")"

# Forgotten, and then deleted by the application, as docs/forget.md has it: by a role with the rights that stand there.
super >/dev/null <<'SQL'
CREATE ROLE kept_officer; CREATE ROLE kept_reader;
SQL
super -c "GRANT kept_officer, kept_reader TO $(db -c 'SELECT quote_ident(current_user)')"
sed -n '/^GRANT .*privacy_officer;$/p' "$ROOT/docs/forget.md" | sed 's/privacy_officer/kept_officer/' >"$OUT-grants.sql"
[ "$(wc -l <"$OUT-grants.sql")" -ge 7 ] || die 'docs/forget.md has no statements that grant' "$(cat "$OUT-grants.sql")"
db -f "$OUT-grants.sql"
# Who may not read events does not see what is stored of them: an error, and no half of the work.
db -c 'REVOKE SELECT ON public.website_events FROM kept_officer'
for call in "* FROM mrcall.forget('K-1')" "mrcall.export_customer('K-1')"; do
    db -c 'SET ROLE kept_officer' -c "SELECT $call" >"$OUT-denied.out" 2>&1 && die "$call does half of its work" "$(cat "$OUT-denied.out")"
    grep -q 'permission denied for table public.website_events' "$OUT-denied.out" || die "$call does not say why" "$(cat "$OUT-denied.out")"
done
db -c 'GRANT SELECT ON public.website_events TO kept_officer'
exported=$(db -c 'SET ROLE kept_officer' -c "SELECT jsonb_array_length(mrcall.export_customer('K-1') -> 'mrcall.visit')")
is 'what is forgotten is what was exported' "$exported" \
    "$(db -c 'SET ROLE kept_officer' -c "SELECT removed FROM mrcall.forget('K-1') WHERE object = 'mrcall.visit'")"
[ "$exported" -ge 10 ] || die 'there was little to forget' "$exported"
is 'it is gone at once' '0 0' "$(db -c "SELECT count(*) FILTER (WHERE visitor_id LIKE 'kept-1%'), count(*) FILTER (WHERE visitor_id = 'kept-shared') FROM mrcall.visit")"
is 'reports read its events still' t "$(db -c "SELECT count(*) > 10 FROM mrcall.visits WHERE visitor_id LIKE 'kept-1%'")"
proved 'forgotten'
# The application takes its time: a refresh comes in between.
refresh
db -c "SELECT t.delete_events('kept-1%')" -c "DELETE FROM public.customers_registry WHERE id = 'K-1'"
is 'no report shows it' 0 "$(db -c "SELECT count(*) FROM mrcall.visits WHERE visitor_id LIKE 'kept-1%'")"
refresh
nothing_left 'who was forgotten' kept-1 K-1
# Without a refresh in between, and in one transaction with the rest.
db -c BEGIN -c "SELECT t.delete_events('kept-2%')" -c "SELECT FROM mrcall.forget('K-2')" \
    -c "DELETE FROM public.customers_registry WHERE id = 'K-2'" -c COMMIT >/dev/null
refresh
nothing_left 'who was forgotten in one transaction' kept-2 K-2
# Deleted by the application alone, together with so many others that the ledger has days.
db -c "DELETE FROM public.website_events WHERE session_id LIKE 'kept-3%' OR session_id LIKE 'other-1%'" \
    -c "DELETE FROM public.customers_registry WHERE id = 'K-3'"
db -c "INSERT INTO public.website_events (session_id, created_at) SELECT 'load-' || n, now() - n * interval '1 minute' FROM generate_series(1, 2500) AS n" \
    -c "DELETE FROM public.website_events WHERE session_id LIKE 'load-%'"
is 'a large load is days' t "$(db -c 'SELECT pending_ranges > 0 FROM mrcall.freshness()')"
refresh
nothing_left 'who was deleted' kept-3 K-3 load-
is 'the others are' t "$(db -c "SELECT count(*) > 1000 FROM mrcall.visit WHERE visitor_id LIKE 'other-%'")"
# One whose events could not be read, and who is in the ledger with the reason. Hypertables have no such row.
odd() { db -c "INSERT INTO public.website_events (session_id, created_at) VALUES ('kept-odd', '-infinity'), ('kept-odd', now() - interval '1 day')"; }
if [ "$TIMESCALEDB" = 0 ]; then
    odd
    refresh
    is 'it is in the ledger' t "$(db -c 'SELECT failing_keys = 1 FROM mrcall.freshness()')"
    db -c "SELECT t.delete_events('kept-odd')"
    refresh
    nothing_left 'who could not be stored' kept-odd
fi
proved 'after all of them'
db -c 'SELECT mrcall.unmaintain()' >/dev/null
nothing_left 'anybody' other- kept-

# doctor: each finding brought about once, and mended by its fix. What doctor adds to its part on facts takes time: once it is asked whole.
finding() { db -c 'SELECT finding FROM mrcall_internal.check_freshness()'; }
finds() { # what, pattern
    local said
    said=$(finding)
    [[ $said =~ $2 ]] || die "$1: doctor does not find it" "wanted: $2" "got:    $said"
    is "$1 is found once" 1 "$(wc -l <<<"$said")"
}
mend() {
    db -c 'SELECT fix FROM mrcall_internal.check_freshness()' >"$OUT-fix.sql"
    db -f "$OUT-fix.sql" >/dev/null 2>"$OUT-fix.err" || die 'a fix fails' "$(cat "$OUT-fix.sql" "$OUT-fix.err")"
}
mended() { # what
    is "$1 is mended" '' "$(finding)"
    is "$1: nothing is in the way" t "$(db -c 'SELECT fault IS NULL FROM mrcall.freshness()')"
}
db -c "SELECT mrcall.grant_read('kept_reader')" >/dev/null
counts() { db -c 'SET ROLE kept_reader' -c 'SELECT num_nulls(pending_keys, pending_ranges, failing_keys), rows > 0 FROM mrcall.freshness()'; }
is 'where no facts are kept there is no finding' '' "$(finding)"
db -c 'SELECT mrcall.maintain()' >/dev/null
finds 'nothing is stored yet' 'stored visits are not read: nothing is stored yet'
is 'doctor says so' 'warning CALL mrcall.refresh();' "$(db -c 'SET ROLE kept_reader' \
    -c "SELECT severity, fix FROM mrcall.doctor() WHERE object = 'mrcall.visit'")"
mend
mended 'nothing is stored yet'
is 'who reads all events sees how many wait' '0 t' "$(counts)"
db -c 'REVOKE SELECT ON public.website_events FROM kept_reader'
is 'who does not is not told that it is nobody' '3 t' "$(counts)"
db -c 'GRANT SELECT ON public.website_events TO kept_reader'
db -c "INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'Mine', 'google')"
finds 'another rule' 'not read: the rules have changed'
mend
mended 'another rule'
db -c "INSERT INTO public.website_events (session_id, created_at) SELECT 'load-' || n, now() - n * interval '1 minute' FROM generate_series(1, 2500) AS n"
finds 'a large load' 'not read: a large load'
mend
mended 'a large load'
super -c "UPDATE mrcall_internal.fact_state SET refreshed_at = now() - interval '90 minutes'"
finds 'a refresh that nobody calls' 'no refresh has ended since .*, and visits are stored until'
mend
mended 'a refresh that nobody calls'
super -c "UPDATE mrcall_internal.fact_state SET stored_until = now() - interval '3 hours'"
finds 'a refresh that never comes to its end' 'no refresh has ended since'
mend
mended 'a refresh that never comes to its end'
db -c 'DROP TRIGGER mrcall_visits_delete ON public.website_events'
finds 'a trigger that is gone' 'not read: 1 triggers of mrcall.maintain on public.website_events are missing'
mend
finds 'made anew' 'nothing is stored yet'
mend
mended 'a trigger that is gone'
if [ "$TIMESCALEDB" = 0 ]; then
    db -c 'ALTER TABLE public.website_events DISABLE TRIGGER USER'
    finds 'triggers that are switched off' 'not read: 4 triggers'
    mend && mend
    mended 'triggers that are switched off'
    odd
    refresh
    finds 'a visitor who cannot be stored' '^1 visitors cannot be stored'
    is 'its fix shows them' kept-odd "$(db -c "$(db -c 'SELECT fix FROM mrcall_internal.check_freshness()')" | cut -d ' ' -f 1)"
    db -c "SELECT t.delete_events('kept-odd')"
    refresh
    mended 'a visitor who cannot be stored'
fi
# What a restore leaves: the triggers of the table, and nothing that is kept.
super -c 'DELETE FROM mrcall_internal.fact_state; DELETE FROM mrcall.visit; DELETE FROM mrcall_internal.fact_change; DELETE FROM mrcall_internal.fact_threshold'
finds 'triggers without facts' 'has triggers of mrcall.maintain, and no facts are kept'
mend && mend
mended 'triggers without facts'
db -c 'ALTER TABLE public.website_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'
finds 'an owner who does not see all rows' 'no refresh can store visits: public.website_events does not show all of its rows'
is 'who reads finds no fault in it' 0 "$(db -c 'SET ROLE kept_reader' -c "SELECT count(*) FROM mrcall_internal.check_freshness() AS f WHERE f.finding ~ 'no refresh can'")"
mend
is 'ended' '0 ' "$(db -c 'SELECT count(*), max(fault) FROM mrcall.freshness()')"
is 'no finding is left' '' "$(finding)"
echo 'facts kept: ok'
