-- Every aggregate in the planner's world: in parallel and partitionwise plans, over a hypertable, in a materialized view that is
-- refreshed concurrently, and as a stored column with = and a hash index. A new aggregate adds one line to the list.
\pset footer off
SELECT setseed(0.20263) \g /dev/null
CREATE TABLE public.row_event WITH (parallel_workers = 2) AS
SELECT n AS id, format('visitor-%s', floor(random() * 40)) AS visitor,
       timestamptz '2031-03-01Z' + floor(random() * 20000) * interval '3 minutes' AS ts, format('/%s', floor(random() * 30)) AS page,
       CASE WHEN random() < 0.3 THEN format('touch-%s', floor(random() * 9)) END AS touch,
       ARRAY[random() < 0.4, random() < 0.4, random() < 0.3] AS steps, floor(random() * 900) * interval '1 second' AS lasts,
       (ARRAY['done', 'missed', NULL])[1 + floor(random() * 3)] AS outcome,
       (ARRAY['{Email,Direct}', '{Direct}', '{}', '{Paid Search,Email,Email}'])[1 + floor(random() * 4)]::text[] AS path,
       floor(random() * 3)::bigint AS wins, floor(random() * 3)::bigint AS nulls, round(random()::numeric * 100, 2) AS amount
FROM generate_series(1, 6000) AS n;
ALTER TABLE public.row_event ADD PRIMARY KEY (id);
-- The states that rollups take: one for each row.
CREATE TABLE public.agg_event WITH (parallel_workers = 2) AS
SELECT e.*, mrcall.visit_agg(e.ts, '30 minutes', e.page, e.touch) AS visit_s, mrcall.funnel_agg(e.ts, e.steps) AS funnel_s,
       mrcall.distinct_agg(e.page) AS distinct_s, mrcall.call_agg(e.ts, e.ts + e.lasts, e.outcome) AS call_s,
       mrcall.path_agg(e.path, e.wins, e.wins * e.amount, e.nulls) AS path_s
FROM public.row_event AS e GROUP BY e.id;
ANALYZE public.agg_event;
CREATE TABLE public.agg_part (LIKE public.agg_event) PARTITION BY RANGE (ts);
CREATE TABLE public.agg_part_1 PARTITION OF public.agg_part FOR VALUES FROM (MINVALUE) TO ('2031-03-15Z');
CREATE TABLE public.agg_part_2 PARTITION OF public.agg_part FOR VALUES FROM ('2031-03-15Z') TO ('2031-04-01Z');
CREATE TABLE public.agg_part_3 PARTITION OF public.agg_part FOR VALUES FROM ('2031-04-01Z') TO (MAXVALUE);
INSERT INTO public.agg_part SELECT * FROM public.agg_event ORDER BY md5(id::text);
ANALYZE public.agg_part;
-- A hypertable, where there is TimescaleDB.
CREATE TABLE public.agg_hyper (LIKE public.agg_event);
ALTER TABLE public.agg_hyper ALTER ts SET NOT NULL;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        PERFORM public.create_hypertable('public.agg_hyper', 'ts', chunk_time_interval => interval '7 days');
    END IF;
END
$$;
INSERT INTO public.agg_hyper SELECT * FROM public.agg_event ORDER BY md5(id::text);
ANALYZE public.agg_hyper;

