-- Every conversion of every kind, once. Definitions: docs/conversions.md.
-- Amounts of more than 24 digits are none: garbage in a webhook must not fail a report.
CREATE OR REPLACE VIEW mrcall.conversions WITH (security_invoker = true) AS
WITH stripe_paid AS (
    -- Once per invoice: Stripe delivers an event again until it is answered.
    SELECT DISTINCT ON (i.invoice_id) i.*
    FROM (
        SELECT e.document #>> '{data,object,id}' AS invoice_id,
               coalesce(mrcall._stripe_id(e.document #> '{data,object,subscription}'),
                        mrcall._stripe_id(e.document #> '{data,object,parent,subscription_details,subscription}')) AS subscription_id,
               mrcall._stripe_id(e.document #> '{data,object,customer}') AS stripe_customer_id,
               mrcall._stripe_id(e.document #> '{data,object,charge}') AS charge_id,
               mrcall._stripe_id(e.document #> '{data,object,payment_intent}') AS payment_intent_id,
               upper(e.document #>> '{data,object,currency}') AS currency,
               mrcall.try_numeric(e.document #>> '{data,object,amount_paid}') AS minor_units,
               coalesce(mrcall.try_timestamptz(e.document #>> '{data,object,status_transitions,paid_at}'),
                        mrcall.try_timestamptz(e.document ->> 'created'), e.received_at) AS paid_at,
               e.received_at, e.event_id
        FROM mrcall.stripe_events AS e
        WHERE e.document ->> 'type' = 'invoice.paid'
    ) AS i
    WHERE i.minor_units > 0 AND i.minor_units < 1e24 AND i.invoice_id IS NOT NULL AND i.paid_at IS NOT NULL
    ORDER BY i.invoice_id, i.paid_at, i.received_at, i.event_id COLLATE "C"
),
stripe_refunded AS (
    -- amount_refunded only grows: each step above the one before is a refund.
    SELECT r.charge_id, r.minor_units - lag(r.minor_units, 1, 0::numeric) OVER w AS minor_units, r.minor_units AS total,
           r.refunded_at, r.currency, r.stripe_customer_id,
           coalesce(by_invoice.subscription_id, by_charge.subscription_id, by_intent.subscription_id) AS subscription_id,
           coalesce(by_invoice.invoice_id, by_charge.invoice_id, by_intent.invoice_id) AS invoice_id
    FROM (
        SELECT DISTINCT ON (x.charge_id, x.minor_units) x.*
        FROM (
            SELECT e.document #>> '{data,object,id}' AS charge_id,
                   mrcall.try_numeric(e.document #>> '{data,object,amount_refunded}') AS minor_units,
                   mrcall._stripe_id(e.document #> '{data,object,invoice}') AS invoice_id,
                   mrcall._stripe_id(e.document #> '{data,object,payment_intent}') AS payment_intent_id,
                   mrcall._stripe_id(e.document #> '{data,object,customer}') AS stripe_customer_id,
                   upper(e.document #>> '{data,object,currency}') AS currency,
                   coalesce(mrcall.try_timestamptz(e.document ->> 'created'), e.received_at) AS refunded_at
            FROM mrcall.stripe_events AS e
            WHERE e.document ->> 'type' = 'charge.refunded'
        ) AS x
        WHERE x.minor_units > 0 AND x.minor_units < 1e24 AND x.charge_id IS NOT NULL AND x.refunded_at IS NOT NULL
        ORDER BY x.charge_id, x.minor_units, x.refunded_at
    ) AS r
    LEFT JOIN stripe_paid AS by_invoice ON by_invoice.invoice_id = r.invoice_id
    LEFT JOIN (SELECT DISTINCT ON (p.charge_id) p.charge_id, p.subscription_id, p.invoice_id FROM stripe_paid AS p
               ORDER BY p.charge_id, p.paid_at, p.invoice_id COLLATE "C") AS by_charge
        ON by_charge.charge_id = r.charge_id AND by_invoice.invoice_id IS NULL
    LEFT JOIN (SELECT DISTINCT ON (p.payment_intent_id) p.payment_intent_id, p.subscription_id, p.invoice_id FROM stripe_paid AS p
               ORDER BY p.payment_intent_id, p.paid_at, p.invoice_id COLLATE "C") AS by_intent
        ON by_intent.payment_intent_id = r.payment_intent_id AND by_invoice.invoice_id IS NULL AND by_charge.invoice_id IS NULL
    WINDOW w AS (PARTITION BY r.charge_id ORDER BY r.minor_units)
),
apple AS (
    SELECT DISTINCT ON (a.is_refund, a.transaction_id) a.*
    FROM (
        SELECT n.document ->> 'notificationType' = 'REFUND' AS is_refund,
               t.document ->> 'transactionId' AS transaction_id,
               coalesce(t.document ->> 'originalTransactionId', t.document ->> 'transactionId') AS subscription_id,
               mrcall.try_numeric(t.document ->> 'price') AS milliunits,
               upper(t.document ->> 'currency') AS currency,
               t.document ->> 'appAccountToken' AS account_token,
               CASE WHEN n.document ->> 'notificationType' = 'REFUND'
                    THEN coalesce(mrcall.try_timestamptz(t.document ->> 'revocationDate'),
                                  mrcall.try_timestamptz(n.document ->> 'signedDate'), e.received_at)
                    ELSE coalesce(mrcall.try_timestamptz(t.document ->> 'purchaseDate'),
                                  mrcall.try_timestamptz(n.document ->> 'signedDate'), e.received_at) END AS paid_at,
               e.received_at, e.event_id
        FROM mrcall.apple_events AS e
        CROSS JOIN LATERAL (SELECT mrcall._apple_notification(e.document) AS document) AS n
        CROSS JOIN LATERAL (SELECT mrcall._apple_transaction(n.document) AS document) AS t
        WHERE n.document ->> 'notificationType' IN ('SUBSCRIBED', 'DID_RENEW', 'ONE_TIME_CHARGE', 'REFUND')
    ) AS a
    WHERE a.milliunits > 0 AND a.milliunits < 1e24 AND a.transaction_id IS NOT NULL AND a.paid_at IS NOT NULL
    ORDER BY a.is_refund, a.transaction_id, a.paid_at, a.received_at, a.event_id COLLATE "C"
),
money AS (
    SELECT 'payment' AS conversion, p.invoice_id AS conversion_id, p.subscription_id, p.stripe_customer_id,
           NULL::text AS account_token,
           coalesce(p.subscription_id, 'invoice ' || p.invoice_id) AS series, p.paid_at AS converted_at, p.currency,
           mrcall._major_units(p.minor_units, p.currency) AS value
    FROM stripe_paid AS p
    UNION ALL
    SELECT 'refund', r.charge_id || ':' || r.total, r.subscription_id, r.stripe_customer_id, NULL,
           coalesce(r.subscription_id, 'invoice ' || r.invoice_id, 'charge ' || r.charge_id), r.refunded_at, r.currency,
           -mrcall._major_units(r.minor_units, r.currency)
    FROM stripe_refunded AS r
    UNION ALL
    SELECT CASE WHEN a.is_refund THEN 'refund' ELSE 'payment' END, a.transaction_id, a.subscription_id, NULL, a.account_token,
           a.subscription_id, a.paid_at, a.currency,
           CASE WHEN a.is_refund THEN -1 ELSE 1 END
               * round(a.milliunits / 1000, greatest(coalesce(mrcall.currency_exponent(a.currency), 2),
                                                     least(scale(trim_scale(a.milliunits / 1000)), 12)))
    FROM apple AS a
),
series AS (
    SELECT m.*, min(m.converted_at) FILTER (WHERE m.conversion = 'payment') OVER (PARTITION BY m.series) AS first_paid_at
    FROM money AS m
),
billed AS (
    SELECT m.*, coalesce(s.business_id, by_customer.business_id, by_token.business_id) AS business_id
    FROM series AS m
    LEFT JOIN mrcall.subscriptions AS s ON s.subscription_id = m.subscription_id
    LEFT JOIN (SELECT b.stripe_customer_id, min(b.business_id COLLATE "C") AS business_id
               FROM mrcall.businesses AS b GROUP BY b.stripe_customer_id) AS by_customer
        ON by_customer.stripe_customer_id = m.stripe_customer_id AND s.business_id IS NULL
    -- The token that the app gives Apple with a purchase is the business's id.
    LEFT JOIN mrcall.businesses AS by_token
        ON by_token.business_id = m.account_token AND s.business_id IS NULL AND by_customer.business_id IS NULL
),
first_payment AS (
    SELECT DISTINCT ON (m.subscription_id) m.subscription_id, m.value, m.currency
    FROM money AS m
    WHERE m.conversion = 'payment' AND m.subscription_id IS NOT NULL
    ORDER BY m.subscription_id, m.converted_at, m.conversion_id COLLATE "C"
),
subscribed AS (
    SELECT s.subscription_id, s.business_id, s.product, p.value AS paid_value, p.currency AS paid_currency,
           CASE WHEN s.trial_ends_at > s.started_at THEN s.trial_ends_at ELSE s.started_at END AS converted_at
    FROM mrcall.subscriptions AS s
    LEFT JOIN first_payment AS p ON p.subscription_id = s.subscription_id
    WHERE s.started_at IS NOT NULL
      AND CASE WHEN s.trial_ends_at > s.started_at
               THEN s.trial_ends_at <= now() AND (s.ended_at IS NULL OR s.ended_at > s.trial_ends_at)
                    AND (s.status = 'active' OR p.subscription_id IS NOT NULL)
               ELSE s.status IS DISTINCT FROM 'incomplete' AND s.status IS DISTINCT FROM 'incomplete_expired' END
),
priced AS (
    SELECT p.name, upper(p.price_id ->> 'currency') AS currency,
           mrcall._major_units(u.minor_units, p.price_id ->> 'currency') AS value
    FROM mrcall.products AS p
    CROSS JOIN LATERAL (SELECT mrcall.try_numeric(p.price_id ->> 'unit_amount') AS minor_units) AS u
    WHERE u.minor_units >= 0 AND u.minor_units < 1e24
),
kinds AS (
    SELECT 'signup' AS conversion, c.customer_id AS conversion_id, c.customer_id, NULL::text AS business_id,
           c.created_at AS converted_at, 0::numeric AS value, NULL::text AS currency, NULL::text AS subscription_id,
           c.created_at AS journey_at
    FROM mrcall.customers AS c
    WHERE c.created_at IS NOT NULL
    UNION ALL
    SELECT 'business', b.business_id, b.owner, b.business_id, b.created_at, 0, NULL, NULL, b.created_at
    FROM mrcall.businesses AS b
    WHERE b.created_at IS NOT NULL
    UNION ALL
    -- The earlier of what is there and of what retention has deleted.
    SELECT 'first_call', b.business_id, b.owner, b.business_id, least(f.started_at, d.first_call_at), 0, NULL, NULL,
           least(f.started_at, d.first_call_at)
    FROM mrcall.businesses AS b
    LEFT JOIN LATERAL (SELECT c.started_at FROM mrcall.calls AS c
                       WHERE c.business_id = b.business_id AND c.started_at IS NOT NULL
                       ORDER BY c.started_at LIMIT 1) AS f ON true
    LEFT JOIN mrcall.first_call AS d ON d.business_id = b.business_id
    WHERE f.started_at IS NOT NULL OR d.first_call_at IS NOT NULL
    UNION ALL
    SELECT 'subscription', s.subscription_id, b.owner, s.business_id, s.converted_at,
           CASE WHEN l.value IS NULL THEN coalesce(s.paid_value, 0) ELSE l.value END,
           CASE WHEN l.value IS NULL THEN s.paid_currency ELSE l.currency END, s.subscription_id, s.converted_at
    FROM subscribed AS s
    LEFT JOIN mrcall.businesses AS b ON b.business_id = s.business_id
    LEFT JOIN priced AS l ON l.name = s.product
    UNION ALL
    SELECT m.conversion, m.conversion_id, b.owner, m.business_id, m.converted_at, m.value, m.currency, m.subscription_id,
           coalesce(m.first_paid_at, m.converted_at)
    FROM billed AS m
    LEFT JOIN mrcall.businesses AS b ON b.business_id = m.business_id
)
SELECT k.conversion, k.conversion_id, k.customer_id, k.business_id, c.website_session_id AS visitor_id, k.converted_at,
       k.value, k.currency, k.subscription_id, k.journey_at
FROM kinds AS k
LEFT JOIN mrcall.customers AS c ON c.customer_id = k.customer_id;
COMMENT ON VIEW mrcall.conversions IS
    'signup, business, first_call, subscription, payment and refund, each once; journey_at is where its journey ends';
