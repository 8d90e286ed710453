-- path_agg, its stored state, rollup, accessors, path_credit and path_transform against plain SQL; seed 20265.
\pset footer off
SELECT setseed(0.20265) \g /dev/null
CREATE TABLE public.journey AS
SELECT id, CASE WHEN id % 50 = 0 THEN CASE WHEN id % 100 = 0 THEN '{}'::text[] END ELSE
           array(SELECT (ARRAY['Direct', 'Paid Search', 'Email', 'Display', 'Organic Search', 'élan', ''])[1 + floor(random() * 7)]
                 FROM generate_series(1, 1 + (id % 5)) WHERE id > 0) END AS path,
       CASE WHEN id % 3 = 0 THEN id % 4 ELSE 0 END::bigint AS conversions,
       CASE WHEN id % 3 = 0 AND id % 4 > 0 THEN round((random() * 1000 - 200)::numeric, id % 6) * power(10::numeric, 7 * (id % 7 - 3))
            END AS value,
       nullif(id % 5, 0)::bigint AS nulls
FROM generate_series(1, 4000) AS id;
CREATE VIEW public.plain AS
SELECT coalesce(path, '{}') AS path, sum(conversions)::bigint AS conversions, sum(coalesce(value, 0)) AS value,
       sum(coalesce(nulls, 0))::bigint AS nulls
FROM public.journey WHERE conversions > 0 OR nulls > 0 GROUP BY 1;
CREATE TABLE public.stored AS
SELECT mrcall.path_agg(path, conversions, value, nulls) AS s FROM public.journey;

-- Every path once, exact to the last digit, in order of bytes.
SELECT count(*) > 1000 AS compared, count(*) FILTER (WHERE (p.conversions, p.value, p.nulls) IS DISTINCT FROM
                                                           (o.conversions, o.value, o.nulls)) AS differences
FROM (SELECT k.* FROM public.stored, mrcall.paths(s) AS k) AS p FULL JOIN public.plain AS o ON o.path = p.path;
SELECT count(*) AS out_of_order
FROM (SELECT k.path COLLATE "C" AS path, lag(k.path COLLATE "C") OVER (ORDER BY k.no) AS before
      FROM public.stored, mrcall.paths(s) WITH ORDINALITY AS k (path, conversions, value, nulls, no)) AS k
WHERE k.before >= k.path;
SELECT (mrcall.num_paths(s), mrcall.num_conversions(s), mrcall.num_nulls(s), mrcall.total_value(s)) =
       (SELECT count(*), sum(conversions), sum(nulls), sum(value) FROM public.plain) AS totals
FROM public.stored;

-- No row, only rows that say nothing, a group emptied by FILTER: NULL. A NULL path is an empty one, NULL counts are 0.
SELECT mrcall.path_agg('{a}', 0, NULL, 0) IS NULL AS nothing, mrcall.path_agg(NULL, NULL, NULL, NULL) IS NULL AS nulls,
       mrcall.path_agg('{a}', 1, 0, 0) FILTER (WHERE false) IS NULL AS filtered, mrcall.rollup(NULL::mrcall.path_set) IS NULL AS rolled;
SELECT p.* FROM mrcall.paths((
    SELECT mrcall.path_agg(path, conversions, value, nulls)
    FROM (VALUES (NULL::text[], 2, 5.50, NULL), ('{}', 1, -0.5, 0), ('{b,a}', 1, 1e-20, 3), ('{b,a}', 1, 1e20, NULL),
                 ('{B}', NULL, NULL, 1))
        AS v (path, conversions, value, nulls))) AS p;

