-- mrcall.bucket, next_bucket and buckets against a scan of what the wall clock shows, on both sides of its changes.
\pset footer off

CREATE TEMP TABLE period (zone text, since timestamptz, until timestamptz, step interval) ON COMMIT DROP;
INSERT INTO period VALUES
    ('UTC', '2026-03-28Z', '2026-03-31Z', '15 minutes'),
    ('Europe/Rome', '2026-03-28Z', '2026-03-30 12:00Z', '15 minutes'), ('Europe/Rome', '2026-10-24Z',
        '2026-10-26 12:00Z', '15 minutes'),
    ('America/New_York', '2026-10-31Z', '2026-11-02 12:00Z', '15 minutes'),
    -- Half an hour forward, half an hour back, two hours forward.
    ('Australia/Lord_Howe', '2025-10-03Z', '2025-10-05 12:00Z', '15 minutes'),
    ('Australia/Lord_Howe', '2026-04-03Z', '2026-04-05 12:00Z', '15 minutes'),
    ('Antarctica/Troll', '2026-03-28Z', '2026-03-30Z', '15 minutes'),
    -- A day that never was; midnights that were skipped and repeated; offsets of three quarters of an hour.
    ('Pacific/Apia', '2011-12-28Z', '2012-01-02 12:00Z', '15 minutes'),
    ('America/Sao_Paulo', '2017-10-14Z', '2017-10-16 12:00Z', '15 minutes'),
    ('America/Sao_Paulo', '2018-02-16Z', '2018-02-19 12:00Z', '15 minutes'),
    ('Africa/Cairo', '2014-05-14Z', '2014-05-16 12:00Z', '15 minutes'), ('Africa/Cairo', '2014-09-24Z',
        '2014-09-26 12:00Z', '15 minutes'),
    ('Asia/Kathmandu', '1985-12-30Z', '1986-01-01 12:00Z', '15 minutes'), ('Asia/Kathmandu', '2026-05-30Z',
        '2026-06-01 12:00Z', '15 minutes'),
    -- The clock goes back across midnight, at a minute past.
    ('America/St_Johns', '2006-10-28Z', '2006-10-30 12:00Z', '1 minute');
CREATE TEMP TABLE width (width interval, months int, seconds bigint, origin timestamp) ON COMMIT DROP;
INSERT INTO width
SELECT w.width, extract(year FROM w.width) * 12 + extract(month FROM w.width), extract(epoch FROM w.width), w.origin
FROM (
    SELECT w::interval AS width, NULL::timestamp AS origin
    FROM unnest('{15 minutes,30 minutes,45 minutes,1 hour,90 minutes,7 hours,23 hours 45 minutes,1 day,25 hours,5 days,1 week,1 month,
                  3 months,1 year}'::text[]) AS w
    -- Days from four, weeks from Sunday, years from 25 October, months from the 26th; starts that the clock skips and repeats.
    UNION ALL
    VALUES ('1 hour'::interval, timestamp '2020-02-29 12:15'), ('7 hours', '1999-12-31 23:45'), ('1 day', '2000-01-01 04:00'),
           ('1 day', '2040-06-01 02:30'), ('1 day', '2000-01-01 00:15'), ('1 week', '2000-01-02'), ('1 week', '2019-10-05 23:30'),
           ('1 month', '2000-01-26'), ('1 month', '1987-11-28 02:15'), ('3 months', '2001-02-01 00:30'), ('1 year', '2000-10-25')
) AS w;

-- What the clock shows at each step, what it would show had it just gone on, and the latest that it has shown by then.
CREATE TEMP TABLE clock ON COMMIT DROP AS
SELECT p.zone, p.since, p.until, s.at, s.at AT TIME ZONE p.zone AS wall, (s.at - p.step) AT TIME ZONE p.zone + p.step
    AS expected,
       max(s.at AT TIME ZONE p.zone) OVER (PARTITION BY p.zone, p.since ORDER BY s.at) AS latest
FROM period AS p
CROSS JOIN LATERAL generate_series(p.since, p.until, p.step) AS s (at);

-- The grid time at or before what a clock shows, whole numbers only.
CREATE FUNCTION pg_temp.grid(months int, seconds bigint, origin timestamp, wall timestamp)
RETURNS timestamp
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN months > 0
        THEN (SELECT max(g) FROM generate_series(-1, 0) AS d
              CROSS JOIN LATERAL (SELECT o.origin + (floor((extract(year FROM wall) * 12 + extract(month FROM wall)
                  - extract(year FROM o.origin) * 12 - extract(month FROM o.origin)) / months)::int + d) * months
                  * interval '1 month') AS s (g)
              WHERE g <= wall)
        ELSE o.origin + floor(extract(epoch FROM wall - o.origin) / seconds)::bigint * seconds * interval '1 second' END
    FROM (SELECT coalesce(origin, CASE WHEN months > 0 THEN timestamp '2000-01-01' ELSE '2000-01-03' END) AS origin) AS o
