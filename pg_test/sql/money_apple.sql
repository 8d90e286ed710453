-- Apple's notifications that move money: each kind of history once, where what customers paid less what went back is known; then the
-- same deliveries in other orders, some twice.
\pset footer off
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA own;
CREATE TABLE own.apple (LIKE public.apple_webhooks_registry INCLUDING DEFAULTS);
CREATE TABLE own.business (LIKE public.business INCLUDING DEFAULTS);
INSERT INTO own.business (business_id, owner, created_at) VALUES ('b-1', 'nobody', '2025-01-01Z');
SELECT mrcall.attach('{"stripe_events": {"table": null}, "apple_events": {"table": "own.apple"}, "products": {"table": null},
                       "businesses": {"table": "own.business"}, "subscriptions": {"table": null}}') \g /dev/null

-- at: hours after 2025-06-01. The transactions of a history have its letter; what is beside a transaction is beside.
CREATE TABLE own.delivery (nr serial, history text, at int, type text, subtype text, transaction jsonb,
                           environment text DEFAULT 'Production');
CREATE FUNCTION pg_temp.jws(payload jsonb) RETURNS text LANGUAGE sql IMMUTABLE
AS $$ SELECT 'e30.' || rtrim(translate(encode(convert_to(payload::text, 'UTF8'), 'base64'), E'+/\n', '-_'), '=') || '.c2ln' $$;
CREATE FUNCTION pg_temp.load(seed int) RETURNS void LANGUAGE sql
AS $$
    TRUNCATE own.apple;
    INSERT INTO own.apple (id, created_at, document)
    SELECT format('n-%s', d.nr), timestamptz '2025-06-01Z' + d.at * interval '1 hour' + interval '2 seconds',
           CASE d.nr % 3
               WHEN 0 THEN n.document || jsonb_build_object('data', n.data || jsonb_build_object('transactionInfo', d.transaction))
               WHEN 1 THEN n.document || jsonb_build_object(
                   'data', n.data || jsonb_build_object('signedTransactionInfo', pg_temp.jws(d.transaction)))
               ELSE jsonb_build_object('signedPayload', pg_temp.jws(n.document || jsonb_build_object(
                   'data', n.data || jsonb_build_object('signedTransactionInfo', pg_temp.jws(d.transaction))))) END
    FROM own.delivery AS d
    CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(
        'notificationType', d.type, 'subtype', d.subtype, 'version', '2.0', 'notificationUUID', 'u-' || d.nr,
        'signedDate', 1748736000000 + d.at * 3600000::bigint)) AS document,
        jsonb_build_object('bundleId', 'com.mrcall.app', 'environment', d.environment) AS data) AS n
    CROSS JOIN LATERAL generate_series(1, CASE WHEN seed = 0 THEN 1 ELSE 1 + (hashtext(seed || 'times' || d.nr) & 1) END)
    ORDER BY CASE WHEN seed = 0 THEN d.nr ELSE hashtext(seed || 'order' || d.nr) END;
$$;
-- A transaction bought at an hour: nr 0 is the first of its subscription.
CREATE FUNCTION pg_temp.bought(history text, nr int, at int, price int, beside jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql
AS $$
    SELECT jsonb_build_object(
        'transactionId', format('%s-%s', history, nr), 'originalTransactionId', history || '-0', 'price', price, 'currency', 'EUR',
        'purchaseDate', 1748736000000 + at * 3600000::bigint, 'inAppOwnershipType', 'PURCHASED', 'type', 'Auto-Renewable Subscription',
        'transactionReason', CASE nr WHEN 0 THEN 'PURCHASE' ELSE 'RENEWAL' END, 'environment', 'Production', 'appAccountToken', 'b-1')
        || beside
$$;
CREATE FUNCTION pg_temp.revoked(at int, percentage int DEFAULT NULL) RETURNS jsonb LANGUAGE sql
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'revocationDate', 1748736000000 + at * 3600000::bigint, 'revocationReason', 0, 'revocationPercentage', percentage,
        'revocationType', CASE WHEN percentage < 100000 THEN 'REFUND_PRORATED' ELSE 'REFUND_FULL' END))
$$;

