-- One batch of retention: calls out of the sessions table, out of the archive, empty chunks. Definitions: docs/retention.md.

-- What is recorded of the deleted calls in "marked". The key must be there before.
CREATE FUNCTION mrcall_internal.call_retention_records()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    VALUES ($query$
        recorded_call AS (
            INSERT INTO mrcall_internal.first_call AS f (business_id, call_id, first_call_at)
            SELECT DISTINCT ON (m.business_id) m.business_id, m.call_id, m.started_at
            FROM marked AS m WHERE m.is_deleted
            ORDER BY m.business_id, m.started_at, m.call_id COLLATE "C"
            ON CONFLICT ON CONSTRAINT first_call_pkey DO UPDATE
            SET call_id = excluded.call_id, first_call_at = excluded.first_call_at WHERE excluded.first_call_at < f.first_call_at
        ),
        recorded_contact AS (
            INSERT INTO mrcall_internal.first_contact AS f (business_id, caller_hash, first_at)
            SELECT m.business_id,
                   mrcall_internal.caller_hash((SELECT s.key FROM mrcall_internal.caller_key AS s), m.business_id, m.caller),
                   min(m.started_at)
            FROM marked AS m WHERE m.is_deleted AND m.caller IS NOT NULL
            GROUP BY m.business_id, m.caller
            ON CONFLICT ON CONSTRAINT first_contact_pkey DO UPDATE
            SET first_at = excluded.first_at WHERE excluded.first_at < f.first_at
        )$query$)
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_records() IS
    'The part of a statement that records first calls and first contacts';

-- One statement takes calls out of the sessions table (the part "gone") and puts them, their index and what is recorded of them
-- where they belong: it does all or nothing. A policy that vanishes meanwhile archives: nothing is deleted that no policy says.
CREATE FUNCTION mrcall_internal.call_retention_statement(job mrcall_internal.call_retention_job, gone text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        WITH gone AS (%s),
        call AS (SELECT %s FROM gone AS t),
        marked AS MATERIALIZED (
            SELECT c.*, coalesce(c.started_at < p.delete_before, false) AS is_deleted
            FROM call AS c LEFT JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id = c.business_id
        ),
        kept AS (
            INSERT INTO mrcall.session_archive AS a (business_id, started_at, call_id, ended_at, owner, outcome, answered, caller,
                                                     medium, language, last_state)
            SELECT DISTINCT ON (m.business_id, m.started_at, m.call_id) m.business_id, m.started_at, m.call_id, m.ended_at, m.owner,
                   m.outcome, m.answered, m.caller, m.medium, m.language, m.last_state
            FROM marked AS m WHERE NOT m.is_deleted
            ORDER BY m.business_id, m.started_at, m.call_id, m.ended_at
            -- A call that is there twice, such as one that came back from a backup, is one call.
            ON CONFLICT ON CONSTRAINT session_archive_pkey DO UPDATE
            SET ended_at = excluded.ended_at, owner = excluded.owner, outcome = excluded.outcome, answered = excluded.answered,
                caller = excluded.caller, medium = excluded.medium, language = excluded.language, last_state = excluded.last_state
        ),
        %s
        SELECT count(*) FILTER (WHERE NOT m.is_deleted), count(*) FILTER (WHERE m.is_deleted) FROM marked AS m
        $query$, gone, job.columns,
        mrcall_internal.call_retention_records() || CASE WHEN job.index_relation IS NULL THEN '' ELSE format($part$,
        unindexed AS (
            DELETE FROM %s AS i WHERE (i.%s%s) IN (SELECT c.call_id::%s%s FROM call AS c)
        )$part$, job.index_relation, job.index_key, ', (' || job.index_started_at || ')', job.index_key_type,
        CASE WHEN job.index_started_at IS NOT NULL THEN ', c.started_at' END) END)
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_statement(mrcall_internal.call_retention_job, text) IS
    'The statement that takes calls out of the sessions table';

