-- The query of mrcall.conversions, over the views of the schema (written "mrcall."), or over CTEs of their names.
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
--@ include templates/money.sql schema="{schema}"
money AS (
    SELECT 'payment' AS conversion, p.* FROM payment AS p
    UNION ALL
    SELECT 'refund', r.* FROM returned AS r
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
           CASE WHEN s.has_trial THEN p.converted_at ELSE s.started_at END AS converted_at,
           -- Stripe ends a subscription whose first invoice is not paid within 23 hours: who pays later gets an invoice, and what a
           -- report said of the start stays.
           s.has_trial OR p.converted_at < s.started_at + interval '1 day' AS is_paid
    FROM (SELECT x.*, coalesce(x.trial_ends_at > x.started_at, false) AS has_trial
          FROM (SELECT x.* FROM subscription AS x
                UNION ALL SELECT x.* FROM {schema}subscriptions AS x WHERE x.subscription_id IS NULL) AS x) AS s
    LEFT JOIN (SELECT DISTINCT ON (x.subscription_id) x.subscription_id, x.value, x.currency, x.converted_at
               FROM payment AS x
               WHERE x.subscription_id IS NOT NULL
               ORDER BY x.subscription_id, x.converted_at, x.conversion_id COLLATE "C") AS p
        ON p.subscription_id = s.subscription_id
    WHERE s.started_at IS NOT NULL
      AND CASE WHEN s.has_trial THEN p.subscription_id IS NOT NULL
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
           c.created_at AS journey_at, NULL::text AS payment_id
    FROM customer AS c
    WHERE c.created_at IS NOT NULL
    UNION ALL
    -- A row without an id is nobody's: one conversion, unattributed.
    SELECT 'signup', NULL, NULL, NULL, c.created_at, 0, NULL, NULL, c.created_at, NULL
    FROM mrcall.customers AS c
    WHERE c.customer_id IS NULL AND c.created_at IS NOT NULL
    UNION ALL
    SELECT 'business', b.business_id, b.owner, b.business_id, b.created_at, 0, NULL, NULL, b.created_at, NULL
    FROM business AS b
    WHERE b.created_at IS NOT NULL
    UNION ALL
    SELECT 'business', NULL, b.owner, NULL, b.created_at, 0, NULL, NULL, b.created_at, NULL
    FROM {schema}businesses AS b
    WHERE b.business_id IS NULL AND b.created_at IS NOT NULL
    UNION ALL
    -- The earliest of what is there, what is archived and what retention has deleted. Where an index finds them, each business that
    -- is asked for has its first call looked up; else all calls are read once, by one query where they are on another server.
    SELECT 'first_call', b.business_id, b.owner, b.business_id, e.at, 0, NULL, NULL, e.at, NULL
    FROM business AS b
    LEFT JOIN LATERAL (SELECT c.started_at FROM mrcall_internal.call_starts AS c
                       WHERE mrcall_internal.is_found_by_business() AND c.business_id = b.business_id AND c.started_at IS NOT NULL
                       ORDER BY c.started_at LIMIT 1) AS f ON true
    LEFT JOIN (SELECT c.business_id, min(c.started_at) AS started_at FROM mrcall_internal.call_starts AS c
               WHERE NOT mrcall_internal.is_found_by_business()
               GROUP BY c.business_id) AS g ON g.business_id = b.business_id
    LEFT JOIN LATERAL (SELECT a.started_at FROM mrcall.session_archive AS a
                       WHERE a.business_id = b.business_id
                       ORDER BY a.started_at LIMIT 1) AS a ON true
    LEFT JOIN mrcall_internal.first_call AS d ON d.business_id = b.business_id
    CROSS JOIN LATERAL (SELECT least(f.started_at, g.started_at, a.started_at, d.first_call_at) AS at) AS e
    WHERE e.at IS NOT NULL
    UNION ALL
    SELECT 'subscription', s.subscription_id, b.owner, s.business_id, s.converted_at,
           CASE WHEN s.is_paid OR l.value IS NULL THEN coalesce(s.paid_value, 0) ELSE l.value END,
           CASE WHEN s.is_paid OR l.value IS NULL THEN s.paid_currency ELSE l.currency END, s.subscription_id, s.converted_at,
           NULL
    FROM subscribed AS s
    LEFT JOIN business AS b ON b.business_id = s.business_id
    LEFT JOIN priced AS l ON l.name = s.product
    UNION ALL
    SELECT m.conversion, m.conversion_id, b.owner, m.business_id, m.converted_at, m.value, m.currency, m.subscription_id,
           m.journey_at, m.payment_id
    FROM billed AS m
    LEFT JOIN business AS b ON b.business_id = m.business_id
)
SELECT k.conversion, k.conversion_id, k.customer_id, k.business_id, c.website_session_id AS visitor_id, k.converted_at,
       k.value, k.currency, k.subscription_id, k.journey_at, k.payment_id
FROM kinds AS k
LEFT JOIN customer AS c ON c.customer_id = k.customer_id
