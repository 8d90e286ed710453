-- How long conversions took. Definitions: docs/marketing.md.

CREATE FUNCTION mrcall.time_to_convert(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL,
    include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (
    days int, conversions bigint, share numeric, cumulative_share numeric, mean_touches numeric, median_touches float8,
    median_time interval, unattributed bigint)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 31
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension='channel'
           ;
    SELECT mrcall_internal.journeys(report, journeys => true) AS answer;
    WITH journey AS MATERIALIZED (
        SELECT cardinality(r.path) AS touches, extract(epoch FROM r.journey_at - r.touched_at[1]) AS seconds
        FROM mrcall_internal.journey_rows(answer) AS r
    ),
    attributed AS (
        SELECT j.touches, j.seconds, floor(j.seconds / 86400)::int AS days FROM journey AS j WHERE j.touches > 0
    ),
    grouped AS (
        SELECT a.days, GROUPING(a.days) = 1 AS is_total, count(*) AS conversions, avg(a.touches) AS mean_touches,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY a.touches) AS median_touches,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds::float8) AS median_seconds
        FROM attributed AS a
        GROUP BY GROUPING SETS ((a.days), ())
    ),
    day AS (
        SELECT d.day, false AS is_total
        FROM (SELECT generate_series(0, max(a.days)) AS day FROM attributed AS a) AS d
        UNION ALL
        SELECT NULL, true
    )
    SELECT d.day, coalesce(g.conversions, 0),
           round(coalesce(g.conversions, 0)::numeric / nullif(total.conversions, 0), 6),
           CASE WHEN NOT d.is_total THEN
               round(sum(coalesce(g.conversions, 0)) FILTER (WHERE NOT d.is_total) OVER (ORDER BY d.day)
                     / nullif(total.conversions, 0), 6) END,
           round(g.mean_touches, 6), g.median_touches, make_interval(secs => g.median_seconds),
           CASE WHEN d.is_total THEN (SELECT count(*) FROM journey AS j WHERE j.touches = 0) END
    FROM day AS d
    LEFT JOIN grouped AS g ON g.is_total = d.is_total AND g.days IS NOT DISTINCT FROM d.day
    CROSS JOIN (SELECT g.conversions FROM grouped AS g WHERE g.is_total) AS total
    ORDER BY d.is_total, d.day
$$;
COMMENT ON FUNCTION mrcall.time_to_convert(
    timestamptz, timestamptz, text, interval, interval, boolean, text[], text[], text[],
    text[], text[], text[], boolean) IS
    'How long conversions took from their first touch, in days, and how many touches; the last row is all of them';
