-- Everything of the extension in a database, as text: what a fresh installation and an upgraded one have to have alike.
SET search_path = pg_catalog;
CREATE TEMP VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'mrcall_ext'
WHERE d.deptype = 'e';
-- What attach makes is no member, and has to be alike too.
CREATE TEMP VIEW relation AS
SELECT c.oid, c.oid::regclass::text AS name, c.relkind FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace);
CREATE TEMP VIEW rights AS
SELECT c.classid, c.oid,
       (SELECT string_agg(concat_ws(' ', a.grantee::regrole, a.privilege_type, a.is_grantable), ', '
                          ORDER BY a.grantee::regrole::text, a.privilege_type)
        FROM aclexplode(c.acl) AS a) AS text
FROM (SELECT 'pg_proc'::regclass, oid, proacl FROM pg_proc UNION ALL SELECT 'pg_class'::regclass, oid, relacl FROM pg_class
      UNION ALL SELECT 'pg_type'::regclass, oid, typacl FROM pg_type
      UNION ALL SELECT 'pg_namespace'::regclass, oid, nspacl FROM pg_namespace
      UNION ALL SELECT 'pg_language'::regclass, oid, lanacl FROM pg_language) AS c (classid, oid, acl);

SELECT 'version', extversion, extrelocatable, extnamespace::regnamespace, extowner::regrole,
       (SELECT string_agg(t::regclass::text, ' ' ORDER BY t::regclass::text) FROM unnest(extconfig) AS t)
FROM pg_extension WHERE extname = 'mrcall_ext';
SELECT 'member', m.name, obj_description(m.objid, m.classid::regclass::name), r.text,
       (SELECT string_agg(i.initprivs::text, ' ') FROM pg_init_privs AS i WHERE i.classoid = m.classid AND i.objoid = m.objid)
FROM member AS m LEFT JOIN rights AS r ON (r.classid, r.oid) = (m.classid, m.objid)
ORDER BY m.name COLLATE "C";
SELECT 'function', m.name, p.proowner::regrole, CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END,
       (SELECT ROW(a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn, a.aggtranstype::regtype,
                   a.agginitval, a.aggfinalmodify, a.aggkind) FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid)
FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
ORDER BY m.name COLLATE "C";
SELECT 'type', m.name, t.typowner::regrole, t.typtype, t.typlen, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typstorage, t.typalign,
       t.typcategory, t.typelem::regtype
FROM member AS m JOIN pg_type AS t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
ORDER BY m.name COLLATE "C";
SELECT 'cast', m.name, c.castfunc::regprocedure, c.castcontext, c.castmethod
FROM member AS m JOIN pg_cast AS c ON m.classid = 'pg_cast'::regclass AND c.oid = m.objid
ORDER BY m.name COLLATE "C";
SELECT 'relation', r.name, r.relkind, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence, c.reloptions,
       obj_description(r.oid, 'pg_class'), a.text,
       CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) WHEN r.relkind = 'i' THEN pg_get_indexdef(r.oid) END
FROM relation AS r JOIN pg_class AS c ON c.oid = r.oid LEFT JOIN rights AS a ON a.classid = 'pg_class'::regclass AND a.oid = r.oid
ORDER BY r.name COLLATE "C";
SELECT 'column', r.name, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation::regcollation,
       a.attidentity, pg_get_expr(d.adbin, d.adrelid), col_description(r.oid, a.attnum), a.attacl
FROM relation AS r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
WHERE r.relkind <> 'i'
ORDER BY r.name COLLATE "C", a.attnum;
SELECT 'constraint', r.name, k.conname, pg_get_constraintdef(k.oid) FROM relation AS r JOIN pg_constraint AS k ON k.conrelid = r.oid
ORDER BY r.name COLLATE "C", k.conname COLLATE "C";
SELECT 'trigger', t.tgrelid::regclass, pg_get_triggerdef(t.oid), t.tgenabled
FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND p.pronamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace)
ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname COLLATE "C";
SELECT 'policy', r.name, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[], pg_get_expr(p.polqual, p.polrelid),
       pg_get_expr(p.polwithcheck, p.polrelid)
FROM relation AS r JOIN pg_policy AS p ON p.polrelid = r.oid
ORDER BY r.name COLLATE "C", p.polname COLLATE "C";
