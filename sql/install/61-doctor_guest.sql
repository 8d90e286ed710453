-- doctor: how the extension stands in a database that is somebody else's: owners, rights, policies, other servers, stored answers.
-- See docs/doctor.md.

-- All that the extension is made of follows the schema's owner (REASSIGN OWNED); what somebody gave away does not.
CREATE FUNCTION mrcall_internal.check_ownership()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'error', 'mrcall_ext',
           format('%s owns the schema but may not call %s (their owner or a superuser has to grant it)', o.name,
                  string_agg(p.oid::regproc::text, ', ' ORDER BY p.oid::regproc::text COLLATE "C")),
           format('GRANT EXECUTE ON ROUTINE %s TO %s WITH GRANT OPTION;',
                  string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.oid::regproc::text COLLATE "C"), quote_ident(o.name))
    FROM (SELECT mrcall_internal.owner()) AS o (name)
    CROSS JOIN pg_extension AS e
    JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        AND d.classid = 'pg_proc'::regclass
    JOIN pg_proc AS p ON p.oid = d.objid
    WHERE e.extname = 'mrcall_ext' AND p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype
      AND NOT has_function_privilege(o.name, p.oid, 'EXECUTE WITH GRANT OPTION')
    GROUP BY o.name
    UNION ALL
    (SELECT 'warning', x.object,
            format('belongs to %s, the schema to %s, who cannot attach again or grant it', x.owner::regrole, n.nspowner::regrole),
            format('ALTER %s %s OWNER TO %s;', x.kind, x.object, n.nspowner::regrole)
     FROM (SELECT c.oid::regclass::text, c.relnamespace, c.relowner, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END
           FROM pg_class AS c WHERE c.relkind IN ('r', 'v')
           UNION ALL
           -- The others are the server's own, as in any trusted extension.
           SELECT p.oid::regprocedure::text, p.pronamespace, p.proowner, 'ROUTINE'
           FROM pg_proc AS p WHERE (p.provolatile = 'v' OR p.prosecdef) AND p.prorettype <> 'trigger'::regtype
          ) AS x (object, schema, owner, kind)
     JOIN pg_namespace AS n ON n.oid = x.schema
     WHERE n.nspname IN ('mrcall', 'mrcall_internal') AND x.owner <> n.nspowner
     ORDER BY x.object COLLATE "C")
$$;
COMMENT ON FUNCTION mrcall_internal.check_ownership() IS 'doctor: what the owner of the extension owns no longer';

CREATE FUNCTION mrcall_internal.check_row_security()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN s.relation IS NULL THEN 'warning' ELSE 'error' END, m.relation::text,
           CASE WHEN s.relation IS NULL THEN 'its policies are missing or changed: row-level security of the sources will not hold for it'
                ELSE format('its policies are missing or changed, but %s has row-level security: whoever may read it sees what others'' '
                            'rows left there', s.relation) END,
           'SELECT mrcall.attach();'
    FROM (SELECT p.relation FROM mrcall_internal.missing_policies() AS p
          UNION
          SELECT r.relation FROM mrcall_internal.missing_row_security() AS r) AS m
    CROSS JOIN (SELECT min(x.relation) AS relation
                FROM mrcall.source AS x
                JOIN pg_class AS c ON c.oid = to_regclass(x.relation) AND c.relrowsecurity
                WHERE x.logical_table IN ('calls', 'businesses')) AS s
    ORDER BY m.relation::text COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.check_row_security() IS 'doctor: policies of kept tables that are not as attach makes them';

