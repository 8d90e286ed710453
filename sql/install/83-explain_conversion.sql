-- One conversion explained. Definitions: docs/explain_conversion.md.

-- A row of stripe_events or apple_events; their own types are others after each attach.
CREATE TYPE mrcall_internal.webhook AS (event_id text, received_at timestamptz, document jsonb);
COMMENT ON TYPE mrcall_internal.webhook IS 'A webhook''s document';

CREATE TYPE mrcall_internal.webhooks AS (ids text[], stripe mrcall_internal.webhook[], apple mrcall_internal.webhook[]);
COMMENT ON TYPE mrcall_internal.webhooks IS 'Webhooks, with all ids that they name';

-- The documents that name one of the ids, of which further are those that nobody has looked for yet; those that name an id which
-- these name, and so on, because ids are what mrcall.conversions joins and groups documents by. NULL for ids that no index has, and
-- for more documents than belong to anybody: all are read then.
CREATE FUNCTION mrcall_internal.webhooks_of(ids text[], further text[])
RETURNS mrcall_internal.webhooks
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT 1000 AS most,
           EXISTS (SELECT FROM unnest(further) AS m (id)
                   WHERE m.id = '' OR m.id ~ '^[[{]' OR octet_length(m.id) > 255) AS is_unknown;
    -- The limit is outside, because the planner would take it for a reason to read the table.
    SELECT (WITH found AS MATERIALIZED (
                SELECT e.event_id, e.received_at, e.document
                FROM mrcall.stripe_events AS e
                WHERE mrcall.stripe_ids(e.document) && ids)
            SELECT array_agg(f::mrcall_internal.webhook) FROM (SELECT f.* FROM found AS f LIMIT most + 1) AS f) AS stripe,
           (WITH found AS MATERIALIZED (
                SELECT e.event_id, e.received_at, e.document
                FROM mrcall.apple_events AS e
                WHERE mrcall.apple_ids(e.document) && ids)
            SELECT array_agg(f::mrcall_internal.webhook) FROM (SELECT f.* FROM found AS f LIMIT most + 1) AS f) AS apple
    WHERE NOT is_unknown;
    SELECT array_agg(DISTINCT n.id) AS next
    FROM (SELECT mrcall.stripe_ids(e.document) AS named FROM unnest(stripe) AS e
          UNION ALL
          SELECT mrcall.apple_ids(e.document) FROM unnest(apple) AS e) AS d
    CROSS JOIN unnest(d.named) AS n (id)
    WHERE n.id <> ALL (ids);
    SELECT CASE WHEN is_unknown OR cardinality(stripe) > most OR cardinality(apple) > most THEN NULL
                WHEN next IS NULL THEN ROW(ids, stripe, apple)::mrcall_internal.webhooks
                ELSE mrcall_internal.webhooks_of(ids || next, next) END
$$;
COMMENT ON FUNCTION mrcall_internal.webhooks_of(text[], text[]) IS 'The webhooks that can matter for a conversion, and the ids they name';

