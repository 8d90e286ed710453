-- A condition on the views visits and touches reads only what it asks for, and gives the rows that the whole view has.
\pset footer off
\set seed `echo ${SEED:-20261130}`
\i pg_test/fixtures/random_events.sql

-- Visits of days and weeks, which go on across every margin; one without an arrival at its start; one of hits at exactly the gap.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, referrer)
SELECT format('L-%s-%s', v.id, n), v.id, timestamptz '2032-01-02Z' + n * v.step, 'page_view', 'https://mrcall.ai/l' || n % 3,
       CASE WHEN n % v.every = 7 THEN 'https://www.google.com/' END
FROM (VALUES ('L-half-hours', interval '30 minutes', 1000), ('L-minutes', interval '20 minutes', 500),
             ('L-late', interval '25 minutes', 100000), ('L-breaks', interval '31 minutes', 11)) AS v (id, step, every)
CROSS JOIN generate_series(0, 1500) AS n;
ANALYZE public.website_events;

-- What the whole views say.
CREATE TEMP TABLE whole_visits ON COMMIT DROP AS SELECT * FROM mrcall.visits;
CREATE TEMP TABLE whole_touches ON COMMIT DROP AS SELECT * FROM mrcall.touches;
SELECT (SELECT count(*) FROM whole_visits) > 3000 AS compared,
       count(*) FILTER (WHERE v.ended_at - v.started_at > '10 days') AS long_visits
FROM whole_visits AS v;

-- The same question of the view and of its copy; how many rows, or the differences.
CREATE FUNCTION pg_temp.compared(condition text, columns text DEFAULT '*', relation text DEFAULT 'visits') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    of_view text := format('SELECT %s FROM mrcall.%s AS v WHERE %s', columns, relation, condition);
    of_copy text := format('SELECT %s FROM whole_%s AS v WHERE %s', columns, relation, condition);
    differences bigint;
    found bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) AS d', of_view, of_copy)
    INTO differences;
    EXECUTE format('SELECT count(*) FROM (%s) AS c', of_copy) INTO found;
    RETURN CASE WHEN differences > 0 THEN format('%s differences', differences) WHEN found > 0 THEN 'some' ELSE 'none' END;
END $$;

-- By hand: each kind of condition.
SELECT c.condition, pg_temp.compared(c.condition) AS all_columns,
       pg_temp.compared(c.condition, 'visitor_id, started_at, events') AS some_columns
FROM (VALUES
    (1, $$v.visitor_id = 'R-visitor-7'$$), (2, $$'L-late' = v.visitor_id$$), (3, $$v.visitor_id IN ('R-visitor-7', 'L-breaks', 'nobody')$$),
    (4, $$v.visitor_id = ANY (ARRAY['L-minutes', NULL])$$), (5, $$v.visitor_id = NULL$$), (6, $$v.visitor_id = ANY (NULL::text[])$$),
    (7, $$v.visitor_id = 'L-late' COLLATE "C"$$), (8, $$v.visitor_id <> 'L-late'$$), (9, $$v.visitor_id > 'R-visitor-39'$$),
    (10, $$v.visitor_id = 'L-late' OR v.started_at < '2026-03-05'$$), (11, $$NOT v.visitor_id = 'L-late'$$),
    (12, $$v.started_at >= '2032-01-20Z'$$), (13, $$v.started_at < '2032-01-03Z'$$),
    (14, $$v.started_at BETWEEN '2032-01-05Z' AND '2032-01-06Z'$$), (15, $$v.started_at = '2032-01-02Z'$$),
    (16, $$date '2032-01-09' <= v.started_at$$), (17, $$v.started_at > timestamp '2032-01-12 12:00'$$),
    (18, $$v.started_at >= 'infinity'$$), (19, $$v.started_at < '-infinity'$$), (20, $$v.started_at >= '-infinity'$$),
    (21, $$v.started_at >= '2032-01-10Z' AND v.started_at >= '2032-01-15Z'$$),
    (22, $$v.started_at >= date '5874897-12-31'$$), (23, $$v.started_at < now()$$), (24, $$v.started_at > current_date - 30$$),
    (25, $$v.touched_at >= '2032-01-12Z' AND v.touched_at < '2032-01-12 06:00Z'$$), (26, $$v.touched_at = v.started_at$$),
    (27, $$v.touched_at > '2032-01-20Z' AND v.visitor_id = 'L-late'$$), (28, $$v.visit_no = 2 AND v.started_at >= '2032-01-20Z'$$),
    (29, $$v.visit_no > 1 AND v.visitor_id = 'R-visitor-9'$$), (30, $$v.ended_at >= '2032-01-20Z' AND v.started_at < '2032-01-05Z'$$),
    (31, $$v.touched_at >= '2032-01-03Z' AND v.started_at < '2032-01-03Z'$$), (32, $$v::text LIKE '%R-visitor-7,%'$$),
    (33, $$v.visitor_id = (SELECT 'L-late')$$), (34, $$v.started_at >= (SELECT timestamptz '2032-01-20Z')$$),
    (35, $$v.visitor_id = lower('l-LATE')$$), (36, $$v.started_at >= '2032-01-10Z' AND random() >= 0$$)
) AS c (nr, condition)
ORDER BY c.nr;

