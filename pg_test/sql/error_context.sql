-- Errors of reports: one message with a HINT, and at most one line of context, which names the report.
SET client_min_messages = warning;
\set SHOW_CONTEXT always
\set r '''2026-04-01'', ''2026-05-01'''
SELECT * FROM mrcall.attribution('2026-05-01', '2026-04-01');
SELECT * FROM mrcall.visitor_buckets('1 day', :r, 'Mars');
SELECT * FROM mrcall.cohorts(:r, by => 'week');
SELECT * FROM mrcall.funnel(:r, '[{"stp": "a"}]');
SELECT * FROM mrcall.call_summary('0', :r);
SELECT * FROM mrcall.explain_conversion('signup', 'nobody');
\set SHOW_CONTEXT never

-- The lines of context below this function's own, which are those of a caller.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    hint text;
    context text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
    context := rtrim(regexp_replace(context, '(SQL statement "SELECT (\* FROM )?mrcall\.|PL/pgSQL function pg_temp).*', ''), E'\n');
    RETURN concat_ws(' | ', sqlstate, message, CASE WHEN hint = '' THEN 'WITHOUT HINT' END, nullif(context, ''));
END
$$;
CREATE FUNCTION pg_temp.calls() RETURNS TABLE (name text, call text) LANGUAGE sql AS $$
    SELECT n.name, format(n.call, r.range)
    FROM (VALUES ('attribution', 'attribution(%s)'), ('attribution_models', 'attribution_models(%s)'),
                 ('conversion_paths', 'conversion_paths(%s)'), ('assisted_conversions', 'assisted_conversions(%s)'),
                 ('time_to_convert', 'time_to_convert(%s)'), ('attribution_interval', 'attribution_interval(%s)'), ('roas', 'roas(%s)'),
                 ('sessionize', 'sessionize(%s)'), ('visitor_buckets', 'visitor_buckets(''1 day'', %s)'), ('top_pages', 'top_pages(%s)'),
                 ('lifecycle', 'lifecycle(''1 day'', %s)'), ('active_visitors', 'active_visitors(%s)'),
                 ('stickiness', 'stickiness(''1 day'', %s)'), ('page_flow', 'page_flow(%s)'),
                 ('funnel', 'funnel(%s, ''[{"step": "a"}]'')'), ('cohorts', 'cohorts(%s)'), ('call_summary', 'call_summary(''1 day'', %s)'),
                 ('call_service', 'call_service(''1 day'', %s)'),
                 ('call_heatmap', 'call_heatmap(%s)'), ('callers', 'callers(%s)'), ('flow', 'flow(%s)')) AS n (name, call)
    CROSS JOIN (VALUES ('NULL, ''2026-05-01'''), ('''2026-04-01'', ''infinity'''), ('''2026-05-01'', ''2026-04-01''')) AS r (range)
$$;
SELECT c.call, pg_temp.outcome('SELECT * FROM mrcall.' || c.call) AS outcome FROM pg_temp.calls() AS c ORDER BY c.call COLLATE "C";
-- The other arguments, one wrong in each.
\pset footer off
SELECT c.call, pg_temp.outcome(format('SELECT * FROM mrcall.' || c.call, '''2026-04-01'', ''2026-05-01''')) AS outcome
FROM (VALUES ('attribution(%s, ''best'')'), ('attribution(%s, ''markov'', markov_order => 0)'), ('attribution(%s, conversion => ''all'')'),
             ('attribution(%s, dimension => ''country'')'), ('attribution(%s, lookback => ''1 month'')'), ('attribution(%s, gap => NULL)'),
             ('attribution(%s, ''custom'', weights => ''{1,-1}'')'), ('attribution_models(%s, half_life => ''0'')'),
             ('conversion_paths(%s, transform => ''trim'', argument => ''x'')'), ('attribution_interval(%s, level => 1)'),
             ('roas(%s, models => ''{}'')'), ('roas(%s, zone => ''Mars'')'), ('roas(%s, dimension => ''source'')'),
             ('explain_conversion(''all'', ''x'')'), ('explain_conversion(''signup'', NULL)'), ('explain_conversion(''payment'', ''x'')'),
             ('top_pages(%s, -1)'), ('top_pages(%s, gap => ''-1 day'')'), ('funnel(%s, NULL)'), ('funnel(%s, ''[]'')'),
             ('funnel(%s, ''[{"step": "a"}]'', modes => ''{best}'')'), ('funnel(%s, ''[{"step": "a"}]'', dimension => ''x'')'),
             ('cohorts(%s, ''1 month 1 day'')'), ('cohorts(%s, periods => -1)'), ('cohorts(%s, rolling => true, width => ''1 month'')'),
             ('page_flow(%s, depth => 0)'), ('page_flow(%s, ''pricing'')'), ('lifecycle(''1 month 1 day'', %s)'),
             ('stickiness(NULL, %s)'), ('active_visitors(%s, ''Mars'')'),
             ('visitor_buckets(NULL, %s)'), ('visitor_buckets(''1 microsecond'', %s)'),
             ('visitor_buckets(''1 day'', %s, dimension => ''x'')'),
             ('call_summary(''1 microsecond'', %s)'), ('call_summary(''1 day'', %s, ''Mars'')'), ('call_heatmap(%s, zone => ''Mars'')'),
             ('call_service(''1 day'', %s, within => ''-1 s'')'), ('call_service(''1 day'', %s, short_abandon => ''1 month'')'),
             ('business_health(NULL)'), ('resource_usage(''infinity'')'), ('sessionize(%s, ''1 month'')')) AS c (call);

