-- attribution_models beside attribution, model by model; explain_conversion beside both.
\pset footer off
SET LOCAL timezone = 'UTC';

-- A wide row as one row a model.
CREATE FUNCTION pg_temp.by_model(wide jsonb)
RETURNS TABLE (model text, conversions numeric, value numeric)
LANGUAGE sql IMMUTABLE
AS $$
    SELECT m.model, (wide ->> (m.model || '_conversions'))::numeric, (wide ->> (m.model || '_value'))::numeric
    FROM mrcall.models() AS m
$$;

CREATE TEMP TABLE asked ON COMMIT DROP AS
SELECT k.kind, d.dimension
FROM unnest('{signup,business,first_call,subscription,payment,refund}'::text[]) AS k (kind)
JOIN unnest('{channel,source,medium,campaign,landing_page,referrer_domain}'::text[]) WITH ORDINALITY AS d (dimension, place)
    ON d.place = 1 OR k.kind = 'payment';
CREATE TEMP TABLE side_by_side ON COMMIT DROP AS
SELECT a.kind, a.dimension, w.dimension_value, w.currency, m.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.attribution_models(
    '2026-02-15Z', '2026-05-20Z', a.kind, '45 days', a.dimension, '3 days', 0.3, 0.5, weights => '{3,0,1}') AS w
CROSS JOIN LATERAL pg_temp.by_model(to_jsonb(w)) AS m;
CREATE TEMP TABLE one_by_one ON COMMIT DROP AS
SELECT a.kind, a.dimension, m.model, r.*
FROM asked AS a
CROSS JOIN mrcall.models() AS m
CROSS JOIN LATERAL mrcall.attribution('2026-02-15Z', '2026-05-20Z', m.model, a.kind, '45 days', a.dimension, '3 days', 0.3, 0.5,
                                      weights => '{3,0,1}') AS r;

-- A value that a model gives nothing has no row in attribution.
SELECT m.model, m.additive, count(*) > 100 AS many_rows,
       count(*) FILTER (WHERE o.model IS NULL AND (s.conversions, s.value) IS DISTINCT FROM (0::numeric, 0::numeric)
                           OR s.model IS NULL OR o.model IS NOT NULL AND (s.conversions, s.value) IS DISTINCT FROM (o.conversions, o.value))
           AS differences
FROM (SELECT * FROM side_by_side) AS s
FULL JOIN one_by_one AS o
    ON (o.kind, o.dimension, o.model, o.dimension_value, coalesce(o.currency, '-'))
     = (s.kind, s.dimension, s.model, s.dimension_value, coalesce(s.currency, '-'))
JOIN mrcall.models() AS m ON m.model = coalesce(s.model, o.model)
GROUP BY 1, 2
ORDER BY 1;

-- Every additive model gives out all there is; participation more.
SELECT m.model, m.additive, bool_and(s.conversions = c.conversions AND s.value = c.value) AS sums_to_the_total,
       bool_or(s.conversions > c.conversions) AS sums_to_more
FROM (SELECT s.kind, s.dimension, s.model, s.currency, sum(s.conversions) AS conversions, sum(s.value) AS value
      FROM side_by_side AS s GROUP BY 1, 2, 3, 4) AS s
JOIN (SELECT c.conversion, c.currency, count(*) AS conversions, sum(c.value) AS value FROM mrcall.conversions AS c
      WHERE c.converted_at >= '2026-02-15Z' AND c.converted_at < '2026-05-20Z' GROUP BY 1, 2) AS c
    ON c.conversion = s.kind AND c.currency IS NOT DISTINCT FROM s.currency
JOIN mrcall.models() AS m USING (model)
GROUP BY 1, 2
ORDER BY 1;

-- A report is the sum of its explanations.
CREATE TEMP TABLE explained ON COMMIT DROP AS
SELECT c.conversion AS kind, e.reason IS NOT NULL AS is_rest, e.visitor_id, d.dimension, d.dimension_value, e.currency, m.model,
       (to_jsonb(e) ->> (m.model || '_weight'))::float8 AS weight,
       CASE WHEN e.reason IS NULL THEN (to_jsonb(e) ->> (m.model || '_conversions'))::numeric ELSE 1 END AS conversions,
       CASE WHEN e.reason IS NULL THEN (to_jsonb(e) ->> (m.model || '_value'))::numeric ELSE e.value END AS value
FROM mrcall.conversions AS c
CROSS JOIN LATERAL mrcall.explain_conversion(
    c.conversion, c.conversion_id, '45 days', '3 days', 0.3, 0.5, weights => '{3,0,1}') AS e
CROSS JOIN LATERAL (VALUES ('channel', e.channel), ('source', e.source)) AS x (dimension, dimension_value)
CROSS JOIN LATERAL (SELECT x.dimension, CASE WHEN e.reason IS NULL THEN coalesce(x.dimension_value, '(not set)')
                                             ELSE '(unattributed)' END AS dimension_value) AS d
CROSS JOIN mrcall.models() AS m
WHERE c.conversion IN ('signup', 'subscription', 'payment', 'refund')
  AND c.converted_at >= '2026-02-15Z' AND c.converted_at < '2026-05-20Z';
SELECT o.kind, count(*) > 50 AS many_rows, sum(o.touches) > 100 AS many_touches,
       count(*) FILTER (WHERE (e.conversions, e.value, e.touches, e.visitors)
                              IS DISTINCT FROM (o.conversions, o.value, o.touches, o.visitors)) AS differences
