-- Visits: runs of one visitor's events in which no two neighbours are more than a gap apart. Definitions: docs/visits.md.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall._check_range(since timestamptz, until timestamptz)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF since IS NULL OR until IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN since IS NULL THEN 'since' ELSE 'until' END
            USING ERRCODE = '22004', HINT = 'Give the range as since => ''2026-05-01'', until => ''2026-06-01''.';
    END IF;
    IF NOT isfinite(since) OR NOT isfinite(until) THEN
        RAISE EXCEPTION 'the range from % to % is not finite', since, until
            USING ERRCODE = '22008', HINT = 'Give two finite instants.';
    END IF;
    IF since >= until THEN
        RAISE EXCEPTION 'since (%) is not before until (%)', since, until
            USING ERRCODE = '22023', HINT = 'The range is half-open: since counts, until does not; exchange them.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall._check_range(timestamptz, timestamptz) IS 'Internal: the errors of a range that is none';

-- Both bounds may be NULL (unbounded), visitors too (all). Meant to be inlined: no SET, every name qualified.
CREATE FUNCTION mrcall._visits(since timestamptz, until timestamptz, gap interval, visitors text[])
RETURNS TABLE (
    visitor_id text, visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint,
    entry_page text, exit_page text, channel text, source text, medium text, campaign text, landing_page text,
    referrer_domain text, device text, is_bot boolean, touched_at timestamptz, term text, rule text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10000
AS $$
    SELECT
        v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page,
        COALESCE(own.channel, part.channel), part.source, part.medium, part.campaign,
        CASE WHEN v.touched_at IS NULL THEN v.entry_page ELSE part.landing_page END,
        part.referrer_domain,
        mrcall.device(v.user_agent), mrcall.is_bot(v.user_agent),
        COALESCE(v.touched_at, v.started_at), part.term,
        CASE WHEN own.channel IS NULL THEN part.rule ELSE pg_catalog.concat('channel_rule ', own.position) END
    FROM (
        SELECT
            n.visitor_id, n.visit_no::int AS visit_no,
            pg_catalog.min(n.occurred_at) AS started_at, pg_catalog.max(n.occurred_at) AS ended_at,
            pg_catalog.count(*) AS events, pg_catalog.count(n.is_pageview) AS pageviews,
            (pg_catalog.array_agg(n.page ORDER BY n.occurred_at, n.page COLLATE "C") FILTER (WHERE n.page IS NOT NULL))[1]
                AS entry_page,
            (pg_catalog.array_agg(n.page ORDER BY n.occurred_at DESC, n.page COLLATE "C" DESC) FILTER (WHERE n.page IS NOT NULL))[1]
                AS exit_page,
            (pg_catalog.array_agg(n.touch ORDER BY n.occurred_at, n.touch COLLATE "C") FILTER (WHERE n.touch IS NOT NULL))[1]
                AS touch,
            pg_catalog.min(n.occurred_at) FILTER (WHERE n.touch IS NOT NULL) AS touched_at,
            pg_catalog.min(n.user_agent COLLATE "C") AS user_agent
        FROM (
            SELECT
                b.visitor_id, b.occurred_at, b.user_agent, b.is_pageview, b.page,
                CASE WHEN b.is_pageview THEN
                    mrcall._touch(b.referrer, b.page_url, b.utm_source, b.utm_medium, b.utm_campaign,
                                  (SELECT mrcall._ignored_referrers()))
                    OPERATOR(pg_catalog.||) E'\x1f'
                    OPERATOR(pg_catalog.||) pg_catalog.translate(COALESCE(b.page, ''), E'\x1f', ' ')
                END AS touch,
                pg_catalog.count(*) FILTER (WHERE b.opens)
                    OVER (PARTITION BY b.visitor_id ORDER BY b.occurred_at) AS visit_no
            FROM (
                SELECT
                    e.visitor_id COLLATE "C" AS visitor_id, e.occurred_at, e.user_agent, e.referrer, e.page_url, e.utm_source,
                    e.utm_medium, e.utm_campaign,
                    CASE WHEN e.event_type OPERATOR(pg_catalog.=) ANY ('{page_view,pageview}'::pg_catalog.text[]) THEN true END
                        AS is_pageview,
                    CASE WHEN e.event_type OPERATOR(pg_catalog.=) ANY ('{page_view,pageview}'::pg_catalog.text[])
                         THEN e.page_path END AS page,
                    COALESCE(e.occurred_at OPERATOR(pg_catalog.-)
                             pg_catalog.lag(e.occurred_at) OVER (PARTITION BY e.visitor_id COLLATE "C" ORDER BY e.occurred_at)
                             OPERATOR(pg_catalog.>) gap, true) AS opens
                FROM mrcall.events AS e
                WHERE e.visitor_id IS NOT NULL AND e.occurred_at IS NOT NULL
                  AND (since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) since)
                  AND (until IS NULL OR e.occurred_at OPERATOR(pg_catalog.<) until)
                  AND (visitors IS NULL OR e.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
            ) AS b
        ) AS n
        GROUP BY n.visitor_id, n.visit_no
    ) AS v
    CROSS JOIN LATERAL (
        SELECT
            COALESCE(f.field[1], 'Direct') AS channel, f.field[2] AS source, f.field[3] AS medium, f.field[4] AS campaign,
            f.field[5] AS term, COALESCE(f.field[6], 'no arrival') AS rule, f.field[7] AS referrer_domain,
            f.field[8] AS landing_page
        FROM (SELECT pg_catalog.string_to_array(v.touch, E'\x1f', '') AS field) AS f
    ) AS part
    LEFT JOIN LATERAL (
        SELECT r.channel, r.position
        FROM mrcall.channel_rule AS r
        WHERE (r.source_pattern IS NULL OR COALESCE(part.source, '') OPERATOR(pg_catalog.~*) r.source_pattern)
          AND (r.medium_pattern IS NULL OR COALESCE(part.medium, '') OPERATOR(pg_catalog.~*) r.medium_pattern)
          AND (r.campaign_pattern IS NULL OR COALESCE(part.campaign, '') OPERATOR(pg_catalog.~*) r.campaign_pattern)
          AND (r.referrer_pattern IS NULL OR COALESCE(part.referrer_domain, '') OPERATOR(pg_catalog.~*) r.referrer_pattern)
        ORDER BY r.position
        LIMIT 1
    ) AS own ON true
$$;
COMMENT ON FUNCTION mrcall._visits(timestamptz, timestamptz, interval, text[]) IS
    'Internal: the visits that the events from since to until make, with the touch of each';

CREATE FUNCTION mrcall.sessionize(since timestamptz, until timestamptz, gap interval DEFAULT '30 minutes')
RETURNS TABLE (
    visitor_id text, visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint,
    entry_page text, exit_page text, channel text, source text, medium text, campaign text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    PERFORM mrcall._check_range(since, until), mrcall._exact(gap, 'gap');
    PERFORM mrcall._require_attached();
    RETURN QUERY
    SELECT v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page,
           v.channel, v.source, v.medium, v.campaign
    FROM mrcall._visits(since, until, gap, NULL) AS v;
END
$$;
COMMENT ON FUNCTION mrcall.sessionize(timestamptz, timestamptz, interval) IS
    'The visits that the events from since to until make, numbered per visitor from 1';
