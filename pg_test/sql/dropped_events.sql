-- Events that were dropped, by whatever means: reports that need them warn, explain_conversion and doctor say it, others say nothing.
\pset footer off
SELECT setseed(0.2026) \g /dev/null
DELETE FROM public.website_events;
DELETE FROM public.customers_registry;
UPDATE mrcall.source SET begins_at = NULL;
SELECT mrcall.attach();
SELECT begins_at FROM mrcall.source WHERE logical_table = 'events';
INSERT INTO public.customers_registry (id, document, created_at) VALUES
    ('early', '{"website_session_ids": ["b-early"]}', '2026-03-10Z'), ('late', '{"website_session_ids": ["b-late"]}', '2026-05-10Z'),
    ('across', '{"website_session_ids": ["b-across"]}', '2026-04-20Z'), ('none', '{}', '2026-03-11Z');
INSERT INTO public.website_events (session_id, created_at, page_url, referrer) VALUES
    ('b-early', '2026-03-01Z', 'https://mrcall.ai/', 'https://www.google.com/'), ('b-across', '2026-04-02Z', 'https://mrcall.ai/', NULL),
    ('b-across', '2026-04-19Z', 'https://mrcall.ai/', 'https://www.bing.com/'), ('b-late', '2026-05-09Z', 'https://mrcall.ai/', NULL),
    ('b-late', '2026-05-10Z', 'https://mrcall.ai/', NULL);
SELECT mrcall.attach();
SELECT begins_at FROM mrcall.source WHERE logical_table = 'events';
CREATE FUNCTION pg_temp.explained() RETURNS TABLE (customer text, touches bigint, reason text) LANGUAGE sql AS $$
    SELECT u.id, count(e.touch_no), min(e.reason)
    FROM public.customers_registry AS u CROSS JOIN LATERAL mrcall.explain_conversion('signup', u.id) AS e
    GROUP BY u.id ORDER BY u.id
$$;
CREATE FUNCTION pg_temp.said() RETURNS TABLE (severity text, object text, finding text, fix text) LANGUAGE sql AS $$
    SELECT * FROM mrcall.doctor() AS d WHERE d.finding ~ 'dropped|policy drops'
$$;

-- Nothing was dropped.
SELECT count(*) FROM mrcall.cohorts('2026-05-01', '2026-06-01');
SELECT sum(conversions) FROM mrcall.attribution('2026-02-01', '2026-06-01');
SELECT * FROM pg_temp.explained();
SELECT * FROM pg_temp.said();
-- One event more or less within a day of the first is none either.
INSERT INTO public.website_events (session_id, created_at) VALUES ('b-early', '2026-03-01 20:00Z');
DELETE FROM public.website_events WHERE created_at = '2026-03-01Z';
SELECT count(*) FROM mrcall.cohorts('2026-05-01', '2026-06-01');

-- Whatever is older than 10 April is dropped.
DELETE FROM public.website_events WHERE created_at < '2026-04-10Z';
SELECT count(*) FROM mrcall.cohorts('2026-05-01', '2026-06-01');
SELECT count(*) FROM mrcall.lifecycle('7 days', '2026-05-01', '2026-06-01');
SELECT count(*), sum(new_visitors) FROM mrcall.visitor_buckets('7 days', '2026-05-01', '2026-06-01', with_new => true);
SELECT count(*), sum(new_visitors) FROM mrcall.visitor_buckets('7 days', '2026-05-01', '2026-06-01');
SELECT sum(conversions) FROM mrcall.attribution('2026-02-01', '2026-06-01');
SELECT sum(conversions) FROM mrcall.attribution('2026-05-01', '2026-06-01', lookback => '7 days');
SELECT count(*) FROM mrcall.attribution_models('2026-04-01', '2026-06-01');
SELECT count(*) FROM mrcall.conversion_paths('2026-04-01', '2026-06-01');
SELECT count(*) FROM mrcall.time_to_convert('2026-04-01', '2026-06-01');
SELECT * FROM pg_temp.explained();
SELECT * FROM pg_temp.said();
-- Attaching again forgets nothing, and a reader who may not see all rows is told nothing.
SELECT mrcall.attach();
SELECT begins_at FROM mrcall.source WHERE logical_table = 'events';
ALTER TABLE public.website_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY late_alone ON public.website_events FOR SELECT USING (session_id = 'b-late');
SELECT count(*) FROM mrcall.cohorts('2026-05-01', '2026-06-01');
ALTER TABLE public.website_events DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
-- All of them.
DELETE FROM public.website_events;
SELECT mrcall_internal.events_dropped_before() = now() AS none_is_left;
-- It was on purpose: what comes now is the beginning. Another table has a beginning of its own.
UPDATE mrcall.source SET begins_at = NULL WHERE logical_table = 'events';
INSERT INTO public.website_events (session_id, created_at) VALUES ('b-late', '2026-05-01Z');
SELECT mrcall.attach();
SELECT count(*) FROM mrcall.cohorts('2026-05-01', '2026-06-01');
SELECT reason FROM mrcall.explain_conversion('signup', 'early');
CREATE TABLE public.other_events (LIKE public.website_events);
SELECT mrcall.attach('{"events": {"table": "public.other_events"}}');
SELECT begins_at FROM mrcall.source WHERE logical_table = 'events';
