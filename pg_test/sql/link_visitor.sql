-- mrcall.link_visitor: the browsers of a customer in order of first linking, the last one by itself.
INSERT INTO public.customers_registry (id, document, created_at)
VALUES ('alice', '{"name": "Alice", "deep": {"a": [1, 2]}}', '2026-05-10 12:00+00'), ('bob', '{}', '2026-05-10 13:00+00');

SELECT mrcall.link_visitor('alice', 'browser-1');
SELECT document FROM public.customers_registry WHERE id = 'alice';
-- Again: nothing changes, and nothing is written.
SELECT xmin AS xmin_before, ctid AS ctid_before FROM public.customers_registry WHERE id = 'alice' \gset
SELECT mrcall.link_visitor('alice', 'browser-1');
SELECT ctid = :'ctid_before' AS untouched FROM public.customers_registry WHERE id = 'alice';
-- A second browser, and back to the first: the list keeps its order.
SELECT mrcall.link_visitor('alice', 'browser-2');
SELECT mrcall.link_visitor(website_session_id => 'browser-1', customer_id => 'alice');
SELECT document FROM public.customers_registry WHERE id = 'alice';

-- The shortest and the longest id, and every character that is allowed.
SELECT mrcall.link_visitor('bob', 'A-b_c.09');
SELECT mrcall.link_visitor('bob', repeat('x', 128));
SELECT jsonb_array_length(document -> 'website_session_ids') AS ids, length(document ->> 'website_session_id') AS last
FROM public.customers_registry WHERE id = 'bob';
-- Nobody else was touched.
SELECT count(*) AS others FROM public.customers_registry
WHERE id NOT IN ('alice', 'bob') AND document::text ~ 'browser-|A-b_c';

-- Older documents have only website_session_id: it counts as the first one linked.
UPDATE public.customers_registry SET document = '{"website_session_id": "browser-0"}' WHERE id = 'bob';
SELECT mrcall.link_visitor('bob', 'browser-3');
SELECT document FROM public.customers_registry WHERE id = 'bob';
-- Malformed lists are mended, not spread.
UPDATE public.customers_registry SET document = '{"website_session_ids": {"a": 1}, "website_session_id": 7}' WHERE id = 'bob';
SELECT mrcall.link_visitor('bob', 'browser-4');
UPDATE public.customers_registry SET document = document || '{"website_session_ids": ["browser-4", null, 3, "browser-4", "browser-5"]}'
WHERE id = 'bob';
SELECT mrcall.link_visitor('bob', 'browser-6');
SELECT document FROM public.customers_registry WHERE id = 'bob';

-- A browser that two customers share serves both.
SELECT mrcall.link_visitor('bob', 'browser-1');
SELECT visitor_id, customer_id, owner, business_id FROM mrcall.identities
WHERE customer_id IN ('alice', 'bob') ORDER BY customer_id, visitor_id;
SELECT customer_id, visitor_id FROM mrcall.conversions WHERE conversion = 'signup' AND customer_id IN ('alice', 'bob') ORDER BY 1;

-- The way from a browser to credit: before the link nothing is known, after it the touch counts.
INSERT INTO public.website_events (session_id, created_at, page_url, referrer)
VALUES ('browser-9', '2033-05-10 11:00+00', 'https://mrcall.ai/pricing', 'https://www.google.com/');
INSERT INTO public.customers_registry (id, created_at) VALUES ('carol', '2033-05-10 12:00+00');
SELECT * FROM mrcall.attribution('2033-05-01', '2033-06-01');
SELECT mrcall.link_visitor('carol', 'browser-9');
SELECT * FROM mrcall.attribution('2033-05-01', '2033-06-01');
SELECT * FROM mrcall.attribution('2033-05-01', '2033-06-01', dimension => 'landing_page');

-- A customers table with a key that is no text, in another schema, partitioned.
CREATE SCHEMA crm;
CREATE TABLE crm.accounts (nr bigint, "Profile" jsonb, born timestamptz, PRIMARY KEY (nr)) PARTITION BY RANGE (nr);
CREATE TABLE crm.accounts_low PARTITION OF crm.accounts FOR VALUES FROM (0) TO (100);
CREATE TABLE crm.accounts_high PARTITION OF crm.accounts FOR VALUES FROM (100) TO (1000);
INSERT INTO crm.accounts VALUES (1, NULL, now()), (101, '{"a": 1}', now());
SELECT mrcall.attach('{"customers": {"table": "crm.accounts", "columns":
    {"customer_id": "nr", "document": "Profile", "created_at": "born", "role": null, "realm": null}}}');
SELECT mrcall.link_visitor('101', 'browser-7');
SELECT mrcall.link_visitor('1', 'browser-8');
SELECT nr, "Profile" FROM crm.accounts ORDER BY nr;
SELECT mrcall.link_visitor('2', 'browser-8');
SELECT mrcall.link_visitor('one', 'browser-8');

