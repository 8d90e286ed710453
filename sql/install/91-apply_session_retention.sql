-- mrcall.apply_session_retention: batch after batch, each committed on its own. Definitions: docs/retention.md.

CREATE FUNCTION mrcall_internal.may_commit()
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'may_commit_wrapper';
COMMENT ON FUNCTION mrcall_internal.may_commit() IS 'Whether the procedure that asks may COMMIT';

CREATE FUNCTION mrcall_internal.check_call_retention(dry_run boolean, batch int, at timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    faults bigint;
BEGIN
    IF dry_run IS NULL OR batch IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN dry_run IS NULL THEN 'dry_run' ELSE 'batch' END
            USING ERRCODE = '22004', HINT = 'Example: CALL mrcall.apply_session_retention(false, 10000);';
    END IF;
    IF batch < 1 THEN
        RAISE EXCEPTION 'batch must be 1 or more, not %', batch
            USING ERRCODE = '22023', HINT = 'It is how many calls one transaction takes at most: '
                'CALL mrcall.apply_session_retention(false, 10000);';
    END IF;
    SELECT count(*) INTO faults FROM mrcall_internal.call_retention_policies(at) AS p WHERE p.remark LIKE 'not applied:%';
    IF faults > 0 THEN
        RAISE WARNING '% retention policies are not applied', faults
            USING HINT = 'SELECT business_id, remark FROM mrcall.retention_due() WHERE remark LIKE ''not applied%'';';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_call_retention(boolean, int, timestamptz) IS
    'The errors of mrcall.apply_session_retention, and its warning of policies that say nothing usable';

CREATE FUNCTION mrcall_internal.warn_of_calls_left(phase int, rest bigint)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF phase IS NOT NULL AND rest > 0 THEN
        RAISE NOTICE 'inside a transaction block one batch is done; % calls are left', rest
            USING HINT = 'Outside of a transaction block (autocommit) all batches are done, each committed on its own.';
    ELSIF rest > 0 THEN
        RAISE WARNING '% calls are due still', rest
            USING HINT = 'They came or changed during the run, or a trigger or a policy of the table keeps them: run it again.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.warn_of_calls_left(int, bigint) IS
    'What mrcall.apply_session_retention says of calls that are left';

-- Without a SET clause, because it commits: every name and operator is qualified. All of a run goes by the instant of its begin.
CREATE PROCEDURE mrcall.apply_session_retention(
    dry_run boolean DEFAULT true, batch int DEFAULT 10000,
    INOUT archived bigint DEFAULT NULL, INOUT deleted bigint DEFAULT NULL, INOUT chunks_dropped int DEFAULT NULL,
    INOUT left_to_archive bigint DEFAULT NULL, INOUT left_to_delete bigint DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    at pg_catalog.timestamptz := pg_catalog.now();
    run pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    -- The locks of a drop would last as long as a transaction block: within one, chunks are only emptied.
    job mrcall_internal.call_retention_job := mrcall_internal.new_call_retention_job(mrcall_internal.may_commit());
    phase pg_catalog.int4 := 1;
    reached pg_catalog.timestamptz := '-infinity'::pg_catalog.timestamptz;
    step record;
BEGIN
    PERFORM mrcall_internal.check_call_retention(dry_run, batch, at);
    archived := 0;
    deleted := 0;
    chunks_dropped := 0;
    WHILE NOT dry_run LOOP
        SELECT b.* INTO step FROM mrcall_internal.call_retention_batch(job, run, at, batch, phase, reached) AS b;
        phase := step.phase;
        reached := step.reached;
        archived := archived OPERATOR(pg_catalog.+) step.archived;
        deleted := deleted OPERATOR(pg_catalog.+) step.deleted;
        chunks_dropped := chunks_dropped OPERATOR(pg_catalog.+) step.dropped;
        EXIT WHEN NOT mrcall_internal.may_commit();
        COMMIT;
        EXIT WHEN phase IS NULL;
    END LOOP;
    SELECT COALESCE(pg_catalog.sum(d.to_archive), 0), COALESCE(pg_catalog.sum(d.to_delete), 0) INTO left_to_archive, left_to_delete
    FROM mrcall_internal.call_retention_due(job, at) AS d;
    IF NOT dry_run THEN
        PERFORM mrcall_internal.warn_of_calls_left(phase, left_to_archive OPERATOR(pg_catalog.+) left_to_delete);
    END IF;
END
$$;
COMMENT ON PROCEDURE mrcall.apply_session_retention(boolean, int, bigint, bigint, int, bigint, bigint) IS
    'Archives and deletes calls as retention_policies says, a batch a transaction; says only what is due unless dry_run is false';
