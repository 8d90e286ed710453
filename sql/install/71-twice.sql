-- Events that were delivered twice count once. Definitions: docs/visits.md.
--
-- To tell them takes a sort of the rows by their ids, which nobody should pay for whose rows are all different. So a report finds the
-- suspects first, visitors who may have an event twice (engine/src/visits/marks.rs), and takes those visitors' rows alone from here.

-- Without ids there is nothing to find.
CREATE FUNCTION mrcall_internal.has_event_ids()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM mrcall.source AS s WHERE s.logical_table = 'events' AND s.columns ->> 'event_id' IS NOT NULL)
$$;
COMMENT ON FUNCTION mrcall_internal.has_event_ids() IS 'Whether events have ids';

-- See visit_set_of_parts.
CREATE FUNCTION mrcall_internal.id_set_of_parts(since timestamptz, until timestamptz, receiver int)
RETURNS TABLE (visits bytea)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
AS $$
    SELECT mrcall.version() AS version,
           'SELECT mrcall_internal.visit_set_merge(p.visits, ROW(''0'', false, false, false, NULL, NULL, NULL, NULL, NULL, receiver, '
               'NULL, ''infinity'', false, NULL, NULL, version)::mrcall_internal.visit_settings) FROM ('
               || mrcall_internal.over_parts('events', $query$
               SELECT mrcall_internal.visit_set(
                   e.visitor_id, e.occurred_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, e.event_id, NULL,
                   ROW('0', false, false, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'infinity', false,
                       NULL, NULL, version)::mrcall_internal.visit_settings) AS visits
               FROM {part} AS e
               WHERE (since IS NULL OR e.occurred_at >= since) AND (until IS NULL OR e.occurred_at < until) AND e.event_id IS NOT NULL
           $query$) || ') AS p' AS query;
    EXECUTE query
$$;
COMMENT ON FUNCTION mrcall_internal.id_set_of_parts(timestamptz, timestamptz, int) IS
    'As id_set_of, where events lie in several tables';

-- Meant to be inlined: no SET, every name qualified, as all below.
CREATE FUNCTION mrcall_internal.id_set_of(since timestamptz, until timestamptz, receiver int)
RETURNS TABLE (visits bytea)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
AS $$
    SELECT h.visits
    FROM (
        SELECT mrcall_internal.visit_set(
            e.visitor_id, e.occurred_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, e.event_id, NULL,
            (SELECT ROW('0', false, false, false, NULL, NULL, NULL, NULL, NULL, receiver, NULL, 'infinity',
                        false, NULL, NULL, NULL)::mrcall_internal.visit_settings)) AS visits
        FROM mrcall.events AS e
        WHERE (since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) since)
          AND (until IS NULL OR e.occurred_at OPERATOR(pg_catalog.<) until)
          AND e.event_id IS NOT NULL
    ) AS h
    WHERE NOT mrcall_internal.is_spread('events')
    UNION ALL
    SELECT p.visits
    FROM mrcall_internal.id_set_of_parts(since, until, receiver) AS p
    WHERE mrcall_internal.is_spread('events')
$$;
COMMENT ON FUNCTION mrcall_internal.id_set_of(timestamptz, timestamptz, int) IS
    'The ids of events from since to until, as a set without visits';

CREATE FUNCTION mrcall_internal.twice(since timestamptz, until timestamptz)
RETURNS text[]
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'twice_wrapper';
COMMENT ON FUNCTION mrcall_internal.twice(timestamptz, timestamptz) IS
    'All visitors who have an event from since to until twice, and now and then another one by chance';

-- Ties are broken by all that a report reads of an event. Times are compared, not subtracted: infinity has no difference.
CREATE FUNCTION mrcall_internal.first_deliveries(
    ids_since timestamptz, since timestamptz, until timestamptz, visitors text[])
RETURNS TABLE (
    event_id text, visitor_id text, occurred_at timestamptz, event_type text, page_url text, page_path text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, utm_term text, utm_content text, user_agent text, properties jsonb)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1000
AS $$
    SELECT d.event_id, d.visitor_id, d.occurred_at, d.event_type, d.page_url, d.page_path, d.referrer, d.utm_source, d.utm_medium,
           d.utm_campaign, d.utm_term, d.utm_content, d.user_agent, d.properties
    FROM (
--@ include templates/first_deliveries.sql condition="true"
          AND (since IS NULL
               OR e.occurred_at OPERATOR(pg_catalog.>=) COALESCE(ids_since, mrcall_internal.earlier(since, '24:00:00')))
          AND (until IS NULL OR e.occurred_at OPERATOR(pg_catalog.<) until)
          AND (pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.>) 5000
               OR e.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
          AND (pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.<=) 5000
               OR mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(visitors)), e.visitor_id))
    ) AS d
    WHERE (since IS NULL OR d.occurred_at OPERATOR(pg_catalog.>=) since)
      AND (d.event_id IS NULL OR d.delivered_before IS NULL
           OR d.delivered_before OPERATOR(pg_catalog.<) mrcall_internal.earlier(d.occurred_at, '24:00:00'))
$$;
COMMENT ON FUNCTION mrcall_internal.first_deliveries(timestamptz, timestamptz, timestamptz, text[]) IS
    'The events of some visitors from since to until, each once: its first delivery';

-- What is not in doubt, an event of nobody either, is read as it lies; where nobody is suspect, that is all that the planner sees.
CREATE FUNCTION mrcall_internal.events_once(
    ids_since timestamptz, since timestamptz, until timestamptz, twice text[])
