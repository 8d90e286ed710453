-- What the statements of heavy.tsv read: so many rows (psql's rows) in no order, and states of all of them.
SET client_min_messages = warning;
DROP TABLE IF EXISTS public.heavy_row, public.heavy_state;
CREATE TABLE public.heavy_row AS
SELECT n, format('visitor %s', n * 7919 % 1000003) AS visitor, '/page/' || md5(n::text) AS page, ARRAY[true, n % 3 = 0] AS steps,
       timestamptz '2026-01-01' + (n * 1299709 % 15485863) * interval '10 minutes' AS at
FROM generate_series(1, :rows::bigint) AS n;
ANALYZE public.heavy_row;
CREATE TABLE public.heavy_state (
    visits mrcall.visit_state, calls mrcall.call_state, funnel mrcall.funnel_state, visitors mrcall.distinct_state, paths mrcall.path_set,
    few mrcall.path_set, pages text[], times timestamptz[], weights float8[]);
-- Unpacking is the server's work, without a look for a cancel.
SELECT format('ALTER TABLE public.heavy_state ALTER %I SET STORAGE EXTERNAL', attname) FROM pg_attribute
WHERE attrelid = 'public.heavy_state'::regclass AND attnum > 0 \gexec
INSERT INTO public.heavy_state
SELECT mrcall.visit_agg(at, '1 minute', page, visitor), mrcall.call_agg(at, at + interval '1 minute', left(visitor, 10)),
       mrcall.funnel_agg(at, steps), mrcall.distinct_agg(visitor, 16),
       mrcall.path_agg(ARRAY['a' || n % 300, 'b' || n * 7 % 299, visitor], 1 + n % 3, n / 7.0, 1),
       mrcall.path_agg(ARRAY['a' || n % 40, 'b' || n * 7 % 39, 'c' || n % 17], 1 + n % 3, n / 7.0, 1),
       array_agg(page), array_agg(at), array_agg(0.5::float8 + n)
FROM public.heavy_row;
