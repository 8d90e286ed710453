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

-- What a mapping says, with the defaults of the reference schema filled in; {column} replaced, fields made into SQL.
-- source: the text or field that the mapping or the default has. said, is_shape, problem: see field_expression.
CREATE FUNCTION mrcall_internal.mapped_columns(mapping jsonb)
RETURNS TABLE (logical_table text, relation text, ordinal int, name text, type text, is_key boolean, source jsonb, expression text,
               said text, is_shape text, problem text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 90
SET search_path = pg_catalog, pg_temp
AS $$
    WITH said AS (
        SELECT c.logical_table, c.ordinal, c.name, c.type, c.is_key,
               CASE WHEN (mapping -> c.logical_table) ? 'table' THEN mapping -> c.logical_table ->> 'table' ELSE t.relation END
                   AS relation,
               coalesce((mapping #> ARRAY[c.logical_table, 'columns']) ? c.name, false) AS is_mapped,
               CASE WHEN (mapping #> ARRAY[c.logical_table, 'columns']) ? c.name
                    THEN mapping #> ARRAY[c.logical_table, 'columns', c.name]
                    WHEN c.expression LIKE '{"%' THEN c.expression::jsonb ELSE to_jsonb(c.expression) END AS source
        FROM mrcall_internal.source_columns() AS c
        JOIN mrcall_internal.source_tables() AS t ON t.logical_table = c.logical_table
    ),
    base AS MATERIALIZED (
        SELECT s.*, jsonb_typeof(s.source) IN ('object', 'array') AS is_field,
               -- A column's name may need quotes inside an expression.
               CASE WHEN jsonb_typeof(s.source) IN ('string', 'null') THEN coalesce(
                   (SELECT quote_ident(a.attname) FROM pg_attribute AS a
                    WHERE a.attrelid = to_regclass(s.relation) AND a.attname = s.source #>> '{}' AND a.attnum > 0
                      AND NOT a.attisdropped),
                   s.source #>> '{}') END AS inner_expression
        FROM said AS s
    ),
    -- Where fields may be: JSONB columns of the table by their names, over them the logical table's own.
    document AS MATERIALIZED (
        SELECT b.logical_table,
               coalesce((SELECT jsonb_object_agg(a.attname, quote_ident(a.attname)) FROM pg_attribute AS a
                         WHERE a.attrelid = to_regclass(b.relation) AND a.attnum > 0 AND NOT a.attisdropped
                           AND a.atttypid = 'jsonb'::regtype), '{}')
               || coalesce(jsonb_object_agg(b.name, coalesce(b.inner_expression, 'NULL::pg_catalog.jsonb'))
                               FILTER (WHERE b.type = 'jsonb' AND NOT b.is_field), '{}') AS expressions,
               coalesce(max(b.name) FILTER (WHERE b.type = 'jsonb' AND b.name = 'data'), max(b.name) FILTER (WHERE b.type = 'jsonb'))
                   AS usual,
               max(b.inner_expression) FILTER (WHERE b.name = 'started_at') AS started
        FROM base AS b
        GROUP BY b.logical_table, b.relation
    ),
    made AS MATERIALIZED (
        SELECT b.*, CASE WHEN NOT b.is_field THEN b.source #>> '{}' WHEN f.problem IS NULL THEN f.expression END AS expression,
               f.said, f.is_shape, f.problem
        FROM base AS b
        JOIN document AS d ON d.logical_table = b.logical_table
        LEFT JOIN LATERAL mrcall_internal.field_expression(b.source, b.type, d.expressions, d.usual, d.started) AS f ON b.is_field
    )
    SELECT m.logical_table, m.relation, m.ordinal, m.name, m.type, m.is_key,
           CASE WHEN other.expression IS NULL THEN m.source ELSE to_jsonb(other.expression) END,
           coalesce(other.expression, m.expression), m.said, m.is_shape, m.problem
    FROM made AS m
    -- Only in the defaults: a mapping may have braces of its own, as in data#>>'{result,code}'.
    LEFT JOIN LATERAL (
        SELECT replace(m.expression, '{' || o.name || '}',
                       coalesce('(' || coalesce(o.inner_expression, o.expression) || ')', 'NULL::' || o.type)) AS expression
        FROM made AS o
        WHERE NOT m.is_mapped AND NOT m.is_field AND o.logical_table = m.logical_table
          AND strpos(m.expression, '{' || o.name || '}') > 0
        LIMIT 1
    ) AS other ON true
$$;
COMMENT ON FUNCTION mrcall_internal.mapped_columns(jsonb) IS 'A mapping with the reference schema''s defaults filled in';

CREATE FUNCTION mrcall_internal.check_mapping(mapping jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry record;
    bad text;
BEGIN
    IF mapping IS NULL THEN
        RAISE EXCEPTION 'argument "mapping" must not be NULL' USING ERRCODE = '22004', HINT = 'Leave it out, or give ''{}''.';
    END IF;
    IF jsonb_typeof(mapping) <> 'object' THEN
        RAISE EXCEPTION 'mapping is a JSON %, not an object', jsonb_typeof(mapping) USING ERRCODE = '22023',
            HINT = 'Example: {"events": {"table": "web.hits", "columns": {"visitor_id": "sid"}}}';
    END IF;
    FOR entry IN SELECT m.key AS logical_table, m.value AS spec FROM jsonb_each(mapping) AS m LOOP
        IF NOT EXISTS (SELECT FROM mrcall_internal.source_tables() AS t WHERE t.logical_table = entry.logical_table) THEN
            RAISE EXCEPTION 'unknown logical table "%"', entry.logical_table USING ERRCODE = '22023',
                HINT = 'Known ones: ' || (SELECT string_agg(t.logical_table, ', ') FROM mrcall_internal.source_tables() AS t) || '.';
        END IF;
        IF jsonb_typeof(entry.spec) <> 'object' OR jsonb_typeof(coalesce(entry.spec -> 'columns', '{}')) <> 'object' THEN
            RAISE EXCEPTION 'the mapping of "%" is no object with "table" and "columns"', entry.logical_table
                USING ERRCODE = '22023', HINT = 'Example: {"events": {"table": "web.hits", "columns": {"visitor_id": "sid"}}}';
        END IF;
        SELECT k.key INTO bad FROM jsonb_object_keys(entry.spec) AS k (key) WHERE k.key NOT IN ('table', 'columns') LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'unknown key "%" in the mapping of "%"', bad, entry.logical_table
                USING ERRCODE = '22023', HINT = 'Known keys are "table" and "columns".';
        END IF;
        IF jsonb_typeof(entry.spec -> 'table') NOT IN ('string', 'null') OR entry.spec ->> 'table'
            !~ '^([[:alpha:]_][[:alnum:]_$]*|"[^"]+")(\.([[:alpha:]_][[:alnum:]_$]*|"[^"]+"))?$' THEN
            RAISE EXCEPTION 'bad table % in the mapping of "%"', entry.spec -> 'table', entry.logical_table
                USING ERRCODE = '22023', HINT = 'Give a name such as "web.hits" or null; quote upper case: "web.\"Hits\"".';
        END IF;
        SELECT k.key INTO bad
        FROM jsonb_each(coalesce(entry.spec -> 'columns', '{}')) AS k
        WHERE NOT EXISTS (SELECT FROM mrcall_internal.source_columns() AS c
                          WHERE c.logical_table = entry.logical_table AND c.name = k.key)
           OR jsonb_typeof(k.value) NOT IN ('string', 'null', 'object', 'array')
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'bad column "%" in the mapping of "%"', bad, entry.logical_table USING ERRCODE = '22023',
                HINT = 'Give a text (a column name or an SQL expression), a field ({"path": "$.code"}) or null for one of: '
                    || (SELECT string_agg(c.name, ', ' ORDER BY c.ordinal) FROM mrcall_internal.source_columns() AS c
                        WHERE c.logical_table = entry.logical_table) || '.';
        END IF;
        PERFORM mrcall_internal.check_field(entry.logical_table, c.name, c.type, entry.spec #> ARRAY['columns', c.name])
        FROM mrcall_internal.source_columns() AS c
        WHERE c.logical_table = entry.logical_table
          AND jsonb_typeof(entry.spec #> ARRAY['columns', c.name]) IN ('object', 'array');
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_mapping(jsonb) IS '22023 for a mapping that is not of the documented form';

-- Each logical column checked against the database: state is ok, no table, no column or bad type.
CREATE FUNCTION mrcall_internal.resolve_columns(mapping jsonb)
RETURNS TABLE (
    logical_table text, relation regclass, wanted_relation text, ordinal int, name text, type text, is_key boolean,
    source jsonb, expression text, cast_expression text, said text, is_shape text, found_type text, state text, problem text)
LANGUAGE plpgsql STABLE ROWS 90
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    sql_expression text;
BEGIN
    FOR col IN SELECT * FROM mrcall_internal.mapped_columns(mapping) AS m ORDER BY m.logical_table, m.ordinal LOOP
        logical_table := col.logical_table;
        wanted_relation := col.relation;
        ordinal := col.ordinal;
        name := col.name;
        type := col.type;
        is_key := col.is_key;
        source := col.source;
        expression := col.expression;
        said := col.said;
        is_shape := col.is_shape;
        cast_expression := format('NULL::%s', col.type);
        found_type := NULL;
        state := 'ok';
        problem := NULL;
        relation := to_regclass(col.relation);
        IF col.relation IS NOT NULL AND relation IS NULL THEN
            state := 'no table';
        ELSIF col.relation IS NOT NULL AND col.problem IS NOT NULL THEN
            state := CASE WHEN col.problem LIKE 'there is no%' THEN 'no document' ELSE 'bad field' END;
            expression := col.source::text;
            problem := col.problem;
        ELSIF col.relation IS NOT NULL AND col.expression IS NOT NULL THEN
            SELECT quote_ident(a.attname) INTO sql_expression
            FROM pg_attribute AS a
            WHERE a.attrelid = relation AND a.attname = col.expression AND a.attnum > 0 AND NOT a.attisdropped;
            sql_expression := coalesce(sql_expression, col.expression);
            BEGIN
                -- WHERE refuses aggregates, windows and sets: an expression is one value of one row.
                EXECUTE format('SELECT pg_catalog.pg_typeof(%1$s)::pg_catalog.text FROM (SELECT) AS one LEFT JOIN %2$s AS t ON false '
                               'WHERE pg_catalog.num_nulls(%1$s) OPERATOR(pg_catalog.>=) 0', sql_expression, relation) INTO found_type;
                cast_expression := mrcall_internal.cast_expression(sql_expression, found_type, col.type);
                IF cast_expression IS NULL THEN
                    state := 'bad type';
                    cast_expression := format('NULL::%s', col.type);
                ELSIF cast_expression LIKE 'mrcall.try\_%' THEN
                    said := format('(%s)::pg_catalog.text', sql_expression);
                END IF;
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
            END;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.resolve_columns(jsonb) IS 'Each logical column checked against this database';

-- Raises one error that names all that is missing, with what mends it.
CREATE FUNCTION mrcall_internal.raise_problems(resolved jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first record;
    leave_out jsonb;
    details text;
BEGIN
    SELECT r.* INTO first
    FROM jsonb_to_recordset(resolved)
        AS r (logical_table text, wanted_relation text, ordinal int, name text, type text, expression text, found_type text,
              state text, problem text)
    WHERE r.state <> 'ok'
    -- A column before the expressions that are made from it.
    ORDER BY array_position(ARRAY['no table', 'no right', 'no document', 'bad field', 'no column', 'bad expression', 'bad type'],
                            r.state),
             r.expression !~ '^[a-z_][a-z0-9_]*$', r.logical_table, r.ordinal
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF first.state = 'no right' THEN
        RAISE EXCEPTION 'table % for the logical table "%" may not be read by %', first.wanted_relation, first.logical_table,
            current_user
            USING ERRCODE = '42501', DETAIL = first.problem || '.',
            HINT = format('Its owner grants it: GRANT SELECT ON %s TO %I;', first.wanted_relation, current_user);
    END IF;
    IF first.state IN ('no document', 'bad field') THEN
        RAISE EXCEPTION 'field "%" in the mapping of "%": %', first.name, first.logical_table, first.problem
            USING ERRCODE = CASE WHEN first.state = 'no document' THEN '42703' ELSE '42804' END, DETAIL = first.expression || '.',
            HINT = CASE WHEN first.state = 'no document'
                        THEN format('Say which column of %s it is in: "in": "data".', first.wanted_relation)
                        ELSE format('Leave "type" out, or give one that becomes %s.', first.type) END;
    END IF;
    IF first.state = 'no table' THEN
        SELECT jsonb_object_agg(r.logical_table, '{"table": null}'::jsonb), string_agg(DISTINCT r.wanted_relation, ', ')
        INTO leave_out, details
        FROM jsonb_to_recordset(resolved) AS r (logical_table text, wanted_relation text, state text)
        WHERE r.state = 'no table';
        RAISE EXCEPTION 'table % for the logical table "%" does not exist', first.wanted_relation, first.logical_table
            USING ERRCODE = '42P01', DETAIL = format('Missing: %s.', details),
            HINT = format('Name your table: SELECT mrcall.attach(''{"%s": {"table": "your_schema.your_table"}}''); '
                || 'or do without: SELECT mrcall.attach(%L);', first.logical_table, leave_out);
    END IF;
    SELECT jsonb_object_agg(t.logical_table, jsonb_build_object('columns', t.columns)) INTO leave_out
    FROM (SELECT r.logical_table, jsonb_object_agg(r.name, NULL::text) AS columns
          FROM jsonb_to_recordset(resolved) AS r (logical_table text, name text, state text)
          WHERE r.state <> 'ok' GROUP BY r.logical_table) AS t;
    SELECT string_agg(format('%s.%s needs %s%s', r.logical_table, r.name, r.expression,
                             CASE WHEN r.state = 'bad type' THEN format(' (%s, not %s)', r.type, r.found_type) END), '; '
                      ORDER BY r.logical_table, r.ordinal) INTO details
    FROM jsonb_to_recordset(resolved)
        AS r (logical_table text, ordinal int, name text, type text, expression text, found_type text, state text)
    WHERE r.state <> 'ok';
    IF first.state = 'bad type' THEN
        RAISE EXCEPTION 'column "%" of the logical table "%" is of type %, not %', first.expression, first.logical_table,
            first.found_type, first.type
            USING ERRCODE = '42804', DETAIL = details || '.',
            HINT = format('Give an expression that converts it, such as: SELECT mrcall.attach(''{"%s": {"columns": {"%s": "%s"}}}'');',
                first.logical_table, first.name,
                CASE WHEN first.type <> 'timestamptz' THEN format('(%s)::%s', first.expression, first.type)
                     WHEN first.found_type = 'timestamp without time zone' THEN format('%s AT TIME ZONE ''''UTC''''', first.expression)
                     ELSE format('to_timestamp(%s)', first.expression) END);
    END IF;
    RAISE EXCEPTION '% "%" of % for "%.%" %', CASE WHEN first.state = 'no column' THEN 'column' ELSE 'expression' END,
        first.expression, first.wanted_relation, first.logical_table, first.name,
        CASE WHEN first.state = 'no column' THEN 'does not exist' ELSE 'cannot be evaluated' END
        USING ERRCODE = CASE WHEN first.state = 'no column' THEN '42703' ELSE '42601' END,
        DETAIL = details || coalesce(E'.\n' || first.problem, '') || '.',
        HINT = format('Map it: SELECT mrcall.attach(''{"%s": {"columns": {"%s": "your_column"}}}''); or add it: ALTER TABLE %s '
            || 'ADD COLUMN %s %s; or do without: SELECT mrcall.attach(%L);', first.logical_table, first.name, first.wanted_relation,
            CASE WHEN first.expression ~ '^[a-z_][a-z0-9_]*$' THEN first.expression ELSE first.name END, first.type, leave_out);
END
$$;
COMMENT ON FUNCTION mrcall_internal.raise_problems(jsonb) IS 'The error for source tables and columns that are missing';

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
        SELECT t.logical_table, t.purpose, c.relation, c.columns, c.select_list, c.key_expression
        FROM mrcall_internal.source_tables() AS t
        JOIN (SELECT r.logical_table, max(r.relation) AS relation, max(r.expression) FILTER (WHERE r.is_key) AS key_expression,
                     jsonb_object_agg(r.name, r.source) AS columns,
                     string_agg(format('    %s AS %I', r.cast_expression, r.name), E',\n' ORDER BY r.ordinal) AS select_list
              FROM jsonb_to_recordset(resolved)
                  AS r (logical_table text, relation text, ordinal int, name text, source jsonb, expression text,
                        cast_expression text, is_key boolean)
              GROUP BY r.logical_table) AS c ON c.logical_table = t.logical_table
    LOOP
        EXECUTE format(E'CREATE OR REPLACE VIEW mrcall.%I WITH (security_invoker = true) AS\n%s', logical.logical_table,
                       mrcall_internal.source_query(logical.logical_table, logical.relation, logical.select_list));
        EXECUTE format('COMMENT ON VIEW mrcall.%I IS %L', logical.logical_table, logical.purpose);
        INSERT INTO mrcall.source AS s (logical_table, relation, key_expression, columns, version)
        VALUES (logical.logical_table, logical.relation, CASE WHEN logical.relation IS NOT NULL THEN logical.key_expression END,
                logical.columns, mrcall.version())
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
