-- mrcall.detach, mrcall.dependents: out of the way of a migration, or out of the database. See docs/sources.md.

-- What others made over the views of attach or, with_members, over anything of the extension, directly or through one another. depth:
-- how far from the extension; a column has its number.
CREATE FUNCTION mrcall_internal.dependent_objects(with_members boolean)
RETURNS TABLE (class oid, object oid, column_number int, depth int)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE ours AS MATERIALIZED (
        SELECT 'pg_class'::regclass::oid AS class, to_regclass(v.relation)::oid AS object, true AS is_root
        FROM mrcall_internal.view_names() AS v
        WHERE to_regclass(v.relation) IS NOT NULL
        UNION ALL
        SELECT d.classid, d.objid, with_members
        FROM pg_extension AS e
        JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        WHERE e.extname = 'mrcall_ext'
        UNION ALL
        -- Parts of members.
        SELECT p.class, p.object, false
        FROM pg_extension AS e
        JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
        CROSS JOIN LATERAL (
            SELECT 'pg_class'::regclass::oid, t.typrelid FROM pg_type AS t
            WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND t.typrelid <> 0
            UNION ALL
            SELECT 'pg_amop'::regclass, o.oid FROM pg_amop AS o WHERE d.classid = 'pg_opfamily'::regclass AND o.amopfamily = d.objid
            UNION ALL
            SELECT 'pg_amproc'::regclass, o.oid FROM pg_amproc AS o WHERE d.classid = 'pg_opfamily'::regclass AND o.amprocfamily = d.objid
        ) AS p (class, object)
        WHERE e.extname = 'mrcall_ext'
        UNION ALL
        -- And of tables that are members.
        SELECT p.class, p.object, false
        FROM pg_extension AS e
        JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
            AND d.classid = 'pg_class'::regclass
        CROSS JOIN LATERAL (
            SELECT 'pg_class'::regclass::oid, i.indexrelid FROM pg_index AS i WHERE i.indrelid = d.objid
            UNION ALL
            SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint AS c WHERE c.conrelid = d.objid
            UNION ALL
            SELECT 'pg_policy'::regclass, x.oid FROM pg_policy AS x WHERE x.polrelid = d.objid
        ) AS p (class, object)
        WHERE e.extname = 'mrcall_ext'
        UNION ALL
        SELECT 'pg_trigger'::regclass, t.oid, false FROM mrcall_internal.leaving_triggers() AS t (oid)
        UNION ALL
        SELECT 'pg_policy'::regclass, p.oid, false FROM mrcall_internal.leaving_policies() AS p (oid)
    ),
    found AS (
        SELECT o.class, o.object, 0 AS column_number, 0 AS depth FROM ours AS o WHERE o.is_root
        UNION
        SELECT n.class, n.object, d.objsubid, f.depth + 1
        FROM found AS f
        JOIN pg_depend AS d ON d.refclassid = f.class AND d.refobjid = f.object
            -- Of a column, what is a part of it stays where it is.
            AND (f.column_number = 0 AND d.deptype IN ('n', 'a', 'i') OR d.refobjsubid = f.column_number AND d.deptype = 'n')
        -- A view depends on what its rule depends on, and a key on what its index does.
        LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_type = '1'
        LEFT JOIN pg_constraint AS k ON d.classid = 'pg_class'::regclass AND k.conindid = d.objid AND k.contype IN ('p', 'u', 'x')
        CROSS JOIN LATERAL (
            SELECT CASE WHEN r.oid IS NOT NULL THEN 'pg_class'::regclass WHEN k.oid IS NOT NULL THEN 'pg_constraint'::regclass
                        ELSE d.classid END AS class,
                   coalesce(r.ev_class, k.oid, d.objid) AS object) AS n
        WHERE (n.class, n.object) <> (f.class, f.object) AND f.depth < 100
          AND NOT EXISTS (SELECT FROM pg_class AS t WHERE n.class = 'pg_class'::regclass AND t.oid = n.object AND t.relkind = 't')
          AND NOT EXISTS (SELECT FROM ours AS o WHERE o.class = n.class AND o.object = n.object)
    )
    SELECT f.class, f.object, f.column_number, max(f.depth)
    FROM found AS f
    WHERE f.depth > 0
      -- What is a part of something else is not named beside it.
      AND NOT EXISTS (SELECT FROM pg_type AS t WHERE f.class = 'pg_type'::regclass AND t.oid = f.object
                      AND (t.typrelid <> 0 OR t.typelem <> 0 AND t.typcategory = 'A'))
      AND NOT EXISTS (SELECT FROM pg_attrdef AS a JOIN pg_attribute AS g ON g.attrelid = a.adrelid AND g.attnum = a.adnum
                      WHERE f.class = 'pg_attrdef'::regclass AND a.oid = f.object AND a.adrelid IN (SELECT o.object FROM ours AS o))
    GROUP BY f.class, f.object, f.column_number
