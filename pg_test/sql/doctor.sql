-- mrcall.doctor: each finding brought about once; where it has a fix, the fix is run and the finding is gone.
SET client_min_messages = warning;
-- What doctor finds beside what it found before; hypertables are another matter (there may be no TimescaleDB). Within a transaction an
-- index cannot be made without locks: that its fixes do so is in shell/doctor_fixes.
CREATE TABLE public.usual AS SELECT * FROM mrcall.doctor() WHERE false;
CREATE FUNCTION pg_temp.findings() RETURNS TABLE (severity text, object text, finding text, fix text) LANGUAGE sql AS $$
    SELECT d.severity, d.object, replace(d.finding, ' (a chunk cannot be written while it is indexed)', ''),
           regexp_replace(d.fix, ' CONCURRENTLY| WITH \(timescaledb[^)]*\)', '')
    FROM mrcall.doctor() AS d WHERE d.finding !~ 'hypertable|TimescaleDB'
    EXCEPT
    SELECT u.severity, u.object, u.finding, regexp_replace(u.fix, ' CONCURRENTLY', '') FROM public.usual AS u
    ORDER BY 1, 2, 3
$$;
-- Runs the fix of the findings that a pattern names.
CREATE FUNCTION pg_temp.mend(pattern text) RETURNS TABLE (statement text) LANGUAGE plpgsql AS $$
BEGIN
    FOR statement IN SELECT d.fix FROM pg_temp.findings() AS d WHERE d.finding ~ pattern LOOP
        EXECUTE statement;
        RETURN NEXT;
    END LOOP;
END
$$;
-- A sound installation: nothing worse than a warning about the data, and one line for each table that is read.
SELECT severity, object, finding FROM mrcall.doctor() WHERE severity = 'error' OR severity = 'warning' AND finding LIKE 'no index%';
SELECT object, finding, fix FROM mrcall.doctor() WHERE severity = 'ok';
INSERT INTO public.usual SELECT * FROM mrcall.doctor();
SELECT * FROM pg_temp.findings();
SAVEPOINT sound;

-- A missing index, and one that does not help: the wrong order of columns, a part of the table, a dropped one.
DROP INDEX public.sessions_business_id_start_timestamp_idx;
DROP INDEX public.website_events_session_id_created_at_idx;
DROP INDEX public.business_owner_idx, public.payment_subscription_business_id_idx;
CREATE INDEX ON public.sessions (start_timestamp, business_id);
CREATE INDEX ON public.business (owner) WHERE owner > 'm';
SELECT * FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT * FROM pg_temp.mend('^no index');
SELECT * FROM pg_temp.findings() WHERE severity <> 'ok';
ROLLBACK TO SAVEPOINT sound;

-- The indexes of explain_conversion: on the table and expression that a mapping names; one of a part of the table is none.
CREATE TABLE public.hooks (id text, at timestamptz, "The Body" json);
INSERT INTO public.hooks VALUES ('1', now(), '{"type": "invoice.paid", "data": {"object": {"id": "in_1"}}}');
SELECT mrcall.attach('{"stripe_events": {"table": "public.hooks", "columns": {"received_at": "at", "document": "The Body"}}}');
CREATE INDEX ON public.hooks USING gin (mrcall.stripe_ids("The Body"::jsonb)) WHERE id > 'm';
CREATE INDEX ON public.hooks (id);
SELECT severity, object, finding FROM mrcall.doctor() WHERE severity = 'info' AND finding LIKE 'no index%';
SELECT replace(fix, ' CONCURRENTLY', '') FROM mrcall.doctor() WHERE severity = 'info' AND finding LIKE 'no index%' \gexec
SELECT severity, object, finding FROM mrcall.doctor() WHERE severity = 'info' AND finding LIKE 'no index%';
SET LOCAL enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT FROM mrcall.stripe_events WHERE mrcall.stripe_ids(document) && '{in_1}';
ROLLBACK TO SAVEPOINT sound;

-- Fields that do not parse, with the statement that shows them.
INSERT INTO public.sessions (id, business_id, start_timestamp, data) VALUES
    ('bad-1', (SELECT min(business_id) FROM public.business), '2026-05-20', '{"end_timestamp": "soon", "answered": "perhaps"}'),
    ('bad-2', (SELECT min(business_id) FROM public.business), '2026-05-20', '{"end_timestamp": "2026-05-32", "answered": true}');
SELECT d.severity, d.object, substring(d.finding FROM '^\d+')::int - coalesce(substring(u.finding FROM '^\d+')::int, 0) AS more,
       substring(d.finding FROM ' .*') AS finding
FROM pg_temp.findings() AS d
LEFT JOIN public.usual AS u ON u.object = d.object AND u.finding LIKE '%do not parse%'
ORDER BY 2;
DELETE FROM public.sessions WHERE id NOT LIKE 'bad-%';
SELECT fix FROM mrcall.doctor() WHERE object = 'calls.answered' \gexec
ROLLBACK TO SAVEPOINT sound;

