-- mrcall.attribution against plain SQL (fixtures/oracle.sql): every model, conversion and dimension.
\pset footer off

-- The reports and the oracle's answers for one range and one set of options, of the models and dimensions asked for.
CREATE TEMP TABLE result (
    source text, model text, kind text, dimension text, options text, dimension_value text, conversions numeric,
        value numeric,
    touches bigint, visitors bigint, currency text) ON COMMIT DROP;
CREATE FUNCTION pg_temp.run(since timestamptz, until timestamptz, models text[], kinds text[], dimensions text[],
    lookback interval,
                            no_bots boolean DEFAULT false, half_life interval DEFAULT '7 days',
                                first float8 DEFAULT 0.4,
                            last float8 DEFAULT 0.4)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    options text := concat_ws(' ', since, until, lookback, no_bots, half_life, first, last);
    kind text;
    model text;
    dimension text;
BEGIN
    FOREACH kind IN ARRAY kinds LOOP
        INSERT INTO result
        SELECT 'oracle', o.model, kind, o.dimension, options, o.dimension_value, o.conversions, o.value, o.touches,
            o.visitors, o.currency
        FROM oracle.attribution(since, until, kind, lookback, models, dimensions, no_bots, half_life, first, last) AS o;
        FOREACH model IN ARRAY models LOOP
            FOREACH dimension IN ARRAY dimensions LOOP
                INSERT INTO result
                SELECT 'report', model, kind, dimension, options, a.*
                FROM mrcall.attribution(since, until, model, kind, lookback, dimension, half_life, first, last,
                    exclude_bots => no_bots) AS a;
            END LOOP;
        END LOOP;
    END LOOP;
END
$$;

SELECT quote_literal(mrcall_internal.journey_models(NULL)) AS models \gset
SELECT pg_temp.run('2026-02-15Z', '2026-05-20Z', :models, '{signup,payment,refund}', '{channel}', '30 days')
    \g /dev/null
SELECT pg_temp.run('2026-02-15Z', '2026-05-20Z', '{last_paid,linear,inverse_j,w_shaped}', '{business,first_call,subscription}',
    '{channel}', '30 days') \g /dev/null
SELECT pg_temp.run('2026-02-15Z', '2026-05-20Z', '{last_non_direct,position_based}', '{payment}',
                   '{source,medium,campaign,landing_page,referrer_domain}', '30 days') \g /dev/null
SELECT pg_temp.run('2026-03-10 12:34:56Z', '2026-04-10 11:11:11.111111Z', '{linear}', '{signup,refund}', '{campaign}',
    l)
FROM unnest('{0,1 hour,3 days,90 days}'::interval[]) AS l \g /dev/null
SELECT pg_temp.run('2026-03-01Z', '2026-05-01Z', '{position_based,time_decay}', '{payment}', '{channel}', '45 days',
    true,
                   half_life, first, last)
FROM (VALUES (interval '1 day', 0::float8, 0::float8), ('90 days', 0.5, 0.5), ('5 hours', 0.1, 0.7), ('7 days', 1, 0))
    AS o (half_life, first, last)
\g /dev/null
-- A day with nothing in it, and years before anything was tracked.
SELECT pg_temp.run('2030-01-01Z', '2030-01-02Z', :models, '{payment}', '{source}', '30 days') \g /dev/null
SELECT pg_temp.run('2020-01-01Z', '2026-02-01Z', '{linear}', '{signup,payment}', '{source}', '30 days') \g /dev/null

SELECT coalesce(o.model, r.model) AS model, count(DISTINCT (o.kind, o.dimension, o.options)) AS combinations,
    count(*) > 20 AS many_rows,
       count(*) FILTER (WHERE (o.conversions, o.value, o.touches, o.visitors) IS DISTINCT FROM (r.conversions, r.value,
           r.touches, r.visitors))
           AS differences
FROM (SELECT * FROM result AS x WHERE x.source = 'oracle') AS o
FULL JOIN (SELECT * FROM result AS x WHERE x.source = 'report') AS r
    ON (r.model, r.kind, r.dimension, r.options, r.dimension_value, coalesce(r.currency, '-'))
     = (o.model, o.kind, o.dimension, o.options, o.dimension_value, coalesce(o.currency, '-'))
GROUP BY 1
ORDER BY 1;

-- A visit is whole whatever the range: its first arrival came before the lookback begins, or after the sign-up.
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-left', '2033-01-01 10:05Z', '{"website_session_id": "T-browser-l"}'),
    ('T-right', '2033-01-02 10:05Z', '{"website_session_id": "T-browser-r"}');
INSERT INTO public.website_events (session_id, created_at, page_url, referrer) VALUES
    ('T-browser-l', '2033-01-01 08:20Z', 'https://mrcall.ai/', 'https://www.google.com/'),
    ('T-browser-l', '2033-01-01 08:45Z', 'https://mrcall.ai/', 'https://mrcall.ai/x'),
    ('T-browser-l', '2033-01-01 09:10Z', 'https://mrcall.ai/', 'https://www.bing.com/'),
    ('T-browser-r', '2033-01-02 10:00Z', 'https://mrcall.ai/', 'https://mrcall.ai/x'),
    ('T-browser-r', '2033-01-02 10:10Z', 'https://mrcall.ai/', 'https://www.google.com/');
SELECT t.visitor_id, t.touched_at AT TIME ZONE 'UTC' AS touched_at, t.source FROM mrcall.touches AS t
    WHERE t.visitor_id ~ '^T-browser' ORDER BY 1;
SELECT a.* FROM mrcall.attribution('2033-01-01Z', '2033-01-02Z', lookback => '1 hour') AS a ORDER BY 1;
SELECT a.* FROM mrcall.attribution('2033-01-02Z', '2033-01-03Z', lookback => '1 hour') AS a ORDER BY 1;
SELECT a.* FROM mrcall.attribution('2033-01-01Z', '2033-01-03Z', lookback => '1 hour') AS a ORDER BY 1;

-- What there was to compare: journeys of several touches, parts of conversions, several currencies, unattributed ones.
SELECT r.kind, max(r.touches) > 3 AS many_touches, bool_or(r.conversions % 1 <> 0) AS has_parts,
    count(DISTINCT r.currency) AS currencies,
       sum(r.conversions) FILTER (WHERE r.dimension_value = '(unattributed)') > 0 AS has_unattributed
FROM result AS r
WHERE r.source = 'report'
GROUP BY 1
ORDER BY 1;
