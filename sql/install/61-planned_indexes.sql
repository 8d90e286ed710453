-- What the planner asks about indexes, see 57-planned.sql.

-- Whether the calls of one business are found by an index in their order of time, wherever they are.
CREATE FUNCTION mrcall_internal.is_found_by_business()
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SUPPORT mrcall_internal.planned_support
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM mrcall_internal.wanted_indexes() AS w
        JOIN pg_class AS c ON c.oid = w.relation AND c.relkind IN ('r', 'p', 'm')
        JOIN pg_index AS x ON x.indrelid = w.relation AND x.indisvalid AND x.indisready AND mrcall_internal.serves(x, w.numbers)
        WHERE w.logical_table = 'calls' AND mrcall_internal.foreign_part(w.relation) IS NULL)
       AND NOT EXISTS (SELECT FROM mrcall_internal.check_compression())
$$;
COMMENT ON FUNCTION mrcall_internal.is_found_by_business() IS 'Whether an index finds the calls of one business in order of time';
