-- The pattern keeps texts that are no instant away from the cast, which would end the query: 30 February among them.
-- @run
WITH call AS MATERIALIZED (
    SELECT business_id, started_at, CASE WHEN ended_at > started_at THEN ended_at END AS ended_at, outcome, answered, caller,
           date_trunc('day', started_at, 'UTC') AS day
    FROM (
        SELECT business_id, start_timestamp AS started_at,
               CASE WHEN data ->> 'end_timestamp' ~ ('^\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)'
                        '|(?:0[13578]|1[02])-31)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$')
                    THEN (data ->> 'end_timestamp')::timestamptz END AS ended_at,
               data ->> 'outcome' AS outcome,
               CASE data ->> 'answered' WHEN 'true' THEN true WHEN 'false' THEN false END AS answered,
               data ->> 'caller' AS caller
        FROM sessions
        WHERE start_timestamp < '2026-06-01 00:00+00'
    ) AS raw
),
recent AS (SELECT * FROM call WHERE started_at >= '2025-07-17 00:00+00'),
figures AS (
    SELECT business_id, day, count(*) AS calls, count(*) FILTER (WHERE answered) AS answered,
           count(*) FILTER (WHERE NOT answered) AS missed, count(DISTINCT caller) AS callers,
           sum(ended_at - started_at) AS total_duration, avg(ended_at - started_at) AS mean_duration,
           percentile_cont('{0.5,0.95}'::float8[]) WITHIN GROUP (ORDER BY ended_at - started_at) AS percentiles
    FROM recent
    GROUP BY business_id, day
),
outcome AS (
    SELECT business_id, day, jsonb_object_agg(outcome, calls) AS outcomes
    FROM (SELECT business_id, day, coalesce(outcome, '(not set)') AS outcome, count(*) AS calls FROM recent GROUP BY 1, 2, 3) AS o
    GROUP BY business_id, day
),
newcomer AS (
    SELECT business_id, day, count(*) AS new_callers
    FROM (SELECT business_id, caller, min(day) AS day FROM call WHERE caller IS NOT NULL GROUP BY 1, 2) AS f
    GROUP BY business_id, day
),
-- Ends before starts at the same instant; the mark at the begin of each day carries the calls over that still run.
change AS (
    SELECT business_id, started_at AS at, 1 AS step, 1 AS rank FROM call WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT business_id, ended_at, -1, 0 FROM call WHERE ended_at IS NOT NULL
    UNION ALL
    SELECT business_id, day, 0, 2 FROM figures
),
peak AS (
    SELECT business_id, date_trunc('day', at, 'UTC') AS day, max(running) AS peak
    FROM (SELECT business_id, at, sum(step) OVER (PARTITION BY business_id ORDER BY at, rank ROWS UNBOUNDED PRECEDING) AS running
          FROM change) AS r
    GROUP BY 1, 2
),
summary AS (
    SELECT f.*, coalesce(n.new_callers, 0) AS new_callers, coalesce(p.peak, 0) AS peak_concurrency, o.outcomes
    FROM figures AS f
    LEFT JOIN newcomer AS n USING (business_id, day)
    LEFT JOIN peak AS p USING (business_id, day)
    LEFT JOIN outcome AS o USING (business_id, day)
)
SELECT to_char(day, 'YYYY-MM-DD') AS day, count(*) AS businesses, sum(octet_length(business_id)) AS id_bytes, sum(calls) AS calls,
       sum(answered) AS answered, sum(missed) AS missed, sum(callers) AS callers, sum(new_callers) AS new_callers,
       coalesce(sum((outcomes ->> 'completed')::int), 0) AS completed, sum(peak_concurrency) AS peaks,
       (extract(epoch FROM sum(total_duration)) * 1000)::bigint AS total_ms, extract(epoch FROM sum(mean_duration)) * 1000 AS mean_ms,
       extract(epoch FROM sum(percentiles[1])) * 1000 AS p50_ms, extract(epoch FROM sum(percentiles[2])) * 1000 AS p95_ms
FROM summary
GROUP BY summary.day
ORDER BY day
