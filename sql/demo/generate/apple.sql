-- Apple's webhook log: App Store Server Notifications V2, decoded or still signed.

-- One row per notification. Prices are in thousandths of the currency, also of the yen.
CREATE TEMP TABLE demo_apple_event ON COMMIT DROP AS
WITH purchase AS (
    -- The first purchase of a subscription (free where a trial opens it), then its renewals.
    SELECT
        s.business_id, s.id AS original, s.apple AS product, upper(s.currency) AS currency,
        CASE WHEN n = 0 THEN s.id ELSE '2001' || pg_temp.digits(12, 1, pg_temp.part(n, s.key)) END AS transaction,
        pg_temp.part(n, s.key) AS key, p.at, n = 0 AND s.trial_end IS NOT NULL AS free,
        CASE WHEN n = 0 THEN 'SUBSCRIBED' ELSE 'DID_RENEW' END AS type,
        CASE WHEN n = 0 AND s.trial_end IS NOT NULL THEN s.trial_end ELSE p.at + s.months * interval '1 month' END AS expires_at,
        s.unit_amount * CASE s.currency WHEN 'jpy' THEN 1000 ELSE 10 END AS price
    FROM demo_subscription s
    CROSS JOIN LATERAL generate_series(0, 48) AS n
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN n = 0 THEN s.created_at
            ELSE s.paid_from + (n - (s.trial_end IS NOT NULL)::integer) * s.months * interval '1 month'
        END AS at
    ) p
    WHERE s.provider = 'apple'
        AND p.at < least(s.ended_at, s.unpaid_from, pg_temp.period_end())
        AND CASE WHEN n = 0 THEN s.fate <> 'incomplete' ELSE s.fate = 'paid' END
    UNION ALL
    -- Packs are purchases of their own.
    SELECT
        s.business_id, t.id, 'com.mrcall.minutes.100', 'EUR', t.id, pg_temp.part(99, s.key),
        s.created_at + floor(2592000 * pg_temp.u(9, s.key)) * interval '1 second', false, 'ONE_TIME_CHARGE', NULL, 9990
    FROM demo_subscription s
    CROSS JOIN LATERAL (SELECT '2002' || pg_temp.digits(12, 1, pg_temp.part(99, s.key)) AS id) t
    WHERE s.provider = 'apple' AND s.currency = 'eur' AND pg_temp.u(6, s.key) < 0.15
)
SELECT
    p.business_id, p.original, p.transaction, p.product, p.currency, CASE WHEN p.free THEN 0 ELSE p.price END AS price,
    p.at AS purchased_at, p.expires_at, p.at, NULL::timestamptz AS revoked_at, 0 AS percentage, p.type,
    CASE p.type WHEN 'SUBSCRIBED' THEN 'INITIAL_BUY' END AS subtype, p.free, pg_temp.part(1, p.key) AS key
FROM purchase p
UNION ALL
-- Refunds, a quarter of them of the half; Apple takes back one in four, and shows the transaction as it was before.
SELECT
    p.business_id, p.original, p.transaction, p.product, p.currency, p.price, p.at, p.expires_at, e.at, e.revoked_at,
    CASE WHEN pg_temp.u(6, p.key) < 0.25 THEN 50000 ELSE 100000 END, e.type, NULL, false, pg_temp.part(e.nr, p.key)
FROM purchase p
CROSS JOIN LATERAL (SELECT p.at + floor(3600 + 1296000 * pg_temp.u(3, p.key)) * interval '1 second' AS at) r
CROSS JOIN LATERAL (
    VALUES
    (2, 'REFUND', r.at, r.at),
    (4, 'REFUND_REVERSED', CASE WHEN pg_temp.u(5, p.key) < 0.25 THEN r.at + interval '12 days' END, NULL)
) AS e (nr, type, at, revoked_at)
WHERE NOT p.free AND pg_temp.u(4, p.key) < 0.03 AND e.at IS NOT NULL
UNION ALL
-- Switching the renewal off moves no money, though the notification shows the last transaction.
SELECT
    p.business_id, p.original, p.transaction, p.product, p.currency, CASE WHEN p.free THEN 0 ELSE p.price END,
    p.at, p.expires_at, s.ended_at - interval '2 days', NULL, 0, 'DID_CHANGE_RENEWAL_STATUS', 'AUTO_RENEW_DISABLED', p.free,
    pg_temp.part(3, p.key)
