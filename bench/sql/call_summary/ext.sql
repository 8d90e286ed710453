-- @run
SELECT to_char(bucket, 'YYYY-MM-DD') AS day, count(*) AS businesses, sum(octet_length(business_id)) AS id_bytes, sum(calls) AS calls,
       sum(answered) AS answered, sum(missed) AS missed, sum(callers) AS callers, sum(new_callers) AS new_callers,
       coalesce(sum((outcomes ->> 'completed')::int), 0) AS completed, sum(peak_concurrency) AS peaks,
       (extract(epoch FROM sum(total_duration)) * 1000)::bigint AS total_ms, extract(epoch FROM sum(mean_duration)) * 1000 AS mean_ms,
       extract(epoch FROM sum(p50_duration)) * 1000 AS p50_ms, extract(epoch FROM sum(p95_duration)) * 1000 AS p95_ms
FROM mrcall.call_summary('1 day', '2025-07-17 00:00+00', '2026-06-01 00:00+00')
GROUP BY bucket
ORDER BY day
