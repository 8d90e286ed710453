-- One place of a statement that calls a function many times: what may be kept from call to call, and what may change.

-- A path that is a variable of PL/pgSQL is another one in each round; one that is written out is the same.
DO $$
DECLARE
    doc constant jsonb := '{"a": "one", "b": "two", "at": {"a": "2026-01-01 00:00+00", "b": "2026-02-01 00:00+00"},
        "is": {"a": true, "b": false}}';
    k text;
    path text[];
BEGIN
    FOREACH k IN ARRAY ARRAY['a', 'b', 'a'] LOOP
        path := ARRAY[k];
        RAISE NOTICE '% % % % %', mrcall_internal.field(doc, path), mrcall_internal.field(doc, ARRAY[k]), mrcall_internal.field(doc, '{b}'),
            mrcall_internal.field_timestamptz(doc, ARRAY['at', k]) AT TIME ZONE 'UTC', mrcall_internal.field_boolean(doc, ARRAY['is', k]);
    END LOOP;
END
$$;
PREPARE fields(text[]) AS SELECT mrcall_internal.field('{"a": "one", "b": "two"}', $1);
SET LOCAL plan_cache_mode = force_generic_plan;
EXECUTE fields('{a}');
EXECUTE fields('{b}');
EXECUTE fields('{NULL}');
DEALLOCATE fields;

-- Rows in FROM and in a SELECT list, all of them and the first ones.
SELECT * FROM mrcall.buckets('1 month', '2026-01-01 00:00+00', '2026-03-01 00:00+00', 'UTC');
SELECT mrcall.buckets('1 month', '2026-01-01 00:00+00', '2026-03-01 00:00+00', 'UTC');
SELECT (mrcall.buckets('1 month', '2026-01-01 00:00+00', '2026-12-01 00:00+00', 'UTC')).bucket AS b LIMIT 2;
SELECT n, a.channel, a.source, a.rule
FROM (VALUES (1, 'https://www.google.com/'), (2, NULL), (3, 'https://news.example/a')) AS v (n, referrer),
    mrcall.arrival(v.referrer, 'https://shop.example/', NULL, NULL, NULL) AS a ORDER BY n;
SELECT (mrcall.arrival(referrer, 'https://shop.example/?utm_source=x&utm_medium=y', NULL, NULL, NULL)).*
FROM (VALUES ('https://www.google.com/'), (NULL)) AS v (referrer);
SELECT p.* FROM (SELECT mrcall.path_agg(ARRAY['a', 'b'], n, n / 8.0, 1) AS s FROM generate_series(1, 3) AS n) AS t, mrcall.paths(t.s) AS p;
SELECT mrcall.paths(s) FROM (SELECT mrcall.path_agg(ARRAY[n::text], n, n / 8.0, 1) AS s FROM generate_series(1, 3) AS n) AS t;

-- A NULL where there must be a value, in a function that is called for NULLs too.
SELECT mrcall_internal.exact('1 day', NULL);
SELECT mrcall_internal.exact(NULL, 'gap');

-- Of a table that is gone nobody can tell.
SELECT mrcall_internal.is_seen_by_nobody(1) AS is_seen_by_nobody;
