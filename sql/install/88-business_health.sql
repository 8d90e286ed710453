-- Health of the businesses. Definitions: docs/calls.md.

-- The calls of 60 days are read. Of businesses that nobody called since, the last call before is looked up where an index finds it,
-- and with one of each id that is no business's, from id to id; unless a look into every part of the table for each would cost more
-- than to read it.
CREATE FUNCTION mrcall_internal.business_health(as_of timestamptz, wanted text)
RETURNS TABLE (
    business_id text, template text, subscription_status text, created_at timestamptz, days_since_created int, calls_7d bigint,
    calls_7d_before bigint, calls_30d bigint, calls_30d_before bigint, trend numeric, answered_share numeric,
    last_call timestamptz, days_since_last_call int, flags text[])
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT interval '24:00:00' AS day, mrcall_internal.check_instant(as_of, 'as_of'), mrcall_internal.require_attached();
    SELECT mrcall_internal.earlier(as_of, 60 * day) AS recent,
           mrcall_internal.warn_of_nobody(wanted, NULL, NULL, 'business_health(as_of, business_id)') AS warned,
           mrcall_internal.is_found_by_business() AND (wanted IS NOT NULL OR (
               SELECT mrcall_internal.expected_rows(to_regclass(s.relation)) > 20 * (SELECT count(*) FROM mrcall.businesses)
                      * (1 + (SELECT count(*) FROM pg_inherits AS i WHERE i.inhparent = to_regclass(s.relation)))
               FROM mrcall.source AS s WHERE s.logical_table = 'calls')) AS is_looked_up;
    WITH RECURSIVE business AS MATERIALIZED (
        -- A business of several rows is the one created first.
        SELECT DISTINCT ON (b.business_id) coalesce('=' || b.business_id, '') AS key, b.business_id, b.template,
               b.subscription_status, b.created_at
        FROM mrcall.businesses AS b
        WHERE wanted IS NULL OR b.business_id = wanted
        ORDER BY b.business_id, b.created_at, b.template COLLATE "C", b.subscription_status COLLATE "C"
    ),
    late AS MATERIALIZED (
        SELECT coalesce('=' || c.business_id, '') AS key, c.business_id, max(c.started_at) AS last_call,
               count(*) FILTER (WHERE c.started_at >= as_of - 7 * day) AS calls_7d,
               count(*) FILTER (WHERE c.started_at >= as_of - 14 * day AND c.started_at < as_of - 7 * day) AS calls_7d_before,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day) AS calls_30d,
               count(*) FILTER (WHERE c.started_at >= as_of - 60 * day AND c.started_at < as_of - 30 * day) AS calls_30d_before,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day AND c.answered) AS answered,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day AND NOT c.answered) AS missed
        FROM mrcall.calls AS c
        WHERE c.started_at >= recent AND c.started_at < as_of AND (wanted IS NULL OR c.business_id = wanted)
        GROUP BY c.business_id
    ),
    -- Each id of a call, the next after the one before.
    called (business_id) AS (
        (SELECT c.business_id FROM mrcall.calls AS c
         WHERE is_looked_up AND wanted IS NULL AND c.business_id IS NOT NULL
         ORDER BY c.business_id LIMIT 1)
        UNION ALL
        SELECT n.business_id
        FROM called AS i
        CROSS JOIN LATERAL (SELECT c.business_id FROM mrcall.calls AS c
                            WHERE is_looked_up AND wanted IS NULL AND c.business_id > i.business_id
                            ORDER BY c.business_id LIMIT 1) AS n
    ),
    asked AS (
        SELECT i.business_id FROM (SELECT k.business_id FROM called AS k UNION SELECT b.business_id FROM business AS b
                                   UNION SELECT wanted) AS i
        WHERE is_looked_up AND i.business_id IS NOT NULL AND NOT EXISTS (SELECT FROM late AS l WHERE l.key = '=' || i.business_id)
    ),
    silent AS (
        SELECT i.business_id, greatest(l.started_at, a.started_at) AS last_call
        FROM asked AS i
        LEFT JOIN LATERAL (SELECT c.started_at FROM mrcall_internal.call_starts AS c
                           WHERE c.business_id = i.business_id AND c.started_at < recent
                           ORDER BY c.started_at DESC LIMIT 1) AS l ON true
        LEFT JOIN LATERAL (SELECT c.started_at FROM mrcall.session_archive AS c
                           WHERE c.business_id = i.business_id AND c.started_at < recent
                           ORDER BY c.started_at DESC LIMIT 1) AS a ON true
        UNION ALL
        SELECT NULL, (SELECT c.started_at FROM mrcall.calls AS c
                      WHERE c.business_id IS NULL AND c.started_at < recent
                      ORDER BY c.started_at DESC LIMIT 1)
        WHERE is_looked_up AND wanted IS NULL AND NOT EXISTS (SELECT FROM late AS l WHERE l.key = '')
        UNION ALL
        SELECT c.business_id, max(c.started_at)
        FROM mrcall.calls AS c
        WHERE NOT is_looked_up AND c.started_at < recent AND (wanted IS NULL OR c.business_id = wanted)
        GROUP BY c.business_id
    ),
    call AS (
        SELECT l.* FROM late AS l
        UNION ALL
        SELECT coalesce('=' || s.business_id, ''), s.business_id, s.last_call, 0, 0, 0, 0, 0, 0
        FROM silent AS s
        WHERE s.last_call IS NOT NULL AND NOT EXISTS (SELECT FROM late AS l WHERE l.key = coalesce('=' || s.business_id, ''))
    ),
    row AS (
        SELECT coalesce(b.business_id, c.business_id) AS business_id, b.template, b.subscription_status, b.created_at,
               c.last_call, coalesce(c.calls_7d, 0) AS calls_7d, coalesce(c.calls_7d_before, 0) AS calls_7d_before,
               coalesce(c.calls_30d, 0) AS calls_30d, coalesce(c.calls_30d_before, 0) AS calls_30d_before,
               c.answered, c.missed, b.key IS NOT NULL AS is_known
        FROM business AS b
        FULL JOIN call AS c ON c.key = b.key
    )
    SELECT r.business_id, r.template, r.subscription_status, r.created_at,
           CASE WHEN isfinite(r.created_at) THEN floor(extract(epoch FROM as_of - r.created_at) / 86400)::int END,
           r.calls_7d, r.calls_7d_before, r.calls_30d, r.calls_30d_before,
           CASE WHEN r.calls_30d_before > 0 THEN round(r.calls_30d::numeric / r.calls_30d_before - 1, 4) END,
           CASE WHEN r.answered + r.missed > 0 THEN round(r.answered::numeric / (r.answered + r.missed), 4) END,
           r.last_call, floor(extract(epoch FROM as_of - r.last_call) / 86400)::int,
           array_remove(ARRAY[
               CASE WHEN NOT r.is_known THEN 'unknown' END,
               CASE WHEN r.last_call IS NULL THEN 'never_called' END,
               CASE WHEN r.last_call < as_of - 30 * day THEN 'silent' END,
               CASE WHEN r.calls_30d_before >= 10 AND r.calls_30d * 2 <= r.calls_30d_before AND r.calls_30d > 0
                    THEN 'falling' END,
               CASE WHEN r.answered + r.missed >= 10 AND r.missed > r.answered THEN 'missed' END,
               CASE WHEN r.calls_30d = 0 AND r.subscription_status IN ('active', 'trialing') THEN 'pays_unused' END,
               CASE WHEN r.calls_30d > 0 AND r.subscription_status IN ('past_due', 'canceled', 'incomplete') THEN 'unpaid' END],
               NULL)
    FROM row AS r
    ORDER BY r.business_id COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.business_health(timestamptz, text) IS 'business_health';

CREATE FUNCTION mrcall.business_health(as_of timestamptz DEFAULT pg_catalog.now(), business_id text DEFAULT NULL)
RETURNS TABLE (
    business_id text, template text, subscription_status text, created_at timestamptz, days_since_created int, calls_7d bigint,
    calls_7d_before bigint, calls_30d bigint, calls_30d_before bigint, trend numeric, answered_share numeric,
    last_call timestamptz, days_since_last_call int, flags text[])
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall_internal.business_health($1, $2) $$;
COMMENT ON FUNCTION mrcall.business_health(timestamptz, text) IS
    'One row per business: calls of late and before, trend, subscription, days since the last call, and what to look at';
