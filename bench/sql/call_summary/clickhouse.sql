-- The fields of data are typed columns here, parsed on loading. Peaks from maxIntersections over the part of each call in each day.
-- @run
WITH recent AS (
    SELECT business_id, toDate(started_at) AS day, outcome, answered, caller,
           if(ended_at > started_at, toUnixTimestamp64Micro(assumeNotNull(ended_at)) - toUnixTimestamp64Micro(started_at), NULL) AS duration
    FROM calls
    WHERE started_at >= '2025-07-17' AND started_at < '2026-06-01'
),
figures AS (
    SELECT business_id, day, count() AS calls, countIf(answered = 1) AS answered_calls, countIf(answered = 0) AS missed,
           uniqExactIf(caller, caller != '') AS callers, ifNull(sum(duration), 0) AS total_duration, avg(duration) AS mean_duration,
           quantilesExactInclusive(0.5, 0.95)(duration) AS percentiles,
           sumMap(map(toString(outcome), 1)) AS outcomes
    FROM recent
    GROUP BY business_id, day
),
newcomer AS (
    SELECT business_id, day, count() AS new_callers
    FROM (SELECT business_id, caller, toDate(min(started_at)) AS day FROM calls
          WHERE caller != '' AND started_at < '2026-06-01' GROUP BY business_id, caller)
    GROUP BY business_id, day
),
peak AS (
    SELECT business_id, day,
           maxIntersections(greatest(start, 86400000000 * toInt64(day)), least(end, 86400000000 * toInt64(day + 1))) AS peak
    FROM (
        SELECT business_id, toUnixTimestamp64Micro(started_at) AS start, toUnixTimestamp64Micro(assumeNotNull(ended_at)) AS end,
               toDate(arrayJoin(range(intDiv(start, 86400000000), intDiv(end - 1, 86400000000) + 1))) AS day
        FROM calls
        WHERE ended_at > started_at AND started_at < '2026-06-01'
    )
    GROUP BY business_id, day
)
SELECT toString(f.day) AS day, count() AS businesses, sum(length(f.business_id)) AS id_bytes, sum(f.calls) AS calls,
       sum(f.answered_calls) AS answered, sum(f.missed) AS missed, sum(f.callers) AS callers, sum(n.new_callers) AS new_callers,
       sum(f.outcomes['completed']) AS completed, sum(p.peak) AS peaks, intDiv(sum(f.total_duration), 1000) AS total_ms,
       sum(f.mean_duration) / 1000 AS mean_ms, sum(if(isNaN(f.percentiles[1]), 0, f.percentiles[1])) / 1000 AS p50_ms,
       sum(if(isNaN(f.percentiles[2]), 0, f.percentiles[2])) / 1000 AS p95_ms
FROM figures AS f
LEFT JOIN newcomer AS n ON n.business_id = f.business_id AND n.day = f.day
LEFT JOIN peak AS p ON p.business_id = f.business_id AND p.day = f.day
GROUP BY f.day
ORDER BY day
