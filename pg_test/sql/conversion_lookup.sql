-- explain_conversion finds a subscription, payment or refund through the documents that belong with it: the same row as the view has, in
-- many small worlds where ids, deliveries and instants repeat, documents are odd, and tables have no keys. A difference names its
-- seed; to see that world alone, call pg_temp.build(seed) and pg_temp.differences(seed).
\pset footer off
SET LOCAL client_min_messages = warning;
CREATE SCHEMA world;
CREATE TABLE world.customer AS SELECT id, created_at, document, role, realm FROM public.customers_registry WHERE false;
CREATE TABLE world.business AS SELECT * FROM public.business WHERE false;
CREATE TABLE world.subscription AS SELECT * FROM public.payment_subscription WHERE false;
CREATE TABLE world.stripe AS SELECT * FROM public.stripe_webhooks_registry WHERE false;
CREATE TABLE world.seen (conversion text, has_series boolean, has_customer boolean);
CREATE TABLE world.apple AS SELECT * FROM public.apple_webhooks_registry WHERE false;
SELECT mrcall.attach('{"customers": {"table": "world.customer"}, "businesses": {"table": "world.business"},
                       "subscriptions": {"table": "world.subscription"}, "stripe_events": {"table": "world.stripe"},
                       "apple_events": {"table": "world.apple"}, "calls": {"table": null}}') \g /dev/null

-- One of some values, by the hash of a key: the same world for a seed on every server.
CREATE FUNCTION pg_temp.pick(choice anyarray, key text) RETURNS anyelement LANGUAGE sql IMMUTABLE
AS $$ SELECT choice[1 + (hashtextextended(key, 0) & 1073741823) % cardinality(choice)] $$;
-- An instant on a coarse grid, so that ties are common.
CREATE FUNCTION pg_temp.moment(key text) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT timestamptz '2026-03-01Z' + (hashtextextended(key, 1) & 1073741823) % 6 * interval '1 day' $$;
CREATE FUNCTION pg_temp.jws(payload jsonb) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT 'e30.' || translate(encode(convert_to(payload::text, 'UTF8'), 'base64'), E'+/=\n', '-_') || '.c2ln' $$;
-- An object named by its id, or there as a whole; rarely something else.
CREATE FUNCTION pg_temp.reference(ids text[], key text) RETURNS jsonb LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE (hashtextextended(key, 3) & 1073741823) % 16
        WHEN 0 THEN jsonb_build_object('id', r.id) WHEN 1 THEN jsonb_build_object('id', r.id, 'object', 'x') WHEN 2 THEN 'null'
        WHEN 3 THEN pg_temp.pick(ARRAY['7', 'true', '[]', '["id"]', '{}', '{"id": null}', '{"id": 7}', '{"id": {"id": "b"}}']::jsonb[],
                                 'odd ' || key)
        ELSE to_jsonb(r.id) END
    FROM (SELECT pg_temp.pick(ids, key)) AS r (id)
$$;

CREATE FUNCTION pg_temp.build(seed int)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    -- Few worlds have ids that no index holds.
    ids jsonb[] := ARRAY['"a"', '"b"', '"c"', '"d"', '"e"', '"f:1"', '7']::jsonb[]
        || CASE seed % 8 WHEN 0 THEN ARRAY[to_jsonb(repeat('é', 128)), '""', '{"id": "b"}', 'null', 'true']::jsonb[] ELSE '{}' END;
    -- In every other world charges have ids of their own, and no subscription.
    charges jsonb[] := CASE seed % 2 WHEN 0 THEN ids ELSE ARRAY['"ca"', '"cb"', '"f:1"']::jsonb[] END;
    subscriptions text[] := CASE seed % 8 WHEN 1 THEN ARRAY['s', 't', 'a', '', repeat('é', 128)] ELSE '{s,t,u,v,a}' END;
