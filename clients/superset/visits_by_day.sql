{# A virtual dataset of Superset: the range of its time filter as days of the zone. Its temporal column is local. #}
SELECT b.local, b.dimension_value AS channel, b.visitors, b.visits, b.bounces
FROM mrcall.visitor_buckets(interval '1 day',
    {% if from_dttm %}(timestamp '{{ from_dttm }}')::date{% else %}current_date - 90{% endif %},
    {% if to_dttm %}(timestamp '{{ to_dttm }}')::date{% else %}current_date + 1{% endif %},
    'Europe/Rome', 'channel') AS b
