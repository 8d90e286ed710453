-- The model data_driven: reports against plain SQL, over all subsets of each journey's channels; explain_conversion; roas; bad input.
\pset footer off
SET LOCAL timezone = 'UTC';

-- The shares of a set of channels among the sets that journeys have: in 2^-40, as the model rounds them.
CREATE FUNCTION pg_temp.shares(members text[], sets jsonb)
RETURNS TABLE (channel text, share float8)
LANGUAGE sql STABLE
AS $$
    WITH part AS MATERIALIZED (
        SELECT m.mask, cardinality(p.part) AS size, coalesce((sets ->> p.part::text)::float8, 0) AS worth
        FROM generate_series(0, (1 << cardinality(members)) - 1) AS m (mask)
        CROSS JOIN LATERAL (SELECT ARRAY(SELECT members[i] FROM generate_subscripts(members, 1) AS i WHERE m.mask >> (i - 1) & 1 = 1
                                         ORDER BY members[i] COLLATE "C") AS part) AS p
    ),
    gain AS (
        SELECT members[i] AS channel,
               sum((b.worth - a.worth) * (factorial(a.size) * factorial(cardinality(members) - a.size - 1)
                                          / factorial(cardinality(members)))::float8) AS gain
        FROM generate_subscripts(members, 1) AS i
        JOIN part AS a ON a.mask >> (i - 1) & 1 = 0
        JOIN part AS b ON b.mask = a.mask | (1 << (i - 1))
        GROUP BY 1
    ),
    positive AS (SELECT g.channel, CASE WHEN g.gain < 1e-12 THEN 0 ELSE g.gain END AS gain FROM gain AS g)
    SELECT p.channel,
           round(CASE WHEN sum(p.gain) OVER () > 0 THEN p.gain / sum(p.gain) OVER () ELSE 1.0 / count(*) OVER () END * (2.0 ^ 40)::float8)
               / (2.0 ^ 40)::float8
    FROM positive AS p
$$;

CREATE TEMP TABLE asked ON COMMIT DROP AS
SELECT row_number() OVER () AS ask, q.*
FROM (VALUES ('signup', 'channel', '2026-02-15Z'::timestamptz, '2026-05-20Z'::timestamptz, interval '30 days', false, false),
             ('signup', 'source', '2026-03-10 12:34:56Z', '2026-04-10Z', '45 days', false, true),
             ('payment', 'channel', '2026-02-15Z', '2026-05-20Z', '30 days', false, false),
             ('payment', 'medium', '2026-02-15Z', '2026-05-20Z', '30 days', true, false),
             ('refund', 'channel', '2026-02-15Z', '2026-05-20Z', '30 days', false, false),
             ('refund', 'source', '2026-03-15Z', '2026-05-20Z', '90 days', true, false),
             ('first_call', 'channel', '2026-02-15Z', '2026-05-20Z', '7 days', false, false))
    AS q (kind, dimension, since, until, lookback, restart, no_bots);

-- What the journeys of the learned kind and those without one teach.
CREATE TEMP TABLE learned ON COMMIT DROP AS
SELECT a.ask, jsonb_object_agg(s.members::text, s.worth) AS sets, count(*) AS sets_seen
FROM asked AS a
CROSS JOIN LATERAL (
    SELECT m.members, sum(p.conversions)::float8 / sum(p.conversions + p.nulls)::float8 AS worth
    FROM mrcall.conversion_paths(a.since, a.until, CASE a.kind WHEN 'refund' THEN 'payment' ELSE a.kind END, a.lookback, a.dimension,
                                 exclude_bots => a.no_bots, restart => a.restart) AS p
    CROSS JOIN LATERAL (SELECT ARRAY(SELECT DISTINCT c COLLATE "C" FROM unnest(p.path) AS c ORDER BY 1) AS members) AS m
    WHERE p.path <> '{}'
    GROUP BY 1) AS s
GROUP BY 1;

