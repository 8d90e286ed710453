-- Session retention: archives and deletes calls as each business's policy says. Definitions: docs/retention.md.

CREATE FUNCTION mrcall_internal.may_commit()
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'may_commit_wrapper';
COMMENT ON FUNCTION mrcall_internal.may_commit() IS 'Whether the procedure that asks may COMMIT';

-- What each policy means at one instant. due_before: calls begun before it go, into the archive or altogether. A policy with a
-- remark that says so has no instants: it does nothing.
CREATE FUNCTION mrcall_internal.retention_policies(at timestamptz)
RETURNS TABLE (business_id text, archive_before timestamptz, delete_before timestamptz, due_before timestamptz, remark text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.business_id, i.archive_before, i.delete_before, greatest(i.archive_before, i.delete_before), coalesce(r.fault,
               CASE WHEN i.archive_before <= i.delete_before
                    THEN format('archives nothing: calls are deleted after %s days, archived after %s', r.delete_days, r.archive_days) END)
    FROM (
        SELECT p.business_id, min(p.archive_after_days) AS archive_days, min(p.delete_after_days) AS delete_days,
               CASE WHEN count(*) > 1 THEN format('not applied: %s policies of one business', count(*))
                    WHEN min(p.archive_after_days) < 1
                        THEN format('not applied: archive_after_days is %s, not 1 or more', min(p.archive_after_days))
                    WHEN min(p.delete_after_days) < 1
                        THEN format('not applied: delete_after_days is %s, not 1 or more', min(p.delete_after_days)) END AS fault
        FROM (SELECT DISTINCT x.business_id, x.archive_after_days, x.delete_after_days FROM mrcall.retention_policies AS x
              WHERE x.business_id IS NOT NULL) AS p
        GROUP BY p.business_id
    ) AS r
    -- A day is 24 hours; so many days that no timestamp goes back that far are for ever.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN r.fault IS NULL AND r.archive_days < 1000000 THEN at - r.archive_days * interval '24 hours' END AS archive_before,
               CASE WHEN r.fault IS NULL AND r.delete_days < 1000000 THEN at - r.delete_days * interval '24 hours' END AS delete_before
    ) AS i
$$;
COMMENT ON FUNCTION mrcall_internal.retention_policies(timestamptz) IS 'The policies as instants';

-- The physical tables, looked up once a run: {"relation", "key", "key_type", "call": live calls as logical columns, "index_…",
-- "may_drop": an empty chunk, "may_drop_full": one with calls}.
CREATE FUNCTION mrcall_internal.retention_job()
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resolved jsonb;
    job jsonb;
    fault text;
    is_hypertable boolean := false;
    is_owner boolean;
