-- Reading stored visits. What is in the way of it is looked up each time, in the reader's snapshot: by functions in plpgsql, which plan
-- their queries once a session, where those in SQL do it in each call.

-- By which rules visits are made: of another epoch, all are wrong.
CREATE FUNCTION mrcall_internal.visits_epoch()
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN md5(concat_ws(E'\n', mrcall.version(), mrcall.rules_version(),
        (SELECT concat_ws(E'\n', s.relation, s.columns, s.version) FROM mrcall.source AS s WHERE s.logical_table = 'events'),
        (SELECT string_agg(ROW(r.position, r.channel, r.source_pattern, r.medium_pattern, r.campaign_pattern, r.referrer_pattern,
                               r.landing_host_pattern, r.landing_path_pattern)::text, E'\n' ORDER BY r.position)
         FROM mrcall.channel_rule AS r),
        '|', (SELECT string_agg(i.domain, ' ' ORDER BY i.domain) FROM mrcall.ignored_referrer AS i WHERE i.ignored)));
END
$$;
COMMENT ON FUNCTION mrcall_internal.visits_epoch() IS 'A hash of all rules that visits are made by';

-- By a bitmap, which reads the page of the triggers once.
CREATE FUNCTION mrcall_internal.fact_triggers(source regclass)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
SET enable_indexscan = off
AS $$
BEGIN
    RETURN (SELECT coalesce(string_agg(concat_ws(':', t.tgname, t.oid, t.xmin, t.tgenabled), ' ' ORDER BY t.tgname), '')
            FROM pg_trigger AS t
            WHERE t.tgrelid = source AND t.tgname LIKE 'mrcall\_visits\_%' AND NOT t.tgisinternal);
END
$$;
COMMENT ON FUNCTION mrcall_internal.fact_triggers(regclass) IS 'The triggers of mrcall.maintain on a table, with their versions';

CREATE FUNCTION mrcall_internal.enabled_triggers(source regclass)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*) FROM pg_trigger AS t
    WHERE t.tgrelid = $1 AND t.tgname LIKE 'mrcall\_visits\_%' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
$$;
COMMENT ON FUNCTION mrcall_internal.enabled_triggers(regclass) IS
    'How many triggers of mrcall.maintain on a table are enabled: four, where all is well';

-- The table and its chunks. Not those of the snapshot: what is gone is read by nobody any more, however old the snapshot.
CREATE FUNCTION mrcall_internal.lost_part(parts oid[], nodes oid[])
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM unnest(parts, nodes) AS p (part, node) WHERE pg_relation_filenode(p.part) IS DISTINCT FROM p.node);
END
$$;
COMMENT ON FUNCTION mrcall_internal.lost_part(oid[], oid[]) IS 'Whether a table or chunk is gone or was emptied';

-- Why what is stored cannot be relied on; NULL where it can.
CREATE FUNCTION mrcall_internal.fact_fault(state mrcall_internal.fact_state)
RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE
        WHEN NOT isfinite(state.stored_until) THEN 'nothing is stored yet'
        WHEN to_regclass('mrcall.source') IS NULL OR to_regclass('mrcall.events') IS NULL THEN 'mrcall_ext is not attached'
        WHEN state.triggers <> mrcall_internal.fact_triggers(state.source) THEN 'the triggers on the table have changed'
        WHEN mrcall_internal.lost_part(state.parts, state.nodes) THEN 'the table or a chunk was emptied or dropped'
        WHEN state.epoch <> mrcall_internal.visits_epoch() THEN 'the rules have changed' END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.fact_fault(mrcall_internal.fact_state) IS 'Why what is stored cannot be relied on; NULL where it can';

-- Two looks into the ledger, by its indexes. Their plans are made when the ledger is short, and used when it is not.
CREATE FUNCTION mrcall_internal.has_ranges()
RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM mrcall_internal.fact_change AS c WHERE c.key IS NULL);
END
$$;
COMMENT ON FUNCTION mrcall_internal.has_ranges() IS 'Whether the ledger has ranges of time';

CREATE FUNCTION mrcall_internal.changed_among(visitors text[], most int)
RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    RETURN ARRAY(SELECT c.key FROM mrcall_internal.fact_change AS c WHERE c.key = ANY (visitors) LIMIT most);
END
$$;
COMMENT ON FUNCTION mrcall_internal.changed_among(text[], int) IS 'Who of some visitors is in the ledger';

