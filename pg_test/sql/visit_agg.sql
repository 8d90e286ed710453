-- visit_agg, its stored state, accessors and rollup.
SELECT v.*
FROM mrcall.visits((
    SELECT mrcall.visit_agg(ts, '30 minutes', page, touch)
    FROM (VALUES
        ('2031-05-01 10:00+00'::timestamptz, '/b', 'Email'),
        ('2031-05-01 10:00+00', '/a', 'Direct'),
        ('2031-05-01 10:30+00', NULL, NULL),              -- exactly the gap: stays
        ('2031-05-01 11:00:00.000001+00', '/c', 'Direct'), -- a microsecond more: a visit of its own
        (NULL, '/never', 'Never')) AS e (ts, page, touch))) AS v;

-- No row, only NULL times, a group emptied by FILTER: NULL.
SELECT mrcall.visit_agg(NULL::timestamptz, '30 minutes') IS NULL AS only_nulls,
       mrcall.visit_agg(now(), '30 minutes') FILTER (WHERE false) IS NULL AS filtered,
       mrcall.rollup(NULL::mrcall.visit_state) IS NULL AS rolled;

-- The accessors say what the plain SQL says, for every visitor of the world.
WITH state AS (
    SELECT e.visitor_id, mrcall.visit_agg(e.occurred_at, '30 minutes',
        CASE WHEN e.event_type IN ('page_view', 'pageview') THEN e.page_path END, NULL) AS s
    FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY e.visitor_id
), accessed AS (
    SELECT visitor_id, mrcall.num_visits(s) AS visits, mrcall.num_events(s) AS events, mrcall.num_pageviews(s) AS pageviews,
           mrcall.num_bounces(s) AS bounces, mrcall.total_duration(s) AS duration
    FROM state
), plain AS (
    SELECT visitor_id, count(*) AS visits, sum(events)::bigint AS events, sum(pageviews)::bigint AS pageviews,
           count(*) FILTER (WHERE events = 1) AS bounces, sum(ended_at - started_at) AS duration
    FROM oracle.visits(NULL, NULL, '30 minutes') GROUP BY visitor_id
)
SELECT count(*) > 1000 AS compared,
       count(*) FILTER (WHERE (a.visits, a.events, a.pageviews, a.bounces, a.duration)
                              IS DISTINCT FROM (p.visits, p.events, p.pageviews, p.bounces, p.duration)) AS differences
FROM accessed AS a FULL JOIN plain AS p USING (visitor_id);

-- Any split gives the same bytes: by day, by hash, in any order; merged in parts and as a whole.
WITH whole AS (
    SELECT e.visitor_id, mrcall.visit_agg(e.occurred_at, '30 minutes', e.page_path, e.referrer) AS s
    FROM mrcall.events AS e GROUP BY 1
), daily AS (
    SELECT e.visitor_id, e.occurred_at::date AS day, hashtext(e.event_id) % 3 AS part,
           mrcall.visit_agg(e.occurred_at, '30 minutes', e.page_path, e.referrer ORDER BY hashtext(e.event_id)) AS s
    FROM mrcall.events AS e GROUP BY 1, 2, 3
), twice AS (
    SELECT visitor_id, part, mrcall.rollup(s ORDER BY day DESC) AS s FROM daily GROUP BY 1, 2
), merged AS (
    SELECT visitor_id, mrcall.rollup(s) AS s FROM twice GROUP BY 1
)
SELECT count(*) > 1000 AS compared, count(*) FILTER (WHERE w.s::text IS DISTINCT FROM m.s::text) AS differences
FROM whole AS w FULL JOIN merged AS m ON coalesce(m.visitor_id, 'none') = coalesce(w.visitor_id, 'none');

-- A state merged with itself counts its rows twice.
SELECT mrcall.num_events(mrcall.rollup(s)) AS events, mrcall.num_visits(mrcall.rollup(s)) AS visits
FROM (SELECT mrcall.visit_agg(now(), '1 minute') AS s) AS one, generate_series(1, 2);

-- A parallel plan: partial states in the workers, the same bytes.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE TABLE public.plain_events AS
SELECT e.visitor_id, e.occurred_at, e.page_path, e.referrer FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL;
ANALYZE public.plain_events;
EXPLAIN (COSTS OFF)
SELECT mrcall.visit_agg(occurred_at, '30 minutes', page_path, referrer) FROM public.plain_events;
CREATE TEMP TABLE parallel_state AS
SELECT mrcall.visit_agg(occurred_at, '30 minutes', page_path, referrer)::text AS s,
       mrcall.visit_agg(occurred_at, '30 minutes', page_path, referrer) FILTER (WHERE referrer = 'none such') IS NULL AS filtered
FROM public.plain_events;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT p.s = mrcall.visit_agg(e.occurred_at, '30 minutes', e.page_path, e.referrer)::text AS same_bytes, p.filtered
FROM public.plain_events AS e, parallel_state AS p GROUP BY p.s, p.filtered;

-- The visits of all visitors at once are found in the workers too.
SET LOCAL max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF)
SELECT mrcall_internal.visit_set(visitor_id, occurred_at, 'page_view', page_path, NULL, referrer, NULL, NULL, NULL, NULL,
    NULL, NULL, '("30 minutes",f,t,t,{},,,,,,,,,,,)'::mrcall_internal.visit_settings)
