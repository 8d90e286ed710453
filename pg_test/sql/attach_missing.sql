-- Tables and columns that are missing or of another type: an error that names them, with the statement that mends it.
SET client_min_messages = warning;
-- The error of an attach, taken apart; its HINT may hold several statements.
CREATE FUNCTION pg_temp.failure(mapping jsonb, OUT state text, OUT message text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mrcall.attach(mapping);
    state := 'none';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END
$$;
-- Runs the very statements of the HINT in which a pattern occurs.
CREATE FUNCTION pg_temp.mend(mapping jsonb, pattern text) RETURNS TABLE (statement text)
LANGUAGE plpgsql AS $$
BEGIN
    FOR statement IN
        SELECT m[1] FROM regexp_matches((pg_temp.failure(mapping)).hint, '((?:SELECT|ALTER)[^;]*;)', 'g') AS m WHERE m[1] ~ pattern
    LOOP
        EXECUTE statement;
        RETURN NEXT;
    END LOOP;
END
$$;

-- A missing table: name another, or do without. Both statements of the HINT work.
SAVEPOINT whole;
ALTER TABLE public.payment_subscription RENAME TO subscriptions_of_ours;
SELECT * FROM pg_temp.failure('{}');
SELECT * FROM pg_temp.mend('{}', 'null');
SELECT relation IS NULL AS left_out FROM mrcall.source WHERE logical_table = 'subscriptions';
SELECT count(*) FROM mrcall.subscriptions;
SELECT count(*) > 0 AS runs FROM mrcall.attribution('2026-05-01', '2026-06-01', conversion => 'subscription');
SELECT mrcall.attach('{"subscriptions": {"table": "public.subscriptions_of_ours"}}');
SELECT count(*) > 0 AS some FROM mrcall.subscriptions;
ROLLBACK TO SAVEPOINT whole;

-- Several missing tables: all of them are named, and one statement does without all of them.
ALTER TABLE public.apple_webhooks_registry RENAME TO gone_1;
ALTER TABLE public.contact RENAME TO gone_2;
ALTER TABLE public.decision_table RENAME TO gone_3;
SELECT state, message FROM pg_temp.failure('{}');
SELECT * FROM pg_temp.mend('{}', 'null');
SELECT logical_table FROM mrcall.source WHERE relation IS NULL ORDER BY 1;
ROLLBACK TO SAVEPOINT whole;

-- A missing column: map it, add it, or do without.
ALTER TABLE public.business RENAME COLUMN time_zone TO "Zeitzone";
SELECT * FROM pg_temp.failure('{}');
SAVEPOINT renamed;
SELECT * FROM pg_temp.mend('{}', '^ALTER');
SELECT mrcall.attach();
ROLLBACK TO SAVEPOINT renamed;
SELECT * FROM pg_temp.mend('{}', '"zone": null');
SELECT count(*) > 0 AS some, count(zone) AS zones FROM mrcall.businesses;
SELECT mrcall.attach('{"businesses": {"columns": {"zone": "Zeitzone"}}}');
SELECT count(*) = count(zone) AS all_zones FROM mrcall.businesses;
ROLLBACK TO SAVEPOINT whole;

-- A missing JSON column takes with it what is made from it; doing without both is one statement.
ALTER TABLE public.sessions RENAME COLUMN data TO facts;
SELECT state, message FROM pg_temp.failure('{}');
SAVEPOINT renamed;
SELECT * FROM pg_temp.mend('{}', '^ALTER');
SELECT mrcall.attach();
ROLLBACK TO SAVEPOINT renamed;
SELECT * FROM pg_temp.mend('{}', 'null');
SELECT count(*) > 0 AS some, count(ended_at) AS ends, count(outcome) AS outcomes FROM mrcall.calls;
SELECT count(*) > 0 AS runs FROM mrcall.call_summary('1 month', '2026-05-01', '2026-06-01');
ROLLBACK TO SAVEPOINT renamed;
-- Mapping the one column brings back all that is made from it, whatever its name.
SELECT mrcall.attach('{"calls": {"columns": {"data": "facts"}}}');
SELECT count(ended_at) > 0 AS ends, count(outcome) > 0 AS outcomes FROM mrcall.calls;
ALTER TABLE public.sessions RENAME COLUMN facts TO "Facts of 100 % of calls";
SELECT mrcall.attach('{"calls": {"columns": {"data": "Facts of 100 % of calls"}}}');
SELECT count(ended_at) > 0 AS ends, count(outcome) > 0 AS outcomes FROM mrcall.calls;
ROLLBACK TO SAVEPOINT whole;
-- Leaving out a JSON column leaves out what is made from it, without naming each.
SELECT mrcall.attach('{"calls": {"columns": {"data": null, "state_variables": null}}, "customers": {"columns": {"document": null}}}');
SELECT count(*) > 0 AS some, count(ended_at) AS ends, count(last_state) AS states FROM mrcall.calls;
SELECT count(*) > 0 AS some, count(website_session_id) AS browsers, count(website_session_ids) AS lists FROM mrcall.customers;
SELECT dimension_value FROM mrcall.attribution('2026-05-01', '2026-06-01');
ROLLBACK TO SAVEPOINT whole;

-- A column of a wrong type: the HINT's expression mends it. (A view holds its columns fast, so it has to go first.)
DROP VIEW mrcall.subscriptions, mrcall.businesses, mrcall.templates, mrcall.products, mrcall.flow_states, mrcall.call_index CASCADE;
SAVEPOINT no_views;
ALTER TABLE public.payment_subscription DROP COLUMN trial_end, ADD COLUMN trial_end timestamp;
UPDATE public.payment_subscription SET trial_end = '2026-05-04 10:00:00';
SELECT * FROM pg_temp.failure('{}');
SET LOCAL timezone = 'Asia/Tokyo';
SELECT * FROM pg_temp.mend('{}', '^SELECT');
SELECT DISTINCT trial_ends_at AT TIME ZONE 'UTC' AS utc FROM mrcall.subscriptions;
ROLLBACK TO SAVEPOINT no_views;
ALTER TABLE public.payment_subscription DROP COLUMN trial_end, ADD COLUMN trial_end bigint;
UPDATE public.payment_subscription SET trial_end = 1777888800;
SELECT * FROM pg_temp.failure('{}');
SELECT * FROM pg_temp.mend('{}', '^SELECT');
SELECT DISTINCT trial_ends_at AT TIME ZONE 'UTC' AS utc FROM mrcall.subscriptions;
ROLLBACK TO SAVEPOINT no_views;
ALTER TABLE public.business DROP COLUMN owner, ADD COLUMN owner int[];
SELECT * FROM pg_temp.failure('{}');
SELECT * FROM pg_temp.mend('{}', '^SELECT');
ROLLBACK TO SAVEPOINT no_views;
ALTER TABLE public.template DROP COLUMN recurrent_resources, ADD COLUMN recurrent_resources text DEFAULT '{"minutes": 300}';
SELECT * FROM pg_temp.failure('{}');
SELECT * FROM pg_temp.mend('{}', '^SELECT');
SELECT DISTINCT recurrent_resources FROM mrcall.templates;
ROLLBACK TO SAVEPOINT no_views;

-- Types that bring their values without help.
ALTER TABLE public.template ALTER COLUMN trial_days DROP DEFAULT, DROP CONSTRAINT template_trial_days_check,
    ALTER COLUMN trial_days TYPE varchar(10) USING trial_days || ' ';
ALTER TABLE public.product DROP CONSTRAINT product_resource_units_check, ALTER COLUMN resource_units TYPE bigint;
ALTER TABLE public.decision_table ALTER COLUMN queries DROP DEFAULT, ALTER COLUMN queries TYPE json;
ALTER TABLE public.sessions_ids ALTER COLUMN start_timestamp TYPE date USING '2026-05-01';
SET LOCAL timezone = 'Asia/Tokyo';
SELECT mrcall.attach();
SELECT count(trial_days) = count(*) AS ok FROM mrcall.templates;
SELECT bool_and(start_timestamp = '2026-05-01T00:00Z') AS days_are_utc FROM mrcall.call_index;
ROLLBACK TO SAVEPOINT whole;

-- Each logical table left out, one at a time: every report still runs.
CREATE FUNCTION pg_temp.reports() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    kind text;
BEGIN
    FOREACH kind IN ARRAY '{signup,refund}'::text[] LOOP
        PERFORM FROM mrcall.attribution('2026-05-01', '2026-05-08', 'linear', kind);
    END LOOP;
    PERFORM FROM mrcall.visitor_buckets('1 day', '2026-05-01', '2026-05-08', 'Europe/Rome', 'channel');
    PERFORM FROM mrcall.call_summary('1 day', '2026-05-01', '2026-05-08');
    PERFORM FROM mrcall.sessionize('2026-05-01', '2026-05-08');
    PERFORM FROM mrcall.identities;
    PERFORM FROM mrcall.touches LIMIT 1;
    RETURN 'all run';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
CREATE TABLE public.left_out (logical_table text, attached text, reports text, rows bigint, doctor text);
DO $$
DECLARE
    r record;
    left_out public.left_out;
BEGIN
    FOR r IN SELECT s.logical_table FROM mrcall.source AS s ORDER BY 1 LOOP
        left_out.logical_table := r.logical_table;
        left_out.attached := mrcall.attach(jsonb_build_object(r.logical_table, '{"table": null}'::jsonb));
        left_out.reports := pg_temp.reports();
        EXECUTE format('SELECT count(*) FROM mrcall.%I', r.logical_table) INTO left_out.rows;
        SELECT string_agg(d.severity || ' ' || d.object || ' ' || d.finding, '; ') INTO left_out.doctor
        FROM mrcall.doctor() AS d WHERE d.finding LIKE 'left out%' OR d.severity = 'error';
        INSERT INTO public.left_out SELECT left_out.*;
    END LOOP;
END
$$;
SELECT * FROM public.left_out ORDER BY 1;
-- And all of them at once.
SELECT mrcall.attach((SELECT jsonb_object_agg(s.logical_table, '{"table": null}'::jsonb) FROM mrcall.source AS s));
SELECT pg_temp.reports();
SELECT * FROM mrcall.attribution('2026-05-01', '2026-05-08');
SELECT visitors, visits, events FROM mrcall.visitor_buckets('1 month', '2026-05-01', '2026-05-08');
