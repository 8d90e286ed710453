-- Random policies over random calls: what mrcall.apply_session_retention does to each call against plain SQL, and the reports
-- before and after. now() stands still in here, so that calls at the very limits can be told.
\pset footer off
SET LOCAL client_min_messages = warning;
SELECT 20261122 AS seed \gset
\echo seed :seed
CREATE FUNCTION pg_temp.u(key text) RETURNS float8 LANGUAGE sql IMMUTABLE
AS $$ SELECT (hashtextextended(key, 20261122) & 1073741823) / 1073741824.0 $$;
-- Runs until nothing is left; each call in a transaction block is one batch.
CREATE PROCEDURE pg_temp.run(batch int, INOUT archived bigint, INOUT deleted bigint) LANGUAGE plpgsql SET client_min_messages = error
AS $$
DECLARE
    a bigint; d bigint; c int; la bigint; ld bigint;
BEGIN
    archived := 0;
    deleted := 0;
    LOOP
        CALL mrcall.apply_session_retention(false, batch, a, d, c, la, ld);
        IF a + d > batch THEN RAISE EXCEPTION 'a batch of %, not %', a + d, batch; END IF;
        archived := archived + a;
        deleted := deleted + d;
        EXIT WHEN la + ld = 0;
    END LOOP;
END $$;

-- The world's calls are months old; a random policy for each business, bad ones and one of no business among them.
DELETE FROM public.session_retention_policies;
ALTER TABLE public.session_retention_policies DROP CONSTRAINT session_retention_policies_archive_after_days_check,
    DROP CONSTRAINT session_retention_policies_delete_after_days_check;
INSERT INTO public.session_retention_policies
SELECT b.business_id, CASE WHEN pg_temp.u('a?' || b.business_id) < 0.8 THEN 1 + floor(300 * pg_temp.u('a' || b.business_id)) END,
       CASE WHEN pg_temp.u('d?' || b.business_id) < 0.5 THEN 1 + floor(400 * pg_temp.u('d' || b.business_id)) END
FROM public.business AS b WHERE pg_temp.u('p' || b.business_id) < 0.8;
INSERT INTO public.business (business_id) SELECT 'R-' || n FROM generate_series(1, 12) AS n;
INSERT INTO public.session_retention_policies VALUES
    ('R-1', 10, 20), ('R-2', 20, 10), ('R-3', 10, 10), ('R-4', NULL, 10), ('R-5', 10, NULL), ('R-6', NULL, NULL), ('R-7', -1, 10),
    ('R-8', 10, 0), ('R-9', 2147483647, 10), ('R-10', 10, 2147483647), ('R-11', 1, 1000000), ('R-gone', 10, 20);
-- R-12 has no policy. Calls at the limits, to the microsecond; each caller calls several times.
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT format('R-call-%s-%s-%s', b.n, d.days, o.n), 'R-' || b.n, now() - d.days * interval '24 hours' + o.n * interval '1 microsecond',
       CASE WHEN d.days % 7 > 0 THEN jsonb_build_object('caller', '+' || d.days % 5, 'outcome', 'o' || d.days % 3,
           'answered', d.days % 2 = 0, 'end_timestamp', now() - d.days * interval '24 hours' + interval '90 seconds',
           'answered_at', now() - d.days * interval '24 hours' + d.days * interval '5 seconds',
           'direction', (ARRAY['inbound', 'outbound'])[1 + d.days % 2], 'agent', 'a' || d.days % 4) ELSE '{}' END