-- The rows of mrcall.conversions with an id; of their columns those that need no look at every customer. Of a kind that
-- webhooks tell of, the view's own query answers, over no more rows of its sources than can matter: the webhooks that belong
-- together with the id, and the businesses that these lead to.
CREATE FUNCTION mrcall_internal.billed_conversions(kind text, asked_id text, known mrcall_internal.webhooks)
RETURNS TABLE (customer_id text, business_id text, converted_at timestamptz, journey_at timestamptz, value numeric, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    WITH stripe_events AS MATERIALIZED (SELECT e.* FROM unnest(known.stripe) AS e),
    apple_events AS MATERIALIZED (SELECT e.* FROM unnest(known.apple) AS e),
    subscriptions AS MATERIALIZED (SELECT s.* FROM mrcall.subscriptions AS s WHERE s.subscription_id = ANY (known.ids)),
    businesses AS MATERIALIZED (
        SELECT b.*
        FROM mrcall.businesses AS b
        WHERE b.business_id = ANY (ARRAY(
            SELECT s.business_id FROM subscriptions AS s
            UNION ALL
            SELECT mrcall_internal.apple_transaction(mrcall_internal.apple_notification(e.document)) ->> 'appAccountToken'
            FROM apple_events AS e
            UNION ALL
            SELECT x.business_id
            FROM mrcall.businesses AS x
            WHERE x.stripe_customer_id = ANY (ARRAY(
                SELECT mrcall_internal.stripe_id(e.document #> '{data,object,customer}') FROM stripe_events AS e))))
    )
    SELECT c.customer_id, c.business_id, c.converted_at, c.journey_at, c.value, c.currency
    FROM (
--@ include templates/conversions.sql schema=""
    ) AS c
    WHERE c.conversion = kind AND c.conversion_id = asked_id
$$;
COMMENT ON FUNCTION mrcall_internal.billed_conversions(text, text, mrcall_internal.webhooks) IS
    'The rows of mrcall.conversions with an id, over the webhooks that can matter for it';

CREATE FUNCTION mrcall_internal.listed_conversions(kind text, asked_id text)
RETURNS TABLE (customer_id text, business_id text, converted_at timestamptz, journey_at timestamptz, value numeric, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    SELECT c.customer_id, c.business_id, c.converted_at, c.journey_at, c.value, c.currency
    FROM mrcall.conversions AS c
    WHERE c.conversion = kind AND c.conversion_id = asked_id
$$;
COMMENT ON FUNCTION mrcall_internal.listed_conversions(text, text) IS 'The rows of mrcall.conversions with an id';

-- The goal is looked for where events of the id are.
CREATE FUNCTION mrcall_internal.goal_conversion(kind text, asked_id text)
RETURNS TABLE (customer_id text, converted_at timestamptz, visitor_id text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    SELECT mrcall_internal.check_conversion(kind);
    SELECT min(e.occurred_at) AS since, mrcall_internal.later(max(e.occurred_at), '00:00:01') AS until
    FROM mrcall.events AS e
    WHERE e.event_id = asked_id;
    SELECT g.customer_id, g.occurred_at, g.visitor_id
    FROM mrcall_internal.goal_conversions(kind, since, until) AS g
    WHERE g.event_id = asked_id
$$;
COMMENT ON FUNCTION mrcall_internal.goal_conversion(text, text) IS 'The events with an id that fit the goal of a kind of conversion';

-- visitor_id: of a goal alone.
CREATE FUNCTION mrcall_internal.conversions(kind text, asked_id text)
RETURNS TABLE (customer_id text, business_id text, converted_at timestamptz, journey_at timestamptz, value numeric, currency text,
    visitor_id text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    -- A refund may have the id of a charge, refund or transaction, and words after it.
    SELECT mrcall_internal.is_goal(kind) AS is_goal,
           ARRAY[asked_id, regexp_replace(asked_id, ':[^:]*$', ''), regexp_replace(asked_id, ':[^:]*:[^:]*$', '')] AS ids;
    SELECT CASE WHEN kind NOT IN ('signup', 'business', 'first_call') AND NOT is_goal
                THEN mrcall_internal.webhooks_of(ids, ids) END AS known;
    SELECT c.*, NULL::text FROM mrcall_internal.billed_conversions(kind, asked_id, known) AS c WHERE known.ids IS NOT NULL
    UNION ALL
    SELECT c.*, NULL FROM mrcall_internal.listed_conversions(kind, asked_id) AS c WHERE known.ids IS NULL AND NOT is_goal
    UNION ALL
    SELECT g.customer_id, NULL, g.converted_at, g.converted_at, 0, NULL, g.visitor_id
    FROM mrcall_internal.goal_conversion(kind, asked_id) AS g
    WHERE is_goal
$$;
COMMENT ON FUNCTION mrcall_internal.conversions(text, text) IS 'The rows of mrcall.conversions with an id';

-- Why a conversion without a journey has none.
CREATE FUNCTION mrcall_internal.unattributed_reason(
    customer text, business text, journey_at timestamptz, begins_at timestamptz, browsers text[], touches_before_filter bigint)
RETURNS text
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT CASE
        -- A browser that reached a goal needs no customer.
        WHEN customer IS NULL AND browsers = '{}' AND business IS NULL THEN 'no customer: no business is known for it'
        WHEN customer IS NULL AND browsers = '{}' THEN 'no customer: its business has no owner'
        WHEN customer IS NOT NULL AND NOT EXISTS (SELECT FROM mrcall.customers AS c WHERE c.customer_id = customer)
            THEN 'no customer: its customer is not in mrcall.customers'
        WHEN browsers = '{}' THEN 'no browser is linked to its customer'
        WHEN touches_before_filter > 0 THEN 'every touch in the lookback is left out by the arguments'
        WHEN begins_at < d.at THEN format('dropped: the events before %s are gone, and with them those of its lookback', d.at)
        WHEN s.first_event IS NULL THEN 'its browsers have no event'
        WHEN s.first_event > journey_at AND (SELECT min(e.occurred_at) FROM mrcall.events AS e) > journey_at
            THEN 'tracking began later'
        WHEN s.first_event > journey_at THEN 'its browsers were first seen after it'
        ELSE 'no touch in the lookback: the last event of its browsers before it was at ' || s.last_event END
    FROM (SELECT min(e.occurred_at) AS first_event, max(e.occurred_at) FILTER (WHERE e.occurred_at <= journey_at) AS last_event
          FROM mrcall_internal.first_deliveries(NULL, NULL, NULL, browsers) AS e) AS s
    CROSS JOIN mrcall_internal.events_dropped_before() AS d (at)
$$;
COMMENT ON FUNCTION mrcall_internal.unattributed_reason(text, text, timestamptz, timestamptz, text[], bigint) IS
    'Why a conversion without a journey has none';

-- before_filter: with those that the filter leaves out. The arrays are NULL where no touch is left.
CREATE TYPE mrcall_internal.journey AS (
    before_filter bigint, times timestamptz[], visitor_ids text[], channels text[], sources text[], mediums text[],
    campaigns text[], landing_pages text[], referrer_domains text[], rules text[]);
COMMENT ON TYPE mrcall_internal.journey IS 'The touches of one conversion in order of time';

CREATE FUNCTION mrcall_internal.journey(
    begins_at timestamptz, ends_at timestamptz, read_since timestamptz, report mrcall_internal.report, browsers text[])
RETURNS mrcall_internal.journey
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.earlier(read_since, mrcall_internal.visit_margin(report.gap)) AS first_at,
           mrcall_internal.earlier(mrcall_internal.earlier(read_since, mrcall_internal.visit_margin(report.gap)), '24:00:00') AS ids_since,
           mrcall_internal.later(ends_at, mrcall_internal.visit_margin(report.gap)) AS last_at;
    SELECT mrcall_internal.are_visits_stored(first_at, report.gap) AS stored;
    SELECT ROW(
           count(*), array_agg(v.touched_at) FILTER (WHERE v.counts), array_agg(v.visitor_id) FILTER (WHERE v.counts),
           array_agg(v.channel) FILTER (WHERE v.counts), array_agg(v.source) FILTER (WHERE v.counts),
           array_agg(v.medium) FILTER (WHERE v.counts), array_agg(v.campaign) FILTER (WHERE v.counts),
           array_agg(v.landing_page) FILTER (WHERE v.counts), array_agg(v.referrer_domain) FILTER (WHERE v.counts),
           array_agg(v.rule) FILTER (WHERE v.counts))::mrcall_internal.journey
    FROM (SELECT v.*,
                 mrcall_internal.is_counted(
                     report.filter, v.is_bot, v.channel, v.campaign, v.referrer_domain, v.visitor_id) AS counts
          FROM mrcall_internal.visits(first_at, last_at, report.gap, browsers, ids_since, stored) AS v
          WHERE v.touched_at >= begins_at AND v.touched_at <= ends_at AND browsers <> '{}'
          ORDER BY v.touched_at, v.channel COLLATE "C",
                   mrcall_internal.dimension_value(report.dimension, v.channel, v.source, v.medium, v.campaign, v.landing_page,
                                                   v.referrer_domain) COLLATE "C",
                   v.visitor_id COLLATE "C") AS v
$$;
COMMENT ON FUNCTION mrcall_internal.journey(timestamptz, timestamptz, timestamptz, mrcall_internal.report, text[]) IS
    'The touches of one conversion';

CREATE TYPE mrcall_internal.journey_parts AS (weights float8[], counts numeric[], amounts numeric[]);
COMMENT ON TYPE mrcall_internal.journey_parts IS 'The parts of the touches of one conversion, by model and touch';

CREATE FUNCTION mrcall_internal.journey_parts(
    journey mrcall_internal.journey, ends_at timestamptz, value numeric, currency text, lookback interval, half_life interval,
    first_weight float8, last_weight float8, signup_at timestamptz, business_at timestamptz, own_weights float8[])
RETURNS mrcall_internal.journey_parts
LANGUAGE mrcall_sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT ROW(
           array_agg(w.weights ORDER BY w.n),
           array_agg(CASE WHEN w.model = 'participation' THEN array_fill(1.000000, ARRAY[cardinality(journey.times)])
                          ELSE mrcall.split_amount(1, w.weights, 6) END ORDER BY w.n),
           array_agg(CASE WHEN w.model = 'participation' THEN array_fill(value, ARRAY[cardinality(journey.times)])
                          ELSE mrcall.split_amount(value, w.weights, mrcall_internal.money_scale(value, currency)) END
                     ORDER BY w.n))::mrcall_internal.journey_parts
    FROM (SELECT a.n, a.model, array_agg(k.weight ORDER BY k.touch_no) AS weights
          FROM unnest(mrcall_internal.journey_models(own_weights)) WITH ORDINALITY AS a (model, n)
          CROSS JOIN LATERAL mrcall.credit(
              journey.times, journey.channels, ends_at, a.model, lookback, half_life, first_weight, last_weight, signup_at,
              business_at, CASE WHEN a.model = 'custom' THEN own_weights END) AS k
          GROUP BY a.n, a.model) AS w
$$;
COMMENT ON FUNCTION mrcall_internal.journey_parts(
    mrcall_internal.journey, timestamptz, numeric, text, interval, interval, float8, float8, timestamptz, timestamptz,
    float8[]) IS
    'The parts of the touches of one conversion under the models of journey_models';

-- Under data_driven the weights are what the report of a range learned.
CREATE FUNCTION mrcall_internal.learned_weights(report mrcall_internal.report, journey mrcall_internal.journey)
RETURNS float8[]
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.journeys(mrcall_internal.learned_report(report), paths => true, unconverted => true) AS answer;
    SELECT array_agg(w.weight ORDER BY w.touch_no)
    FROM (SELECT mrcall.path_agg(r.path, r.conversions, 0, r.nulls) AS paths
          FROM mrcall_internal.journey_path_rows(answer) AS r
          WHERE r.path <> '{}') AS s
    CROSS JOIN (
        SELECT array_agg(mrcall_internal.dimension_value(
            report.dimension, t.channel, t.source, t.medium, t.campaign, t.landing_page, t.referrer_domain) ORDER BY t.n) AS path
        FROM unnest(journey.channels, journey.sources, journey.mediums, journey.campaigns, journey.landing_pages,
                    journey.referrer_domains)
            WITH ORDINALITY AS t (channel, source, medium, campaign, landing_page, referrer_domain, n)) AS j
    CROSS JOIN LATERAL mrcall_internal.data_driven_weights(s.paths, j.path) AS w
$$;
COMMENT ON FUNCTION mrcall_internal.learned_weights(mrcall_internal.report, mrcall_internal.journey) IS
    'The weights of the touches of one conversion under the model data_driven';

-- Where restart is asked for, the journey begins behind the customer's conversion before.
CREATE FUNCTION mrcall_internal.journey_begin(
    kind text, customer_id text, ends_at timestamptz, lookback interval, restart boolean)
RETURNS timestamptz
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.earlier(ends_at, lookback) AS earliest;
    SELECT CASE WHEN restart THEN mrcall_internal.restarts(kind) END AS restarting;
    SELECT greatest(earliest, max(x.at) + interval '1 microsecond')
    FROM unnest(restarting.customer_ids, restarting.at) AS x (customer_id, at)
    WHERE x.customer_id = journey_begin.customer_id AND x.at < ends_at
$$;
COMMENT ON FUNCTION mrcall_internal.journey_begin(text, text, timestamptz, interval, boolean) IS
    'Where the journey of one conversion begins';

CREATE FUNCTION mrcall_internal.check_asked(conversion_id text, since timestamptz, until timestamptz)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF conversion_id IS NULL THEN
        RAISE EXCEPTION 'argument "conversion_id" must not be NULL' USING ERRCODE = '22004',
            HINT = 'Ids are in the column conversion_id of mrcall.conversions.';
    END IF;
    IF since IS NOT NULL OR until IS NOT NULL THEN
        PERFORM mrcall_internal.check_range(since, until);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_asked(text, timestamptz, timestamptz) IS
    'Raises the error of a conversion without an id, and of a range that is none';

-- In a first statement of its own, where errors have no context.
CREATE FUNCTION mrcall_internal.is_filter(filter mrcall_internal.touch_filter)
RETURNS boolean
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT mrcall_internal.check_filter(filter);
    SELECT true
$$;
COMMENT ON FUNCTION mrcall_internal.is_filter(mrcall_internal.touch_filter) IS 'Whether check_filter raises no error';

CREATE FUNCTION mrcall.explain_conversion(
    conversion text, conversion_id text, lookback interval DEFAULT '30 days', half_life interval DEFAULT '7 days',
    first_weight float8 DEFAULT 0.4, last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false, weights float8[] DEFAULT NULL,
    since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, dimension text DEFAULT 'channel')
RETURNS TABLE (
    touch_no int, touched_at timestamptz, visitor_id text, channel text, source text, medium text, campaign text,
    landing_page text, referrer_domain text, rule text, reason text, customer_id text, business_id text, converted_at timestamptz,
    journey_at timestamptz, value numeric, currency text,
    first_touch_weight float8, first_touch_conversions numeric, first_touch_value numeric,
    last_touch_weight float8, last_touch_conversions numeric, last_touch_value numeric,
    last_non_direct_weight float8, last_non_direct_conversions numeric, last_non_direct_value numeric,
    last_paid_weight float8, last_paid_conversions numeric, last_paid_value numeric,
    linear_weight float8, linear_conversions numeric, linear_value numeric,
    position_based_weight float8, position_based_conversions numeric, position_based_value numeric,
    u_shaped_weight float8, u_shaped_conversions numeric, u_shaped_value numeric,
    j_shaped_weight float8, j_shaped_conversions numeric, j_shaped_value numeric,
    inverse_j_weight float8, inverse_j_conversions numeric, inverse_j_value numeric,
    w_shaped_weight float8, w_shaped_conversions numeric, w_shaped_value numeric,
    time_decay_weight float8, time_decay_conversions numeric, time_decay_value numeric,
    participation_weight float8, participation_conversions numeric, participation_value numeric,
    data_driven_weight float8, data_driven_conversions numeric, data_driven_value numeric,
    markov_weight float8, markov_conversions numeric, markov_value numeric,
    shapley_weight float8, shapley_conversions numeric, shapley_value numeric,
    custom_weight float8, custom_conversions numeric, custom_value numeric)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 4
AS $$
    SELECT conversion_id AS asked_id, mrcall_internal.exact(lookback, 'lookback') AS exact_lookback,
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           , mrcall_internal.exact(gap, 'gap') AS checked, mrcall_internal.check_conversion(conversion),
           mrcall_internal.check_asked(conversion_id, since, until),
           mrcall_internal.check_dimension(dimension, '{channel,source,medium,campaign,landing_page,referrer_domain}'),
           mrcall_internal.check_model(CASE WHEN weights IS NULL THEN 'linear' ELSE 'custom' END, lookback, half_life,
                                       first_weight, last_weight, weights),
           mrcall_internal.require_attached();
    SELECT mrcall_internal.is_filter(report.filter) AS checked;
    SELECT true AS is_found, x.customer_id AS customer, x.business_id AS business, x.converted_at, x.journey_at AS ends_at, x.value,
           x.currency, x.visitor_id AS browser,
           (SELECT min(u.created_at) FROM mrcall.customers AS u WHERE u.customer_id = x.customer_id) AS signup_at,
           (SELECT min(b.created_at) FROM mrcall.businesses AS b WHERE b.business_id = x.business_id) AS business_at
    FROM mrcall_internal.conversions(report.conversion, asked_id) AS x
    ORDER BY x.converted_at, x.visitor_id COLLATE "C"
    LIMIT 1;
    SELECT CASE WHEN is_found IS NULL THEN mrcall_internal.fail(
        'P0002', format('there is no %s "%s"', report.conversion, asked_id),
        format('Ids are in mrcall.conversions: SELECT conversion_id FROM mrcall.conversions WHERE conversion = %L;',
               report.conversion)) END AS checked;
    SELECT CASE WHEN customer IS NULL AND browser IS NOT NULL THEN ARRAY[browser]
                ELSE (SELECT coalesce(array_agg(DISTINCT i.visitor_id), '{}') FROM mrcall.identities AS i
                      WHERE i.customer_id = customer AND i.visitor_id IS NOT NULL) END AS browsers,
           mrcall_internal.journey_begin(report.conversion, mrcall_internal.person(customer, browser), ends_at, exact_lookback,
                                         report.restart) AS begins_at;
    SELECT mrcall_internal.journey(
               begins_at, ends_at, mrcall_internal.earlier(ends_at, exact_lookback), report, browsers) AS journey;
    SELECT CASE WHEN journey.times IS NOT NULL THEN NULL
                WHEN mrcall_internal.is_goal(report.conversion) AND browser IS NULL THEN 'no browser: its event names none'
                ELSE mrcall_internal.unattributed_reason(
                    customer, business, ends_at, begins_at, browsers, journey.before_filter) END AS why,
           CASE WHEN journey.times IS NOT NULL THEN mrcall_internal.journey_parts(
               journey, ends_at, value, currency, lookback, half_life, first_weight, last_weight, signup_at, business_at,
               weights) END AS parts,
           CASE WHEN journey.times IS NOT NULL AND report.since IS NOT NULL THEN
               mrcall_internal.learned_weights(report, journey) END AS learned,
           CASE WHEN journey.times IS NOT NULL THEN mrcall_internal.warn_of_dropped_events(
               begins_at, 'the journey may have begun with touches that are gone') END;
    SELECT t.touch_no, t.touched_at, t.visitor_id, t.channel, t.source, t.medium, t.campaign, t.landing_page, t.referrer_domain,
           t.rule, why, customer, business, converted_at, ends_at, value, currency,
           parts.weights[1][t.touch_no], parts.counts[1][t.touch_no], parts.amounts[1][t.touch_no],
           parts.weights[2][t.touch_no], parts.counts[2][t.touch_no], parts.amounts[2][t.touch_no],
           parts.weights[3][t.touch_no], parts.counts[3][t.touch_no], parts.amounts[3][t.touch_no],
           parts.weights[4][t.touch_no], parts.counts[4][t.touch_no], parts.amounts[4][t.touch_no],
           parts.weights[5][t.touch_no], parts.counts[5][t.touch_no], parts.amounts[5][t.touch_no],
           parts.weights[6][t.touch_no], parts.counts[6][t.touch_no], parts.amounts[6][t.touch_no],
           parts.weights[7][t.touch_no], parts.counts[7][t.touch_no], parts.amounts[7][t.touch_no],
           parts.weights[8][t.touch_no], parts.counts[8][t.touch_no], parts.amounts[8][t.touch_no],
           parts.weights[9][t.touch_no], parts.counts[9][t.touch_no], parts.amounts[9][t.touch_no],
           parts.weights[10][t.touch_no], parts.counts[10][t.touch_no], parts.amounts[10][t.touch_no],
           parts.weights[11][t.touch_no], parts.counts[11][t.touch_no], parts.amounts[11][t.touch_no],
           parts.weights[12][t.touch_no], parts.counts[12][t.touch_no], parts.amounts[12][t.touch_no],
           learned[t.touch_no], (mrcall.split_amount(1, learned, 6))[t.touch_no],
           (mrcall.split_amount(value, learned, mrcall_internal.money_scale(value, currency)))[t.touch_no],
           NULL::float8, NULL::numeric, NULL::numeric, NULL::float8, NULL::numeric, NULL::numeric,
           parts.weights[13][t.touch_no], parts.counts[13][t.touch_no], parts.amounts[13][t.touch_no]
    FROM (SELECT) AS one
    LEFT JOIN (
        SELECT u.n::int AS touch_no, u.*
        FROM unnest(journey.times, journey.visitor_ids, journey.channels, journey.sources, journey.mediums, journey.campaigns,
                    journey.landing_pages, journey.referrer_domains, journey.rules)
            WITH ORDINALITY
            AS u (touched_at, visitor_id, channel, source, medium, campaign, landing_page, referrer_domain, rule, n)
    ) AS t ON true
    ORDER BY t.touch_no
$$;
COMMENT ON FUNCTION mrcall.explain_conversion(
    text, text, interval, interval, float8, float8, interval, boolean, text[], text[], text[], text[], text[], text[], boolean,
    float8[], timestamptz, timestamptz, text) IS
    'Every touch of one conversion, the rule that classified it, its part under each model; or why there is none';
