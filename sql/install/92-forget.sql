-- Erasure, and the export of what it would remove. Definitions: docs/forget.md.
-- As link_visitor, neither function carries a SET clause: what reads the application's tables runs its policies and mapped
-- functions, which see the caller's search_path.
-- The bodies name views that exist only after attach.
SET LOCAL check_function_bodies = off;

-- What the extension keeps about people, by table: the condition finds the rows of a customer, $1, and of businesses, $2.
CREATE FUNCTION mrcall_internal.personal_tables()
RETURNS TABLE (object text, condition text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 3
AS $$
    VALUES
    ('mrcall.session_archive', 'a.owner OPERATOR(pg_catalog.=) $1 OR a.business_id OPERATOR(pg_catalog.=) ANY ($2)'),
    ('mrcall_internal.first_call', 'a.business_id OPERATOR(pg_catalog.=) ANY ($2)'),
    ('mrcall_internal.first_contact', 'a.business_id OPERATOR(pg_catalog.=) ANY ($2)')
$$;
COMMENT ON FUNCTION mrcall_internal.personal_tables() IS 'The tables in which the extension keeps what is about a customer';

-- One statement removes what is kept of a customer in a table, the other one gives it as JSON.
CREATE FUNCTION mrcall_internal.personal_statements()
RETURNS TABLE (object text, removes text, exports text)
LANGUAGE sql STABLE ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.object, format('DELETE FROM %s AS a WHERE %s', t.object, t.condition),
           format('SELECT COALESCE(pg_catalog.jsonb_agg(kept.entry ORDER BY kept.entry), ''[]'') '
                  'FROM (SELECT pg_catalog.jsonb_build_object(%s) AS entry FROM %s AS a WHERE %s) AS kept',
                  (SELECT string_agg(format(CASE c.atttypid WHEN 'bytea'::regtype THEN '%L, pg_catalog.encode(a.%I, ''hex'')'
                                            ELSE '%L, a.%I' END, c.attname, c.attname), ', ' ORDER BY c.attnum)
                   FROM pg_attribute AS c WHERE c.attrelid = to_regclass(t.object) AND c.attnum > 0 AND NOT c.attisdropped),
                  t.object, t.condition)
    FROM mrcall_internal.personal_tables() WITH ORDINALITY AS t (object, condition, nr)
    ORDER BY t.nr
$$;
COMMENT ON FUNCTION mrcall_internal.personal_statements() IS 'The statements of forget and export_customer';

-- The businesses of a customer; those that the application has deleted are known from their archived calls.
CREATE FUNCTION mrcall_internal.businesses_of(customer_id text)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT COALESCE(pg_catalog.array_agg(DISTINCT owned.business_id), '{}')
    FROM (
        SELECT b.business_id FROM mrcall.businesses AS b WHERE b.owner OPERATOR(pg_catalog.=) businesses_of.customer_id
        UNION ALL
        SELECT a.business_id FROM mrcall.session_archive AS a
        WHERE a.owner OPERATOR(pg_catalog.=) businesses_of.customer_id
          AND NOT EXISTS (SELECT FROM mrcall.businesses AS b WHERE b.business_id OPERATOR(pg_catalog.=) a.business_id)
    ) AS owned
    WHERE owned.business_id IS NOT NULL
$$;
COMMENT ON FUNCTION mrcall_internal.businesses_of(text) IS 'The businesses of a customer, deleted ones too';

-- The browsers of a customer, by which visits are stored; none where they are not.
CREATE FUNCTION mrcall_internal.stored_browsers_of(customer_id text)
RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT COALESCE(pg_catalog.array_agg(DISTINCT browser.id), '{}')
    FROM mrcall.customers AS c
    CROSS JOIN LATERAL pg_catalog.unnest(c.website_session_ids) AS browser (id)
    WHERE c.customer_id OPERATOR(pg_catalog.=) stored_browsers_of.customer_id
      AND EXISTS (SELECT FROM mrcall_internal.fact_state)
$$;
COMMENT ON FUNCTION mrcall_internal.stored_browsers_of(text) IS 'The browsers of a customer, where visits are stored';

-- Why what is kept of a customer cannot be told as a whole; no row where it can.
CREATE FUNCTION mrcall_internal.erasure_fault(customer_id text, verb text)
RETURNS TABLE (code text, message text, hint text)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    hidden text;
BEGIN
    IF customer_id IS NULL THEN
        RETURN QUERY SELECT '22004', 'argument "customer_id" must not be NULL',
            format('Give the id of the customer: SELECT * FROM mrcall.%s(''customer id'');', verb);
        RETURN;
    END IF;
    IF to_regclass('mrcall.events') IS NULL OR to_regclass('mrcall.conversions') IS NULL THEN
        RETURN QUERY SELECT '42P01', 'mrcall_ext is not attached to the tables of this database', 'Run: SELECT mrcall.attach();';
        RETURN;
    END IF;
    -- Policies would hide rows from who may not remove them.
    SELECT p.object INTO hidden
    FROM mrcall_internal.personal_tables() AS p
    WHERE NOT (has_table_privilege(p.object, 'SELECT') AND has_table_privilege(p.object, 'DELETE'))
    LIMIT 1;
    IF hidden IS NOT NULL THEN
        RETURN QUERY SELECT '42501', format('permission denied for table %s', hidden),
            format('%s needs SELECT and DELETE on each table that it looks into: see docs/forget.md.', verb);
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM mrcall_internal.fact_state)
       AND NOT (has_table_privilege('mrcall.visit', 'SELECT') AND has_table_privilege('mrcall.visit', 'DELETE')
                AND has_table_privilege('mrcall_internal.fact_change', 'INSERT')) THEN
        RETURN QUERY SELECT '42501', 'permission denied for table mrcall.visit',
            format('%s needs SELECT and DELETE on it, and INSERT on mrcall_internal.fact_change: see docs/forget.md.', verb);
        RETURN;
    END IF;
    -- The policy of stored visits shows none to who may not read the events.
    SELECT f.source::text INTO hidden
    FROM mrcall_internal.fact_state AS f
    WHERE NOT has_table_privilege(f.source, 'SELECT');
    IF hidden IS NOT NULL THEN
        RETURN QUERY SELECT '42501', format('permission denied for table %s', hidden),
            format('%s needs SELECT on it while visits are stored: see docs/forget.md.', verb);
        RETURN;
    END IF;
    SELECT s.relation INTO hidden
    FROM mrcall.source AS s
    WHERE (s.logical_table IN ('businesses', 'calls')
           OR s.logical_table IN ('customers', 'events') AND EXISTS (SELECT FROM mrcall_internal.fact_state))
      AND row_security_active(to_regclass(s.relation)::oid)
    ORDER BY s.logical_table
    LIMIT 1;
    IF hidden IS NOT NULL THEN
        RETURN QUERY SELECT '55000', format('row-level security of %s may hide from %s what belongs to the customer', hidden, current_user),
            format('Run %s as the owner of the table, or as a role with BYPASSRLS.', verb);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.erasure_fault(text, text) IS 'Why forget and export_customer cannot do all of their work';

