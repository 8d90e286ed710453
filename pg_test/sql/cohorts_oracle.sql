-- mrcall.cohorts against the wall clock of the zone and plain differences of time, on the world and on random events.
\pset footer off
\set seed 271828
\ir ../fixtures/random_events.sql

CREATE TEMP TABLE asked (nr serial, since timestamptz, until timestamptz, unit text, zone text, by text, periods int, rolling boolean,
    no_bots boolean);
INSERT INTO asked (since, until, unit, zone, by, periods, rolling, no_bots) VALUES
    ('2026-02-01Z', '2026-04-06Z', 'week', 'UTC', 'first_seen', 8, false, false),
    ('2026-02-10 05:00Z', '2026-04-01 11:30Z', 'week', 'Europe/Rome', 'first_seen', 3, false, true),
    ('2026-02-01Z', '2026-06-01Z', 'month', 'America/New_York', 'first_seen', 4, false, false),
    ('2026-03-25 23:00Z', '2026-04-02 22:00Z', 'day', 'Europe/Rome', 'first_seen', 5, false, false),
    ('2026-02-01Z', '2026-04-06Z', 'week', 'UTC', 'channel', 8, false, false),
    ('2026-02-01Z', '2026-04-06Z', 'month', 'Asia/Kathmandu', 'source', 2, false, true),
    ('2026-02-01Z', '2026-04-06Z', 'week', 'UTC', 'first_seen', 8, true, false),
    ('2026-03-20Z', '2026-04-02 10:00Z', 'day', 'Europe/Rome', 'first_seen', 6, true, true),
    ('2026-03-20Z', '2026-04-02 10:00Z', 'day', 'UTC', 'device', 6, true, false),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'Australia/Lord_Howe', 'channel', 5, true, false),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'Australia/Lord_Howe', 'first_seen', 5, false, true),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'week', 'UTC', 'referrer_domain', 2, true, true),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'UTC', 'campaign', 0, false, false),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'UTC', 'landing_page', 2, false, false),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'UTC', 'entry_page', 2, true, true),
    ('2032-01-03 07:15Z', '2032-01-25 09:00Z', 'day', 'UTC', 'medium', 2, true, true),
    ('2034-01-01Z', '2034-01-03Z', 'day', 'UTC', 'first_seen', 1, false, false),
    ('2034-01-01Z', '2034-01-03Z', 'day', 'UTC', 'channel', 1, true, false);

-- In steps with statistics, so that no plan compares every visit with every event.
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE visit ON COMMIT DROP AS
SELECT a.nr, v.visitor_id, v.started_at, v.ended_at, to_jsonb(v) ->> a.by AS value
FROM (SELECT until, array_agg(nr) AS numbers FROM asked GROUP BY 1) AS r
CROSS JOIN LATERAL oracle.visits(NULL, r.until + interval '24 hours 30 minutes', '30 minutes') AS v
JOIN asked AS a ON a.nr = ANY (r.numbers)
WHERE NOT (a.no_bots AND v.is_bot);
ANALYZE visit;
CREATE TEMP TABLE hit ON COMMIT DROP AS
SELECT v.nr, v.visitor_id, e.occurred_at AS at, coalesce(v.value, '(not set)') AS value,
       row_number() OVER (PARTITION BY v.nr, v.visitor_id ORDER BY e.occurred_at) AS place
FROM visit AS v
JOIN asked AS a ON a.nr = v.nr
JOIN mrcall.events AS e ON e.visitor_id = v.visitor_id AND e.occurred_at >= v.started_at AND e.occurred_at <= v.ended_at
WHERE e.occurred_at < a.until;
CREATE INDEX ON hit (nr, visitor_id, at);
ANALYZE hit;
RESET enable_nestloop;
CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH member AS (
    SELECT a.nr, h.visitor_id, h.at AS first_at, CASE WHEN a.by <> 'first_seen' THEN h.value END AS value,
           date_trunc(a.unit, h.at AT TIME ZONE a.zone) AS first_wall
    FROM hit AS h JOIN asked AS a ON a.nr = h.nr
    WHERE h.place = 1 AND h.at >= a.since
),
life AS (
    SELECT m.*, p AS period, a.by = 'first_seen' AS by_bucket,
           CASE WHEN a.rolling THEN m.first_at + p * extract(epoch FROM ('1 ' || a.unit)::interval) * interval '1 second'
                ELSE (m.first_wall + p * ('1 ' || a.unit)::interval) AT TIME ZONE a.zone END AS begins,
           CASE WHEN a.rolling THEN m.first_at + (p + 1) * extract(epoch FROM ('1 ' || a.unit)::interval) * interval '1 second'
                ELSE (m.first_wall + (p + 1) * ('1 ' || a.unit)::interval) AT TIME ZONE a.zone END AS ends, a.until
    FROM member AS m JOIN asked AS a ON a.nr = m.nr CROSS JOIN LATERAL generate_series(0, a.periods) AS p
),
lived AS (
    SELECT l.nr, CASE WHEN l.by_bucket THEN l.first_wall END AS wall, l.value, l.period, count(*) AS visitors,
           count(*) FILTER (WHERE l.ends <= l.until) AS eligible,
           count(*) FILTER (WHERE l.ends <= l.until AND EXISTS (
               SELECT FROM hit AS h WHERE h.nr = l.nr AND h.visitor_id = l.visitor_id AND h.at >= l.begins AND h.at < l.ends)) AS returned
    FROM life AS l GROUP BY 1, 2, 3, 4
),
cohort AS (
    SELECT a.nr, a.zone, g.wall, NULL::text AS value, p AS period
    FROM asked AS a
    CROSS JOIN LATERAL generate_series(date_trunc(a.unit, a.since AT TIME ZONE a.zone), (a.until - interval '1 us') AT TIME ZONE a.zone,
                                       ('1 ' || a.unit)::interval) AS g (wall)
    CROSS JOIN LATERAL generate_series(0, a.periods) AS p
    WHERE a.by = 'first_seen'
    UNION ALL
    SELECT DISTINCT l.nr, a.zone, NULL::timestamp, l.value, l.period FROM lived AS l JOIN asked AS a ON a.nr = l.nr WHERE
        a.by <> 'first_seen'
)
SELECT c.nr, c.wall AT TIME ZONE c.zone AS cohort, c.value, coalesce(l.visitors, 0) AS visitors, c.period,
       CASE WHEN l.eligible > 0 THEN l.returned END AS returned,
       CASE WHEN l.eligible > 0 THEN round(l.returned::numeric / l.eligible, 6) END AS retention, coalesce(l.eligible, 0) AS eligible,
       c.wall AS local
