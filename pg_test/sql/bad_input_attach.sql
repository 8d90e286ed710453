-- Bad mappings, and reports before mrcall.attach has run. Nothing is written halfway.
SET client_min_messages = warning;
CREATE TEMP TABLE before_it AS
SELECT (SELECT md5(string_agg(s::text, '|' ORDER BY s.logical_table)) FROM mrcall.source AS s) AS source,
       (SELECT md5(string_agg(pg_get_viewdef(c.oid), '|' ORDER BY c.relname)) FROM pg_class AS c
        WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v') AS views;

-- Mappings that are none.
SELECT mrcall.attach(NULL);
SELECT mrcall.attach('[]');
SELECT mrcall.attach('"events"');
SELECT mrcall.attach('{"event": {}}');
SELECT mrcall.attach('{"events": "web.hits"}');
SELECT mrcall.attach('{"events": {"tables": "web.hits"}}');
SELECT mrcall.attach('{"events": {"columns": ["sid"]}}');
SELECT mrcall.attach('{"events": {"columns": {"visitor": "sid"}}}');
SELECT mrcall.attach('{"events": {"columns": {"visitor_id": 7}}}');
SELECT mrcall.attach('{"events": {"table": 7}}');
\set VERBOSITY sqlstate
SELECT mrcall.attach('{"events": {"table": ""}}');
SELECT mrcall.attach('{"events": {"table": "a.b.c.d"}}');
SELECT mrcall.attach('{"events": {"table": "not; a table"}}');
SELECT mrcall.attach('not json');
\set VERBOSITY verbose

-- Expressions that are none, or that are no value of one row. (The details are the server's.)
\set VERBOSITY sqlstate
SELECT mrcall.attach('{"events": {"columns": {"page_url": "page_url ||"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": ""}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "page_url) FROM public.business; DROP TABLE public.business; --"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "page_url)::text; CREATE TABLE public.injected (); SELECT (null"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "no_such_function(page_url)"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "max(page_url)"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "first_value(page_url) OVER ()"}}}');
SELECT mrcall.attach('{"events": {"columns": {"page_url": "generate_series(1, 2)::text"}}}');
SELECT mrcall.attach('{"events": {"columns": {"occurred_at": "1 / 0"}}}');
\set VERBOSITY verbose

-- All of that changed nothing.
SELECT b.source = (SELECT md5(string_agg(s::text, '|' ORDER BY s.logical_table)) FROM mrcall.source AS s) AS source_unchanged,
       b.views = (SELECT md5(string_agg(pg_get_viewdef(c.oid), '|' ORDER BY c.relname)) FROM pg_class AS c
                  WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v') AS views_unchanged
FROM before_it AS b;
SELECT to_regclass('public.business') IS NOT NULL AS business_is_there, to_regclass('public.injected') IS NULL AS nothing_injected;

-- Before attach: every report says what to do. The views that name only the user's own tables outlive the extension.
DROP EXTENSION mrcall_ext CASCADE;
DROP SCHEMA mrcall CASCADE;
CREATE EXTENSION mrcall_ext;
\set r '''2026-04-01'', ''2026-05-01'''
SELECT * FROM mrcall.attribution(:r);
SELECT * FROM mrcall.visitor_buckets('1 day', :r);
SELECT * FROM mrcall.call_summary('1 day', :r);
SELECT * FROM mrcall.sessionize(:r);
SELECT mrcall.link_visitor('customer', 'visitor-1');
SELECT mrcall.unlink_visitor('customer', 'visitor-1');
SELECT * FROM mrcall.forget('customer');
SELECT mrcall.export_customer('customer');
SELECT mrcall.grant_read('pg_monitor');
SELECT * FROM mrcall.doctor();
-- Bad arguments are found first.
SELECT * FROM mrcall.attribution('2026-05-01', '2026-04-01');
-- The statement of the HINT mends it.
SELECT mrcall.attach();
SELECT count(*) > 0 AS works FROM mrcall.attribution(:r);
