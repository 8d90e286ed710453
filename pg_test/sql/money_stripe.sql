-- Stripe's events that move money: each kind of history once, in the shapes of the API before and after 2025-03-31, where what customers
-- paid less what went back is known; then the same deliveries in other orders, some twice.
\pset footer off
SET LOCAL timezone = 'UTC';
SET LOCAL client_min_messages = warning;
CREATE SCHEMA own;
CREATE TABLE own.stripe (LIKE public.stripe_webhooks_registry INCLUDING DEFAULTS);
CREATE TABLE own.business (LIKE public.business INCLUDING DEFAULTS);
CREATE TABLE own.subscription (LIKE public.payment_subscription INCLUDING DEFAULTS);
SELECT mrcall.attach('{"stripe_events": {"table": "own.stripe"}, "apple_events": {"table": null}, "products": {"table": null},
                       "businesses": {"table": "own.business"}, "subscriptions": {"table": "own.subscription"}}') \g /dev/null

-- at: minutes after 2025-06-01. What an event is about has the letter of its history.
CREATE TABLE own.delivery (nr serial, history text, at int, type text, object jsonb, beside jsonb DEFAULT '{"livemode": true}');
CREATE FUNCTION pg_temp.load(seed int) RETURNS void LANGUAGE sql
AS $$
    TRUNCATE own.stripe;
    INSERT INTO own.stripe (id, created_at, document)
    SELECT format('evt_%s', d.nr), timestamptz '2025-06-01Z' + d.at * interval '1 minute' + interval '2 seconds',
           jsonb_build_object('id', format('evt_%s', d.nr), 'object', 'event', 'type', d.type,
                              'created', extract(epoch FROM timestamptz '2025-06-01Z')::bigint + d.at * 60,
                              'data', jsonb_build_object('object', d.object)) || d.beside
    FROM own.delivery AS d
    CROSS JOIN LATERAL generate_series(1, CASE WHEN seed = 0 THEN 1 ELSE 1 + (hashtext(seed || 'times' || d.nr) & 1) END)
    ORDER BY CASE WHEN seed = 0 THEN d.nr ELSE hashtext(seed || 'order' || d.nr) END;
$$;
-- An invoice of a subscription that is paid; of the newer API with the event that names its payment intent.
CREATE FUNCTION pg_temp.paid(history text, at int, amount int, currency text, newer bool) RETURNS void LANGUAGE sql
AS $$
    INSERT INTO own.delivery (history, at, type, object) VALUES
    (history, at, 'invoice.paid', jsonb_build_object(
        'id', 'in_' || history, 'object', 'invoice', 'status', 'paid', 'customer', 'cus_1', 'currency', currency, 'amount_due', amount,
        'amount_paid', amount, 'status_transitions', jsonb_build_object('paid_at', 1748736000 + 60 * at))
        || CASE WHEN newer THEN jsonb_build_object('parent', jsonb_build_object('type', 'subscription_details', 'subscription_details',
                                    jsonb_build_object('subscription', 'sub_' || history)))
                ELSE jsonb_build_object('subscription', 'sub_' || history, 'charge', 'ch_' || history, 'payment_intent',
                                        'pi_' || history, 'paid_out_of_band', false) END);
    INSERT INTO own.delivery (history, at, type, object)
    SELECT history, at, 'invoice_payment.paid', jsonb_build_object(
        'id', 'inpay_' || history, 'object', 'invoice_payment', 'invoice', 'in_' || history, 'status', 'paid', 'is_default', true,
        'amount_paid', amount, 'currency', currency, 'payment',
        jsonb_build_object('type', 'payment_intent', 'payment_intent', 'pi_' || history))
    WHERE newer;
$$;
-- The charge of a history, with what is refunded of it so far.
CREATE FUNCTION pg_temp.charge(history text, refunded int, newer bool) RETURNS jsonb LANGUAGE sql
AS $$
    SELECT jsonb_build_object('id', 'ch_' || history, 'object', 'charge', 'amount', 10000, 'currency', 'eur', 'paid', true,
                              'payment_intent', 'pi_' || history, 'customer', 'cus_1', 'amount_refunded', refunded)
           || CASE WHEN newer THEN '{}' ELSE jsonb_build_object('invoice', 'in_' || history) END