-- A view that shows its rows by who reads, but is no security_barrier, is as any other to hides_rows. Its text tells, and functions of
-- the host that it calls might.
CREATE FUNCTION mrcall_internal.check_tenant_views()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE view (oid, is_below) AS (
        -- is_below: below a view that is one, which hides what this one shows.
        SELECT to_regclass(s.relation)::oid, false FROM mrcall.source AS s WHERE s.logical_table IN ('calls', 'businesses')
        UNION
        SELECT d.refobjid, v.is_below OR coalesce(o.option_value::boolean, false)
        FROM view AS v
        JOIN pg_class AS c ON c.oid = v.oid
        LEFT JOIN LATERAL pg_options_to_table(c.reloptions) AS o ON o.option_name = 'security_barrier'
        JOIN pg_rewrite AS r ON r.ev_class = v.oid
        JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    )
    SELECT 'warning', v.oid::regclass::text,
           format('may show other rows to other readers (by %s), but is no security_barrier: archived calls and first calls are shown to '
                  'all who may read them', by.what),
           format('ALTER VIEW %s SET (security_barrier);', v.oid::regclass)
    FROM (SELECT DISTINCT w.oid FROM view AS w
          JOIN pg_class AS c ON c.oid = w.oid AND c.relkind = 'v'
          WHERE NOT w.is_below
            AND NOT EXISTS (SELECT FROM pg_options_to_table(c.reloptions) AS o
                            WHERE o.option_name = 'security_barrier' AND o.option_value::boolean)) AS v
    CROSS JOIN LATERAL (
        SELECT coalesce(
            substring(regexp_replace(pg_get_viewdef(v.oid), '''[^'']*''', '', 'g') FROM
                      '[[:<:]](CURRENT_USER|SESSION_USER|CURRENT_ROLE|USER|current_setting|pg_has_role|has_[a-z_]+_privilege)[[:>:]]'),
            (SELECT min(p.oid::regproc::text COLLATE "C")
             FROM pg_rewrite AS r
             JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_proc'::regclass
             JOIN pg_proc AS p ON p.oid = d.refobjid AND p.provolatile <> 'i' AND p.pronamespace <> 'pg_catalog'::regnamespace
             WHERE r.ev_class = v.oid
               AND NOT EXISTS (SELECT FROM pg_depend AS m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid AND m.deptype = 'e')))
    ) AS by (what)
    WHERE by.what IS NOT NULL
    ORDER BY v.oid::regclass::text COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.check_tenant_views() IS
    'doctor: views that show rows by who reads in a way that kept tables do not see';

CREATE FUNCTION mrcall_internal.check_spend()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF has_table_privilege('mrcall.spend', 'SELECT') AND has_table_privilege('mrcall.channel_rule', 'SELECT') THEN
        RETURN QUERY
        WITH known AS (
            SELECT mrcall_internal.channels() || array_agg(r.channel ORDER BY r.channel COLLATE "C") AS channels
            FROM mrcall.channel_rule AS r
        )
        SELECT 'warning'::text, 'spend.channel'::text,
               format('%s rows of channel "%s", which no report has: their costs stand beside nothing (is it "%s"?)', count(*), s.channel,
                      mrcall_internal.nearest_name(s.channel, k.channels)),
               format('SELECT * FROM mrcall.spend WHERE channel = %L;', s.channel)
        FROM mrcall.spend AS s
        CROSS JOIN known AS k
        WHERE s.channel COLLATE "C" <> ALL (k.channels)
        GROUP BY s.channel COLLATE "C", s.channel, k.channels
        ORDER BY count(*) DESC, s.channel COLLATE "C"
        LIMIT 20;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_spend() IS 'doctor: costs of channels that there are not';

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

