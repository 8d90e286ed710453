-- The same rows under any settings of a session, and with columns of any collation.
\pset footer off
SET timezone = 'UTC';
SET client_min_messages = warning;
-- Rows are computed under the settings and compared without them, so that their text does not matter. Dates are ISO's and zones are
-- named: what a client writes otherwise, the settings decide.
CREATE TEMP TABLE report (nr serial, query text) ON COMMIT DROP;
INSERT INTO report (query) SELECT r FROM unnest(ARRAY[
    'attribution(R)', 'attribution(R, ''markov'', ''payment'', dimension => ''campaign'')',
    'attribution(R, ''time_decay'', exclude_channels => ''{Direct}'', exclude_bots => true)', 'attribution_models(R, ''subscription'')',
    'conversion_paths(R)', 'time_to_convert(R)', 'assisted_conversions(R)', 'attribution_interval(R, replicates => 20)', 'roas(R)',
    'explain_conversion(''payment'', (SELECT min(conversion_id COLLATE "C") FROM mrcall.conversions WHERE conversion = ''payment''))',
    'sessionize(D)', 'visitor_buckets(''1 day'', R, ''Europe/Rome'', ''channel'')', 'visitor_buckets(''1 hour'', D, exclude_bots => true)',
    'visitor_buckets(''7 days'', date ''2026-04-01'', date ''2026-05-01'', ''America/New_York'', ''device'')',
    'page_flow(R, nodes => 2)', 'page_flow(R, to_page => ''/pricing'', exclude_bots => true)', 'lifecycle(''7 days'', R, ''Europe/Rome'')',
    'lifecycle(''1 month'', date ''2026-03-01'', date ''2026-05-01'', ''America/New_York'', exclude_bots => true)',
    'active_visitors(R, ''Europe/Rome'')', 'active_visitors(date ''2026-04-01'', date ''2026-05-01'', exclude_bots => true)',
    'stickiness(''1 day'', R)', 'top_pages(R)', 'cohorts(R, ''7 days'', ''Europe/Rome'')',
        'cohorts(R, ''1 day'', by => ''channel'', rolling => true, exclude_bots => true)',
    'funnel(R, ''[{"step": "a"}, {"step": "b", "page": "/pricing%"}, {"step": "c", "event": "click"}]'', dimension => ''source'')',
    'funnel(R, ''[{"step": "a", "page": "/%"}, {"step": "b", "utm_source": "it''''s odd"}]'', modes => ''{strict_increase}'')',
    'call_summary(''1 day'', R, ''Europe/Rome'')', 'call_summary(''1 month'', R, business_id => ''W-business-calls'')',
    'call_heatmap(R)', 'call_heatmap(R, zone => ''Asia/Kathmandu'')', 'callers(R)', 'flow(R)', 'resource_usage(''2026-05-01 12:00Z'')',
    'business_health(''2026-05-01 12:00Z'')', 'visits', 'touches', 'conversions', 'identities', 'calls', 'subscriptions', 'help()',
    'buckets(''1 month'', R, ''Europe/Rome'')', 'models()',
        'arrival(''https://www.google.com/search?q=a%20b'', ''https://x.example/?gclid=1'')'
    ]) AS r;
UPDATE report SET query = 'SELECT x.* FROM mrcall.' || replace(replace(query, 'R,', 'R ,'), 'R)', 'R )') || ' AS x';
UPDATE report SET query = replace(replace(query, '(R ', '(timestamptz ''2026-04-01 00:00+00'', timestamptz ''2026-05-01 00:00+00'''),
                                  ' R ', ' timestamptz ''2026-04-01 00:00+00'', timestamptz ''2026-05-01 00:00+00''');
UPDATE report SET query = replace(replace(query, '(D', '(timestamptz ''2026-04-10 00:00+00'', timestamptz ''2026-04-11 00:00+00'''),
                                  ' D', ' timestamptz ''2026-04-10 00:00+00'', timestamptz ''2026-04-11 00:00+00''');
