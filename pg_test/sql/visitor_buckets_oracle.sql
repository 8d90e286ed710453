-- mrcall.visitor_buckets against date_trunc in the zone: days, weeks, months and hours, as a whole and by dimension.
\pset footer off
-- Heartbeats of two kinds while pages are looked at, and some of visitors who do nothing else.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, user_agent)
SELECT format('heartbeat-%s-%s', e.event_id, n), e.session_id, e.created_at + n * interval '8 s' * (1 + abs(hashtext(e.event_id)) % 7),
       (ARRAY['heartbeat', 'ping', 'pong'])[1 + (n + abs(hashtext(e.event_id))) % 3], CASE WHEN n = 1 THEN e.page_url END, e.user_agent
FROM public.website_events AS e CROSS JOIN generate_series(1, 3) AS n
WHERE e.event_id LIKE 'W-%' AND abs(hashtext(e.event_id || 'beats')) % 4 = 0;
SET mrcall.heartbeat_events = ' heartbeat,ping, ';

CREATE TEMP TABLE asked (nr serial, unit text, zone text, since timestamptz, until timestamptz, dimension text,
    no_bots boolean, with_new boolean)
ON COMMIT DROP;
INSERT INTO asked (unit, zone, since, until, dimension, no_bots)
SELECT u.unit, z.zone, '2026-03-03 17:20:00.5Z', '2026-04-12 03:45Z', NULL, false
FROM unnest('{day,week,month,year}'::text[]) AS u (unit),
     unnest('{UTC,Europe/Rome,America/New_York,Australia/Lord_Howe,Asia/Kathmandu,America/St_Johns}'::text[])
         AS z (zone)
WHERE u.unit = 'day' OR z.zone IN ('Europe/Rome', 'Australia/Lord_Howe');
INSERT INTO asked (unit, zone, since, until, dimension, no_bots) VALUES
    ('hour', 'UTC', '2026-03-28Z', '2026-03-30Z', NULL, false), ('hour', 'Asia/Kathmandu', '2026-03-28Z', '2026-03-30Z',
        NULL, true),
    ('hour', 'Europe/Rome', '2026-03-28 10:10Z', '2026-03-29 12:10Z', 'channel', false),
    ('day', 'Europe/Rome', '2026-03-20Z', '2026-04-05Z', 'channel', false), ('day', 'Europe/Rome', '2026-03-20Z',
        '2026-04-05Z', 'device', true),
    ('day', 'Europe/Rome', '2026-03-20Z', '2026-04-05Z', NULL, true), ('week', 'UTC', '2026-03-01Z', '2026-04-15Z',
        'source', false),
    ('week', 'America/New_York', '2026-03-01Z', '2026-04-15Z', 'medium', true), ('month', 'UTC', '2026-02-10Z',
        '2026-05-15Z', 'campaign', false),
    ('month', 'Asia/Kathmandu', '2026-02-10Z', '2026-05-15Z', 'landing_page', false),
    ('month', 'UTC', '2026-02-10Z', '2026-05-15Z', 'referrer_domain', true), ('month', 'UTC', '2026-02-10Z',
        '2026-05-15Z', 'entry_page', false),
    ('day', 'UTC', '2030-01-01 12:00Z', '2030-01-03 12:00Z', NULL, false), ('day', 'UTC', '2030-01-01 12:00Z',
        '2030-01-03 12:00Z', 'channel', false);

