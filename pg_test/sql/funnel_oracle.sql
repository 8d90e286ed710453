-- mrcall.funnel against every chain of events that there is, on random events and on the world.
\pset footer off
\set seed 314159
\ir ../fixtures/random_events.sql

CREATE TEMP TABLE asked (nr serial, since timestamptz, until timestamptz, steps jsonb, within interval, dimension text, no_bots boolean);
INSERT INTO asked (since, until, steps, within, dimension, no_bots) VALUES
    ('2032-01-01Z', '2032-03-01Z', '[{"step": "visit"}, {"step": "pricing", "page": "/pricing%"}, {"step": "demo", "event": "demo_click"}]',
     '1 day', NULL, false),
    ('2032-01-05 03:10Z', '2032-01-15 12:15Z', '[{"step": "home", "page": "/"}, {"step": "pricing", "page": "/pricing%"},
        {"step": "again", "page": "/pricing%"}]', '2 hours', 'channel', false),
    ('2032-01-05 03:10Z', '2032-01-15 12:15Z', '[{"step": "home", "page": "/"}, {"step": "pricing", "page": "/pricing%"}]', '0',
     'entry_page', true),
    ('2032-01-02Z', '2032-01-20Z', '[{"step": "any click", "event": ["click", "demo_click"], "page": "/%r%"},
        {"step": "pro", "properties": {"plan": "pro"}}, {"step": "news", "utm_source": "news", "utm_medium": "email"},
        {"step": "visit"}]', '3 days', 'source', true),
    ('2032-01-02Z', '2032-01-20Z', '[{"step": "accent", "page": "/_t_"}, {"step": "quote ''; --", "event": "it''s \\ %"}]',
        '3 days', 'device',
     false),
    ('2032-01-10Z', '2032-01-11Z', '[{"step": "visit"}, {"step": "later", "event": "demo_click"}]', '4 days', 'landing_page', false),
    ('2032-01-10Z', '2032-01-11Z', '[{"step": "visit"}, {"step": "later", "event": "demo_click"}]', '4 days', 'referrer_domain', true),
    ('2032-01-10Z', '2032-01-20Z', '[{"step": "one", "event": []}, {"step": "none"}]', '4 days', NULL, true),
    ('2032-01-10Z', '2032-01-20Z', '[{"step": "one"}]', '4 days', 'medium', false),
    ('2031-01-10Z', '2031-01-20Z', '[{"step": "nobody", "event": "none such"}, {"step": "after"}]', '4 days', NULL, false),
    ('2031-01-10Z', '2031-01-20Z', '[{"step": "nobody", "event": "none such"}, {"step": "after"}]', '4 days', 'campaign', true),
    -- In the world, where visitors have more events, chains of two steps.
    ('2026-03-01Z', '2026-04-01Z', '[{"step": "pricing", "page": "/pricing%"}, {"step": "sign-up", "event": "signup_click"}]', '20 days',
     'channel', true),
    ('2026-03-01Z', '2026-03-08Z', '[{"step": "home", "page": "/"}, {"step": "click", "event": "cta_click", "properties":
        {"variant": "b"}}]',
     '1 day', 'campaign', false);

