-- The next event of the third step from each event on, then the next of the second with the third after it.
-- @before
CREATE TABLE IF NOT EXISTS bench_funnel AS
SELECT n % 100000 AS user_id, timestamptz '2026-03-01 00:00+00' + (n::bigint * 104729 % 2592000) * interval '1 second'
           + n * interval '1 microsecond' AS ts, (n::bigint * 48271 % 2147483647 % 10)::int AS kind
FROM generate_series(1, 2000000) AS n;
VACUUM ANALYZE bench_funnel;
-- @run
WITH third AS (
    SELECT user_id, ts, kind,
           min(ts) FILTER (WHERE kind = 5) OVER (PARTITION BY user_id ORDER BY ts DESC) AS third_at
    FROM bench_funnel
),
second AS (
    SELECT user_id, ts, kind,
           min(ts) FILTER (WHERE kind IN (3, 4)) OVER (PARTITION BY user_id ORDER BY ts DESC) AS second_at,
           min(third_at) FILTER (WHERE kind IN (3, 4)) OVER (PARTITION BY user_id ORDER BY ts DESC) AS third_at
    FROM third
),
by_user AS (
    SELECT user_id,
           coalesce(max(CASE WHEN kind >= 3 THEN 0 WHEN third_at <= ts + interval '7 days' THEN 3
                             WHEN second_at <= ts + interval '7 days' THEN 2 ELSE 1 END), 0) AS depth
    FROM second
    GROUP BY user_id
)
SELECT depth, count(*) AS users FROM by_user GROUP BY depth ORDER BY depth
