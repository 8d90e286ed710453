-- Who sees which rows of what the extension keeps, and who holds which rights by grant_read. See docs/security.md.

-- Whether row-level security hides rows of sources from who reads, asked when a query runs. Views are looked through down to
-- their tables; one with security_barrier hides rows itself. A table that is gone counts as hiding. Policies hold this text, so
-- it needs nothing that goes with the extension.
CREATE FUNCTION mrcall_internal.hides_rows(logical_tables text[])
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$(
        WITH RECURSIVE relation (id) AS (
            SELECT coalesce(to_regclass(s.relation)::oid, 0::oid)
            FROM mrcall.source AS s
            WHERE s.relation IS NOT NULL%s
            UNION
            SELECT d.refobjid
            FROM relation AS r
            JOIN pg_rewrite AS w ON w.ev_class = r.id
            JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
        )
        SELECT coalesce(bool_or(r.id = 0 OR row_security_active(r.id) OR EXISTS (
                   SELECT FROM pg_class AS c CROSS JOIN pg_options_to_table(c.reloptions) AS o
                   WHERE c.oid = r.id AND c.relkind = 'v' AND o.option_name = 'security_barrier' AND o.option_value::boolean)), false)
        FROM relation AS r
    )$query$, ' AND s.logical_table = ANY (' || quote_literal(logical_tables::text) || '::text[])')
$$;
COMMENT ON FUNCTION mrcall_internal.hides_rows(text[]) IS
    'The text of a query: whether row-level security of sources (NULL: of any) hides rows from who runs it';

