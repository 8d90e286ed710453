-- The policies of retention as instants, and what is due by them. Definitions: docs/retention.md.
-- What reads or writes the host's rows carries no SET, so that the host's triggers, policies and functions see the caller's
-- search_path: every name and operator in it is qualified, in the statements that it makes up, too.

-- What each policy means at one instant. due_before: calls begun before it go, into the archive or altogether. A policy with a
-- remark that says so has no instants: it does nothing.
CREATE FUNCTION mrcall_internal.call_retention_policies(at timestamptz)
RETURNS TABLE (business_id text, archive_before timestamptz, delete_before timestamptz, due_before timestamptz, remark text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT r.business_id, i.archive_before, i.delete_before, GREATEST(i.archive_before, i.delete_before), COALESCE(r.fault,
               CASE WHEN i.archive_before OPERATOR(pg_catalog.<=) i.delete_before
                    THEN pg_catalog.format('archives nothing: calls are deleted after %s days, archived after %s',
                                           r.delete_days, r.archive_days) END)
    FROM (
        SELECT p.business_id, pg_catalog.min(p.archive_after_days) AS archive_days, pg_catalog.min(p.delete_after_days) AS delete_days,
               CASE WHEN pg_catalog.count(*) OPERATOR(pg_catalog.>) 1
                        THEN pg_catalog.format('not applied: %s policies of one business', pg_catalog.count(*))
                    WHEN pg_catalog.min(p.archive_after_days) OPERATOR(pg_catalog.<) 1
                        THEN pg_catalog.format('not applied: archive_after_days is %s, not 1 or more',
                                               pg_catalog.min(p.archive_after_days))
                    WHEN pg_catalog.min(p.delete_after_days) OPERATOR(pg_catalog.<) 1
                        THEN pg_catalog.format('not applied: delete_after_days is %s, not 1 or more',
                                               pg_catalog.min(p.delete_after_days)) END AS fault
        FROM (SELECT DISTINCT x.business_id, x.archive_after_days, x.delete_after_days FROM mrcall.retention_policies AS x
              WHERE x.business_id IS NOT NULL) AS p
        GROUP BY p.business_id
    ) AS r
    -- A day is 24 hours; so many days that no timestamp goes back that far are for ever.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN r.fault IS NULL AND r.archive_days OPERATOR(pg_catalog.<) 1000000
                    THEN at OPERATOR(pg_catalog.-) (r.archive_days OPERATOR(pg_catalog.*) interval '24 hours') END AS archive_before,
               CASE WHEN r.fault IS NULL AND r.delete_days OPERATOR(pg_catalog.<) 1000000
                    THEN at OPERATOR(pg_catalog.-) (r.delete_days OPERATOR(pg_catalog.*) interval '24 hours') END AS delete_before
    ) AS i
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_policies(timestamptz) IS 'The policies as instants';

CREATE FUNCTION mrcall_internal.call_retention_end(at timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.max(p.due_before) FROM mrcall_internal.call_retention_policies(at) AS p $$;
COMMENT ON FUNCTION mrcall_internal.call_retention_end(timestamptz) IS
    'Calls begun at this instant or later are not due by any policy';

CREATE FUNCTION mrcall_internal.call_retention_due(job mrcall_internal.call_retention_job, at timestamptz)
RETURNS TABLE (
    business_id text, archive_before timestamptz, delete_before timestamptz, to_archive bigint, to_delete bigint, remark text)
LANGUAGE plpgsql STABLE COST 10000 ROWS 1000
AS $$
DECLARE
    last pg_catalog.timestamptz := mrcall_internal.call_retention_end(at);
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format($query$
        WITH policy AS MATERIALIZED (SELECT * FROM mrcall_internal.call_retention_policies($1)),
        live AS (
            SELECT c.business_id,
                   pg_catalog.count(*) FILTER (WHERE (c.started_at OPERATOR(pg_catalog.<) p.delete_before) IS NOT TRUE) AS to_archive,
                   pg_catalog.count(*) FILTER (WHERE c.started_at OPERATOR(pg_catalog.<) p.delete_before) AS to_delete
            FROM (SELECT (%s) AS business_id, (%s) AS started_at FROM %s AS t WHERE %s IS NOT NULL) AS c
            JOIN policy AS p ON p.business_id OPERATOR(pg_catalog.=) c.business_id
            WHERE c.started_at OPERATOR(pg_catalog.<) p.due_before AND c.started_at OPERATOR(pg_catalog.<) $2
              AND c.started_at OPERATOR(pg_catalog.>) '-infinity'::pg_catalog.timestamptz
            GROUP BY c.business_id
        ),
        archived AS (
            SELECT a.business_id, pg_catalog.count(*) AS to_delete
            FROM mrcall.session_archive AS a
            JOIN policy AS p ON p.business_id OPERATOR(pg_catalog.=) a.business_id
            WHERE a.started_at OPERATOR(pg_catalog.<) p.delete_before AND a.started_at OPERATOR(pg_catalog.<) $2
            GROUP BY a.business_id
        )
        SELECT p.business_id, p.archive_before, p.delete_before, COALESCE(l.to_archive, 0),
               COALESCE(l.to_delete, 0) OPERATOR(pg_catalog.+) COALESCE(a.to_delete, 0),
               COALESCE(p.remark, CASE WHEN NOT EXISTS (SELECT FROM mrcall.businesses AS b
                                                        WHERE b.business_id OPERATOR(pg_catalog.=) p.business_id)
                                       THEN 'the business does not exist; its calls go as the policy says' END)
        FROM policy AS p
        LEFT JOIN live AS l ON l.business_id OPERATOR(pg_catalog.=) p.business_id
        LEFT JOIN archived AS a ON a.business_id OPERATOR(pg_catalog.=) p.business_id
        ORDER BY p.business_id COLLATE pg_catalog."C"
        $query$, job.business_id, job.started_at, job.relation, job.key)
    USING at, last;
END
$$;
COMMENT ON FUNCTION mrcall_internal.call_retention_due(mrcall_internal.call_retention_job, timestamptz) IS 'retention_due';

CREATE FUNCTION mrcall.retention_due()
RETURNS TABLE (
    business_id text, archive_before timestamptz, delete_before timestamptz, to_archive bigint, to_delete bigint, remark text)
LANGUAGE sql STABLE COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall_internal.call_retention_due(mrcall_internal.new_call_retention_job(), pg_catalog.now()) $$;
COMMENT ON FUNCTION mrcall.retention_due() IS 'What mrcall.apply_session_retention would archive and delete now, per policy';
