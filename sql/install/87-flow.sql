-- How calls move through the states of the decision table. Definitions: docs/calls.md.

CREATE FUNCTION mrcall.flow(
    since timestamptz, until timestamptz, business_id text DEFAULT NULL, template text DEFAULT NULL)
RETURNS TABLE (
    state text, calls bigint, visits bigint, entries bigint, exits bigint, drop_offs bigint, loops bigint, next_states jsonb,
    in_table boolean, transition text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 100
AS $$
    SELECT business_id AS wanted, template AS wanted_template, mrcall_internal.check_range(since, until),
           mrcall_internal.require_attached();
    SELECT mrcall_internal.warn_of_nobody(wanted, NULL, wanted_template, 'flow(since, until, business_id, template)') AS warned;
    WITH call AS MATERIALIZED (
        SELECT row_number() OVER () AS nr,
               coalesce(nullif(array_remove(c.states, NULL), '{}'), ARRAY[coalesce(c.last_state, '(not set)')]) AS states
        FROM mrcall.calls AS c
        WHERE c.started_at >= since AND c.started_at < until AND (wanted IS NULL OR c.business_id = wanted)
          AND (wanted_template IS NULL
               OR c.business_id IN (SELECT b.business_id FROM mrcall.businesses AS b WHERE b.template = wanted_template))
    ),
    step AS MATERIALIZED (
        SELECT c.nr, s.state, c.states[s.place + 1] AS next_state, s.place = 1 AS is_entry,
               s.place = cardinality(c.states) AS is_exit
        FROM call AS c
        CROSS JOIN LATERAL unnest(c.states) WITH ORDINALITY AS s (state, place)
    ),
    figures AS (
        SELECT s.state, count(DISTINCT s.nr) AS calls, count(*) AS visits, count(*) FILTER (WHERE s.is_entry) AS entries,
               count(*) FILTER (WHERE s.is_exit) AS exits
        FROM step AS s
        GROUP BY s.state
    ),
    following AS (
        SELECT n.state, jsonb_object_agg(n.next_state, n.times) AS next_states
        FROM (SELECT s.state, s.next_state, count(*) AS times FROM step AS s WHERE NOT s.is_exit GROUP BY 1, 2) AS n
        GROUP BY n.state
    ),
    -- Instances may have states of one name: it is final where none of them goes on.
    listed AS (
        SELECT t.state, min(t.execution_order) AS place, min(t.transition COLLATE "C") AS transition
        FROM mrcall.flow_states AS t
        WHERE t.state IS NOT NULL
        GROUP BY t.state
    )
    SELECT coalesce(f.state, l.state), coalesce(f.calls, 0), coalesce(f.visits, 0), coalesce(f.entries, 0), coalesce(f.exits, 0),
           CASE WHEN l.state IS NOT NULL THEN CASE WHEN l.transition IS NULL THEN 0 ELSE coalesce(f.exits, 0) END END,
           coalesce(f.visits - f.calls, 0), coalesce(n.next_states, '{}'), l.state IS NOT NULL, l.transition
    FROM figures AS f
    FULL JOIN listed AS l ON l.state = f.state
    LEFT JOIN following AS n ON n.state = f.state
    ORDER BY l.place NULLS LAST, coalesce(f.state, l.state) COLLATE "C"
$$;
COMMENT ON FUNCTION mrcall.flow(timestamptz, timestamptz, text, text) IS
    'How calls move through the states of the decision table: entries, exits, drop-offs, loops, and what follows each state';
