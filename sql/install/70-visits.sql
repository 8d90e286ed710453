-- Visits: runs of one visitor's events in which no two neighbours are more than a gap apart. Definitions: docs/visits.md.
-- From here on bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall_internal.check_range(since timestamptz, until timestamptz)
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
    IF since < '4713-01-01 00:00+00 BC' OR until > '294246-12-31 23:59+00' THEN
        RAISE EXCEPTION 'the range from % to % is not within the time that reports know', since, until
            USING ERRCODE = '22008', HINT = 'Use instants from 4713-01-01 BC to 294246-12-31.';
    END IF;
    IF since >= until THEN
        RAISE EXCEPTION 'since (%) is not before until (%)', since, until
            USING ERRCODE = '22023', HINT = 'The range is half-open: since counts, until does not; exchange them.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_range(timestamptz, timestamptz) IS
    'Raises the errors of a range that is empty or has no ends';

CREATE FUNCTION mrcall_internal.check_dimension(dimension text, allowed text[])
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
COMMENT ON FUNCTION mrcall_internal.check_dimension(text, text[]) IS 'Raises the error of an unknown dimension';

-- path_from_url says that pages are to be taken from page_url; without pages only their number is wanted; with_views keeps page views
-- one by one. Where there are a width and a zone, visits are cut at the buckets from cut_since to cut_until. A function of ours that
-- runs the query says under which number it takes the set itself; for anybody else receiver means nothing. Of events before
-- counted_since only the ids matter. more_cuts are instants before cut_since, in order, at which visits are cut too. With heartbeats,
-- types of events, moments are kept instead of page views: page views, heartbeats and key events. version is given where another server
-- may run the aggregate: it has to be of the same.
CREATE TYPE mrcall_internal.visit_settings AS (
    gap interval, path_from_url boolean, with_pages boolean, with_touch boolean, ignored text[], width interval,
    cut_since timestamptz, cut_until timestamptz, zone text, receiver int, origin timestamp, counted_since timestamptz,
    with_views boolean, more_cuts timestamptz[], heartbeats text[], version text);
COMMENT ON TYPE mrcall_internal.visit_settings IS 'What is wanted of visit_set, the same in every row';

-- One state for all visitors: a group for each would cost more than the visits themselves.
CREATE FUNCTION mrcall_internal.visit_set_trans(
    internal, visitor_id text, occurred_at timestamptz, event_type text, page_path text, page_url text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, user_agent text, event_id text, is_key boolean,
    settings mrcall_internal.visit_settings)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_set_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_set_trans(
    internal, text, timestamptz, text, text, text, text, text, text, text, text, text, boolean, mrcall_internal.visit_settings)
IS 'Transition of visit_set';

--@ include templates/parallel_functions.sql state=visit_set aggregate=visit_set combine_cost=1 serialize_cost=1

CREATE FUNCTION mrcall_internal.visit_set_final(internal)
RETURNS bytea
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_set_final_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_set_final(internal) IS 'Final function of visit_set';

