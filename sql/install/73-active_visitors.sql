-- The visitors of the last day, the last 7 and the last 28. Definitions: docs/active_visitors.md.

CREATE FUNCTION mrcall_internal.active_visitor_counts(
    since timestamptz, until timestamptz, zone text, origin timestamp, gap interval, no_bots boolean)
RETURNS TABLE (day timestamp, daily bigint, weekly bigint, monthly bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'active_visitor_counts_wrapper';
COMMENT ON FUNCTION mrcall_internal.active_visitor_counts(timestamptz, timestamptz, text, timestamp, interval, boolean) IS
    'The rows of active_visitors';

CREATE FUNCTION mrcall.active_visitors(
    since timestamptz, until timestamptz, zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes',
    exclude_bots boolean DEFAULT false, origin timestamp DEFAULT NULL)
RETURNS TABLE (day date, daily bigint, weekly bigint, monthly bigint)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT mrcall_internal.exact(gap, 'gap') AS exact_gap, mrcall_internal.check_range(since, until),
           (SELECT count(*) FROM mrcall.buckets('1 day', since, until, zone, origin)) AS buckets, mrcall_internal.require_attached();
    SELECT c.day::date, c.daily, c.weekly, c.monthly
    FROM mrcall_internal.active_visitor_counts(since, until, zone, origin, exact_gap, exclude_bots) AS c
    ORDER BY c.day
$$;
COMMENT ON FUNCTION mrcall.active_visitors(timestamptz, timestamptz, text, interval, boolean, timestamp) IS
    'The visitors of each day of the zone, of the 7 and of the 28 days that end with it. Two dates are days of the zone';

--@ include templates/local_days.sql name=active_visitors before="" first=""
--@   after=", zone text DEFAULT 'UTC', gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
--@      origin timestamp DEFAULT NULL" passed="zone, gap, exclude_bots, origin"
--@   columns="day date, daily bigint, weekly bigint, monthly bigint" types="date, date, text, interval, boolean, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=100 what="The visitors of 1, 7 and 28 days"
