-- mrcall.detach and mrcall.dependents: out of the way of migrations of the host's tables, with what others made over the views.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.digest() RETURNS text LANGUAGE sql AS $$
    SELECT md5(concat_ws('|', (SELECT string_agg(a::text, '|' ORDER BY a::text) FROM mrcall.attribution('2026-02-01', '2026-06-01') AS a),
        (SELECT string_agg(s::text, '|' ORDER BY s::text) FROM mrcall.call_summary('7 days', '2026-02-01', '2026-06-01') AS s),
        (SELECT string_agg(v::text, '|' ORDER BY v::text) FROM mrcall.visits AS v)))
$$;
CREATE FUNCTION pg_temp.views() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(concat_ws('|', c.relname, pg_get_viewdef(c.oid), c.relowner, c.reloptions,
               (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) AS a), obj_description(c.oid, 'pg_class'),
               (SELECT string_agg(col_description(c.oid, a.attnum), ',' ORDER BY a.attnum) FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum > 0)), '|' ORDER BY c.relname))
    FROM pg_class AS c WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v'
$$;
SELECT mrcall.grant_read('pg_signal_backend');
CREATE TEMP TABLE before_it AS SELECT pg_temp.digest() AS digest, pg_temp.views() AS views;

-- The views stand in the way of the application's migrations; without them nothing does.
ALTER TABLE public.sessions ALTER COLUMN owner TYPE varchar(64);
-- In other words where TimescaleDB has the table.
\set VERBOSITY sqlstate
ALTER TABLE public.website_events DROP COLUMN utm_term;
\set VERBOSITY verbose
SELECT mrcall.detach();
SELECT count(*) AS left_over FROM pg_class AS c
WHERE c.relnamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace) AND c.relkind = 'v';
SELECT * FROM mrcall.attribution('2026-02-01', '2026-06-01');
SELECT severity, object, fix FROM mrcall.doctor();
SELECT mrcall.detach();
ALTER TABLE public.sessions ALTER COLUMN owner TYPE varchar(64);
ALTER TABLE public.sessions ADD COLUMN not_mapped int;
ALTER TABLE public.sessions ALTER COLUMN not_mapped TYPE bigint;
ALTER TABLE public.sessions DROP COLUMN not_mapped;
ALTER TABLE public.business RENAME COLUMN time_zone TO zone_of_time;
ALTER TABLE public.business RENAME COLUMN zone_of_time TO time_zone;
SELECT mrcall.attach();
SELECT digest = pg_temp.digest() AS same_reports FROM before_it;
SELECT mrcall.detach();
ALTER TABLE public.sessions ALTER COLUMN owner TYPE text;
SELECT mrcall.attach();
SELECT digest = pg_temp.digest() AS same_reports, views = pg_temp.views() AS same_views FROM before_it;

SAVEPOINT before_drops;
-- Mapped columns and a table that are dropped: the mapping has to know, and the hint has all the rest of it.
SELECT mrcall.attach('{"calls": {"columns": {"outcome": "upper(data->>''outcome'')"}}}');
SELECT mrcall.detach();
ALTER TABLE public.website_events DROP COLUMN utm_term;
ALTER TABLE public.template DROP COLUMN trial_days;
DROP TABLE public.decision_table CASCADE;
CREATE FUNCTION pg_temp.attach_by_hint() RETURNS TABLE (state text, message text, answer text) LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    PERFORM mrcall.attach();
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    state := sqlstate;
    message := sqlerrm;
    EXECUTE substring(hint FROM 'SELECT mrcall.attach.*') INTO answer;
    RETURN NEXT;
END $$;
SELECT * FROM pg_temp.attach_by_hint();
SELECT logical_table, columns ->> 'outcome' = 'upper(data->>''outcome'')' AS mapping_is_there
FROM mrcall.source WHERE relation IS NULL OR logical_table = 'calls' ORDER BY 1;
SELECT count(*) > 0 AS events, count(utm_term) AS terms FROM mrcall.events;
-- A mapping comes back as it was, as often as it is asked for, until another is given.
SELECT mrcall.detach();
SELECT mrcall.attach();
SELECT mrcall.attach();
SELECT columns -> 'utm_term' AS utm_term, is_default FROM mrcall.source WHERE logical_table = 'events';
ALTER TABLE public.website_events ADD COLUMN utm_term text;
SELECT mrcall.attach('{"templates": {"columns": {"trial_days": null}}, "flow_states": {"table": null}}');
SELECT columns -> 'utm_term' AS utm_term, is_default FROM mrcall.source WHERE logical_table = 'events';
SELECT columns -> 'outcome' AS outcome FROM mrcall.source WHERE logical_table = 'calls';
ROLLBACK TO SAVEPOINT before_drops;

