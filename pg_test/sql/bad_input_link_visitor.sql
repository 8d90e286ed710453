-- Bad input of mrcall.link_visitor: nothing is written.
INSERT INTO public.customers_registry (id, document) VALUES ('alice', '{"name": "Alice", "website_session_id": "visitor-0"}');

SELECT mrcall.link_visitor(NULL, 'visitor-1');
SELECT mrcall.link_visitor('alice', NULL);
SELECT mrcall.link_visitor(NULL, NULL);

-- Malformed ids: too short, too long, characters that are not allowed.
SELECT mrcall.link_visitor('alice', '');
SELECT mrcall.link_visitor('alice', '1234567');
SELECT mrcall.link_visitor('alice', repeat('x', 129));
SELECT mrcall.link_visitor('alice', 'visitor 1');
SELECT mrcall.link_visitor('alice', 'visitor/1');
SELECT mrcall.link_visitor('alice', 'visitör-1');
SELECT mrcall.link_visitor('alice', 'visitor٣٣٣');
SELECT mrcall.link_visitor('alice', E'visitor-1\n');
SELECT mrcall.link_visitor('alice', E'\nvisitor-1');
SELECT mrcall.link_visitor('alice', E'visitor-1\nvisitor-2');
SELECT mrcall.link_visitor('alice', $$visitor'-1$$);
SELECT mrcall.link_visitor('alice', 'undefined?');

-- Customers that do not exist.
SELECT mrcall.link_visitor('nobody', 'visitor-1');
SELECT mrcall.link_visitor('', 'visitor-1');
SELECT mrcall.link_visitor($$alice' OR true --$$, 'visitor-1');

SELECT document FROM public.customers_registry WHERE id = 'alice';
SELECT count(*) AS linked FROM public.customers_registry WHERE document::text LIKE '%visitor-1%';

-- Where the key or the document is mapped to an expression, a row cannot be found or written: 55000.
SELECT mrcall.attach('{"customers": {"columns": {"customer_id": "lower(id)"}}}');
SELECT mrcall.link_visitor('alice', 'visitor-1');
SELECT mrcall.attach('{"customers": {"columns": {"document": "document || ''{}''"}}}');
SELECT mrcall.link_visitor('alice', 'visitor-1');
SELECT mrcall.attach('{"customers": {"columns": {"document": null}}}');
SELECT mrcall.link_visitor('alice', 'visitor-1');
SELECT mrcall.attach('{"customers": {"table": null}}');
SELECT mrcall.link_visitor('alice', 'visitor-1');
SELECT document FROM public.customers_registry WHERE id = 'alice';

-- A document that is no object cannot hold a link: it is refused, not turned into something else. JSON's null is empty.
SELECT mrcall.attach();
INSERT INTO public.customers_registry (id, document) VALUES ('array', '["x"]'), ('text', '"x"'), ('null', 'null');
\set VERBOSITY sqlstate
SELECT mrcall.link_visitor('array', 'visitor-1');
SELECT mrcall.link_visitor('text', 'visitor-1');
SELECT mrcall.link_visitor('null', 'visitor-1');
SELECT id, document FROM public.customers_registry WHERE id IN ('array', 'text', 'null') ORDER BY id;