-- Without statistics a plan may compare every visit with every event.
SET LOCAL enable_nestloop = off;
CREATE TEMP TABLE oracle_row ON COMMIT DROP AS
WITH RECURSIVE visit AS (
    SELECT a.nr, v.visitor_id, v.started_at, v.ended_at, v.is_bot, coalesce(to_jsonb(v) ->> a.dimension, '(not set)') AS value
    FROM asked AS a
    CROSS JOIN LATERAL oracle.visits(a.since - interval '24 hours 30 minutes', a.until + a.within + interval '24 hours 30 minutes',
                                     '30 minutes') AS v
),
step AS (
    SELECT a.nr, s.value AS spec, s.ordinality::int AS step_no, s.value ->> 'step' AS step
    FROM asked AS a CROSS JOIN LATERAL jsonb_array_elements(a.steps) WITH ORDINALITY AS s
),
-- Which event meets which step; after until the first step is not looked at.
met AS (
    SELECT s.nr, e.visitor_id, e.occurred_at AS at, s.step_no
    FROM asked AS a
    JOIN mrcall.events AS e ON e.occurred_at >= a.since AND e.occurred_at < a.until + a.within AND e.visitor_id IS NOT NULL
    JOIN step AS s ON s.nr = a.nr
    JOIN visit AS v ON v.nr = a.nr AND v.visitor_id = e.visitor_id AND e.occurred_at >= v.started_at AND e.occurred_at <= v.ended_at
    WHERE NOT (a.no_bots AND v.is_bot) AND (s.step_no > 1 OR e.occurred_at < a.until)
      AND CASE jsonb_typeof(s.spec -> 'event') WHEN 'array' THEN s.spec -> 'event' @> to_jsonb(e.event_type)
              WHEN 'string' THEN e.event_type = s.spec ->> 'event' ELSE NOT s.spec ? 'page' OR e.event_type ~ '^page_?view$' END
      AND (NOT s.spec ? 'page' OR mrcall.url_path(e.page_url) LIKE s.spec ->> 'page')
      AND (NOT s.spec ? 'properties' OR e.properties @> (s.spec -> 'properties'))
      AND (NOT s.spec ? 'utm_source' OR e.utm_source = s.spec ->> 'utm_source')
      AND (NOT s.spec ? 'utm_medium' OR e.utm_medium = s.spec ->> 'utm_medium')
),
chain AS (
    SELECT m.nr, m.visitor_id, ARRAY[m.at] AS times, 1 AS depth FROM met AS m WHERE m.step_no = 1
    UNION
    SELECT c.nr, c.visitor_id, c.times || m.at, c.depth + 1
    FROM chain AS c
    JOIN asked AS a ON a.nr = c.nr
    JOIN met AS m ON m.nr = c.nr AND m.visitor_id = c.visitor_id AND m.step_no = c.depth + 1
        AND m.at >= c.times[c.depth] AND m.at <= c.times[1] + a.within
),
best AS (
    SELECT DISTINCT ON (c.nr, c.visitor_id) c.nr, c.visitor_id, c.times, c.depth
    FROM chain AS c ORDER BY c.nr, c.visitor_id, c.depth DESC, c.times
),
valued AS (
    SELECT b.nr, CASE WHEN a.dimension IS NULL THEN '-' ELSE v.value END AS value, b.times, b.depth
    FROM best AS b
    JOIN asked AS a ON a.nr = b.nr
    JOIN visit AS v ON v.nr = b.nr AND v.visitor_id = b.visitor_id AND b.times[1] >= v.started_at AND b.times[1] <= v.ended_at
),
groups AS (
    SELECT DISTINCT v.nr, v.value FROM valued AS v UNION SELECT a.nr, '-' FROM asked AS a WHERE a.dimension IS NULL
)
SELECT g.nr, nullif(g.value, '-') AS value, s.step_no, s.step, n.now,
       CASE WHEN f.first > 0 THEN round(n.now::numeric / f.first, 6) END AS conversion,
       CASE WHEN b.before > 0 AND s.step_no > 1 THEN round(n.now::numeric / b.before, 6) END AS step_conversion,
       CASE WHEN s.step_no > 1 THEN b.before - n.now END AS drop_off,
       round(CASE WHEN s.step_no > 1 THEN t.step_time END::numeric, 6) AS step_time, round(t.total_time::numeric, 6) AS total_time
FROM groups AS g
JOIN step AS s ON s.nr = g.nr
CROSS JOIN LATERAL (SELECT count(*) AS first FROM valued AS v WHERE v.nr = g.nr AND v.value = g.value) AS f
CROSS JOIN LATERAL (SELECT count(*) AS before FROM valued AS v WHERE v.nr = g.nr AND v.value = g.value AND v.depth >= s.step_no - 1) AS b
CROSS JOIN LATERAL (SELECT count(*) AS now FROM valued AS v WHERE v.nr = g.nr AND v.value = g.value AND v.depth >= s.step_no) AS n
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM v.times[s.step_no] - v.times[s.step_no - 1])) AS step_time,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM v.times[s.step_no] - v.times[1])) AS total_time
    FROM valued AS v WHERE v.nr = g.nr AND v.value = g.value AND v.depth >= s.step_no) AS t;

RESET enable_nestloop;
CREATE TEMP TABLE report_row ON COMMIT DROP AS
SELECT a.nr, r.dimension_value AS value, r.step_no, r.step, r.visitors AS now, r.conversion, r.step_conversion, r.drop_off,
       round(extract(epoch FROM r.median_time), 6) AS step_time,
       round(extract(epoch FROM r.median_total_time), 6) AS total_time
FROM asked AS a
CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, a.dimension, exclude_bots => a.no_bots) AS r;

SELECT a.nr, a.dimension, a.no_bots, (SELECT count(*) FROM oracle_row AS o WHERE o.nr = a.nr) AS rows,
       (SELECT max(o.now) FROM oracle_row AS o WHERE o.nr = a.nr) AS visitors,
       (SELECT max(o.step_no) FROM oracle_row AS o WHERE o.nr = a.nr AND o.now > 0) AS reached,
       (SELECT count(*) FROM ((SELECT * FROM oracle_row AS o WHERE o.nr = a.nr EXCEPT ALL SELECT * FROM report_row AS r WHERE r.nr = a.nr)
                              UNION ALL
                              (SELECT * FROM report_row AS r WHERE r.nr = a.nr EXCEPT ALL SELECT * FROM oracle_row AS o WHERE o.nr = a.nr))
                             AS d) AS differences
