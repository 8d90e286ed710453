-- mrcall.conversions on rows written by hand, where the answer is known. All of it lies in the year 2024, before the
-- demo data.
\pset footer off
SET LOCAL timezone = 'UTC';

-- T-anna has two businesses and two browsers; T-ben one business; T-carl the browser of T-anna; the last has no owner.
INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-anna', '2024-03-01 12:00Z',
        '{"website_session_id": "T-browser-a2", "website_session_ids": ["T-browser-a1", "T-browser-a2"]}'),
    ('T-ben', '2024-03-02 12:00Z', '{"website_session_id": "T-browser-b1"}'), ('T-carl', '2024-03-03 12:00Z',
        '{"website_session_id": "T-browser-a1"}'),
    ('T-dora', '2024-03-04 12:00Z', '{}');
INSERT INTO public.business (business_id, owner, created_at, stripe_customer_id) VALUES
    ('T-a1', 'T-anna', '2024-03-01 13:00Z', 'T-cus-a'), ('T-a2', 'T-anna', '2024-03-05 13:00Z', 'T-cus-a'),
    ('T-b1', 'T-ben', '2024-03-02 13:00Z', 'T-cus-b'), ('T-orphan', NULL, '2024-03-06 13:00Z', 'T-cus-o');
INSERT INTO public.sessions (id, business_id, start_timestamp) VALUES
    ('T-call-2', 'T-a1', '2024-03-07 10:00Z'), ('T-call-1', 'T-a1', '2024-03-06 10:00Z'), ('T-call-3', 'T-orphan',
        '2024-03-08 10:00Z'),
    ('T-call-4', NULL, '2024-03-08 10:00Z');
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-a1', '2024-03-01 11:00Z', 'https://mrcall.ai/', 'newsletter', 'email'),
    ('T-browser-a2', '2024-03-01 11:30:01Z', 'https://mrcall.ai/', 'google', 'cpc'),
    ('T-browser-a1', '2024-03-20 11:00Z', 'https://mrcall.ai/', NULL, NULL),
    ('T-browser-b1', '2024-03-02 11:00Z', 'https://mrcall.ai/', 'google', 'organic');
SELECT c.conversion, c.conversion_id, c.customer_id, c.business_id, c.visitor_id, c.converted_at, c.value, c.currency
FROM mrcall.conversions AS c
WHERE c.conversion IN ('signup', 'business', 'first_call') AND c.conversion_id ~ '^T-'
ORDER BY 1, 2;

-- Subscriptions: the first moment outside a trial, at the list price, else at what was paid first; a trial that never
-- pays is none.
INSERT INTO public.product (name, product_type, price_id) VALUES
    ('T-eur', 'subscription', '{"unit_amount": 2900, "currency": "eur"}'), ('T-jpy', 'subscription',
        '{"unit_amount": 4800, "currency": "jpy"}'),
    ('T-free', 'subscription', '{}');
INSERT INTO public.payment_subscription (id, business_id, provider, status, product, created_at, trial_end,
    ended_at) VALUES
    ('T-no-trial', 'T-a1', 'stripe', 'active', 'T-eur', '2024-04-01 10:00Z', NULL, NULL),
    ('T-yen', 'T-a1', 'stripe', 'active', 'T-jpy', '2024-04-02 10:00Z', NULL, NULL),
    ('T-trial-paid', 'T-a2', 'stripe', 'active', 'T-eur', '2024-04-01 10:00Z', '2024-04-15 10:00Z', NULL),
    ('T-trial-left', 'T-b1', 'stripe', 'canceled', 'T-eur', '2024-04-01 10:00Z', '2024-04-15 10:00Z',
        '2024-04-10 10:00Z'),
    ('T-trial-left-at-end', 'T-b1', 'stripe', 'canceled', 'T-eur', '2024-04-01 10:00Z', '2024-04-15 10:00Z',
        '2024-04-15 10:00Z'),
    ('T-trial-unpaid', 'T-b1', 'stripe', 'past_due', 'T-eur', '2024-04-01 10:00Z', '2024-04-15 10:00Z', NULL),
    ('T-trial-paid-then-left', 'T-b1', 'stripe', 'canceled', 'T-eur', '2024-04-01 10:00Z', '2024-04-15 10:00Z',
        '2024-05-15 10:00Z'),
    ('T-trial-runs', 'T-b1', 'stripe', 'trialing', 'T-eur', '2024-04-01 10:00Z', '2199-01-01Z', NULL),
    ('T-incomplete', 'T-b1', 'stripe', 'incomplete', 'T-eur', '2024-04-01 10:00Z', NULL, NULL),
    ('T-expired', 'T-b1', 'stripe', 'incomplete_expired', 'T-eur', '2024-04-01 10:00Z', NULL, '2024-04-02 10:00Z'),
    ('T-left-after-paying', 'T-b1', 'stripe', 'canceled', 'T-eur', '2024-04-01 10:00Z', NULL, '2024-06-01Z'),
    ('T-no-product', 'T-b1', 'stripe', 'active', NULL, '2024-04-01 10:00Z', NULL, NULL),
    ('T-no-price', 'T-orphan', 'stripe', 'active', 'T-free', '2024-04-01 10:00Z', NULL, NULL),
    ('T-nowhere', NULL, 'apple', 'active', 'T-eur', '2024-04-01 10:00Z', NULL, NULL);

