-- What a report says of a period that is over stays: what comes later changes later periods only.
\pset footer off
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA own;
CREATE TABLE own.stripe (LIKE public.stripe_webhooks_registry INCLUDING DEFAULTS);
CREATE TABLE own.apple (LIKE public.apple_webhooks_registry INCLUDING DEFAULTS);
CREATE TABLE own.business (LIKE public.business INCLUDING DEFAULTS);
CREATE TABLE own.subscription (LIKE public.payment_subscription INCLUDING DEFAULTS);
CREATE TABLE own.product (LIKE public.product INCLUDING DEFAULTS);
SELECT mrcall.attach('{"stripe_events": {"table": "own.stripe"}, "apple_events": {"table": "own.apple"},
    "products": {"table": "own.product"}, "businesses": {"table": "own.business"},
    "subscriptions": {"table": "own.subscription"}}') \g /dev/null
INSERT INTO own.product (name, product_type, price_id) VALUES ('pro', 'subscription', '{"unit_amount": 2900, "currency": "eur"}');
INSERT INTO own.business (business_id, owner, created_at, stripe_customer_id) VALUES ('b-1', 'anna', '2025-02-01Z', 'cus_1');
-- Without a trial: paid at once, paid in April, never paid. With one: ended unpaid, ended in March and paid in April, pays before its
-- end, paid and ended early, pays in April before its end.
INSERT INTO own.subscription (id, business_id, provider, status, product, created_at, trial_end) VALUES
    ('s-at-once', 'b-1', 'stripe', 'active', 'pro', '2025-03-02Z', NULL),
    ('s-late', 'b-1', 'stripe', 'past_due', 'pro', '2025-03-03Z', NULL),
    ('s-never', 'b-1', 'stripe', 'past_due', 'pro', '2025-03-04Z', NULL),
    ('t-unpaid', 'b-1', 'stripe', 'past_due', 'pro', '2025-03-01Z', '2025-03-15Z'),
    ('t-active', 'b-1', 'stripe', 'active', 'pro', '2025-03-01Z', '2025-03-15Z'),
    ('t-late', 'b-1', 'stripe', 'past_due', 'pro', '2025-03-01Z', '2025-03-15Z'),
    ('t-early', 'b-1', 'stripe', 'trialing', 'pro', '2025-03-01Z', '2025-04-15Z'),
    ('t-ended', 'b-1', 'stripe', 'canceled', 'pro', '2025-03-01Z', '2025-03-15Z'),
    ('t-april', 'b-1', 'stripe', 'trialing', 'pro', '2025-03-20Z', '2025-04-20Z');
UPDATE own.subscription SET ended_at = '2025-03-12Z' WHERE id = 't-ended';
CREATE FUNCTION pg_temp.paid(subscription text, at timestamptz, amount int) RETURNS void LANGUAGE sql
AS $$
    INSERT INTO own.stripe (id, created_at, document)
    SELECT format('evt_%s_%s', subscription, at::date), at, jsonb_build_object(
        'type', 'invoice.paid', 'created', extract(epoch FROM at)::bigint, 'livemode', true, 'data', jsonb_build_object('object',
            jsonb_build_object('id', format('in_%s_%s', subscription, at::date), 'status', 'paid', 'currency', 'eur', 'amount_paid', amount,
                               'charge', format('ch_%s_%s', subscription, at::date), 'subscription', subscription)))
$$;
SELECT pg_temp.paid(p.id, p.at::timestamptz, p.amount)
FROM (VALUES ('s-at-once', '2025-03-02 00:00:05Z', 2320), ('t-early', '2025-03-10Z', 1900), ('t-ended', '2025-03-11Z', 2900))
    AS p (id, at, amount) \g /dev/null
INSERT INTO own.apple (id, created_at, document) VALUES
    ('n-1', '2025-03-05Z', '{"notificationType": "SUBSCRIBED", "signedDate": 1741132800000, "data": {"transactionInfo": {
        "transactionId": "T-1", "originalTransactionId": "T-1", "price": 4990, "currency": "EUR", "purchaseDate": 1741132800000}}}');