$$;
COMMENT ON FUNCTION mrcall_internal.dependent_objects(boolean) IS 'What others made over the extension''s views, or over all of it';

-- Triggers and policies of the kept tables that need the extension: attach makes them, detach drops them.
CREATE FUNCTION mrcall_internal.leaving_triggers()
RETURNS SETOF oid
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT t.oid
    FROM mrcall_internal.kept_tables() AS k
    JOIN pg_trigger AS t ON t.tgrelid = to_regclass(k.relation) AND NOT t.tgisinternal
    JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = to_regnamespace('mrcall_internal')
$$;
COMMENT ON FUNCTION mrcall_internal.leaving_triggers() IS 'The triggers of kept tables that detach drops';

CREATE FUNCTION mrcall_internal.leaving_policies()
RETURNS SETOF oid
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
    SELECT DISTINCT p.oid
    FROM mrcall_internal.kept_tables() AS k
    JOIN pg_policy AS p ON p.polrelid = to_regclass(k.relation)
    JOIN pg_depend AS d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid IN (SELECT to_regclass(v.relation) FROM mrcall_internal.view_names() AS v)
       OR EXISTS (SELECT FROM pg_depend AS m JOIN pg_extension AS e ON e.oid = m.refobjid AND e.extname = 'mrcall_ext'
                  WHERE m.refclassid = 'pg_extension'::regclass AND m.deptype = 'e' AND m.classid = d.refclassid
                    AND m.objid = d.refobjid)
$$;
COMMENT ON FUNCTION mrcall_internal.leaving_policies() IS 'The policies of kept tables that detach drops';

CREATE FUNCTION mrcall.detach()
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET quote_all_identifiers = off
AS $$
DECLARE
    former text[];
    views text[];
    others text;
    statement text;
BEGIN
    PERFORM mrcall_internal.check_owner();
    former := mrcall_internal.begin_as_owner();
    SELECT coalesce(array_agg(v.relation ORDER BY v.nr DESC), '{}') INTO views
    FROM mrcall_internal.view_names() AS v WHERE to_regclass(v.relation) IS NOT NULL;
    PERFORM mrcall_internal.lock_relations(views || mrcall_internal.fact_sources() || ARRAY(
        SELECT t.tgrelid::regclass::text FROM mrcall_internal.leaving_triggers() AS l (oid) JOIN pg_trigger AS t ON t.oid = l.oid
        UNION
        SELECT p.polrelid::regclass::text FROM mrcall_internal.leaving_policies() AS l (oid) JOIN pg_policy AS p ON p.oid = l.oid));
    SELECT string_agg(pg_describe_object(d.class, d.object, d.column_number), E'\n' ORDER BY d.depth, d.class, d.object) INTO others
    FROM mrcall_internal.dependent_objects(false) AS d;
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'objects of others depend on the views'
            USING ERRCODE = '55000', DETAIL = others, HINT = 'SELECT mrcall.dependents() prints the SQL that drops and remakes them.';
    END IF;
    PERFORM mrcall_internal.end_facts();
    IF to_regclass('mrcall_internal.detached_grant') IS NOT NULL THEN
        INSERT INTO mrcall_internal.detached_grant AS g (relation, grantee, privilege, is_grantable)
        SELECT v.relation, CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee) END, a.privilege_type, bool_or(a.is_grantable)
        FROM unnest(views) AS v (relation)
        JOIN pg_class AS c ON c.oid = to_regclass(v.relation)
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE a.grantee <> c.relowner
        GROUP BY 1, 2, 3
        ON CONFLICT ON CONSTRAINT detached_grant_pkey DO UPDATE SET is_grantable = excluded.is_grantable;
    END IF;
    IF cardinality(views) > 0 AND to_regclass('mrcall.source') IS NOT NULL THEN
        UPDATE mrcall.source SET is_default = true WHERE NOT is_default;
    END IF;
    FOR statement IN
        SELECT format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass)
        FROM mrcall_internal.leaving_policies() AS l (oid) JOIN pg_policy AS p ON p.oid = l.oid
        UNION ALL
        SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
        FROM mrcall_internal.leaving_triggers() AS l (oid) JOIN pg_trigger AS t ON t.oid = l.oid
        UNION ALL
        SELECT 'DROP VIEW ' || array_to_string(views, ', ') WHERE cardinality(views) > 0
    LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM mrcall_internal.end_as_owner(former);
    RETURN format('%s views dropped', cardinality(views));
