-- distinct_agg, its stored state, rollup and accessors. The engine's own tests measure the error over all sizes up to ten million.
CREATE TEMP TABLE seen AS
SELECT n, '2031-01-01Z'::timestamptz + n * interval '97 seconds' AS at, format('visitor-%s', n * 7919 % 40009) AS visitor
FROM generate_series(1, 100000) AS n;

-- By day, rolled up by month: what the month's rows give, byte for byte, and within four standard errors of the truth.
CREATE TEMP TABLE daily AS
SELECT mrcall.bucket('1 day', at, 'Europe/Rome') AS day, mrcall.distinct_agg(visitor) AS visitors FROM seen GROUP BY 1;
SELECT count(*) AS months, bool_and(m.state OPERATOR(mrcall.=) w.state) AS same_bytes,
       count(*) FILTER (WHERE abs(mrcall.num_distinct(m.state) - w.exact) > 4 * mrcall.distinct_error(m.state) * w.exact) AS too_far,
       bool_and(mrcall.num_distinct(m.state) > 0.9 * w.exact) AS near
FROM (SELECT mrcall.bucket('1 month', day, 'Europe/Rome') AS month, mrcall.rollup(visitors ORDER BY day DESC)::text AS state_text,
             mrcall.rollup(visitors) AS state FROM daily GROUP BY 1) AS m
JOIN (SELECT mrcall.bucket('1 month', at, 'Europe/Rome') AS month, mrcall.distinct_agg(visitor ORDER BY md5(n::text)) AS state,
             count(DISTINCT visitor) AS exact
      FROM seen GROUP BY 1) AS w USING (month)
WHERE m.state_text = w.state::text;

-- Small counts are near enough to be read as they are; NULL is none, the empty text is a value; values compare by bytes.
SELECT n, mrcall.num_distinct(mrcall.distinct_agg(v::text)) AS distinct_values FROM (VALUES (1), (2), (10), (100)) AS s (n),
       generate_series(1, n) AS v GROUP BY n ORDER BY n;
SELECT mrcall.num_distinct(mrcall.distinct_agg(v)) AS distinct_values FROM (VALUES (NULL), (''), ('a'), ('A'), ('ä'), ('a ')) AS x (v);
SELECT mrcall.distinct_agg(NULL) IS NULL AS only_nulls, mrcall.distinct_agg('a') FILTER (WHERE false) IS NULL AS filtered,
       mrcall.rollup(NULL::mrcall.distinct_state) IS NULL AS rolled;
SELECT mrcall.num_distinct(mrcall.rollup(s)) AS merged_with_itself,
       bool_and(s OPERATOR(mrcall.=) s::text::mrcall.distinct_state) AS text_round_trip
FROM (SELECT mrcall.distinct_agg(v::text) AS s FROM generate_series(1, 10) AS v) AS one, generate_series(1, 2);

-- More registers, a smaller error.
SELECT p.n AS "precision", round(mrcall.distinct_error(s)::numeric, 5) AS error, octet_length(mrcall_internal.distinct_state_send(s))
    AS bytes,
       abs(mrcall.num_distinct(s) - 40009) < 4 * mrcall.distinct_error(s) * 40009 AS near
FROM (VALUES (8), (12), (14), (16), (18)) AS p (n), LATERAL (SELECT mrcall.distinct_agg(visitor, p.n) AS s FROM seen) AS x ORDER BY 1;
SELECT mrcall.distinct_agg(visitor, 14) OPERATOR(mrcall.=) mrcall.distinct_agg(visitor) AS default_is_14 FROM seen;
-- The bytes are fixed: who changes them breaks what is stored.
SELECT mrcall.distinct_agg(v) AS state FROM (VALUES (''), ('abc')) AS x (v);

-- A state for each of a hundred thousand groups is small.
SET LOCAL mrcall.max_state_memory = '64MB';
SET LOCAL enable_sort = off;
SELECT count(*) AS groups, sum(mrcall.num_distinct(s)) AS distinct_values
FROM (SELECT n, mrcall.distinct_agg(visitor) AS s FROM seen GROUP BY n) AS g;
RESET mrcall.max_state_memory;

-- Bad input.
SELECT mrcall.distinct_agg('a', 7);
SELECT mrcall.distinct_agg('a', 19);
SELECT mrcall.distinct_agg('a', NULL);
SELECT mrcall.distinct_agg('a', p) FROM (VALUES (12), (14)) AS x (p);
SELECT mrcall.rollup(s ORDER BY s) FROM (SELECT mrcall.distinct_agg('a', p) AS s FROM (VALUES (12), (14)) AS x (p) GROUP BY p) AS y;
SELECT 'no state'::mrcall.distinct_state;
SELECT '\x44'::mrcall.distinct_state;
SELECT '\x44090e00'::mrcall.distinct_state;
SELECT '\x44010e000000'::mrcall.distinct_state;
SELECT '\x44010e000140'::mrcall.distinct_state;
SELECT '\x44010e01'::mrcall.distinct_state;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT mrcall.distinct_agg(visitor, 18) FROM seen;
