-- Paths to conversion. Definitions: docs/conversion_paths.md.

CREATE FUNCTION mrcall.conversion_paths(
    since timestamptz, until timestamptz, conversion text DEFAULT 'signup', lookback interval DEFAULT '30 days',
    dimension text DEFAULT 'channel', transform text DEFAULT NULL, argument text DEFAULT NULL,
    gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, exclude_channels text[] DEFAULT NULL, include_channels text[] DEFAULT NULL,
    exclude_campaigns text[] DEFAULT NULL, include_campaigns text[] DEFAULT NULL, exclude_referrers text[] DEFAULT NULL,
    exclude_visitors text[] DEFAULT NULL, restart boolean DEFAULT false)
RETURNS TABLE (path text[], conversions bigint, value numeric, nulls bigint, currency text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
AS $$
    SELECT
--@ include templates/journey_arguments.sql range="since, until" dimension=dimension
           -- An empty path: only the transform and its argument are checked.
           , CASE WHEN transform IS NOT NULL THEN mrcall.path_transform('{}'::text[], transform, argument) END AS checked;
    SELECT mrcall_internal.journeys(report, paths => true, unconverted => true) AS answer;
    SELECT p.path, sum(p.conversions)::bigint, sum(p.value), sum(p.nulls)::bigint, p.currency
    FROM (SELECT CASE WHEN transform IS NULL THEN r.path ELSE mrcall.path_transform(r.path, transform, argument) END AS path,
                 r.conversions, r.value::numeric AS value, r.nulls, r.currency
          FROM mrcall_internal.journey_path_rows(answer) AS r) AS p
    GROUP BY p.path, p.currency
    ORDER BY sum(p.conversions) DESC, sum(p.nulls) DESC, p.path COLLATE "C", p.currency COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.conversion_paths(
    timestamptz, timestamptz, text, interval, text, text, text, interval, boolean, text[], text[], text[], text[], text[],
    text[], boolean
) IS
    'The distinct paths of a period: how many journeys along each converted, with what value, and how many did not';
