-- The fields of data are typed columns here, parsed on loading.
-- @run
WITH call AS MATERIALIZED (
    SELECT business_id, started_at, CASE WHEN ended_at > started_at THEN ended_at END AS ended_at, outcome, answered, caller,
           date_trunc('day', started_at) AS day
    FROM calls
    WHERE started_at < TIMESTAMP '2026-06-01'
),
recent AS (
    SELECT *, epoch_us(ended_at) - epoch_us(started_at) AS duration FROM call WHERE started_at >= TIMESTAMP '2025-07-17'
),
figures AS (
    SELECT business_id, day, count(*) AS calls, count(*) FILTER (WHERE answered) AS answered,
           count(*) FILTER (WHERE NOT answered) AS missed, count(DISTINCT caller) AS callers,
           coalesce(sum(duration), 0) AS total_duration, avg(duration) AS mean_duration,
           quantile_cont(duration, [0.5, 0.95]) AS percentiles, histogram(coalesce(outcome, '(not set)')) AS outcomes
    FROM recent
    GROUP BY business_id, day
),
newcomer AS (
    SELECT business_id, day, count(*) AS new_callers
    FROM (SELECT business_id, caller, min(day) AS day FROM call WHERE caller IS NOT NULL GROUP BY 1, 2)
    GROUP BY business_id, day
),
change AS (
    SELECT business_id, started_at AS moment, 1 AS step, 1 AS rank FROM call WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT business_id, ended_at, -1, 0 FROM call WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT business_id, day, 0, 2 FROM figures
),
peak AS (
    SELECT business_id, date_trunc('day', moment) AS day, max(running) AS peak
    FROM (SELECT business_id, moment, sum(step) OVER (PARTITION BY business_id ORDER BY moment, rank ROWS UNBOUNDED PRECEDING) AS running
          FROM change)
    GROUP BY 1, 2
),
summary AS (
    SELECT f.*, coalesce(n.new_callers, 0) AS new_callers, coalesce(p.peak, 0) AS peak_concurrency
    FROM figures AS f
    LEFT JOIN newcomer AS n USING (business_id, day)
    LEFT JOIN peak AS p USING (business_id, day)
)
SELECT strftime(s.day, '%Y-%m-%d') AS day, count(*) AS businesses, sum(strlen(business_id)) AS id_bytes, sum(calls) AS calls,
       sum(answered) AS answered, sum(missed) AS missed, sum(callers) AS callers, sum(new_callers) AS new_callers,
       coalesce(sum(outcomes['completed']), 0) AS completed, sum(peak_concurrency) AS peaks, sum(total_duration) // 1000 AS total_ms,
       sum(mean_duration) / 1000 AS mean_ms, sum(percentiles[1]) / 1000 AS p50_ms, sum(percentiles[2]) / 1000 AS p95_ms
FROM summary AS s
GROUP BY s.day
ORDER BY day
