-- Journeys: the touches that led to conversions. Definitions: docs/attribution.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall_internal.check_conversion(conversion text)
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
COMMENT ON FUNCTION mrcall_internal.check_conversion(text) IS 'The errors of a kind of conversion that is none';

-- Conversions, links and touches of a report, in any order; row_kind says what a row is: 0 nothing, 1 a conversion, 2 a
-- browser of a customer, 3 a touch, 4 a customer who converted before the end of the range, 5 an instant at which a
-- customer's journey restarts.
CREATE FUNCTION mrcall_internal.journey_set_trans(
    internal, row_kind int, customer_id text, visitor_id text, at timestamptz, begins_at timestamptz, channel text,
    dimension_value text, conversion_id text, value text, scale int, currency text, signed_up_at timestamptz,
    business_at timestamptz, models text[], half_life interval, first_weight float8, last_weight float8, weights float8[],
    counts boolean,
    paths boolean, unconverted_since timestamptz, unconverted_until timestamptz, journeys boolean)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'journey_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_set_trans(
    internal, int, text, text, timestamptz, timestamptz, text, text, text, text, int, text, timestamptz, timestamptz, text[],
    interval, float8, float8, float8[], boolean, boolean, timestamptz, timestamptz, boolean)
IS 'Transition of journey_set';

