-- Events that were delivered twice, or more often, count once: every report over the deliveries says what it says over the events that
-- are left when plain SQL takes all but the first deliveries away. The world's events, delivered again at the edges of the definition.
\pset footer off
\set seed 271828
\echo seed :seed
\ir ../fixtures/every_report.sql
CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
-- Plain tables: the reference schema's key would refuse what is delivered twice at one instant.
CREATE TABLE public.delivered AS
SELECT e.event_id, e.session_id, e.created_at, e.event_type, e.page_url, e.referrer, e.utm_source, e.utm_medium, e.utm_campaign,
       e.utm_term, e.utm_content, e.user_agent, e.properties
FROM public.website_events AS e
UNION ALL
SELECT CASE WHEN pg_temp.pick('{1,2,3,4,5,6,7,8}'::int[], k.key || 'id') = 1 THEN NULL ELSE e.event_id END,
       -- The id of somebody else's event is another event.
       CASE WHEN pg_temp.pick('{1,2,3,4,5,6}'::int[], k.key || 'who') = 1 THEN 'R-' || n ELSE e.session_id END,
       e.created_at + pg_temp.pick('{0,0,0,00:00:00.000001,00:00:05,00:10,00:31,06:00,20:00,23:59:59.999999,24:00,24:00:00.000001,40:00,
           48:00,-00:20,-24:00,-30:00}'::interval[], k.key || 'at'),
       pg_temp.pick(ARRAY[e.event_type, e.event_type, e.event_type, 'click', 'page_view'], k.key || 'type'),
       pg_temp.pick(ARRAY[e.page_url, e.page_url, e.page_url, 'https://mrcall.ai/', 'https://mrcall.ai/z', NULL], k.key || 'url'),
       pg_temp.pick(ARRAY[e.referrer, e.referrer, 'https://t.co/x'], k.key || 'referrer'), e.utm_source, e.utm_medium, e.utm_campaign,
       e.utm_term, e.utm_content, pg_temp.pick(ARRAY[e.user_agent, e.user_agent, 'Googlebot/2.1'], k.key || 'agent'), e.properties
