-- The host's own functions, in policies, mapped expressions, domains and views, find what they name without a schema: every
-- report reads with the caller's search_path, and gives what it gives where those functions pin their own.
SET client_min_messages = error;
\ir ../fixtures/every_report.sql
-- A part of the world is enough.
DELETE FROM public.website_events WHERE abs(hashtext(session_id)) % 30 > 0;
DELETE FROM public.sessions WHERE abs(hashtext(business_id)) % 16 > 0;
CREATE SCHEMA app;
SET check_function_bodies = off;
CREATE TABLE app.tenant (role name, remainder int) WITH (parallel_workers = 0);
INSERT INTO app.tenant VALUES (current_user, 0), (current_user, 1);
-- As applications write them. The planner puts the first in place of its calls, and has to find what it names.
CREATE FUNCTION app.place(id text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT abs(hashtext(id)) % 3';
CREATE FUNCTION app.is_of_tenant(id text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    'begin return exists (select from tenant as t where t.role = current_user and t.remainder = place(coalesce(id, ''''))); end';
CREATE FUNCTION app.may_see(id text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT is_of_tenant(id)';
CREATE FUNCTION app.clean(word text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    'begin return (select word || min(t.remainder) from tenant as t where place(word) >= 0); end';
CREATE FUNCTION app.is_word(word text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    'begin return word is null or place(word) >= (select min(remainder) from tenant); end';
CREATE DOMAIN app.word AS text CHECK (app.is_word(VALUE));
CREATE VIEW app.contacts WITH (security_invoker = true) AS
SELECT c.contact_id, c.business_id, app.clean(c.display_name) AS display_name, c.variables FROM public.contact AS c;
SELECT mrcall.attach('{"events": {"columns": {"utm_campaign": "app.clean(utm_campaign)", "utm_source": "((utm_source)::app.word)::text"}},
    "calls": {"columns": {"outcome": "app.clean(data->>''outcome'')"}},
    "businesses": {"columns": {"template": "app.clean(template)"}}, "contacts": {"table": "app.contacts"}}');

-- Every source table under a policy.
DO $$
DECLARE
    source record;
    key text;
BEGIN
    FOR source IN SELECT s.relation::regclass AS relation FROM mrcall.source AS s
                  WHERE s.relation::regclass <> 'app.contacts'::regclass LOOP
        key := (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = source.relation AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum LIMIT 1);
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', source.relation);
        EXECUTE format('CREATE POLICY tenant ON %s FOR SELECT USING (app.may_see(%I::text))', source.relation, key);
    END LOOP;
END
$$;
CREATE TABLE asking.expected (name text, query text, answer text);
CREATE TABLE asking.all_rows AS SELECT * FROM asking.expected;
-- What the owner sees, whom no policy holds for; then what everybody sees, by functions that pin their own path.
ALTER FUNCTION app.is_of_tenant(text) SET search_path = app, pg_catalog;
ALTER FUNCTION app.may_see(text) SET search_path = app, pg_catalog;
ALTER FUNCTION app.clean(text) SET search_path = app, pg_catalog;
ALTER FUNCTION app.is_word(text) SET search_path = app, pg_catalog;
SET search_path = pg_catalog;
INSERT INTO asking.all_rows SELECT * FROM asking.answers();
DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class AS c WHERE c.relrowsecurity AND c.relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    END LOOP;
END
$$;
INSERT INTO asking.expected SELECT * FROM asking.answers();
ALTER FUNCTION app.is_of_tenant(text) RESET search_path;
ALTER FUNCTION app.may_see(text) RESET search_path;
ALTER FUNCTION app.clean(text) RESET search_path;
ALTER FUNCTION app.is_word(text) RESET search_path;
SELECT e.name, e.query, e.answer AS failed FROM asking.expected AS e WHERE e.answer !~ '^(\d+ \w*$|P0002 )';

-- With the path of the application.
SET search_path = app, public;
SELECT count(*) > 0 AS sees_some FROM mrcall.businesses;
CREATE TABLE asking.found AS SELECT * FROM asking.answers();
SELECT f.name, f.query, f.answer FROM asking.found AS f LEFT JOIN asking.expected AS e USING (query, answer) WHERE e.query IS NULL;
-- In workers too.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE asking.found_by_workers AS SELECT * FROM asking.answers();
SELECT f.name, f.query, f.answer
FROM asking.found_by_workers AS f LEFT JOIN asking.expected AS e USING (query, answer) WHERE e.query IS NULL;
-- With another path they fail: that they are called at all.
SET search_path = public;
SELECT DISTINCT left(asking.answer(r.query), 40) AS error FROM asking.report AS r WHERE r.name NOT LIKE 'view %';
-- The policies do hide something in most of them, or this would prove nothing.
SELECT count(*) FILTER (WHERE a.answer <> e.answer) > count(*) * 0.8 AS most_differ, count(*) > 40 AS many,
       count(*) = (SELECT count(*) FROM asking.found) AS all_asked
FROM asking.all_rows AS a JOIN asking.expected AS e USING (query);
-- An error of the host's comes through as it is.
CREATE OR REPLACE FUNCTION app.is_of_tenant(id text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS
    'begin raise exception ''no tenant'' using errcode = ''P0007'', detail = ''the detail'', hint = ''the hint''; end';
SET search_path = app, public;
SELECT DISTINCT left(asking.answer(r.query), 15) AS error FROM asking.report AS r WHERE r.name NOT LIKE 'view %';
SET max_parallel_workers_per_gather = 0;
\set SHOW_CONTEXT always
SELECT * FROM mrcall.top_pages('2026-04-01', '2026-05-01');
SELECT * FROM mrcall.attribution('2026-04-01', '2026-05-01');
SELECT * FROM mrcall.sessionize('2026-04-01', '2026-05-01');