$$;
CREATE FUNCTION pg_temp.refund(history text, nr int, amount int, at int, status text) RETURNS jsonb LANGUAGE sql
AS $$
    SELECT jsonb_build_object('id', format('re_%s%s', history, nr), 'object', 'refund', 'amount', amount, 'currency', 'eur',
                              'status', status, 'created', 1748736000 + 60 * at,
                              'charge', 'ch_' || history, 'payment_intent', 'pi_' || history)
$$;
CREATE FUNCTION pg_temp.dispute(history text, status text, moved int[], currency text DEFAULT 'eur') RETURNS jsonb LANGUAGE sql
AS $$
    SELECT jsonb_build_object('id', 'dp_' || history, 'object', 'dispute', 'amount', 9000, 'currency', currency, 'status', status,
                              'charge', 'ch_' || history, 'payment_intent', 'pi_' || history, 'balance_transactions',
                              (SELECT coalesce(jsonb_agg(jsonb_build_object('id', 'txn_' || m, 'amount', m, 'fee', 1500,
                                                                            'currency', 'usd')), '[]')
                               FROM unnest(moved) AS m))
$$;

-- Each history costs 100.00 but where it says so; what is right for it, and why.
CREATE TABLE own.truth (history text PRIMARY KEY, kept numeric, what text);
INSERT INTO own.truth VALUES
    ('a', 70, 'newer API: invoice, payment intent and charge belong together through invoice_payment.paid'),
    ('b', NULL, 'test mode'), ('c', NULL, 'an event of a connected account'), ('d', NULL, 'a charge without an invoice, refunded'),
    ('e', 80, 'a refund of 60 fails, then 20: older API, refunds seen only where one fails'),
    ('f', 80, 'the same in the newer API, every event delivered'), ('g', 80, 'the same, only the totals delivered'),
    ('h', 10, 'a dispute of 90 that is lost'), ('i', 100, 'a dispute that is won'),
    ('j', 10, 'a lost dispute of which only the end is known'),
    ('k', 75, 'a credit note with a refund'), ('l', 95, 'a credit note of which 5 go back outside of Stripe'),
    ('m', 100, 'an invoice paid outside of Stripe, older API'), ('o', 60, 'a charge of an old API, which lists its refunds'),
    ('r', 100, 'a refund that failed, of which only the charge''s total says so'),
    ('s', 80, 'the same, and a second refund with the total: its event is as old as the refund'),
    ('p', 55, 'charge, intent and invoice through payment_intent.succeeded'), ('q', 100, 'only invoice.payment_succeeded'),
    ('t', 100, 'a refund that is canceled'), ('u', 65, 'two refunds, of which one is known only by the total'),
    ('v', 0, 'refunded in full after a dispute was won'), ('w', 100, 'a refund that failed, of which no more is known'),
    ('x', 75, 'the charge belongs to its invoice through the credit note'), ('y', 40, 'two payments of one invoice, the first refunded');
