-- doctor: foreign tables and functions of the host. See docs/doctor.md.

CREATE FUNCTION mrcall_internal.check_foreign_tables()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    WITH part AS (
        SELECT s.logical_table, to_regclass(s.relation) AS relation, f.ftrelid, f.ftserver, r.srvname, r.srvoptions, f.ftoptions,
               w.fdwname
        FROM mrcall_internal.source_parts() AS s
        JOIN pg_foreign_table AS f ON f.ftrelid = mrcall_internal.foreign_part(to_regclass(s.relation))
        JOIN pg_foreign_server AS r ON r.oid = f.ftserver
        JOIN pg_foreign_data_wrapper AS w ON w.oid = r.srvfdw
    ),
    option AS (
        SELECT p.*, (SELECT o.option_value FROM pg_options_to_table(p.ftoptions) AS o WHERE o.option_name = 'fetch_size') AS own_size,
               (SELECT o.option_value FROM pg_options_to_table(p.srvoptions) AS o WHERE o.option_name = 'fetch_size') AS server_size
        FROM part AS p
    )
    SELECT 'info', o.ftrelid::regclass::text,
           format('its rows come from the server "%s", %s at a time', o.srvname, coalesce(o.own_size, o.server_size, '100')),
           format('ALTER FOREIGN TABLE %s OPTIONS (%s fetch_size ''10000'');', o.ftrelid::regclass,
                  CASE WHEN o.own_size IS NULL THEN 'ADD' ELSE 'SET' END)
    FROM option AS o
    WHERE o.fdwname = 'postgres_fdw' AND coalesce(o.own_size, o.server_size, '100')::int < 1000
    UNION ALL
    SELECT 'info', o.ftrelid::regclass::text,
           format('the server "%s" should have an index on (%s): %s; run there: CREATE INDEX CONCURRENTLY ON %s (%s);', o.srvname,
                  array_to_string(w.names, ', '), w.purpose,
                  concat_ws('.', (SELECT quote_ident(x.option_value) FROM pg_options_to_table(o.ftoptions) AS x
                                  WHERE x.option_name = 'schema_name'),
                            coalesce((SELECT quote_ident(x.option_value) FROM pg_options_to_table(o.ftoptions) AS x
                                      WHERE x.option_name = 'table_name'),
                                     (SELECT quote_ident(c.relname) FROM pg_class AS c WHERE c.oid = o.ftrelid))),
                  (SELECT string_agg(quote_ident(coalesce((SELECT x.option_value FROM pg_options_to_table(a.attfdwoptions) AS x
                                                           WHERE x.option_name = 'column_name'), n.name)), ', ' ORDER BY n.nr)
                   FROM unnest(w.names) WITH ORDINALITY AS n (name, nr)
                   LEFT JOIN pg_attribute AS a ON a.attrelid = o.ftrelid AND a.attname = n.name)), NULL
    FROM option AS o
    JOIN mrcall_internal.wanted_indexes() AS w ON w.relation = o.relation
    UNION ALL
    SELECT 'info', o.ftrelid::regclass::text,
           format('%s cannot write to it from here: run it on the server "%s"', x.writer, o.srvname), NULL
    FROM option AS o
    JOIN (VALUES ('customers', 'link_visitor'), ('calls', 'apply_session_retention')) AS x (logical_table, writer)
        ON x.logical_table = o.logical_table
    ORDER BY 2, 3
$$;
COMMENT ON FUNCTION mrcall_internal.check_foreign_tables() IS 'doctor: sources that lie on other servers';

-- The functions of a database's owner that run when the sources are read: in policies, in expressions of the mapping, in views that are
-- sources. A function without a path of its own, whose body is text, finds what it names by the path of whoever runs it.
CREATE FUNCTION mrcall_internal.check_host_functions()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE relation (oid) AS (
        SELECT c.oid
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN mrcall.source AS s ON n.nspname = 'mrcall' AND c.relname = s.logical_table AND c.relkind = 'v'
        UNION
        SELECT d.refobjid
        FROM relation AS v
        JOIN pg_rewrite AS r ON r.ev_class = v.oid
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    ),
    user_of (classid, objid) AS (
        SELECT 'pg_rewrite'::regclass, r.oid FROM pg_rewrite AS r JOIN relation AS v ON v.oid = r.ev_class
        UNION ALL
        SELECT 'pg_policy'::regclass, y.oid FROM pg_policy AS y JOIN relation AS v ON v.oid = y.polrelid
    )
    SELECT 'info', f.oid::regprocedure::text,
           'reads by the search_path of whoever runs it: a restore, and REFRESH MATERIALIZED VIEW from PostgreSQL 17 on, run it with '
           'pg_catalog alone, and find nothing that it names without a schema',
           format('ALTER FUNCTION %s SET search_path = %s;', f.oid::regprocedure, quote_ident(n.nspname) || ', pg_temp')
    FROM (SELECT DISTINCT d.refobjid AS oid FROM user_of AS u
          JOIN pg_depend AS d ON d.classid = u.classid AND d.objid = u.objid AND d.refclassid = 'pg_proc'::regclass) AS used
    JOIN pg_proc AS f ON f.oid = used.oid
    JOIN pg_namespace AS n ON n.oid = f.pronamespace
    JOIN pg_language AS l ON l.oid = f.prolang AND l.lanname NOT IN ('internal', 'c')
    WHERE n.nspname <> 'pg_catalog' AND f.prosqlbody IS NULL
      AND NOT EXISTS (SELECT FROM unnest(f.proconfig) AS s (setting) WHERE starts_with(s.setting, 'search_path='))
      AND NOT EXISTS (SELECT FROM pg_depend AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = f.oid AND m.deptype = 'e')
    ORDER BY f.oid::regprocedure::text COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.check_host_functions() IS 'doctor: functions of the database''s owner that depend on who runs them';
