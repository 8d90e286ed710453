-- mrcall.forget removes what mrcall.export_customer gave before, all of it and nothing else: random customers over random rows.
\pset footer off
SELECT setseed(0.42);
INSERT INTO public.customers_registry (id) SELECT 'E-customer-' || n FROM generate_series(1, 60) AS n;
INSERT INTO public.business (business_id, owner)
SELECT 'E-business-' || n, CASE WHEN random() < 0.9 THEN 'E-customer-' || ceil(random() * 60) END FROM generate_series(1, 100) AS n;
-- Calls that name their owner or none, an earlier owner, and a business that the application has deleted.
INSERT INTO mrcall.session_archive (business_id, started_at, call_id, owner, caller, answered)
SELECT 'E-business-' || b.nr, timestamptz '2025-01-01Z' + random() * interval '300 days', 'E-call-' || n,
       CASE WHEN random() < 0.8 THEN 'E-customer-' || ceil(random() * 60) END, '+39' || ceil(random() * 1000), random() < 0.5
FROM (SELECT n, ceil(random() * 120) AS nr FROM generate_series(1, 3000) AS n) AS b;
INSERT INTO mrcall_internal.first_call
SELECT 'E-business-' || n, 'E-first-' || n, timestamptz '2024-01-01Z' + n * interval '1 hour'
FROM generate_series(1, 120) AS n WHERE n % 3 > 0;
INSERT INTO mrcall_internal.first_contact
SELECT 'E-business-' || ceil(random() * 120), sha256(('E' || n)::bytea), '2024-01-01Z' FROM generate_series(1, 2000) AS n
ON CONFLICT DO NOTHING;

-- What is a customer's by plain SQL: of the businesses that are theirs now, of those that are nobody's any more and were theirs, and
-- calls that name them.
CREATE TEMP VIEW owned AS
SELECT c.id AS customer_id, b.business_id FROM public.customers_registry AS c JOIN public.business AS b ON b.owner = c.id
UNION
SELECT a.owner, a.business_id FROM mrcall.session_archive AS a
WHERE a.owner IS NOT NULL AND a.business_id NOT IN (SELECT b.business_id FROM public.business AS b);
CREATE TEMP VIEW plain AS
SELECT c.id AS customer_id, 'mrcall.session_archive' AS object, count(*) AS rows, min(a.call_id COLLATE "C") AS least
FROM public.customers_registry AS c
JOIN mrcall.session_archive AS a ON a.owner = c.id
    OR (c.id, a.business_id) IN (SELECT o.customer_id, o.business_id FROM owned AS o)
GROUP BY 1
UNION ALL
SELECT o.customer_id, 'mrcall_internal.first_call', count(*), min(f.call_id COLLATE "C")
FROM owned AS o JOIN mrcall_internal.first_call AS f USING (business_id) GROUP BY 1
UNION ALL
SELECT o.customer_id, 'mrcall_internal.first_contact', count(*), min(encode(f.caller_hash, 'hex') COLLATE "C")
FROM owned AS o JOIN mrcall_internal.first_contact AS f USING (business_id) GROUP BY 1;
CREATE TEMP TABLE wanted ON COMMIT DROP AS TABLE plain;
CREATE TEMP VIEW exported AS
SELECT c.id AS customer_id, t.key AS object, count(*) AS rows,
       min(coalesce(r.value ->> 'call_id', r.value ->> 'caller_hash') COLLATE "C") AS least
FROM public.customers_registry AS c
CROSS JOIN LATERAL jsonb_each(mrcall.export_customer(c.id)) AS t
CROSS JOIN LATERAL jsonb_array_elements(t.value) AS r (value)
WHERE c.id LIKE 'E-%'
GROUP BY 1, 2;
SELECT count(*) > 100 AS compared, count(DISTINCT object) AS objects FROM wanted WHERE customer_id LIKE 'E-%';
SELECT count(*) AS differences FROM ((SELECT * FROM wanted WHERE customer_id LIKE 'E-%' EXCEPT ALL TABLE exported)
    UNION ALL (TABLE exported EXCEPT ALL SELECT * FROM wanted WHERE customer_id LIKE 'E-%')) AS d;
-- Whole rows, whatever the session's settings of output are.
SET LOCAL bytea_output = 'escape';
SET LOCAL TimeZone = 'Asia/Kathmandu';
SELECT count(*) > 100 AS compared,
       count(*) FILTER (WHERE row(r.business_id, r.started_at, r.call_id, r.owner, r.caller, r.answered, r.medium)
                              IS DISTINCT FROM row(a.business_id, a.started_at, a.call_id, a.owner, a.caller, a.answered, a.medium))
           AS differences
FROM public.customers_registry AS c
CROSS JOIN LATERAL jsonb_populate_recordset(NULL::mrcall.session_archive, mrcall.export_customer(c.id) -> 'mrcall.session_archive') AS r
LEFT JOIN mrcall.session_archive AS a USING (business_id, started_at, call_id)
WHERE c.id LIKE 'E-customer-1_';
RESET TimeZone;
RESET bytea_output;

-- One after the other, in a random order: what goes is what was exported then, the export is empty afterwards, the rest stays.
CREATE TEMP TABLE erased (customer_id text, object text, exported bigint, removed bigint, left_over bigint, gone bigint) ON COMMIT DROP;
CREATE FUNCTION pg_temp.kept() RETURNS TABLE (object text, rows bigint) LANGUAGE sql AS $$
    SELECT 'mrcall.session_archive', count(*) FROM mrcall.session_archive
    UNION ALL SELECT 'mrcall_internal.first_call', count(*) FROM mrcall_internal.first_call
    UNION ALL SELECT 'mrcall_internal.first_contact', count(*) FROM mrcall_internal.first_contact