-- Any order, any split, any merge order, duplicates of scale: the same bytes.
SELECT count(DISTINCT s::text) AS states
FROM (
    SELECT s FROM public.stored
    UNION ALL SELECT mrcall.path_agg(path, conversions, value, nulls ORDER BY hashtext(id::text)) FROM public.journey
    UNION ALL SELECT mrcall.path_agg(path, conversions, value::numeric(100, 40), nulls ORDER BY id DESC) FROM public.journey
    UNION ALL SELECT mrcall.rollup(s ORDER BY part)
              FROM (SELECT id % 7 AS part, mrcall.path_agg(path, conversions, value, nulls ORDER BY path DESC) AS s
                    FROM public.journey GROUP BY 1) AS k
    UNION ALL SELECT mrcall.rollup(s ORDER BY half DESC)
              FROM (SELECT part / 4 AS half, mrcall.rollup(s ORDER BY part DESC) AS s
                    FROM (SELECT id % 7 AS part, mrcall.path_agg(path, conversions, value, nulls) AS s
                          FROM public.journey GROUP BY 1) AS k GROUP BY 1) AS k
) AS k;
SELECT mrcall.num_conversions(mrcall.rollup(s)) = 2 * mrcall.num_conversions(s) AS twice,
       mrcall.total_value(mrcall.rollup(s)) = 2 * mrcall.total_value(s) AS twice_the_value
FROM public.stored, generate_series(1, 2) GROUP BY s;

-- A parallel plan: partial states in the workers, the same bytes; so are the models' sums.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ANALYZE public.journey;
EXPLAIN (COSTS OFF) SELECT mrcall.path_agg(path, conversions, value, nulls) FROM public.journey;
CREATE TABLE public.parallel_state AS SELECT mrcall.path_agg(path, conversions, value, nulls) AS s FROM public.journey;
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT p.s OPERATOR(mrcall.=) k.s AS same, p.s::text = k.s::text AS same_text FROM public.parallel_state AS p, public.stored AS k;

-- A stored column: text and binary round trip, equality, order, hash index, DISTINCT.
CREATE TABLE public.kept (id int PRIMARY KEY, s mrcall.path_set);
INSERT INTO public.kept
SELECT id / 100, mrcall.path_agg(path, conversions, value, nulls) FROM public.journey WHERE id < 4000 GROUP BY 1;
CREATE INDEX ON public.kept USING hash (s);
SELECT count(DISTINCT s) = count(*) AS distinct_states, bool_and(s OPERATOR(mrcall.=) s::text::mrcall.path_set) AS text_round_trip,
       bool_and(mrcall_internal.path_set_send(s) = decode(substr(s::text, 3), 'hex')) AS sent_as_shown
FROM public.kept;
SELECT bool_and((a.s OPERATOR(mrcall.<) b.s)::int + (a.s OPERATOR(mrcall.=) b.s)::int + (a.s OPERATOR(mrcall.>) b.s)::int = 1) AS ordered
FROM public.kept AS a, public.kept AS b;

-- path_credit against mrcall.credit on each path, whose touches are a second apart.
CREATE TABLE public.oracle AS
SELECT m.model, k.channel, sum(k.weight * p.conversions) AS conversions, sum(k.weight * p.value) AS value
FROM public.plain AS p
CROSS JOIN mrcall.models() AS m
CROSS JOIN LATERAL mrcall.credit(
    array(SELECT timestamptz '2031-01-01Z' + no * interval '1 second' FROM generate_series(1, cardinality(p.path)) AS no),
    p.path, '2031-01-02Z', m.model, first_weight => 0.5, last_weight => 0.3, weights => '{3,0,1}') AS k
WHERE m.needs IN ('order', 'weights')
GROUP BY 1, 2;
SELECT coalesce(o.model, k.model) AS model, count(*) = 7 AS compared,
       count(*) FILTER (WHERE (abs(o.conversions - k.conversions) < 1e-9 * abs(o.conversions) + 1e-9
                               AND abs(o.value - k.value) < 1e-9 * t.value) IS NOT TRUE) AS differences
FROM public.oracle AS o
FULL JOIN (SELECT m.model, k.* FROM mrcall.models() AS m, public.stored AS s
           CROSS JOIN LATERAL mrcall.path_credit(s.s, m.model, 0.5, 0.3, '{3,0,1}') AS k
           WHERE m.needs IN ('order', 'weights') AND k.channel <> '(unattributed)') AS k ON (k.model, k.channel) = (o.model, o.channel)