-- As many browsers as a customer can have, and one more; those that are linked already do not count as more.
SELECT mrcall.attach();
UPDATE public.customers_registry SET document = (SELECT jsonb_build_object('website_session_ids', jsonb_agg('many-' || lpad(n::text, 4, '0')
    ORDER BY n), 'website_session_id', 'many-0999') FROM generate_series(1, 999) AS n)
WHERE id = 'alice';
SELECT mrcall.link_visitor('alice', 'many-1000');
SELECT mrcall.link_visitor('alice', 'many-1001');
SELECT mrcall.link_visitor('alice', 'many-0001');
SELECT jsonb_array_length(document -> 'website_session_ids') AS browsers, document ->> 'website_session_id' AS last,
       document -> 'website_session_ids' ->> 0 AS first, document -> 'website_session_ids' ->> -1 AS newest
FROM public.customers_registry WHERE id = 'alice';
SELECT mrcall.unlink_visitor('alice', 'many-0500');
SELECT mrcall.link_visitor('alice', 'many-1001');
SELECT jsonb_array_length(document -> 'website_session_ids') AS browsers, document ->> 'website_session_id' AS last,
       document -> 'website_session_ids' ->> -1 AS newest
FROM public.customers_registry WHERE id = 'alice';

-- unlink_visitor: the browser seen last stays, or is the one that was linked last; without a browser nothing of the links is left.
UPDATE public.customers_registry SET document =
    '{"name": "Bob", "deep": {"website_session_id": "browser-1"}, "website_session_id": "browser-2",
    "website_session_ids": ["browser-1", "browser-2", "browser-3"]}' WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'browser-1');
SELECT document FROM public.customers_registry WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'browser-2');
SELECT document FROM public.customers_registry WHERE id = 'bob';
-- Again, and of a browser that was never linked: nothing changes, and nothing is written.
SELECT ctid AS ctid_before FROM public.customers_registry WHERE id = 'bob' \gset
SELECT mrcall.unlink_visitor('bob', 'browser-2');
SELECT mrcall.unlink_visitor('bob', 'never-linked');
SELECT ctid = :'ctid_before' AS untouched FROM public.customers_registry WHERE id = 'bob';
SELECT mrcall.unlink_visitor(website_session_id => 'browser-3', customer_id => 'bob');
SELECT document FROM public.customers_registry WHERE id = 'bob';
SELECT count(*) AS identities FROM mrcall.identities WHERE customer_id = 'bob';
-- Older documents, odd ones, and ids that link_visitor would not write.
UPDATE public.customers_registry SET document = '{"website_session_id": "browser-0"}' WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'browser-0');
SELECT document FROM public.customers_registry WHERE id = 'bob';
UPDATE public.customers_registry
SET document = '{"website_session_id": 7, "website_session_ids": ["x", null, 3, "a b", "x", {"a": 1}, "browser-9"]}' WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'x');
SELECT document FROM public.customers_registry WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'a b');
SELECT document FROM public.customers_registry WHERE id = 'bob';
UPDATE public.customers_registry SET document = 'null' WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'browser-9');
SELECT mrcall.link_visitor('bob', 'browser-9');
SELECT document FROM public.customers_registry WHERE id = 'bob';
-- Linked again it is the newest.
SELECT mrcall.link_visitor('bob', 'browser-1');
SELECT mrcall.unlink_visitor('bob', 'browser-9');
SELECT mrcall.link_visitor('bob', 'browser-9');
SELECT document FROM public.customers_registry WHERE id = 'bob';
-- Bad input.
SELECT mrcall.unlink_visitor(NULL, 'browser-1');
SELECT mrcall.unlink_visitor('bob', NULL);
SELECT mrcall.unlink_visitor('bob', '');
SELECT mrcall.unlink_visitor('nobody', 'browser-1');
UPDATE public.customers_registry SET document = '["x"]' WHERE id = 'bob';
SELECT mrcall.unlink_visitor('bob', 'browser-1');
-- Several rows of one customer: each of them.
CREATE TABLE crm.twice (id text, document jsonb, created_at timestamptz, role text, realm text);
INSERT INTO crm.twice VALUES ('twin', '{}'), ('twin', '{"website_session_ids": ["browser-1"]}'), ('other', '{}');
SELECT mrcall.attach('{"customers": {"table": "crm.twice"}}');
SELECT mrcall.link_visitor('twin', 'browser-2');
SELECT id, document FROM crm.twice ORDER BY id, document;
SELECT mrcall.unlink_visitor('twin', 'browser-2');
SELECT id, document FROM crm.twice ORDER BY id, document;