CREATE AGGREGATE mrcall_internal.visit_set(
    visitor_id text, occurred_at timestamptz, event_type text, page_path text, page_url text, referrer text, utm_source text,
    utm_medium text, utm_campaign text, user_agent text, event_id text, is_key boolean, settings mrcall_internal.visit_settings) (
    SFUNC = mrcall_internal.visit_set_trans,
    FINALFUNC = mrcall_internal.visit_set_final,
    -- It hands the state over to the function that asked, and leaves an empty one.
    FINALFUNC_MODIFY = READ_WRITE,
--@ include templates/parallel_aggregate.sql state=visit_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.visit_set(
    text, timestamptz, text, text, text, text, text, text, text, text, text, boolean, mrcall_internal.visit_settings)
IS 'The visits of all visitors, as bytes for visit_set_rows';

-- The sets of several parts of the rows, each a result of visit_set, as that of all rows.
CREATE FUNCTION mrcall_internal.visit_set_merge_trans(internal, visits bytea, settings mrcall_internal.visit_settings)
RETURNS internal
LANGUAGE c IMMUTABLE PARALLEL SAFE CALLED ON NULL INPUT
AS 'MODULE_PATHNAME', 'visit_set_merge_trans_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_set_merge_trans(internal, bytea, mrcall_internal.visit_settings) IS
    'Transition of visit_set_merge';

CREATE AGGREGATE mrcall_internal.visit_set_merge(visits bytea, settings mrcall_internal.visit_settings) (
    SFUNC = mrcall_internal.visit_set_merge_trans,
    FINALFUNC = mrcall_internal.visit_set_final,
    FINALFUNC_MODIFY = READ_WRITE,
--@ include templates/parallel_aggregate.sql state=visit_set space=100000000
);
COMMENT ON AGGREGATE mrcall_internal.visit_set_merge(bytea, mrcall_internal.visit_settings) IS
    'The visit sets of several parts of the rows, as one';

CREATE TYPE mrcall_internal.visit AS (
    visitor_id text, visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint,
    entry_page text, exit_page text, channel text, source text, medium text, campaign text, landing_page text,
    referrer_domain text, device text, is_bot boolean, touched_at timestamptz, term text, rule text, had_twice boolean);
COMMENT ON TYPE mrcall_internal.visit IS
    'A row of visit_set_rows; had_twice: of a visitor who may have an event twice';

-- It may read events: restricted, as all that does.
CREATE FUNCTION mrcall_internal.visit_set_rows(
    visits bytea, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL, gap interval DEFAULT '30 minutes',
    ids_since timestamptz DEFAULT NULL)
RETURNS SETOF mrcall_internal.visit
LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000 ROWS 100000
AS 'MODULE_PATHNAME', 'visit_set_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.visit_set_rows(bytea, timestamptz, timestamptz, interval, timestamptz) IS
    'The rows of visit_set, in order of visitor_id by bytes and visit_no, with the channels of channel_rule; '
    'behind them the visits of those who may have an event twice, from their rows';

-- Whether page_path is what url_path makes of page_url: then the engine takes it from there, once for each distinct URL.
CREATE FUNCTION mrcall_internal.path_from_url()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(s.columns ->> 'page_path' = format('mrcall.url_path((%s))', s.columns ->> 'page_url'), false)
    FROM mrcall.source AS s
    WHERE s.logical_table = 'events'
$$;
COMMENT ON FUNCTION mrcall_internal.path_from_url() IS 'Whether events.page_path follows from page_url';

-- Restricted, so that the leader makes the set and hands it to the workers, which cannot be told a plan of megabytes quickly.
CREATE FUNCTION mrcall_internal.text_set(texts text[])
RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 1000
AS 'MODULE_PATHNAME', 'text_set_wrapper';
COMMENT ON FUNCTION mrcall_internal.text_set(text[]) IS 'A set of texts for text_set_has';

CREATE FUNCTION mrcall_internal.text_set_has(texts bytea, candidate text)
RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'text_set_has_wrapper';
COMMENT ON FUNCTION mrcall_internal.text_set_has(bytea, text) IS 'Whether a text is in a set of text_set';

CREATE FUNCTION mrcall_internal.heartbeat_events()
RETURNS text[]
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'heartbeat_events_wrapper';
COMMENT ON FUNCTION mrcall_internal.heartbeat_events() IS 'The setting mrcall.heartbeat_events as a list';

-- The same where events lie in several tables: a set of each, made where the table is, and then merged. What is asked is made of
-- constants, columns and functions of this extension alone, so that another server takes it whole.
CREATE FUNCTION mrcall_internal.visit_set_of_parts(
    ids_since timestamptz, since timestamptz, until timestamptz, gap interval, visitors text[], with_touch boolean,
    with_agent boolean, width interval, cut_since timestamptz, zone text, with_pages boolean, receiver int, origin timestamp,
    with_views boolean, cut_until timestamptz, told_since timestamptz, times_only boolean,
    more_cuts timestamptz[], with_moments boolean)
RETURNS TABLE (visits bytea)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1
AS $$
    SELECT coalesce(ids_since, mrcall_internal.earlier(since, '24:00:00')) AS read_since, mrcall_internal.path_from_url() AS from_url,
           mrcall_internal.ignored_referrers() AS ignored, coalesce(cut_until, until) AS cuts_until,
           cardinality(visitors) <= 5000 AS are_few, mrcall.version() AS version,
           CASE WHEN with_moments THEN mrcall_internal.heartbeat_events() END AS heartbeats,
           with_moments AND mrcall_internal.has_key_events() AS with_key_events, mrcall_internal.goal_patterns() AS patterns,
           CASE WHEN cardinality(visitors) > 5000 THEN mrcall_internal.text_set(visitors) END AS many,
           'SELECT mrcall_internal.visit_set_merge(p.visits, ROW(gap, from_url, with_pages, with_touch, ignored, width, cut_since, '
               'cuts_until, zone, receiver, origin, since, with_views, more_cuts, heartbeats, version)::mrcall_internal.visit_settings) '
               'FROM ('
               || mrcall_internal.over_parts('events', $query$
               SELECT mrcall_internal.visit_set(
                   e.visitor_id, e.occurred_at, CASE WHEN times_only THEN NULL ELSE e.event_type END,
                   CASE WHEN times_only OR from_url THEN NULL WHEN told_since IS NULL OR e.occurred_at >= told_since THEN e.page_path END,
                   CASE WHEN times_only THEN NULL WHEN told_since IS NULL OR e.occurred_at >= told_since THEN e.page_url END,
                   CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at >= told_since) THEN e.referrer END,
                   CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at >= told_since) THEN e.utm_source END,
                   CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at >= told_since) THEN e.utm_medium END,
                   CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at >= told_since) THEN e.utm_campaign END,
                   CASE WHEN with_agent THEN e.user_agent END, e.event_id,
                   CASE WHEN with_key_events
                        THEN mrcall_internal.event_key(e.event_type, e.page_path) LIKE ANY (patterns) END,
                   ROW(gap, from_url, with_pages, with_touch, ignored, width, cut_since, cuts_until, zone, NULL, origin, since,
                       with_views, more_cuts, heartbeats, version)::mrcall_internal.visit_settings) AS visits
               FROM {part} AS e
               WHERE (since IS NULL OR e.occurred_at >= read_since) AND (until IS NULL OR e.occurred_at < until)
                 AND (visitors IS NULL OR NOT are_few OR e.visitor_id = ANY (visitors))
                 AND (many IS NULL OR mrcall_internal.text_set_has(many, e.visitor_id))
           $query$) || ') AS p' AS query;
    EXECUTE query