END
$$;
COMMENT ON FUNCTION mrcall.detach() IS
    'Drops the views that attach made, before a migration of the tables or DROP EXTENSION; attach brings them back';

-- The table or view that an index, trigger, default and so on belongs to; NULL of anything else.
CREATE FUNCTION mrcall_internal.dependent_place(class oid, object oid)
RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE class
        WHEN 'pg_class'::regclass THEN (SELECT x.indrelid FROM pg_index AS x WHERE x.indexrelid = object)
        WHEN 'pg_attrdef'::regclass THEN (SELECT x.adrelid FROM pg_attrdef AS x WHERE x.oid = object)
        WHEN 'pg_constraint'::regclass THEN (SELECT nullif(x.conrelid, 0) FROM pg_constraint AS x WHERE x.oid = object)
        WHEN 'pg_trigger'::regclass THEN (SELECT x.tgrelid FROM pg_trigger AS x WHERE x.oid = object)
        WHEN 'pg_policy'::regclass THEN (SELECT x.polrelid FROM pg_policy AS x WHERE x.oid = object)
        WHEN 'pg_rewrite'::regclass THEN (SELECT x.ev_class FROM pg_rewrite AS x WHERE x.oid = object)
        WHEN 'pg_statistic_ext'::regclass THEN (SELECT x.stxrelid FROM pg_statistic_ext AS x WHERE x.oid = object) END
$$;
COMMENT ON FUNCTION mrcall_internal.dependent_place(oid, oid) IS
    'The table or view that an index, a trigger, a default and so on belongs to';

-- NULL of what has no statements.
CREATE FUNCTION mrcall_internal.drop_statement(class oid, object oid)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE class
        WHEN 'pg_class'::regclass THEN (
            SELECT CASE c.relkind WHEN 'v' THEN 'DROP VIEW ' WHEN 'm' THEN 'DROP MATERIALIZED VIEW ' WHEN 'i' THEN 'DROP INDEX '
                                  WHEN 'I' THEN 'DROP INDEX ' END || c.oid::regclass
            FROM pg_class AS c WHERE c.oid = object)
        WHEN 'pg_attrdef'::regclass THEN (
            SELECT format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', x.adrelid::regclass, a.attname)
            FROM pg_attrdef AS x JOIN pg_attribute AS a ON a.attrelid = x.adrelid AND a.attnum = x.adnum AND a.attgenerated = ''
            WHERE x.oid = object)
        WHEN 'pg_constraint'::regclass THEN (
            SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', x.conrelid::regclass, x.conname)
            FROM pg_constraint AS x WHERE x.oid = object AND x.conrelid <> 0)
        WHEN 'pg_trigger'::regclass THEN (
            SELECT format('DROP TRIGGER %I ON %s', x.tgname, x.tgrelid::regclass)
            FROM pg_trigger AS x WHERE x.oid = object AND NOT x.tgisinternal)
        WHEN 'pg_policy'::regclass THEN (
            SELECT format('DROP POLICY %I ON %s', x.polname, x.polrelid::regclass) FROM pg_policy AS x WHERE x.oid = object)
        WHEN 'pg_rewrite'::regclass THEN (
            SELECT format('DROP RULE %I ON %s', x.rulename, x.ev_class::regclass) FROM pg_rewrite AS x WHERE x.oid = object)
        WHEN 'pg_statistic_ext'::regclass THEN (
            SELECT format('DROP STATISTICS %I.%I', n.nspname, x.stxname)
            FROM pg_statistic_ext AS x JOIN pg_namespace AS n ON n.oid = x.stxnamespace WHERE x.oid = object) END
