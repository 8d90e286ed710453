-- Which touches brought the conversions. Definitions: docs/attribution.md.

-- The credit of a model over all paths of an answer, each currency for itself: its conversions and the journeys without one.
-- The totals are shared out in proportion to it, in order of the values by bytes.
CREATE FUNCTION mrcall_internal.shared_credit(answer bytea, model text, markov_order int)
RETURNS TABLE (dimension_value text, currency text, conversions numeric, value numeric)
LANGUAGE mrcall_sql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 20
AS $$
    WITH path AS MATERIALIZED (
        SELECT r.path, r.currency, r.conversions, r.value::numeric AS value, r.nulls
        FROM mrcall_internal.journey_path_rows(answer) AS r
        WHERE r.path <> '{}'
    ),
    total AS (
        SELECT p.currency, sum(p.conversions) AS conversions, sum(greatest(p.value, 0)) AS paid, sum(greatest(-p.value, 0)) AS back,
               greatest(max(scale(p.value)), coalesce(mrcall.currency_exponent(p.currency), 0)) AS scale
        FROM path AS p
        WHERE p.conversions > 0
        GROUP BY p.currency
    ),
    -- What came in and what went back are shared out each for itself: a refund that failed comes in among refunds.
    share AS (
        SELECT t.currency, t.conversions, d.sign, d.value, t.scale, s.paths
        FROM total AS t
        CROSS JOIN LATERAL (VALUES (1, t.paid), (-1, t.back)) AS d (sign, value)
        CROSS JOIN LATERAL (
            SELECT mrcall.path_agg(
                p.path, CASE WHEN p.currency IS NOT DISTINCT FROM t.currency THEN p.conversions ELSE 0 END,
                CASE WHEN p.currency IS NOT DISTINCT FROM t.currency THEN greatest(d.sign * p.value, 0) ELSE 0 END, p.nulls) AS paths
            FROM path AS p
            WHERE p.currency IS NOT DISTINCT FROM t.currency OR p.nulls > 0
        ) AS s
        WHERE d.value > 0 OR d.sign = 1 AND t.back = 0
    ),
    credited AS (
        SELECT s.currency, s.conversions, s.sign, s.value, s.scale,
               array_agg(c.channel ORDER BY c.channel COLLATE "C") AS channels,
               array_agg(c.conversions ORDER BY c.channel COLLATE "C") AS counts,
               array_agg(c.value ORDER BY c.channel COLLATE "C") AS amounts
        FROM share AS s
        CROSS JOIN LATERAL (
            SELECT m.channel, m.conversions, m.value FROM mrcall.markov(s.paths, markov_order) AS m WHERE model = 'markov'
            UNION ALL
            SELECT m.channel, m.conversions, m.value FROM mrcall.shapley(s.paths) AS m WHERE model = 'shapley'
        ) AS c
        GROUP BY s.currency, s.conversions, s.sign, s.value, s.scale
    )
    -- The conversions are the same for both.
    SELECT p.channel, c.currency, min(p.conversions), sum(coalesce(c.sign * p.value, round(0::numeric, c.scale)))
    FROM credited AS c
    CROSS JOIN LATERAL unnest(c.channels, mrcall.split_amount(c.conversions, c.counts, 6),
                              CASE WHEN c.value <> 0 THEN mrcall.split_amount(c.value, c.amounts, c.scale) END)
        AS p (channel, conversions, value)
    GROUP BY p.channel, c.currency
$$;
COMMENT ON FUNCTION mrcall_internal.shared_credit(bytea, text, int) IS
    'The totals of the paths in an answer of journey_set, shared out by markov or shapley';

CREATE FUNCTION mrcall.attribution(
    since timestamptz, until timestamptz, model text DEFAULT 'last_touch', conversion text DEFAULT 'signup',
    lookback interval DEFAULT '30 days', dimension text DEFAULT 'channel', half_life interval DEFAULT '7 days',
    first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false, weights float8[] DEFAULT NULL,
    markov_order int DEFAULT 1)
RETURNS TABLE (dimension_value text, conversions numeric, value numeric, touches bigint, visitors bigint, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
AS $$
    SELECT model IN ('markov', 'shapley') AS is_shared,
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           , mrcall_internal.check_range(since, until),
           mrcall_internal.check_model(model, lookback, half_life, first_weight, last_weight, weights),
           (SELECT count(*) FROM mrcall.markov(NULL::mrcall.path_set, markov_order)) AS checked;
    -- Participation counts all touches, as markov and shapley do.
    SELECT mrcall_internal.journeys(
        report, ARRAY[CASE WHEN is_shared THEN 'participation' ELSE model END], half_life, first_weight, last_weight,
        weights, counts => true, paths => is_shared, unconverted => is_shared) AS answer;
    WITH credited AS MATERIALIZED (SELECT r.* FROM mrcall_internal.journey_credit_rows(answer) AS r),
    driven AS MATERIALIZED (
        SELECT d.* FROM mrcall_internal.shared_credit(answer, model, markov_order) AS d WHERE is_shared
    ),
    report AS (
        SELECT coalesce(c.dimension_value, '(unattributed)') AS dimension_value, c.conversions[1]::numeric AS conversions,
               c.value[1]::numeric AS value, c.touches[1] AS touches, c.visitors[1] AS visitors, c.currency,
               c.dimension_value IS NULL AS is_rest
        FROM credited AS c
        WHERE NOT is_shared
        UNION ALL
        SELECT '(unattributed)', c.conversions[1]::numeric, c.value[1]::numeric, 0, 0, c.currency, true
        FROM credited AS c
        WHERE is_shared AND c.dimension_value IS NULL
        UNION ALL
        SELECT c.dimension_value, coalesce(d.conversions, 0.000000), coalesce(d.value, 0 * c.value[1]::numeric), c.touches[1],
               c.visitors[1], c.currency, false
        FROM credited AS c
        LEFT JOIN driven AS d ON d.dimension_value = c.dimension_value AND d.currency IS NOT DISTINCT FROM c.currency
        WHERE is_shared AND c.dimension_value IS NOT NULL
        UNION ALL
        -- Markov credits what leads to a conversion only by way of others' journeys, too.
        SELECT d.dimension_value, d.conversions, d.value, 0, 0, d.currency, false
        FROM driven AS d
        WHERE NOT EXISTS (SELECT FROM credited AS c
                          WHERE c.dimension_value = d.dimension_value AND c.currency IS NOT DISTINCT FROM d.currency)
    )
    SELECT r.dimension_value, r.conversions, r.value, r.touches, r.visitors, r.currency
    FROM report AS r
    WHERE r.is_rest OR r.touches > 0 OR is_shared AND r.conversions > 0
    ORDER BY r.currency COLLATE "C", r.is_rest, r.conversions DESC, r.value DESC, r.dimension_value COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.attribution(
    timestamptz, timestamptz, text, text, interval, text, interval, float8, float8, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean, float8[], int) IS
    'The conversions of a period and their value, shared out over the touches that led to them, by one model';