-- The chunks that hold one instant: [since, until) and their names.
CREATE FUNCTION mrcall_internal.call_retention_chunk(
    job mrcall_internal.call_retention_job, at timestamptz, OUT since timestamptz, OUT until timestamptz, OUT chunks text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE 'SELECT c.range_start, c.range_end, '
        'pg_catalog.array_agg(pg_catalog.format(''%I.%I'', c.chunk_schema, c.chunk_name) ORDER BY c.chunk_name) '
        'FROM timescaledb_information.chunks AS c '
        'WHERE c.hypertable_schema OPERATOR(pg_catalog.=) $1 AND c.hypertable_name OPERATOR(pg_catalog.=) $2 '
        'AND c.range_end OPERATOR(pg_catalog.>) $3 GROUP BY c.range_start, c.range_end ORDER BY c.range_start LIMIT 1'
    INTO since, until, chunks USING job.schema_name, job.table_name, at;
END
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_chunk(mrcall_internal.call_retention_job, timestamptz) IS
    'The earliest chunks of the sessions table that end after an instant';

-- Drops the chunks of one range, if under a lock that keeps everybody out all of its calls are due and are no more than a batch.
-- A short wait: dropping locks the tables that the chunk refers to as well, and who waits here makes all others wait.
CREATE FUNCTION mrcall_internal.retire_chunk(
    job mrcall_internal.call_retention_job, at timestamptz, batch int, since timestamptz, until timestamptz, chunks text[],
    OUT archived bigint, OUT deleted bigint, OUT dropped int)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
    calls text := format('FROM %s WHERE (%s) >= %L AND (%s) < %L', job.relation, job.started_at, since,
                         job.started_at, until);
    due text := format('SELECT count(*) <= $2 AND coalesce(bool_and(coalesce(c.started_at < p.due_before, false)), true) '
        'FROM (SELECT (%s) AS business_id, CASE WHEN %s IS NOT NULL THEN (%s) END AS started_at %s) AS c '
        'LEFT JOIN mrcall_internal.call_retention_policies($1) AS p '
        'ON p.business_id = c.business_id AND c.started_at > ''-infinity''',
        job.business_id, job.key, job.started_at, calls);
    all_due boolean;
BEGIN
    SELECT 0, 0, 0 INTO archived, deleted, dropped;
    EXECUTE due INTO all_due USING at, batch;
    IF NOT all_due THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(chunks, ', '));
        EXECUTE due INTO all_due USING at, batch;
        IF all_due THEN
            EXECUTE mrcall_internal.call_retention_statement(job, 'SELECT * ' || calls) INTO archived, deleted USING at;
            EXECUTE format('SELECT count(*) FROM %s.drop_chunks(%L::regclass, older_than => %L::timestamptz, '
                           'newer_than => %L::timestamptz)',
                           job.timescaledb, job.relation, until, since) INTO dropped;
        END IF;
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN
            SELECT 0, 0, 0 INTO archived, deleted, dropped;
        -- Whatever else keeps a chunk from being dropped does not keep its calls.
        WHEN OTHERS THEN
            RAISE NOTICE 'chunk % is not dropped: %', array_to_string(chunks, ', '), sqlerrm;
            SELECT 0, 0, 0 INTO archived, deleted, dropped;
    END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retire_chunk IS
    'Archives or deletes the calls of a chunk that are all due, and drops it';

