-- As in plain SQL; the browsers stand in a table of their own.
-- @run
WITH browser AS (
    SELECT customer_id, created_at AS converted_at, session_id AS visitor_id
    FROM customers
    JOIN browsers USING (customer_id)
    WHERE created_at >= TIMESTAMP '2026-02-01' AND created_at < TIMESTAMP '2026-06-01'
),
-- @include visits session_id IN (SELECT visitor_id FROM browser)
, touch AS (
    SELECT b.customer_id, v.visitor_id, v.channel,
           row_number() OVER (PARTITION BY b.customer_id ORDER BY v.touched_at, v.channel, v.visitor_id) AS nr,
           count(*) OVER (PARTITION BY b.customer_id) AS touches
    FROM browser AS b
    JOIN visit AS v ON v.visitor_id = b.visitor_id
        AND v.touched_at BETWEEN b.converted_at - INTERVAL 720 HOURS AND b.converted_at
),
report AS (
    SELECT channel, sum(1000000 // touches + (nr <= 1000000 % touches)::INT) AS millionths, count(*) AS touches,
           count(DISTINCT visitor_id) AS visitors, count(*) FILTER (WHERE nr = 1) AS attributed
    FROM touch
    GROUP BY channel
),
total AS (
    SELECT count(*) AS conversions
    FROM customers
    WHERE created_at >= TIMESTAMP '2026-02-01' AND created_at < TIMESTAMP '2026-06-01'
)
SELECT sum(millionths) // 1000000 + max(t.conversions) - sum(attributed) AS conversions,
       max(t.conversions) - sum(attributed) AS unattributed, sum(touches) AS touches,
       string_agg(format('{}: {} of {}', channel, millionths, visitors), ', ' ORDER BY channel) AS by_channel
FROM report
CROSS JOIN total AS t
