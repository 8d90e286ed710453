-- Compares mrcall.conversions with the ledgers. Prints "✗ what | history | difference" for each that differs, and figures.
\set ON_ERROR_STOP on
\pset format unaligned
\pset tuples_only on
SET timezone = 'UTC';
CALL money.as_of('2025-04-01Z');
CALL money.as_of('2025-07-01Z');
CALL money.as_of('infinity');
CREATE TEMP TABLE actual AS
SELECT h.number AS history, h.dropped, c.* FROM mrcall.conversions AS c
LEFT JOIN money.history AS h ON h.business_id = c.business_id WHERE c.conversion IN ('subscription', 'payment', 'refund');
CREATE TEMP TABLE expected AS
SELECT e.history, h.dropped, e.conversion, e.conversion_id, e.business_id, e.customer_id, e.subscription_id, e.converted_at, e.journey_at,
    e.value, e.currency
FROM money.expected AS e JOIN money.history AS h ON h.number = e.history;
CREATE TEMP TABLE difference (what text, history int, detail text);

-- 1. What customers paid less what went back, by currency.
INSERT INTO difference
SELECT 'sum', history, format('%s: ledger %s, report %s', currency, e.value, a.value)
FROM (SELECT history, currency, sum(value) AS value FROM expected WHERE conversion <> 'subscription' GROUP BY 1, 2) AS e
FULL JOIN (SELECT coalesce(history, 0) AS history, currency, sum(value) AS value FROM actual WHERE conversion <> 'subscription' GROUP BY 1, 2)
    AS a USING (history, currency)
WHERE coalesce(e.value, 0) <> coalesce(a.value, 0);

-- 2. Each payment and subscription as a row.
INSERT INTO difference
SELECT d.what || ' ' || d.conversion, d.history, d.row
FROM (SELECT 'too much' AS what, a.conversion, a.history, a::text AS row FROM (
          SELECT conversion, history, conversion_id, customer_id, subscription_id, converted_at, journey_at, value, currency FROM actual
          WHERE conversion <> 'refund' EXCEPT ALL
          SELECT conversion, history, conversion_id, customer_id, subscription_id, converted_at, journey_at, value, currency FROM expected
          WHERE conversion <> 'refund') AS a
      UNION ALL
      SELECT 'missing', e.conversion, e.history, e::text FROM (
          SELECT conversion, history, conversion_id, customer_id, subscription_id, converted_at, journey_at, value, currency FROM expected
          WHERE conversion <> 'refund' EXCEPT ALL
          SELECT conversion, history, conversion_id, customer_id, subscription_id, converted_at, journey_at, value, currency FROM actual
          WHERE conversion <> 'refund') AS e) AS d;

-- 3. Refunds belong to their payment's subscription and journey; of histories that nothing was dropped of, to their day.
INSERT INTO difference
SELECT 'refund', history, format('%s %s journey %s%s: ledger %s, report %s', subscription_id, currency, journey_at, ' on ' || day, e.value,
                                 a.value)
FROM (SELECT history, coalesce(customer_id, '') AS customer_id, coalesce(subscription_id, '') AS subscription_id, journey_at, currency,
             coalesce(CASE WHEN NOT dropped THEN converted_at::date END::text, '') AS day, sum(value) AS value
      FROM expected WHERE conversion = 'refund' GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0) AS e
FULL JOIN (SELECT coalesce(history, 0) AS history, coalesce(customer_id, '') AS customer_id, coalesce(subscription_id, '') AS subscription_id,
                  journey_at, currency, coalesce(CASE WHEN NOT dropped THEN converted_at::date END::text, '') AS day, sum(value) AS value
           FROM actual WHERE conversion = 'refund' GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(value) <> 0) AS a
    USING (history, customer_id, subscription_id, journey_at, currency, day)
WHERE e.value IS DISTINCT FROM a.value;

-- 4. A closed month stays as it was: nothing that happened later has changed it.
INSERT INTO difference
SELECT 'closed month', h.number, format('%s of %s, closed at %s: %s %s %s then %s, now %s', conversion, month, until, subscription_id, currency,
                                        journey_at, b.value, n.value)
FROM (SELECT r.*, coalesce(r.subscription_id, '') AS s FROM money.report AS r WHERE r.until < 'infinity') AS b
FULL JOIN (SELECT u.until, r.conversion, r.month, r.business_id, r.journey_at, r.currency, r.value, r.conversions,
                  coalesce(r.subscription_id, '') AS s
           FROM money.report AS r JOIN money.history AS h USING (business_id)
           JOIN (VALUES (timestamptz '2025-04-01Z'), ('2025-07-01Z')) AS u (until) ON r.month < u.until AT TIME ZONE 'UTC'
           WHERE r.until = 'infinity' AND NOT h.dropped) AS n
    USING (until, conversion, month, business_id, s, journey_at, currency)
JOIN money.history AS h USING (business_id)
WHERE (b.value, b.conversions) IS DISTINCT FROM (n.value, n.conversions);

SELECT format('✗ %s | %s | %s', what, history, detail)
FROM (SELECT d.*, row_number() OVER (PARTITION BY what ORDER BY history, detail) AS n FROM difference AS d) AS d
WHERE n <= 15 ORDER BY what, history;
SELECT format('figure: %s histories, %s documents, %s payments, %s refunds, %s of them back in, %s currencies, %s closed months',
    (SELECT count(*) FROM money.history), (SELECT count(*) FROM money.stripe) + (SELECT count(*) FROM money.apple),
    count(*) FILTER (WHERE conversion = 'payment'), count(*) FILTER (WHERE conversion = 'refund'),
    count(*) FILTER (WHERE conversion = 'refund' AND value > 0), count(DISTINCT currency),
    (SELECT count(DISTINCT (until, month)) FROM money.report WHERE until < 'infinity'))
FROM actual;
SELECT format('differences: %s in %s histories', count(*), count(DISTINCT history)) FROM difference;