BEGIN
    DELETE FROM world.customer;
    DELETE FROM world.business;
    DELETE FROM world.subscription;
    DELETE FROM world.stripe;
    DELETE FROM world.apple;
    INSERT INTO world.customer (id, created_at, document)
    SELECT pg_temp.pick('{customer-1,customer-2,customer-3}'::text[], k.key || 'id'), pg_temp.moment(k.key),
           jsonb_build_object('website_session_id', pg_temp.pick('{x,y}'::text[], k.key || 'browser'))
    FROM generate_series(1, seed % 5) AS n CROSS JOIN LATERAL (VALUES (format('%s customer %s ', seed, n))) AS k (key);
    INSERT INTO world.business (business_id, owner, created_at, stripe_customer_id)
    SELECT pg_temp.pick('{business-1,business-2,business-3,business-4,NULL}'::text[], k.key || 'id'),
           pg_temp.pick('{customer-1,customer-2,customer-3,customer-9,NULL}'::text[], k.key || 'owner'), pg_temp.moment(k.key),
           pg_temp.pick('{cus_1,cus_2,cus_3,NULL}'::text[], k.key || 'customer')
    FROM generate_series(1, seed % 7) AS n CROSS JOIN LATERAL (VALUES (format('%s business %s ', seed, n))) AS k (key);
    INSERT INTO world.subscription (id, business_id, provider, status, product, created_at, trial_end, ended_at)
    SELECT pg_temp.pick(subscriptions, k.key || 'id'), pg_temp.pick('{business-1,business-2,business-9,NULL}'::text[], k.key || 'business'),
           'stripe', pg_temp.pick('{active,past_due,incomplete}'::text[], k.key || 'status'),
           pg_temp.pick(ARRAY[(SELECT min(p.name) FROM mrcall.products AS p), 'none', NULL], k.key || 'product'),
           pg_temp.moment(k.key || 'start'), pg_temp.pick(ARRAY[pg_temp.moment(k.key || 'trial'), NULL], k.key || 'has trial'),
           pg_temp.pick(ARRAY[pg_temp.moment(k.key || 'end'), NULL, NULL], k.key || 'ends')
    FROM generate_series(1, seed % 6) AS n CROSS JOIN LATERAL (VALUES (format('%s subscription %s ', seed, n))) AS k (key);
    INSERT INTO world.stripe (id, created_at, document)
    SELECT 'delivery-' || n, pg_temp.moment(k.key || 'received'), jsonb_build_object(
        'type', t.type,
        'created', extract(epoch FROM pg_temp.moment(k.key || 'created'))::bigint,
        'data', jsonb_build_object('object', jsonb_build_object(
            'id', pg_temp.pick(CASE WHEN t.type ~ 'charge' THEN charges ELSE ids END, k.key || 'id'),
            'customer', pg_temp.reference('{cus_1,cus_2,cus_3,cus_9}', k.key || 'customer'),
            'currency', pg_temp.pick('{eur,jpy,kwd,NULL}'::text[], k.key || 'currency'),
            'amount_paid', hashtext(k.key || 'paid') & 63, 'amount_refunded', hashtext(k.key || 'refunded') & 31,
            'amount', hashtext(k.key || 'amount') & 31, 'out_of_band_amount', hashtext(k.key || 'outside') & 15)
            || CASE WHEN t.type ~ '^(refund|credit_note)' AND n % 3 = 0 THEN jsonb_build_object('status', pg_temp.pick(
                        '{failed,canceled,void,succeeded}'::text[], k.key || 'status')) ELSE '{}' END
            || CASE WHEN t.type ~ '^invoice_payment' THEN jsonb_build_object('payment', jsonb_build_object(
                        'payment_intent', pg_temp.reference('{p,q,r}', k.key || 'paid intent'))) ELSE '{}' END
            || CASE WHEN t.type ~ '^credit_note' THEN jsonb_build_object('refunds', jsonb_build_array(jsonb_build_object(
                        'refund', pg_temp.reference('{a,c,e}', k.key || 'refund')))) ELSE '{}' END
            || CASE WHEN n % 3 > 0 AND t.has_subscription
                    THEN jsonb_build_object('subscription', pg_temp.reference(subscriptions, k.key || 'subscription')) ELSE '{}' END
            || CASE WHEN n % 2 > 0 AND t.has_subscription THEN jsonb_build_object('parent', jsonb_build_object('subscription_details',
                        jsonb_build_object('subscription', pg_temp.reference(subscriptions, k.key || 'parent')))) ELSE '{}' END
            || CASE WHEN n % 5 > 2 THEN jsonb_build_object('invoice', pg_temp.reference('{a,b,c,d,e}', k.key || 'invoice')) ELSE '{}' END
            || CASE WHEN n % 7 > 3 THEN jsonb_build_object('charge', pg_temp.reference('{a,ca,cb,f:1}', k.key || 'charge')) ELSE '{}' END
            || CASE WHEN n % 4 > 1 THEN jsonb_build_object('payment_intent', pg_temp.reference('{p,q,r}', k.key || 'intent'))
                    ELSE '{}' END))
    FROM generate_series(1, seed % 17) AS n CROSS JOIN LATERAL (VALUES (format('%s stripe %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (
        SELECT p.type, seed % 2 = 0 OR p.type = 'invoice.paid' AS has_subscription
        FROM pg_temp.pick('{invoice.paid,invoice.paid,invoice.paid,charge.refunded,charge.refunded,charge.failed,refund.created,
                            refund.failed,
                            charge.dispute.funds_withdrawn,charge.dispute.funds_reinstated,credit_note.created,invoice_payment.paid,
                            payment_intent.succeeded}'::text[], k.key || 'type') AS p (type)
    ) AS t;
    INSERT INTO world.apple (id, created_at, document)
    SELECT 'notification-' || n, pg_temp.moment(k.key || 'received'),
           CASE WHEN n % 5 = 0 THEN jsonb_build_object('signedPayload', pg_temp.jws(d.document)) ELSE d.document END
    FROM generate_series(1, seed % 9) AS n
    CROSS JOIN LATERAL (VALUES (format('%s apple %s ', seed, n))) AS k (key)
    CROSS JOIN LATERAL (SELECT jsonb_build_object(
        'transactionId', pg_temp.pick(ids, k.key || 'id'), 'originalTransactionId', pg_temp.pick(subscriptions, k.key || 'original'),
        'price', hashtext(k.key || 'price') & 8191, 'currency', pg_temp.pick('{EUR,JPY,KWD}'::text[], k.key || 'currency'),
        'appAccountToken', pg_temp.pick('{business-1,business-3,business-9}'::text[], k.key || 'token'),
        'purchaseDate', 1000 * extract(epoch FROM pg_temp.moment(k.key || 'paid'))::bigint)
        - CASE WHEN n % 4 = 3 THEN 'originalTransactionId' ELSE '' END) AS t (document)
    CROSS JOIN LATERAL (SELECT jsonb_build_object(
        'notificationType', pg_temp.pick('{SUBSCRIBED,DID_RENEW,ONE_TIME_CHARGE,REFUND,REFUND_REVERSED,OTHER}'::text[], k.key || 'type'),
        'data', CASE n % 3 WHEN 0 THEN jsonb_build_object('signedTransactionInfo', pg_temp.jws(t.document))
                           WHEN 1 THEN jsonb_build_object('transactionInfo', t.document)
                           ELSE jsonb_build_object('signedTransactionInfo', t.document, 'transactionInfo', pg_temp.pick(
                               ARRAY['null', '[]', '"a"']::jsonb[], k.key || 'odd')) END)) AS d (document);
END
$$;

-- The conversions of the present world that are found otherwise than the view has them, NULL for none.
CREATE FUNCTION pg_temp.differences()
RETURNS text
LANGUAGE sql
AS $$
    WITH conversion AS MATERIALIZED (
        SELECT c.conversion, c.conversion_id, c.customer_id, c.business_id, c.converted_at, c.journey_at, c.value, c.currency
        FROM mrcall.conversions AS c WHERE c.conversion IN ('subscription', 'payment', 'refund')),
    asked AS MATERIALIZED (SELECT DISTINCT c.conversion, c.conversion_id FROM conversion AS c WHERE c.conversion_id IS NOT NULL),
    answer AS MATERIALIZED (SELECT a.*, c.customer_id, c.business_id, c.converted_at, c.journey_at, c.value, c.currency
        FROM asked AS a CROSS JOIN LATERAL mrcall_internal.conversions(a.conversion,
        a.conversion_id) AS c)
    SELECT string_agg(d::text, '; ' ORDER BY d::text)
    FROM ((SELECT 'too many', a.* FROM (TABLE answer EXCEPT ALL TABLE conversion) AS a)
          UNION ALL
          (SELECT 'missing', c.* FROM (SELECT * FROM conversion WHERE conversion_id IS NOT NULL EXCEPT ALL TABLE answer) AS c)) AS d
$$;

DO $$
DECLARE
    difference text;
BEGIN
    FOR seed IN 1..120 LOOP
        PERFORM pg_temp.build(seed);
        difference := pg_temp.differences();
        IF difference IS NOT NULL THEN
            RAISE EXCEPTION 'world of seed %: %', seed, left(difference, 600);
        END IF;
        INSERT INTO world.seen SELECT c.conversion, c.journey_at <> c.converted_at, c.customer_id IS NOT NULL
                               FROM mrcall.conversions AS c WHERE c.conversion IN ('subscription', 'payment', 'refund');
    END LOOP;
END
$$;
-- They were worlds worth the while: payments and refunds of an earlier payment's journey, and customers.
SELECT conversion, count(*) > 50 AS many, count(*) FILTER (WHERE has_series) > 10 AS series,
       count(*) FILTER (WHERE has_customer) > 10 AS customers
FROM world.seen GROUP BY 1 ORDER BY 1;

-- One invoice and one transaction delivered more often than is looked at one by one; the delivery that counts is the last row.
DELETE FROM world.stripe;
DELETE FROM world.apple;
INSERT INTO world.stripe (id, created_at, document)
SELECT 'delivery-' || n, timestamptz '2026-03-02Z' - n * interval '1 second', jsonb_build_object(
    'type', 'invoice.paid', 'data', jsonb_build_object('object', jsonb_build_object('id', 'in_1', 'amount_paid', n, 'currency', 'eur')))
FROM generate_series(1, 1500) AS n;
INSERT INTO world.apple (id, created_at, document)
SELECT 'delivery-' || n, timestamptz '2026-03-02Z' - n * interval '1 second', jsonb_build_object(
    'notificationType', 'DID_RENEW', 'data', jsonb_build_object('transactionInfo', jsonb_build_object(
        'transactionId', 'transaction-1', 'price', n, 'currency', 'EUR')))
FROM generate_series(1, 1500) AS n;
SELECT a.id, c.value FROM (VALUES ('in_1'), ('transaction-1')) AS a (id), mrcall_internal.conversions('payment', a.id) AS c ORDER BY 1;
SELECT pg_temp.differences();
