-- call_agg, its stored state, accessors and rollup.
CREATE TABLE public.call (started_at timestamptz, ended_at timestamptz, outcome text);
INSERT INTO public.call VALUES
    ('2031-05-01 10:00+00', '2031-05-01 10:10+00', 'completed'),
    ('2031-05-01 10:05+00', '2031-05-01 10:20+00', 'completed'),
    ('2031-05-01 10:10+00', '2031-05-01 10:11+00', NULL),          -- begins when the first ends: no overlap
    ('2031-05-01 10:30+00', '2031-05-01 10:30+00', 'missed'),      -- of length zero
    ('2031-05-01 10:40+00', NULL, 'running'),
    (NULL, '2031-05-01 10:50+00', 'never');
SELECT mrcall.num_calls(s) AS calls, mrcall.total_duration(s) AS total, mrcall.mean_duration(s) AS mean,
       mrcall.duration_percentile(s, 0.5) AS p50, mrcall.duration_percentile(s, 0.95) AS p95,
       mrcall.peak_concurrency(s) AS peak, mrcall.peak_at(s) AT TIME ZONE 'UTC' AS at, mrcall.busy_time(s) AS busy
FROM (SELECT mrcall.call_agg(started_at, ended_at, outcome) AS s FROM public.call) AS one;
SELECT o.* FROM mrcall.outcomes((SELECT mrcall.call_agg(started_at, ended_at, outcome) FROM public.call)) AS o;

-- No row, only NULL times, a group emptied by FILTER: NULL. Only calls without a duration: no figures of durations.
SELECT mrcall.call_agg(NULL::timestamptz, now(), 'x') IS NULL AS only_nulls,
       mrcall.call_agg(now(), NULL, NULL) FILTER (WHERE false) IS NULL AS filtered,
       mrcall.rollup(NULL::mrcall.call_state) IS NULL AS rolled, mrcall.num_calls(NULL) IS NULL AS accessed;
SELECT mrcall.num_calls(s) AS calls, mrcall.total_duration(s) AS total, mrcall.mean_duration(s) AS mean,
       mrcall.duration_percentile(s, 0) AS p0, mrcall.peak_concurrency(s) AS peak, mrcall.peak_at(s) AS at,
       mrcall.busy_time(s) AS busy
FROM (SELECT mrcall.call_agg(now(), NULL, NULL) AS s) AS one;

-- Random groups against plain SQL: percentile_cont, and a sweep that counts at every start the calls that run.
CREATE TABLE public.random_call AS
SELECT g.seed, timestamptz '2026-03-29 00:00Z' + (h.a & 63) * g.grain AS started_at,
       CASE WHEN h.c % 10 > 0 THEN timestamptz '2026-03-29 00:00Z' + ((h.a & 63) + (h.b & 31) * (h.c % 4)) * g.grain END AS ended_at,
       (ARRAY['completed', 'missed', '', 'é', NULL])[1 + h.c % 5] AS outcome
FROM (SELECT n AS seed, (ARRAY['1 us', '7 us', '1 s', '1 min', '17 min 3.123457 s']::interval[])[1 + n % 5] AS grain
      FROM generate_series(1, 12000) AS n) AS g
CROSS JOIN LATERAL generate_series(1, 1 + g.seed % 13) AS c (nr)
CROSS JOIN LATERAL (SELECT (hashtextextended(format('%s/%s/a', g.seed, c.nr), 0) & 1073741823)::int AS a,
                           (hashtextextended(format('%s/%s/b', g.seed, c.nr), 0) & 1073741823)::int AS b,
                           (hashtextextended(format('%s/%s/c', g.seed, c.nr), 0) & 1073741823)::int AS c) AS h;
CREATE TABLE public.found AS
SELECT seed, mrcall.num_calls(s) AS calls, mrcall.total_duration(s) AS total, mrcall.mean_duration(s) AS mean,
       mrcall.duration_percentile(s, 0.5) AS p50, mrcall.duration_percentile(s, 0.95) AS p95, mrcall.duration_percentile(s, 0.123) AS p12,
       mrcall.peak_concurrency(s) AS peak, mrcall.peak_at(s) AS at, mrcall.busy_time(s) AS busy,
       (SELECT jsonb_object_agg(coalesce(o.outcome, '(not set)'), o.calls) FROM mrcall.outcomes(s) AS o) AS outcomes
