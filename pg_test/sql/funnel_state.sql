-- funnel_agg, its stored state, accessors and rollup, against window_funnel over the same rows.
CREATE TEMP TABLE mode_list (modes text[]);
INSERT INTO mode_list VALUES (NULL), ('{}'), ('{strict_increase}'), ('{strict_once}'), ('{strict_deduplication}'), ('{strict_order}'),
    ('{strict_order,allow_reentry}'), ('{strict_order,strict_once,strict_increase}'), ('{consecutive}');
\set seed 20260510
\echo seed :seed
CREATE TABLE public.state_hit AS
SELECT g AS visitor, n AS nr, '2031-05-01'::timestamptz + (abs(hashint8extended(g * 100 + n, :seed)) % 12) * interval '1 second' AS ts,
       ARRAY(SELECT (hashint8extended((g * 100 + n) * 10 + s, :seed + 1) % 3 = 0) FROM generate_series(1, 4) AS s) AS steps
FROM generate_series(1, 2000) AS g, generate_series(1, 7) AS n;

-- The state answers as the aggregates do, in every mode.
WITH kept AS (
    SELECT visitor, mrcall.funnel_agg(ts, steps)::text::mrcall.funnel_state AS s FROM public.state_hit GROUP BY visitor
), direct AS (
    SELECT visitor, m.modes, mrcall.window_funnel('5 seconds', ts, steps, m.modes) AS depth,
           mrcall.window_funnel_times('5 seconds', ts, steps, m.modes) AS times
    FROM public.state_hit, mode_list AS m GROUP BY visitor, m.modes
)
SELECT d.modes, count(*) AS compared, count(DISTINCT d.depth) AS depths,
       count(*) FILTER (WHERE mrcall.window_funnel(k.s, '5 seconds', d.modes) IS DISTINCT FROM d.depth
                           OR mrcall.window_funnel_times(k.s, '5 seconds', d.modes) IS DISTINCT FROM d.times) AS differences
FROM kept AS k JOIN direct AS d USING (visitor) GROUP BY d.modes ORDER BY d.modes;
-- Other windows from the same states.
SELECT w.within, count(*) FILTER (WHERE mrcall.window_funnel(s.s, w.within) <> s.depths[w.nr]) AS differences,
       sum(mrcall.window_funnel(s.s, w.within)) > 0 AS some
FROM (SELECT visitor, mrcall.funnel_agg(ts, steps) AS s,
             ARRAY[mrcall.window_funnel('0', ts, steps), mrcall.window_funnel('2 seconds', ts, steps),
                   mrcall.window_funnel('1 day', ts, steps)] AS depths
      FROM public.state_hit GROUP BY visitor) AS s,
     (VALUES (1, interval '0'), (2, '2 seconds'), (3, '1 day')) AS w (nr, within)
GROUP BY w.nr, w.within ORDER BY w.nr;

-- Any split gives the same bytes: by chunk of rows, in any order, merged in parts and as a whole.
WITH whole AS (
    SELECT visitor, mrcall.funnel_agg(ts, steps) AS s FROM public.state_hit GROUP BY visitor
), parts AS (
    SELECT visitor, nr % 3 AS part, nr % 2 AS half, mrcall.funnel_agg(ts, steps ORDER BY hashint8(nr)) AS s
    FROM public.state_hit GROUP BY 1, 2, 3
), halves AS (
    SELECT visitor, half, mrcall.rollup(s ORDER BY part DESC) AS s FROM parts GROUP BY 1, 2
), merged AS (
    SELECT visitor, mrcall.rollup(s) AS s FROM halves GROUP BY 1
)
SELECT count(*) AS compared, count(*) FILTER (WHERE w.s::text <> m.s::text OR w.s OPERATOR(mrcall.<>) m.s) AS differences,
       sum(mrcall.num_events(m.s)) AS events
FROM whole AS w JOIN merged AS m USING (visitor);
-- A state merged with itself counts its rows twice.
SELECT mrcall.num_events(s) AS once, mrcall.num_events(mrcall.rollup(s)) AS twice
FROM (SELECT mrcall.funnel_agg(now(), ARRAY[true]) AS s) AS one, generate_series(1, 2) GROUP BY s;

-- A parallel plan: partial states in the workers, the same bytes; more events than one piece of a list holds.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ANALYZE public.state_hit;
EXPLAIN (COSTS OFF) SELECT mrcall.funnel_agg(ts, steps) FROM public.state_hit;
CREATE TEMP TABLE parallel_state AS
SELECT mrcall.funnel_agg(ts, steps)::text AS s, mrcall.funnel_agg(ts, steps) FILTER (WHERE visitor < 0) IS NULL AS filtered
FROM public.state_hit;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT p.s = mrcall.funnel_agg(h.ts, h.steps)::text AS same_bytes, p.filtered, count(*) AS events
FROM public.state_hit AS h, parallel_state AS p GROUP BY p.s, p.filtered;

-- No row, NULL times, NULL steps, a group emptied by FILTER: NULL. Events of no step are kept.
SELECT mrcall.funnel_agg(NULL::timestamptz, ARRAY[true]) IS NULL AS no_time, mrcall.funnel_agg(now(), NULL) IS NULL AS no_steps,
       mrcall.funnel_agg(now(), ARRAY[true]) FILTER (WHERE false) IS NULL AS filtered,
       mrcall.rollup(NULL::mrcall.funnel_state) IS NULL AS rolled,
       mrcall.window_funnel(NULL::mrcall.funnel_state, '1 hour') IS NULL AS depth,
       mrcall.window_funnel_times(NULL::mrcall.funnel_state, '1 hour') IS NULL AS times;
