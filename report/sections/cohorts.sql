-- Who came back.
\set section cohorts
SELECT format($$SELECT cohort, local, visitors, period, returned, retention
FROM mrcall.cohorts(%1$s, %2$s, %3$L, %4$s, periods => 8, origin => %5$L)
ORDER BY cohort, period$$, :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS statement,
    format($$SELECT 'newcomers', count(*)
    FROM (SELECT min(e.occurred_at) AS first_at FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY e.visitor_id) AS f
    WHERE f.first_at >= %1$s AND f.first_at < %2$s$$,
    :'quoted_since', :'quoted_until', :'width', :'quoted_zone', :'first_day') AS counts \gset
\ir ../run_section.sql
