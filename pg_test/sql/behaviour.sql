-- Funnels, retention and sequences. The engine's own tests compare every mode with ClickHouse; here: the SQL layer.
CREATE TEMP TABLE hit (visitor int, ts timestamptz, page text);
INSERT INTO hit VALUES
    (1, '2031-05-01 10:00+00', '/'), (1, '2031-05-01 10:05+00', '/pricing'), (1, '2031-05-01 10:20+00', '/signup'),
    (2, '2031-05-01 10:00+00', '/'), (2, '2031-05-01 12:00+00', '/pricing'),
    (3, '2031-05-01 10:00+00', '/pricing'), (3, '2031-05-01 10:01+00', '/'),
    (4, '2031-05-01 10:00+00', '/blog'),
    (5, '2031-05-01 10:00+00', '/'), (5, '2031-05-01 10:00+00', '/pricing'), (5, NULL, '/signup'),
    (6, '2031-05-01 10:00+00', '/'), (6, '2031-05-01 10:10+00', '/'), (6, '2031-05-01 10:59+00', '/pricing'),
    (6, '2031-05-01 11:10+00', '/signup');
SELECT visitor,
       mrcall.window_funnel('1 hour', ts, ARRAY[page = '/', page = '/pricing', page = '/signup']) AS depth,
       mrcall.window_funnel('1 hour', ts, ARRAY[page = '/', page = '/pricing', page = '/signup'], '{strict_increase}') AS strict,
       mrcall.window_funnel_times('1 hour', ts, ARRAY[page = '/', page = '/pricing', page = '/signup']) AS times
FROM hit GROUP BY visitor ORDER BY visitor;

-- The default against the definition, on random groups with ties: the deepest chain, found by trying all.
CREATE TEMP TABLE random_hit AS
SELECT g AS visitor, '2031-05-01'::timestamptz + (abs(hashint8extended(g * 100 + n, 42)) % 12) * interval '1 second' AS ts,
       ARRAY(SELECT (hashint8extended((g * 100 + n) * 10 + s, 43) % 3 = 0) FROM generate_series(1, 4) AS s) AS steps
FROM generate_series(1, 3000) AS g, generate_series(1, 6) AS n;
WITH RECURSIVE chain AS (
    SELECT visitor, ts AS first_at, ts AS last_at, 1 AS depth FROM random_hit WHERE steps[1]
    UNION
    SELECT c.visitor, c.first_at, h.ts, c.depth + 1
    FROM chain AS c JOIN random_hit AS h ON h.visitor = c.visitor AND h.ts >= c.last_at AND h.ts <= c.first_at + interval '5 seconds'
    WHERE c.depth < 4 AND h.steps[c.depth + 1]
), best AS (
    SELECT v.visitor, coalesce(max(c.depth), 0) AS depth
    FROM generate_series(1, 3000) AS v (visitor) LEFT JOIN chain AS c ON c.visitor = v.visitor GROUP BY 1
), own AS (
    SELECT visitor, mrcall.window_funnel('5 seconds', ts, steps) AS depth,
           cardinality(mrcall.window_funnel_times('5 seconds', ts, steps)) AS times
    FROM random_hit GROUP BY 1
)
SELECT count(*) AS compared, count(*) FILTER (WHERE o.depth <> b.depth OR o.times <> b.depth) AS differences,
       count(DISTINCT b.depth) AS depths
FROM own AS o JOIN best AS b USING (visitor);

SELECT visitor, mrcall.retention(ARRAY[page = '/', page = '/pricing', page = '/signup']) AS retention FROM hit GROUP BY 1 ORDER BY 1;
SELECT visitor,
       mrcall.sequence_match('(?1)(?2)', ts, ARRAY[page = '/', page = '/pricing']) AS neighbours,
       mrcall.sequence_match('(?1)(?t<=600)(?2)', ts, ARRAY[page = '/', page = '/pricing']) AS in_ten_minutes,
       mrcall.sequence_count('(?1).*(?2)', ts, ARRAY[page = '/', page = '/pricing']) AS matches
FROM hit GROUP BY 1 ORDER BY 1;

-- No row: 0 for a funnel, NULL for the others. A NULL condition is false.
SELECT mrcall.window_funnel('1 hour', ts, ARRAY[true]) AS funnel, mrcall.window_funnel_times('1 hour', ts, ARRAY[true]) AS times,
       mrcall.retention(ARRAY[true]) AS retention, mrcall.sequence_match('(?1)', ts, ARRAY[true]) AS matches,
       mrcall.sequence_count('(?1)', ts, ARRAY[true]) AS count