-- What others made over the views is named, and never dropped.
CREATE SCHEMA host;
CREATE VIEW host.calls WITH (security_barrier) AS SELECT call_id, started_at, business_id FROM mrcall.calls WHERE answered;
COMMENT ON VIEW host.calls IS 'those that were answered';
COMMENT ON COLUMN host.calls.call_id IS 'it''s the id';
ALTER VIEW host.calls ALTER COLUMN business_id SET DEFAULT 'none';
CREATE MATERIALIZED VIEW host.days AS SELECT started_at::date AS day, count(*) AS calls FROM host.calls GROUP BY 1;
CREATE UNIQUE INDEX days_day ON host.days (day);
ALTER MATERIALIZED VIEW host.days CLUSTER ON days_day;
COMMENT ON INDEX host.days_day IS 'for REFRESH CONCURRENTLY';
GRANT SELECT ON host.days TO PUBLIC;
CREATE MATERIALIZED VIEW host.later AS SELECT * FROM host.days WITH NO DATA;
CREATE VIEW host.weeks AS SELECT date_trunc('week', day) AS week, sum(calls) AS calls FROM host.days GROUP BY 1;
GRANT SELECT (week), INSERT ON host.weeks TO pg_monitor WITH GRANT OPTION;
CREATE TABLE host.log (what text);
CREATE RULE written AS ON INSERT TO host.weeks DO INSTEAD INSERT INTO host.log VALUES ('week');
CREATE VIEW host.weeks_again AS SELECT * FROM host.weeks;
-- And over functions and types, in tables.
CREATE TABLE host.states (day date PRIMARY KEY, state mrcall.call_state, page text,
    host text DEFAULT mrcall.url_host('https://host.example'), CONSTRAINT page_is_url CHECK (mrcall.url_host(page) IS NOT NULL),
    CONSTRAINT state_once UNIQUE (state));
