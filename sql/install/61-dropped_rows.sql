-- What is known of rows that were dropped from the sources, such as by a policy. Definitions: docs/sources.md, Dropped rows.

-- attach calls it.
CREATE FUNCTION mrcall_internal.note_first_event()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE mrcall.source AS s
    SET begins_at = f.begins_at
    FROM (SELECT min(e.occurred_at) AS begins_at FROM mrcall.events AS e WHERE e.occurred_at > '-infinity') AS f
    WHERE s.logical_table = 'events' AND s.relation IS NOT NULL AND f.begins_at IS NOT NULL
      AND (s.begins_at IS NULL OR f.begins_at < s.begins_at);
END
$$;
COMMENT ON FUNCTION mrcall_internal.note_first_event() IS 'Notes in mrcall.source since when there are events';
REVOKE ALL ON FUNCTION mrcall_internal.note_first_event() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mrcall_internal.note_first_event() TO @extowner@ WITH GRANT OPTION;

-- No row where there is none, or it goes by a number instead of a time.
CREATE FUNCTION mrcall_internal.drop_policy(relation regclass)
RETURNS TABLE (after interval, has_run boolean, remedy text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('timescaledb_information.job_stats') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE $query$
        SELECT p.after, p.has_run, pg_catalog.format('SELECT %I.remove_retention_policy(%L);', n.nspname, $1)
        FROM (SELECT (j.config OPERATOR(pg_catalog.->>) 'drop_after')::pg_catalog.interval AS after,
                     s.total_successes OPERATOR(pg_catalog.>) 0 AS has_run
              FROM timescaledb_information.jobs AS j
              LEFT JOIN timescaledb_information.job_stats AS s ON s.job_id OPERATOR(pg_catalog.=) j.job_id
              WHERE j.proc_name OPERATOR(pg_catalog.=) 'policy_retention'
                AND (j.config OPERATOR(pg_catalog.->>) 'drop_after') OPERATOR(pg_catalog.~) '[a-z:]'
                AND pg_catalog.to_regclass(pg_catalog.format('%I.%I', j.hypertable_schema, j.hypertable_name))
                    OPERATOR(pg_catalog.=) $1) AS p
        CROSS JOIN pg_catalog.pg_extension AS x
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) x.extnamespace
        WHERE x.extname OPERATOR(pg_catalog.=) 'timescaledb'
        ORDER BY p.after LIMIT 1
        $query$ USING relation;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_policy(regclass) IS
    'After which time a policy of TimescaleDB drops the chunks of a table, and whether it has done so';

-- Only the owner of all rows knows: under row-level security, others' rows are no less there. A day's leeway, so that a row that
-- somebody deleted is no drop.
CREATE FUNCTION mrcall_internal.events_dropped_before()
RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    events record;
    latest_begin timestamptz;
    policy interval;
    earliest timestamptz;
BEGIN
    SELECT s.begins_at, to_regclass(s.relation) AS relation INTO events
    FROM mrcall.source AS s WHERE s.logical_table = 'events' AND s.relation IS NOT NULL;
    IF events.relation IS NULL OR row_security_active(events.relation::oid) THEN
        RETURN NULL;
    END IF;
    policy := (SELECT p.after FROM mrcall_internal.drop_policy(events.relation) AS p WHERE p.has_run);
    latest_begin := events.begins_at + interval '24 hours';
    -- Mostly the first row that is looked at answers.
    IF policy IS NULL AND (latest_begin IS NULL OR EXISTS (
        SELECT FROM mrcall.events AS e WHERE e.occurred_at <= latest_begin AND e.occurred_at > '-infinity')) THEN
        RETURN NULL;
    END IF;
    -- Where none is left, all were dropped.
    SELECT coalesce(min(e.occurred_at), now()) INTO earliest FROM mrcall.events AS e WHERE e.occurred_at > '-infinity';
    RETURN CASE WHEN earliest > latest_begin OR earliest < now() - policy THEN earliest END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.events_dropped_before() IS
    'The first event of those that are left, where earlier ones are known to have been dropped; else NULL';

-- needed: the earliest instant whose events a report goes by; lost: what it says less of.
CREATE FUNCTION mrcall_internal.warn_of_dropped_events(needed timestamptz, lost text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped_before timestamptz := mrcall_internal.events_dropped_before();
BEGIN
    IF needed < dropped_before THEN
        RAISE WARNING 'events before % were dropped: %', dropped_before, lost
            USING HINT = 'The figures are those of the events that are left. Keep events for as long as reports look back; '
                         'SELECT * FROM mrcall.doctor(); has the policy.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.warn_of_dropped_events(timestamptz, text) IS
    'The warning of a report that needs events that were dropped';

CREATE FUNCTION mrcall_internal.check_dropped_rows()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped_before timestamptz := mrcall_internal.events_dropped_before();
BEGIN
    IF dropped_before IS NOT NULL THEN
        RETURN QUERY
        SELECT 'warning'::text, 'events.occurred_at'::text,
               format('events before %s were dropped: who came before is new in cohorts, and journeys that reach there have fewer '
                      'touches', dropped_before), NULL::text;
    END IF;
    RETURN QUERY
    SELECT 'warning'::text, s.logical_table,
           CASE s.logical_table
               WHEN 'events' THEN format('a policy drops events older than %s: what cohorts, lookbacks and payments of older '
                                         'subscriptions need is gone then', p.after)
               ELSE format('a policy drops calls older than %s and records nothing of them: first_call and new_callers change',
                           p.after) END,
           p.remedy || CASE WHEN s.logical_table = 'calls' THEN ' CALL mrcall.apply_session_retention(false);' ELSE '' END
    FROM mrcall.source AS s
    CROSS JOIN LATERAL mrcall_internal.drop_policy(to_regclass(s.relation)) AS p
    WHERE s.logical_table IN ('events', 'calls') AND s.relation IS NOT NULL;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_dropped_rows() IS 'doctor: events and calls that are dropped unseen by the reports';
