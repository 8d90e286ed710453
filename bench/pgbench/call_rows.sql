\set nr random(1, 20000)
SELECT business_id FROM public.bench_business WHERE nr = :nr \gset
SELECT start_timestamp, data ->> 'end_timestamp', data ->> 'outcome', data ->> 'answered', data ->> 'caller'
FROM public.sessions
WHERE business_id = :business_id AND start_timestamp < '2026-05-28 00:00+00';
