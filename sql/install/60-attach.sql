-- mrcall.attach: finds the source tables, checks them, creates the views over them. See docs/sources.md.

CREATE FUNCTION mrcall_internal.is_attached()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT to_regclass('mrcall.events') IS NOT NULL AND to_regclass('mrcall.conversions') IS NOT NULL $$;
COMMENT ON FUNCTION mrcall_internal.is_attached() IS 'Whether the views are there';

CREATE FUNCTION mrcall_internal.require_attached()
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT mrcall_internal.is_attached() THEN
        RAISE EXCEPTION 'mrcall_ext is not attached to the tables of this database'
            USING ERRCODE = '42P01', HINT = 'Run: SELECT mrcall.attach();';
    END IF;
    IF EXISTS (SELECT FROM mrcall_internal.source_tables() AS t
               WHERE to_regclass('mrcall_internal.' || t.logical_table || '_part_1') IS NOT NULL) THEN
        PERFORM mrcall_internal.reach_servers();
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.require_attached() IS
    '42P01 before mrcall.attach has run; where rows lie on several servers, the error of one that cannot be reached';

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

-- The type of an expression over a table, or why it has none: what the server says. It is looked up as in the view, but not
-- evaluated: the functions that it calls may need the search_path of those who read. Nor is the table read, whose policies may, too:
-- its columns are those of its row type. Types are named as format_type names them.
-- collates_apart: by another collation than the database's and C, or one for which different texts are equal. Of two such
-- columns no comparison is possible, and LIKE of none.
CREATE FUNCTION mrcall_internal.try_expression(
    sql text, relation regclass, OUT found_type text, OUT collates_apart boolean, OUT state text, OUT problem text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    source text;
    found regtype;
    collation_name text;
BEGIN
    -- Rights on single columns show when it is read.
    source := format(
        'FROM (SELECT CASE WHEN false THEN %1$s END AS value FROM %2$s '
        'WHERE (CASE WHEN false THEN pg_catalog.num_nulls(%1$s) END) IS NULL) AS e', sql,
        CASE WHEN has_table_privilege(relation, 'SELECT') THEN format('(SELECT (NULL::%s).*) AS t', relation)
             ELSE format('(SELECT) AS one LEFT JOIN %s AS t ON false', relation) END);
    -- WHERE refuses aggregates and windows, CASE sets: an expression is one value of one row.
    EXECUTE 'SELECT mrcall_internal.base_type(pg_catalog.pg_typeof(e.value)) ' || source INTO found;
    state := 'ok';
    SELECT CASE t.typname WHEN 'citext' THEN 'citext' ELSE format_type(t.oid, NULL) END, t.typcollation <> 0
    INTO found_type, collates_apart
    FROM pg_type AS t
    WHERE t.oid = found;
    IF collates_apart THEN
        EXECUTE 'SELECT pg_catalog.pg_collation_for(e.value) ' || source INTO collation_name;
        collates_apart := coalesce(collation_name NOT IN ('"default"', '"C"'), false);
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
END
$$;
COMMENT ON FUNCTION mrcall_internal.try_expression(text, regclass) IS
    'The type of an expression over a table and whether its collation is a third one, or why it has none';

-- The columns of the physical tables that a mapping names.
CREATE FUNCTION mrcall_internal.physical_columns(mapping jsonb, part int)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(t.logical_table, coalesce(
        (SELECT jsonb_object_agg(a.attname, jsonb_build_object('quoted', quote_ident(a.attname),
                                                               'is_document', mrcall_internal.base_type(a.atttypid) = 'jsonb'::regtype))
         FROM pg_attribute AS a
         WHERE a.attrelid = to_regclass(t.relation) AND a.attnum > 0 AND NOT a.attisdropped), '{}'))
    FROM mrcall_internal.mapped_tables(mapping::text) AS t
    WHERE t.part = physical_columns.part
$$;
COMMENT ON FUNCTION mrcall_internal.physical_columns(jsonb, int) IS
    'The columns of the tables that a mapping names, for compiled_mapping';

-- Each logical column checked against the database: state is ok, no table, no right, no document, bad field, no column, bad
-- expression or bad type.
CREATE FUNCTION mrcall_internal.resolve_columns(mapping jsonb)
RETURNS TABLE (
    logical_table text, relation regclass, wanted_relation text, ordinal int, name text, type text, is_key boolean,
    source jsonb, expression text, cast_expression text, said text, is_shape text, found_type text, state text, problem text,
    parsed_expression text, part int, is_spread boolean)
LANGUAGE plpgsql STABLE ROWS 90
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    collates_apart boolean;
    call_start text;
    call_end text;
BEGIN
    FOR col IN
        SELECT m.*, t.part, t.is_spread
        FROM mrcall_internal.mapped_tables(mapping::text) AS t
        CROSS JOIN LATERAL (SELECT mrcall_internal.physical_columns(mapping, t.part)) AS p (columns)
        CROSS JOIN LATERAL mrcall_internal.compiled_mapping(mapping::text, p.columns::text, t.part) AS m
        WHERE m.logical_table = t.logical_table
        ORDER BY m.logical_table, t.part, m.ordinal
    LOOP
        SELECT col.logical_table, to_regclass(col.relation), col.relation, col.ordinal, col.name, col.type, col.is_key,
               col.source::jsonb, col.expression, NULL, col.said, col.is_shape, NULL, 'ok', NULL, col.part, col.is_spread
        INTO logical_table, relation, wanted_relation, ordinal, name, type, is_key,
             source, expression, cast_expression, said, is_shape, found_type, state, problem, part, is_spread;
        IF wanted_relation IS NOT NULL AND relation IS NULL THEN
            state := 'no table';
        ELSIF relation IS NOT NULL AND col.state <> 'ok' THEN
            state := col.state;
            problem := col.problem;
            expression := col.source;
        ELSIF relation IS NOT NULL AND col.sql IS NOT NULL THEN
            SELECT t.found_type, t.collates_apart, t.state, t.problem INTO found_type, collates_apart, state, problem
            FROM mrcall_internal.try_expression(col.sql, relation) AS t;
            cast_expression := mrcall_internal.cast_expression(col.sql, found_type, type);
            IF collates_apart AND type IN ('text', 'text[]') THEN
                cast_expression := format('(%s COLLATE pg_catalog."default")', cast_expression);
            END IF;
            IF state = 'ok' AND cast_expression IS NULL THEN
                state := 'bad type';
            ELSIF starts_with(cast_expression, 'mrcall.try_') THEN
                said := format('(%s)::pg_catalog.text', col.sql);
            END IF;
        END IF;
        cast_expression := coalesce(cast_expression, format('NULL::%s', type));
        parsed_expression := cast_expression;
        -- A value that another column rules out. The start and the end of a call come before it.
        IF logical_table = 'calls' THEN
            CASE name
                -- Retention runs the expression with the host's search_path, in which timestamptz may be something else.
                WHEN 'started_at' THEN call_start := coalesce(nullif(cast_expression, 'NULL::timestamptz'), 'NULL::pg_catalog.timestamptz');
                WHEN 'ended_at' THEN call_end := coalesce(nullif(cast_expression, 'NULL::timestamptz'), 'NULL::pg_catalog.timestamptz');
                WHEN 'answered_at' THEN
                    IF relation IS NOT NULL AND col.sql IS NOT NULL AND state = 'ok' THEN
                        cast_expression := format('mrcall_internal.within_call(%s, %s, %s)', cast_expression, call_start, call_end);
                    END IF;
                ELSE NULL;
            END CASE;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.resolve_columns(jsonb) IS 'Each logical column checked against this database';

-- A mapping without what cannot be read.
CREATE FUNCTION mrcall_internal.mended_mapping(mapping jsonb, resolved jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT mapping || jsonb_object_agg(b.logical_table, CASE
        WHEN b.has_no_table THEN '{"table": null}'
        ELSE jsonb_set(coalesce(mapping -> b.logical_table, '{}'), '{columns}',
                       coalesce(mapping #> ARRAY[b.logical_table, 'columns'], '{}') || b.without) END)
    FROM (SELECT r.logical_table, bool_or(r.state = 'no table') AS has_no_table, jsonb_object_agg(r.name, NULL::text) AS without
          FROM jsonb_to_recordset(resolved) AS r (logical_table text, name text, state text)
          WHERE r.state <> 'ok'
          GROUP BY r.logical_table) AS b
$$;
COMMENT ON FUNCTION mrcall_internal.mended_mapping(jsonb, jsonb) IS 'A mapping without what cannot be read';

-- kept: the mapping, where it is not the caller's own words: the statement that mends it has to give all of it.
CREATE FUNCTION mrcall_internal.raise_problems(resolved jsonb, kept jsonb DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault record;
BEGIN
    FOR fault IN SELECT p.* FROM mrcall_internal.source_problem(resolved::text, quote_ident(current_user)) AS p LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, DETAIL = fault.detail, HINT = CASE
            WHEN kept IS NULL OR fault.code = '42501' THEN fault.hint
            ELSE format('Give the mapping anew; without what is missing it is: SELECT mrcall.attach(%L);',
                        mrcall_internal.mended_mapping(kept, resolved)) END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.raise_problems(jsonb, jsonb) IS 'The error for source tables and columns that are missing';

-- What the table says is run as code, by whoever asks: a superuser does not run what another role wrote.
CREATE FUNCTION mrcall_internal.attached_mapping()
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    writer name;
BEGIN
    SELECT o.rolname INTO writer
    FROM pg_class AS c
    JOIN pg_roles AS o ON o.oid = c.relowner
    WHERE c.oid = to_regclass('mrcall.source') AND NOT o.rolsuper
      AND (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user);
    IF FOUND THEN
        RAISE EXCEPTION 'a superuser would run what role "%" wrote into mrcall.source', writer
            USING ERRCODE = '42501', HINT = format('Connect as that role, or run it as that role: SET ROLE %I;', writer);
    END IF;
    IF to_regclass('mrcall.source') IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_object_agg(s.logical_table, CASE
                WHEN s.parts IS NULL THEN jsonb_build_object('table', s.relation, 'columns', s.columns)
                ELSE jsonb_build_object('tables', s.parts, 'columns', s.columns) END)
            FROM mrcall.source AS s);
END
$$;
COMMENT ON FUNCTION mrcall_internal.attached_mapping() IS 'The mapping that is attached, as attach takes it';

-- Inlined, and gone before a query is planned. By it each view depends on the extension, so that DROP EXTENSION never leaves one.
CREATE FUNCTION mrcall_internal.is_installed()
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT true $$;
COMMENT ON FUNCTION mrcall_internal.is_installed() IS 'Always true';

-- The query of a logical table's view.
CREATE FUNCTION mrcall_internal.source_query(relation text, select_list text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT E'SELECT\n' || $2 || coalesce(E'\nFROM ' || $1 || E'\nWHERE ', E'\nWHERE NOT ') || 'mrcall_internal.is_installed()'
$$;
COMMENT ON FUNCTION mrcall_internal.source_query(text, text) IS 'The query of a logical table''s view';

-- Calls and archived calls. No condition stands in a part of them, and each is one table, so that the planner reads the parts in
-- their order by their indexes, and joins with them row by row. See 57-planned.sql for the last part, which has no rows.
CREATE FUNCTION mrcall_internal.calls_query(relation text, select_list text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN $1 IS NULL THEN mrcall_internal.source_query(NULL, $2) || mrcall_internal.archived_calls()
                ELSE E'SELECT\n' || $2 || E'\nFROM ' || $1 || mrcall_internal.archived_calls() || format(
                    E'\nUNION ALL\nSELECT\n%s\n'
                    'FROM mrcall_internal.no_rows(mrcall_internal.expected_rows(%L::pg_catalog.regclass)) AS n (%s)\n'
                    'WHERE mrcall_internal.is_installed()', string_agg(format('    n.%I', c.name), E',\n' ORDER BY c.ordinal), $1,
                    string_agg(format('%I %s', c.name, c.type), ', ' ORDER BY c.ordinal)) END
    FROM mrcall_internal.source_columns() AS c
    WHERE c.logical_table = 'calls'
$$;
COMMENT ON FUNCTION mrcall_internal.calls_query(text, text) IS 'The query of the view mrcall.calls';

-- The names of the views that attach makes, those that others stand on first.
CREATE FUNCTION mrcall_internal.view_names()
RETURNS TABLE (nr bigint, relation text)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT 0, p.relation FROM mrcall_internal.part_views() AS p
    UNION ALL
    SELECT t.nr, format('mrcall.%I', t.logical_table)
    FROM mrcall_internal.source_tables() WITH ORDINALITY AS t (logical_table, relation, purpose, nr)
    UNION ALL
    SELECT 1000, 'mrcall_internal.call_starts'
    UNION ALL
    SELECT 1000 + v.nr, v.relation FROM mrcall_internal.views() WITH ORDINALITY AS v (relation, what, query, nr)
$$;
COMMENT ON FUNCTION mrcall_internal.view_names() IS 'The views that attach makes, in the order in which it makes them';

-- What each of them is to be.
CREATE FUNCTION mrcall_internal.wanted_views(resolved jsonb)
RETURNS TABLE (relation text, query text, what text, comments jsonb)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    WITH col AS (
        SELECT r.logical_table, r.part, r.is_spread, r.relation, r.ordinal, r.name,
               CASE WHEN r.is_spread THEN mrcall_internal.far_expression(r.cast_expression, to_regclass(r.relation))
                    ELSE r.cast_expression END AS cast_expression
        FROM jsonb_to_recordset(resolved) AS r (logical_table text, part int, is_spread boolean, relation text, ordinal int, name text,
                                                cast_expression text)
    ),
    -- What is read of each physical table.
    part AS (
        SELECT c.logical_table, c.part, c.is_spread, c.relation,
               string_agg(format('    %s AS %I', c.cast_expression, c.name), E',\n' ORDER BY c.ordinal) AS columns,
               string_agg(format('    %s AS %I', c.cast_expression, c.name), E',\n' ORDER BY c.ordinal)
                   FILTER (WHERE c.name IN ('business_id', 'started_at')) AS start_columns,
               string_agg(format('    %I', c.name), E',\n' ORDER BY c.ordinal) AS names,
               format('mrcall_internal.%s_part_%s', c.logical_table, c.part) AS view
        FROM col AS c
        GROUP BY c.logical_table, c.part, c.is_spread, c.relation
    ),
    -- And of all of them.
    spread AS (
        SELECT p.logical_table,
               string_agg(E'SELECT\n' || p.names || E'\nFROM ' || p.view, E'\nUNION ALL\n' ORDER BY p.part) AS query,
               string_agg(E'SELECT\n    business_id,\n    started_at\nFROM ' || p.view, E'\nUNION ALL\n' ORDER BY p.part) AS starts
        FROM part AS p
        WHERE p.is_spread
        GROUP BY p.logical_table
    ),
    wanted AS (
        SELECT p.view AS relation, mrcall_internal.source_query(p.relation, p.columns)
                   || coalesce(E'\n    AND ' || mrcall_internal.server_mark(to_regclass(p.relation)), '') AS query,
               format('The rows of mrcall.%s that lie in %s', p.logical_table, p.relation) AS what,
               (SELECT jsonb_object_agg(c.name, c.what) FROM mrcall_internal.source_columns() AS c
                WHERE c.logical_table = p.logical_table) AS comments
        FROM part AS p
        WHERE p.is_spread
        UNION ALL
        SELECT format('mrcall.%I', p.logical_table),
               CASE WHEN s.query IS NOT NULL THEN
                        s.query || CASE p.logical_table WHEN 'calls' THEN mrcall_internal.archived_calls() ELSE '' END
                    WHEN p.logical_table = 'calls' THEN mrcall_internal.calls_query(p.relation, p.columns)
                    ELSE mrcall_internal.source_query(p.relation, p.columns)
                         || coalesce(E'\n    AND ' || mrcall_internal.server_mark(to_regclass(p.relation)), '') END,
               (SELECT t.purpose FROM mrcall_internal.source_tables() AS t WHERE t.logical_table = p.logical_table),
               (SELECT jsonb_object_agg(c.name, c.what) FROM mrcall_internal.source_columns() AS c
                WHERE c.logical_table = p.logical_table)
        FROM part AS p
        LEFT JOIN spread AS s ON s.logical_table = p.logical_table
        WHERE p.part = 1
        UNION ALL
        SELECT 'mrcall_internal.call_starts',
               coalesce((SELECT s.starts FROM spread AS s WHERE s.logical_table = 'calls'),
                        mrcall_internal.source_query(p.relation, p.start_columns)),
               'When calls began; without the archived ones',
               '{"business_id": "As calls.business_id", "started_at": "As calls.started_at"}'
        FROM part AS p
        WHERE p.logical_table = 'calls' AND p.part = 1
        UNION ALL
        SELECT v.relation, v.query, v.what,
               (SELECT jsonb_object_agg(c.name, c.what) FROM mrcall_internal.view_columns() AS c WHERE c.relation = v.relation)
        FROM mrcall_internal.views() AS v
    )
    SELECT w.relation, w.query, w.what, w.comments
    FROM wanted AS w
    LEFT JOIN mrcall_internal.view_names() AS n ON n.relation = w.relation
    -- New parts are no views yet; all others stand on parts.
    ORDER BY coalesce(n.nr, 0), w.relation
$$;
COMMENT ON FUNCTION mrcall_internal.wanted_views(jsonb) IS 'The queries and comments of the views, in order';

-- Who attaches and detaches: the owner of the schema, and whoever may become that role. Not a superuser as such, who would run what
-- another role wrote: its triggers, its mapping.
CREATE FUNCTION mrcall_internal.check_owner()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owner constant name := mrcall_internal.owner();
    privilege constant text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT pg_has_role(current_user, owner, privilege)
       OR (SELECT bool_or(r.rolsuper) AND NOT bool_and(r.rolsuper) FROM pg_roles AS r WHERE r.rolname IN (current_user, owner)) THEN
        RAISE EXCEPTION 'this is for the owner of the schema mrcall, role "%"', owner
            USING ERRCODE = '42501', HINT = format('Connect as that role, or run it as that role: SET ROLE %I;', owner);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_owner() IS '42501 for who is not, and may not become, the owner of the schema mrcall';

-- How long attach and detach wait for a lock, in milliseconds: who waits for an exclusive lock keeps all others waiting.
CREATE FUNCTION mrcall_internal.longest_wait()
RETURNS int
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(min(s.setting::int), 5000) FROM pg_settings AS s
    WHERE s.name = 'lock_timeout' AND s.setting::int BETWEEN 1 AND 5000
$$;
COMMENT ON FUNCTION mrcall_internal.longest_wait() IS 'The session''s lock_timeout where it is below 5 seconds, else those';

-- One attach or detach at a time.
CREATE FUNCTION mrcall_internal.lock_attach()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM set_config('lock_timeout', mrcall_internal.longest_wait()::text, true);
    PERFORM pg_advisory_xact_lock(1836213089, 1);
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'another attach or detach is running'
        USING ERRCODE = '55P03', HINT = 'Run it again when its transaction has ended.';
END
$$;
COMMENT ON FUNCTION mrcall_internal.lock_attach() IS 'One attach at a time, and none that waits for long';

-- What attach, detach, maintain and unmaintain begin with, behind check_owner, which everybody may call: all that they make is the
-- owner's, whoever of its members runs them, and they take turns. Returns the settings of role and lock_timeout as they were; an error
-- brings them back by itself.
CREATE FUNCTION mrcall_internal.begin_as_owner()
RETURNS text[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    former constant text[] := ARRAY[current_setting('role'), current_setting('lock_timeout')];
BEGIN
    IF current_user <> mrcall_internal.owner() THEN
        PERFORM set_config('role', mrcall_internal.owner(), true);
    END IF;
    PERFORM mrcall_internal.lock_attach();
    RETURN former;
END
$$;
COMMENT ON FUNCTION mrcall_internal.begin_as_owner() IS 'Goes on as the owner of the schema mrcall, one at a time';

CREATE FUNCTION mrcall_internal.end_as_owner(former text[])
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT set_config('role', former[1], true), set_config('lock_timeout', former[2], true)
$$;
COMMENT ON FUNCTION mrcall_internal.end_as_owner(text[]) IS 'Puts back the settings that begin_as_owner has changed';

-- Locks views and tables as a change of them does, all or none. It never waits long with a lock in its hands, so it takes part in no
-- deadlock and keeps nobody waiting. (LOCK TABLE of a view would lock the tables below it too.)
CREATE FUNCTION mrcall_internal.lock_relations(relations text[])
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest constant int := mrcall_internal.longest_wait();
    deadline constant timestamptz := clock_timestamp() + longest * interval '1 millisecond';
    name text;
    pids text;
BEGIN
    LOOP
        BEGIN
            PERFORM set_config('lock_timeout', least(longest, 100)::text, true);
            FOR name IN SELECT r.name FROM unnest(relations) AS r (name) ORDER BY r.name COLLATE "C" LOOP
                EXECUTE format(CASE (SELECT c.relkind FROM pg_class AS c WHERE c.oid = to_regclass(name))
                                   WHEN 'v' THEN 'ALTER VIEW %s SET (security_invoker = true)'
                                   ELSE 'LOCK TABLE %s IN ACCESS EXCLUSIVE MODE' END, name);
            END LOOP;
            PERFORM set_config('lock_timeout', longest::text, true);
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL;
        END;
        IF clock_timestamp() >= deadline THEN
            SELECT string_agg(DISTINCT l.pid::text, ', ') INTO pids
            FROM pg_locks AS l
            WHERE l.relation = to_regclass(name) AND l.granted AND l.pid <> pg_backend_pid()
              AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database());
            RAISE EXCEPTION '% is in use', name
                USING ERRCODE = '55P03', DETAIL = format('Processes that hold locks on it: %s.', coalesce(pids, 'none now')),
                    HINT = 'Run it again when their transactions have ended, or with a longer lock_timeout (5 s at most).';
        END IF;
        PERFORM pg_sleep(least(longest, 50) / 1000.0);
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.lock_relations(text[]) IS
    'Locks views and tables exclusively, all at once; 55P03 when one stays in use';

-- Whether a view is missing or not what it is to be, its comments aside. A view made beside it tells: the text of one is not that of
-- the statement that made it.
CREATE FUNCTION mrcall_internal.view_differs(relation text, query text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    differs boolean;
BEGIN
    IF to_regclass(relation) IS NULL THEN
        RETURN true;
    END IF;
    BEGIN
        EXECUTE 'CREATE VIEW mrcall_internal.attach_compares AS ' || query;
    EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function THEN
        -- It stands on a view that is to change, too.
        RETURN true;
    END;
    SELECT count(DISTINCT pg_get_viewdef(c.oid)) > 1 OR count(*) <> 2
           OR count(DISTINCT (SELECT array_agg(ROW(a.attname, a.atttypid, a.atttypmod, a.attcollation)::text ORDER BY a.attnum)
                              FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0)) > 1
           OR NOT bool_or(c.reloptions = '{security_invoker=true}')
    INTO differs
    FROM pg_class AS c
    WHERE c.oid IN (to_regclass(view_differs.relation), 'mrcall_internal.attach_compares'::regclass) AND c.relkind = 'v';
    DROP VIEW mrcall_internal.attach_compares;
    RETURN coalesce(differs, true);
END
$$;
COMMENT ON FUNCTION mrcall_internal.view_differs(text, text) IS 'Whether attach has to make a view anew';

-- Grants again what could be read before detach, and what grant_read had granted on a view that DROP EXTENSION has taken. A role that
-- is gone meanwhile has lost it.
CREATE FUNCTION mrcall_internal.regrant(name text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('GRANT %s ON %s TO %s%s', g.privilege, name, CASE g.grantee WHEN '' THEN 'PUBLIC' ELSE quote_ident(g.grantee) END,
                      CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM mrcall_internal.detached_grant AS g
        WHERE g.relation = name AND (g.grantee = '' OR EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = g.grantee))
        UNION ALL
        SELECT format('GRANT SELECT ON %s TO %I', name, g.role)
        FROM mrcall_internal.granted_right AS g
        JOIN pg_roles AS r ON r.oid = g.role_id AND r.rolname = g.role
        WHERE g.kind = 'table' AND g.object = name
    LOOP
        EXECUTE statement;
    END LOOP;
    DELETE FROM mrcall_internal.detached_grant AS g WHERE g.relation = name;
END
$$;
COMMENT ON FUNCTION mrcall_internal.regrant(text) IS 'Grants on a view what detach has taken note of';

-- Makes the views that are missing or differ, and no others.
CREATE FUNCTION mrcall_internal.make_views(resolved jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted record;
    changed text[] := '{}';
    former text[];
BEGIN
    SELECT c.oid::regclass::text AS name, pg_get_userbyid(c.relowner) AS owner INTO wanted
    FROM mrcall_internal.view_names() AS v
    JOIN pg_class AS c ON c.oid = to_regclass(v.relation)
    WHERE pg_get_userbyid(c.relowner) <> current_user
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% belongs to %', wanted.name, wanted.owner
            USING ERRCODE = '55000', HINT = format('That role gives it to the owner of the schema: ALTER TABLE %s OWNER TO %I;',
                wanted.name, current_user);
    END IF;
    FOR wanted IN SELECT w.relation, w.query FROM mrcall_internal.wanted_views(resolved) AS w LOOP
        IF mrcall_internal.view_differs(wanted.relation, wanted.query) THEN
            changed := changed || wanted.relation;
        END IF;
    END LOOP;
    -- Parts that are none any more: nothing stands on them once the others are made.
    SELECT coalesce(array_agg(p.relation), '{}') INTO former
    FROM mrcall_internal.part_views() AS p
    WHERE p.relation NOT IN (SELECT w.relation FROM mrcall_internal.wanted_views(resolved) AS w);
    PERFORM mrcall_internal.lock_relations(ARRAY(
        SELECT c.name FROM unnest(changed || former) AS c (name) WHERE to_regclass(c.name) IS NOT NULL));
    FOR wanted IN
        SELECT w.*, to_regclass(w.relation) IS NULL AS is_new FROM mrcall_internal.wanted_views(resolved) AS w
    LOOP
        IF wanted.relation = ANY (changed) THEN
            EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_invoker = true) AS %s', wanted.relation, wanted.query);
        END IF;
        IF wanted.is_new THEN
            PERFORM mrcall_internal.regrant(wanted.relation);
        END IF;
        PERFORM mrcall_internal.describe(wanted.relation::regclass, wanted.what, wanted.comments);
    END LOOP;
    IF former <> '{}' THEN
        EXECUTE 'DROP VIEW ' || array_to_string(former, ', ');
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.make_views(jsonb) IS 'Makes the views that are missing or are not what they are to be';

-- What was attached before the views went stands in for a mapping that says nothing, until one says something.
CREATE FUNCTION mrcall_internal.kept_mapping()
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN mrcall_internal.is_attached() AND NOT EXISTS (SELECT FROM mrcall.source AS s WHERE s.is_default) THEN NULL
        -- The reference schema needs no mapping.
        WHEN NOT EXISTS (
            SELECT FROM mrcall.source AS s
            CROSS JOIN LATERAL jsonb_each(s.columns) AS c (name, source)
            LEFT JOIN mrcall_internal.compiled_mapping('{}', '{}', 1) AS m ON m.logical_table = s.logical_table AND m.name = c.name
            WHERE (s.relation, c.source) IS DISTINCT FROM (m.relation, m.source::jsonb)) THEN NULL
        ELSE mrcall_internal.attached_mapping() END
$$;
COMMENT ON FUNCTION mrcall_internal.kept_mapping() IS 'The mapping that attach() brings back; NULL where that is the reference schema';

CREATE FUNCTION mrcall_internal.keep_mapping(resolved jsonb, is_default boolean)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO mrcall.source AS s (logical_table, relation, key_expression, columns, version, is_default, parts)
    SELECT r.logical_table, CASE WHEN r.is_spread THEN format('mrcall.%I', r.logical_table) ELSE max(r.relation) END,
           max(r.expression) FILTER (WHERE r.is_key AND r.relation IS NOT NULL),
           jsonb_object_agg(r.name, r.source) FILTER (WHERE r.part = 1), mrcall_internal.installed_version(), is_default,
           CASE WHEN r.is_spread THEN array_agg(r.relation ORDER BY r.part) FILTER (WHERE r.is_key) END
    FROM jsonb_to_recordset(resolved) AS r (logical_table text, part int, is_spread boolean, relation text, name text, source jsonb,
                                            expression text, is_key boolean)
    GROUP BY r.logical_table, r.is_spread
    ON CONFLICT ON CONSTRAINT source_pkey DO UPDATE
    SET relation = excluded.relation, key_expression = excluded.key_expression, columns = excluded.columns,
        version = excluded.version, is_default = excluded.is_default, parts = excluded.parts,
        begins_at = CASE WHEN s.relation = excluded.relation AND s.parts IS NOT DISTINCT FROM excluded.parts THEN s.begins_at END
    WHERE (s.relation, s.key_expression, s.columns, s.version, s.is_default, s.parts)
        IS DISTINCT FROM (excluded.relation, excluded.key_expression, excluded.columns, excluded.version, excluded.is_default,
                          excluded.parts)
$$;
COMMENT ON FUNCTION mrcall_internal.keep_mapping(jsonb, boolean) IS 'Writes mrcall.source';

CREATE FUNCTION mrcall.attach(mapping jsonb DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET quote_all_identifiers = off
AS $$
DECLARE
    former text[];
    caller constant name := current_user;
    kept jsonb;
    resolved jsonb;
    hint text;
BEGIN
    PERFORM mrcall_internal.check_mapping(mapping);
    PERFORM mrcall_internal.check_owner();
    former := mrcall_internal.begin_as_owner();
    PERFORM mrcall_internal.make_kept_tables();
    IF mapping = '{}' THEN
        kept := mrcall_internal.kept_mapping();
    END IF;
    SELECT jsonb_agg(to_jsonb(r)) INTO resolved FROM mrcall_internal.resolve_columns(coalesce(kept, mapping)) AS r;
    PERFORM mrcall_internal.raise_problems(resolved, kept);
    PERFORM mrcall_internal.check_parts(resolved);
    PERFORM mrcall_internal.make_views(resolved);
    PERFORM mrcall_internal.keep_mapping(resolved, kept IS NOT NULL);
    PERFORM mrcall_internal.renew_facts();
    PERFORM mrcall_internal.protect_kept_tables();
    PERFORM mrcall_internal.note_first_event();
    INSERT INTO mrcall.audit (at, role, login, action, result)
    SELECT clock_timestamp(), caller, session_user, 'attach',
           jsonb_object_agg(s.logical_table, coalesce(to_jsonb(s.parts), to_jsonb(s.relation)))
    FROM mrcall.source AS s;
    PERFORM mrcall_internal.end_as_owner(former);
    RETURN (SELECT format('%s of %s logical tables attached', count(t.relation), count(*))
            FROM (SELECT r.logical_table, max(r.relation) AS relation
                  FROM jsonb_to_recordset(resolved) AS r (logical_table text, relation text) GROUP BY r.logical_table) AS t);
EXCEPTION WHEN lock_not_available THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    IF hint <> '' THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'a table that attach needs stays locked'
        USING ERRCODE = '55P03', DETAIL = sqlerrm || '.', HINT = 'Run it again when the transactions that lock it have ended.';
END
$$;
COMMENT ON FUNCTION mrcall.attach(jsonb) IS
    'Finds the source tables (of the reference schema, or those the mapping names) and creates the views that all reports read';