FROM public.plain_events;
-- A receiver's number means nothing where nobody waits under it.
SELECT r.* FROM (
    SELECT mrcall_internal.visit_set(visitor_id, occurred_at, 'page_view', page_path, NULL, referrer, NULL, NULL, NULL, NULL,
        NULL, NULL, ROW('30 minutes', false, true, true, '{}', NULL, NULL, NULL, NULL, receiver, NULL, NULL,
        false, NULL, NULL, NULL)::mrcall_internal.visit_settings)
        AS visits
    FROM public.plain_events, (VALUES (NULL), (1), (-1)) AS t (receiver) GROUP BY receiver
) AS s, LATERAL (SELECT count(*), sum(events) FROM mrcall_internal.visit_set_rows(s.visits)) AS r;
CREATE TEMP TABLE parallel_visits AS SELECT * FROM mrcall.visits;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT (SELECT count(*) FROM parallel_visits) > 1000 AS compared, count(*) AS differences
FROM ((TABLE parallel_visits EXCEPT ALL TABLE mrcall.visits) UNION ALL (TABLE mrcall.visits EXCEPT ALL TABLE parallel_visits)) AS d;

-- The functions that get the set itself give back what it held: also where not all rows are read, or an error ends them.
SET LOCAL mrcall.max_state_memory = '2MB';
SELECT count(*) FROM generate_series(1, 20) AS n,
    LATERAL (SELECT FROM mrcall.sessionize('2020-01-01', '2037-01-01'::timestamptz + n * interval '1 day') LIMIT 1) AS v;
SELECT count(*) FROM generate_series(1, 20) AS n,
    LATERAL mrcall.visitor_buckets('1 year', '2020-01-01', '2037-01-01'::timestamptz + n * interval '0', 'UTC') AS b WHERE b.visits > 0;
DO $$
BEGIN
    FOR n IN 1 .. 20 LOOP
        BEGIN
            PERFORM 1 / (s.visit_no - 1) FROM mrcall.sessionize('2020-01-01', '2037-01-01') AS s;
            RAISE EXCEPTION 'no error';
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
    END LOOP;
END
$$;
RESET mrcall.max_state_memory;

-- A stored column: equality, order, hash and btree index, DISTINCT, a materialized view.
CREATE TABLE public.stored (visitor_id text PRIMARY KEY, s mrcall.visit_state);
INSERT INTO public.stored
SELECT visitor_id, mrcall.visit_agg(occurred_at, '30 minutes') FROM public.plain_events GROUP BY 1 ORDER BY 1 LIMIT 50;
CREATE INDEX ON public.stored USING hash (s);
CREATE INDEX ON public.stored (s);
SELECT count(DISTINCT s) = count(*) AS distinct_states, bool_and(s OPERATOR(mrcall.=) s::text::mrcall.visit_state) AS text_round_trip
FROM public.stored;
SELECT count(*) FROM public.stored AS a JOIN public.stored AS b ON a.s OPERATOR(mrcall.=) b.s AND a.visitor_id = b.visitor_id;
SELECT bool_and((a.s OPERATOR(mrcall.<) b.s)::int + (a.s OPERATOR(mrcall.=) b.s)::int + (a.s OPERATOR(mrcall.>) b.s)::int = 1)
FROM public.stored AS a, public.stored AS b;
CREATE MATERIALIZED VIEW public.kept AS
SELECT visitor_id, mrcall.visit_agg(occurred_at, '30 minutes') AS s FROM public.plain_events GROUP BY 1;
CREATE UNIQUE INDEX ON public.kept (visitor_id);
REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept;

-- Bad input.
SELECT mrcall.visit_agg(now(), NULL);
SELECT mrcall.visit_agg(now(), '-1 second');
SELECT mrcall.visit_agg(now(), '1 month');
SELECT mrcall.visit_agg('infinity', '1 minute');
SELECT mrcall.visit_agg(now(), g) FROM (VALUES ('1 minute'::interval), ('2 minutes')) AS x (g);
SELECT mrcall.rollup(s ORDER BY s)
FROM (SELECT mrcall.visit_agg(now(), g) AS s FROM (VALUES ('1 minute'::interval), ('2 minutes')) AS x (g) GROUP BY g) AS y;
SELECT 'no state'::mrcall.visit_state;
SELECT '\x5'::mrcall.visit_state;
SELECT '\xzz'::mrcall.visit_state;
SELECT '\x'::mrcall.visit_state;
SELECT '\x5609'::mrcall.visit_state;
SELECT '\x5601ffffffffffffffffff7f'::mrcall.visit_state;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT mrcall.visit_agg('2031-01-01'::timestamptz + n * interval '1 hour', '1 minute') IS NULL FROM generate_series(1, 5000) AS n;
RESET mrcall.max_state_memory;
-- What was held has been given back.
SET LOCAL mrcall.max_state_memory = '1MB';
SELECT mrcall.num_visits(mrcall.visit_agg('2031-01-01'::timestamptz + n * interval '1 hour', '1 minute'))
FROM generate_series(1, 5000) AS n;