-- The earliest calls that are due, a batch at most, from an instant on; NULL where none is. since: from where on none was due.
CREATE FUNCTION mrcall_internal.next_due_calls(
    job mrcall_internal.call_retention_job, at timestamptz, batch int, INOUT since timestamptz,
    OUT keys text[], OUT starts timestamptz[], OUT businesses text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last timestamptz := mrcall_internal.call_retention_end(at);
    -- How many calls, due or not, are looked at in one go: more and more where few of them are due.
    window_size bigint := 4 * batch::bigint;
    found bigint;
    until timestamptz;
BEGIN
    LOOP
        -- In two steps, so that an index on the time is used and the rest of the table is not read again for each batch.
        EXECUTE format('SELECT count(*), max(c.started_at) FROM (SELECT (%1$s) AS started_at FROM %2$s '
            'WHERE (%1$s) >= $1 AND (%1$s) < $2 AND (%1$s) > ''-infinity'' ORDER BY 1 LIMIT $3) AS c',
            job.started_at, job.relation)
        INTO found, until USING since, last, window_size;
        EXECUTE format('SELECT array_agg(d.key ORDER BY d.started_at, d.key), '
            'array_agg(d.started_at ORDER BY d.started_at, d.key), array_agg(d.business_id ORDER BY d.started_at, d.key) '
            'FROM (SELECT c.* FROM (SELECT (%s)::text AS key, (%s) AS started_at, (%s) AS business_id FROM %s) AS c '
            'JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id = c.business_id '
            'WHERE c.started_at >= $2 AND c.started_at <= $3 AND c.started_at < p.due_before AND c.started_at > ''-infinity'' '
            'AND c.key IS NOT NULL '
            'ORDER BY c.started_at, c.key LIMIT $4) AS d',
            job.key, job.started_at, job.business_id, job.relation)
        INTO keys, starts, businesses USING at, since, until, batch;
        EXIT WHEN keys IS NOT NULL OR found < window_size;
        since := until;
        window_size := 2 * window_size;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.next_due_calls(mrcall_internal.call_retention_job, timestamptz, int, timestamptz) IS
    'The earliest calls of the sessions table that are due';

-- A snapshot that is older than the lock on a chunk does not show all of its calls.
CREATE FUNCTION mrcall_internal.sees_latest_rows()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT current_setting('transaction_isolation') = 'read committed' $$;
COMMENT ON FUNCTION mrcall_internal.sees_latest_rows() IS 'Whether a chunk can be seen to be empty in this transaction';

-- One batch from the sessions table, in order of time: a chunk as a whole, or rows. reached: where to go on; NULL when nothing is
-- due.
CREATE FUNCTION mrcall_internal.retire_calls(
    job mrcall_internal.call_retention_job, at timestamptz, batch int, since timestamptz,
    OUT archived bigint, OUT deleted bigint, OUT dropped int, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    due record;
    first timestamptz;
    final timestamptz;
    chunk record;
BEGIN
    SELECT 0, 0, 0 INTO archived, deleted, dropped;
    SELECT d.* INTO due FROM mrcall_internal.next_due_calls(job, at, batch, since) AS d;
    IF due.keys IS NULL THEN
        RETURN;
    END IF;
    first := due.starts[1];
    final := due.starts[cardinality(due.starts)];
    IF job.may_drop_full AND mrcall_internal.sees_latest_rows() THEN
        chunk := mrcall_internal.call_retention_chunk(job, first);
        -- Not again in the middle of a chunk that was not dropped when its first call was met.
        IF chunk.since <= first AND chunk.until <= mrcall_internal.call_retention_end(at) AND due.since <= chunk.since THEN
            SELECT r.archived, r.deleted, r.dropped, chunk.until INTO archived, deleted, dropped, reached
            FROM mrcall_internal.retire_chunk(job, at, batch, chunk.since, chunk.until, chunk.chunks) AS r;
            IF dropped > 0 THEN
                RETURN;
            END IF;
        END IF;
    END IF;
    -- A row that changed since it was chosen is taken as it is now, and one that is gone is not taken.
    EXECUTE mrcall_internal.call_retention_statement(job, format(
        'DELETE FROM %s AS t WHERE (t.%s, (%s), (%s)) IN (SELECT d.* FROM unnest($2::%s[], $3, $4) AS d) '
        'AND (%s) >= %L AND (%s) <= %L RETURNING t.*',
        job.relation, job.key, job.started_at, job.business_id, job.key_type, job.started_at, first, job.started_at, final))
    INTO archived, deleted USING at, due.keys, due.starts, due.businesses;
    -- Calls that a trigger or a change meanwhile has kept are passed over: the report says that they are left.
    reached := final + CASE WHEN archived + deleted = 0 THEN interval '1 microsecond' ELSE interval '0' END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retire_calls(mrcall_internal.call_retention_job, timestamptz, int, timestamptz) IS
    'A batch of calls from the sessions table into the archive or out';

-- The first empty chunk from an instant on that ends before everything that stays.
CREATE FUNCTION mrcall_internal.drop_empty_chunk(
    job mrcall_internal.call_retention_job, at timestamptz, since timestamptz, OUT dropped int, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last timestamptz := mrcall_internal.call_retention_end(at);
    chunk record;
    is_empty boolean;
BEGIN
    dropped := 0;
    reached := since;
    WHILE job.may_drop AND mrcall_internal.sees_latest_rows() LOOP
        chunk := mrcall_internal.call_retention_chunk(job, reached);
        EXIT WHEN (chunk.until <= last) IS NOT TRUE;
        reached := chunk.until;
        EXECUTE (SELECT 'SELECT ' || string_agg(format('NOT EXISTS (SELECT FROM %s)', c.name), ' AND ')
                 FROM unnest(chunk.chunks) AS c (name)) INTO is_empty;
        IF is_empty THEN
            SELECT r.dropped INTO dropped
            FROM mrcall_internal.retire_chunk(job, at, 0, chunk.since, chunk.until, chunk.chunks) AS r;
            IF dropped > 0 THEN
                RETURN;
            END IF;
        END IF;
    END LOOP;
    reached := NULL;
END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_empty_chunk(mrcall_internal.call_retention_job, timestamptz, timestamptz) IS
    'Drops a chunk that retention has emptied';

CREATE FUNCTION mrcall_internal.delete_archived(
    at timestamptz, batch int, since timestamptz, OUT deleted bigint, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        WITH due AS MATERIALIZED (
            SELECT a.business_id, a.started_at, a.call_id
            FROM mrcall.session_archive AS a
            JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id = a.business_id
            WHERE a.started_at >= $2 AND a.started_at < p.delete_before
              AND a.started_at < (SELECT max(l.delete_before) FROM mrcall_internal.call_retention_policies($1) AS l)
            ORDER BY a.started_at
            LIMIT $3
        ),
        marked AS (
            DELETE FROM mrcall.session_archive AS a USING due AS d
            WHERE a.business_id = d.business_id AND a.started_at = d.started_at AND a.call_id = d.call_id
            RETURNING a.business_id, a.started_at, a.call_id, a.caller, true AS is_deleted
        ),
        %s
        SELECT count(*), max(m.started_at) FROM marked AS m
        $query$, mrcall_internal.call_retention_records())
    INTO deleted, reached USING at, since, batch;
END
$$;
COMMENT ON FUNCTION mrcall_internal.delete_archived(timestamptz, int, timestamptz) IS 'Deletes a batch of archived calls';

-- One batch of whatever is due next. phase: 1 sessions, 2 archive, 3 empty chunks; NULL when nothing is due.
CREATE FUNCTION mrcall_internal.call_retention_batch(
    job mrcall_internal.call_retention_job, run timestamptz, at timestamptz, batch int,
    INOUT phase int, INOUT reached timestamptz, OUT archived bigint, OUT deleted bigint, OUT dropped int)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    since timestamptz := reached;
BEGIN
    -- One batch at a time: a second run waits here, and goes on with what the first has left.
    LOCK TABLE mrcall.retention_run IN SHARE UPDATE EXCLUSIVE MODE;
    INSERT INTO mrcall_internal.caller_key (key)
    SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
    WHERE NOT EXISTS (SELECT FROM mrcall_internal.caller_key)
    ON CONFLICT ON CONSTRAINT caller_key_pkey DO NOTHING;
    LOOP
        SELECT 0, 0, 0 INTO archived, deleted, dropped;
        IF phase = 1 THEN
            SELECT r.archived, r.deleted, r.dropped, r.reached INTO archived, deleted, dropped, reached
            FROM mrcall_internal.retire_calls(job, at, batch, since) AS r;
        ELSIF phase = 2 THEN
            SELECT r.deleted, r.reached INTO deleted, reached FROM mrcall_internal.delete_archived(at, batch, since) AS r;
        ELSE
            SELECT r.dropped, r.reached INTO dropped, reached FROM mrcall_internal.drop_empty_chunk(job, at, since) AS r;
        END IF;
        EXIT WHEN archived + deleted + dropped > 0;
        -- Nothing is due in this phase, or only calls that something keeps.
        since := coalesce(reached, '-infinity');
        phase := CASE WHEN reached IS NULL THEN nullif(phase + 1, 4) ELSE phase END;
        EXIT WHEN phase IS NULL;
    END LOOP;
    INSERT INTO mrcall.retention_run AS r (started_at, role, updated_at, finished_at, batches, archived, deleted, chunks_dropped)
    VALUES (run, current_user, clock_timestamp(), CASE WHEN phase IS NULL THEN clock_timestamp() END,
            CASE WHEN phase IS NULL THEN 0 ELSE 1 END, archived, deleted, dropped)
    ON CONFLICT ON CONSTRAINT retention_run_pkey DO UPDATE
    SET updated_at = excluded.updated_at, finished_at = excluded.finished_at, batches = r.batches + excluded.batches,
        archived = r.archived + excluded.archived, deleted = r.deleted + excluded.deleted,
        chunks_dropped = r.chunks_dropped + excluded.chunks_dropped;
    PERFORM mrcall_internal.audit_retention(run);
END
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_batch IS
    'One batch of mrcall.apply_session_retention, with its lines in mrcall.retention_run and mrcall.audit';
