-- Where the extension goes: the control file's schema, mrcall, holds what users call; mrcall_internal all that it is made of.
-- Neither is a member of the extension: what is kept in them (05-kept_tables.sql) outlives it. All of it belongs to the owner of
-- the schema mrcall, who is the installer, or, where a superuser installs into a schema that is there (as a restore does), its owner.

-- Whoever may create objects beside ours can put an overload of a function of ours there, which others then call.
DO $$
DECLARE
    installer constant pg_catalog.regrole := pg_catalog.to_regrole('@extowner@');
    schema record;
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION 'mrcall_ext works in databases whose encoding is UTF8, not %', pg_catalog.getdatabaseencoding()
            USING ERRCODE = '0A000',
                HINT = 'Create one: CREATE DATABASE name TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8'';';
    END IF;
    FOR schema IN
        SELECT n.nspname AS name, n.nspowner AS owner, main.nspowner AS main_owner,
               EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) AS a
                       WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
                         AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner) AS is_open,
               -- Tables may be those that an earlier installation kept: 05-kept_tables.sql looks at them.
               (SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) FROM pg_catalog.pg_depend AS d
                WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
                  AND d.refobjid OPERATOR(pg_catalog.=) n.oid AND d.deptype OPERATOR(pg_catalog.=) 'n'
                  AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass
                  AND NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c
                                  WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
                                    AND c.oid OPERATOR(pg_catalog.=) d.objid AND c.relkind OPERATOR(pg_catalog.=) 'r')
                LIMIT 1) AS content
        FROM pg_catalog.pg_namespace AS n
        CROSS JOIN (SELECT m.nspowner FROM pg_catalog.pg_namespace AS m
                    WHERE m.nspname OPERATOR(pg_catalog.=) 'mrcall'::pg_catalog.name) AS main
        WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{mrcall,mrcall_internal}'::pg_catalog.name[])
    LOOP
        IF schema.owner OPERATOR(pg_catalog.<>) installer
           AND NOT (schema.owner OPERATOR(pg_catalog.=) schema.main_owner
                    AND (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid OPERATOR(pg_catalog.=) installer))
           OR schema.owner OPERATOR(pg_catalog.<>) schema.main_owner THEN
            RAISE EXCEPTION 'schema "%" belongs to another role: %', schema.name, pg_catalog.pg_get_userbyid(schema.owner)
                USING ERRCODE = '55000', HINT = pg_catalog.format('Have it dropped, or owned by who installs: ALTER SCHEMA %I OWNER TO %s;',
                    schema.name, installer);
        END IF;
        IF schema.is_open THEN
            RAISE EXCEPTION 'other roles may create objects in schema "%"', schema.name
                USING ERRCODE = '55000', HINT = pg_catalog.format('Take that right back from each: REVOKE CREATE ON SCHEMA %I FROM PUBLIC;',
                    schema.name);
        END IF;
        IF schema.content IS NOT NULL THEN
            RAISE EXCEPTION 'schema "%" is not empty: it has %', schema.name, schema.content
                USING ERRCODE = '55000',
                    HINT = 'Move what is in it elsewhere, or drop it. Tables that an earlier installation kept may stay.';
        END IF;
    END LOOP;
    IF pg_catalog.to_regnamespace('mrcall_internal') IS NULL THEN
        EXECUTE pg_catalog.format('CREATE SCHEMA mrcall_internal AUTHORIZATION %I', (
            SELECT pg_catalog.pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
            WHERE n.nspname OPERATOR(pg_catalog.=) 'mrcall'::pg_catalog.name));
        ALTER EXTENSION mrcall_ext DROP SCHEMA mrcall_internal;
    END IF;
END
$$;

COMMENT ON SCHEMA mrcall_internal IS 'What the functions and views of schema mrcall are made of; not for callers';

-- The bodies name tables and views that exist only after attach.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall_internal.owner()
RETURNS name
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace AS n WHERE n.nspname = 'mrcall' $$;
COMMENT ON FUNCTION mrcall_internal.owner() IS 'The role that the extension''s tables, views and writing functions belong to';
