-- Journeys: the touches that led to conversions. Definitions: docs/attribution.md.

-- Before attach there is no table of goals: the report says so.
CREATE FUNCTION mrcall_internal.check_conversion(conversion text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known text[] := '{signup,business,first_call,subscription,payment,refund}';
BEGIN
    IF conversion = ANY (known) THEN
        RETURN;
    END IF;
    IF to_regclass('mrcall.goal') IS NOT NULL THEN
        known := known || ARRAY(SELECT 'goal:' || g.name FROM mrcall.goal AS g ORDER BY g.name);
    ELSIF mrcall_internal.is_goal(conversion) THEN
        RETURN;
    END IF;
    IF conversion IS NULL THEN
        RAISE EXCEPTION 'argument "conversion" must not be NULL' USING ERRCODE = '22004',
            HINT = format('Use one of: %s.', array_to_string(known, ', '));
    END IF;
    IF conversion COLLATE "C" <> ALL (known) THEN
        RAISE EXCEPTION 'unknown conversion "%"', conversion USING ERRCODE = '22023',
            HINT = format('Use one of: %s.', array_to_string(known, ', '))
                || CASE WHEN mrcall_internal.is_goal(conversion) THEN ' Goals are the rows of mrcall.goal.' ELSE '' END;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_conversion(text) IS 'Raises the error of an unknown kind of conversion';

-- Conversions, links and touches of a report, in any order; row_kind says what a row is: 0 nothing, 1 a conversion, 2 a
-- browser of a customer, 3 a touch, 4 a customer who converted before the end of the range, 5 an instant at which a
-- customer's journey restarts; where the model data_driven learns from other conversions (learns_apart), 6 is one of those and 7 a
-- customer who had one before the end of the range.
CREATE FUNCTION mrcall_internal.journey_set_trans(
    internal, row_kind int, customer_id text, visitor_id text, at timestamptz, begins_at timestamptz, channel text,
    dimension_value text, conversion_id text, value text, scale int, currency text, signed_up_at timestamptz,
    business_at timestamptz, models text[], half_life interval, first_weight float8, last_weight float8, weights float8[],
    counts boolean, paths boolean, unconverted_since timestamptz, unconverted_until timestamptz, journeys boolean,
    learns_apart boolean)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'journey_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_set_trans(
    internal, int, text, text, timestamptz, timestamptz, text, text, text, text, int, text, timestamptz, timestamptz, text[],
    interval, float8, float8, float8[], boolean, boolean, timestamptz, timestamptz, boolean, boolean)
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
    counts boolean, paths boolean, unconverted_since timestamptz, unconverted_until timestamptz, journeys boolean,
    learns_apart boolean) (
    SFUNC = mrcall_internal.journey_set_trans,
    STYPE = internal,
    SSPACE = 10000000,
    FINALFUNC = mrcall_internal.journey_set_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE mrcall_internal.journey_set(
    int, text, text, timestamptz, timestamptz, text, text, text, text, int, text, timestamptz, timestamptz, text[], interval,
    float8, float8, float8[], boolean, boolean, timestamptz, timestamptz, boolean, boolean)
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

-- weights: under the first of the models, empty without one.
CREATE FUNCTION mrcall_internal.journey_rows(answer bytea)
RETURNS TABLE (
    conversion_id text, currency text, value text, journey_at timestamptz, path text[], touched_at timestamptz[],
    visitor_ids text[], channels text[], weights float8[])
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000
AS 'MODULE_PATHNAME', 'journey_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.journey_rows(bytea) IS 'The journeys of conversions in an answer of journey_set';

-- The models that look at one journey, in the order of the columns of attribution_models.
CREATE FUNCTION mrcall_internal.journey_models(weights float8[])
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(m.model ORDER BY m.place)
    FROM mrcall.models() WITH ORDINALITY AS m (model, additive, needs, description, place)
    WHERE m.needs <> 'all journeys' AND (m.model <> 'custom' OR weights IS NOT NULL)
$$;
COMMENT ON FUNCTION mrcall_internal.journey_models(float8[]) IS
    'The models that look at one journey, custom where it has weights';

-- Without elements that are NULL; a list of channels or campaigns to include is NULL where it is empty.
CREATE TYPE mrcall_internal.touch_filter AS (
    exclude_bots boolean, exclude_channels text[], include_channels text[], exclude_campaigns text[], include_campaigns text[],
    exclude_referrers text[], exclude_visitors text[]);
COMMENT ON TYPE mrcall_internal.touch_filter IS 'Which touches a report leaves out';

CREATE TYPE mrcall_internal.report AS (
    since timestamptz, until timestamptz, conversion text, lookback interval, dimension text, gap interval, restart boolean,
    filter mrcall_internal.touch_filter);
COMMENT ON TYPE mrcall_internal.report IS 'What all reports on journeys are asked';

-- Meant to be inlined: of a filter that is a constant, only what it asks for is left.
CREATE FUNCTION mrcall_internal.is_counted(
    filter mrcall_internal.touch_filter, is_bot boolean, channel text, campaign text, referrer_domain text, visitor_id text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT NOT (filter.exclude_bots AND is_bot)
       AND (filter.exclude_channels IS NULL OR channel OPERATOR(pg_catalog.<>) ALL (filter.exclude_channels))
       AND (filter.include_channels IS NULL OR channel OPERATOR(pg_catalog.=) ANY (filter.include_channels))
       AND (filter.exclude_campaigns IS NULL
            OR COALESCE(campaign, '(not set)') OPERATOR(pg_catalog.<>) ALL (filter.exclude_campaigns))
       AND (filter.include_campaigns IS NULL
            OR COALESCE(campaign, '(not set)') OPERATOR(pg_catalog.=) ANY (filter.include_campaigns))
       AND (filter.exclude_referrers IS NULL
            OR COALESCE(referrer_domain, '(not set)') OPERATOR(pg_catalog.<>) ALL (filter.exclude_referrers))
       AND (filter.exclude_visitors IS NULL OR visitor_id OPERATOR(pg_catalog.<>) ALL (filter.exclude_visitors))
$$;
COMMENT ON FUNCTION mrcall_internal.is_counted(mrcall_internal.touch_filter, boolean, text, text, text, text) IS
    'Whether a filter leaves a touch in';

-- The elements of the arrays belong together, but for those of converted.
CREATE TYPE mrcall_internal.converts AS (
    ids text[], customer_ids text[], ends_at timestamptz[], amounts text[], scales int[], currencies text[],
    signed_up_at timestamptz[], business_at timestamptz[], first_at timestamptz, last_at timestamptz, converted text[]);
COMMENT ON TYPE mrcall_internal.converts IS
    'The conversions of a report, the first and the last end of their journeys, and who converted before its end';

CREATE FUNCTION mrcall_internal.converts(report mrcall_internal.report, milestones boolean, unconverted boolean)
RETURNS mrcall_internal.converts
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.is_goal(report.conversion) AS is_goal;
    SELECT ROW(
           coalesce(array_agg(c.conversion_id) FILTER (WHERE c.asked), '{}'), array_agg(c.customer_id) FILTER (WHERE c.asked),
           array_agg(c.journey_at) FILTER (WHERE c.asked), array_agg(c.value::text) FILTER (WHERE c.asked),
           array_agg(mrcall_internal.money_scale(c.value, c.currency)) FILTER (WHERE c.asked),
           array_agg(c.currency) FILTER (WHERE c.asked),
           array_agg(u.created_at) FILTER (WHERE c.asked), array_agg(b.created_at) FILTER (WHERE c.asked),
           min(c.journey_at) FILTER (WHERE c.asked), max(c.journey_at) FILTER (WHERE c.asked),
           coalesce(array_agg(c.customer_id) FILTER (WHERE unconverted AND c.customer_id IS NOT NULL), '{}')
           )::mrcall_internal.converts
    FROM (SELECT x.conversion_id, x.customer_id, x.business_id, x.journey_at, x.value, x.currency, x.converted_at >= report.since AS asked
          FROM mrcall.conversions AS x
          WHERE NOT is_goal AND x.conversion = report.conversion AND x.converted_at < report.until
            AND (unconverted OR x.converted_at >= report.since)
          UNION ALL
          SELECT g.event_id, mrcall_internal.person(g.customer_id, g.visitor_id), NULL, g.occurred_at, 0, NULL,
                 g.occurred_at >= report.since
          FROM mrcall_internal.goal_conversions(
              report.conversion, CASE WHEN unconverted THEN '-infinity' ELSE report.since END, report.until) AS g
          WHERE is_goal) AS c
    LEFT JOIN (SELECT x.customer_id, min(x.created_at) AS created_at FROM mrcall.customers AS x
               WHERE milestones GROUP BY x.customer_id) AS u ON u.customer_id = c.customer_id
    LEFT JOIN (SELECT x.business_id, min(x.created_at) AS created_at FROM mrcall.businesses AS x
               WHERE milestones GROUP BY x.business_id) AS b ON b.business_id = c.business_id
$$;
COMMENT ON FUNCTION mrcall_internal.converts(mrcall_internal.report, boolean, boolean) IS 'The conversions of a report';

CREATE TYPE mrcall_internal.customer_instants AS (customer_ids text[], at timestamptz[]);
COMMENT ON TYPE mrcall_internal.customer_instants IS 'Customers, each with an instant';

-- A refund has the journey of its payment, so it restarts where payments do.
CREATE FUNCTION mrcall_internal.restarts(kind text)
RETURNS mrcall_internal.customer_instants
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.is_goal(kind) AS is_goal;
    SELECT ROW(array_agg(c.customer_id), array_agg(c.journey_at))::mrcall_internal.customer_instants
    FROM (SELECT x.customer_id, x.journey_at
          FROM mrcall.conversions AS x
          WHERE NOT is_goal AND x.conversion = CASE kind WHEN 'refund' THEN 'payment' ELSE kind END
          UNION ALL
          SELECT mrcall_internal.person(g.customer_id, g.visitor_id), g.occurred_at
          FROM mrcall_internal.goal_conversions(kind, '-infinity', 'infinity') AS g
          WHERE is_goal) AS c
    WHERE c.customer_id IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.restarts(text) IS 'When the journeys of customers to a kind of conversion start anew';

CREATE TYPE mrcall_internal.links AS (customer_ids text[], visitor_ids text[]);
COMMENT ON TYPE mrcall_internal.links IS 'Customers, each with a browser';

-- As mrcall.identities has it, without the businesses; of all customers where wanted is NULL. people: as mrcall_internal.person has them.
CREATE FUNCTION mrcall_internal.links(wanted text[], people text[])
RETURNS mrcall_internal.links
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT ROW(coalesce(array_agg(l.customer_id), '{}'), coalesce(array_agg(l.visitor_id), '{}'))::mrcall_internal.links
    FROM (SELECT c.customer_id, unnest(c.website_session_ids) AS visitor_id
          FROM mrcall.customers AS c
          WHERE c.customer_id IS NOT NULL
            AND (wanted IS NULL OR c.customer_id IN (SELECT x.id FROM unnest(wanted) AS x (id)))
          UNION ALL
          SELECT DISTINCT p.id, substr(p.id, 2) FROM unnest(people) AS p (id) WHERE starts_with(p.id, E'\x01')) AS l
    WHERE l.visitor_id IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.links(text[], text[]) IS 'The browsers that are linked to customers';

-- What the model data_driven learns from: refunds take their credit back where the payments of the same arguments gave it.
CREATE FUNCTION mrcall_internal.learned_report(report mrcall_internal.report)
RETURNS mrcall_internal.report
LANGUAGE mrcall_sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ROW(report.since, report.until, CASE report.conversion WHEN 'refund' THEN 'payment' ELSE report.conversion END,
               report.lookback, report.dimension, report.gap, report.restart, report.filter)::mrcall_internal.report
$$;
COMMENT ON FUNCTION mrcall_internal.learned_report(mrcall_internal.report) IS
    'The report whose journeys the model data_driven learns from';

-- Reads the conversions once, then the visits once: of the browsers that are linked to a converter, or of all where journeys
-- without a conversion are asked for, or data_driven. given: other conversions than those of the report.
CREATE FUNCTION mrcall_internal.journeys(
    report mrcall_internal.report, models text[] DEFAULT '{}', half_life interval DEFAULT '7 days',
    first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, weights float8[] DEFAULT NULL,
    counts boolean DEFAULT false, paths boolean DEFAULT false, unconverted boolean DEFAULT false, journeys boolean DEFAULT false,
    given mrcall_internal.converts DEFAULT NULL)
RETURNS bytea
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000
AS $$
    SELECT mrcall_internal.check_range(report.since, report.until), mrcall_internal.check_conversion(report.conversion),
           mrcall_internal.check_dimension(report.dimension, '{channel,source,medium,campaign,landing_page,referrer_domain}'),
           mrcall_internal.exact(report.lookback, 'lookback') AS exact_lookback, mrcall_internal.visit_margin(report.gap) AS margin,
           mrcall_internal.require_attached(), mrcall_internal.check_filter(report.filter);
    SELECT unconverted OR coalesce('data_driven' = ANY (models), false) AS everybody,
           coalesce('data_driven' = ANY (models), false) AND (report.conversion = 'refund' OR given.ids IS NOT NULL) AS apart;
    SELECT CASE WHEN given.ids IS NOT NULL THEN given
                ELSE mrcall_internal.converts(report, 'w_shaped' = ANY (models), everybody) END AS found,
           CASE WHEN apart THEN mrcall_internal.converts(mrcall_internal.learned_report(report), false, true) END AS learned,
           CASE WHEN report.restart THEN mrcall_internal.restarts(report.conversion) END AS restarting;
    SELECT mrcall_internal.links(
               CASE WHEN NOT everybody THEN coalesce(found.customer_ids, '{}') END,
               CASE WHEN mrcall_internal.is_goal(report.conversion)
                    THEN found.customer_ids || found.converted || learned.customer_ids || learned.converted END) AS linked,
           least(found.first_at, learned.first_at) AS first_end, greatest(found.last_at, learned.last_at) AS last_end;

    -- The range of events and the browsers as plain values, so that the planner prunes chunks and uses indexes. A range of nothing
    -- where nobody has a browser: no chunk is read.
    SELECT CASE WHEN NOT everybody THEN linked.visitor_ids END AS browsers,
           CASE WHEN everybody
                THEN mrcall_internal.earlier(least(mrcall_internal.earlier(first_end, exact_lookback), report.since), margin)
                WHEN linked.visitor_ids = '{}' THEN report.since
                ELSE coalesce(mrcall_internal.earlier(mrcall_internal.earlier(found.first_at, exact_lookback), margin),
                              report.since) END AS first_at,
           CASE WHEN everybody THEN mrcall_internal.later(greatest(last_end, report.until), margin)
                WHEN linked.visitor_ids = '{}' THEN report.since
                ELSE mrcall_internal.later(found.last_at, margin) END AS last_at;
    SELECT mrcall_internal.warn_of_dropped_events(first_at, 'journeys that began before have fewer touches, or none'),
           mrcall_internal.earlier(first_at, '24:00:00') AS ids_since,
           mrcall_internal.are_visits_stored(first_at, report.gap) AS stored;

    SELECT mrcall_internal.journey_set(
        r.row_kind, r.customer_id, r.visitor_id, r.at, r.begins_at, r.channel, r.dimension_value, r.conversion_id, r.value,
        r.scale, r.currency, r.signed_up_at, r.business_at, models, half_life, first_weight, last_weight, weights, counts, paths,
        CASE WHEN everybody THEN report.since END, CASE WHEN everybody THEN report.until END, journeys, apart)
    FROM (
        SELECT 0 AS row_kind, NULL::text AS customer_id, NULL::text AS visitor_id, NULL::timestamptz AS at,
               NULL::timestamptz AS begins_at, NULL::text AS channel, NULL::text AS dimension_value, NULL::text AS conversion_id,
               NULL::text AS value, NULL::int AS scale, NULL::text AS currency, NULL::timestamptz AS signed_up_at,
               NULL::timestamptz AS business_at
        UNION ALL
        SELECT 1, c.customer_id, NULL, c.ends_at, mrcall_internal.earlier(c.ends_at, exact_lookback), NULL, NULL, c.conversion_id,
               c.value, c.scale, c.currency, c.signed_up_at, c.business_at
        FROM unnest(found.ids, found.customer_ids, found.ends_at, found.amounts, found.scales, found.currencies,
                    found.signed_up_at, found.business_at)
            AS c (conversion_id, customer_id, ends_at, value, scale, currency, signed_up_at, business_at)
        UNION ALL
        SELECT 2, l.customer_id, l.visitor_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(linked.customer_ids, linked.visitor_ids) AS l (customer_id, visitor_id)
        UNION ALL
        SELECT 3, NULL, v.visitor_id, v.touched_at, NULL, v.channel,
               mrcall_internal.dimension_value(report.dimension, v.channel, v.source, v.medium, v.campaign, v.landing_page,
                                               v.referrer_domain),
               NULL, NULL, NULL, NULL, NULL, NULL
        FROM mrcall_internal.visits(first_at, last_at, report.gap, browsers, ids_since, stored) AS v
        WHERE mrcall_internal.is_counted(report.filter, v.is_bot, v.channel, v.campaign, v.referrer_domain, v.visitor_id)
        UNION ALL
        SELECT 4, c.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(found.converted) AS c (customer_id)
        UNION ALL
        SELECT 5, c.customer_id, NULL, c.at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(restarting.customer_ids, restarting.at) AS c (customer_id, at)
        UNION ALL
        SELECT 6, c.customer_id, NULL, c.ends_at, mrcall_internal.earlier(c.ends_at, exact_lookback), NULL, NULL, NULL, NULL, NULL,
               NULL, NULL, NULL
        FROM unnest(learned.customer_ids, learned.ends_at) AS c (customer_id, ends_at)
        UNION ALL
        SELECT 7, c.customer_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
        FROM unnest(learned.converted) AS c (customer_id)
    ) AS r
$$;
COMMENT ON FUNCTION mrcall_internal.journeys(
    mrcall_internal.report, text[], interval, float8, float8, float8[], boolean, boolean, boolean, boolean,
    mrcall_internal.converts) IS
    'What a report says about the journeys of a period, for journey_credit_rows and the like';
