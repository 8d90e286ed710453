-- In the last week a newer version of the tracker says every half minute, three times at most, that a page is still looked at.
-- The beats lie between the other events of a visit, so that its begin and end, its pages and whether it bounces are what they are
-- without them.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, user_agent, properties)
SELECT
    pg_temp.time_uuid(b.created_at, b.key), b.session_id, b.created_at, 'heartbeat', 'https://mrcall.ai' || page.path, agent.user_agent,
    jsonb_build_object('beat', b.beat)
FROM (
    SELECT
        e.session_id, e.agent, e.page_nr, beat, pg_temp.part(beat, pg_temp.part(100000 + e.nr, e.visit_key)) AS key,
        e.created_at + beat * interval '30 seconds' AS created_at
    FROM (
        SELECT
            v.session_id, v.visit_key, v.agent, n AS nr, at.created_at, at.next_at,
            -- The page that the event is of, as events.sql draws it.
            pg_temp.zipf(:pages, 2, CASE
                WHEN n % 2 = 1 OR pg_temp.u(1, pg_temp.part(n, v.visit_key)) < 0.45 THEN pg_temp.part(n, v.visit_key)
                ELSE pg_temp.part(n - 1, v.visit_key)
            END) AS page_nr
        FROM demo_visit v
        CROSS JOIN LATERAL generate_series(1, v.events - 1) AS n
        CROSS JOIN LATERAL (
            SELECT
                v.started_at + round(1000 * v.pace * (n - 1 + CASE
                    WHEN n > 1 THEN 0.9 * pg_temp.u(6, pg_temp.part(n, v.visit_key))
                    ELSE 0
                END)) * interval '1 millisecond' AS created_at,
                v.started_at + round(1000 * v.pace * (n + 0.9 * pg_temp.u(6, pg_temp.part(n + 1, v.visit_key))))
                    * interval '1 millisecond' AS next_at
        ) at
        WHERE v.agent < 200 AND v.pace < 1800 AND v.started_at >= pg_temp.period_end() - interval '7 days'
        OFFSET 0
    ) e
    CROSS JOIN LATERAL generate_series(1, 3) AS beat
    WHERE e.created_at + beat * interval '30 seconds' < least(e.next_at, pg_temp.period_end())
    OFFSET 0
) b
JOIN demo_page page ON page.page = b.page_nr
JOIN demo_agent agent ON agent.agent = b.agent
ORDER BY b.created_at, b.key;
\set stage heartbeats
\ir done.sql
