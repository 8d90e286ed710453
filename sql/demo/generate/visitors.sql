-- Browsers and their visits, as stages that the events and the customers are made from.

-- One customer to twenty browsers: of the browsers 20(c-1)+1 .. 20c the first is customer c's main browser, the
-- second and third are other devices of the same person (role 0, 1, 2), the rest belongs to nobody.
CREATE TEMP TABLE demo_visitor ON COMMIT DROP AS
SELECT
    d.v, d.key, d.customer, d.role, d.bot, d.agent, d.visits, d.first_day,
    -- Days between the first visit and the last.
    least(119.9 - d.first_day, CASE
        WHEN pg_temp.u(8, d.key) < 0.30 THEN 0.05 + pg_temp.u(9, d.key)
        WHEN pg_temp.u(8, d.key) < 0.75 THEN 1 + 14 * pg_temp.u(9, d.key)
        ELSE 14 + 70 * pg_temp.u(9, d.key)
    END) AS span,
    CASE
        WHEN :nasty = 1 AND pg_temp.u(10, d.key) < 0.005 THEN
            left(pg_temp.uuid_text(d.key) || repeat('.' || pg_temp.hex(11, d.key), 6), 40 + pg_temp.pick(88, 12, d.key))
        WHEN pg_temp.u(10, d.key) < 0.03 THEN 'sid_' || pg_temp.token(20, 13, d.key)
        ELSE pg_temp.uuid_text(d.key)
    END AS session_id
FROM (
    SELECT
        b.v, b.key, b.customer, b.role, b.bot,
        CASE
            WHEN b.bot THEN 200 + pg_temp.zipf(16, 2, b.key)
            WHEN pg_temp.u(3, b.key) < CASE b.role WHEN 0 THEN 0.75 WHEN 1 THEN 0.05 ELSE 0.46 END
                THEN pg_temp.zipf(12, 4, b.key)
            WHEN pg_temp.u(3, b.key) < 0.96 THEN 100 + pg_temp.zipf(12, 4, b.key)
            ELSE 150 + pg_temp.zipf(6, 4, b.key)
        END::smallint AS agent,
        CASE
            WHEN b.bot THEN 1 + floor(10 * power(pg_temp.u(5, b.key), 2))
            WHEN b.role = 0 THEN 1 + floor(12 * power(pg_temp.u(5, b.key), 1.4))
            WHEN pg_temp.u(5, b.key) < 0.60 THEN 1
            WHEN pg_temp.u(5, b.key) < 0.78 THEN 2
            WHEN pg_temp.u(5, b.key) < 0.87 THEN 3
            WHEN pg_temp.u(5, b.key) < 0.95 THEN 4
            ELSE 5 + floor(16 * power(pg_temp.u(6, b.key), 3))
        END::integer AS visits,
        -- The devices of one person begin at about the same time.
        CASE
            WHEN b.role IS NULL THEN 119.9 * power(pg_temp.u(7, b.key), 0.85)
            ELSE least(119.8, 112 * power(pg_temp.u(7, pg_temp.thing(2, b.customer)), 0.8)
                + b.role * 12 * pg_temp.u(7, b.key))
        END AS first_day
    FROM (
        SELECT
            a.v, a.key, a.customer,
            CASE WHEN a.customer IS NOT NULL AND a.position < 3 THEN a.position END AS role,
            a.position >= 3 AND pg_temp.u(1, a.key) < 0.03 AS bot
        FROM (
            SELECT
                v, pg_temp.thing(1, v) AS key, (v - 1) % 20 AS position,
                CASE WHEN v <= :visitors / 20 * 20 THEN (v - 1) / 20 + 1 END AS customer
            FROM generate_series(1::bigint, :visitors::bigint) AS v
        ) a
        OFFSET 0
    ) b
    OFFSET 0
) d;
\set stage 'browsers (stage)'
\ir done.sql
ANALYZE demo_visitor;

CREATE TEMP TABLE demo_visit ON COMMIT DROP AS
SELECT
    p.visit_key, p.session_id, p.customer, p.role, p.nr, p.visits, p.agent,
    -- Crawlers know no working hours; visits close together keep their distance.
    pg_temp.instant(CASE
        WHEN p.bot OR p.span < 1 THEN p.day * 86400
        ELSE pg_temp.busy_day(floor(p.day)::integer, pg_temp.u(1, p.visit_key)) * 86400
            + pg_temp.time_of_day(2, p.visit_key)
    END) AS started_at,
    CASE
        WHEN p.bot THEN 1 + floor(10 * power(pg_temp.u(4, p.visit_key), 2))
        WHEN pg_temp.u(4, p.visit_key) < 0.36 THEN 1
        ELSE 2 + floor(10 * power(pg_temp.u(5, p.visit_key), 2.2))
    END::integer AS events,
    -- Seconds from event to event. Some visits are made of events exactly half an hour apart, some of events at one
    -- instant: both are what a rule for the end of a visit has to get right.
    CASE
        WHEN p.bot THEN 0.5 + 4 * pg_temp.u(6, p.visit_key)
        WHEN pg_temp.u(6, p.visit_key) < 0.004 THEN 1800
        WHEN pg_temp.u(6, p.visit_key) < 0.008 THEN 0
        ELSE 8 + 130 * power(pg_temp.u(7, p.visit_key), 2)
    END AS pace,
    CASE
        WHEN p.bot AND pg_temp.u(8, p.visit_key) < 0.9 THEN 0
        WHEN p.nr = 1 THEN pg_temp.pick(:arrivals, 9, p.visit_key)
        WHEN pg_temp.u(8, p.visit_key) < 0.35 THEN 0
        WHEN pg_temp.u(8, p.visit_key) < 0.50 THEN pg_temp.pick(:arrivals, 9, pg_temp.part(1, p.key))
        ELSE pg_temp.pick(:arrivals, 9, p.visit_key)
    END AS arrival
FROM (
    SELECT
        v.*, n AS nr, pg_temp.part(n, v.key) AS visit_key,
        v.first_day + v.span / v.visits * CASE
            WHEN n > 1 THEN n - 1 + 0.8 * (pg_temp.u(10, pg_temp.part(n, v.key)) - 0.5)
            ELSE 0
        END AS day
    FROM demo_visitor v
    CROSS JOIN LATERAL generate_series(1, v.visits) AS n
    OFFSET 0
) p;
\set stage 'visits (stage)'
\ir done.sql
ANALYZE demo_visit;
