-- Who may do what: reading is for everybody who may read the tables; functions that write are for their owner to grant.

-- What a reader needs; the schemas of the sources only where it may not use them already.
CREATE FUNCTION mrcall_internal.readable(role name)
RETURNS TABLE (kind text, object text, oid oid)
LANGUAGE sql STABLE ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'schema', n.nspname::text, n.oid FROM pg_namespace AS n WHERE n.nspname IN ('mrcall', 'mrcall_internal')
    UNION ALL
    SELECT DISTINCT 'schema', quote_ident(n.nspname), n.oid
    FROM mrcall_internal.source_parts() AS s
    JOIN pg_class AS c ON c.oid = to_regclass(s.relation)
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT has_schema_privilege(role, n.oid, 'USAGE')
    UNION ALL
    -- What attach makes, and what is kept but for the hashes of callers, their key and these rights.
    SELECT 'table', o.name, to_regclass(o.name)
    FROM (SELECT v.relation FROM mrcall_internal.view_names() AS v
          UNION ALL
          SELECT unnest('{mrcall.source,mrcall.channel_rule,mrcall.ignored_referrer,mrcall.goal,mrcall.spend,mrcall.session_archive,
                          mrcall.retention_run,mrcall.audit,mrcall_internal.first_call}'::text[])) AS o (name)
    WHERE to_regclass(o.name) IS NOT NULL
    UNION ALL
    SELECT DISTINCT 'table', c.oid::regclass::text, c.oid
    FROM mrcall_internal.source_parts() AS s
    JOIN pg_class AS c ON c.oid = to_regclass(s.relation)
$$;
COMMENT ON FUNCTION mrcall_internal.readable(name) IS 'The schemas and tables that grant_read grants a role';

CREATE FUNCTION mrcall_internal.object_id(kind text, object text)
RETURNS oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE kind WHEN 'schema' THEN to_regnamespace(object)::oid ELSE to_regclass(object)::oid END $$;
COMMENT ON FUNCTION mrcall_internal.object_id(text, text) IS 'A schema or table that grant_read has granted; NULL where it is gone';

-- Whether a role has been granted a right itself: not by way of another role, nor of PUBLIC.
CREATE FUNCTION mrcall_internal.is_granted(role_id oid, kind text, object oid)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM (SELECT n.nspacl, 'n'::"char", n.nspowner FROM pg_namespace AS n WHERE kind = 'schema' AND n.oid = object
                     UNION ALL
                     SELECT c.relacl, 'r', c.relowner FROM pg_class AS c WHERE kind = 'table' AND c.oid = object)
            AS o (acl, type, owner)
        CROSS JOIN LATERAL aclexplode(coalesce(o.acl, acldefault(o.type, o.owner))) AS a
        WHERE a.grantee = role_id AND a.privilege_type = CASE kind WHEN 'schema' THEN 'USAGE' ELSE 'SELECT' END)
$$;
COMMENT ON FUNCTION mrcall_internal.is_granted(oid, text, oid) IS 'Whether a role has been granted a right itself';

CREATE FUNCTION mrcall_internal.right_statement(is_grant boolean, kind text, object text, role name)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(CASE WHEN is_grant THEN 'GRANT %s %s TO %I' ELSE 'REVOKE %s %s FROM %I' END,
                  CASE kind WHEN 'schema' THEN 'USAGE ON SCHEMA' ELSE 'SELECT ON TABLE' END, object, role)
$$;
COMMENT ON FUNCTION mrcall_internal.right_statement(boolean, text, text, name) IS
    'The statement that grants or revokes a right of grant_read';

CREATE FUNCTION mrcall_internal.reader_id(role name, what text)
RETURNS oid
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    role_id oid;
BEGIN
    IF role IS NULL THEN
        RAISE EXCEPTION 'argument "role" must not be NULL'
            USING ERRCODE = '22004', HINT = format('Example: SELECT mrcall.%s(''analyst'');', what);
    END IF;
    SELECT r.oid INTO role_id FROM pg_roles AS r WHERE r.rolname = role;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'role "%" does not exist', role
            USING ERRCODE = '42704', HINT = format('Create it first: CREATE ROLE %I LOGIN;', role);
    END IF;
    IF to_regclass('mrcall_internal.granted_right') IS NULL THEN
        PERFORM mrcall_internal.require_attached();
    END IF;
    RETURN role_id;
END
$$;
COMMENT ON FUNCTION mrcall_internal.reader_id(name, text) IS 'The role that grant_read or revoke_read is about, or their errors';

