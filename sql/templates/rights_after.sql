-- The same rights on the new one. They are the database's, not the extension's: in pg_init_privs a dump would leave them out.
DO $do$
DECLARE
    former constant pg_catalog.aclitem[] := nullif(pg_catalog.current_setting('mrcall_upgrade.rights'), '')::pg_catalog.aclitem[];
    held record;
BEGIN
    IF former IS NOT NULL THEN
        REVOKE ALL ON FUNCTION {function} FROM PUBLIC;
        FOR held IN SELECT a.* FROM pg_catalog.aclexplode(former) AS a LOOP
            EXECUTE pg_catalog.format('GRANT %s ON FUNCTION {function} TO %s%s', held.privilege_type,
                CASE held.grantee WHEN 0::pg_catalog.oid THEN 'PUBLIC' ELSE held.grantee::pg_catalog.regrole::pg_catalog.text END,
                CASE WHEN held.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);
        END LOOP;
        DELETE FROM pg_catalog.pg_init_privs AS i
        WHERE i.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
          AND i.objoid OPERATOR(pg_catalog.=) '{function}'::pg_catalog.regprocedure;
    END IF;
END
$do$;
