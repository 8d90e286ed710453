-- mrcall.lifecycle, active_visitors and stickiness against the wall clock of the zone, on the world and on random events; and what
-- holds between them and other reports.
\pset footer off
\set seed 141421
\ir ../fixtures/random_events.sql
-- Visitors who come back over months, some events of nobody; of those who never are a program, some are delivered twice.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, user_agent)
SELECT format('A-%s-%s', g, n), CASE WHEN g % 20 > 0 THEN format('A-visitor-%s', g) END,
       timestamptz '2033-01-01Z' + abs(hashint8extended(r.key, :seed)) % 120 * interval '1 day'
           + abs(hashint8extended(r.key, :seed + 1)) % 96 * interval '15 minutes', 'page_view', 'https://mrcall.ai/',
       CASE WHEN g % 5 = 0 AND n % 3 = 0 THEN 'Googlebot/2.1' ELSE 'Mozilla/5.0' END
FROM generate_series(1, 200) AS g
CROSS JOIN LATERAL generate_series(1, 1 + (abs(hashint8extended(g, :seed + 2)) % 16)::int) AS n
CROSS JOIN LATERAL (SELECT (g * 100 + n)::bigint AS key) AS r;
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, user_agent)
SELECT e.event_id, e.session_id, e.created_at + (1 + abs(hashtextextended(e.event_id, :seed)) % 5) * interval '6 hours', e.event_type,
    e.page_url,
       e.user_agent
FROM public.website_events AS e
WHERE e.event_id ~ '^A-[0-9]*[12346789]-' AND hashtextextended(e.event_id, :seed + 1) % 4 = 0;

CREATE TEMP TABLE asked (nr serial, unit text, zone text, since timestamptz, until timestamptz, no_bots boolean) ON COMMIT DROP;
INSERT INTO asked (unit, zone, since, until, no_bots) VALUES
    ('week', 'Europe/Rome', '2026-02-10 05:00Z', '2026-04-02 22:00Z', true), ('day', 'Europe/Rome', '2026-03-25 23:00Z',
        '2026-04-02 22:00Z', false),
    ('month', 'America/New_York', '2026-02-01 07:00Z', '2026-04-02 22:00Z', false),
    ('day', 'Australia/Lord_Howe', '2032-01-03 07:15Z', '2033-04-29 03:00Z', true),
    ('day', 'Asia/Kathmandu', '2033-01-20 11:00Z', '2033-04-29 03:00Z', false), ('week', 'UTC', '2033-01-03Z', '2033-04-29 03:00Z', false),
    ('week', 'Europe/Rome', '2033-02-11 11:11Z', '2033-04-29 03:00Z', true), ('month', 'UTC', '2033-01-15Z', '2033-04-29 03:00Z', false),
    ('day', 'UTC', '2033-03-10 23:59Z', '2033-03-11 00:01Z', false), ('day', 'UTC', '2034-01-01Z', '2034-01-04Z', false);

-- What counts: each event once, and none of a visit of a program.
CREATE TEMP TABLE hit ON COMMIT DROP AS
WITH opened AS (
    SELECT a.nr, a.no_bots, a.unit, a.zone, e.visitor_id, e.event_id, e.occurred_at AS at, e.user_agent COLLATE "C" AS agent,
           (e.occurred_at - lag(e.occurred_at) OVER (PARTITION BY a.nr, e.visitor_id ORDER BY e.occurred_at) <= '30 minutes') IS NOT TRUE
               AS opens,
           lag(e.occurred_at) OVER (PARTITION BY a.nr, e.visitor_id, e.event_id ORDER BY e.occurred_at) AS before
    FROM asked AS a
    JOIN mrcall.events AS e ON e.visitor_id IS NOT NULL AND e.occurred_at < a.until
),
numbered AS (
    SELECT o.*, count(*) FILTER (WHERE o.opens) OVER (PARTITION BY o.nr, o.visitor_id ORDER BY o.at) AS visit_no FROM opened AS o
),
told AS (
    SELECT n.*, min(n.agent) OVER (PARTITION BY n.nr, n.visitor_id, n.visit_no) AS visit_agent FROM numbered AS n
)
SELECT t.nr, t.visitor_id, t.at, date_trunc(t.unit, t.at AT TIME ZONE t.zone) AS wall, (t.at AT TIME ZONE t.zone)::date AS day,
       min(t.at) OVER (PARTITION BY t.nr, t.visitor_id) AS first_at
FROM told AS t
WHERE (t.event_id IS NULL OR t.before IS NULL OR t.at - t.before > interval '24 hours')
  AND NOT (t.no_bots AND coalesce(mrcall.is_bot(t.visit_agent), false));
