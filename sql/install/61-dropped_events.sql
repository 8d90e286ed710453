-- What is known of events that were dropped, such as by a policy. Definitions: docs/sources.md, Dropped events.
-- What reads the view has no SET clause, so that the host's own code below it runs as in any report: every name is qualified.

-- attach calls it.
CREATE FUNCTION mrcall_internal.note_first_event()
RETURNS void
LANGUAGE sql VOLATILE
AS $$
    UPDATE mrcall.source AS s
    SET begins_at = f.begins_at
    FROM (SELECT pg_catalog.min(e.occurred_at) AS begins_at FROM mrcall.events AS e
          WHERE e.occurred_at OPERATOR(pg_catalog.>) '-infinity') AS f
    WHERE s.logical_table OPERATOR(pg_catalog.=) 'events' AND s.relation IS NOT NULL AND f.begins_at IS NOT NULL
      AND (s.begins_at IS NULL OR f.begins_at OPERATOR(pg_catalog.<) s.begins_at)
$$;
COMMENT ON FUNCTION mrcall_internal.note_first_event() IS 'Notes in mrcall.source since when there are events';

-- No row where there is none, or it goes by a number instead of a time. slack: how much older than that a row may be which a run
-- has left: a chunk goes as a whole, and the next run may be due.
CREATE FUNCTION mrcall_internal.drop_policy(relation regclass)
RETURNS TABLE (after interval, slack interval)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mrcall_internal.timescaledb_relation('timescaledb_information.jobs') IS NOT NULL THEN
        RETURN QUERY EXECUTE $query$
            SELECT p.after, d.time_interval OPERATOR(pg_catalog.+) p.schedule_interval
            FROM (SELECT (j.config OPERATOR(pg_catalog.->>) 'drop_after')::pg_catalog.interval AS after, j.schedule_interval,
                         j.hypertable_schema, j.hypertable_name
                  FROM timescaledb_information.jobs AS j
                  WHERE j.proc_name OPERATOR(pg_catalog.=) 'policy_retention'
                    AND (j.config OPERATOR(pg_catalog.->>) 'drop_after') OPERATOR(pg_catalog.~) '[a-z:]') AS p
            JOIN timescaledb_information.dimensions AS d ON d.hypertable_schema OPERATOR(pg_catalog.=) p.hypertable_schema
                AND d.hypertable_name OPERATOR(pg_catalog.=) p.hypertable_name AND d.dimension_number OPERATOR(pg_catalog.=) 1
            WHERE pg_catalog.to_regclass(pg_catalog.format('%I.%I', p.hypertable_schema, p.hypertable_name))
                OPERATOR(pg_catalog.=) $1
            ORDER BY p.after LIMIT 1
            $query$ USING relation;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_policy(regclass) IS 'After which time a policy of TimescaleDB drops the chunks of a table';

-- Only who sees all rows knows: under row-level security, others' rows are no less there. A day's leeway, so that a row that
-- somebody deleted is no drop.
CREATE FUNCTION mrcall_internal.events_dropped_before()
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    noted pg_catalog.timestamptz;
    relation pg_catalog.regclass;
    latest_begin pg_catalog.timestamptz;
    policy record;
    earliest pg_catalog.timestamptz;
BEGIN
    SELECT s.begins_at, pg_catalog.to_regclass(s.relation) INTO noted, relation
    FROM mrcall.source AS s WHERE s.logical_table OPERATOR(pg_catalog.=) 'events';
    IF relation IS NULL OR pg_catalog.row_security_active(relation::pg_catalog.oid) THEN
        RETURN NULL;
    END IF;
    SELECT p.after, p.slack INTO policy FROM mrcall_internal.drop_policy(relation) AS p;
    latest_begin := noted OPERATOR(pg_catalog.+) '24:00:00'::pg_catalog.interval;
    -- Mostly the first row that is looked at answers.
    IF policy.after IS NULL AND (latest_begin IS NULL OR EXISTS (
        SELECT FROM mrcall.events AS e
        WHERE e.occurred_at OPERATOR(pg_catalog.<=) latest_begin AND e.occurred_at OPERATOR(pg_catalog.>) '-infinity')) THEN
        RETURN NULL;
    END IF;
    -- Where none is left, all were dropped.
    SELECT COALESCE(pg_catalog.min(e.occurred_at), pg_catalog.now()) INTO earliest
    FROM mrcall.events AS e WHERE e.occurred_at OPERATOR(pg_catalog.>) '-infinity';
    RETURN CASE WHEN earliest OPERATOR(pg_catalog.>) latest_begin
                  -- The policy has been at work where what is left begins about where it would.
                  OR earliest OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) policy.after)
                     AND earliest OPERATOR(pg_catalog.>=) (pg_catalog.now() OPERATOR(pg_catalog.-) policy.after
                                                           OPERATOR(pg_catalog.-) policy.slack) THEN earliest END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.events_dropped_before() IS
    'The first event of those that are left, where earlier ones are known to have been dropped; else NULL';

-- needed: the earliest instant whose events a report goes by; lost: what it says less of.
CREATE FUNCTION mrcall_internal.warn_of_dropped_events(needed timestamptz, lost text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
AS $$
DECLARE
    dropped_before pg_catalog.timestamptz := mrcall_internal.events_dropped_before();
BEGIN
    IF needed OPERATOR(pg_catalog.<) dropped_before THEN
        RAISE WARNING 'events before % were dropped: %', dropped_before, lost
            USING HINT = 'The figures are those of the events that are left. Keep events for as long as reports look back; '
                         'SELECT * FROM mrcall.doctor(); shows a policy.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.warn_of_dropped_events(timestamptz, text) IS
    'The warning of a report that needs events that were dropped';

CREATE FUNCTION mrcall_internal.check_dropped_events()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    SELECT 'warning', 'events.occurred_at',
           pg_catalog.format('events before %s were dropped: who came before is new in cohorts, and journeys that reach there have '
                             'fewer touches', d.dropped_before), NULL
    FROM mrcall_internal.events_dropped_before() AS d (dropped_before)
    WHERE d.dropped_before IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.check_dropped_events() IS 'doctor: events that were dropped';
