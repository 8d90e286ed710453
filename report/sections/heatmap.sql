-- When the calls come.
\set section heatmap
SELECT format($$SELECT weekday, hour, calls, answered, missed
FROM mrcall.call_heatmap(%1$s, %2$s)
ORDER BY weekday, hour$$, :'quoted_since', :'quoted_until') AS statement,
    format($$SELECT 'calls', count(*) FROM mrcall.calls AS c WHERE c.started_at >= %1$s AND c.started_at < %2$s$$,
    :'quoted_since', :'quoted_until') AS counts \gset
\ir ../run_section.sql
