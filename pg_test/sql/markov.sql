-- markov, shapley and path_interval: worked examples, and an oracle in plain SQL.
\pset footer off
-- a → b → c converts once, a → b fails once, c converts once: without c nothing is left, without a or b half of it.
SELECT mrcall.path_agg(path, conversions, value, nulls) AS s
FROM (VALUES ('{a,b,c}'::text[], 1, 12.00, 0), ('{a,b}', 0, NULL, 1), ('{c}', 1, 8.00, 0)) AS v (path, conversions, value, nulls) \gset
SELECT channel, round(conversions::numeric, 6) AS conversions, round(value::numeric, 6) AS value,
       round(removal_effect::numeric, 6) AS removal_effect
FROM mrcall.markov(:'s');
SELECT channel, round(conversions::numeric, 6) AS conversions, round(value::numeric, 6) AS value, std_error FROM mrcall.shapley(:'s');
SELECT channel, round(conversions::numeric, 6) AS conversions, round(value::numeric, 6) AS value FROM mrcall.shapley(:'s', 'rate');
-- No conversions: zeros. A path set of empty paths: only what is unattributed.
SELECT * FROM mrcall.markov((SELECT mrcall.path_agg('{a,b}', 0, NULL, 5)));
SELECT * FROM mrcall.shapley((SELECT mrcall.path_agg('{a,b}', 0, NULL, 5)), 'rate');
SELECT * FROM mrcall.markov((SELECT mrcall.path_agg('{}', 2, 5, 5)));
SELECT * FROM mrcall.shapley((SELECT mrcall.path_agg('{}', 2, 5, 5)), 'rate');

-- Random worlds; seed 20266.
SELECT setseed(0.20266) \g /dev/null
CREATE TABLE public.world AS
SELECT w.id AS world, j.path, j.conversions, CASE WHEN j.conversions > 0 THEN round((random() * 100)::numeric, 2) END AS value, j.nulls
FROM generate_series(1, 40) AS w (id)
CROSS JOIN LATERAL (
    SELECT n, floor(random() * 3)::bigint AS conversions, floor(random() * 4)::bigint AS nulls,
           array(SELECT chr(97 + floor(random() * (2 + w.id % 5))::int) FROM generate_series(1, 1 + (n * 7 + w.id) % 6)) AS path
    FROM generate_series(1, 3 + w.id) AS n) AS j;
CREATE TABLE public.state AS
SELECT world, mrcall.path_agg(path, conversions, value, nulls) AS s FROM public.world GROUP BY world;

-- Order 1 in plain SQL: the removed channel leads to null, the chance of converting spreads for 300 steps.
CREATE TABLE public.edge AS
SELECT w.world, e.from_state, e.to_state, sum(e.n) AS n, sum(e.value) AS value
FROM (SELECT w.world, w.conversions, w.nulls, w.value, mrcall.path_transform(w.path, 'exposure') AS path FROM public.world AS w) AS w
CROSS JOIN LATERAL (
    SELECT CASE WHEN i = 1 THEN '(start)' ELSE w.path[i - 1] END AS from_state, w.path[i] AS to_state,
           w.conversions + w.nulls AS n, 0 AS value
    FROM generate_subscripts(w.path, 1) AS i
    UNION ALL SELECT w.path[cardinality(w.path)], '(conversion)', w.conversions, coalesce(w.value, 0)
    UNION ALL SELECT w.path[cardinality(w.path)], '(null)', w.nulls, 0) AS e
WHERE e.n > 0
GROUP BY 1, 2, 3;
CREATE TABLE public.chance AS
SELECT e.world, e.from_state, e.to_state, e.n / sum(e.n) OVER (PARTITION BY e.world, e.from_state)::float8 AS p,
       e.value / sum(e.n) OVER (PARTITION BY e.world, e.from_state)::float8 AS reward