-- With and without history, whatever else is asked for.
UPDATE asked SET with_new = nr % 2 = 1 OR dimension IS NOT NULL;
CREATE TEMP TABLE every_visit ON COMMIT DROP AS SELECT * FROM oracle.visits(NULL, '2026-07-01', '30 minutes');
CREATE INDEX ON every_visit (visitor_id);
ANALYZE every_visit;
CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH visit AS (
    -- A report reads back one gap and a day, so that it knows the begin of visits shorter than that.
    SELECT a.nr, v.visitor_id, v.started_at, v.ended_at, v.events, v.pageviews,
           v.started_at = (SELECT min(x.started_at) FROM every_visit AS x
                           WHERE x.visitor_id = v.visitor_id AND NOT (a.no_bots AND x.is_bot)) AS is_first,
           CASE WHEN a.dimension IS NOT NULL THEN coalesce(to_jsonb(v) ->> a.dimension, '(not set)') END AS value
    FROM (SELECT since, until, array_agg(DISTINCT nr) AS numbers FROM asked GROUP BY 1, 2) AS r
    CROSS JOIN LATERAL oracle.visits(r.since - interval '24 hours 30 minutes', r.until, '30 minutes') AS v
    JOIN asked AS a ON a.nr = ANY (r.numbers)
    WHERE NOT (a.no_bots AND v.is_bot)
),
hit AS (
    SELECT a.nr, v.value, e.visitor_id, e.event_type ~ '^page_?view$' AND e.page_path IS NOT NULL AS is_pageview,
           date_trunc(a.unit, e.occurred_at AT TIME ZONE a.zone) AT TIME ZONE a.zone AS bucket
    FROM asked AS a
    JOIN visit AS v ON v.nr = a.nr
    JOIN mrcall.events AS e ON e.visitor_id = v.visitor_id AND e.occurred_at BETWEEN v.started_at AND v.ended_at
        AND e.occurred_at >= a.since AND e.occurred_at < a.until
),
-- From each page view or heartbeat to the next, of 30 seconds at most.
timed AS (
    SELECT m.nr, m.visitor_id, m.started_at, sum(CASE WHEN m.next_at IS NOT NULL THEN least(m.next_at - m.at, interval '30 s') END)
        AS engaged_time
    FROM (SELECT v.nr, v.visitor_id, v.started_at, e.occurred_at AS at,
                 lead(e.occurred_at) OVER (PARTITION BY v.nr, v.visitor_id, v.started_at ORDER BY e.occurred_at) AS next_at
          FROM visit AS v
          JOIN mrcall.events AS e ON e.visitor_id = v.visitor_id AND e.occurred_at BETWEEN v.started_at AND v.ended_at
          WHERE e.event_type ~ '^page_?view$' AND e.page_path IS NOT NULL OR e.event_type IN ('heartbeat', 'ping')) AS m
    GROUP BY 1, 2, 3
),
grid AS (
    SELECT a.nr, g.wall AT TIME ZONE a.zone AS bucket, val.value
    FROM asked AS a
    CROSS JOIN LATERAL generate_series(date_trunc(a.unit, a.since AT TIME ZONE a.zone), (a.until - interval '1 us') AT
        TIME ZONE a.zone,
                                       ('1 ' || a.unit)::interval) AS g (wall)
    JOIN (SELECT nr, NULL::text AS value FROM asked WHERE dimension IS NULL
          UNION SELECT h.nr, h.value FROM hit AS h WHERE h.value IS NOT NULL) AS val ON val.nr = a.nr
    -- An hour that the clock jumps over has no bucket.
    WHERE (g.wall AT TIME ZONE a.zone) AT TIME ZONE a.zone = g.wall
)
SELECT g.nr, g.bucket, g.value, coalesce(h.visitors, 0) AS visitors, coalesce(v.visits, 0) AS visits, coalesce(h.events,
    0) AS events,
       coalesce(h.pageviews, 0) AS pageviews, coalesce(v.bounces, 0) AS bounces, coalesce(v.total_duration,
           '0') AS total_duration, CASE WHEN (SELECT a.with_new FROM asked AS a WHERE a.nr = g.nr) THEN coalesce(v.new_visitors, 0) END
               AS new_visitors,
       coalesce(v.engaged_visits, 0) AS engaged_visits, coalesce(v.engaged_time, '0') AS engaged_time,
           g.bucket AT TIME ZONE (SELECT a.zone FROM asked AS a WHERE a.nr = g.nr) AS local
FROM grid AS g
LEFT JOIN (SELECT h.nr, h.bucket, coalesce(h.value, '-') AS value, count(DISTINCT h.visitor_id) AS visitors,
    count(*) AS events,
                  count(*) FILTER (WHERE h.is_pageview) AS pageviews
           FROM hit AS h GROUP BY 1, 2, 3) AS h ON (h.nr, h.bucket, h.value) = (g.nr, g.bucket, coalesce(g.value, '-'))
LEFT JOIN (SELECT v.nr, date_trunc(a.unit, v.started_at AT TIME ZONE a.zone) AT TIME ZONE a.zone AS bucket,
    coalesce(v.value, '-') AS value,
                  count(*) AS visits, count(*) FILTER (WHERE v.events < 2) AS bounces, sum(v.ended_at - v.started_at)
                      AS total_duration,
                  count(*) FILTER (WHERE v.is_first) AS new_visitors,
                  count(*) FILTER (WHERE v.ended_at > v.started_at + interval '10 s' OR v.pageviews > 1) AS engaged_visits,
                  sum(t.engaged_time) AS engaged_time
           FROM visit AS v JOIN asked AS a ON a.nr = v.nr
           LEFT JOIN timed AS t ON t.nr = v.nr AND t.visitor_id = v.visitor_id AND t.started_at = v.started_at
           WHERE v.started_at >= a.since
           GROUP BY 1, 2, 3) AS v ON (v.nr, v.bucket, v.value) = (g.nr, g.bucket, coalesce(g.value, '-'));

CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.visitor_buckets(('1 ' || a.unit)::interval, a.since, a.until, a.zone, a.dimension,
    exclude_bots => a.no_bots, with_new => a.with_new) AS r;

SELECT a.unit, a.zone, coalesce(a.dimension, '') || CASE WHEN a.no_bots THEN ' without bots' ELSE '' END AS by,
       (SELECT count(*) FROM oracle_row AS o WHERE o.nr = a.nr AND o.visitors > 0) > 0 AS compared,
       (SELECT count(*) FROM ((SELECT * FROM oracle_row AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM report_row AS r
           WHERE r.nr = a.nr)
                              UNION ALL
                              (SELECT * FROM report_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM oracle_row AS o
                                  WHERE o.nr = a.nr))
                             AS d) AS differences
FROM asked AS a
ORDER BY a.nr;

SELECT sum(r.new_visitors) > 1000 AS new, sum(r.engaged_visits) > 1000 AS engaged, sum(r.visits) > 1.1 * sum(r.engaged_visits) AS not_all,
       sum(r.engaged_time) > '1 hour' AS for_long
FROM report_row AS r;
-- The history changes nothing else; whoever is new is so in one bucket, and by one value.
SELECT count(*) AS differences FROM report_row AS r JOIN asked AS a ON a.nr = r.nr AND a.with_new
CROSS JOIN LATERAL (
    SELECT count(*) AS rows FROM mrcall.visitor_buckets(('1 ' || a.unit)::interval, a.since, a.until, a.zone, a.dimension,
        exclude_bots => a.no_bots) AS b
    WHERE b.bucket = r.bucket AND b.dimension_value IS NOT DISTINCT FROM r.dimension_value
      AND to_jsonb(b) - 'new_visitors' = to_jsonb(r) - 'new_visitors' - 'nr') AS b
WHERE b.rows <> 1 AND a.unit = 'week';
SELECT n.whole = l.new AS lifecycle, n.whole = n.by_channel AS by_channel, n.whole = c.visitors AS cohorts, n.whole > 100 AS compared
FROM (SELECT (SELECT sum(b.new_visitors) FROM mrcall.visitor_buckets('7 days', '2026-03-03 17:20Z', '2026-04-12Z', with_new => true) AS b)
    AS whole,
             (SELECT sum(b.new_visitors) FROM mrcall.visitor_buckets('1 day', '2026-03-03 17:20Z', '2026-04-12Z', 'UTC', 'channel',
                 with_new => true) AS b) AS by_channel) AS n,
     (SELECT sum(l.new) AS new FROM mrcall.lifecycle('1 day', '2026-03-03 17:20Z', '2026-04-12Z') AS l) AS l,
     (SELECT sum(c.visitors) AS visitors FROM mrcall.cohorts('2026-03-03 17:20Z', '2026-04-12Z', periods => 0) AS c) AS c;

-- To the microsecond: 10 seconds are not longer than 10 seconds; the cap counts of a pause what it lets; a view without a path is none.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url) VALUES
    ('E-1', '2034-01-01 10:00Z', 'page_view', 'https://mrcall.ai/'), ('E-1', '2034-01-01 10:00:10Z', 'click', NULL),
    ('E-2', '2034-01-02 10:00Z', 'page_view', 'https://mrcall.ai/'), ('E-2', '2034-01-02 10:00:10.000001Z', 'click', NULL),
    ('E-3', '2034-01-03 10:00Z', 'page_view', 'https://mrcall.ai/'), ('E-3', '2034-01-03 10:00Z', 'pageview', 'https://mrcall.ai/a'),
    ('E-4', '2034-01-04 10:00Z', 'page_view', 'nonsense'), ('E-4', '2034-01-04 10:00:05Z', 'page_view', 'https://mrcall.ai/'),
    ('E-5', '2034-01-05 10:00Z', 'heartbeat', NULL), ('E-5', '2034-01-05 10:00:20Z', 'ping', NULL), ('E-5', '2034-01-05 10:00:50.000001Z',
        'pong', NULL),
    ('E-5', '2034-01-05 10:00:51Z', 'heartbeat', NULL), ('E-5', '2034-01-05 10:20Z', 'heartbeat', NULL), ('E-5', '2034-01-05 10:25Z',
        'click', NULL);
