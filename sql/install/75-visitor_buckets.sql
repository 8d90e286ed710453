-- Visitors, visits and events per time bucket. Definitions: docs/visitor_buckets.md.

CREATE FUNCTION mrcall.visitor_buckets(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', dimension text DEFAULT NULL,
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false, origin timestamp DEFAULT NULL,
    with_new boolean DEFAULT false)
RETURNS TABLE (
    bucket timestamptz, dimension_value text, visitors bigint, visits bigint, events bigint, pageviews bigint, bounces bigint,
    total_duration interval, new_visitors bigint, engaged_visits bigint, engaged_time interval, local timestamp)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'visitor_buckets_wrapper';
COMMENT ON FUNCTION mrcall.visitor_buckets(interval, timestamptz, timestamptz, text, text, interval, boolean, timestamp, boolean) IS
    'Visitors, visits, events, page views, bounces, time and engagement per bucket, without gaps, as a whole or by a dimension '
    'of the visit. '
    'Two dates are days of the zone';

--@ include templates/local_days.sql name=visitor_buckets before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', dimension text DEFAULT NULL, gap interval DEFAULT '30 minutes',
--@      exclude_bots boolean DEFAULT false, origin timestamp DEFAULT NULL, with_new boolean DEFAULT false"
--@   passed="zone, dimension, gap, exclude_bots, origin, with_new"
--@   columns="bucket timestamptz, dimension_value text, visitors bigint, visits bigint, events bigint, pageviews bigint,
--@      bounces bigint, total_duration interval, new_visitors bigint, engaged_visits bigint, engaged_time interval,
--@      local timestamp" types="interval, date, date, text, text, interval, boolean, timestamp, boolean"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=1000 what="Visitors, visits, events and time per bucket"