SELECT pg_temp.paid(h, 0, 10000, 'eur', h = ANY ('{a,b,c,f,g,i,k,r,t,v,x,y}'))
FROM unnest('{a,b,c,e,f,g,h,i,j,k,l,o,p,r,s,t,u,v,w,x,y}'::text[]) AS h \g /dev/null
UPDATE own.delivery SET beside = '{"livemode": false}' WHERE history = 'b';
UPDATE own.delivery SET beside = '{"livemode": true, "account": "acct_2"}' WHERE history = 'c';
DELETE FROM own.delivery WHERE history = 'x' AND type = 'invoice_payment.paid';
INSERT INTO own.delivery (history, at, type, object) VALUES
    ('a', 60, 'charge.refunded', pg_temp.charge('a', 3000, true)),
    ('d', 1, 'charge.succeeded', pg_temp.charge('d', 0, true)), ('d', 60, 'charge.refunded', pg_temp.charge('d', 1500, true)),
    ('d', 60, 'refund.created', pg_temp.refund('d', 1, 1500, 60, 'succeeded')),
    ('e', 60, 'charge.refunded', pg_temp.charge('e', 6000, false)),
    ('e', 5000, 'charge.refund.updated', pg_temp.refund('e', 1, 6000, 60, 'failed')),
    ('e', 6000, 'charge.refunded', pg_temp.charge('e', 2000, false)),
    ('f', 60, 'refund.created', pg_temp.refund('f', 1, 6000, 60, 'pending')),
    ('f', 60, 'charge.refunded', pg_temp.charge('f', 6000, true)),
    ('f', 5000, 'refund.failed', pg_temp.refund('f', 1, 6000, 60, 'failed')),
    ('f', 5000, 'refund.updated', pg_temp.refund('f', 1, 6000, 60, 'failed')),
    ('f', 5000, 'charge.updated', pg_temp.charge('f', 0, true)),
    ('f', 6000, 'refund.created', pg_temp.refund('f', 2, 2000, 6000, 'succeeded')),
    ('f', 6000, 'charge.refunded', pg_temp.charge('f', 2000, true)),
    ('g', 60, 'charge.refunded', pg_temp.charge('g', 6000, true)), ('g', 6000, 'charge.refunded', pg_temp.charge('g', 2000, true)),
    ('h', 60, 'charge.dispute.created', pg_temp.dispute('h', 'needs_response', '{}')),
    ('h', 61, 'charge.dispute.funds_withdrawn', pg_temp.dispute('h', 'needs_response', '{-10433}')),
    ('h', 9000, 'charge.dispute.closed', pg_temp.dispute('h', 'lost', '{-10433}')),
    ('i', 60, 'charge.dispute.funds_withdrawn', pg_temp.dispute('i', 'needs_response', NULL)),
    ('i', 9000, 'charge.dispute.funds_reinstated', pg_temp.dispute('i', 'won', NULL)),
    ('i', 9000, 'charge.dispute.closed', pg_temp.dispute('i', 'won', NULL)),
    ('j', 9000, 'charge.dispute.closed', pg_temp.dispute('j', 'lost', '{-10433}')),
    ('k', 60, 'credit_note.created', '{"id": "cn_k", "object": "credit_note", "invoice": "in_k", "amount": 2500, "out_of_band_amount": 0,
        "currency": "eur", "status": "issued", "created": 1748739600, "refunds": [{"amount_refunded": 2500, "refund": "re_k1"}]}'),
    ('k', 60, 'refund.created', pg_temp.refund('k', 1, 2500, 60, 'succeeded')),
    ('k', 60, 'charge.refunded', pg_temp.charge('k', 2500, true)),
    ('l', 60, 'credit_note.created', '{"id": "cn_l", "object": "credit_note", "invoice": "in_l", "amount": 2500, "out_of_band_amount": 500,
        "currency": "eur", "status": "issued", "created": 1748739600, "refund": null}'),
    ('m', 0, 'invoice.paid', '{"id": "in_m", "object": "invoice", "status": "paid", "subscription": "sub_m", "customer": "cus_1",
        "currency": "eur", "amount_due": 10000, "amount_paid": 0, "paid_out_of_band": true, "charge": null}'),
    ('o', 60, 'charge.refunded', pg_temp.charge('o', 4000, false) || jsonb_build_object('refunds', jsonb_build_object('object', 'list',
        'data', jsonb_build_array(pg_temp.refund('o', 2, 1500, 60, 'succeeded'), pg_temp.refund('o', 1, 2500, 30, 'succeeded'))))),
    ('p', 0, 'payment_intent.succeeded', '{"id": "pi_p", "object": "payment_intent", "invoice": "in_p", "latest_charge": "ch_p"}'),
    ('p', 60, 'refund.created', pg_temp.refund('p', 1, 4500, 60, 'succeeded') - 'payment_intent'),
    ('q', 0, 'invoice.payment_succeeded', '{"id": "in_q", "object": "invoice", "status": "paid", "subscription": "sub_q",
        "customer": "cus_1", "currency": "eur", "amount_due": 10000, "amount_paid": 10000, "paid_out_of_band": false}'),
    ('r', 60, 'refund.created', pg_temp.refund('r', 1, 3000, 60, 'succeeded')),
    ('r', 60, 'charge.refunded', pg_temp.charge('r', 3000, true)), ('r', 5000, 'charge.updated', pg_temp.charge('r', 0, true)),
    ('s', 60, 'charge.refund.updated', pg_temp.refund('s', 1, 3000, 60, 'succeeded')),
    ('s', 6000, 'charge.refunded', pg_temp.charge('s', 2000, false)),
    ('s', 9000, 'charge.refund.updated', pg_temp.refund('s', 2, 2000, 6000, 'succeeded')),
    ('t', 60, 'refund.created', pg_temp.refund('t', 1, 3000, 60, 'requires_action')),
    ('t', 90, 'refund.updated', pg_temp.refund('t', 1, 3000, 60, 'canceled')),
    ('u', 60, 'charge.refunded', pg_temp.charge('u', 2000, false)),
    ('u', 70, 'refund.created', pg_temp.refund('u', 2, 1500, 70, 'succeeded')),
    ('u', 70, 'charge.refunded', pg_temp.charge('u', 3500, false)),
    ('v', 60, 'charge.dispute.funds_withdrawn', pg_temp.dispute('v', 'needs_response', '{-9000}')),
    ('v', 90, 'charge.dispute.funds_reinstated', pg_temp.dispute('v', 'won', '{-9000,9000}')),
    ('v', 99, 'refund.created', pg_temp.refund('v', 1, 10000, 99, 'succeeded')),
    ('v', 99, 'charge.refunded', pg_temp.charge('v', 10000, true)),
    ('w', 60, 'charge.refunded', pg_temp.charge('w', 3000, false)),
    ('w', 99, 'charge.refund.updated', pg_temp.refund('w', 1, 3000, 60, 'failed') - 'created'),
    ('x', 60, 'credit_note.created', '{"id": "cn_x", "object": "credit_note", "invoice": "in_x", "amount": 2500, "out_of_band_amount": null,
        "currency": "eur", "status": "issued", "created": 1748739600, "refunds": [{"amount_refunded": 2500, "refund": "re_x1"}]}'),
    ('x', 60, 'refund.created', pg_temp.refund('x', 1, 2500, 60, 'succeeded')),
    ('y', 0, 'invoice_payment.paid', '{"id": "inpay_y2", "invoice": "in_y", "status": "paid", "amount_paid": 6000, "currency": "eur",
        "payment": {"type": "payment_intent", "payment_intent": "pi_y2"}}'),
    ('y', 60, 'refund.created', '{"id": "re_y", "amount": 6000, "currency": "eur", "status": "succeeded", "created": 1748739600,
        "charge": "ch_y2", "payment_intent": "pi_y2"}'),
    ('y', 60, 'charge.refunded', '{"id": "ch_y2", "payment_intent": "pi_y2", "currency": "eur", "amount_refunded": 6000}');
