-- Customers: who signed up, when, and which browsers the account knows of.

CREATE TEMP TABLE demo_customer ON COMMIT DROP AS
SELECT
    c.customer, c.key, pg_temp.token(28, 20, c.key) AS id, c.visit_key,
    CASE
        -- Signed up before the website was tracked.
        WHEN pg_temp.u(1, c.key) < 0.15 THEN pg_temp.instant(-300 * 86400 * pg_temp.u(2, c.key))
        -- Signed up in the app, before any visit to the website.
        WHEN pg_temp.u(1, c.key) < 0.22 THEN c.first_at - floor(259200 * pg_temp.u(2, c.key)) * interval '1 second'
        ELSE least(c.visit_at + floor(120 + 420 * pg_temp.u(2, c.key)) * interval '1 second',
            pg_temp.period_end() - interval '1 second')
    END AS created_at,
    pg_temp.u(1, c.key) >= 0.22 AS by_website,
    p.country, p.dial, p.zone, p.language, p.currency
FROM (
    SELECT
        v.customer, pg_temp.thing(2, v.customer) AS key,
        min(v.started_at) FILTER (WHERE v.nr = v.signup_nr) AS visit_at, min(v.started_at) AS first_at,
        min(v.visit_key) FILTER (WHERE v.nr = v.signup_nr) AS visit_key
    FROM (
        -- The visit in which the sign-up happens: one of the later ones.
        SELECT
            customer, visit_key, started_at, nr,
            greatest(1, ceil(visits * (0.5 + 0.5 * pg_temp.u(3, pg_temp.thing(2, customer))))) AS signup_nr
        FROM demo_visit
        WHERE role = 0
    ) v
    GROUP BY v.customer
    OFFSET 0
) c
JOIN demo_place p ON p.slot = pg_temp.pick(:places, 4, c.key);
ANALYZE demo_customer;

-- Browsers by customer in order of first linking: the main one, other devices, then one shared with another customer.
CREATE TEMP TABLE demo_link ON COMMIT DROP AS
SELECT l.customer, array_agg(l.session_id ORDER BY l.position) AS session_ids
FROM (
    SELECT v.customer, v.session_id, v.role AS position
    FROM demo_visitor v
    WHERE v.role = 0
        OR v.role = 1 AND pg_temp.u(5, pg_temp.thing(2, v.customer)) < 0.28
        OR v.role = 2 AND pg_temp.u(5, pg_temp.thing(2, v.customer)) < 0.06
    UNION ALL
    SELECT v.customer + 1, v.session_id, 3
    FROM demo_visitor v
    WHERE v.role = 0 AND pg_temp.u(6, pg_temp.thing(2, v.customer + 1)) < 0.03
) l
GROUP BY l.customer;
ANALYZE demo_link;

-- How an account knows its browsers: not at all, by an id that no event has, by the last id only (older accounts), by
-- all ids with the last one as the current one. Under nasty some arrays hold what is no id.
INSERT INTO public.customers_registry (id, role, realm, document, created_at)
SELECT
    c.id,
    CASE WHEN pg_temp.u(7, c.key) < 0.02 THEN 'admin' ELSE 'user' END,
    CASE WHEN pg_temp.u(8, c.key) < 0.95 THEN 'mrcall' ELSE 'partner' END,
    jsonb_build_object(
        'email', 'customer' || c.customer || '@example.org', 'displayName', pg_temp.person(9, c.key),
        'language', c.language, 'country', c.country)
    || CASE
        WHEN c.linking < 0.07 THEN '{}'
        WHEN c.linking < 0.09 THEN '{"website_session_id": null}'
        WHEN c.linking < 0.10 THEN '{"website_session_id": ""}'
        WHEN c.linking < 0.11 THEN jsonb_build_object('website_session_id', pg_temp.uuid_text(c.key))
        WHEN c.linking < 0.28 THEN jsonb_build_object('website_session_id', l.session_ids[cardinality(l.session_ids)])
        WHEN :nasty = 1 AND c.linking < 0.29 THEN jsonb_build_object(
            'website_session_id', l.session_ids[1],
            'website_session_ids', jsonb_build_array(NULL, 17, 'x', l.session_ids[1], l.session_ids[1]))
        ELSE jsonb_build_object(
            'website_session_id', l.session_ids[cardinality(l.session_ids)],
            'website_session_ids', to_jsonb(l.session_ids))
    END,
    c.created_at
FROM (SELECT *, pg_temp.u(10, key) AS linking FROM demo_customer ORDER BY created_at, key OFFSET 0) c
JOIN demo_link l USING (customer);
\set stage customers
\ir done.sql
