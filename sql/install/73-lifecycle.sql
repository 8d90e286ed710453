-- Who is new, who came back, who stays away. Definitions: docs/lifecycle.md.

CREATE FUNCTION mrcall_internal.lifecycle_counts(
    since timestamptz, until timestamptz, width interval, zone text, origin timestamp, gap interval, no_bots boolean)
RETURNS TABLE (bucket timestamptz, local timestamp, new bigint, returned bigint, resurrecting bigint, dormant bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'lifecycle_counts_wrapper';
COMMENT ON FUNCTION mrcall_internal.lifecycle_counts(timestamptz, timestamptz, interval, text, timestamp, interval, boolean) IS
    'The rows of lifecycle';

CREATE FUNCTION mrcall.lifecycle(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, origin timestamp DEFAULT NULL)
RETURNS TABLE (bucket timestamptz, local timestamp, new bigint, returned bigint, resurrecting bigint, dormant bigint)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT mrcall_internal.exact(gap, 'gap') AS exact_gap, mrcall_internal.check_range(since, until),
           (SELECT count(*) FROM mrcall.buckets(width, since, until, zone, origin)) AS buckets, mrcall_internal.require_attached();
    SELECT mrcall_internal.warn_of_dropped_events('-infinity', 'who came before is new here when coming again');
    SELECT c.bucket, c.local, c.new, c.returned, c.resurrecting, c.dormant
    FROM mrcall_internal.lifecycle_counts(since, until, width, zone, origin, exact_gap, exclude_bots) AS c
    ORDER BY c.bucket
$$;
COMMENT ON FUNCTION mrcall.lifecycle(interval, timestamptz, timestamptz, text, interval, boolean, timestamp) IS
    'The visitors of each bucket who are new, who were in the bucket before, who came before that; and who of the bucket before are '
    'missing. Two dates are days of the zone';

--@ include templates/local_days.sql name=lifecycle before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
--@      origin timestamp DEFAULT NULL" passed="zone, gap, exclude_bots, origin"
--@   columns="bucket timestamptz, local timestamp, new bigint, returned bigint, resurrecting bigint, dormant bigint"
--@   types="interval, date, date, text, interval, boolean, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=100 what="Who is new, who came back, who is missing"