FROM hit WHERE false;
SELECT mrcall.window_funnel('1 hour', now(), ARRAY[NULL, true]::boolean[]) AS depth,
       mrcall.retention(ARRAY[true, NULL]::boolean[]) AS retention;

-- Parallel: partial states in the workers, the same answers, also for groups emptied by FILTER.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE TABLE public.plain_hit AS SELECT * FROM random_hit;
ANALYZE public.plain_hit;
EXPLAIN (COSTS OFF)
SELECT mrcall.window_funnel('5 seconds', ts, steps), mrcall.retention(steps), mrcall.sequence_count('(?1)(?2)', ts, steps)
FROM public.plain_hit;
CREATE TEMP TABLE in_parallel AS
SELECT mrcall.window_funnel('5 seconds', ts, steps) AS a, mrcall.window_funnel_times('5 seconds', ts, steps, '{strict_once}') AS b,
       mrcall.retention(steps) AS c, mrcall.sequence_match('(?1)(?2)(?3)', ts, steps) AS d,
       mrcall.sequence_count('(?1)(?t<=2)(?2)', ts, steps) AS e,
       mrcall.window_funnel('5 seconds', ts, steps) FILTER (WHERE visitor < 0) AS f
FROM public.plain_hit;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT p.* IS NOT DISTINCT FROM s.* AS same
FROM in_parallel AS p,
     (SELECT mrcall.window_funnel('5 seconds', ts, steps) AS a, mrcall.window_funnel_times('5 seconds', ts, steps, '{strict_once}') AS b,
             mrcall.retention(steps) AS c, mrcall.sequence_match('(?1)(?2)(?3)', ts, steps) AS d,
             mrcall.sequence_count('(?1)(?t<=2)(?2)', ts, steps) AS e,
             mrcall.window_funnel('5 seconds', ts, steps) FILTER (WHERE visitor < 0) AS f
      FROM public.plain_hit) AS s;

-- The same conditions as an array of the row, of a table (its header is short), with NULLs, or counted from 0.
CREATE TEMP TABLE given (ts timestamptz, steps boolean[]);
INSERT INTO given VALUES ('2031-01-01 10:00Z', '{t,NULL,NULL,f}'), ('2031-01-01 10:01Z', '{NULL,t,f,f}'),
    ('2031-01-01 10:02Z', '{f,f,t,f}'),
    ('2031-01-01 10:03Z', '[0:3]={f,NULL,NULL,t}');
SELECT mrcall.window_funnel('1 hour', ts, steps) AS of_table,
       mrcall.window_funnel('1 hour', ts, ARRAY[ts::time = '10:00', ts::time = '10:01', nullif(ts::time = '10:02', false), NULL]) AS of_row,
       mrcall.retention(steps), mrcall.sequence_count('(?1)(?2)(?3)(?4)', ts, steps), mrcall.window_funnel_times('2 minutes', ts, steps)
FROM given;

-- Bad input.
SELECT mrcall.window_funnel(NULL, now(), ARRAY[true]);
SELECT mrcall.window_funnel('-1 second', now(), ARRAY[true]);
SELECT mrcall.window_funnel('1 month', now(), ARRAY[true]);
SELECT mrcall.window_funnel('1 hour', 'infinity', ARRAY[true]);
SELECT mrcall.window_funnel('1 hour', now(), '{}');
SELECT mrcall.window_funnel('1 hour', now(), array_fill(true, ARRAY[33]));
SELECT mrcall.window_funnel('1 hour', now(), ARRAY[true], '{strictly}');
SELECT mrcall.window_funnel('1 hour', now(), ARRAY[true], '{allow_reentry}');
SELECT mrcall.window_funnel('1 hour', now(), x) FROM (VALUES (ARRAY[true]), (ARRAY[true, false])) AS v (x);
SELECT mrcall.retention('{}');
SELECT mrcall.retention(array_fill(true, ARRAY[33]));
SELECT mrcall.sequence_match(NULL, now(), ARRAY[true]);
SELECT mrcall.sequence_match('(?1)(?', now(), ARRAY[true]);
SELECT mrcall.sequence_match('(?2)', now(), ARRAY[true]);
SELECT mrcall.sequence_count('(?1)(?t<x)(?1)', now(), ARRAY[true]);
SELECT mrcall.sequence_count('(?1)', 'infinity', ARRAY[true]);