CREATE INDEX ON hit (nr, wall);
ANALYZE hit;

CREATE TEMP TABLE grid ON COMMIT DROP AS
SELECT a.nr, a.zone, a.since, g.wall, g.wall - ('1 ' || a.unit)::interval AS wall_before, g.wall = min(g.wall) OVER (PARTITION BY a.nr)
    AS is_first
FROM asked AS a
CROSS JOIN LATERAL generate_series(date_trunc(a.unit, a.since AT TIME ZONE a.zone), (a.until - interval '1 us') AT TIME ZONE a.zone,
                                   ('1 ' || a.unit)::interval) AS g (wall);
CREATE TEMP TABLE lifecycle_oracle ON COMMIT DROP AS
WITH here AS (
    SELECT DISTINCT h.nr, h.wall, h.visitor_id, h.first_at FROM hit AS h JOIN asked AS a ON a.nr = h.nr
    WHERE h.at >= a.since
),
before AS (
    -- The bucket before the first is read whole; the others are as they count.
    SELECT DISTINCT g.nr, g.wall, h.visitor_id
    FROM grid AS g
    JOIN hit AS h ON h.nr = g.nr AND h.wall = g.wall_before AND (g.is_first OR h.at >= g.since)
)
SELECT g.nr, g.wall AT TIME ZONE g.zone AS bucket, g.wall AS local,
       count(*) FILTER (WHERE h.first_at >= greatest(g.since, g.wall AT TIME ZONE g.zone)) AS new,
       count(*) FILTER (WHERE h.visitor_id IS NOT NULL AND b.visitor_id IS NOT NULL) AS returned,
       count(*) FILTER (WHERE h.first_at < greatest(g.since, g.wall AT TIME ZONE g.zone) AND b.visitor_id IS NULL) AS resurrecting,
       count(*) FILTER (WHERE h.visitor_id IS NULL AND b.visitor_id IS NOT NULL) AS dormant
FROM grid AS g
LEFT JOIN (here AS h FULL JOIN before AS b ON b.nr = h.nr AND b.wall = h.wall AND b.visitor_id = h.visitor_id)
    ON coalesce(h.nr, b.nr) = g.nr AND coalesce(h.wall, b.wall) = g.wall
GROUP BY 1, 2, 3;
CREATE TEMP TABLE active_oracle ON COMMIT DROP AS
WITH there AS (SELECT DISTINCT h.nr, h.day, h.visitor_id FROM hit AS h)
SELECT a.nr, d.day::date AS day,
       count(DISTINCT t.visitor_id) FILTER (WHERE t.day = d.day::date) AS daily,
       count(DISTINCT t.visitor_id) FILTER (WHERE t.day > d.day::date - 7) AS weekly, count(DISTINCT t.visitor_id) AS monthly
FROM asked AS a
CROSS JOIN LATERAL generate_series((a.since AT TIME ZONE a.zone)::date, ((a.until - interval '1 us') AT TIME ZONE a.zone)::date,
                                   interval '1 day') AS d (day)
LEFT JOIN there AS t ON t.nr = a.nr AND t.day > d.day::date - 28 AND t.day <= d.day::date
GROUP BY 1, 2;
CREATE TEMP TABLE stickiness_oracle ON COMMIT DROP AS
WITH own AS (
    SELECT h.nr, h.visitor_id, count(DISTINCT h.wall)::int AS buckets FROM hit AS h JOIN asked AS a ON a.nr = h.nr
    WHERE h.at >= a.since GROUP BY 1, 2
)
SELECT g.nr, g.buckets, count(o.visitor_id) AS visitors
FROM (SELECT nr, row_number() OVER (PARTITION BY nr)::int AS buckets FROM grid) AS g
LEFT JOIN own AS o ON o.nr = g.nr AND o.buckets = g.buckets
GROUP BY 1, 2;

