-- Stripe's webhook log: subscriptions, invoices, refunds and disputes, each event in the form of its API version.
--
-- What the two versions differ in: an invoice names its charge, payment intent and subscription, and a charge its invoice, up to
-- 2024-06-20. Since 2025-03-31 an invoice names its subscription in `parent`, nothing of what paid it: that says the invoice payment.

-- Every invoice of a Stripe subscription: the one of amount zero that opens a trial, then one per period; and invoices
-- of one-off packs, which belong to no subscription.
CREATE TEMP TABLE demo_invoice ON COMMIT DROP AS
SELECT
    i.*,
    'in_1' || pg_temp.token(23, 1, i.key) AS invoice, 'ch_3' || pg_temp.token(23, 4, i.key) AS charge,
    'pi_3' || pg_temp.token(23, 31, i.key) AS intent,
    CASE WHEN i.amount > 0 THEN pg_temp.u(7, i.key) END AS refund_chance
FROM (
    SELECT
        s.id AS subscription, s.stripe_customer_id AS customer, s.currency, s.price, n AS nr,
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
        NULL, s.stripe_customer_id, 'eur', 'price_1PackOf100MinutesEur', 99, pg_temp.part(99, s.key), false,
        s.created_at + floor(2592000 * pg_temp.u(9, s.key)) * interval '1 second', false, 990
    FROM demo_subscription s
    WHERE s.provider = 'stripe' AND s.currency = 'eur' AND pg_temp.u(6, s.key) < 0.06
    OFFSET 0
) i
WHERE i.paid_at < pg_temp.period_end();
ANALYZE demo_invoice;

-- Refunds: whole, in part, in two parts; some of the whole ones fail after six days and are given anew.
CREATE TEMP TABLE demo_refund ON COMMIT DROP AS
SELECT
    i.key, r.nr, r.at, r.amount, r.before, r.failed_at, 're_3' || pg_temp.token(23, 34, pg_temp.part(10 + r.nr, i.key)) AS refund
FROM demo_invoice i
CROSS JOIN LATERAL (
    SELECT i.paid_at + floor(3600 + 1728000 * pg_temp.u(5, i.key)) * interval '1 second' AS at, i.refund_chance AS chance
) f
CROSS JOIN LATERAL (
    VALUES
    (1, f.at, CASE WHEN f.chance < 0.02 THEN i.amount ELSE i.amount / 2 END, 0,
        CASE WHEN f.chance >= 0.015 AND f.chance < 0.02 THEN f.at + interval '6 days' END),
    (2, CASE WHEN f.chance >= 0.03 THEN f.at + interval '5 days' END, i.amount - i.amount / 2, i.amount / 2, NULL),
    (3, CASE WHEN f.chance >= 0.015 AND f.chance < 0.02 THEN f.at + interval '8 days' END, i.amount, 0, NULL)
) AS r (nr, at, amount, before, failed_at)
WHERE f.chance < 0.04 AND NOT i.failed AND r.at < pg_temp.period_end();

CREATE TEMP TABLE demo_stripe_event (
    key bigint, type text, at timestamptz, object jsonb, previous jsonb
) ON COMMIT DROP;

INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(100 + e.nr, s.key), e.type, e.at,
    jsonb_build_object(
        'id', s.id, 'object', 'subscription', 'customer', s.stripe_customer_id, 'currency', s.currency, 'created',
        pg_temp.epoch(s.created_at), 'start_date', pg_temp.epoch(s.created_at), 'status', e.status, 'trial_end',
        pg_temp.epoch(s.trial_end), 'ended_at', pg_temp.epoch(CASE WHEN e.nr = 2 THEN s.ended_at END), 'livemode', true, 'items',
        jsonb_build_object('object', 'list', 'data', jsonb_build_array(jsonb_build_object('object', 'subscription_item', 'subscription',
            s.id, 'quantity', 1, 'price', jsonb_build_object('id', s.price, 'object', 'price', 'currency', s.currency, 'unit_amount',
            s.unit_amount)) || CASE WHEN pg_temp.is_basil(e.at) THEN p.period ELSE '{}' END)))
    || CASE WHEN pg_temp.is_basil(e.at) THEN '{}' ELSE p.period END,
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
-- The period that runs: of the subscription, later of its items.
CROSS JOIN LATERAL (
    SELECT jsonb_build_object('current_period_start', pg_temp.epoch(s.created_at), 'current_period_end',
        pg_temp.epoch(coalesce(s.trial_end, s.created_at + s.months * interval '1 month'))) AS period
) p
WHERE s.provider = 'stripe' AND e.at IS NOT NULL;

INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(1, i.key), CASE WHEN i.failed THEN 'invoice.payment_failed' ELSE 'invoice.paid' END, i.paid_at,
    jsonb_build_object(
        'id', i.invoice, 'object', 'invoice', 'customer', i.customer, 'currency', i.currency, 'livemode', true,
        'amount_due', i.amount, 'amount_paid', CASE WHEN i.failed THEN 0 ELSE i.amount END,
        'amount_remaining', CASE WHEN i.failed THEN i.amount ELSE 0 END, 'subtotal', i.amount, 'total', i.amount,
        'attempted', true, 'collection_method', 'charge_automatically',
        'billing_reason', CASE
            WHEN i.subscription IS NULL THEN 'manual'
            WHEN i.first THEN 'subscription_create'
            ELSE 'subscription_cycle'
        END,
        'created', pg_temp.epoch(i.paid_at - interval '1 minute'),
        'status', CASE WHEN i.failed THEN 'open' ELSE 'paid' END,
        'status_transitions', jsonb_build_object('finalized_at', pg_temp.epoch(i.paid_at - interval '30 seconds'),
            'marked_uncollectible_at', NULL, 'paid_at', CASE WHEN NOT i.failed THEN pg_temp.epoch(i.paid_at) END, 'voided_at', NULL),
        'lines', jsonb_build_object('object', 'list', 'data', jsonb_build_array(
            jsonb_build_object('object', 'line_item', 'amount', i.amount, 'currency', i.currency, 'quantity', 1)
            || CASE
                WHEN pg_temp.is_basil(i.paid_at) THEN jsonb_build_object('pricing', jsonb_build_object('type', 'price_details',
                    'price_details', jsonb_build_object('price', i.price)))
                ELSE jsonb_build_object('price', jsonb_build_object('id', i.price, 'object', 'price'), 'proration', false,
                    'subscription', i.subscription)
            END)))
    || CASE
        WHEN pg_temp.is_basil(i.paid_at) THEN jsonb_build_object('amount_overpaid', 0, 'parent', CASE
            WHEN i.subscription IS NOT NULL THEN jsonb_build_object('type', 'subscription_details', 'quote_details', NULL,
                'subscription_details', jsonb_build_object('subscription', i.subscription, 'metadata', '{}'::jsonb))
        END)
        ELSE jsonb_build_object('subscription', i.subscription, 'paid', NOT i.failed, 'paid_out_of_band', false, 'charge',
            CASE WHEN i.amount > 0 THEN i.charge END, 'payment_intent', CASE WHEN i.amount > 0 THEN i.intent END)
    END,
    NULL
FROM demo_invoice i;

INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(2, i.key), 'invoice_payment.paid', i.paid_at,
    jsonb_build_object('id', 'inpay_1' || pg_temp.token(23, 37, i.key), 'object', 'invoice_payment', 'amount_paid', i.amount,
        'amount_requested', i.amount, 'created', pg_temp.epoch(i.paid_at - interval '30 seconds'), 'currency', i.currency,
        'invoice', i.invoice, 'is_default', true, 'livemode', true,
        'payment', jsonb_build_object('type', 'payment_intent', 'payment_intent', i.intent), 'status', 'paid',
        'status_transitions', jsonb_build_object('canceled_at', NULL, 'paid_at', pg_temp.epoch(i.paid_at))),
    NULL
FROM demo_invoice i
WHERE NOT i.failed AND i.amount > 0 AND pg_temp.is_basil(i.paid_at);

-- amount_refunded is what has been refunded so far, without what failed.
INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(10 + r.nr, i.key), 'charge.refunded', r.at,
    jsonb_build_object(
        'id', i.charge, 'object', 'charge', 'amount', i.amount, 'amount_captured', i.amount,
        'amount_refunded', r.before + r.amount, 'refunded', r.before + r.amount = i.amount, 'currency', i.currency,
        'customer', i.customer, 'payment_intent', i.intent, 'captured', true, 'paid', true, 'status', 'succeeded', 'livemode', true,
        'created', pg_temp.epoch(i.paid_at))
    || CASE WHEN pg_temp.is_basil(r.at) THEN '{}' ELSE jsonb_build_object('invoice', i.invoice) END,
    jsonb_build_object('amount_refunded', r.before, 'refunded', false)
