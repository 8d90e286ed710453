-- No key is there twice: a day that was made again replaced what was there.
SELECT 'daily_channels' AS model, day::text || ' ' || channel AS key FROM {{ ref('daily_channels') }} GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL
SELECT 'daily_credit', concat_ws(' ', day, conversion, channel, currency) FROM {{ ref('daily_credit') }} GROUP BY 1, 2 HAVING count(*) > 1
UNION ALL
SELECT 'daily_calls', concat_ws(' ', day, business_id) FROM {{ ref('daily_calls') }} GROUP BY 1, 2 HAVING count(*) > 1
