-- Visitors, visits and events per time bucket. Definitions: docs/visitor_buckets.md.

CREATE FUNCTION mrcall._check_dimension(dimension text, allowed text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF dimension IS NULL THEN
        RAISE EXCEPTION 'argument "dimension" must not be NULL'
            USING ERRCODE = '22004', HINT = format('Use one of: %s.', array_to_string(allowed, ', '));
    END IF;
    IF NOT dimension = ANY (allowed) THEN
        RAISE EXCEPTION 'unknown dimension "%"', dimension
            USING ERRCODE = '22023', HINT = format('Use one of: %s.', array_to_string(allowed, ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall._check_dimension(text, text[]) IS 'Internal: the errors of a dimension that is none';

CREATE FUNCTION mrcall.visitor_buckets(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', dimension text DEFAULT NULL,
    gap interval DEFAULT '30 minutes', exclude_bots boolean DEFAULT false)
RETURNS TABLE (
    bucket timestamptz, dimension_value text, visitors bigint, visits bigint, events bigint, pageviews bigint, bounces bigint,
    total_duration interval)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    exact_gap interval := mrcall._exact(gap, 'gap');
    no_bots boolean := coalesce(exclude_bots, false);
BEGIN
    PERFORM mrcall._check_range(since, until);
    PERFORM FROM mrcall.buckets(width, since, until, zone);
    IF dimension IS NOT NULL THEN
        PERFORM mrcall._check_dimension(dimension,
            '{channel,source,medium,campaign,landing_page,referrer_domain,device,entry_page}');
    END IF;
    PERFORM mrcall._require_attached();
    RETURN QUERY
    WITH visit AS MATERIALIZED (
        SELECT v.visitor_id, v.started_at, v.ended_at, v.events,
               CASE WHEN dimension IS NOT NULL THEN
                   coalesce(CASE dimension
                       WHEN 'channel' THEN v.channel WHEN 'source' THEN v.source WHEN 'medium' THEN v.medium
                       WHEN 'campaign' THEN v.campaign WHEN 'landing_page' THEN v.landing_page
                       WHEN 'referrer_domain' THEN v.referrer_domain WHEN 'device' THEN v.device
                       WHEN 'entry_page' THEN v.entry_page END, '(not set)') END COLLATE "C" AS value
        -- A day more: an event takes the dimension of its whole visit, begun before the range or not.
        FROM mrcall._visits(since - exact_gap - '24:00:00'::interval, until, exact_gap, NULL) AS v
        WHERE NOT (no_bots AND v.is_bot)
    ),
    hit AS (
        SELECT e.visitor_id, e.occurred_at,
               e.event_type IN ('page_view', 'pageview') AND e.page_path IS NOT NULL AS is_pageview, NULL::text COLLATE "C" AS value
        FROM mrcall.events AS e
        WHERE dimension IS NULL AND NOT no_bots AND e.visitor_id IS NOT NULL
          AND e.occurred_at >= since AND e.occurred_at < until
        UNION ALL
        -- A visitor's visits do not overlap: the one around an event is its own.
        SELECT e.visitor_id, e.occurred_at, e.event_type IN ('page_view', 'pageview') AND e.page_path IS NOT NULL, v.value
        FROM mrcall.events AS e
        JOIN visit AS v ON v.visitor_id = e.visitor_id AND e.occurred_at BETWEEN v.started_at AND v.ended_at
        WHERE (dimension IS NOT NULL OR no_bots) AND e.occurred_at >= since AND e.occurred_at < until
    ),
    from_events AS (
        SELECT h.bucket, h.value, count(*) AS visitors, sum(h.events)::bigint AS events, sum(h.pageviews)::bigint AS pageviews
        FROM (
            SELECT mrcall.bucket(width, x.occurred_at, zone) AS bucket, x.value, x.visitor_id, count(*) AS events,
                   count(*) FILTER (WHERE x.is_pageview) AS pageviews
            FROM hit AS x
            GROUP BY 1, 2, 3
        ) AS h
        GROUP BY h.bucket, h.value
    ),
    from_visits AS (
        SELECT mrcall.bucket(width, v.started_at, zone) AS bucket, v.value, count(*) AS visits,
               count(*) FILTER (WHERE v.events = 1) AS bounces, sum(v.ended_at - v.started_at) AS total_duration
        FROM visit AS v
        WHERE v.started_at >= since
        GROUP BY 1, 2
    )
    SELECT b.bucket, d.value, coalesce(e.visitors, 0), coalesce(v.visits, 0), coalesce(e.events, 0), coalesce(e.pageviews, 0),
           coalesce(v.bounces, 0), coalesce(v.total_duration, '0')
    FROM mrcall.buckets(width, since, until, zone) AS b
    CROSS JOIN (SELECT NULL::text COLLATE "C" AS value WHERE dimension IS NULL
                UNION ALL
                SELECT DISTINCT f.value FROM from_events AS f WHERE dimension IS NOT NULL) AS d
    LEFT JOIN from_events AS e ON e.bucket = b.bucket AND (e.value = d.value OR dimension IS NULL)
    LEFT JOIN from_visits AS v ON v.bucket = b.bucket AND (v.value = d.value OR dimension IS NULL)
    ORDER BY b.bucket, d.value;
END
$$;
COMMENT ON FUNCTION mrcall.visitor_buckets(interval, timestamptz, timestamptz, text, text, interval, boolean) IS
    'Visitors, visits, events, page views, bounces and time per bucket, without gaps, as a whole or by a dimension of the visit';
