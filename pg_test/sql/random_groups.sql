-- A hundred thousand random groups: visits, funnels, retention, sequences and buckets against plain SQL, and every state's bytes
-- after a random split. MRCALL_SEED=0.5 (between 0 and 1) in the environment chooses other groups.
\pset footer off
\set seed 0.20264
\getenv seed MRCALL_SEED
\echo seed :seed
SELECT setseed(:seed) \g /dev/null
SET LOCAL work_mem = '256MB';

-- Up to eight rows a visitor, on a grid of five minutes: ties, duplicates and distances of exactly the gap are frequent.
CREATE TEMP TABLE hit AS
SELECT visitor, n, part, CASE WHEN a > 0.04 THEN timestamptz '2031-03-01Z' + floor(b * span) * interval '5 minutes' END AS ts,
       CASE WHEN c > 0.2 THEN '/' || floor(c * 9) END AS page, CASE WHEN d < 0.4 THEN 'touch ' || floor(d * 9) END AS touch,
       CASE WHEN e > 0.02 THEN ARRAY[nullif(e < 0.45, e > 0.97), f < 0.4, e * f < 0.15] END AS steps
FROM (SELECT visitor, n, 1 + (visitor * 7) % 120 AS span, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
             random() AS f, floor(random() * 3)::int AS part
      FROM generate_series(1, 100000) AS visitor, generate_series(1, 8) AS n
      WHERE n <= 1 + visitor % 8
      OFFSET 0) AS r;
INSERT INTO hit SELECT visitor, n + 8, (part + 1) % 3, ts, page, touch, steps FROM hit WHERE random() < 0.05;
ANALYZE hit;
SELECT count(DISTINCT visitor) AS groups, count(*) > 400000 AS rows, count(*) > count(ts) AS null_times,
       count(*) > count(steps) AS null_steps FROM hit;

-- Visits by window functions.
WITH own AS (
    SELECT s.visitor, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page, v.touch
    FROM (SELECT visitor, mrcall.visit_agg(ts, '30 minutes', page, touch) AS state FROM hit GROUP BY visitor) AS s
    CROSS JOIN LATERAL mrcall.visits(s.state) AS v
), marked AS (
    SELECT *, CASE WHEN ts - lag(ts) OVER w <= interval '30 minutes' THEN 0 ELSE 1 END AS begins
    FROM hit WHERE ts IS NOT NULL WINDOW w AS (PARTITION BY visitor ORDER BY ts)
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY visitor ORDER BY ts ROWS UNBOUNDED PRECEDING) AS visit_no FROM marked
), plain AS (
    SELECT visitor, visit_no::int, min(ts), max(ts), count(*), count(page),
           (array_agg(page ORDER BY ts, page COLLATE "C") FILTER (WHERE page IS NOT NULL))[1],
           (array_agg(page ORDER BY ts DESC, page COLLATE "C" DESC) FILTER (WHERE page IS NOT NULL))[1],
           (array_agg(touch ORDER BY ts, touch COLLATE "C") FILTER (WHERE touch IS NOT NULL))[1]
    FROM numbered GROUP BY visitor, visit_no
)
SELECT (SELECT count(*) FROM own) > 150000 AS compared, count(*) AS differences
FROM ((TABLE own EXCEPT ALL TABLE plain) UNION ALL (TABLE plain EXCEPT ALL TABLE own)) AS d;

-- The bytes of each group are those of its three random parts, merged in a random order.
WITH part AS (
    SELECT visitor, part, mrcall.visit_agg(ts, '30 minutes', page, touch) AS visits, mrcall.funnel_agg(ts, steps) AS funnel,
           mrcall.distinct_agg(page, 10) AS pages, mrcall.call_agg(ts, ts + n * interval '1 minute', touch) AS calls
    FROM hit GROUP BY visitor, part
), merged AS (
    SELECT visitor, mrcall.rollup(visits) AS visits, mrcall.rollup(funnel) AS funnel, mrcall.rollup(pages) AS pages,
           mrcall.rollup(calls) AS calls
    FROM (SELECT *, random() AS r FROM part ORDER BY r) AS p GROUP BY visitor
), whole AS (
    SELECT visitor, mrcall.visit_agg(ts, '30 minutes', page, touch) AS visits, mrcall.funnel_agg(ts, steps) AS funnel,
           mrcall.distinct_agg(page, 10) AS pages, mrcall.call_agg(ts, ts + n * interval '1 minute', touch) AS calls,
           count(DISTINCT page) AS exact
    FROM hit GROUP BY visitor
)
SELECT count(*) AS compared, count(*) FILTER (WHERE w.visits::text IS DISTINCT FROM m.visits::text) AS visits,
       count(*) FILTER (WHERE w.funnel::text IS DISTINCT FROM m.funnel::text) AS funnel,
       count(*) FILTER (WHERE w.pages::text IS DISTINCT FROM m.pages::text) AS pages,
       count(*) FILTER (WHERE w.calls::text IS DISTINCT FROM m.calls::text) AS calls,
       count(*) FILTER (WHERE abs(coalesce(mrcall.num_distinct(w.pages), 0) - w.exact) > 1) AS distinct_wrong
FROM whole AS w FULL JOIN merged AS m USING (visitor);

-- Funnels by trying every chain, a third of the groups in each mode: times that do not fall, that rise, each event once.
CREATE TEMP TABLE step AS
SELECT visitor, visitor % 3 AS mode, row_number() OVER (PARTITION BY visitor) AS event, ts,
       coalesce(steps[1], false) AS s1, coalesce(steps[2], false) AS s2, coalesce(steps[3], false) AS s3