FROM (SELECT seed, mrcall.call_agg(started_at, ended_at, outcome) AS s FROM public.random_call GROUP BY seed) AS one;
CREATE TABLE public.expected AS
WITH span AS (
    SELECT seed, started_at, ended_at FROM public.random_call WHERE ended_at > started_at
), peak AS (
    SELECT DISTINCT ON (m.seed) m.seed, m.calls::int AS peak, m.at
    FROM (SELECT a.seed, a.started_at AS at, count(*) AS calls
          FROM (SELECT DISTINCT seed, started_at FROM span) AS a
          JOIN span AS b ON b.seed = a.seed AND b.started_at <= a.started_at AND b.ended_at > a.started_at
          GROUP BY 1, 2) AS m
    ORDER BY m.seed, m.calls DESC, m.at
), busy AS (
    SELECT u.seed, sum(upper(u.range) - lower(u.range)) AS busy
    FROM (SELECT seed, unnest(range_agg(tstzrange(started_at, ended_at))) AS range FROM span GROUP BY seed) AS u
    GROUP BY 1
), outcome AS (
    SELECT o.seed, jsonb_object_agg(coalesce(o.outcome, '(not set)'), o.calls) AS outcomes
    FROM (SELECT seed, outcome, count(*) AS calls FROM public.random_call GROUP BY 1, 2) AS o
    GROUP BY 1
), figures AS (
    SELECT r.seed, count(*) AS calls, coalesce(sum(l.length), '0') AS total, avg(l.length) AS mean,
           percentile_cont(ARRAY[0.5, 0.95, 0.123]) WITHIN GROUP (ORDER BY l.length) AS p
    FROM public.random_call AS r
    -- In hours alone: the server rounds a fraction of days and one of hours each on its own.
    LEFT JOIN LATERAL (SELECT make_interval(secs => extract(epoch FROM r.ended_at - r.started_at)::float8) AS length) AS l
        ON r.ended_at > r.started_at
    GROUP BY r.seed
)
SELECT f.seed, f.calls, f.total, f.mean, f.p[1] AS p50, f.p[2] AS p95, f.p[3] AS p12, coalesce(k.peak, 0) AS peak, k.at,
       coalesce(b.busy, '0') AS busy, o.outcomes
FROM figures AS f
JOIN outcome AS o USING (seed)
LEFT JOIN peak AS k USING (seed)
LEFT JOIN busy AS b USING (seed);
SELECT (SELECT count(*) FROM public.expected) AS groups, count(*) AS differences, min(d.seed) AS first_seed
FROM ((TABLE public.found EXCEPT TABLE public.expected) UNION ALL (TABLE public.expected EXCEPT TABLE public.found)) AS d;
SELECT max(peak) > 3 AS overlaps, bool_or(mean IS NULL) AS no_durations, bool_or(busy < total) AS nested, bool_or(busy = total) AS apart
FROM public.expected;

-- Any split gives the same bytes: merged in parts and as a whole, in any order, overlapping in time.
WITH whole AS (
    SELECT seed, mrcall.call_agg(started_at, ended_at, outcome) AS s FROM public.random_call GROUP BY 1
), part AS (
    SELECT seed, hashtext(started_at::text) % 3 AS part, hashtext(outcome) % 2 AS piece,
           mrcall.call_agg(started_at, ended_at, outcome ORDER BY hashtext(ended_at::text)) AS s
    FROM public.random_call GROUP BY 1, 2, 3
), twice AS (
    SELECT seed, part, mrcall.rollup(s ORDER BY piece DESC) AS s FROM part GROUP BY 1, 2
), merged AS (
    SELECT seed, mrcall.rollup(s) AS s FROM twice GROUP BY 1
)
SELECT count(*) AS compared, count(*) FILTER (WHERE w.s::text IS DISTINCT FROM m.s::text) AS differences
FROM whole AS w FULL JOIN merged AS m USING (seed);

-- A state merged with itself counts its rows twice.
SELECT mrcall.num_calls(s) AS calls, mrcall.peak_concurrency(s) AS peak, mrcall.total_duration(s) AS total, mrcall.busy_time(s) AS busy
FROM (SELECT mrcall.rollup(s) AS s
      FROM (SELECT mrcall.call_agg(started_at, ended_at, outcome) AS s FROM public.call) AS one, generate_series(1, 2)) AS two;

-- A parallel plan: partial states in the workers, the same bytes.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ANALYZE public.random_call;
EXPLAIN (COSTS OFF) SELECT mrcall.call_agg(started_at, ended_at, outcome) FROM public.random_call;
CREATE TABLE public.parallel_state AS
SELECT mrcall.call_agg(started_at, ended_at, outcome)::text AS s,
       mrcall.call_agg(started_at, ended_at, outcome) FILTER (WHERE outcome = 'none such') IS NULL AS filtered
