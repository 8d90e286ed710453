-- mrcall.maintain and mrcall.unmaintain. Definitions: docs/facts.md.

-- What visits are made of, as expressions over a row of the source that has this name.
CREATE FUNCTION mrcall_internal.event_expressions()
RETURNS TABLE (name text, expression text)
LANGUAGE sql STABLE ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.name, r.cast_expression
    FROM mrcall_internal.resolve_columns(mrcall_internal.attached_mapping()) AS r
    WHERE r.logical_table = 'events' AND r.relation IS NOT NULL
      AND r.name IN ('visitor_id', 'occurred_at', 'event_type', 'page_path', 'page_url', 'referrer', 'utm_source', 'utm_medium',
                     'utm_campaign', 'user_agent', 'event_id')
$$;
COMMENT ON FUNCTION mrcall_internal.event_expressions() IS 'How the columns of events that visits are made of are mapped';

-- The server writes an expression anew with the names of its row before all columns. In a view the names old and new are taken.
CREATE FUNCTION mrcall_internal.row_expressions(source regclass, OUT key text, OUT at text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    parts text[];
BEGIN
    EXECUTE format('CREATE VIEW mrcall_internal.fact_expressions AS SELECT %s AS fact_key, %s AS fact_at '
                   'FROM %s AS mrcall_fact_row CROSS JOIN (SELECT) AS one',
                   (SELECT e.expression FROM mrcall_internal.event_expressions() AS e WHERE e.name = 'visitor_id'),
                   (SELECT e.expression FROM mrcall_internal.event_expressions() AS e WHERE e.name = 'occurred_at'), source);
    parts := regexp_match(pg_get_viewdef('mrcall_internal.fact_expressions'::regclass, false),
                          '^\s*SELECT (.*) AS fact_key,\s+(.*) AS fact_at\s+FROM ');
    DROP VIEW mrcall_internal.fact_expressions;
    key := parts[1];
    at := parts[2];
END
$$;
COMMENT ON FUNCTION mrcall_internal.row_expressions(regclass) IS 'Visitor and time of a row of the source that is called mrcall_fact_row';

-- What an index would refuse depends on more than the row.
CREATE FUNCTION mrcall_internal.check_immutable(source regclass)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
    field record;
    problem text;
BEGIN
    EXECUTE format('CREATE TABLE mrcall_internal.fact_check (LIKE %s)', source);
    FOR field IN SELECT e.name, e.expression FROM mrcall_internal.event_expressions() AS e LOOP
        BEGIN
            EXECUTE format('CREATE INDEX ON mrcall_internal.fact_check ((%s))', field.expression);
        EXCEPTION WHEN invalid_object_definition OR feature_not_supported OR undefined_object THEN
            problem := sqlerrm;
        END;
        IF problem IS NOT NULL THEN
            RAISE EXCEPTION 'events.% is mapped to an expression that depends on more than its row: %', field.name, field.expression
                USING ERRCODE = '55000', DETAIL = problem || '.',
                HINT = 'Map it to a column, or to an expression of immutable functions alone, with mrcall.attach.';
        END IF;
    END LOOP;
    DROP TABLE mrcall_internal.fact_check;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_immutable(regclass) IS '55000 where a column of events is not a function of its row';

-- Why a table cannot be the source of stored visits, with the way out; no row where it can.
CREATE FUNCTION mrcall_internal.source_fault(source regclass)
RETURNS TABLE (message text, hint text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    class record;
    is_hypertable boolean := false;
    is_compressed boolean := false;
BEGIN
    SELECT c.relkind, c.relowner, c.relispartition, c.relhassubclass, c.relpersistence INTO class FROM pg_class AS c WHERE c.oid = source;
    IF mrcall_internal.timescaledb_relation('_timescaledb_catalog.hypertable') IS NOT NULL THEN
        EXECUTE 'SELECT true, h.compression_state OPERATOR(pg_catalog.<>) 0 FROM _timescaledb_catalog.hypertable AS h '
                'JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) h.schema_name '
                'JOIN pg_catalog.pg_class AS c ON c.relname OPERATOR(pg_catalog.=) h.table_name '
                'AND c.relnamespace OPERATOR(pg_catalog.=) n.oid WHERE c.oid OPERATOR(pg_catalog.=) $1'
        INTO is_hypertable, is_compressed USING source;
    END IF;
    RETURN QUERY
    SELECT format('%s %s', source, f.what), f.way_out
    FROM (VALUES
        (1, class.relkind IN ('v', 'm'), 'is a view: rows change below it',
         'Attach the table itself, with its columns mapped to expressions.'),
        (2, class.relkind = 'f', 'is a foreign table: rows change on the other server',
         'Keep facts on that server, or attach a local copy.'),
        (3, class.relkind = 'p' OR class.relispartition,
         'is partitioned, or a partition: partitions with rows can be attached and detached',
         'Facts are kept of ordinary tables and of hypertables.'),
        (4, class.relhassubclass AND NOT coalesce(is_hypertable, false), 'has tables that inherit from it',
         'Facts are kept of ordinary tables and of hypertables.'),
        (5, coalesce(is_compressed, false), 'is compressed: TimescaleDB changes compressed rows without a trigger',
         'Switch compression off for the hypertable.'),
        (6, class.relpersistence <> 'p', 'is an unlogged or temporary table', 'Facts are kept of ordinary tables and of hypertables.'),
        (7, NOT pg_has_role(class.relowner, 'USAGE'),
         format('belongs to %s: only its owner can have its changes noted', quote_ident(pg_get_userbyid(class.relowner))),
         format('Give the role of the schema mrcall the rights of that role: GRANT %I TO %I;',
                pg_get_userbyid(class.relowner), current_user)),
        (8, row_security_active(source), format('does not show all of its rows to %s', quote_ident(current_user)),
         'Exempt the role from its policies: ALTER TABLE ... NO FORCE ROW LEVEL SECURITY; or BYPASSRLS.')
    ) AS f (nr, is_so, what, way_out)
    WHERE f.is_so
    ORDER BY f.nr
    LIMIT 1;
END
$$;
COMMENT ON FUNCTION mrcall_internal.source_fault(regclass) IS 'Why facts cannot be kept of a table, and what to do; no row where they can';

-- Makes the triggers and the state; run as the owner.
CREATE FUNCTION mrcall_internal.begin_facts()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    source regclass;
    fault record;
    row_of record;
    new_row text;
    old_row text;
BEGIN
    SELECT to_regclass(s.relation) INTO source FROM mrcall.source AS s WHERE s.logical_table = 'events';
    IF source IS NULL THEN
        RAISE EXCEPTION 'no table is attached for events' USING ERRCODE = '55000', HINT = 'Run: SELECT mrcall.attach();';
    END IF;
    FOR fault IN SELECT f.message, f.hint FROM mrcall_internal.source_fault(source) AS f LOOP
        RAISE EXCEPTION 'facts cannot be kept: %', fault.message USING ERRCODE = '55000', HINT = fault.hint;
    END LOOP;
    PERFORM mrcall_internal.check_immutable(source);
    -- A restored table has its triggers, and nothing is stored.
    PERFORM mrcall_internal.end_facts();
    row_of := mrcall_internal.row_expressions(source);
    new_row := replace(row_of.key || ', ' || row_of.at, 'mrcall_fact_row.', 'new.');
    old_row := replace(row_of.key || ', ' || row_of.at, 'mrcall_fact_row.', 'old.');
    IF new_row IS NULL THEN
        RAISE EXCEPTION 'facts cannot be kept: visitor_id or occurred_at of % is no expression for a trigger', source
            USING ERRCODE = '55000', HINT = 'Map both to columns with mrcall.attach.';
    END IF;
    EXECUTE format('CREATE TRIGGER mrcall_visits_insert AFTER INSERT ON %s FOR EACH ROW '
                   'WHEN (mrcall_internal.is_stored(%s, NULL, NULL)) EXECUTE FUNCTION mrcall_internal.log_changes()', source, new_row);
    EXECUTE format('CREATE TRIGGER mrcall_visits_update AFTER UPDATE ON %s FOR EACH ROW '
                   'WHEN (mrcall_internal.is_stored(%s, %s)) EXECUTE FUNCTION mrcall_internal.log_changes()',
                   source, new_row, old_row);
    EXECUTE format('CREATE TRIGGER mrcall_visits_delete AFTER DELETE ON %s FOR EACH ROW '
                   'WHEN (mrcall_internal.is_stored(%s, NULL, NULL)) EXECUTE FUNCTION mrcall_internal.log_changes()', source, old_row);
    EXECUTE format('CREATE TRIGGER mrcall_visits_truncate AFTER TRUNCATE ON %s FOR EACH STATEMENT '
                   'EXECUTE FUNCTION mrcall_internal.log_changes()', source);
    -- As a replica writes, too; hypertables refuse it.
    IF NOT (SELECT c.relhassubclass FROM pg_class AS c WHERE c.oid = source)
       AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = source AND t.tgname = 'ts_insert_blocker') THEN
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER mrcall_visits_insert, ENABLE ALWAYS TRIGGER mrcall_visits_update, '
                       'ENABLE ALWAYS TRIGGER mrcall_visits_delete, ENABLE ALWAYS TRIGGER mrcall_visits_truncate', source);
    END IF;
    INSERT INTO mrcall_internal.fact_state (fact, source, mapping, stored_until, epoch, triggers, parts, nodes, is_clearing, rows)
    SELECT 'visits', source, concat_ws(E'\n', s.relation, s.columns), '-infinity', '', '', '{}', '{}',
           EXISTS (SELECT FROM mrcall.visit), 0
    FROM mrcall.source AS s WHERE s.logical_table = 'events';
    INSERT INTO mrcall_internal.fact_threshold (threshold) VALUES ('-infinity');
