-- Visits over time by channel.
\set section channels
SELECT format($$SELECT bucket, local, dimension_value AS channel, visits
FROM mrcall.visitor_buckets(%3$L, %1$s, %2$s, %4$s, 'channel', origin => %5$L)
ORDER BY bucket, visits DESC, channel$$, :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS statement,
    format($$SELECT 'visits', count(*) FROM mrcall.visits AS v WHERE v.started_at >= %1$s AND v.started_at < %2$s$$,
    :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS counts \gset
\ir ../run_section.sql