FROM asked AS a ORDER BY a.nr;

-- The modes are those of window_funnel_times, and the values of a dimension add up to the whole.
\set range '''2032-01-01Z''::timestamptz, ''2032-01-20Z''::timestamptz'
CREATE TEMP TABLE by_mode ON COMMIT DROP AS
SELECT m.modes, r.step_no, r.visitors
FROM (VALUES (NULL::text[]), ('{}'), ('{strict_increase}'), ('{strict_once}'), ('{strict_deduplication}'), ('{strict_order}'),
             ('{strict_order,allow_reentry}'), ('{consecutive}')) AS m (modes)
CROSS JOIN LATERAL mrcall.funnel(:range, '[{"step": "a", "page": "/"}, {"step": "b", "page": "/pricing%"}, {"step": "c", "page": "/%"}]',
                                 '2 days', modes => m.modes) AS r;
SELECT m.modes, array_agg(m.visitors ORDER BY m.step_no) AS visitors,
       array_agg(m.visitors ORDER BY m.step_no) = (
           SELECT ARRAY[count(*) FILTER (WHERE p.depth >= 1), count(*) FILTER (WHERE p.depth >= 2), count(*) FILTER (WHERE p.depth >= 3)]
           FROM (SELECT mrcall.window_funnel('2 days', e.occurred_at, ARRAY[x.v AND e.page_path = '/' AND e.occurred_at < '2032-01-20Z',
                            x.v AND e.page_path LIKE '/pricing%', x.v], coalesce(m.modes, '{}')) AS depth
                 FROM mrcall.events AS e CROSS JOIN LATERAL (SELECT e.event_type IN ('page_view', 'pageview') AS v) AS x
                 WHERE e.occurred_at >= '2032-01-01Z' AND e.occurred_at < '2032-01-22Z'
                 GROUP BY e.visitor_id) AS p) AS as_window_funnel
FROM by_mode AS m GROUP BY m.modes ORDER BY m.modes;
SELECT d.dimension, bool_and(d.same) AS adds_up
FROM (SELECT n.dimension, w.step_no, w.visitors = sum(r.visitors) AS same
      FROM unnest('{channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}'::text[]) AS n (dimension)
      CROSS JOIN LATERAL mrcall.funnel(:range, '[{"step": "a"}, {"step": "b", "page": "/pricing%"}]', dimension => n.dimension) AS r
      JOIN mrcall.funnel(:range, '[{"step": "a"}, {"step": "b", "page": "/pricing%"}]') AS w ON w.step_no = r.step_no
      GROUP BY n.dimension, w.step_no, w.visitors) AS d
GROUP BY d.dimension ORDER BY d.dimension;

-- After until an event of the first step alone neither begins a chain nor breaks one.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url) VALUES
    ('S-1', '2033-01-01 10:00Z', 'page_view', 'https://mrcall.ai/'), ('S-1', '2033-01-02 10:00Z', 'page_view', 'https://mrcall.ai/'),
    ('S-1', '2033-01-02 11:00Z', 'page_view', 'https://mrcall.ai/pricing'), ('S-2', '2033-01-02 10:00Z', 'page_view', 'https://mrcall.ai/'),
    ('S-2', '2033-01-02 11:00Z', 'page_view', 'https://mrcall.ai/pricing');
SELECT m.modes, r.step, r.visitors, r.median_time, r.median_total_time
FROM (VALUES (NULL::text[]), ('{strict_order}'), ('{consecutive}')) AS m (modes)
CROSS JOIN LATERAL mrcall.funnel('2033-01-01Z', '2033-01-02Z', '[{"step": "home", "page": "/"}, {"step": "pricing", "page": "/pricing"}]',
                                 '2 days', modes => m.modes) AS r
ORDER BY m.modes NULLS FIRST, r.step_no;

-- A parallel plan changes nothing.
CREATE TEMP TABLE serial AS SELECT * FROM mrcall.funnel(:range, '[{"step": "a"}, {"step": "b", "page": "/pricing%"}]',
    dimension => 'channel');
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
SELECT (SELECT count(*) FROM serial) > 2 AS compared, count(*) AS differences
FROM ((TABLE serial EXCEPT ALL SELECT * FROM mrcall.funnel(:range, '[{"step": "a"}, {"step": "b", "page": "/pricing%"}]',
    dimension => 'channel'))
      UNION ALL
      (SELECT * FROM mrcall.funnel(:range, '[{"step": "a"}, {"step": "b", "page": "/pricing%"}]', dimension => 'channel')
       EXCEPT ALL TABLE serial)) AS d;
