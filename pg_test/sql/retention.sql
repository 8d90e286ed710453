-- mrcall.apply_session_retention: arguments, declared rules, what it cannot do, tables of other shapes.
\pset footer off
SET LOCAL client_min_messages = warning;
DELETE FROM public.session_retention_policies;
-- Bad arguments.
CALL mrcall.apply_session_retention(NULL);
CALL mrcall.apply_session_retention(true, NULL);
CALL mrcall.apply_session_retention(batch => 0);
CALL mrcall.apply_session_retention(false, -5);
-- Without policies nothing is due; the arguments by position, by name, and none.
CALL mrcall.apply_session_retention();
CALL mrcall.apply_session_retention(false, 5000);
CALL mrcall.apply_session_retention(batch => 10, dry_run => false);

-- One business, ten calls of ten ages. Nothing goes in a dry run, which a READ ONLY transaction allows.
INSERT INTO public.business (business_id) VALUES ('R-1');
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT 'R-call-' || n, 'R-1', now() - n * interval '10 days 1 hour', jsonb_build_object('caller', '+' || n)
FROM generate_series(1, 10) AS n;
INSERT INTO public.sessions_ids SELECT s.id, s.start_timestamp FROM public.sessions AS s WHERE s.id LIKE 'R-%';
INSERT INTO public.session_retention_policies VALUES ('R-1', 30, 60);
SELECT business_id, now() - archive_before AS archive_after, now() - delete_before AS delete_after, to_archive, to_delete, remark
FROM mrcall.retention_due();
CALL mrcall.apply_session_retention();
CREATE TEMP VIEW state AS
SELECT count(*) FILTER (WHERE data IS NOT NULL) AS live, count(*) FILTER (WHERE data IS NULL) AS archived, count(*) AS calls,
       (SELECT count(*) FROM public.sessions_ids WHERE id LIKE 'R-%') AS ids, (SELECT count(*) FROM mrcall_internal.first_contact)
           AS contacts,
       (SELECT call_id FROM mrcall_internal.first_call WHERE business_id = 'R-1') AS first_call
FROM mrcall.calls WHERE business_id = 'R-1';
TABLE state;
SELECT count(*) AS runs FROM mrcall.retention_run;
-- One batch in a transaction block, and it says what is left.
SET LOCAL client_min_messages = notice;
CALL mrcall.apply_session_retention(false, 3) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
TABLE state;
CALL mrcall.apply_session_retention(false, 3) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
SET LOCAL client_min_messages = warning;
CALL mrcall.apply_session_retention(false) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
CALL mrcall.apply_session_retention(false) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
TABLE state;
-- Time passes for the archived ones, too.
UPDATE public.session_retention_policies SET delete_after_days = 31;
CALL mrcall.apply_session_retention(false) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
TABLE state;
-- A policy that is gone, or has no days, keeps what there is.
UPDATE public.session_retention_policies SET archive_after_days = NULL, delete_after_days = NULL;
CALL mrcall.apply_session_retention(false) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
DELETE FROM public.session_retention_policies;
CALL mrcall.apply_session_retention(false) \gset
\echo :archived archived, :deleted deleted, :left_to_archive and :left_to_delete left
TABLE state;
SELECT batches, archived, deleted, role = current_user AS ours FROM mrcall.retention_run WHERE archived + deleted > 0 ORDER BY started_at;

-- What retention cannot work on.
SAVEPOINT mapped;
SELECT mrcall.attach('{"calls": {"columns": {"call_id": "id || ''''"}}}');
CALL mrcall.apply_session_retention();
SELECT count(*) FROM mrcall.retention_due();
SELECT mrcall.attach('{"call_index": {"columns": {"id": "id || ''''"}}}');
CALL mrcall.apply_session_retention();
SELECT mrcall.attach('{"calls": {"columns": {"business_id": null}}}');
CALL mrcall.apply_session_retention();
SELECT mrcall.attach('{"calls": {"table": null}}');
CALL mrcall.apply_session_retention();
SELECT mrcall.attach('{"retention_policies": {"table": null}}');
CALL mrcall.apply_session_retention();
ROLLBACK TO mapped;
DROP VIEW mrcall.conversions;
CALL mrcall.apply_session_retention();
ROLLBACK TO mapped;
ALTER TABLE public.sessions_ids RENAME COLUMN id TO session;
CALL mrcall.apply_session_retention();
ROLLBACK TO mapped;

