-- The touches of a customer in one sorted array. Filters that are pushed below the join make it take twenty times as long.
-- @run
WITH browser AS (
    SELECT customer_id, c.created_at AS converted_at, b.session_id AS visitor_id
    FROM customers AS c
    JOIN browsers AS b USING (customer_id)
    WHERE c.created_at >= '2026-02-01' AND c.created_at < '2026-06-01'
),
-- @include visits session_id IN (SELECT visitor_id FROM browser)
, journey AS (
    SELECT b.customer_id AS customer_id, arraySort(groupArray((v.touched_at, v.channel, v.visitor_id))) AS run
    FROM visit AS v
    JOIN browser AS b ON b.visitor_id = v.visitor_id
    WHERE v.touched_at BETWEEN b.converted_at - INTERVAL 720 HOUR AND b.converted_at
    GROUP BY b.customer_id
),
report AS (
    SELECT t.2 AS channel, sum(intDiv(1000000, length(run)) + (nr <= 1000000 % length(run))) AS millionths, count() AS touches,
           uniqExact(t.3) AS visitors, countIf(nr = 1) AS attributed
    FROM journey
    ARRAY JOIN run AS t, arrayEnumerate(run) AS nr
    GROUP BY channel
),
total AS (SELECT count() AS conversions FROM customers WHERE created_at >= '2026-02-01' AND created_at < '2026-06-01')
SELECT intDiv(sum(millionths), 1000000) + any(t.conversions) - sum(attributed) AS conversions,
       any(t.conversions) - sum(attributed) AS unattributed, sum(r.touches) AS touches,
       arrayStringConcat(arraySort(groupArray(format('{}: {} of {}', r.channel, toString(r.millionths), toString(r.visitors)))), ', ')
           AS by_channel
FROM report AS r
CROSS JOIN total AS t
SETTINGS optimize_aggregation_in_order = 1, query_plan_filter_push_down = 0
