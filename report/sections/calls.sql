-- Calls over time.
\set section calls
SELECT format($$SELECT b.bucket, b.local, coalesce(sum(s.calls), 0) AS calls, coalesce(sum(s.answered), 0) AS answered,
       coalesce(sum(s.missed), 0) AS missed
FROM mrcall.buckets(%3$L, %1$s, %2$s, %4$s, %5$L) AS b
LEFT JOIN mrcall.call_summary(%3$L, %1$s, %2$s, %4$s, origin => %5$L) AS s ON s.bucket = b.bucket
GROUP BY b.bucket, b.local
ORDER BY b.bucket$$, :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS statement,
    format($$SELECT 'calls', count(*) FROM mrcall.calls AS c WHERE c.started_at >= %1$s AND c.started_at < %2$s$$,
    :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS counts \gset
\ir ../run_section.sql
