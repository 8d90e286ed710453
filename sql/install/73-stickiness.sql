-- In how many buckets visitors come. Definitions: docs/stickiness.md.

CREATE FUNCTION mrcall_internal.stickiness_counts(
    since timestamptz, until timestamptz, width interval, zone text, origin timestamp, gap interval, no_bots boolean)
RETURNS TABLE (buckets int, visitors bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'stickiness_counts_wrapper';
COMMENT ON FUNCTION mrcall_internal.stickiness_counts(timestamptz, timestamptz, interval, text, timestamp, interval, boolean) IS
    'The rows of stickiness';

CREATE FUNCTION mrcall.stickiness(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, origin timestamp DEFAULT NULL)
RETURNS TABLE (buckets int, visitors bigint)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT mrcall_internal.exact(gap, 'gap') AS exact_gap, mrcall_internal.check_range(since, until),
           (SELECT count(*) FROM mrcall.buckets(width, since, until, zone, origin)) AS num_buckets, mrcall_internal.require_attached();
    SELECT c.buckets, c.visitors
    FROM mrcall_internal.stickiness_counts(since, until, width, zone, origin, exact_gap, exclude_bots) AS c
    ORDER BY c.buckets
$$;
COMMENT ON FUNCTION mrcall.stickiness(interval, timestamptz, timestamptz, text, interval, boolean, timestamp) IS
    'How many visitors were there in exactly so many of the buckets. Two dates are days of the zone';

--@ include templates/local_days.sql name=stickiness before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
--@      origin timestamp DEFAULT NULL" passed="zone, gap, exclude_bots, origin"
--@   columns="buckets int, visitors bigint" types="interval, date, date, text, interval, boolean, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=100 what="In how many buckets visitors come"
