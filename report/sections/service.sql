-- What became of the calls that came in, and how many were answered in time.
\set section service
SELECT format($$SELECT b.bucket, b.local, coalesce(sum(s.in_time), 0) AS in_time, coalesce(sum(s.answered - s.in_time), 0) AS later,
       coalesce(sum(s.abandoned), 0) AS abandoned, coalesce(sum(s.waiting), 0) AS waiting,
       sum(s.in_time) / nullif(sum(s.counted), 0) AS level, max(s.longest_wait) AS longest
FROM mrcall.buckets(%3$L, %1$s, %2$s, %4$s, %5$L) AS b
LEFT JOIN mrcall.call_service(%3$L, %1$s, %2$s, %4$s, origin => %5$L) AS s ON s.bucket = b.bucket
GROUP BY b.bucket, b.local
ORDER BY b.bucket$$, :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS statement,
    format($$SELECT 'offered', count(*) FROM mrcall.calls AS c
WHERE c.started_at >= %1$s AND c.started_at < %2$s AND lower(c.direction) LIKE 'outbound%%' IS NOT TRUE$$,
    :'quoted_since', :'quoted_until') AS counts \gset
\ir ../run_section.sql
