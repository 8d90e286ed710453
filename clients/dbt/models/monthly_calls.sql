{{ config(materialized='view') }}
SELECT date_trunc('month', d.day)::date AS month, d.business_id, mrcall.num_calls(mrcall.rollup(d.state)) AS calls,
       mrcall.total_duration(mrcall.rollup(d.state)) AS total_duration,
       mrcall.duration_percentile(mrcall.rollup(d.state), 0.95) AS p95_duration,
       mrcall.peak_concurrency(mrcall.rollup(d.state)) AS peak_concurrency
FROM {{ ref('daily_calls') }} AS d
GROUP BY 1, 2
