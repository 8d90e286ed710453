-- Visits of visitors whom another part of the statement names: they alone are read, and the rows are those of the whole view.
\pset footer off
SET LOCAL timezone = 'UTC';
CREATE SCHEMA own;
CREATE TABLE own.events (LIKE public.website_events INCLUDING DEFAULTS);
SELECT mrcall.attach('{"events": {"table": "own.events"}}') \g /dev/null
INSERT INTO own.events SELECT e.* FROM public.website_events AS e;
INSERT INTO own.events (event_id, session_id, created_at, event_type, page_url, user_agent, properties)
SELECT format('J-%s', n), format('J-%s', abs(hashint8(n)) % 4000), timestamptz '2026-03-01Z' + n * interval '79 seconds', 'page_view',
       'https://mrcall.ai/', repeat('x', 150), '{}'
FROM generate_series(1::bigint, 60000) AS n;
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

CREATE FUNCTION pg_temp.pages(query text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    FOR i IN 1 .. 2 LOOP
        EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || query INTO plan;
    END LOOP;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END $$;
CREATE FUNCTION pg_temp.answer(query text) RETURNS TABLE (has_rows boolean, differences bigint, reads text)
LANGUAGE plpgsql AS $$
DECLARE
    of_copy text := replace(replace(query, 'mrcall.visits', 'whole_visits'), 'mrcall.touches', 'whole_touches');
    pages bigint;
    whole bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))) AS d', query, of_copy)
    INTO differences;
    EXECUTE format('SELECT count(*) > 0 FROM (%s) AS q', of_copy) INTO has_rows;
    pages := pg_temp.pages(query);
    whole := pg_temp.pages('SELECT * FROM mrcall.visits');
    reads := CASE WHEN pages < whole / 4 THEN 'little' WHEN pages < whole * 4 THEN 'all' ELSE format('%s pages, all are %s', pages, whole) END;
    RETURN NEXT;
END $$;

SELECT q.nr, a.* FROM (VALUES
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
    -- A join is no condition.
    (31, $$SELECT v.visitor_id, f.n FROM mrcall.visits AS v LEFT JOIN few AS f ON f.id = v.visitor_id$$),
    (32, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE NOT EXISTS (SELECT FROM few AS f WHERE f.id = v.visitor_id)$$),
    (33, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE visitor_id NOT IN (SELECT f.id FROM few AS f WHERE f.id IS NOT NULL)$$),
    (34, $$SELECT v.visitor_id, f.n FROM mrcall.visits AS v FULL JOIN few AS f ON f.id = v.visitor_id$$),
    (35, $$SELECT v.visitor_id, v.visit_no FROM mrcall.visits AS v WHERE v.visitor_id IN (SELECT m.id FROM many AS m)$$),
    (36, $$SELECT v.visitor_id FROM mrcall.visits AS v JOIN few AS f ON f.id > v.visitor_id$$),
    (37, $$SELECT v.visitor_id FROM mrcall.visits AS v WHERE v.visitor_id IN (SELECT f.id FROM few AS f) OR v.events > 5$$)
) AS q (nr, query)
CROSS JOIN LATERAL pg_temp.answer(q.query) AS a
ORDER BY q.nr;