CREATE TABLE own.truth (history text PRIMARY KEY, kept numeric, what text);
INSERT INTO own.truth VALUES
    ('a', 9.98, 'bought and renewed'), ('b', NULL, 'Sandbox'), ('c', 4.99, 'a refund that is reversed'),
    ('d', 0, 'an upgrade, charged at once, and its refund'), ('e', NULL, 'what a family shares'), ('f', 3.34, 'a third refunded'),
    ('g', 0, 'a third refunded, then all'), ('h', 4.99, 'known only by the end of the subscription'),
    ('i', NULL, 'a refund without its payment'), ('j', 0, 'refunded, reversed, refunded again'),
    ('k', 4.99, 'a trial, then paid'), ('l', 1.99, 'a pack'), ('m', 0, 'a refund known only by a later notification'),
    ('n', NULL, 'Xcode, as the transaction says'), ('o', 4.99, 'reversed, of which only the reversal is known'),
    ('p', 19.99, 'redeemed an offer');
INSERT INTO own.delivery (history, at, type, subtype, transaction) VALUES
    ('a', 0, 'SUBSCRIBED', 'INITIAL_BUY', pg_temp.bought('a', 0, 0, 4990)),
    ('a', 720, 'DID_RENEW', NULL, pg_temp.bought('a', 1, 720, 4990)),
    ('a', 800, 'DID_CHANGE_RENEWAL_STATUS', 'AUTO_RENEW_DISABLED', pg_temp.bought('a', 1, 720, 4990)),
    ('c', 0, 'SUBSCRIBED', 'INITIAL_BUY', pg_temp.bought('c', 0, 0, 4990)),
    ('c', 24, 'REFUND', NULL, pg_temp.bought('c', 0, 0, 4990, pg_temp.revoked(24))),
    ('c', 48, 'REFUND_REVERSED', NULL, pg_temp.bought('c', 0, 0, 4990)),
    ('d', 24, 'DID_CHANGE_RENEWAL_PREF', 'UPGRADE', pg_temp.bought('d', 1, 24, 19990)),
    ('d', 48, 'REFUND', NULL, pg_temp.bought('d', 1, 24, 19990, pg_temp.revoked(48, 100000))),
    ('e', 0, 'SUBSCRIBED', 'INITIAL_BUY', pg_temp.bought('e', 0, 0, 4990, '{"inAppOwnershipType": "FAMILY_SHARED"}')),
    ('e', 24, 'REVOKE', NULL, pg_temp.bought('e', 0, 0, 4990, '{"inAppOwnershipType": "FAMILY_SHARED", "revocationType": "FAMILY_REVOKE",
        "revocationDate": 1748822400000}')),
    ('f', 0, 'DID_RENEW', NULL, pg_temp.bought('f', 1, 0, 4990)),
    ('f', 24, 'REFUND', NULL, pg_temp.bought('f', 1, 0, 4990, pg_temp.revoked(24, 33067))),
    ('g', 0, 'DID_RENEW', 'BILLING_RECOVERY', pg_temp.bought('g', 1, 0, 4990)),
    ('g', 24, 'REFUND', NULL, pg_temp.bought('g', 1, 0, 4990, pg_temp.revoked(24, 33333))),
    ('g', 48, 'REFUND', NULL, pg_temp.bought('g', 1, 0, 4990, pg_temp.revoked(48, 100000))),
    ('h', 700, 'EXPIRED', 'VOLUNTARY', pg_temp.bought('h', 1, 0, 4990)),
    ('i', 24, 'REFUND', NULL, pg_temp.bought('i', 1, 0, 4990, pg_temp.revoked(24))),
    ('j', 0, 'DID_RENEW', NULL, pg_temp.bought('j', 1, 0, 4990)),
    ('j', 24, 'REFUND', NULL, pg_temp.bought('j', 1, 0, 4990, pg_temp.revoked(24, 50000))),
    ('j', 48, 'REFUND_REVERSED', NULL, pg_temp.bought('j', 1, 0, 4990)),
    ('j', 72, 'REFUND', NULL, pg_temp.bought('j', 1, 0, 4990, pg_temp.revoked(72))),
    ('k', 0, 'SUBSCRIBED', 'INITIAL_BUY', pg_temp.bought('k', 0, 0, 0, '{"offerType": 1, "offerDiscountType": "FREE_TRIAL"}')),
    ('k', 168, 'DID_RENEW', NULL, pg_temp.bought('k', 1, 168, 4990)),
    ('l', 0, 'ONE_TIME_CHARGE', NULL, pg_temp.bought('l', 0, 0, 1990, '{"type": "Consumable", "quantity": 1}')),
    ('l', 3, 'CONSUMPTION_REQUEST', NULL, pg_temp.bought('l', 0, 0, 1990, '{"type": "Consumable", "quantity": 1}')),
    ('l', 9, 'REFUND_DECLINED', NULL, pg_temp.bought('l', 0, 0, 1990, '{"type": "Consumable", "quantity": 1}')),
    ('m', 0, 'DID_RENEW', NULL, pg_temp.bought('m', 1, 0, 4990)),
    ('m', 30, 'DID_CHANGE_RENEWAL_STATUS', 'AUTO_RENEW_DISABLED', pg_temp.bought('m', 1, 0, 4990, pg_temp.revoked(24))),
    ('o', 48, 'REFUND_REVERSED', NULL, pg_temp.bought('o', 1, 0, 4990)),
    ('p', 0, 'OFFER_REDEEMED', 'UPGRADE', pg_temp.bought('p', 0, 0, 19990));
INSERT INTO own.delivery (history, at, type, transaction, environment)
SELECT 'b', n, 'DID_RENEW', pg_temp.bought('b', n, n, 4990, '{"environment": "Sandbox"}'), 'Sandbox' FROM generate_series(0, 11) AS n
UNION ALL
SELECT 'n', 0, 'SUBSCRIBED', pg_temp.bought('n', 0, 0, 4990, '{"environment": "Xcode"}'), 'Production';
CREATE VIEW own.money AS
SELECT t.history, c.conversion, c.conversion_id, c.converted_at, c.value, c.currency, c.subscription_id, c.business_id, c.journey_at
FROM mrcall.conversions AS c
JOIN own.truth AS t ON c.conversion_id ~ ('^' || t.history || '-')
WHERE c.conversion IN ('payment', 'refund');
SELECT pg_temp.load(0) \g /dev/null
SELECT history, conversion, conversion_id, to_char(converted_at, 'MM-DD HH24:MI') AS at, value, subscription_id, business_id,
       to_char(journey_at, 'MM-DD HH24:MI') AS journey_at
FROM own.money ORDER BY history, converted_at, conversion, conversion_id COLLATE "C";
SELECT t.history, t.kept, m.kept AS ours, t.what
FROM own.truth AS t LEFT JOIN (SELECT history, sum(value) AS kept FROM own.money GROUP BY history) AS m USING (history)
WHERE t.kept IS DISTINCT FROM m.kept;
INSERT INTO own.apple (id, created_at, document) VALUES
    ('z-1', '2025-06-01Z', '{"signedPayload": "no JWS"}'), ('z-2', '2025-06-01Z', '{"signedPayload": {"a": 1}}'),
    ('z-3', '2025-06-01Z', '{"notificationType": "DID_RENEW", "data": {"transactionInfo": {"transactionId": "  ", "price": 4990}}}'),
    ('z-4', '2025-06-01Z', '{"notificationType": "DID_RENEW", "data": {"signedTransactionInfo": "no JWS"}}'),
    ('z-5', '2025-06-01Z', '{"notificationType": "DID_RENEW", "data": {"transactionInfo": {"transactionId": "z", "price": "4.99 EUR"}}}'),
    ('z-6', '2025-06-01Z', '{"notificationType": "TEST", "data": {"environment": "Sandbox"}}');
SELECT severity, finding FROM mrcall.doctor() WHERE object = 'apple_events' AND finding !~ '^reads '
ORDER BY severity, finding COLLATE "C";

CREATE TABLE own.answer AS SELECT * FROM own.money;
DO $$
DECLARE
    differences text;
BEGIN
    FOR seed IN 1..20 LOOP
        PERFORM pg_temp.load(seed);
        SELECT string_agg(d::text, ' ') INTO differences
        FROM ((TABLE own.money EXCEPT ALL TABLE own.answer) UNION ALL (TABLE own.answer EXCEPT ALL TABLE own.money)) AS d;
        IF differences IS NOT NULL THEN
            RAISE EXCEPTION 'seed %: %', seed, left(differences, 500);
        END IF;
    END LOOP;
END
$$;
SELECT pg_temp.load(0) \g /dev/null
SELECT count(*) > 20 AS many,
       count(*) FILTER (WHERE e.value IS DISTINCT FROM m.value OR e.journey_at IS DISTINCT FROM m.journey_at) AS different
FROM own.money AS m LEFT JOIN LATERAL mrcall_internal.conversions(m.conversion, m.conversion_id) AS e ON true;

-- The mapping lets tests and shared purchases in.
SELECT mrcall.attach('{"stripe_events": {"table": null}, "products": {"table": null}, "subscriptions": {"table": null},
    "apple_events": {"table": "own.apple", "columns": {"document": "document || ''{\"mrcall_counts\": true}''"}},
    "businesses": {"table": "own.business"}}') \g /dev/null
SELECT history, sum(value) FROM own.money WHERE history IN ('b', 'e', 'n') GROUP BY 1 ORDER BY 1;
