-- Over every dimension, conversions and value sum to the totals of mrcall.conversions, to the last digit, by currency.
\pset footer off

CREATE TEMP TABLE sums ON COMMIT DROP AS
SELECT m.model, d.dimension, k.kind, a.currency, sum(a.conversions) AS conversions, sum(a.value) AS value,
       count(*) FILTER (WHERE a.dimension_value = '(unattributed)') AS rest_rows, count(*) AS report_rows,
       count(DISTINCT a.dimension_value) AS distinct_rows
FROM unnest('{first_touch,last_touch,last_non_direct,last_paid,linear,position_based,u_shaped,j_shaped,inverse_j,time_decay}'::text[])
         WITH ORDINALITY AS m (model, place)
JOIN unnest('{channel,source,medium,campaign,landing_page,referrer_domain}'::text[]) WITH ORDINALITY AS d (dimension,
    place)
    ON d.place = 1 OR m.model = 'time_decay'
JOIN unnest('{signup,business,first_call,subscription,payment,refund}'::text[]) AS k (kind)
    ON d.place = 1 OR k.kind IN ('signup', 'payment')
CROSS JOIN LATERAL mrcall.attribution('2025-01-01Z', '2026-06-01Z', m.model, k.kind, '30 days', d.dimension) AS a
GROUP BY 1, 2, 3, 4;

SELECT s.kind, s.currency IS NOT NULL AS money, count(*) >= 10 AS compared,
       count(*) FILTER (WHERE s.conversions <> c.conversions OR s.value <> c.value OR c.kind IS NULL) AS differences,
       count(*) FILTER (WHERE s.rest_rows <> 1) AS without_unattributed, count(*) FILTER (WHERE s.report_rows <>
           s.distinct_rows) AS doubled
FROM sums AS s
LEFT JOIN (SELECT c.conversion AS kind, c.currency, count(*) AS conversions, sum(c.value) AS value
           FROM mrcall.conversions AS c
           WHERE c.converted_at >= '2025-01-01Z' AND c.converted_at < '2026-06-01Z'
           GROUP BY 1, 2) AS c ON c.kind = s.kind AND c.currency IS NOT DISTINCT FROM s.currency
GROUP BY 1, 2
ORDER BY 1, 2;

-- No currency of a kind is left out.
SELECT count(*) AS lost
FROM (SELECT DISTINCT c.conversion, c.currency FROM mrcall.conversions AS c
      WHERE c.converted_at >= '2025-01-01Z' AND c.converted_at < '2026-06-01Z'
      EXCEPT SELECT s.kind, s.currency FROM sums AS s) AS d;

-- Parts of an amount have no more digits than the currency, or than the amount itself.
SELECT count(*) > 0 AS compared, count(*) FILTER (WHERE a.conversions <> round(a.conversions, 6)
    OR a.value <> round(a.value, CASE a.currency WHEN 'JPY' THEN 0 WHEN 'KWD' THEN 3 ELSE 2 END)) AS too_fine
FROM mrcall.attribution('2025-01-01Z', '2026-06-01Z', 'time_decay', 'payment', '90 days', 'landing_page') AS a;

-- Neighbouring ranges hold every conversion once, whatever the zone that their bounds are written in.
SELECT k.kind, sum(a.conversions) > 0 AS compared,
       sum(a.conversions) - (SELECT count(*) FROM mrcall.conversions AS c
                             WHERE c.conversion = k.kind AND c.converted_at >= '2026-03-27 00:00 Europe/Rome'
                               AND c.converted_at < '2026-04-01 00:00 Europe/Rome') AS difference
FROM (VALUES ('signup'), ('payment')) AS k (kind)
CROSS JOIN generate_series(timestamp '2026-03-27', '2026-03-31', '1 day') AS d (day)
CROSS JOIN LATERAL mrcall.attribution(d.day AT TIME ZONE 'Europe/Rome', (d.day + interval '1 day') AT TIME ZONE
    'Europe/Rome', 'linear',
                                      k.kind) AS a
GROUP BY 1
ORDER BY 1;

-- The row (unattributed) is there in an empty period too.
SELECT m.model, k.kind, a.*
FROM unnest('{first_touch,time_decay}'::text[]) AS m (model), unnest('{signup,payment,refund}'::text[]) AS k (kind),
     mrcall.attribution('2031-01-01Z', '2031-02-01Z', m.model, k.kind) AS a
ORDER BY 1, 2;
