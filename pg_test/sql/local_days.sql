-- Reports that take a zone take two dates, which are days of it; the column local is what its clock shows at a bucket's start.
\pset footer off
SET timezone = 'UTC';

-- A day begins at the first instant whose date, by AT TIME ZONE, is the day's or a later one. Clocks that skip or repeat midnight,
-- and a day that is not there at all, watched every five minutes.
CREATE TEMP TABLE watch (zone text, since timestamptz, until timestamptz) ON COMMIT DROP;
INSERT INTO watch VALUES
    ('America/Sao_Paulo', '2018-10-30Z', '2018-11-10Z'), ('America/Sao_Paulo', '2018-02-12Z', '2018-02-22Z'),
    ('Asia/Beirut', '2023-03-20Z', '2023-04-02Z'), ('Asia/Beirut', '2022-10-25Z', '2022-11-03Z'),
    ('Africa/Cairo', '2023-04-24Z', '2023-05-02Z'), ('Africa/Cairo', '2023-10-22Z', '2023-10-31Z'),
    ('Pacific/Apia', '2011-12-25Z', '2012-01-04Z'), ('Pacific/Fakaofo', '2011-12-25Z', '2012-01-04Z'),
    ('Pacific/Kwajalein', '1993-08-15Z', '1993-08-26Z'), ('Pacific/Kiritimati', '1994-12-26Z', '1995-01-06Z'),
    ('America/Havana', '2022-03-08Z', '2022-03-18Z'), ('America/Havana', '2022-11-02Z', '2022-11-10Z'),
    ('Atlantic/Azores', '2022-03-23Z', '2022-03-31Z'), ('Atlantic/Azores', '2022-10-27Z', '2022-11-03Z'),
    ('America/Asuncion', '2023-09-28Z', '2023-10-05Z'), ('Asia/Tehran', '2021-03-18Z', '2021-03-26Z'),
    ('America/Scoresbysund', '2024-03-27Z', '2024-04-04Z'), ('Australia/Lord_Howe', '2026-04-01Z', '2026-04-08Z'),
    ('America/St_Johns', '2007-03-08Z', '2007-03-15Z'), ('Europe/Rome', '2026-03-25Z', '2026-04-02Z'),
    ('Asia/Kathmandu', '2026-03-25Z', '2026-04-02Z'), ('UTC', '2026-03-25Z', '2026-04-02Z');
CREATE TEMP TABLE day ON COMMIT DROP AS
WITH seen AS (
    SELECT w.zone, w.since, (t AT TIME ZONE w.zone)::date AS day, min(t) AS at
    FROM watch AS w CROSS JOIN LATERAL generate_series(w.since, w.until, '5 minutes') AS t
    GROUP BY 1, 2, 3
)
SELECT w.zone, d::date AS day, s.at IS NULL AS is_missing, min(s.at) OVER (PARTITION BY w.zone, w.since ORDER BY d DESC) AS begins
FROM watch AS w
CROSS JOIN LATERAL generate_series((w.since AT TIME ZONE 'UTC')::date + 2, (w.until AT TIME ZONE 'UTC')::date - 2, '1 day') AS d
LEFT JOIN seen AS s ON s.zone = w.zone AND s.since = w.since AND s.day = d::date;
SELECT count(*) AS days, count(*) FILTER (WHERE begins AT TIME ZONE zone <> day) AS without_midnight,
       string_agg(zone || ' ' || day, ', ' ORDER BY zone) FILTER (WHERE is_missing) AS missing,
       count(*) FILTER (WHERE mrcall_internal.start_of_day(day, zone, 'since') <> begins) AS wrong,
       count(*) FILTER (WHERE mrcall.bucket('1 day', begins, zone) <> begins) AS no_bucket
FROM day;
SELECT zone, day, mrcall_internal.start_of_day(day, zone, 'since') AS begins, begins AT TIME ZONE zone AS local
FROM day WHERE begins AT TIME ZONE zone <> day ORDER BY 1, 2;

