-- The host's own code under retention: its triggers, policies and functions find what its applications' search_path has, and what they
-- raise comes through as it is. What is ours finds nothing there.
\pset footer off
SET LOCAL client_min_messages = warning;
DELETE FROM public.session_retention_policies;
INSERT INTO public.business (business_id) VALUES ('H-1'), ('H-2');
INSERT INTO public.session_retention_policies VALUES ('H-1', 30, 60), ('H-2', 10, NULL);
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT format('H-%s-%s', b.n, d.days), 'H-' || b.n, now() - d.days * interval '24 hours', jsonb_build_object('caller', '+' || d.days % 4)
FROM generate_series(1, 2) AS b (n), generate_series(1, 100) AS d (days);
INSERT INTO public.sessions_ids SELECT s.id, s.start_timestamp FROM public.sessions AS s WHERE s.id LIKE 'H-%';
INSERT INTO mrcall.session_archive (business_id, started_at, call_id, caller)
SELECT 'H-1', now() - n * interval '1 day', 'H-old-' || n, '+old' FROM generate_series(50, 69) AS n;
CREATE TEMP VIEW state AS
SELECT (SELECT count(*) FROM public.sessions WHERE id LIKE 'H-%') AS live,
       (SELECT count(*) FROM mrcall.session_archive WHERE business_id LIKE 'H-%') AS archived,
       (SELECT count(*) FROM public.sessions_ids WHERE id LIKE 'H-%') AS ids,
       (SELECT count(*) FROM mrcall_internal.first_call WHERE business_id LIKE 'H-%') AS first_calls,
       (SELECT coalesce(sum(r.archived + r.deleted), 0) FROM mrcall.retention_run AS r) AS logged;
CREATE PROCEDURE pg_temp.run(batch int) LANGUAGE plpgsql AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint; total_archived bigint := 0; total_deleted bigint := 0;
BEGIN
    SET LOCAL client_min_messages = warning;
    LOOP
        CALL mrcall.apply_session_retention(false, batch, a, d, c, la, ld);
        total_archived := total_archived + a;
        total_deleted := total_deleted + d;
        EXIT WHEN a + d = 0;
    END LOOP;
    RAISE INFO '% archived, % deleted, % left', total_archived, total_deleted, la + ld;
END $$;

-- Triggers of every kind that name their tables as applications do.
SAVEPOINT host;
CREATE SCHEMA host;
SET LOCAL search_path = host, public;
CREATE TABLE audit_log (what text, id text, role name DEFAULT current_user);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_log (what, id) VALUES (format('%s %s %s %s', TG_ARGV[0], TG_WHEN, TG_LEVEL, TG_OP),
                                             CASE WHEN TG_LEVEL = 'ROW' THEN OLD.id END);
    RETURN CASE WHEN TG_LEVEL = 'ROW' THEN OLD END;
END $$;
CREATE TRIGGER a BEFORE DELETE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION audit('sessions');
CREATE TRIGGER b BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION audit('sessions');
CREATE TRIGGER c AFTER DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION audit('sessions');
CREATE TRIGGER d AFTER DELETE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION audit('sessions');
CREATE TRIGGER b BEFORE DELETE ON public.sessions_ids FOR EACH ROW EXECUTE FUNCTION audit('ids');
CREATE CONSTRAINT TRIGGER e AFTER DELETE ON public.sessions_ids DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit('ids');
CALL pg_temp.run(50);
SET CONSTRAINTS ALL IMMEDIATE;
-- One line for each row and each statement that has one.
SELECT what COLLATE "C" AS what, count(*) FILTER (WHERE id IS NOT NULL) AS rows, count(DISTINCT id) AS ids,
       count(*) FILTER (WHERE id IS NULL) >= 4 AS statements
FROM audit_log GROUP BY 1 ORDER BY 1;
TABLE state;
ROLLBACK TO host;

-- Row-level security by functions that name their tables so: of the calls, of the policies, for their owner, too.
CREATE SCHEMA host;
SET LOCAL search_path = host, public;
CREATE TABLE may_go (business_id text);
INSERT INTO may_go VALUES ('H-2');
CREATE FUNCTION is_mine(b text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM may_go AS m WHERE m.business_id = b);
END $$;
CREATE POLICY mine ON public.session_retention_policies USING (is_mine(business_id));
ALTER TABLE public.session_retention_policies ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT business_id, to_archive, to_delete FROM mrcall.retention_due() WHERE business_id LIKE 'H-%';
CALL mrcall.apply_session_retention();
CALL pg_temp.run(25);
TABLE state;
ALTER TABLE public.session_retention_policies NO FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON public.sessions USING (is_mine(business_id));
ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT business_id, to_archive, to_delete FROM mrcall.retention_due() WHERE business_id LIKE 'H-%';
INSERT INTO may_go VALUES ('H-1');
SELECT business_id, to_archive, to_delete FROM mrcall.retention_due() WHERE business_id LIKE 'H-%';
CALL pg_temp.run(25);
ALTER TABLE public.sessions NO FORCE ROW LEVEL SECURITY;
TABLE state;
ROLLBACK TO host;

-- What a trigger raises comes through as it is, and nothing has happened; the next run goes on.
CREATE SCHEMA host;
SET LOCAL search_path = host, public;
CREATE TABLE legal_hold (id text);
INSERT INTO legal_hold VALUES ('H-1-77');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM legal_hold AS h WHERE h.id = OLD.id) THEN
        RAISE EXCEPTION 'call % is under legal hold', OLD.id
            USING ERRCODE = 'LH001', DETAIL = 'Case 12.', HINT = 'Ask the lawyers.', TABLE = 'sessions';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER refuse BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION refuse();
