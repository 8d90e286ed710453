-- Businesses to look at: how many for which reason, and the largest of them.
\set section flags
SELECT format($$SELECT flag, count(*) AS businesses
FROM mrcall.business_health(%1$s) AS h
CROSS JOIN LATERAL unnest(h.flags) AS f (flag)
GROUP BY flag
ORDER BY businesses DESC, flag$$, :'quoted_until') AS statement,
    format($$SELECT f.flag, count(*)
    FROM (VALUES ('falling'), ('missed'), ('silent'), ('pays_unused'), ('unpaid'), ('never_called'), ('unknown')) AS f (flag)
    JOIN mrcall.business_health(%1$s) AS h ON f.flag = ANY (h.flags) GROUP BY f.flag$$, :'quoted_until') AS counts \gset
\ir ../run_section.sql
\set section businesses
SELECT format($$SELECT business_id, template, array_to_string(flags, ', ') AS flags, calls_30d_before, calls_30d, last_call
FROM mrcall.business_health(%1$s)
WHERE flags && '{falling,missed,silent,pays_unused,unpaid}'
ORDER BY greatest(calls_30d, calls_30d_before) DESC, business_id
LIMIT 12$$, :'quoted_until') AS statement \gset
SELECT format($$SELECT 'calls', count(*) FROM mrcall.calls AS c
    WHERE c.business_id IN (SELECT s.business_id FROM (%2$s) AS s)
      AND c.started_at >= %1$s::timestamptz - interval '720:00:00' AND c.started_at < %1$s$$, :'quoted_until', :'statement') AS counts \gset
\ir ../run_section.sql
