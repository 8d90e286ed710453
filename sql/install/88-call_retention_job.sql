-- What a run of retention works on: the host's tables, looked up once. Definitions: docs/retention.md.
-- Nothing here carries a search_path, see 89-call_retention_policy.sql.

CREATE TYPE mrcall_internal.call_retention_job AS (
    relation text,
    schema_name name,
    table_name name,
    key text,
    key_type text,
    is_unique boolean,
    business_id text,
    started_at text,
    columns text,
    index_relation text,
    index_key text,
    index_key_type text,
    index_started_at text,
    may_drop boolean
);
COMMENT ON TYPE mrcall_internal.call_retention_job IS 'The tables that call retention works on, and what it may do with them';
COMMENT ON COLUMN mrcall_internal.call_retention_job.relation IS 'The sessions table, as SQL writes it';
COMMENT ON COLUMN mrcall_internal.call_retention_job.schema_name IS 'Its schema';
COMMENT ON COLUMN mrcall_internal.call_retention_job.table_name IS 'Its name';
COMMENT ON COLUMN mrcall_internal.call_retention_job.key IS 'The column of call_id of a row t, as SQL writes it, as key_type';
COMMENT ON COLUMN mrcall_internal.call_retention_job.key_type IS 'The type that ids are compared as: the column''s, or text';
COMMENT ON COLUMN mrcall_internal.call_retention_job.is_unique IS 'Whether no two calls have one id and one start';
COMMENT ON COLUMN mrcall_internal.call_retention_job.business_id IS 'The expression of business_id';
COMMENT ON COLUMN mrcall_internal.call_retention_job.started_at IS 'The expression of started_at';
COMMENT ON COLUMN mrcall_internal.call_retention_job.columns IS 'A select list: what the archive keeps of a call';
COMMENT ON COLUMN mrcall_internal.call_retention_job.index_relation IS
    'The index of call ids, as SQL writes it; NULL where it is left out';
COMMENT ON COLUMN mrcall_internal.call_retention_job.index_key IS 'Its key of a row i, as SQL writes it, as index_key_type';
COMMENT ON COLUMN mrcall_internal.call_retention_job.index_key_type IS 'The type that its ids are compared as';
COMMENT ON COLUMN mrcall_internal.call_retention_job.index_started_at IS
    'The expression of its start_timestamp; NULL where that is left out';
COMMENT ON COLUMN mrcall_internal.call_retention_job.may_drop IS 'Whether a chunk without calls may be dropped';

CREATE FUNCTION mrcall_internal.check_call_retention_tables()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    SELECT n.logical_table, n.name, n.reference, s.relation IS NULL AS is_left_out,
           CASE WHEN s.relation IS NULL THEN 'the table is left out'
                WHEN s.columns ->> n.name IS NULL THEN format('%s is left out', n.name)
                ELSE format('%s is mapped to an expression', n.name) END AS fault
    INTO bad
    FROM (VALUES (1, 'calls', 'call_id', true, 'id'), (2, 'calls', 'started_at', false, 'start_timestamp'),
                 (3, 'calls', 'business_id', false, 'business_id'),
                 (4, 'retention_policies', 'business_id', false, 'business_id'),
                 (5, 'call_index', 'id', true, 'id')) AS n (nr, logical_table, name, is_key, reference)
    JOIN mrcall.source AS s ON s.logical_table = n.logical_table
    LEFT JOIN pg_attribute AS a
        ON a.attrelid = to_regclass(s.relation) AND a.attname = s.columns ->> n.name AND a.attnum > 0 AND NOT a.attisdropped
    WHERE CASE WHEN s.relation IS NULL THEN n.logical_table <> 'call_index'
               ELSE s.columns ->> n.name IS NULL OR n.is_key AND a.attname IS NULL END
    ORDER BY n.nr
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'retention cannot work on %: %', bad.logical_table, bad.fault
            USING ERRCODE = '55000', HINT = format('Map it to the table itself: SELECT mrcall.attach(''{"%s": {%s}}'');',
                bad.logical_table, CASE WHEN bad.is_left_out THEN '"table": "your_schema.your_table"'
                     ELSE format('"columns": {"%s": "%s"}', bad.name, bad.reference) END);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_call_retention_tables() IS '55000 where call retention cannot work on the tables';

CREATE FUNCTION mrcall_internal.is_hypertable_by(schema_name name, table_name name, time_column text)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found boolean := false;
BEGIN
    IF mrcall_internal.timescaledb_relation('timescaledb_information.dimensions') IS NOT NULL THEN
        EXECUTE 'SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) 0 FROM timescaledb_information.dimensions AS d '
            'WHERE d.hypertable_schema OPERATOR(pg_catalog.=) $1 AND d.hypertable_name OPERATOR(pg_catalog.=) $2 '
            'AND d.dimension_number OPERATOR(pg_catalog.=) 1 AND d.column_name OPERATOR(pg_catalog.=) $3 '
            'AND d.column_type OPERATOR(pg_catalog.=) ''timestamptz''::pg_catalog.regtype'
        INTO found USING schema_name, table_name, time_column;
    END IF;
    RETURN found;
