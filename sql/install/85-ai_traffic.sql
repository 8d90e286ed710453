-- What AI assistants sent and read. Definitions: docs/ai_traffic.md.

CREATE FUNCTION mrcall.ai_traffic(
    width interval, since timestamptz, until timestamptz, zone text DEFAULT 'UTC', lookback interval DEFAULT '30 days',
    gap interval DEFAULT '30 minutes', origin timestamp DEFAULT NULL)
RETURNS TABLE (
    bucket timestamptz, local timestamp, assistant text, visits bigint, visitors bigint, conversions numeric, crawler_hits bigint,
    agent_hits bigint)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 100
AS $$
    SELECT mrcall_internal.check_range(since, until), mrcall_internal.exact(gap, 'gap') AS checked,
           mrcall_internal.exact(lookback, 'lookback'), mrcall_internal.note_midnight(since, until, zone),
           (SELECT count(*) FROM mrcall.buckets(width, since, until, zone, origin)) AS bucket_count, mrcall_internal.require_attached(),
           ROW(since, until, 'signup', lookback, 'source', gap, false,
               ROW(true, NULL, NULL, NULL, NULL, NULL, NULL))::mrcall_internal.report AS report,
           mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)) AS read_since,
           mrcall_internal.later(until, mrcall_internal.visit_margin(gap)) AS read_until,
           mrcall_internal.earlier(mrcall_internal.earlier(since, mrcall_internal.visit_margin(gap)), '24:00:00') AS visit_ids_since,
           mrcall_internal.earlier(since, '24:00:00') AS ids_since;
    SELECT mrcall_internal.are_visits_stored(read_since, gap) AS stored, mrcall_internal.twice(ids_since, until) AS twice,
           mrcall_internal.journeys(report, journeys => true) AS answer;
    WITH visit AS (
        SELECT mrcall.bucket(width, v.started_at, zone, origin) AS bucket, coalesce(v.source, '(not set)') AS assistant,
               count(*) AS visits, count(DISTINCT v.visitor_id) AS visitors
        FROM mrcall_internal.visits(read_since, read_until, gap, NULL, visit_ids_since, stored) AS v
        WHERE v.channel = 'AI Assistants' AND NOT v.is_bot AND v.started_at >= since AND v.started_at < until
        GROUP BY 1, 2
    ),
    signup AS (
        SELECT mrcall.bucket(width, r.journey_at, zone, origin) AS bucket, r.path[cardinality(r.path)] AS assistant,
               count(*) AS conversions
        FROM mrcall_internal.journey_rows(answer) AS r
        WHERE r.channels[cardinality(r.path)] = 'AI Assistants'
        GROUP BY 1, 2
    ),
    -- There are few user agents, and many events.
    agent AS (
        SELECT h.bucket, coalesce(a.name, '(not set)') AS assistant,
               coalesce(sum(h.hits) FILTER (WHERE a.kind = 'ai_crawler'), 0) AS crawler_hits,
               coalesce(sum(h.hits) FILTER (WHERE a.kind = 'ai_agent'), 0) AS agent_hits
        FROM (SELECT e.user_agent, mrcall.bucket(width, e.occurred_at, zone, origin) AS bucket, count(*) AS hits
              FROM mrcall_internal.events_once(ids_since, since, until, twice) AS e
              WHERE e.user_agent IS NOT NULL
              GROUP BY 1, 2) AS h
        CROSS JOIN LATERAL mrcall.agent(h.user_agent) AS a
        WHERE a.kind IN ('ai_crawler', 'ai_agent')
        GROUP BY 1, 2
    ),
    name AS (
        SELECT v.assistant COLLATE "C" AS assistant FROM visit AS v
        UNION SELECT s.assistant COLLATE "C" FROM signup AS s
        UNION SELECT a.assistant COLLATE "C" FROM agent AS a
    )
    SELECT b.bucket, b.local, n.assistant COLLATE pg_catalog."default", coalesce(v.visits, 0), coalesce(v.visitors, 0),
           round(coalesce(s.conversions, 0)::numeric, 6), coalesce(a.crawler_hits, 0)::bigint, coalesce(a.agent_hits, 0)::bigint
    FROM mrcall.buckets(width, since, until, zone, origin) AS b
    CROSS JOIN name AS n
    LEFT JOIN visit AS v ON v.bucket = b.bucket AND v.assistant COLLATE "C" = n.assistant
    LEFT JOIN signup AS s ON s.bucket = b.bucket AND s.assistant COLLATE "C" = n.assistant
    LEFT JOIN agent AS a ON a.bucket = b.bucket AND a.assistant COLLATE "C" = n.assistant
    ORDER BY b.bucket, n.assistant
$$;
COMMENT ON FUNCTION mrcall.ai_traffic(interval, timestamptz, timestamptz, text, interval, interval, timestamp) IS
    'Visits and sign-ups that AI assistants sent, and events of their crawlers and agents, per bucket. Two dates are days of the zone';

--@ include templates/local_days.sql name=ai_traffic before="width interval, " first="width, "
--@   after=", zone text DEFAULT 'UTC', lookback interval DEFAULT '30 days', gap interval DEFAULT '30 minutes',
--@      origin timestamp DEFAULT NULL" passed="zone, lookback, gap, origin"
--@   columns="bucket timestamptz, local timestamp, assistant text, visits bigint, visitors bigint, conversions numeric,
--@      crawler_hits bigint, agent_hits bigint" types="interval, date, date, text, interval, interval, timestamp"
--@   volatility="STABLE PARALLEL RESTRICTED" cost=100000 rows=100 what="What AI assistants sent and read"
