-- doctor: stored answers by rules of an earlier version. See docs/doctor.md.

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