-- Lists of several dimensions, in every report that takes a list, and in every function.
SELECT p.proname || ' ' || a.name AS argument,
       pg_temp.outcome(format('SELECT * FROM mrcall.%I(%s, %I => ''{{a,b},{c,d}}'')', p.proname,
           CASE p.proname WHEN 'explain_conversion' THEN '''signup'', ''x'''
                          WHEN 'funnel' THEN '''2026-04-01'', ''2026-05-01'', ''[{"step": "a"}]'''
                          WHEN 'funnel_trend' THEN '''1 day'', ''2026-04-01'', ''2026-05-01'', ''[{"step": "a"}]'''
                          WHEN 'visits_of' THEN 'since => ''2026-04-01'', until => ''2026-05-01'''
                          ELSE '''2026-04-01'', ''2026-05-01''' END, a.name)) AS outcome
FROM pg_proc AS p
CROSS JOIN LATERAL unnest(p.proargtypes::oid[], p.proargnames[1:p.pronargs]) AS a (type, name)
WHERE p.pronamespace = 'mrcall'::regnamespace AND p.proretset AND p.provolatile = 's' AND a.type = 'text[]'::regtype
ORDER BY p.proname COLLATE "C", a.name COLLATE "C";
SELECT c.call, pg_temp.outcome('SELECT mrcall.' || c.call) AS outcome
FROM (VALUES ('attribution(''2026-04-01'', ''2026-05-01'', ''custom'', weights => ''{{1,2},{3,4}}'')'),
             ('attribution_models(''2026-04-01'', ''2026-05-01'', weights => ''{{1,2},{3,4}}'')'),
             ('explain_conversion(''signup'', ''W-customer-001'', weights => ''{{1,2},{3,4}}'')'),
             ('roas(''2026-04-01'', ''2026-05-01'', models => ''{custom}'', weights => ''{{1,2},{3,4}}'')'),
             ('credit(''{{2026-05-04,2026-05-05}}'', ''{a,b}'', ''2026-05-06'', ''linear'')'),
             ('credit(''{2026-05-04,2026-05-05}'', ''{{a,b}}'', ''2026-05-06'', ''linear'')'),
             ('credit(''{2026-05-04,2026-05-05}'', ''{a,b}'', ''2026-05-06'', ''custom'', weights => ''{{1,2}}'')'),
             ('split_amount(100, ''{{1,2},{3,4}}'', 2)'), ('path_transform(''{{a,b},{c,d}}'', ''exposure'')'),
             ('path_credit((SELECT mrcall.path_agg(''{a}'', 1, 0, 0)), ''custom'', weights => ''{{1,2},{3,4}}'')'),
             ('path_models((SELECT mrcall.path_agg(''{a}'', 1, 0, 0)), weights => ''{{1,2},{3,4}}'')'),
             ('path_agg(''{{a,b},{c,d}}'', 1, 0, 0)'), ('window_funnel(''1 day'', now(), ''{{t,f},{t,f}}'')'),
             ('window_funnel(''1 day'', now(), ''{t,f}'', ''{{strict_once}}'')'), ('retention(''{{t,f},{t,f}}'')'),
             ('window_funnel(NULL::mrcall.funnel_state, ''1 day'', ''{{strict_once}}'')'),
             ('funnel_agg(now(), ''{{t,f},{t,f}}'')'), ('sequence_match(''(?1)'', now(), ''{{t,f},{t,f}}'')')) AS c (call);

-- Data that no report can count, deep in its query.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url) VALUES
    ('T-infinite', 'T-visitor', 'infinity', 'page_view', 'https://a.b/');
SELECT pg_temp.outcome('SELECT * FROM mrcall.cohorts(''2026-04-01'', ''2026-05-01'')') AS cohorts;
SELECT pg_temp.outcome('SELECT * FROM mrcall.visits') AS visits;
SET LOCAL mrcall.max_state_memory = '64kB';
SELECT c.call, pg_temp.outcome('SELECT * FROM mrcall.' || c.call) AS outcome
FROM (VALUES ('attribution(''2026-01-01'', ''2026-06-01'')'), ('sessionize(''2026-04-01'', ''2026-05-01'')'),
             ('visitor_buckets(''1 day'', ''2026-04-01'', ''2026-05-01'')'), ('top_pages(''2026-04-01'', ''2026-05-01'')'),
             ('call_summary(''1 day'', ''2026-04-01'', ''2026-05-01'')'),
             ('cohorts(''2026-04-01'', ''2026-05-01'', by => ''channel'')')) AS c (call);
RESET mrcall.max_state_memory;
-- Before attach.
DROP VIEW mrcall.conversions CASCADE;
SELECT c.name, pg_temp.outcome(format('SELECT * FROM mrcall.' || replace(replace(replace(c.call, '''2026-05-01'', ''2026-04-01''', '%s'),
    'NULL, ''2026-05-01''', '%s'), '''2026-04-01'', ''infinity''', '%s'), '''2026-04-01'', ''2026-05-01''')) AS outcome
FROM (SELECT DISTINCT ON (c.name) c.* FROM pg_temp.calls() AS c ORDER BY c.name, c.call) AS c ORDER BY c.name COLLATE "C";
SELECT pg_temp.outcome('SELECT * FROM mrcall.explain_conversion(''signup'', ''x'')') AS explain_conversion,
       pg_temp.outcome('SELECT * FROM mrcall.business_health()') AS business_health,
       pg_temp.outcome('SELECT * FROM mrcall.resource_usage()') AS resource_usage;
