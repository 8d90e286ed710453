-- One batch of retention: calls out of the sessions table, out of the archive. Definitions: docs/retention.md.
-- Nothing here carries a search_path, see 89-call_retention_policy.sql. Instants are parameters, never text: a text means what
-- the session's DateStyle and TimeZone make of it.

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
            ORDER BY m.business_id, m.started_at, m.call_id COLLATE pg_catalog."C"
            ON CONFLICT ON CONSTRAINT first_call_pkey DO UPDATE
            SET call_id = excluded.call_id, first_call_at = excluded.first_call_at
            WHERE excluded.first_call_at OPERATOR(pg_catalog.<) f.first_call_at
        ),
        recorded_contact AS (
            INSERT INTO mrcall_internal.first_contact AS f (business_id, caller_hash, first_at)
            SELECT m.business_id,
                   mrcall_internal.caller_hash((SELECT s.key FROM mrcall_internal.caller_key AS s), m.business_id, i.id),
                   pg_catalog.min(m.started_at)
            FROM marked AS m
            CROSS JOIN LATERAL (SELECT mrcall.caller_id(m.caller) AS id OFFSET 0) AS i
            WHERE m.is_deleted AND i.id IS NOT NULL
            GROUP BY m.business_id, i.id
            ON CONFLICT ON CONSTRAINT first_contact_pkey DO UPDATE
            SET first_at = excluded.first_at WHERE excluded.first_at OPERATOR(pg_catalog.<) f.first_at
        )$query$)
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_records() IS
    'The part of a statement that records first calls and first contacts';

-- The part of that statement that takes ids out of the index, by id and start, or by the id alone where the index knows no more. What
-- another call of the table has as well stays; where that call began then, it is in the range of the batch.
CREATE FUNCTION mrcall_internal.call_retention_unindexed(job mrcall_internal.call_retention_job)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN job.index_relation IS NULL THEN '' ELSE format($part$,
        unindexed AS (
            DELETE FROM %s AS i
            WHERE (%s) OPERATOR(pg_catalog.=) ANY (SELECT %s FROM call AS c)%s
        )$part$, job.index_relation, concat_ws(', ', job.index_key, by.start),
        concat_ws(', ', 'c.call_id::' || job.index_key_type, CASE WHEN by.start IS NOT NULL THEN 'c.started_at' END),
        CASE WHEN NOT job.is_unique OR by.start IS NULL THEN format($others$
              AND NOT EXISTS (
                  SELECT FROM (SELECT %1$s AS call_key, (%1$s)::pg_catalog.text AS call_id, (%2$s) AS started_at,
                                      (%3$s) AS business_id FROM %4$s AS t) AS other
                  WHERE %5$s%6$s
                    AND NOT EXISTS (
                        SELECT FROM call AS c
                        WHERE c.call_id OPERATOR(pg_catalog.=) other.call_id
                          AND c.started_at OPERATOR(pg_catalog.=) other.started_at
                          AND c.business_id OPERATOR(pg_catalog.=) other.business_id))$others$,
            job.key, job.started_at, job.business_id, job.relation,
            CASE WHEN job.key_type = job.index_key_type THEN format('other.call_key OPERATOR(pg_catalog.=) %s', job.index_key)
                 ELSE format('other.call_id OPERATOR(pg_catalog.=) (%s)::pg_catalog.text', job.index_key) END,
            ' AND other.started_at OPERATOR(pg_catalog.=) ' || by.start
                || ' AND other.started_at OPERATOR(pg_catalog.>=) $5 AND other.started_at OPERATOR(pg_catalog.<=) $6') END) END
    FROM (SELECT '(' || job.index_started_at || ')' AS start) AS by
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_unindexed(mrcall_internal.call_retention_job) IS
    'The part of a statement that takes ids out of the index of call ids';