CROSS JOIN (SELECT sum(abs(value)) AS value FROM public.plain) AS t
GROUP BY 1 ORDER BY 1;
-- With the conversions that no touch led to, every additive model gives out all of them.
SELECT m.model, abs(sum(k.conversions) - mrcall.num_conversions(s.s)) < 1e-6 AS all_given_out,
       abs(sum(k.value)::numeric - mrcall.total_value(s.s)) < 1e-12 * (SELECT sum(abs(value)) FROM public.plain) AS all_value,
       bool_or(k.channel = '(unattributed)') AS unattributed
FROM public.stored AS s, mrcall.models() AS m
CROSS JOIN LATERAL mrcall.path_credit(s.s, m.model, weights => '{1,2}') AS k
WHERE m.additive AND m.needs IN ('order', 'weights') GROUP BY 1, s.s ORDER BY 1;

-- path_models has under each name the same numbers to the last bit as path_credit; NULL for custom without weights.
CREATE FUNCTION public.unlike(mrcall.path_set, float8, float8, float8[]) RETURNS TABLE (compared bigint, unlike bigint) AS $$
    SELECT count(*), count(*) FILTER (WHERE (c.conversions, c.value) IS DISTINCT FROM (k.conversions, k.value))
    FROM (SELECT r.no, r.j ->> 'channel' AS channel, m.model, (r.j ->> (m.model || '_conversions'))::float8 AS conversions,
                 (r.j ->> (m.model || '_value'))::float8 AS value
          FROM (SELECT no, to_jsonb(p) AS j
                FROM (SELECT row_number() OVER () AS no, k.* FROM mrcall.path_models($1, $2, $3, $4) AS k) AS p) AS r
          CROSS JOIN mrcall.models() AS m
          WHERE m.needs IN ('order', 'weights')) AS c
    FULL JOIN (SELECT m.model, k.* FROM mrcall.models() AS m
               CROSS JOIN LATERAL mrcall.path_credit($1, m.model, $2, $3, $4) WITH ORDINALITY AS k (channel, conversions, value, no)
               WHERE m.needs = 'order' OR (m.needs = 'weights' AND $4 IS NOT NULL)) AS k
        ON (k.no, k.channel, k.model) = (c.no, c.channel, c.model);
$$ LANGUAGE sql;
SELECT o.*, k.*
FROM public.stored AS s,
    (VALUES (0.4, 0.4, NULL::float8[]), (0.5, 0.3, '{3,0,1}'), (0, 0, '{0,0,2}'), (0.1, 0.9, '{1e300,1e-300}'))
        AS o (first_weight, last_weight, weights)
CROSS JOIN LATERAL public.unlike(s.s, o.first_weight, o.last_weight, o.weights) AS k;
SELECT count(*) AS sets, sum(k.compared) AS compared, sum(k.unlike) AS unlike
FROM public.kept AS s CROSS JOIN LATERAL public.unlike(s.s, 0.3, 0.2, '{1,2,4}') AS k;
SELECT count(*) AS rows, count(custom_conversions) + count(custom_value) AS custom, count(linear_value) AS linear
FROM public.stored, mrcall.path_models(s);
-- Conversions without a touch alone, no conversion at all, no set.
SELECT k.channel, k.first_touch_conversions, k.participation_value, k.custom_value
FROM mrcall.path_models((SELECT mrcall.path_agg('{}', 2, 5, 1)), weights => '{1}') AS k;
SELECT k.channel, k.first_touch_conversions, k.participation_value, k.custom_value
FROM mrcall.path_models((SELECT mrcall.path_agg('{A}', 0, 0, 1))) AS k;
SELECT count(*) AS rows FROM mrcall.path_models(NULL);

