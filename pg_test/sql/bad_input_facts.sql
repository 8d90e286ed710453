-- What maintain refuses, each with the reason and the way out.
SELECT mrcall.maintain('{calls}');
SELECT mrcall.maintain('{visits,NULL}');
SELECT mrcall.unmaintain('{visit}');
SELECT * FROM mrcall.verify(NULL);
SELECT * FROM mrcall.verify('visits', 2);
SELECT * FROM mrcall.verify('visits', 'NaN');
SELECT * FROM mrcall.verify('visits');
CALL mrcall.refresh('-1 second');
CALL mrcall.refresh();
SELECT * FROM mrcall.freshness();

-- A mapping that depends on more than the row.
CREATE TABLE public.odd (LIKE public.website_events, at timestamp);
CREATE FUNCTION public.looked_up(text) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
SELECT mrcall.attach('{"events": {"table": "public.odd", "columns": {"occurred_at": "at::timestamptz"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd", "columns": {"visitor_id": "public.looked_up(session_id)"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd", "columns": {"page_url": "public.looked_up(page_url)"}}}');
SELECT mrcall.maintain();
-- One that does not.
SELECT mrcall.attach('{"events": {"table": "public.odd", "columns": {"visitor_id": "lower(session_id)"}}}');
SELECT mrcall.maintain();
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass ORDER BY t.tgname;
-- Another mapping has other triggers; one that cannot be kept none.
SELECT mrcall.attach('{"events": {"table": "public.odd"}}');
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass AND t.tgname ~ 'delete';
SELECT mrcall.attach('{"events": {"table": "public.odd", "columns": {"occurred_at": "at::timestamptz"}}}');
SELECT count(*) AS triggers, (SELECT count(*) FROM mrcall.freshness()) AS facts
FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass;

-- What is no table of its own.
CREATE VIEW public.odd_view AS SELECT * FROM public.odd;
CREATE TABLE public.odd_parent (LIKE public.website_events);
CREATE TABLE public.odd_child () INHERITS (public.odd_parent);
CREATE TABLE public.odd_whole (LIKE public.website_events) PARTITION BY RANGE (created_at);
CREATE TABLE public.odd_part PARTITION OF public.odd_whole DEFAULT;
CREATE UNLOGGED TABLE public.odd_unlogged (LIKE public.website_events);
SELECT mrcall.attach('{"events": {"table": "public.odd_view"}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd_parent"}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd_whole"}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd_part"}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "public.odd_unlogged"}}');
SELECT mrcall.maintain();
-- Rows that its own policies hide from the owner.
CREATE TABLE public.odd_forced (LIKE public.website_events);
ALTER TABLE public.odd_forced ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.odd_forced FORCE ROW LEVEL SECURITY;
SELECT mrcall.attach('{"events": {"table": "public.odd_forced"}}');
SELECT mrcall.maintain();
