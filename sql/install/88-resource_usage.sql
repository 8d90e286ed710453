-- Use of the allowance. Definitions: docs/calls.md.

CREATE FUNCTION mrcall_internal.check_instant(value timestamptz, name text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF value IS NULL THEN
        RAISE EXCEPTION 'argument "%" must not be NULL', name
            USING ERRCODE = '22004', HINT = 'Give an instant, such as ''2026-05-15'', or leave the argument out for now.';
    END IF;
    IF NOT isfinite(value) OR value < '4713-01-01 BC' OR value > '294000-01-01' THEN
        RAISE EXCEPTION 'argument "%" is out of range: %', name, value
            USING ERRCODE = '22008', HINT = 'Give a finite instant, such as ''2026-05-15''.';
    END IF;
END
$$;
COMMENT ON FUNCTION mrcall_internal.check_instant(timestamptz, text) IS 'Raises the errors of a wrong instant';

CREATE FUNCTION mrcall_internal.resource_usage(as_of timestamptz, wanted text)
RETURNS TABLE (
    business_id text, template text, category text, period_start timestamptz, period_end timestamptz, granted numeric,
    recurrent numeric, allowance numeric, used numeric, remaining numeric, share numeric, per_day numeric, runs_out_on date)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT mrcall_internal.check_instant(as_of, 'as_of'), mrcall_internal.require_attached();
    SELECT mrcall_internal.warn_of_nobody(wanted, NULL, NULL, 'resource_usage(as_of, business_id)') AS warned;
    WITH business AS MATERIALIZED (
        SELECT b.business_id, b.template, z.zone, mrcall.bucket(interval '1 month', as_of, z.zone) AS period_start,
               mrcall.next_bucket(interval '1 month', as_of, z.zone) AS period_end
        FROM (SELECT x.business_id, min(x.template COLLATE "C") AS template FROM mrcall.businesses AS x
              WHERE x.business_id IS NOT NULL AND (wanted IS NULL OR x.business_id = wanted) GROUP BY x.business_id) AS b
        JOIN mrcall_internal.business_zones(wanted) AS z ON z.business_id = b.business_id
    ),
    grant_ AS (
        SELECT r.business_id, coalesce(r.category, '(not set)') AS category, coalesce(sum(r.amount), 0) AS amount,
               CASE WHEN bool_and(r.expiration IS NOT NULL) THEN max(r.expiration) END AS expires_at
        FROM mrcall.resources AS r
        WHERE (r.expiration IS NULL OR r.expiration > as_of) AND (r.created_at IS NULL OR r.created_at <= as_of)
          AND (wanted IS NULL OR r.business_id = wanted)
        GROUP BY 1, 2
    ),
    monthly AS (
        SELECT b.business_id, e.key AS category, max(mrcall.try_numeric(e.value)) AS amount
        FROM business AS b
        JOIN mrcall.templates AS t ON t.name = b.template
        CROSS JOIN LATERAL jsonb_each_text(
            CASE WHEN jsonb_typeof(t.recurrent_resources) = 'object' THEN t.recurrent_resources END) AS e
        GROUP BY 1, 2
    ),
    usage AS MATERIALIZED (
        SELECT c.business_id, count(*)::numeric AS calls,
               coalesce(sum(extract(epoch FROM c.ended_at - c.started_at)) FILTER (WHERE c.ended_at > c.started_at), 0) / 60
                   AS minutes
        FROM mrcall.calls AS c
        JOIN business AS b ON b.business_id = c.business_id
        -- The first range prunes chunks; the second is the business's own month.
        WHERE c.started_at >= as_of - interval '33 days' AND c.started_at < as_of AND c.started_at >= b.period_start
          AND (wanted IS NULL OR c.business_id = wanted)
        GROUP BY c.business_id
    ),
    figure AS (
        SELECT b.*, k.category, g.amount AS granted, m.amount AS recurrent, coalesce(g.amount, m.amount) AS allowance,
               -- What was granted lapses when the last grant does, what comes monthly with the month.
               CASE WHEN g.category IS NOT NULL THEN coalesce(g.expires_at, 'infinity') ELSE b.period_end END AS lapses_at,
               CASE k.category WHEN 'calls' THEN coalesce(u.calls, 0)
                               WHEN 'minutes' THEN round(coalesce(u.minutes, 0), 2) END AS used,
               extract(epoch FROM as_of - b.period_start) / 86400 AS days
        FROM business AS b
        JOIN (SELECT g.business_id, g.category FROM grant_ AS g UNION SELECT m.business_id, m.category FROM monthly AS m) AS k
            ON k.business_id = b.business_id
        LEFT JOIN grant_ AS g ON g.business_id = k.business_id AND g.category = k.category
        LEFT JOIN monthly AS m ON m.business_id = k.business_id AND m.category = k.category
        LEFT JOIN usage AS u ON u.business_id = b.business_id
    ),
    rate AS (
        SELECT f.*, f.allowance - f.used AS remaining, CASE WHEN f.days > 0 THEN f.used / f.days END AS per_day FROM figure AS f
    )
    SELECT r.business_id, r.template, r.category, r.period_start, r.period_end, r.granted, r.recurrent, r.allowance, r.used,
           r.remaining, CASE WHEN r.allowance > 0 THEN round(r.used / r.allowance, 4) END, round(r.per_day, 4),
           CASE WHEN r.remaining <= 0 THEN mrcall_internal.wall_clock(as_of, r.zone)::date
                -- A rate that takes more than a hundred years does not run out.
                WHEN r.per_day > 0 AND r.remaining < r.per_day * 36525
                 AND as_of + make_interval(secs => (r.remaining / r.per_day * 86400)::float8) < r.lapses_at
                THEN mrcall_internal.wall_clock(as_of + make_interval(secs => (r.remaining / r.per_day * 86400)::float8), r.zone)::date END
    FROM rate AS r
    ORDER BY r.business_id COLLATE "C", r.category COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.resource_usage(timestamptz, text) IS 'resource_usage';

CREATE FUNCTION mrcall.resource_usage(as_of timestamptz DEFAULT pg_catalog.now(), business_id text DEFAULT NULL)
RETURNS TABLE (
    business_id text, template text, category text, period_start timestamptz, period_end timestamptz, granted numeric,
    recurrent numeric, allowance numeric, used numeric, remaining numeric, share numeric, per_day numeric, runs_out_on date)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall_internal.resource_usage($1, $2) $$;
COMMENT ON FUNCTION mrcall.resource_usage(timestamptz, text) IS
    'Minutes and calls that each business used this month, of what it may, and the day on which that runs out at this rate';