CREATE VIEW own.march AS
SELECT c.conversion, c.conversion_id, c.customer_id, c.business_id, c.converted_at, c.value, c.currency, c.subscription_id, c.journey_at
FROM mrcall.conversions AS c
WHERE c.converted_at >= '2025-03-01Z' AND c.converted_at < '2025-04-01Z' AND c.conversion IN ('subscription', 'payment', 'refund');
SELECT conversion, conversion_id, converted_at, value, currency FROM own.march ORDER BY conversion, conversion_id COLLATE "C";
CREATE TABLE own.said AS SELECT * FROM own.march;
CREATE TABLE own.credited AS
SELECT k.kind, a.* FROM unnest('{subscription,payment,refund}'::text[]) AS k (kind)
CROSS JOIN LATERAL mrcall.attribution_models('2025-03-01Z', '2025-04-01Z', k.kind) AS a;
CREATE FUNCTION pg_temp.changes() RETURNS TABLE (conversions bigint, credit bigint) LANGUAGE sql
AS $$
    SELECT (SELECT count(*) FROM ((TABLE own.march EXCEPT ALL TABLE own.said) UNION ALL (TABLE own.said EXCEPT ALL TABLE own.march)) AS d),
           (WITH now AS (
                SELECT k.kind, a.* FROM unnest('{subscription,payment,refund}'::text[]) AS k (kind)
                CROSS JOIN LATERAL mrcall.attribution_models('2025-03-01Z', '2025-04-01Z', k.kind) AS a)
            SELECT count(*) FROM ((TABLE now EXCEPT ALL TABLE own.credited) UNION ALL (TABLE own.credited EXCEPT ALL TABLE now)) AS d)
$$;

-- April: payments, first ones too.
SELECT pg_temp.paid(p.id, p.at::timestamptz, p.amount)
FROM (VALUES ('s-late', '2025-04-02Z', 1111), ('t-late', '2025-04-03Z', 2222), ('t-april', '2025-04-05Z', 2900),
             ('s-at-once', '2025-04-02Z', 2900), ('t-early', '2025-04-15Z', 2900)) AS p (id, at, amount) \g /dev/null
SELECT * FROM pg_temp.changes();
-- Cancellations, and trials that are over.
UPDATE own.subscription SET status = 'canceled', ended_at = '2025-06-01Z' WHERE ended_at IS NULL;
SELECT * FROM pg_temp.changes();
-- Refunds, disputes and reversals of payments of March, at Stripe and at Apple.
INSERT INTO own.stripe (id, created_at, document)
SELECT format('evt_later_%s', n), '2025-05-01Z', jsonb_build_object('type', w.type, 'created', 1746057600 + n, 'livemode', true,
                                                                    'data', jsonb_build_object('object', w.object::jsonb))
FROM (VALUES
    (1, 'charge.refunded', '{"id": "ch_s-at-once_2025-03-02", "amount_refunded": 1000, "currency": "eur"}'),
    (2, 'refund.created', '{"id": "re_1", "charge": "ch_s-at-once_2025-03-02", "amount": 1000, "currency": "eur", "created": 1746057601}'),
    (3, 'refund.failed', '{"id": "re_1", "charge": "ch_s-at-once_2025-03-02", "amount": 1000, "currency": "eur", "created": 1746057601,
        "status": "failed"}'),
    (4, 'charge.dispute.funds_withdrawn', '{"id": "dp_1", "charge": "ch_t-ended_2025-03-11", "amount": 2900, "currency": "eur"}'),
    (5, 'charge.dispute.funds_reinstated', '{"id": "dp_1", "charge": "ch_t-ended_2025-03-11", "amount": 2900, "currency": "eur"}'))
    AS w (n, type, object);
INSERT INTO own.apple (id, created_at, document) VALUES
    ('n-2', '2025-05-05Z', '{"notificationType": "REFUND", "signedDate": 1746403200000, "data": {"transactionInfo": {
        "transactionId": "T-1", "originalTransactionId": "T-1", "price": 4990, "currency": "EUR", "purchaseDate": 1741132800000,
        "revocationDate": 1746403200000}}}'),
    ('n-3', '2025-05-06Z', '{"notificationType": "REFUND_REVERSED", "signedDate": 1746489600000, "data": {"transactionInfo": {
        "transactionId": "T-1", "originalTransactionId": "T-1", "price": 4990, "currency": "EUR", "purchaseDate": 1741132800000}}}'),
    ('n-4', '2025-04-05Z', '{"notificationType": "DID_RENEW", "signedDate": 1743811200000, "data": {"transactionInfo": {
        "transactionId": "T-2", "originalTransactionId": "T-1", "price": 4990, "currency": "EUR", "purchaseDate": 1743811200000}}}');
SELECT * FROM pg_temp.changes();
SELECT c.conversion, c.conversion_id, c.converted_at, c.value, c.journey_at FROM mrcall.conversions AS c
WHERE c.converted_at >= '2025-04-01Z' AND c.converted_at < '2025-07-01Z' AND c.conversion IN ('subscription', 'payment', 'refund')
ORDER BY c.conversion, c.conversion_id COLLATE "C";
-- Events of April again, and others of May.
INSERT INTO own.stripe SELECT gen_random_uuid()::text, s.document, s.created_at + interval '3 days' FROM own.stripe AS s
WHERE s.created_at >= '2025-04-01Z';
SELECT pg_temp.paid('s-never', '2025-05-01Z', 2900) \g /dev/null
SELECT * FROM pg_temp.changes();
-- A row of March itself that comes late is a correction.
SELECT pg_temp.paid('t-unpaid', '2025-03-16Z', 2900) \g /dev/null
SELECT conversions FROM pg_temp.changes();
