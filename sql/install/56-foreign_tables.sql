-- Writers and foreign tables. A foreign-data wrapper may find the row that it writes to by its physical place, which in a table
-- of several parts (partitions, chunks) is the place of other rows, too.

-- The first table below a relation that is foreign: itself, a partition, a child, or what a view reads.
CREATE FUNCTION mrcall_internal.foreign_part(relation regclass)
RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE part (oid) AS (
        SELECT relation::oid
        UNION
        SELECT below.oid
        FROM part AS p
        CROSS JOIN LATERAL (
            SELECT i.inhrelid AS oid FROM pg_inherits AS i WHERE i.inhparent = p.oid
            UNION ALL
            SELECT d.refobjid
            FROM pg_rewrite AS r
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
            JOIN pg_class AS v ON v.oid = r.ev_class AND v.relkind = 'v'
            WHERE r.ev_class = p.oid
        ) AS below
    )
    SELECT c.oid::regclass FROM part AS p JOIN pg_class AS c ON c.oid = p.oid WHERE c.relkind = 'f' ORDER BY c.oid LIMIT 1
$$;
COMMENT ON FUNCTION mrcall_internal.foreign_part(regclass) IS 'The first foreign table that a relation is, has or reads; NULL without one';

CREATE FUNCTION mrcall_internal.refuse_foreign(relation regclass, what text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part regclass := mrcall_internal.foreign_part(relation);
BEGIN
    IF part IS NOT NULL THEN
        RAISE EXCEPTION '% cannot write to %: %', what, relation,
                CASE WHEN part = relation THEN 'it is a foreign table' ELSE format('its part %s is a foreign table', part) END
            USING ERRCODE = '55000', HINT = format('Run %s on the server that has the table itself.', what);
    END IF;
    -- One of attach's own views stands for several tables.
    IF (SELECT c.relkind = 'v' AND c.relnamespace = 'mrcall'::regnamespace FROM pg_class AS c WHERE c.oid = relation) THEN
        RAISE EXCEPTION '% cannot write to %: its rows lie in several tables', what, relation
            USING ERRCODE = '55000', HINT = format('Attach one table, and run %s.', what);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.refuse_foreign(regclass, text) IS '55000 where a writer''s table is foreign, or a part of it is';