FROM demo_refund r
JOIN demo_invoice i USING (key);

-- The refunds themselves: with the new version the account asked for their own events, too.
INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(e.nr + r.nr, i.key), e.type, e.at,
    jsonb_build_object('id', r.refund, 'object', 'refund', 'amount', r.amount, 'charge', i.charge, 'payment_intent', i.intent,
        'created', pg_temp.epoch(r.at), 'currency', i.currency, 'reason', 'requested_by_customer', 'status', e.status)
    || CASE WHEN e.status = 'failed' THEN '{"failure_reason": "lost_or_stolen_card"}' ELSE '{}'::jsonb END,
    CASE WHEN e.status = 'failed' THEN '{"status": "succeeded"}'::jsonb END
FROM demo_refund r
JOIN demo_invoice i USING (key)
CROSS JOIN LATERAL (
    VALUES
    (20, 'refund.created', CASE WHEN pg_temp.is_basil(r.at) THEN r.at END, 'succeeded'),
    (30, 'refund.failed', CASE WHEN pg_temp.is_basil(r.failed_at) THEN r.failed_at END, 'failed'),
    (40, 'charge.refund.updated', r.failed_at, 'failed')
) AS e (nr, type, at, status)
WHERE e.at < pg_temp.period_end();

-- Chargebacks take the money at once; one in two is won and the money comes back.
INSERT INTO demo_stripe_event
SELECT
    pg_temp.part(e.nr, i.key), 'charge.dispute.' || e.type, e.at,
    jsonb_build_object('id', 'du_1' || pg_temp.token(23, 41, i.key), 'object', 'dispute', 'amount', i.amount, 'currency', i.currency,
        'charge', i.charge, 'payment_intent', i.intent, 'created', pg_temp.epoch(d.at), 'is_charge_refundable', false,
        'livemode', true, 'reason', 'fraudulent', 'status', e.status, 'balance_transactions', (
            SELECT jsonb_agg(jsonb_build_object('object', 'balance_transaction', 'type', 'adjustment', 'amount', b.amount,
                'currency', i.currency, 'fee', b.fee, 'net', b.amount - b.fee, 'reporting_category', b.category, 'created', b.at)
                ORDER BY b.at)
            FROM (VALUES (-i.amount, 1500, 'dispute', pg_temp.epoch(d.at), true), (i.amount, -1500, 'dispute_reversal',
                pg_temp.epoch(d.at + interval '30 days'), e.status = 'won')) AS b (amount, fee, category, at, booked)
            WHERE b.booked)),
    CASE WHEN e.type = 'closed' THEN '{"status": "under_review"}'::jsonb END
FROM demo_invoice i
CROSS JOIN LATERAL (
    SELECT i.paid_at + floor(259200 + 1296000 * pg_temp.u(45, i.key)) * interval '1 second' AS at, pg_temp.u(46, i.key) < 0.5 AS won
) d
CROSS JOIN LATERAL (
    VALUES
    (51, 'created', d.at, 'needs_response'), (52, 'funds_withdrawn', d.at, 'needs_response'),
    (53, 'funds_reinstated', CASE WHEN d.won THEN d.at + interval '30 days' END, 'won'),
    (54, 'closed', d.at + interval '30 days', CASE WHEN d.won THEN 'won' ELSE 'lost' END)
) AS e (nr, type, at, status)
WHERE i.amount > 0 AND NOT i.failed AND i.refund_chance >= 0.985 AND e.at < pg_temp.period_end();

-- Stripe delivers at least once: some events arrive twice, and some invoices are reported by two events.
INSERT INTO public.stripe_webhooks_registry (id, document, created_at)
SELECT
    pg_temp.time_uuid(d.arrived_at, pg_temp.part(d.copy, d.key)),
    jsonb_build_object(
        'id', 'evt_1' || pg_temp.token(23, CASE WHEN d.copy = 3 THEN 30 ELSE 20 END, d.key), 'object', 'event',
        'api_version', CASE WHEN pg_temp.is_basil(d.at) THEN '2025-08-27.basil' ELSE '2024-06-20' END,
        'type', d.type, 'created', pg_temp.epoch(d.at), 'livemode', true, 'pending_webhooks', 1,
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