SELECT b.local::date AS day, b.visits, b.bounces, b.total_duration, b.engaged_visits, b.engaged_time
FROM mrcall.visitor_buckets('1 day', '2034-01-01Z', '2034-01-06Z') AS b;
-- What fits a goal engages a visit, whatever its length, delivered twice too.
INSERT INTO mrcall.goal (name, event_type, page_pattern) VALUES ('click', 'click', NULL), ('a', NULL, '/a%');
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url)
SELECT 'E-6', 'E-6', '2034-01-06 10:00Z'::timestamptz + n * interval '1 s', 'page_view', 'https://mrcall.ai/about' FROM generate_series(0,
    1) AS n;
SELECT b.local::date AS day, b.visits, b.pageviews, b.engaged_visits FROM mrcall.visitor_buckets('1 day', '2034-01-01Z', '2034-01-07Z')
    AS b;
SELECT sum(b.engaged_visits) = (
           SELECT count(*) FROM oracle.visits('2026-03-01', '2026-04-01', '30 minutes') AS v
           WHERE v.ended_at - v.started_at > '10 s' OR v.pageviews > 1
              OR EXISTS (SELECT FROM mrcall.events AS e WHERE e.visitor_id = v.visitor_id AND e.occurred_at BETWEEN v.started_at
                  AND v.ended_at
                         AND (e.event_type = 'click' OR e.event_type ~ '^page_?view$' AND e.page_path LIKE '/a%'))
              AND v.started_at >= '2026-03-01') AS same,
       sum(b.engaged_visits) > (SELECT sum(w.engaged_visits) FROM report_row AS w WHERE w.nr = 1) AS compared
FROM mrcall.visitor_buckets('1 month', '2026-03-01', '2026-04-01') AS b;
DELETE FROM mrcall.goal;
SET LOCAL mrcall.engaged_cap = '10min';
SET LOCAL mrcall.heartbeat_events = 'pong,heartbeat';
SELECT b.engaged_visits, b.engaged_time FROM mrcall.visitor_buckets('1 day', '2034-01-05Z', '2034-01-06Z') AS b;
SET LOCAL mrcall.engaged_cap = 0;
SELECT b.engaged_visits, b.engaged_time FROM mrcall.visitor_buckets('1 day', '2034-01-05Z', '2034-01-06Z') AS b;
SET LOCAL mrcall.heartbeat_events = '';
SET LOCAL mrcall.engaged_cap = 30;
SELECT b.engaged_visits, b.engaged_time FROM mrcall.visitor_buckets('1 day', '2034-01-05Z', '2034-01-06Z') AS b;
RESET mrcall.heartbeat_events;

-- Sums over the buckets are what there is in the range, and a day of 23 hours has 23 hours.
SELECT sum(b.events) = (SELECT count(e.visitor_id) FROM mrcall.events AS e
    WHERE e.occurred_at >= '2026-03-29 00:00 Europe/Rome'
                            AND e.occurred_at < '2026-03-30 00:00 Europe/Rome') AS all_events, count(*) AS hours
FROM mrcall.visitor_buckets('1 hour', '2026-03-29 00:00 Europe/Rome', '2026-03-30 00:00 Europe/Rome', 'Europe/Rome')
    AS b;

-- Visits over the begin of the range: their events count, the visits count where they start; exactly the gap stays.
INSERT INTO public.website_events (session_id, created_at, page_url) VALUES
    ('T-visitor-1', '2031-03-28 23:50Z', 'https://mrcall.ai/'), ('T-visitor-1', '2031-03-29 00:10Z',
        'https://mrcall.ai/'),
    ('T-visitor-2', '2031-03-28 23:29:59Z', 'https://mrcall.ai/'), ('T-visitor-2', '2031-03-29 00:00Z',
        'https://mrcall.ai/'),
    ('T-visitor-3', '2031-03-28 23:30Z', 'https://mrcall.ai/'), ('T-visitor-3', '2031-03-29 00:00Z',
        'https://mrcall.ai/'),
    (NULL, '2031-03-29 00:00Z', 'https://mrcall.ai/');
SELECT to_char(b.bucket AT TIME ZONE 'UTC', 'MM-DD') AS bucket, b.visitors, b.visits, b.events, b.pageviews, b.bounces,
    b.total_duration
FROM mrcall.visitor_buckets('1 day', '2031-03-29Z', '2031-03-31Z') AS b;
SELECT to_char(b.bucket AT TIME ZONE 'UTC', 'MM-DD') AS bucket, b.visitors, b.visits, b.events, b.pageviews, b.bounces,
    b.total_duration
FROM mrcall.visitor_buckets('1 day', '2031-03-28Z', '2031-03-30Z') AS b;
