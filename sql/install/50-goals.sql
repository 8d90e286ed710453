-- Goals: what visitors are to do. The table is kept (mrcall.goal). Definitions: docs/goals.md.

-- Meant to be inlined. What is done on a page bears its address too: a page alone means that it was viewed.
CREATE FUNCTION mrcall_internal.fits_goal(goal_type text, goal_page text, event_type text, page_path text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN goal_type IS NULL THEN event_type OPERATOR(pg_catalog.=) ANY ('{page_view,pageview}')
                ELSE event_type OPERATOR(pg_catalog.=) goal_type END
       AND (goal_page IS NULL OR page_path OPERATOR(pg_catalog.~~) goal_page)
$$;
COMMENT ON FUNCTION mrcall_internal.fits_goal(text, text, text, text) IS 'Whether an event is one that a goal asks for';

-- For the view conversions. Strict, so that the planner does not inline it: then events are read only where a goal is asked for, and no
-- chunk is planned for the other kinds.
CREATE FUNCTION mrcall_internal.goal_events(names text[], since timestamptz, until timestamptz)
RETURNS TABLE (name text, event_id text, customer_id text, visitor_id text, occurred_at timestamptz)
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 10000 ROWS 10
AS $$
--@ include templates/goal_events.sql names=names since=since until=until
$$;
COMMENT ON FUNCTION mrcall_internal.goal_events(text[], timestamptz, timestamptz) IS 'The events that fit some goals, each once';

-- For reports: planned for the range.
CREATE FUNCTION mrcall_internal.goal_conversions(kind text, since timestamptz, until timestamptz)
RETURNS TABLE (name text, event_id text, customer_id text, visitor_id text, occurred_at timestamptz)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS $$
    SELECT ARRAY[substr(kind, 6)] AS names;
--@ include templates/goal_events.sql names=names since=since until=until
$$;
COMMENT ON FUNCTION mrcall_internal.goal_conversions(text, timestamptz, timestamptz) IS
    'The events of a range that fit the goal of a kind of conversion, each once';

CREATE FUNCTION mrcall_internal.is_goal(kind text)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.starts_with(kind, 'goal:') $$;
COMMENT ON FUNCTION mrcall_internal.is_goal(text) IS 'Whether a kind of conversion is that of a goal';

-- Who reached a goal: a customer, or a browser that is linked to nobody, behind a mark that no customer's id begins with.
CREATE FUNCTION mrcall_internal.person(customer_id text, visitor_id text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT COALESCE(customer_id, E'\x01' OPERATOR(pg_catalog.||) visitor_id) $$;
COMMENT ON FUNCTION mrcall_internal.person(text, text) IS 'A customer, or a browser that stands for one';

-- Of goals whose pattern could match, what the last 30 days say.
CREATE FUNCTION mrcall_internal.check_goals()
RETURNS TABLE (severity text, object text, finding text, fix text)
LANGUAGE mrcall_sql STABLE PARALLEL RESTRICTED ROWS 1
AS $$
    SELECT mrcall_internal.earlier(now(), '720:00:00') AS since, mrcall_internal.path_from_url() AS from_url;
    SELECT CASE WHEN g.is_wrong THEN 'warning' ELSE 'info' END, 'goal.' || CASE WHEN g.is_wrong THEN 'page_pattern' ELSE 'name' END,
           CASE WHEN g.is_wrong THEN format('no path can match the page "%s" of the goal "%s"', g.page_pattern, g.name)
                ELSE format('no event of the last 30 days fits the goal "%s"', g.name) END,
           CASE WHEN g.is_wrong THEN format('UPDATE mrcall.goal SET page_pattern = %L WHERE name = %L;',
                                            mrcall_internal.meant_page(g.page_pattern), g.name)
                ELSE 'SELECT event_type, page_path, count(*) FROM mrcall.events '
                     'WHERE occurred_at >= now() - interval ''30 days'' GROUP BY 1, 2 ORDER BY 3 DESC;' END
    FROM (SELECT x.*, coalesce(from_url AND mrcall_internal.is_no_page(x.page_pattern), false) AS is_wrong FROM mrcall.goal AS x) AS g
    WHERE g.is_wrong
       OR NOT EXISTS (SELECT FROM mrcall.events AS e
                      WHERE e.occurred_at >= since
                        AND mrcall_internal.fits_goal(g.event_type, g.page_pattern, e.event_type, e.page_path))
    ORDER BY g.is_wrong DESC, g.name
    LIMIT 20
$$;
COMMENT ON FUNCTION mrcall_internal.check_goals() IS 'doctor: goals that nothing fits';
