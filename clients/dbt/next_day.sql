-- A day of the application: late events, a visit that goes on, calls that end, links at a login, a payment.
INSERT INTO public.website_events (session_id, created_at, event_type, page_url, referrer)
SELECT 'late-' || n % 7, timestamptz '2026-05-26 10:00Z' + n * interval '9 minutes', 'page_view', 'https://mrcall.ai/page/' || n % 5,
       CASE n % 3 WHEN 0 THEN 'https://www.bing.com/' END
FROM generate_series(1, 400) AS n;
DELETE FROM public.website_events WHERE created_at >= '2026-05-25Z' AND created_at < '2026-05-27Z' AND hashtext(event_id) % 5 = 0;
UPDATE public.sessions SET data = data || jsonb_build_object('end_timestamp', start_timestamp + interval '20 minutes')
WHERE start_timestamp >= '2026-05-25Z' AND start_timestamp < '2026-05-29Z' AND hashtext(id) % 4 = 0;
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT 'new-' || n, (SELECT min(business_id) FROM public.business), timestamptz '2026-05-27 08:00Z' + n * interval '11 minutes',
       jsonb_build_object('outcome', 'booked', 'answered', true,
                          'end_timestamp', timestamptz '2026-05-27 08:00Z' + n * interval '11 minutes' + interval '90 seconds')
FROM generate_series(1, 200) AS n;
INSERT INTO public.customers_registry (id, created_at, document)
SELECT 'late-customer-' || n, timestamptz '2026-05-27 12:00Z' + n * interval '1 hour',
       jsonb_build_object('website_session_id', 'late-' || n % 7)
FROM generate_series(1, 30) AS n;
