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
CREATE TEMP TABLE width (width interval, months int, seconds bigint) ON COMMIT DROP;
INSERT INTO width
SELECT w::interval, extract(year FROM w::interval) * 12 + extract(month FROM w::interval), extract(epoch
    FROM w::interval)
FROM unnest('{15 minutes,30 minutes,45 minutes,1 hour,90 minutes,7 hours,23 hours 45 minutes,1 day,25 hours,5 days,1 week,1 month,3 months,
              1 year}'::text[]) AS w;

-- What the clock shows at each step, what it would show had it just gone on, and the latest that it has shown by then.
CREATE TEMP TABLE clock ON COMMIT DROP AS
SELECT p.zone, p.since, p.until, s.at, s.at AT TIME ZONE p.zone AS wall, (s.at - p.step) AT TIME ZONE p.zone + p.step
    AS expected,
       max(s.at AT TIME ZONE p.zone) OVER (PARTITION BY p.zone, p.since ORDER BY s.at) AS latest
FROM period AS p
CROSS JOIN LATERAL generate_series(p.since, p.until, p.step) AS s (at);

-- The grid time at or before what a clock shows, whole numbers only.
CREATE FUNCTION pg_temp.grid(months int, seconds bigint, wall timestamp)
RETURNS timestamp
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN months > 0
        THEN timestamp '2000-01-01' + floor((extract(year FROM wall) * 12 + extract(month FROM wall) - 24001) /
            months)::int * months
                                          * interval '1 month'
        ELSE timestamp '2000-01-03' + floor(extract(epoch FROM wall - timestamp '2000-01-03') / seconds)::bigint *
            seconds
                                          * interval '1 second' END
$$;

-- Below a day a bucket starts whenever a grid time is shown or passed; from a day on only the first time.
CREATE TEMP TABLE scan ON COMMIT DROP AS
SELECT c.*, w.width,
       max(c.at) FILTER (WHERE c.starts) OVER (PARTITION BY c.zone, c.since, w.width ORDER BY c.at) AS bucket,
       min(c.at) FILTER (WHERE c.starts) OVER (PARTITION BY c.zone, c.since, w.width ORDER BY c.at
                                               ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_bucket
FROM width AS w
CROSS JOIN LATERAL (
    SELECT c.*, c.at > c.since AND CASE
               WHEN w.seconds < 86400 THEN g.now = c.wall OR g.now >= c.expected
               ELSE g.latest > lag(g.latest) OVER (PARTITION BY c.zone, c.since ORDER BY c.at) END AS starts
    FROM clock AS c
    CROSS JOIN LATERAL (SELECT pg_temp.grid(w.months, w.seconds, c.wall) AS now, pg_temp.grid(w.months, w.seconds,
        c.latest) AS latest) AS g
) AS c;

-- Where the scanned period holds no start before or after an instant, the answer has to lie outside of it.
SELECT s.width, count(*) FILTER (WHERE s.bucket = s.at) > 0 AS has_starts, count(*) > 5000 AS compared,
       count(*) FILTER (WHERE r.bucket IS DISTINCT FROM s.bucket AND NOT (s.bucket IS NULL AND r.bucket <= s.since))
           AS wrong_bucket,
       count(*) FILTER (WHERE r.next_bucket IS DISTINCT FROM s.next_bucket AND NOT (s.next_bucket IS NULL
           AND r.next_bucket > s.until))
           AS wrong_next
FROM scan AS s
CROSS JOIN LATERAL (SELECT mrcall.bucket(s.width, s.at, s.zone) AS bucket, mrcall.next_bucket(s.width, s.at, s.zone)
    AS next_bucket) AS r
GROUP BY 1
ORDER BY 1;

-- buckets() lists just these, the one around the begin included.
SELECT count(*) > 1000 AS compared, count(*) FILTER (WHERE l.bucket IS DISTINCT FROM s.bucket) AS differences
FROM (SELECT p.zone, p.since, w.width, b.bucket
      FROM period AS p, width AS w, mrcall.buckets(w.width, p.since, p.until, p.zone) AS b
      WHERE b.bucket > p.since) AS l
FULL JOIN (SELECT DISTINCT s.zone, s.since, s.width, s.bucket FROM scan AS s WHERE s.bucket < s.until) AS s
    ON (s.zone, s.since, s.width, s.bucket) = (l.zone, l.since, l.width, l.bucket);

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
SELECT z.zone, w.width, timestamptz '1850-01-01Z' + random() * interval '91000 days' AS ts
FROM width AS w, generate_series(1, 60),
     unnest('{UTC,Europe/Rome,Europe/Amsterdam,America/New_York,Australia/Lord_Howe,Pacific/Apia,America/Sao_Paulo,Africa/Cairo,
              Asia/Kathmandu,Africa/Monrovia,Asia/Manila,America/Juneau}'::text[]) AS z (zone);
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (r.b <= i.ts AND i.ts < r.next)) AS not_around,
       count(*) FILTER (WHERE mrcall.bucket(i.width, r.b, i.zone) <> r.b OR mrcall.bucket(i.width, r.next,
           i.zone) <> r.next) AS no_start,
       count(*) FILTER (WHERE mrcall.next_bucket(i.width, r.b, i.zone) <> r.next
                           OR mrcall.bucket(i.width, r.next - interval '1 microsecond', i.zone) <> r.b)
                               AS not_neighbours
FROM instant AS i
CROSS JOIN LATERAL (SELECT mrcall.bucket(i.width, i.ts, i.zone) AS b, mrcall.next_bucket(i.width, i.ts, i.zone) AS next)
    AS r;
SELECT count(m.before) > 1000 AS compared, count(*) FILTER (WHERE m.b < m.before) AS not_monotone
FROM (SELECT mrcall.bucket(i.width, i.ts, i.zone) AS b, lag(mrcall.bucket(i.width, i.ts, i.zone))
    OVER (PARTITION BY i.zone, i.width ORDER BY i.ts)
                 AS before
      FROM instant AS i) AS m;
