-- mrcall.doctor: what is wrong with the sources, and the SQL that mends it. See docs/doctor.md.
-- Each check is a function of its own that returns rows of doctor's columns. mapping: what is attached.
SET LOCAL check_function_bodies = off;

CREATE FUNCTION mrcall_internal.check_columns(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'error', r.logical_table,
           CASE WHEN r.state = 'no table' THEN format('table %s is missing', r.wanted_relation)
                ELSE format('%s of %s: %s (%s)', string_agg(r.name, ', ' ORDER BY r.ordinal), r.wanted_relation, r.state,
                            string_agg(r.expression, ', ' ORDER BY r.ordinal)) END,
           format('SELECT mrcall.attach(%L);',
                  CASE WHEN r.state = 'no table' THEN jsonb_set(mapping, ARRAY[r.logical_table], '{"table": null}'::jsonb)
                       ELSE jsonb_set(mapping, ARRAY[r.logical_table, 'columns'],
                                      mapping #> ARRAY[r.logical_table, 'columns'] || jsonb_object_agg(r.name, NULL::text)) END)
    FROM mrcall_internal.resolve_columns(mapping) AS r
    WHERE r.state NOT IN ('ok', 'no right')
    GROUP BY r.logical_table, r.wanted_relation, r.state
    ORDER BY r.logical_table, r.state
$$;
COMMENT ON FUNCTION mrcall_internal.check_columns(jsonb) IS 'doctor: tables, columns and types, as attach sees them now';

CREATE FUNCTION mrcall_internal.check_views(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', 'mrcall.' || s.logical_table,
           CASE WHEN v.view IS NULL THEN 'the view is missing'
                ELSE format('the view is of version %s, the extension of %s', s.version, mrcall.version()) END,
           format('SELECT mrcall.attach(%L);', mapping)
    FROM mrcall.source AS s
    CROSS JOIN LATERAL (SELECT to_regclass(format('mrcall.%I', s.logical_table)) AS view) AS v
    WHERE v.view IS NULL OR s.version <> mrcall.version()
    ORDER BY s.logical_table
$$;
COMMENT ON FUNCTION mrcall_internal.check_views(jsonb) IS 'doctor: views that are missing, or of another version';

CREATE FUNCTION mrcall_internal.check_rights()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN s.relation IS NULL THEN 'info' ELSE 'error' END, coalesce(s.relation, s.logical_table),
           CASE WHEN s.relation IS NULL THEN 'left out by the mapping: its reports are empty'
                ELSE format('%s may not read it', current_user) END,
           CASE WHEN s.relation IS NOT NULL THEN format('GRANT SELECT ON %s TO %I;', s.relation, current_user) END
    FROM mrcall.source AS s
    WHERE s.relation IS NULL OR NOT has_table_privilege(to_regclass(s.relation), 'SELECT')
    ORDER BY s.logical_table
$$;
COMMENT ON FUNCTION mrcall_internal.check_rights() IS 'doctor: tables that are left out, or that the role may not read';

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

CREATE FUNCTION mrcall_internal.check_indexes()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', w.relation, format('no index on (%s): %s', array_to_string(w.names, ', '), w.purpose),
           format('CREATE INDEX ON %s (%s);', w.relation,
                  (SELECT string_agg(quote_ident(n.name), ', ') FROM unnest(w.names) AS n (name)))
    FROM (
        SELECT s.relation, u.purpose, array_agg(s.columns ->> c.name ORDER BY c.ordinality) AS names,
               array_agg(a.attnum ORDER BY c.ordinality) AS numbers
        FROM mrcall_internal.useful_indexes() AS u
        JOIN mrcall.source AS s ON s.logical_table = u.logical_table AND s.relation IS NOT NULL
        CROSS JOIN LATERAL unnest(u.columns) WITH ORDINALITY AS c (name, ordinality)
        LEFT JOIN pg_attribute AS a ON a.attrelid = s.relation::regclass AND a.attname = s.columns ->> c.name
        GROUP BY u.logical_table, s.relation, u.purpose
    ) AS w
    WHERE array_position(w.numbers, NULL) IS NULL AND NOT EXISTS (
        SELECT FROM pg_index AS x
        WHERE x.indrelid = w.relation::regclass AND x.indpred IS NULL
          AND (SELECT array_agg(k.attnum ORDER BY k.n) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, n)
               WHERE k.n <= cardinality(w.numbers)) = w.numbers)
$$;
COMMENT ON FUNCTION mrcall_internal.check_indexes() IS 'doctor: the indexes of useful_indexes';

CREATE FUNCTION mrcall_internal.check_document_indexes(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'info', d.relation,
           format('no index on %s(%s): explain_conversion of a payment reads every document', d.ids, d.document),
           format('CREATE INDEX ON %1$s USING gin (%2$s(%3$s)) WITH (fastupdate = off); ANALYZE %1$s;',
                  d.relation, d.ids, d.document)
    FROM (
        SELECT r.logical_table, r.relation::text AS relation, f.oid::regproc::text AS ids,
               CASE WHEN r.found_type = 'jsonb' THEN r.expression ELSE r.cast_expression END AS document
        FROM mrcall_internal.resolve_columns(mapping) AS r
        JOIN pg_class AS c ON c.oid = r.relation AND c.relkind IN ('r', 'p', 'm')
        JOIN pg_proc AS f ON f.oid = CASE r.logical_table WHEN 'stripe_events' THEN 'mrcall.stripe_ids(jsonb)'::regprocedure
                                                          WHEN 'apple_events' THEN 'mrcall.apple_ids(jsonb)'::regprocedure END
        -- An index on the function, whatever else it holds.
        WHERE r.name = 'document' AND r.expression IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_index AS x
            JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = x.indexrelid
            WHERE x.indrelid = r.relation AND x.indpred IS NULL AND x.indisvalid
              AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid)
    ) AS d
    ORDER BY d.logical_table
$$;
COMMENT ON FUNCTION mrcall_internal.check_document_indexes(jsonb) IS 'doctor: indexes on the ids in webhooks';

CREATE FUNCTION mrcall_internal.check_hypertables()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hypertables oid[];
BEGIN
    IF to_regclass('timescaledb_information.hypertables') IS NOT NULL THEN
        EXECUTE 'SELECT pg_catalog.array_agg(pg_catalog.to_regclass('
            'pg_catalog.format(''%I.%I'', h.hypertable_schema, h.hypertable_name))) '
            'FROM timescaledb_information.hypertables AS h' INTO hypertables;
        hypertables := coalesce(hypertables, '{}');
    END IF;
    RETURN QUERY
    SELECT 'info'::text, s.relation,
           CASE WHEN hypertables IS NULL THEN 'TimescaleDB is not installed: reports scan the whole table, not only their period'
                ELSE 'is not a hypertable: reports scan all of it, not only their period' END,
           CASE WHEN hypertables IS NULL THEN 'CREATE EXTENSION timescaledb;'
                ELSE format('SELECT create_hypertable(%L, %L, migrate_data => true);', s.relation,
                            s.columns ->> CASE s.logical_table WHEN 'events' THEN 'occurred_at' ELSE 'started_at' END) END
    FROM mrcall.source AS s
    WHERE s.logical_table IN ('events', 'calls') AND s.relation IS NOT NULL
      AND (to_regclass(s.relation)::oid = ANY (hypertables)) IS NOT TRUE;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_hypertables() IS 'doctor: large tables that are not hypertables';

-- The values of a table that doctor counts: said is what the source says, condition which of it is wrong, finding why.
CREATE FUNCTION mrcall_internal.doubtful_values(mapping jsonb)
RETURNS TABLE (logical_table text, name text, relation text, said text, condition text, finding text)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.logical_table, r.name, r.relation::text, r.said, c.condition, c.finding
    FROM mrcall_internal.resolve_columns(mapping) AS r
    CROSS JOIN LATERAL (
        VALUES (1, CASE WHEN r.type NOT IN ('text', 'jsonb')
                        THEN format('(%s) IS NOT NULL AND (%s) IS NULL', r.said, r.cast_expression) END,
                'do not parse and count as NULL'),
               (2, r.is_shape, 'are objects or arrays and count as their text')
    ) AS c (nr, condition, finding)
    WHERE r.relation IS NOT NULL AND r.said IS NOT NULL AND c.condition IS NOT NULL
    ORDER BY r.logical_table, c.nr, r.ordinal
$$;
COMMENT ON FUNCTION mrcall_internal.doubtful_values(jsonb) IS 'Which values of the sources doctor counts';

CREATE FUNCTION mrcall_internal.check_values(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    src record;
    figures jsonb;
BEGIN
    -- One pass over each table.
    FOR src IN
        SELECT v.logical_table, v.relation, array_agg(v.name) AS names, array_agg(v.said) AS said,
               array_agg(v.condition) AS conditions, array_agg(v.finding) AS findings,
               string_agg(format('pg_catalog.count(*) FILTER (WHERE %1$s), '
                                 'pg_catalog.min(pg_catalog.left(%2$s, 40) COLLATE "C") FILTER (WHERE %1$s)',
                                 v.condition, v.said), ', ') AS figures
        FROM mrcall_internal.doubtful_values(mapping) AS v
        GROUP BY v.logical_table, v.relation
        ORDER BY v.logical_table
    LOOP
        EXECUTE format('SELECT pg_catalog.jsonb_build_array(%s) || pg_catalog.to_jsonb(pg_catalog.count(*)) FROM %s',
                       src.figures, src.relation) INTO figures;
        RETURN QUERY
        SELECT 'warning'::text, format('%s.%s', src.logical_table, k.name),
               format('%s values of %s rows %s, such as "%s"', figures -> (2 * k.nr - 2)::int, figures -> -1, k.finding,
                      figures ->> (2 * k.nr - 1)::int),
               format('SELECT %s AS said, * FROM %s WHERE %s LIMIT 10;', k.said, src.relation, k.condition)
        FROM unnest(src.names, src.said, src.conditions, src.findings) WITH ORDINALITY AS k (name, said, condition, finding, nr)
        WHERE (figures ->> (2 * k.nr - 2)::int)::bigint > 0;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_values(jsonb) IS 'doctor: values that do not parse, and objects where a text is wanted';

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

CREATE FUNCTION mrcall.doctor()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    mapping jsonb := mrcall_internal.attached_mapping();
    is_sound boolean := true;
BEGIN
    IF to_regclass('mrcall.events') IS NULL OR mapping IS NULL THEN
        RETURN QUERY
        SELECT 'error'::text, 'mrcall.attach'::text, 'the extension is not attached to the tables of this database'::text,
               'SELECT mrcall.attach();'::text;
        RETURN;
    END IF;
    FOR severity, object, finding, fix IN
        SELECT c.* FROM mrcall_internal.check_columns(mapping) AS c
        UNION ALL
        SELECT c.* FROM mrcall_internal.check_views(mapping) AS c
        UNION ALL
        SELECT c.* FROM mrcall_internal.check_rights() AS c
    LOOP
        is_sound := is_sound AND severity = 'info';
        RETURN NEXT;
    END LOOP;
    -- The other checks read what those have found missing.
    IF NOT is_sound THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_indexes() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_document_indexes(mapping) AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_hypertables() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_dropped_events() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_values(mapping) AS c
    UNION ALL
    SELECT 'warning', o.object, format('%s %s', o.rows, o.finding), NULL FROM mrcall_internal.orphans() AS o WHERE o.rows > 0
    UNION ALL
    (SELECT 'ok', s.logical_table, format('reads %s', s.relation), NULL
     FROM mrcall.source AS s WHERE s.relation IS NOT NULL ORDER BY s.logical_table);
END
$$;
COMMENT ON FUNCTION mrcall.doctor() IS
    'Missing tables, columns, indexes, rights; values that do not parse; orphans: with the SQL that mends each';
