-- mrcall.identities against the JSON documents by plain SQL, then every odd shape of a document.
\pset footer off

INSERT INTO public.customers_registry (id, created_at, document) VALUES
    ('T-none', '2026-04-01Z', '{}'), ('T-null', '2026-04-01Z',
        '{"website_session_id": null, "website_session_ids": null}'),
    ('T-empty', '2026-04-01Z', '{"website_session_id": "", "website_session_ids": [""]}'),
    ('T-old', '2026-04-01Z', '{"website_session_id": "T-browser-1"}'),
    ('T-many', '2026-04-01Z',
        '{"website_session_id": "T-browser-3", "website_session_ids": ["T-browser-2", "T-browser-1", "T-browser-3"]}'),
    ('T-extra', '2026-04-01Z',
        '{"website_session_id": "T-browser-9", "website_session_ids": ["T-browser-2", "T-browser-2"]}'),
    ('T-number', '2026-04-01Z',
        '{"website_session_id": 12345678, "website_session_ids": [1, null, {"a": "b"}, ["c"], true, "T-browser-4"]}'),
    ('T-object', '2026-04-01Z', '{"website_session_ids": {"0": "T-browser-5"}}'), ('T-text', '2026-04-01Z',
        '{"website_session_ids": "T-browser-6"}'),
    ('T-array', '2026-04-01Z', '["T-browser-7"]'), ('T-scalar', '2026-04-01Z', '"T-browser-8"');
INSERT INTO public.business (business_id, owner, created_at) VALUES
    ('T-business-1', 'T-many', '2026-04-02Z'), ('T-business-2', 'T-many', '2026-04-03Z'), ('T-business-3', 'T-none',
        '2026-04-03Z'),
    ('T-business-4', NULL, '2026-04-03Z');

SELECT c.customer_id, c.website_session_ids, c.website_session_id FROM mrcall.customers AS c WHERE c.customer_id ~ '^T-'
ORDER BY c.customer_id COLLATE "C";
SELECT i.* FROM mrcall.identities AS i WHERE i.customer_id ~ '^T-' ORDER BY i.customer_id COLLATE "C",
    i.business_id COLLATE "C", i.visitor_id COLLATE "C";

-- All of them: each text in the array or in the single field, once a customer, beside each business.
WITH linked AS (
    SELECT c.id, e.value #>> '{}' AS browser
    FROM public.customers_registry AS c, jsonb_path_query(c.document,
        'strict $.website_session_ids[*] ? (@.type() == "string")', '{}', true) AS e (value)
    UNION
    SELECT c.id, e.value #>> '{}'
    FROM public.customers_registry AS c, jsonb_path_query(c.document,
        'strict $.website_session_id ? (@.type() == "string")', '{}', true) AS e (value)
),
expected AS (
    SELECT l.browser, l.id, b.owner, b.business_id
    FROM linked AS l LEFT JOIN public.business AS b ON b.owner = l.id
    WHERE l.browser <> ''
)
SELECT (SELECT count(*) FROM expected) > 100 AS compared,
       (SELECT count(*) FROM (SELECT e.browser FROM expected AS e GROUP BY 1 HAVING count(DISTINCT e.id) > 1) AS s) > 0
           AS has_shared_browsers,
       (SELECT count(*) FROM (SELECT e.id FROM expected AS e GROUP BY 1 HAVING count(DISTINCT e.business_id) > 1) AS s)
           > 0 AS has_many_businesses,
       count(*) AS differences
FROM ((TABLE expected EXCEPT ALL TABLE mrcall.identities) UNION ALL (TABLE mrcall.identities EXCEPT ALL TABLE expected))
    AS d;

-- A browser that two customers share brings a conversion to each of them; many businesses double nothing.
INSERT INTO public.website_events (session_id, created_at, page_url, utm_source, utm_medium) VALUES
    ('T-browser-1', '2033-04-01 09:00Z', 'https://mrcall.ai/', 'newsletter', 'email'), ('T-browser-3',
        '2033-04-01 08:00Z', 'https://mrcall.ai/', NULL, NULL);
UPDATE public.customers_registry SET created_at = '2033-04-01 10:00Z' WHERE id IN ('T-old', 'T-many', 'T-none',
    'T-null', 'T-scalar');
UPDATE public.business SET created_at = '2033-04-01 11:00Z' WHERE business_id ~ '^T-';
SELECT k.kind, a.*
FROM unnest('{signup,business}'::text[]) WITH ORDINALITY AS k (kind, place), mrcall.attribution('2033-04-01Z',
    '2033-04-02Z', 'linear', k.kind) AS a
ORDER BY k.place, a.dimension_value COLLATE "C";

-- Linking a browser takes effect at once, and linking it again changes nothing.
SELECT mrcall.link_visitor('T-none', 'T-browser-3') \g /dev/null
SELECT mrcall.link_visitor('T-none', 'T-browser-3') \g /dev/null
SELECT mrcall.link_visitor('T-none', 'T-browser-1') \g /dev/null
SELECT i.* FROM mrcall.identities AS i WHERE i.customer_id = 'T-none' ORDER BY i.visitor_id COLLATE "C";
SELECT a.* FROM mrcall.attribution('2033-04-01Z', '2033-04-02Z', 'first_touch', 'signup') AS a
    ORDER BY a.dimension_value COLLATE "C";
