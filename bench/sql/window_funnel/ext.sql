-- @before
CREATE TABLE IF NOT EXISTS bench_funnel AS
SELECT n % 100000 AS user_id, timestamptz '2026-03-01 00:00+00' + (n::bigint * 104729 % 2592000) * interval '1 second'
           + n * interval '1 microsecond' AS ts, (n::bigint * 48271 % 2147483647 % 10)::int AS kind
FROM generate_series(1, 2000000) AS n;
VACUUM ANALYZE bench_funnel;
-- @run
SELECT depth, count(*) AS users
FROM (SELECT user_id, mrcall.window_funnel('7 days', ts, ARRAY[kind < 3, kind IN (3, 4), kind = 5]) AS depth
      FROM bench_funnel GROUP BY user_id) AS by_user
GROUP BY depth
ORDER BY depth