CREATE FUNCTION mrcall.forget(customer_id text)
RETURNS TABLE (object text, removed bigint)
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000 ROWS 3
AS $$
DECLARE
    fault record;
    part record;
    business_ids pg_catalog.text[];
    browsers pg_catalog.text[];
    figures pg_catalog.jsonb := '{}';
BEGIN
    FOR fault IN SELECT f.* FROM mrcall_internal.erasure_fault(forget.customer_id, 'forget') AS f LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, HINT = fault.hint;
    END LOOP;
    business_ids := mrcall_internal.businesses_of(customer_id);
    FOR part IN SELECT s.* FROM mrcall_internal.personal_statements() AS s LOOP
        EXECUTE part.removes USING customer_id, business_ids;
        GET DIAGNOSTICS removed = ROW_COUNT;
        object := part.object;
        figures := figures OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(object, removed);
        RETURN NEXT;
    END LOOP;
    -- Stored visits are of browsers. A refresh stores those again whose events are still there, the ledger says until then.
    IF EXISTS (SELECT FROM mrcall_internal.fact_state) THEN
        browsers := mrcall_internal.stored_browsers_of(customer_id);
        INSERT INTO mrcall_internal.fact_change (key, since, until)
        SELECT b.id, '-infinity'::pg_catalog.timestamptz, '-infinity'::pg_catalog.timestamptz FROM pg_catalog.unnest(browsers) AS b (id);
        DELETE FROM mrcall.visit AS v WHERE v.visitor_id OPERATOR(pg_catalog.=) ANY (browsers);
        GET DIAGNOSTICS removed = ROW_COUNT;
        IF pg_catalog.has_table_privilege('mrcall_internal.fact_state', 'UPDATE') THEN
            UPDATE mrcall_internal.fact_state AS s SET rows = s.rows OPERATOR(pg_catalog.-) forget.removed;
        END IF;
        object := 'mrcall.visit';
        figures := figures OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(object, removed);
        RETURN NEXT;
    END IF;
    INSERT INTO mrcall.audit (at, role, login, action, result)
    VALUES (pg_catalog.clock_timestamp(), current_user, session_user, 'forget', figures);
END
$$;
COMMENT ON FUNCTION mrcall.forget(text) IS
    'Removes what the extension itself keeps about a customer; returns how many rows of each table';

CREATE FUNCTION mrcall.export_customer(customer_id text)
RETURNS jsonb
LANGUAGE plpgsql STABLE COST 10000
AS $$
DECLARE
    fault record;
    part record;
    business_ids pg_catalog.text[];
    kept pg_catalog.jsonb;
    export pg_catalog.jsonb := '{}';
BEGIN
    FOR fault IN SELECT f.* FROM mrcall_internal.erasure_fault(export_customer.customer_id, 'export_customer') AS f LOOP
        RAISE EXCEPTION USING ERRCODE = fault.code, MESSAGE = fault.message, HINT = fault.hint;
    END LOOP;
    business_ids := mrcall_internal.businesses_of(customer_id);
    FOR part IN SELECT s.* FROM mrcall_internal.personal_statements() AS s LOOP
        EXECUTE part.exports INTO kept USING customer_id, business_ids;
        export := export OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(part.object, kept);
    END LOOP;
    IF EXISTS (SELECT FROM mrcall_internal.fact_state) THEN
        SELECT COALESCE(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(v) ORDER BY v.visitor_id, v.started_at), '[]') INTO kept
        FROM mrcall.visit AS v
        WHERE v.visitor_id OPERATOR(pg_catalog.=) ANY (mrcall_internal.stored_browsers_of(customer_id));
        export := export OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('mrcall.visit', kept);
    END IF;
    RETURN export;
END
$$;
COMMENT ON FUNCTION mrcall.export_customer(text) IS
    'What the extension itself keeps about a customer, all that forget would remove: an array of rows for each table';