CREATE FUNCTION mrcall_internal.journey_set_final(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'journey_set_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_set_final(internal) IS 'Final function of journey_set';

CREATE AGGREGATE mrcall_internal.journey_set(
    row_kind int, customer_id text, visitor_id text, at timestamptz, begins_at timestamptz, channel text,
    dimension_value text, conversion_id text, value text, scale int, currency text, signed_up_at timestamptz,
    business_at timestamptz, models text[], half_life interval, first_weight float8, last_weight float8, weights float8[],
    counts boolean,
    paths boolean, unconverted_since timestamptz, unconverted_until timestamptz, journeys boolean) (
    SFUNC = mrcall_internal.journey_set_trans,
    STYPE = internal,
    SSPACE = 10000000,
    FINALFUNC = mrcall_internal.journey_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall_internal.journey_set(
    int, text, text, timestamptz, timestamptz, text, text, text, text, int, text, timestamptz, timestamptz, text[], interval,
    float8, float8, float8[], boolean, boolean, timestamptz, timestamptz, boolean)
IS 'What a report says about journeys, as bytes for journey_credit_rows, journey_path_rows and journey_rows';

-- By model, in the order in which they were asked for; dimension_value NULL for conversions without a journey.
CREATE FUNCTION mrcall_internal.journey_credit_rows(answer bytea)
RETURNS TABLE (dimension_value text, currency text, conversions text[], value text[], touches bigint[], visitors bigint[])
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 20
AS 'MODULE_PATHNAME', 'journey_credit_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_credit_rows(bytea) IS 'The credit in an answer of journey_set';

CREATE FUNCTION mrcall_internal.journey_path_rows(answer bytea)
RETURNS TABLE (path text[], currency text, conversions bigint, value text, nulls bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'journey_path_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_path_rows(bytea) IS 'The distinct paths in an answer of journey_set';

CREATE FUNCTION mrcall_internal.journey_rows(answer bytea)
RETURNS TABLE (
    conversion_id text, currency text, value text, journey_at timestamptz, path text[], touched_at timestamptz[])
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'journey_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_rows(bytea) IS 'The journeys of conversions in an answer of journey_set';

-- The models that look at one journey, in the order of the columns of attribution_models.
CREATE FUNCTION mrcall_internal.journey_models(weights float8[])
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '{first_touch,last_touch,last_non_direct,last_paid,linear,position_based,u_shaped,j_shaped,inverse_j,w_shaped,
             time_decay,participation}'::text[]
        || CASE WHEN weights IS NULL THEN '{}' ELSE '{custom}'::text[] END
$$;
COMMENT ON FUNCTION mrcall_internal.journey_models(float8[]) IS 'The models that look at one journey, custom where it has weights';

-- Reads the conversions once, then the visits once: of the browsers that are linked to a converter, or of all where journeys
-- without a conversion are asked for. It returns a set of one row because RETURN QUERY can use parallel workers, while SELECT
-- INTO cannot.
CREATE FUNCTION mrcall_internal.journeys(
    since timestamptz, until timestamptz, kind text, lookback interval, dimension text, gap interval, exclude_bots boolean,
    exclude_channels text[], include_channels text[], exclude_campaigns text[], include_campaigns text[],
    exclude_referrers text[], exclude_visitors text[], restart boolean, models text[], half_life interval,
    first_weight float8, last_weight float8, weights float8[], counts boolean, paths boolean, unconverted boolean, journeys boolean)
RETURNS SETOF bytea
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_variable
DECLARE
    exact_lookback interval := mrcall_internal.exact(lookback, 'lookback');
    exact_gap interval := mrcall_internal.exact(gap, 'gap');
    longest_visit constant interval := '24:00:00';
    milestones constant boolean := 'w_shaped' = ANY (models);
    no_bots constant boolean := coalesce(exclude_bots, false);
    no_channels constant text[] := array_remove(exclude_channels, NULL);
    only_channels constant text[] := nullif(array_remove(include_channels, NULL), '{}');
    no_campaigns constant text[] := array_remove(exclude_campaigns, NULL);
    only_campaigns constant text[] := nullif(array_remove(include_campaigns, NULL), '{}');
    no_referrers constant text[] := array_remove(exclude_referrers, NULL);
    no_visitors constant text[] := array_remove(exclude_visitors, NULL);
    ids text[];
    customer_ids text[];
    ends_at timestamptz[];
    amounts text[];
    scales int[];
    currencies text[];
    signed_up_at timestamptz[];
    business_at timestamptz[];
    converted text[] := '{}';
    restarting_ids text[] := '{}';
    restarted_at timestamptz[] := '{}';
    linked_ids text[];
    browsers text[];
    wanted text[];
    first_at timestamptz;
    last_at timestamptz;
BEGIN
    PERFORM mrcall_internal.check_range(since, until), mrcall_internal.check_conversion(kind),
            mrcall_internal.check_dimension(dimension, '{channel,source,medium,campaign,landing_page,referrer_domain}');
    PERFORM mrcall_internal.require_attached();

    SELECT coalesce(array_agg(c.conversion_id) FILTER (WHERE c.asked), '{}'), array_agg(c.customer_id) FILTER (WHERE c.asked),
           array_agg(c.journey_at) FILTER (WHERE c.asked), array_agg(c.value::text) FILTER (WHERE c.asked),
           array_agg(greatest(scale(c.value), CASE WHEN c.currency IS NULL THEN 0 ELSE mrcall.currency_exponent(c.currency) END))
               FILTER (WHERE c.asked),
           array_agg(c.currency) FILTER (WHERE c.asked),
           array_agg(u.created_at) FILTER (WHERE c.asked), array_agg(b.created_at) FILTER (WHERE c.asked),
           coalesce(array_agg(c.customer_id) FILTER (WHERE unconverted AND c.customer_id IS NOT NULL), '{}'),
           min(c.journey_at) FILTER (WHERE c.asked), max(c.journey_at) FILTER (WHERE c.asked)
    INTO ids, customer_ids, ends_at, amounts, scales, currencies, signed_up_at, business_at, converted, first_at, last_at
    FROM (SELECT x.*, x.converted_at >= since AS asked
          FROM mrcall.conversions AS x
          WHERE x.conversion = kind AND x.converted_at < until AND (unconverted OR x.converted_at >= since)) AS c
    LEFT JOIN (SELECT x.customer_id, min(x.created_at) AS created_at FROM mrcall.customers AS x
               WHERE milestones GROUP BY x.customer_id) AS u ON u.customer_id = c.customer_id
    LEFT JOIN (SELECT x.business_id, min(x.created_at) AS created_at FROM mrcall.businesses AS x
               WHERE milestones GROUP BY x.business_id) AS b ON b.business_id = c.business_id;
    IF restart THEN
        -- A refund has the journey of its payment, so it restarts where payments do.
        SELECT coalesce(array_agg(c.customer_id), '{}'), coalesce(array_agg(c.journey_at), '{}')
        INTO restarting_ids, restarted_at
        FROM mrcall.conversions AS c
        WHERE c.conversion = CASE kind WHEN 'refund' THEN 'payment' ELSE kind END AND c.customer_id IS NOT NULL;
    END IF;
    -- As mrcall.identities has it, without the businesses.
    SELECT coalesce(array_agg(l.customer_id), '{}'), coalesce(array_agg(l.visitor_id), '{}')
    INTO linked_ids, browsers
    FROM (SELECT c.customer_id, unnest(c.website_session_ids) AS visitor_id
          FROM mrcall.customers AS c
          WHERE c.customer_id IS NOT NULL
            AND (unconverted OR c.customer_id IN (SELECT x.id FROM unnest(customer_ids) AS x (id)))) AS l
    WHERE l.visitor_id IS NOT NULL;

    -- The range of events and the browsers as plain values, so that the planner prunes chunks and uses indexes.
    -- A day more on both sides: a visit that goes on across a border is seen whole, so that its touch does not depend on the
    -- range that is asked for.
    IF unconverted THEN
        wanted := NULL;
        first_at := least(first_at - exact_lookback, since);
        last_at := greatest(last_at, until);
    ELSIF browsers = '{}' THEN
        -- A range of nothing: no chunk is read.
        wanted := browsers;
        first_at := NULL;
    ELSE
        wanted := browsers;
        first_at := first_at - exact_lookback;
    END IF;
    first_at := coalesce(first_at - exact_gap - longest_visit, since);
    last_at := CASE WHEN wanted = '{}' THEN since ELSE last_at + exact_gap + longest_visit END;

    RETURN QUERY
    SELECT mrcall_internal.journey_set(
        r.row_kind, r.customer_id, r.visitor_id, r.at, r.begins_at, r.channel, r.dimension_value, r.conversion_id, r.value,
        r.scale, r.currency, r.signed_up_at, r.business_at, models, half_life, first_weight, last_weight, weights, counts, paths,
        CASE WHEN unconverted THEN since END, CASE WHEN unconverted THEN until END, journeys)
    FROM (
        SELECT 0 AS row_kind, NULL::text AS customer_id, NULL::text AS visitor_id, NULL::timestamptz AS at,
               NULL::timestamptz AS begins_at, NULL::text AS channel, NULL::text AS dimension_value, NULL::text AS conversion_id,
               NULL::text AS value, NULL::int AS scale, NULL::text AS currency, NULL::timestamptz AS signed_up_at,
               NULL::timestamptz AS business_at
        UNION ALL
        SELECT 1, c.customer_id, NULL, c.ends_at, c.ends_at - exact_lookback, NULL, NULL, c.conversion_id, c.value, c.scale,
               c.currency, c.signed_up_at, c.business_at
        FROM unnest(ids, customer_ids, ends_at, amounts, scales, currencies, signed_up_at, business_at)
            AS c (conversion_id, customer_id, ends_at, value, scale, currency, signed_up_at, business_at)
        UNION ALL
        SELECT 2, l.customer_id, l.visitor_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(linked_ids, browsers) AS l (customer_id, visitor_id)
        UNION ALL
        SELECT 3, NULL, v.visitor_id, v.touched_at, NULL, v.channel,
               coalesce(CASE dimension
                   WHEN 'channel' THEN v.channel WHEN 'source' THEN v.source WHEN 'medium' THEN v.medium
                   WHEN 'campaign' THEN v.campaign WHEN 'landing_page' THEN v.landing_page
                   WHEN 'referrer_domain' THEN v.referrer_domain END, '(not set)'),
               NULL, NULL, NULL, NULL, NULL, NULL
        FROM mrcall_internal.visits(first_at, last_at, exact_gap, wanted) AS v
        WHERE NOT (no_bots AND v.is_bot)
          AND (no_channels IS NULL OR v.channel <> ALL (no_channels))
          AND (only_channels IS NULL OR v.channel = ANY (only_channels))
          AND (no_campaigns IS NULL OR coalesce(v.campaign, '(not set)') <> ALL (no_campaigns))
          AND (only_campaigns IS NULL OR coalesce(v.campaign, '(not set)') = ANY (only_campaigns))
          AND (no_referrers IS NULL OR coalesce(v.referrer_domain, '(not set)') <> ALL (no_referrers))
          AND (no_visitors IS NULL OR v.visitor_id <> ALL (no_visitors))
        UNION ALL
        SELECT 4, c.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(converted) AS c (customer_id)
        UNION ALL
        SELECT 5, c.customer_id, NULL, c.at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(restarting_ids, restarted_at) AS c (customer_id, at)
    ) AS r;
END
$$;
COMMENT ON FUNCTION mrcall_internal.journeys(
    timestamptz, timestamptz, text, interval, text, interval, boolean, text[], text[], text[], text[], text[], text[], boolean,
    text[], interval, float8, float8, float8[], boolean, boolean, boolean, boolean) IS
    'What a report says about the journeys of a period, for journey_credit_rows and the like';
