-- What marketers ask next: time_to_convert, assisted_conversions, roas, attribution_interval. Definitions: docs/marketing.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall.time_to_convert(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL,
    include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (
    days int, conversions bigint, share numeric, cumulative_share numeric, mean_touches numeric, median_touches float8,
    median_time interval, unattributed bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 31
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
--@ include templates/report.sql range="since, until" dimension='channel'
    answer bytea;
BEGIN
    answer := mrcall_internal.journeys(report, journeys => true);
    RETURN QUERY
    WITH journey AS MATERIALIZED (
        SELECT cardinality(r.path) AS touches, extract(epoch FROM r.journey_at - r.touched_at[1]) AS seconds
        FROM mrcall_internal.journey_rows(answer) AS r
    ),
    attributed AS (
        SELECT j.touches, j.seconds, floor(j.seconds / 86400)::int AS days FROM journey AS j WHERE j.touches > 0
    ),
    grouped AS (
        SELECT a.days, GROUPING(a.days) = 1 AS is_total, count(*) AS conversions, avg(a.touches) AS mean_touches,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY a.touches) AS median_touches,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds::float8) AS median_seconds
        FROM attributed AS a
        GROUP BY GROUPING SETS ((a.days), ())
    ),
    day AS (
        SELECT d.day, false AS is_total
        FROM (SELECT generate_series(0, max(a.days)) AS day FROM attributed AS a) AS d
        UNION ALL
        SELECT NULL, true
    )
    SELECT d.day, coalesce(g.conversions, 0),
           round(coalesce(g.conversions, 0)::numeric / nullif(total.conversions, 0), 6),
           CASE WHEN NOT d.is_total THEN
               round(sum(coalesce(g.conversions, 0)) FILTER (WHERE NOT d.is_total) OVER (ORDER BY d.day)
                     / nullif(total.conversions, 0), 6) END,
           round(g.mean_touches, 6), g.median_touches, make_interval(secs => g.median_seconds),
           CASE WHEN d.is_total THEN (SELECT count(*) FROM journey AS j WHERE j.touches = 0) END
    FROM day AS d
    LEFT JOIN grouped AS g ON g.is_total = d.is_total AND g.days IS NOT DISTINCT FROM d.day
    CROSS JOIN (SELECT g.conversions FROM grouped AS g WHERE g.is_total) AS total
    ORDER BY d.is_total, d.day;
END
$$;
COMMENT ON FUNCTION mrcall.time_to_convert(
    timestamptz, timestamptz, text, interval, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean) IS
    'How long conversions took from their first touch, in days, and how many touches; the last row is all of them';

