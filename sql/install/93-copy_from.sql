-- Local copies of tables of another server. See docs/sidecar.md.

-- The copies of events and calls, and the tables of another schema that they are copies of.
CREATE FUNCTION mrcall_internal.copied_tables(schema text)
RETURNS TABLE (logical_table text, copy regclass, original regclass, key name, at name, columns name[])
LANGUAGE plpgsql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    src record;
    fault text;
    is_any boolean := false;
BEGIN
    FOR src IN
        SELECT s.logical_table, s.relation, s.parts, s.columns ->> t.key AS key, s.columns ->> t.at AS at
        FROM (VALUES ('events', 'event_id', 'occurred_at'), ('calls', 'call_id', 'started_at')) AS t (name, key, at)
        JOIN mrcall.source AS s ON s.logical_table = t.name AND s.relation IS NOT NULL
        ORDER BY s.logical_table DESC
    LOOP
        logical_table := src.logical_table;
        copy := to_regclass(src.relation);
        SELECT to_regclass(format('%I.%I', copied_tables.schema, c.relname)) INTO original FROM pg_class AS c WHERE c.oid = copy;
        -- A schema may have one of the two alone.
        CONTINUE WHEN original IS NULL;
        SELECT a.attname INTO key FROM pg_attribute AS a WHERE a.attrelid = copy AND a.attname = src.key AND a.attnum > 0;
        SELECT a.attname INTO at FROM pg_attribute AS a
        WHERE a.attrelid = copy AND a.attname = src.at AND a.attnum > 0 AND a.atttypid = 'timestamptz'::regtype;
        SELECT array_agg(a.attname ORDER BY a.attnum) INTO columns
        FROM pg_attribute AS a
        JOIN pg_attribute AS o ON o.attrelid = original AND o.attname = a.attname AND o.attnum > 0 AND NOT o.attisdropped
        WHERE a.attrelid = copy AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';
        fault := CASE
            WHEN src.parts IS NOT NULL THEN 'its rows lie in several tables'
            WHEN mrcall_internal.foreign_part(copy) IS NOT NULL
                 OR (SELECT c.relkind NOT IN ('r', 'p') FROM pg_class AS c WHERE c.oid = copy) THEN 'it is no table of this database'
            WHEN original = copy THEN 'it would be its own copy'
            WHEN key IS NULL OR at IS NULL THEN 'its key or its time is no column'
            WHEN NOT ARRAY[key, at] <@ columns THEN format('%s lacks its key or its time', original) END;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION '% cannot be a copy: %', src.relation, fault
                USING ERRCODE = '55000', HINT = 'Attach a table of this database, with the columns of the other one: see docs/sidecar.md.';
        END IF;
        is_any := true;
        RETURN NEXT;
    END LOOP;
    IF NOT is_any THEN
        RAISE EXCEPTION 'schema "%" has no table of the name of a table that is attached for events or calls', schema
            USING ERRCODE = '42P01', HINT = 'Run: IMPORT FOREIGN SCHEMA public FROM SERVER main INTO remote; see docs/sidecar.md.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.copied_tables(text) IS 'The tables of events and calls that are copies of those of another schema';

-- The days before an instant of which a copy has other rows than its original, by their number and ids.
CREATE FUNCTION mrcall_internal.differing_days(copy regclass, original regclass, key name, at name, before timestamptz)
RETURNS timestamptz[]
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    days pg_catalog.timestamptz[];
    -- Of functions that the other server may be asked for.
    counts constant pg_catalog.text := $query$
        SELECT pg_catalog.date_bin('1 day', %2$I, '2000-01-01 00:00Z') AS day, pg_catalog.count(*) AS rows,
               pg_catalog.sum(pg_catalog.hashtext(%1$I::pg_catalog.text)::pg_catalog.int8) AS ids
        FROM %3$s WHERE %2$I OPERATOR(pg_catalog.<) $1 GROUP BY 1$query$;
BEGIN
    EXECUTE pg_catalog.format(
        'SELECT pg_catalog.array_agg(COALESCE(c.day, o.day)) FROM (%s) AS c FULL JOIN (%s) AS o ON o.day OPERATOR(pg_catalog.=) c.day '
        'WHERE (c.rows, c.ids) IS DISTINCT FROM (o.rows, o.ids)',
        pg_catalog.format(counts, key, at, copy), pg_catalog.format(counts, key, at, original))
    INTO days USING before;
    RETURN COALESCE(days, '{}');
END
$$;
COMMENT ON FUNCTION mrcall_internal.differing_days(regclass, regclass, name, name, timestamptz) IS
    'The days before an instant of which a copy has other rows than its original';

-- The copy's triggers run as in any statement of the caller: no SET, every name qualified.
CREATE PROCEDURE mrcall.copy_from(
    schema text, since timestamptz DEFAULT NULL, overlap interval DEFAULT '1 day',
    INOUT rows_read bigint DEFAULT NULL, INOUT inserted bigint DEFAULT NULL, INOUT removed bigint DEFAULT NULL)
