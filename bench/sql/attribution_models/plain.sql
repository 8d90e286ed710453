-- Only the events of browsers that a converter is known by are read. Each conversion is shared out in millionths, by largest
-- remainder, under every model.
-- @run
WITH conversion AS (
    SELECT id AS customer_id, created_at AS converted_at, document
    FROM customers_registry
    WHERE created_at >= '2026-02-01 00:00+00' AND created_at < '2026-06-01 00:00+00'
),
browser AS MATERIALIZED (
    SELECT DISTINCT c.customer_id, c.converted_at, b.id AS visitor_id
    FROM conversion AS c
    CROSS JOIN LATERAL (
        SELECT n.id #>> '{}' AS id
        FROM jsonb_path_query(c.document, '$.website_session_ids[*] ? (@.type() == "string")') AS n (id)
        UNION ALL
        SELECT n.id #>> '{}' FROM jsonb_path_query(c.document, '$.website_session_id ? (@.type() == "string")') AS n (id)
    ) AS b
    WHERE b.id <> ''
),
-- @include visits session_id IN (SELECT visitor_id FROM browser)
, touch AS (
    SELECT b.customer_id, v.channel, v.touched_at,
           row_number() OVER (PARTITION BY b.customer_id ORDER BY v.touched_at, v.channel, v.visitor_id) AS nr,
           count(*) OVER (PARTITION BY b.customer_id) AS n
    FROM browser AS b
    JOIN visit AS v ON v.visitor_id = b.visitor_id AND v.touched_at BETWEEN b.converted_at - interval '720 hours' AND b.converted_at
),
placed AS (
    SELECT t.*, max(CASE WHEN channel <> 'Direct' THEN nr END) OVER w AS non_direct,
           max(CASE WHEN channel IN ('Paid Search', 'Paid Social', 'Paid Other', 'Display') THEN nr END) OVER w AS paid,
           power(2.0::float8, -extract(epoch FROM max(touched_at) OVER w - touched_at)::float8 / 604800.0) AS decay
    FROM touch AS t
    WINDOW w AS (PARTITION BY customer_id)
),
decayed AS (SELECT p.*, sum(decay) OVER (PARTITION BY customer_id ORDER BY nr ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
                   AS total_decay FROM placed AS p),
-- The milestone of w_shaped at a sign-up is the last touch; there is no business yet.
weighed AS (
    SELECT d.customer_id, d.channel, d.nr, m.model, m.weight * 1000000 AS share, floor(m.weight * 1000000) AS whole
    FROM decayed AS d
    CROSS JOIN LATERAL (VALUES
            ('first_touch', (CASE WHEN nr = 1 THEN 1.0 ELSE 0 END)::float8),
            ('last_touch', (CASE WHEN nr = n THEN 1.0 ELSE 0 END)::float8),
            ('last_non_direct', (CASE WHEN nr = coalesce(non_direct, n) THEN 1.0 ELSE 0 END)::float8),
            ('last_paid', (CASE WHEN nr = coalesce(paid, non_direct, n) THEN 1.0 ELSE 0 END)::float8),
            ('linear', (1.0 / n)::float8),
            ('position_based', (CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 0.5 WHEN nr IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END)::float8),
            ('u_shaped', (CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 0.5 WHEN nr IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END)::float8),
            ('j_shaped', (CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 0.5 * nr - 0.25 WHEN nr = 1 THEN 0.2 WHEN nr = n THEN 0.6
                                 ELSE 0.2 / (n - 2) END)::float8),
            ('inverse_j', (CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 1.25 - 0.5 * nr WHEN nr = 1 THEN 0.6 WHEN nr = n THEN 0.2
                                 ELSE 0.2 / (n - 2) END)::float8),
            ('w_shaped', (CASE WHEN n = 1 THEN 1.0 WHEN n = 2 THEN 0.5 WHEN nr IN (1, n) THEN 0.45 ELSE 0.1 / (n - 2) END)::float8),
            ('time_decay', (decay / total_decay)::float8),
            ('participation', (1.0)::float8)) AS m (model, weight)
),
-- What is left of a conversion's millionths goes to the largest remainders, the earliest first.
ranked AS (
    SELECT w.*, row_number() OVER (PARTITION BY model, customer_id ORDER BY round((share - whole)::numeric, 6) DESC, nr) AS place,
           1000000 - sum(whole) OVER (PARTITION BY model, customer_id) AS remaining
    FROM weighed AS w
),
report AS (
    SELECT channel, model, sum(whole + CASE WHEN model <> 'participation' AND place <= remaining THEN 1 ELSE 0 END)::bigint AS millionths,
           count(*) AS touches, count(*) FILTER (WHERE nr = 1) AS attributed
    FROM ranked
    GROUP BY channel, model
),
total AS (SELECT count(*) AS conversions FROM conversion)
SELECT max(t.conversions) AS conversions, max(t.conversions) - sum(attributed) FILTER (WHERE model = 'linear') AS unattributed,
       sum(touches) FILTER (WHERE model = 'linear') AS touches,
       string_agg(concat_ws(' ', channel, model, millionths), ', ' ORDER BY channel COLLATE "C", model COLLATE "C") AS by_channel
FROM report
CROSS JOIN total AS t
