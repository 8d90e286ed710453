-- The columns that the jobs read; times in microseconds since 1970.
SELECT event_id, session_id, (extract(epoch FROM created_at) * 1000000)::bigint AS created_at, event_type, page_url, referrer,
       utm_source, utm_medium, utm_campaign
FROM public.website_events