-- name, signature, call, and where the bytes of a result are not those of its rows, how it is read.
CREATE TEMP TABLE agg_case (name text, signature regprocedure, call text, reads text DEFAULT '(%s)::text');
INSERT INTO agg_case VALUES
    ('visit_agg', 'mrcall.visit_agg(timestamptz, interval)', $$mrcall.visit_agg(ts, '30 minutes')$$),
    ('visit_agg, pages', 'mrcall.visit_agg(timestamptz, interval, text, text)', $$mrcall.visit_agg(ts, '30 minutes', page, touch)$$),
    ('visit_agg, rollup', 'mrcall.rollup(mrcall.visit_state)', 'mrcall.rollup(visit_s)'),
    ('funnel_agg', 'mrcall.funnel_agg(timestamptz, boolean[])', 'mrcall.funnel_agg(ts, steps)'),
    ('funnel_agg, rollup', 'mrcall.rollup(mrcall.funnel_state)', 'mrcall.rollup(funnel_s)'),
    ('distinct_agg', 'mrcall.distinct_agg(text)', $$mrcall.distinct_agg(page || id % 997)$$),
    ('distinct_agg, precision', 'mrcall.distinct_agg(text, int)', $$mrcall.distinct_agg(page || id % 997, 10)$$),
    ('distinct_agg, rollup', 'mrcall.rollup(mrcall.distinct_state)', 'mrcall.rollup(distinct_s)'),
    ('call_agg', 'mrcall.call_agg(timestamptz, timestamptz, text)', 'mrcall.call_agg(ts, ts + lasts, outcome)'),
    ('call_agg, rollup', 'mrcall.rollup(mrcall.call_state)', 'mrcall.rollup(call_s)'),
    ('path_agg', 'mrcall.path_agg(text[], bigint, numeric, bigint)', 'mrcall.path_agg(path, wins, wins * amount, nulls)'),
    ('path_agg, rollup', 'mrcall.rollup(mrcall.path_set)', 'mrcall.rollup(path_s)'),
    ('window_funnel', 'mrcall.window_funnel(interval, timestamptz, boolean[])', $$mrcall.window_funnel('9 minutes', ts, steps)$$),
    ('window_funnel, modes', 'mrcall.window_funnel(interval, timestamptz, boolean[], text[])',
        $$mrcall.window_funnel('1 hour', ts, steps, '{strict_order}')$$),
    ('window_funnel_times', 'mrcall.window_funnel_times(interval, timestamptz, boolean[])',
        $$mrcall.window_funnel_times('9 minutes', ts, steps)$$),
    ('window_funnel_times, modes', 'mrcall.window_funnel_times(interval, timestamptz, boolean[], text[])',
        $$mrcall.window_funnel_times('1 hour', ts, steps, '{strict_once}')$$),
    ('retention', 'mrcall.retention(boolean[])', 'mrcall.retention(steps)'),
    ('sequence_match', 'mrcall.sequence_match(text, timestamptz, boolean[])', $$mrcall.sequence_match('(?1)(?2)(?3)', ts, steps)$$),
    ('sequence_count', 'mrcall.sequence_count(text, timestamptz, boolean[])',
        $$mrcall.sequence_count('(?1)(?t<=600)(?2)', ts, steps)$$),
    ('sequence_events', 'mrcall.sequence_events(text, timestamptz, boolean[])', $$mrcall.sequence_events('(?1)(?2)(?3)', ts, steps)$$);
-- The visits of all visitors and the calls of all businesses are bytes in the order in which the workers met them: their rows count.
INSERT INTO agg_case VALUES
    ('visit_set',
     'mrcall_internal.visit_set(text, timestamptz, text, text, text, text, text, text, text, text, text, boolean, '
     'mrcall_internal.visit_settings)',
     $$mrcall_internal.visit_set(visitor, ts, 'page_view', page, NULL, touch, NULL, NULL, NULL, NULL,
                         NULL, NULL, '("30 minutes",f,t,t,{},,,,,,,,,,,)'::mrcall_internal.visit_settings)$$,
     $$(SELECT md5(string_agg(r::text, ',' ORDER BY r::text)) FROM mrcall_internal.visit_set_rows(%s) AS r)$$),
    ('call_set', 'mrcall_internal.call_set(text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[])',
     $$mrcall_internal.call_set(visitor, ts, ts + lasts, outcome, steps[1], page, '2031-03-10Z', NULL)$$,
     $$(SELECT md5(string_agg(r::text, ',' ORDER BY r::text))
        FROM mrcall_internal.call_set_rows(%s, '1 day', '2031-03-10Z', '2031-05-01Z', 'UTC', NULL) AS r)$$),
    ('offered_set', 'mrcall_internal.offered_set(text, timestamptz, timestamptz, timestamptz, boolean, text, timestamptz)',
     $$mrcall_internal.offered_set(visitor, ts, ts + lasts, CASE WHEN steps[2] THEN ts + lasts / 3 END, steps[1], outcome, '2031-03-10Z')$$,
     $$(SELECT md5(string_agg(r::text, ',' ORDER BY r::text))
        FROM mrcall_internal.offered_set_rows(%s, '1 day', '2031-03-10Z', '2031-05-01Z', 'UTC', NULL, NULL, '20 s', '5 s') AS r)$$),
    ('call_set_asked', 'mrcall_internal.call_set(text, timestamptz, timestamptz, text, boolean, text, timestamptz, text[], text)',
     $$mrcall_internal.call_set(visitor, ts, ts + lasts, outcome, steps[1], page, '2031-03-10Z', NULL, mrcall.version())$$,
     $$(SELECT md5(string_agg(r::text, ',' ORDER BY r::text))
        FROM mrcall_internal.call_set_rows(%s, '1 day', '2031-03-10Z', '2031-05-01Z', 'UTC', NULL) AS r)$$);