-- At random: since and until around every border of the margins, with and without numbers, of both views.
SELECT count(*) AS questions, count(*) FILTER (WHERE r.result = 'some') > 60 AS with_rows,
       string_agg(r.condition, '; ') FILTER (WHERE r.result LIKE '%differences') AS wrong
FROM (
    SELECT c.condition, pg_temp.compared(c.condition, c.columns, c.relation) AS result
    FROM generate_series(1, 30) AS n
    CROSS JOIN LATERAL (SELECT abs(hashint8extended(n, :seed)) AS a, abs(hashint8extended(n, :seed + 1)) AS b,
                               abs(hashint8extended(n, :seed + 2)) AS d) AS h
    CROSS JOIN LATERAL (SELECT timestamptz '2032-01-01 23:00Z' + (h.a % 3200) * interval '10 minutes' AS since,
                               (h.b % 400) * interval '15 minutes' AS long) AS t
    CROSS JOIN (VALUES ('visits', '*'), ('visits', 'visitor_id, started_at, ended_at, touched_at, channel, events'),
                       ('touches', '*')) AS q (relation, columns)
    CROSS JOIN LATERAL (VALUES (q.relation, q.columns, (ARRAY[
        format('v.touched_at >= %L AND v.touched_at < %L', t.since, t.since + t.long),
        format('v.touched_at > %L', t.since), format('v.touched_at <= %L', t.since),
        format('v.touched_at BETWEEN %L AND %L AND v.visitor_id IN (''L-late'', ''L-breaks'', ''R-visitor-%s'')',
               t.since, t.since + t.long, h.d % 400)
        ])[1 + h.d % 4]),
        (q.relation, q.columns, replace(format('v.started_at >= %L AND v.started_at < %L', t.since, t.since + t.long), 'v.started_at',
            CASE q.relation WHEN 'visits' THEN 'v.started_at' ELSE 'v.visit_started_at' END))) AS c (relation, columns, condition)
) AS r;

-- Where the view stands elsewhere than alone in FROM.
CREATE FUNCTION pg_temp.same(query text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    of_copy text := replace(replace(query, 'mrcall.visits', 'whole_visits'), 'mrcall.touches', 'whole_touches');
    differences bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) AS d', query, of_copy)
    INTO differences;
    RETURN differences = 0;