-- Unsettled, or of nothing: none of them moves money.
INSERT INTO own.delivery (history, at, type, object) VALUES
    ('n', 0, 'invoice.updated', '{"id": "in_n1", "status": "open", "amount_paid": 100, "currency": "eur"}'),
    ('n', 0, 'invoice.payment_failed', '{"id": "in_n2", "status": "open", "amount_paid": 100, "currency": "eur"}'),
    ('n', 0, 'invoice.paid', '{"id": " ", "status": "paid", "amount_paid": 100, "currency": "eur"}'),
    ('n', 0, 'invoice.paid', '{"id": "in_n3", "status": "paid", "amount_paid": "29.00 EUR", "currency": "eur"}'),
    ('n', 0, 'invoice.paid', '{"id": "in_n4", "status": "paid", "amount_paid": 0, "currency": "eur"}'),
    ('n', 0, 'invoice.paid', '{"id": "in_n5", "status": "paid", "amount_paid": -100, "currency": "eur"}');

CREATE VIEW own.money AS
SELECT t.history, c.conversion, c.conversion_id, c.converted_at, c.value, c.currency, c.subscription_id, c.journey_at
FROM mrcall.conversions AS c
JOIN own.truth AS t ON c.conversion_id ~ ('^[a-z]+_' || t.history || '[0-9]?(:|$)')
WHERE c.conversion IN ('payment', 'refund');
SELECT pg_temp.load(0) \g /dev/null
SELECT history, conversion, conversion_id, to_char(converted_at, 'MM-DD HH24:MI') AS at, value, subscription_id,
       to_char(journey_at, 'MM-DD HH24:MI') AS journey_at
