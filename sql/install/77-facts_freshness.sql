-- mrcall.freshness and mrcall.verify: how fresh the facts are, and whether they are right. Definitions: docs/facts.md.

CREATE FUNCTION mrcall.freshness()
RETURNS TABLE (
    fact text, stored_until timestamptz, pending_keys bigint, pending_ranges bigint, rows bigint, bytes bigint, refreshed_at timestamptz,
    refresh_time interval, waiting_for text, failing_keys bigint, fault text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 1000 ROWS 3
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.fact, s.stored_until, c.keys, c.ranges, s.rows, pg_total_relation_size('mrcall.visit'), s.refreshed_at, s.refresh_time,
           s.waiting_for, c.failing, mrcall_internal.fact_fault(s)
    FROM mrcall_internal.fact_state AS s
    -- Who is not shown the ledger does not know that it is empty.
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT x.key) AS keys, count(*) FILTER (WHERE x.key IS NULL) AS ranges,
               count(DISTINCT x.key) FILTER (WHERE x.problem IS NOT NULL) AS failing
        FROM mrcall_internal.fact_change AS x) AS c
    ON NOT row_security_active('mrcall_internal.fact_change') OR mrcall_internal.may_read_facts(s.fact)
$$;
COMMENT ON FUNCTION mrcall.freshness() IS
    'What facts are kept, up to when they are stored, how many visitors and ranges wait for a refresh, and what is in the way';

CREATE FUNCTION mrcall_internal.check_verify(fact text, fraction float8)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fault record;
BEGIN
    IF fact IS NULL OR fraction IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', CASE WHEN fact IS NULL THEN 'fact' ELSE 'fraction' END
            USING ERRCODE = '22004', HINT = 'Example: SELECT * FROM mrcall.verify(''visits'', 0.01);';
    END IF;
    PERFORM mrcall_internal.check_facts(ARRAY[fact]);
    IF NOT (fraction >= 0 AND fraction <= 1) THEN
        RAISE EXCEPTION 'fraction is not between 0 and 1: %', fraction
            USING ERRCODE = '22023', HINT = 'It is the part of the visitors that is looked at: 0.01, or 1 for all.';
    END IF;
    IF NOT EXISTS (SELECT FROM mrcall_internal.fact_state AS s WHERE s.fact = check_verify.fact) THEN
        RAISE EXCEPTION 'the fact "%" is not kept', fact USING ERRCODE = '55000', HINT = 'Run: SELECT mrcall.maintain();';
    END IF;
    IF NOT mrcall_internal.may_read_facts(fact) THEN
        RAISE EXCEPTION 'role "%" does not see all rows of the table', current_user
            USING ERRCODE = '55000', HINT = 'Run it as a role that may read the table and that its policies do not bind.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_verify(text, float8) IS 'The errors of verify';

CREATE TYPE mrcall_internal.verified AS (fact text, key text, stored jsonb, computed jsonb);
COMMENT ON TYPE mrcall_internal.verified IS 'A row of verify';

-- Who is stored or has rows, but for those in the ledger, and for everybody while nothing of it is read. What has no finite time is
-- never stored.
CREATE FUNCTION mrcall.verify(fact text, fraction float8 DEFAULT 0.01, seed int DEFAULT NULL)
RETURNS SETOF mrcall_internal.verified
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 10
AS $$
    SELECT mrcall_internal.check_verify(fact, fraction), mrcall_internal.require_attached();
    SELECT s.stored_until, s.stored_until - interval '30 minutes' AS over_before,
           coalesce(seed, (random() * 1000000)::int)::bigint AS salt, (fraction * 4294967296)::bigint AS most,
           mrcall_internal.fact_fault(s) IS NULL AS is_read
    FROM mrcall_internal.fact_state AS s WHERE s.fact = 'visits';
    SELECT 'visits'::text, visitor.id, visitor.stored, visitor.computed
    FROM (
        SELECT v.visitor_id AS id, jsonb_agg(v.visit ORDER BY v.started_at) FILTER (WHERE v.is_stored) AS stored,
               jsonb_agg(v.visit ORDER BY v.started_at) FILTER (WHERE NOT v.is_stored) AS computed
        FROM (
            SELECT x.visitor_id, x.started_at, true AS is_stored, to_jsonb(x) - 'had_twice' AS visit FROM mrcall.visit AS x
            WHERE (hashtextextended(x.visitor_id, salt) & 4294967295) < most
            UNION ALL
            SELECT r.visitor_id COLLATE "C", r.started_at, false, to_jsonb(r) - 'had_twice'
            FROM mrcall_internal.read_visits('4713-01-01 00:00+00 BC', stored_until, NULL) AS r
            WHERE (hashtextextended(r.visitor_id COLLATE "C", salt) & 4294967295) < most AND r.ended_at < over_before
        ) AS v
        GROUP BY v.visitor_id
    ) AS visitor
    WHERE is_read AND visitor.stored IS DISTINCT FROM visitor.computed
      AND NOT EXISTS (SELECT FROM mrcall_internal.fact_change AS c WHERE c.key = visitor.id)
      AND NOT EXISTS (SELECT FROM mrcall_internal.fact_change AS c WHERE c.key IS NULL)
$$;
COMMENT ON FUNCTION mrcall.verify(text, float8, int) IS
    'What is stored and differs from what the rows say, of visitors that are not in the ledger; no row with fraction 1 is a proof';