-- Stripe's webhooks: type, seconds since midnight of 2024-04-15, and the object.
CREATE FUNCTION pg_temp.stripe(id text, type text, seconds int, object jsonb)
RETURNS void LANGUAGE sql
AS $$
    INSERT INTO public.stripe_webhooks_registry (id, created_at, document)
    VALUES (id, timestamptz '2024-04-15Z' + (seconds + 1) * interval '1 second',
            jsonb_build_object('id', id, 'object', 'event', 'type', type, 'created', extract(epoch
                FROM timestamptz '2024-04-15Z')::bigint + seconds,
                               'data', jsonb_build_object('object', object)))
$$;
SELECT pg_temp.stripe(w.id, w.type, w.seconds, w.object::jsonb)
FROM (VALUES
    -- Delivered twice, the later delivery first; both shapes of a document; objects in place of ids.
    ('T-e1b', 'invoice.paid', 90,
        '{"id": "T-in-1", "subscription": "T-no-trial", "charge": "T-ch-1", "customer": "T-cus-a",
         "amount_paid": 2900, "currency": "eur"}'),
    ('T-e1a', 'invoice.paid', 60,
        '{"id": "T-in-1", "subscription": "T-no-trial", "charge": "T-ch-1", "customer": "T-cus-a",
         "amount_paid": 2900, "currency": "eur"}'),
    ('T-e2', 'invoice.paid', 100,
        '{"id": "T-in-2", "parent": {"subscription_details": {"subscription": "T-trial-paid"}},
         "payment_intent": "T-pi-2", "amount_paid": 2900, "currency": "eur"}'),
    ('T-e3', 'invoice.paid', 200,
        '{"id": "T-in-3", "subscription": {"id": "T-trial-paid-then-left", "object": "subscription"},
         "amount_paid": 2900, "currency": "eur", "status_transitions": {"paid_at": 1713139230}}'),
    -- A trial's invoice of nothing, an attempt that failed, yen without minor units, dinars with three digits.
    ('T-e4', 'invoice.paid', 300,
        '{"id": "T-in-4", "subscription": "T-trial-left", "amount_paid": 0, "currency": "eur"}'),
    ('T-e5', 'invoice.payment_failed', 310,
        '{"id": "T-in-5", "subscription": "T-trial-unpaid", "amount_paid": 0, "amount_due": 2900, "currency": "eur"}'),
    ('T-e6', 'invoice.paid', 320, '{"id": "T-in-6", "subscription": "T-yen", "amount_paid": 4800, "currency": "jpy"}'),
    ('T-e7', 'invoice.paid', 330,
        '{"id": "T-in-7", "subscription": "T-no-product", "amount_paid": 12345, "currency": "kwd"}'),
    -- No subscription: found by the customer, by nobody; nothing that could be an amount.
    ('T-e8', 'invoice.paid', 340,
        '{"id": "T-in-8", "subscription": null, "customer": {"id": "T-cus-b"}, "charge": "T-ch-8",
         "amount_paid": 990, "currency": "usd"}'),
    ('T-e9', 'invoice.paid', 350,
        '{"id": "T-in-9", "subscription": "T-unknown", "customer": "T-cus-unknown", "amount_paid": 100,
         "currency": "usd"}'),
    ('T-e10', 'invoice.paid', 360,
        '{"id": "T-in-10", "subscription": "T-no-trial", "amount_paid": "much", "currency": "eur"}'),
    -- A renewal, and the refunds of the first invoice: in part, in whole, out of order and twice.
    ('T-e11', 'invoice.paid', 2592060,
        '{"id": "T-in-11", "subscription": "T-no-trial", "charge": "T-ch-11", "customer": "T-cus-a",
         "amount_paid": 2900, "currency": "eur"}'),
    ('T-r2', 'charge.refunded', 5000,
        '{"id": "T-ch-1", "invoice": "T-in-1", "amount_refunded": 2900, "currency": "eur"}'),
    ('T-r1b', 'charge.refunded', 4100,
        '{"id": "T-ch-1", "invoice": "T-in-1", "amount_refunded": 1001, "currency": "eur"}'),
    ('T-r1a', 'charge.refunded', 4000,
        '{"id": "T-ch-1", "invoice": "T-in-1", "amount_refunded": 1001, "currency": "eur"}'),
    ('T-r2b', 'charge.refunded', 5001,
        '{"id": "T-ch-1", "invoice": "T-in-1", "amount_refunded": 2900, "currency": "eur"}'),
    -- By the charge, by the payment intent, by nothing but the customer; nothing refunded.
    ('T-r3', 'charge.refunded', 6000, '{"id": "T-ch-8", "amount_refunded": 990, "currency": "usd"}'),
    ('T-r4', 'charge.refunded', 6001,
        '{"id": "T-ch-2", "payment_intent": "T-pi-2", "amount_refunded": 2900, "currency": "eur"}'),
    ('T-r5', 'charge.refunded', 6002,
        '{"id": "T-ch-x", "customer": "T-cus-o", "amount_refunded": 5, "currency": "jpy"}'),
    ('T-r6', 'charge.refunded', 6003,
        '{"id": "T-ch-y", "customer": "T-cus-o", "amount_refunded": 0, "currency": "jpy"}')
) AS w (id, type, seconds, object) \g /dev/null

