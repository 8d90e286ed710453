-- Visits of visitors whom another part of the statement names: they alone are read, and the rows are those of the whole view.
\pset footer off
SET LOCAL timezone = 'UTC';
CREATE SCHEMA own;
CREATE TABLE own.events (LIKE public.website_events INCLUDING DEFAULTS);
SELECT mrcall.attach('{"events": {"table": "own.events"}}') \g /dev/null
INSERT INTO own.events SELECT e.* FROM public.website_events AS e;
INSERT INTO own.events (event_id, session_id, created_at, event_type, page_url, user_agent, properties)
SELECT format('J-%s', n), format('J-%s', abs(hashint8(n)) % 4000), timestamptz '2026-03-01Z' + n * interval '158 seconds', 'page_view',
       'https://mrcall.ai/', repeat('x', 150), '{}'
FROM generate_series(1::bigint, 30000) AS n;
CREATE INDEX ON own.events (session_id, created_at);
ANALYZE own.events;
CREATE TEMP TABLE whole_visits ON COMMIT DROP AS SELECT * FROM mrcall.visits;
CREATE TEMP TABLE whole_touches ON COMMIT DROP AS SELECT * FROM mrcall.touches;
CREATE TEMP TABLE few (id text, since timestamptz, n int) ON COMMIT DROP;
INSERT INTO few SELECT v.visitor_id, min(v.started_at), row_number() OVER (ORDER BY v.visitor_id COLLATE "C")
FROM whole_visits AS v GROUP BY 1 HAVING count(*) > 2 ORDER BY v.visitor_id COLLATE "C" LIMIT 7;
INSERT INTO few VALUES (NULL, '2026-04-01', 8), ('nobody', NULL, 9);
INSERT INTO few SELECT f.id, f.since, f.n + 10 FROM few AS f;
CREATE TEMP TABLE many ON COMMIT DROP AS SELECT v.visitor_id AS id FROM whole_visits AS v;
ANALYZE few, many;
CREATE TEMP TABLE bought (customer_id text) ON COMMIT DROP;
INSERT INTO bought SELECT i.customer_id FROM mrcall.identities AS i JOIN few AS f ON f.id = i.visitor_id;

