-- When calls come. Definitions: docs/calls.md.

CREATE FUNCTION mrcall_internal.is_zone(zone text)
RETURNS boolean
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'is_zone_wrapper';
COMMENT ON FUNCTION mrcall_internal.is_zone(text) IS 'Whether a text names a time zone';

-- A business of several rows, or none, has the smallest of its zones, or UTC.
CREATE FUNCTION mrcall_internal.business_zones(wanted text)
RETURNS TABLE (business_id text, zone text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT b.business_id, COALESCE(pg_catalog.min(b.zone) FILTER (WHERE mrcall_internal.is_zone(b.zone)), 'UTC')
    FROM mrcall.businesses AS b
    WHERE wanted IS NULL OR b.business_id OPERATOR(pg_catalog.=) wanted
    GROUP BY b.business_id
$$;
COMMENT ON FUNCTION mrcall_internal.business_zones(text) IS
    'The zone that each business lives by, or that one does; UTC where it names none that is one';

-- With days, each business has its own: since and until are theirs in UTC.
CREATE FUNCTION mrcall_internal.call_heatmap(
    since timestamptz, until timestamptz, first_day date, end_day date, wanted text, all_zone text)
RETURNS TABLE (weekday int, hour int, calls bigint, answered bigint, missed bigint, mean_duration interval)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 168
AS $$
    -- No zone is further from UTC.
    SELECT mrcall_internal.check_range(since, until),
           CASE WHEN all_zone IS NOT NULL THEN mrcall.bucket(interval '1 day', since, all_zone) END AS checked,
           CASE WHEN all_zone IS NOT NULL THEN mrcall_internal.note_midnight(since, until, all_zone) END,
           mrcall_internal.require_attached(),
           since - CASE WHEN first_day IS NULL THEN interval '0' ELSE interval '26:00:00' END AS read_since,
           until + CASE WHEN first_day IS NULL THEN interval '0' ELSE interval '26:00:00' END AS read_until;
    SELECT mrcall_internal.warn_of_nobody(wanted, NULL, NULL, 'call_heatmap(since, until, business_id, zone)') AS warned;
    WITH place AS MATERIALIZED (
        SELECT z.business_id, z.zone, mrcall_internal.start_of_day(first_day, z.zone, 'since') AS since,
               mrcall_internal.start_of_day(end_day, z.zone, 'until') AS until
        FROM mrcall_internal.business_zones(wanted) AS z
        WHERE all_zone IS NULL AND first_day IS NOT NULL
        UNION ALL
        SELECT z.business_id, z.zone, NULL, NULL
        FROM mrcall_internal.business_zones(wanted) AS z
        WHERE all_zone IS NULL AND first_day IS NULL
    ),
    call AS (
        SELECT mrcall_internal.wall_clock(c.started_at, coalesce(all_zone, p.zone, 'UTC')) AS wall, c.answered,
               CASE WHEN c.ended_at > c.started_at THEN c.ended_at - c.started_at END AS duration
        FROM mrcall.calls AS c
        LEFT JOIN place AS p ON p.business_id = c.business_id
        WHERE c.started_at >= read_since AND c.started_at < read_until AND (wanted IS NULL OR c.business_id = wanted)
          AND (first_day IS NULL
               OR c.started_at >= coalesce(p.since, call_heatmap.since) AND c.started_at < coalesce(p.until, call_heatmap.until))
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
COMMENT ON FUNCTION mrcall_internal.call_heatmap(timestamptz, timestamptz, date, date, text, text) IS 'The rows of call_heatmap';

CREATE FUNCTION mrcall.call_heatmap(
    since timestamptz, until timestamptz, business_id text DEFAULT NULL, zone text DEFAULT NULL)
RETURNS TABLE (weekday int, hour int, calls bigint, answered bigint, missed bigint, mean_duration interval)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 168
AS $$ SELECT * FROM mrcall_internal.call_heatmap($1, $2, NULL, NULL, $3, $4) $$;
COMMENT ON FUNCTION mrcall.call_heatmap(timestamptz, timestamptz, text, text) IS
    'Calls by weekday and hour, in each business''s own zone or in one for all: 168 rows. Two dates are days of it';

CREATE FUNCTION mrcall.call_heatmap(since date, until date, business_id text DEFAULT NULL, zone text DEFAULT NULL)
RETURNS TABLE (weekday int, hour int, calls bigint, answered bigint, missed bigint, mean_duration interval)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 168
AS $$
    SELECT *
    FROM mrcall_internal.call_heatmap(
        mrcall_internal.start_of_day($1, COALESCE($4, 'UTC'), 'since'),
        mrcall_internal.start_of_day($2, COALESCE($4, 'UTC'), 'until'),
        CASE WHEN $4 IS NULL THEN $1 END, CASE WHEN $4 IS NULL THEN $2 END, $3, $4)
$$;
COMMENT ON FUNCTION mrcall.call_heatmap(date, date, text, text) IS
    'Calls by weekday and hour: days of the zone, or of each business''s own, from since to before until. Only two dates choose this form';
