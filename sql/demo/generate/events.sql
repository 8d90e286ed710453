-- The events of the visits. They are put in order of time while they are narrow and only then filled out, so the table
-- is stored in the order in which a website writes it.

CREATE TEMP VIEW demo_event AS
SELECT
    pg_temp.time_uuid(e.created_at, e.key) AS event_id, e.session_id, e.created_at,
    CASE
        WHEN e.nr = 0 THEN 'signup_click'
        WHEN e.is_page THEN 'page_view'
        WHEN e.kind < 0.45 THEN 'click'
        WHEN e.kind < 0.75 THEN 'scroll'
        WHEN e.kind < 0.85 THEN 'cta_click'
        WHEN e.kind < 0.93 THEN 'video_play'
        WHEN e.kind < 0.98 THEN 'chat_open'
        ELSE 'form_submit'
    END AS event_type,
    'https://mrcall.ai' || CASE WHEN e.nr = 0 THEN '/signup' ELSE page.path END || CASE
        WHEN e.nr <> 1 OR arrival.query = '' AND arrival.click IS NULL THEN ''
        ELSE '?' || arrival.query || e.campaign || CASE
            WHEN arrival.click IS NULL THEN ''
            ELSE CASE WHEN arrival.query = '' THEN '' ELSE '&' END || arrival.click || '='
                || pg_temp.token(24, 20, e.key)
        END
    END AS page_url,
    -- A single-page site that never reloads shows the first referrer all along.
    CASE
        WHEN e.nr = 1 OR e.nr > 1 AND e.sticky < 0.15 THEN arrival.referrer
        ELSE 'https://mrcall.ai' || previous.path
    END AS referrer,
    CASE WHEN e.with_utm THEN arrival.utm_source END AS utm_source,
    CASE WHEN e.with_utm THEN arrival.utm_medium END AS utm_medium,
    CASE WHEN e.with_utm THEN arrival.utm_campaign || e.campaign END AS utm_campaign,
    CASE WHEN e.with_utm THEN arrival.utm_term END AS utm_term,
    CASE WHEN e.with_utm THEN arrival.utm_content END AS utm_content,
    agent.user_agent,
    CASE
        WHEN e.is_page THEN '{}'
        WHEN e.kind < 0.45 THEN '{"element": "nav"}'
        WHEN e.kind < 0.75 THEN '{"depth": 75}'
        WHEN e.kind < 0.85 THEN '{"cta": "start-trial", "variant": "b"}'
        ELSE '{"source": "page"}'
    END::jsonb AS properties,
    e.late
FROM (
    SELECT
        m.*, m.nr = 1 OR m.sticky < 0.03 AS with_utm,
        CASE WHEN campaigns.number > 0 THEN '_' || pg_temp.zipf(campaigns.number, 10, m.visit_key) ELSE '' END
            AS campaign,
        -- What is done on a page bears its address; the page before is the referrer.
        pg_temp.zipf(:pages, 2, CASE WHEN m.is_page OR m.nr = 0 THEN m.key ELSE m.key_before END) AS page_nr,
        pg_temp.zipf(:pages, 2, CASE
            WHEN m.nr % 2 = 0 OR pg_temp.u(1, m.key_before) < 0.45 THEN m.key_before
            ELSE pg_temp.part(m.nr - 2, m.visit_key)
        END) AS previous_nr
    FROM (
        -- Event 1 is a page view, and so is every odd one; an even one is a page view or something done on the page
        -- before. Event 0 is the click that led to the sign-up.
        SELECT
            n.*, n.nr % 2 = 1 OR n.nr > 0 AND pg_temp.u(1, n.key) < 0.45 AS is_page,
            pg_temp.part(n.nr - 1, n.visit_key) AS key_before, pg_temp.u(3, n.key) AS kind,
            pg_temp.u(4, n.visit_key) AS sticky, :nasty = 1 AND pg_temp.u(5, n.key) < 0.01 AS late
        FROM (
            SELECT
                v.session_id, v.visit_key, v.agent, v.arrival, n AS nr, pg_temp.part(n, v.visit_key) AS key,
                v.started_at + round(1000 * v.pace * (n - 1 + CASE
                    WHEN n > 1 AND v.pace < 1800 THEN 0.9 * pg_temp.u(6, pg_temp.part(n, v.visit_key))
                    ELSE 0
                END)) * interval '1 millisecond' AS created_at
            FROM demo_visit v
            CROSS JOIN LATERAL generate_series(1, v.events) AS n
            UNION ALL
            SELECT
                v.session_id, v.visit_key, v.agent, v.arrival, 0, pg_temp.part(0, v.visit_key),
                c.created_at - interval '20 seconds'
            FROM demo_customer c
            JOIN demo_visit v USING (visit_key)
            WHERE c.by_website
            ORDER BY created_at, key
            OFFSET 0
        ) n
        WHERE n.created_at < pg_temp.period_end()
        OFFSET 0
    ) m
    JOIN (SELECT slot, campaigns AS number FROM demo_arrival) campaigns ON campaigns.slot = m.arrival
    OFFSET 0
) e
JOIN demo_page page ON page.page = e.page_nr
JOIN demo_page previous ON previous.page = e.previous_nr
JOIN demo_arrival arrival ON arrival.slot = e.arrival
JOIN demo_agent agent ON agent.agent = e.agent;

INSERT INTO public.website_events
SELECT
    event_id, session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium, utm_campaign, utm_term,
    utm_content, user_agent, properties
FROM demo_event
WHERE NOT late;
\set stage events
\ir done.sql

\if :nasty
-- One browser that never rests: bursts of fifty events, evenly over the period.
INSERT INTO public.website_events (event_id, session_id, created_at, event_type, page_url, user_agent)
SELECT
    pg_temp.time_uuid(b.created_at, b.key), 'kiosk-display-00000001', b.created_at,
    CASE WHEN b.n % 5 = 0 THEN 'heartbeat' ELSE 'page_view' END, 'https://mrcall.ai' || page.path,
    (SELECT user_agent FROM demo_agent WHERE agent = 6)
FROM (
    SELECT
        n, pg_temp.thing(4, n) AS key,
        pg_temp.instant(n / 50 * (120 * 86400.0 / (m.events / 50 + 1)) + n % 50 * 5
            + 4 * pg_temp.u(1, pg_temp.thing(4, n))) AS created_at
    FROM (SELECT CASE WHEN :visitors >= 100000 THEN 200000 ELSE :visitors * 2 END AS events) m
    CROSS JOIN LATERAL generate_series(1, m.events) AS n
    OFFSET 0
) b
JOIN demo_page page ON page.page = pg_temp.zipf(:pages, 2, b.key)
ORDER BY b.created_at, b.key;
\set stage 'events of one visitor'
\ir done.sql

INSERT INTO public.website_events
SELECT
    event_id, session_id, created_at, event_type, page_url, referrer, utm_source, utm_medium, utm_campaign, utm_term,
    utm_content, user_agent, properties
FROM demo_event
WHERE late
ORDER BY hashtextextended(event_id, 0);
\set stage 'late events'
\ir done.sql
\endif
DROP VIEW demo_event;
