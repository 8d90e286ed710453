-- The instants of a visitor in one sorted array, from which both the days and the visits come.
-- @run
WITH hit AS (
    SELECT toDate(created_at, 'Europe/Rome') AS day, uniqExact(session_id) AS visitors, count() AS events,
           countIf(event_type = 'page_view') AS pageviews
    FROM events
    WHERE created_at >= '2026-01-31 23:00:00' AND created_at < '2026-05-31 22:00:00'
    GROUP BY day
),
visitor AS (
    SELECT arraySort(groupArray(created_at)) AS run,
           arraySplit((e, gap) -> gap > 1800000000, run, arrayDifference(arrayMap(e -> toUnixTimestamp64Micro(e), run))) AS parts
    FROM events
    WHERE created_at >= '2026-01-31 22:30:00' AND created_at < '2026-05-31 22:00:00'
    GROUP BY session_id
),
visit AS (
    SELECT toDate(v[1], 'Europe/Rome') AS day, count() AS visits, countIf(length(v) = 1) AS bounces,
           intDiv(sum(toUnixTimestamp64Micro(v[-1]) - toUnixTimestamp64Micro(v[1])), 1000) AS duration_ms
    FROM visitor
    ARRAY JOIN parts AS v
    WHERE v[1] >= '2026-01-31 23:00:00'
    GROUP BY day
)
SELECT toString(d.day) AS day, visitors, visits, events, pageviews, bounces, duration_ms
FROM (SELECT toDate('2026-02-01') + number AS day FROM numbers(120)) AS d
LEFT JOIN hit ON hit.day = d.day
LEFT JOIN visit ON visit.day = d.day
ORDER BY day
SETTINGS optimize_aggregation_in_order = 1
