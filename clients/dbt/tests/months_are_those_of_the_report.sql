-- Months out of states of days are the report's months, where no call ends before it begins.
SELECT m.*, r.calls AS report_calls, r.total_duration AS report_duration, r.p95_duration AS report_p95
FROM {{ ref('monthly_calls') }} AS m
FULL JOIN (
    SELECT s.local::date AS month, s.business_id, s.calls, s.total_duration, s.p95_duration
    FROM mrcall.call_summary('1 month', date '{{ var("first_day") }}', {{ until() }}, '{{ var("zone") }}') AS s
    WHERE s.business_id IS NOT NULL
) AS r USING (month, business_id)
WHERE (m.calls, m.total_duration, m.p95_duration) IS DISTINCT FROM (r.calls, r.total_duration, r.p95_duration)
  AND business_id NOT IN (SELECT c.business_id FROM mrcall.calls AS c WHERE c.ended_at < c.started_at AND c.business_id IS NOT NULL)