BEGIN
    PERFORM mrcall_internal.require_attached();
    SELECT jsonb_agg(to_jsonb(r)) INTO resolved
    FROM mrcall_internal.resolve_columns((SELECT jsonb_object_agg(s.logical_table, jsonb_build_object('table', s.relation, 'columns',
        s.columns))
                                  FROM mrcall.source AS s)) AS r
    WHERE r.logical_table IN ('calls', 'call_index', 'retention_policies');
    PERFORM mrcall_internal.raise_problems(resolved);
    SELECT CASE WHEN s.relation IS NULL THEN 'the table is left out'
                WHEN needed.name <> '' AND s.columns ->> needed.name IS NULL THEN format('%s is left out', needed.name)
                WHEN needed.is_key AND a.attname IS NULL THEN format('%s is mapped to an expression', needed.name) END,
           jsonb_build_object('table', s.logical_table, 'column', needed.name, 'key', needed.reference)
    INTO fault, job
    FROM (VALUES ('calls', 'call_id', true, 'id'), ('calls', 'started_at', false, 'start_timestamp'),
                 ('calls', 'business_id', false, 'business_id'), ('retention_policies', 'business_id', false, 'business_id'),
                 ('call_index', 'id', true, 'id')) AS needed (logical_table, name, is_key, reference)
    JOIN mrcall.source AS s ON s.logical_table = needed.logical_table
    LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(s.relation) AND a.attname = s.columns ->> needed.name AND a.attnum > 0
        AND NOT a.attisdropped
    WHERE (s.relation IS NULL AND needed.logical_table <> 'call_index')
       OR (s.relation IS NOT NULL AND (s.columns ->> needed.name IS NULL OR needed.is_key AND a.attname IS NULL))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'retention cannot work on %: %', job ->> 'table', fault
            USING ERRCODE = '55000', HINT = format('Map it to the table itself: SELECT mrcall.attach(''{"%s": {%s}}'');', job ->> 'table',
                CASE WHEN fault LIKE 'the table%' THEN '"table": "your_schema.your_table"'
                     ELSE format('"columns": {"%s": "%s"}', job ->> 'column', job ->> 'key') END);
    END IF;

    SELECT jsonb_build_object('relation', c.oid::regclass::text, 'schema', n.nspname, 'name', c.relname,
               'key', quote_ident(k.attname), 'key_type', format_type(k.atttypid, k.atttypmod),
               'started_at', x.started_at, 'business_id', x.business_id, 'columns', x.columns, 'time_column', s.columns ->> 'started_at',
               'index', i.relation, 'index_key', quote_ident(ik.attname), 'index_key_type', format_type(ik.atttypid, ik.atttypmod),
               'index_started_at', x.index_started_at),
           pg_has_role(c.relowner, 'USAGE') AND c.relkind = 'r' AND NOT row_security_active(c.oid)
    INTO job, is_owner
    FROM mrcall.source AS s
    JOIN pg_class AS c ON c.oid = s.relation::regclass
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS k ON k.attrelid = c.oid AND k.attname = s.columns ->> 'call_id'
    JOIN mrcall.source AS i ON i.logical_table = 'call_index'
    LEFT JOIN pg_attribute AS ik ON ik.attrelid = to_regclass(i.relation) AND ik.attname = i.columns ->> 'id'
    CROSS JOIN (
        SELECT max(r.cast_expression) FILTER (WHERE r.logical_table = 'calls' AND r.name = 'started_at') AS started_at,
               max(r.cast_expression) FILTER (WHERE r.logical_table = 'calls' AND r.name = 'business_id') AS business_id,
               max(r.cast_expression) FILTER (WHERE r.logical_table = 'call_index' AND r.name = 'start_timestamp'
                   AND r.expression IS NOT NULL) AS index_started_at,
               string_agg(format('%s AS %I', r.cast_expression, r.name), ', ' ORDER BY r.ordinal)
                   FILTER (WHERE r.logical_table = 'calls' AND a.attname IS NOT NULL) AS columns
        FROM jsonb_to_recordset(resolved) AS r (logical_table text, ordinal int, name text, expression text, cast_expression text)
        LEFT JOIN pg_attribute AS a ON a.attrelid = 'mrcall.session_archive'::regclass AND a.attname = r.name
    ) AS x
    WHERE s.logical_table = 'calls';

    IF is_owner AND to_regclass('timescaledb_information.dimensions') IS NOT NULL THEN
        EXECUTE 'SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 FROM timescaledb_information.dimensions AS d '
            'WHERE d.hypertable_schema OPERATOR(pg_catalog.=) $1 AND d.hypertable_name OPERATOR(pg_catalog.=) $2 '
            'AND d.dimension_number OPERATOR(pg_catalog.=) 1 AND d.column_name OPERATOR(pg_catalog.=) $3 '
            'AND d.column_type OPERATOR(pg_catalog.=) ''timestamptz''::pg_catalog.regtype'
        INTO is_hypertable USING job ->> 'schema', job ->> 'name', job ->> 'time_column';
    END IF;
    RETURN job || jsonb_build_object('may_drop', is_hypertable,
        -- Triggers and foreign keys see a DELETE, but not that a chunk is dropped.
        'may_drop_full', is_hypertable
            AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = (job ->> 'relation')::regclass AND NOT t.tgisinternal
                              AND t.tgtype & 8 <> 0)
            AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.confrelid = (job ->> 'relation')::regclass),
        'timescaledb', (SELECT quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
                        WHERE e.extname = 'timescaledb'));
END
$$;
COMMENT ON FUNCTION mrcall_internal.retention_job() IS 'The tables that retention works on; 55000 where it cannot';

CREATE FUNCTION mrcall_internal.retention_due(job jsonb, at timestamptz)
RETURNS TABLE (
    business_id text, archive_before timestamptz, delete_before timestamptz, to_archive bigint, to_delete bigint, remark text)
