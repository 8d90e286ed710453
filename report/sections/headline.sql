-- What converted in the period: numbers and money.
\set section headline
SELECT format($$SELECT conversion, currency, count(*) AS conversions, sum(value) AS value
FROM mrcall.conversions
WHERE converted_at >= %1$s AND converted_at < %2$s
GROUP BY conversion, currency
ORDER BY conversion, currency$$, :'quoted_since', :'quoted_until') AS statement,
    format($$SELECT 'sign-ups', count(*) FROM mrcall.customers AS c WHERE c.created_at >= %1$s AND c.created_at < %2$s$$,
    :'quoted_since', :'quoted_until') AS counts \gset
\ir ../run_section.sql