-- Orphans, each kind once.
DELETE FROM public.usual WHERE severity = 'warning';
ALTER TABLE public.business DROP CONSTRAINT business_owner_fkey;
ALTER TABLE public.payment_subscription DROP CONSTRAINT payment_subscription_business_id_fkey;
ALTER TABLE public.sessions DROP CONSTRAINT sessions_business_id_fkey;
TRUNCATE public.sessions, public.website_events;
UPDATE public.customers_registry SET document = '{}';
DELETE FROM public.payment_subscription;
UPDATE public.business SET owner = NULL;
INSERT INTO public.business (business_id, owner) VALUES ('b-orphan', 'nobody');
INSERT INTO public.payment_subscription (id, business_id, provider, status) VALUES ('s-orphan', 'no business', 'stripe', 'active');
INSERT INTO public.sessions (id, business_id, start_timestamp, data) VALUES
    ('c-orphan', 'no business', '2026-05-20', '{}'),
    ('c-backwards', 'b-orphan', '2026-05-20 10:00', '{"end_timestamp": "2026-05-20T09:00:00Z"}');
INSERT INTO public.website_events (session_id, created_at) VALUES (NULL, '2026-05-20');
INSERT INTO public.customers_registry (id, document) VALUES
    ('share-1', '{"website_session_id": "shared-browser"}'), ('share-2', '{"website_session_id": "shared-browser"}');
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
ROLLBACK TO SAVEPOINT sound;

-- Ids that are not unique.
SELECT mrcall.attach('{"customers": {"columns": {"customer_id": "realm"}}, "businesses": {"columns": {"business_id": "template"}}}');
SELECT severity, object, substring(finding FROM ' .*') AS finding FROM pg_temp.findings() WHERE finding LIKE '%not their own%';
ROLLBACK TO SAVEPOINT sound;

-- A table that was renamed: the views still read it; doctor says that attach would not find it.
ALTER TABLE public.contact RENAME TO address_book;
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT count(*) AS statements FROM pg_temp.mend('missing');
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
ROLLBACK TO SAVEPOINT sound;
-- A column that was renamed, and one that was dropped with the views that read it.
ALTER TABLE public.business RENAME COLUMN time_zone TO tz;
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT count(*) AS statements FROM pg_temp.mend('no column');
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT count(*) > 0 AS some, count(zone) AS zones FROM mrcall.businesses;
ROLLBACK TO SAVEPOINT sound;
ALTER TABLE public.payment_subscription DROP COLUMN trial_end CASCADE;
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT * FROM mrcall.attribution('2026-05-01', '2026-06-01');
SELECT count(*) AS statements FROM pg_temp.mend('no column');
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT count(*) > 0 AS works FROM mrcall.attribution('2026-05-01', '2026-06-01');
ROLLBACK TO SAVEPOINT sound;
-- A view that was dropped, and views of an older version: attach again, with the mapping that was in use.
SELECT mrcall.attach('{"contacts": {"table": null}}');
DROP VIEW mrcall.phones;
UPDATE mrcall.source SET version = '0.0.1' WHERE logical_table = 'templates';
SELECT severity, object, regexp_replace(finding, '\d+\.\d+\.\d+$', 'this one') AS finding
FROM pg_temp.findings() WHERE severity = 'warning';
SELECT count(*) AS statements FROM pg_temp.mend('^the view is');
SELECT severity, object, finding FROM pg_temp.findings() WHERE severity IN ('error', 'warning');
SELECT count(*) AS contacts FROM mrcall.contacts;
ROLLBACK TO SAVEPOINT sound;

-- A right that is missing.
REVOKE SELECT ON public.sessions, public.business FROM CURRENT_USER;
SELECT severity, object, finding, fix FROM pg_temp.findings() WHERE severity <> 'ok';
SELECT * FROM pg_temp.mend('may not read');
SELECT * FROM pg_temp.findings() WHERE severity <> 'ok';
ROLLBACK TO SAVEPOINT sound;

-- An ordinary table for events is worth a remark, with or without TimescaleDB.
CREATE TABLE public.hits AS SELECT * FROM public.website_events WHERE false;
SELECT mrcall.attach('{"events": {"table": "public.hits"}}');
SELECT severity, object, fix IS NOT NULL AS has_fix FROM mrcall.doctor()
WHERE object = 'public.hits' AND (finding LIKE '%whole table%' OR finding LIKE '%scan all of it%');
ROLLBACK TO SAVEPOINT sound;

-- doctor only reads: it runs in a READ ONLY transaction.
SET TRANSACTION READ ONLY;
SELECT count(*) > 0 AS runs FROM mrcall.doctor();
