-- The query of mrcall.conversions, over the views of the schema (written "mrcall."), or over CTEs of their names.
-- Amounts of more than 24 digits do not count: garbage in a webhook must not fail a report.
-- Each branch names its kind by a constant, so that the planner drops the others where one kind is asked for.
-- coalesce(..., false) keeps the planner from taking conditions that nearly every row meets for rare ones.
WITH customer AS NOT MATERIALIZED (
    -- A mapped table may repeat an id: it is one customer, since the first of its rows.
    SELECT c.customer_id, min(c.created_at) AS created_at,
           min(c.website_session_id COLLATE "C") COLLATE pg_catalog."default" AS website_session_id
    FROM mrcall.customers AS c
    WHERE c.customer_id IS NOT NULL
    GROUP BY c.customer_id
),
business AS NOT MATERIALIZED (
    SELECT b.business_id,
           min(b.owner COLLATE "C") COLLATE pg_catalog."default" AS owner, min(b.created_at) AS created_at
    FROM {schema}businesses AS b
    WHERE b.business_id IS NOT NULL
    GROUP BY b.business_id
),
subscription AS NOT MATERIALIZED (
    SELECT DISTINCT ON (s.subscription_id) s.*
    FROM {schema}subscriptions AS s
    WHERE s.subscription_id IS NOT NULL
    ORDER BY s.subscription_id, s.started_at, s.trial_ends_at, s.ended_at, s.business_id COLLATE "C"
),
stripe_paid AS (
    -- Once per invoice: Stripe delivers an event again until it is answered.
    SELECT DISTINCT ON (i.invoice_id) i.*
    FROM (
        SELECT o.invoice ->> 'id' AS invoice_id,
               coalesce(mrcall_internal.stripe_id(o.invoice -> 'subscription'),
                        mrcall_internal.stripe_id(o.invoice #> '{parent,subscription_details,subscription}')) AS subscription_id,
               mrcall_internal.stripe_id(o.invoice -> 'customer') AS stripe_customer_id,
               mrcall_internal.stripe_id(o.invoice -> 'charge') AS charge_id,
               mrcall_internal.stripe_id(o.invoice -> 'payment_intent') AS payment_intent_id,
               mrcall_internal.currency_code(o.invoice ->> 'currency') AS currency,
               mrcall.try_numeric(o.invoice ->> 'amount_paid') AS minor_units,
               coalesce(mrcall.try_timestamptz(o.invoice #>> '{status_transitions,paid_at}'),
                        mrcall.try_timestamptz(o.created), o.received_at) AS paid_at,
               o.received_at, o.event_id
        FROM (SELECT e.document #> '{data,object}' AS invoice, e.document ->> 'created' AS created, e.received_at, e.event_id
              FROM {schema}stripe_events AS e
              WHERE e.document ->> 'type' = 'invoice.paid') AS o
    ) AS i
    WHERE coalesce(i.minor_units > 0 AND i.minor_units < 1e24 AND i.invoice_id IS NOT NULL AND i.paid_at IS NOT NULL, false)
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
            SELECT o.charge ->> 'id' AS charge_id,
                   mrcall.try_numeric(o.charge ->> 'amount_refunded') AS minor_units,
                   mrcall_internal.stripe_id(o.charge -> 'invoice') AS invoice_id,
                   mrcall_internal.stripe_id(o.charge -> 'payment_intent') AS payment_intent_id,
                   mrcall_internal.stripe_id(o.charge -> 'customer') AS stripe_customer_id,
                   mrcall_internal.currency_code(o.charge ->> 'currency') AS currency,
                   coalesce(mrcall.try_timestamptz(o.created), o.received_at) AS refunded_at
            FROM (SELECT e.document #> '{data,object}' AS charge, e.document ->> 'created' AS created, e.received_at
                  FROM {schema}stripe_events AS e
                  WHERE e.document ->> 'type' = 'charge.refunded') AS o
        ) AS x
        WHERE coalesce(x.minor_units > 0 AND x.minor_units < 1e24 AND x.charge_id IS NOT NULL AND x.refunded_at IS NOT NULL,
                       false)
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
    SELECT DISTINCT ON (a.is_refund, a.transaction_id) a.*,
           round(a.milliunits / 1000, greatest(coalesce(mrcall.currency_exponent(a.currency), 2),
                                               least(scale(trim_scale(a.milliunits / 1000)), 12))) AS value
    FROM (
        SELECT n.document ->> 'notificationType' = 'REFUND' AS is_refund,
               t.document ->> 'transactionId' AS transaction_id,
               coalesce(t.document ->> 'originalTransactionId', t.document ->> 'transactionId') AS subscription_id,
               mrcall.try_numeric(t.document ->> 'price') AS milliunits,
               mrcall_internal.currency_code(t.document ->> 'currency') AS currency,
               t.document ->> 'appAccountToken' AS account_token,
               CASE WHEN n.document ->> 'notificationType' = 'REFUND'
                    THEN coalesce(mrcall.try_timestamptz(t.document ->> 'revocationDate'),
                                  mrcall.try_timestamptz(n.document ->> 'signedDate'), e.received_at)
                    ELSE coalesce(mrcall.try_timestamptz(t.document ->> 'purchaseDate'),
                                  mrcall.try_timestamptz(n.document ->> 'signedDate'), e.received_at) END AS paid_at,
               e.received_at, e.event_id
        FROM {schema}apple_events AS e
        CROSS JOIN LATERAL (SELECT mrcall_internal.apple_notification(e.document) AS document OFFSET 0) AS n
        CROSS JOIN LATERAL (SELECT mrcall_internal.apple_transaction(n.document) AS document OFFSET 0) AS t
        WHERE n.document ->> 'notificationType' IN ('SUBSCRIBED', 'DID_RENEW', 'ONE_TIME_CHARGE', 'REFUND')
    ) AS a
    WHERE coalesce(a.milliunits > 0 AND a.milliunits < 1e24 AND a.transaction_id IS NOT NULL AND a.paid_at IS NOT NULL, false)
    ORDER BY a.is_refund, a.transaction_id, a.paid_at, a.received_at, a.event_id COLLATE "C"
),
-- series: what shares one journey, that of its first payment.
payment AS (
    SELECT p.invoice_id AS conversion_id, p.subscription_id, p.stripe_customer_id, NULL::text AS account_token,
           coalesce(p.subscription_id, 'invoice ' || p.invoice_id) AS series, p.paid_at AS converted_at, p.currency,
           mrcall_internal.major_units(p.minor_units, p.currency) AS value
    FROM stripe_paid AS p
    UNION ALL
    SELECT a.transaction_id, a.subscription_id, NULL, a.account_token, a.subscription_id, a.paid_at, a.currency, a.value
    FROM apple AS a
    WHERE NOT a.is_refund
),
money AS (
    SELECT 'payment' AS conversion, p.* FROM payment AS p
    UNION ALL
    SELECT 'refund', r.charge_id || ':' || r.total, r.subscription_id, r.stripe_customer_id, NULL,
           coalesce(r.subscription_id, 'invoice ' || r.invoice_id, 'charge ' || r.charge_id), r.refunded_at, r.currency,
           -mrcall_internal.major_units(r.minor_units, r.currency)
    FROM stripe_refunded AS r
    UNION ALL
    SELECT 'refund', a.transaction_id, a.subscription_id, NULL, a.account_token, a.subscription_id, a.paid_at, a.currency,
           -a.value
    FROM apple AS a
    WHERE a.is_refund
),
billed AS (
    SELECT m.*, coalesce(s.business_id, by_customer.business_id, by_token.business_id) AS business_id,
           coalesce(f.first_paid_at, m.converted_at) AS journey_at
    FROM money AS m
    LEFT JOIN (SELECT p.series, min(p.converted_at) AS first_paid_at FROM payment AS p GROUP BY p.series) AS f
        ON f.series = m.series
    LEFT JOIN subscription AS s ON s.subscription_id = m.subscription_id
    LEFT JOIN (SELECT b.stripe_customer_id, min(b.business_id COLLATE "C") COLLATE pg_catalog."default" AS business_id
               FROM {schema}businesses AS b GROUP BY b.stripe_customer_id) AS by_customer
        ON by_customer.stripe_customer_id = m.stripe_customer_id AND s.business_id IS NULL
    -- The token that the app gives Apple with a purchase is the business's id.
    LEFT JOIN business AS by_token
        ON by_token.business_id = m.account_token AND s.business_id IS NULL AND by_customer.business_id IS NULL
),
subscribed AS (
    SELECT s.subscription_id, s.business_id, s.product, p.value AS paid_value, p.currency AS paid_currency,
           CASE WHEN s.trial_ends_at > s.started_at THEN s.trial_ends_at ELSE s.started_at END AS converted_at
    FROM (SELECT x.* FROM subscription AS x
          UNION ALL SELECT x.* FROM {schema}subscriptions AS x WHERE x.subscription_id IS NULL) AS s
    LEFT JOIN (SELECT DISTINCT ON (x.subscription_id) x.subscription_id, x.value, x.currency
               FROM payment AS x
               WHERE x.subscription_id IS NOT NULL
               ORDER BY x.subscription_id, x.converted_at, x.conversion_id COLLATE "C") AS p
        ON p.subscription_id = s.subscription_id
    WHERE s.started_at IS NOT NULL
      AND CASE WHEN s.trial_ends_at > s.started_at
               THEN s.trial_ends_at <= now() AND (s.ended_at IS NULL OR s.ended_at > s.trial_ends_at)
                    AND (s.status = 'active' OR p.subscription_id IS NOT NULL)
               ELSE s.status IS DISTINCT FROM 'incomplete' AND s.status IS DISTINCT FROM 'incomplete_expired' END
),
priced AS (
    SELECT DISTINCT ON (p.name) p.name, mrcall_internal.currency_code(p.price_id ->> 'currency') AS currency,
           mrcall_internal.major_units(u.minor_units, p.price_id ->> 'currency') AS value
    FROM mrcall.products AS p
    CROSS JOIN LATERAL (SELECT mrcall.try_numeric(p.price_id ->> 'unit_amount') AS minor_units) AS u
    WHERE u.minor_units >= 0 AND u.minor_units < 1e24
    ORDER BY p.name, u.minor_units, p.price_id
),
kinds AS (
    SELECT 'signup' AS conversion, c.customer_id AS conversion_id, c.customer_id, NULL::text AS business_id,
           c.created_at AS converted_at, 0::numeric AS value, NULL::text AS currency, NULL::text AS subscription_id,
           c.created_at AS journey_at
    FROM customer AS c
    WHERE c.created_at IS NOT NULL
    UNION ALL
    -- A row without an id is nobody's: one conversion, unattributed.
    SELECT 'signup', NULL, NULL, NULL, c.created_at, 0, NULL, NULL, c.created_at
    FROM mrcall.customers AS c
    WHERE c.customer_id IS NULL AND c.created_at IS NOT NULL
    UNION ALL
    SELECT 'business', b.business_id, b.owner, b.business_id, b.created_at, 0, NULL, NULL, b.created_at
    FROM business AS b
    WHERE b.created_at IS NOT NULL
    UNION ALL
    SELECT 'business', NULL, b.owner, NULL, b.created_at, 0, NULL, NULL, b.created_at
    FROM {schema}businesses AS b
    WHERE b.business_id IS NULL AND b.created_at IS NOT NULL
    UNION ALL
    -- The earlier of what is there and of what retention has deleted.
    SELECT 'first_call', b.business_id, b.owner, b.business_id, least(f.started_at, d.first_call_at), 0, NULL, NULL,
           least(f.started_at, d.first_call_at)
    FROM business AS b
    LEFT JOIN LATERAL (SELECT c.started_at FROM mrcall.calls AS c
                       WHERE c.business_id = b.business_id AND c.started_at IS NOT NULL
                       ORDER BY c.started_at LIMIT 1) AS f ON true
    LEFT JOIN mrcall_internal.first_call AS d ON d.business_id = b.business_id
    WHERE f.started_at IS NOT NULL OR d.first_call_at IS NOT NULL
    UNION ALL
    SELECT 'subscription', s.subscription_id, b.owner, s.business_id, s.converted_at,
           CASE WHEN l.value IS NULL THEN coalesce(s.paid_value, 0) ELSE l.value END,
           CASE WHEN l.value IS NULL THEN s.paid_currency ELSE l.currency END, s.subscription_id, s.converted_at
    FROM subscribed AS s
    LEFT JOIN business AS b ON b.business_id = s.business_id
    LEFT JOIN priced AS l ON l.name = s.product
    UNION ALL
    SELECT m.conversion, m.conversion_id, b.owner, m.business_id, m.converted_at, m.value, m.currency, m.subscription_id,
           m.journey_at
    FROM billed AS m
    LEFT JOIN business AS b ON b.business_id = m.business_id
)
SELECT k.conversion, k.conversion_id, k.customer_id, k.business_id, c.website_session_id AS visitor_id, k.converted_at,
       k.value, k.currency, k.subscription_id, k.journey_at
FROM kinds AS k
LEFT JOIN customer AS c ON c.customer_id = k.customer_id