FROM public.edge AS e;
CREATE TABLE public.removal AS
WITH RECURSIVE removed AS (
    SELECT DISTINCT c.world, c.to_state AS channel FROM public.chance AS c WHERE c.to_state NOT LIKE '(%'
    UNION SELECT DISTINCT c.world, NULL FROM public.chance AS c
),
spread (step, world, channel, mass) AS (
    SELECT 0, r.world, r.channel, '{"(start)": 1}'::jsonb FROM removed AS r
    UNION ALL
    SELECT s.step + 1, s.world, s.channel, (
        SELECT coalesce(jsonb_object_agg(k.to_state, k.mass), '{}')
        FROM (SELECT c.to_state, sum(m.value::float8 * c.p) AS mass
              FROM jsonb_each_text(s.mass) AS m
              JOIN public.chance AS c ON c.world = s.world AND c.from_state = m.key
              WHERE c.to_state IS DISTINCT FROM s.channel AND c.to_state NOT LIKE '(%' GROUP BY 1
              HAVING sum(m.value::float8 * c.p) > 1e-14) AS k)
    FROM spread AS s WHERE s.step < 300 AND s.mass <> '{}'
)
SELECT s.world, s.channel, sum(m.value::float8 * c.p) AS p, sum(m.value::float8 * c.reward) AS reward
FROM spread AS s
CROSS JOIN LATERAL jsonb_each_text(s.mass) AS m
JOIN public.chance AS c ON c.world = s.world AND c.from_state = m.key AND c.to_state = '(conversion)'
GROUP BY 1, 2;
CREATE TABLE public.oracle AS
SELECT c.world, c.channel, 1 - coalesce(r.p, 0) / a.p AS effect, 1 - coalesce(r.reward, 0) / a.reward AS value_effect
FROM (SELECT DISTINCT c.world, c.to_state AS channel FROM public.chance AS c WHERE c.to_state NOT LIKE '(%') AS c
JOIN public.removal AS a ON a.world = c.world AND a.channel IS NULL
LEFT JOIN public.removal AS r ON (r.world, r.channel) = (c.world, c.channel);
SELECT count(*) > 150 AS compared,
       count(*) FILTER (WHERE (abs(m.removal_effect - o.effect) < 1e-9) IS NOT TRUE) AS other_effects,
       count(*) FILTER (WHERE (abs(m.conversions - o.credit) < 1e-7) IS NOT TRUE) AS other_credits,
       count(*) FILTER (WHERE (abs(m.value - o.value) < 1e-6) IS NOT TRUE) AS other_values
FROM (SELECT o.*, o.effect / sum(o.effect) OVER (PARTITION BY o.world) * t.conversions AS credit,
             o.value_effect / sum(o.value_effect) OVER (PARTITION BY o.world) * t.value AS value
      FROM public.oracle AS o
      JOIN (SELECT world, sum(conversions) AS conversions, sum(value)::float8 AS value FROM public.world GROUP BY 1) AS t
          USING (world)) AS o
FULL JOIN (SELECT s.world, m.* FROM public.state AS s, mrcall.markov(s.s) AS m) AS m ON (m.world, m.channel) = (o.world, o.channel);

-- Shapley, game total: an equal split among the different channels of a path.
SELECT count(*) > 150 AS compared,
       count(*) FILTER (WHERE (abs(o.conversions - k.conversions) < 1e-9 AND abs(o.value - k.value) < 1e-7) IS NOT TRUE) AS differences
FROM (SELECT w.world, c.channel, sum(w.conversions / u.n) AS conversions, sum(coalesce(w.value, 0) / u.n) AS value
      FROM public.world AS w
      CROSS JOIN LATERAL (SELECT count(DISTINCT c)::numeric AS n FROM unnest(w.path) AS c) AS u
      CROSS JOIN LATERAL (SELECT DISTINCT c FROM unnest(w.path) AS c) AS c (channel)
      WHERE w.conversions + w.nulls > 0 GROUP BY 1, 2) AS o
FULL JOIN (SELECT s.world, k.* FROM public.state AS s, mrcall.shapley(s.s) AS k) AS k ON (k.world, k.channel) = (o.world, o.channel);
-- Game rate: every set of channels, its conversions per journey, and the weight of each gain.
WITH channel AS (
    SELECT world, array_agg(DISTINCT c ORDER BY c) AS channels, sum(conversions + nulls) AS journeys
    FROM (SELECT w.*, c FROM public.world AS w, unnest(w.path) AS c WHERE w.conversions + w.nulls > 0) AS k GROUP BY 1),
total AS (SELECT world, sum(conversions + nulls) AS journeys FROM public.world GROUP BY 1),
subset AS (
    SELECT c.world, m.mask, c.channels,
           array(SELECT c.channels[i] FROM generate_subscripts(c.channels, 1) AS i WHERE m.mask >> (i - 1) & 1 = 1) AS s
    FROM channel AS c CROSS JOIN LATERAL generate_series(0, (1 << cardinality(c.channels)) - 1) AS m (mask)),
worth AS (
    SELECT s.world, s.mask, s.channels, cardinality(s.s) AS size,
           coalesce(t.journeys * sum(w.conversions) / nullif(sum(w.conversions + w.nulls), 0), 0) AS v
    FROM subset AS s JOIN total AS t USING (world) LEFT JOIN public.world AS w ON w.world = s.world AND w.path <@ s.s
    GROUP BY s.world, s.mask, s.channels, s.s, t.journeys),
