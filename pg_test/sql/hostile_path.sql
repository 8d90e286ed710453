-- A search_path that begins with a schema of operators, functions and types of pg_catalog's names, each of which raises an error:
-- every report, view and function answers as before.
SET client_min_messages = error;
\ir ../fixtures/every_report.sql
INSERT INTO asking.report (name, query)
SELECT 'function', 'SELECT ' || f.call FROM (VALUES
    ('mrcall.bucket(''1 day'', ''2026-05-04 10:00Z'', ''Europe/Rome'')'),
    ('mrcall.next_bucket(''1 month'', ''2026-05-04 10:00Z'', ''UTC'')'),
    ('mrcall.buckets(''1 day'', ''2026-05-04 10:00Z'', ''2026-05-06 10:00Z'', ''UTC'')'),
    ('mrcall.channel(''https://www.google.com/'', ''https://a.b/?gclid=1'')'), ('mrcall.arrival(''https://bing.com/'', ''https://a.b/'')'),
    ('mrcall.is_arrival(''https://a.b/'', ''https://a.b/c'')'), ('mrcall.url_param(''https://a.b/?c=d'', ''c'')'),
    ('mrcall.try_numeric(''12.5'')'), ('mrcall.try_int(''7'')'), ('mrcall.try_timestamptz(''2026-05-04'')'),
    ('mrcall.currency_exponent(''jpy'')'), ('mrcall.split_amount(100, ''{1,2}'', 2)'), ('mrcall.models()'), ('mrcall.help()'),
    ('mrcall.credit(''{2026-05-04Z,2026-05-05Z}'', ''{a,b}'', ''2026-05-06Z'', ''linear'')'),
    ('mrcall.path_transform(''{a,a,b}'', ''exposure'')'), ('mrcall_internal.seconds(''12.5'')'),
    ('mrcall_internal.website_session_ids(''{"website_session_ids": ["a", "b"], "website_session_id": "c"}'')'),
    ('mrcall_internal.apple_transaction(mrcall_internal.apple_notification(''{"signedPayload": "x"}''))'),
    ('mrcall_internal.major_units(1234, ''eur'')'), ('mrcall_internal.stripe_id(''{"id": "x"}'')'),
    ('mrcall.num_visits(mrcall.visit_agg(g.at, ''30 minutes'')) FROM pg_catalog.generate_series(''2026-05-04Z''::pg_catalog.timestamptz,
        ''2026-05-06Z'', ''1 hour'') AS g (at)'),
    ('(mrcall.shapley(mrcall.path_agg(''{a,b}'', 3, 12.5, 1))).*'), ('(mrcall.markov(mrcall.path_agg(''{a,b}'', 3, 12.5, 1))).*'),
    ('(mrcall.path_models(mrcall.path_agg(''{a,b}'', 3, 12.5, 1))).*'),
    ('mrcall.window_funnel(''1 hour'', g.at, ARRAY[true]) FROM pg_catalog.generate_series(''2026-05-04Z''::pg_catalog.timestamptz,
        ''2026-05-06Z'', ''1 hour'') AS g (at)')) AS f (call);
CREATE TABLE asking.expected AS SELECT * FROM asking.answers();
SELECT e.query, e.answer AS failed FROM asking.expected AS e WHERE e.answer !~ '^\d+ \w*$';

CREATE SCHEMA evil;
-- A function for each name and kinds of arguments, aggregates among them, and an operator for each name and types.
DO $$
DECLARE
    victim record;
    made int := 0;
BEGIN
    FOR victim IN
        SELECT p.proname, p.oid::regprocedure AS signature, pg_get_function_identity_arguments(p.oid) AS arguments,
               format_type(p.prorettype, NULL) AS result, p.proretset
        FROM pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.provariadic = 0 AND p.prokind <> 'p'
          AND NOT EXISTS (SELECT FROM pg_type AS t WHERE t.oid = ANY (p.proargtypes::oid[] || p.prorettype) AND t.typtype = 'p'
                          AND t.typname !~ '^any(element|array|nonarray|range|enum|compatible.*)$')
          AND (SELECT bool_and(t.typname !~ '^pg_|^_pg_|^reg|xml|brin|gtsvector') FROM pg_type AS t
               WHERE t.oid = ANY (p.proargtypes::oid[] || p.prorettype))
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS %L', victim.proname,
                (SELECT string_agg(format_type(a.type, NULL), ', ' ORDER BY a.place)
                 FROM pg_proc AS p CROSS JOIN unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (type, place)
                 WHERE p.oid = victim.signature),
                CASE WHEN victim.proretset THEN 'SETOF' END, victim.result,
                format('BEGIN RAISE EXCEPTION %L; END', 'evil ' || replace(victim.signature::text, '%', '')));
            made := made + 1;
        EXCEPTION WHEN invalid_function_definition OR feature_not_supported THEN
            NULL;
        END;
    END LOOP;
    FOR victim IN
        SELECT o.oprname, o.oid::regoperator AS signature, format_type(o.oprleft, NULL) AS l, format_type(o.oprright, NULL) AS r,
               format_type(o.oprresult, NULL) AS result, o.oid, o.oprleft
        FROM pg_operator AS o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprresult <> 0
    LOOP
        BEGIN
            EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', 'operator ' || victim.oid,
                concat_ws(', ', CASE WHEN victim.oprleft <> 0 THEN victim.l END, victim.r), victim.result,
                format('BEGIN RAISE EXCEPTION %L; END', 'evil ' || replace(victim.signature::text, '%', '')));
            EXECUTE format('CREATE OPERATOR evil.%s (%sRIGHTARG = %s, FUNCTION = evil.%I)', victim.oprname,
                CASE WHEN victim.oprleft <> 0 THEN format('LEFTARG = %s, ', victim.l) END, victim.r, 'operator ' || victim.oid);
            made := made + 1;
        EXCEPTION WHEN invalid_function_definition OR feature_not_supported THEN
            NULL;
        END;
    END LOOP;
    FOR victim IN SELECT t.typname FROM pg_type AS t
        WHERE t.typname IN ('text', 'timestamptz', 'timestamp', 'date', 'jsonb', 'bytea', 'int4', 'int8', 'float8', 'bool', 'name',
                            'interval', 'numeric', 'regclass', 'uuid') AND t.typnamespace = 'pg_catalog'::regnamespace
    LOOP
        EXECUTE format('CREATE DOMAIN evil.%I AS pg_catalog.%I CHECK (VALUE IS NULL)', victim.typname, victim.typname);
    END LOOP;
    PERFORM set_config('test.traps', (made > 2000)::text, true);
END
$$;
SET search_path = evil, pg_catalog, public;
SELECT pg_catalog.current_setting('test.traps') AS many_traps;
-- They do hurt.
SELECT 'a'::pg_catalog.text = 'a'::pg_catalog.text;
SELECT pg_catalog.now() - pg_catalog.now();
SELECT max(1);
SELECT 'a'::text;
CREATE TEMP TABLE found AS SELECT * FROM asking.answers();
SET search_path = pg_catalog;
SELECT f.name, f.query, f.answer FROM pg_temp.found AS f LEFT JOIN asking.expected AS e USING (query, answer) WHERE e.query IS NULL;
SELECT count(*) > 60 AS many, count(*) = (SELECT count(*) FROM pg_temp.found) AS all_asked FROM asking.expected;