-- What an index says by which rules it was built; without a word by those of the first release.
CREATE FUNCTION mrcall_internal.first_rules()
RETURNS TABLE (function_name text, version text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
AS $$
    VALUES ('arrival', '2.1.1/2.1.247'), ('channel', '2.1.1/2.1.247'), ('is_arrival', '2.1.1/2.1.247'), ('is_paid', '2'),
           ('url_domain', '2.1.247'), ('is_bot', '2.1'), ('device', '2.1'), ('agent', '2.1'), ('stripe_ids', '1'), ('apple_ids', '1')
$$;
COMMENT ON FUNCTION mrcall_internal.first_rules() IS 'The rules of the first release, as mrcall_internal.rules has those of this one';

CREATE FUNCTION mrcall_internal.check_rules()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', x.index::text,
           format('holds answers of mrcall.%s by rules %s, which are %s now: what it finds may be wrong%s', x.function_name, x.built_by,
                  x.version, CASE WHEN x.is_hyper THEN ' (a chunk cannot be written while it is indexed)' ELSE '' END),
           -- TimescaleDB builds no index anew.
           CASE WHEN x.is_hyper THEN format(E'DROP INDEX %s;\n%s%s;\n', x.index, pg_get_indexdef(x.index),
                                            CASE WHEN x.is_plain THEN ' WITH (timescaledb.transaction_per_chunk)' ELSE '' END)
                ELSE format(E'REINDEX INDEX CONCURRENTLY %s;\n', x.index) END
           || format('COMMENT ON INDEX %s IS %L;', x.index,
                     concat_ws(' ', nullif(regexp_replace(x.said, '[[:space:]]*mrcall rules:.*$', ''), ''),
                               'mrcall rules: ' || x.all_rules))
    FROM (
        SELECT i.index, i.said, i.is_hyper, i.is_plain, r.function_name, r.version,
               coalesce(substring(i.said FROM 'mrcall rules:.* ' || r.function_name || ' ([^ ,]+)'), f.version) AS built_by,
               string_agg(format('%s %s', r.function_name, r.version), ', ') OVER (PARTITION BY i.index) AS all_rules
        FROM (SELECT DISTINCT d.objid::regclass AS index, d.refobjid AS function_oid, obj_description(d.objid, 'pg_class') AS said,
                     coalesce(x.indrelid = ANY (mrcall_internal.hypertables()), false) AS is_hyper,
                     x.indpred IS NULL AND NOT x.indisunique AND xc.reloptions IS NULL AS is_plain
              FROM pg_depend AS d
              JOIN pg_index AS x ON x.indexrelid = d.objid
              JOIN pg_class AS xc ON xc.oid = d.objid
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_proc'::regclass
                -- A chunk's index is its hypertable's.
                AND NOT EXISTS (SELECT FROM pg_inherits AS h WHERE h.inhrelid IN (d.objid, x.indrelid))) AS i
        JOIN pg_proc AS p ON p.oid = i.function_oid AND p.pronamespace = 'mrcall'::regnamespace
        JOIN mrcall_internal.rules() AS r ON r.function_name = p.proname
        JOIN mrcall_internal.first_rules() AS f ON f.function_name = r.function_name
    ) AS x
    WHERE x.built_by <> x.version
    ORDER BY x.index::text COLLATE "C", x.function_name
$$;
COMMENT ON FUNCTION mrcall_internal.check_rules() IS 'doctor: indexes by functions whose rules have changed since';

-- Generated columns are compared with what their expressions say now. path: as check_values'.
CREATE FUNCTION mrcall_internal.check_generated(path text)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    stale bigint;
BEGIN
    FOR col IN
        SELECT a.attrelid::regclass AS relation, a.attname, pg_get_expr(e.adbin, e.adrelid) AS expression,
               -- An update computes the column only where it names a column that the expression reads.
               (SELECT b.attname FROM pg_depend AS u JOIN pg_attribute AS b ON b.attrelid = u.refobjid AND b.attnum = u.refobjsubid
                WHERE u.refclassid = 'pg_class'::regclass AND u.refobjid = e.adrelid AND u.refobjsubid NOT IN (0, e.adnum)
                  AND (u.classid = 'pg_attrdef'::regclass AND u.objid = e.oid
                       OR u.classid = 'pg_class'::regclass AND u.objid = e.adrelid AND u.objsubid = e.adnum)
                ORDER BY b.attnum LIMIT 1) AS base,
               string_agg(DISTINCT p.oid::regproc::text, ', ') AS functions
        FROM mrcall_internal.rules() AS r
        JOIN pg_proc AS p ON p.pronamespace = 'mrcall'::regnamespace AND p.proname = r.function_name
        JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
        -- Of the column itself up to PostgreSQL 15.
        JOIN pg_attrdef AS e ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
            OR d.classid = 'pg_class'::regclass AND d.objid = e.adrelid AND d.objsubid = e.adnum
        JOIN pg_attribute AS a ON a.attrelid = e.adrelid AND a.attnum = e.adnum AND a.attgenerated = 's'
        -- The expression of another role's table is that role's code, which is not run with the rights of this one.
        JOIN pg_class AS c ON c.oid = a.attrelid AND c.relowner = (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = current_user)
        WHERE NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = a.attrelid)
        GROUP BY a.attrelid, a.attname, e.oid, e.adbin, e.adrelid, e.adnum
        ORDER BY a.attrelid::regclass::text COLLATE "C", a.attname
    LOOP
        PERFORM set_config('search_path', path, true);
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s AS t WHERE (t.%I)::pg_catalog.text COLLATE "C" '
                                  'IS DISTINCT FROM (%s)::pg_catalog.text COLLATE "C"', col.relation, col.attname, col.expression)
            INTO stale;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        IF stale > 0 THEN
            RETURN QUERY
            SELECT 'warning'::text, format('%s.%I', col.relation, col.attname),
                   format('%s rows were made by other rules than %s has now (the fix writes them anew)', stale, col.functions),
                   format('UPDATE %1$s SET %2$I = %2$I WHERE %3$I IS DISTINCT FROM (%4$s);', col.relation, col.base, col.attname,
                          col.expression);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_generated(text) IS 'doctor: generated columns whose values are not what their functions say now';