LANGUAGE plpgsql
AS $$
DECLARE
    part record;
    mark pg_catalog.timestamptz;
    days pg_catalog.timestamptz[];
    columns pg_catalog.text;
    names pg_catalog.text;
    scope pg_catalog.text;
    spelled pg_catalog.text;
    changed pg_catalog.int8;
BEGIN
    IF schema IS NULL OR overlap IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN schema IS NULL THEN 'schema' ELSE 'overlap' END
            USING ERRCODE = '22004', HINT = 'Example: CALL mrcall.copy_from(''remote'');';
    END IF;
    PERFORM mrcall_internal.require_attached();
    -- One at a time: another one waits, and finds nothing left to do.
    PERFORM pg_catalog.pg_advisory_xact_lock(1836213089, 3);
    rows_read := 0;
    inserted := 0;
    removed := 0;
    FOR part IN SELECT t.* FROM mrcall_internal.copied_tables(schema) AS t LOOP
        columns := (SELECT pg_catalog.string_agg(pg_catalog.format('r.%I', c.name), ', ' ORDER BY c.nr)
                    FROM pg_catalog.unnest(part.columns) WITH ORDINALITY AS c (name, nr));
        names := (SELECT pg_catalog.string_agg(pg_catalog.format('%I', c.name), ', ' ORDER BY c.nr)
                  FROM pg_catalog.unnest(part.columns) WITH ORDINALITY AS c (name, nr));
        EXECUTE pg_catalog.format('SELECT pg_catalog.max(%I) OPERATOR(pg_catalog.-) $1 FROM %s', part.at, part.copy)
            INTO mark USING overlap;
        IF mark IS NULL THEN
            EXECUTE pg_catalog.format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS r', part.copy,
                                      names, columns, part.original);
            GET DIAGNOSTICS changed = ROW_COUNT;
            rows_read := rows_read OPERATOR(pg_catalog.+) changed;
            inserted := inserted OPERATOR(pg_catalog.+) changed;
            CONTINUE;
        END IF;
        mark := LEAST(mark, since);
        days := mrcall_internal.differing_days(part.copy, part.original, part.key, part.at, mark);
        scope := pg_catalog.format('(r.%1$I OPERATOR(pg_catalog.>=) $1 OR pg_catalog.date_bin(''1 day'', r.%1$I, ''2000-01-01 00:00Z'') '
                                   'OPERATOR(pg_catalog.=) ANY ($2))', part.at);
        -- CREATE TABLE takes no parameters.
        spelled := pg_catalog.replace(pg_catalog.replace(
            scope, '$1', pg_catalog.format('%L::pg_catalog.timestamptz', mark)),
            '$2', pg_catalog.format('%L::pg_catalog.timestamptz[]', days));
        -- A row as text: of any types, and NULL is equal to NULL.
        EXECUTE pg_catalog.format('CREATE TEMPORARY TABLE mrcall_original ON COMMIT DROP AS '
                                  'SELECT %s, ROW(%s)::pg_catalog.text AS mrcall_row FROM %s AS r WHERE %s', columns, columns,
                                  part.original, spelled);
        GET DIAGNOSTICS changed = ROW_COUNT;
        rows_read := rows_read OPERATOR(pg_catalog.+) changed;
        -- What is there as often as over there stays.
        EXECUTE pg_catalog.format('CREATE TEMPORARY TABLE mrcall_same ON COMMIT DROP AS
            SELECT c.mrcall_row
            FROM (SELECT ROW(%s)::pg_catalog.text AS mrcall_row, pg_catalog.count(*) AS rows FROM %s AS r WHERE %s GROUP BY 1) AS c
            JOIN (SELECT o.mrcall_row, pg_catalog.count(*) AS rows FROM pg_temp.mrcall_original AS o GROUP BY 1) AS o
                ON o.mrcall_row OPERATOR(pg_catalog.=) c.mrcall_row AND o.rows OPERATOR(pg_catalog.=) c.rows', columns, part.copy, spelled);
        EXECUTE pg_catalog.format('DELETE FROM %s AS r WHERE %s AND NOT EXISTS (SELECT FROM pg_temp.mrcall_same AS s '
                                  'WHERE s.mrcall_row OPERATOR(pg_catalog.=) ROW(%s)::pg_catalog.text)', part.copy, scope, columns)
            USING mark, days;
        GET DIAGNOSTICS changed = ROW_COUNT;
        removed := removed OPERATOR(pg_catalog.+) changed;
        EXECUTE pg_catalog.format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM pg_temp.mrcall_original AS r '
                                  'WHERE NOT EXISTS (SELECT FROM pg_temp.mrcall_same AS s '
                                  'WHERE s.mrcall_row OPERATOR(pg_catalog.=) r.mrcall_row)', part.copy,
                                  names, columns);
        GET DIAGNOSTICS changed = ROW_COUNT;
        inserted := inserted OPERATOR(pg_catalog.+) changed;
        DROP TABLE pg_temp.mrcall_original, pg_temp.mrcall_same;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE mrcall.copy_from(text, timestamptz, interval, bigint, bigint, bigint) IS
    'Brings local copies of events and calls up to date with the tables of another schema, such as foreign tables';
