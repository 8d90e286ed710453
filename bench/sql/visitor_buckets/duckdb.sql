-- @run
WITH hit AS (
    SELECT date_trunc('day', created_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Rome') AS day,
           count(DISTINCT session_id) AS visitors, count(*) AS events, count(*) FILTER (WHERE event_type = 'page_view') AS pageviews
    FROM events
    WHERE session_id IS NOT NULL AND created_at >= TIMESTAMP '2026-01-31 23:00:00' AND created_at < TIMESTAMP '2026-05-31 22:00:00'
    GROUP BY 1
),
event AS (
    SELECT session_id, created_at, rowid AS nr,
           lag(created_at) OVER (PARTITION BY session_id ORDER BY created_at, rowid) AS before
    FROM events
    WHERE session_id IS NOT NULL AND created_at >= TIMESTAMP '2026-01-31 22:30:00' AND created_at < TIMESTAMP '2026-05-31 22:00:00'
),
numbered AS (
    SELECT *, sum(CASE WHEN before IS NULL OR created_at - before > INTERVAL 30 MINUTE THEN 1 ELSE 0 END)
                  OVER (PARTITION BY session_id ORDER BY created_at, nr ROWS UNBOUNDED PRECEDING) AS visit_no
    FROM event
),
visit AS (
    SELECT date_trunc('day', started_at AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Rome') AS day, count(*) AS visits,
           count(*) FILTER (WHERE events = 1) AS bounces, sum(epoch_us(ended_at) - epoch_us(started_at)) // 1000 AS duration_ms
    FROM (
        SELECT min(created_at) AS started_at, max(created_at) AS ended_at, count(*) AS events
        FROM numbered
        GROUP BY session_id, visit_no
    )
    WHERE started_at >= TIMESTAMP '2026-01-31 23:00:00'
    GROUP BY 1
)
SELECT strftime(d.day, '%Y-%m-%d') AS day, coalesce(visitors, 0) AS visitors, coalesce(visits, 0) AS visits,
       coalesce(events, 0) AS events, coalesce(pageviews, 0) AS pageviews, coalesce(bounces, 0) AS bounces,
       coalesce(duration_ms, 0) AS duration_ms
FROM generate_series(TIMESTAMP '2026-02-01', TIMESTAMP '2026-05-31', INTERVAL 1 DAY) AS d (day)
LEFT JOIN hit ON hit.day = d.day
LEFT JOIN visit ON visit.day = d.day
ORDER BY day
