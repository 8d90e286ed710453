-- @before
CREATE TABLE IF NOT EXISTS bench_funnel ENGINE = MergeTree ORDER BY (user_id, ts) AS
SELECT toUInt32(number % 100000) AS user_id, toUInt64(number * 104729 % 2592000 * 1000000 + number) AS ts,
       toUInt8(number * 48271 % 2147483647 % 10) AS kind
FROM numbers(1, 2000000);
-- @run
SELECT depth, count() AS users
FROM (SELECT user_id, windowFunnel(604800000000)(ts, kind < 3, kind IN (3, 4), kind = 5) AS depth
      FROM bench_funnel GROUP BY user_id)
GROUP BY depth
ORDER BY depth
