{# Visits by day and channel. A day is replaced as a whole: a channel that has no visits any more goes, too. The report has a row of zeros
   for each channel of its range; which these are depends on the range, so they are left out. #}
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='day') }}
SELECT b.local::date AS day, b.dimension_value AS channel, b.visitors, b.visits, b.bounces, b.total_duration
FROM mrcall.visitor_buckets(interval '1 day', {{ since() }}, {{ until() }}, '{{ var("zone") }}', 'channel') AS b
WHERE b.events > 0