FROM own.money ORDER BY history, converted_at, conversion, conversion_id COLLATE "C";
SELECT t.history, t.kept, m.kept AS ours, t.what
FROM own.truth AS t LEFT JOIN (SELECT history, sum(value) AS kept FROM own.money GROUP BY history) AS m USING (history)
WHERE t.kept IS DISTINCT FROM m.kept;
-- Nothing is counted that has no history.
SELECT c.conversion, c.conversion_id FROM mrcall.conversions AS c
WHERE c.conversion IN ('payment', 'refund') AND c.conversion_id NOT IN (SELECT m.conversion_id FROM own.money AS m);
-- doctor says what is not counted.
SELECT severity, finding FROM mrcall.doctor() WHERE object = 'stripe_events' AND finding !~ '^reads '
ORDER BY severity, finding COLLATE "C";

-- Other orders of delivery, some deliveries twice: the same rows.
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
-- explain_conversion finds each of them by its id.
SELECT pg_temp.load(0) \g /dev/null
SELECT count(*) > 30 AS many,
       count(*) FILTER (WHERE e.value IS DISTINCT FROM m.value OR e.journey_at IS DISTINCT FROM m.journey_at) AS different
FROM own.money AS m LEFT JOIN LATERAL mrcall_internal.conversions(m.conversion, m.conversion_id) AS e ON true;

-- The mapping lets tests and other accounts in.
SELECT mrcall.attach('{"stripe_events": {"table": "own.stripe", "columns": {"document": "document || ''{\"mrcall_counts\": true}''"}},
    "apple_events": {"table": null}, "products": {"table": null},
    "businesses": {"table": "own.business"}, "subscriptions": {"table": "own.subscription"}}') \g /dev/null
SELECT history, sum(value) FROM own.money WHERE history IN ('b', 'c') GROUP BY 1 ORDER BY 1;
SELECT mrcall.attach('{"stripe_events": {"table": "own.stripe", "columns": {"document":
        "CASE WHEN document ->> ''account'' = ''acct_2'' THEN document || ''{\"mrcall_counts\": true}'' ELSE document END"}},
    "apple_events": {"table": null}, "products": {"table": null},
    "businesses": {"table": "own.business"}, "subscriptions": {"table": "own.subscription"}}') \g /dev/null
SELECT history, sum(value) FROM own.money WHERE history IN ('b', 'c') GROUP BY 1 ORDER BY 1;

-- Minor units: ISO 4217, and Stripe's special cases.
TRUNCATE own.delivery;
SELECT pg_temp.paid(c, 0, 123450, c, true)
FROM unnest('{eur,jpy,krw,clp,xof,kwd,bhd,isk,ugx,huf,twd}'::text[]) AS c \g /dev/null
SELECT pg_temp.load(0) \g /dev/null
SELECT c.currency, c.value FROM mrcall.conversions AS c WHERE c.conversion = 'payment' ORDER BY 1;
-- The types that are read are those that doctor takes for read.
SELECT t.type, count(f.kind) AS facts
FROM unnest(mrcall_internal.read_types('stripe_events')) AS t (type)
LEFT JOIN LATERAL mrcall_internal.stripe_facts(
    jsonb_build_object('type', t.type, 'data', '{"object": {"id": "x", "out_of_band_amount": 1}}'::jsonb), NULL) AS f ON true
GROUP BY 1 HAVING count(f.kind) <> 1;
