-- doctor: the versions of the SQL objects of this database, of the library that this session has loaded, and of the server's files.

CREATE FUNCTION mrcall_internal.installed_version()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT x.extversion FROM pg_extension AS x WHERE x.extname = 'mrcall_ext' $$;
COMMENT ON FUNCTION mrcall_internal.installed_version() IS 'The version of the SQL objects: the library may be of a later one';

CREATE FUNCTION mrcall_internal.compared_versions(installed text, files text, loaded text)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql IMMUTABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.severity, 'mrcall_ext', r.finding, r.fix
    -- By CASE: a condition of a sub-select may be looked at behind its columns.
    FROM (SELECT CASE WHEN files ~ '^[0-9]{1,9}([.][0-9]{1,9})*$' AND installed ~ '^[0-9]{1,9}([.][0-9]{1,9})*$'
                      THEN string_to_array(files, '.')::int[] < string_to_array(installed, '.')::int[] END) AS c (is_older)
    CROSS JOIN LATERAL (
        SELECT 'error', format('the files on the server are of version %s, this database of %s: install the later package',
                               files, installed), NULL
        WHERE c.is_older
        UNION ALL
        SELECT 'warning', format('the files on the server are of version %s, this database of %s', files, installed),
               format('ALTER EXTENSION mrcall_ext UPDATE TO %L;', files)
        WHERE c.is_older IS NOT true AND files <> installed
        UNION ALL
        SELECT 'warning', format('this session has loaded the library of version %s, this database is of %s: connect anew',
                                 loaded, installed), NULL
        WHERE files = installed AND loaded <> installed) AS r (severity, finding, fix)
$$;
COMMENT ON FUNCTION mrcall_internal.compared_versions(text, text, text) IS 'doctor: what follows from three versions';

CREATE FUNCTION mrcall_internal.check_version()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.*
    FROM pg_available_extensions AS a
    CROSS JOIN LATERAL mrcall_internal.compared_versions(mrcall_internal.installed_version(), a.default_version, mrcall.version()) AS c
    WHERE a.name = 'mrcall_ext'
$$;
COMMENT ON FUNCTION mrcall_internal.check_version() IS 'doctor: an update that is not finished';