-- Notes go by the role's name, which a dump keeps, or by its number, when no role has the name any more. After this they go by
-- both, and those of a former role of that name are gone.
CREATE FUNCTION mrcall_internal.renew_notes(reader name, reader_id oid)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE mrcall_internal.granted_right AS g SET role = reader
    WHERE g.role_id = renew_notes.reader_id AND NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = g.role);
    DELETE FROM mrcall_internal.granted_right AS g
    WHERE g.role = reader AND g.role_id <> renew_notes.reader_id
      AND NOT mrcall_internal.is_granted(renew_notes.reader_id, g.kind, mrcall_internal.object_id(g.kind, g.object));
    UPDATE mrcall_internal.granted_right AS g SET role_id = renew_notes.reader_id
    WHERE g.role = reader AND g.role_id <> renew_notes.reader_id
$$;
COMMENT ON FUNCTION mrcall_internal.renew_notes(name, oid) IS 'Finds the notes of a role that has another name or number by now';

-- The servers of the sources that are foreign tables, or have such parts, on which a role has no user.
CREATE FUNCTION mrcall_internal.unmapped_servers(role_id oid)
RETURNS SETOF name
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE part (id) AS (
        SELECT c.oid FROM mrcall_internal.source_parts() AS s JOIN pg_class AS c ON c.oid = to_regclass(s.relation)
        UNION
        SELECT i.inhrelid FROM part AS p JOIN pg_inherits AS i ON i.inhparent = p.id
    )
    SELECT DISTINCT v.srvname
    FROM part AS p
    JOIN pg_foreign_table AS f ON f.ftrelid = p.id
    JOIN pg_foreign_server AS v ON v.oid = f.ftserver
    WHERE NOT EXISTS (SELECT FROM pg_user_mappings AS u WHERE u.srvid = v.oid AND u.umuser IN (0, role_id))
    ORDER BY v.srvname
$$;
COMMENT ON FUNCTION mrcall_internal.unmapped_servers(oid) IS 'The foreign servers of the sources on which a role has no user mapping';

CREATE FUNCTION mrcall.grant_read(role name)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    reader constant name := role;
    reader_id constant oid := mrcall_internal.reader_id(reader, 'grant_read');
    wanted record;
    server name;
BEGIN
    PERFORM mrcall_internal.require_attached();
    PERFORM mrcall_internal.renew_notes(reader, reader_id);
    -- The views check the rights of who reads them, so the tables below them are granted too.
    FOR wanted IN
        SELECT r.kind, r.object, r.oid FROM mrcall_internal.readable(reader) AS r
        WHERE NOT mrcall_internal.is_granted(reader_id, r.kind, r.oid)
    LOOP
        EXECUTE mrcall_internal.right_statement(true, wanted.kind, wanted.object, reader);
        INSERT INTO mrcall_internal.granted_right AS g (role, role_id, kind, object)
        SELECT reader, reader_id, wanted.kind, wanted.object
        WHERE mrcall_internal.is_granted(reader_id, wanted.kind, wanted.oid)
        ON CONFLICT ON CONSTRAINT granted_right_pkey DO UPDATE SET role_id = excluded.role_id;
    END LOOP;
    FOR server IN SELECT s.* FROM mrcall_internal.unmapped_servers(reader_id) AS s LOOP
        RAISE NOTICE 'role "%" has no user mapping on the foreign server "%": its reports cannot read there', reader, server
            USING HINT = format('CREATE USER MAPPING FOR %I SERVER %I OPTIONS (user ''...'', password ''...'');', reader, server);
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall.grant_read(name) IS 'Grants a role what an analyst needs: the views and the tables below them';

CREATE FUNCTION mrcall.revoke_read(role name)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    reader constant name := role;
    reader_id constant oid := mrcall_internal.reader_id(reader, 'revoke_read');
    noted record;
    are_any boolean := false;
BEGIN
    PERFORM mrcall_internal.renew_notes(reader, reader_id);
    -- Nor does attach bring back what is taken back between detach and attach.
    DELETE FROM mrcall_internal.detached_grant AS d
    USING mrcall_internal.granted_right AS g
    WHERE g.role = reader AND g.kind = 'table' AND d.relation = g.object AND d.grantee = reader AND d.privilege = 'SELECT';
    FOR noted IN
        DELETE FROM mrcall_internal.granted_right AS g
        WHERE g.role = reader
        RETURNING g.kind, g.object, mrcall_internal.object_id(g.kind, g.object) AS oid
    LOOP
        are_any := true;
        CONTINUE WHEN noted.oid IS NULL;
        EXECUTE mrcall_internal.right_statement(false, noted.kind, noted.object, reader);
        IF mrcall_internal.is_granted(reader_id, noted.kind, noted.oid) THEN
            RAISE WARNING 'role "%" keeps its right on % %: another role has granted it too', reader, noted.kind, noted.object
                USING HINT = 'Have that role revoke it: the access privileges of the object name it.';
        END IF;
    END LOOP;
    IF NOT are_any THEN
        RAISE NOTICE 'role "%" has no right by mrcall.grant_read', reader;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall.revoke_read(name) IS 'Takes back what grant_read granted a role, and nothing that it had before';
