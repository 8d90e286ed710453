-- Own channel rules against the plain SQL of their definition: random patterns on random origins, in every form that the reports read
-- them in. SOAK=1 in psql's environment makes many worlds.
\pset footer off
\set worlds 12
\getenv soak SOAK
\if :{?soak}
\set worlds 400
\endif
\set seed 8675309
\echo seed :seed

CREATE TEMP TABLE piece (kind text, nr int, text text);
INSERT INTO piece
SELECT p.kind, t.nr, t.text
FROM (VALUES
    ('body', ARRAY['acme', 'ACME', '(acme|example)', 'spring', 'SPRING', 'ac?me', 'acc*', '[a-z]+', E'\\d{4}', '(?:news|letter)s?', 'a.e',
        'x{2}', 'x{0}', E'a\\.b', '', 'i', 'I', 'ı', 'İ', 'zürich', 'ZÜRICH', 'k', E'\\macme\\M', 'a+b', '(a|)', '(a|b*)',
        E'[]\\]x]', 'a{b',
        'e$|^s', 'google', '[[:alpha:]]me', '((new)(s))', 'a|b|sp.*g', 'ſpring', E'\\x61cme', '#', 'ss', 'ß', 'letter|^$']),
    ('whole', ARRAY['***=a.b', '(?i)acme', '(?c)acme', '***:new', '^$', E'(.)\\1', '(?!acme)', E'\\Aacme\\Z', '(?=.*m)a', '(?x)a c # m']),
    ('before', ARRAY['', '', '^', '^', E'(^|\\.)', '.*', 'x?', E'\\A', 'x|^']),
    ('after', ARRAY['', '', '$', '$', E'(\\.|$)', '.?', '[0-9]*$', E'\\Z', '$|x']),
    ('value', ARRAY['acme', 'Acme', 'EXAMPLE', 'spring-2031', 'SPRİNG', 'sprıng', 'ſpring', 'zürich', 'ZÜRICH', 'a.b', 'a-b', 'axxb', 'xx',
        'news', 'newsletter', 'acme.example', E'new\nline', 'ab', 'aab', 'K', 'K', ']x', 'a{b', 'ß', 'SS', 'strasse', '2031', 'é', 'google',
        'me acme', '#'])) AS p (kind, texts)
CROSS JOIN LATERAL unnest(p.texts) WITH ORDINALITY AS t (text, nr);
CREATE FUNCTION pg_temp.pick(kind text, key bigint) RETURNS text LANGUAGE sql STABLE
    RETURN (SELECT p.text FROM piece AS p WHERE p.kind = pick.kind ORDER BY hashint8extended(key * 1000 + p.nr, 5) LIMIT 1);
-- NULL mostly; a pattern in one of several forms else.
CREATE FUNCTION pg_temp.pattern(key bigint) RETURNS text LANGUAGE sql STABLE
    RETURN CASE abs(hashint8extended(key, 1)) % 20 WHEN 0 THEN pg_temp.pick('whole', key)
        WHEN 1 THEN pg_temp.pick('body', key) || '|' || pg_temp.pick('body', key + 1)
        WHEN 2 THEN '(' || pg_temp.pick('body', key) || pg_temp.pick('body', key + 1) || ')'
            || (ARRAY['', '?', '+', '{2}'])[1 + abs(key) % 4]
        WHEN 3 THEN pg_temp.pick('before', key) || pg_temp.pick('body', key) || pg_temp.pick('after', key)
        WHEN 4 THEN pg_temp.pick('before', key) || pg_temp.pick('body', key) || pg_temp.pick('after', key)
        WHEN 5 THEN pg_temp.pick('body', key) END;

-- One event for each visitor, so that its visit is that event's: some with an origin, some without.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium, utm_campaign)
SELECT 'own-' || n, timestamptz '2036-02-01Z' + n * interval '1 minute', 'page_view',
       'https://' || CASE n % 3 WHEN 0 THEN '' WHEN 1 THEN 'shop.' ELSE 'acme-' END || 'mrcall.ai/'
           || CASE n % 5 WHEN 0 THEN '' ELSE replace(replace(pg_temp.pick('value', 7 * n), '#', ''), E'\n', '') END,
       CASE n % 4 WHEN 0 THEN 'https://www.' || (ARRAY['google.com', 'acme.example', 'a-b.de', 'xx.co.uk'])[1 + n % 7 % 4] || '/' END,
       CASE WHEN n % 6 > 1 THEN pg_temp.pick('value', 11 * n) END, CASE WHEN n % 7 > 2 THEN pg_temp.pick('value', 13 * n) END,
       CASE WHEN n % 8 > 2 THEN pg_temp.pick('value', 17 * n) END
FROM generate_series(1, 800) AS n;