$$;
COMMENT ON FUNCTION mrcall_internal.visit_set_of_parts(
    timestamptz, timestamptz, timestamptz, interval, text[], boolean, boolean, interval, timestamptz, text, boolean, int, timestamp,
    boolean, timestamptz, timestamptz, boolean, timestamptz[], boolean) IS 'As visit_set_of, where events lie in several tables';

-- Both bounds may be NULL (unbounded), visitors too (all). Meant to be inlined: no SET, every name qualified.
-- The sub-selects without a reference outside are evaluated once. For each of a few visitors the planner looks up statistics in
-- every chunk and finds the cheapest way to the events. For many that alone would take seconds: all events of the range are
-- read then, and looked up in a set. Not in WHERE, where TimescaleDB would leave all chunks to one process.
-- Of events before told_since only times and user agents are read, and where only times are wanted, no more of any.
-- ids_since is 24 hours before since, as an instant that the planner sees: an event that was delivered before does not count again.
CREATE FUNCTION mrcall_internal.visit_set_of(
    ids_since timestamptz, since timestamptz, until timestamptz, gap interval, visitors text[], with_touch boolean,
    with_agent boolean, width interval DEFAULT NULL, cut_since timestamptz DEFAULT NULL, zone text DEFAULT NULL,
    with_pages boolean DEFAULT true, receiver int DEFAULT NULL, origin timestamp DEFAULT NULL, with_views boolean DEFAULT false,
    cut_until timestamptz DEFAULT NULL, told_since timestamptz DEFAULT NULL, times_only boolean DEFAULT false,
    more_cuts timestamptz[] DEFAULT NULL, with_moments boolean DEFAULT false)
