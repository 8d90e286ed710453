-- mrcall.grant_read: an analyst reads every report and writes nothing. (The role is one that every server has.)
\set analyst pg_signal_backend
CREATE TEMP VIEW relation AS
SELECT c.oid, n.nspname AS schema, c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('mrcall', 'public', 'Web Data') AND c.relkind IN ('r', 'v');
CREATE TEMP VIEW rights AS
SELECT r.schema, count(*) FILTER (WHERE has_table_privilege('pg_signal_backend', r.oid, 'SELECT')) AS may_read,
       count(*) FILTER (WHERE has_table_privilege('pg_signal_backend', r.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS may_write
FROM relation AS r GROUP BY r.schema ORDER BY r.schema;
SELECT may_read, may_write FROM rights WHERE schema = 'mrcall';
SELECT has_schema_privilege(:'analyst', 'mrcall', 'USAGE');

SELECT mrcall.grant_read(:'analyst');
SELECT has_schema_privilege(:'analyst', 'mrcall', 'USAGE') AS usage, has_schema_privilege(:'analyst', 'mrcall', 'CREATE') AS "create";
SELECT schema, may_write FROM rights;
-- All of schema mrcall, and the tables that the views read.
SELECT r.name AS not_readable FROM relation AS r WHERE r.schema = 'mrcall' AND NOT has_table_privilege(:'analyst', r.oid, 'SELECT');
SELECT s.relation AS not_readable FROM mrcall.source AS s WHERE NOT has_table_privilege(:'analyst', s.relation, 'SELECT');
-- And no other: neither passwords nor tokens.
SELECT count(*) AS others FROM relation AS r
WHERE r.schema = 'public' AND has_table_privilege(:'analyst', r.oid, 'SELECT')
  AND NOT EXISTS (SELECT FROM mrcall.source AS s WHERE s.relation::regclass = r.oid);
SELECT has_table_privilege(:'analyst', 'public.api_key_users', 'SELECT') AS passwords;
-- Functions that write stay out of reach.
SELECT has_function_privilege(:'analyst', 'mrcall.attach(jsonb)', 'EXECUTE') AS attach,
       has_function_privilege(:'analyst', 'mrcall.link_visitor(text, text)', 'EXECUTE') AS link_visitor,
       has_function_privilege(:'analyst', 'mrcall.grant_read(name)', 'EXECUTE') AS grant_read,
       has_function_privilege(:'analyst', 'mrcall.doctor()', 'EXECUTE') AS doctor;
-- Again changes nothing.
CREATE TEMP TABLE before_it AS
SELECT string_agg(c.relacl::text, '|' ORDER BY c.oid) AS acl FROM pg_class AS c JOIN relation AS r ON r.oid = c.oid;
SELECT mrcall.grant_read(:'analyst');
SELECT acl = (SELECT string_agg(c.relacl::text, '|' ORDER BY c.oid) FROM pg_class AS c JOIN relation AS r ON r.oid = c.oid) AS unchanged
FROM before_it;

-- The rights stay through another attach; a table that comes in by it needs grant_read again. Names may need quotes.
CREATE SCHEMA "Web Data";
CREATE TABLE "Web Data"."The Hits" AS SELECT * FROM public.website_events WHERE false;
SELECT mrcall.attach('{"events": {"table": "\"Web Data\".\"The Hits\""}, "apple_events": {"table": null}}');
SELECT has_table_privilege(:'analyst', 'mrcall.events', 'SELECT') AS view, has_schema_privilege(:'analyst', 'Web Data', 'USAGE') AS usage,
       has_table_privilege(:'analyst', '"Web Data"."The Hits"', 'SELECT') AS hits;
SELECT mrcall.grant_read(:'analyst');
SELECT has_schema_privilege(:'analyst', 'Web Data', 'USAGE') AS usage,
       has_table_privilege(:'analyst', '"Web Data"."The Hits"', 'SELECT') AS hits;
-- Hashes of callers, their key and the notes of rights are nobody's.
SELECT c.relname AS readable FROM pg_class AS c
WHERE c.relnamespace = 'mrcall_internal'::regnamespace AND c.relkind IN ('r', 'v') AND has_table_privilege(:'analyst', c.oid, 'SELECT')
ORDER BY 1;
-- All of it goes, and what the role had before stays.
GRANT SELECT ON public.product TO pg_read_all_stats;
SELECT mrcall.grant_read('pg_read_all_stats');
SELECT mrcall.revoke_read(:'analyst');
SELECT mrcall.revoke_read('pg_read_all_stats');
SELECT c.oid::regclass AS object, a.grantee::regrole, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE a.grantee IN ('pg_signal_backend'::regrole, 'pg_read_all_stats'::regrole) AND c.relnamespace <> 'pg_catalog'::regnamespace
UNION ALL
SELECT n.oid, a.grantee::regrole, a.privilege_type FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
WHERE a.grantee IN ('pg_signal_backend'::regrole, 'pg_read_all_stats'::regrole) AND n.nspname <> 'pg_catalog';
SELECT count(*) AS notes FROM mrcall_internal.granted_right;
SELECT mrcall.revoke_read(:'analyst');
SELECT mrcall.revoke_read(NULL);
SELECT mrcall.revoke_read('no such role');
