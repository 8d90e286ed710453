{# What each channel brought, by day of the conversion. Conversions without money have currency NULL, which is equal to nothing:
   as a key it needs a value. A day without conversions says so in one row, which is left out. #}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
SELECT d.local::date AS day, kind.conversion, a.dimension_value AS channel, coalesce(a.currency, '') AS currency,
       a.conversions, a.value
FROM mrcall.buckets(interval '1 day', {{ since() }}, {{ until() }}, '{{ var("zone") }}') AS d
CROSS JOIN (VALUES ('signup'), ('payment')) AS kind (conversion)
CROSS JOIN LATERAL mrcall.attribution(d.bucket, mrcall.next_bucket(interval '1 day', d.bucket, '{{ var("zone") }}'), 'linear',
    kind.conversion) AS a
WHERE a.conversions <> 0