-- Apple's notifications, decoded or as Apple signs them; milliunits, once a transaction.
INSERT INTO public.payment_subscription (id, business_id, provider, status, created_at) VALUES ('T-2000', 'T-a2',
    'apple', 'active', '2024-04-20 10:00Z');
CREATE FUNCTION pg_temp.jws(payload jsonb)
RETURNS text LANGUAGE sql
AS $$
    SELECT 'eyJhbGciOiJFUzI1NiJ9.' || rtrim(translate(replace(encode(convert_to(payload::text, 'UTF8'), 'base64'),
        E'\n', ''), '+/', '-_'), '=') || '.c2lnbmF0dXJl'
$$;
INSERT INTO public.apple_webhooks_registry (id, created_at, document)
SELECT n.id, '2024-05-01 00:00:10Z',
       CASE n.form
           WHEN 'decoded' THEN d.notification || jsonb_build_object('data', jsonb_build_object('transactionInfo',
               n.transaction::jsonb))
           WHEN 'inner' THEN d.notification || jsonb_build_object('data', jsonb_build_object('signedTransactionInfo',
               pg_temp.jws(n.transaction::jsonb)))
           WHEN 'signed' THEN jsonb_build_object('signedPayload', pg_temp.jws(d.notification
               || jsonb_build_object('data', jsonb_build_object('signedTransactionInfo',
                   pg_temp.jws(n.transaction::jsonb)))))
           ELSE '{"signedPayload": "no.jws"}' END
