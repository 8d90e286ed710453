-- mrcall.apply_session_retention: batch after batch, each committed on its own. Definitions: docs/retention.md.

CREATE FUNCTION mrcall_internal.may_commit()
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'may_commit_wrapper';
COMMENT ON FUNCTION mrcall_internal.may_commit() IS 'Whether the procedure that asks may COMMIT';

CREATE FUNCTION mrcall_internal.check_call_retention(dry_run boolean, batch int, at timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    faults pg_catalog.int8;
BEGIN
    IF dry_run IS NULL OR batch IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN dry_run IS NULL THEN 'dry_run' ELSE 'batch' END
            USING ERRCODE = '22004', HINT = 'Example: CALL mrcall.apply_session_retention(false, 10000);';
    END IF;
    IF batch OPERATOR(pg_catalog.<) 1 THEN
        RAISE EXCEPTION 'batch must be 1 or more, not %', batch
            USING ERRCODE = '22023', HINT = 'It is how many calls one transaction takes at most: '
                'CALL mrcall.apply_session_retention(false, 10000);';
    END IF;
    SELECT pg_catalog.count(*) INTO faults FROM mrcall_internal.call_retention_policies(at) AS p
    WHERE p.remark OPERATOR(pg_catalog.~~) 'not applied:%';
    IF faults OPERATOR(pg_catalog.>) 0 THEN
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

-- What the run says at its end, of calls and of chunks that are left.
CREATE FUNCTION mrcall_internal.warn_of_chunks_left(waiting int)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF waiting > 0 THEN
        RAISE NOTICE '% empty chunks are not dropped yet: a transaction that began before may still read their calls', waiting
            USING HINT = 'A run after its end drops them. Prepared transactions and replication slots count, too.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.warn_of_chunks_left(int) IS
    'What mrcall.apply_session_retention says of empty chunks that are left';

-- Without a SET clause, because it commits, and because the host's triggers see the caller's search_path: every name and operator
-- is qualified. All of a run goes by the instant of its begin. Each batch sees what is committed before it, whatever isolation is
-- the session's default: a concurrent change is no error then.
CREATE PROCEDURE mrcall.apply_session_retention(
    dry_run boolean DEFAULT true, batch int DEFAULT 10000,
    INOUT archived bigint DEFAULT NULL, INOUT deleted bigint DEFAULT NULL, INOUT chunks_dropped int DEFAULT NULL,
    INOUT left_to_archive bigint DEFAULT NULL, INOUT left_to_delete bigint DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    at pg_catalog.timestamptz := pg_catalog.now();
    run pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    may_commit boolean := mrcall_internal.may_commit();
    job mrcall_internal.call_retention_job;
    phase pg_catalog.int4 := 1;
    reached pg_catalog.timestamptz := '-infinity'::pg_catalog.timestamptz;
    size pg_catalog.int4 := batch;
    waiting pg_catalog.int4 := 0;
    step record;
BEGIN
    PERFORM mrcall_internal.require_attached();
    PERFORM mrcall_internal.attached_mapping();
    PERFORM mrcall_internal.refuse_foreign(pg_catalog.to_regclass(s.relation), 'mrcall.apply_session_retention')
    FROM mrcall.source AS s WHERE s.logical_table OPERATOR(pg_catalog.=) ANY ('{calls,call_index}'::pg_catalog.text[]);
    job := mrcall_internal.new_call_retention_job(may_commit);
    PERFORM mrcall_internal.check_call_retention(dry_run, batch, at);
    archived := 0;
    deleted := 0;
    chunks_dropped := 0;
    WHILE NOT dry_run LOOP
        IF may_commit THEN
            COMMIT;
            SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
        END IF;
        SELECT b.* INTO step FROM mrcall_internal.call_retention_batch(job, run, at, size, phase, reached) AS b;
        size := step.batch;
        phase := step.phase;
        reached := step.reached;
        waiting := waiting OPERATOR(pg_catalog.+) step.waiting;
        archived := archived OPERATOR(pg_catalog.+) step.archived;
        deleted := deleted OPERATOR(pg_catalog.+) step.deleted;
        chunks_dropped := chunks_dropped OPERATOR(pg_catalog.+) step.dropped;
        EXIT WHEN NOT may_commit OR phase IS NULL;
    END LOOP;
    IF may_commit AND NOT dry_run THEN
        COMMIT;
    END IF;
    SELECT COALESCE(pg_catalog.sum(d.to_archive), 0), COALESCE(pg_catalog.sum(d.to_delete), 0) INTO left_to_archive, left_to_delete
    FROM mrcall_internal.call_retention_due(job, at) AS d;
    IF NOT dry_run THEN
        PERFORM mrcall_internal.warn_of_calls_left(phase, left_to_archive OPERATOR(pg_catalog.+) left_to_delete);
        PERFORM mrcall_internal.warn_of_chunks_left(waiting);
    END IF;
END
$$;
COMMENT ON PROCEDURE mrcall.apply_session_retention(boolean, int, bigint, bigint, int, bigint, bigint) IS
    'Archives and deletes calls as retention_policies says, a batch a transaction; says only what is due unless dry_run is false';
