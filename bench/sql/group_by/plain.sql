-- @before
CREATE TABLE IF NOT EXISTS bench_funnel AS
SELECT n % 100000 AS user_id, timestamptz '2026-03-01 00:00+00' + (n::bigint * 104729 % 2592000) * interval '1 second'
           + n * interval '1 microsecond' AS ts, (n::bigint * 48271 % 2147483647 % 10)::int AS kind
FROM generate_series(1, 2000000) AS n;
VACUUM ANALYZE bench_funnel;
-- @run
SELECT count(*) AS users, min(first_at) AS first_at, max(last_at) AS last_at
FROM (SELECT user_id, min(ts) AS first_at, max(ts) AS last_at FROM bench_funnel GROUP BY user_id) AS by_user