CREATE TABLE host.parts (day date, host text, state mrcall.call_state NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE host.part PARTITION OF host.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX parts_host ON host.parts (mrcall.url_host(host));
INSERT INTO host.states SELECT '2026-05-01', mrcall.call_agg(c.started_at, c.ended_at, c.outcome), 'https://example.com/'
FROM mrcall.calls AS c WHERE c.ended_at >= c.started_at;
CREATE INDEX states_host ON host.states (mrcall.url_host(page));
CREATE POLICY seen ON host.states FOR SELECT TO pg_monitor, pg_signal_backend USING (mrcall.is_bot(page));
CREATE VIEW host.numbers AS SELECT day, mrcall.num_calls(state) AS calls FROM host.states;
CREATE STATISTICS host.pages ON (mrcall.url_host(page)), host FROM host.states;
CREATE FUNCTION host.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE UPDATE ON host.states FOR EACH ROW WHEN (mrcall.is_bot(NEW.page)) EXECUTE FUNCTION host.note();
CREATE TYPE host.pair AS (day date, state mrcall.call_state);
CREATE DOMAIN host.state AS mrcall.call_state;
CREATE TABLE host.hosts (page text, host text GENERATED ALWAYS AS (mrcall.url_host(page)) STORED);
CREATE FUNCTION host.newest() RETURNS timestamptz LANGUAGE sql BEGIN ATOMIC SELECT max(started_at) FROM mrcall.calls; END;
CREATE FUNCTION host.of(visit mrcall.visits) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT mrcall.detach();
SELECT line FROM mrcall.dependents() AS line WHERE line !~ '^CREATE (VIEW|MATERIALIZED VIEW|RULE)';
SELECT count(*) FROM host.weeks_again;

-- The printed SQL, run with detach and attach between its halves, leaves all as it was.
DROP FUNCTION host.newest;
DROP FUNCTION host.of;
DROP TABLE host.hosts;
DROP DOMAIN host.state;
DROP TYPE host.pair;
CREATE FUNCTION pg_temp.host() RETURNS TABLE (name text, what text) LANGUAGE sql AS $$
    SELECT c.relname, concat_ws('|', c.relkind, c.reloptions, c.relispopulated, pg_get_userbyid(c.relowner),
               CASE c.relkind WHEN 'i' THEN pg_get_indexdef(c.oid) ELSE pg_get_viewdef(c.oid) END, obj_description(c.oid, 'pg_class'),
               (SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(c.relacl) AS a),
               (SELECT x.indisclustered FROM pg_index AS x WHERE x.indexrelid = c.oid),
               (SELECT string_agg(concat_ws('/', a.attname, format_type(a.atttypid, a.atttypmod), a.attacl,
                                  col_description(c.oid, a.attnum), pg_get_expr(d.adbin, d.adrelid)), ',' ORDER BY a.attnum)
                FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
               (SELECT string_agg(pg_get_ruledef(r.oid), ',' ORDER BY r.rulename) FROM pg_rewrite AS r WHERE r.ev_class = c.oid),
               (SELECT string_agg(pg_get_triggerdef(t.oid), ',') FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal),
               (SELECT string_agg(pg_get_statisticsobjdef(x.oid), ',') FROM pg_statistic_ext AS x WHERE x.stxrelid = c.oid),
               (SELECT string_agg(pg_get_constraintdef(k.oid), ',' ORDER BY k.conname) FROM pg_constraint AS k WHERE k.conrelid = c.oid),
               (SELECT string_agg(concat_ws('/', p.polname, p.polcmd, p.polroles, pg_get_expr(p.polqual, p.polrelid)), ',')
                FROM pg_policy AS p WHERE p.polrelid = c.oid))
    FROM pg_class AS c WHERE c.relnamespace = 'host'::regnamespace AND c.relkind IN ('v', 'm', 'i', 'r')
$$;
CREATE TEMP TABLE host_before AS SELECT * FROM pg_temp.host();
CREATE TEMP TABLE statement AS
SELECT s.nr, s.line, s.nr < h.nr AS is_drop
FROM mrcall.dependents() WITH ORDINALITY AS s (line, nr),
     (SELECT d.nr FROM mrcall.dependents() WITH ORDINALITY AS d (line, nr) WHERE d.line LIKE '-- Here:%') AS h
WHERE s.line NOT LIKE '--%';
CREATE FUNCTION pg_temp.run(drops boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines bigint := 0;
BEGIN
    FOR line IN SELECT s.line FROM pg_temp.statement AS s WHERE s.is_drop = drops ORDER BY s.nr LOOP
        EXECUTE line;
        lines := lines + 1;
    END LOOP;
    RETURN lines;
END $$;
SELECT pg_temp.run(true) AS dropped;
SELECT mrcall.detach();
-- The column of a stored state is the one thing left, and goes through its text.
DROP EXTENSION mrcall_ext;
ALTER TABLE host.states ALTER COLUMN state TYPE text;
ALTER TABLE host.parts ALTER COLUMN state TYPE text;
DROP EXTENSION mrcall_ext;
CREATE EXTENSION mrcall_ext;
ALTER TABLE host.states ALTER COLUMN state TYPE mrcall.call_state USING state::mrcall.call_state;
ALTER TABLE host.parts ALTER COLUMN state TYPE mrcall.call_state USING state::mrcall.call_state;
SELECT mrcall.attach();
SELECT pg_temp.run(false) AS made;
SELECT count(*) AS objects FROM host_before;
(TABLE host_before EXCEPT SELECT * FROM pg_temp.host()) UNION ALL (SELECT * FROM pg_temp.host() EXCEPT TABLE host_before);
SELECT count(*) > 0 AS weeks, (SELECT sum(calls) FROM host.weeks) = (SELECT count(*) FROM mrcall.calls WHERE answered) AS all_of_them,
       (SELECT n.calls > 0 FROM host.numbers AS n) AS state_is_there FROM host.weeks_again;
REFRESH MATERIALIZED VIEW CONCURRENTLY host.days;
SELECT digest = pg_temp.digest() AS same_reports, views = pg_temp.views() AS same_views FROM before_it;
DROP SCHEMA host CASCADE;
SELECT count(*) AS dependents FROM mrcall.dependents();
-- Neither the search_path nor the names matter.
CREATE SCHEMA "Host's";
SET search_path = "Host's", mrcall, public;
CREATE VIEW "My "" Visits" AS SELECT visitor_id AS "the Id" FROM visits;
CREATE INDEX ON website_events (url_host(page_url));
SELECT line FROM dependents() AS line WHERE line NOT LIKE 'CREATE VIEW%';
SET search_path = public;
SELECT mrcall.detach();
DROP VIEW "Host's"."My "" Visits";
-- Nor does quote_all_identifiers, over which of them it is on.
SET quote_all_identifiers = on;
SELECT mrcall.detach();
SET quote_all_identifiers = off;
SELECT mrcall.attach();
SELECT count(*) AS grants_left FROM mrcall_internal.detached_grant;
SELECT mrcall.detach();
DROP INDEX public.website_events_url_host_idx;
DROP EXTENSION mrcall_ext;
SET quote_all_identifiers = on;
CREATE EXTENSION mrcall_ext;
SELECT mrcall.attach();
SELECT mrcall.attach();
RESET quote_all_identifiers;
SELECT views = pg_temp.views() AS same_views FROM before_it;