CREATE TABLE own.few_seen AS TABLE few;
ALTER TABLE own.few_seen ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON own.few_seen USING (n < 5);
CREATE TABLE own.few_parts (id text, n int) PARTITION BY LIST (n);
CREATE TABLE own.few_1 PARTITION OF own.few_parts FOR VALUES IN (1);
CREATE TABLE own.few_others PARTITION OF own.few_parts DEFAULT;
INSERT INTO own.few_parts SELECT f.id, f.n FROM few AS f;
-- Pages that a statement reads.
CREATE FUNCTION pg_temp.pages(query text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END $$;
CREATE TEMP TABLE whole ON COMMIT DROP AS SELECT pg_temp.pages('SELECT * FROM mrcall.visits') AS pages;
SELECT w.pages > 800 AS is_large FROM whole AS w;
CREATE FUNCTION pg_temp.differences(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    rows bigint;
    differences bigint;
BEGIN
    EXECUTE format('SELECT coalesce(sum(abs(d.more)), 0), coalesce(sum(d.whole), 0)
                    FROM (SELECT r.row, sum(r.n) AS more, sum(r.n) FILTER (WHERE r.n > 0) AS whole
                          FROM (SELECT w::text, 1 FROM (%s) AS w UNION ALL SELECT v::text, -1 FROM (%s) AS v) AS r (row, n)
                          GROUP BY r.row) AS d',
        replace(replace(query, 'mrcall.visits', 'whole_visits'), 'mrcall.touches', 'whole_touches'), query)
    INTO differences, rows;
    RETURN CASE WHEN differences > 0 THEN format('%s differences', differences) WHEN rows > 0 THEN 'same' ELSE 'none' END;
END $$;
CREATE FUNCTION pg_temp.reads(query text) RETURNS text
LANGUAGE sql AS $$
    SELECT CASE WHEN q.pages < w.pages / 4 THEN 'little' WHEN q.pages < w.pages * 4 THEN 'all' ELSE format('%s pages', q.pages) END
    FROM whole AS w, (SELECT pg_temp.pages(query) AS pages OFFSET 0) AS q $$;

SELECT q.nr, pg_temp.differences(q.query) AS rows, pg_temp.reads(q.query) AS reads FROM (VALUES
    -- What a sub-select says, and the row that a lateral one is for.
    (1, $$SELECT * FROM mrcall.visits WHERE visitor_id = (SELECT max(f.id) FROM few AS f WHERE f.n = 3)$$),
    (2, $$SELECT * FROM mrcall.visits WHERE visitor_id = ANY (ARRAY(SELECT f.id FROM few AS f WHERE f.n < 5))$$),
    (3, $$SELECT f.n, (SELECT count(*) FROM mrcall.visits AS v WHERE v.visitor_id = f.id) FROM few AS f WHERE f.n < 5$$),
    (4, $$SELECT f.n, l.* FROM few AS f CROSS JOIN LATERAL (SELECT v.visit_no, v.channel FROM mrcall.visits AS v
          WHERE v.visitor_id = f.id ORDER BY v.started_at DESC LIMIT 2) AS l WHERE f.n < 5$$),
    (5, $$SELECT f.n, l.* FROM few AS f LEFT JOIN LATERAL (SELECT t.channel FROM mrcall.touches AS t
          WHERE t.visitor_id = f.id AND t.touched_at >= f.since ORDER BY t.touched_at LIMIT 1) AS l ON true WHERE f.n > 5 AND f.n < 10$$),
    (6, $$SELECT f.n FROM few AS f WHERE f.n < 5 AND (SELECT bool_or(v.channel = 'Direct') FROM mrcall.visits AS v
          WHERE v.visitor_id = f.id AND v.started_at > f.since)$$),
    -- Joined.
    (11, $$SELECT * FROM mrcall.visits WHERE visitor_id IN (SELECT f.id FROM few AS f WHERE f.n < 5)$$),
    (12, $$SELECT v.* FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id$$),
    (13, $$SELECT v.visit_no, i.id FROM mrcall.visits AS v
           JOIN (VALUES ('nobody'), (NULL), ((SELECT min(f.id) FROM few AS f))) AS i (id) ON v.visitor_id = i.id$$),
    (14, $$SELECT v.visitor_id, v.started_at FROM mrcall.visits AS v
           WHERE EXISTS (SELECT FROM few AS f WHERE f.id = v.visitor_id AND f.n > 3)$$),
    (15, $$WITH f AS MATERIALIZED (SELECT DISTINCT f.id FROM few AS f) SELECT v.* FROM f JOIN mrcall.visits AS v ON v.visitor_id = f.id$$),
    (16, $$SELECT v.* FROM mrcall.visits AS v JOIN (SELECT f.id FROM few AS f ORDER BY f.n LIMIT 3) AS f ON v.visitor_id = f.id$$),
    (17, $$SELECT v.* FROM mrcall.visits AS v, unnest(ARRAY(SELECT f.id FROM few AS f)) AS f (id) WHERE v.visitor_id = f.id$$),
    (20, $$SELECT t.* FROM mrcall.touches AS t JOIN few AS f ON f.id = t.visitor_id WHERE t.touched_at >= '2026-04-01'$$),
    (21, $$SELECT v.visitor_id, t.channel FROM mrcall.visits AS v JOIN mrcall.touches AS t USING (visitor_id)
           JOIN few AS f ON f.id = v.visitor_id$$),
    (22, $$SELECT v.* FROM mrcall.visits AS v JOIN own.few_parts AS f ON f.id = v.visitor_id WHERE f.n < 4$$),
    (23, $$SELECT v.* FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id LEFT JOIN bought AS b ON b.customer_id = v.channel$$),
    (24, $$WITH v AS MATERIALIZED (SELECT v.* FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id WHERE f.n < 3) TABLE v$$),
    (25, $$SELECT v.visitor_id, count(*), max(v.visit_no) FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id GROUP BY 1$$),
    -- A customer's browsers, out of a document: all are read.
    (19, $$SELECT v.* FROM mrcall.visits AS v JOIN mrcall.identities AS i ON i.visitor_id = v.visitor_id
           JOIN bought AS b USING (customer_id)$$),
    -- Where those of others have rows, or too many are named, all are read.
    (18, $$SELECT f.n, v.visit_no FROM few AS f LEFT JOIN mrcall.visits AS v ON v.visitor_id = f.id AND f.n < 5$$),
    (31, $$SELECT v.visitor_id, f.n FROM mrcall.visits AS v LEFT JOIN few AS f ON f.id = v.visitor_id$$),
    (32, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE NOT EXISTS (SELECT FROM few AS f WHERE f.id = v.visitor_id)$$),
    (33, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE visitor_id NOT IN (SELECT f.id FROM few AS f WHERE f.id IS NOT NULL)$$),
    (34, $$SELECT v.visitor_id, f.n FROM mrcall.visits AS v FULL JOIN few AS f ON f.id = v.visitor_id$$),
    (35, $$SELECT v.visitor_id, v.visit_no FROM mrcall.visits AS v WHERE v.visitor_id IN (SELECT m.id FROM many AS m)$$),
    (36, $$SELECT v.visitor_id FROM mrcall.visits AS v JOIN few AS f ON f.id > v.visitor_id$$),
    (37, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE v.visitor_id IN (SELECT f.id FROM few AS f) OR v.events > 5$$)
) AS q (nr, query)
ORDER BY q.nr;

-- The same rows wherever the join stands, whatever it reads.
SELECT q.nr, pg_temp.differences(q.query) AS rows FROM (VALUES
    (1, $$SELECT f.n, q.visit_no FROM few AS f LEFT JOIN (SELECT v.visit_no, v.visitor_id FROM mrcall.visits AS v
          JOIN few AS g ON g.id = v.visitor_id WHERE g.n < 3) AS q ON q.visitor_id = f.id$$),
    (2, $$SELECT f.n FROM few AS f WHERE NOT EXISTS (SELECT FROM mrcall.visits AS v WHERE v.visitor_id = f.id)$$),
    (3, $$SELECT v.visitor_id FROM mrcall.visits AS v JOIN (SELECT DISTINCT t.visitor_id FROM mrcall.touches AS t
          WHERE t.channel <> 'Direct') AS x USING (visitor_id)$$),
    (4, $$SELECT v.visit_no FROM mrcall.visits AS v
          JOIN (SELECT f.id FROM few AS f WHERE random() >= 0 OFFSET 0) AS f ON f.id = v.visitor_id$$),
    (5, $$SELECT v.visitor_id FROM mrcall.visits AS v JOIN own.few_seen AS f ON f.id = v.visitor_id$$),
    (6, $$SELECT v.visitor_id FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id UNION ALL
          SELECT t.visitor_id FROM mrcall.touches AS t JOIN few AS f ON f.id = t.visitor_id WHERE f.n > 10$$),
    (7, $$SELECT f.n, (SELECT count(*) FROM mrcall.visits AS v JOIN few AS g ON g.id = v.visitor_id WHERE g.n <= f.n) FROM few AS f
          WHERE f.n < 4$$),
    (8, $$SELECT v.visitor_id, w.visit_no FROM mrcall.visits AS v JOIN mrcall.visits AS w USING (visitor_id, visit_no)
          JOIN few AS f ON f.id = w.visitor_id$$),
    (9, $$SELECT v.visit_no FROM mrcall.visits AS v, LATERAL (SELECT f.n FROM few AS f WHERE f.id = v.visitor_id LIMIT 1) AS f$$),
    (10, $$WITH RECURSIVE r (id, n) AS (SELECT f.id, 1 FROM few AS f WHERE f.n = 1 UNION
           SELECT v.visitor_id, r.n + 1 FROM r JOIN mrcall.visits AS v ON v.visitor_id = r.id WHERE r.n < 3) TABLE r$$),
    (11, $$WITH x AS MATERIALIZED (SELECT f.id FROM few AS f), y AS MATERIALIZED (SELECT x.id FROM x)
           SELECT * FROM (SELECT v.visit_no, y.id FROM mrcall.visits AS v JOIN y ON y.id = v.visitor_id) AS q OFFSET 0$$),
    (12, $$SELECT v.visit_no FROM mrcall.visits AS v WHERE v.visitor_id IN (SELECT f.id FROM few AS f UNION SELECT 'J-7')$$),
    (13, $$SELECT v.visit_no FROM mrcall.visits AS v JOIN (SELECT f.id COLLATE "C" AS id FROM few AS f) AS f ON f.id = v.visitor_id$$),
    (14, $$SELECT v.visit_no FROM mrcall.visits AS v JOIN (SELECT f.id::varchar AS id FROM few AS f) AS f ON f.id = v.visitor_id$$)
) AS q (nr, query)
ORDER BY q.nr;
-- Prepared, for any argument; and what is written.
PREPARE of_few (int) AS
SELECT count(*), count(DISTINCT v.visitor_id) FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id WHERE f.n < $1;
SET LOCAL plan_cache_mode = force_generic_plan;
EXECUTE of_few (0);
EXECUTE of_few (3);
EXECUTE of_few (6);
SELECT count(*), count(DISTINCT v.visitor_id) FROM whole_visits AS v JOIN few AS f ON f.id = v.visitor_id WHERE f.n < 6;
CREATE TABLE own.copied AS SELECT * FROM whole_visits LIMIT 0;
INSERT INTO own.copied SELECT v.* FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id WHERE f.n < 8;
SELECT count(*) AS copied FROM own.copied;
SELECT count(*) FROM mrcall.visits AS v JOIN few AS f ON f.id = v.visitor_id WHERE f.n < 8;
DELETE FROM own.copied AS c USING mrcall.visits AS v, few AS f WHERE c.visitor_id = v.visitor_id AND v.visitor_id = f.id AND f.n < 8;
SELECT count(*) AS remaining FROM own.copied;