-- One statement takes calls out of the sessions table and puts them, their index and what is recorded of them where they belong:
-- it does all or nothing. $1 the instant of the run; $2, $3, $4 the calls; $5, $6 from when to when they began; $7 their
-- businesses: by range and businesses TimescaleDB knows which parts of a compressed chunk to unpack.
-- A row that changed since it was chosen is taken as it is now, and one that is gone is not taken. A policy that vanishes meanwhile
-- archives: nothing is deleted that no policy says.
CREATE FUNCTION mrcall_internal.call_retention_statement(job mrcall_internal.call_retention_job)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        WITH gone AS (
            DELETE FROM %1$s AS t
            WHERE (%2$s, (%3$s), (%4$s)) OPERATOR(pg_catalog.=) ANY (
                    SELECT d.* FROM ROWS FROM (pg_catalog.unnest($2::%5$s[]), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS d)
              AND (%3$s) OPERATOR(pg_catalog.>=) $5 AND (%3$s) OPERATOR(pg_catalog.<=) $6
              AND (%4$s) OPERATOR(pg_catalog.=) ANY ($7)
            RETURNING t.*
        ),
        call AS (SELECT %6$s FROM gone AS t),
        marked AS MATERIALIZED (
            SELECT c.*, COALESCE(c.started_at OPERATOR(pg_catalog.<) p.delete_before, false) AS is_deleted
            FROM call AS c
            LEFT JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id OPERATOR(pg_catalog.=) c.business_id
        ),
        kept AS (
            INSERT INTO mrcall.session_archive AS a (business_id, started_at, call_id, ended_at, owner, outcome, answered, caller,
                                                     medium, language, last_state, answered_at, direction, agent)
            SELECT DISTINCT ON (m.business_id, m.started_at, m.call_id) m.business_id, m.started_at, m.call_id, m.ended_at, m.owner,
                   m.outcome, m.answered, m.caller, m.medium, m.language, m.last_state, m.answered_at, m.direction, m.agent
            FROM marked AS m WHERE NOT m.is_deleted
            ORDER BY m.business_id, m.started_at, m.call_id, m.ended_at
            -- A call that is there twice, such as one that came back from a backup, is one call.
            ON CONFLICT ON CONSTRAINT session_archive_pkey DO UPDATE
            SET ended_at = excluded.ended_at, owner = excluded.owner, outcome = excluded.outcome, answered = excluded.answered,
                caller = excluded.caller, medium = excluded.medium, language = excluded.language, last_state = excluded.last_state,
                answered_at = excluded.answered_at, direction = excluded.direction, agent = excluded.agent
        ),
        %7$s
        SELECT pg_catalog.count(*) FILTER (WHERE NOT m.is_deleted), pg_catalog.count(*) FILTER (WHERE m.is_deleted) FROM marked AS m
        $query$, job.relation, job.key, job.started_at, job.business_id, job.key_type, job.columns,
        mrcall_internal.call_retention_records() || mrcall_internal.call_retention_unindexed(job))
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_statement(mrcall_internal.call_retention_job) IS
    'The statement that takes calls out of the sessions table';

-- The earliest calls that are due, a batch at most, from an instant on; NULL where none is. since: from where on none was due.
CREATE FUNCTION mrcall_internal.next_due_calls(
    job mrcall_internal.call_retention_job, at timestamptz, batch int, INOUT since timestamptz,
    OUT keys text[], OUT starts timestamptz[], OUT businesses text[])
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    last pg_catalog.timestamptz := mrcall_internal.call_retention_end(at);
    -- How many calls, due or not, are looked at in one go: more and more where few of them are due.
    window_size pg_catalog.int8 := 4::pg_catalog.int8 OPERATOR(pg_catalog.*) batch;
    found pg_catalog.int8;
    until pg_catalog.timestamptz;
BEGIN
    LOOP
        -- In two steps, so that an index on the time is used and the rest of the table is not read again for each batch.
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*), pg_catalog.max(c.started_at) FROM (SELECT (%1$s) AS started_at FROM %2$s '
            'WHERE (%1$s) OPERATOR(pg_catalog.>=) $1 AND (%1$s) OPERATOR(pg_catalog.<) $2 '
            'AND (%1$s) OPERATOR(pg_catalog.>) ''-infinity''::pg_catalog.timestamptz ORDER BY 1 LIMIT $3) AS c',
            job.started_at, job.relation)
        INTO found, until USING since, last, window_size;
        EXECUTE pg_catalog.format($query$
            SELECT pg_catalog.array_agg(d.key ORDER BY d.started_at, d.key),
                   pg_catalog.array_agg(d.started_at ORDER BY d.started_at, d.key),
                   pg_catalog.array_agg(d.business_id ORDER BY d.started_at, d.key)
            FROM (SELECT c.*
                  FROM (SELECT (%s)::pg_catalog.text AS key, (%s) AS started_at, (%s) AS business_id FROM %s AS t) AS c
                  JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id OPERATOR(pg_catalog.=) c.business_id
                  WHERE c.started_at OPERATOR(pg_catalog.>=) $2 AND c.started_at OPERATOR(pg_catalog.<=) $3
                    AND c.started_at OPERATOR(pg_catalog.<) p.due_before
                    AND c.started_at OPERATOR(pg_catalog.>) '-infinity'::pg_catalog.timestamptz
                    AND c.key IS NOT NULL
                  ORDER BY c.started_at, c.key
                  LIMIT $4) AS d
            $query$, job.key, job.started_at, job.business_id, job.relation)
        INTO keys, starts, businesses USING at, since, until, batch;
        EXIT WHEN keys IS NOT NULL OR found OPERATOR(pg_catalog.<) window_size;
        since := until;
        window_size := window_size OPERATOR(pg_catalog.*) 2;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.next_due_calls(mrcall_internal.call_retention_job, timestamptz, int, timestamptz) IS
    'The earliest calls of the sessions table that are due';

