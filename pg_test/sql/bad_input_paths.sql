-- Bad input of path_agg, path_set, the models over paths, path_transform: SQLSTATE and hint of each.
SELECT mrcall.path_agg('{a}', -1, 0, 0);
SELECT mrcall.path_agg('{a}', 1, 0, -1);
SELECT mrcall.path_agg('{a}', 1, 'NaN', 0);
SELECT mrcall.path_agg('{a}', 1, 'Infinity', 0);
SELECT mrcall.path_agg('{a}', 1, '-Infinity', 0);
SELECT mrcall.path_agg('{a}', 0, 5.5, 1);
SELECT mrcall.path_agg('{a,NULL}', 1, 0, 0);
SELECT mrcall.path_agg('{a,NULL}', 0, 0, 0);
SELECT mrcall.path_agg('{{a},{b}}', 1, 0, 0);
SELECT mrcall.path_agg('{a}', n, 0, 0) FROM (VALUES (9223372036854775807), (1)) AS v (n);
SELECT mrcall.rollup(s)
FROM (SELECT mrcall.path_agg('{a}', 9223372036854775807, 0, 0) AS s FROM generate_series(1, 2) AS n GROUP BY n) AS k;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT mrcall.path_agg(ARRAY[n::text], 1, n, 0) IS NULL FROM generate_series(1, 5000) AS n;
RESET mrcall.max_state_memory;

SELECT 'no state'::mrcall.path_set;
SELECT '\x5'::mrcall.path_set;
SELECT '\xzz'::mrcall.path_set;
SELECT '\x'::mrcall.path_set;
SELECT '\x5009'::mrcall.path_set;
SELECT '\x5601'::mrcall.path_set;
SELECT '\x5001ffffffffffffffffff7f'::mrcall.path_set;
SELECT '\x50010000'::mrcall.path_set;
-- A state with a byte changed or left out is an error or another valid state, never a crash.
DO $$
DECLARE
    bytes bytea := mrcall_internal.path_set_send((SELECT mrcall.path_agg(path, conversions, value, 3)
        FROM (VALUES ('{b,a}'::text[], 3, 12.5), ('{a}', 200, 1e30), ('{}', 1, -1)) AS v (path, conversions, value)));
    good int := 0;
    bad int := 0;
BEGIN
    FOR i IN 0..length(bytes) - 1 LOOP
        FOR byte IN 0..255 LOOP
            BEGIN
                PERFORM ('\x' || encode(set_byte(bytes, i, byte), 'hex'))::mrcall.path_set;
                good := good + 1;
            EXCEPTION WHEN invalid_text_representation THEN
                bad := bad + 1;
            END;
        END LOOP;
    END LOOP;
    RAISE NOTICE 'more bad than good: %, each tried: %', bad > good, bad + good = 256 * length(bytes);
END
$$;

SELECT mrcall.path_agg('{Email,Direct}', 3, 10.5, 2) AS s \gset
SELECT * FROM mrcall.path_credit(:'s', NULL);
SELECT * FROM mrcall.path_credit(:'s', 'best');
SELECT * FROM mrcall.path_credit(:'s', 'time_decay');
SELECT * FROM mrcall.path_credit(:'s', 'w_shaped');
SELECT * FROM mrcall.path_credit(:'s', 'markov');
SELECT * FROM mrcall.path_credit(:'s', 'custom');
SELECT * FROM mrcall.path_credit(:'s', 'custom', weights => '{0,0}');
SELECT * FROM mrcall.path_credit(:'s', 'custom', weights => '{1,NULL}');
SELECT * FROM mrcall.path_credit(:'s', 'position_based', first_weight => 0.7);
SELECT * FROM mrcall.path_credit(:'s', 'position_based', last_weight => NULL);
-- No state is no row, but bad arguments are errors all the same.
SELECT * FROM mrcall.path_credit(NULL, 'linear');
SELECT * FROM mrcall.path_credit(NULL, 'best');

SELECT * FROM mrcall.path_models(:'s', first_weight => 0.7);
SELECT * FROM mrcall.path_models(:'s', last_weight => NULL);
SELECT * FROM mrcall.path_models(:'s', weights => '{0,0}');
SELECT * FROM mrcall.path_models(:'s', weights => '{1,NULL}');
SELECT * FROM mrcall.path_models(NULL, first_weight => 'NaN');
SELECT * FROM mrcall.path_models((SELECT mrcall.path_agg('{a}', 1, 1e300, 0)));
SELECT mrcall.path_agg(ARRAY[n::text], 1, 0, 0) AS wide FROM generate_series(1, 2000) AS n \gset
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT count(*) FROM mrcall.path_models(:'wide');
RESET mrcall.max_state_memory;

SELECT * FROM mrcall.markov(:'s', 0);
SELECT * FROM mrcall.markov(:'s', 5);
SELECT * FROM mrcall.markov(:'s', NULL);
SELECT * FROM mrcall.markov(NULL);
SELECT * FROM mrcall.shapley(:'s', 'other');
SELECT * FROM mrcall.shapley(:'s', NULL);
SELECT * FROM mrcall.shapley(:'s', 'rate', samples => 1);
SELECT * FROM mrcall.shapley(:'s', 'rate', seed => NULL);
SELECT * FROM mrcall.shapley(NULL);
SELECT count(*) FROM mrcall.shapley((SELECT mrcall.path_agg(ARRAY[n::text], 1, 0, 0) FROM generate_series(1, 4097) AS n), 'rate');
SELECT * FROM mrcall.path_interval(:'s', NULL);
SELECT * FROM mrcall.path_interval(:'s', 'w_shaped');
SELECT * FROM mrcall.path_interval(:'s', 'markov', 7);
SELECT * FROM mrcall.path_interval(:'s', 'markov', replicates => 0);
SELECT * FROM mrcall.path_interval(:'s', 'markov', level => 1);
SELECT * FROM mrcall.path_interval(:'s', 'markov', level => 'NaN');
SELECT * FROM mrcall.path_interval(:'s', 'markov', seed => NULL);
SELECT *
FROM mrcall.path_interval((SELECT mrcall.path_agg(ARRAY[n::text], 1, 0, 0) FROM generate_series(1, 21) AS n), 'shapley', game => 'rate');
SELECT *
FROM mrcall.path_interval((SELECT mrcall.path_agg(ARRAY[n::text], 1, 0, 0) FROM generate_series(1, 700) AS n), 'linear',
                          replicates => 100000);
-- Beyond what floating-point numbers hold.
SELECT * FROM mrcall.markov((SELECT mrcall.path_agg('{a}', 1, 1e300, 0)));
SELECT * FROM mrcall.path_credit((SELECT mrcall.path_agg('{a}', 1, 1e999, 0)), 'linear');
SELECT value = 1e999 AS exact FROM mrcall.paths((SELECT mrcall.path_agg('{a}', 1, 1e999, 0)));

SELECT mrcall.path_transform('{a}', NULL);
SELECT mrcall.path_transform('{a}', 'shorten');
SELECT mrcall.path_transform('{a}', 'trim');
SELECT mrcall.path_transform('{a}', 'trim', '0');
SELECT mrcall.path_transform('{a}', 'trim', '-3');
SELECT mrcall.path_transform('{a}', 'trim', 'three');
SELECT mrcall.path_transform('{a}', 'exposure', '3');
SELECT mrcall.path_transform('{a}', 'remove_if_not_all');
SELECT mrcall.path_transform('{a}', 'remove_if_last_and_not_all', NULL);
SELECT mrcall.path_transform('{a,NULL}', 'exposure');
SELECT mrcall.path_transform('{{a}}', 'exposure');
