-- By day or at once: the conversions, and their money to the last digit.
SELECT wanted.*, got.conversions, got.value
FROM (
    SELECT c.conversion, coalesce(c.currency, '') AS currency, count(*)::numeric AS conversions, sum(c.value) AS value
    FROM mrcall.conversions AS c
    WHERE c.conversion IN ('signup', 'payment')
      AND c.converted_at >= date '{{ var("first_day") }}'::timestamp AT TIME ZONE '{{ var("zone") }}'
      AND c.converted_at < {{ until() }}::timestamp AT TIME ZONE '{{ var("zone") }}'
    GROUP BY 1, 2
) AS wanted
FULL JOIN (
    SELECT conversion, currency, sum(conversions) AS conversions, sum(value) AS value FROM {{ ref('daily_credit') }} GROUP BY 1, 2
) AS got USING (conversion, currency)
WHERE (wanted.conversions, wanted.value) IS DISTINCT FROM (got.conversions, got.value)
