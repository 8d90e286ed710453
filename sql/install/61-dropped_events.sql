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

-- after is NULL where a policy goes by a number instead of a time. slack: how much older than that a row may be which a run has left:
-- a chunk goes as a whole, and the next run may be due.
CREATE FUNCTION mrcall_internal.drop_policies(relation regclass)
RETURNS TABLE (job_id int, drop_after text, after interval, slack interval)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mrcall_internal.timescaledb_relation('timescaledb_information.jobs') IS NOT NULL THEN
        RETURN QUERY EXECUTE $query$
            SELECT p.job_id, p.drop_after,
                   CASE WHEN p.drop_after OPERATOR(pg_catalog.~) '[a-z:]' THEN p.drop_after::pg_catalog.interval END,
                   d.time_interval OPERATOR(pg_catalog.+) p.schedule_interval
            FROM (SELECT j.job_id, j.config OPERATOR(pg_catalog.->>) 'drop_after' AS drop_after, j.schedule_interval,
                         j.hypertable_schema, j.hypertable_name
                  FROM timescaledb_information.jobs AS j
                  WHERE j.proc_name OPERATOR(pg_catalog.=) 'policy_retention') AS p
            LEFT JOIN timescaledb_information.dimensions AS d ON d.hypertable_schema OPERATOR(pg_catalog.=) p.hypertable_schema
                AND d.hypertable_name OPERATOR(pg_catalog.=) p.hypertable_name AND d.dimension_number OPERATOR(pg_catalog.=) 1
            WHERE pg_catalog.to_regclass(pg_catalog.format('%I.%I', p.hypertable_schema, p.hypertable_name))
                OPERATOR(pg_catalog.=) $1
            ORDER BY p.job_id
            $query$ USING relation;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_policies(regclass) IS 'The policies of TimescaleDB that drop the chunks of a table';

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
    SELECT p.after, p.slack INTO policy FROM mrcall_internal.drop_policies(relation) AS p
    WHERE p.after IS NOT NULL ORDER BY p.after LIMIT 1;
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

CREATE FUNCTION mrcall_internal.check_drop_policies()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT k.severity, s.relation, format(k.finding, p.drop_after), format(k.fix, p.job_id, quote_literal(s.relation))
    FROM (VALUES
        (1, 'events', 'info', 'a policy drops what is older than %s: whoever comes back after that counts as new in cohorts, and '
            'lookbacks that reach there find fewer touches', 'SELECT * FROM timescaledb_information.jobs WHERE job_id = %1$s;'),
        (2, 'calls', 'warning', 'a policy drops what is older than %s and keeps nothing of it: callers count as new again, first calls '
            'move (apply_session_retention keeps what reports need)', 'SELECT remove_retention_policy(%2$s);')
    ) AS k (nr, logical_table, severity, finding, fix)
    JOIN mrcall_internal.source_parts() AS s ON s.logical_table = k.logical_table
    CROSS JOIN LATERAL mrcall_internal.drop_policies(to_regclass(s.relation)) AS p
    ORDER BY k.nr, p.job_id
$$;
COMMENT ON FUNCTION mrcall_internal.check_drop_policies() IS
    'doctor: policies of TimescaleDB that drop rows which reports of later periods read';