-- Up to where visits may be read from what is stored; NULL: not at all. A statement that is still running may have changed rows without
-- a word in the ledger yet.
CREATE FUNCTION mrcall_internal.visits_stored_until(since timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state mrcall_internal.fact_state;
BEGIN
    IF NOT mrcall_internal.use_facts() OR mrcall_internal.are_unwritten() OR NOT has_table_privilege('mrcall_internal.fact_state', 'SELECT')
       OR NOT has_table_privilege('mrcall.visit', 'SELECT') OR NOT has_table_privilege('mrcall_internal.fact_change', 'SELECT') THEN
        RETURN NULL;
    END IF;
    SELECT s.* INTO state FROM mrcall_internal.fact_state AS s WHERE s.fact = 'visits' AND isfinite(s.stored_until);
    IF NOT FOUND OR state.stored_until <= since OR NOT mrcall_internal.may_read_facts('visits')
       OR mrcall_internal.fact_fault(state) IS NOT NULL
       OR mrcall_internal.has_ranges() THEN
        RETURN NULL;
    END IF;
    RETURN state.stored_until;
END
$$;
COMMENT ON FUNCTION mrcall_internal.visits_stored_until(timestamptz) IS
    'Up to where stored visits may be read instead of the rows, where that is behind an instant; NULL where not at all';

-- So many visitors are read from the rows beside what is stored, if that is much more; beyond, everything is.
CREATE FUNCTION mrcall_internal.most_apart()
RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 2000 $$;
COMMENT ON FUNCTION mrcall_internal.most_apart() IS 'The most visitors that are read from the rows beside what is stored';

-- since and until are the borders of a range that cuts visits.
CREATE FUNCTION mrcall_internal.usable_visits(
    visitors text[], since timestamptz, until timestamptz, OUT stored_until timestamptz, OUT apart text[])
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- A visitor may be in the ledger many times.
    most constant int := 20 * mrcall_internal.most_apart();
BEGIN
    stored_until := mrcall_internal.visits_stored_until(since);
    IF stored_until IS NULL THEN
        RETURN;
    END IF;
    IF visitors IS NULL THEN
        apart := ARRAY(SELECT c.key FROM mrcall_internal.fact_change AS c LIMIT most);
    ELSIF cardinality(visitors) < 100 THEN
        apart := mrcall_internal.changed_among(visitors, most);
    ELSE
        apart := ARRAY(SELECT c.key FROM mrcall_internal.fact_change AS c WHERE c.key IN (SELECT unnest(visitors)) LIMIT most);
    END IF;
    IF since IS NOT NULL OR until IS NOT NULL THEN
        apart := apart || ARRAY(SELECT x.visitor_id FROM mrcall_internal.crossing_visitors(since, until) AS x
                                WHERE visitors IS NULL OR x.visitor_id IN (SELECT unnest(visitors)) LIMIT most);
    END IF;
    -- Not all were looked at.
    IF cardinality(apart) >= most THEN
        stored_until := NULL;
        RETURN;
    END IF;
    apart := ARRAY(SELECT DISTINCT a.key FROM unnest(apart) AS a (key));
    -- Where few visits are stored, reading so many visitors apart takes longer than reading all.
    IF cardinality(apart) > mrcall_internal.most_apart()
       OR cardinality(apart) > 100
          AND cardinality(apart) > (SELECT s.rows / 10 FROM mrcall_internal.fact_state AS s WHERE s.fact = 'visits') THEN
        stored_until := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.usable_visits(text[], timestamptz, timestamptz) IS
    'Up to where visits are stored, and who of the visitors is to be read from the rows; NULL: everything is';

-- Those with a stored visit before and behind one of two instants, of the end included.
CREATE FUNCTION mrcall_internal.crossing_visitors(since timestamptz, until timestamptz)
RETURNS TABLE (visitor_id text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
AS $$
    SELECT v.visitor_id
    FROM (VALUES (since), (until)) AS border (at)
    CROSS JOIN LATERAL (
        SELECT s.visitor_id FROM mrcall.visit AS s
        WHERE s.started_at OPERATOR(pg_catalog.>=) mrcall_internal.earlier(border.at, '24:00:00')
          AND s.started_at OPERATOR(pg_catalog.<) border.at AND s.ended_at OPERATOR(pg_catalog.>=) border.at
        UNION ALL
        SELECT s.visitor_id FROM mrcall.visit AS s
        WHERE (s.ended_at OPERATOR(pg_catalog.-) s.started_at) OPERATOR(pg_catalog.>) '24:00:00'::pg_catalog.interval
          AND s.started_at OPERATOR(pg_catalog.<) border.at AND s.ended_at OPERATOR(pg_catalog.>=) border.at
    ) AS v
$$;
COMMENT ON FUNCTION mrcall_internal.crossing_visitors(timestamptz, timestamptz) IS 'Who has a stored visit across one of two instants';

-- Meant to be inlined, as the next one: the planner sees the values. Both ends are included.
CREATE FUNCTION mrcall_internal.stored_visits(
    visitors text[], started_since timestamptz, started_until timestamptz, touched_since timestamptz, touched_until timestamptz,
    apart text[])
RETURNS SETOF mrcall.visit
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT v.*
    FROM mrcall.visit AS v
    WHERE (visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.>) 5000
           OR v.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
      AND (visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.<=) 5000
           OR mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(visitors)), v.visitor_id))
      AND (started_since IS NULL OR v.started_at OPERATOR(pg_catalog.>=) started_since)
      AND (started_until IS NULL OR v.started_at OPERATOR(pg_catalog.<=) started_until)
      AND (touched_since IS NULL OR v.touched_at OPERATOR(pg_catalog.>=) touched_since)
      AND (touched_until IS NULL
           OR v.touched_at OPERATOR(pg_catalog.<=) touched_until AND v.started_at OPERATOR(pg_catalog.<=) touched_until)
      AND (pg_catalog.cardinality(apart) OPERATOR(pg_catalog.=) 0 OR v.visitor_id OPERATOR(pg_catalog.<>) ALL (apart))
