-- Compares mrcall.conversions with the ledgers. Prints "✗ what | history | difference" for each that differs, and figures.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
CALL money.as_of('2025-04-01Z');
CALL money.as_of('2025-07-01Z');
CALL money.as_of('infinity');
-- Both sides in one form; what belongs to no history is of history 0.
CREATE TEMP VIEW both_sides AS
SELECT 'ledger' AS side, e.* FROM money.expected AS e
UNION ALL
SELECT 'report', coalesce(h.number, 0), c.conversion, c.conversion_id, c.business_id, c.customer_id, c.subscription_id, c.converted_at,
    c.journey_at, c.value, c.currency
FROM mrcall.conversions AS c
LEFT JOIN money.history AS h ON h.business_id = c.business_id WHERE c.conversion IN ('subscription', 'payment', 'refund');
CREATE TEMP TABLE sides AS TABLE both_sides;
CREATE TEMP TABLE difference (what text, history int, detail text);

-- 1. What customers paid less what went back, by currency.
INSERT INTO difference
SELECT 'sum', s.history, format('%s: ledger %s, report %s', s.currency, s.ledger, s.report)
FROM (SELECT history, currency, coalesce(sum(value) FILTER (WHERE side = 'ledger'), 0) AS ledger,
             coalesce(sum(value) FILTER (WHERE side = 'report'), 0) AS report
      FROM sides WHERE conversion <> 'subscription' GROUP BY 1, 2) AS s
WHERE s.ledger <> s.report;

-- 2. Each payment and subscription as a row.
INSERT INTO difference
SELECT format('%s only, %s', r.side, r.conversion), r.history, r::text
FROM (SELECT min(side) AS side, history, conversion, conversion_id, customer_id, subscription_id, converted_at, journey_at,
             trim_scale(value) AS value, currency
      FROM sides WHERE conversion <> 'refund' GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10
      HAVING count(*) FILTER (WHERE side = 'ledger') <> count(*) FILTER (WHERE side = 'report')) AS r;

-- 3. Refunds belong to their payment's customer, subscription and journey; of histories that nothing was dropped of, to their day.
INSERT INTO difference
SELECT 'refund', s.history, format('%s, journey %s%s: ledger %s %s, report %s', s.subscription_id, s.journey_at, ' on ' || s.day, s.ledger,
                                   s.currency, s.report)
FROM (SELECT r.history, r.customer_id, r.subscription_id, r.journey_at, r.currency,
             CASE WHEN NOT h.dropped THEN r.converted_at::date END AS day,
             coalesce(sum(r.value) FILTER (WHERE r.side = 'ledger'), 0) AS ledger,
             coalesce(sum(r.value) FILTER (WHERE r.side = 'report'), 0) AS report
      FROM sides AS r LEFT JOIN money.history AS h ON h.number = r.history
      WHERE r.conversion = 'refund' GROUP BY 1, 2, 3, 4, 5, 6) AS s
WHERE s.ledger <> s.report;

-- 4. A closed month stays as it was: nothing that happened later has changed it.
INSERT INTO difference
SELECT 'closed month', h.number, format('%s of %s, closed at %s: %s %s', d.conversion, d.month, d.until, d.currency, d.what)
FROM (SELECT r.until, r.conversion, r.month, r.business_id, r.currency,
             string_agg(format('%s %s: %s', r.side, r.subscription_id, r.value), ', ') AS what
      FROM (SELECT min(a.side) AS side, a.until, a.conversion, a.month, a.business_id, a.subscription_id, a.journey_at, a.currency, a.value,
                   a.conversions
            FROM (SELECT 'then' AS side, r.* FROM money.report AS r WHERE r.until < 'infinity'
                  UNION ALL
                  SELECT 'now', u.until, r.conversion, r.month, r.business_id, r.subscription_id, r.journey_at, r.currency, r.value,
                      r.conversions
                  FROM money.report AS r
                  JOIN (VALUES (timestamptz '2025-04-01Z'), ('2025-07-01Z')) AS u (until) ON r.month < u.until AT TIME ZONE 'UTC'
                  WHERE r.until = 'infinity') AS a
            GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10 HAVING count(*) = 1) AS r
      GROUP BY 1, 2, 3, 4, 5) AS d
JOIN money.history AS h USING (business_id)
WHERE NOT h.dropped;

-- 5. doctor counts what is none of our money and what is lost, and warns of nothing that the providers send every day: prices are
-- missing where Apple's notifications are old.
CREATE TEMP TABLE finding AS SELECT d.severity, d.object, d.finding, coalesce(substring(d.finding FROM '^[0-9]+')::bigint, 0) AS found
FROM mrcall.doctor() AS d WHERE d.object IN ('stripe_events', 'apple_events');
INSERT INTO difference
SELECT 'doctor', 0, format('%s: %s to %s were delivered, doctor counts %s', r.pattern, c.least, c.most, f.found)
FROM (VALUES ('stripe', 'test mode', 'test mode'), ('stripe', 'other account', 'another account'), ('apple', 'sandbox', 'environment'),
             ('apple', 'family', 'family'), ('apple', 'upgrade', 'upgrades'), ('apple', 'lost', 'payment is not on record'),
             ('stripe', 'lost', 'no payment on record')) AS r (provider, reason, pattern)
CROSS JOIN LATERAL (SELECT count(DISTINCT c.thing) FILTER (WHERE c.of_money) AS least,
                           -- Those of charges without an invoice and of transactions without a price are of no payment, either.
                           CASE r.reason WHEN 'lost' THEN 1000000 ELSE count(DISTINCT c.thing) END AS most
                    FROM money.counted AS c WHERE (c.provider, c.reason) = (r.provider, r.reason)) AS c
CROSS JOIN LATERAL (SELECT coalesce(sum(d.found), 0) AS found FROM finding AS d
                    WHERE d.object = r.provider || '_events' AND d.finding ~ r.pattern) AS f
WHERE f.found NOT BETWEEN c.least AND c.most;
INSERT INTO difference
SELECT 'doctor warns', 0, d.finding FROM finding AS d WHERE d.severity IN ('error', 'warning') AND d.finding !~ '"[A-Z_]+" without a price';

SELECT format('✗ %s | %s | %s', what, history, detail)
FROM (SELECT d.*, row_number() OVER (PARTITION BY what ORDER BY history, detail) AS n FROM difference AS d) AS d
WHERE n <= 15 ORDER BY what, history;
SELECT format('figure: %s histories, %s documents, %s payments, %s refunds, %s of them back in, %s currencies, %s closed months',
    (SELECT count(*) FROM money.history), (SELECT count(*) FROM money.stripe) + (SELECT count(*) FROM money.apple),
    count(*) FILTER (WHERE conversion = 'payment'), count(*) FILTER (WHERE conversion = 'refund'),
    count(*) FILTER (WHERE conversion = 'refund' AND value > 0), count(DISTINCT currency),
    (SELECT count(DISTINCT (until, month)) FROM money.report WHERE until < 'infinity'))
FROM sides WHERE side = 'report';
SELECT format('differences: %s in %s histories', count(*), count(DISTINCT history)) FROM difference;