RETURNS TABLE (visits bytea)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
AS $$
    SELECT h.visits
    FROM (
        SELECT mrcall_internal.visit_set(
            e.visitor_id, e.occurred_at, CASE WHEN times_only THEN NULL ELSE e.event_type END,
            CASE WHEN times_only OR (SELECT mrcall_internal.path_from_url()) THEN NULL
                 WHEN told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since THEN e.page_path END,
            CASE WHEN times_only THEN NULL
                 WHEN told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since THEN e.page_url END,
            CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since) THEN e.referrer END,
            CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since) THEN e.utm_source END,
            CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since) THEN e.utm_medium END,
            CASE WHEN with_touch AND (told_since IS NULL OR e.occurred_at OPERATOR(pg_catalog.>=) told_since) THEN e.utm_campaign END,
            CASE WHEN with_agent THEN e.user_agent END, e.event_id,
            CASE WHEN with_moments AND (SELECT mrcall_internal.has_key_events())
                 THEN mrcall_internal.event_key(e.event_type, e.page_path)
                      OPERATOR(pg_catalog.~~) ANY ((SELECT mrcall_internal.goal_patterns())::pg_catalog.text[]) END,
            (SELECT ROW(gap, mrcall_internal.path_from_url(), with_pages, with_touch, mrcall_internal.ignored_referrers(), width,
                        cut_since, COALESCE(cut_until, until), zone, receiver, origin, since, with_views,
                        more_cuts, CASE WHEN with_moments THEN mrcall_internal.heartbeat_events() END,
                        NULL)::mrcall_internal.visit_settings))
            FILTER (WHERE visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.<=) 5000
                       OR mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(visitors)), e.visitor_id)) AS visits
        FROM mrcall.events AS e
        WHERE (since IS NULL
               OR e.occurred_at OPERATOR(pg_catalog.>=) COALESCE(ids_since, mrcall_internal.earlier(since, '24:00:00')))
          AND (until IS NULL OR e.occurred_at OPERATOR(pg_catalog.<) until)
          AND (visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.>) 5000
               OR e.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
    ) AS h
    WHERE NOT mrcall_internal.is_spread('events')
    UNION ALL
    SELECT p.visits
    FROM mrcall_internal.visit_set_of_parts(ids_since, since, until, gap, visitors, with_touch, with_agent, width, cut_since, zone,
                                            with_pages, receiver, origin, with_views, cut_until, told_since, times_only,
                                            more_cuts, with_moments) AS p
    WHERE mrcall_internal.is_spread('events')
$$;
COMMENT ON FUNCTION mrcall_internal.visit_set_of(
    timestamptz, timestamptz, timestamptz, interval, text[], boolean, boolean, interval, timestamptz, text, boolean, int, timestamp,
    boolean, timestamptz, timestamptz, boolean, timestamptz[], boolean) IS 'The visits that the events from since to until make, as bytes';

-- The same from what is stored, and from the rows what is not.
CREATE FUNCTION mrcall_internal.range_visits(
    since timestamptz, until timestamptz, gap interval, visitors text[], ids_since timestamptz)
RETURNS SETOF mrcall_internal.visit
LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000 ROWS 10000
AS 'MODULE_PATHNAME', 'range_visits_wrapper';
COMMENT ON FUNCTION mrcall_internal.range_visits(timestamptz, timestamptz, interval, text[], timestamptz) IS
    'The visits that the events from since to until make, from what is stored where that can be';

-- Whether that is worth while, before a report is planned.
CREATE FUNCTION mrcall_internal.are_visits_stored(since timestamptz, gap interval)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
AS $$
    SELECT gap OPERATOR(pg_catalog.=) '00:30:00'::pg_catalog.interval AND mrcall_internal.visits_stored_until(since) IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.are_visits_stored(timestamptz, interval) IS 'Whether visits from an instant on are stored';

-- Meant to be inlined too. The rows come from a SELECT list, one by one: from FROM they would all be written down first. OFFSET 0
-- keeps the list together, so that no column is computed that nobody reads and the fields of a row are taken from it in place. Of the
-- two ways the planner sees one.
CREATE FUNCTION mrcall_internal.visits(
    since timestamptz, until timestamptz, gap interval, visitors text[], ids_since timestamptz DEFAULT NULL,
    stored boolean DEFAULT false)
RETURNS SETOF mrcall_internal.visit
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10000
AS $$
    SELECT (r.v).*
    FROM (
        SELECT mrcall_internal.visit_set_rows(s.visits, since, until, gap, ids_since) AS v
        FROM mrcall_internal.visit_set_of(ids_since, since, until, gap, visitors, true, true) AS s
        WHERE NOT stored
        OFFSET 0
    ) AS r
    UNION ALL
    SELECT (r.v).*
    FROM (SELECT mrcall_internal.range_visits(since, until, gap, visitors, ids_since) AS v WHERE stored OFFSET 0) AS r
    OFFSET 0
