-- Logical tables whose rows lie in several tables, on several servers. See docs/several_servers.md.

-- mrcall.source by physical tables: what looks at tables looks at each part.
CREATE FUNCTION mrcall_internal.source_parts()
RETURNS TABLE (logical_table text, part int, relation text, key_expression text, columns jsonb, is_spread boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.logical_table, p.part::int, p.relation, s.key_expression, s.columns, s.parts IS NOT NULL
    FROM mrcall.source AS s
    CROSS JOIN LATERAL unnest(coalesce(s.parts, ARRAY[s.relation])) WITH ORDINALITY AS p (relation, part)
$$;
COMMENT ON FUNCTION mrcall_internal.source_parts() IS 'The physical tables of the logical ones, each part in a row of its own';

-- The views of the parts that there are.
CREATE FUNCTION mrcall_internal.part_views()
RETURNS TABLE (relation text, logical_table text, part int)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT format('mrcall_internal.%I', c.relname), t.logical_table, substring(c.relname FROM '[0-9]+$')::int
    FROM mrcall_internal.source_tables() AS t
    JOIN pg_class AS c ON substring(c.relname FROM '^(.*)_part_[0-9]{1,3}$') = t.logical_table
    WHERE c.relnamespace = 'mrcall_internal'::regnamespace AND c.relkind = 'v'
$$;
COMMENT ON FUNCTION mrcall_internal.part_views() IS 'The views over the parts of logical tables that attach has made';

-- A condition that holds for each row and names the server in what is asked of it: an error over there names that query, and by it the
-- server (src/pg/remote_error.rs). NULL for a table that is here. jsonb, because a text would bring a collation.
CREATE FUNCTION mrcall_internal.server_mark(relation regclass)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('pg_catalog.num_nonnulls(%L::pg_catalog.jsonb, %I) IS NOT NULL', jsonb_build_object('server', s.srvname), a.attname)
    FROM pg_foreign_table AS f
    JOIN pg_foreign_server AS s ON s.oid = f.ftserver
    JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw AND w.fdwname = 'postgres_fdw'
    JOIN pg_attribute AS a ON a.attrelid = f.ftrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid < 10000
    WHERE f.ftrelid = relation
    ORDER BY a.attnum
    LIMIT 1
$$;
COMMENT ON FUNCTION mrcall_internal.server_mark(regclass) IS 'A condition by which the queries of a foreign table name its server';

-- Begins on each server, one after the other: an error of a connection that is being made names its server only where it is the
-- only one. The comment is the mark that src/pg/remote_error.rs finds. Nothing crosses that would not cross with the first query.
CREATE FUNCTION mrcall_internal.reach_servers()
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT DISTINCT ON (s.srvname) p.relation, jsonb_build_object('server', s.srvname) AS mark
        FROM mrcall_internal.part_views() AS p
        JOIN pg_rewrite AS r ON r.ev_class = to_regclass(p.relation)
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
        JOIN pg_foreign_table AS f ON f.ftrelid = d.refobjid
        JOIN pg_foreign_server AS s ON s.oid = f.ftserver
        ORDER BY s.srvname, p.relation
    LOOP
        EXECUTE format('SELECT FROM %s LIMIT 0 -- num_nonnulls(%L', part.relation, part.mark);
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.reach_servers() IS 'Begins on each server that rows lie on, or raises the error that names it';

-- Keys of a path that a bytea would read otherwise stay as they are: then the document travels.
CREATE FUNCTION mrcall_internal.far_expression(expression text, relation regclass)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN expression NOT LIKE '%\\%' AND EXISTS (SELECT FROM pg_foreign_table AS f WHERE f.ftrelid = relation)
        THEN regexp_replace(expression, '\mmrcall_internal\.field(_timestamptz|_boolean)?\(', 'mrcall_internal.far_field\1(', 'g')
        ELSE expression END
$$;
COMMENT ON FUNCTION mrcall_internal.far_expression(text, regclass) IS
    'An expression over a table, so that the fields which it reads are read where the table is';

-- Rows that are read twice count twice.
CREATE FUNCTION mrcall_internal.check_parts(resolved jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
BEGIN
    WITH RECURSIVE named AS (
        SELECT DISTINCT r.logical_table, r.part, to_regclass(r.relation)::oid AS oid, r.relation
        FROM jsonb_to_recordset(resolved) AS r (logical_table text, part int, relation text, is_spread boolean)
        WHERE r.is_spread
    ),
    below AS (
        SELECT n.logical_table, n.part, n.relation, n.oid FROM named AS n
        UNION
        SELECT b.logical_table, b.part, b.relation, i.inhrelid FROM below AS b JOIN pg_inherits AS i ON i.inhparent = b.oid
    )
    SELECT n.relation, b.relation AS above, n.logical_table, n.oid = to_regclass(b.relation)::oid AS is_same INTO bad
    FROM named AS n
    JOIN below AS b ON b.oid = n.oid AND b.logical_table = n.logical_table AND b.part <> n.part
    ORDER BY n.logical_table, n.part, b.part
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bad tables in the mapping of "%": %', bad.logical_table,
                CASE WHEN bad.is_same THEN format('%s is there twice', bad.relation)
                     ELSE format('%s is a part of %s', bad.relation, bad.above) END
            USING ERRCODE = '22023', HINT = 'Name each table once: its rows would count twice.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_parts(jsonb) IS 'The error of tables that are named twice, or contain each other';

-- Whether states of a logical table are made for each part and merged. The planner asks while it plans: attach makes the views anew
-- where this changes.
CREATE FUNCTION mrcall_internal.is_spread(logical_table text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SUPPORT mrcall_internal.planned_support
AS $$
    SELECT EXISTS (SELECT FROM mrcall.source AS s
                   WHERE s.logical_table OPERATOR(pg_catalog.=) $1 AND s.parts IS NOT NULL)
$$;
COMMENT ON FUNCTION mrcall_internal.is_spread(text) IS 'Whether the rows of a logical table lie in several tables';

-- A query over each part, all of them at once where their servers are async_capable. {part} stands for the part.
CREATE FUNCTION mrcall_internal.over_parts(logical_table text, query text, also text DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(replace($2, '{part}', p.relation), E'\nUNION ALL\n' ORDER BY p.nr)
    FROM (SELECT v.relation, v.part AS nr FROM mrcall_internal.part_views() AS v WHERE v.logical_table = $1
          UNION ALL
          SELECT $3, 1000 WHERE $3 IS NOT NULL) AS p
$$;
COMMENT ON FUNCTION mrcall_internal.over_parts(text, text, text) IS 'The UNION ALL of a query over the parts of a logical table';
