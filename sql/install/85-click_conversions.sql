-- Which click of which advertising network brought a conversion, as the networks take it. Definitions: docs/click_conversions.md.

-- place: of the kind among all, which is the order in which they are taken where a URL has several.
CREATE FUNCTION mrcall_internal.ad_click(page_url text, utm_source text)
RETURNS TABLE (network text, kind text, place int, click_id text, is_stale boolean)
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT COST 10 ROWS 1
AS 'MODULE_PATHNAME', 'ad_click_wrapper';
COMMENT ON FUNCTION mrcall_internal.ad_click(text, text) IS
    'The click id in a URL that its network takes back; is_stale: the UTM source is another network''s';

-- How long after a click a network counts a conversion, and after a conversion its adjustment; NULL for one that takes none.
CREATE FUNCTION mrcall_internal.ad_networks()
RETURNS TABLE (network text, counts_for interval, adjusts_for interval)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 6
AS $$
    VALUES ('google', '2160:00:00'::interval, '1296:00:00'::interval), ('microsoft', '2160:00:00', '2160:00:00'),
           ('meta', '672:00:00', NULL), ('tiktok', '672:00:00', NULL), ('linkedin', '2160:00:00', NULL), ('snapchat', '672:00:00', NULL)
$$;
COMMENT ON FUNCTION mrcall_internal.ad_networks() IS 'The advertising networks that take conversions by click id, with their limits';

