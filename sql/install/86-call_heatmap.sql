-- When calls come. Definitions: docs/calls.md.

CREATE FUNCTION mrcall_internal.is_zone(zone text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'is_zone_wrapper';
COMMENT ON FUNCTION mrcall_internal.is_zone(text) IS 'Whether a text names a time zone';

-- A business of several rows, or none, has the smallest of its zones, or UTC.
CREATE FUNCTION mrcall_internal.business_zones()
RETURNS TABLE (business_id text, zone text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT b.business_id, COALESCE(pg_catalog.min(b.zone) FILTER (WHERE mrcall_internal.is_zone(b.zone)), 'UTC')
    FROM mrcall.businesses AS b
    GROUP BY b.business_id
$$;
COMMENT ON FUNCTION mrcall_internal.business_zones() IS
    'The zone that each business lives by; UTC where it names none that is one';

CREATE FUNCTION mrcall.call_heatmap(
    since timestamptz, until timestamptz, business_id text DEFAULT NULL, zone text DEFAULT NULL)
RETURNS TABLE (weekday int, hour int, calls bigint, answered bigint, missed bigint, mean_duration interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 168
AS $$
    SELECT business_id AS wanted, zone AS all_zone, mrcall_internal.check_range(since, until),
           CASE WHEN zone IS NOT NULL THEN mrcall.bucket(interval '1 day', since, zone) END AS checked,
           mrcall_internal.require_attached();
    WITH call AS (
        SELECT c.started_at AT TIME ZONE coalesce(all_zone, z.zone, 'UTC') AS wall, c.answered,
               CASE WHEN c.ended_at > c.started_at THEN c.ended_at - c.started_at END AS duration
        FROM mrcall.calls AS c
        LEFT JOIN mrcall_internal.business_zones() AS z ON z.business_id = c.business_id AND all_zone IS NULL
        WHERE c.started_at >= since AND c.started_at < until AND (wanted IS NULL OR c.business_id = wanted)
    ),
    cell AS (
        SELECT extract(isodow FROM c.wall)::int AS weekday, extract(hour FROM c.wall)::int AS hour, count(*) AS calls,
               count(*) FILTER (WHERE c.answered) AS answered, count(*) FILTER (WHERE NOT c.answered) AS missed,
               avg(c.duration) AS mean
        FROM call AS c
        GROUP BY 1, 2
    )
    SELECT d.weekday, h.hour, coalesce(c.calls, 0), coalesce(c.answered, 0), coalesce(c.missed, 0), c.mean
    FROM generate_series(1, 7) AS d (weekday)
    CROSS JOIN generate_series(0, 23) AS h (hour)
    LEFT JOIN cell AS c ON c.weekday = d.weekday AND c.hour = h.hour
    ORDER BY d.weekday, h.hour
$$;
COMMENT ON FUNCTION mrcall.call_heatmap(timestamptz, timestamptz, text, text) IS
    'Calls by weekday and hour, in each business''s own zone or in one for all: 168 rows';
