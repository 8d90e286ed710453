-- For upgrade scripts: remembers who may call a function that has to be dropped, because its result changes.
DO $do$
BEGIN
    PERFORM pg_catalog.set_config('mrcall_upgrade.rights', coalesce(
        (SELECT p.proacl::pg_catalog.text FROM pg_catalog.pg_proc AS p
         WHERE p.oid OPERATOR(pg_catalog.=) '{function}'::pg_catalog.regprocedure), ''), true);
END
$do$;
