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
    ORDER BY r.logical_table COLLATE "C", r.state
$$;
COMMENT ON FUNCTION mrcall_internal.check_columns(jsonb) IS 'doctor: tables, columns and types, as attach sees them now';

CREATE FUNCTION mrcall_internal.check_views(mapping jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning', 'mrcall.' || s.logical_table,
           CASE WHEN v.view IS NULL THEN 'the view is missing'
                ELSE format('the view is of version %s, the extension of %s', s.version, mrcall_internal.installed_version()) END,
           format('SELECT mrcall.attach(%L);', mapping)
    FROM mrcall.source AS s
    CROSS JOIN LATERAL (SELECT to_regclass(format('mrcall.%I', s.logical_table)) AS view) AS v
    WHERE v.view IS NULL OR s.version <> mrcall_internal.installed_version()
    ORDER BY s.logical_table COLLATE "C"
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
    FROM mrcall_internal.source_parts() AS s
    WHERE s.relation IS NULL OR NOT has_table_privilege(to_regclass(s.relation), 'SELECT')
    ORDER BY s.logical_table COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.check_rights() IS 'doctor: tables that are left out, or that the role may not read';

-- The values of a table that doctor counts: said is what the source says, condition which of it is wrong, finding why.
CREATE FUNCTION mrcall_internal.doubtful_values(mapping jsonb)
RETURNS TABLE (logical_table text, name text, relation text, said text, condition text, finding text)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.logical_table, r.name, r.relation::text, c.said, c.condition, c.finding
    FROM mrcall_internal.resolve_columns(mapping) AS r
    CROSS JOIN LATERAL (SELECT coalesce(r.said, format('(%s)::pg_catalog.text', r.parsed_expression)) AS said) AS any_type
    CROSS JOIN LATERAL (
        VALUES (1, r.said, CASE WHEN r.type NOT IN ('text', 'jsonb')
                                THEN format('(%s) IS NOT NULL AND (%s) IS NULL', r.said, r.parsed_expression) END,
                'do not parse and count as NULL'),
               (2, r.said, r.is_shape, 'are objects or arrays and count as their text'),
               (3, any_type.said, CASE WHEN r.cast_expression <> r.parsed_expression
                                       THEN format('(%s) IS NOT NULL AND (%s) IS NULL', r.parsed_expression, r.cast_expression) END,
                'do not lie within their call and count as NULL'),
               (4, any_type.said, CASE WHEN r.logical_table = 'calls' AND r.name = 'direction' AND r.expression IS NOT NULL
                                       THEN format('%s OPERATOR(pg_catalog.!~*) %L', any_type.said,
                                                   '^([[:space:]]*$|inbound|outbound)') END,
                'say neither inbound nor outbound and count as inbound')
    ) AS c (nr, said, condition, finding)
    WHERE r.relation IS NOT NULL AND c.said IS NOT NULL AND c.condition IS NOT NULL
    ORDER BY r.logical_table COLLATE "C", c.nr, r.ordinal
$$;
COMMENT ON FUNCTION mrcall_internal.doubtful_values(jsonb) IS 'Which values of the sources doctor counts';

-- The statement over each table: its answer is the count and the least value for each condition, and the number of rows.
CREATE FUNCTION mrcall_internal.value_counts(mapping jsonb)
RETURNS TABLE (logical_table text, relation text, names text[], said text[], conditions text[], findings text[], statement text)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.logical_table, v.relation, array_agg(v.name), array_agg(v.said), array_agg(v.condition), array_agg(v.finding),
           format('SELECT pg_catalog.jsonb_build_array(%s, pg_catalog.count(*)) FROM %s',
                  string_agg(format('pg_catalog.count(*) FILTER (WHERE %1$s), '
                                    'pg_catalog.min(pg_catalog.left(%2$s, 40) COLLATE "C") FILTER (WHERE %1$s)',
                                    v.condition, v.said), ', '), v.relation)
    FROM mrcall_internal.doubtful_values(mapping) AS v
    GROUP BY v.logical_table, v.relation
    ORDER BY v.logical_table COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.value_counts(jsonb) IS 'The statements by which doctor counts doubtful values';

CREATE FUNCTION mrcall_internal.value_findings(
    logical_table text, relation text, names text[], said text[], conditions text[], findings text[], figures jsonb)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE sql STABLE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warning'::text, format('%s.%s', $1, k.name),
           format('%s values of %s rows %s, such as "%s"', figures -> (2 * k.nr - 2)::int, figures -> -1, k.finding,
                  figures ->> (2 * k.nr - 1)::int),
           format('SELECT %s AS said, * FROM %s WHERE %s LIMIT 10;', k.said, $2, k.condition)
    FROM unnest(names, said, conditions, findings) WITH ORDINALITY AS k (name, said, condition, finding, nr)
    WHERE (figures ->> (2 * k.nr - 2)::int)::bigint > 0
$$;
COMMENT ON FUNCTION mrcall_internal.value_findings(text, text, text[], text[], text[], text[], jsonb) IS
    'doctor''s findings in what a statement of value_counts counts';

-- path: where the functions that the application's own functions call are looked for; what a mapping says, in pg_catalog first.
CREATE FUNCTION mrcall_internal.check_values(mapping jsonb, path text)
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    src record;
    figures jsonb;
BEGIN
    -- One pass over each table.
    FOR src IN SELECT v.* FROM mrcall_internal.value_counts(mapping) AS v LOOP
        PERFORM set_config('search_path', path, true);
        EXECUTE src.statement INTO figures;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        RETURN QUERY
        SELECT f.* FROM mrcall_internal.value_findings(src.logical_table, src.relation, src.names, src.said, src.conditions,
                                                       src.findings, figures) AS f;
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_values(jsonb, text) IS 'doctor: values that do not parse, and objects where a text is wanted';

CREATE FUNCTION mrcall_internal.has_bad_links(document jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 20
AS $$
    SELECT pg_catalog.jsonb_typeof(document OPERATOR(pg_catalog.->) 'website_session_ids')
               OPERATOR(pg_catalog.<>) ALL ('{array,"null"}'::pg_catalog.text[])
           OR pg_catalog.jsonb_path_exists(document, 'strict $.website_session_ids[*]
               ? (@.type() != "string" || @ like_regex "^[[:space:]]*$")', '{}', true)
           OR pg_catalog.jsonb_path_exists(document, 'strict $.website_session_id
               ? (@.type() != "string" && @.type() != "null" || @ like_regex "^[[:space:]]*$")', '{}', true)
$$;
COMMENT ON FUNCTION mrcall_internal.has_bad_links(jsonb) IS
    'Whether a customer''s document has something else than ids where link_visitor writes them';

-- Orphans: rows that refer to a row that is not there. Each is one count over the source views, whose policies and mapped functions
-- see the caller's search_path: no SET clause.
CREATE FUNCTION mrcall_internal.orphans()
RETURNS TABLE (object text, finding text, rows bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 12
AS $$
    SELECT 'businesses.owner', 'businesses whose owner is no customer: their conversions stay unattributed', pg_catalog.count(*)
    FROM mrcall.businesses AS b
    WHERE b.owner IS NOT NULL
      AND NOT EXISTS (SELECT FROM mrcall.customers AS c WHERE c.customer_id OPERATOR(pg_catalog.=) b.owner)
    UNION ALL
    SELECT 'businesses.zone', 'businesses whose zone is no time zone: UTC counts in their reports', pg_catalog.count(*)
    FROM mrcall.businesses AS b
    WHERE NOT mrcall_internal.is_zone(b.zone)
    UNION ALL
    SELECT 'subscriptions.business_id', 'subscriptions of no known business: their payments stay unattributed', pg_catalog.count(*)
    FROM mrcall.subscriptions AS s
    WHERE NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id OPERATOR(pg_catalog.=) s.business_id)
    UNION ALL
    SELECT 'calls.business_id', 'calls of no known business', pg_catalog.count(*)
    FROM mrcall.calls AS c
    WHERE NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id OPERATOR(pg_catalog.=) c.business_id)
    UNION ALL
    SELECT 'calls.ended_at', 'calls that end before they start: their duration is not counted', pg_catalog.count(*)
    FROM mrcall.calls AS c
    WHERE c.ended_at OPERATOR(pg_catalog.<) c.started_at
    UNION ALL
    SELECT 'businesses.business_id', 'businesses whose id is NULL or not their own: conversions count each of them',
           pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(DISTINCT b.business_id)
    FROM mrcall.businesses AS b
    UNION ALL
    SELECT 'customers.customer_id', 'customers whose id is NULL or not their own: conversions count each of them',
           pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(DISTINCT c.customer_id)
    FROM mrcall.customers AS c
    UNION ALL
    SELECT 'customers.document',
           pg_catalog.format('customers with links that are no list of ids, such as %s: those browsers are nobody''s',
                             pg_catalog.min(c.customer_id COLLATE pg_catalog."C")), pg_catalog.count(*)
    FROM mrcall.customers AS c
    WHERE mrcall_internal.has_bad_links(c.document)
    UNION ALL
    SELECT 'customers.document', 'customers with more browsers than link_visitor allows: each report reads all of them',
           pg_catalog.count(*)
    FROM mrcall.customers AS c
    WHERE pg_catalog.cardinality(c.website_session_ids) OPERATOR(pg_catalog.>) mrcall_internal.max_links()
    UNION ALL
    SELECT 'events.visitor_id', 'events without visitor or time: no visit has them', pg_catalog.count(*)
    FROM mrcall.events AS e
    WHERE e.visitor_id IS NULL OR e.occurred_at IS NULL
    UNION ALL
    SELECT 'customers.website_session_ids', 'browsers that several customers share: each customer''s journey has them',
           pg_catalog.count(*)
    FROM (SELECT i.visitor_id FROM mrcall.identities AS i GROUP BY i.visitor_id
          HAVING pg_catalog.count(DISTINCT i.customer_id) OPERATOR(pg_catalog.>) 1) AS shared
$$;
COMMENT ON FUNCTION mrcall_internal.orphans() IS 'Counts of rows that reports cannot place';

-- What is nobody's mistake, and yet worth knowing. No SET clause, as in orphans.
CREATE FUNCTION mrcall_internal.caller_counts()
RETURNS TABLE (object text, finding text, rows bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2
AS $$
    SELECT 'calls.caller', 'calls whose number is withheld or blank: they count as calls, nobody as their caller', pg_catalog.count(*)
    FROM mrcall.calls AS c
    WHERE c.caller IS NOT NULL AND mrcall.caller_id(c.caller) IS NULL
    UNION ALL
    SELECT 'phones.number', 'numbers that are not in international form: only callers written in the same way are theirs',
           pg_catalog.count(*)
    FROM mrcall.phones AS p
    WHERE p.number IS NOT NULL AND (mrcall.caller_id(p.number) OPERATOR(pg_catalog.~) '^[+][1-9][0-9]{7,14}$') IS NOT TRUE
$$;
COMMENT ON FUNCTION mrcall_internal.caller_counts() IS 'Counts of numbers that name nobody, or whose country nobody knows';

-- No SET clause, as in orphans.
CREATE FUNCTION mrcall.doctor()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    mapping pg_catalog.jsonb := mrcall_internal.attached_mapping();
    is_sound pg_catalog.bool := true;
    -- What is looked up in pg_catalog cannot be put in front of it by others.
    path pg_catalog.text := pg_catalog.concat_ws(', ', 'pg_catalog', CASE
        WHEN pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) '' THEN pg_catalog.current_setting('search_path') END);
BEGIN
    IF pg_catalog.to_regclass('mrcall.events') IS NULL OR mapping IS NULL THEN
        RETURN QUERY
        SELECT 'error'::pg_catalog.text, 'mrcall.attach'::pg_catalog.text,
               'the extension is not attached to the tables of this database'::pg_catalog.text,
               'SELECT mrcall.attach();'::pg_catalog.text;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_version() AS c;
    FOR severity, object, finding, fix IN
        SELECT c.* FROM mrcall_internal.check_columns(mapping) AS c
        UNION ALL
        SELECT c.* FROM mrcall_internal.check_views(mapping) AS c
        UNION ALL
        SELECT c.* FROM mrcall_internal.check_rights() AS c
    LOOP
        is_sound := is_sound AND severity OPERATOR(pg_catalog.=) 'info';
        RETURN NEXT;
    END LOOP;
    -- The other checks read what those have found missing.
    IF NOT is_sound THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_ownership() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_row_security() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_tenant_views() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_spend() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_indexes() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_invalid_indexes() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_document_indexes(mapping) AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_foreign_tables() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_hypertables() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_dropped_events() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_freshness() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_compression() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_drop_policies() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_rules() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_generated(path) AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_host_functions() AS c
    UNION ALL
    SELECT c.* FROM mrcall_internal.check_values(mapping, path) AS c;
    -- Statements of their own, which workers may share.
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_documents() AS c;
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_money() AS c;
    RETURN QUERY
    SELECT c.* FROM mrcall_internal.check_deliveries() AS c;
    IF pg_catalog.has_table_privilege(pg_catalog.to_regclass('mrcall.goal'), 'SELECT') THEN
        RETURN QUERY
        SELECT c.* FROM mrcall_internal.check_goals() AS c;
    END IF;
    RETURN QUERY
    SELECT 'warning', o.object, pg_catalog.format('%s %s', o.rows, o.finding), NULL
    FROM mrcall_internal.orphans() AS o WHERE o.rows OPERATOR(pg_catalog.>) 0;
    RETURN QUERY
    SELECT 'info', o.object, pg_catalog.format('%s %s', o.rows, o.finding), NULL
    FROM mrcall_internal.caller_counts() AS o WHERE o.rows OPERATOR(pg_catalog.>) 0;
    RETURN QUERY
    SELECT 'ok', s.logical_table, pg_catalog.format('reads %s', s.relation), NULL
    FROM mrcall_internal.source_parts() AS s WHERE s.relation IS NOT NULL ORDER BY s.logical_table COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall.doctor() IS
    'Missing tables, columns, indexes, rights; values that do not parse; orphans; what shifts figures: with the SQL that mends each';