FROM public.random_call;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT p.s = (SELECT mrcall.call_agg(r.started_at, r.ended_at, r.outcome)::text FROM public.random_call AS r) AS same_bytes, p.filtered
FROM public.parallel_state AS p;

-- A stored column: equality, order, hash and btree index, DISTINCT, a materialized view.
CREATE TABLE public.stored (seed int PRIMARY KEY, s mrcall.call_state);
INSERT INTO public.stored
SELECT seed, mrcall.call_agg(started_at, ended_at, outcome || seed) FROM public.random_call WHERE seed % 240 = 10 GROUP BY 1;
CREATE INDEX ON public.stored USING hash (s);
CREATE INDEX ON public.stored (s);
SELECT count(DISTINCT s) = count(*) AS distinct_states, bool_and(s OPERATOR(mrcall.=) s::text::mrcall.call_state) AS text_round_trip
FROM public.stored;
SELECT count(*) FROM public.stored AS a JOIN public.stored AS b ON a.s OPERATOR(mrcall.=) b.s AND a.seed = b.seed;
SELECT bool_and((a.s OPERATOR(mrcall.<) b.s)::int + (a.s OPERATOR(mrcall.=) b.s)::int + (a.s OPERATOR(mrcall.>) b.s)::int = 1)
FROM public.stored AS a, public.stored AS b;
CREATE MATERIALIZED VIEW public.kept AS
SELECT seed, mrcall.call_agg(started_at, ended_at, outcome) AS s FROM public.random_call GROUP BY 1;
CREATE UNIQUE INDEX ON public.kept (seed);
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept;

-- Bad input.
SELECT mrcall.call_agg('infinity', NULL, 'x');
SELECT mrcall.call_agg('-infinity', NULL, 'x');
SELECT mrcall.call_agg('2031-01-01 00:00+00', 'infinity', 'x');
SELECT mrcall.call_agg('2031-01-01 00:00+00', '-infinity', 'x');
SELECT mrcall.call_agg('2031-01-01 00:00:00.000001+00', '2031-01-01 00:00+00', 'x');
SELECT mrcall.call_agg('4714-12-01 00:00+00 BC', '294276-12-01 00:00+00', 'x');
SELECT mrcall.total_duration(mrcall.call_agg('0001-01-01 00:00+00', '290000-01-01 00:00+00', 'x')) IS NULL FROM generate_series(1, 2);
SELECT mrcall.duration_percentile(mrcall.call_agg(now(), NULL, 'x'), NULL);
SELECT mrcall.duration_percentile(mrcall.call_agg(now(), NULL, 'x'), -0.1);
SELECT mrcall.duration_percentile(mrcall.call_agg(now(), NULL, 'x'), 1.1);
SELECT mrcall.duration_percentile(mrcall.call_agg(now(), NULL, 'x'), 'NaN');
SELECT mrcall.duration_percentile(NULL, 0.5);
SELECT 'no state'::mrcall.call_state;
SELECT '\x5'::mrcall.call_state;
SELECT '\xzz'::mrcall.call_state;
SELECT '\x'::mrcall.call_state;
SELECT '\x4309'::mrcall.call_state;
SELECT '\x4301ffffffffffffffffff01'::mrcall.call_state;
SELECT '\x43010000'::mrcall.call_state;
SELECT '\x430101000100'::mrcall.call_state;
SELECT mrcall.call_agg('2031-01-01 00:00+00', '2031-01-01 00:01+00', repeat('x', 16777217)) IS NULL;
-- Ten million calls with a duration fill a state; calls without one take no room.
CREATE TABLE public.million AS
SELECT mrcall.call_agg(at, at + interval '1 minute', 'x') AS s
FROM generate_series('2031-01-01 00:00:00+00'::timestamptz, '2031-01-12 13:46:39+00', '1 second') AS at;
SELECT mrcall.num_calls(s) AS calls, mrcall.peak_concurrency(s) AS peak
FROM (SELECT mrcall.rollup(s) AS s FROM public.million, generate_series(1, 10)) AS ten;
SELECT mrcall.rollup(m.s) IS NULL
FROM (SELECT s FROM public.million, generate_series(1, 10) UNION ALL SELECT s FROM public.kept WHERE seed = 5) AS m;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT mrcall.call_agg(now() + n * interval '1 hour', now() + n * interval '2 hours', 'x') IS NULL FROM generate_series(1, 5000) AS n;
RESET mrcall.max_state_memory;
-- What was held has been given back.
SET LOCAL mrcall.max_state_memory = '1MB';
SELECT mrcall.num_calls(mrcall.call_agg(now() + n * interval '1 hour', now() + n * interval '2 hours', 'x'))
FROM generate_series(1, 5000) AS n;