CREATE TEMP TABLE plain ON COMMIT DROP AS
WITH journey AS (
    SELECT a.ask, j.conversion_id, j.currency, j.value::numeric AS value, j.path
    FROM asked AS a
    CROSS JOIN LATERAL mrcall_internal.journeys(
        ROW(a.since, a.until, a.kind, a.lookback, a.dimension, interval '30 minutes', a.restart,
            ROW(a.no_bots, NULL, NULL, NULL, NULL, NULL, NULL)::mrcall_internal.touch_filter)::mrcall_internal.report,
        journeys => true) AS answer
    CROSS JOIN LATERAL mrcall_internal.journey_rows(answer) AS j
    WHERE j.path <> '{}'
),
weighed AS (
    SELECT j.*, w.weights
    FROM journey AS j
    JOIN learned AS l USING (ask)
    CROSS JOIN LATERAL (
        SELECT array_agg(s.share / (SELECT count(*) FROM unnest(j.path) AS c WHERE c = p.c) ORDER BY p.n) AS weights
        FROM unnest(j.path) WITH ORDINALITY AS p (c, n)
        JOIN pg_temp.shares(ARRAY(SELECT DISTINCT c COLLATE "C" FROM unnest(j.path) AS c ORDER BY 1), l.sets) AS s ON s.channel = p.c) AS w
)
SELECT w.ask, w.conversion_id, w.currency, p.*
FROM weighed AS w
CROSS JOIN LATERAL unnest(w.path, w.weights, mrcall.split_amount(1, w.weights, 6),
                          mrcall.split_amount(w.value, w.weights,
                                              greatest(scale(w.value), coalesce(mrcall.currency_exponent(w.currency), 0))))
    WITH ORDINALITY AS p (dimension_value, weight, conversions, value, touch_no);

CREATE TEMP TABLE report ON COMMIT DROP AS
SELECT a.ask, r.*
FROM asked AS a
CROSS JOIN LATERAL mrcall.attribution(a.since, a.until, 'data_driven', a.kind, a.lookback, a.dimension, exclude_bots => a.no_bots,
                                      restart => a.restart) AS r;
SELECT a.ask, a.kind, a.dimension, l.sets_seen > 10 AS many_sets, d.*
FROM asked AS a
JOIN learned AS l USING (ask)
CROSS JOIN LATERAL (
    SELECT count(*) > 3 AS many_rows, sum(o.touches) > 20 AS many_touches,
           count(*) FILTER (WHERE (o.conversions, o.value, o.touches) IS DISTINCT FROM (r.conversions, r.value, r.touches)) AS differences
    FROM (SELECT p.dimension_value, p.currency, sum(p.conversions) AS conversions, sum(p.value) AS value, count(*) AS touches
          FROM plain AS p WHERE p.ask = a.ask AND p.weight > 0 GROUP BY 1, 2) AS o
    FULL JOIN (SELECT x.* FROM report AS x WHERE x.ask = a.ask AND x.dimension_value <> '(unattributed)') AS r
        ON r.dimension_value = o.dimension_value AND r.currency IS NOT DISTINCT FROM o.currency) AS d
ORDER BY a.ask;

-- To the last digit.
SELECT bool_and(r.conversions = c.conversions AND r.value = c.value) AS sums, count(*) > 10 AS many
FROM (SELECT ask, currency, sum(conversions) AS conversions, sum(value) AS value FROM report GROUP BY 1, 2) AS r
JOIN asked AS a USING (ask)
CROSS JOIN LATERAL (
    SELECT count(*) AS conversions, sum(x.value) AS value FROM mrcall.conversions AS x
    WHERE x.conversion = a.kind AND x.converted_at >= a.since AND x.converted_at < a.until
      AND x.currency IS NOT DISTINCT FROM r.currency) AS c;

-- Explained with the report's range, the same; without one, nothing.
SELECT a.ask, count(*) >= 9 AS many,
       count(*) FILTER (WHERE (e.data_driven_weight, e.data_driven_conversions, e.data_driven_value)
                              IS DISTINCT FROM (p.weight, p.conversions, p.value)) AS differences,
       count(*) FILTER (WHERE (n.data_driven_weight, n.data_driven_conversions, n.data_driven_value)
                              IS DISTINCT FROM (NULL::float8, NULL::numeric, NULL::numeric)) AS too_many
FROM asked AS a
CROSS JOIN LATERAL (SELECT x.conversion_id FROM plain AS x WHERE x.ask = a.ask AND x.touch_no = 3
                    ORDER BY md5(x.conversion_id) LIMIT 3) AS c
CROSS JOIN LATERAL mrcall.explain_conversion(
    a.kind, c.conversion_id, a.lookback, exclude_bots => a.no_bots, restart => a.restart, since => a.since, until => a.until,
    dimension => a.dimension) AS e
JOIN LATERAL mrcall.explain_conversion(
    a.kind, c.conversion_id, a.lookback, exclude_bots => a.no_bots, restart => a.restart, dimension => a.dimension) AS n USING (touch_no)