FROM cohort AS c
LEFT JOIN lived AS l ON l.nr = c.nr AND l.wall IS NOT DISTINCT FROM c.wall AND l.value IS NOT DISTINCT FROM c.value AND l.period = c.period;

CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.cohorts(a.since, a.until, ('1 ' || a.unit)::interval, a.zone, a.by, a.periods, a.rolling,
    exclude_bots => a.no_bots)
    AS r;

SELECT a.nr, a.unit, a.by || CASE WHEN a.rolling THEN ' rolling' ELSE '' END || CASE WHEN a.no_bots THEN ' without bots' ELSE '' END AS by,
       o.rows, o.visitors, o.later, o.not_yet,
       (SELECT count(*) FROM ((SELECT * FROM oracle_row AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM report_row AS r WHERE r.nr = a.nr)
                              UNION ALL
                              (SELECT * FROM report_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM oracle_row AS o WHERE o.nr = a.nr))
                             AS d) AS differences
FROM asked AS a
LEFT JOIN (SELECT nr, count(*) AS rows, sum(visitors) FILTER (WHERE period = 0) AS visitors, sum(returned) FILTER (WHERE
    period > 0) AS later,
                  count(*) FILTER (WHERE eligible = 0 AND visitors > 0) AS not_yet FROM oracle_row GROUP BY nr) AS o ON o.nr = a.nr
ORDER BY a.nr;

-- The cohorts of all weeks have every newcomer once, by bucket or by channel.
SELECT w.visitors = c.visitors AND w.visitors = (
           SELECT count(*) FROM (SELECT e.visitor_id FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY 1
                                 HAVING min(e.occurred_at) >= '2026-02-01' AND min(e.occurred_at) < '2026-06-01') AS f) AS same
FROM (SELECT sum(visitors) AS visitors FROM mrcall.cohorts('2026-02-01', '2026-06-01') WHERE period = 0) AS w,
     (SELECT sum(visitors) AS visitors FROM mrcall.cohorts('2026-02-01', '2026-06-01', by => 'channel') WHERE period = 0) AS c;

-- To the microsecond: exactly one width later is the next period, and a period that ends at until is over.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url) VALUES
    ('C-1', '2035-01-01 10:00Z', 'page_view', 'https://mrcall.ai/'), ('C-1', '2035-01-02 10:00Z', 'page_view', 'https://mrcall.ai/'),
    ('C-2', '2035-01-01 10:00Z', 'page_view', 'https://mrcall.ai/'), ('C-2', '2035-01-02 09:59:59.999999Z', 'page_view',
        'https://mrcall.ai/'),
    ('C-3', '2035-01-01 10:00:00.000001Z', 'page_view', 'https://mrcall.ai/');
SELECT * FROM mrcall.cohorts('2035-01-01Z', '2035-01-03 10:00Z', '1 day', periods => 2, rolling => true) WHERE visitors > 0;
SELECT * FROM mrcall.cohorts('2035-01-01Z', '2035-01-03 10:00Z', '1 day', periods => 2) WHERE visitors > 0;
-- Who was there before the range is no newcomer in it.
SELECT sum(visitors) AS newcomers FROM mrcall.cohorts('2035-01-02Z', '2035-01-03Z', '1 day', periods => 0);
-- An instant that is none is no first event. (A hypertable has none; an ordinary table may.)
CREATE TABLE public.timeless AS SELECT * FROM public.website_events LIMIT 10;
SELECT mrcall.attach('{"events": {"table": "public.timeless"}}') LIKE '%attached%' AS attached;
INSERT INTO public.timeless (session_id, created_at, event_type) VALUES (NULL, '-infinity', 'click'), ('C-4', 'infinity', 'click');
SELECT sum(visitors) AS newcomers FROM mrcall.cohorts('2035-01-02Z', '2035-01-03Z', periods => 0);
INSERT INTO public.timeless (session_id, created_at, event_type) VALUES ('C-5', '-infinity', 'click');
SELECT * FROM mrcall.cohorts('2035-01-02Z', '2035-01-03Z');