CREATE TEMP TABLE lifecycle_row AS
SELECT a.nr, r.* FROM asked AS a
CROSS JOIN LATERAL mrcall.lifecycle(('1 ' || a.unit)::interval, a.since, a.until, a.zone, exclude_bots => a.no_bots) AS r;
CREATE TEMP TABLE active_row AS
SELECT a.nr, r.* FROM asked AS a CROSS JOIN LATERAL mrcall.active_visitors(a.since, a.until, a.zone, exclude_bots => a.no_bots) AS r;
CREATE TEMP TABLE stickiness_row AS
SELECT a.nr, r.* FROM asked AS a
CROSS JOIN LATERAL mrcall.stickiness(('1 ' || a.unit)::interval, a.since, a.until, a.zone, exclude_bots => a.no_bots) AS r;
SELECT a.nr, a.unit, a.zone || CASE WHEN a.no_bots THEN ' without bots' ELSE '' END AS zone, l.buckets, l.new, l.returned, l.resurrecting,
       l.dormant, (SELECT sum(c.monthly) FROM active_oracle AS c WHERE c.nr = a.nr) AS monthly,
       (SELECT max(s.buckets) FROM stickiness_oracle AS s WHERE s.nr = a.nr AND s.visitors > 0) AS stickiest,
       (SELECT count(*) FROM ((SELECT * FROM lifecycle_oracle AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM lifecycle_row AS r
           WHERE r.nr = a.nr)
            UNION ALL (SELECT * FROM lifecycle_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM lifecycle_oracle AS o
                WHERE o.nr = a.nr)) AS d)
       + (SELECT count(*) FROM ((SELECT * FROM active_oracle AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM active_row AS r
           WHERE r.nr = a.nr)
            UNION ALL (SELECT * FROM active_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM active_oracle AS o WHERE o.nr = a.nr)) AS d)
       + (SELECT count(*) FROM ((SELECT * FROM stickiness_oracle AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM stickiness_row AS r
           WHERE r.nr = a.nr)
            UNION ALL (SELECT * FROM stickiness_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM stickiness_oracle AS o
                WHERE o.nr = a.nr)) AS d)
           AS differences
FROM asked AS a
JOIN (SELECT nr, count(*) AS buckets, sum(new) AS new, sum(returned) AS returned, sum(resurrecting) AS resurrecting, sum(dormant) AS dormant
      FROM lifecycle_oracle GROUP BY nr) AS l ON l.nr = a.nr
ORDER BY a.nr;

SELECT count(*) BETWEEN 50 AND 500 AS delivered_twice
FROM (SELECT e.event_id FROM mrcall.events AS e WHERE e.visitor_id ~ '^A-' GROUP BY 1 HAVING count(*) > 1) AS t;

-- New, returned and resurrecting are the visitors of the bucket. Who is dormant was in the bucket before and did not return. Each visitor
-- of the range is in one row of stickiness, and comes in as many buckets as it says.
CREATE TEMP TABLE bucket_row AS
SELECT a.nr, b.bucket, b.visitors FROM asked AS a
CROSS JOIN LATERAL mrcall.visitor_buckets(('1 ' || a.unit)::interval, a.since, a.until, a.zone, exclude_bots => a.no_bots) AS b;
SELECT l.nr, count(*) FILTER (WHERE l.new + l.returned + l.resurrecting IS DISTINCT FROM b.visitors) AS not_its_visitors,
       count(*) FILTER (WHERE l.dormant + l.returned <> l.visitors_before) AS not_those_before
FROM (SELECT l.*, lag(l.new + l.returned + l.resurrecting) OVER (PARTITION BY l.nr ORDER BY l.bucket) AS visitors_before
      FROM lifecycle_row AS l) AS l
FULL JOIN bucket_row AS b ON b.nr = l.nr AND b.bucket = l.bucket
GROUP BY l.nr
ORDER BY l.nr;
SELECT a.nr, (SELECT sum(b.visitors) FROM bucket_row AS b WHERE b.nr = a.nr) = sum(s.buckets * s.visitors) AS same_buckets,
       (SELECT count(DISTINCT h.visitor_id) FROM hit AS h WHERE h.nr = a.nr AND h.at >= a.since) = sum(s.visitors) AS same_visitors
FROM asked AS a
JOIN stickiness_row AS s ON s.nr = a.nr
GROUP BY a.nr, a.since
ORDER BY a.nr;
-- The newcomers of all buckets are those of cohorts.
SELECT (SELECT sum(l.new) FROM mrcall.lifecycle('7 days', '2033-02-03Z', '2033-04-01Z') AS l)
       = (SELECT sum(c.visitors) FROM mrcall.cohorts('2033-02-03Z', '2033-04-01Z', '7 days', periods => 0) AS c) AS same;
-- Daily is what visitor_buckets counts by day, from whole days.
SELECT count(*) AS days, count(*) FILTER (WHERE v.daily <> b.visitors) AS differences, sum(v.daily) > 0 AS compared
FROM mrcall.active_visitors(date '2033-01-01', date '2033-05-01', 'America/New_York') AS v
JOIN mrcall.visitor_buckets('1 day', date '2033-01-01', date '2033-05-01', 'America/New_York') AS b ON b.local::date = v.day;

