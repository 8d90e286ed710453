-- Cohorts. Definitions: docs/cohorts.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

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
COMMENT ON FUNCTION mrcall_internal.check_cohorts(text, int) IS 'The errors of the arguments of cohorts';

CREATE FUNCTION mrcall.cohorts(
    since timestamptz, until timestamptz, width interval DEFAULT '7 days', zone text DEFAULT 'UTC', by text DEFAULT 'first_seen',
    periods int DEFAULT 8, rolling boolean DEFAULT false, gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false)
RETURNS TABLE (
    cohort timestamptz, dimension_value text, visitors bigint, period int, returned bigint, retention numeric, eligible bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
SET enable_nestloop = off
SET enable_sort = off
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    exact_gap interval := mrcall_internal.exact(gap, 'gap');
    longest_visit constant interval := '24:00:00';
    no_bots boolean := coalesce(exclude_bots, false);
    is_rolling boolean := coalesce(rolling, false);
    by_bucket boolean := by = 'first_seen';
    starts timestamptz[];
    ends timestamptz[];
    step bigint;
    read_since timestamptz;
    read_until timestamptz;
BEGIN
    PERFORM mrcall_internal.check_range(since, until);
    SELECT array_agg(b.bucket ORDER BY b.bucket), array_agg(b.next_bucket ORDER BY b.bucket) INTO starts, ends
    FROM mrcall.buckets(width, since, until, zone) AS b;
    PERFORM mrcall_internal.check_cohorts(by, periods), mrcall_internal.require_attached();
    IF EXISTS (SELECT FROM mrcall.events AS e WHERE e.occurred_at = '-infinity' AND e.visitor_id IS NOT NULL) THEN
        RAISE EXCEPTION 'the first event of a visitor is at -infinity'
            USING ERRCODE = '22008', HINT = 'SELECT * FROM mrcall.events WHERE occurred_at = ''-infinity''; shows it.';
    END IF;
    step := CASE WHEN is_rolling THEN 1000000 * extract(epoch FROM mrcall_internal.exact(width, 'width')) END;

    -- Computed once, not for each row.
    read_since := CASE WHEN NOT no_bots THEN since - exact_gap - longest_visit END;
    read_until := until + exact_gap + longest_visit;
    RETURN QUERY
    WITH visit AS MATERIALIZED (
        SELECT v.visitor_id, v.started_at, v.ended_at, v.is_bot,
               coalesce(CASE by
                   WHEN 'channel' THEN v.channel WHEN 'source' THEN v.source WHEN 'medium' THEN v.medium
                   WHEN 'campaign' THEN v.campaign WHEN 'landing_page' THEN v.landing_page
                   WHEN 'referrer_domain' THEN v.referrer_domain WHEN 'device' THEN v.device
                   WHEN 'entry_page' THEN v.entry_page END, '(not set)') COLLATE "C" AS value
        -- Bots are told by their visits, over the whole history: whoever was first a bot did not come then.
        FROM mrcall_internal.visits(read_since, read_until, exact_gap, NULL) AS v
        WHERE no_bots OR NOT by_bucket
    ),
    -- Each bot's visit in each quarter of a day that it meets: an event is not compared with all visits of a busy bot.
    bot AS MATERIALIZED (
        SELECT v.visitor_id, v.started_at, v.ended_at, p.at
        FROM visit AS v
        CROSS JOIN LATERAL unnest(
            CASE WHEN v.ended_at < date_bin('06:00:00', v.started_at, '2000-01-01 00:00Z') + '06:00:00'
                 THEN ARRAY[date_bin('06:00:00', v.started_at, '2000-01-01 00:00Z')]
                 ELSE ARRAY(SELECT generate_series(date_bin('06:00:00', v.started_at, '2000-01-01 00:00Z'), v.ended_at,
                                                   '06:00:00')) END) AS p (at)
        WHERE no_bots AND v.is_bot
    ),
    hit AS NOT MATERIALIZED (
        SELECT e.visitor_id, e.occurred_at
        FROM mrcall.events AS e
        WHERE NOT no_bots AND e.visitor_id IS NOT NULL AND e.occurred_at < until
        UNION ALL
        SELECT e.visitor_id, e.occurred_at
        FROM mrcall.events AS e
        LEFT JOIN bot AS b ON b.visitor_id = e.visitor_id AND b.at = date_bin('06:00:00', e.occurred_at, '2000-01-01 00:00Z')
            AND e.occurred_at BETWEEN b.started_at AND b.ended_at
        WHERE no_bots AND b.visitor_id IS NULL AND e.visitor_id IS NOT NULL AND e.occurred_at < until
    ),
    -- Each visitor's first event in each calendar bucket, those before since in bucket 0 or 1.
    seen AS (
        SELECT e.visitor_id, CASE WHEN NOT is_rolling THEN width_bucket(e.occurred_at, starts) END AS bucket_no,
               min(e.occurred_at) AS first_at
        FROM hit AS e
        GROUP BY 1, 2
    ),
    newcomer AS (
        SELECT s.visitor_id, min(s.first_at) AS first_at, width_bucket(min(s.first_at), starts) AS bucket_no,
               array_agg(s.bucket_no) AS buckets
        FROM seen AS s
        GROUP BY s.visitor_id
        HAVING min(s.first_at) >= since
    ),
    -- With how many of its periods are over.
    member AS MATERIALIZED (
        SELECT n.visitor_id, n.first_at, n.bucket_no AS first_bucket, n.buckets, CASE WHEN by_bucket THEN n.bucket_no END AS bucket_no,
               v.value,
               CASE WHEN is_rolling THEN round(date_part('epoch', until - n.first_at) * 1000000)::bigint / step
                    ELSE cardinality(starts) - n.bucket_no + (ends[cardinality(ends)] <= until)::int END AS periods_over
        FROM newcomer AS n
        LEFT JOIN visit AS v ON NOT by_bucket AND v.visitor_id = n.visitor_id AND n.first_at BETWEEN v.started_at AND v.ended_at
    ),
    active AS (
        SELECT m.bucket_no, m.value, b.no - m.first_bucket AS period, m.periods_over
        FROM member AS m
        CROSS JOIN LATERAL unnest(m.buckets) AS b (no)
        WHERE NOT is_rolling
        UNION ALL
        SELECT r.bucket_no, r.value, r.period, r.periods_over
        FROM (
            SELECT DISTINCT m.visitor_id, m.bucket_no, m.value, m.periods_over,
                   round(date_part('epoch', e.occurred_at - m.first_at) * 1000000)::bigint / step AS period
            FROM member AS m
            JOIN hit AS e ON e.visitor_id = m.visitor_id
            WHERE is_rolling AND e.occurred_at >= since
        ) AS r
    ),
    returns AS (
        SELECT a.bucket_no, a.value, a.period, count(*) AS returned
        FROM active AS a
        WHERE a.period <= periods AND a.period < a.periods_over
        GROUP BY a.bucket_no, a.value, a.period
    ),
    size AS (
        SELECT m.bucket_no, m.value, m.periods_over, count(*) AS visitors FROM member AS m GROUP BY 1, 2, 3
    ),
    wanted AS (
        SELECT c.bucket_no, NULL::text COLLATE "C" AS value
        FROM generate_series(1, cardinality(starts)) AS c (bucket_no)
        WHERE by_bucket
        UNION ALL
        SELECT DISTINCT NULL::int, s.value FROM size AS s WHERE NOT by_bucket
    ),
    report AS (
        SELECT w.bucket_no, w.value, p AS period, coalesce(sum(s.visitors), 0)::bigint AS visitors,
               coalesce(sum(s.visitors) FILTER (WHERE p < s.periods_over), 0)::bigint AS eligible
        FROM wanted AS w
        CROSS JOIN generate_series(0, periods) AS p
        LEFT JOIN size AS s ON coalesce(s.bucket_no, 0) = coalesce(w.bucket_no, 0) AND (by_bucket OR s.value = w.value)
        GROUP BY w.bucket_no, w.value, p
    )
    SELECT starts[r.bucket_no], r.value, r.visitors, r.period,
           CASE WHEN r.eligible > 0 THEN coalesce(x.returned, 0) END,
           round(coalesce(x.returned, 0) / nullif(r.eligible, 0)::numeric, 6), r.eligible
    FROM report AS r
    LEFT JOIN returns AS x ON coalesce(x.bucket_no, 0) = coalesce(r.bucket_no, 0) AND (by_bucket OR x.value = r.value)
        AND x.period = r.period
    ORDER BY r.bucket_no, CASE WHEN NOT by_bucket THEN -r.visitors END, r.value, r.period;
END
$$;
COMMENT ON FUNCTION mrcall.cohorts(timestamptz, timestamptz, interval, text, text, int, boolean, interval, boolean) IS
    'Of the visitors who came first in a period, or by a channel, how many came back in each period after it';