FROM (VALUES
    ('T-a1', 'decoded', 'SUBSCRIBED',
        '{"transactionId": "T-2000", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1713607200000}'),
    ('T-a2', 'inner', 'SUBSCRIBED',
        '{"transactionId": "T-2000", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1713607200000}'),
    ('T-a3', 'inner', 'DID_RENEW',
        '{"transactionId": "T-2001", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1714471200000}'),
    ('T-a4', 'signed', 'DID_RENEW',
        '{"transactionId": "T-2002", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1714557600000, "note": "Zoë ???>>>"}'),
    ('T-a5', 'signed', 'REFUND',
        '{"transactionId": "T-2001", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1714471200000, "revocationDate": 1714561200000}'),
    ('T-a6', 'decoded', 'REFUND',
        '{"transactionId": "T-2001", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1714471200000, "revocationDate": 1714561200000}'),
    ('T-a7', 'decoded', 'ONE_TIME_CHARGE',
        '{"transactionId": "T-3000", "price": 1200000, "currency": "JPY", "purchaseDate": 1714561200000}'),
    ('T-a8', 'decoded', 'SUBSCRIBED',
        '{"transactionId": "T-2003", "originalTransactionId": "T-2000", "price": 0, "currency": "EUR",
         "purchaseDate": 1714561200000}'),
    ('T-a9', 'decoded', 'EXPIRED',
        '{"transactionId": "T-2004", "originalTransactionId": "T-2000", "price": 29990, "currency": "EUR",
         "purchaseDate": 1714561200000}'),
    ('T-a10', 'broken', 'DID_RENEW', '{}')
) AS n (id, form, type, transaction)
CROSS JOIN LATERAL (SELECT jsonb_build_object('notificationType', n.type, 'signedDate', 1714521600000) AS notification)
    AS d;

SELECT c.conversion_id, c.customer_id, c.business_id, c.converted_at, c.value, c.currency
FROM mrcall.conversions AS c WHERE c.conversion = 'subscription' AND c.conversion_id ~ '^T-'
    ORDER BY c.conversion_id COLLATE "C";
SELECT c.conversion, c.conversion_id, c.subscription_id, c.customer_id, c.business_id, c.converted_at, c.value,
    c.currency, c.journey_at
FROM mrcall.conversions AS c
WHERE c.conversion IN ('payment', 'refund') AND c.conversion_id ~ '^T-'
ORDER BY c.conversion, c.converted_at, c.conversion_id COLLATE "C";

-- Each kind holds each of its conversions once.
SELECT count(*) > 100 AS many, count(*) - count(DISTINCT (c.conversion, c.conversion_id)) AS doubled
    FROM mrcall.conversions AS c;

-- A refund takes back the credit where the payment gave it: the invoice T-in-1, fully refunded weeks after new touches
-- came.
DELETE FROM public.stripe_webhooks_registry AS s WHERE s.id ~ '^T-' AND s.id !~ '^T-(e1|r1|r2)[ab]?$';
DELETE FROM public.apple_webhooks_registry AS a WHERE a.id ~ '^T-';
UPDATE public.stripe_webhooks_registry AS s SET document = jsonb_set(s.document, '{created}',
    to_jsonb((s.document ->> 'created')::bigint + 40 * 86400))
WHERE s.id ~ '^T-r';
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-a1', '2024-05-10 11:00Z', 'https://mrcall.ai/', 'partner', 'affiliate');
SELECT a.dimension_value, a.conversions, a.value, r.conversions AS refunds, r.value AS refunded
FROM mrcall.attribution('2024-04-01Z', '2024-05-01Z', 'time_decay', 'payment', '60 days') AS a
FULL JOIN mrcall.attribution('2024-05-01Z', '2024-07-01Z', 'time_decay', 'refund', '60 days') AS r USING
    (dimension_value)
ORDER BY 1;
SELECT m.model, count(*) > 1 AS compared, count(*) FILTER (WHERE s.value <> 0) AS channels_not_zero
FROM unnest('{first_touch,last_touch,last_non_direct,last_paid}'::text[]) AS m (model)
CROSS JOIN LATERAL (
    SELECT x.dimension_value, sum(x.value) AS value
    FROM (SELECT * FROM mrcall.attribution('2024-04-01Z', '2024-05-01Z', m.model, 'payment', '60 days')
          UNION ALL SELECT * FROM mrcall.attribution('2024-05-01Z', '2024-07-01Z', m.model, 'refund', '60 days')) AS x
    GROUP BY 1) AS s
GROUP BY 1
ORDER BY 1;
