-- The reports before and after: archiving changes nothing; deleting changes nothing of the calls that stay.
\pset footer off
SET LOCAL client_min_messages = warning;
CREATE PROCEDURE pg_temp.run() LANGUAGE plpgsql AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint;
BEGIN
    LOOP
        CALL mrcall.apply_session_retention(false, 700, a, d, c, la, ld);
        EXIT WHEN la + ld = 0;
    END LOOP;
END $$;
CREATE TEMP VIEW report AS
SELECT 'day' AS kind, s.* FROM mrcall.call_summary('1 day', '2026-02-01', '2027-01-01', 'Europe/Rome') AS s
UNION ALL SELECT 'month', s.* FROM mrcall.call_summary('1 month', '2026-02-01', '2027-01-01') AS s
UNION ALL SELECT 'one', s.* FROM mrcall.call_summary('1 week', '2026-02-01', '2027-01-01', business_id => 'W-business-calls') AS s;
CREATE TEMP VIEW service AS
SELECT 'day' AS kind, s.* FROM mrcall.call_service('1 day', '2026-02-01', '2027-01-01', 'Europe/Rome', short_abandon => '5 s') AS s
UNION ALL SELECT 'one', s.* FROM mrcall.call_service('1 week', '2026-02-01', '2027-01-01', business_id => 'W-business-calls') AS s;
CREATE TEMP VIEW agent AS SELECT c.direction, c.agent, count(*) AS calls FROM mrcall.calls AS c GROUP BY 1, 2;
CREATE TEMP VIEW conversion AS SELECT c.* FROM mrcall.conversions AS c WHERE c.conversion = 'first_call';
CREATE TEMP TABLE report_before ON COMMIT DROP AS TABLE report;
CREATE TEMP TABLE service_before ON COMMIT DROP AS TABLE service;
CREATE TEMP TABLE agent_before ON COMMIT DROP AS TABLE agent;
CREATE TEMP TABLE conversion_before ON COMMIT DROP AS TABLE conversion;
CREATE TEMP VIEW difference AS
SELECT (SELECT count(*) FROM ((TABLE report EXCEPT TABLE report_before)
                              UNION ALL (TABLE report_before EXCEPT TABLE report)) AS d) AS of_reports,
       (SELECT count(*) FROM ((TABLE service EXCEPT TABLE service_before)
                              UNION ALL (TABLE service_before EXCEPT TABLE service)) AS d) AS of_service,
       (SELECT count(*) FROM ((TABLE agent EXCEPT TABLE agent_before) UNION ALL (TABLE agent_before EXCEPT TABLE agent)) AS d) AS of_agents,
       (SELECT count(*) FROM ((TABLE conversion EXCEPT TABLE conversion_before)
                              UNION ALL (TABLE conversion_before EXCEPT TABLE conversion)) AS d) AS of_first_calls;
SELECT count(*) > 1000 AS rows, sum(new_callers) > 100 AS new_callers FROM report_before;
SELECT count(*) > 1000 AS rows, count(mean_wait) > 500 AS waits, bool_or(service_level < 1) AS below FROM service_before;
SELECT count(*) FILTER (WHERE direction = 'outbound') > 0 AS outbound, count(DISTINCT agent) > 5 AS agents FROM agent_before;

-- Archive about half, then all.
DELETE FROM public.session_retention_policies;
INSERT INTO public.session_retention_policies
SELECT b.business_id, extract(day FROM now() - timestamptz '2026-04-10 12:00Z'), NULL FROM public.business AS b;
CALL pg_temp.run();
SELECT count(*) FILTER (WHERE data IS NULL) > 1000 AS archived, count(*) FILTER (WHERE data IS NOT NULL) > 1000 AS live FROM mrcall.calls;
SELECT * FROM difference;
UPDATE public.session_retention_policies SET archive_after_days = 1;
CALL pg_temp.run();
SELECT count(*) FILTER (WHERE data IS NULL) > 3000 AS archived, count(*) FILTER (WHERE data IS NOT NULL) AS live FROM mrcall.calls;
SELECT * FROM difference;

-- Delete what is older than an instant in April: buckets after it are as they were, new callers among them; first calls all are.
UPDATE public.session_retention_policies SET delete_after_days = extract(day FROM now() - timestamptz '2026-04-10 12:00Z');
SELECT date_trunc('day', now() - delete_after_days * interval '24 hours' + interval '2 days') AS clean_since
FROM public.session_retention_policies LIMIT 1 \gset
CALL pg_temp.run();
SELECT count(*) > 1000 AS calls_left, min(started_at) > '2026-04-09' AS later, (SELECT count(*) > 100
    FROM mrcall_internal.first_contact) AS recorded
FROM mrcall.calls;
SELECT (SELECT count(*) FROM report AS r WHERE r.bucket >= :'clean_since') > 100 AS compared, count(*) AS differences FROM (
    (SELECT * FROM report WHERE bucket >= :'clean_since' EXCEPT TABLE report_before)
    UNION ALL (SELECT * FROM report_before WHERE bucket >= :'clean_since' EXCEPT TABLE report)) AS d;
SELECT of_first_calls FROM difference;
SELECT count(*) AS differences FROM (
    (SELECT * FROM service WHERE bucket >= :'clean_since' EXCEPT TABLE service_before)
    UNION ALL (SELECT * FROM service_before WHERE bucket >= :'clean_since' EXCEPT TABLE service)) AS d;
-- A caller whose calls are all deleted comes back and is not new; at another business the same number is.
INSERT INTO public.business (business_id) VALUES ('R-a'), ('R-b');
INSERT INTO public.session_retention_policies VALUES ('R-a', NULL, 30);
INSERT INTO public.sessions (id, business_id, start_timestamp, data) VALUES
    ('R-1', 'R-a', now() - interval '40 days', '{"caller": "+39 055 1"}'),
    ('R-2', 'R-a', now() - interval '1 day', '{"caller": "+39 055 1"}'),
    ('R-3', 'R-a', now() - interval '1 day', '{"caller": "+39 055 2"}'),
    ('R-4', 'R-b', now() - interval '1 day', '{"caller": "+39 055 1"}');
SELECT business_id, calls, callers, new_callers FROM mrcall.call_summary('1 day', now() - interval '50 days', now())
WHERE business_id LIKE 'R-%';
CALL pg_temp.run();
SELECT business_id, calls, callers, new_callers FROM mrcall.call_summary('1 day', now() - interval '50 days', now())
WHERE business_id LIKE 'R-%';
SELECT business_id, calls, callers, new_callers
FROM mrcall.call_summary('100 days', now() - interval '50 days', now(), business_id => 'R-a')
WHERE calls > 0;
SELECT business_id, converted_at = now() - interval '40 days' AS as_before FROM mrcall.conversions
WHERE conversion = 'first_call' AND business_id LIKE 'R-%' ORDER BY 1;
-- Without the key the hashes name nobody.
DELETE FROM mrcall_internal.caller_key;
SELECT business_id, new_callers FROM mrcall.call_summary('100 days', now() - interval '50 days', now())
WHERE business_id = 'R-a' AND calls > 0;
-- A business that is forgotten leaves nothing.
INSERT INTO public.customers_registry (id) VALUES ('R-owner');
UPDATE public.business SET owner = 'R-owner' WHERE business_id = 'R-a';
SELECT * FROM mrcall.forget('R-owner');
SELECT (SELECT count(*) FROM mrcall_internal.first_call WHERE business_id = 'R-a') AS first_call,
       (SELECT count(*) FROM mrcall_internal.first_contact WHERE business_id = 'R-a') AS first_contact;
