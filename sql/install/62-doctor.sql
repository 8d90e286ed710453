-- mrcall.doctor: what is wrong with the sources, and the SQL that mends it. See docs/doctor.md.
SET LOCAL check_function_bodies = off;

-- Orphans: rows that refer to a row that is not there. Each is one count over the source views.
CREATE FUNCTION mrcall_internal.orphans()
RETURNS TABLE (object text, finding text, rows bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 6
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'businesses.owner', 'businesses whose owner is no customer: their conversions stay unattributed', count(*)
    FROM mrcall.businesses AS b
    WHERE b.owner IS NOT NULL AND NOT EXISTS (SELECT FROM mrcall.customers AS c WHERE c.customer_id = b.owner)
    UNION ALL
    SELECT 'businesses.zone', 'businesses whose zone is no time zone: UTC counts in their reports', count(*)
    FROM mrcall.businesses AS b
    WHERE NOT mrcall_internal.is_zone(b.zone)
    UNION ALL
    SELECT 'subscriptions.business_id', 'subscriptions of no known business: their payments stay unattributed', count(*)
    FROM mrcall.subscriptions AS s
    WHERE NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id = s.business_id)
    UNION ALL
    SELECT 'calls.business_id', 'calls of no known business', count(*)
    FROM mrcall.calls AS c
    WHERE NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id = c.business_id)
    UNION ALL
    SELECT 'calls.ended_at', 'calls that end before they start: their duration is not counted', count(*)
    FROM mrcall.calls AS c
    WHERE c.ended_at < c.started_at
    UNION ALL
    SELECT 'businesses.business_id', 'businesses whose id is NULL or not their own: conversions count each of them',
           count(*) - count(DISTINCT b.business_id)
    FROM mrcall.businesses AS b
    UNION ALL
    SELECT 'customers.customer_id', 'customers whose id is NULL or not their own: conversions count each of them',
           count(*) - count(DISTINCT c.customer_id)
    FROM mrcall.customers AS c
    UNION ALL
    SELECT 'events.visitor_id', 'events without visitor or time: no visit has them', count(*)
    FROM mrcall.events AS e
    WHERE e.visitor_id IS NULL OR e.occurred_at IS NULL
    UNION ALL
    SELECT 'customers.website_session_ids', 'browsers that several customers share: each customer''s journey has them', count(*)
    FROM (SELECT i.visitor_id FROM mrcall.identities AS i GROUP BY i.visitor_id
          HAVING count(DISTINCT i.customer_id) > 1) AS shared
$$;
COMMENT ON FUNCTION mrcall_internal.orphans() IS 'Counts of rows that reports cannot place';

