-- Templates, products, businesses and their subscriptions.

INSERT INTO public.template (name, trial_days, recurrent_resources, created_at)
VALUES
('generic', 14, '{"minutes": 100, "calls": 100}', pg_temp.moved('2024-01-15 09:00:00+00')),
('restaurant', 14, '{"minutes": 300, "calls": 200}', pg_temp.moved('2024-01-15 09:00:00+00')),
('medical', 30, '{"minutes": 500, "calls": 400}', pg_temp.moved('2024-03-01 09:00:00+00')),
('real_estate', 14, '{"minutes": 200, "calls": 150}', pg_temp.moved('2024-06-10 09:00:00+00')),
('law_firm', 7, '{"minutes": 200, "calls": 100}', pg_temp.moved('2024-09-20 09:00:00+00')),
('hotel', 30, '{"minutes": 600, "calls": 500}', pg_temp.moved('2025-02-01 09:00:00+00'));

CREATE TEMP TABLE demo_template ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY created_at, trial_days, name COLLATE "C") AS nr, name, trial_days
FROM public.template;

-- The plans with their prices, in minor units: hundredths of the euro and the dollar, whole yen.
CREATE TEMP TABLE demo_plan (
    nr integer PRIMARY KEY, plan text NOT NULL, months integer NOT NULL, units integer NOT NULL, cents integer NOT NULL,
    yen integer NOT NULL
) ON COMMIT DROP;
INSERT INTO demo_plan
VALUES
(1, 'pro_monthly', 1, 300, 2900, 4800), (2, 'starter_monthly', 1, 100, 1900, 2980),
(3, 'business_monthly', 1, 1000, 7900, 12800), (4, 'pro_yearly', 12, 3600, 29000, 48000);

CREATE TEMP TABLE demo_product ON COMMIT DROP AS
SELECT
    p.nr, c.currency, p.months, p.units,
    p.plan || CASE WHEN c.currency = 'eur' THEN '' ELSE '_' || c.currency END AS name,
    CASE WHEN c.currency = 'jpy' THEN p.yen ELSE p.cents END AS unit_amount,
    'com.mrcall.' || replace(p.plan, '_', '.') AS apple,
    'price_1' || pg_temp.token(23, 30, pg_temp.thing(4, p.nr * 10 + c.nr)) AS price
FROM demo_plan p
CROSS JOIN (VALUES (1, 'eur'), (2, 'usd'), (3, 'jpy')) AS c (nr, currency);

INSERT INTO public.product (name, product_type, price_id, resource_units)
SELECT
    name, 'subscription',
    jsonb_build_object('id', price, 'unit_amount', unit_amount, 'currency', currency, 'apple', apple, 'recurring',
        jsonb_build_object('interval', CASE months WHEN 12 THEN 'year' ELSE 'month' END, 'interval_count', 1)),
    units
FROM demo_product
UNION ALL
SELECT
    'minutes_100', 'minutes',
    '{"id": "price_1PackOf100MinutesEur", "unit_amount": 990, "currency": "eur", "apple": "com.mrcall.minutes.100"}',
    100;

-- Nobody to three businesses an owner. rank orders them by how much they are called: older ones tend to be first.
CREATE TEMP TABLE demo_business ON COMMIT DROP AS
SELECT
    row_number() OVER (ORDER BY b.created_at + pg_temp.u(1, b.key) * interval '60 days', b.key) AS rank,
    b.*, pg_temp.uuid_text(b.key) AS business_id,
    CASE
        WHEN b.country = 'IT' OR b.nr = 1 THEN b.zone
        WHEN pg_temp.u(2, b.key) < 0.9 THEN b.zone
        ELSE 'UTC'
    END AS time_zone,
    b.dial || pg_temp.digits(9, 3, b.key) AS phone,
    CASE WHEN pg_temp.u(4, b.key) < 0.9 THEN b.dial || pg_temp.digits(9, 5, b.key) END AS service_number,
    t.name AS template, t.trial_days,
    -- Contacts in the address book.
    pg_temp.zipf(60, 6, b.key) AS contacts
FROM (
    SELECT
        c.customer, c.id AS owner, c.country, c.dial, c.zone, c.language, c.currency, n AS nr,
        pg_temp.part(n, c.key) AS key,
        c.created_at + floor(180 + 864000 * n * power(pg_temp.u(7, pg_temp.part(n, c.key)), 4)) * interval '1 second'
            AS created_at
    FROM demo_customer c
    CROSS JOIN LATERAL generate_series(1, CASE
        WHEN pg_temp.u(11, c.key) < 0.20 THEN 0
        WHEN pg_temp.u(11, c.key) < 0.87 THEN 1
        WHEN pg_temp.u(11, c.key) < 0.97 THEN 2
        ELSE 3
    END) AS n
    OFFSET 0
) b
JOIN demo_template t ON t.nr = pg_temp.zipf(6, 8, b.key)
WHERE b.created_at < pg_temp.period_end() - interval '1 hour';
ANALYZE demo_business;

