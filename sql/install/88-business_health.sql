-- Health of the businesses. Definitions: docs/calls.md.

CREATE FUNCTION mrcall.business_health(as_of timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (
    business_id text, template text, subscription_status text, created_at timestamptz, days_since_created int, calls_7d bigint,
    calls_7d_before bigint, calls_30d bigint, calls_30d_before bigint, trend numeric, answered_share numeric,
    last_call timestamptz, days_since_last_call int, flags text[])
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT interval '24:00:00' AS day, mrcall_internal.check_instant(as_of, 'as_of'), mrcall_internal.require_attached();
    WITH business AS (
        -- A business of several rows is the one created first.
        SELECT DISTINCT ON (b.business_id) coalesce('=' || b.business_id, '') AS key, b.business_id, b.template,
               b.subscription_status, b.created_at
        FROM mrcall.businesses AS b
        ORDER BY b.business_id, b.created_at, b.template COLLATE "C", b.subscription_status COLLATE "C"
    ),
    call AS (
        SELECT coalesce('=' || c.business_id, '') AS key, c.business_id, max(c.started_at) AS last_call,
               count(*) FILTER (WHERE c.started_at >= as_of - 7 * day) AS calls_7d,
               count(*) FILTER (WHERE c.started_at >= as_of - 14 * day AND c.started_at < as_of - 7 * day) AS calls_7d_before,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day) AS calls_30d,
               count(*) FILTER (WHERE c.started_at >= as_of - 60 * day AND c.started_at < as_of - 30 * day) AS calls_30d_before,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day AND c.answered) AS answered,
               count(*) FILTER (WHERE c.started_at >= as_of - 30 * day AND NOT c.answered) AS missed
        FROM mrcall.calls AS c
        WHERE c.started_at < as_of
        GROUP BY c.business_id
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
COMMENT ON FUNCTION mrcall.business_health(timestamptz) IS
    'One row per business: calls of late and before, trend, subscription, days since the last call, and what to look at';