oracle AS (
    SELECT a.world, a.channels[i] AS channel, sum((b.v - a.v) * factorial(a.size) * factorial(cardinality(a.channels) - a.size - 1)
                                                 / factorial(cardinality(a.channels))) AS conversions
    FROM worth AS a
    CROSS JOIN LATERAL generate_subscripts(a.channels, 1) AS i
    JOIN worth AS b ON b.world = a.world AND b.mask = a.mask | (1 << (i - 1))
    WHERE a.mask >> (i - 1) & 1 = 0 GROUP BY 1, 2)
SELECT count(*) > 150 AS compared, count(*) FILTER (WHERE (abs(o.conversions - k.conversions) < 1e-9) IS NOT TRUE) AS differences,
       count(*) FILTER (WHERE k.conversions < 0) > 0 AS some_are_negative
FROM oracle AS o
FULL JOIN (SELECT s.world, k.* FROM public.state AS s, mrcall.shapley(s.s, 'rate') AS k) AS k
    ON (k.world, k.channel) = (o.world, o.channel);

-- Credits sum to the totals, under every order and game.
SELECT m.name, bool_and(abs(m.conversions - t.conversions) < 1e-8 AND abs(m.value - t.value) < 1e-7) AS sums
FROM public.state AS s
CROSS JOIN LATERAL (
    SELECT 'markov ' || o AS name, sum(k.conversions) AS conversions, sum(k.value) AS value
    FROM generate_series(1, 4) AS o, mrcall.markov(s.s, o) AS k GROUP BY 1
    UNION ALL SELECT 'shapley ' || g, sum(k.conversions), sum(k.value)
              FROM unnest('{total,rate}'::text[]) AS g, mrcall.shapley(s.s, g) AS k GROUP BY 1) AS m
JOIN (SELECT world, sum(conversions) AS conversions, sum(value)::float8 AS value FROM public.world GROUP BY 1) AS t USING (world)
GROUP BY 1 ORDER BY 1;

-- Beyond 20 channels the game rate is sampled: the same numbers for the same seed, near the truth by its own standard error.
SELECT mrcall.path_agg(path, conversions, value, nulls) AS big
FROM (SELECT array(SELECT 'c' || (n * k % 25) FROM generate_series(1, 1 + n % 4) AS k) AS path, n % 3 AS conversions,
             CASE WHEN n % 3 > 0 THEN n END::numeric AS value, n % 2 AS nulls FROM generate_series(1, 300) AS n) AS j \gset
SELECT count(*) AS channels, bool_and(a.conversions = b.conversions AND a.std_error = b.std_error) AS same,
       bool_and(a.std_error > 0 AND a.value_std_error > 0) AS has_errors, bool_and(a.conversions <> c.conversions) AS other_seed,
       bool_and(abs(a.conversions - c.conversions) < 6 * sqrt(a.std_error ^ 2 + c.std_error ^ 2)) AS near,
       abs(sum(a.conversions) - mrcall.num_conversions(:'big')) < 1e-8 AS sums
FROM mrcall.shapley(:'big', 'rate') AS a JOIN mrcall.shapley(:'big', 'rate') AS b USING (channel)
JOIN mrcall.shapley(:'big', 'rate', 2000, 7) AS c USING (channel);

-- Intervals: the share of the whole lies within, the same for the same seed, another for another; wider for a higher level.
SELECT m.model, i.game, bool_and(i.lower <= i.share AND i.share <= i.upper AND i.std_error > 0) AS around,
       abs(sum(i.share) - 1) < 1e-12 AS sums,
       bool_and((i.lower, i.upper) = (j.lower, j.upper)) AS same, bool_and((i.lower, i.upper) <> (k.lower, k.upper)) AS other_seed,
       bool_and(w.lower <= i.lower AND w.upper >= i.upper) AS wider
FROM (SELECT mrcall.path_agg(path, 100 * conversions, 0, 100 * nulls) AS s FROM public.world WHERE world = 39) AS s
CROSS JOIN (VALUES ('markov'), ('shapley'), ('linear'), ('last_touch')) AS m (model)
CROSS JOIN LATERAL (SELECT g AS game, i.*
                    FROM unnest('{total,rate}'::text[]) AS g, mrcall.path_interval(s.s, m.model, game => g, replicates => 200) AS i) AS i
JOIN LATERAL mrcall.path_interval(s.s, m.model, game => i.game, replicates => 200) AS j USING (channel)
JOIN LATERAL mrcall.path_interval(s.s, m.model, game => i.game, replicates => 200, seed => 7) AS k USING (channel)
JOIN LATERAL mrcall.path_interval(s.s, m.model, game => i.game, replicates => 200, level => 0.99) AS w USING (channel)
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT * FROM mrcall.path_interval((SELECT mrcall.path_agg('{a,b}', 0, NULL, 5)), 'markov');