-- All aggregates are listed. (journey_set reads what a report has already narrowed down, and has no parallel form; funnel_set is in
-- funnel_engine; what merges states of several tables is the combine function of those that make them, and in several_servers.)
SELECT p.oid::regprocedure AS not_listed
FROM pg_proc AS p
JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'mrcall_ext'
WHERE p.prokind = 'a' AND p.proname NOT IN ('journey_set', 'funnel_set', 'visit_set_merge', 'call_set_merge')
  AND p.oid NOT IN (SELECT signature FROM agg_case);
SELECT c.name AS not_parallel FROM agg_case AS c JOIN pg_aggregate AS a ON a.aggfnoid = c.signature JOIN pg_proc AS p ON p.oid = c.signature
WHERE p.proparallel <> 's' OR a.aggcombinefn = 0 OR a.aggserialfn = 0 OR a.aggdeserialfn = 0;

CREATE FUNCTION pg_temp.plan(query text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END
$$;
-- The answers for all rows, for each visitor, and for rows that add nothing to many a state, as text.
CREATE FUNCTION pg_temp.answer(c agg_case, source regclass, OUT whole text, OUT groups text, OUT idle text)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('SELECT %s FROM (SELECT %s AS x FROM %s OFFSET 0) AS a', format(c.reads, 'a.x'), c.call, source) INTO whole;
    EXECUTE format('SELECT md5(string_agg(visitor || %s, '','' ORDER BY visitor))
                    FROM (SELECT visitor, %s AS x FROM %s GROUP BY visitor OFFSET 0) AS a',
                   format(c.reads, 'a.x'), c.call, source) INTO groups;
    EXECUTE format('SELECT %s FROM (SELECT %s AS x FROM %s WHERE wins + nulls = 0 AND NOT true = ANY (steps) OFFSET 0) AS a',
                   format(c.reads, 'a.x'), c.call, source) INTO idle;
END
$$;
CREATE FUNCTION pg_temp.set_plan(workers int, partitionwise boolean)
RETURNS void
LANGUAGE sql
AS $$
    SELECT set_config('max_parallel_workers_per_gather', workers::text, true),
           set_config('enable_partitionwise_aggregate', partitionwise::text, true),
           set_config('parallel_setup_cost', '0', true), set_config('parallel_tuple_cost', '0', true),
           set_config('min_parallel_table_scan_size', '0', true)
$$;

-- Each column is what it should be: true, or the number of differences.
CREATE FUNCTION pg_temp.plans(
    c agg_case, OUT parallel boolean, OUT same boolean, OUT partitionwise boolean, OUT same_parts boolean, OUT hyper boolean,
    OUT same_hyper boolean, OUT no_rows boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    serial record;
    plan text;
    chunks int;
BEGIN
    PERFORM pg_temp.set_plan(0, false);
    serial := pg_temp.answer(c, 'public.agg_event');
    PERFORM pg_temp.set_plan(2, false);
    plan := pg_temp.plan(format('SELECT %s FROM public.agg_event', c.call));
    parallel := plan ~ 'Finalize Aggregate.*Gather.*Workers Launched: [12].*Partial Aggregate.*Parallel Seq Scan';
    same := pg_temp.answer(c, 'public.agg_event') IS NOT DISTINCT FROM serial;
    -- A group that a worker does not meet, and one that nobody meets.
    EXECUTE format('SELECT (%1$s FILTER (WHERE id < 0))::text IS NOT DISTINCT FROM
                           (SELECT (%1$s)::text FROM public.agg_event WHERE false) FROM public.agg_event', c.call) INTO no_rows;
    PERFORM pg_temp.set_plan(0, true);
    plan := pg_temp.plan(format('SELECT %s FROM public.agg_part', c.call));
    partitionwise := plan ~ 'Finalize Aggregate.*Append.*Partial Aggregate.*agg_part_1.*Partial Aggregate.*agg_part_2.*Partial Aggregate';
    same_parts := pg_temp.answer(c, 'public.agg_part') IS NOT DISTINCT FROM serial;
    PERFORM pg_temp.set_plan(2, true);
    plan := pg_temp.plan(format('SELECT %s FROM public.agg_hyper', c.call));
    chunks := (SELECT count(*) FROM pg_inherits WHERE inhparent = 'public.agg_hyper'::regclass);
    -- Each chunk is read once, in workers, or the table where there are no chunks.
    hyper := plan ~ 'Finalize Aggregate.*Partial Aggregate'
        AND (SELECT count(*) FROM regexp_matches(plan, 'Scan on (_hyper|agg_hyper)', 'g')) = greatest(chunks, 1);
    same_hyper := pg_temp.answer(c, 'public.agg_hyper') IS NOT DISTINCT FROM serial;
END
$$;
SELECT c.name, p.* FROM agg_case AS c CROSS JOIN LATERAL pg_temp.plans(c) AS p ORDER BY c.name COLLATE "C";

-- Of a report's own plan, to be read.
SELECT pg_temp.set_plan(2, false) \g /dev/null
EXPLAIN (COSTS OFF)
SELECT mrcall.rollup(visit_s), mrcall.distinct_agg(page), mrcall.call_agg(ts, ts + lasts, outcome) FROM public.agg_event;
SELECT pg_temp.set_plan(0, true) \g /dev/null
EXPLAIN (COSTS OFF) SELECT mrcall.visit_agg(ts, '30 minutes'), mrcall.path_agg(path, wins, amount, nulls) FROM public.agg_part;

-- A materialized view of each is refreshed concurrently after rows have come and gone, and is what its query gives.
CREATE FUNCTION pg_temp.refreshed(c agg_case, OUT rows bigint, OUT changed bigint, OUT differences bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    query text := format('SELECT visitor, %s AS x FROM public.agg_event GROUP BY visitor', c.call);
BEGIN
    PERFORM pg_temp.set_plan(2, true);
    EXECUTE 'CREATE MATERIALIZED VIEW public.kept AS ' || query;
    CREATE UNIQUE INDEX ON public.kept (visitor);
    EXECUTE format('CREATE TEMP TABLE old AS SELECT visitor, %s AS x FROM public.kept', format(c.reads, 'x'));
    UPDATE public.agg_event SET visitor = 'visitor-new' WHERE id % 50 = 0;
    DELETE FROM public.agg_event WHERE visitor = 'visitor-7';
    REFRESH MATERIALIZED VIEW CONCURRENTLY public.kept;
    EXECUTE format('CREATE TEMP TABLE new AS SELECT visitor, %s AS x FROM public.kept', format(c.reads, 'x'));
    PERFORM pg_temp.set_plan(0, false);
    EXECUTE format('CREATE TEMP TABLE fresh AS SELECT visitor, %s AS x FROM (%s OFFSET 0) AS q', format(c.reads, 'q.x'), query);
    rows := (SELECT count(*) FROM new);
    changed := (SELECT count(*) FROM old FULL JOIN new USING (visitor) WHERE old.x IS DISTINCT FROM new.x);
    differences := (SELECT count(*) FROM fresh FULL JOIN new USING (visitor) WHERE fresh.x IS DISTINCT FROM new.x);
    RAISE EXCEPTION USING ERRCODE = 'MR000', MESSAGE = format('%s %s %s', rows, changed, differences);
EXCEPTION WHEN SQLSTATE 'MR000' THEN -- The next aggregate begins with the same rows.
    rows := split_part(SQLERRM, ' ', 1);
    changed := split_part(SQLERRM, ' ', 2);
    differences := split_part(SQLERRM, ' ', 3);
END
$$;
SELECT c.name, r.rows = 40 AS rows, r.changed > 0 AS changed, r.differences FROM agg_case AS c
CROSS JOIN LATERAL pg_temp.refreshed(c) AS r ORDER BY c.name COLLATE "C";

-- Every stored state: = finds it through a hash index, and groups are the same by hash and by sort.
CREATE FUNCTION pg_temp.stored(state regtype, OUT index_scan boolean, OUT hits bigint, OUT wrong bigint, OUT by_hash bigint,
                               OUT by_sort bigint, OUT hash_join bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    plan text;
    sample text;
BEGIN
    PERFORM pg_temp.set_plan(0, false);
    IF to_regclass('public.stored') IS NOT NULL THEN
        DROP TABLE public.stored;
    END IF;
    EXECUTE format('CREATE TABLE public.stored AS
                    SELECT v.copy, %s AS s FROM public.agg_event AS e, generate_series(1, 2) AS v (copy) GROUP BY v.copy, e.visitor',
                   (SELECT c.call FROM agg_case AS c JOIN pg_proc AS p ON p.oid = c.signature
                    WHERE p.prorettype = state AND c.call NOT LIKE '%rollup%' ORDER BY c.name LIMIT 1));
    CREATE INDEX stored_hash ON public.stored USING hash (s);
    ANALYZE public.stored;
    SELECT s::text INTO sample FROM public.stored ORDER BY s::text LIMIT 1;
    SET LOCAL enable_seqscan = off;
    plan := pg_temp.plan(format('SELECT * FROM public.stored WHERE s OPERATOR(mrcall.=) %L::%s', sample, state));
    index_scan := plan ~ 'Index Scan (using|on) stored_hash';
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE s::text <> $1) FROM public.stored WHERE s OPERATOR(mrcall.=) $1::%s', state)
        INTO hits, wrong USING sample;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_sort = off;
    by_hash := (SELECT count(*) FROM (SELECT s FROM public.stored GROUP BY s) AS g);
    SET LOCAL enable_sort = on;
    SET LOCAL enable_hashagg = off;
    by_sort := (SELECT count(*) FROM (SELECT DISTINCT s FROM public.stored) AS g);
    SET LOCAL enable_hashagg = on;
    hash_join := (SELECT count(*) FROM public.stored AS a JOIN public.stored AS b ON a.s OPERATOR(mrcall.=) b.s);
END
$$;
SELECT t.oid::regtype AS state, s.*
FROM pg_type AS t
JOIN pg_opclass AS o ON o.opcintype = t.oid AND o.opcdefault AND o.opcmethod = (SELECT oid FROM pg_am WHERE amname = 'hash')
CROSS JOIN LATERAL pg_temp.stored(t.oid::regtype) AS s
WHERE t.typnamespace = 'mrcall'::regnamespace ORDER BY t.typname;
-- Every type of a state has one, a btree class too.
SELECT p.prorettype::regtype AS without_classes FROM agg_case AS c JOIN pg_proc AS p ON p.oid = c.signature
JOIN pg_type AS t ON t.oid = p.prorettype AND t.typnamespace = 'mrcall'::regnamespace
WHERE (SELECT count(*) FROM pg_opclass AS o WHERE o.opcintype = t.oid AND o.opcdefault) <> 2;