LANGUAGE plpgsql STABLE COST 10000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last timestamptz := (SELECT max(p.due_before) FROM mrcall_internal.retention_policies(at) AS p);
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH policy AS MATERIALIZED (SELECT * FROM mrcall_internal.retention_policies($1)),
        live AS (
            SELECT c.business_id, count(*) FILTER (WHERE (c.started_at < p.delete_before) IS NOT TRUE) AS to_archive,
                   count(*) FILTER (WHERE c.started_at < p.delete_before) AS to_delete
            FROM (SELECT (%s) AS business_id, (%s) AS started_at FROM %s WHERE %s IS NOT NULL) AS c
            JOIN policy AS p ON p.business_id = c.business_id
            WHERE c.started_at < p.due_before AND c.started_at < $2 AND c.started_at > '-infinity'
            GROUP BY c.business_id
        ),
        archived AS (
            SELECT a.business_id, count(*) AS to_delete
            FROM mrcall.session_archive AS a
            JOIN policy AS p ON p.business_id = a.business_id
            WHERE a.started_at < p.delete_before AND a.started_at < $2
            GROUP BY a.business_id
        )
        SELECT p.business_id, p.archive_before, p.delete_before, coalesce(l.to_archive, 0),
               coalesce(l.to_delete, 0) + coalesce(a.to_delete, 0),
               coalesce(p.remark, CASE WHEN NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id = p.business_id)
                                       THEN 'the business does not exist; its calls go as the policy says' END)
        FROM policy AS p
        LEFT JOIN live AS l ON l.business_id = p.business_id
        LEFT JOIN archived AS a ON a.business_id = p.business_id
        ORDER BY p.business_id COLLATE "C"
        $query$, job ->> 'business_id', job ->> 'started_at', job ->> 'relation', job ->> 'key')
    USING at, last;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retention_due(jsonb, timestamptz) IS 'retention_due';

CREATE FUNCTION mrcall.retention_due()
RETURNS TABLE (
    business_id text, archive_before timestamptz, delete_before timestamptz, to_archive bigint, to_delete bigint, remark text)
LANGUAGE sql STABLE COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall_internal.retention_due(mrcall_internal.retention_job(), pg_catalog.now()) $$;
COMMENT ON FUNCTION mrcall.retention_due() IS 'What mrcall.apply_session_retention would archive and delete now, per policy';

-- What is recorded of the deleted calls in "marked". The key must be there before.
CREATE FUNCTION mrcall_internal.recording()
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
            SELECT m.business_id, mrcall_internal.caller_hash((SELECT s.key FROM mrcall_internal.caller_key AS s), m.business_id, m.caller),
                   min(m.started_at)
            FROM marked AS m WHERE m.is_deleted AND m.caller IS NOT NULL
            GROUP BY m.business_id, m.caller
            ON CONFLICT ON CONSTRAINT first_contact_pkey DO UPDATE
            SET first_at = excluded.first_at WHERE excluded.first_at < f.first_at
        )$query$)
$$;
COMMENT ON FUNCTION mrcall_internal.recording() IS 'The part of a statement that records first calls and first contacts';