RETURNS TABLE (
    event_id text, visitor_id text, occurred_at timestamptz, event_type text, page_url text, page_path text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, utm_term text, utm_content text, user_agent text, properties jsonb)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10000
AS $$
    SELECT e.event_id, e.visitor_id, e.occurred_at, e.event_type, e.page_url, e.page_path, e.referrer, e.utm_source, e.utm_medium,
           e.utm_campaign, e.utm_term, e.utm_content, e.user_agent, e.properties
    FROM mrcall.events AS e
    WHERE (since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) since)
      AND (until IS NULL OR e.occurred_at OPERATOR(pg_catalog.<) until)
      AND (pg_catalog.cardinality(twice) OPERATOR(pg_catalog.=) 0
           OR e.visitor_id IS NULL OR NOT mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(twice)), e.visitor_id))
    UNION ALL
    SELECT f.event_id, f.visitor_id, f.occurred_at, f.event_type, f.page_url, f.page_path, f.referrer, f.utm_source, f.utm_medium,
           f.utm_campaign, f.utm_term, f.utm_content, f.user_agent, f.properties
    FROM mrcall_internal.first_deliveries(ids_since, since, until, twice) AS f
    WHERE pg_catalog.cardinality(twice) OPERATOR(pg_catalog.>) 0
$$;
COMMENT ON FUNCTION mrcall_internal.events_once(timestamptz, timestamptz, timestamptz, text[]) IS
    'The events from since to until, each once; twice: who may have one twice';

-- Of events before told_since only times and user agents are read, as visit_set_of has it.
CREATE FUNCTION mrcall_internal.visit_set_once(
    ids_since timestamptz, since timestamptz, until timestamptz, gap interval, visitors text[], with_touch boolean,
    with_agent boolean, width interval DEFAULT NULL, cut_since timestamptz DEFAULT NULL, zone text DEFAULT NULL,
    with_pages boolean DEFAULT true, receiver int DEFAULT NULL, origin timestamp DEFAULT NULL, with_views boolean DEFAULT false,
    cut_until timestamptz DEFAULT NULL, told_since timestamptz DEFAULT NULL, more_cuts timestamptz[] DEFAULT NULL,
    with_moments boolean DEFAULT false)
RETURNS TABLE (visits bytea)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
AS $$
    SELECT mrcall_internal.visit_set(
        e.visitor_id, e.occurred_at, e.event_type,
        CASE WHEN (SELECT mrcall_internal.path_from_url()) THEN NULL WHEN t.is_told THEN e.page_path END,
        CASE WHEN t.is_told THEN e.page_url END, CASE WHEN with_touch AND t.is_told THEN e.referrer END,
        CASE WHEN with_touch AND t.is_told THEN e.utm_source END, CASE WHEN with_touch AND t.is_told THEN e.utm_medium END,
        CASE WHEN with_touch AND t.is_told THEN e.utm_campaign END, CASE WHEN with_agent THEN e.user_agent END, NULL,
        CASE WHEN with_moments AND (SELECT mrcall_internal.has_key_events())
             THEN mrcall_internal.event_key(e.event_type, e.page_path)
                  OPERATOR(pg_catalog.~~) ANY ((SELECT mrcall_internal.goal_patterns())::pg_catalog.text[]) END,
        (SELECT ROW(gap, mrcall_internal.path_from_url(), with_pages, with_touch, mrcall_internal.ignored_referrers(), width,
                    cut_since, COALESCE(cut_until, until), zone, receiver, origin, NULL, with_views,
                    more_cuts, CASE WHEN with_moments THEN mrcall_internal.heartbeat_events() END,
                    NULL)::mrcall_internal.visit_settings))
    FROM mrcall_internal.first_deliveries(ids_since, since, until, visitors) AS e
    CROSS JOIN LATERAL (SELECT told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since AS is_told) AS t
$$;
COMMENT ON FUNCTION mrcall_internal.visit_set_once(
    timestamptz, timestamptz, timestamptz, interval, text[], boolean, boolean, interval, timestamptz, text, boolean, int, timestamp,
    boolean, timestamptz, timestamptz, timestamptz[], boolean) IS
    'The visits that the events of some visitors from since to until make, each event counted once, as bytes';

-- Of the last 30 days, so that it takes no longer with the years.
CREATE FUNCTION mrcall_internal.check_deliveries()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    SELECT mrcall_internal.earlier(now(), '720:00:00') AS since, mrcall_internal.later(now(), '24:00:00') AS until,
           mrcall_internal.earlier(now(), '744:00:00') AS ids_since;
    SELECT mrcall_internal.twice(ids_since, until) AS twice;
    SELECT 'info', 'events.event_id', format('%s events of the last 30 days are later deliveries of others: each event counts once',
                                             d.deliveries - d.events), NULL::text
    FROM (SELECT (SELECT count(*) FROM mrcall.events AS e
                  WHERE e.visitor_id = ANY (twice) AND e.occurred_at >= since AND e.occurred_at < until) AS deliveries,
                 (SELECT count(*) FROM mrcall_internal.first_deliveries(ids_since, since, until, twice) AS f) AS events
          WHERE twice <> '{}') AS d
    WHERE d.deliveries > d.events
$$;
COMMENT ON FUNCTION mrcall_internal.check_deliveries() IS 'doctor: events that were delivered again';
