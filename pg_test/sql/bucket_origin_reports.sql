-- Reports with an origin: days from four in the morning, weeks from Sunday, months from the 26th, over a change of the clock. The
-- plain way is date_bin of what the wall clock shows.
\pset footer off
SET timezone = 'UTC';
-- Whose midnight a range begins at is beside the point.
SET client_min_messages = warning;
CREATE TEMP TABLE asked ON COMMIT DROP AS
SELECT row_number() OVER () AS nr, a.*
FROM (VALUES ('1 day'::interval, 'Europe/Rome', timestamp '2000-01-01 04:00', timestamptz '2026-03-20 11:11Z',
              timestamptz '2026-04-10 05:17Z'),
             ('7 days', 'America/New_York', '2000-01-02', '2026-03-01 05:00Z', '2026-05-03 04:00Z'),
             ('7 days', 'Europe/Rome', '2031-10-04 23:30', '2026-03-01 05:00Z', '2026-05-03 04:00Z'),
             ('2 days', 'Asia/Kathmandu', '1999-12-31 05:45', '2026-03-20Z', '2026-04-10Z')) AS a (width, zone, origin, since, until);
CREATE FUNCTION pg_temp.plain_bucket(width interval, zone text, origin timestamp, ts timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE
AS $$ SELECT date_bin(width, ts AT TIME ZONE zone, origin) AT TIME ZONE zone $$;

-- What adds up, of the hours; the visitors, of the events.
WITH report AS (
    SELECT a.nr, b.bucket, b.visitors, b.visits, b.events, b.pageviews, b.bounces, b.total_duration, b.local
    FROM asked AS a, mrcall.visitor_buckets(a.width, a.since, a.until, a.zone, origin => a.origin) AS b
),
plain AS (
    SELECT a.nr, x.bucket,
           (SELECT count(DISTINCT e.visitor_id) FROM mrcall.events AS e
            WHERE e.occurred_at >= a.since AND e.occurred_at < a.until
              AND pg_temp.plain_bucket(a.width, a.zone, a.origin, e.occurred_at) = x.bucket),
           sum(h.visits)::bigint, sum(h.events)::bigint, sum(h.pageviews)::bigint, sum(h.bounces)::bigint, sum(h.total_duration),
           x.bucket AT TIME ZONE a.zone
    FROM asked AS a
    CROSS JOIN LATERAL mrcall.visitor_buckets('15 minutes', a.since, a.until, a.zone) AS h
    CROSS JOIN LATERAL (SELECT pg_temp.plain_bucket(a.width, a.zone, a.origin, greatest(h.bucket, a.since)) AS bucket) AS x
    GROUP BY a.nr, x.bucket, a.since, a.until, a.width, a.zone, a.origin
)
SELECT (SELECT count(*) FROM report) AS rows, (SELECT sum(events) > 10000 FROM report) AS has_events, count(*) AS differences
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;
-- By a dimension.
SELECT a.nr, count(*) > 5 AS has_rows,
       count(*) FILTER (WHERE d.events <> w.events OR d.visits <> w.visits) AS not_the_whole
FROM asked AS a
CROSS JOIN LATERAL (SELECT b.bucket, sum(b.events) AS events, sum(b.visits) AS visits
                    FROM mrcall.visitor_buckets(a.width, a.since, a.until, a.zone, 'channel', origin => a.origin) AS b GROUP BY 1) AS d
JOIN LATERAL mrcall.visitor_buckets(a.width, a.since, a.until, a.zone, origin => a.origin) AS w ON w.bucket = d.bucket
GROUP BY 1 ORDER BY 1;

WITH report AS (
    SELECT a.nr, s.bucket, s.business_id, s.calls, s.callers, s.new_callers, s.total_duration, s.local
    FROM asked AS a, mrcall.call_summary(a.width, a.since, a.until, a.zone, origin => a.origin) AS s
),
first AS (
    SELECT c.business_id, c.caller, min(c.started_at) AS at FROM mrcall.calls AS c GROUP BY 1, 2
),
plain AS (
    SELECT a.nr, x.bucket, c.business_id, count(*), count(DISTINCT mrcall.caller_id(c.caller)),
           count(DISTINCT mrcall.caller_id(c.caller)) FILTER (WHERE c.started_at = f.at),
           coalesce(sum(c.ended_at - c.started_at) FILTER (WHERE c.ended_at > c.started_at), '0'), x.bucket AT TIME ZONE a.zone
    FROM asked AS a
    JOIN mrcall.calls AS c ON c.started_at >= a.since AND c.started_at < a.until
    CROSS JOIN LATERAL (SELECT pg_temp.plain_bucket(a.width, a.zone, a.origin, c.started_at) AS bucket) AS x
    LEFT JOIN first AS f ON f.business_id IS NOT DISTINCT FROM c.business_id AND f.caller = c.caller
    GROUP BY a.nr, x.bucket, c.business_id, a.zone
)
SELECT (SELECT count(*) > 100 FROM report) AS has_rows, count(*) AS differences
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;
-- One business: without gaps.
SELECT a.nr, (SELECT array_agg(b.bucket) FROM mrcall.buckets(a.width, a.since, a.until, a.zone, a.origin) AS b) = array_agg(s.bucket)
       AS all_buckets, sum(s.calls) > 0 AS has_calls
FROM asked AS a
CROSS JOIN LATERAL mrcall.call_summary(a.width, a.since, a.until, a.zone, 'W-business-calls', origin => a.origin) AS s
GROUP BY a.nr, a.width, a.since, a.until, a.zone, a.origin ORDER BY 1;

WITH report AS (
    SELECT DISTINCT a.nr, c.cohort, c.visitors, c.local
    FROM asked AS a, mrcall.cohorts(a.since, a.until, a.width, a.zone, periods => 2, origin => a.origin) AS c
    WHERE c.visitors > 0
),
plain AS (
    SELECT a.nr, x.bucket, count(*), x.bucket AT TIME ZONE a.zone
    FROM asked AS a
    CROSS JOIN (SELECT e.visitor_id, min(e.occurred_at) AS first_at FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY 1) AS e
    CROSS JOIN LATERAL (SELECT pg_temp.plain_bucket(a.width, a.zone, a.origin, e.first_at) AS bucket) AS x
    WHERE e.first_at >= a.since AND e.first_at < a.until
    GROUP BY 1, 2, a.zone
)
SELECT (SELECT count(*) > 30 FROM report) AS has_rows, count(*) AS differences
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;

WITH report AS (
    SELECT a.nr, l.bucket, l.local, l.new
    FROM asked AS a, mrcall.lifecycle(a.width, a.since, a.until, a.zone, origin => a.origin) AS l
    WHERE l.new > 0
),
plain AS (
    SELECT a.nr, x.bucket, x.bucket AT TIME ZONE a.zone, count(*)
    FROM asked AS a
    CROSS JOIN (SELECT e.visitor_id, min(e.occurred_at) AS first_at FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY 1) AS e
    CROSS JOIN LATERAL (SELECT pg_temp.plain_bucket(a.width, a.zone, a.origin, e.first_at) AS bucket) AS x
    WHERE e.first_at >= a.since AND e.first_at < a.until
    GROUP BY 1, 2, a.zone
)
SELECT (SELECT count(*) > 30 FROM report) AS has_rows, count(*) AS differences
FROM ((TABLE report EXCEPT TABLE plain) UNION ALL (TABLE plain EXCEPT TABLE report)) AS d;

-- Months from the 26th; without an origin, or with that of the grid, nothing changes.
SELECT b.local FROM mrcall.buckets('1 month', date '2026-03-01', date '2026-05-01', 'Europe/Rome', '2001-12-26') AS b;
SELECT b.local, b.visits > 0 AS has_visits
FROM mrcall.visitor_buckets('1 month', date '2026-03-26', date '2026-05-26', 'Europe/Rome', origin => '2001-12-26') AS b;
SELECT count(*) AS differences
FROM (SELECT b.* FROM mrcall.visitor_buckets('7 days', date '2026-03-01', date '2026-05-01', 'Europe/Rome', origin => '2000-01-03') AS b
      EXCEPT
      SELECT b.* FROM mrcall.visitor_buckets('7 days', date '2026-03-01', date '2026-05-01', 'Europe/Rome') AS b) AS d;

-- Errors come before a row is read.
SELECT * FROM mrcall.visitor_buckets('1 day', date '2026-03-01', date '2026-05-01', origin => 'infinity');
SELECT * FROM mrcall.call_summary('1 month', date '2026-03-01', date '2026-05-01', origin => '2026-01-31');
SELECT * FROM mrcall.cohorts(date '2026-03-01', date '2026-05-01', origin => '-infinity');