-- The policies of the kept tables. Who reads: by these conditions; who writes: as GRANT says.
CREATE FUNCTION mrcall_internal.kept_policies()
RETURNS TABLE (relation text, name text, definition text, what text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 24
SET search_path = pg_catalog, pg_temp
AS $$
    WITH condition AS (
        -- Each query is asked once a statement, and the second only where the first says that rows are hidden.
        SELECT format('(NOT %s OR %s AND business_id IN (SELECT b.business_id FROM mrcall.businesses AS b))',
                      mrcall_internal.hides_rows('{calls,businesses}'), mrcall_internal.hides_rows('{businesses}')) AS own_businesses
    ),
    reader AS (
        SELECT r.*
        FROM condition AS c
        CROSS JOIN LATERAL (VALUES
            ('mrcall.session_archive', c.own_businesses,
             'All rows, or where row-level security hides calls those of the businesses that the reader sees'),
            ('mrcall_internal.first_call', c.own_businesses,
             'All rows, or where row-level security hides calls those of the businesses that the reader sees'),
            ('mrcall_internal.first_contact',
             '(SELECT has_table_privilege(''mrcall_internal.first_contact'', ''INSERT, UPDATE, DELETE'')) AND '
                 || c.own_businesses,
             'Nothing for who only reads; for who writes as mrcall.session_archive'),
            ('mrcall_internal.caller_key', '(SELECT has_table_privilege(''mrcall_internal.caller_key'', ''INSERT, UPDATE, DELETE''))',
             'Nothing for who only reads'),
            ('mrcall.retention_run', 'role = current_user OR NOT ' || mrcall_internal.hides_rows('{calls,businesses,retention_policies}'),
             'One''s own runs; all where no row-level security hides calls'),
            ('mrcall.audit', 'role = current_user OR NOT ' || mrcall_internal.hides_rows(NULL),
             'What one did oneself; all where no row-level security hides rows of any source'),
            ('mrcall.spend', 'NOT ' || mrcall_internal.hides_rows(NULL), 'Nothing where row-level security hides rows of any source'),
            ('mrcall_internal.granted_right',
             '(SELECT has_table_privilege(''mrcall_internal.granted_right'', ''INSERT, UPDATE, DELETE''))',
             'Nothing for who only reads')
        ) AS r (relation, condition, what)
    )
    SELECT r.relation, 'mrcall_read', 'FOR SELECT USING (' || r.condition || ')', r.what FROM reader AS r
    UNION ALL
    SELECT r.relation, w.name, w.definition, 'Who may write a table writes any row'
    FROM reader AS r
    CROSS JOIN (VALUES ('mrcall_insert', 'FOR INSERT WITH CHECK (true)'), ('mrcall_update', 'FOR UPDATE USING (true)'),
                       ('mrcall_delete', 'FOR DELETE USING (true)')) AS w (name, definition)
$$;
COMMENT ON FUNCTION mrcall_internal.kept_policies() IS 'The policies that attach makes on the kept tables';

-- Which policies are not there as they are to be. Their comment tells a text from another.
CREATE FUNCTION mrcall_internal.missing_policies()
RETURNS TABLE (relation regclass, name text, definition text, comment text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass, p.name, p.definition, t.comment
    FROM mrcall_internal.kept_policies() AS p
    JOIN pg_class AS c ON c.oid = to_regclass(p.relation)
    CROSS JOIN LATERAL (SELECT format('%s; made by mrcall.attach (%s)', p.what, left(md5(p.definition), 8)) AS comment) AS t
    WHERE NOT EXISTS (
        SELECT FROM pg_policy AS x
        WHERE x.polrelid = c.oid AND x.polname = p.name AND x.polpermissive AND x.polroles = '{0}'
          AND obj_description(x.oid, 'pg_policy') = t.comment)
$$;
COMMENT ON FUNCTION mrcall_internal.missing_policies() IS 'The policies of the kept tables that attach has to make';

-- What attach has to change: row-level security is always on, so that it holds from the moment at which the host's is switched on; for
-- their owner where the host forces it on the owner too.
CREATE FUNCTION mrcall_internal.missing_row_security()
RETURNS TABLE (relation regclass, clause text)
LANGUAGE sql STABLE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $$
    WITH kept AS (
        SELECT c.oid, c.relrowsecurity, c.relforcerowsecurity,
               p.relation IN ('mrcall.session_archive', 'mrcall_internal.first_call') AND EXISTS (
                   SELECT FROM mrcall.source AS s
                   JOIN pg_class AS h ON h.oid = to_regclass(s.relation)
                   WHERE s.logical_table IN ('calls', 'businesses') AND h.relrowsecurity AND h.relforcerowsecurity) AS is_forced
        FROM (SELECT DISTINCT k.relation FROM mrcall_internal.kept_policies() AS k) AS p
        JOIN pg_class AS c ON c.oid = to_regclass(p.relation)
    )
    SELECT k.oid::regclass, 'ENABLE' FROM kept AS k WHERE NOT k.relrowsecurity
    UNION ALL
    SELECT k.oid::regclass, CASE WHEN k.is_forced THEN 'FORCE' ELSE 'NO FORCE' END FROM kept AS k
    WHERE k.is_forced <> k.relforcerowsecurity
$$;
COMMENT ON FUNCTION mrcall_internal.missing_row_security() IS 'What attach has to change of the row-level security of the kept tables';

CREATE FUNCTION mrcall_internal.protect_kept_tables()
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
DECLARE
    missing record;
BEGIN
    PERFORM mrcall_internal.lock_relations(ARRAY(SELECT m.relation::text FROM mrcall_internal.missing_row_security() AS m
                                                 UNION SELECT m.relation::text FROM mrcall_internal.missing_policies() AS m));
    FOR missing IN SELECT m.relation, m.clause FROM mrcall_internal.missing_row_security() AS m LOOP
        EXECUTE format('ALTER TABLE %s %s ROW LEVEL SECURITY', missing.relation, missing.clause);
    END LOOP;
    FOR missing IN SELECT m.relation, m.name, m.definition, m.comment FROM mrcall_internal.missing_policies() AS m LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON %s', missing.name, missing.relation);
        EXECUTE format('CREATE POLICY %I ON %s %s', missing.name, missing.relation, missing.definition);
        EXECUTE format('COMMENT ON POLICY %I ON %s IS %L', missing.name, missing.relation, missing.comment);
    END LOOP;
END
$$;
COMMENT ON FUNCTION mrcall_internal.protect_kept_tables() IS
    'Row-level security and policies of the kept tables; touches nothing that is as it should be';

-- Whether mrcall_internal.deleted_callers asks, in this process and right now.
CREATE FUNCTION mrcall_internal.is_asked()
RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'is_asked_wrapper';
COMMENT ON FUNCTION mrcall_internal.is_asked() IS 'Whether deleted_callers asks had_deleted_calls; once for each question';

-- The one function that runs with other rights than its caller's: those of the owner of the hashes, which nobody else reads.
-- It answers nobody but deleted_callers, which asks about callers of calls that its own caller sees.
CREATE FUNCTION mrcall_internal.had_deleted_calls(businesses text[], callers text[], first_at timestamptz[])
RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
BEGIN
    IF NOT mrcall_internal.is_asked() THEN
        RAISE EXCEPTION 'mrcall_internal.had_deleted_calls answers reports alone'
            USING ERRCODE = '42501', HINT = 'Use new_callers of mrcall.call_summary, or is_new of mrcall.callers.';
    END IF;
    IF callers IS NULL THEN
        RETURN (SELECT '{}'::text[]
                WHERE EXISTS (SELECT FROM mrcall_internal.first_contact AS k
                              WHERE businesses IS NULL OR k.business_id = ANY (businesses)));
    END IF;
    RETURN (
        SELECT array_agg(t.text ORDER BY f.business_id, f.caller, t.nr)
        FROM unnest(businesses, callers, first_at) AS f (business_id, caller, first_at)
        JOIN mrcall_internal.first_contact AS k
            ON k.business_id = f.business_id AND k.first_at < f.first_at
               AND k.caller_hash = mrcall_internal.caller_hash(
                   (SELECT s.key FROM mrcall_internal.caller_key AS s), f.business_id, f.caller)
        CROSS JOIN LATERAL (VALUES (1, f.business_id), (2, f.caller)) AS t (nr, text)
    );
END
$$;
COMMENT ON FUNCTION mrcall_internal.had_deleted_calls(text[], text[], timestamptz[]) IS
    'Which callers had a call before an instant that retention deleted: business, caller, business, caller ...';

CREATE FUNCTION mrcall_internal.deleted_callers(since timestamptz, until timestamptz, businesses text[])
RETURNS text[]
LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000
AS 'MODULE_PATHNAME', 'deleted_callers_wrapper';
COMMENT ON FUNCTION mrcall_internal.deleted_callers(timestamptz, timestamptz, text[]) IS
    'Callers of a range whose earlier calls retention deleted, each behind its business; NULL without any';