CREATE FUNCTION mrcall.assisted_conversions(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (
    dimension_value text, assisted bigint, assisted_value numeric, last_touch bigint, last_touch_value numeric,
    first_touch bigint, first_touch_value numeric, assisted_per_last_touch numeric, currency text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
--@ include templates/report.sql range="since, until" dimension=dimension
    answer bytea;
BEGIN
    answer := mrcall_internal.journeys(report, journeys => true);
    RETURN QUERY
    WITH part AS (
        -- Each value of a journey once, with what it was there.
        SELECT p.dimension_value, r.currency, r.value::numeric AS value,
               bool_or(p.place < cardinality(r.path)) AS is_assisting, bool_or(p.place = cardinality(r.path)) AS is_last,
               bool_or(p.place = 1) AS is_first
        FROM mrcall_internal.journey_rows(answer) AS r
        CROSS JOIN LATERAL unnest(r.path) WITH ORDINALITY AS p (dimension_value, place)
        GROUP BY r.conversion_id, p.dimension_value, r.currency, r.value
    )
    SELECT p.dimension_value, count(*) FILTER (WHERE p.is_assisting), coalesce(sum(p.value) FILTER (WHERE p.is_assisting), 0),
           count(*) FILTER (WHERE p.is_last), coalesce(sum(p.value) FILTER (WHERE p.is_last), 0),
           count(*) FILTER (WHERE p.is_first), coalesce(sum(p.value) FILTER (WHERE p.is_first), 0),
           round(count(*) FILTER (WHERE p.is_assisting)::numeric / nullif(count(*) FILTER (WHERE p.is_last), 0), 6), p.currency
    FROM part AS p
    GROUP BY p.dimension_value, p.currency
    ORDER BY p.currency COLLATE "C", count(*) FILTER (WHERE p.is_assisting) DESC, count(*) FILTER (WHERE p.is_last) DESC,
             p.dimension_value COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall.assisted_conversions(
    timestamptz, timestamptz, text, interval, text, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean) IS
    'In how many conversions each channel took part before the last touch, as the last touch and as the first';

CREATE FUNCTION mrcall.roas(
    since timestamptz, until timestamptz, conversion text DEFAULT 'payment', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', models text[] DEFAULT '{last_touch,linear,position_based,time_decay}',
    zone text DEFAULT 'UTC', half_life interval DEFAULT '7 days', first_weight float8 DEFAULT 0.4,
    last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false,
    weights float8[] DEFAULT NULL)
RETURNS TABLE (
    model text, dimension_value text, cost numeric, conversions numeric, value numeric, cac numeric, roas numeric, currency text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 80
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wanted constant text[] := models;
    name text;
--@ include templates/report.sql range="since, until" dimension=dimension
    answer bytea;
BEGIN
    PERFORM mrcall_internal.check_range(since, until), mrcall_internal.check_dimension(dimension, '{channel,campaign}');
    IF coalesce(cardinality(wanted), 0) = 0 THEN
        RAISE EXCEPTION 'argument "models" must name a model' USING ERRCODE = '22004',
            HINT = 'Example: models => ''{last_touch,linear}''.';
    END IF;
    FOREACH name IN ARRAY wanted LOOP
        -- No touches: only the model and its options are checked.
        PERFORM FROM mrcall.credit('{}', '{}', since, name, lookback, half_life, first_weight, last_weight, weights => weights);
    END LOOP;
    -- The zone is checked where days are told apart by it.
    PERFORM mrcall.bucket(interval '1 day', since, zone);
    answer := mrcall_internal.journeys(report, wanted, half_life, first_weight, last_weight, weights);
    RETURN QUERY
    WITH spent AS (
        SELECT coalesce(CASE dimension WHEN 'channel' THEN s.channel ELSE s.campaign END, '(not set)') AS dimension_value,
               s.currency, sum(s.cost) AS cost
        FROM mrcall.spend AS s
        WHERE s.day::timestamp AT TIME ZONE zone >= since AND s.day::timestamp AT TIME ZONE zone < until
        GROUP BY 1, 2
    ),
    credited AS (
        SELECT m.model, m.place, coalesce(r.dimension_value, '(unattributed)') AS dimension_value, r.currency,
               m.conversions::numeric, m.value::numeric
        FROM mrcall_internal.journey_credit_rows(answer) AS r
        CROSS JOIN LATERAL unnest(wanted, r.conversions, r.value) WITH ORDINALITY AS m (model, conversions, value, place)
    ),
    -- Conversions without a currency stand beside the costs of each currency.
    joined AS (
        SELECT m.model, m.place, s.dimension_value, s.currency, s.cost,
               coalesce(sum(c.conversions), 0.000000) AS conversions, coalesce(sum(c.value), 0) AS value
        FROM spent AS s
        CROSS JOIN unnest(wanted) WITH ORDINALITY AS m (model, place)
        LEFT JOIN credited AS c ON c.place = m.place AND c.dimension_value = s.dimension_value
            AND (c.currency = s.currency OR c.currency IS NULL)
        GROUP BY m.model, m.place, s.dimension_value, s.currency, s.cost
        UNION ALL
        SELECT c.model, c.place, c.dimension_value, c.currency, 0, c.conversions, c.value
        FROM credited AS c
        WHERE NOT EXISTS (SELECT FROM spent AS s WHERE s.dimension_value = c.dimension_value
                          AND (c.currency = s.currency OR c.currency IS NULL))
    )
    SELECT j.model, j.dimension_value, j.cost, j.conversions, j.value,
           CASE WHEN j.cost > 0 THEN round(j.cost / nullif(j.conversions, 0), 6) END,
           CASE WHEN report.conversion IN ('subscription', 'payment', 'refund') THEN round(j.value / nullif(j.cost, 0), 6) END,
           j.currency
    FROM joined AS j
    ORDER BY j.place, j.currency COLLATE "C", j.dimension_value = '(unattributed)', j.cost DESC, j.value DESC,
             j.conversions DESC, j.dimension_value COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall.roas(
    timestamptz, timestamptz, text, interval, text, text[], text, interval, float8, float8, interval, boolean, text[], text[],
    text[], text[], text[], text[], boolean,
    float8[]) IS
    'What advertising cost and what it brought under some models: cost per conversion and return on the spend';

CREATE FUNCTION mrcall.attribution_interval(
    since timestamptz, until timestamptz, model text DEFAULT 'markov', conversion text DEFAULT 'signup',
    lookback interval DEFAULT '30 days', dimension text DEFAULT 'channel', markov_order int DEFAULT 1,
    game text DEFAULT 'total', replicates int DEFAULT 1000, level float8 DEFAULT 0.95, seed bigint DEFAULT 42,
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL,
    include_channels text[] DEFAULT NULL, exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL,
    exclude_referrers text[] DEFAULT NULL, exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (dimension_value text, share float8, lower float8, upper float8, std_error float8)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
--@ include templates/report.sql range="since, until" dimension=dimension
    answer bytea;
BEGIN
    -- No paths: only the model and its options are checked.
    PERFORM FROM mrcall.path_interval(NULL, model, markov_order, game, replicates, level, seed);
    answer := mrcall_internal.journeys(report, paths => true, unconverted => true);
    RETURN QUERY
    SELECT i.channel, i.share, i.lower, i.upper, i.std_error
    FROM (SELECT mrcall.path_agg(r.path, r.conversions, abs(r.value::numeric), r.nulls) AS paths
          FROM mrcall_internal.journey_path_rows(answer) AS r
          WHERE r.path <> '{}') AS s
    CROSS JOIN LATERAL mrcall.path_interval(s.paths, model, markov_order, game, replicates, level, seed) AS i
    ORDER BY i.share DESC, i.channel COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall.attribution_interval(
    timestamptz, timestamptz, text, text, interval, text, int, text, int, float8, bigint, interval, boolean, text[], text[],
    text[], text[], text[], text[], boolean) IS
    'How sure the share of each value under a model is: a bootstrap interval over the journeys of a period';