CALL mrcall.apply_session_retention(false, 1000);
TABLE state;
-- In small batches all that goes before it goes.
CALL mrcall.apply_session_retention(false, 30) \gset
\echo :archived archived, :deleted deleted
CALL mrcall.apply_session_retention(false, 30);
TABLE state;
DELETE FROM legal_hold;
CALL pg_temp.run(30);
TABLE state;
ROLLBACK TO host;
-- TimescaleDB's limit has a code that a trigger may raise as well: that is no reason to try again.
CREATE FUNCTION pg_temp.limit_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'so many calls an hour and no more' USING ERRCODE = '53400';
END $$;
CREATE TRIGGER limit_it BEFORE DELETE ON public.sessions FOR EACH ROW EXECUTE FUNCTION pg_temp.limit_it();
CALL mrcall.apply_session_retention(false, 1000);
TABLE state;
ROLLBACK TO host;

-- A path on which everything that retention names stands once more, and raises an error. Some columns are left out.
SELECT mrcall.attach('{"calls": {"columns": {"owner": null, "ended_at": null, "answered": null}}}');
CREATE SCHEMA evil;
CREATE FUNCTION pg_temp.trap(what text, result text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE FUNCTION %s RETURNS %s LANGUAGE plpgsql AS %L', what, result,
                   format('BEGIN RAISE EXCEPTION %L; END', 'evil ' || replace(what, '%', '%%')));
END $$;
-- Every function of the server's that a name in the code of retention could mean, with the same arguments.
CREATE TEMP TABLE body ON COMMIT DROP AS
SELECT string_agg(p.prosrc, ' ') AS code FROM pg_proc AS p
WHERE p.pronamespace IN ('mrcall'::regnamespace, 'mrcall_internal'::regnamespace)
  AND p.proname IN ('call_retention_policies', 'call_retention_end', 'call_retention_due', 'retention_due', 'call_retention_records',
      'call_retention_statement', 'call_retention_unindexed', 'next_due_calls', 'retire_calls', 'delete_archived', 'call_retention_batch',
      'drop_unseen_chunk', 'drop_empty_chunks', 'check_call_retention', 'apply_session_retention');
SELECT count(pg_temp.trap(format('evil.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), pg_get_function_result(p.oid))) > 15
           AS functions
FROM pg_proc AS p, body AS b
WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND b.code ~ format('\m%s\(', p.proname)
  AND NOT 'internal'::regtype = ANY (p.proargtypes) AND p.proargtypes::text !~ '\m(2276|2249|2281)\M'
  AND pg_get_function_result(p.oid) !~ '(^any|internal|record)' AND pg_get_function_identity_arguments(p.oid) !~ '\m(any|VARIADIC|OUT)';
-- Every operator of the types that it compares, counts and adds up.
CREATE FUNCTION pg_temp.operator(name text, l text, r text, result text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    nr text := md5(concat(name, l, r));
BEGIN
    PERFORM pg_temp.trap(format('evil.%I(%s, %s)', nr, l, r), result);
    EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = evil.%I, LEFTARG = %s, RIGHTARG = %s)', name, nr, l, r);
END $$;
SELECT count(pg_temp.operator(o.oprname, o.oprleft::regtype::text, o.oprright::regtype::text, o.oprresult::regtype::text)) > 100
           AS operators
FROM pg_operator AS o
WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft = ANY (ARRAY['text', 'timestamptz', 'interval', 'int4', 'int8', 'numeric',
    'boolean', 'bytea', 'jsonb', 'name', 'oid']::regtype[]) AND o.oprright = ANY (ARRAY['text', 'timestamptz', 'interval', 'int4', 'int8',
    'numeric', 'boolean', 'bytea', 'jsonb', 'name', 'oid']::regtype[])
  AND o.oprname IN ('=', '<>', '<', '<=', '>', '>=', '+', '-', '*', '/', '||', '~~', '!~~', '~', '->', '->>');
-- Aggregates.
CREATE FUNCTION pg_temp.aggregate(name text, of text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.trap(format('evil.%I(%s, %s)', 'step_of_' || name, of, of), of);
    EXECUTE format('CREATE AGGREGATE evil.%I(%s) (SFUNC = evil.%I, STYPE = %s)', name, of, 'step_of_' || name, of);
END $$;
SELECT count(pg_temp.aggregate(a.name, a.of)) AS aggregates
FROM (VALUES ('max', 'timestamptz'), ('min', 'timestamptz'), ('min', 'int4'), ('sum', 'int8'), ('sum', 'numeric'),
             ('max', 'int4')) AS a (name, of);
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (false);
CREATE DOMAIN evil.timestamptz AS pg_catalog.timestamptz CHECK (false);
CREATE DOMAIN evil.int4 AS pg_catalog.int4 CHECK (false);
CREATE DOMAIN evil.int8 AS pg_catalog.int8 CHECK (false);
-- The trap works.
SET LOCAL search_path = evil, pg_catalog, public;
SELECT count(*) FROM public.session_retention_policies WHERE business_id = 'H-1';
SELECT now();
SELECT business_id, to_archive, to_delete, remark FROM mrcall.retention_due();
CALL mrcall.apply_session_retention();
CALL mrcall.apply_session_retention(false, 60);
CALL mrcall.apply_session_retention(false, 60);
CALL mrcall.apply_session_retention(false, 1000);
CALL mrcall.apply_session_retention(false, 1000);
CALL mrcall.apply_session_retention(false, 1000);
SET LOCAL search_path = pg_catalog;
TABLE state;
