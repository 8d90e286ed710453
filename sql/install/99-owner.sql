-- Functions that write belong to the owner of the schema mrcall, who alone may run them and grants them to others. So they go along
-- when all that a role owns is reassigned, with what was granted on them. Those that run with their owner's rights belong to it too;
-- they check themselves whom they answer.
DO $$
DECLARE
    routine record;
    holder record;
BEGIN
    FOR routine IN
        SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name,
               p.provolatile OPERATOR(pg_catalog.=) 'v' AS writes
        FROM pg_catalog.pg_proc AS p
        JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
        WHERE n.nspname OPERATOR(pg_catalog.=) ANY ('{mrcall,mrcall_internal}'::pg_catalog.name[])
          AND (p.provolatile OPERATOR(pg_catalog.=) 'v' OR p.prosecdef)
          AND p.prorettype OPERATOR(pg_catalog.<>) 'pg_catalog.trigger'::pg_catalog.regtype
    LOOP
        IF routine.writes THEN
            EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine.name);
        END IF;
        EXECUTE pg_catalog.format('ALTER ROUTINE %s OWNER TO %I', routine.name, mrcall_internal.owner());
    END LOOP;
    EXECUTE pg_catalog.format('ALTER FUNCTION mrcall_internal.log_changes() OWNER TO %I', mrcall_internal.owner());
    FOR routine IN SELECT t.name FROM (VALUES ('mrcall.visit'), ('mrcall_internal.fact_state'), ('mrcall_internal.fact_change'),
                                              ('mrcall_internal.fact_threshold')) AS t (name) LOOP
        -- What the database grants on new tables is not for these.
        FOR holder IN
            SELECT DISTINCT a.grantee::pg_catalog.regrole AS name
            FROM pg_catalog.pg_class AS c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
            WHERE c.oid OPERATOR(pg_catalog.=) routine.name::pg_catalog.regclass AND a.grantee OPERATOR(pg_catalog.<>) c.relowner
              AND a.grantee OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
        LOOP
            EXECUTE pg_catalog.format('REVOKE ALL ON %s FROM %s', routine.name, holder.name);
        END LOOP;
        EXECUTE pg_catalog.format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON %s FROM PUBLIC', routine.name);
        -- Behind it: rights that an extension grants are kept with their owner's name, which a dump would write when that role is gone.
        EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO %I', routine.name, mrcall_internal.owner());
    END LOOP;
END
$$;