$$;
DO $$
DECLARE
    person text; before jsonb; rows_before jsonb; rows_after jsonb; removed jsonb; after jsonb;
BEGIN
    FOR person IN SELECT id FROM public.customers_registry WHERE id LIKE 'E-%' ORDER BY random() LIMIT 30 LOOP
        before := mrcall.export_customer(person);
        SELECT jsonb_object_agg(k.object, k.rows) INTO rows_before FROM pg_temp.kept() AS k;
        SELECT jsonb_object_agg(f.object, f.removed) INTO removed FROM mrcall.forget(person) AS f;
        SELECT jsonb_object_agg(k.object, k.rows) INTO rows_after FROM pg_temp.kept() AS k;
        after := mrcall.export_customer(person);
        INSERT INTO erased
        SELECT person, b.key, jsonb_array_length(b.value), (removed ->> b.key)::bigint, jsonb_array_length(after -> b.key),
               (rows_before ->> b.key)::bigint - (rows_after ->> b.key)::bigint
        FROM jsonb_each(before) AS b;
    END LOOP;
END $$;
SELECT count(*) AS looked_at, count(*) FILTER (WHERE exported > 0) > 30 AS has_rows,
       count(*) FILTER (WHERE exported <> removed) AS not_removed,
       count(*) FILTER (WHERE removed <> gone) AS miscounted, count(*) FILTER (WHERE left_over <> 0) AS left_over
FROM erased;
SELECT count(*) AS rows_left FROM plain AS p WHERE p.customer_id IN (SELECT e.customer_id FROM erased AS e);
-- A second time there is nothing to remove; and nobody else's export has lost a row that is theirs.
SELECT sum(f.removed) AS removed FROM (SELECT DISTINCT customer_id FROM erased) AS e, mrcall.forget(e.customer_id) AS f;
SELECT count(*) AS differences FROM ((SELECT * FROM plain WHERE customer_id LIKE 'E-%' EXCEPT ALL TABLE exported)
    UNION ALL (TABLE exported EXCEPT ALL SELECT * FROM plain WHERE customer_id LIKE 'E-%')) AS d;

-- An unknown customer, and nobody.
SELECT mrcall.export_customer('E-nobody');
SELECT * FROM mrcall.forget('E-nobody');
SELECT mrcall.export_customer(NULL);

-- The audit: who, what, with what result, and nothing of whom.
SELECT count(*) AS forgets, count(DISTINCT role) AS roles, bool_and(role = current_user AND login = session_user) AS mine,
       count(*) FILTER (WHERE result::text LIKE '%E-%') AS names
FROM mrcall.audit WHERE action = 'forget';
SELECT result FROM mrcall.audit WHERE action = 'forget' ORDER BY at DESC LIMIT 1;
SELECT mrcall.attach('{"contacts": {"table": null}}');
SELECT result ->> 'calls' AS calls, result -> 'contacts' AS contacts, role = current_user AS mine
FROM mrcall.audit WHERE action = 'attach' ORDER BY at DESC LIMIT 1;
DELETE FROM public.session_retention_policies;
INSERT INTO public.session_retention_policies SELECT b.business_id, 30, NULL FROM public.business AS b;
SELECT count(*) > 100 AS due FROM public.sessions WHERE start_timestamp < now() - interval '40 days';
CALL mrcall.apply_session_retention(true);
SELECT count(*) AS dry_runs FROM mrcall.audit WHERE action = 'retention';
SET LOCAL client_min_messages = error;
CALL mrcall.apply_session_retention(false, 100) \g /dev/null
CALL mrcall.apply_session_retention(false, 100) \g /dev/null
SELECT count(*) AS runs, count(DISTINCT a.at) AS instants,
       bool_and((a.result ->> 'archived')::bigint = r.archived AND r.archived > 0) AS same
FROM mrcall.audit AS a JOIN mrcall.retention_run AS r ON r.started_at = a.at WHERE a.action = 'retention';

-- Where row-level security hides rows from who erases, neither does half of its work.
ALTER TABLE public.business ENABLE ROW LEVEL SECURITY;
SELECT count(*) AS owner_is_exempt FROM mrcall.forget('E-customer-1');
ALTER TABLE public.business FORCE ROW LEVEL SECURITY;
SELECT * FROM mrcall.forget('E-customer-1');
SELECT mrcall.export_customer('E-customer-1');
ALTER TABLE public.business NO FORCE ROW LEVEL SECURITY;
ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sessions FORCE ROW LEVEL SECURITY;
SELECT mrcall.export_customer('E-customer-1');

-- Every table that the extension keeps is either looked through, or one that has nothing of a customer.
SELECT n.nspname || '.' || c.relname AS neither
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('mrcall', 'mrcall_internal') AND c.relkind IN ('r', 'p', 'm', 'f')
  AND n.nspname || '.' || c.relname NOT IN (SELECT p.object FROM mrcall_internal.personal_tables() AS p)
  AND c.relname NOT IN ('source', 'channel_rule', 'ignored_referrer', 'goal', 'spend', 'retention_run', 'audit', 'caller_key',
      'detached_grant',
                        'granted_right',
                        -- What facts.sh looks at: stored visits of browsers, and the ledger.
                        'visit', 'fact_state', 'fact_change', 'fact_threshold');
SELECT p.object AS not_there FROM mrcall_internal.personal_tables() AS p WHERE to_regclass(p.object) IS NULL;
