-- Continuous aggregates over the sources with every kind of state, some over others, and what their queries say now.
SET timezone = 'UTC';
CREATE TABLE public.cagg_query (name text PRIMARY KEY, level int, query text);
INSERT INTO public.cagg_query VALUES
    ('visit_day', 1, $$SELECT time_bucket('1 day', created_at) AS at, session_id AS key, mrcall.visit_agg(created_at, '30 minutes',
        CASE WHEN event_type IN ('page_view', 'pageview') THEN mrcall.url_path(page_url) END,
        CASE WHEN event_type IN ('page_view', 'pageview')
              AND mrcall.is_arrival(referrer, page_url, utm_source, utm_medium, utm_campaign)
             THEN mrcall.channel(referrer, page_url, utm_source, utm_medium, utm_campaign) END) AS state
        FROM public.website_events WHERE session_id IS NOT NULL GROUP BY 1, 2$$),
    ('visit_group', 1, $$SELECT time_bucket('1 day', created_at) AS at, (hashtext(session_id) & 15)::text AS key,
        mrcall.visit_agg(created_at, '30 minutes') AS state FROM public.website_events GROUP BY 1, 2$$),
    ('call_day', 1, $$SELECT time_bucket('1 day', start_timestamp) AS at, business_id AS key,
        mrcall.call_agg(start_timestamp, mrcall.try_timestamptz(data ->> 'end_timestamp'), data ->> 'outcome')
            FILTER (WHERE mrcall.try_timestamptz(data ->> 'end_timestamp') < start_timestamp IS NOT TRUE) AS state
        FROM public.sessions GROUP BY 1, 2$$),
    ('distinct_day', 1, $$SELECT time_bucket('1 day', created_at, 'Europe/Rome') AS at, event_type AS key,
        mrcall.distinct_agg(session_id) AS state FROM public.website_events GROUP BY 1, 2$$),
    ('funnel_week', 1, $$SELECT time_bucket('7 days', created_at) AS at, session_id AS key,
        mrcall.funnel_agg(created_at, ARRAY[page_url LIKE '%/', page_url LIKE '%/pricing%', event_type <> 'page_view']) AS state
        FROM public.website_events GROUP BY 1, 2$$),
    ('path_week', 1, $$SELECT time_bucket('7 days', created_at) AS at, event_type AS key,
        mrcall.path_agg(ARRAY[coalesce(utm_source, 'none'), coalesce(utm_medium, 'none')], 1, 0.10, 1) AS state
        FROM public.website_events GROUP BY 1, 2$$),
    ('deepest_week', 1, $$SELECT time_bucket('7 days', created_at) AS at, session_id AS key,
        mrcall.window_funnel('1 hour', created_at, ARRAY[true, page_url LIKE '%/pricing%', event_type <> 'page_view']) AS state
        FROM public.website_events GROUP BY 1, 2$$),
    ('visit_week', 2, $$SELECT time_bucket('7 days', at) AS at, key, mrcall.rollup(state) AS state FROM public.visit_group GROUP BY 1, 2$$),
    ('call_week', 2, $$SELECT time_bucket('7 days', at) AS at, key, mrcall.rollup(state) AS state FROM public.call_day GROUP BY 1, 2$$);
SELECT format('CREATE MATERIALIZED VIEW public.%I WITH (timescaledb.continuous, timescaledb.materialized_only = true) AS %s WITH NO DATA',
              name, query) FROM public.cagg_query ORDER BY level, name \gexec
SELECT format('CALL refresh_continuous_aggregate(%L, NULL, NULL)', name) FROM public.cagg_query ORDER BY level, name \gexec

-- Of each: the rows stored, those of its query, and those that only one of the two has. A second level is computed from the sources.
CREATE FUNCTION public.cagg_differences()
RETURNS TABLE (name text, stored bigint, computed bigint, different bigint)
LANGUAGE plpgsql AS $$
DECLARE
    c record;
    query text;
BEGIN
    FOR c IN SELECT q.* FROM public.cagg_query AS q ORDER BY q.level, q.name LOOP
        query := replace(replace(c.query, 'public.visit_group', format('(%s) AS v',
                (SELECT q.query FROM public.cagg_query AS q WHERE q.name = 'visit_group'))), 'public.call_day', format('(%s) AS d',
                (SELECT q.query FROM public.cagg_query AS q WHERE q.name = 'call_day')));
        name := c.name;
        EXECUTE format('WITH s AS (SELECT at, key, state::text FROM public.%I), q AS (SELECT at, key, state::text FROM (%s) AS x) '
            'SELECT (SELECT count(*) FROM s), (SELECT count(*) FROM q), '
            '(SELECT count(*) FROM ((TABLE s EXCEPT ALL TABLE q) UNION ALL (TABLE q EXCEPT ALL TABLE s)) AS d)', c.name, query)
        INTO stored, computed, different;
        RETURN NEXT;
    END LOOP;
END
$$;
