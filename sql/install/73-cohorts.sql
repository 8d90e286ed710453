-- Cohorts. Definitions: docs/cohorts.md.

CREATE FUNCTION mrcall_internal.check_cohorts(by text, periods int)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    allowed constant text[] := '{first_seen,channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}';
BEGIN
    IF by IS NULL OR periods IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN by IS NULL THEN 'by' ELSE 'periods' END
            USING ERRCODE = '22004', HINT = CASE WHEN by IS NULL THEN format('Use one of: %s.', array_to_string(allowed, ', '))
                                                 ELSE 'Give a number of periods, for example 8.' END;
    END IF;
    IF NOT by = ANY (allowed) THEN
        RAISE EXCEPTION 'unknown cohort "%"', by
            USING ERRCODE = '22023', HINT = format('Use one of: %s.', array_to_string(allowed, ', '));
    END IF;
    IF periods NOT BETWEEN 0 AND 1000 THEN
        RAISE EXCEPTION 'periods must be from 0 to 1000: %', periods
            USING ERRCODE = '22023', HINT = 'Use a larger width for a longer time.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_cohorts(text, int) IS 'Raises the errors of the arguments of cohorts';

-- Cohorts by number of the bucket, or by value. A row without a period counts visitors, by how many of their periods are over;
-- one with a period counts those of them who came back in it.
CREATE FUNCTION mrcall_internal.cohort_counts(
    since timestamptz, until timestamptz, read_until timestamptz, width interval, zone text, origin timestamp, rolling boolean, by text,
    periods int, gap interval, no_bots boolean)
RETURNS TABLE (bucket_no int, value text, periods_over bigint, period bigint, visitors bigint)
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'cohort_counts_wrapper';
COMMENT ON FUNCTION mrcall_internal.cohort_counts(
    timestamptz, timestamptz, timestamptz, interval, text, timestamp, boolean, text, int, interval, boolean) IS
    'The sizes of cohorts, and how many of each came back; where more periods are over than wanted, one more is said';

CREATE FUNCTION mrcall.cohorts(
    since timestamptz, until timestamptz, width interval DEFAULT '7 days', zone text DEFAULT 'UTC', by text DEFAULT 'first_seen',
    periods int DEFAULT 8, rolling boolean DEFAULT false, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
    origin timestamp DEFAULT NULL)
RETURNS TABLE (
    cohort timestamptz, dimension_value text, visitors bigint, period int, returned bigint, retention numeric, eligible bigint,
    local timestamp)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT by = 'first_seen' AS by_bucket, mrcall_internal.exact(gap, 'gap') AS exact_gap,
           mrcall_internal.check_range(since, until), b.starts, b.clocks, mrcall_internal.check_cohorts(by, periods),
           mrcall_internal.require_attached()
    FROM (SELECT array_agg(b.bucket ORDER BY b.bucket) AS starts, array_agg(b.local ORDER BY b.bucket) AS clocks
          FROM mrcall.buckets(width, since, until, zone, origin) AS b) AS b;
    SELECT CASE WHEN EXISTS (SELECT FROM mrcall.events AS e WHERE e.occurred_at = '-infinity' AND e.visitor_id IS NOT NULL)
                THEN mrcall_internal.fail('22008', format('the first event of a visitor is at %s', timestamptz '-infinity'),
                         'SELECT * FROM mrcall.events WHERE occurred_at = ''-infinity''; shows it.') END AS checked,
           mrcall_internal.warn_of_dropped_events('-infinity', 'who came before is new here when coming again'),
           CASE WHEN rolling THEN mrcall_internal.exact(width, 'width') END AS step,
           -- A visit that goes on behind the range is seen whole.
           CASE WHEN by_bucket AND NOT coalesce(exclude_bots, false) THEN until
                ELSE mrcall_internal.later(until, mrcall_internal.visit_margin(exact_gap)) END AS read_until;
    WITH counted AS MATERIALIZED (
        SELECT c.bucket_no, c.value COLLATE "C" AS value, c.periods_over, c.period, c.visitors
        FROM mrcall_internal.cohort_counts(since, until, read_until, width, zone, origin, rolling, by, periods, exact_gap,
                                           exclude_bots) AS c
    ),
    wanted AS (
        SELECT c.bucket_no, NULL::text COLLATE "C" AS value
        FROM generate_series(1, cardinality(starts)) AS c (bucket_no)
        WHERE by_bucket
        UNION ALL
        SELECT DISTINCT NULL::int, s.value FROM counted AS s WHERE NOT by_bucket
    ),
    report AS (
        SELECT w.bucket_no, w.value, p AS period,
               coalesce(sum(s.visitors) FILTER (WHERE s.period IS NULL), 0)::bigint AS visitors,
               coalesce(sum(s.visitors) FILTER (WHERE p < s.periods_over), 0)::bigint AS eligible,
               coalesce(sum(s.visitors) FILTER (WHERE p = s.period), 0)::bigint AS returned
        FROM wanted AS w
        CROSS JOIN generate_series(0, periods) AS p
        LEFT JOIN counted AS s ON coalesce(s.bucket_no, 0) = coalesce(w.bucket_no, 0) AND (by_bucket OR s.value = w.value)
        GROUP BY w.bucket_no, w.value, p
    )
    SELECT starts[r.bucket_no], r.value, r.visitors, r.period, CASE WHEN r.eligible > 0 THEN r.returned END,
           round(r.returned / nullif(r.eligible, 0)::numeric, 6), r.eligible, clocks[r.bucket_no]
    FROM report AS r
    ORDER BY r.bucket_no, CASE WHEN NOT by_bucket THEN -r.visitors END, r.value, r.period
$$;
COMMENT ON FUNCTION mrcall.cohorts(timestamptz, timestamptz, interval, text, text, int, boolean, interval, boolean, timestamp) IS
    'Of the visitors who came first in a period, or by a channel, how many came back in each period after it. '
    'Two dates are days of the zone';

--@ include templates/local_days.sql name=cohorts before="" first=""
--@   after=", width interval DEFAULT '7 days', zone text DEFAULT 'UTC', by text DEFAULT 'first_seen', periods int DEFAULT 8,
--@      rolling boolean DEFAULT false, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false,
--@      origin timestamp DEFAULT NULL" passed="width, zone, by, periods, rolling, gap, exclude_bots, origin"
--@   columns="cohort timestamptz, dimension_value text, visitors bigint, period int, returned bigint, retention numeric,
--@      eligible bigint, local timestamp" types="date, date, interval, text, text, int, boolean, interval, boolean, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=10000 rows=100 what="How many of the newcomers of some days came back"
