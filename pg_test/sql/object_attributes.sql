-- What the extension is made of, from pg_depend: volatility, parallel safety, strictness, search_path, comments, owners, rights.
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'mrcall_ext'
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e';
CREATE TEMP VIEW function AS SELECT p.* FROM pg_proc AS p JOIN member AS m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

SELECT extname, nspname AS schema, extrelocatable AS relocatable, extowner = current_user::regrole AS ours
FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE extname = 'mrcall_ext';
SELECT trusted, superuser, relocatable, schema, requires FROM pg_available_extension_versions WHERE name = 'mrcall_ext' AND installed;
-- One line for each function, unaligned, so that a new one changes one line.
\pset format unaligned
\pset tuples_only on
SELECT concat_ws(' ', p.pronamespace::regnamespace || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || '):',
                 CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END, l.lanname,
                 CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
                 'parallel ' || CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END,
                 CASE WHEN p.proisstrict THEN 'strict' END, nullif(array_to_string(p.proconfig, '; '), ''))
FROM function AS p JOIN pg_language AS l ON l.oid = p.prolang
ORDER BY p.pronamespace::regnamespace::text, p.proname, oidvectortypes(p.proargtypes) COLLATE "C";
-- Argument names, their order and their defaults are part of what callers rely on.
SELECT p.proname || '(' || coalesce(array_to_string(p.proargnames[1:p.pronargs], ', '), oidvectortypes(p.proargtypes)) || ')'
       || coalesce(' defaults of the last ' || p.pronargdefaults || ': ' || pg_get_expr(p.proargdefaults, 0), '')
FROM function AS p WHERE p.pronamespace = 'mrcall'::regnamespace ORDER BY p.proname, 1;
\pset format aligned
\pset tuples_only off

-- One function alone runs with other rights than its caller's, those of the installer (docs/security.md), under a pinned path.
SELECT p.oid::regprocedure AS security_definer, p.proowner = current_user::regrole AS ours FROM function AS p WHERE p.prosecdef;
-- All that is wrong below is listed; nothing should be.
-- C functions know no search_path; SQL functions meant to be inlined carry no SET; everything else pins it, but what runs the code of
-- the host (triggers, policies): these are listed.
SELECT p.oid::regprocedure AS without_search_path FROM function AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search\_path=%')
  AND l.lanname NOT IN ('c', 'internal', 'sql', 'mrcall_sql');
SELECT p.oid::regprocedure AS path_with_more FROM function AS p
WHERE EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search\_path=%' AND s <> 'search_path=pg_catalog, pg_temp');
-- An unqualified name or operator in an inlined function would be looked up in the caller's search_path: a search_path without
-- anything in it finds them. (Bodies that name views need attach, which the test world has.)
CREATE SCHEMA nothing;
SET LOCAL search_path = nothing;
SELECT count(*) AS inlined FROM mrcall_internal.visits('2026-05-01', '2026-05-02', '30 minutes', NULL);
RESET search_path;
SELECT p.oid::regprocedure AS sql_with_plain_operator FROM function AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE l.lanname = 'sql' AND p.proconfig IS NULL
  AND regexp_replace(p.prosrc, '''[^'']*''|OPERATOR\(pg_catalog\.[^)]+\)|--[^\n]*', '', 'g') ~ '[=<>|+#~]|[^(,.\s]\s*-[^-]';
-- Every set-returning function says how many rows it returns.
SELECT p.oid::regprocedure AS default_rows FROM function AS p WHERE p.proretset AND p.prorows = 1000 AND p.procost = 1;
-- Comments: every member, every view, every column of a table.
SELECT pg_describe_object(m.classid, m.objid, 0) AS without_comment
FROM member AS m
WHERE obj_description(m.objid, m.classid::regclass::name) IS NULL
  AND NOT (m.classid = 'pg_class'::regclass AND (SELECT c.relkind FROM pg_class AS c WHERE c.oid = m.objid) IN ('i', 't'))
  AND NOT (m.classid = 'pg_type'::regclass AND (SELECT t.typtype = 'c' OR t.typcategory = 'A' FROM pg_type AS t WHERE t.oid = m.objid))
UNION ALL
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v')
    AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
SELECT t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND NOT t.tgisinternal AND obj_description(t.oid,
    'pg_trigger') IS NULL;
SELECT a.attrelid::regclass AS relation, a.attname AS column_without_comment FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v') AND a.attnum > 0
  AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
ORDER BY 1, 2;
-- Tables with rows of the host have row-level security, and each policy a comment.
SELECT c.oid::regclass AS without_row_security FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind = 'r' AND NOT c.relrowsecurity
ORDER BY c.oid::regclass::text COLLATE "C";
SELECT p.polrelid::regclass AS relation, p.polname AS policy_without_comment FROM pg_policy AS p JOIN pg_class AS c ON c.oid = p.polrelid
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND obj_description(p.oid, 'pg_policy') IS NULL;
-- Owners: tables and views are the installer's.
SELECT c.oid::regclass AS not_ours FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind IN ('r', 'v', 'S')
    AND c.relowner <> current_user::regrole;
-- Views check the rights of who reads them.
SELECT c.oid::regclass AS no_security_invoker FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind = 'v'
  AND coalesce(c.reloptions::text NOT LIKE '%security_invoker=true%', true);
-- Functions that write are nobody's but the installer's, and the installer may run and grant them.
SELECT p.oid::regprocedure AS writes_for_all FROM function AS p
WHERE p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype AND has_function_privilege('pg_signal_backend', p.oid, 'EXECUTE');
SELECT p.proname AS writes, has_function_privilege(p.oid, 'EXECUTE') AS ours,
       has_function_privilege(p.oid, 'EXECUTE WITH GRANT OPTION') AS ours_to_grant
FROM function AS p WHERE p.provolatile = 'v' AND p.prorettype <> 'trigger'::regtype ORDER BY 1;
-- Everything else is for everybody who may use the schema.
SELECT p.oid::regprocedure AS not_for_all FROM function AS p
WHERE p.provolatile <> 'v' AND NOT has_function_privilege('pg_signal_backend', p.oid, 'EXECUTE');
-- What is dumped with the database.
SELECT c.relname AS dumped FROM pg_extension AS e, unnest(e.extconfig) AS t (oid) JOIN pg_class AS c ON c.oid = t.oid
WHERE e.extname = 'mrcall_ext' ORDER BY 1;