-- One statement takes calls out of the sessions table (the part "gone") and puts them, their index and what is recorded of them
-- where they belong: it does all or nothing. A policy that vanishes meanwhile archives: nothing is deleted that no policy says.
CREATE FUNCTION mrcall_internal.retention_statement(job jsonb, gone text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        WITH gone AS (%s),
        call AS (SELECT %s FROM gone AS t),
        marked AS MATERIALIZED (
            SELECT c.*, coalesce(c.started_at < p.delete_before, false) AS is_deleted
            FROM call AS c LEFT JOIN mrcall_internal.retention_policies($1) AS p ON p.business_id = c.business_id
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
        $query$, gone, job ->> 'columns',
        mrcall_internal.recording() || CASE WHEN job ->> 'index' IS NULL THEN '' ELSE format($part$,
        unindexed AS (
            DELETE FROM %s AS i WHERE (i.%s%s) IN (SELECT c.call_id::%s%s FROM call AS c)
        )$part$, job ->> 'index', job ->> 'index_key', ', (' || (job ->> 'index_started_at') || ')', job ->> 'index_key_type',
        CASE WHEN job ->> 'index_started_at' IS NOT NULL THEN ', c.started_at' END) END)
$$;
COMMENT ON FUNCTION mrcall_internal.retention_statement(jsonb, text) IS 'The statement that takes calls out of the sessions table';

-- The chunks that hold one instant: [since, until) and their names.
CREATE FUNCTION mrcall_internal.retention_chunk(job jsonb, at timestamptz, OUT since timestamptz, OUT until timestamptz, OUT chunks text[])
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE 'SELECT c.range_start, c.range_end, '
        'pg_catalog.array_agg(pg_catalog.format(''%I.%I'', c.chunk_schema, c.chunk_name) ORDER BY c.chunk_name) '
        'FROM timescaledb_information.chunks AS c '
        'WHERE c.hypertable_schema OPERATOR(pg_catalog.=) $1 AND c.hypertable_name OPERATOR(pg_catalog.=) $2 '
        'AND c.range_end OPERATOR(pg_catalog.>) $3 GROUP BY c.range_start, c.range_end ORDER BY c.range_start LIMIT 1'
    INTO since, until, chunks USING job ->> 'schema', job ->> 'name', at;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retention_chunk(jsonb, timestamptz) IS
    'The earliest chunks of the sessions table that end after an instant';

-- Drops the chunks of one range, if under a lock that keeps everybody out all of its calls are due and are no more than a batch.
-- A short wait: dropping locks the tables that the chunk refers to as well, and who waits here makes all others wait.
CREATE FUNCTION mrcall_internal.retire_chunk(
    job jsonb, at timestamptz, batch int, since timestamptz, until timestamptz, chunks text[],
    OUT archived bigint, OUT deleted bigint, OUT dropped int)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
    calls text := format('FROM %s WHERE (%s) >= %L AND (%s) < %L', job ->> 'relation', job ->> 'started_at', since,
                         job ->> 'started_at', until);
    due text := format('SELECT count(*) <= $2 AND coalesce(bool_and(coalesce(c.started_at < p.due_before, false)), true) '
        'FROM (SELECT (%s) AS business_id, CASE WHEN %s IS NOT NULL THEN (%s) END AS started_at %s) AS c '
        'LEFT JOIN mrcall_internal.retention_policies($1) AS p ON p.business_id = c.business_id AND c.started_at > ''-infinity''',
        job ->> 'business_id', job ->> 'key', job ->> 'started_at', calls);
    all_due boolean;
BEGIN
    archived := 0;
    deleted := 0;
    dropped := 0;
    EXECUTE due INTO all_due USING at, batch;
    IF NOT all_due THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', array_to_string(chunks, ', '));
        EXECUTE due INTO all_due USING at, batch;
        IF all_due THEN
            EXECUTE mrcall_internal.retention_statement(job, 'SELECT * ' || calls) INTO archived, deleted USING at;
            EXECUTE format('SELECT count(*) FROM %s.drop_chunks(%L::regclass, older_than => %L::timestamptz, '
                           'newer_than => %L::timestamptz)',
                           job ->> 'timescaledb', job ->> 'relation', until, since) INTO dropped;
        END IF;
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN
            archived := 0;
            deleted := 0;
            dropped := 0;
        -- Whatever else keeps a chunk from being dropped does not keep its calls.
        WHEN OTHERS THEN
            RAISE NOTICE 'chunk % is not dropped: %', array_to_string(chunks, ', '), sqlerrm;
            archived := 0;
            deleted := 0;
            dropped := 0;
    END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retire_chunk(jsonb, timestamptz, int, timestamptz, timestamptz, text[]) IS
    'Archives or deletes the calls of a chunk that are all due, and drops it';

-- One batch from the sessions table, in order of time: a chunk as a whole, or rows. reached: where to go on; NULL when nothing is due.
CREATE FUNCTION mrcall_internal.retire_calls(
    job jsonb, at timestamptz, batch int, since timestamptz,
    OUT archived bigint, OUT deleted bigint, OUT dropped int, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last timestamptz := (SELECT max(p.due_before) FROM mrcall_internal.retention_policies(at) AS p);
    -- How many calls, due or not, are looked at in one go: more and more where few of them are due.
    window_size bigint := 4 * batch::bigint;
    found bigint;
    until timestamptz;
    keys text[];
    starts timestamptz[];
    businesses text[];
    chunk record;
BEGIN
    archived := 0;
    deleted := 0;
    dropped := 0;
    LOOP
        -- In two steps, so that an index on the time is used and the rest of the table is not read again for each batch.
        EXECUTE format('SELECT count(*), max(c.started_at) FROM (SELECT (%1$s) AS started_at FROM %2$s WHERE (%1$s) >= $1 AND (%1$s) < $2 '
                       'AND (%1$s) > ''-infinity'' ORDER BY 1 LIMIT $3) AS c', job ->> 'started_at', job ->> 'relation')
        INTO found, until USING since, last, window_size;
        EXECUTE format('SELECT array_agg(d.key ORDER BY d.started_at, d.key), array_agg(d.started_at ORDER BY d.started_at, d.key), '
            'array_agg(d.business_id ORDER BY d.started_at, d.key) '
            'FROM (SELECT c.* FROM (SELECT (%s)::text AS key, (%s) AS started_at, (%s) AS business_id FROM %s) AS c '
            'JOIN mrcall_internal.retention_policies($1) AS p ON p.business_id = c.business_id '
            'WHERE c.started_at >= $2 AND c.started_at <= $3 AND c.started_at < p.due_before AND c.started_at > ''-infinity'' '
            'AND c.key IS NOT NULL '
            'ORDER BY c.started_at, c.key LIMIT $4) AS d',
            job ->> 'key', job ->> 'started_at', job ->> 'business_id', job ->> 'relation')
        INTO keys, starts, businesses USING at, since, until, batch;
        EXIT WHEN keys IS NOT NULL;
        IF found < window_size THEN
            RETURN;
        END IF;
        since := until;
        window_size := 2 * window_size;
    END LOOP;
    IF (job ->> 'may_drop_full')::boolean AND mrcall_internal.may_drop_now() THEN
        chunk := mrcall_internal.retention_chunk(job, starts[1]);
        -- Not again in the middle of a chunk that was not dropped when its first call was met.
        IF chunk.since <= starts[1] AND chunk.until <= last AND since <= chunk.since THEN
            SELECT r.archived, r.deleted, r.dropped, chunk.until INTO archived, deleted, dropped, reached
            FROM mrcall_internal.retire_chunk(job, at, batch, chunk.since, chunk.until, chunk.chunks) AS r;
            IF dropped > 0 THEN
                RETURN;
            END IF;
        END IF;
    END IF;
    -- A row that changed since it was chosen is taken as it is now, and one that is gone is not taken.
    EXECUTE mrcall_internal.retention_statement(job, format(
        'DELETE FROM %s AS t WHERE (t.%s, (%s), (%s)) IN (SELECT d.* FROM unnest($2::%s[], $3, $4) AS d) '
        'AND (%s) >= %L AND (%s) <= %L RETURNING t.*',
        job ->> 'relation', job ->> 'key', job ->> 'started_at', job ->> 'business_id', job ->> 'key_type',
        job ->> 'started_at', starts[1], job ->> 'started_at', starts[cardinality(starts)]))
    INTO archived, deleted USING at, keys, starts, businesses;
    -- Calls that a trigger or a change meanwhile has kept are passed over: the report says that they are left.
    reached := starts[cardinality(starts)] + CASE WHEN archived + deleted = 0 THEN interval '1 microsecond' ELSE '0' END;
END
$$;
COMMENT ON FUNCTION mrcall_internal.retire_calls(jsonb, timestamptz, int, timestamptz) IS
    'A batch of calls from the sessions table into the archive or out';

-- A snapshot that is older than the lock on a chunk does not show all of its calls.
CREATE FUNCTION mrcall_internal.may_drop_now()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT current_setting('transaction_isolation') = 'read committed' $$;
COMMENT ON FUNCTION mrcall_internal.may_drop_now() IS 'Whether a chunk can be seen to be empty in this transaction';

-- The first empty chunk from an instant on that ends before everything that stays.
CREATE FUNCTION mrcall_internal.drop_empty_chunk(job jsonb, at timestamptz, since timestamptz, OUT dropped int, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last timestamptz := (SELECT max(p.due_before) FROM mrcall_internal.retention_policies(at) AS p);
    chunk record;
    is_empty boolean;
BEGIN
    dropped := 0;
    reached := since;
    WHILE (job ->> 'may_drop')::boolean AND mrcall_internal.may_drop_now() LOOP
        chunk := mrcall_internal.retention_chunk(job, reached);
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
COMMENT ON FUNCTION mrcall_internal.drop_empty_chunk(jsonb, timestamptz, timestamptz) IS 'Drops a chunk that retention has emptied';

CREATE FUNCTION mrcall_internal.delete_archived(at timestamptz, batch int, since timestamptz, OUT deleted bigint, OUT reached timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        WITH due AS MATERIALIZED (
            SELECT a.business_id, a.started_at, a.call_id
            FROM mrcall.session_archive AS a
            JOIN mrcall_internal.retention_policies($1) AS p ON p.business_id = a.business_id
            WHERE a.started_at >= $2 AND a.started_at < p.delete_before
              AND a.started_at < (SELECT max(l.delete_before) FROM mrcall_internal.retention_policies($1) AS l)
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
        $query$, mrcall_internal.recording())
    INTO deleted, reached USING at, since, batch;
END
$$;
COMMENT ON FUNCTION mrcall_internal.delete_archived(timestamptz, int, timestamptz) IS 'Deletes a batch of archived calls';

-- One batch of whatever is due next. phase: 1 sessions, 2 archive, 3 empty chunks; NULL when nothing is due.
CREATE FUNCTION mrcall_internal.retention_batch(
    job jsonb, run timestamptz, at timestamptz, batch int, INOUT phase int, INOUT reached timestamptz,
    OUT archived bigint, OUT deleted bigint, OUT dropped int)
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
        archived := 0;
        deleted := 0;
        dropped := 0;
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
END
$$;
COMMENT ON FUNCTION mrcall_internal.retention_batch(jsonb, timestamptz, timestamptz, int, int, timestamptz) IS
    'One batch of mrcall.apply_session_retention, with its line in mrcall.retention_run';

CREATE FUNCTION mrcall_internal.check_retention(dry_run boolean, batch int, at timestamptz)
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
    SELECT count(*) INTO faults FROM mrcall_internal.retention_policies(at) AS p WHERE p.remark LIKE 'not applied:%';
    IF faults > 0 THEN
        RAISE WARNING '% retention policies are not applied', faults
            USING HINT = 'SELECT business_id, remark FROM mrcall.retention_due() WHERE remark LIKE ''not applied%'';';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_retention(boolean, int, timestamptz) IS
    'The errors of mrcall.apply_session_retention, and its warning of policies that say nothing usable';

CREATE FUNCTION mrcall_internal.warn_of_rest(phase int, rest bigint)
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
COMMENT ON FUNCTION mrcall_internal.warn_of_rest(int, bigint) IS 'What mrcall.apply_session_retention says of calls that are left';

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
    job pg_catalog.jsonb := mrcall_internal.retention_job();
    phase pg_catalog.int4 := 1;
    reached pg_catalog.timestamptz := '-infinity';
    step record;
BEGIN
    PERFORM mrcall_internal.check_retention(dry_run, batch, at);
    archived := 0;
    deleted := 0;
    chunks_dropped := 0;
    IF NOT mrcall_internal.may_commit() THEN
        -- The locks of a drop would last as long as the transaction: chunks are only emptied.
        job := pg_catalog.jsonb_set(job, '{may_drop_full}', 'false');
    END IF;
    WHILE NOT dry_run LOOP
        SELECT b.* INTO step FROM mrcall_internal.retention_batch(job, run, at, batch, phase, reached) AS b;
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
    FROM mrcall_internal.retention_due(job, at) AS d;
    IF NOT dry_run THEN
        PERFORM mrcall_internal.warn_of_rest(phase, left_to_archive OPERATOR(pg_catalog.+) left_to_delete);
    END IF;
END
$$;
COMMENT ON PROCEDURE mrcall.apply_session_retention(boolean, int, bigint, bigint, int, bigint, bigint) IS
    'Archives and deletes calls as retention_policies says, a batch a transaction; says only what is due unless dry_run is false';