-- path_transform.
SELECT t.transform, t.argument, mrcall.path_transform('{D,A,B,B,C,D,C,C}', t.transform, t.argument) AS path,
       mrcall.path_transform('{D,D}', t.transform, t.argument) AS only_d,
       mrcall.path_transform('{D,A,D,D}', t.transform, t.argument) AS last_d,
       mrcall.path_transform('{}', t.transform, t.argument) AS empty, mrcall.path_transform(NULL, t.transform, t.argument) AS none
FROM (VALUES ('exposure', NULL), ('unique', NULL), ('first', NULL), ('frequency', NULL), ('trim', '3'), ('trim', '99'),
             ('remove_if_not_all', 'D'), ('remove_if_last_and_not_all', 'D'), ('remove_if_last_and_not_all', 'C'))
    AS t (transform, argument);
-- The same in plain SQL, over all paths.
SELECT count(*) > 1000 AS compared,
       count(*) FILTER (WHERE mrcall.path_transform(p.path, 'exposure') IS DISTINCT FROM array(
           SELECT u.c FROM (SELECT c, no, lag(c) OVER (ORDER BY no) AS before FROM unnest(p.path) WITH ORDINALITY AS u (c, no)) AS u
           WHERE u.c IS DISTINCT FROM u.before ORDER BY u.no)) AS exposure,
       count(*) FILTER (WHERE mrcall.path_transform(p.path, 'frequency') IS DISTINCT FROM array(
           SELECT c || '(' || count(*) || ')' FROM unnest(p.path) WITH ORDINALITY AS u (c, no) GROUP BY c ORDER BY min(no))) AS frequency,
       count(*) FILTER (WHERE mrcall.path_transform(p.path, 'first') IS DISTINCT FROM array(
           SELECT c FROM unnest(p.path) WITH ORDINALITY AS u (c, no) GROUP BY c ORDER BY min(no))) AS first,
       count(*) FILTER (WHERE mrcall.path_transform(p.path, 'trim', '2') IS DISTINCT FROM array(
           SELECT c FROM unnest(p.path) WITH ORDINALITY AS u (c, no) WHERE no > cardinality(p.path) - 2 ORDER BY no)) AS trim,
       count(*) FILTER (WHERE mrcall.path_transform(p.path, 'remove_if_not_all', 'Email') IS DISTINCT FROM
           CASE WHEN 'Email' = ALL (p.path) THEN p.path ELSE array_remove(p.path, 'Email') END) AS remove_if_not_all
FROM public.plain AS p;

-- Amounts of every size and form are read to the last digit.
SELECT count(*) AS amounts, count(*) FILTER (WHERE s.found = s.amount) AS equal
FROM (SELECT a.amount, mrcall.total_value(mrcall.path_agg(ARRAY['A'], 1, a.amount, 0)) AS found
      FROM unnest('{0,0.00,1,-1,9999,10000,-10000,0.0001,-0.00001,123456789012345678901234567890.123456789,1e-60,-1e-100,1e200,
              -1.5e250,99999999999999999999e-70}'::numeric[]) AS a (amount)
      GROUP BY a.amount) AS s;
-- Arrays from a table, from an expression, with other bounds, of long texts, without an element.
CREATE TEMP TABLE held ON COMMIT DROP AS
SELECT n, CASE n WHEN 1 THEN '[3:4]={A,B}'::text[] WHEN 2 THEN ARRAY[repeat('x', 40000), 'é', ''] WHEN 3 THEN '{}'
               WHEN 4 THEN ARRAY(SELECT 'channel ' || k FROM generate_series(1, 300) AS k) ELSE ARRAY['A', repeat('b', n)] END AS path
FROM generate_series(1, 12) AS n;
SELECT count(*) AS arrays, count(*) FILTER (WHERE (SELECT to_jsonb(p.path) FROM mrcall.paths(s.state) AS p) = to_jsonb(s.path)) AS the_same
FROM (SELECT n, path, mrcall.path_agg(path, 1, 0, 0) AS state FROM held GROUP BY n, path) AS s;