FROM demo_subscription s
JOIN purchase p ON p.transaction = s.id
WHERE s.ended_at IS NOT NULL;

INSERT INTO public.apple_webhooks_registry (id, document, created_at)
SELECT
    pg_temp.time_uuid(d.arrived_at, pg_temp.part(d.copy, d.key)),
    jsonb_strip_nulls(jsonb_build_object(
        'notificationType', d.type, 'subtype', d.subtype, 'notificationUUID', pg_temp.uuid_text(d.key),
        'version', '2.0', 'signedDate', pg_temp.epoch(d.at) * 1000,
        'data', jsonb_build_object('appAppleId', 1234567890, 'bundleId', 'com.mrcall.app', 'bundleVersion', '7.1', 'environment',
            'Production', 'status', CASE WHEN d.expires_at IS NOT NULL THEN 1 END) || CASE
            WHEN pg_temp.u(2, d.key) < 0.35 THEN jsonb_build_object('signedTransactionInfo', jws.text)
            ELSE jsonb_build_object('transactionInfo', d.transaction_info)
        END)),
    d.arrived_at
FROM (
    SELECT
        e.*, copy,
        e.at + floor(500 + 2000 * pg_temp.u(10 + copy, e.key) + (copy - 1) * 3600000) * interval '1 millisecond'
            AS arrived_at,
        jsonb_strip_nulls(jsonb_build_object(
            'transactionId', e.transaction, 'originalTransactionId', e.original, 'appAccountToken', e.business_id,
            'bundleId', 'com.mrcall.app', 'productId', e.product, 'price', e.price, 'currency', e.currency,
            'type', CASE WHEN e.expires_at IS NULL THEN 'Consumable' ELSE 'Auto-Renewable Subscription' END,
            'inAppOwnershipType', 'PURCHASED', 'transactionReason', CASE e.type WHEN 'DID_RENEW' THEN 'RENEWAL' ELSE 'PURCHASE' END,
            'subscriptionGroupIdentifier', CASE WHEN e.expires_at IS NOT NULL THEN '21000001' END,
            'offerType', CASE WHEN e.free THEN 1 END, 'offerDiscountType', CASE WHEN e.free THEN 'FREE_TRIAL' END,
            'quantity', 1, 'environment', 'Production', 'storefront',
            CASE e.currency WHEN 'JPY' THEN 'JPN' WHEN 'USD' THEN 'USA' ELSE 'ITA' END,
            'purchaseDate', pg_temp.epoch(e.purchased_at) * 1000, 'expiresDate', pg_temp.epoch(e.expires_at) * 1000,
            'signedDate', pg_temp.epoch(e.at) * 1000, 'revocationDate', pg_temp.epoch(e.revoked_at) * 1000)
            || CASE
                WHEN e.revoked_at IS NOT NULL THEN jsonb_build_object('revocationReason', 0, 'revocationPercentage', e.percentage,
                    'revocationType', CASE e.percentage WHEN 100000 THEN 'REFUND_FULL' ELSE 'REFUND_PRORATED' END)
                ELSE '{}'
            END) AS transaction_info
    FROM demo_apple_event e
    CROSS JOIN LATERAL generate_series(1, 2) AS copy
    WHERE e.at < pg_temp.period_end() AND (copy = 1 OR pg_temp.u(1, e.key) < 0.03)
    OFFSET 0
) d
-- A JWS in compact form: header, payload and a signature that verifies nowhere, each in base64url.
CROSS JOIN LATERAL (
    SELECT string_agg(translate(encode(part, 'base64'), E'+/=\n', '-_'), '.' ORDER BY nr) AS text
    FROM (
        VALUES
        (1, convert_to('{"alg":"ES256","typ":"JWT"}', 'UTF8')),
        (2, convert_to(d.transaction_info::text, 'UTF8')),
        (3, decode(pg_temp.hex(5, d.key) || pg_temp.hex(6, d.key) || pg_temp.hex(7, d.key) || pg_temp.hex(8, d.key),
            'hex'))
    ) AS p (nr, part)
) jws
ORDER BY d.arrived_at, d.key, d.copy;
\set stage 'Apple webhooks'
\ir done.sql
