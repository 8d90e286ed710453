-- Which channels the sign-ups are due to, by models that look at them differently, and how sure that is.
\set section models
SELECT format($$SELECT m.model, i.dimension_value AS channel, i.share, i.lower, i.upper
FROM unnest('{last_touch,linear,data_driven,markov}'::text[]) WITH ORDINALITY AS m (model, place)
CROSS JOIN LATERAL mrcall.attribution_interval(%1$s, %2$s, m.model, 'signup', replicates => 500) AS i
ORDER BY m.place, i.share DESC, channel$$, :'quoted_since', :'quoted_until') AS statement,
    format($$SELECT 'sign-ups', count(*) FROM mrcall.conversions AS c
    WHERE c.conversion = 'signup' AND c.converted_at >= %1$s AND c.converted_at < %2$s
    UNION ALL SELECT 'unattributed', sum(a.conversions) FROM mrcall.attribution(%1$s, %2$s, 'linear', 'signup') AS a
    WHERE a.dimension_value = '(unattributed)'$$, :'quoted_since', :'quoted_until') AS counts \gset
\ir ../run_section.sql
