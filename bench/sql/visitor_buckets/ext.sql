-- @run
SELECT to_char(bucket AT TIME ZONE 'Europe/Rome', 'YYYY-MM-DD') AS day, visitors, visits, events, pageviews, bounces,
       (extract(epoch FROM total_duration) * 1000)::bigint AS duration_ms
FROM mrcall.visitor_buckets('1 day', '2026-01-31 23:00+00', '2026-05-31 22:00+00', 'Europe/Rome')
ORDER BY day
