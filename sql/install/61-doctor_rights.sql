-- doctor: owners, policies of the host, and what tenants see. See docs/doctor.md.

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
