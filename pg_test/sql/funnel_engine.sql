-- mrcall.funnel counts what the same report in SQL over window_funnel_times counts: random questions on random events, some of them
-- delivered twice, with workers and without. SOAK=1 in psql's environment makes many questions.
\pset footer off
\set seed 577215
\set questions 90
\getenv soak SOAK
\if :{?soak}
\set questions 3000
\endif
\ir ../fixtures/random_events.sql
\ir ../fixtures/funnel_in_sql.sql
-- Deliveries within 24 hours and beyond, of equal and of other rows.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium, user_agent,
    properties)
SELECT e.event_id, e.session_id, e.created_at + (h.n % 5) * interval '11 hours',
       CASE h.n % 3 WHEN 0 THEN 'demo_click' ELSE e.event_type END, e.page_url, e.referrer,
       e.utm_source, e.utm_medium, e.user_agent, e.properties
FROM public.website_events AS e
CROSS JOIN LATERAL (SELECT abs(hashtextextended(e.event_id, :seed + 20)) AS n) AS h
WHERE e.event_id LIKE 'R-%' AND h.n % 7 = 0
ON CONFLICT DO NOTHING;
ANALYZE public.website_events;

CREATE FUNCTION pg_temp.pick(nr int, of text[])
RETURNS text
LANGUAGE sql
AS $$ SELECT of[1 + abs(hashtextextended(nr::text || of::text, current_setting('test.picks')::bigint)) % cardinality(of)] $$;
SELECT set_config('test.picks', :'seed', false) \g /dev/null
CREATE TEMP TABLE asked AS
SELECT nr, '2032-01-01 00:00Z'::timestamptz + pg_temp.pick(nr, '{0,0,3 days 03:10,9 days}')::interval AS since,
       '2032-01-12 00:00Z'::timestamptz + pg_temp.pick(nr, '{0,1 day,4 days 12:15,20 days}')::interval AS until,
       jsonb_path_query_array(s.steps::jsonb, ('$[0 to ' || (nr % 4)::text || ']')::jsonpath) AS steps,
       pg_temp.pick(nr, '{0,15 minutes,2 hours,1 day,3 days,40 days}')::interval AS within,
       nullif(pg_temp.pick(nr, '{-,-,channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}'), '-') AS dimension,
       nullif(pg_temp.pick(nr, ARRAY['-', '-', '{}', '{strict_increase}', '{strict_once}', '{strict_deduplication}', '{strict_order}',
           '{strict_order,allow_reentry}', '{strict_increase,strict_once}', '{consecutive}']), '-')::text[] AS modes,
       pg_temp.pick(nr, '{0,15 minutes,30 minutes,1 day,40 days}')::interval AS gap, pg_temp.pick(nr, '{t,f,f}')::boolean AS no_bots
FROM generate_series(1, :questions) AS nr
CROSS JOIN LATERAL (SELECT pg_temp.pick(nr, ARRAY[
    '[{"step": "a", "page": "/"}, {"step": "b", "page": "/pricing%"}, {"step": "c", "page": "/%"}, {"step": "d", "event": "demo_click"}]',
    '[{"step": "a"}, {"step": "b", "event": ["click", "demo_click"]}, {"step": "c"}, {"step": "d", "properties": {"plan": "pro"}}]',
    '[{"step": "a", "event": "click"}, {"step": "b", "event": "click"}, {"step": "c", "utm_source": "news"},
      {"step": "d", "page": "/_t_"}]',
    '[{"step": "a", "properties": {"seats": 3}}, {"step": "b", "page": "/demo"}, {"step": "c", "page": "/demo"},
      {"step": "d", "event": []}]'
    ]) AS steps) AS s;

CREATE TEMP TABLE plain AS
SELECT a.nr, r.* FROM asked AS a
CROSS JOIN LATERAL plain_funnel.funnel(a.since, a.until, a.steps, a.within, a.dimension, a.modes, a.gap, a.no_bots) AS r;
CREATE TEMP TABLE counted AS
SELECT a.nr, r.* FROM asked AS a
CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, a.dimension, a.modes, a.gap, a.no_bots) AS r;
SELECT count(*) > 200 AS compared, count(DISTINCT p.visitors) > 40 AS different, max(p.step_no) FILTER (WHERE p.visitors > 0) AS reached
FROM plain AS p;
SELECT d.nr, to_jsonb(a) AS asked, count(*) AS differences
FROM ((SELECT nr, to_jsonb(p) FROM plain AS p EXCEPT ALL SELECT nr, to_jsonb(c) FROM counted AS c)
      UNION ALL (SELECT nr, to_jsonb(c) FROM counted AS c EXCEPT ALL SELECT nr, to_jsonb(p) FROM plain AS p)) AS d
JOIN asked AS a USING (nr)
GROUP BY d.nr, a ORDER BY d.nr;

-- The plan of a range is that of workers, who make the set between them.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL min_parallel_index_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 3;
SELECT query AS funnel_query FROM mrcall_internal.funnel_plan('[{"step": "a", "page": "/"}, {"step": "b"}]', 'ordered', NULL, NULL, true)
\gset
PREPARE funnel_set (timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, interval, int, boolean,
    boolean, boolean, text[]) AS :funnel_query;
CREATE FUNCTION pg_temp.nodes(asked text)
RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || asked LOOP
        RETURN NEXT substring(line FROM '(Finalize Aggregate|Partial Aggregate|Gather|Parallel [A-Z][A-Za-z ]*Scan|Parallel Append)');
    END LOOP;
END
$$;
SELECT count(*) FILTER (WHERE n = 'Finalize Aggregate') AS finalize, count(*) FILTER (WHERE n = 'Partial Aggregate') AS partial,
       count(*) FILTER (WHERE n ~ '^Parallel') > 0 AS parallel_scan
FROM pg_temp.nodes($$EXECUTE funnel_set('2032-01-01', '2032-01-20', '2032-01-27', '2031-12-30', '2031-12-31', '2032-01-21',
    '2032-01-28', '30 minutes', 0, true, true, true, NULL)$$) AS n;
SELECT count(*) AS differences
FROM ((TABLE counted
       EXCEPT ALL
       SELECT a.nr, r.* FROM asked AS a
       CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, a.dimension, a.modes, a.gap, a.no_bots) AS r)
      UNION ALL
      (SELECT a.nr, r.* FROM asked AS a
       CROSS JOIN LATERAL mrcall.funnel(a.since, a.until, a.steps, a.within, a.dimension, a.modes, a.gap, a.no_bots) AS r
       EXCEPT ALL TABLE counted)) AS d;
