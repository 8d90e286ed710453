-- doctor: the versions of the SQL objects, of the server's files and of the library that a session has loaded.
-- Nothing where they agree; versions go by their numbers, not by their letters; what is no number is no older.
SELECT v.installed, v.files, v.loaded, c.severity, c.finding, c.fix
FROM (VALUES ('0.1.0', '0.1.0', '0.1.0'), ('0.1.0', '0.1.1', '0.1.0'), ('0.1.0', '0.1.1', '0.1.1'), ('0.1.1', '0.1.1', '0.1.0'),
             ('0.1.1', '0.1.0', '0.1.0'), ('0.1.9', '0.1.10', '0.1.9'), ('0.1.10', '0.1.9', '0.1.10'), ('0.1', '0.1.0', '0.1.0'),
             ('1.0.0-rc1', '1.0.0', '1.0.0'), ('1.0.0', '99999999999.0.0', '1.0.0'), ('1.0.0', '1.0.0''; --', '1.0.0'))
    AS v (installed, files, loaded)
LEFT JOIN LATERAL mrcall_internal.compared_versions(v.installed, v.files, v.loaded) AS c ON true;
-- Here they agree.
SELECT mrcall.attach();
SELECT * FROM mrcall_internal.check_version();
SELECT mrcall_internal.installed_version() = mrcall.version() AS agree;
-- Views are of the version of the SQL that made them.
SELECT DISTINCT s.version = mrcall_internal.installed_version() AS of_the_sql FROM mrcall.source AS s;