FROM generate_series(1, 12) AS b (n), generate_series(0, 30) AS d (days), generate_series(-1, 1) AS o (n);
INSERT INTO public.sessions_ids SELECT s.id, s.start_timestamp FROM public.sessions AS s ON CONFLICT DO NOTHING;
-- Calls of nobody, and ids of no call.
INSERT INTO public.sessions (id, business_id, start_timestamp)
SELECT 'R-nobody-' || n, NULL, now() - n * interval '9 days' FROM generate_series(1, 50) AS n;
INSERT INTO public.sessions_ids SELECT 'R-nothing-' || n, now() - n * interval '9 days' FROM generate_series(1, 50) AS n;
-- Calls that were archived in the past, one of them is back.
INSERT INTO mrcall.session_archive (business_id, started_at, call_id, caller)
SELECT 'R-' || 1 + n % 12, now() - n * interval '1 day 1 second', 'R-old-' || n, '+old' || n % 3 FROM generate_series(1, 60) AS n;
INSERT INTO mrcall.session_archive (business_id, started_at, call_id, caller)
SELECT 'R-gone', now() - n * interval '1 day 1 second', 'R-gone-' || n, '+old' || n % 3 FROM generate_series(1, 60) AS n;
INSERT INTO public.sessions (id, business_id, start_timestamp, data)
SELECT a.call_id, a.business_id, a.started_at, '{"caller": "+back"}' FROM mrcall.session_archive AS a
WHERE a.call_id IN ('R-old-12', 'R-old-24');

-- What should become of each call.
CREATE TEMP TABLE fate ON COMMIT DROP AS
SELECT c.*, x.is_live, x.age >= 0 AND coalesce(CASE WHEN p.archive_after_days >= 1 OR p.archive_after_days IS NULL
                                THEN p.delete_after_days >= 1 AND x.age > 86400 * p.delete_after_days::numeric END, false) AS goes,
       x.age >= 0 AND coalesce(CASE WHEN p.delete_after_days >= 1 OR p.delete_after_days IS NULL
                         THEN p.archive_after_days >= 1 AND x.age > 86400 * p.archive_after_days::numeric END, false) AS is_archived
FROM mrcall.calls AS c
LEFT JOIN public.session_retention_policies AS p ON p.business_id = c.business_id
CROSS JOIN LATERAL (SELECT extract(epoch FROM now() - c.started_at) AS age, c.data IS NOT NULL AS is_live) AS x;
SELECT count(*) > 1000 AS calls, count(*) FILTER (WHERE goes AND is_live) > 300 AS deleted,
       count(*) FILTER (WHERE goes AND NOT is_live) AS old,
       count(*) FILTER (WHERE is_archived AND is_live AND NOT goes) > 300 AS archived,
       count(*) FILTER (WHERE NOT goes AND NOT is_archived) > 300 AS kept
FROM fate;
-- What is due, per business, in the report before.
SELECT count(*) AS differences, (SELECT sum(d.to_archive + d.to_delete) > 1000 FROM mrcall.retention_due() AS d) AS due
FROM (SELECT d.business_id, d.to_archive, d.to_delete FROM mrcall.retention_due() AS d WHERE d.to_archive + d.to_delete > 0) AS d
FULL JOIN (SELECT f.business_id, count(*) FILTER (WHERE f.is_live AND NOT f.goes) AS to_archive,
                  count(*) FILTER (WHERE f.goes) AS to_delete
           FROM fate AS f WHERE f.goes OR f.is_live AND f.is_archived GROUP BY 1) AS o USING (business_id)
WHERE (d.to_archive, d.to_delete) IS DISTINCT FROM (o.to_archive, o.to_delete);
SELECT business_id, archive_before IS NULL AS never_archives, delete_before IS NULL AS never_deletes, remark
FROM mrcall.retention_due() WHERE business_id LIKE 'R-%';

CREATE TEMP TABLE first_call_before ON COMMIT DROP AS SELECT * FROM mrcall.conversions WHERE conversion = 'first_call';
CREATE TEMP TABLE first_contact_before ON COMMIT DROP AS
SELECT f.business_id, f.caller, min(f.started_at) AS first_at, bool_or(f.goes) AS is_recorded FROM fate AS f
WHERE f.business_id IS NOT NULL AND f.caller IS NOT NULL GROUP BY 1, 2;

