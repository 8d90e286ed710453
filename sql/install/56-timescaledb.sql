-- TimescaleDB's own relations, where it is installed.

-- Of a superuser or of our owner alone: where TimescaleDB is not installed, anybody who may create schemas could make one of that
-- name, with views that run as whoever reads them.
CREATE FUNCTION mrcall_internal.timescaledb_relation(name text)
RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass
    FROM pg_class AS c
    JOIN pg_roles AS r ON r.oid = c.relowner
    WHERE c.oid = to_regclass(name) AND (r.rolsuper OR r.rolname = mrcall_internal.owner())
$$;
COMMENT ON FUNCTION mrcall_internal.timescaledb_relation(text) IS 'A relation of TimescaleDB; NULL where it is not installed';