$$;
COMMENT ON FUNCTION mrcall_internal.drop_statement(oid, oid) IS 'What drops an object that depends on the extension';

-- A view or materialized view once more, with its comments, rights and owner. (Indexes and the like are objects of their own.)
CREATE FUNCTION mrcall_internal.view_statements(view oid)
RETURNS SETOF text
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    WITH found AS (
        SELECT c.*, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END AS kind, c.oid::regclass::text AS name
        FROM pg_class AS c WHERE c.oid = view
    )
    SELECT format('CREATE %s %s%s%s%s AS %s%s', f.kind, f.name,
                  ' USING ' || (SELECT quote_ident(m.amname) FROM pg_am AS m WHERE m.oid = f.relam AND m.amname <> 'heap'),
                  ' WITH (' || array_to_string(f.reloptions, ', ') || ')',
                  ' TABLESPACE ' || (SELECT quote_ident(t.spcname) FROM pg_tablespace AS t WHERE t.oid = f.reltablespace),
                  btrim(pg_get_viewdef(f.oid), '; '),
                  CASE WHEN f.relkind = 'm' THEN CASE WHEN f.relispopulated THEN ' WITH DATA' ELSE ' WITH NO DATA' END END)
    FROM found AS f
    UNION ALL
    SELECT format('COMMENT ON %s %s IS %L', f.kind, f.name, obj_description(f.oid, 'pg_class'))
    FROM found AS f WHERE obj_description(f.oid, 'pg_class') IS NOT NULL
    UNION ALL
    SELECT format('COMMENT ON COLUMN %s.%I IS %L', f.name, a.attname, col_description(f.oid, a.attnum))
    FROM found AS f JOIN pg_attribute AS a ON a.attrelid = f.oid AND a.attnum > 0
    WHERE col_description(f.oid, a.attnum) IS NOT NULL
    UNION ALL
    SELECT format('GRANT %s%s ON %s TO %s%s', g.privilege_type, ' (' || quote_ident(g.name) || ')', f.name,
                  CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
                  CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM found AS f
    CROSS JOIN LATERAL (
        SELECT NULL::name AS name, a.* FROM aclexplode(f.relacl) AS a
        UNION ALL
        SELECT c.attname, a.* FROM pg_attribute AS c CROSS JOIN LATERAL aclexplode(c.attacl) AS a WHERE c.attrelid = f.oid
    ) AS g
    WHERE g.grantee <> f.relowner
    UNION ALL
    SELECT format('ALTER %s %s OWNER TO %I', f.kind, f.name, pg_get_userbyid(f.relowner)) FROM found AS f
$$;
COMMENT ON FUNCTION mrcall_internal.view_statements(oid) IS 'What makes a view or materialized view again';

CREATE FUNCTION mrcall_internal.remake_statements(class oid, object oid)
RETURNS SETOF text
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.statement
    FROM pg_class AS c CROSS JOIN LATERAL mrcall_internal.view_statements(c.oid) AS v (statement)
    WHERE class = 'pg_class'::regclass AND c.oid = object AND c.relkind IN ('v', 'm')
    UNION ALL
    SELECT CASE c.relkind WHEN 'I' THEN regexp_replace(pg_get_indexdef(c.oid), ' ON ONLY ', ' ON ') ELSE pg_get_indexdef(c.oid) END
    FROM pg_class AS c WHERE class = 'pg_class'::regclass AND c.oid = object AND c.relkind IN ('i', 'I')
    UNION ALL
    SELECT format('COMMENT ON INDEX %s IS %L', x.indexrelid::regclass, obj_description(x.indexrelid, 'pg_class'))
    FROM pg_index AS x
    WHERE class = 'pg_class'::regclass AND x.indexrelid = object AND obj_description(x.indexrelid, 'pg_class') IS NOT NULL
    UNION ALL
    SELECT format('ALTER MATERIALIZED VIEW %s CLUSTER ON %I', x.indrelid::regclass, c.relname)
    FROM pg_index AS x JOIN pg_class AS c ON c.oid = x.indexrelid JOIN pg_class AS m ON m.oid = x.indrelid AND m.relkind = 'm'
    WHERE class = 'pg_class'::regclass AND x.indexrelid = object AND x.indisclustered
    UNION ALL
    SELECT format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', x.adrelid::regclass, a.attname, pg_get_expr(x.adbin, x.adrelid))
    FROM pg_attrdef AS x JOIN pg_attribute AS a ON a.attrelid = x.adrelid AND a.attnum = x.adnum
    WHERE class = 'pg_attrdef'::regclass AND x.oid = object
    UNION ALL
    SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', x.conrelid::regclass, x.conname, pg_get_constraintdef(x.oid))
    FROM pg_constraint AS x WHERE class = 'pg_constraint'::regclass AND x.oid = object
    UNION ALL
    SELECT pg_get_triggerdef(x.oid) FROM pg_trigger AS x WHERE class = 'pg_trigger'::regclass AND x.oid = object
    UNION ALL
    SELECT format('ALTER TABLE %s %s TRIGGER %I', x.tgrelid::regclass,
                  CASE x.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'DISABLE' END, x.tgname)
    FROM pg_trigger AS x WHERE class = 'pg_trigger'::regclass AND x.oid = object AND x.tgenabled <> 'O'
    UNION ALL
    SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', x.polname, x.polrelid::regclass,
                  CASE WHEN x.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                  CASE x.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                  (SELECT string_agg(CASE r.oid WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.oid)) END, ', ')
                   FROM unnest(x.polroles) AS r (oid)),
                  ' USING (' || pg_get_expr(x.polqual, x.polrelid) || ')',
                  ' WITH CHECK (' || pg_get_expr(x.polwithcheck, x.polrelid) || ')')
    FROM pg_policy AS x WHERE class = 'pg_policy'::regclass AND x.oid = object
    UNION ALL
    SELECT rtrim(pg_get_ruledef(x.oid), '; ') FROM pg_rewrite AS x WHERE class = 'pg_rewrite'::regclass AND x.oid = object
    UNION ALL
    SELECT pg_get_statisticsobjdef(x.oid) FROM pg_statistic_ext AS x WHERE class = 'pg_statistic_ext'::regclass AND x.oid = object
