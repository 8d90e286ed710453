-- Where the extension goes: the control file's schema, mrcall, holds what users call; mrcall_internal all that it is made of.

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
        SELECT n.nspname AS name, n.nspowner AS owner,
               EXISTS (SELECT FROM pg_catalog.aclexplode(n.nspacl) AS a
                       WHERE a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
                         AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner) AS is_open,
               (SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0) FROM pg_catalog.pg_depend AS d
                WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
                  AND d.refobjid OPERATOR(pg_catalog.=) n.oid AND d.deptype OPERATOR(pg_catalog.=) 'n'
                  AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass
                LIMIT 1) AS content
        FROM pg_catalog.pg_namespace AS n
        WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{mrcall,mrcall_internal}'::pg_catalog.name[])
    LOOP
        IF schema.owner OPERATOR(pg_catalog.<>) installer
           AND NOT (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.oid OPERATOR(pg_catalog.=) installer) THEN
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
                USING ERRCODE = '55000', HINT = pg_catalog.format('Move what is in it elsewhere, or drop it: DROP SCHEMA %I CASCADE;',
                    schema.name);
        END IF;
        IF schema.name OPERATOR(pg_catalog.=) 'mrcall_internal' THEN
            DROP SCHEMA mrcall_internal;
        END IF;
    END LOOP;
END
$$;

CREATE SCHEMA mrcall_internal AUTHORIZATION @extowner@;
COMMENT ON SCHEMA mrcall_internal IS 'What the functions and views of schema mrcall are made of; not for callers';