CALL pg_temp.run(500, NULL, NULL) \gset
SELECT :archived = (SELECT count(*) FROM fate WHERE is_live AND is_archived AND NOT goes) AS archived,
       :deleted = (SELECT count(*) FROM fate WHERE goes) AS deleted;
-- Each call is where it belongs, with all of its columns but the documents; the index has those of the table.
SELECT count(*) FILTER (WHERE f.goes AND (s.id IS NOT NULL OR a.call_id IS NOT NULL)) AS still_there,
       count(*) FILTER (WHERE NOT f.goes AND num_nonnulls(s.id, a.call_id) <> 1) AS lost_or_twice,
       count(*) FILTER (WHERE NOT f.goes AND f.is_live AND f.is_archived IS DISTINCT FROM (a.call_id IS NOT NULL)) AS elsewhere,
       count(*) FILTER (WHERE a.call_id IS NOT NULL AND f.is_live AND
           (a.ended_at, a.owner, a.outcome, a.answered, a.caller, a.medium, a.language, a.last_state, a.answered_at, a.direction, a.agent)
           IS DISTINCT FROM (f.ended_at, f.owner, f.outcome, f.answered, f.caller, f.medium, f.language, f.last_state, f.answered_at,
                             f.direction, f.agent)) AS changed
FROM fate AS f
LEFT JOIN public.sessions AS s ON s.id = f.call_id AND s.start_timestamp = f.started_at
LEFT JOIN mrcall.session_archive AS a ON a.business_id = f.business_id AND a.call_id = f.call_id AND a.started_at = f.started_at
WHERE f.call_id NOT IN ('R-old-12', 'R-old-24');
SELECT call_id, caller, count(*) FROM mrcall.calls WHERE call_id IN ('R-old-12', 'R-old-24') GROUP BY 1, 2 ORDER BY 1;
SELECT count(*) AS index_differences, count(*) FILTER (WHERE i.id LIKE 'R-nothing-%') AS of_nothing
FROM public.sessions AS s FULL JOIN public.sessions_ids AS i ON i.id = s.id AND i.start_timestamp = s.start_timestamp
WHERE (i.id IS NULL OR s.id IS NULL) AND s.id NOT LIKE 'R-nobody-%' IS NOT FALSE
  AND coalesce(s.id, '') NOT IN ('R-old-12', 'R-old-24');
-- Nothing is due any more.
SELECT sum(to_archive) AS to_archive, sum(to_delete) AS to_delete FROM mrcall.retention_due();
CALL mrcall.apply_session_retention(false);

-- First calls are as they were; so is the first contact of every caller who has a deleted call.
SELECT count(*) FROM ((SELECT * FROM first_call_before EXCEPT SELECT * FROM mrcall.conversions)
    UNION ALL (SELECT * FROM mrcall.conversions WHERE conversion = 'first_call' EXCEPT SELECT * FROM first_call_before)) AS d;
SELECT count(*) AS differences, (SELECT count(*) > 100 FROM mrcall_internal.first_contact) AS recorded,
       (SELECT count(DISTINCT caller_hash) = count(*) FROM mrcall_internal.first_contact) AS one_per_business
FROM (SELECT * FROM first_contact_before WHERE is_recorded) AS b
FULL JOIN mrcall_internal.first_contact AS f ON f.business_id = b.business_id
    AND f.caller_hash =
        sha256((SELECT key FROM mrcall_internal.caller_key) || sha256(convert_to(b.business_id, 'UTF8')) || convert_to(b.caller, 'UTF8'))
WHERE b.business_id IS NULL OR f.business_id IS NULL OR f.first_at <> b.first_at;
SELECT octet_length(key) AS key_bytes, count(*) AS keys FROM mrcall_internal.caller_key GROUP BY 1;
SELECT sum(batches) > 5 AS batches, sum(archived) = :archived AS archived, sum(deleted) = :deleted AS deleted,
       count(finished_at) > 0 AS finished
FROM mrcall.retention_run;