$$;
COMMENT ON FUNCTION mrcall_internal.remake_statements(oid, oid) IS 'What makes an object again that drop_statement has dropped';

-- TimescaleDB keeps a continuous aggregate in views and a table that only it may drop: each by the name that its users know.
CREATE FUNCTION mrcall_internal.continuous_aggregates()
RETURNS TABLE (part oid, name text)
LANGUAGE plpgsql STABLE ROWS 4
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF mrcall_internal.timescaledb_relation('_timescaledb_catalog.continuous_agg') IS NOT NULL THEN
        RETURN QUERY EXECUTE
            'SELECT pg_catalog.to_regclass(p.part)::pg_catalog.oid, pg_catalog.format(''%I.%I'', c.user_view_schema, c.user_view_name) '
            'FROM _timescaledb_catalog.continuous_agg AS c '
            'JOIN _timescaledb_catalog.hypertable AS h ON h.id OPERATOR(pg_catalog.=) c.mat_hypertable_id '
            'CROSS JOIN LATERAL (VALUES (pg_catalog.format(''%I.%I'', c.user_view_schema, c.user_view_name)), '
            '(pg_catalog.format(''%I.%I'', c.partial_view_schema, c.partial_view_name)), '
            '(pg_catalog.format(''%I.%I'', c.direct_view_schema, c.direct_view_name)), '
            '(pg_catalog.format(''%I.%I'', h.schema_name, h.table_name))) AS p (part)';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.continuous_aggregates() IS 'The parts of TimescaleDB''s continuous aggregates, with the names of those';

