-- Archived calls, and what outlives deleted ones, in kept tables (05-kept_tables.sql). Definitions: docs/retention.md.

-- The business is hashed first, so that its length is fixed: no two pairs are one text. It is part of the hash so that a
-- caller of two businesses is two hashes.
CREATE FUNCTION mrcall_internal.caller_hash(key bytea, business_id text, caller text)
RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT pg_catalog.sha256(key OPERATOR(pg_catalog.||) pg_catalog.sha256(pg_catalog.convert_to(business_id, 'UTF8'))
                             OPERATOR(pg_catalog.||) pg_catalog.convert_to(caller, 'UTF8'))
$$;
COMMENT ON FUNCTION mrcall_internal.caller_hash(bytea, text, text) IS 'What stands for a caller in mrcall_internal.first_contact';

-- What attach puts behind the sessions table in the view mrcall.calls.
CREATE FUNCTION mrcall_internal.archived_calls()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT E'\nUNION ALL\nSELECT\n'
        || string_agg(format('    %s AS %I', CASE WHEN a.attname IS NULL THEN format('NULL::%s', c.type) ELSE format('a.%I', c.name)
                             END, c.name), E',\n' ORDER BY c.ordinal)
        || E'\nFROM mrcall.session_archive AS a'
    FROM mrcall_internal.source_columns() AS c
    LEFT JOIN pg_attribute AS a ON a.attrelid = 'mrcall.session_archive'::regclass AND a.attname = c.name AND a.attnum > 0
    WHERE c.logical_table = 'calls'
$$;
COMMENT ON FUNCTION mrcall_internal.archived_calls() IS 'The second part of the view mrcall.calls';

-- One line a run, which grows with its batches.
CREATE FUNCTION mrcall_internal.audit_retention(run timestamptz)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    figures jsonb;
BEGIN
    SELECT to_jsonb(r) - '{started_at,role,updated_at}'::text[] INTO figures FROM mrcall.retention_run AS r WHERE r.started_at = run;
    UPDATE mrcall.audit AS a SET result = figures WHERE a.at = run AND a.action = 'retention';
    IF NOT FOUND THEN
        INSERT INTO mrcall.audit (at, role, login, action, result) VALUES (run, current_user, session_user, 'retention', figures);
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.audit_retention(timestamptz) IS 'Writes what a run of retention has done so far into mrcall.audit';
