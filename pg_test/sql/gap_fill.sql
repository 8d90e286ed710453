-- locf and interpolate against plain SQL, on random series with ties, rows without a time and without a value.
-- Seed 20262.
SELECT setseed(0.20262) \g /dev/null
CREATE TEMP TABLE point AS
SELECT s AS series, n, CASE WHEN random() > 0.05
                       THEN timestamptz '2031-03-30 00:00Z' + floor(random() * 200) * interval '15 minutes' END AS ts,
       CASE WHEN random() < 0.4 THEN round((random() * 2000 - 1000)::numeric, 2)::float8 END AS value
FROM generate_series(1, 2000) AS s, generate_series(1, 40) AS n
WHERE s % 100 > 0 OR n < 4;
CREATE TEMP TABLE known AS
SELECT series, ts, max(value) AS value FROM point WHERE ts IS NOT NULL AND value IS NOT NULL GROUP BY series, ts;
CREATE INDEX ON known (series, ts);
ANALYZE known;
WITH own AS (
    SELECT p.series, p.n, p.ts, p.value, g.max_gap, mrcall.locf(p.value, p.ts, g.max_gap) OVER w AS locf,
           mrcall.interpolate(p.value, p.ts, g.max_gap) OVER w AS line
    FROM point AS p CROSS JOIN (VALUES (NULL::interval), ('0'), ('15 minutes'), ('2 hours'), ('1 day')) AS g (max_gap)
    WINDOW w AS (PARTITION BY p.series, g.max_gap ORDER BY p.ts)
), plain AS (
    SELECT o.*, CASE WHEN o.value IS NOT NULL OR o.ts IS NULL THEN o.value
                     WHEN o.ts - b.ts <= o.max_gap IS NOT false THEN b.value END AS plain_locf,
           CASE WHEN o.value IS NOT NULL OR o.ts IS NULL THEN o.value
                WHEN b.ts = o.ts THEN b.value
                WHEN a.ts - b.ts <= o.max_gap IS NOT false
                THEN b.value + (a.value - b.value)
                     * (extract(epoch FROM o.ts - b.ts) / extract(epoch FROM a.ts - b.ts))::float8 END AS plain_line
    FROM own AS o
    LEFT JOIN LATERAL (SELECT * FROM known AS k WHERE k.series = o.series AND k.ts <= o.ts ORDER BY k.ts DESC LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (SELECT * FROM known AS k WHERE k.series = o.series AND k.ts > o.ts ORDER BY k.ts LIMIT 1) AS a ON true
)
SELECT max_gap, count(*) > 70000 AS compared, count(locf) > count(value) AS locf_fills, count(line) > count(value) AS line_fills,
       count(*) FILTER (WHERE locf IS DISTINCT FROM plain_locf) AS locf_wrong,
       count(*) FILTER (WHERE (line IS NULL) <> (plain_line IS NULL) OR abs(line - plain_line) > 1e-9) AS line_wrong
FROM plain GROUP BY max_gap ORDER BY max_gap;

-- Frames mean nothing to them, the order of ties neither.
SELECT count(a) > 10000 AS compared, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS by_frame,
       count(*) FILTER (WHERE a IS DISTINCT FROM c) AS by_ties
FROM (SELECT mrcall.locf(value, ts, '1 hour') OVER (PARTITION BY series ORDER BY ts) AS a,
             mrcall.locf(value, ts, '1 hour') OVER (PARTITION BY series ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS b,
             mrcall.locf(value, ts, '1 hour') OVER (PARTITION BY series ORDER BY ts, n DESC) AS c
      FROM point) AS f;

-- Some to be read: ties, the limit met exactly, a row without a time, both ends.
SELECT n, to_char(ts, 'HH24:MI') AS at, value, mrcall.locf(value, ts, '20 minutes') OVER w AS locf,
       mrcall.interpolate(value, ts, '30 minutes') OVER w AS line
FROM (VALUES (1, timestamptz '2031-05-01 10:00Z', NULL::float8), (2, '2031-05-01 10:10Z', 4), (3, '2031-05-01 10:10Z', 6),
             (4, '2031-05-01 10:10Z', NULL), (5, '2031-05-01 10:20Z', NULL), (6, '2031-05-01 10:30Z', NULL),
             (7, '2031-05-01 10:30:01Z', NULL), (8, '2031-05-01 10:40Z', 0), (9, '2031-05-01 11:00Z', NULL), (10, NULL, 5),
             (11, NULL, NULL))
    AS v (n, ts, value)
WINDOW w AS (ORDER BY ts, n);

-- A day of max_gap is 24 hours when the clock changes, whatever the session's zone.
SET LOCAL timezone = 'Europe/Rome';
SELECT ts, mrcall.locf(value, ts, '1 day') OVER (ORDER BY ts) AS locf
FROM (VALUES (timestamptz '2026-03-28 12:00+01', 1::float8), ('2026-03-29 12:59:59+02', NULL), ('2026-03-29 13:00+02', NULL),
             ('2026-03-29 13:00:01+02', NULL)) AS v (ts, value);
SET LOCAL timezone = 'UTC';

-- The line stays between its ends, also where their difference is out of a float8's range.
SELECT mrcall.interpolate(v, ts, NULL) OVER (ORDER BY ts) AS line
FROM (VALUES (timestamptz '2031-01-01Z', -1.7e308::float8), ('2031-01-02Z', NULL), ('2031-01-03Z', 1.7e308), ('2031-01-04Z', NULL),
             ('2031-01-05Z', 0.1), ('2031-01-06Z', NULL), ('2031-01-08Z', 0.1)) AS x (ts, v);

-- No row, one row, and a long series: its time grows with its length, in a plan that computes both.
SELECT mrcall.locf(1, now(), NULL) OVER () FROM generate_series(1, 0);
SELECT mrcall.interpolate(NULL, now(), NULL) OVER () AS alone;
SET LOCAL statement_timeout = '20s';
SELECT count(*) AS rows, count(locf) AS filled, count(line) AS on_line, sum(line) AS sum
FROM (SELECT mrcall.locf(v, ts, NULL) OVER w AS locf, mrcall.interpolate(v, ts, NULL) OVER w AS line
      FROM (SELECT timestamptz '2031-01-01Z' + n * interval '1 second' AS ts, CASE WHEN n % 100000 = 0 THEN n END::float8 AS v
            FROM generate_series(0, 300000) AS n) AS series
      WINDOW w AS (ORDER BY ts)) AS f;
RESET statement_timeout;

-- One call that reads far ahead answers a timeout.
SELECT clock_timestamp() AS started \gset
SET LOCAL statement_timeout = '100ms';
SELECT count(locf) FROM (
    SELECT mrcall.locf(NULL, timestamptz '2000-01-01Z' + n * interval '1 second', NULL) OVER () AS locf
    FROM (SELECT generate_series(1, 100000000) AS n) AS s) AS f;
RESET statement_timeout;
SELECT clock_timestamp() - :'started' < interval '3 seconds' AS at_once;

-- Bad input.
SELECT mrcall.locf(v, ts, NULL) OVER (ORDER BY ts DESC)
FROM (VALUES (timestamptz '2031-01-01Z', 1::float8), ('2031-01-02Z', NULL)) AS x (ts, v);
SELECT mrcall.interpolate(v, ts, NULL) OVER (ORDER BY n)
FROM (VALUES (1, timestamptz '2031-01-03Z', 1::float8), (2, '2031-01-01Z', NULL), (3, '2031-01-02Z', 3)) AS x (n, ts, v);
SELECT mrcall.locf(1, now(), '-1 second') OVER ();
SELECT mrcall.interpolate(1, now(), '1 month') OVER ();
SELECT mrcall.locf('NaN', now(), NULL) OVER ();
SELECT mrcall.locf(v, now(), NULL) OVER () FROM (VALUES (NULL::float8), ('-infinity')) AS x (v);
SELECT mrcall.interpolate('infinity', now(), NULL) OVER ();
SELECT mrcall.locf(1, 'infinity', NULL) OVER ();
SELECT mrcall.interpolate(NULL, '-infinity', NULL) OVER ();
SELECT mrcall.locf(1, now(), NULL);