LEFT JOIN plain AS p ON (p.ask, p.conversion_id, p.touch_no) = (a.ask, c.conversion_id, e.touch_no)
GROUP BY 1
ORDER BY 1;

-- Workers and their number change no digit.
SET LOCAL max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE alone ON COMMIT DROP AS
SELECT a.ask, md5(string_agg(r::text, e'\n')) AS rows
FROM asked AS a, LATERAL mrcall.attribution(a.since, a.until, 'data_driven', a.kind, a.lookback, a.dimension) AS r GROUP BY 1;
SET LOCAL max_parallel_workers_per_gather = 3;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT count(*) AS asked, count(*) FILTER (WHERE w.rows <> o.rows) AS differences
FROM alone AS o
JOIN (SELECT a.ask, md5(string_agg(r::text, e'\n')) AS rows
      FROM asked AS a, LATERAL mrcall.attribution(a.since, a.until, 'data_driven', a.kind, a.lookback, a.dimension) AS r GROUP BY 1) AS w
    USING (ask);

RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- roas under every model is attribution beside the costs.
INSERT INTO mrcall.spend
SELECT '2026-03-01'::date + n, (ARRAY['Paid Search', 'Paid Social', 'Display'])[1 + n % 3], 'c' || n % 2, n + 0.5,
       (ARRAY['EUR', 'USD'])[1 + n % 2]
FROM generate_series(0, 59) AS n;
CREATE TEMP TABLE costs ON COMMIT DROP AS
SELECT k.kind, r.*
FROM unnest('{payment,refund}'::text[]) AS k (kind)
CROSS JOIN LATERAL mrcall.roas(
    '2026-03-01Z', '2026-05-01Z', k.kind, models => '{shapley,linear,data_driven,markov}', markov_order => 2) AS r;
CREATE TEMP TABLE credited ON COMMIT DROP AS
SELECT k.kind, m.model, a.*
FROM unnest('{payment,refund}'::text[]) AS k (kind)
CROSS JOIN unnest('{linear,data_driven,markov,shapley}'::text[]) AS m (model)
CROSS JOIN LATERAL mrcall.attribution('2026-03-01Z', '2026-05-01Z', m.model, k.kind, markov_order => 2) AS a;
SELECT r.kind, r.model, count(*) > 10 AS many_rows,
       count(*) FILTER (WHERE (r.conversions, r.value) IS DISTINCT FROM (a.conversions, a.value)
                          AND (a.model IS NOT NULL OR (r.conversions, r.value) <> (0, 0))) AS differences
FROM costs AS r
LEFT JOIN credited AS a
    ON (a.kind, a.model, a.dimension_value) = (r.kind, r.model, r.dimension_value) AND a.currency IS NOT DISTINCT FROM r.currency
GROUP BY 1, 2
ORDER BY 1, 2;

-- A refund of a journey whose channels no payment's journey had, and of a period without a payment: equal parts.
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-anna', '2034-01-02 12:00Z', '{"website_session_id": "T-browser-1"}');
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-1', '2034-01-01 09:00Z', 'https://mrcall.ai/', 'news', 'email'),
    ('T-browser-1', '2034-01-01 12:00Z', 'https://mrcall.ai/', 'partner', 'affiliate'),
    ('T-browser-1', '2034-01-01 15:00Z', 'https://mrcall.ai/', 'news', 'email');
SELECT touch_no, channel, data_driven_weight, data_driven_conversions, data_driven_value
FROM mrcall.explain_conversion('signup', 'T-anna', since => '2035-01-01Z', until => '2035-02-01Z');
SELECT touch_no, channel, data_driven_weight, data_driven_conversions
FROM mrcall.explain_conversion('signup', 'T-anna', since => '2034-01-01Z', until => '2034-02-01Z', dimension => 'source');

-- Bad input.
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', since => '2034-01-01Z');
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', until => '2034-01-01Z');
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', since => '2034-01-01Z', until => '2034-01-01Z');
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', since => '-infinity', until => '2034-01-01Z');
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', dimension => 'country');
SELECT * FROM mrcall.explain_conversion('signup', 'T-anna', dimension => NULL);
SELECT * FROM mrcall.attribution('2034-01-01Z', '2034-02-01Z', 'data-driven');
SELECT * FROM mrcall.credit('{2034-01-01Z}', '{Email}', '2034-01-02Z', 'data_driven');
SELECT * FROM mrcall.roas('2034-01-01Z', '2034-02-01Z', models => '{data_driven,markov}', markov_order => 9);
