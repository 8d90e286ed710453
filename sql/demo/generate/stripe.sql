-- Stripe's webhook log: subscriptions, invoices and refunds in the form in which Stripe sends them.

-- Every invoice of a Stripe subscription: the one of amount zero that opens a trial, then one per period; and invoices
-- of one-off packs, which belong to no subscription.
CREATE TEMP TABLE demo_invoice ON COMMIT DROP AS
SELECT
    i.*,
    'in_1' || pg_temp.token(23, 1, i.key) AS invoice, 'ch_3' || pg_temp.token(23, 4, i.key) AS charge,
    CASE WHEN i.amount > 0 THEN pg_temp.u(7, i.key) END AS refund_chance
FROM (
    SELECT
        s.id AS subscription, s.stripe_customer_id AS customer, s.currency, s.price, s.newer, n AS nr,
        pg_temp.part(n, s.key) AS key, n = 0 OR s.trial_end IS NULL AND n = 1 AS first, p.paid_at,
        coalesce(p.paid_at >= s.unpaid_from, false) AS failed,
        CASE
            WHEN n = 0 THEN 0
            -- A coupon of a fifth.
            WHEN pg_temp.u(8, pg_temp.part(n, s.key)) < 0.08 THEN s.unit_amount * 4 / 5
            ELSE s.unit_amount
        END AS amount
    FROM demo_subscription s
    CROSS JOIN LATERAL generate_series(CASE WHEN s.trial_end IS NULL THEN 1 ELSE 0 END, 48) AS n
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN n = 0 THEN s.created_at
            ELSE s.paid_from + (n - 1) * s.months * interval '1 month'
                + (s.trial_end IS NOT NULL)::integer * interval '1 hour'
        END AS paid_at
    ) p
    WHERE s.provider = 'stripe'
        AND p.paid_at < least(s.ended_at, pg_temp.period_end())
        AND (n = 0 OR s.fate = 'paid')
    UNION ALL
    SELECT
        NULL, s.stripe_customer_id, 'eur', 'price_1PackOf100MinutesEur', false, 99, pg_temp.part(99, s.key), false,
        s.created_at + floor(2592000 * pg_temp.u(9, s.key)) * interval '1 second', false, 990
    FROM demo_subscription s
    WHERE s.provider = 'stripe' AND s.currency = 'eur' AND pg_temp.u(6, s.key) < 0.06
    OFFSET 0
) i
WHERE i.paid_at < pg_temp.period_end();
ANALYZE demo_invoice;

CREATE TEMP TABLE demo_stripe_event (
    key bigint, type text, at timestamptz, object jsonb, previous jsonb
) ON COMMIT DROP;

INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(100 + e.nr, s.key), e.type, e.at,
    jsonb_build_object(
        'id', s.id, 'object', 'subscription', 'customer', s.stripe_customer_id, 'currency', s.currency, 'created',
        pg_temp.epoch(s.created_at), 'start_date', pg_temp.epoch(s.created_at), 'status', e.status, 'trial_end',
        pg_temp.epoch(s.trial_end), 'ended_at', pg_temp.epoch(CASE WHEN e.nr = 2 THEN s.ended_at END), 'items',
        jsonb_build_object('object', 'list', 'data', jsonb_build_array(jsonb_build_object('quantity', 1, 'price',
            jsonb_build_object('id', s.price, 'currency', s.currency, 'unit_amount', s.unit_amount))))),
    NULL
FROM demo_subscription s
CROSS JOIN LATERAL (
    VALUES
    (1, 'customer.subscription.created', s.created_at, CASE
        WHEN s.fate = 'incomplete' THEN 'incomplete'
        WHEN s.trial_end IS NOT NULL THEN 'trialing'
        ELSE 'active'
    END),
    (2, 'customer.subscription.deleted', s.ended_at, 'canceled')
) AS e (nr, type, at, status)
WHERE s.provider = 'stripe' AND e.at IS NOT NULL;

INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(1, i.key), CASE WHEN i.failed THEN 'invoice.payment_failed' ELSE 'invoice.paid' END, i.paid_at,
    jsonb_build_object(
        'id', i.invoice, 'object', 'invoice', 'customer', i.customer, 'currency', i.currency,
        'amount_due', i.amount, 'amount_paid', CASE WHEN i.failed THEN 0 ELSE i.amount END,
        'amount_remaining', CASE WHEN i.failed THEN i.amount ELSE 0 END, 'total', i.amount,
        'billing_reason', CASE
            WHEN i.subscription IS NULL THEN 'manual'
            WHEN i.first THEN 'subscription_create'
            ELSE 'subscription_cycle'
        END,
        'created', pg_temp.epoch(i.paid_at - interval '1 minute'),
        'status', CASE WHEN i.failed THEN 'open' ELSE 'paid' END,
        'status_transitions', jsonb_build_object('finalized_at', pg_temp.epoch(i.paid_at - interval '30 seconds'),
            'paid_at', CASE WHEN NOT i.failed THEN pg_temp.epoch(i.paid_at) END),
        'lines', jsonb_build_object('object', 'list', 'data', jsonb_build_array(jsonb_build_object(
            'amount', i.amount, 'currency', i.currency, 'price', jsonb_build_object('id', i.price)))))
    || CASE
        WHEN i.newer THEN jsonb_build_object('parent', jsonb_build_object('type', 'subscription_details',
            'subscription_details', jsonb_build_object('subscription', i.subscription, 'metadata', '{}'::jsonb)))
        ELSE jsonb_build_object('subscription', i.subscription, 'charge', CASE WHEN i.amount > 0 THEN i.charge END)
    END,
    NULL
FROM demo_invoice i;

-- Refunds: whole, in part, or in two parts; amount_refunded is what has been refunded so far.
INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(10 + r.nr, i.key), 'charge.refunded', r.at,
    jsonb_build_object(
        'id', i.charge, 'object', 'charge', 'amount', i.amount, 'amount_captured', i.amount,
        'amount_refunded', r.amount, 'refunded', r.amount = i.amount, 'currency', i.currency,
        'customer', i.customer, 'invoice', i.invoice, 'paid', true, 'status', 'succeeded',
        'created', pg_temp.epoch(i.paid_at)),
    jsonb_build_object('amount_refunded', r.before, 'refunded', false)
FROM demo_invoice i
CROSS JOIN LATERAL (
    SELECT i.paid_at + floor(3600 + 1728000 * pg_temp.u(5, i.key)) * interval '1 second' AS at
) f
CROSS JOIN LATERAL (
    VALUES
    (1, f.at, CASE WHEN i.refund_chance < 0.02 THEN i.amount ELSE i.amount / 2 END, 0),
    (2, CASE WHEN i.refund_chance >= 0.03 THEN f.at + interval '5 days' END, i.amount, i.amount / 2)
) AS r (nr, at, amount, before)
WHERE i.refund_chance < 0.04 AND NOT i.failed AND r.at < pg_temp.period_end();

-- Stripe delivers at least once: some events arrive twice, and some invoices are reported by two endpoints' events.
INSERT INTO public.stripe_webhooks_registry (id, document, created_at)
SELECT
    pg_temp.time_uuid(d.arrived_at, pg_temp.part(d.copy, d.key)),
    jsonb_build_object(
        'id', 'evt_1' || pg_temp.token(23, CASE WHEN d.copy = 3 THEN 30 ELSE 20 END, d.key), 'object', 'event',
        'api_version', CASE WHEN d.object ? 'parent' THEN '2025-03-31.basil' ELSE '2023-10-16' END,
        'type', d.type, 'created', pg_temp.epoch(d.at), 'livemode', true,
        'data', jsonb_build_object('object', d.object)
            || CASE WHEN d.previous IS NULL THEN '{}' ELSE jsonb_build_object('previous_attributes', d.previous) END),
    d.arrived_at
FROM (
    SELECT e.*, copy, e.at + floor(1000 + 3000 * pg_temp.u(10 + copy, e.key) + CASE copy
        WHEN 2 THEN 3600000 ELSE 0 END) * interval '1 millisecond' AS arrived_at
    FROM demo_stripe_event e
    CROSS JOIN LATERAL generate_series(1, 3) AS copy
    WHERE copy = 1
        OR copy = 2 AND pg_temp.u(1, e.key) < 0.03
        OR copy = 3 AND pg_temp.u(2, e.key) < 0.02
) d
ORDER BY d.arrived_at, d.key, d.copy;
\set stage 'Stripe webhooks'
\ir done.sql