END
$$;
COMMENT ON FUNCTION mrcall_internal.begin_facts() IS 'Makes the triggers of mrcall.maintain, and 55000 where it cannot';

CREATE FUNCTION mrcall_internal.fact_sources()
RETURNS text[]
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(DISTINCT t.tgrelid::regclass::text), '{}')
    FROM pg_trigger AS t
    WHERE t.tgfoid = 'mrcall_internal.log_changes()'::regprocedure AND NOT t.tgisinternal
      AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = t.tgrelid)
$$;
COMMENT ON FUNCTION mrcall_internal.fact_sources() IS 'The tables that have triggers of mrcall.maintain, without their chunks';

-- Not by TRUNCATE: an older snapshot may read them still.
CREATE FUNCTION mrcall_internal.end_facts()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    made record;
BEGIN
    FOR made IN
        SELECT t.tgname AS name, t.tgrelid::regclass AS relation
        FROM pg_trigger AS t
        WHERE t.tgfoid = 'mrcall_internal.log_changes()'::regprocedure AND NOT t.tgisinternal
          AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhrelid = t.tgrelid)
    LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', made.name, made.relation);
    END LOOP;
    DELETE FROM mrcall_internal.fact_state;
    DELETE FROM mrcall_internal.fact_threshold;
    DELETE FROM mrcall_internal.fact_change;
    DELETE FROM mrcall.visit;