$$;
COMMENT ON FUNCTION mrcall_internal.visits(timestamptz, timestamptz, interval, text[], timestamptz, boolean) IS
    'The visits that the events from since to until make, each event counted once, with the touch of each';

-- A visit that goes on across the border of a report's range is seen whole where this much more is read on that side: the gap
-- that ends a visit, and the longest visit that is followed, a day.
CREATE FUNCTION mrcall_internal.visit_margin(gap interval)
RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT LEAST(mrcall_internal.exact(gap, 'gap'), '2540400000:00:00'::pg_catalog.interval)
        OPERATOR(pg_catalog.+) '24:00:00'::pg_catalog.interval
$$;
COMMENT ON FUNCTION mrcall_internal.visit_margin(interval) IS 'How much before and after its range a report reads';

-- From where on a report reads, and up to where: no further than there are instants. Durations are exact.
CREATE FUNCTION mrcall_internal.earlier(at timestamptz, duration interval)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN NOT pg_catalog.isfinite(at) THEN at
                -- Not by the difference of two instants, which may be more than an interval holds.
                WHEN at OPERATOR(pg_catalog.<) ('4713-01-01 00:00+00 BC'::pg_catalog.timestamptz OPERATOR(pg_catalog.+) duration)
                    THEN LEAST(at, '4713-01-01 00:00+00 BC'::pg_catalog.timestamptz)
                ELSE at OPERATOR(pg_catalog.-) duration END
$$;
COMMENT ON FUNCTION mrcall_internal.earlier(timestamptz, interval) IS 'So much earlier, or the first instant';

CREATE FUNCTION mrcall_internal.later(at timestamptz, duration interval)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN NOT pg_catalog.isfinite(at) THEN at
                WHEN at OPERATOR(pg_catalog.>) ('294246-12-31 23:59+00'::pg_catalog.timestamptz OPERATOR(pg_catalog.-) duration)
                    THEN GREATEST(at, '294246-12-31 23:59+00'::pg_catalog.timestamptz)
                ELSE at OPERATOR(pg_catalog.+) duration END
$$;
COMMENT ON FUNCTION mrcall_internal.later(timestamptz, interval) IS 'So much later, or the last instant';