$$;
COMMENT ON FUNCTION mrcall_internal.stored_visits(text[], timestamptz, timestamptz, timestamptz, timestamptz, text[]) IS
    'The stored visits of some visitors, or of some time, but for those who are apart';

CREATE FUNCTION mrcall_internal.stored_range(
    since timestamptz, until timestamptz, visitors text[], apart text[], with_numbers boolean)
RETURNS SETOF mrcall.visit
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT v.visitor_id,
           CASE WHEN with_numbers
                THEN (pg_catalog.row_number() OVER (PARTITION BY v.visitor_id ORDER BY v.started_at))::pg_catalog.int4
                ELSE v.visit_no END,
           v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page, v.channel, v.source, v.medium, v.campaign,
           v.landing_page, v.referrer_domain, v.device, v.is_bot, v.touched_at, v.term, v.rule, v.had_twice
    FROM mrcall.visit AS v
    WHERE (since IS NULL OR v.started_at OPERATOR(pg_catalog.>=) since)
      AND (until IS NULL OR v.started_at OPERATOR(pg_catalog.<) until)
      AND (visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.>) 5000
           OR v.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
      AND (visitors IS NULL OR pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.<=) 5000
           OR mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(visitors)), v.visitor_id))
      AND (pg_catalog.cardinality(apart) OPERATOR(pg_catalog.=) 0 OR v.visitor_id OPERATOR(pg_catalog.<>) ALL (apart))
$$;
COMMENT ON FUNCTION mrcall_internal.stored_range(timestamptz, timestamptz, text[], text[], boolean) IS
    'The stored visits that begin in a range, with their own numbers or from 1 on, but for those who are apart';

CREATE FUNCTION mrcall_internal.count_stored_visits(visitors text[], since timestamptz)
RETURNS TABLE (visitor_id text, visits bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
AS $$
    SELECT v.visitor_id, pg_catalog.count(*)
    FROM mrcall.visit AS v
    WHERE (pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.>) 5000 OR v.visitor_id OPERATOR(pg_catalog.=) ANY (visitors))
      AND (pg_catalog.cardinality(visitors) OPERATOR(pg_catalog.<=) 5000
           OR mrcall_internal.text_set_has((SELECT mrcall_internal.text_set(visitors)), v.visitor_id))
      AND (since IS NULL OR v.started_at OPERATOR(pg_catalog.>=) since)
    GROUP BY v.visitor_id
$$;
COMMENT ON FUNCTION mrcall_internal.count_stored_visits(text[], timestamptz) IS
    'How many visits are stored of some visitors, from an instant on';