-- The indexes that reports use, as logical columns.
CREATE FUNCTION mrcall_internal.useful_indexes()
RETURNS TABLE (logical_table text, columns text[], purpose text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
AS $$
    VALUES
    ('calls', '{business_id,started_at}'::pg_catalog.text[], 'call_summary of one business'),
    ('events', '{visitor_id,occurred_at}'::pg_catalog.text[], 'attribution reads only converters'),
    ('businesses', '{owner}'::pg_catalog.text[], 'customers to businesses'),
    ('subscriptions', '{business_id}'::pg_catalog.text[], 'businesses to subscriptions')
$$;
COMMENT ON FUNCTION mrcall_internal.useful_indexes() IS 'The indexes that reports use';

CREATE FUNCTION mrcall.doctor()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mapping jsonb;
    src record;
    wanted record;
    figures jsonb;
    in_timescale boolean := EXISTS (SELECT FROM pg_extension AS x WHERE x.extname = 'timescaledb');
    is_hypertable boolean;
    clean boolean := true;
BEGIN
    IF to_regclass('mrcall.events') IS NULL OR NOT EXISTS (SELECT FROM mrcall.source) THEN
        RETURN QUERY SELECT 'error', 'mrcall.attach', 'the extension is not attached to the tables of this database',
                            'SELECT mrcall.attach();';
        RETURN;
    END IF;
    SELECT jsonb_object_agg(s.logical_table, jsonb_build_object('table', s.relation, 'columns', s.columns)) INTO mapping
    FROM mrcall.source AS s;

    -- Tables, columns and types, as attach sees them now.
    FOR src IN
        SELECT r.logical_table, r.wanted_relation, r.state, string_agg(r.name, ', ' ORDER BY r.ordinal) AS names,
               string_agg(r.expression, ', ' ORDER BY r.ordinal) AS expressions, jsonb_object_agg(r.name, NULL::text) AS left_out
        FROM mrcall_internal.resolve_columns(mapping) AS r
        WHERE r.state NOT IN ('ok', 'no right')
        GROUP BY r.logical_table, r.wanted_relation, r.state
        ORDER BY r.logical_table, r.state
    LOOP
        clean := false;
        RETURN QUERY SELECT 'error', src.logical_table,
            CASE WHEN src.state = 'no table' THEN format('table %s is missing', src.wanted_relation)
                 ELSE format('%s of %s: %s (%s)', src.names, src.wanted_relation, src.state, src.expressions) END,
            CASE WHEN src.state = 'no table'
                 THEN format('SELECT mrcall.attach(%L);',
                             jsonb_set(mapping, ARRAY[src.logical_table], '{"table": null}'))
                 ELSE format('SELECT mrcall.attach(%L);',
                             jsonb_set(mapping, ARRAY[src.logical_table, 'columns'],
                                       mapping #> ARRAY[src.logical_table, 'columns'] || src.left_out)) END;
    END LOOP;
    FOR src IN SELECT s.* FROM mrcall.source AS s ORDER BY s.logical_table LOOP
        IF to_regclass(format('mrcall.%I', src.logical_table)) IS NULL OR src.version <> mrcall.version() THEN
            clean := false;
            RETURN QUERY SELECT 'warning', 'mrcall.' || src.logical_table,
                CASE WHEN to_regclass(format('mrcall.%I', src.logical_table)) IS NULL THEN 'the view is missing'
                     ELSE format('the view is of version %s, the extension of %s', src.version, mrcall.version()) END,
                format('SELECT mrcall.attach(%L);', mapping);
        END IF;
        IF src.relation IS NULL THEN
            RETURN QUERY SELECT 'info', src.logical_table, 'left out by the mapping: its reports are empty', NULL::text;
        ELSIF to_regclass(src.relation) IS NOT NULL AND NOT has_table_privilege(to_regclass(src.relation), 'SELECT') THEN
            clean := false;
            RETURN QUERY SELECT 'error', src.relation, format('%s may not read it', current_user),
                format('GRANT SELECT ON %s TO %I;', src.relation, current_user);
        END IF;
    END LOOP;
    IF NOT clean THEN
        RETURN;
    END IF;

    -- Indexes and hypertables.
    FOR wanted IN
        SELECT u.logical_table, s.relation, u.purpose, array_agg(s.columns ->> c.name ORDER BY c.ordinality) AS names,
               array_agg(a.attnum ORDER BY c.ordinality) AS numbers
        FROM mrcall_internal.useful_indexes() AS u
        JOIN mrcall.source AS s ON s.logical_table = u.logical_table AND s.relation IS NOT NULL
        CROSS JOIN LATERAL unnest(u.columns) WITH ORDINALITY AS c (name, ordinality)
        LEFT JOIN pg_attribute AS a ON a.attrelid = s.relation::regclass AND a.attname = s.columns ->> c.name
        GROUP BY u.logical_table, s.relation, u.purpose
    LOOP
        IF array_position(wanted.numbers, NULL) IS NULL AND NOT EXISTS (
            SELECT FROM pg_index AS x
            WHERE x.indrelid = wanted.relation::regclass AND x.indpred IS NULL
              AND (SELECT array_agg(k.attnum ORDER BY k.n) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
                   WHERE k.n <= cardinality(wanted.numbers)) = wanted.numbers
        ) THEN
            RETURN QUERY SELECT 'warning', wanted.relation,
                format('no index on (%s): %s', array_to_string(wanted.names, ', '), wanted.purpose),
                format('CREATE INDEX ON %s (%s);', wanted.relation,
                       (SELECT string_agg(quote_ident(n.name), ', ') FROM unnest(wanted.names) AS n (name)));
        END IF;
    END LOOP;
    -- An index on the function, whatever else it holds.
    FOR src IN
        SELECT r.relation::text AS relation, f.oid::regproc::text AS ids,
               CASE WHEN r.found_type = 'jsonb' THEN r.expression ELSE r.cast_expression END AS document
        FROM mrcall_internal.resolve_columns(mapping) AS r
        JOIN pg_class AS c ON c.oid = r.relation AND c.relkind IN ('r', 'p', 'm')
        JOIN pg_proc AS f ON f.oid = CASE r.logical_table WHEN 'stripe_events' THEN 'mrcall.stripe_ids(jsonb)'::regprocedure
                                                          WHEN 'apple_events' THEN 'mrcall.apple_ids(jsonb)'::regprocedure END
        WHERE r.name = 'document' AND r.expression IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_index AS x
            JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
            WHERE x.indrelid = r.relation AND x.indpred IS NULL AND x.indisvalid
              AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid)
        ORDER BY r.logical_table
    LOOP
        RETURN QUERY SELECT 'info', src.relation,
            format('no index on %s(%s): explain_conversion of a payment reads every document', src.ids, src.document),
            format('CREATE INDEX ON %1$s USING gin (%2$s(%3$s)) WITH (fastupdate = off); ANALYZE %1$s;', src.relation, src.ids,
                   src.document);
    END LOOP;
    FOR src IN
        SELECT s.relation, s.columns ->> CASE s.logical_table WHEN 'events' THEN 'occurred_at' ELSE 'started_at' END AS time_column
        FROM mrcall.source AS s WHERE s.logical_table IN ('events', 'calls') AND s.relation IS NOT NULL
    LOOP
        is_hypertable := false;
        IF in_timescale THEN
            EXECUTE 'SELECT EXISTS (SELECT FROM timescaledb_information.hypertables AS h '
                || 'WHERE pg_catalog.to_regclass(pg_catalog.format(''%I.%I'', h.hypertable_schema, h.hypertable_name)) '
                || 'OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1))' INTO is_hypertable USING src.relation;
        END IF;
        IF NOT is_hypertable THEN
            RETURN QUERY SELECT 'info', src.relation,
                CASE WHEN in_timescale THEN 'is no hypertable: reports scan all of it, not only their period'
                     ELSE 'TimescaleDB is not installed: reports scan the whole table, not only their period' END,
                CASE WHEN in_timescale THEN format('SELECT create_hypertable(%L, %L, migrate_data => true);', src.relation, src.time_column)
                     ELSE 'CREATE EXTENSION timescaledb;' END;
        END IF;
    END LOOP;

    -- Values that do not parse, and objects where a text is wanted: one pass over each table.
    FOR src IN
        SELECT r.logical_table, r.relation::text AS relation, jsonb_agg(jsonb_build_object('name', r.name, 'said', r.said,
                   'condition', c.condition, 'finding', c.finding) ORDER BY c.nr, r.ordinal) AS checks,
               string_agg(format('pg_catalog.count(*) FILTER (WHERE %1$s), '
                                 'pg_catalog.min(pg_catalog.left(%2$s, 40) COLLATE "C") FILTER (WHERE %1$s)', c.condition, r.said),
                          ', ' ORDER BY c.nr, r.ordinal) AS figures
        FROM mrcall_internal.resolve_columns(mapping) AS r
        CROSS JOIN LATERAL (
            VALUES (1, format('(%s) IS NOT NULL AND (%s) IS NULL', r.said, r.cast_expression), 'do not parse and count as NULL'),
                   (2, r.is_shape, 'are objects or arrays and count as their text')
        ) AS c (nr, condition, finding)
        WHERE r.relation IS NOT NULL AND r.said IS NOT NULL AND c.condition IS NOT NULL AND NOT (c.nr = 1 AND r.type IN ('text', 'jsonb'))
        GROUP BY r.logical_table, r.relation
    LOOP
        EXECUTE format('SELECT pg_catalog.jsonb_build_array(%s) || pg_catalog.to_jsonb(pg_catalog.count(*)) FROM %s',
                       src.figures, src.relation) INTO figures;
        RETURN QUERY
        SELECT 'warning', format('%s.%s', src.logical_table, k.value ->> 'name'),
               format('%s values of %s rows %s, such as "%s"', figures -> (2 * k.nr - 2)::int, figures -> -1, k.value ->> 'finding',
                      figures ->> (2 * k.nr - 1)::int),
               format('SELECT %s AS said, * FROM %s WHERE %s LIMIT 10;', k.value ->> 'said', src.relation, k.value ->> 'condition')
        FROM jsonb_array_elements(src.checks) WITH ORDINALITY AS k (value, nr)
        WHERE (figures ->> (2 * k.nr - 2)::int)::bigint > 0;
    END LOOP;
    RETURN QUERY SELECT 'warning', o.object, format('%s %s', o.rows, o.finding), NULL::text FROM mrcall_internal.orphans() AS o
        WHERE o.rows > 0;
    RETURN QUERY SELECT 'ok', s.logical_table, format('reads %s', s.relation), NULL::text
                 FROM mrcall.source AS s WHERE s.relation IS NOT NULL ORDER BY s.logical_table;
END
$$;
COMMENT ON FUNCTION mrcall.doctor() IS
    'Missing tables, columns, indexes, rights; values that do not parse; orphans: with the SQL that mends each';