CREATE FUNCTION pg_temp.keep(kind text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM report ORDER BY nr LOOP
        BEGIN
            EXECUTE format('CREATE TEMP TABLE %I ON COMMIT DROP AS %s', kind || r.nr, r.query);
        EXCEPTION WHEN OTHERS THEN
            EXECUTE format('CREATE TEMP TABLE %I ON COMMIT DROP AS SELECT %L AS error', kind || r.nr, sqlstate || ' ' || sqlerrm);
        END;
    END LOOP;
END
$$;
-- Whatever differs, or fails, of all reports; and takes the tables away.
CREATE FUNCTION pg_temp.compare() RETURNS TABLE (query text, difference text) LANGUAGE plpgsql AS $$
DECLARE
    r record;
    failed text;
BEGIN
    FOR r IN SELECT * FROM report ORDER BY nr LOOP
        query := r.query;
        difference := NULL;
        BEGIN
            EXECUTE format('SELECT count(*)::text || '' rows''
                            FROM ((TABLE %1$I EXCEPT ALL TABLE %2$I) UNION ALL (TABLE %2$I EXCEPT ALL TABLE %1$I)) AS d
                            HAVING count(*) > 0', 'base' || r.nr, 'odd' || r.nr) INTO difference;
        EXCEPTION WHEN OTHERS THEN
            EXECUTE format('SELECT error FROM %I', 'odd' || r.nr) INTO difference;
        END;
        EXECUTE format('DROP TABLE %I', 'odd' || r.nr);
        IF difference IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;
SELECT pg_temp.keep('base');
CREATE FUNCTION pg_temp.rows_of_base() RETURNS TABLE (nr int, rows bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR nr IN SELECT r.nr FROM report AS r ORDER BY 1 LOOP
        EXECUTE format('SELECT count(*) FROM %I', 'base' || nr) INTO rows;
        RETURN NEXT;
    END LOOP;
END
$$;
-- Each report says something.
SELECT r.query AS empty FROM pg_temp.rows_of_base() AS b JOIN report AS r USING (nr) WHERE b.rows = 0;
SELECT r.query AS failed FROM report AS r
WHERE EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = ('pg_temp.base' || r.nr)::regclass AND a.attname = 'error');

CREATE TEMP TABLE setting (nr serial, name text, value text, own boolean DEFAULT true) ON COMMIT DROP;
INSERT INTO setting (name, value) VALUES
    ('how values are written',
        'DateStyle=SQL, DMY;IntervalStyle=sql_standard;bytea_output=escape;extra_float_digits=-15;timezone=America/Sao_Paulo'),
    ('how values are written, otherwise',
        'DateStyle=German, DMY;IntervalStyle=iso_8601;extra_float_digits=3;timezone=<+0545>-05:45;lc_numeric=C'),
    ('how values are written, the old way', 'DateStyle=Postgres, MDY;IntervalStyle=postgres_verbose;timezone=Pacific/Apia'),
    ('how texts are read',
        'standard_conforming_strings=off;escape_string_warning=on;backslash_quote=off;array_nulls=off;transform_null_equals=on'),
    ('how names are written', 'quote_all_identifiers=on;search_path='),
    ('plans: a worker for everything', 'PARALLEL=on;parallel_setup_cost=0;parallel_tuple_cost=0;min_parallel_table_scan_size=0'),
    ('plans: as the regression tests', 'PARALLEL=regress;plan_cache_mode=force_generic_plan;jit=off'),
    ('plans: no hashes, no sorts', 'enable_hashagg=off;enable_hashjoin=off;enable_sort=off;enable_memoize=off;work_mem=64kB'),
    ('plans: no nested loops, no indexes',
        'enable_nestloop=off;enable_indexscan=off;enable_bitmapscan=off;enable_indexonlyscan=off;enable_seqscan=on'),
    ('plans: as written',
        'join_collapse_limit=1;from_collapse_limit=1;geqo=off;'
        'enable_partitionwise_join=on;enable_partitionwise_aggregate=on;constraint_exclusion=on'),
    ('checks', 'check_function_bodies=off;plpgsql.extra_warnings=all;plpgsql.extra_errors=all');
-- The setting has another name from PostgreSQL 16 on.
UPDATE setting SET value = replace(value, 'PARALLEL', n.name)
FROM (SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query') ORDER BY name LIMIT 1) AS n;
CREATE FUNCTION pg_temp.under(settings text) RETURNS TABLE (query text, difference text) LANGUAGE plpgsql AS $$
DECLARE
    one text;
    before jsonb := '{}';
BEGIN
    FOREACH one IN ARRAY string_to_array(settings, ';') LOOP
        before := before || jsonb_build_object(split_part(one, '=', 1), current_setting(split_part(one, '=', 1)));
        PERFORM set_config(split_part(one, '=', 1), split_part(one, '=', 2), true);
    END LOOP;
    PERFORM pg_temp.keep('odd');
    PERFORM set_config(b.key, b.value, true) FROM jsonb_each_text(before) AS b;
    RETURN QUERY SELECT c.query, c.difference FROM pg_temp.compare() AS c;
END
$$;
SELECT s.name, u.query, u.difference FROM setting AS s LEFT JOIN LATERAL pg_temp.under(s.value) AS u ON true ORDER BY s.nr, u.query;

-- attach, doctor and retention_due: the views and what they say are the same.
CREATE FUNCTION pg_temp.attached() RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(v.line, E'\n' ORDER BY v.line COLLATE "C")) FROM (
        SELECT format('%s %s', c.relname, pg_get_viewdef(c.oid)) AS line FROM pg_class AS c WHERE c.relnamespace =
            'mrcall'::regnamespace AND c.relkind = 'v'
        UNION ALL SELECT format('%s %s', d.object, d.finding) FROM mrcall.doctor() AS d WHERE d.severity <> 'ok'
        UNION ALL SELECT format('%s', r) FROM mrcall.retention_due() AS r) AS v
$$;
CREATE TEMP TABLE plain_attach ON COMMIT DROP AS SELECT pg_temp.attached() AS is_so;
-- A server without ICU has no collation that ignores case: two others stand for them there.
DO $$
BEGIN
    CREATE COLLATION public.ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE COLLATION public.turkish (provider = icu, locale = 'tr-TR');
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value OR undefined_object THEN
    CREATE COLLATION public.ignoring_case FROM "POSIX";
    CREATE COLLATION public.turkish FROM "POSIX";
END
$$;
SAVEPOINT quoted;
SET LOCAL quote_all_identifiers = on;
SELECT mrcall.attach() LIKE '%attached%' AS attached;
SELECT count(*) FILTER (WHERE severity = 'error') AS errors FROM mrcall.doctor();
SET LOCAL quote_all_identifiers = off;
SELECT is_so = pg_temp.attached() AS same FROM plain_attach;
ROLLBACK TO quoted;
SET LOCAL standard_conforming_strings = off;
SET LOCAL escape_string_warning = on;
SELECT mrcall.attach() LIKE '%attached%' AS attached;
SELECT count(*) FILTER (WHERE severity = 'error') AS errors FROM mrcall.doctor();
SELECT * FROM mrcall.funnel('2026-04-01', '2026-05-01', E'[{"step": "a", "page": "/x\\\\"}]');
SELECT count(*) FROM mrcall.funnel('2026-04-01', '2026-05-01', '[{"step": "a", "page": "/x*"}]');
SET LOCAL standard_conforming_strings = on;
SELECT is_so = pg_temp.attached() AS same FROM plain_attach;
ROLLBACK TO quoted;

-- Columns of other collations, of two at once, and of one for which different texts are equal: compared by bytes like all others.
CREATE TABLE public.event_copy AS SELECT event_id, session_id COLLATE public.ignoring_case AS session_id, created_at, event_type
    COLLATE "POSIX" AS event_type,
    page_url COLLATE public.ignoring_case AS page_url, referrer COLLATE public.turkish AS referrer, utm_source COLLATE public.turkish
        AS utm_source,
    utm_medium COLLATE public.ignoring_case AS utm_medium, utm_campaign, utm_term, utm_content, user_agent COLLATE public.ignoring_case
        AS user_agent, properties
FROM public.website_events;
CREATE TABLE public.call_copy AS SELECT id COLLATE public.turkish AS id, business_id COLLATE public.ignoring_case AS business_id, owner
    COLLATE "C" AS owner,
    start_timestamp, data, state_variables FROM public.sessions;
CREATE TABLE public.business_copy AS SELECT business_id COLLATE public.turkish AS business_id, owner COLLATE public.ignoring_case AS owner,
    template COLLATE "C" AS template, created_at, subscription_status, stripe_customer_id COLLATE public.turkish AS stripe_customer_id,
        time_zone COLLATE public.turkish AS time_zone
FROM public.business;
CREATE TABLE public.customer_copy AS SELECT id COLLATE "C" AS id, role, realm, document, created_at FROM public.customers_registry;
CREATE TABLE public.subscription_copy AS SELECT id COLLATE public.turkish AS id, business_id COLLATE "C" AS business_id, provider
    COLLATE public.ignoring_case AS provider,
    status COLLATE public.turkish AS status, product, created_at, trial_end, ended_at FROM public.payment_subscription;
CREATE TABLE public.contact_copy AS SELECT contact_id COLLATE public.ignoring_case AS contact_id, business_id COLLATE "C" AS business_id,
    display_name COLLATE public.turkish AS display_name, variables
FROM public.contact;
-- A view cannot change the collation of a column.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'mrcall'::regnamespace AND c.relkind = 'v' LOOP
        EXECUTE format('DROP VIEW IF EXISTS mrcall.%I CASCADE', name);
    END LOOP;
END
$$;
SELECT mrcall.attach('{"events": {"table": "public.event_copy"}, "calls": {"table": "public.call_copy"},
    "businesses": {"table": "public.business_copy"},
    "customers": {"table": "public.customer_copy"}, "subscriptions": {"table": "public.subscription_copy"}, "contacts": {"table":
        "public.contact_copy"}}') LIKE '%attached%' AS attached;
SELECT * FROM pg_temp.under('jit=off');
SELECT array_agg(DISTINCT c.collname) AS collations FROM pg_attribute AS a JOIN pg_collation AS c ON c.oid = a.attcollation
WHERE a.attrelid IN ('mrcall.events'::regclass, 'mrcall.calls'::regclass, 'mrcall.businesses'::regclass, 'mrcall.visits'::regclass);
-- By bytes: the ids differ in case alone.
INSERT INTO public.event_copy (session_id, created_at, event_type, page_url) VALUES
    ('odd-1', '2031-01-01Z', 'page_view', 'https://a.example/x'), ('ODD-1', '2031-01-01Z', 'page_view', 'https://a.example/X');
SELECT visitors, visits FROM mrcall.visitor_buckets('1 day', date '2031-01-01', date '2031-01-02');
SELECT page, visitors FROM mrcall.top_pages('2031-01-01Z', '2031-01-02Z') ORDER BY page COLLATE "C";
SELECT visitors FROM mrcall.funnel('2031-01-01Z', '2031-01-02Z', '[{"step": "a", "page": "/x"}]');
ROLLBACK TO quoted;

-- citext, where there is the extension: the type is found wherever it was installed.
CREATE FUNCTION pg_temp.citext() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'citext') THEN
        RETURN 'attached';
    END IF;
    CREATE SCHEMA elsewhere;
    CREATE EXTENSION citext SCHEMA elsewhere;
    CREATE TABLE public.mailed (id elsewhere.citext, business_id elsewhere.citext, start_timestamp timestamptz);
    INSERT INTO public.mailed VALUES ('A', 'b', '2031-01-01Z'), ('a', 'B', '2031-01-01Z');
    PERFORM mrcall.attach('{"calls": {"table": "public.mailed", "columns": {"owner": null, "ended_at": null, "outcome": null,
        "answered": null, "caller": null,
        "medium": null, "language": null, "last_state": null, "state_variables": null, "data": null, "transferred": null, "states":
            null}}}');
    RETURN CASE WHEN (SELECT count(DISTINCT business_id) FROM mrcall.calls WHERE started_at > '2030-01-01') = 2 THEN 'attached' END;
END
$$;
SELECT pg_temp.citext();
ROLLBACK TO quoted;

-- Currencies in the alphabet of Turkish, which has another capital of i.
SELECT c, mrcall.currency_exponent(c), mrcall_internal.currency_code(c), mrcall_internal.major_units(5000, c)
FROM (SELECT unnest('{bif,BIF,inr,kwd,clp}'::text[]) COLLATE public.turkish AS c) AS t;
SELECT mrcall.channel('HTTPS://WWW.BING.COM/SEARCH' COLLATE public.turkish, NULL, NULL, 'EMAIL' COLLATE public.turkish),
       mrcall.channel(NULL, NULL, 'LINKEDIN' COLLATE public.turkish, 'CPC'), mrcall.device('Mozilla/5.0 (IPHONE)' COLLATE public.turkish),
       mrcall.url_domain('HTTPS://WWW.GIT.IO/' COLLATE public.turkish);