CREATE TEMP TABLE outcome (world int, form text, rules int, touched int, differences int);
CREATE FUNCTION pg_temp.try_world(world int, seed bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rules int;
BEGIN
    DELETE FROM mrcall.channel_rule;
    -- More patterns than the server keeps compiled, now and then.
    INSERT INTO mrcall.channel_rule (position, channel, source_pattern, medium_pattern, campaign_pattern, referrer_pattern,
                                     landing_host_pattern, landing_path_pattern)
    SELECT (hashint8extended(seed + n, 3) % 100000)::int * 100 + n, 'Own ' || n, p.patterns[1], p.patterns[2], p.patterns[3], p.patterns[4],
           p.patterns[5], CASE WHEN world % 3 > 0 THEN p.patterns[6] END
    FROM generate_series(1, 5 + world % 4 * 20) AS n
    CROSS JOIN LATERAL (SELECT array_agg(pg_temp.pattern(seed + world * 100000 + n * 10 + c) ORDER BY c) AS patterns
                        FROM generate_series(1, 6) AS c) AS p
    WHERE num_nonnulls(p.patterns[1], p.patterns[2], p.patterns[3], p.patterns[4], p.patterns[5],
                       CASE WHEN world % 3 > 0 THEN p.patterns[6] END) > 0;
    GET DIAGNOSTICS rules = ROW_COUNT;
    CREATE TEMP TABLE plain ON COMMIT DROP AS
    SELECT v.visitor_id, coalesce(r.channel, b.channel) AS channel, coalesce('channel_rule ' || r.position, b.rule) AS rule,
           r.position IS NOT NULL AS is_own
    FROM mrcall.events AS e
    CROSS JOIN LATERAL (SELECT mrcall.is_arrival(e.referrer, e.page_url, e.utm_source, e.utm_medium, e.utm_campaign) AS yes) AS a
    CROSS JOIN LATERAL mrcall.arrival(e.referrer, e.page_url, e.utm_source, e.utm_medium, e.utm_campaign) AS arrived
    CROSS JOIN LATERAL (SELECT CASE WHEN a.yes THEN arrived.channel ELSE 'Direct' END AS channel,
                               CASE WHEN a.yes THEN arrived.rule ELSE 'no arrival' END AS rule) AS b
    CROSS JOIN LATERAL (SELECT e.visitor_id, CASE WHEN a.yes THEN arrived.source END AS source,
                               CASE WHEN a.yes THEN arrived.medium END AS medium, CASE WHEN a.yes THEN arrived.campaign END AS campaign,
                               CASE WHEN a.yes THEN mrcall.url_domain(e.referrer) END AS domain,
                               CASE WHEN a.yes THEN mrcall.url_host(e.page_url) END AS host, mrcall.url_path(e.page_url) AS path) AS v
    LEFT JOIN LATERAL (
        SELECT r.position, r.channel
        FROM mrcall.channel_rule AS r
        WHERE (r.source_pattern IS NULL OR coalesce(v.source, '') ~* r.source_pattern)
          AND (r.medium_pattern IS NULL OR coalesce(v.medium, '') ~* r.medium_pattern)
          AND (r.campaign_pattern IS NULL OR coalesce(v.campaign, '') ~* r.campaign_pattern)
          AND (r.referrer_pattern IS NULL OR coalesce(v.domain, '') ~* r.referrer_pattern)
          AND (r.landing_host_pattern IS NULL OR coalesce(v.host, '') ~* r.landing_host_pattern)
          AND (r.landing_path_pattern IS NULL OR coalesce(v.path, '') ~* r.landing_path_pattern)
        ORDER BY r.position
        LIMIT 1) AS r ON true
    WHERE e.visitor_id LIKE 'own-%';
    INSERT INTO outcome
    SELECT world, 'visits', rules, count(*) FILTER (WHERE p.is_own), count(*) FILTER (
               WHERE (v.channel COLLATE "C", v.rule COLLATE "C") IS DISTINCT FROM (p.channel COLLATE "C", p.rule COLLATE "C"))
    FROM plain AS p
    FULL JOIN (SELECT v.* FROM mrcall.visits AS v WHERE v.started_at >= '2036-02-01Z' AND v.started_at < '2036-03-01Z') AS v
        ON v.visitor_id COLLATE "C" = p.visitor_id COLLATE "C";
    INSERT INTO outcome
    SELECT world, 'visitor_buckets', rules, count(p.channel), count(*) FILTER (WHERE b.visits IS DISTINCT FROM p.visits)
    FROM (SELECT p.channel, count(*) AS visits FROM plain AS p GROUP BY p.channel) AS p
    FULL JOIN (SELECT b.dimension_value, b.visits
               FROM mrcall.visitor_buckets('1 month', '2036-02-01Z', '2036-03-01Z', 'UTC', 'channel') AS b) AS b
        ON b.dimension_value COLLATE "C" = p.channel COLLATE "C";
    DROP TABLE plain;
END
$$;
SELECT count(pg_temp.try_world(world, :seed)) = :worlds AS tried FROM generate_series(1, :worlds) AS world;
SELECT o.form, sum(o.rules) > 20 * count(*) AS many_rules, min(o.touched) > 0 AS all_took_part, sum(o.differences) AS differences
FROM outcome AS o
GROUP BY o.form
ORDER BY o.form;

-- A pattern that became none is an error, whatever came in: the server's own.
DELETE FROM mrcall.channel_rule;
ALTER TABLE mrcall.channel_rule DROP CONSTRAINT channel_rule_pattern_check;
INSERT INTO mrcall.channel_rule (position, channel, campaign_pattern) VALUES (1, 'Broken', 'nobody has this[z-a]');
SELECT count(*) FROM mrcall.sessionize('2036-02-01Z', '2036-03-01Z');
SELECT count(*) FROM mrcall.visitor_buckets('1 month', '2036-02-01Z', '2036-03-01Z', 'UTC', 'channel');
-- Without channels nobody asks.
SELECT sum(visits) > 0 AS visits FROM mrcall.visitor_buckets('1 month', '2036-02-01Z', '2036-03-01Z', 'UTC', 'device');
