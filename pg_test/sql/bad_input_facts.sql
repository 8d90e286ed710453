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
CREATE TABLE public.odd (at timestamp, at_tz timestamptz, visitor text, page text);
CREATE FUNCTION public.looked_up(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at", "visitor_id": "visitor"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at_tz", "visitor_id": "public.looked_up(visitor)"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at_tz", "visitor_id": "visitor", "page_url": "public.looked_up(page)"}}}');
SELECT mrcall.maintain();
-- One that does not.
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at_tz", "visitor_id": "lower(visitor)"}}}');
SELECT mrcall.maintain();
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass ORDER BY t.tgname;
-- Another mapping has other triggers; one that cannot be kept none.
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at_tz", "visitor_id": "visitor"}}}');
SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass AND t.tgname ~ 'delete';
SELECT mrcall.attach('{"events": {"table": "odd", "columns": {"occurred_at": "at", "visitor_id": "visitor"}}}');
SELECT count(*) AS triggers, (SELECT count(*) FROM mrcall.freshness()) AS facts FROM pg_trigger AS t WHERE t.tgrelid = 'public.odd'::regclass;

-- What is no table of its own.
CREATE VIEW public.odd_view AS SELECT at_tz AS created_at, visitor AS session_id FROM public.odd;
CREATE TABLE public.odd_parent (created_at timestamptz, session_id text);
CREATE TABLE public.odd_child () INHERITS (public.odd_parent);
CREATE TABLE public.odd_whole (created_at timestamptz, session_id text) PARTITION BY RANGE (created_at);
CREATE TABLE public.odd_part PARTITION OF public.odd_whole DEFAULT;
CREATE UNLOGGED TABLE public.odd_unlogged (created_at timestamptz, session_id text);
SELECT mrcall.attach('{"events": {"table": "odd_view", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd_parent", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd_whole", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd_part", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
SELECT mrcall.attach('{"events": {"table": "odd_unlogged", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
-- Rows that its own policies hide from the owner.
CREATE TABLE public.odd_forced (created_at timestamptz, session_id text);
ALTER TABLE public.odd_forced ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.odd_forced FORCE ROW LEVEL SECURITY;
SELECT mrcall.attach('{"events": {"table": "odd_forced", "columns": {"occurred_at": "created_at", "visitor_id": "session_id"}}}');
SELECT mrcall.maintain();