-- One batch from the sessions table, in order of time. reached: where to go on; NULL when nothing is due. batch: how large the next
-- one may be.
CREATE FUNCTION mrcall_internal.retire_calls(
    job mrcall_internal.call_retention_job, at timestamptz, since timestamptz, INOUT batch int,
    OUT archived bigint, OUT deleted bigint, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    statement pg_catalog.text := mrcall_internal.call_retention_statement(job);
    due record;
    taken pg_catalog.int4;
BEGIN
    archived := 0;
    deleted := 0;
    SELECT d.keys, d.starts, d.businesses INTO due FROM mrcall_internal.next_due_calls(job, at, batch, since) AS d;
    IF due.keys IS NULL THEN
        RETURN;
    END IF;
    taken := pg_catalog.cardinality(due.keys);
    LOOP
        BEGIN
            EXECUTE statement INTO archived, deleted
            USING at, due.keys[1:taken], due.starts[1:taken], due.businesses[1:taken], due.starts[1], due.starts[taken],
                  ARRAY(SELECT DISTINCT b.business_id FROM pg_catalog.unnest(due.businesses[1:taken]) AS b (business_id));
            EXIT;
        EXCEPTION WHEN configuration_limit_exceeded THEN
            -- TimescaleDB's, of a compressed chunk; one that another has raised, or of a single call, is an error as it is.
            IF taken OPERATOR(pg_catalog.=) 1 OR sqlerrm OPERATOR(pg_catalog.!~~) '%decompression limit%' THEN
                RAISE;
            END IF;
        END;
        taken := taken OPERATOR(pg_catalog./) 2;
    END LOOP;
    IF taken OPERATOR(pg_catalog.<) pg_catalog.cardinality(due.keys) THEN
        batch := taken;
        RAISE NOTICE 'batches of % calls from here on: more would unpack more rows of compressed chunks than '
            'timescaledb.max_tuples_decompressed_per_dml_transaction allows', batch;
    END IF;
    -- Calls that a trigger or a change meanwhile has kept are passed over: the report says that they are left.
    reached := due.starts[taken] OPERATOR(pg_catalog.+)
        CASE WHEN (archived OPERATOR(pg_catalog.+) deleted) OPERATOR(pg_catalog.=) 0
             THEN interval '1 microsecond' ELSE interval '0' END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retire_calls(mrcall_internal.call_retention_job, timestamptz, timestamptz, int) IS
    'A batch of calls from the sessions table into the archive or out';

CREATE FUNCTION mrcall_internal.delete_archived(
    at timestamptz, batch int, since timestamptz, OUT deleted bigint, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    EXECUTE pg_catalog.format($query$
        WITH due AS MATERIALIZED (
            SELECT a.business_id, a.started_at, a.call_id
            FROM mrcall.session_archive AS a
            JOIN mrcall_internal.call_retention_policies($1) AS p ON p.business_id OPERATOR(pg_catalog.=) a.business_id
            WHERE a.started_at OPERATOR(pg_catalog.>=) $2 AND a.started_at OPERATOR(pg_catalog.<) p.delete_before
              AND a.started_at OPERATOR(pg_catalog.<)
                  (SELECT pg_catalog.max(l.delete_before) FROM mrcall_internal.call_retention_policies($1) AS l)
            ORDER BY a.started_at
            LIMIT $3
        ),
        marked AS (
            DELETE FROM mrcall.session_archive AS a USING due AS d
            WHERE a.business_id OPERATOR(pg_catalog.=) d.business_id AND a.started_at OPERATOR(pg_catalog.=) d.started_at
              AND a.call_id OPERATOR(pg_catalog.=) d.call_id
            RETURNING a.business_id, a.started_at, a.call_id, a.caller, true AS is_deleted
        ),
        %s
        SELECT pg_catalog.count(*), pg_catalog.max(m.started_at) FROM marked AS m
        $query$, mrcall_internal.call_retention_records())
    INTO deleted, reached USING at, since, batch;
END
$$;
COMMENT ON FUNCTION mrcall_internal.delete_archived(timestamptz, int, timestamptz) IS 'Deletes a batch of archived calls';

-- One batch of whatever is due next. phase: 1 sessions, 2 archive, 3 empty chunks; NULL when nothing is due. waiting: chunks that
-- have to stay for a while.
CREATE FUNCTION mrcall_internal.call_retention_batch(
    job mrcall_internal.call_retention_job, run timestamptz, at timestamptz, INOUT batch int,
    INOUT phase int, INOUT reached timestamptz, OUT archived bigint, OUT deleted bigint, OUT dropped int, OUT waiting int)
LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
    since pg_catalog.timestamptz := reached;
    tries pg_catalog.int4 := 5;
    step record;
BEGIN
    -- One batch at a time: a second run waits here, and goes on with what the first has left.
    LOCK TABLE mrcall.retention_run IN SHARE UPDATE EXCLUSIVE MODE;
    INSERT INTO mrcall_internal.caller_key (key)
    SELECT pg_catalog.sha256(pg_catalog.uuid_send(pg_catalog.gen_random_uuid())
                             OPERATOR(pg_catalog.||) pg_catalog.uuid_send(pg_catalog.gen_random_uuid()))
    WHERE NOT EXISTS (SELECT FROM mrcall_internal.caller_key)
    ON CONFLICT ON CONSTRAINT caller_key_pkey DO NOTHING;
    waiting := 0;
    LOOP
        archived := 0;
        deleted := 0;
        dropped := 0;
        BEGIN
            IF phase OPERATOR(pg_catalog.=) 1 THEN
                SELECT r.* INTO step FROM mrcall_internal.retire_calls(job, at, since, batch) AS r;
                batch := step.batch;
                archived := step.archived;
                deleted := step.deleted;
            ELSIF phase OPERATOR(pg_catalog.=) 2 THEN
                SELECT r.* INTO step FROM mrcall_internal.delete_archived(at, batch, since) AS r;
                deleted := step.deleted;
            ELSE
                SELECT r.* INTO step FROM mrcall_internal.drop_empty_chunks(job, mrcall_internal.call_retention_end(at), since) AS r;
                dropped := step.dropped;
                waiting := waiting OPERATOR(pg_catalog.+) step.waiting;
            END IF;
        EXCEPTION WHEN deadlock_detected OR lock_not_available THEN
            -- Others are at work in these calls. All that was locked here is free again, so that they can go on.
            IF tries OPERATOR(pg_catalog.=) 0 THEN
                RAISE;
            END IF;
            tries := tries OPERATOR(pg_catalog.-) 1;
            PERFORM pg_catalog.pg_sleep(0.2);
            CONTINUE;
        END;
        reached := step.reached;
        EXIT WHEN archived OPERATOR(pg_catalog.>) 0 OR deleted OPERATOR(pg_catalog.>) 0 OR dropped OPERATOR(pg_catalog.>) 0;
        -- Nothing is due in this phase, or only calls that something keeps.
        since := COALESCE(reached, '-infinity'::pg_catalog.timestamptz);
        phase := CASE WHEN reached IS NOT NULL THEN phase WHEN phase OPERATOR(pg_catalog.<) 3 THEN phase OPERATOR(pg_catalog.+) 1 END;
        EXIT WHEN phase IS NULL;
    END LOOP;
    INSERT INTO mrcall.retention_run AS r (started_at, role, updated_at, finished_at, batches, archived, deleted, chunks_dropped)
    VALUES (run, CURRENT_USER, pg_catalog.clock_timestamp(), CASE WHEN phase IS NULL THEN pg_catalog.clock_timestamp() END,
            CASE WHEN phase IS NULL THEN 0 ELSE 1 END, archived, deleted, dropped)
    ON CONFLICT ON CONSTRAINT retention_run_pkey DO UPDATE
    SET updated_at = excluded.updated_at, finished_at = excluded.finished_at,
        batches = r.batches OPERATOR(pg_catalog.+) excluded.batches,
        archived = r.archived OPERATOR(pg_catalog.+) excluded.archived,
        deleted = r.deleted OPERATOR(pg_catalog.+) excluded.deleted,
        chunks_dropped = r.chunks_dropped OPERATOR(pg_catalog.+) excluded.chunks_dropped;
    PERFORM mrcall_internal.audit_retention(run);
END
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_batch IS
    'One batch of mrcall.apply_session_retention, with its lines in mrcall.retention_run and mrcall.audit';
