-- Goals: the conversions of mrcall.goal and the reports over them against plain SQL, in random worlds with events delivered twice, browsers
-- of two customers and of nobody; what the table refuses; what doctor says.
\pset footer off
SET LOCAL client_min_messages = warning;
\set soak `echo ${SOAK:-0}`
\set seed `echo ${SEED:-1}`
\echo seed :seed
SELECT CASE WHEN :'soak' = '0' THEN 6 ELSE 1000 END AS worlds \gset

CREATE SCHEMA world;
CREATE TABLE world.hits (event_id text, session_id text, created_at timestamptz, event_type text, page_url text, referrer text,
    utm_source text, utm_medium text, utm_campaign text, utm_term text, utm_content text, user_agent text, properties jsonb);
CREATE TABLE world.customers_registry (LIKE public.customers_registry INCLUDING ALL);
SELECT mrcall.attach('{"events": {"table": "world.hits"}, "customers": {"table": "world.customers_registry"},
    "stripe_events": {"table": null}, "subscriptions": {"table": null}, "apple_events": {"table": null},
        "calls": {"table": null}}') \g /dev/null
INSERT INTO mrcall.goal (name, event_type, page_pattern) VALUES
    ('demo', 'demo_click', NULL), ('pricing', NULL, '/pri_ing%'), ('sent', 'form', '/contact'), ('never', 'nothing', NULL);

CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
CREATE FUNCTION pg_temp.moment(key text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2026-03-01 21:00Z' + (hashtextextended(key, 1) & 1073741823) % 12
                 * pg_temp.pick('{10 minutes,20 minutes,1 day,6 days}'::interval[], key) $$;
CREATE FUNCTION pg_temp.build(seed int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM world.hits;
    DELETE FROM world.customers_registry;
    INSERT INTO world.hits
    SELECT pg_temp.pick(ARRAY[format('e%s', n / 2), format('e%s', n), NULL], k.key || 'id'),
           pg_temp.pick('{a,a,b,c,d,NULL}'::text[], k.key || 'visitor'), t.at + d.later,
           pg_temp.pick('{page_view,page_view,pageview,demo_click,form}'::text[], k.key || 'type'),
           'https://mrcall.ai' || pg_temp.pick('{/,/pricing,/pricing/x,/PRICING,/contact,/contact?x=1}'::text[], k.key || 'page')
           || pg_temp.pick(ARRAY['', '', '#x'], k.key || 'tail'),
           pg_temp.pick(ARRAY[NULL, 'https://www.google.com/', 'https://t.co/x', 'https://mrcall.ai/'], k.key || 'referrer')
    FROM generate_series(1, 30 + seed % 30) AS n
    CROSS JOIN LATERAL (VALUES (format('%s event %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (SELECT pg_temp.moment(k.key || 'at') AS at) AS t
    CROSS JOIN LATERAL unnest(pg_temp.pick(ARRAY['{0}', '{0}', '{0,10 minutes}', '{0,25 hours}', '{0,23 hours,46 hours}', '{0,0}'],
                                           k.key || 'again')::interval[]) AS d (later);
    INSERT INTO world.customers_registry (id, created_at, document)
    SELECT 'customer-' || n, pg_temp.moment(k.key || 'created_at'), pg_temp.pick(ARRAY['{"website_session_ids": ["a", "b"]}',
               '{"website_session_ids": ["b"]}', '{"website_session_id": "c"}', '{}']::jsonb[], k.key || 'document')
    FROM generate_series(1, 3) AS n
    CROSS JOIN LATERAL (VALUES (format('%s customer %s ', seed, n))) AS k (key);
END
$$;
-- The events, each once, that a goal fits.
CREATE FUNCTION pg_temp.reached(goal text)
RETURNS TABLE (event_id text, customer_id text, visitor_id text, at timestamptz)
LANGUAGE sql
AS $$
    SELECT e.event_id, (SELECT min(c.customer_id COLLATE "C") FROM mrcall.customers AS c WHERE e.visitor_id = ANY (c.website_session_ids)),
           e.visitor_id, e.occurred_at
    FROM (SELECT x.*, CASE WHEN x.event_id IS NOT NULL AND x.visitor_id IS NOT NULL THEN
                     lag(x.occurred_at) OVER (PARTITION BY x.visitor_id, x.event_id
                                              ORDER BY x.occurred_at, x.page_path COLLATE "C", x.event_type COLLATE "C",
                                                  x.page_url COLLATE "C",
                                                       x.referrer COLLATE "C") END AS before
          FROM mrcall.events AS x) AS e
    WHERE (e.before IS NULL OR e.before < e.occurred_at - interval '24 hours')
      AND CASE goal WHEN 'demo' THEN e.event_type = 'demo_click'
                    WHEN 'pricing' THEN e.event_type LIKE 'page%view' AND starts_with(e.page_path, '/pricing')
                    WHEN 'sent' THEN e.event_type = 'form' AND e.page_path = '/contact' ELSE false END
$$;
CREATE FUNCTION pg_temp.shares(goal text, since timestamptz, until timestamptz, look interval)
RETURNS TABLE (dimension_value text, conversions numeric, touches bigint)
LANGUAGE sql
AS $$
    WITH conv AS (
        SELECT r.*, row_number() OVER () AS no FROM pg_temp.reached(goal) AS r WHERE r.at >= since AND r.at < until
    ),
    touch AS (
        SELECT c.no, t.channel, row_number() OVER w AS n, count(*) OVER (PARTITION BY c.no) AS touches
        FROM conv AS c
        JOIN mrcall.touches AS t ON t.touched_at BETWEEN c.at - look AND c.at
            AND (t.visitor_id = c.visitor_id OR t.visitor_id IN (
                SELECT x.visitor_id FROM mrcall.identities AS x WHERE x.customer_id = c.customer_id))
        WINDOW w AS (PARTITION BY c.no ORDER BY t.touched_at, t.channel COLLATE "C", t.visitor_id COLLATE "C")
    )
    SELECT t.channel, sum((mrcall.split_amount(1, array_fill(1::float8, ARRAY[t.touches::int]), 6))[t.n]), count(*)
        FROM touch AS t GROUP BY 1
    UNION ALL
    SELECT '(unattributed)', count(*), 0 FROM conv AS c WHERE c.no NOT IN (SELECT t.no FROM touch AS t)
$$;
CREATE TEMP TABLE seen (goal text, linked bigint, unlinked bigint, shares bigint, unattributed numeric) ON COMMIT DROP;
CREATE FUNCTION pg_temp.differences(seed int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := timestamptz '2026-03-01 21:00Z' + pg_temp.pick('{0,20 minutes,3 days}'::interval[], seed || 'since');
    until timestamptz := since + pg_temp.pick('{1 day,300 days}'::interval[], seed || 'until');
    look interval := pg_temp.pick('{1 hour,10 days,90 days}'::interval[], seed || 'look');
    goal text;
BEGIN
    FOREACH goal IN ARRAY '{demo,pricing,sent,never}'::text[] LOOP
        IF EXISTS (
            (SELECT c.conversion_id, c.customer_id, c.visitor_id, c.converted_at, c.journey_at, c.value, c.currency
                FROM mrcall.conversions AS c
             WHERE c.conversion = 'goal:' || goal
             EXCEPT ALL SELECT r.event_id, r.customer_id, r.visitor_id, r.at, r.at, 0, NULL FROM pg_temp.reached(goal) AS r)
            UNION ALL
            (SELECT r.event_id, r.customer_id, r.visitor_id, r.at, r.at, 0, NULL FROM pg_temp.reached(goal) AS r
             EXCEPT ALL SELECT c.conversion_id, c.customer_id, c.visitor_id, c.converted_at, c.journey_at, c.value, c.currency
             FROM mrcall.conversions AS c WHERE c.conversion = 'goal:' || goal)) THEN
            RETURN NEXT 'conversions of ' || goal;
        END IF;
        IF EXISTS (
            SELECT FROM (SELECT a.dimension_value, a.conversions, a.touches
                         FROM mrcall.attribution(since, until, 'linear', 'goal:' || goal, look) AS a) AS a
            FULL JOIN pg_temp.shares(goal, since, until, look) AS s ON s.dimension_value = a.dimension_value
            WHERE (a.conversions, a.touches) IS DISTINCT FROM (s.conversions, s.touches)) THEN
            RETURN NEXT format('attribution of %s from %s until %s within %s', goal, since, until, look);
        END IF;
        -- Who reached it is among the journeys that converted, and in no other.
        IF (SELECT coalesce(sum(p.conversions), 0) FROM mrcall.conversion_paths(since, until, 'goal:' || goal, look) AS p)
           <> (SELECT count(*) FROM pg_temp.reached(goal) AS r WHERE r.at >= since AND r.at < until)
           OR (SELECT coalesce(sum(p.nulls), 0) FROM mrcall.conversion_paths(since, until, 'goal:' || goal, look) AS p)
              <> (SELECT count(*)
                  FROM (SELECT DISTINCT coalesce(i.customer_id, 'browser ' || t.visitor_id) AS person
                        FROM mrcall.touches AS t LEFT JOIN mrcall.identities AS i ON i.visitor_id = t.visitor_id
                        WHERE t.touched_at >= since AND t.touched_at < until) AS p
                  WHERE p.person NOT IN (SELECT coalesce(r.customer_id, 'browser ' || r.visitor_id, '') FROM pg_temp.reached(goal) AS r
                                         WHERE r.at < until)) THEN
            RETURN NEXT format('paths to %s from %s until %s within %s', goal, since, until, look);
        END IF;
        INSERT INTO seen
        SELECT goal, count(r.customer_id), count(r.visitor_id) FILTER (WHERE r.customer_id IS NULL),
               (SELECT count(*) FROM pg_temp.shares(goal, since, until, look) AS s),
               (SELECT sum(s.conversions) FROM pg_temp.shares(goal, since, until, look) AS s WHERE s.dimension_value = '(unattributed)')
        FROM pg_temp.reached(goal) AS r;
    END LOOP;
END
$$;
SELECT s.seed, d.difference
FROM generate_series(:seed, :seed + :worlds - 1) AS s (seed)
CROSS JOIN LATERAL (SELECT pg_temp.build(s.seed)) AS b
CROSS JOIN LATERAL pg_temp.differences(s.seed) AS d (difference)
WHERE b IS NOT NULL;
SELECT s.goal, sum(s.linked) > 5 AS linked, sum(s.unlinked) > 5 AS unlinked, sum(s.shares) > 10 AS shares,
    sum(s.unattributed) > 0 AS unattributed
FROM seen AS s GROUP BY 1 ORDER BY 1;

-- One goal explained: of a browser that is linked to nobody, and of a customer.
DELETE FROM world.hits;
DELETE FROM world.customers_registry;
SET LOCAL TIME ZONE 'UTC';
INSERT INTO world.customers_registry (id, created_at, document) VALUES ('c', '2033-01-05Z', '{"website_session_ids": ["b1", "b2"]}');
INSERT INTO world.hits VALUES
    ('1', 'x1', '2033-01-01 10:00', 'page_view', 'https://mrcall.ai/?gclid=G', NULL), ('2', 'x1', '2033-01-01 10:05', 'demo_click',
        'https://mrcall.ai/', NULL),
    ('3', 'x1', '2033-01-03 10:05', 'demo_click', 'https://mrcall.ai/', NULL), ('4', 'b1', '2033-01-01 10:00', 'page_view',
        'https://mrcall.ai/', 'https://t.co/'),
    ('5', 'b2', '2033-01-02 10:00', 'demo_click', 'https://mrcall.ai/', NULL), ('6', NULL, '2033-01-02 10:00', 'demo_click', NULL, NULL);
SELECT e.touch_no, e.touched_at, e.visitor_id, e.channel, e.reason, e.customer_id, e.converted_at, e.value, e.linear_weight
FROM mrcall.explain_conversion('goal:demo', '3') AS e;
SELECT e.touch_no, e.visitor_id, e.channel FROM mrcall.explain_conversion('goal:demo', '3', restart => true) AS e;
SELECT e.touch_no, e.visitor_id, e.channel, e.customer_id FROM mrcall.explain_conversion('goal:demo', '5') AS e;
SELECT e.reason FROM mrcall.explain_conversion('goal:demo', '5', '1 second') AS e;
SELECT e.reason FROM mrcall.explain_conversion('goal:demo', '6') AS e;
SELECT e.reason FROM mrcall.explain_conversion('goal:demo', '3', '0', exclude_channels => '{Direct}') AS e;
SELECT * FROM mrcall.explain_conversion('goal:demo', '4');
SELECT a.dimension_value, a.conversions FROM mrcall.attribution('2033-01-01', '2034-01-01', 'last_touch', 'goal:demo',
    restart => true) AS a;
SELECT a.dimension_value, a.conversions FROM mrcall.attribution('2033-01-01', '2034-01-01', 'markov', 'goal:demo') AS a;
SELECT a.dimension_value, a.conversions FROM mrcall.attribution('2033-01-01', '2034-01-01', 'data_driven', 'goal:demo') AS a;
SELECT c.click_id, c.conversion_id, c.converted_at, c.value FROM mrcall.click_conversions('2033-01-01', '2034-01-01', 'goal:demo') AS c;
SELECT t.days, t.conversions, t.unattributed FROM mrcall.time_to_convert('2033-01-01', '2034-01-01', 'goal:demo') AS t;
-- Who sees some events alone has the goals of these.
ALTER TABLE world.hits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON world.hits USING (session_id = 'b2');
ALTER TABLE world.hits FORCE ROW LEVEL SECURITY;
SELECT c.conversion_id, c.visitor_id FROM mrcall.conversions AS c WHERE c.conversion = 'goal:demo';
SELECT a.dimension_value, a.conversions FROM mrcall.attribution('2033-01-01', '2034-01-01', 'last_touch', 'goal:demo') AS a;
ALTER TABLE world.hits NO FORCE ROW LEVEL SECURITY;
ALTER TABLE world.hits DISABLE ROW LEVEL SECURITY;

-- No event is read for another kind.
SELECT mrcall.attach('{"events": {"table": "world.hits", "columns": {"event_type": "(1 / length(left(event_type, 0)))::text"}},
    "customers": {"table": "world.customers_registry"}, "stripe_events": {"table": null}, "subscriptions": {"table": null},
    "apple_events": {"table": null}, "calls": {"table": null}}') \g /dev/null
SELECT count(*) FROM mrcall.conversions AS c WHERE c.conversion = 'signup';
SELECT count(*) FROM mrcall.conversions AS c WHERE c.conversion IN ('signup', 'payment');
SELECT count(*) FROM mrcall.conversions AS c WHERE c.conversion = 'goal:demo';

-- What doctor says.
SELECT mrcall.attach('{"events": {"table": "world.hits", "columns": {"event_type": "event_type"}}}') \g /dev/null
INSERT INTO mrcall.goal (name, page_pattern) VALUES ('host', 'https://mrcall.ai/pricing'), ('slash', 'pricing%'), ('query', '/a?b=1');
SELECT d.severity, d.object, d.finding, d.fix FROM mrcall.doctor() AS d WHERE d.object = 'goal.page_pattern';
SELECT d.severity, d.object, d.finding FROM mrcall.doctor() AS d WHERE d.object = 'goal.name';

-- What the table refuses.
INSERT INTO mrcall.goal (name) VALUES ('nothing');
INSERT INTO mrcall.goal (name, event_type) VALUES (' ', 'click');
INSERT INTO mrcall.goal (name, event_type) VALUES ('demo', 'click');
INSERT INTO mrcall.goal (name, page_pattern) VALUES ('escape', '/a\');
INSERT INTO mrcall.goal (name, page_pattern) VALUES ('escape', '/a\\');

-- Kinds that there are not.
SELECT * FROM mrcall.attribution('2033-01-01', '2034-01-01', conversion => 'goal:demos');
SELECT * FROM mrcall.attribution('2033-01-01', '2034-01-01', conversion => 'goal:');
SELECT * FROM mrcall.attribution('2033-01-01', '2034-01-01', conversion => NULL);
DELETE FROM mrcall.goal;
SELECT * FROM mrcall.attribution('2033-01-01', '2034-01-01', conversion => 'goal:demo');
