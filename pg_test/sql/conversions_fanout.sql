-- Where rows could multiply or get lost: tables of one's own without keys, ids that repeat or are missing, rows that are gone.
\pset footer off
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA own;
CREATE TABLE own.customers (id text, created_at timestamptz, document jsonb, role text, realm text);
CREATE TABLE own.business (LIKE public.business INCLUDING DEFAULTS);
ALTER TABLE own.business ALTER business_id DROP NOT NULL, ALTER created_at DROP NOT NULL;
CREATE TABLE own.subscriptions (LIKE public.payment_subscription INCLUDING DEFAULTS);
ALTER TABLE own.subscriptions ALTER id DROP NOT NULL;
CREATE TABLE own.products (LIKE public.product INCLUDING DEFAULTS);
CREATE TABLE own.stripe (LIKE public.stripe_webhooks_registry INCLUDING DEFAULTS);
SELECT mrcall.attach('{"customers": {"table": "own.customers"}, "businesses": {"table": "own.business"},
                       "subscriptions": {"table": "own.subscriptions"}, "products": {"table": "own.products"},
                       "stripe_events": {"table": "own.stripe"}, "apple_events": {"table": null}}') \g /dev/null

-- Anna stands there three times, with other browsers each time; two rows have no id; one no time.
INSERT INTO own.customers (id, created_at, document) VALUES
    ('anna', '2036-01-03Z', '{"website_session_ids": ["T-browser-1"]}'), ('anna', '2036-01-01Z', '{}'),
    ('anna', NULL, '{"website_session_ids": ["T-browser-2", "T-browser-1"]}'),
    (NULL, '2036-01-01Z', '{"website_session_ids": ["T-browser-1"]}'), (NULL, '2036-01-01Z', '{}'), ('ben', NULL, '{}');
-- Business 1 stands there twice, with two owners; the owner of 3 is gone; 4 never had one; one has no id.
INSERT INTO own.business (business_id, owner, created_at, stripe_customer_id) VALUES
    ('1', 'anna', '2036-01-05Z', 'cus_1'), ('1', 'zoe', '2036-01-04Z', 'cus_1'), ('2', 'anna', '2036-01-05Z', 'cus_1'),
    ('3', 'gone', '2036-01-05Z', NULL), ('4', NULL, '2036-01-05Z', NULL), (NULL, 'anna', '2036-01-05Z', NULL),
    ('5', 'anna', NULL, 'cus_5');
INSERT INTO own.products (name, product_type, price_id) VALUES
    ('pro', 'subscription', '{"unit_amount": 3000, "currency": "eur"}'),
    ('pro', 'subscription', '{"unit_amount": 2900, "currency": "eur"}');
INSERT INTO own.subscriptions (id, business_id, provider, status, product, created_at) VALUES
    ('s1', '1', 'stripe', 'active', 'pro', '2036-01-07Z'), ('s1', '2', 'stripe', 'active', 'pro', '2036-01-06Z'),
    (NULL, '1', 'stripe', 'active', 'pro', '2036-01-07Z'), (NULL, '1', 'stripe', 'active', 'pro', '2036-01-07Z'),
    ('s2', 'no such business', 'stripe', 'active', 'pro', '2036-01-07Z');
-- One invoice three times; one without a subscription, of a customer with two businesses; one of nobody; one of s1.
INSERT INTO own.stripe (id, document, created_at)
SELECT w.id, jsonb_build_object('type', w.type, 'created', 2083449600, 'data', jsonb_build_object('object', w.object::jsonb)), '2036-01-08Z'
FROM (VALUES
    ('e1', 'invoice.paid', '{"id": "in_1", "subscription": "s1", "charge": "ch_1", "amount_paid": 2900, "currency": "eur"}'),
    ('e1', 'invoice.paid', '{"id": "in_1", "subscription": "s1", "charge": "ch_1", "amount_paid": 2900, "currency": "eur"}'),
    (NULL, 'invoice.paid', '{"id": "in_1", "subscription": "s1", "charge": "ch_1", "amount_paid": 2900, "currency": "eur"}'),
    ('e2', 'invoice.paid', '{"id": "in_2", "customer": "cus_1", "amount_paid": 100, "currency": "usd"}'),
    ('e3', 'invoice.paid', '{"id": "in_3", "customer": "cus_9", "amount_paid": 100, "currency": "usd"}'),
    ('e4', 'invoice.paid', '{"id": "in_4", "customer": "cus_5", "amount_paid": 7, "currency": "usd"}'),
    ('e5', 'charge.refunded', '{"id": "ch_1", "invoice": "in_1", "amount_refunded": 900, "currency": "eur"}'),
    ('e5', 'charge.refunded', '{"id": "ch_1", "invoice": "in_1", "amount_refunded": 900, "currency": "eur"}')
) AS w (id, type, object)
WHERE w.id IS NOT NULL;

