-- doctor: how the sources are stored and indexed. See docs/doctor.md.
-- A fix locks nothing that others wait for, or its finding says what.

-- NULL without TimescaleDB.
CREATE FUNCTION mrcall_internal.hypertables()
RETURNS oid[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hypertables oid[];
BEGIN
    IF mrcall_internal.timescaledb_relation('timescaledb_information.hypertables') IS NOT NULL THEN
        EXECUTE 'SELECT pg_catalog.array_agg(pg_catalog.to_regclass('
            'pg_catalog.format(''%I.%I'', h.hypertable_schema, h.hypertable_name))) '
            'FROM timescaledb_information.hypertables AS h' INTO hypertables;
        hypertables := coalesce(hypertables, '{}');
    END IF;
    RETURN hypertables;
END
$$;
COMMENT ON FUNCTION mrcall_internal.hypertables() IS 'The hypertables of the database; NULL without TimescaleDB';

-- The indexes that reports use, as logical columns.
CREATE FUNCTION mrcall_internal.useful_indexes()
RETURNS TABLE (logical_table text, columns text[], purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4
AS $$
    VALUES
    ('calls', '{business_id,started_at}'::pg_catalog.text[], 'call_summary of one business'),
    ('events', '{visitor_id,occurred_at}'::pg_catalog.text[], 'attribution reads only converters'),
    ('businesses', '{owner}'::pg_catalog.text[], 'customers to businesses'),
    ('subscriptions', '{business_id}'::pg_catalog.text[], 'businesses to subscriptions')
$$;
COMMENT ON FUNCTION mrcall_internal.useful_indexes() IS 'The indexes that reports use';

-- The same as physical columns, where each is a column of the table itself.
CREATE FUNCTION mrcall_internal.wanted_indexes()
RETURNS TABLE (relation regclass, names text[], numbers int2[], purpose text, logical_table text)
LANGUAGE sql STABLE ROWS 4
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT w.relation, w.names, w.numbers, w.purpose, w.logical_table
    FROM (
        SELECT to_regclass(s.relation) AS relation, u.purpose, u.logical_table,
               array_agg(s.columns ->> c.name ORDER BY c.ordinality) AS names,
               array_agg(a.attnum ORDER BY c.ordinality) AS numbers
        FROM mrcall_internal.useful_indexes() AS u
        JOIN mrcall_internal.source_parts() AS s ON s.logical_table = u.logical_table AND s.relation IS NOT NULL
        CROSS JOIN LATERAL unnest(u.columns) WITH ORDINALITY AS c (name, ordinality)
        LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(s.relation) AND a.attname = s.columns ->> c.name
        GROUP BY u.logical_table, s.relation, u.purpose
    ) AS w
    WHERE array_position(w.numbers, NULL) IS NULL
$$;
COMMENT ON FUNCTION mrcall_internal.wanted_indexes() IS 'The indexes that reports use, as columns of the tables';

-- Whether an index finds rows by equality of its first columns, and their order by the last of them: one of the whole table, by the
-- columns in that order, with the comparison that the columns themselves have. A hash index serves equality of one column.
CREATE FUNCTION mrcall_internal.serves(index_row pg_index, numbers int2[])
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT index_row.indpred IS NULL AND index_row.indnkeyatts >= cardinality(numbers)
       AND (SELECT m.amname = 'btree' OR m.amname = 'hash' AND cardinality(numbers) = 1
            FROM pg_class AS c JOIN pg_am AS m ON m.oid = c.relam WHERE c.oid = index_row.indexrelid)
       AND (SELECT bool_and(k.attnum = w.attnum AND k.coll = a.attcollation
                            AND (o.opcdefault OR right(o.opcname::text, 11) = 'pattern_ops'))
            FROM unnest(numbers) WITH ORDINALITY AS w (attnum, n)
            JOIN unnest(index_row.indkey::int2[], index_row.indclass::oid[], index_row.indcollation::oid[])
                WITH ORDINALITY AS k (attnum, opclass, coll, n) ON k.n = w.n
            JOIN pg_opclass AS o ON o.oid = k.opclass
            JOIN pg_attribute AS a ON a.attrelid = index_row.indrelid AND a.attnum = w.attnum)
$$;
COMMENT ON FUNCTION mrcall_internal.serves(pg_index, int2[]) IS 'Whether an index, if it is valid, is one that a report can use';

CREATE FUNCTION mrcall_internal.check_indexes()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', w.relation::text,
           format('no index on (%s): %s%s', array_to_string(w.names, ', '), w.purpose,
                  CASE WHEN h.is_hyper THEN ' (a chunk cannot be written while it is indexed)'
                       WHEN c.relkind = 'p' THEN ' (the table cannot be written meanwhile; or index each partition CONCURRENTLY first)'
                       ELSE '' END),
           format('CREATE INDEX %sON %s (%s)%s;', CASE WHEN h.is_hyper OR c.relkind = 'p' THEN '' ELSE 'CONCURRENTLY ' END,
                  w.relation, (SELECT string_agg(quote_ident(n.name), ', ') FROM unnest(w.names) AS n (name)),
                  CASE WHEN h.is_hyper THEN ' WITH (timescaledb.transaction_per_chunk)' ELSE '' END)
    FROM mrcall_internal.wanted_indexes() AS w
    JOIN pg_class AS c ON c.oid = w.relation AND c.relkind IN ('r', 'p', 'm')
    CROSS JOIN LATERAL (SELECT coalesce(w.relation::oid = ANY (mrcall_internal.hypertables()), false)) AS h (is_hyper)
    WHERE NOT EXISTS (SELECT FROM pg_index AS x
                      WHERE x.indrelid = w.relation AND x.indisvalid AND x.indisready AND mrcall_internal.serves(x, w.numbers))
    ORDER BY w.relation::text COLLATE "C", w.purpose
$$;
COMMENT ON FUNCTION mrcall_internal.check_indexes() IS 'doctor: the indexes of useful_indexes';

-- What CREATE INDEX CONCURRENTLY leaves that failed or was cancelled. One of a partitioned table may wait for its parts.
CREATE FUNCTION mrcall_internal.check_invalid_indexes()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', i.indexrelid::regclass::text,
           format('is not valid: no query uses it, and each write to %s pays for it%s', i.relation,
                  CASE WHEN i.is_hyper THEN ' (nobody can read or write the table while it is dropped)' ELSE '' END),
           CASE WHEN i.relkind = 'i' THEN format('DROP INDEX %s%s;', CASE WHEN i.is_hyper THEN '' ELSE 'CONCURRENTLY ' END,
                                                 i.indexrelid::regclass) END
    FROM (
        SELECT DISTINCT x.indexrelid, x.indrelid::regclass AS relation, c.relkind,
               coalesce(x.indrelid = ANY (mrcall_internal.hypertables()), false) AS is_hyper
        FROM mrcall_internal.source_parts() AS s
        JOIN pg_index AS x ON x.indrelid = to_regclass(s.relation) AND NOT x.indisvalid
        JOIN pg_class AS c ON c.oid = x.indexrelid
    ) AS i
    ORDER BY i.indexrelid::regclass::text COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.check_invalid_indexes() IS 'doctor: indexes of the sources that are not valid';

-- Indexes on what a function of ours makes of a column.
CREATE FUNCTION mrcall_internal.check_document_indexes(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'info', d.relation,
           format('no index on %s(%s): %s (ANALYZE the table afterwards)%s', d.function, d.column, d.purpose,
                  CASE d.relkind WHEN 'p' THEN '; the table cannot be written meanwhile' ELSE '' END),
           format('CREATE INDEX %sON %s %s(%s(%s))%s;', CASE d.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END, d.relation,
                  CASE d.method WHEN 'gin' THEN 'USING gin ' ELSE '' END, d.function, d.column,
                  CASE d.method WHEN 'gin' THEN ' WITH (fastupdate = off)' ELSE '' END)
    FROM (
        SELECT r.logical_table, r.relation::text AS relation, c.relkind, f.oid::regproc::text AS function, w.method, w.purpose,
               CASE WHEN r.found_type = w.type THEN r.expression ELSE r.cast_expression END AS column
        FROM (VALUES ('stripe_events', 'document', 'jsonb', 'mrcall.stripe_ids(jsonb)', 'gin',
                      'explain_conversion of a payment reads every document'),
                     ('apple_events', 'document', 'jsonb', 'mrcall.apple_ids(jsonb)', 'gin',
                      'explain_conversion of a payment reads every document'),
                     ('phones', 'number', 'text', 'mrcall.caller_id(text)', 'btree', 'callers reads every number of all address books'))
            AS w (logical_table, name, type, function, method, purpose)
        JOIN mrcall_internal.resolve_columns(mapping) AS r ON r.logical_table = w.logical_table AND r.name = w.name
        JOIN pg_class AS c ON c.oid = r.relation AND c.relkind IN ('r', 'p', 'm')
        JOIN pg_proc AS f ON f.oid = w.function::regprocedure
        -- An index on the function, whatever else it holds.
        WHERE r.expression IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_index AS x
            JOIN pg_class AS xc ON xc.oid = x.indexrelid
            JOIN pg_am AS m ON m.oid = xc.relam AND m.amname = w.method
            JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
            WHERE x.indrelid = r.relation AND x.indpred IS NULL AND x.indisvalid
              AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid)
    ) AS d
    ORDER BY d.logical_table
$$;
COMMENT ON FUNCTION mrcall_internal.check_document_indexes(jsonb) IS 'doctor: indexes on the ids in webhooks and on callers'' numbers';

CREATE FUNCTION mrcall_internal.check_hypertables()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'info', s.relation,
           CASE WHEN h.hypertables IS NULL THEN 'TimescaleDB is not installed: reports scan the whole table, not only their period'
                ELSE 'is not a hypertable: reports scan all of it, not only their period '
                     '(nobody can read or write it while its rows are moved)' END,
           CASE WHEN h.hypertables IS NULL THEN 'CREATE EXTENSION timescaledb;'
                ELSE format('SELECT create_hypertable(%L, %L, migrate_data => true);', s.relation,
                            s.columns ->> CASE s.logical_table WHEN 'events' THEN 'occurred_at' ELSE 'started_at' END) END
    FROM mrcall_internal.source_parts() AS s
    -- A partitioned table is read by partitions, a foreign one over there, a view as its author wants.
    JOIN pg_class AS c ON c.oid = to_regclass(s.relation) AND c.relkind IN ('r', 'm')
    CROSS JOIN (SELECT mrcall_internal.hypertables()) AS h (hypertables)
    WHERE s.logical_table IN ('events', 'calls') AND (c.oid = ANY (h.hypertables)) IS NOT TRUE
    ORDER BY s.logical_table DESC
$$;
COMMENT ON FUNCTION mrcall_internal.check_hypertables() IS 'doctor: large tables that are not hypertables';

-- The views of TimescaleDB are read by names that only some of its versions have.
CREATE FUNCTION mrcall_internal.check_compression()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    src record;
    segments text[];
BEGIN
    IF mrcall_internal.timescaledb_relation('timescaledb_information.compression_settings') IS NULL THEN
        RETURN;
    END IF;
    FOR src IN
        SELECT s.relation, n.nspname AS schema_name, c.relname AS table_name, s.columns ->> 'business_id' AS business_id
        FROM mrcall_internal.source_parts() AS s
        JOIN pg_class AS c ON c.oid = to_regclass(s.relation)
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.columns ->> 'business_id' AND a.attnum > 0
        WHERE s.logical_table = 'calls'
    LOOP
        -- NULL where nothing is compressed.
        EXECUTE 'SELECT pg_catalog.array_agg(s.attname::pg_catalog.text) FILTER (WHERE s.segmentby_column_index IS NOT NULL) '
            'OPERATOR(pg_catalog.||) ''{}''::pg_catalog.text[] FROM timescaledb_information.compression_settings AS s '
            'WHERE s.hypertable_schema OPERATOR(pg_catalog.=) $1 AND s.hypertable_name OPERATOR(pg_catalog.=) $2 '
            'HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0'
            INTO segments USING src.schema_name, src.table_name;
        IF segments IS NOT NULL AND src.business_id <> ALL (segments) THEN
            RETURN QUERY
            SELECT 'warning'::text, src.relation,
                   format('is compressed without the segment %s: what reads one business unpacks all of them '
                          '(chunks that are compressed keep their segments until they are compressed anew)', src.business_id),
                   format('ALTER TABLE %s SET (timescaledb.compress_segmentby = %L);', src.relation,
                          (SELECT string_agg(quote_ident(x.name), ', ') FROM unnest(segments || src.business_id) AS x (name)));
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_compression() IS
    'doctor: calls that are compressed in a way that reports cannot read by business';
