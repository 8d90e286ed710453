-- The chunks that retention has emptied. A row that is deleted is still there for every older snapshot, a chunk that is dropped is
-- not: it goes when no snapshot needs it any more. Definitions: docs/retention.md.

-- Snapshots of other sessions, prepared transactions, replication slots and standbys that feed back all count, as they do for VACUUM,
-- which goes by the same.
CREATE FUNCTION mrcall_internal.is_seen_by_nobody(relation oid)
RETURNS boolean
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'is_seen_by_nobody_wrapper';
COMMENT ON FUNCTION mrcall_internal.is_seen_by_nobody(oid) IS
    'Whether a table has no row that any snapshot, however old, shows; false where that cannot be told';

-- A compressed chunk has its rows in a table of its own.
CREATE FUNCTION mrcall_internal.is_unseen_chunk(chunk regclass)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_compressed boolean;
    compressed regclass;
BEGIN
    EXECUTE 'SELECT c.is_compressed FROM timescaledb_information.chunks AS c WHERE c.chunk_schema = $1 AND c.chunk_name = $2'
    INTO is_compressed
    USING (SELECT n.nspname FROM pg_class AS r JOIN pg_namespace AS n ON n.oid = r.relnamespace WHERE r.oid = chunk),
          (SELECT r.relname FROM pg_class AS r WHERE r.oid = chunk);
    IF EXISTS (SELECT FROM pg_attribute AS a
               WHERE a.attrelid = mrcall_internal.timescaledb_relation('_timescaledb_catalog.compression_settings')
                 AND a.attname = 'compress_relid') THEN
        EXECUTE 'SELECT s.compress_relid FROM _timescaledb_catalog.compression_settings AS s WHERE s.relid = $1'
        INTO compressed USING chunk;
    END IF;
    RETURN is_compressed IS NOT NULL AND (compressed IS NOT NULL OR NOT is_compressed)
        AND mrcall_internal.is_seen_by_nobody(chunk) AND coalesce(mrcall_internal.is_seen_by_nobody(compressed), true);
END
$$;
COMMENT ON FUNCTION mrcall_internal.is_unseen_chunk(regclass) IS 'Whether no snapshot shows a row of a chunk';

-- Drops a chunk that nobody sees a row of. A short wait: dropping locks the tables that the chunk refers to as well, and who waits
-- here makes all others wait. is_busy: that wait was too long. The host's event triggers run in here.
CREATE FUNCTION mrcall_internal.drop_unseen_chunk(
    job mrcall_internal.call_retention_job, chunk regclass, OUT is_dropped boolean, OUT is_busy boolean)
LANGUAGE plpgsql VOLATILE
SET lock_timeout = '500ms'
AS $$
BEGIN
    is_dropped := false;
    is_busy := false;
    IF NOT mrcall_internal.is_unseen_chunk(chunk) THEN
        RETURN;
    END IF;
    -- Who writes locks the table before it chooses a chunk: whoever waits here chooses one that is there.
    EXECUTE pg_catalog.format('LOCK TABLE ONLY %s IN SHARE MODE', job.relation);
    EXECUTE pg_catalog.format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', chunk);
    IF mrcall_internal.is_unseen_chunk(chunk) THEN
        EXECUTE pg_catalog.format('DROP TABLE %s', chunk);
        is_dropped := true;
    END IF;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
        RAISE NOTICE 'empty chunk % is not dropped: others are at work in the sessions table', chunk
            USING HINT = 'It keeps nothing from working; the next run tries again.';
        is_dropped := false;
        is_busy := true;
    -- A chunk that cannot be dropped keeps no call from going.
    WHEN OTHERS THEN
        RAISE WARNING 'empty chunk % is not dropped: %', chunk, sqlerrm
            USING HINT = 'It keeps nothing from working; each run tries again.';
        is_dropped := false;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_unseen_chunk(mrcall_internal.call_retention_job, regclass) IS
    'Drops a chunk of the sessions table that no snapshot shows a row of';

-- The first range of time from an instant on, ending before everything that stays, that has chunks to drop: the chunks of several
-- partitions of space are one range or several, after a change of the interval.
CREATE FUNCTION mrcall_internal.drop_empty_chunks(
    job mrcall_internal.call_retention_job, last timestamptz, since timestamptz,
    OUT dropped int, OUT waiting int, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    chunks pg_catalog.regclass[];
    chunk pg_catalog.regclass;
    is_empty boolean;
    step record;
BEGIN
    dropped := 0;
    waiting := 0;
    reached := since;
    WHILE job.may_drop AND dropped OPERATOR(pg_catalog.=) 0 LOOP
        EXECUTE 'SELECT c.range_end, pg_catalog.array_agg(pg_catalog.to_regclass(pg_catalog.format(''%I.%I'', c.chunk_schema, '
            'c.chunk_name)) ORDER BY c.chunk_name) FROM timescaledb_information.chunks AS c '
            'WHERE c.hypertable_schema OPERATOR(pg_catalog.=) $1 AND c.hypertable_name OPERATOR(pg_catalog.=) $2 '
            'AND c.range_end OPERATOR(pg_catalog.>) $3 AND c.range_end OPERATOR(pg_catalog.<=) $4 '
            'GROUP BY c.range_end ORDER BY c.range_end LIMIT 1'
        INTO reached, chunks USING job.schema_name, job.table_name, reached, last;
        EXIT WHEN reached IS NULL;
        FOREACH chunk IN ARRAY chunks LOOP
            CONTINUE WHEN chunk IS NULL;
            SELECT d.* INTO step FROM mrcall_internal.drop_unseen_chunk(job, chunk) AS d;
            IF step.is_dropped THEN
                dropped := dropped OPERATOR(pg_catalog.+) 1;
            ELSIF step.is_busy THEN
                -- Whoever it is, the next chunk would meet it too.
                reached := CASE WHEN dropped OPERATOR(pg_catalog.>) 0 THEN reached END;
                RETURN;
            ELSE
                EXECUTE pg_catalog.format('SELECT NOT EXISTS (SELECT FROM %s)', chunk) INTO is_empty;
                waiting := waiting OPERATOR(pg_catalog.+) is_empty::pg_catalog.int4;
            END IF;
        END LOOP;
    END LOOP;
    IF NOT job.may_drop THEN
        reached := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_empty_chunks(mrcall_internal.call_retention_job, timestamptz, timestamptz) IS
    'Drops chunks that retention has emptied';