SELECT c.conversion, c.conversion_id, c.customer_id, c.business_id, c.converted_at::date, c.value, c.currency
FROM mrcall.conversions AS c
WHERE c.converted_at >= '2036-01-01Z'
ORDER BY c.conversion, c.conversion_id COLLATE "C", c.business_id COLLATE "C", c.currency;

-- Every report has all of them, once.
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-1', '2035-12-31Z', 'https://mrcall.ai/', 'news', 'email'), ('T-browser-2', '2035-12-31Z', 'https://mrcall.ai/', NULL, NULL);
SELECT k.kind, a.currency, sum(a.linear_conversions) = c.conversions AND sum(a.markov_value) = c.value
                           AND sum(a.last_touch_value) = c.value AND sum(a.shapley_conversions) = c.conversions AS same,
       sum(a.linear_conversions) AS conversions,
       sum(a.linear_conversions) FILTER (WHERE a.dimension_value = '(unattributed)') AS unattributed
FROM unnest('{signup,business,subscription,payment,refund}'::text[]) AS k (kind)
CROSS JOIN LATERAL mrcall.attribution_models('2036-01-01Z', '2036-02-01Z', k.kind) AS a
JOIN (SELECT x.conversion, x.currency, count(*) AS conversions, sum(x.value) AS value FROM mrcall.conversions AS x
      WHERE x.converted_at >= '2036-01-01Z' AND x.converted_at < '2036-02-01Z' GROUP BY 1, 2) AS c
    ON c.conversion = k.kind AND c.currency IS NOT DISTINCT FROM a.currency
GROUP BY k.kind, a.currency, c.conversions, c.value
ORDER BY 1, 2;

-- And every one that is unattributed has its reason.
INSERT INTO own.customers (id, created_at, document) VALUES
    ('carl', '2036-01-09Z', '{}'), ('dora', '2036-01-09Z', '{"website_session_ids": ["T-browser-none"]}'),
    ('emil', '2000-01-01Z', '{"website_session_ids": ["T-browser-1"]}'),
    ('fred', '2030-01-01Z', '{"website_session_ids": ["T-browser-1"]}'),
    ('gina', '2036-06-01Z', '{"website_session_ids": ["T-browser-1"]}');
SELECT x.kind, x.id, e.touch_no, e.channel, e.reason
FROM (VALUES ('signup', 'anna'), ('signup', 'carl'), ('signup', 'dora'), ('signup', 'emil'), ('signup', 'fred'), ('signup', 'gina'),
             ('business', '3'), ('business', '4'), ('payment', 'in_3'), ('refund', 'ch_1:900')) AS x (kind, id)
CROSS JOIN LATERAL mrcall.explain_conversion(x.kind, x.id) AS e;
SELECT e.reason FROM mrcall.explain_conversion('signup', 'anna', exclude_channels => '{Email}', include_channels => '{Audio}') AS e;
SELECT count(*) > 10 AS many, count(*) FILTER (WHERE e.reason IS NULL AND e.touch_no IS NULL) AS without_reason
FROM mrcall.conversions AS c
CROSS JOIN LATERAL mrcall.explain_conversion(c.conversion, c.conversion_id) AS e
WHERE c.conversion_id IS NOT NULL AND c.conversion IN ('signup', 'business');
