-- What the planner is told beforehand, because it decides by it.

-- Functions with it are asked while a query is planned, and stand in the plan as what they said. What they look at are tables and
-- indexes of the query itself, whose changes end its plan. A function that returns rows, with one number: how many to expect.
CREATE FUNCTION mrcall_internal.planned_support(internal)
RETURNS internal
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'planned_support_wrapper';
COMMENT ON FUNCTION mrcall_internal.planned_support(internal) IS 'Answers the planner for expected_rows, no_rows and is_found_by_business';

-- Rows of a table and of the parts right below it, by the statistics; a part without them counts as one of a thousand.
CREATE FUNCTION mrcall_internal.expected_rows(relation regclass)
RETURNS float8
LANGUAGE sql STABLE PARALLEL SAFE
SUPPORT mrcall_internal.planned_support
AS $$
    SELECT COALESCE(pg_catalog.sum(CASE WHEN c.reltuples OPERATOR(pg_catalog.<) 0::pg_catalog.float4 THEN 1000::pg_catalog.float8
                                        ELSE c.reltuples::pg_catalog.float8 END), 0::pg_catalog.float8)
    FROM pg_catalog.pg_class AS c
    WHERE c.oid OPERATOR(pg_catalog.=) relation
       OR c.oid OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i
                                                  WHERE i.inhparent OPERATOR(pg_catalog.=) relation))
$$;
COMMENT ON FUNCTION mrcall_internal.expected_rows(regclass) IS 'About how many rows a table has, with its chunks or partitions';

-- The last part of the view mrcall.calls. TimescaleDB tells the planner of a hypertable in a UNION ALL that it is one row: by that it
-- would compare each of millions of calls with each row of another table. An eighth of what is there is near enough to the truth, and
-- the parts are still read in order of time where LIMIT asks for a few.
CREATE FUNCTION mrcall_internal.no_rows(expected float8)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10 ROWS 5000
SUPPORT mrcall_internal.planned_support
SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RETURN; END $$;
COMMENT ON FUNCTION mrcall_internal.no_rows(float8) IS 'No row, where the planner is to expect an eighth of so many';
