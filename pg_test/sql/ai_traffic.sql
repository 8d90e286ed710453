-- mrcall.ai_traffic against plain SQL in random worlds: assistants by source and by user agent, bots, visits over the borders of the range
-- and of buckets, events delivered twice, clock changes.
\pset footer off
SET LOCAL client_min_messages = warning;
\set soak `echo ${SOAK:-0}`
\set seed `echo ${SEED:-1}`
\echo seed :seed
SELECT CASE WHEN :'soak' = '0' THEN 6 ELSE 500 END AS worlds \gset
CREATE SCHEMA world;
CREATE TABLE world.hits (event_id text, session_id text, created_at timestamptz, event_type text, page_url text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, utm_term text, utm_content text, user_agent text, properties jsonb);
CREATE TABLE world.customers_registry (LIKE public.customers_registry INCLUDING ALL);
SELECT mrcall.attach('{"events": {"table": "world.hits"}, "customers": {"table": "world.customers_registry"}}') \g /dev/null
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (1, 'AI Assistants', '^zeta$');
CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
CREATE FUNCTION pg_temp.moment(key text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2026-03-27 21:00Z' + (hashtextextended(key, 1) & 1073741823) % 16
                 * pg_temp.pick('{10 minutes,20 minutes,1 hour,6 hours}'::interval[], key) $$;
CREATE FUNCTION pg_temp.build(seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM world.hits;
    DELETE FROM world.customers_registry;
    INSERT INTO world.hits (event_id, session_id, created_at, event_type, page_url, referrer, utm_source, user_agent)
    SELECT format('e%s', n), pg_temp.pick('{a,a,b,c,d,e,NULL}'::text[], k.key || 'visitor'), pg_temp.moment(k.key || 'at') + d.later,
           pg_temp.pick('{page_view,page_view,pageview,click}'::text[], k.key || 'type'), 'https://mrcall.ai/',
           pg_temp.pick(ARRAY[NULL, 'https://www.google.com/', 'https://chatgpt.com/', 'https://claude.ai/', 'https://www.perplexity.ai/x'],
                        k.key || 'referrer'),
           pg_temp.pick('{NULL,NULL,NULL,chatgpt.com,zeta}'::text[], k.key || 'source'),
           pg_temp.pick(ARRAY['Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
               'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
               'Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)',
                   'Mozilla/5.0 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)',
               'Mozilla/5.0 (compatible; ClaudeBot/1.0)', 'Googlebot/2.1', 'curl/8.0', NULL], k.key || 'agent')
    FROM generate_series(1, 60 + seed % 40) AS n
    CROSS JOIN LATERAL (VALUES (format('%s event %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL unnest(pg_temp.pick(ARRAY['{0}', '{0}', '{0,10 minutes}', '{0,25 hours}'],
        k.key || 'again')::interval[]) AS d (later);
    INSERT INTO world.customers_registry (id, created_at, document)
    SELECT 'customer-' || n, pg_temp.moment(k.key || 'created_at') + interval '3 hours',
           pg_temp.pick(ARRAY['{"website_session_ids": ["a", "b"]}', '{"website_session_ids": ["b"]}', '{"website_session_id": "c"}',
                              '{"website_session_ids": ["d", "e"]}', '{}']::jsonb[], k.key || 'document')
    FROM generate_series(1, 8) AS n
    CROSS JOIN LATERAL (VALUES (format('%s customer %s ', seed, n))) AS k (key);
END
$$;
CREATE FUNCTION pg_temp.expected(width interval, since timestamptz, until timestamptz, zone text, look interval)
RETURNS TABLE (bucket timestamptz, local timestamp, assistant text, visits bigint, visitors bigint, conversions numeric,
    crawler_hits bigint,
               agent_hits bigint)
LANGUAGE sql
AS $$
    WITH visit AS (
        SELECT v.started_at AS at, v.source, v.visitor_id FROM mrcall.visits AS v
        WHERE v.channel = 'AI Assistants' AND NOT v.is_bot AND v.started_at >= since AND v.started_at < until
    ),
    signup AS (
        SELECT c.converted_at AS at, l.source
        FROM mrcall.conversions AS c
        JOIN mrcall.customers AS u ON u.customer_id = c.customer_id
        CROSS JOIN LATERAL (
            SELECT t.channel, t.source FROM mrcall.touches AS t
            WHERE t.visitor_id = ANY (u.website_session_ids) AND NOT t.is_bot AND t.touched_at BETWEEN c.converted_at - look
                AND c.converted_at
            ORDER BY t.touched_at DESC, t.channel COLLATE "C" DESC, t.source COLLATE "C" DESC, t.visitor_id COLLATE "C" DESC LIMIT 1) AS l
        WHERE c.conversion = 'signup' AND c.converted_at >= since AND c.converted_at < until AND l.channel = 'AI Assistants'
    ),
    hit AS (
        SELECT e.occurred_at AS at, e.agent, e.user_agent ~ 'GPTBot|ClaudeBot' AS is_crawler
        FROM (SELECT x.*, lag(x.occurred_at) OVER (PARTITION BY x.visitor_id, x.event_id ORDER BY x.occurred_at) AS before,
                     CASE WHEN x.user_agent ~ 'GPT' THEN 'OpenAI' ELSE 'Anthropic' END AS agent
              FROM mrcall.events AS x) AS e
        WHERE e.occurred_at >= since AND e.occurred_at < until AND e.user_agent ~ 'GPTBot|ChatGPT-User|ClaudeBot'
          AND (e.visitor_id IS NULL OR e.before IS NULL OR e.before < e.occurred_at - interval '24 hours')
    ),
    name AS (SELECT source AS name FROM visit UNION SELECT source FROM signup UNION SELECT agent FROM hit)
    SELECT b.bucket, b.bucket AT TIME ZONE zone, n.name,
           (SELECT count(*) FROM visit AS v WHERE v.source = n.name AND v.at >= b.bucket AND v.at < b.next_bucket),
           (SELECT count(DISTINCT v.visitor_id) FROM visit AS v WHERE v.source = n.name AND v.at >= b.bucket AND v.at < b.next_bucket),
           (SELECT count(*) FROM signup AS v WHERE v.source = n.name AND v.at >= b.bucket AND v.at < b.next_bucket),
           (SELECT count(*) FROM hit AS v WHERE v.agent = n.name AND v.is_crawler AND v.at >= b.bucket AND v.at < b.next_bucket),
           (SELECT count(*) FROM hit AS v WHERE v.agent = n.name AND NOT v.is_crawler AND v.at >= b.bucket AND v.at < b.next_bucket)
    FROM mrcall.buckets(width, since, until, zone) AS b CROSS JOIN name AS n
$$;
CREATE TEMP TABLE seen (visits bigint, again bigint, conversions numeric, crawlers bigint, agents bigint, names bigint) ON COMMIT DROP;
CREATE FUNCTION pg_temp.differences(seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := timestamptz '2026-03-27 20:00Z' + pg_temp.pick('{0,70 minutes,1 day}'::interval[], seed || 'since');
    until timestamptz := since + pg_temp.pick('{1 day,5 days}'::interval[], seed || 'until');
    width interval := pg_temp.pick('{1 hour,6 hours,1 day,7 days}'::interval[], seed || 'width');
    zone text := pg_temp.pick('{UTC,Europe/Rome,America/New_York}'::text[], seed || 'zone');
    look interval := pg_temp.pick('{1 hour,2 days,30 days}'::interval[], seed || 'look');
BEGIN
    DROP TABLE IF EXISTS given, wanted;
    CREATE TEMP TABLE given ON COMMIT DROP AS SELECT * FROM mrcall.ai_traffic(width, since, until, zone, look);
    CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT * FROM pg_temp.expected(width, since, until, zone, look);
    INSERT INTO seen SELECT sum(g.visits), sum(g.visits - g.visitors), sum(g.conversions), sum(g.crawler_hits), sum(g.agent_hits),
                            count(DISTINCT g.assistant) FROM given AS g;
    IF EXISTS ((TABLE given EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE given)) THEN
        RETURN concat_ws(' ', width, since, until, zone, look);
    END IF;
    RETURN NULL;
END
$$;
SELECT s.seed, d.difference
FROM generate_series(:seed, :seed + :worlds - 1) AS s (seed)
CROSS JOIN LATERAL (SELECT pg_temp.build(s.seed)) AS b
CROSS JOIN LATERAL (SELECT pg_temp.differences(s.seed) AS difference WHERE b IS NOT NULL) AS d
WHERE d.difference IS NOT NULL;
SELECT sum(visits) > 50 AS visits, sum(again) > 0 AS again, sum(conversions) > 3 AS conversions, sum(crawlers) > 20 AS crawlers,
       sum(agents) > 5 AS agents, max(names) > 4 AS names FROM seen;

-- Two dates are days of the zone; without anything there is no row.
SELECT r.bucket AT TIME ZONE 'UTC' AS bucket, r.local FROM mrcall.ai_traffic('1 day', date '2026-03-29', date '2026-03-31',
    'Europe/Rome') AS r GROUP BY 1, 2 ORDER BY 1;
SELECT * FROM mrcall.ai_traffic('1 day', '2035-01-01', '2035-01-03');

-- Bad input.
SELECT * FROM mrcall.ai_traffic(NULL, '2026-03-29', '2026-03-31');
SELECT * FROM mrcall.ai_traffic('0', '2026-03-29', '2026-03-31');
SELECT * FROM mrcall.ai_traffic('1 month 1 day', '2026-03-29', '2026-03-31');
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-31', '2026-03-29');
SELECT * FROM mrcall.ai_traffic('1 day', NULL, '2026-03-29');
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-29', 'infinity');
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-29', '2026-03-31', 'Mars');
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-29', '2026-03-31', NULL);
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-29', '2026-03-31', lookback => '1 month');
SELECT * FROM mrcall.ai_traffic('1 day', '2026-03-29', '2026-03-31', gap => '-1 hour');