$$;

-- Below a day a bucket starts whenever a grid time is shown or passed; from a day on only the first time.
CREATE TEMP TABLE scan ON COMMIT DROP AS
SELECT c.*, w.width, w.origin,
       max(c.at) FILTER (WHERE c.starts) OVER (PARTITION BY c.zone, c.since, w.width, w.origin ORDER BY c.at) AS bucket,
       min(c.at) FILTER (WHERE c.starts) OVER (PARTITION BY c.zone, c.since, w.width, w.origin ORDER BY c.at
                                               ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_bucket
FROM width AS w
CROSS JOIN LATERAL (
    SELECT c.*, c.at > c.since AND CASE
               WHEN w.seconds < 86400 THEN g.now = c.wall OR g.now >= c.expected
               ELSE g.latest > lag(g.latest) OVER (PARTITION BY c.zone, c.since ORDER BY c.at) END AS starts
    FROM clock AS c
    CROSS JOIN LATERAL (SELECT pg_temp.grid(w.months, w.seconds, w.origin, c.wall) AS now, pg_temp.grid(w.months, w.seconds, w.origin,
        c.latest) AS latest) AS g
) AS c;

-- Where the scanned period holds no start before or after an instant, the answer has to lie outside of it.
SELECT s.width, s.origin, count(*) FILTER (WHERE s.bucket = s.at) > 0 AS has_starts, count(*) > 5000 AS compared,
       count(*) FILTER (WHERE r.bucket IS DISTINCT FROM s.bucket AND NOT (s.bucket IS NULL AND r.bucket <= s.since))
           AS wrong_bucket,
       count(*) FILTER (WHERE r.next_bucket IS DISTINCT FROM s.next_bucket AND NOT (s.next_bucket IS NULL
           AND r.next_bucket > s.until))
           AS wrong_next
FROM scan AS s
CROSS JOIN LATERAL (SELECT mrcall.bucket(s.width, s.at, s.zone, s.origin) AS bucket, mrcall.next_bucket(s.width, s.at, s.zone, s.origin)
    AS next_bucket) AS r
GROUP BY 1, 2
ORDER BY 1, 2 NULLS FIRST;

-- buckets() lists just these, the one around the begin included.
SELECT count(*) > 1000 AS compared, count(*) FILTER (WHERE l.bucket IS DISTINCT FROM s.bucket) AS differences
FROM (SELECT p.zone, p.since, w.width, w.origin, b.bucket
      FROM period AS p, width AS w, mrcall.buckets(w.width, p.since, p.until, p.zone, w.origin) AS b
      WHERE b.bucket > p.since) AS l
FULL JOIN (SELECT DISTINCT s.zone, s.since, s.width, s.origin, s.bucket FROM scan AS s WHERE s.bucket < s.until) AS s
    ON (s.zone, s.since, s.width, s.bucket) = (l.zone, l.since, l.width, l.bucket) AND s.origin IS NOT DISTINCT FROM l.origin;

-- Some to be read.
SELECT to_char(b.bucket AT TIME ZONE z.zone, 'Dy YYYY-MM-DD HH24:MI') AS shows, b.bucket AT TIME ZONE 'UTC' AS utc,
    b.next_bucket - b.bucket AS lasts,
       z.zone
FROM (VALUES ('Pacific/Apia', interval '1 day', timestamptz '2011-12-29 12:00Z', timestamptz '2012-01-01Z'),
             ('Europe/Rome', '1 hour', '2026-10-24 23:30Z', '2026-10-25 02:30Z'), ('Europe/Rome', '1 day',
                 '2026-10-24 12:00Z', '2026-10-26Z'),
             ('America/Sao_Paulo', '1 day', '2017-10-14 12:00Z', '2017-10-16 04:00Z'),
             ('America/Sao_Paulo', '1 day', '2018-02-17 12:00Z', '2018-02-18 04:00Z')) AS z (zone, width, since, until),
     mrcall.buckets(z.width, z.since, z.until, z.zone) AS b;

-- Properties at random instants of 250 years, offsets with seconds among them; seed 20261.
SELECT setseed(0.20261) \g /dev/null
CREATE TEMP TABLE instant ON COMMIT DROP AS
SELECT z.zone, w.width, timestamptz '1850-01-01Z' + random() * interval '91000 days' AS ts, w.origin
FROM width AS w, generate_series(1, 60),
     unnest('{UTC,Europe/Rome,Europe/Amsterdam,America/New_York,Australia/Lord_Howe,Pacific/Apia,America/Sao_Paulo,Africa/Cairo,
              Asia/Kathmandu,Africa/Monrovia,Asia/Manila,America/Juneau}'::text[]) AS z (zone);
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (r.b <= i.ts AND i.ts < r.next)) AS not_around,
       count(*) FILTER (WHERE mrcall.bucket(i.width, r.b, i.zone, i.origin) <> r.b OR mrcall.bucket(i.width, r.next,
           i.zone, i.origin) <> r.next) AS no_start,
       count(*) FILTER (WHERE mrcall.next_bucket(i.width, r.b, i.zone, i.origin) <> r.next
                           OR mrcall.bucket(i.width, r.next - interval '1 microsecond', i.zone, i.origin) <> r.b)
                               AS not_neighbours
