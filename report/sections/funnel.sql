-- How far visitors come.
\set section funnel
SELECT format($$SELECT step_no, step, visitors, conversion, step_conversion, drop_off, median_time
FROM mrcall.funnel(%1$s, %2$s,
    %3$L, '30 days')
ORDER BY step_no$$, :'quoted_since', :'quoted_until', :'funnel') AS statement,
    format($$SELECT f.step_no, sum(f.visitors) FROM mrcall.funnel(%1$s, %2$s, %3$L, '30 days', 'channel') AS f GROUP BY f.step_no$$,
    :'quoted_since', :'quoted_until', :'funnel') AS counts \gset
\ir ../run_section.sql