FROM hit WHERE ts IS NOT NULL AND steps IS NOT NULL;
ANALYZE step;
WITH RECURSIVE chain AS (
    SELECT visitor, mode, ts AS first_at, ts AS last_at, ARRAY[event] AS used, ARRAY[ts] AS times FROM step WHERE s1
    UNION
    SELECT c.visitor, c.mode, c.first_at, s.ts, CASE WHEN c.mode = 2 THEN c.used || s.event END, c.times || s.ts
    FROM chain AS c
    JOIN step AS s ON s.visitor = c.visitor AND s.ts <= c.first_at + interval '1 hour'
        AND CASE WHEN c.mode = 1 THEN s.ts > c.last_at ELSE s.ts >= c.last_at END
        AND CASE cardinality(c.times) WHEN 1 THEN s.s2 WHEN 2 THEN s.s3 END
        AND (c.mode < 2 OR s.event <> ALL (c.used))
), best AS (
    SELECT DISTINCT ON (visitor) visitor, times FROM chain ORDER BY visitor, cardinality(times) DESC, times
), own AS (
    SELECT visitor, mrcall.window_funnel('1 hour', ts, steps) AS depth, mrcall.window_funnel_times('1 hour', ts, steps) AS times
    FROM hit WHERE visitor % 3 = 0 GROUP BY visitor
    UNION ALL
    SELECT visitor, mrcall.window_funnel('1 hour', ts, steps, '{strict_increase}'),
           mrcall.window_funnel_times('1 hour', ts, steps, '{strict_increase}')
    FROM hit WHERE visitor % 3 = 1 GROUP BY visitor
    UNION ALL
    SELECT visitor, mrcall.window_funnel('1 hour', ts, steps, '{strict_once}'),
           mrcall.window_funnel_times('1 hour', ts, steps, '{strict_once}')
    FROM hit WHERE visitor % 3 = 2 GROUP BY visitor
)
SELECT o.visitor % 3 AS mode, count(*) AS compared, count(DISTINCT o.depth) AS depths,
       count(*) FILTER (WHERE o.depth <> cardinality(coalesce(b.times, '{}')) OR o.times <> coalesce(b.times, '{}')) AS differences
FROM own AS o LEFT JOIN best AS b USING (visitor) GROUP BY 1 ORDER BY 1;

-- Retention by bool_or; its rows need no time.
SELECT count(*) AS compared,
       count(*) FILTER (WHERE r IS DISTINCT FROM CASE WHEN rows > 0 THEN ARRAY[a, a AND b, a AND c] END) AS differences
FROM (SELECT mrcall.retention(steps) AS r, coalesce(bool_or(steps[1]), false) AS a, coalesce(bool_or(steps[2]), false) AS b,
             coalesce(bool_or(steps[3]), false) AS c, count(steps) AS rows
      FROM hit GROUP BY visitor) AS g;

-- Sequences by regular expressions: an event is a letter, a to g for its true conditions; (?2) is any letter that has the second.
WITH letters AS (
    SELECT visitor, string_agg(chr(96 + s1::int + 2 * s2::int + 4 * s3::int), '' ORDER BY ts, ARRAY[s1, s2, s3]) AS word
    FROM step WHERE s1 OR s2 OR s3 GROUP BY visitor
), own AS (
    SELECT visitor, mrcall.sequence_count('(?1)(?2)', ts, steps) AS neighbours,
           mrcall.sequence_count('(?1).(?3)', ts, steps) AS one_between,
           mrcall.sequence_count('(?1).*(?2)', ts, steps) AS any_between, mrcall.sequence_count('(?2)(?1).*(?3)', ts, steps) AS three,
           mrcall.sequence_match('(?3)(?3)', ts, steps) AS twice
    FROM hit GROUP BY visitor
), plain AS (
    SELECT visitor, regexp_count(word, '[aceg][bcfg]') AS neighbours, regexp_count(word, '[aceg].[defg]') AS one_between,
           regexp_count(word, '[aceg].*?[bcfg]') AS any_between, regexp_count(word, '[bcfg][aceg].*?[defg]') AS three,
           word ~ '[defg][defg]' AS twice
    FROM letters
)
SELECT count(*) > 90000 AS compared, sum(p.neighbours) > 30000 AS neighbours_found, sum(p.three) > 10000 AS threes_found,
       count(*) FILTER (WHERE (o.neighbours, o.one_between, o.any_between, o.three, o.twice)
                              <> (p.neighbours, p.one_between, p.any_between, p.three, p.twice)) AS differences
FROM own AS o JOIN plain AS p USING (visitor);

-- Buckets: the properties at random instants of 250 years, in random zones, of random widths.
CREATE TEMP TABLE instant AS
SELECT z.names[1 + floor(random() * cardinality(z.names))::int] AS zone,
       (ARRAY['1 minute', '7 minutes', '1 hour', '5 hours', '1 day', '30 hours', '7 days', '1 month', '5 months', '1 year'])
           [1 + floor(random() * 10)::int]::interval AS width,
       timestamptz '1850-01-01Z' + random() * interval '91000 days' AS ts
FROM (SELECT array_agg(name ORDER BY name) AS names FROM pg_timezone_names WHERE name NOT LIKE 'posix/%') AS z, generate_series(1, 100000);
SELECT count(*) AS compared, count(*) FILTER (WHERE NOT (b <= ts AND ts < next)) AS not_around,
       count(*) FILTER (WHERE mrcall.bucket(width, b, zone) <> b OR mrcall.bucket(width, next, zone) <> next) AS no_start,
       count(*) FILTER (WHERE mrcall.next_bucket(width, b, zone) <> next
                           OR mrcall.bucket(width, next - interval '1 microsecond', zone) <> b) AS not_neighbours
FROM (SELECT *, mrcall.bucket(width, ts, zone) AS b, mrcall.next_bucket(width, ts, zone) AS next FROM instant) AS i;