-- What becomes of a subscription: it is paid until it ends or beyond the period, it ends with its trial unpaid, its
-- first payment never succeeds.
CREATE TEMP TABLE demo_subscription ON COMMIT DROP AS
SELECT
    f.business_id, f.key, f.provider, f.created_at, f.trial_end, f.name AS product, f.price, f.apple, f.unit_amount,
    f.months, f.paid_from, f.fate, f.currency,
    CASE f.provider
        WHEN 'stripe' THEN 'sub_1' || pg_temp.token(23, 10, f.key)
        ELSE '2000' || pg_temp.digits(12, 10, f.key)
    END AS id,
    CASE WHEN f.provider = 'stripe' THEN 'cus_' || pg_temp.token(14, 13, f.business_key) END AS stripe_customer_id,
    CASE WHEN f.ended_at < pg_temp.period_end() THEN f.ended_at END AS ended_at,
    CASE
        WHEN f.fate = 'incomplete' THEN 'incomplete'
        WHEN f.ended_at < pg_temp.period_end() THEN 'canceled'
        WHEN f.paid_from >= pg_temp.period_end() THEN 'trialing'
        WHEN f.past_due THEN 'past_due'
        ELSE 'active'
    END AS status,
    -- The time of the payment that fails, of a subscription that is past due.
    CASE
        WHEN f.past_due AND f.fate = 'paid' AND (f.ended_at < pg_temp.period_end()) IS NOT TRUE
            THEN pg_temp.period_end() - interval '40 days'
    END AS unpaid_from
FROM (
    SELECT
        s.*,
        CASE
            WHEN s.fate = 'unpaid' THEN s.created_at + (s.trial_end - s.created_at) * (0.3 + 0.7 * pg_temp.u(17, s.key))
            WHEN s.fate = 'paid' AND s.alive < 24 THEN s.paid_from + s.alive * s.months * interval '1 month'
        END AS ended_at,
        pg_temp.u(18, s.key) < 0.08 AND s.months = 1 AND s.paid_from < pg_temp.period_end() - interval '75 days'
            AS past_due
    FROM (
        SELECT
            d.*, p.name, p.price, p.apple, p.unit_amount, p.months, coalesce(d.trial_end, d.created_at) AS paid_from,
            CASE
                WHEN pg_temp.u(19, d.key) < 0.05 THEN 'incomplete'
                WHEN pg_temp.u(19, d.key) < 0.35 AND d.trial_end IS NOT NULL THEN 'unpaid'
                ELSE 'paid'
            END AS fate,
            -- Billing periods until it ends, about nine on average.
            1 + floor(-9 * ln(1 - pg_temp.u(20, d.key))) AS alive
        FROM (
            SELECT
                b.business_id, b.key AS business_key, pg_temp.part(n, b.key) AS key, b.currency,
                started.at AS created_at,
                CASE WHEN pg_temp.u(21, pg_temp.part(n, b.key)) < 0.82 THEN 'stripe' ELSE 'apple' END AS provider,
                CASE
                    WHEN n = 1 AND pg_temp.u(22, pg_temp.part(n, b.key)) < 0.8
                        AND pg_temp.u(19, pg_temp.part(n, b.key)) >= 0.05
                        THEN started.at + b.trial_days * interval '1 day'
                END AS trial_end
            FROM demo_business b
            CROSS JOIN LATERAL generate_series(1, CASE
                WHEN pg_temp.u(9, b.key) < 0.45 THEN 0
                WHEN pg_temp.u(9, b.key) < 0.94 THEN 1
                ELSE 2
            END) AS n
            CROSS JOIN LATERAL (
                SELECT b.created_at + floor(60 + 432000 * power(pg_temp.u(23, pg_temp.part(n, b.key)), 3)
                    + 2592000 * (n - 1)) * interval '1 second' AS at
            ) started
            WHERE started.at < pg_temp.period_end()
            OFFSET 0
        ) d
        JOIN demo_product p ON p.currency = d.currency AND p.nr = pg_temp.zipf(4, 24, d.key)
        OFFSET 0
    ) s
    OFFSET 0
) f;
ANALYZE demo_subscription;

INSERT INTO public.business (
    business_id, owner, template, business_phone_number, service_number, stripe_customer_id, subscription_status,
    created_at, time_zone)
SELECT
    b.business_id, b.owner, b.template, b.phone, b.service_number, s.stripe_customer_id, coalesce(s.status, 'none'),
    b.created_at, b.time_zone
FROM demo_business b
LEFT JOIN (
    SELECT
        business_id, (array_agg(status ORDER BY created_at DESC))[1] AS status,
        max(stripe_customer_id) AS stripe_customer_id
    FROM demo_subscription
    GROUP BY business_id
) s USING (business_id)
ORDER BY b.created_at, b.key;
\set stage businesses
\ir done.sql

INSERT INTO public.payment_subscription (id, business_id, provider, status, product, created_at, trial_end, ended_at)
SELECT id, business_id, provider, status, product, created_at, trial_end, ended_at
FROM demo_subscription
ORDER BY created_at, key;
\set stage subscriptions
\ir done.sql

-- What the template grants, for the month that runs at the end of the period.
INSERT INTO public.business_resources (id, business_id, category, expiration, amount, remaining, created_at)
SELECT
    pg_temp.uuid_text(pg_temp.part(50 + r.nr, b.key)), b.business_id, r.category,
    pg_temp.period_end() + floor(1 + 29 * pg_temp.u(25, b.key)) * interval '1 day', r.amount,
    floor(r.amount * pg_temp.u(26, pg_temp.part(50 + r.nr, b.key))), b.created_at
FROM demo_business b
JOIN public.template t ON t.name = b.template
CROSS JOIN LATERAL (
    SELECT row_number() OVER (ORDER BY e.key COLLATE "C") AS nr, e.key AS category, e.value::numeric AS amount
    FROM jsonb_each_text(t.recurrent_resources) AS e
) r
ORDER BY b.rank, r.nr;
\set stage resources
\ir done.sql
