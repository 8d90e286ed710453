-- mrcall.attach: finds the source tables, checks them, creates the views over them. See docs/sources.md.

CREATE FUNCTION mrcall_internal.require_attached()
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('mrcall.events') IS NULL OR to_regclass('mrcall.conversions') IS NULL THEN
        RAISE EXCEPTION 'mrcall_ext is not attached to the tables of this database'
            USING ERRCODE = '42P01', HINT = 'Run: SELECT mrcall.attach();';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.require_attached() IS '42P01 before mrcall.attach has run';

CREATE FUNCTION mrcall_internal.check_mapping(mapping jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    field record;
BEGIN
    FOR field IN SELECT p.logical_table, p.name, p.path FROM mrcall_internal.mapping_paths(mapping::text) AS p LOOP
        BEGIN
            PERFORM field.path::jsonpath;
        EXCEPTION WHEN syntax_error OR data_exception THEN
            RAISE EXCEPTION 'bad path "%" of the field "%" in the mapping of "%"', field.path, field.name, field.logical_table
                USING ERRCODE = '22P02', DETAIL = sqlerrm || '.',
                HINT = 'Give a JSONPath such as "$.result.code", or its keys: ["result", "code"].';
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_mapping(jsonb) IS 'The errors of a mapping that is not of the documented form';

-- The type of an expression over a table, or why it has none: what the server says.
CREATE FUNCTION mrcall_internal.try_expression(
    sql text, relation regclass, OUT found_type text, OUT state text, OUT problem text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- WHERE refuses aggregates, windows and sets: an expression is one value of one row.
    -- Nothing is evaluated: a function of the host would run with this function's search_path.
    EXECUTE format('SELECT pg_catalog.pg_typeof((SELECT %1$s FROM %2$s AS t '
                   'WHERE false AND pg_catalog.num_nulls(%1$s) OPERATOR(pg_catalog.>=) 0))::pg_catalog.text', sql, relation)
        INTO found_type;
    state := 'ok';
EXCEPTION
    WHEN insufficient_privilege THEN
        state := 'no right';
        problem := sqlerrm;
    WHEN undefined_column THEN
        state := 'no column';
        problem := sqlerrm;
    WHEN syntax_error_or_access_rule_violation OR data_exception OR feature_not_supported THEN
        state := 'bad expression';
        problem := sqlerrm;
END
$$;
COMMENT ON FUNCTION mrcall_internal.try_expression(text, regclass) IS
    'The type of an expression over a table, or why it has none';

-- The columns of the physical tables that a mapping names.
CREATE FUNCTION mrcall_internal.physical_columns(mapping jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(t.logical_table, coalesce(
        (SELECT jsonb_object_agg(a.attname, jsonb_build_object('quoted', quote_ident(a.attname),
                                                               'is_document', a.atttypid = 'jsonb'::regtype))
         FROM pg_attribute AS a
         WHERE a.attrelid = to_regclass(t.relation) AND a.attnum > 0 AND NOT a.attisdropped), '{}'))
    FROM mrcall_internal.mapped_tables(mapping::text) AS t
$$;
COMMENT ON FUNCTION mrcall_internal.physical_columns(jsonb) IS
    'The columns of the tables that a mapping names, for compiled_mapping';

-- Each logical column checked against the database: state is ok, no table, no right, no document, bad field, no column, bad
-- expression or bad type.
CREATE FUNCTION mrcall_internal.resolve_columns(mapping jsonb)
RETURNS TABLE (
    logical_table text, relation regclass, wanted_relation text, ordinal int, name text, type text, is_key boolean,
    source jsonb, expression text, cast_expression text, said text, is_shape text, found_type text, state text, problem text)
LANGUAGE plpgsql STABLE ROWS 90
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT * FROM mrcall_internal.compiled_mapping(mapping::text, mrcall_internal.physical_columns(mapping)::text) AS m
        ORDER BY m.logical_table, m.ordinal
    LOOP
        SELECT col.logical_table, to_regclass(col.relation), col.relation, col.ordinal, col.name, col.type, col.is_key,
               col.source::jsonb, col.expression, NULL, col.said, col.is_shape, NULL, 'ok', NULL
        INTO logical_table, relation, wanted_relation, ordinal, name, type, is_key,
             source, expression, cast_expression, said, is_shape, found_type, state, problem;
        IF wanted_relation IS NOT NULL AND relation IS NULL THEN
            state := 'no table';
        ELSIF relation IS NOT NULL AND col.state <> 'ok' THEN
            state := col.state;
            problem := col.problem;
            expression := col.source;
        ELSIF relation IS NOT NULL AND col.sql IS NOT NULL THEN
            SELECT t.found_type, t.state, t.problem INTO found_type, state, problem
            FROM mrcall_internal.try_expression(col.sql, relation) AS t;
            cast_expression := mrcall_internal.cast_expression(col.sql, found_type, type);
            IF state = 'ok' AND cast_expression IS NULL THEN
                state := 'bad type';
            ELSIF cast_expression LIKE 'mrcall.try\_%' THEN
                said := format('(%s)::pg_catalog.text', col.sql);
            END IF;
        END IF;
        cast_expression := coalesce(cast_expression, format('NULL::%s', type));
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.resolve_columns(jsonb) IS 'Each logical column checked against this database';

CREATE FUNCTION mrcall_internal.raise_problems(resolved jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault record;
BEGIN
    FOR fault IN SELECT p.* FROM mrcall_internal.source_problem(resolved::text, quote_ident(current_user)) AS p LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, DETAIL = fault.detail, HINT = fault.hint;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.raise_problems(jsonb) IS 'The error for source tables and columns that are missing';

CREATE FUNCTION mrcall_internal.attached_mapping()
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(s.logical_table, jsonb_build_object('table', s.relation, 'columns', s.columns))
    FROM mrcall.source AS s
$$;
COMMENT ON FUNCTION mrcall_internal.attached_mapping() IS 'The mapping that is attached, as attach takes it';

-- The query of a logical table's view. Archived calls follow the others.
CREATE FUNCTION mrcall_internal.source_query(logical_table text, relation text, select_list text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT E'SELECT\n' || $3 || coalesce(E'\nFROM ' || $2, E'\nWHERE false')
        -- The condition keeps the planner from reading a hypertable as a part of the union itself: it would take it for one
        -- row, and aggregate millions of calls in one process.
        || CASE WHEN $1 = 'calls' THEN CASE WHEN $2 IS NULL THEN '' ELSE E'\nWHERE true' END || mrcall_internal.archived_calls()
                ELSE '' END
$$;
COMMENT ON FUNCTION mrcall_internal.source_query(text, text, text) IS 'The query of a logical table''s view';

-- Creates or replaces the view of a logical table, with its comments.
CREATE FUNCTION mrcall_internal.create_source_view(logical_table text, relation text, select_list text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format(E'CREATE OR REPLACE VIEW mrcall.%I WITH (security_invoker = true) AS\n%s', logical_table,
                   mrcall_internal.source_query(logical_table, relation, select_list));
    EXECUTE (SELECT format('COMMENT ON VIEW mrcall.%I IS %L', t.logical_table, t.purpose)
             FROM mrcall_internal.source_tables() AS t WHERE t.logical_table = $1);
    EXECUTE (SELECT string_agg(format('COMMENT ON COLUMN mrcall.%I.%I IS %L', c.logical_table, c.name, c.what), '; ')
             FROM mrcall_internal.source_columns() AS c WHERE c.logical_table = $1);
END
$$;
COMMENT ON FUNCTION mrcall_internal.create_source_view(text, text, text) IS
    'Creates the view of a logical table, with its comments';

CREATE FUNCTION mrcall.attach(mapping jsonb DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
    resolved jsonb;
    logical record;
    view_text text;
BEGIN
    PERFORM mrcall_internal.check_mapping(mapping);
    SELECT jsonb_agg(to_jsonb(r)) INTO resolved FROM mrcall_internal.resolve_columns(mapping) AS r;
    PERFORM mrcall_internal.raise_problems(resolved);
    FOR logical IN
        SELECT r.logical_table, max(r.relation) AS relation,
               max(r.expression) FILTER (WHERE r.is_key AND r.relation IS NOT NULL) AS key_expression,
               jsonb_object_agg(r.name, r.source) AS columns,
               string_agg(format('    %s AS %I', r.cast_expression, r.name), E',\n' ORDER BY r.ordinal) AS select_list
        FROM jsonb_to_recordset(resolved)
            AS r (logical_table text, relation text, ordinal int, name text, source jsonb, expression text,
                  cast_expression text, is_key boolean)
        GROUP BY r.logical_table
        ORDER BY r.logical_table
    LOOP
        PERFORM mrcall_internal.create_source_view(logical.logical_table, logical.relation, logical.select_list);
        INSERT INTO mrcall.source AS s (logical_table, relation, key_expression, columns, version)
        VALUES (logical.logical_table, logical.relation, logical.key_expression, logical.columns, mrcall.version())
        ON CONFLICT ON CONSTRAINT source_pkey DO UPDATE
        SET relation = excluded.relation, key_expression = excluded.key_expression, columns = excluded.columns,
            version = excluded.version;
    END LOOP;
    FOR view_text IN SELECT v.definition FROM mrcall_internal.views() AS v LOOP
        EXECUTE view_text;
    END LOOP;
    RETURN (SELECT format('%s of %s logical tables attached', count(s.relation), count(*)) FROM mrcall.source AS s);
END
$$;
COMMENT ON FUNCTION mrcall.attach(jsonb) IS
    'Finds the source tables (of the reference schema, or those the mapping names) and creates the views that all reports read';