FROM (SELECT e.kind, e.dimension, e.model, e.dimension_value, e.currency, sum(e.conversions) AS conversions, sum(e.value) AS value,
             count(*) FILTER (WHERE e.weight > 0) AS touches, count(DISTINCT e.visitor_id) FILTER (WHERE e.weight > 0) AS visitors
      FROM explained AS e
      WHERE e.weight > 0 OR e.is_rest
      GROUP BY 1, 2, 3, 4, 5) AS e
FULL JOIN one_by_one AS o
    ON (o.kind, o.dimension, o.model, o.dimension_value, coalesce(o.currency, '-'))
     = (e.kind, e.dimension, e.model, e.dimension_value, coalesce(e.currency, '-'))
WHERE coalesce(o.model, e.model) NOT IN ('data_driven', 'markov', 'shapley') AND coalesce(o.dimension, e.dimension) = 'channel'
  AND coalesce(o.kind, e.kind) IN ('signup', 'subscription', 'payment', 'refund')
  AND NOT (o.model IS NOT NULL AND o.dimension_value = '(unattributed)' AND o.conversions = 0)
GROUP BY 1
ORDER BY 1;

-- A channel that is in no converted journey, and leads to one only by way of others' journeys: Markov credits it.
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-anna', '2034-01-02 12:00Z', '{"website_session_id": "T-browser-1"}'),
    ('T-ben', '2034-01-02 12:00Z', '{}');
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-1', '2034-01-02 09:00Z', 'https://mrcall.ai/', 'news', 'email'),
    ('T-browser-2', '2034-01-01 09:00Z', 'https://mrcall.ai/', 'partner', 'affiliate'),
    ('T-browser-2', '2034-01-01 10:00Z', 'https://mrcall.ai/', 'news', 'email');
SELECT p.* FROM mrcall.conversion_paths('2034-01-01Z', '2034-01-03Z') AS p;
SELECT a.dimension_value, a.linear_conversions, a.participation_conversions, a.data_driven_conversions, a.markov_conversions,
       a.shapley_conversions, a.custom_value
FROM mrcall.attribution_models('2034-01-01Z', '2034-01-03Z') AS a;
SELECT a.* FROM mrcall.attribution('2034-01-01Z', '2034-01-03Z', 'markov') AS a;
-- Without the journeys of others: no markov, no shapley; the rest as before.
SELECT a.dimension_value, a.linear_conversions, a.data_driven_value, a.markov_conversions, a.shapley_value
FROM mrcall.attribution_models('2034-01-01Z', '2034-01-03Z', data_driven => false) AS a;
-- A period without a conversion.
SELECT a.dimension_value, a.currency, a.linear_conversions, a.linear_value, a.markov_conversions, a.shapley_value
FROM mrcall.attribution_models('2034-02-01Z', '2034-02-03Z', 'payment') AS a;
SELECT a.* FROM mrcall.attribution('2034-02-01Z', '2034-02-03Z', 'shapley', 'payment') AS a;

-- Sixty-five values of a dimension; Shapley stays exact for any number.
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium, utm_campaign)
SELECT 'T-browser-1', timestamptz '2033-12-20Z' + n * interval '40 minutes', 'https://mrcall.ai/', 'news', 'email', 'c' || n
FROM generate_series(1, 65) AS n;
SELECT count(*) AS rows, sum(a.linear_conversions) AS linear, sum(a.markov_conversions) AS markov, sum(a.shapley_conversions) AS shapley,
       sum(a.data_driven_conversions) AS data_driven, max(a.shapley_conversions) FILTER (WHERE a.dimension_value ~ '^c') AS largest,
       sum(a.participation_conversions) AS participation
FROM mrcall.attribution_models('2034-01-02Z', '2034-01-03Z', dimension => 'campaign') AS a;

-- A refund that failed comes in among refunds. What came in and what went back are shared out each for itself: shapley's game gives a
-- journey's value to its channels in equal parts, to the smallest unit of the currency.
SELECT bool_or(r.both_signs) AS with_both_signs, sum(r.compared) > 50 AS compared, sum(r.others) AS others
FROM generate_series(timestamptz '2026-02-01Z', '2026-06-28Z', '7 days') AS w (since)
CROSS JOIN LATERAL (
    SELECT bool_or(o.has_both) AS both_signs, count(*) AS compared,
           count(*) FILTER (WHERE abs(coalesce(o.value, 0) - coalesce(a.value, 0))
                                      > 1.01 * 10.0 ^ -coalesce(mrcall.currency_exponent(a.currency), 2)) AS others
    FROM (SELECT d.channel, p.currency, sum(p.value / cardinality(d.channels)) AS value,
                 bool_or(bool_or(p.value > 0)) OVER (PARTITION BY p.currency)
                     AND bool_or(bool_or(p.value < 0)) OVER (PARTITION BY p.currency) AS has_both
          FROM mrcall.conversion_paths(w.since, w.since + interval '7 days', 'refund', '90 days') AS p
          CROSS JOIN LATERAL (SELECT c.channel, array_agg(c.channel) OVER () AS channels
                              FROM (SELECT DISTINCT unnest(p.path) AS channel) AS c) AS d
          WHERE p.conversions > 0
          GROUP BY d.channel, p.currency) AS o
    FULL JOIN (SELECT * FROM mrcall.attribution(w.since, w.since + interval '7 days', 'shapley', 'refund', '90 days')
               WHERE dimension_value <> '(unattributed)') AS a
        ON a.dimension_value = o.channel AND a.currency IS NOT DISTINCT FROM o.currency
) AS r;
