-- What the tests' world lacks for these programs: what somebody spent.
INSERT INTO mrcall.spend
SELECT date '2026-03-01' + n, (ARRAY['Paid Search', 'Paid Social', 'Display'])[1 + n % 3], NULL, n + 0.5, 'EUR'
FROM generate_series(0, 80) AS n;
-- With stored visits: no program sees a difference but in time.
SELECT mrcall.maintain() \g /dev/null
CALL mrcall.refresh();
