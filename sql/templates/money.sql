-- CTEs: what customers paid (payment) and what went back (returned), out of webhooks. See docs/conversions.md.
-- Amounts of more than 24 digits do not count: garbage in a webhook must not fail a report.
-- coalesce(..., false) keeps the planner from taking conditions that nearly every row meets for rare ones.
stripe_fact AS (
    SELECT f.kind, f.id, f.invoice_id, f.charge_id, f.intent_id, f.subscription_id, f.customer_id, f.at, f.returned_at,
           mrcall_internal.currency_code(f.currency) AS currency, mrcall.try_numeric(f.amount) AS minor_units,
           e.received_at, e.event_id
    FROM {schema}stripe_events AS e
    CROSS JOIN LATERAL mrcall_internal.stripe_facts(e.document, e.received_at) AS f
),
stripe_paid AS (
    -- Once per invoice: Stripe delivers an event again until it is answered, and several events show a paid invoice.
    SELECT DISTINCT ON (f.invoice_id) f.invoice_id, f.subscription_id, f.customer_id AS stripe_customer_id, f.currency,
           f.minor_units, f.at AS paid_at
    FROM stripe_fact AS f
    WHERE coalesce(f.kind = 'paid' AND f.minor_units > 0 AND f.minor_units < 1e24 AND f.invoice_id IS NOT NULL
                   AND f.at IS NOT NULL, false)
    ORDER BY f.invoice_id, f.at, f.received_at, f.event_id COLLATE "C"
),
-- Since 2025-03-31 a charge does not name its invoice: documents of other kinds say which belong together.
stripe_link AS (
    SELECT DISTINCT f.invoice_id, f.charge_id, f.intent_id
    FROM stripe_fact AS f
    WHERE num_nonnulls(f.invoice_id, f.charge_id, f.intent_id) > 1
),
charge_of_intent AS (
    SELECT l.intent_id, min(l.charge_id COLLATE "C") COLLATE pg_catalog."default" AS charge_id
    FROM stripe_link AS l
    WHERE l.intent_id IS NOT NULL AND l.charge_id IS NOT NULL
    GROUP BY l.intent_id
),
invoice_of_charge AS (
    SELECT l.charge_id, min(coalesce(l.invoice_id, i.invoice_id) COLLATE "C") COLLATE pg_catalog."default" AS invoice_id
    FROM stripe_link AS l
    LEFT JOIN (SELECT x.intent_id, min(x.invoice_id COLLATE "C") COLLATE pg_catalog."default" AS invoice_id
               FROM stripe_link AS x WHERE x.invoice_id IS NOT NULL GROUP BY x.intent_id) AS i ON i.intent_id = l.intent_id
    WHERE l.charge_id IS NOT NULL
    GROUP BY l.charge_id
),
invoice_of_intent AS (
    SELECT l.intent_id, min(coalesce(l.invoice_id, c.invoice_id) COLLATE "C") COLLATE pg_catalog."default" AS invoice_id
    FROM stripe_link AS l
    LEFT JOIN (SELECT x.charge_id, min(x.invoice_id COLLATE "C") COLLATE pg_catalog."default" AS invoice_id
               FROM stripe_link AS x WHERE x.invoice_id IS NOT NULL GROUP BY x.charge_id) AS c ON c.charge_id = l.charge_id
    WHERE l.intent_id IS NOT NULL
    GROUP BY l.intent_id
),
-- What has been refunded of a charge so far, each time that it was said.
stripe_total AS (
    SELECT f.charge_id, f.at, f.minor_units AS total, min(f.currency COLLATE "C") COLLATE pg_catalog."default" AS currency,
           min(f.invoice_id COLLATE "C") COLLATE pg_catalog."default" AS invoice_id,
           min(f.intent_id COLLATE "C") COLLATE pg_catalog."default" AS intent_id
    FROM stripe_fact AS f
    WHERE f.kind = 'total' AND f.charge_id IS NOT NULL AND f.at IS NOT NULL AND f.minor_units >= 0 AND f.minor_units < 1e24
    GROUP BY f.charge_id, f.at, f.minor_units
),
-- Each refund, dispute and credit note once. Of a refund that failed it may be said only when it did: then it was made when the
-- charge first had as much refunded.
stripe_taken AS (
    SELECT t.*, coalesce(t.made_at, CASE WHEN t.kind = 'refund' THEN coalesce(x.at, t.returned_at) END) AS at
    FROM (SELECT g.*, coalesce(g.named_charge_id, c.charge_id) AS charge_id
          FROM (SELECT f.id, min(f.kind) FILTER (WHERE f.kind <> 'link') AS kind,
                       min(f.currency COLLATE "C") COLLATE pg_catalog."default" AS currency,
                       min(f.invoice_id COLLATE "C") COLLATE pg_catalog."default" AS invoice_id,
                       min(f.charge_id COLLATE "C") COLLATE pg_catalog."default" AS named_charge_id,
                       min(f.intent_id COLLATE "C") COLLATE pg_catalog."default" AS intent_id,
                       max(f.minor_units) AS minor_units, min(f.at) AS made_at, min(f.returned_at) AS returned_at
                FROM stripe_fact AS f
                WHERE f.id IS NOT NULL
                GROUP BY f.id
                HAVING max(f.minor_units) > 0 AND max(f.minor_units) < 1e24) AS g
          LEFT JOIN charge_of_intent AS c ON c.intent_id = g.intent_id AND g.named_charge_id IS NULL) AS t
    LEFT JOIN LATERAL (SELECT min(y.at) AS at FROM stripe_total AS y
                       WHERE y.charge_id = t.charge_id AND y.total >= t.minor_units AND t.made_at IS NULL) AS x
        ON t.made_at IS NULL
),
-- Of the total, only what exceeds the refunds that are known by then is one more; where it falls, or says less than is known, one of
-- those came back. The minute: the clocks of two events.
stripe_rest AS (
    SELECT r.*, r.rest - lag(r.rest, 1, 0::numeric) OVER (PARTITION BY r.charge_id ORDER BY r.at, r.total) AS minor_units,
           row_number() OVER (PARTITION BY r.charge_id, r.total ORDER BY r.at) AS nr
    FROM (SELECT s.*, CASE WHEN s.more >= 0 THEN s.more ELSE least(s.less, 0) END AS rest
          FROM (SELECT x.charge_id, x.at, x.total, x.currency, x.invoice_id, x.intent_id,
                       x.total - coalesce(sum(t.minor_units) FILTER (WHERE t.at <= x.at + interval '1 minute'), 0)
                       + coalesce(sum(t.minor_units) FILTER (WHERE t.returned_at <= x.at), 0) AS more,
                       x.total - coalesce(sum(t.minor_units) FILTER (WHERE t.at <= x.at), 0)
                       + coalesce(sum(t.minor_units) FILTER (WHERE t.returned_at <= x.at + interval '1 minute'), 0) AS less
                FROM stripe_total AS x
                LEFT JOIN stripe_taken AS t ON t.charge_id = x.charge_id AND t.kind = 'refund'
                GROUP BY x.charge_id, x.at, x.total, x.currency, x.invoice_id, x.intent_id) AS s) AS r
),
-- Money that went back is above 0, what came again below.
stripe_returned AS (
    SELECT r.conversion_id, r.moved_at, coalesce(r.currency, p.currency) AS currency, r.minor_units, p.invoice_id, p.subscription_id,
           p.stripe_customer_id
    FROM (SELECT t.id AS conversion_id, t.at AS moved_at, t.currency, t.minor_units, t.invoice_id, t.charge_id, t.intent_id
          FROM stripe_taken AS t
          WHERE t.at IS NOT NULL
          UNION ALL
          SELECT t.id || ':reversed', greatest(t.at, t.returned_at), t.currency, -t.minor_units, t.invoice_id, t.charge_id,
                 t.intent_id
          FROM stripe_taken AS t
          WHERE t.at IS NOT NULL AND t.returned_at IS NOT NULL
          UNION ALL
          SELECT concat(x.charge_id, ':', trim_scale(x.total), CASE WHEN x.nr > 1 THEN ':' || x.nr END), x.at, x.currency,
                 x.minor_units, x.invoice_id, x.charge_id, x.intent_id
          FROM stripe_rest AS x
          WHERE x.minor_units <> 0) AS r
    LEFT JOIN invoice_of_charge AS c ON c.charge_id = r.charge_id
    LEFT JOIN invoice_of_intent AS i ON i.intent_id = r.intent_id
    LEFT JOIN stripe_paid AS p ON p.invoice_id = coalesce(r.invoice_id, c.invoice_id, i.invoice_id)
),
apple_event AS (
    -- All that names a transaction that was bought, but for that of a test or of a family. REVOKE ends what a family shared.
    SELECT a.type, a.transaction_id, a.subscription_id, a.milliunits, a.currency, a.account_token, a.percentage, a.revoked_at,
           a.is_refund, a.is_upgrade, coalesce(a.purchased_at, a.signed_at, a.received_at) AS paid_at,
           coalesce(a.signed_at, a.revoked_at, a.received_at) AS said_at, a.received_at, a.event_id
    FROM (SELECT n.document ->> 'notificationType' AS type, t.document ->> 'transactionId' AS transaction_id,
                 coalesce(nullif(btrim(t.document ->> 'originalTransactionId'), ''), t.document ->> 'transactionId') AS subscription_id,
                 mrcall.try_numeric(t.document ->> 'price') AS milliunits,
                 mrcall_internal.currency_code(t.document ->> 'currency') AS currency,
                 t.document ->> 'appAccountToken' AS account_token,
                 mrcall.try_numeric(t.document ->> 'revocationPercentage') AS percentage,
                 mrcall.try_timestamptz(t.document ->> 'revocationDate') AS revoked_at,
                 mrcall.try_timestamptz(t.document ->> 'purchaseDate') AS purchased_at,
                 coalesce(mrcall.try_timestamptz(n.document ->> 'signedDate'),
                          mrcall.try_timestamptz(t.document ->> 'signedDate')) AS signed_at,
                 n.document ->> 'notificationType' <> 'REFUND_REVERSED'
                 AND (n.document ->> 'notificationType' = 'REFUND' OR t.document ->> 'revocationDate' IS NOT NULL) AS is_refund,
                 n.document ->> 'notificationType' IN ('DID_CHANGE_RENEWAL_PREF', 'OFFER_REDEEMED')
                 AND n.document ->> 'subtype' = 'UPGRADE' AS is_upgrade,
                 e.received_at, e.event_id
          FROM {schema}apple_events AS e
          CROSS JOIN LATERAL (SELECT mrcall_internal.apple_notification(e.document) AS document OFFSET 0) AS n
          CROSS JOIN LATERAL (SELECT mrcall_internal.apple_transaction(n.document) AS document OFFSET 0) AS t
          WHERE mrcall_internal.is_bought(e.document, n.document, t.document)) AS a
),
apple_paid AS (
    SELECT DISTINCT ON (a.transaction_id) a.*,
           round(a.milliunits / 1000, greatest(coalesce(mrcall.currency_exponent(a.currency), 2),
                                               least(scale(trim_scale(a.milliunits / 1000)), 12))) AS value
    FROM apple_event AS a
    WHERE coalesce(NOT a.is_refund AND a.milliunits > 0 AND a.milliunits < 1e24 AND a.paid_at IS NOT NULL, false)
    ORDER BY a.transaction_id, a.paid_at, a.received_at, a.event_id COLLATE "C"
),
-- How much of a transaction is refunded, each time that this changed: a percentage is of all of it, a reversal takes it back.
apple_level AS (
    SELECT p.transaction_id, p.subscription_id, p.account_token, p.currency, r.is_refund, r.said_at, r.moved_at,
           CASE WHEN NOT r.is_refund THEN 0
                WHEN r.percentage >= 0 AND r.percentage < 100000
                THEN round(p.value * r.percentage / 100000, coalesce(mrcall.currency_exponent(p.currency), 2))
                ELSE p.value END AS level
    FROM (SELECT a.transaction_id, a.is_refund, a.revoked_at, max(a.percentage) AS percentage, min(a.said_at) AS said_at,
                 min(CASE WHEN a.is_refund THEN coalesce(a.revoked_at, a.said_at) ELSE a.said_at END) AS moved_at
          FROM apple_event AS a
          WHERE a.is_refund
          GROUP BY a.transaction_id, a.is_refund, a.revoked_at
          UNION ALL
          SELECT DISTINCT a.transaction_id, false, NULL::timestamptz, NULL::numeric, a.said_at, a.said_at
          FROM apple_event AS a
          WHERE a.type = 'REFUND_REVERSED') AS r
    JOIN apple_paid AS p ON p.transaction_id = r.transaction_id
    WHERE r.moved_at IS NOT NULL
),
apple_returned AS (
    SELECT s.*, row_number() OVER (PARTITION BY s.transaction_id ORDER BY s.said_at, s.is_refund DESC, s.moved_at) AS nr
    FROM (SELECT l.transaction_id, l.subscription_id, l.account_token, l.currency, l.is_refund, l.said_at,
                 max(l.moved_at) OVER w AS moved_at, l.level - lag(l.level, 1, 0::numeric) OVER w AS value
          FROM apple_level AS l
          WINDOW w AS (PARTITION BY l.transaction_id ORDER BY l.said_at, l.is_refund DESC, l.moved_at
                       ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) AS s
    WHERE s.value <> 0
),
-- series: what shares one journey, that of its first payment. payment_id: the payment that money belongs to.
payment AS (
    SELECT p.invoice_id AS conversion_id, p.subscription_id, p.stripe_customer_id, NULL::text AS account_token,
           coalesce(p.subscription_id, 'invoice ' || p.invoice_id) AS series, p.paid_at AS converted_at, p.currency,
           mrcall_internal.major_units(p.minor_units, p.currency) AS value, p.invoice_id AS payment_id
    FROM stripe_paid AS p
    UNION ALL
    SELECT a.transaction_id, a.subscription_id, NULL, a.account_token, a.subscription_id, a.paid_at, a.currency, a.value,
           a.transaction_id
    FROM apple_paid AS a
),
returned AS (
    SELECT r.conversion_id, r.subscription_id, r.stripe_customer_id, NULL::text AS account_token,
           coalesce(r.subscription_id, 'invoice ' || r.invoice_id) AS series, r.moved_at AS converted_at, r.currency,
           -mrcall_internal.major_units(r.minor_units, r.currency) AS value, r.invoice_id AS payment_id
    FROM stripe_returned AS r
    -- What is no payment of ours is no refund either.
    WHERE r.invoice_id IS NOT NULL
    UNION ALL
    SELECT CASE WHEN a.nr = 1 THEN a.transaction_id
                WHEN a.nr = 2 AND NOT a.is_refund THEN a.transaction_id || ':reversed'
                ELSE a.transaction_id || ':' || a.nr END,
           a.subscription_id, NULL, a.account_token, a.subscription_id, a.moved_at, a.currency, -a.value,
           a.transaction_id
    FROM apple_returned AS a
),