CREATE FUNCTION mrcall.dependents()
RETURNS SETOF text
LANGUAGE sql STABLE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    WITH dependent AS MATERIALIZED (
        SELECT d.*, row_number() OVER (ORDER BY d.depth, d.class, d.object) AS nr,
               mrcall_internal.dependent_place(d.class, d.object) AS place,
               mrcall_internal.drop_statement(d.class, d.object) AS drop_statement
        FROM mrcall_internal.dependent_objects(true) AS d
    ),
    aggregate AS MATERIALIZED (SELECT a.part, a.name FROM mrcall_internal.continuous_aggregates() AS a),
    -- A part of a view that is remade goes with it; one of a partition or chunk goes with that of its table.
    sorted AS MATERIALIZED (
        SELECT d.*, a.name AS aggregate, e.extname AS extension,
               EXISTS (SELECT FROM pg_class AS t WHERE d.class = 'pg_class'::regclass AND d.column_number > 0 AND t.oid = d.object
                       AND t.relkind IN ('r', 'p', 'f')) AS is_column,
               EXISTS (SELECT FROM dependent AS v
                       WHERE v.class = 'pg_class'::regclass AND v.object = d.place AND v.drop_statement IS NOT NULL) AS goes_along
        FROM dependent AS d
        LEFT JOIN aggregate AS a ON a.part = CASE d.class WHEN 'pg_class'::regclass THEN coalesce(d.place, d.object) ELSE d.place END
        LEFT JOIN pg_depend AS m ON m.classid = d.class AND m.objid = d.object AND m.deptype = 'e'
        LEFT JOIN pg_extension AS e ON e.oid = m.refobjid
        WHERE NOT EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                          WHERE a.part IS NULL AND n.nspname LIKE '\_timescaledb\_%'
                            AND c.oid = CASE d.class WHEN 'pg_class'::regclass THEN coalesce(d.place, d.object) ELSE d.place END)
          AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE d.class = 'pg_class'::regclass AND i.inhrelid = d.object
                          AND d.column_number = 0)
          AND NOT EXISTS (SELECT FROM pg_attribute AS x WHERE d.class = 'pg_class'::regclass AND x.attrelid = d.object
                          AND x.attnum = d.column_number AND x.attinhcount > 0)
          AND NOT EXISTS (SELECT FROM pg_constraint AS x WHERE d.class = 'pg_constraint'::regclass AND x.oid = d.object
                          AND x.coninhcount > 0)
          AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE d.class = 'pg_trigger'::regclass AND t.oid = d.object
                          AND (t.tgisinternal OR t.tgparentid <> 0))
    ),
    line AS (
        SELECT 1 AS part, -max(s.nr) AS nr, 0::bigint AS line,
               format('-- DROP MATERIALIZED VIEW %s; a continuous aggregate, to be made again by hand', s.aggregate) AS text
        FROM sorted AS s WHERE s.aggregate IS NOT NULL GROUP BY s.aggregate
        UNION ALL
        SELECT 1, -s.nr, 0, CASE
            WHEN s.extension IS NOT NULL
                THEN format('-- of the extension %I: %s', s.extension, pg_describe_object(s.class, s.object, s.column_number))
            WHEN s.drop_statement IS NOT NULL THEN s.drop_statement || ';'
            WHEN s.is_column THEN (
                SELECT format('-- before DROP EXTENSION: ALTER TABLE %s ALTER COLUMN %I TYPE text;', a.attrelid::regclass, a.attname)
                FROM pg_attribute AS a WHERE a.attrelid = s.object AND a.attnum = s.column_number)
            ELSE format('-- by hand: %s', pg_describe_object(s.class, s.object, s.column_number)) END
        FROM sorted AS s WHERE s.aggregate IS NULL AND NOT (s.goes_along AND s.extension IS NULL)
        UNION ALL
        SELECT 3, s.nr, 0, format('-- after DROP EXTENSION: ALTER TABLE %1$s ALTER COLUMN %2$I TYPE %3$s USING %2$I::%3$s;',
                                  a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod))
        FROM sorted AS s JOIN pg_attribute AS a ON a.attrelid = s.object AND a.attnum = s.column_number
        WHERE s.is_column AND s.aggregate IS NULL AND s.extension IS NULL
        UNION ALL
        SELECT 3, s.nr, r.nr, r.statement || ';'
        FROM sorted AS s
        CROSS JOIN LATERAL mrcall_internal.remake_statements(s.class, s.object) WITH ORDINALITY AS r (statement, nr)
        WHERE s.aggregate IS NULL AND s.extension IS NULL AND s.drop_statement IS NOT NULL
    )
    SELECT l.text
    FROM (SELECT x.* FROM line AS x
          UNION ALL SELECT 2, 0, 0, '-- Here: SELECT mrcall.detach(), the migration or the new version, SELECT mrcall.attach().'
          WHERE EXISTS (SELECT FROM line)) AS l
    ORDER BY l.part, l.nr, l.line
$$;
COMMENT ON FUNCTION mrcall.dependents() IS
    'SQL that drops and remakes what others made over the extension, in order; a comment names what it cannot write';
