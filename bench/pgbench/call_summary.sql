\set nr random(1, 20000)
SELECT business_id FROM public.bench_business WHERE nr = :nr \gset
SELECT * FROM mrcall.call_summary('1 day', '2026-04-28 00:00+00', '2026-05-28 00:00+00', 'Europe/Rome', :business_id);