END
$$;
COMMENT ON FUNCTION mrcall_internal.is_hypertable_by(name, name, text) IS
    'Whether a table is a hypertable by a column of type timestamptz';

-- What ids of a column are compared as: the type that the column has, if it is one of the server's own, else text.
CREATE FUNCTION mrcall_internal.call_key(row_name text, attribute name, type oid, OUT key text, OUT key_type text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format('%I.%I', row_name, attribute)
                WHEN attribute IS NOT NULL THEN format('(%I.%I)::pg_catalog.text', row_name, attribute) END,
           CASE WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format('pg_catalog.%I', t.typname)
                WHEN attribute IS NOT NULL THEN 'pg_catalog.text' END
    FROM (SELECT) AS one LEFT JOIN pg_type AS t ON t.oid = type
$$;
COMMENT ON FUNCTION mrcall_internal.call_key(text, name, oid) IS
    'A column of ids of a row as SQL writes it, and the type that its ids are compared as';

-- may_drop: whether chunks may be dropped; the locks would last as long as a transaction that goes on.
CREATE FUNCTION mrcall_internal.new_call_retention_job(may_drop boolean DEFAULT true)
RETURNS mrcall_internal.call_retention_job
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    resolved jsonb;
    job mrcall_internal.call_retention_job;
BEGIN
    PERFORM mrcall_internal.require_attached();
    SELECT jsonb_agg(to_jsonb(r)) INTO resolved
    FROM mrcall_internal.resolve_columns(mrcall_internal.attached_mapping()) AS r
    WHERE r.logical_table IN ('calls', 'call_index', 'retention_policies');
    PERFORM mrcall_internal.raise_problems(resolved);
    PERFORM mrcall_internal.check_call_retention_tables();

    SELECT format('%I.%I', n.nspname, c.relname), n.nspname, c.relname, key.key, key.key_type,
           EXISTS (SELECT FROM pg_index AS u
                   WHERE u.indrelid = c.oid AND u.indisunique AND u.indisvalid AND u.indpred IS NULL
                     AND ARRAY(SELECT a.nr FROM unnest(u.indkey::int2[]) WITH ORDINALITY AS a (nr, place) WHERE a.place <= u.indnkeyatts)
                         <@ ARRAY[k.attnum, time.attnum]),
           x.business_id, x.started_at, x.columns,
           (SELECT format('%I.%I', xn.nspname, xc.relname) FROM pg_class AS xc JOIN pg_namespace AS xn ON xn.oid = xc.relnamespace
            WHERE xc.oid = to_regclass(i.relation)),
           index_key.key, index_key.key_type, x.index_started_at,
           new_call_retention_job.may_drop AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE')
               AND mrcall_internal.is_hypertable_by(n.nspname, c.relname, s.columns ->> 'started_at')
    INTO job
    FROM mrcall.source AS s
    JOIN pg_class AS c ON c.oid = s.relation::regclass
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS k ON k.attrelid = c.oid AND k.attname = s.columns ->> 'call_id'
    LEFT JOIN pg_attribute AS time ON time.attrelid = c.oid AND time.attname = s.columns ->> 'started_at'
    JOIN mrcall.source AS i ON i.logical_table = 'call_index'
    LEFT JOIN pg_attribute AS ik ON ik.attrelid = to_regclass(i.relation) AND ik.attname = i.columns ->> 'id'
    CROSS JOIN LATERAL mrcall_internal.call_key('t', k.attname, k.atttypid) AS key
    CROSS JOIN LATERAL mrcall_internal.call_key('i', ik.attname, ik.atttypid) AS index_key
    CROSS JOIN (
        SELECT max(r.cast_expression) FILTER (WHERE r.logical_table = 'calls' AND r.name = 'started_at') AS started_at,
               max(r.cast_expression) FILTER (WHERE r.logical_table = 'calls' AND r.name = 'business_id') AS business_id,
               max(r.cast_expression) FILTER (WHERE r.logical_table = 'call_index' AND r.name = 'start_timestamp'
                   AND r.expression IS NOT NULL) AS index_started_at,
               string_agg(format('%s AS %I', CASE WHEN r.cast_expression LIKE 'NULL::%' THEN format('NULL::pg_catalog.%I', y.typname)
                                                  ELSE r.cast_expression END, r.name), ', ' ORDER BY r.ordinal)
                   FILTER (WHERE r.logical_table = 'calls' AND a.attname IS NOT NULL) AS columns
        FROM jsonb_to_recordset(resolved) AS r (logical_table text, ordinal int, name text, expression text, cast_expression text)
        LEFT JOIN pg_attribute AS a ON a.attrelid = 'mrcall.session_archive'::regclass AND a.attname = r.name
        LEFT JOIN pg_type AS y ON y.oid = a.atttypid
    ) AS x
    WHERE s.logical_table = 'calls';
    RETURN job;
END
$$;
COMMENT ON FUNCTION mrcall_internal.new_call_retention_job(boolean) IS 'The tables that call retention works on; 55000 where it cannot';