-- What a report tells visits or touches apart by. Meant to be inlined: where the dimension is a constant, one column is left.
CREATE FUNCTION mrcall_internal.dimension_value(
    dimension text, channel text, source text, medium text, campaign text, landing_page text, referrer_domain text,
    device text DEFAULT NULL, entry_page text DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT COALESCE(CASE
        WHEN dimension OPERATOR(pg_catalog.=) 'channel' THEN channel
        WHEN dimension OPERATOR(pg_catalog.=) 'source' THEN source
        WHEN dimension OPERATOR(pg_catalog.=) 'medium' THEN medium
        WHEN dimension OPERATOR(pg_catalog.=) 'campaign' THEN campaign
        WHEN dimension OPERATOR(pg_catalog.=) 'landing_page' THEN landing_page
        WHEN dimension OPERATOR(pg_catalog.=) 'referrer_domain' THEN referrer_domain
        WHEN dimension OPERATOR(pg_catalog.=) 'device' THEN device
        WHEN dimension OPERATOR(pg_catalog.=) 'entry_page' THEN entry_page
    END, '(not set)')
$$;
COMMENT ON FUNCTION mrcall_internal.dimension_value(text, text, text, text, text, text, text, text, text) IS
    'The value of a visit or touch in a dimension';

-- No SET: it would cost more than a row, so every name in the function's own queries is qualified.
CREATE FUNCTION mrcall_internal.sessionize(since timestamptz, until timestamptz, gap interval)
RETURNS SETOF mrcall_internal.visit
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'sessionize_wrapper';
COMMENT ON FUNCTION mrcall_internal.sessionize(timestamptz, timestamptz, interval) IS 'The rows of sessionize';

-- Meant to be inlined, see visits.
CREATE FUNCTION mrcall.sessionize(since timestamptz, until timestamptz, gap interval DEFAULT '30 minutes')
RETURNS TABLE (
    visitor_id text, visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint,
    entry_page text, exit_page text, channel text, source text, medium text, campaign text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100000
AS $$
    SELECT (r.v).visitor_id, (r.v).visit_no, (r.v).started_at, (r.v).ended_at, (r.v).events, (r.v).pageviews, (r.v).entry_page,
           (r.v).exit_page, (r.v).channel, (r.v).source, (r.v).medium, (r.v).campaign
    FROM (SELECT mrcall_internal.sessionize(since, until, gap) AS v OFFSET 0) AS r
    OFFSET 0
$$;
COMMENT ON FUNCTION mrcall.sessionize(timestamptz, timestamptz, interval) IS
    'The visits that the events from since to until make, numbered per visitor from 1';

-- The rows of the views. mark is the planner's: asked_support finds by it what the view around is asked for, and puts the other
-- arguments in their places.
CREATE FUNCTION mrcall_internal.asked_support(internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'asked_support_wrapper';
COMMENT ON FUNCTION mrcall_internal.asked_support(internal) IS 'What the planner is told of asked_visit_rows and view_mark';

CREATE FUNCTION mrcall_internal.view_mark()
RETURNS int
LANGUAGE sql STABLE PARALLEL SAFE
SUPPORT mrcall_internal.asked_support
AS $$ SELECT 0 $$;
COMMENT ON FUNCTION mrcall_internal.view_mark() IS 'A number of its own for each place of a view in a statement';

CREATE FUNCTION mrcall_internal.asked_visit_rows(
    mark int, visitors text[], started_since timestamptz, started_until timestamptz, touched_since timestamptz,
    touched_until timestamptz, with_numbers boolean)
RETURNS SETOF mrcall_internal.visit
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 ROWS 10000
SUPPORT mrcall_internal.asked_support
AS 'MODULE_PATHNAME', 'asked_visit_rows_wrapper';
COMMENT ON FUNCTION mrcall_internal.asked_visit_rows(int, text[], timestamptz, timestamptz, timestamptz, timestamptz, boolean) IS
    'The visits of some visitors, or of some time, as they are among all; NULL asks for all';

-- Meant to be inlined, see visits.
CREATE FUNCTION mrcall_internal.asked_visits(mark int)
RETURNS SETOF mrcall_internal.visit
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 10000
AS $$
    SELECT (r.v).*
    FROM (SELECT mrcall_internal.asked_visit_rows(mark, NULL, NULL, NULL, NULL, NULL, true) AS v OFFSET 0) AS r
    OFFSET 0
$$;
COMMENT ON FUNCTION mrcall_internal.asked_visits(int) IS 'The visits of the views';

CREATE FUNCTION mrcall_internal.check_visitors(visitor_ids text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF visitor_ids IS NULL THEN
        RAISE EXCEPTION 'argument "visitor_ids" must not be NULL'
            USING ERRCODE = '22004', HINT = 'Give the visitors as an array: ARRAY[''mrcall_sid of a browser''].';
    END IF;
    IF array_ndims(visitor_ids) > 1 THEN
        RAISE EXCEPTION 'argument "visitor_ids" has % dimensions', array_ndims(visitor_ids)
            USING ERRCODE = '22023', HINT = 'Give the visitors as a flat array: ARRAY[''mrcall_sid of a browser''].';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_visitors(text[]) IS 'Raises the errors of an array of visitors';

-- The columns are those of the view visits.
CREATE FUNCTION mrcall.visits_of(visitor_ids text[], since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS TABLE (
    visitor_id text, visit_no int, started_at timestamptz, ended_at timestamptz, events bigint, pageviews bigint,
    entry_page text, exit_page text, channel text, source text, medium text, campaign text, landing_page text,
    referrer_domain text, device text, is_bot boolean, touched_at timestamptz, term text, rule text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT mrcall_internal.check_visitors(visitor_ids), mrcall_internal.require_attached();
    SELECT v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page, v.channel, v.source,
           v.medium, v.campaign, v.landing_page, v.referrer_domain, v.device, v.is_bot, v.touched_at, v.term, v.rule
    FROM mrcall_internal.asked_visit_rows(0, visitor_ids, since, until, NULL, NULL, true) AS v
    WHERE (since IS NULL OR v.started_at >= since) AND (until IS NULL OR v.started_at < until)
$$;
COMMENT ON FUNCTION mrcall.visits_of(text[], timestamptz, timestamptz) IS
    'The rows of the view visits of some visitors that start from since to until, read through the index';