-- To the microsecond; a bucket begins with its first instant.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url) VALUES
    ('L-1', '2035-01-01 23:59:59.999999Z', 'click', NULL), ('L-1', '2035-01-02 00:00Z', 'click', NULL),
    ('L-2', '2035-01-02 23:59:59.999999Z', 'click', NULL), ('L-2', '2035-01-04 00:00Z', 'click', NULL),
    ('L-3', '2035-01-05 00:00Z', 'click', NULL);
SELECT local, new, returned, resurrecting, dormant FROM mrcall.lifecycle('1 day', '2035-01-02Z', '2035-01-05Z');
SELECT local, new, returned, resurrecting, dormant FROM mrcall.lifecycle('1 day', '2035-01-02 00:00:00.000001Z',
    '2035-01-05 00:00:00.000001Z');
SELECT * FROM mrcall.active_visitors('2035-01-01Z', '2035-01-05 00:00:00.000001Z');
SELECT * FROM mrcall.stickiness('1 day', '2035-01-01Z', '2035-01-05Z');
-- A window ends after 28 days, to the day.
SELECT * FROM mrcall.active_visitors('2035-01-11Z', '2035-01-12Z');
SELECT * FROM mrcall.active_visitors('2035-02-01Z', '2035-02-03Z');
-- Weeks that begin on Sunday, days that begin at four.
SELECT local, new, returned, resurrecting, dormant FROM mrcall.lifecycle('7 days', '2034-12-31Z', '2035-01-14Z', origin => '2000-01-02');
SELECT * FROM mrcall.active_visitors('2035-01-01 04:00Z', '2035-01-06 04:00Z', origin => '2000-01-01 04:00');
-- Apia had no 30th of December 2011: of 7 days that end with the 1st of January, that is one.
INSERT INTO public.website_events (session_id, created_at, event_type) VALUES
    ('L-4', '2011-12-26 12:00 Pacific/Apia', 'click'), ('L-5', '2011-12-27 12:00 Pacific/Apia', 'click'),
    ('L-5', '2011-12-29 12:00 Pacific/Apia', 'click'), ('L-6', '2011-12-31 12:00 Pacific/Apia', 'click');
SELECT * FROM mrcall.active_visitors(date '2011-12-29', date '2012-01-04', 'Pacific/Apia');
SELECT local, new, returned, resurrecting, dormant FROM mrcall.lifecycle('1 day', date '2011-12-29', date '2012-01-02', 'Pacific/Apia');

-- A parallel plan changes nothing; nor does a READ ONLY transaction.
CREATE TEMP TABLE serial AS
SELECT l.nr, l.bucket::text AS a, ROW(l.new, l.returned, l.resurrecting, l.dormant)::text AS b FROM lifecycle_row AS l
UNION ALL SELECT c.nr, c.day::text, ROW(c.daily, c.weekly, c.monthly)::text FROM active_row AS c
UNION ALL SELECT s.nr, s.buckets::text, s.visitors::text FROM stickiness_row AS s;
DELETE FROM serial WHERE nr NOT IN (2, 7, 9);
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE TEMP TABLE parallel AS
SELECT a.nr, l.bucket::text AS a, ROW(l.new, l.returned, l.resurrecting, l.dormant)::text AS b FROM asked AS a
CROSS JOIN LATERAL mrcall.lifecycle(('1 ' || a.unit)::interval, a.since, a.until, a.zone, exclude_bots => a.no_bots) AS l
WHERE a.nr IN (2, 7, 9)
UNION ALL
SELECT a.nr, c.day::text, ROW(c.daily, c.weekly, c.monthly)::text FROM asked AS a
CROSS JOIN LATERAL mrcall.active_visitors(a.since, a.until, a.zone, exclude_bots => a.no_bots) AS c WHERE a.nr IN (2, 7, 9)
UNION ALL
SELECT a.nr, s.buckets::text, s.visitors::text FROM asked AS a
CROSS JOIN LATERAL mrcall.stickiness(('1 ' || a.unit)::interval, a.since, a.until, a.zone, exclude_bots => a.no_bots) AS s
WHERE a.nr IN (2, 7, 9);
SELECT (SELECT count(*) FROM serial) > 100 AS compared, count(*) AS differences
FROM ((TABLE serial EXCEPT ALL TABLE parallel) UNION ALL (TABLE parallel EXCEPT ALL TABLE serial)) AS d;
SET LOCAL transaction_read_only = on;
SELECT (SELECT count(*) FROM mrcall.lifecycle('1 day', '2033-01-01', '2033-02-01')) = 31
       AND (SELECT count(*) FROM mrcall.active_visitors('2033-01-01', '2033-02-01')) = 31
       AND (SELECT count(*) FROM mrcall.stickiness('1 day', '2033-01-01', '2033-02-01')) = 31 AS read_only;
