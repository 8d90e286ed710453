#!/usr/bin/env bash
# The memory of an aggregate is that of what it knows, in whatever order its rows come: a fifth more at most. For each aggregate the
# lowest limit is searched that is enough for rows in order of time; with a fifth more it is enough for them in any other order.
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
choose_pg
URL=${URL:-$("$ROOT/scripts/cluster.sh" url regress)}
EVENTS=${SOAK:+300000}
EVENTS=${EVENTS:-40000}
"$PGBIN/psql" -X -q -At -v ON_ERROR_STOP=1 -v events="$EVENTS" "$URL" <<'SQL'
SET TimeZone = 'UTC';
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
-- Visits of ten events each: of one visitor, of a hundred, of more than the table of a set holds (7,168), all of them busy at once;
-- and as many visitors one after the other, of six events each.
CREATE TEMP TABLE event AS
SELECT n, kind, visitors, format('visitor %s', n % visitors) AS visitor,
       timestamptz '2026-01-01' + (n / visitors / 10) * interval '1 hour' + (n / visitors % 10) * interval '1 minute'
           + n % visitors * interval '1 millisecond' AS at
FROM (VALUES ('one', 1), ('hundred', 100), ('many', 8000)) AS k (kind, visitors), generate_series(0, :events - 1) AS n
UNION ALL
SELECT n, 'turn', NULL, format('visitor %s', n / 6 * 7919 % 1000003), timestamptz '2026-01-01' + n / 6 * interval '2 minutes' + n % 6 * interval '1 minute'
FROM generate_series(0, 2 * :events - 1) AS n;
CREATE TEMP TABLE aggregate (name text, of_kind text[], call text);
INSERT INTO aggregate VALUES
('visit_set', '{one,hundred,many,turn}', $$octet_length(mrcall_internal.visit_set(visitor, at, 'pageview', '/' || n %% 50, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, '("30 minutes",f,t,t,{},,,,,,,,,,,)'::mrcall_internal.visit_settings ORDER BY %s))$$),
('visit_agg', '{one}', $$pg_column_size(mrcall.visit_agg(at, '30 minutes', '/' || n %% 50, NULL ORDER BY %s))$$),
('visit_agg of times', '{one}', $$pg_column_size(mrcall.visit_agg(at, '30 minutes' ORDER BY %s))$$),
('call_agg', '{one}', $$pg_column_size(mrcall.call_agg(at, at + interval '40 seconds', 'done' ORDER BY %s))$$),
('call_set', '{one,many}', $$octet_length(mrcall_internal.call_set(visitor, at, at + interval '40 seconds', 'done', true, visitor, '2026-01-01',
    NULL ORDER BY %s))$$),
('offered_set', '{one,many}', $$octet_length(mrcall_internal.offered_set(visitor, at, at + interval '40 seconds', at + interval '9 seconds', true, NULL,
    '2026-01-01' ORDER BY %s))$$),
('funnel_agg', '{one}', $$pg_column_size(mrcall.funnel_agg(at, ARRAY[true, n %% 3 = 0] ORDER BY %s))$$),
('window_funnel', '{one}', $$mrcall.window_funnel('1 day', at, ARRAY[true, n %% 3 = 0] ORDER BY %s)$$),
('window_funnel_times', '{one}', $$cardinality(mrcall.window_funnel_times('1 day', at, ARRAY[true, n %% 3 = 0] ORDER BY %s))$$),
('sequence_count', '{one}', $$mrcall.sequence_count('(?1)(?2)', at, ARRAY[true, n %% 3 = 0] ORDER BY %s)$$),
('path_agg', '{many}', $$pg_column_size(mrcall.path_agg(ARRAY[visitor, 'x'], 1, n, 0 ORDER BY %s))$$),
('distinct_agg', '{many}', $$pg_column_size(mrcall.distinct_agg(visitor ORDER BY %s))$$),
('journey_set', '{many}', $$octet_length(mrcall_internal.journey_set(3, NULL, visitor, at, '2026-01-01', 'Email', 'value', NULL, NULL, NULL, NULL, NULL, NULL,
    '{linear}', '7 days', 0.4, 0.4, NULL, true, true, '2026-01-01', '2030-01-01', true, false ORDER BY %s))$$);
CREATE TEMP TABLE way (name text, sorting text);
INSERT INTO way VALUES ('from the last to the first', 'at DESC'), ('in no order', 'md5(at::text)'),
    ('two streams in turn', '(at - ''2026-01-01'') / (1 + n % 2), n'), ('visitor by visitor, in no order', 'visitor, md5(at::text)');
CREATE FUNCTION pg_temp.fits(call text, of_kind text, sorting text, kilobytes numeric) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    PERFORM set_config('mrcall.max_state_memory', ceil(kilobytes) || 'kB', true);
    EXECUTE format('SELECT ' || call || ' FROM event WHERE kind = %L', sorting, of_kind) INTO found;
    IF found IS NULL THEN
        RAISE EXCEPTION 'nothing was looked at: %', call;
    END IF;
    RETURN true;
EXCEPTION WHEN program_limit_exceeded THEN
    RETURN false;
END $$;
CREATE TEMP TABLE verdict (name text, of_kind text, way text, needed int, fits boolean);
DO $$
DECLARE
    a record;
    w record;
    low numeric;
    high numeric;
    middle numeric;
BEGIN
    FOR a IN SELECT name, unnest(of_kind) AS of_kind, call FROM aggregate LOOP
        high := 64;
        WHILE NOT pg_temp.fits(a.call, a.of_kind, 'at, n', high) LOOP high := high * 2; END LOOP;
        low := high / 2;
        WHILE high > 64 AND high > low * 1.04 LOOP
            middle := round((low + high) / 2);
            IF pg_temp.fits(a.call, a.of_kind, 'at, n', middle) THEN high := middle; ELSE low := middle; END IF;
        END LOOP;
        FOR w IN SELECT * FROM way LOOP
            -- What a few kilobytes are, no order decides.
            INSERT INTO verdict SELECT a.name, a.of_kind, w.name, high, pg_temp.fits(a.call, a.of_kind, w.sorting, greatest(high * 1.2, high + 64));
        END LOOP;
    END LOOP;
END $$;
SELECT CASE WHEN fits THEN 'ok: ' ELSE 'FAILED: ' END || format('%s of %s needs %s kB in order; %s: a fifth more is enough', name, of_kind, needed, way)
FROM verdict;
SELECT 'FAILED: only ' || count(*) || ' aggregates were looked at' FROM (SELECT DISTINCT name FROM verdict) AS v HAVING count(*) <> 13;
DO $$
BEGIN
    IF EXISTS (SELECT FROM verdict WHERE fits IS NOT TRUE) OR (SELECT count(DISTINCT name) FROM verdict) <> 13 THEN
        RAISE EXCEPTION 'the order of rows decides how much memory they take, or too few aggregates were looked at';
    END IF;
END $$;
SQL