FROM instant AS i
CROSS JOIN LATERAL (SELECT mrcall.bucket(i.width, i.ts, i.zone, i.origin) AS b,
        mrcall.next_bucket(i.width, i.ts, i.zone, i.origin) AS next)
    AS r;
SELECT count(m.before) > 1000 AS compared, count(*) FILTER (WHERE m.b < m.before) AS not_monotone
FROM (SELECT mrcall.bucket(i.width, i.ts, i.zone, i.origin) AS b, lag(mrcall.bucket(i.width, i.ts, i.zone, i.origin))
    OVER (PARTITION BY i.zone, i.width, i.origin ORDER BY i.ts)
                 AS before
      FROM instant AS i) AS m;

-- The origin itself starts a bucket: where the clock shows it, or jumps past it.
SELECT count(*) AS compared, count(*) FILTER (WHERE mrcall.bucket(w.width, o.at, p.zone, w.origin) <> o.at) AS no_start
FROM width AS w
CROSS JOIN (SELECT DISTINCT zone FROM period) AS p
CROSS JOIN LATERAL (SELECT w.origin AT TIME ZONE p.zone AS at) AS o
-- Where it is shown twice, AT TIME ZONE takes the second.
WHERE w.origin IS NOT NULL AND o.at AT TIME ZONE p.zone = w.origin
  AND (o.at - interval '3 hours') AT TIME ZONE p.zone = w.origin - interval '3 hours';
-- An origin is as good as any other time of its grid.
SELECT count(*) AS compared, count(*) FILTER (
    WHERE mrcall.bucket(i.width, i.ts, i.zone, i.origin) <> mrcall.bucket(i.width, i.ts, i.zone, i.origin + n * i.width)) AS different
FROM instant AS i, generate_series(-3, 3) AS n
WHERE i.origin IS NOT NULL;

-- Shifting ts, which people did before there was an origin, is an hour off where the clock changes.
SELECT to_char(mrcall.bucket('7 days', '2026-03-08 12:00Z', 'America/New_York', '2000-01-02') AT TIME ZONE 'America/New_York',
               'Dy YYYY-MM-DD HH24:MI') AS week_from_sunday,
       to_char(mrcall.bucket('1 day', '2026-03-29 12:00Z', 'Europe/Rome', '2000-01-01 04:00') AT TIME ZONE 'Europe/Rome',
               'Dy YYYY-MM-DD HH24:MI') AS day_from_four;

-- Origins that are none.
SELECT mrcall.bucket('1 day', '2026-03-29Z', 'UTC', 'infinity');
SELECT mrcall.next_bucket('1 month', '2026-03-29Z', 'UTC', '-infinity');
SELECT * FROM mrcall.buckets('1 month', '2026-03-29Z', '2026-04-29Z', 'UTC', '2026-01-29');
SELECT mrcall.bucket('1 day', '2026-03-29Z', 'UTC', '2026-01-31') AS days_have_any_origin,
       mrcall.bucket('1 year', '2026-03-29Z', 'UTC', '2024-02-28 23:59:59.999999') AS last_of_months,
       mrcall.bucket('1 week', '2026-03-29Z', 'UTC', '4713-01-01 BC') AS long_ago,
       mrcall.bucket('1 week', '2026-03-29Z', 'UTC', '294276-12-31 12:00') AS far_ahead;
