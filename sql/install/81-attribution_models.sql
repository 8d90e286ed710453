-- All models side by side. Definitions: docs/attribution_models.md.

CREATE FUNCTION mrcall.attribution_models(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', half_life interval DEFAULT '7 days', first_weight float8 DEFAULT 0.4,
    last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false,
    weights float8[] DEFAULT NULL, markov_order int DEFAULT 1, data_driven boolean DEFAULT true)
RETURNS TABLE (
    dimension_value text, currency text,
    first_touch_conversions numeric, first_touch_value numeric, last_touch_conversions numeric,
    last_touch_value numeric, last_non_direct_conversions numeric, last_non_direct_value numeric,
    last_paid_conversions numeric, last_paid_value numeric, linear_conversions numeric, linear_value numeric,
    position_based_conversions numeric, position_based_value numeric, u_shaped_conversions numeric,
    u_shaped_value numeric, j_shaped_conversions numeric, j_shaped_value numeric, inverse_j_conversions numeric,
    inverse_j_value numeric, w_shaped_conversions numeric, w_shaped_value numeric, time_decay_conversions numeric,
    time_decay_value numeric, participation_conversions numeric, participation_value numeric,
    data_driven_conversions numeric, data_driven_value numeric, markov_conversions numeric, markov_value numeric,
    shapley_conversions numeric, shapley_value numeric,
    custom_conversions numeric, custom_value numeric)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           , coalesce(data_driven, true) AS with_all_journeys, mrcall_internal.check_range(since, until),
           mrcall_internal.check_model(CASE WHEN weights IS NULL THEN 'linear' ELSE 'custom' END, lookback, half_life,
                                       first_weight, last_weight, weights),
           (SELECT count(*) FROM mrcall.markov(NULL::mrcall.path_set, markov_order)) AS checked;
    SELECT mrcall_internal.journey_models(weights) || CASE WHEN with_all_journeys THEN '{data_driven}'::text[] END AS models;
    SELECT array_position(models, 'data_driven') AS driven, array_position(models, 'custom') AS custom,
           mrcall_internal.journeys(
               report, models, half_life, first_weight, last_weight, weights, paths => with_all_journeys,
               unconverted => with_all_journeys) AS answer;
    WITH credited AS MATERIALIZED (
        SELECT r.dimension_value, r.currency, r.conversions::numeric[] AS n, r.value::numeric[] AS v,
               -- What markov and shapley leave unattributed is what linear does.
               CASE WHEN r.dimension_value IS NULL THEN r.conversions[5]::numeric ELSE 0.000000 END AS rest_n,
               CASE WHEN r.dimension_value IS NULL THEN r.value[5]::numeric ELSE 0 * r.value[5]::numeric END AS rest_v
        FROM mrcall_internal.journey_credit_rows(answer) AS r
    ),
    markov AS MATERIALIZED (SELECT d.* FROM mrcall_internal.shared_credit(answer, 'markov', markov_order) AS d),
    shapley AS MATERIALIZED (SELECT d.* FROM mrcall_internal.shared_credit(answer, 'shapley', markov_order) AS d)
    SELECT coalesce(c.dimension_value, '(unattributed)'), c.currency,
           c.n[1], c.v[1], c.n[2], c.v[2], c.n[3], c.v[3], c.n[4], c.v[4], c.n[5], c.v[5], c.n[6], c.v[6], c.n[7], c.v[7],
           c.n[8], c.v[8], c.n[9], c.v[9], c.n[10], c.v[10], c.n[11], c.v[11], c.n[12], c.v[12],
           c.n[driven], c.v[driven],
           CASE WHEN with_all_journeys THEN coalesce(markov.conversions, c.rest_n) END,
           CASE WHEN with_all_journeys THEN coalesce(markov.value, c.rest_v) END,
           CASE WHEN with_all_journeys THEN coalesce(shapley.conversions, c.rest_n) END,
           CASE WHEN with_all_journeys THEN coalesce(shapley.value, c.rest_v) END,
           c.n[custom], c.v[custom]
    FROM (SELECT x.* FROM credited AS x
          UNION ALL
          -- Markov credits what leads to a conversion only by way of others' journeys, too.
          SELECT x.dimension_value, x.currency, array_fill(0.000000, ARRAY[14]), array_fill(0 * x.value, ARRAY[14]), 0.000000,
                 0 * x.value
          FROM markov AS x
          WHERE NOT EXISTS (SELECT FROM credited AS y
                            WHERE y.dimension_value = x.dimension_value AND y.currency IS NOT DISTINCT FROM x.currency)) AS c
    LEFT JOIN markov ON markov.dimension_value = c.dimension_value AND markov.currency IS NOT DISTINCT FROM c.currency
    LEFT JOIN shapley ON shapley.dimension_value = c.dimension_value AND shapley.currency IS NOT DISTINCT FROM c.currency
    ORDER BY c.currency COLLATE "C", c.dimension_value IS NULL, c.n[5] DESC, c.v[5] DESC, c.dimension_value COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.attribution_models(
    timestamptz, timestamptz, text, interval, text, interval, float8, float8, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean, float8[], int, boolean) IS
    'The conversions of a period and their value, shared out by every model side by side; participation is not additive';
