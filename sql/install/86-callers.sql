-- Who calls. Definitions: docs/calls.md.

CREATE FUNCTION mrcall_internal.callers(since timestamptz, until timestamptz, wanted text)
RETURNS TABLE (
    business_id text, caller text, calls bigint, answered bigint, missed bigint, total_duration interval, first_call timestamptz,
    last_call timestamptz, is_new boolean, contact_id text, display_name text, country text, number_type text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
-- Nobody knows beforehand how many callers there are: few, it is thought, and then they would all be sorted.
SET enable_mergejoin = off
AS $$
    SELECT mrcall_internal.check_range(since, until), mrcall_internal.require_attached();
    SELECT mrcall_internal.deleted_callers(since, until, CASE WHEN wanted IS NOT NULL THEN ARRAY[wanted] END) AS deleted,
           mrcall_internal.warn_of_nobody(wanted, NULL, NULL, 'callers(since, until, business_id)') AS warned;
    WITH figures AS MATERIALIZED (
        -- key: a business, or none, as a value that joins by hash.
        SELECT c.business_id, coalesce('=' || c.business_id, '') AS key, mrcall.caller_id(c.caller) AS caller, count(*) AS calls,
               count(*) FILTER (WHERE c.answered) AS answered, count(*) FILTER (WHERE NOT c.answered) AS missed,
               coalesce(sum(c.ended_at - c.started_at) FILTER (WHERE c.ended_at > c.started_at), '0') AS total,
               min(c.started_at) AS first_call, max(c.started_at) AS last_call
        FROM mrcall.calls AS c
        WHERE c.started_at >= since AND c.started_at < until AND (wanted IS NULL OR c.business_id = wanted)
        GROUP BY c.business_id, mrcall.caller_id(c.caller)
    ),
    -- The key is made of what is left, not for each call.
    earlier AS (
        SELECT coalesce('=' || e.business_id, '') AS key, e.caller
        FROM (SELECT DISTINCT c.business_id, mrcall.caller_id(c.caller) AS caller
              FROM mrcall.calls AS c
              WHERE c.started_at < since AND c.caller IS NOT NULL AND (wanted IS NULL OR c.business_id = wanted)) AS e
    ),
    -- Callers whose earlier calls retention deleted; by two of their spellings twice.
    gone AS (
        SELECT '=' || min(d.text) FILTER (WHERE d.nr % 2 = 1) AS key, mrcall.caller_id(min(d.text) FILTER (WHERE d.nr % 2 = 0)) AS caller
        FROM unnest(deleted) WITH ORDINALITY AS d (text, nr)
        GROUP BY (d.nr + 1) / 2
    ),
    -- The numbers that called, as address books have them: through an index on mrcall.caller_id of the number, where there is one.
    phone AS MATERIALIZED (
        SELECT p.caller AS number, p.contact_id, p.country_alpha2, p.number_type
        FROM (SELECT mrcall.caller_id(x.number) AS caller, x.contact_id, x.country_alpha2, x.number_type FROM mrcall.phones AS x) AS p
        WHERE p.caller IN (SELECT f.caller FROM figures AS f)
    ),
    -- A number in a business's address book: that of the first contact by id.
    known AS (
        SELECT DISTINCT ON (t.business_id, p.number) t.business_id, p.number, t.contact_id, t.display_name, p.country_alpha2,
               p.number_type
        FROM phone AS p
        JOIN mrcall.contacts AS t ON t.contact_id = p.contact_id
        WHERE wanted IS NULL OR t.business_id = wanted
        ORDER BY t.business_id, p.number, t.contact_id COLLATE "C", t.display_name COLLATE "C", p.country_alpha2 COLLATE "C",
                 p.number_type COLLATE "C"
    ),
    -- What is known of a number, whoever's contact it is.
    number AS (
        SELECT p.number, min(p.country_alpha2 COLLATE "C") AS country, min(p.number_type COLLATE "C") AS number_type
        FROM phone AS p
        GROUP BY p.number
    )
    SELECT f.business_id, f.caller, f.calls, f.answered, f.missed, f.total, f.first_call, f.last_call,
           CASE WHEN f.caller IS NOT NULL THEN
               e.caller IS NULL AND (f.key, f.caller) NOT IN (SELECT g.key, g.caller FROM gone AS g) END,
           k.contact_id, k.display_name, coalesce(k.country_alpha2, n.country), coalesce(k.number_type, n.number_type)
    FROM figures AS f
    LEFT JOIN earlier AS e ON e.key = f.key AND e.caller = f.caller
    LEFT JOIN known AS k ON k.business_id = f.business_id AND k.number = f.caller
    LEFT JOIN number AS n ON n.number = f.caller
    ORDER BY f.calls DESC, f.business_id COLLATE "C", f.caller COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall_internal.callers(timestamptz, timestamptz, text) IS 'Callers';

-- In SQL, because PL/pgSQL knows no argument and result column of one name.
CREATE FUNCTION mrcall.callers(since timestamptz, until timestamptz, business_id text DEFAULT NULL)
RETURNS TABLE (
    business_id text, caller text, calls bigint, answered bigint, missed bigint, total_duration interval, first_call timestamptz,
    last_call timestamptz, is_new boolean, contact_id text, display_name text, country text, number_type text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$ SELECT * FROM mrcall_internal.callers($1, $2, $3) $$;
COMMENT ON FUNCTION mrcall.callers(timestamptz, timestamptz, text) IS
    'Who called each business: how often, whether for the first time, and what the address book knows of the number';