FROM public.website_events AS e
CROSS JOIN generate_series(1, 4) AS n
CROSS JOIN LATERAL (VALUES (concat(:seed, ' ', e.event_id, ' ', e.created_at AT TIME ZONE 'UTC', ' ', n))) AS k (key)
WHERE pg_temp.pick('{1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20}'::int[], k.key || 'again') <= 3;
-- By hand, on one day. The first is three deliveries at most 24 hours apart, of which the last two are not so from the first.
INSERT INTO public.delivered (event_id, session_id, created_at, event_type, page_url)
SELECT v.event_id, v.session_id, v.at::timestamptz, v.event_type, v.page_url
FROM (VALUES ('chain', 'D-1', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('chain', 'D-1', '2026-04-10 20:00Z', 'page_view', 'https://mrcall.ai/'),
             ('chain', 'D-1', '2026-04-11 16:00Z', 'page_view', 'https://mrcall.ai/'),
             ('exact', 'D-2', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('exact', 'D-2', '2026-04-11 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('later', 'D-3', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('later', 'D-3', '2026-04-11 00:00:00.000001Z', 'page_view', 'https://mrcall.ai/'),
             (NULL, 'D-4', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             (NULL, 'D-4', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('tie', 'D-5', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/b'),
             ('tie', 'D-5', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/a'),
             ('tie', 'D-5', '2026-04-10 00:00Z', 'click', 'https://mrcall.ai/a'),
             ('shared', 'D-6', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('shared', 'D-7', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('', 'D-8', '2026-04-10 00:00Z', 'page_view', 'https://mrcall.ai/'),
             ('', 'D-8', '2026-04-10 00:20Z', 'page_view', 'https://mrcall.ai/b'))
    AS v (event_id, session_id, at, event_type, page_url);
-- The definition: of deliveries at most 24 hours apart, one after the other, the smallest is left.
CREATE TABLE public.once AS
WITH numbered AS (
    SELECT d.*, row_number() OVER (
        ORDER BY d.created_at, mrcall.url_path(d.page_url) COLLATE "C", d.event_type COLLATE "C", d.page_url COLLATE "C",
                 d.referrer COLLATE "C", d.utm_source COLLATE "C", d.utm_medium COLLATE "C", d.utm_campaign COLLATE "C",
                 d.utm_term COLLATE "C", d.utm_content COLLATE "C", d.user_agent COLLATE "C", d.properties) AS nr
    FROM public.delivered AS d
)
SELECT n.event_id, n.session_id, n.created_at, n.event_type, n.page_url, n.referrer, n.utm_source, n.utm_medium, n.utm_campaign,
       n.utm_term, n.utm_content, n.user_agent, n.properties
FROM numbered AS n
WHERE NOT EXISTS (SELECT FROM numbered AS b WHERE b.session_id = n.session_id AND b.event_id = n.event_id AND b.nr < n.nr
                                              AND n.created_at - b.created_at <= interval '24 hours');
ANALYZE public.delivered, public.once;
SELECT (SELECT count(*) FROM public.delivered) - (SELECT count(*) FROM public.once) BETWEEN 500 AND 20000 AS some_were_taken_away;

-- Beside the reports that all tests ask: ranges that begin between two deliveries, small buckets, other funnels and cohorts.
INSERT INTO asking.report
SELECT 'sessionize', format('SELECT * FROM mrcall.sessionize(%L, %L, %L)', at, at + interval '30 hours', gap)
FROM generate_series('2026-04-01 00:00Z'::timestamptz, '2026-04-14Z', '31 hours 10 minutes') AS at,
     (VALUES ('30 minutes'), ('1 day')) AS g (gap);
INSERT INTO asking.report
SELECT 'visitor_buckets', format('SELECT * FROM mrcall.visitor_buckets(%L, %L, %L, dimension => %L, exclude_bots => %L, with_new => %L)',
                                 width, '2026-04-01 05:00Z', '2026-04-14Z', dimension, bots, dimension IS NOT NULL)
FROM (VALUES ('1 hour'), ('1 day')) AS w (width), (VALUES (NULL), ('device'), ('landing_page')) AS d (dimension),
     (VALUES (false), (true)) AS b (bots);
INSERT INTO asking.report
SELECT 'top_pages', format('SELECT * FROM mrcall.top_pages(%L, %L, exclude_bots => %L)', at, at + interval '3 days', bots)
FROM generate_series('2026-04-01 00:00Z'::timestamptz, '2026-04-14Z', '101 hours') AS at, (VALUES (false), (true)) AS b (bots);
INSERT INTO asking.report
SELECT 'funnel', format('SELECT * FROM mrcall.funnel(%L, %L, %L, dimension => %L, exclude_bots => %L, modes => %L)', at,
                        at + interval '5 days', '[{"step": "visit", "event": "page_view"}, {"step": "again", "event": "page_view"},
                            {"step": "click", "event": "click"}]', dimension, bots, modes)
FROM generate_series('2026-04-01 00:00Z'::timestamptz, '2026-04-14Z', '211 hours') AS at, (VALUES (false), (true)) AS b (bots),
     (VALUES (NULL), ('channel')) AS d (dimension), (VALUES ('{}'), ('{consecutive}')) AS m (modes);
INSERT INTO asking.report
SELECT 'cohorts', format('SELECT * FROM mrcall.cohorts(%L, %L, %L, by => %L, rolling => %L, exclude_bots => %L)', '2026-03-05Z',
                         '2026-04-20Z', width, by, rolls, bots)
FROM (VALUES ('1 day'), ('7 days')) AS w (width), (VALUES ('first_seen'), ('channel')) AS d (by), (VALUES (false), (true)) AS b (bots),
     (VALUES (false), (true)) AS r (rolls);
INSERT INTO asking.report
SELECT r.name, format('SELECT * FROM mrcall.%s', format(r.call, at, at + interval '9 days', bots))
FROM generate_series('2026-04-01 00:00Z'::timestamptz, '2026-04-14Z', '151 hours') AS at, (VALUES (false), (true)) AS b (bots),
     (VALUES ('lifecycle', 'lifecycle(''1 day'', %L, %L, exclude_bots => %L)'), ('active_visitors',
         'active_visitors(%L, %L, exclude_bots => %L)'),
             ('stickiness', 'stickiness(''1 hour'', %L, %L, exclude_bots => %L)'), ('page_flow', 'page_flow(%L, %L, exclude_bots => %L)'),
             ('page_flow', 'page_flow(%L, %L, to_page => ''/pricing'', exclude_bots => %L)')) AS r (name, call);

SELECT mrcall.attach('{"events": {"table": "public.once"}}') \g /dev/null
CREATE TEMP TABLE expected AS SELECT * FROM asking.answers();
SELECT count(*) FILTER (WHERE answer !~ '^\d+ \w*$') AS errors FROM expected;
SELECT mrcall.attach('{"events": {"table": "public.delivered"}}') \g /dev/null
-- All but those that show the rows.
SELECT count(*) > 90 AS compared, count(DISTINCT e.answer) > 70 AS different,
       array_agg(DISTINCT e.name) FILTER (WHERE a.answer IS DISTINCT FROM e.answer) AS differences
FROM expected AS e JOIN asking.answers() AS a USING (name, query)
WHERE e.name NOT IN ('view events', 'view source');
SELECT (SELECT count(*) FROM mrcall.events) = (SELECT count(*) FROM public.delivered) AS all_rows_are_shown;
SELECT v.visitor_id, v.visit_no AS no, v.started_at AT TIME ZONE 'UTC' AS started, v.events, v.pageviews AS views, v.entry_page,
       v.exit_page
FROM mrcall.sessionize('2026-04-10Z', '2026-04-12Z') AS v
WHERE v.visitor_id ~ '^D-'
ORDER BY v.visitor_id COLLATE "C", v.visit_no;
-- One state for each visitor over the events so reduced.
SELECT count(*) AS differences
FROM (SELECT v.visitor_id COLLATE "C" AS visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page,
             v.exit_page
      FROM mrcall.sessionize('2026-04-02 07:00Z', '2026-04-12Z') AS v) AS i
FULL JOIN (SELECT s.visitor_id COLLATE "C" AS visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page,
                  v.exit_page
           FROM (SELECT o.session_id AS visitor_id,
                        mrcall.visit_agg(o.created_at, '30 minutes', CASE WHEN o.event_type IN ('page_view', 'pageview')
                                                                          THEN mrcall.url_path(o.page_url) END, NULL) AS state
                 FROM public.once AS o
                 WHERE o.created_at >= '2026-04-02 07:00Z' AND o.created_at < '2026-04-12Z' AND o.session_id IS NOT NULL
                 GROUP BY o.session_id) AS s
           CROSS JOIN LATERAL mrcall.visits(s.state) AS v) AS o USING (visitor_id, visit_no)
WHERE to_jsonb(i) IS DISTINCT FROM to_jsonb(o);

-- In any order of the rows, with workers and without.
DELETE FROM asking.report WHERE name NOT IN ('sessionize', 'visitor_buckets', 'top_pages', 'funnel', 'lifecycle', 'page_flow', 'stickiness',
                                             'view visits');
CREATE TABLE public.shuffled AS SELECT * FROM public.delivered AS d ORDER BY hashtextextended(d.event_id || d.created_at, :seed);
ALTER TABLE public.shuffled SET (parallel_workers = 4);
ANALYZE public.shuffled;
SELECT mrcall.attach('{"events": {"table": "public.shuffled"}}') \g /dev/null
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SELECT count(*) > 40 AS compared, count(*) FILTER (WHERE a.answer <> e.answer) AS differences
FROM expected AS e JOIN asking.answers() AS a USING (name, query);
RESET max_parallel_workers_per_gather;

-- Without ids nothing is known of deliveries, and each counts: so all of these would be wrong.
SELECT mrcall.attach('{"events": {"table": "public.delivered", "columns": {"event_id": null}}}') \g /dev/null
SELECT DISTINCT e.name AS wrong
FROM expected AS e
CROSS JOIN LATERAL asking.answer(e.query) AS a (answer)
WHERE e.name ~ '^(sessionize|visitor_buckets|top_pages|page_flow|lifecycle|active_visitors|stickiness|funnel|cohorts|'
    'attribution|conversion_paths|view (visits|touches))$'
      AND a.answer <> e.answer
ORDER BY e.name;
SELECT (SELECT sum(v.events) FROM mrcall.visits AS v) = (SELECT count(d.session_id) FROM public.delivered AS d) AS each_counts,
       mrcall_internal.twice(NULL, NULL) AS suspects;
-- Where nobody has an event twice, nobody is suspect.
SELECT mrcall.attach() \g /dev/null
SELECT mrcall_internal.twice(NULL, '2026-05-01Z') AS suspects;
