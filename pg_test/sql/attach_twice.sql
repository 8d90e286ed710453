-- mrcall.attach is idempotent, replaces views instead of dropping them, and touches no table.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(c.oid || c.relname || pg_get_viewdef(c.oid) || coalesce(obj_description(c.oid, 'pg_class'), '-')
                          || coalesce(c.reloptions::text, '-'), '|' ORDER BY c.relname))
           || (SELECT md5(string_agg(s::text, '|' ORDER BY s.logical_table)) FROM mrcall.source AS s)
    FROM pg_class AS c WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v'
$$;
CREATE TEMP TABLE was AS SELECT pg_temp.state() AS state,
    (SELECT md5(string_agg(c.oid || c.relname || c.relfilenode || c.relhasindex || c.relhastriggers, '|' ORDER BY c.oid))
     FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'S')) AS tables;

SELECT mrcall.attach();
SELECT mrcall.attach('{}');
SELECT mrcall.attach('{"events": {}, "calls": {"columns": {}}}');
SELECT state = pg_temp.state() AS unchanged FROM was;

-- What stands on a view stays through an attach with another mapping: no CASCADE.
CREATE VIEW public.my_visits AS SELECT visitor_id, started_at FROM mrcall.visits;
CREATE MATERIALIZED VIEW public.my_days AS
    SELECT bucket, visitors, visits FROM mrcall.visitor_buckets('1 month', '2026-02-01', '2026-06-01');
SELECT mrcall.attach('{"events": {"columns": {"user_agent": null, "page_url": "lower(page_url)"}}}');
SELECT state = pg_temp.state() AS unchanged FROM was;
SELECT count(*) FILTER (WHERE user_agent IS NOT NULL) AS agents FROM mrcall.events;
SELECT count(*) > 0 AS still_there FROM public.my_visits;
REFRESH MATERIALIZED VIEW public.my_days;
SELECT sum(visits) > 0 AS still_there FROM public.my_days;
-- Nothing of a mapping outlives the next one.
SELECT mrcall.attach();
SELECT state = pg_temp.state() AS as_it_was FROM was;

-- A failed attach leaves the last good one.
SELECT mrcall.attach('{"customers": {"columns": {"role": "no_such_column"}}, "events": {"table": null}}');
SELECT state = pg_temp.state() AS as_it_was FROM was;
-- An attach that is rolled back has not been.
SAVEPOINT before_it;
SELECT mrcall.attach('{"calls": {"table": null}}');
SELECT relation IS NULL AS left_out FROM mrcall.source WHERE logical_table = 'calls';
ROLLBACK TO SAVEPOINT before_it;
SELECT state = pg_temp.state() AS as_it_was FROM was;

-- The tables were not touched by any of it.
SELECT tables = (SELECT md5(string_agg(c.oid || c.relname || c.relfilenode || c.relhasindex || c.relhastriggers, '|' ORDER BY c.oid))
                 FROM pg_class AS c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'S')) AS untouched FROM was;
-- Neither the session's settings nor its search_path matter.
SET search_path = pg_temp;
SET check_function_bodies = off;
SELECT mrcall.attach();
SHOW client_min_messages;
RESET search_path;
SELECT state = pg_temp.state() AS as_it_was FROM was;