END
$$;
COMMENT ON FUNCTION mrcall_internal.end_facts() IS 'Drops the triggers of mrcall.maintain and all that is stored';

-- Another mapping needs other triggers.
CREATE FUNCTION mrcall_internal.renew_facts()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM mrcall_internal.fact_state AS f
               WHERE f.mapping IS DISTINCT FROM (SELECT concat_ws(E'\n', s.relation, s.columns) FROM mrcall.source AS s
                                                 WHERE s.logical_table = 'events')) THEN
        PERFORM mrcall_internal.end_facts();
        BEGIN
            PERFORM mrcall_internal.begin_facts();
        EXCEPTION WHEN object_not_in_prerequisite_state THEN
            RAISE WARNING '%', sqlerrm USING HINT = 'They are no longer kept: reports read the rows. See docs/facts.md.';
        END;
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.renew_facts() IS 'Begins anew where attach has changed how events are mapped';

CREATE FUNCTION mrcall_internal.check_facts(facts text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    SELECT coalesce(f.fact, 'NULL') INTO unknown FROM unnest(facts) AS f (fact) WHERE f.fact IS DISTINCT FROM 'visits' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown fact "%"', unknown USING ERRCODE = '22023', HINT = 'Use: visits.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_facts(text[]) IS 'Raises the error of a fact that is not known';

CREATE FUNCTION mrcall.maintain(facts text[] DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    former text[];
BEGIN
    PERFORM mrcall_internal.check_facts(facts);
    PERFORM mrcall_internal.require_attached();
    PERFORM mrcall_internal.check_owner();
    former := mrcall_internal.begin_as_owner();
    IF NOT EXISTS (SELECT FROM mrcall_internal.fact_state) AND facts IS DISTINCT FROM '{}' THEN
        PERFORM mrcall_internal.begin_facts();
    END IF;
    PERFORM mrcall_internal.end_as_owner(former);
    RETURN (SELECT format('kept: %s; next: CALL mrcall.refresh();', coalesce(string_agg(s.fact, ', '), 'nothing'))
            FROM mrcall_internal.fact_state AS s);
END
$$;
COMMENT ON FUNCTION mrcall.maintain(text[]) IS 'Begins to keep facts: visits; CALL mrcall.refresh() fills them';

CREATE FUNCTION mrcall.unmaintain(facts text[] DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET quote_all_identifiers = off
AS $$
DECLARE
    former text[];
BEGIN
    PERFORM mrcall_internal.check_facts(facts);
    PERFORM mrcall_internal.check_owner();
    former := mrcall_internal.begin_as_owner();
    IF facts IS DISTINCT FROM '{}' THEN
        PERFORM mrcall_internal.lock_relations(mrcall_internal.fact_sources());
        PERFORM mrcall_internal.end_facts();
    END IF;
    PERFORM mrcall_internal.end_as_owner(former);
    RETURN (SELECT format('kept: %s', coalesce(string_agg(s.fact, ', '), 'nothing')) FROM mrcall_internal.fact_state AS s);
END
$$;
COMMENT ON FUNCTION mrcall.unmaintain(text[]) IS 'Ends maintain: drops its triggers and all that is stored';