SELECT mrcall.num_events(s) AS events, mrcall.window_funnel(s, '1 hour') AS depth, mrcall.window_funnel_times(s, '1 hour') AS times
FROM (SELECT mrcall.funnel_agg(now(), ARRAY[false, NULL, true]) AS s) AS one;

-- A stored column: equality, order, hash and btree index, DISTINCT, COPY, a materialized view.
CREATE TABLE public.stored (visitor int PRIMARY KEY, s mrcall.funnel_state);
INSERT INTO public.stored SELECT visitor, mrcall.funnel_agg(ts, steps) FROM public.state_hit WHERE visitor <= 50 GROUP BY 1;
CREATE INDEX ON public.stored USING hash (s);
CREATE INDEX ON public.stored (s);
SELECT count(DISTINCT s) = count(*) AS distinct_states, bool_and(s OPERATOR(mrcall.=) s::text::mrcall.funnel_state) AS text_round_trip
FROM public.stored;
SELECT count(*) FROM public.stored AS a JOIN public.stored AS b ON a.s OPERATOR(mrcall.=) b.s AND a.visitor = b.visitor;
SELECT bool_and((a.s OPERATOR(mrcall.<) b.s)::int + (a.s OPERATOR(mrcall.=) b.s)::int + (a.s OPERATOR(mrcall.>) b.s)::int = 1)
       AND bool_and((a.s OPERATOR(mrcall.<=) b.s) = NOT (a.s OPERATOR(mrcall.>) b.s)
                    AND (a.s OPERATOR(mrcall.>=) b.s) = NOT (a.s OPERATOR(mrcall.<) b.s)) AS ordered
FROM public.stored AS a, public.stored AS b;
CREATE MATERIALIZED VIEW public.kept AS SELECT visitor, mrcall.funnel_agg(ts, steps) AS s FROM public.state_hit GROUP BY 1;
CREATE UNIQUE INDEX ON public.kept (visitor);
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept;
-- The binary form: there and back, and bytes that are no state.
\setenv STATE_FILE `mktemp`
\copy (SELECT * FROM public.stored ORDER BY visitor) TO PROGRAM 'cat >"$STATE_FILE"' (FORMAT binary)
CREATE TABLE public.copied (visitor int, s mrcall.funnel_state);
\copy public.copied FROM PROGRAM 'cat "$STATE_FILE"' (FORMAT binary)
SELECT count(*) AS copied, bool_and(c.s OPERATOR(mrcall.=) s.s) AS same FROM public.copied AS c JOIN public.stored AS s USING (visitor);
\copy (SELECT 1, '\x4509'::bytea) TO PROGRAM 'cat >"$STATE_FILE"' (FORMAT binary)
\copy public.copied FROM PROGRAM 'cat "$STATE_FILE"' (FORMAT binary)
\copy (SELECT 1, '\x45010100'::bytea) TO PROGRAM 'cat >"$STATE_FILE"' (FORMAT binary)
\copy public.copied FROM PROGRAM 'cat "$STATE_FILE"; rm "$STATE_FILE"' (FORMAT binary)

-- Bad input.
SELECT mrcall.funnel_agg('infinity', ARRAY[true]);
SELECT mrcall.funnel_agg('-infinity', ARRAY[false]);
SELECT mrcall.funnel_agg(now(), '{}');
SELECT mrcall.funnel_agg(now(), array_fill(true, ARRAY[33]));
SELECT mrcall.funnel_agg(now(), x) FROM (VALUES (ARRAY[true]), (ARRAY[true, false])) AS v (x);
SELECT mrcall.rollup(s ORDER BY s)
FROM (SELECT mrcall.funnel_agg(now(), x) AS s FROM (VALUES (ARRAY[true]), (ARRAY[true, false])) AS v (x) GROUP BY x) AS y;
SELECT mrcall.window_funnel(s, NULL) FROM public.stored;
SELECT mrcall.window_funnel(NULL::mrcall.funnel_state, NULL);
SELECT mrcall.window_funnel(s, '-1 second') FROM public.stored;
SELECT mrcall.window_funnel_times(s, '1 month') FROM public.stored;
SELECT mrcall.window_funnel(s, '1 hour', '{strictly}') FROM public.stored;
SELECT mrcall.window_funnel(s, '1 hour', '{NULL}') FROM public.stored;
SELECT mrcall.window_funnel_times(s, '1 hour', '{allow_reentry}') FROM public.stored;
SELECT 'no state'::mrcall.funnel_state;
SELECT '\x4'::mrcall.funnel_state;
SELECT '\xzz'::mrcall.funnel_state;
SELECT '\x'::mrcall.funnel_state;
SELECT '\x4509'::mrcall.funnel_state;
SELECT '\x45010100'::mrcall.funnel_state;
SELECT '\x4601ffffffffffffffffff7f'::mrcall.funnel_state;
SELECT mrcall.visit_agg(now(), '1 minute')::text::mrcall.funnel_state;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT mrcall.funnel_agg('2031-01-01'::timestamptz + n * interval '1 hour', ARRAY[true]) IS NULL FROM generate_series(1, 10000) AS n;
RESET mrcall.max_state_memory;
-- What was held has been given back; ten thousand events are held in 120 kB and some, and their bytes in 90 kB.
SET LOCAL mrcall.max_state_memory = '260kB';
SELECT mrcall.num_events(mrcall.funnel_agg('2031-01-01'::timestamptz + n * interval '1 hour', ARRAY[true]))
FROM generate_series(1, 10000) AS n;
