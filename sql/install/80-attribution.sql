-- Which touches brought the conversions. Definitions: docs/attribution.md.

CREATE FUNCTION mrcall._check_conversion(conversion text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF conversion IS NULL THEN
        RAISE EXCEPTION 'argument "conversion" must not be NULL' USING ERRCODE = '22004',
            HINT = 'Use one of: signup, business, first_call, subscription, payment, refund.';
    END IF;
    IF conversion NOT IN ('signup', 'business', 'first_call', 'subscription', 'payment', 'refund') THEN
        RAISE EXCEPTION 'unknown conversion "%"', conversion USING ERRCODE = '22023',
            HINT = 'Use one of: signup, business, first_call, subscription, payment, refund.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall._check_conversion(text) IS 'Internal: the errors of a kind of conversion that is none';

CREATE FUNCTION mrcall.attribution(
    since timestamptz, until timestamptz, model text DEFAULT 'last_touch', conversion text DEFAULT 'signup',
    lookback interval DEFAULT '30 days', dimension text DEFAULT 'channel', half_life interval DEFAULT '7 days',
    first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false)
RETURNS TABLE (dimension_value text, conversions numeric, value numeric, touches bigint, visitors bigint, currency text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    kind text := conversion;
    exact_lookback interval := mrcall._exact(lookback, 'lookback');
    exact_gap interval := mrcall._exact(gap, 'gap');
    longest_visit constant interval := '24:00:00';
    no_bots boolean := coalesce(exclude_bots, false);
    first_at timestamptz;
    last_at timestamptz;
    browsers text[];
BEGIN
    PERFORM mrcall._check_range(since, until), mrcall._check_conversion(kind),
            mrcall._check_dimension(dimension, '{channel,source,medium,campaign,landing_page,referrer_domain}');
    -- No touches: only the model and its options are checked.
    PERFORM FROM mrcall.credit('{}', '{}', since, model, lookback, half_life, first_weight, last_weight);
    PERFORM mrcall._require_attached();

    -- The range of events and the browsers as plain values, so that the planner prunes chunks and uses indexes.
    -- A day more on both sides: a visit that goes on across a border is seen whole, so that its touch does not depend on the
    -- range that is asked for.
    SELECT min(c.journey_at) - exact_lookback - exact_gap - longest_visit, max(c.journey_at) + exact_gap + longest_visit
    INTO first_at, last_at
    FROM mrcall.conversions AS c
    WHERE c.conversion = kind AND c.converted_at >= since AND c.converted_at < until;
    SELECT coalesce(array_agg(DISTINCT i.visitor_id), '{}') INTO browsers
    FROM mrcall.conversions AS c
    JOIN mrcall.identities AS i ON i.customer_id = c.customer_id
    WHERE c.conversion = kind AND c.converted_at >= since AND c.converted_at < until;

    RETURN QUERY
    WITH conv AS MATERIALIZED (
        SELECT row_number() OVER () AS no, c.customer_id, c.journey_at, c.value, c.currency,
               greatest(scale(c.value), CASE WHEN c.currency IS NULL THEN 0 ELSE mrcall.currency_exponent(c.currency) END) AS scale
        FROM mrcall.conversions AS c
        WHERE c.conversion = kind AND c.converted_at >= since AND c.converted_at < until
    ),
    browser AS (
        SELECT DISTINCT i.customer_id, i.visitor_id
        FROM mrcall.identities AS i
        WHERE i.customer_id IN (SELECT c.customer_id FROM conv AS c)
    ),
    touch AS MATERIALIZED (
        SELECT v.visitor_id, v.touched_at, v.channel,
               coalesce(CASE dimension
                   WHEN 'channel' THEN v.channel WHEN 'source' THEN v.source WHEN 'medium' THEN v.medium
                   WHEN 'campaign' THEN v.campaign WHEN 'landing_page' THEN v.landing_page
                   WHEN 'referrer_domain' THEN v.referrer_domain END, '(not set)') COLLATE "C" AS dimension_value
        FROM mrcall._visits(first_at, last_at, exact_gap, browsers) AS v
        WHERE NOT (no_bots AND v.is_bot)
    ),
    journey AS (
        SELECT c.no,
               array_agg(t.touched_at ORDER BY t.touched_at, t.channel COLLATE "C", t.dimension_value, t.visitor_id COLLATE "C") AS times,
               array_agg(t.channel ORDER BY t.touched_at, t.channel COLLATE "C", t.dimension_value, t.visitor_id COLLATE "C") AS channels,
               array_agg(t.dimension_value ORDER BY t.touched_at, t.channel COLLATE "C", t.dimension_value, t.visitor_id COLLATE "C")
                   AS dimension_values,
               array_agg(t.visitor_id ORDER BY t.touched_at, t.channel COLLATE "C", t.dimension_value, t.visitor_id COLLATE "C")
                   AS visitor_ids
        FROM conv AS c
        JOIN browser AS b ON b.customer_id = c.customer_id
        JOIN touch AS t ON t.visitor_id = b.visitor_id
            AND t.touched_at >= c.journey_at - exact_lookback AND t.touched_at <= c.journey_at
        GROUP BY c.no
    ),
    part AS (
        SELECT p.dimension_value, p.visitor_id, p.weight, p.conversions, p.value, c.currency
        FROM conv AS c
        JOIN journey AS j ON j.no = c.no
        CROSS JOIN LATERAL (
            SELECT array_agg(k.weight ORDER BY k.touch_no) AS weights
            FROM mrcall.credit(j.times, j.channels, c.journey_at, model, lookback, half_life, first_weight, last_weight) AS k
        ) AS w
        CROSS JOIN LATERAL unnest(j.dimension_values, j.visitor_ids, w.weights, mrcall.split_amount(1, w.weights, 6),
                                  mrcall.split_amount(c.value, w.weights, c.scale))
            AS p (dimension_value, visitor_id, weight, conversions, value)
    ),
    report AS (
        SELECT p.dimension_value, sum(p.conversions) AS conversions, sum(p.value) AS value,
               count(*) FILTER (WHERE p.weight > 0) AS touches,
               count(DISTINCT p.visitor_id) FILTER (WHERE p.weight > 0) AS visitors, p.currency, false AS is_rest
        FROM part AS p
        GROUP BY p.dimension_value, p.currency
        HAVING count(*) FILTER (WHERE p.weight > 0) > 0
        UNION ALL
        SELECT '(unattributed)', round(count(c.no) FILTER (WHERE j.no IS NULL)::numeric, 6),
               coalesce(sum(c.value) FILTER (WHERE j.no IS NULL), 0), 0, 0, cur.currency, true
        FROM (SELECT DISTINCT c.currency FROM conv AS c
              UNION ALL SELECT NULL WHERE NOT EXISTS (SELECT FROM conv)) AS cur (currency)
        LEFT JOIN conv AS c ON c.currency IS NOT DISTINCT FROM cur.currency
        LEFT JOIN journey AS j ON j.no = c.no
        GROUP BY cur.currency
    )
    SELECT r.dimension_value, r.conversions, r.value, r.touches, r.visitors, r.currency
    FROM report AS r
    ORDER BY r.currency COLLATE "C", r.is_rest, r.conversions DESC, r.value DESC, r.dimension_value COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall.attribution(
    timestamptz, timestamptz, text, text, interval, text, interval, float8, float8, interval, boolean) IS
    'The conversions of a period and their value, shared out over the touches that led to them, by one model';
