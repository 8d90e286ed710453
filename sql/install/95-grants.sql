-- Who may do what: reading is for everybody who may read the tables; functions that write are for their owner to grant.

CREATE FUNCTION mrcall.grant_read(role name)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    IF role IS NULL THEN
        RAISE EXCEPTION 'argument "role" must not be NULL'
            USING ERRCODE = '22004', HINT = 'Example: SELECT mrcall.grant_read(''analyst'');';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = role) THEN
        RAISE EXCEPTION 'role "%" does not exist', role
            USING ERRCODE = '42704', HINT = format('Create it first: CREATE ROLE %I LOGIN;', role);
    END IF;
    PERFORM mrcall_internal.require_attached();
    -- The views check the rights of who reads them, so the tables below them are granted too.
    FOR statement IN
        SELECT format('GRANT USAGE ON SCHEMA mrcall, mrcall_internal TO %I', role)
        UNION ALL
        SELECT format('GRANT SELECT ON ALL TABLES IN SCHEMA mrcall, mrcall_internal TO %I', role)
        UNION ALL
        SELECT DISTINCT format('GRANT USAGE ON SCHEMA %I TO %I', n.nspname, role)
        FROM mrcall.source AS s
        JOIN pg_class AS c ON c.oid = to_regclass(s.relation)
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE NOT has_schema_privilege(role, n.oid, 'USAGE')
        UNION ALL
        SELECT DISTINCT format('GRANT SELECT ON %s TO %I', s.relation, role)
        FROM mrcall.source AS s
        WHERE to_regclass(s.relation) IS NOT NULL
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall.grant_read(name) IS 'Grants a role what an analyst needs: the views and the tables below them';
