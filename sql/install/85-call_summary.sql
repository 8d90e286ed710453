-- Calls per time bucket and business. Definitions: docs/call_summary.md.

CREATE FUNCTION mrcall._call_summary(width interval, since timestamptz, until timestamptz, zone text, wanted text)
RETURNS TABLE (
    bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint, new_callers bigint,
    total_duration interval, mean_duration interval, p50_duration interval, p95_duration interval, peak_concurrency int,
    outcomes jsonb)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    longest interval := make_interval(secs => mrcall._longest_call());
BEGIN
    PERFORM mrcall._check_range(since, until);
    PERFORM FROM mrcall.buckets(width, since, until, zone);
    PERFORM mrcall._require_attached();
    RETURN QUERY
    WITH call AS MATERIALIZED (
        -- key: a business, or none, as a value that joins by hash. An end before the start is no end: doctor counts such calls.
        SELECT c.business_id, coalesce('=' || c.business_id, '') AS key, c.started_at,
               CASE WHEN c.ended_at > c.started_at THEN c.ended_at END AS ended_at,
               c.outcome, c.answered, c.caller,
               CASE WHEN c.started_at >= since THEN mrcall.bucket(width, c.started_at, zone) END AS bucket
        FROM mrcall.calls AS c
        WHERE c.started_at >= since - longest AND c.started_at < until
          AND (wanted IS NULL OR c.business_id = wanted)
    ),
    figures AS (
        SELECT c.key, c.business_id, c.bucket, count(*) AS calls, count(*) FILTER (WHERE c.answered) AS answered,
               count(*) FILTER (WHERE NOT c.answered) AS missed, count(DISTINCT c.caller) AS callers,
               sum(c.ended_at - c.started_at) AS total, avg(c.ended_at - c.started_at) AS mean,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY c.ended_at - c.started_at) AS p50,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY c.ended_at - c.started_at) AS p95
        FROM call AS c
        WHERE c.bucket IS NOT NULL
        GROUP BY c.key, c.business_id, c.bucket
    ),
    outcome AS (
        SELECT o.key, o.bucket, jsonb_object_agg(o.outcome, o.calls) AS outcomes
        FROM (SELECT c.key, c.bucket, coalesce(c.outcome, '(not set)') AS outcome, count(*) AS calls
              FROM call AS c WHERE c.bucket IS NOT NULL GROUP BY 1, 2, 3) AS o
        GROUP BY o.key, o.bucket
    ),
    newcomer AS (
        SELECT coalesce('=' || f.business_id, '') AS key, mrcall.bucket(width, f.first_at, zone) AS bucket, count(*) AS callers
        FROM (SELECT c.business_id, c.caller, min(c.started_at) AS first_at
              FROM mrcall.calls AS c
              WHERE c.caller IS NOT NULL AND c.started_at < until AND (wanted IS NULL OR c.business_id = wanted)
              GROUP BY c.business_id, c.caller) AS f
        WHERE f.first_at >= since
          -- Nor one whose earlier calls retention deleted; without such calls no hash is made.
          AND NOT ((SELECT EXISTS (SELECT FROM mrcall.first_contact)) AND EXISTS (
              SELECT FROM mrcall.first_contact AS k
              WHERE k.business_id = f.business_id AND k.first_at < f.first_at
                AND k.caller_hash = mrcall._caller_hash((SELECT s.key FROM mrcall.caller_key AS s), f.business_id, f.caller)))
        GROUP BY 1, 2
    ),
    wanted_row AS (
        SELECT b.bucket, wanted AS business_id, '=' || wanted AS key FROM mrcall.buckets(width, since, until, zone) AS b
        WHERE wanted IS NOT NULL
        UNION ALL
        SELECT f.bucket, f.business_id, f.key FROM figures AS f WHERE wanted IS NULL
    ),
    -- Concurrency: ends before starts at the same instant, and a mark at the begin of each bucket that carries the count over.
    change AS (
        SELECT c.key, c.started_at AS at, 1 AS step, 1 AS rank FROM call AS c WHERE c.ended_at IS NOT NULL
        UNION ALL
        SELECT c.key, c.ended_at, -1, 0 FROM call AS c WHERE c.ended_at < until
        UNION ALL
        SELECT w.key, greatest(w.bucket, since), 0, 2 FROM wanted_row AS w
    ),
    running AS (
        SELECT c.key, c.at, sum(c.step) OVER (PARTITION BY c.key ORDER BY c.at, c.rank ROWS UNBOUNDED PRECEDING) AS calls
        FROM change AS c
    ),
    peak AS (
        SELECT r.key, mrcall.bucket(width, r.at, zone) AS bucket, max(r.calls)::int AS calls
        FROM running AS r
        WHERE r.at >= since
        GROUP BY 1, 2
    )
    SELECT w.bucket, w.business_id, coalesce(f.calls, 0), coalesce(f.answered, 0), coalesce(f.missed, 0),
           coalesce(f.callers, 0), coalesce(n.callers, 0), coalesce(f.total, '0'), f.mean, f.p50, f.p95,
           coalesce(p.calls, 0), coalesce(o.outcomes, '{}')
    FROM wanted_row AS w
    LEFT JOIN figures AS f ON f.bucket = w.bucket AND f.key = w.key
    LEFT JOIN outcome AS o ON o.bucket = w.bucket AND o.key = w.key
    LEFT JOIN newcomer AS n ON n.bucket = w.bucket AND n.key = w.key
    LEFT JOIN peak AS p ON p.bucket = w.bucket AND p.key = w.key
    ORDER BY w.bucket, w.business_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION mrcall._call_summary(interval, timestamptz, timestamptz, text, text) IS 'Internal: call_summary';

-- In SQL, because PL/pgSQL knows no argument and result column of one name.
CREATE FUNCTION mrcall.call_summary(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', business_id text DEFAULT NULL)
RETURNS TABLE (
    bucket timestamptz, business_id text, calls bigint, answered bigint, missed bigint, callers bigint, new_callers bigint,
    total_duration interval, mean_duration interval, p50_duration interval, p95_duration interval, peak_concurrency int,
    outcomes jsonb)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall._call_summary($1, $2, $3, $4, $5) $$;
COMMENT ON FUNCTION mrcall.call_summary(interval, timestamptz, timestamptz, text, text) IS
    'Calls, outcomes, callers, durations and peak concurrency per bucket, for one business without gaps or for all';
