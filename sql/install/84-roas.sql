-- Costs beside what they brought. Definitions: docs/marketing.md.

CREATE FUNCTION mrcall_internal.check_models(
    models text[], lookback interval, half_life interval, first_weight float8, last_weight float8, weights float8[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    IF coalesce(cardinality(models), 0) = 0 THEN
        RAISE EXCEPTION 'argument "models" must name a model' USING ERRCODE = '22004',
            HINT = 'Example: models => ''{last_touch,linear}''.';
    END IF;
    FOREACH name IN ARRAY models LOOP
        PERFORM mrcall_internal.check_model(name, lookback, half_life, first_weight, last_weight, weights);
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_models(text[], interval, interval, float8, float8, float8[]) IS
    'Raises the errors of a list of models';

CREATE FUNCTION mrcall.roas(
    since timestamptz, until timestamptz, conversion text DEFAULT 'payment', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', models text[] DEFAULT '{last_touch,linear,position_based,time_decay}',
    zone text DEFAULT 'UTC', half_life interval DEFAULT '7 days', first_weight float8 DEFAULT 0.4,
    last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false,
    weights float8[] DEFAULT NULL, markov_order int DEFAULT 1)
RETURNS TABLE (
    model text, dimension_value text, cost numeric, conversions numeric, value numeric, cac numeric, roas numeric, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 80
AS $$
    SELECT mrcall_internal.listed(models, 'models') AS listed, models AS wanted,
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           , mrcall_internal.check_range(since, until), mrcall_internal.check_dimension(dimension, '{channel,campaign}'),
           mrcall_internal.check_models(models, lookback, half_life, first_weight, last_weight, weights),
           (SELECT count(*) FROM mrcall.markov(NULL::mrcall.path_set, markov_order)) AS checked_order,
           -- Of those that share out totals, the credit of one journey only says what is left unattributed.
           array_replace(array_replace(models, 'markov', 'linear'), 'shapley', 'linear') AS asked,
           models && '{markov,shapley}' AS shares_out,
           -- The zone is checked where days are told apart by it.
           mrcall.bucket(interval '1 day', since, zone) AS checked, mrcall_internal.note_midnight(since, until, zone);
    SELECT mrcall_internal.journeys(
        report, asked, half_life, first_weight, last_weight, weights, paths => shares_out, unconverted => shares_out) AS answer;
    WITH spent AS (
        SELECT coalesce(CASE dimension WHEN 'channel' THEN s.channel ELSE s.campaign END, '(not set)') AS dimension_value,
               s.currency, sum(s.cost) AS cost
        FROM mrcall.spend AS s
        WHERE mrcall_internal.start_of_day(s.day, zone, 'day') >= since AND mrcall_internal.start_of_day(s.day, zone, 'day') < until
        GROUP BY 1, 2
    ),
    credited AS (
        SELECT m.model, m.place, coalesce(r.dimension_value, '(unattributed)') AS dimension_value, r.currency,
               m.conversions::numeric, m.value::numeric
        FROM mrcall_internal.journey_credit_rows(answer) AS r
        CROSS JOIN LATERAL unnest(wanted, r.conversions, r.value) WITH ORDINALITY AS m (model, conversions, value, place)
        WHERE m.model NOT IN ('markov', 'shapley') OR r.dimension_value IS NULL
        UNION ALL
        SELECT m.model, m.place, d.dimension_value, d.currency, d.conversions, d.value
        FROM unnest(wanted) WITH ORDINALITY AS m (model, place)
        CROSS JOIN LATERAL mrcall_internal.shared_credit(answer, m.model, markov_order) AS d
        WHERE m.model IN ('markov', 'shapley')
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
             j.conversions DESC, j.dimension_value COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.roas(
    timestamptz, timestamptz, text, interval, text, text[], text, interval, float8, float8, interval, boolean, text[], text[],
    text[], text[], text[], text[], boolean,
    float8[], int) IS
    'What advertising cost and what it brought under some models: cost per conversion and return on the spend. '
    'Two dates are days of the zone';

--@ include templates/local_days.sql name=roas before="" first=""
--@   after=", conversion text DEFAULT 'payment', lookback interval DEFAULT '30 days', dimension text DEFAULT 'channel',
--@      models text[] DEFAULT '{last_touch,linear,position_based,time_decay}', zone text DEFAULT 'UTC',
--@      half_life interval DEFAULT '7 days', first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4,
--@      gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL,
--@      include_channels text[] DEFAULT NULL, exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL,
--@      exclude_referrers text[] DEFAULT NULL, exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false,
--@      weights float8[] DEFAULT NULL, markov_order int DEFAULT 1"
--@   passed="conversion, lookback, dimension, models, zone, half_life, first_weight, last_weight, gap, exclude_bots,
--@      exclude_channels, include_channels, exclude_campaigns, include_campaigns, exclude_referrers, exclude_visitors, restart,
--@      weights, markov_order"
--@   columns="model text, dimension_value text, cost numeric, conversions numeric, value numeric, cac numeric, roas numeric,
--@      currency text"
--@   types="date, date, text, interval, text, text[], text, interval, float8, float8, interval, boolean, text[], text[], text[],
--@      text[], text[], text[], boolean, float8[], int"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=100000 rows=80 what="What advertising cost and what it brought"
