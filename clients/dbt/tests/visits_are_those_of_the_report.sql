-- What is kept is what the report says of all days at once.
{% set report %}
SELECT b.local::date AS day, b.dimension_value AS channel, b.visitors, b.visits, b.bounces, b.total_duration
FROM mrcall.visitor_buckets(interval '1 day', date '{{ var("first_day") }}', {{ until() }}, '{{ var("zone") }}', 'channel') AS b
WHERE b.events > 0
{% endset %}
(SELECT * FROM {{ ref('daily_channels') }} EXCEPT ALL {{ report }})
UNION ALL
({{ report }} EXCEPT ALL SELECT * FROM {{ ref('daily_channels') }})
