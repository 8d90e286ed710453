-- Events and distinct visitors from one GROUP BY of (day, visitor), visits from window functions.
-- @run
WITH hit AS (
    SELECT day, count(*) AS visitors, sum(events) AS events, sum(pageviews) AS pageviews
    FROM (
        SELECT date_trunc('day', created_at, 'Europe/Rome') AS day, session_id, count(*) AS events,
               count(*) FILTER (WHERE event_type = 'page_view') AS pageviews
        FROM website_events
        WHERE session_id IS NOT NULL AND created_at >= '2026-01-31 23:00+00' AND created_at < '2026-05-31 22:00+00'
        GROUP BY 1, 2
    ) AS by_visitor
    GROUP BY day
),
event AS (
    SELECT session_id, created_at,
           created_at - lag(created_at) OVER (PARTITION BY session_id ORDER BY created_at) <= interval '30 minutes' AS goes_on
    FROM website_events
    WHERE session_id IS NOT NULL AND created_at >= '2026-01-31 22:30+00' AND created_at < '2026-05-31 22:00+00'
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER (PARTITION BY session_id ORDER BY created_at) AS visit_no FROM event
),
visit AS (
    SELECT date_trunc('day', started_at, 'Europe/Rome') AS day, count(*) AS visits, count(*) FILTER (WHERE events = 1) AS bounces,
           sum(ended_at - started_at) AS duration
    FROM (
        SELECT min(created_at) AS started_at, max(created_at) AS ended_at, count(*) AS events
        FROM numbered
        GROUP BY session_id, visit_no
    ) AS by_visit
    WHERE started_at >= '2026-01-31 23:00+00'
    GROUP BY 1
)
SELECT to_char(d.day, 'YYYY-MM-DD') AS day, coalesce(visitors, 0) AS visitors, coalesce(visits, 0) AS visits,
       coalesce(events, 0) AS events, coalesce(pageviews, 0) AS pageviews, coalesce(bounces, 0) AS bounces,
       coalesce((extract(epoch FROM duration) * 1000)::bigint, 0) AS duration_ms
FROM generate_series(timestamp '2026-02-01', '2026-05-31', '1 day') AS d (day)
LEFT JOIN hit ON hit.day = d.day AT TIME ZONE 'Europe/Rome'
LEFT JOIN visit ON visit.day = d.day AT TIME ZONE 'Europe/Rome'
ORDER BY day
