-- mrcall.click_conversions against plain SQL in many small worlds: several click ids in one address, ids left on links of others, one
-- id clicked twice, browsers of two customers, refunds in several steps and in another currency. SOAK=1 tries more of them.
\pset footer off
SET LOCAL client_min_messages = warning;
\set soak `echo ${SOAK:-0}`
\set seed `echo ${SEED:-1}`
\echo seed :seed
SELECT CASE WHEN :'soak' = '0' THEN 20 ELSE 3000 END AS worlds \gset

CREATE SCHEMA world;
CREATE TABLE world.website_events (LIKE public.website_events INCLUDING ALL);
CREATE TABLE world.customers_registry (LIKE public.customers_registry INCLUDING ALL);
CREATE TABLE world.business (LIKE public.business INCLUDING ALL);
CREATE TABLE world.stripe_webhooks_registry (LIKE public.stripe_webhooks_registry INCLUDING ALL);
SELECT mrcall.attach('{"events": {"table": "world.website_events"}, "customers": {"table": "world.customers_registry"},
    "businesses": {"table": "world.business"}, "stripe_events": {"table": "world.stripe_webhooks_registry"},
    "subscriptions": {"table": null}, "apple_events": {"table": null}, "calls": {"table": null}}') \g /dev/null

CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
CREATE FUNCTION pg_temp.moment(key text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2026-03-01 21:00Z' + (hashtextextended(key, 1) & 1073741823) % 12
                 * pg_temp.pick('{10 minutes,20 minutes,1 day,6 days}'::interval[], key) $$;

CREATE FUNCTION pg_temp.build(seed int)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM world.website_events;
    DELETE FROM world.business;
    DELETE FROM world.customers_registry;
    DELETE FROM world.stripe_webhooks_registry;
    INSERT INTO world.website_events (session_id, created_at, event_type, page_url, referrer, utm_source)
    SELECT pg_temp.pick('{a-browser,a-browser,b-browser,B-browser}'::text[], k.key || 'session_id'), pg_temp.moment(k.key || 'created_at'),
           pg_temp.pick('{page_view,page_view,pageview,click}'::text[], k.key || 'event_type'),
           'https://mrcall.ai/' || pg_temp.pick(ARRAY['', 'b', '?gclid=Ab-1', '?x=1&gclid=aB_2&gbraid=0A', '?fbclid=F.1&wbraid=w',
               '?msclkid=M1#gclid=no', '?li_fat_id=L&ttclid=T', '?ScCid=S%2D1', '?gclid=&fbclid=F2', '?gclid=null', '?dclid=D&gad_source=1',
               '?gclid=Ab-1'], k.key || 'page_url'),
           pg_temp.pick(ARRAY[NULL, NULL, 'https://mrcall.ai/a', 'https://www.google.com/', 'https://www.facebook.com/'],
               k.key || 'referrer'),
           pg_temp.pick('{NULL,NULL,undefined,google,google,zeta}'::text[], k.key || 'utm_source')
    FROM generate_series(1, 20 + seed % 37) AS n
    CROSS JOIN LATERAL (VALUES (format('%s event %s ', seed, n))) AS k (key);
    INSERT INTO world.customers_registry (id, created_at, document)
    SELECT 'customer-' || n, pg_temp.moment(k.key || 'created_at'), pg_temp.pick(ARRAY[
               '{"website_session_ids": ["a-browser", "b-browser"], "website_session_id": "B-browser"}',
               '{"website_session_ids": ["a-browser", "b-browser", "unknown"]}', '{"website_session_id": "a-browser"}', '{}']::jsonb[],
               k.key || 'document')
    FROM generate_series(1, 2) AS n
    CROSS JOIN LATERAL (VALUES (format('%s customer %s ', seed, n))) AS k (key);
    INSERT INTO world.business (business_id, owner, created_at, stripe_customer_id)
    SELECT 'business-' || n, pg_temp.pick('{customer-1,customer-1,customer-1,customer-2}'::text[], k.key || 'owner'),
           pg_temp.moment(k.key || 'created_at'), 'cus_' || n
    FROM generate_series(1, 3) AS n
    CROSS JOIN LATERAL (VALUES (format('%s business %s ', seed, n))) AS k (key);
    INSERT INTO world.stripe_webhooks_registry (document)
    SELECT jsonb_build_object('type', t.type, 'livemode', true, 'created', extract(epoch FROM pg_temp.moment(k.key || 'created'))::bigint,
               'data', jsonb_build_object('object', jsonb_build_object('customer', pg_temp.pick('{cus_1,cus_1,cus_2,cus_3}'::text[],
                   k.key || 'customer'),
                   'currency', pg_temp.pick('{eur,eur,eur,jpy,kwd}'::text[], k.key || 'currency'),
                   'created', extract(epoch FROM pg_temp.moment(k.key || 'created'))::bigint)
                   || CASE t.type WHEN 'invoice.paid'
                       THEN jsonb_build_object('id', pg_temp.pick('{1,2,3,4}'::text[], k.key || 'id'),
                           'subscription', pg_temp.pick('{sub_1,sub_2}'::text[], k.key || 'subscription'),
                           'amount_paid', 1 + (hashtext(k.key || 'paid') & 63))
                       WHEN 'charge.refunded'
                       THEN jsonb_build_object('id', pg_temp.pick('{ch_1,ch_2}'::text[], k.key || 'id'),
                           'invoice', pg_temp.pick('{1,2,3,NULL}'::text[], k.key || 'invoice'),
                           'amount_refunded', hashtext(k.key || 'refunded') & 31)
                       ELSE jsonb_build_object('id', pg_temp.pick('{re_1,re_2,re_3}'::text[], k.key || 'id'), 'status', 'succeeded',
                           'invoice', pg_temp.pick('{1,2,3}'::text[], k.key || 'invoice'), 'charge', pg_temp.pick('{ch_1,ch_2}'::text[],
                               k.key || 'charge'),
                           'amount', 1 + (hashtext(k.key || 'amount') & 31)) END))
    FROM generate_series(1, 8 + seed % 11) AS n
    CROSS JOIN LATERAL (VALUES (format('%s stripe %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (SELECT pg_temp.pick('{invoice.paid,invoice.paid,charge.refunded,refund.created}'::text[],
        k.key || 'type')) AS t (type);
    -- Whole refunds.
    INSERT INTO world.stripe_webhooks_registry (document)
    SELECT jsonb_build_object('type', 'refund.created', 'livemode', true, 'created', extract(epoch FROM c.converted_at)::bigint + 86400,
               'data', jsonb_build_object('object', jsonb_build_object('id', 're_whole_' || c.conversion_id, 'status', 'succeeded',
                   'invoice', c.conversion_id, 'charge', 'ch_whole', 'currency', c.currency, 'created', extract(epoch
                       FROM c.converted_at)::bigint + 86400,
                   'amount', c.value * power(10, mrcall.currency_exponent(c.currency)))))
    FROM mrcall.conversions AS c
    WHERE c.conversion = 'payment' AND hashtext(seed || c.conversion_id) % 3 = 0;
END
$$;

-- What the report should say.
CREATE FUNCTION pg_temp.expected(since timestamptz, until timestamptz, kind text, model text, look interval)
RETURNS TABLE (
    network text, click_id text, click_id_kind text, clicked_at timestamptz, conversion_id text, converted_at timestamptz, value numeric,
    currency text, adjustment text, credit numeric, adjusted_at timestamptz, adjusted_value numeric, stale boolean, adjustment_id text)
LANGUAGE sql
AS $$
    WITH click AS (
        SELECT DISTINCT ON (e.visitor_id, e.occurred_at) e.visitor_id, e.occurred_at, k.network, k.kind, k.id,
               coalesce(e.utm_source = 'google' AND k.network <> 'google', false) AS stale
        FROM (SELECT x.*, mrcall.url_param(x.page_url, 'gclid') AS gclid FROM mrcall.events AS x) AS e
        CROSS JOIN LATERAL (VALUES
            (1, 'google', 'gclid', nullif(e.gclid, 'null')), (2, 'google', 'gbraid', mrcall.url_param(e.page_url, 'gbraid')),
            (3, 'google', 'wbraid', mrcall.url_param(e.page_url, 'wbraid')), (4, 'microsoft', 'msclkid', mrcall.url_param(e.page_url,
                'msclkid')),
            (5, 'meta', 'fbclid', mrcall.url_param(e.page_url, 'fbclid')), (6, 'tiktok', 'ttclid', mrcall.url_param(e.page_url, 'ttclid')),
            (7, 'linkedin', 'li_fat_id', mrcall.url_param(e.page_url, 'li_fat_id')),
            (8, 'snapchat', 'ScCid', mrcall.url_param(e.page_url, 'ScCid'))) AS k (place, network, kind, id)
        WHERE e.event_type ~ '^page_?view$' AND k.id <> ''
        ORDER BY e.visitor_id, e.occurred_at, 6, k.place, k.id COLLATE "C"
    ),
    conv AS (
        SELECT c.*, row_number() OVER () AS no,
               (SELECT min(b.created_at) FROM mrcall.businesses AS b WHERE b.business_id = c.business_id) AS business_at,
               (SELECT min(u.created_at) FROM mrcall.customers AS u WHERE u.customer_id = c.customer_id) AS signup_at
        FROM mrcall.conversions AS c
        WHERE c.conversion = replace(kind, 'refund', 'payment')
    ),
    touch AS (
        SELECT c.no, t.*, k.network, k.kind, k.id, k.stale,
               row_number() OVER (PARTITION BY c.no ORDER BY t.touched_at, t.channel COLLATE "C", t.visitor_id COLLATE "C") AS n
        FROM conv AS c
        JOIN mrcall.customers AS u ON u.customer_id = c.customer_id
        JOIN mrcall.touches AS t ON t.visitor_id = ANY (u.website_session_ids) AND t.touched_at BETWEEN c.journey_at - look AND c.journey_at
        LEFT JOIN click AS k ON k.visitor_id = t.visitor_id AND k.occurred_at = t.touched_at
    ),
    weighed AS (
        SELECT c.no, (SELECT array_agg(w.weight ORDER BY w.touch_no)
                      FROM mrcall.credit(j.times, j.channels, c.journey_at, model, look, signup_at => c.signup_at,
                                         business_at => c.business_at) AS w) AS weights
        FROM conv AS c
        JOIN (SELECT t.no, array_agg(t.touched_at ORDER BY t.n) AS times, array_agg(t.channel ORDER BY t.n) AS channels
              FROM touch AS t GROUP BY t.no) AS j ON j.no = c.no
    ),
    -- What was paid, and before and after each movement; one in another currency stands for itself.
    moved AS (
        SELECT c.no, NULL::text AS id, NULL::timestamptz AS at, NULL::numeric AS before, c.value AS after, c.currency, true AS same
        FROM conv AS c
        WHERE c.converted_at >= since AND c.converted_at < until AND kind <> 'refund'
        UNION ALL
        SELECT c.no, r.conversion_id, r.converted_at, CASE WHEN r.currency = c.currency THEN s.before ELSE 0 END,
               CASE WHEN r.currency = c.currency THEN s.before + r.value ELSE r.value END, r.currency, r.currency = c.currency
        FROM conv AS c
        JOIN mrcall.conversions AS r ON r.conversion = 'refund' AND r.payment_id = c.conversion_id
        CROSS JOIN LATERAL (
            SELECT c.value + coalesce(sum(x.value), 0) AS before
            FROM mrcall.conversions AS x
            WHERE x.conversion = 'refund' AND x.payment_id = c.conversion_id AND x.currency = c.currency
              AND (x.converted_at, x.conversion_id COLLATE "C") < (r.converted_at, r.conversion_id COLLATE "C")) AS s
        WHERE r.converted_at >= since AND r.converted_at < until AND kind IN ('payment', 'refund')
    )
    SELECT t.network, t.id, t.kind, min(t.touched_at), c.conversion_id, c.converted_at,
           sum(p.after[t.n] - coalesce(p.before[t.n], 0)), m.currency,
           CASE WHEN m.id IS NULL THEN NULL WHEN m.same AND sum(p.after[t.n]) = 0 THEN 'retract' ELSE 'restate' END,
           sum((mrcall.split_amount(1, w.weights, 6))[t.n]), m.at,
           CASE WHEN m.id IS NOT NULL AND m.same THEN sum(p.after[t.n]) END, bool_and(t.stale), m.id
    FROM moved AS m
    JOIN conv AS c ON c.no = m.no
    JOIN weighed AS w ON w.no = m.no
    JOIN touch AS t ON t.no = m.no AND t.id IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT coalesce(mrcall.currency_exponent(m.currency), 0) AS digits) AS d
    CROSS JOIN LATERAL (
        SELECT mrcall.split_amount(m.after, w.weights, d.digits) AS after, mrcall.split_amount(m.before, w.weights,
            d.digits) AS before) AS p
    GROUP BY m.no, t.network, t.id, t.kind, c.conversion_id, c.converted_at, m.currency, m.id, m.at, m.same
    HAVING sum(w.weights[t.n]) > 0
$$;

-- What differs, or does not add up: by currency, the clicks' money and that of the touches without a click is all of it.
CREATE TEMP TABLE seen (seed int, kind text, model text, rows bigint, refunds bigint, retracts bigint, stale bigint, foreigns bigint,
    shared bigint,
                        twice bigint) ON COMMIT DROP;
CREATE FUNCTION pg_temp.differences(seed int)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    since timestamptz := timestamptz '2026-03-01 12:00Z' + pg_temp.pick('{0,0,20 days}'::interval[], seed || 'since');
    until timestamptz := since + pg_temp.pick('{20 days,300 days,300 days}'::interval[], seed || 'until');
    kind text := pg_temp.pick('{payment,payment,payment,payment,refund,signup,business}'::text[], seed || 'kind');
    model text := pg_temp.pick('{last_paid,last_paid,linear,time_decay,position_based,w_shaped,first_touch,last_touch}'::text[],
        seed || 'model');
    look interval := pg_temp.pick('{10 days,30 days,90 days}'::interval[], seed || 'look');
    asked text := concat_ws(' ', since, until, kind, model, look);
BEGIN
    DROP TABLE IF EXISTS given, wanted, compared;
    CREATE TEMP TABLE given ON COMMIT DROP AS SELECT * FROM mrcall.click_conversions(since, until, kind, model, look);
    CREATE TEMP TABLE wanted ON COMMIT DROP AS SELECT * FROM pg_temp.expected(since, until, kind, model, look);
    INSERT INTO seen
    SELECT seed, kind, model, count(*), count(*) FILTER (WHERE g.adjustment IS NOT NULL), count(*) FILTER (WHERE g.adjustment = 'retract'),
           count(*) FILTER (WHERE g.problem = 'stale_click_id'), count(*) FILTER (WHERE g.problem = 'other_currency'),
           count(*) FILTER (WHERE g.credit < 1), (SELECT count(*) FROM given AS x JOIN mrcall.touches AS t ON t.touched_at > x.clicked_at
               AND EXISTS (SELECT FROM mrcall.events AS e WHERE e.visitor_id = t.visitor_id AND e.occurred_at = t.touched_at
                           AND mrcall.url_param(e.page_url, 'gclid') = x.click_id))
    FROM given AS g;
    CREATE TEMP TABLE compared ON COMMIT DROP AS
    SELECT g.network, g.click_id, g.click_id_kind, g.clicked_at, g.conversion_id, g.converted_at, g.value, g.currency, g.adjustment,
           g.credit, g.adjusted_at, g.adjusted_value, coalesce(g.problem = 'stale_click_id', false) AS stale, g.adjustment_id
    FROM given AS g;
    IF EXISTS (
        (TABLE compared EXCEPT ALL TABLE wanted) UNION ALL (TABLE wanted EXCEPT ALL TABLE compared)) THEN
        RETURN 'rows ' || asked;
    END IF;
    -- The whole, where one touch gets all: what no click brought are the conversions that are in no row.
    IF model IN ('last_paid', 'first_touch', 'last_touch') AND EXISTS (
        SELECT FROM mrcall.conversions AS c
        WHERE c.conversion IN (kind, CASE kind WHEN 'payment' THEN 'refund' END) AND c.converted_at >= since AND c.converted_at < until
        GROUP BY c.currency
        HAVING sum(c.value) IS DISTINCT FROM
            (SELECT coalesce(sum(g.value), 0) FROM given AS g WHERE g.currency IS NOT DISTINCT FROM c.currency)
            + coalesce(sum(c.value) FILTER (WHERE NOT EXISTS (
                  SELECT FROM given AS g
                  WHERE CASE c.conversion WHEN 'refund' THEN g.adjustment_id = c.conversion_id
                             ELSE g.conversion_id = c.conversion_id AND g.adjustment IS NULL END)), 0)) THEN
        RETURN 'sum ' || asked;
    END IF;
    RETURN NULL;
END
$$;

SELECT s.seed, d.difference
FROM generate_series(:seed, :seed + :worlds - 1) AS s (seed)
CROSS JOIN LATERAL (SELECT pg_temp.build(s.seed)) AS b
CROSS JOIN LATERAL (SELECT pg_temp.differences(s.seed) AS difference WHERE b IS NOT NULL) AS d
WHERE d.difference IS NOT NULL;

-- What there was to compare.
SELECT sum(s.rows) > 50 AS rows, sum(s.refunds) > 30 AS refunds, sum(s.retracts) > 5 AS retracts, sum(s.stale) > 0 AS stale,
       sum(s.foreigns) > 0 AS foreigns, sum(s.shared) > 30 AS shared, sum(s.twice) > 10 AS twice, count(DISTINCT s.kind) > 3 AS kinds
FROM seen AS s;

-- One customer, by hand: of three touches the last paid one has no id; an id in capitals; more comes back than was paid; late refunds.
DELETE FROM world.website_events;
DELETE FROM world.business;
DELETE FROM world.customers_registry;
DELETE FROM world.stripe_webhooks_registry;
INSERT INTO world.customers_registry (id, created_at, document) VALUES ('c', '2033-01-05Z', '{"website_session_id": "browser-1"}');
INSERT INTO world.business (business_id, owner, created_at, stripe_customer_id) VALUES ('b', 'c', '2033-01-05Z', 'cus_1');
INSERT INTO world.website_events (session_id, created_at, event_type, page_url) VALUES
    ('browser-1', '2033-01-01Z', 'page_view', 'https://mrcall.ai/?GCLID=Cj0-1'), ('browser-1', '2033-01-02Z', 'page_view',
        'https://mrcall.ai/?fbclid=F-1'),
    ('browser-1', '2033-01-03Z', 'page_view', 'https://mrcall.ai/?gclid=Cj0-1');
INSERT INTO world.stripe_webhooks_registry (document)
SELECT jsonb_build_object('type', m.type, 'created', extract(epoch FROM m.at)::bigint, 'data', jsonb_build_object('object', m.object
           || jsonb_build_object('customer', 'cus_1', 'created', extract(epoch FROM m.at)::bigint)))
FROM (VALUES ('invoice.paid', timestamptz '2033-01-10Z',
    '{"id": "in_1", "subscription": "sub_1", "currency": "eur", "amount_paid": 1000}'::jsonb),
             ('invoice.paid', '2033-05-10Z', '{"id": "in_2", "subscription": "sub_1", "currency": "eur", "amount_paid": 1000}'),
             ('refund.created', '2033-01-20Z', '{"id": "re_1", "invoice": "in_1", "charge": "ch_1", "currency": "eur", "amount": 400}'),
             ('refund.created', '2033-01-21Z', '{"id": "re_2", "invoice": "in_1", "charge": "ch_1", "currency": "eur", "amount": 600}'),
             ('charge.dispute.funds_withdrawn', '2033-01-22Z',
                 '{"id": "dp_1", "invoice": "in_1", "charge": "ch_1", "currency": "usd", "amount": 100}'),
             ('charge.dispute.funds_withdrawn', '2033-01-23Z',
                 '{"id": "dp_2", "invoice": "in_1", "charge": "ch_1", "currency": "eur", "amount": 100}'),
             ('charge.dispute.funds_reinstated', '2033-04-23Z',
                 '{"id": "dp_2", "invoice": "in_1", "charge": "ch_1", "currency": "eur", "amount": 100}'))
    AS m (type, at, object);
SET LOCAL TIME ZONE 'UTC';
SELECT * FROM mrcall.click_conversions('2033-01-01Z', '2034-01-01Z');
-- A refund is in the range of its own instant.
SELECT r.click_id, r.conversion_id, r.value, r.credit, r.adjusted_value, r.problem
FROM mrcall.click_conversions('2033-01-20Z', '2033-01-22Z', model => 'custom', weights => '{2,1,1}') AS r;
SELECT r.click_id, r.conversion_id, r.value, r.adjusted_value
FROM mrcall.click_conversions('2033-01-01Z', '2033-01-22Z', 'refund', 'linear', exclude_channels => '{Paid Search}') AS r;
SELECT r.click_id, r.conversion_id, r.clicked_at, r.value, r.currency, r.credit
FROM mrcall.click_conversions('2033-01-01Z', '2034-01-01Z', 'signup', 'data_driven') AS r;

-- Bad input.
\set ON_ERROR_ROLLBACK on
SELECT * FROM mrcall.click_conversions(NULL, '2033-01-01');
SELECT * FROM mrcall.click_conversions('2033-01-02', '2033-01-01');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', 'click');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', NULL);
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', model => 'markov');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', model => 'participation');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', model => 'last');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', model => NULL);
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', lookback => '-1 day');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', gap => '1 month');
SELECT * FROM mrcall.click_conversions('2033-01-01', '2033-01-02', exclude_channels => '{Paid}');
