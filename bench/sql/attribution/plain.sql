-- Only the events of browsers that a converter is known by are read. A conversion is shared out in millionths: as many for each
-- touch, one more for the first ones where that does not go up.
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
    SELECT b.customer_id, v.visitor_id, v.channel,
           row_number() OVER (PARTITION BY b.customer_id ORDER BY v.touched_at, v.channel, v.visitor_id) AS nr,
           count(*) OVER (PARTITION BY b.customer_id) AS touches
    FROM browser AS b
    JOIN visit AS v ON v.visitor_id = b.visitor_id AND v.touched_at BETWEEN b.converted_at - interval '720 hours' AND b.converted_at
),
report AS (
    SELECT channel, sum(1000000 / touches + (nr <= 1000000 % touches)::int) AS millionths, count(*) AS touches,
           count(DISTINCT visitor_id) AS visitors, count(*) FILTER (WHERE nr = 1) AS attributed
    FROM touch
    GROUP BY channel
),
total AS (SELECT count(*) AS conversions FROM conversion)
SELECT sum(millionths) / 1000000 + max(t.conversions) - sum(attributed) AS conversions,
       max(t.conversions) - sum(attributed) AS unattributed, sum(touches) AS touches,
       string_agg(format('%s: %s of %s', channel, millionths, visitors), ', ' ORDER BY channel COLLATE "C") AS by_channel
FROM report
CROSS JOIN total AS t