CREATE FUNCTION mrcall_internal.check_click_model(model text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF model IN ('markov', 'shapley', 'participation') THEN
        RAISE EXCEPTION 'the model "%" does not share out single conversions', model
            USING ERRCODE = '22023', HINT = 'Use one that does, such as last_paid, last_touch, linear or data_driven.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_click_model(text) IS
    'Raises the error of a model whose credits of one conversion are not its whole';

-- converts has the numbers of the conversions for ids; the arrays go by number, or belong together. Of payments those of which money
-- came back in the range too, with all that came back before its end.
CREATE TYPE mrcall_internal.clicked AS (
    converts mrcall_internal.converts, ids text[], converted_at timestamptz[], amounts numeric[], currencies text[], are_asked boolean[],
    refund_nos int[], refund_ids text[], refunded_at timestamptz[], refunds numeric[], refund_currencies text[],
    refunds_asked boolean[]);
COMMENT ON TYPE mrcall_internal.clicked IS 'The conversions that click_conversions is asked for, and what came back of them';

CREATE FUNCTION mrcall_internal.clicked(report mrcall_internal.report, milestones boolean)
RETURNS mrcall_internal.clicked
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT report.conversion IN ('payment', 'refund') AS is_money, mrcall_internal.is_goal(report.conversion) AS is_goal,
           CASE WHEN report.conversion IN ('payment', 'refund') THEN '{payment,refund}' ELSE ARRAY[report.conversion] END AS kinds;
    WITH found AS MATERIALIZED (
        SELECT x.conversion_id, x.customer_id, x.business_id, x.converted_at, x.journey_at, x.value, x.currency, x.payment_id,
               x.conversion = 'refund' AS is_refund, coalesce(x.subscription_id, '') AS series,
               x.converted_at >= report.since AND x.converted_at < report.until
               AND (x.conversion = 'refund' OR report.conversion <> 'refund') AS is_asked
        FROM mrcall.conversions AS x
        WHERE NOT is_goal AND x.conversion = ANY (kinds)
          AND CASE WHEN is_money THEN x.conversion = 'payment' OR x.converted_at < report.until
                   ELSE x.converted_at >= report.since AND x.converted_at < report.until END
        UNION ALL
        SELECT g.event_id, mrcall_internal.person(g.customer_id, g.visitor_id), NULL, g.occurred_at, g.occurred_at, 0, NULL, NULL, false,
               '', true
        FROM mrcall_internal.goal_conversions(report.conversion, report.since, report.until) AS g
        WHERE is_goal
    ),
    conversion AS MATERIALIZED (
        SELECT f.*, row_number() OVER (ORDER BY f.converted_at, f.conversion_id COLLATE "C", f.business_id COLLATE "C")::int AS no
        FROM found AS f
        WHERE NOT f.is_refund
          AND (f.is_asked OR (f.payment_id, f.series) IN (SELECT r.payment_id, r.series FROM found AS r
                                                          WHERE r.is_refund AND r.is_asked))
    ),
    refund AS (
        SELECT c.no, r.conversion_id, r.converted_at, r.value, r.currency, r.is_asked
        FROM found AS r
        JOIN conversion AS c ON c.payment_id = r.payment_id AND c.series = r.series
        WHERE r.is_refund
    ),
    returned AS (
        SELECT coalesce(array_agg(r.no), '{}') AS nos, array_agg(r.conversion_id) AS ids, array_agg(r.converted_at) AS at,
               array_agg(r.value) AS amounts, array_agg(r.currency) AS currencies, array_agg(r.is_asked) AS are_asked
        FROM refund AS r
    )
    SELECT ROW(
           ROW(coalesce(array_agg(c.no::text ORDER BY c.no), '{}'), array_agg(c.customer_id ORDER BY c.no),
               array_agg(c.journey_at ORDER BY c.no), array_agg(c.value::text ORDER BY c.no),
               array_agg(mrcall_internal.money_scale(c.value, c.currency) ORDER BY c.no), array_agg(c.currency ORDER BY c.no),
               array_agg(u.created_at ORDER BY c.no), array_agg(b.created_at ORDER BY c.no), min(c.journey_at), max(c.journey_at),
               '{}')::mrcall_internal.converts,
           array_agg(c.conversion_id ORDER BY c.no), array_agg(c.converted_at ORDER BY c.no), array_agg(c.value ORDER BY c.no),
           array_agg(c.currency ORDER BY c.no), array_agg(c.is_asked ORDER BY c.no),
           (SELECT r.nos FROM returned AS r), (SELECT r.ids FROM returned AS r), (SELECT r.at FROM returned AS r),
           (SELECT r.amounts FROM returned AS r), (SELECT r.currencies FROM returned AS r),
           (SELECT r.are_asked FROM returned AS r))::mrcall_internal.clicked
    FROM conversion AS c
    LEFT JOIN (SELECT x.customer_id, min(x.created_at) AS created_at FROM mrcall.customers AS x
               WHERE milestones GROUP BY x.customer_id) AS u ON u.customer_id = c.customer_id
    LEFT JOIN (SELECT x.business_id, min(x.created_at) AS created_at FROM mrcall.businesses AS x
               WHERE milestones GROUP BY x.business_id) AS b ON b.business_id = c.business_id
$$;
COMMENT ON FUNCTION mrcall_internal.clicked(mrcall_internal.report, boolean) IS
    'The conversions that click_conversions is asked for, and what came back of them';

CREATE FUNCTION mrcall.click_conversions(
    since timestamptz, until timestamptz, conversion text DEFAULT 'payment', model text DEFAULT 'last_paid',
    lookback interval DEFAULT '30 days', half_life interval DEFAULT '7 days', first_weight float8 DEFAULT 0.4,
    last_weight float8 DEFAULT 0.4, gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false, weights float8[] DEFAULT NULL)
RETURNS TABLE (
    network text, click_id text, click_id_kind text, clicked_at timestamptz, conversion_id text, converted_at timestamptz,
    value numeric, currency text, adjustment text, credit numeric, adjusted_at timestamptz, adjusted_value numeric, problem text,
    adjustment_id text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 100
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension='channel'
           , mrcall_internal.check_range(since, until), mrcall_internal.check_conversion(conversion),
           mrcall_internal.check_model(model, lookback, half_life, first_weight, last_weight, weights),
           mrcall_internal.check_click_model(model), mrcall_internal.exact(gap, 'gap') AS checked,
           mrcall_internal.require_attached();
    SELECT mrcall_internal.is_filter(report.filter) AS is_filter;
    SELECT mrcall_internal.clicked(report, model = 'w_shaped') AS known;
    SELECT mrcall_internal.journeys(
        report, ARRAY[model], half_life, first_weight, last_weight, weights, journeys => true, given => known.converts) AS answer;
    SELECT coalesce(array_agg(DISTINCT t.visitor_id), '{}') AS browsers, min(t.at) AS first_at,
           mrcall_internal.later(max(t.at), '00:00:00.000001') AS last_at, mrcall_internal.earlier(min(t.at), '24:00:00') AS ids_since
    FROM mrcall_internal.journey_rows(answer) AS r
    CROSS JOIN LATERAL unnest(r.visitor_ids, r.touched_at) AS t (visitor_id, at);
    WITH journey AS MATERIALIZED (
        SELECT r.conversion_id::int AS no, r.visitor_ids, r.touched_at, r.weights
        FROM mrcall_internal.journey_rows(answer) AS r
        WHERE r.path <> '{}'
    ),
    -- What the URL of a touch says: that of the page view at its instant.
    landing AS MATERIALIZED (
        SELECT DISTINCT ON (e.visitor_id, e.occurred_at) e.visitor_id, e.occurred_at, a.network, a.kind, a.click_id, a.is_stale
        FROM mrcall_internal.first_deliveries(ids_since, first_at, last_at, browsers) AS e
        CROSS JOIN LATERAL mrcall_internal.ad_click(e.page_url, e.utm_source) AS a
        WHERE e.event_type IN ('page_view', 'pageview') AND e.page_url LIKE '%?%'
        ORDER BY e.visitor_id, e.occurred_at, a.is_stale, a.place, a.click_id COLLATE "C"
    ),
    touch AS MATERIALIZED (
        SELECT j.no, t.place, t.at, t.weight, l.network, l.kind, l.click_id, l.is_stale
        FROM journey AS j
        CROSS JOIN LATERAL unnest(j.visitor_ids, j.touched_at, j.weights) WITH ORDINALITY AS t (visitor_id, at, weight, place)
        JOIN landing AS l ON l.visitor_id = t.visitor_id AND l.occurred_at = t.at
    ),
    known_conversion AS (
        SELECT c.*
        FROM unnest(known.ids, known.converted_at, known.amounts, known.currencies, known.are_asked) WITH ORDINALITY
            AS c (id, converted_at, amount, currency, is_asked, no)
        WHERE c.no IN (SELECT t.no FROM touch AS t)
    ),
    -- What a conversion is worth: at first, and after each movement of money in its currency. One in another is a total of its own.
    step AS (
        SELECT c.no, NULL::timestamptz AS at, NULL::text AS id, c.currency, false AS is_foreign, c.is_asked, c.amount AS total
        FROM known_conversion AS c
        UNION ALL
        SELECT r.no, r.at, r.id, r.currency, r.is_foreign, r.is_asked,
               CASE WHEN r.is_foreign THEN r.amount
                    ELSE r.paid + sum(r.amount) OVER (PARTITION BY r.no, r.is_foreign ORDER BY r.at, r.id COLLATE "C"
                                                      ROWS UNBOUNDED PRECEDING) END
        FROM (SELECT x.*, c.amount AS paid, x.currency IS DISTINCT FROM c.currency AS is_foreign
              FROM unnest(known.refund_nos, known.refund_ids, known.refunded_at, known.refunds, known.refund_currencies,
                          known.refunds_asked) AS x (no, id, at, amount, currency, is_asked)
              JOIN known_conversion AS c ON c.no = x.no) AS r
    ),
    scaled AS (
        SELECT s.*, max(mrcall_internal.money_scale(s.total, s.currency)) OVER (PARTITION BY s.no, s.currency) AS scale FROM step AS s
    ),
    part AS (
        SELECT s.no, s.at, s.id, s.currency, s.is_foreign, s.is_asked, t.network, t.kind, t.click_id, min(t.at) AS clicked_at,
               bool_and(t.is_stale) AS is_stale, sum(t.weight) AS weight, sum(p.amounts[t.place]) AS amount,
               sum(p.credits[t.place]) AS credit
        FROM scaled AS s
        JOIN journey AS j ON j.no = s.no
        CROSS JOIN LATERAL (SELECT mrcall.split_amount(s.total, j.weights, s.scale) AS amounts,
                                   mrcall.split_amount(1, j.weights, 6) AS credits OFFSET 0) AS p
        JOIN touch AS t ON t.no = s.no
        GROUP BY s.no, s.at, s.id, s.currency, s.is_foreign, s.is_asked, t.network, t.kind, t.click_id
    ),
    delta AS (
        SELECT p.*, CASE WHEN p.at IS NULL OR p.is_foreign THEN p.amount ELSE p.amount - lag(p.amount) OVER w END AS value,
               bool_or(p.at IS NOT NULL AND p.amount = 0)
                   OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS was_retracted
        FROM part AS p
        WINDOW w AS (PARTITION BY p.no, p.is_foreign, p.kind, p.click_id ORDER BY p.at NULLS FIRST, p.id COLLATE "C")
    )
    SELECT d.network, d.click_id, d.kind, d.clicked_at, c.id, c.converted_at, d.value, d.currency,
           CASE WHEN d.at IS NOT NULL THEN CASE WHEN d.amount = 0 AND NOT d.is_foreign THEN 'retract' ELSE 'restate' END END,
           d.credit, d.at, CASE WHEN d.at IS NOT NULL AND NOT d.is_foreign THEN d.amount END,
           CASE WHEN d.is_stale THEN 'stale_click_id'
                WHEN d.at IS NOT NULL AND (n.adjusts_for IS NULL OR d.kind = 'wbraid') THEN 'no_adjustments'
                WHEN c.converted_at > mrcall_internal.later(d.clicked_at, n.counts_for)
                     OR d.at > mrcall_internal.later(c.converted_at, n.adjusts_for) THEN 'too_old'
                WHEN d.at < c.converted_at THEN 'before_conversion'
                WHEN d.at IS NOT NULL AND d.is_foreign THEN 'other_currency'
                WHEN d.at IS NOT NULL AND d.amount < 0 THEN 'below_zero'
                WHEN d.was_retracted AND NOT d.is_foreign THEN 'already_retracted' END,
           d.id
    FROM delta AS d
    JOIN known_conversion AS c ON c.no = d.no
    JOIN mrcall_internal.ad_networks() AS n ON n.network = d.network
    WHERE d.is_asked AND d.weight > 0
    ORDER BY coalesce(d.at, c.converted_at), c.id COLLATE "C", d.id COLLATE "C" NULLS FIRST, d.clicked_at, d.kind COLLATE "C",
             d.click_id COLLATE "C", d.no
$$;
COMMENT ON FUNCTION mrcall.click_conversions(
    timestamptz, timestamptz, text, text, interval, interval, float8, float8, interval, boolean, text[], text[], text[], text[],
    text[], text[], boolean, float8[]) IS
    'Conversions by the click that brought them, and what came back, as advertising networks take them';