END $$;
SELECT q.nr, pg_temp.same(q.query)
FROM (VALUES
    (1, $$SELECT a.visitor_id, a.visit_no, b.visit_no FROM mrcall.visits AS a JOIN mrcall.visits AS b USING (visitor_id)
          WHERE a.visitor_id = 'R-visitor-7' AND b.started_at >= '2032-01-10Z'$$),
    (2, $$SELECT i.id, v.visit_no FROM (VALUES ('R-visitor-7'), ('L-late')) AS i (id) LEFT JOIN mrcall.visits AS v
          ON v.visitor_id = i.id AND v.visitor_id = 'L-late'$$),
    (3, $$SELECT i.id, (SELECT count(*) FROM mrcall.visits AS v WHERE v.visitor_id = i.id)
          FROM (VALUES ('R-visitor-7'), ('L-late')) AS i (id)$$),
    (4, $$SELECT i.id FROM (VALUES ('R-visitor-7'), ('x')) AS i (id)
          WHERE EXISTS (SELECT FROM mrcall.visits AS v WHERE v.visitor_id = i.id)$$),
    (5, $$SELECT visitor_id, visit_no FROM mrcall.visits WHERE visitor_id = 'R-visitor-7' UNION ALL
          SELECT visitor_id, visit_no FROM mrcall.visits WHERE started_at > '2032-01-25Z' UNION ALL SELECT visitor_id, 0 FROM mrcall.touches
          WHERE touched_at > '2032-01-25Z'$$),
    (6, $$SELECT * FROM (SELECT visitor_id, visit_no FROM mrcall.visits UNION ALL SELECT visitor_id, 0 FROM mrcall.touches) AS u
          WHERE u.visitor_id = 'R-visitor-7'$$),
    (7, $$SELECT * FROM (SELECT visitor_id, started_at, visit_no FROM mrcall.visits ORDER BY 2, 1, 3 LIMIT 10) AS l
          WHERE l.visitor_id = 'L-late'$$),
    (8, $$SELECT visitor_id, count(*), min(visit_no) FROM mrcall.visits GROUP BY 1 HAVING visitor_id = 'R-visitor-7'$$),
    (9, $$SELECT * FROM (SELECT visitor_id, row_number() OVER (ORDER BY started_at, visitor_id) FROM mrcall.visits) AS w
          WHERE visitor_id = 'R-visitor-7'$$),
    (10, $$WITH v AS MATERIALIZED (SELECT * FROM mrcall.visits) SELECT visitor_id FROM v WHERE visitor_id = 'R-visitor-7'$$),
    (11, $$WITH v AS NOT MATERIALIZED (SELECT * FROM mrcall.visits) SELECT a.visitor_id FROM v AS a WHERE a.visitor_id = 'R-visitor-7'
           UNION ALL SELECT b.visitor_id FROM v AS b WHERE b.visitor_id = 'L-late'$$),
    (12, $$SELECT v.* FROM mrcall.visits AS v RIGHT JOIN (VALUES (1), (2)) AS i (n)
           ON v.visit_no = i.n AND v.started_at > '2032-01-25Z'$$),
    (13, $$SELECT v.visit_no FROM (VALUES (1)) AS i (n) FULL JOIN mrcall.visits AS v ON v.visit_no = i.n
           WHERE v.visitor_id = 'R-visitor-7'$$),
    (14, $$SELECT l.* FROM (VALUES ('R-visitor-7'), ('L-breaks')) AS i (id) CROSS JOIN LATERAL
           (SELECT v.visit_no FROM mrcall.visits AS v WHERE v.visitor_id = i.id AND v.started_at > '2032-01-10Z') AS l$$),
    (15, $$SELECT DISTINCT ON (visitor_id) visitor_id, visit_no FROM mrcall.visits
           WHERE visitor_id = ANY ('{R-visitor-7,L-breaks}') ORDER BY 1, 2$$)
) AS q (nr, query)
ORDER BY q.nr;

-- Prepared, by a plan for any argument and by one for these.
PREPARE of_one (text, timestamptz) AS SELECT count(*), min(visit_no) FROM mrcall.visits WHERE visitor_id = $1 AND started_at >= $2;
SET LOCAL plan_cache_mode = force_generic_plan;
EXECUTE of_one ('L-breaks', '2032-01-20Z');
EXECUTE of_one (NULL, '2032-01-20Z');
SET LOCAL plan_cache_mode = force_custom_plan;
EXECUTE of_one ('L-breaks', '2032-01-20Z');
RESET plan_cache_mode;
SELECT count(*), min(visit_no) FROM whole_visits WHERE visitor_id = 'L-breaks' AND started_at >= '2032-01-20Z';

-- visits_of: rows of the view.
SELECT o.nr, (SELECT count(*) FROM mrcall.visits_of(o.ids, o.since, o.until)) > 0 AS some,
       (SELECT count(*)
        FROM (SELECT to_jsonb(v) AS row FROM mrcall.visits_of(o.ids, o.since, o.until) AS v) AS f
        FULL JOIN (SELECT to_jsonb(v) AS row FROM whole_visits AS v
                   WHERE v.visitor_id = ANY (o.ids) AND v.started_at >= coalesce(o.since, '-infinity')
                     AND v.started_at < coalesce(o.until, 'infinity')) AS w USING (row)
        WHERE f.row IS NULL OR w.row IS NULL) AS differences
FROM (VALUES (1, '{R-visitor-7}'::text[], NULL::timestamptz, NULL::timestamptz),
             (2, '{L-late,L-breaks,L-minutes}', '2032-01-10Z', '2032-01-12Z'), (3, '{}', NULL, NULL),
             (4, '{NULL,L-breaks}', '2032-01-10Z', NULL), (5, '{nobody}', NULL, '2032-01-10Z')) AS o (nr, ids, since, until);
SELECT count(*) FROM mrcall.visits_of(NULL);
SELECT count(*) FROM mrcall.visits_of(ARRAY[ARRAY['a'], ARRAY['b']]);