-- Two dates are the instants at which these days begin, in every report, with all further arguments handed on.
CREATE FUNCTION pg_temp.differences(one text, other text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    answer bigint;
BEGIN
    EXECUTE format('WITH a AS (SELECT x.* FROM mrcall.%s AS x), b AS (SELECT x.* FROM mrcall.%s AS x) SELECT CASE WHEN EXISTS (TABLE a)
        THEN (SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d)
            END', one, other) INTO answer;
    RETURN answer;
END
$$;
SELECT r.report, z.zone,
       pg_temp.differences(
           format(r.report, format('date %L, date %L', '2026-04-03', '2026-05-08'), z.zone),
           format(r.report, format('timestamptz %L, timestamptz %L', '2026-04-03 00:00 ' || z.zone, '2026-05-08 00:00 ' || z.zone), z.zone))
           AS differences
FROM unnest(ARRAY[
    'buckets(''6 hours'', %s, %L)', 'visitor_buckets(''1 week'', %s, %L)',
    'visitor_buckets(''1 day'', %s, %L, ''channel'', ''1 hour'', true)', 'call_summary(''1 day'', %s, %L)',
    'call_service(''1 day'', %s, %L, short_abandon => ''5 s'', origin => ''2000-01-01 04:00'')',
    'call_summary(''1 month'', %s, %L, ''W-business-calls'')', 'call_heatmap(%s, zone => %L)',
    'call_heatmap(%s, ''W-business-calls'', %L)', 'cohorts(%s, ''1 day'', %L)',
        'cohorts(%s, ''3 days'', %L, ''channel'', 3, true, ''1 hour'', true)',
    'buckets(''7 days'', %s, %L, ''2000-01-02 04:00'')', 'visitor_buckets(''1 week'', %s, %L, origin => ''2000-01-02 04:00'')',
    'call_summary(''1 day'', %s, %L, origin => ''2000-01-01 04:00'')', 'cohorts(%s, ''1 week'', %L, origin => ''2000-01-02'')',
    'roas(%s, zone => %L)', 'lifecycle(''1 week'', %s, %L)', 'lifecycle(''1 day'', %s, %L, ''1 hour'', true, ''2000-01-01 04:00'')',
    'active_visitors(%s, %L)', 'active_visitors(%s, %L, ''1 hour'', true, ''2000-01-01 04:00'')', 'stickiness(''1 day'', %s, %L)',
    'stickiness(''1 week'', %s, %L, ''1 hour'', true, ''2000-01-02'')',
        'roas(%s, ''signup'', ''7 days'', ''campaign'', ''{linear,custom}'', %L, weights => ''{1}'', exclude_bots => true)'])
    WITH ORDINALITY AS r (report, nr)
CROSS JOIN unnest('{America/New_York,Asia/Kathmandu}'::text[]) AS z (zone)
ORDER BY r.nr, z.zone;
-- Named arguments and defaults. Without a zone the days are UTC's; the heat map's are each business's own.
SELECT count(*), min(local), max(local) FROM mrcall.visitor_buckets(width => '1 day', until => date '2026-05-03', since => date
    '2026-05-01');
SELECT count(*) AS calls, (SELECT sum(calls) FROM mrcall.call_heatmap(date '2026-04-03', date '2026-04-05')) AS reported,
       count(*) FILTER (WHERE w.wall <> c.started_at AT TIME ZONE 'UTC' AND w.wall::date <> (c.started_at AT TIME ZONE 'UTC')::date) >
           0 AS shifted
FROM mrcall.calls AS c
LEFT JOIN (SELECT b.business_id, min(b.zone) AS zone FROM mrcall.businesses AS b GROUP BY 1) AS z USING (business_id)
CROSS JOIN LATERAL (SELECT c.started_at AT TIME ZONE coalesce(z.zone, 'UTC') AS wall) AS w
WHERE w.wall >= '2026-04-03' AND w.wall < '2026-04-05';
-- It is inlined: chunks are pruned by instants.
EXPLAIN (VERBOSE, COSTS OFF) SELECT bucket FROM mrcall.visitor_buckets('1 day', date '2026-05-01', date '2026-06-01', 'Europe/Rome');

-- Only two dates choose this form: anything else is an instant, of the session's zone where it is a literal or a date.
SET timezone = 'Asia/Kathmandu';
SELECT min(bucket) FROM mrcall.buckets('1 hour', date '2026-05-01', date '2026-05-02', 'UTC')
UNION ALL SELECT min(bucket) FROM mrcall.buckets('1 hour', '2026-05-01', '2026-05-02', 'UTC')
UNION ALL SELECT min(bucket) FROM mrcall.buckets('1 hour', date '2026-05-01', timestamptz '2026-05-02', 'UTC')
UNION ALL SELECT min(bucket) FROM mrcall.buckets('1 hour', '2026-05-01', timestamp '2026-05-02', 'UTC')
UNION ALL SELECT min(bucket) FROM mrcall.buckets('1 hour', timestamp '2026-05-01', date '2026-05-02', 'UTC');
SELECT min(bucket) FROM mrcall.buckets('1 hour', NULL, NULL, 'UTC');
PREPARE untyped AS SELECT count(*) FROM mrcall.visitor_buckets('1 day', $1, $2, 'UTC');
PREPARE dates (date, date) AS SELECT min(bucket), count(*) FROM mrcall.visitor_buckets('1 day', $1, $2, 'UTC');
SELECT name, parameter_types FROM pg_prepared_statements WHERE name IN ('untyped', 'dates') ORDER BY 1;
EXECUTE dates ('2026-05-01', '2026-05-04');
DEALLOCATE ALL;
SET timezone = 'UTC';

-- Midnight of the session's zone that is none of the report's: a notice, once in a statement.
SELECT count(*), min(local) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01', 'Europe/Rome');
SELECT count(*) FROM mrcall.call_summary('1 day', '2026-05-01', '2026-05-31 22:00Z', 'Europe/Rome', 'W-business-calls');
SELECT sum(calls) > 0 AS calls FROM mrcall.call_heatmap('2026-04-30 22:00Z', '2026-06-01', zone => 'Europe/Rome');
SELECT count(*) FROM mrcall.cohorts(since => '2026-05-01', until => '2026-06-01', zone => 'Europe/Rome', periods => 0);
SELECT count(*) > 0 AS rows FROM mrcall.roas('2026-05-01', '2026-06-01', zone => 'America/New_York');
SELECT count(*) FROM generate_series(1, 100) AS n CROSS JOIN LATERAL mrcall.buckets('1 day', '2026-05-01', timestamptz '2026-06-01' + n
    * interval '1 day', 'Europe/Rome');
SELECT count(*) FROM mrcall.buckets('1 day', '0044-03-15 BC', '0043-03-15 BC', 'Europe/Rome');
-- None: it is midnight there too, or in neither, or the zones are one, or the report has none.
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01');
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-01-01', '2026-02-01', 'Europe/London');
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-05-01 00:00:01', '2026-06-01 12:00', 'Europe/Rome');
SELECT count(*) FROM mrcall.visitor_buckets('1 day', date '2026-05-01', date '2026-06-01', 'Europe/Rome');
SELECT count(*) FROM mrcall.call_heatmap('2026-05-01', '2026-06-01');
SET timezone = 'Europe/Rome';
SELECT count(*), min(bucket) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01', 'Europe/Rome');
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01');
SET timezone = '<+05>-05';
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01', 'Asia/Karachi');
SELECT count(*) FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-06-01');
SET timezone = 'UTC';

-- Errors.
SELECT * FROM mrcall.visitor_buckets('1 day', NULL::date, date '2026-06-01');
SELECT * FROM mrcall.call_summary('1 day', date '2026-06-01', NULL::date);
SELECT * FROM mrcall.cohorts(date '-infinity', date '2026-06-01');
SELECT * FROM mrcall.call_heatmap(date '2026-06-01', date 'infinity');
SELECT * FROM mrcall.buckets('1 day', date '2026-06-01', date 'infinity', 'UTC');
SELECT * FROM mrcall.roas(date '2026-06-01', date '2026-06-02', zone => NULL);
SELECT * FROM mrcall.visitor_buckets('1 day', date '2026-06-01', date '2026-06-02', 'Europe/Rom3');
SELECT * FROM mrcall.visitor_buckets('1 day', date '2026-06-01', date '2026-06-01', 'Europe/Rome');
SELECT * FROM mrcall.call_heatmap(date '2026-06-01', date '2026-05-01');
SELECT * FROM mrcall.visitor_buckets('1 day', date '2026-06-01', date '5874897-12-31');
SELECT * FROM mrcall.visitor_buckets('1 day', date '4714-11-24 BC', date '2026-01-01', 'Asia/Kathmandu');

-- The column local: the clock where it changes; an hour that comes twice is shown twice; a day without midnight begins at one.
SELECT local, bucket FROM mrcall.visitor_buckets('1 hour', '2026-10-25 00:00Z', '2026-10-25 02:00Z', 'Europe/Rome') ORDER BY bucket;
SELECT local, bucket FROM mrcall.call_summary('1 hour', '2026-03-29 00:00Z', '2026-03-29 02:00Z', 'Europe/Rome', 'W-business-calls')
    ORDER BY bucket;
SELECT local, bucket, next_bucket FROM mrcall.buckets('1 day', date '2018-11-03', date '2018-11-06', 'America/Sao_Paulo');
SELECT local, bucket FROM mrcall.buckets('1 day', date '2011-12-28', date '2012-01-01', 'Pacific/Apia');
SELECT DISTINCT local, cohort FROM mrcall.cohorts(date '2026-03-28', date '2026-03-31', '1 day', 'Europe/Rome', periods => 1) ORDER BY 1;
SELECT count(*) > 0 AS by_value, count(local) AS locals FROM mrcall.cohorts(date '2026-03-28', date '2026-03-31', '1 day', by =>
    'channel', periods => 0);
SELECT count(*) > 100 AS compared, count(*) FILTER (WHERE local <> bucket AT TIME ZONE 'America/New_York') AS wrong
FROM mrcall.call_summary('6 hours', date '2026-03-01', date '2026-05-01', 'America/New_York');
-- CET is the zone of this name, as in the buckets, not the abbreviation without a summer that AT TIME ZONE takes it for.
SELECT (SELECT string_agg(calls::text, ' ' ORDER BY weekday, hour) FROM mrcall.call_heatmap(date '2026-04-01', date '2026-05-01', zone
    => n.name))
       = (SELECT string_agg(calls::text, ' ' ORDER BY weekday, hour) FROM mrcall.call_heatmap(date '2026-04-01', date '2026-05-01',
           zone => 'Europe/Rome'))
       AS same
FROM (SELECT coalesce(min(name), 'Europe/Berlin') AS name FROM pg_timezone_names WHERE name = 'CET') AS n;

-- It is the last column, or the second one.
SELECT p.proname, CASE 'local' WHEN p.proargnames[cardinality(p.proargnames)] THEN 'last' WHEN p.proargnames[p.pronargs + 2] THEN 'second'
    END
           AS place, count(*)
FROM pg_proc AS p
WHERE p.pronamespace = 'mrcall'::regnamespace AND p.proargnames && '{bucket,cohort}' AND p.proretset
GROUP BY 1, 2 ORDER BY 1;
-- Whatever takes since, until and a zone takes dates.
SELECT p.oid::regprocedure AS without_dates
FROM pg_proc AS p
WHERE p.pronamespace = 'mrcall'::regnamespace AND p.proargnames[1:p.pronargs] @> '{since,until,zone}'
  AND NOT EXISTS (SELECT FROM pg_proc AS d
                  WHERE d.pronamespace = p.pronamespace AND d.proname = p.proname AND d.proargnames = p.proargnames
                    AND d.proargtypes::oid[] = array_replace(p.proargtypes::oid[], 'timestamptz'::regtype, 'date'::regtype)
                    AND pg_get_expr(d.proargdefaults, 0) IS NOT DISTINCT FROM pg_get_expr(p.proargdefaults, 0)
                    AND (d.provolatile, d.proparallel, d.procost, d.prorows) = (p.provolatile, p.proparallel, p.procost, p.prorows));