-- Tables of another shape: an ordinary one with a key of another type, names that need quotes, times as text, days as text that
-- may be none, two policies of one business, no index of ids. Calls without id or time are left alone.
CREATE SCHEMA "Other Shop";
CREATE TABLE "Other Shop"."The Calls" ("Nr" uuid, "mrcall_key" text, "At" text, "Who" text,
    started_at int DEFAULT 1, data int DEFAULT 2);
CREATE TABLE "Other Shop".policy (shop text, keep text, hold text);
INSERT INTO "Other Shop"."The Calls" ("Nr", "mrcall_key", "At", "Who")
SELECT CASE WHEN n < 9 THEN ('00000000-0000-0000-0000-00000000000' || n)::uuid END, 'shop ' || n % 2,
       CASE WHEN n % 9 = 4 THEN 'soon' ELSE (now() - n * interval '10 days 1 hour')::text END, '+' || n
FROM generate_series(1, 9) AS n;
INSERT INTO "Other Shop"."The Calls" SELECT c.* FROM "Other Shop"."The Calls" AS c WHERE c."Who" = '+7';
INSERT INTO "Other Shop"."The Calls" ("Nr", "mrcall_key", "At", "Who") VALUES (gen_random_uuid(), 'shop 1', '-infinity', '+8');
INSERT INTO "Other Shop".policy VALUES ('shop 1', '20', 'long'), ('shop 0', '20', NULL), ('shop 0', '30', NULL), (NULL, '1', '1');
SELECT mrcall.attach('{"calls": {"table": "\"Other Shop\".\"The Calls\"", "columns": {"call_id": "Nr", "business_id": "mrcall_key",
    "started_at": "At", "caller": "Who", "ended_at": null, "owner": null,
    "outcome": null, "answered": null, "medium": null, "language": null, "last_state": null, "state_variables": null, "data": null}},
    "call_index": {"table": null}, "retention_policies": {"table": "\"Other Shop\".policy", "columns": {"business_id": "shop",
    "archive_after_days": "keep", "delete_after_days": "hold"}}}');
SELECT business_id, to_archive, to_delete, remark FROM mrcall.retention_due();
CALL mrcall.apply_session_retention(false);
SELECT call_id, business_id, caller FROM mrcall.session_archive WHERE business_id LIKE 'shop%' ORDER BY 1;
SELECT "Nr", "At" LIKE '20%' AS has_time, "Who" FROM "Other Shop"."The Calls"
WHERE "mrcall_key" = 'shop 1' AND "Who" <> '+8' ORDER BY "Who";
DELETE FROM "Other Shop".policy WHERE keep = '20' OR shop IS NULL;
CALL mrcall.apply_session_retention(false);
SELECT call_id, business_id, caller FROM mrcall.session_archive WHERE business_id LIKE 'shop%' ORDER BY 1;
ROLLBACK TO mapped;

-- A trigger that keeps rows does not keep it from ending.
CREATE FUNCTION pg_temp.keep() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RETURN CASE WHEN OLD.id = 'R-call-2' THEN NULL ELSE OLD END; END $$;
CREATE TRIGGER keep BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION pg_temp.keep();
INSERT INTO public.session_retention_policies VALUES ('R-1', 5, NULL);
CREATE PROCEDURE pg_temp.run() LANGUAGE plpgsql SET client_min_messages = error AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint;
BEGIN
    FOR n IN 1 .. 5 LOOP CALL mrcall.apply_session_retention(false, 1, a, d, c, la, ld); END LOOP;
    RAISE INFO '% archived in the last of five, % left', a, la;
END $$;
CALL pg_temp.run();
TABLE state;
ROLLBACK TO mapped;

-- Who may not write may not run it; who may read sees what is due.
SELECT has_function_privilege('pg_signal_backend', p.oid, 'EXECUTE') AS may_run
FROM pg_proc AS p WHERE p.proname = 'apply_session_retention';
