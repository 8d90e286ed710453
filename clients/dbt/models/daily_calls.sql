{# A state for each business and day: months, percentiles and peaks come out of them without a look at the calls. #}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day',
    contract={'enforced': true}, on_schema_change='fail') }}
SELECT (mrcall.bucket(interval '1 day', c.started_at, '{{ var("zone") }}') AT TIME ZONE '{{ var("zone") }}')::date AS day,
       c.business_id, mrcall.call_agg(c.started_at, c.ended_at, c.outcome) AS state
FROM mrcall.calls AS c
WHERE c.started_at >= {{ since() }}::timestamp AT TIME ZONE '{{ var("zone") }}'
  AND c.started_at < {{ until() }}::timestamp AT TIME ZONE '{{ var("zone") }}'
  AND c.business_id IS NOT NULL AND (c.ended_at >= c.started_at OR c.ended_at IS NULL)
GROUP BY 1, 2
