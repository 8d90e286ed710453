-- The files of histories.py beside the tables of the reference schema. Run in their directory; empty tables first.
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS money;
CREATE TABLE IF NOT EXISTS money.history (number int PRIMARY KEY, provider text, dropped boolean, business_id text UNIQUE, customer_id text,
    stripe_customer_id text, created_at timestamptz);
CREATE TABLE IF NOT EXISTS money.product (name text, price_id jsonb);
CREATE TABLE IF NOT EXISTS money.subscription (id text, business_id text, provider text, status text, product text, created_at timestamptz,
    trial_end timestamptz, first_trial_end timestamptz, trial_changed_at timestamptz, ended_at timestamptz);
CREATE TABLE IF NOT EXISTS money.stripe (id text, document jsonb, received_at timestamptz, happened_at timestamptz, history int);
CREATE TABLE IF NOT EXISTS money.apple (LIKE money.stripe);
-- What must come out.
CREATE TABLE IF NOT EXISTS money.expected (history int, conversion text, conversion_id text, business_id text, customer_id text,
    subscription_id text, converted_at timestamptz, journey_at timestamptz, value numeric, currency text);
-- What doctor has to count: documents, transactions or payments.
CREATE TABLE IF NOT EXISTS money.counted (history int, provider text, reason text, thing text, of_money boolean);
-- What reports said of closed months at some moments.
CREATE TABLE IF NOT EXISTS money.report (until timestamptz, conversion text, month timestamp, business_id text, subscription_id text,
    journey_at timestamptz, currency text, value numeric, conversions bigint);
TRUNCATE money.history, money.product, money.subscription, money.stripe, money.apple, money.expected, money.counted, money.report,
    public.product, public.payment_subscription, public.stripe_webhooks_registry, public.apple_webhooks_registry, public.business,
    public.customers_registry CASCADE;
\copy money.history FROM 'history.csv' (FORMAT csv)
\copy money.product FROM 'product.csv' (FORMAT csv)
\copy money.subscription FROM 'subscription.csv' (FORMAT csv)
\copy money.stripe FROM 'stripe.csv' (FORMAT csv)
\copy money.apple FROM 'apple.csv' (FORMAT csv)
\copy money.expected FROM 'row.csv' (FORMAT csv)
\copy money.counted FROM 'counted.csv' (FORMAT csv)
INSERT INTO public.customers_registry (id, created_at, document) SELECT customer_id, created_at, '{}' FROM money.history;
INSERT INTO public.business (business_id, owner, created_at, stripe_customer_id)
SELECT business_id, customer_id, created_at, stripe_customer_id FROM money.history;
INSERT INTO public.product (name, product_type, price_id) SELECT name, 'subscription', price_id FROM money.product;

-- The database as it was at a moment, if everything came at once: of histories that nothing was dropped of.
CREATE OR REPLACE PROCEDURE money.as_of(until timestamptz)
LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM public.payment_subscription;
    DELETE FROM public.stripe_webhooks_registry;
    DELETE FROM public.apple_webhooks_registry;
    INSERT INTO public.payment_subscription (id, business_id, provider, status, product, created_at, trial_end, ended_at)
    SELECT s.id, s.business_id, s.provider,
        CASE WHEN s.ended_at < until THEN s.status WHEN coalesce(s.trial_end, s.created_at) > until THEN 'trialing' ELSE 'active' END,
        s.product, s.created_at, CASE WHEN s.trial_changed_at >= until THEN s.first_trial_end ELSE s.trial_end END,
        CASE WHEN s.ended_at < until THEN s.ended_at END
    FROM money.subscription AS s
    WHERE s.created_at < until;
    INSERT INTO public.stripe_webhooks_registry (id, document, created_at)
    SELECT d.id, d.document, d.received_at FROM money.stripe AS d
    JOIN money.history AS h ON h.number = d.history WHERE until = 'infinity' OR NOT h.dropped AND d.happened_at < until;
    INSERT INTO public.apple_webhooks_registry (id, document, created_at)
    SELECT d.id, d.document, d.received_at FROM money.apple AS d
    JOIN money.history AS h ON h.number = d.history WHERE until = 'infinity' OR NOT h.dropped AND d.happened_at < until;
    INSERT INTO money.report
    SELECT until, c.conversion, date_trunc('month', c.converted_at AT TIME ZONE 'UTC'), c.business_id, c.subscription_id, c.journey_at,
        c.currency, sum(c.value), count(*)
    FROM mrcall.conversions AS c
    WHERE c.conversion IN ('subscription', 'payment', 'refund') AND c.converted_at < until
    GROUP BY 1, 2, 3, 4, 5, 6, 7;
END;
