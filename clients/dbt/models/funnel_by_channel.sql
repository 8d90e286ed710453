{# A materialized view is refreshed by each later run with the statement of its first one: so its range goes by now(). With a unique
   index nobody who reads it waits. #}
{{ config(materialized='materialized_view',
    indexes=[{'columns': ['dimension_value', 'step_no'], 'unique': true}]) }}
SELECT f.*
FROM mrcall.funnel(now() - interval '400 days', now(),
    '[{"step": "visit"}, {"step": "pricing", "page": "/pricing%"}, {"step": "contact", "page": "/contact%"}]', dimension => 'channel') AS f
