-- mrcall.doctor on what a database's owner does with it: indexes of the wrong kind, documents that nobody reads, row-level security,
-- stored answers of older rules, other owners. (What takes a superuser or no transaction is in shell/doctor_fixes.)
SET client_min_messages = warning;
\pset footer off
CREATE TEMP TABLE usual ON COMMIT DROP AS SELECT * FROM mrcall.doctor();
CREATE FUNCTION pg_temp.findings() RETURNS TABLE (severity text, object text, finding text, fix text) LANGUAGE sql AS $$
    SELECT f.* FROM (
        SELECT d.severity, d.object, d.finding, d.fix FROM mrcall.doctor() AS d
        EXCEPT
        SELECT u.severity, u.object, u.finding, u.fix FROM usual AS u) AS f
    ORDER BY f.severity, f.object COLLATE "C", f.finding COLLATE "C"
$$;
SAVEPOINT sound;

-- Indexes that do not serve: a part of the table, another order, BRIN, another collation, another column in between, a column that is
-- only included. Those that do: more columns behind, descending, a pattern's operators, hash for one column.
DROP INDEX public.business_owner_idx;
DROP INDEX public.sessions_business_id_start_timestamp_idx;
CREATE INDEX no_1 ON public.business USING brin (owner);
CREATE INDEX no_2 ON public.business (owner) WHERE owner > 'm';
CREATE INDEX no_3 ON public.business (owner COLLATE "POSIX");
CREATE INDEX no_4 ON public.business (lower(owner));
CREATE INDEX no_5 ON public.business (template, owner);
CREATE INDEX no_6 ON public.business (template) INCLUDE (owner);
CREATE INDEX no_7 ON public.sessions USING brin (business_id, start_timestamp);
CREATE INDEX no_8 ON public.sessions (business_id, owner, start_timestamp);
CREATE INDEX no_9 ON public.sessions (business_id) INCLUDE (start_timestamp);
SELECT severity, object, regexp_replace(finding, ' \(a chunk.*', '') AS finding,
       regexp_replace(fix, ' CONCURRENTLY| WITH \(timescaledb[^)]*\)', '') AS fix
FROM pg_temp.findings() WHERE finding LIKE '%index%';
SAVEPOINT without;
CREATE INDEX yes_1 ON public.business USING hash (owner);
CREATE INDEX yes_2 ON public.sessions (business_id DESC, start_timestamp DESC, id);
SELECT count(*) AS findings FROM pg_temp.findings() WHERE finding LIKE '%index%';
ROLLBACK TO SAVEPOINT without;
CREATE INDEX yes_3 ON public.business (owner text_pattern_ops, template);
CREATE INDEX yes_4 ON public.sessions (business_id, start_timestamp) INCLUDE (id);
SELECT count(*) AS findings FROM pg_temp.findings() WHERE finding LIKE '%index%';
ROLLBACK TO SAVEPOINT sound;
-- A partitioned table is indexed with a lock, which is said; a view is the business of its author.
CREATE TABLE public.shops (LIKE public.business INCLUDING DEFAULTS) PARTITION BY LIST (business_id);
CREATE TABLE public.shops_all PARTITION OF public.shops DEFAULT;
CREATE VIEW public.shop_view AS SELECT * FROM public.business;
SELECT mrcall.attach('{"businesses": {"table": "public.shops"}}');
SELECT object, finding, fix FROM pg_temp.findings() WHERE finding LIKE '%index%';
SELECT mrcall.attach('{"businesses": {"table": "public.shop_view"}}');
SELECT object, finding, fix FROM pg_temp.findings() WHERE finding LIKE '%index%';
ROLLBACK TO SAVEPOINT sound;

-- Documents of webhooks that no report reads: by type; and those that one should read, by what they lack.
TRUNCATE public.stripe_webhooks_registry, public.apple_webhooks_registry;
DELETE FROM usual WHERE object IN ('stripe_events', 'apple_events') AND severity <> 'ok';
INSERT INTO public.stripe_webhooks_registry (id, document, created_at) VALUES
    ('s-01', '{"type": "invoice.paid", "created": 1772000000,
        "data": {"object": {"id": "in_1", "amount_paid": 2900, "currency": "eur"}}}', '2026-05-01Z'),
    ('s-02', '{"type": "invoice.paid", "created": 1772000000, "data": {"object": {"id": "in_2", "amount_paid": 0}}}', '2026-05-01Z'),
    ('s-03', '{"type": "invoice.paid", "created": 1772000000,
        "data": {"object": {"id": "in_3", "amount_paid": "29.00 EUR"}}}', '2026-05-01Z'),
    ('s-04', '{"type": "invoice.paid", "created": 1772000000, "data": {"object": {"id": "in_4"}}}', '2026-05-01Z'),
    ('s-05', '{"type": "invoice.paid", "created": 1772000000, "data": {"object": {"amount_paid": 2900}}}', '2026-05-01Z'),
    ('s-06', '{"type": "charge.refunded", "created": 1772000000,
        "data": {"object": {"id": "ch_1", "amount_refunded": 1e30}}}', '2026-05-01Z'),
    ('s-07', '{"type": "customer.created"}', '2026-05-01Z'), ('s-08', '{"type": "customer.created"}', '2026-05-01Z'),
    ('s-09', '{"type": "it''s \"odd\""}', '2026-05-01Z'), ('s-10', '{"object": "event"}', '2026-05-01Z'), ('s-11', '"text"', '2026-05-01Z'),
    ('s-12', '[]', '2026-05-01Z'), ('s-13', 'null', '2026-05-01Z');
INSERT INTO public.apple_webhooks_registry (id, document, created_at) VALUES
    ('a-01', '{"notificationType": "DID_RENEW", "signedDate": 1772000000000, "data": {"transactionInfo":
        {"transactionId": "1", "price": 9990, "currency": "EUR", "purchaseDate": 1772000000000}}}', '2026-05-01Z'),
    ('a-02', '{"notificationType": "DID_RENEW", "data": {"transactionInfo": {"transactionId": "2"}}}', '2026-05-01Z'),
    ('a-03', '{"notificationType": "REFUND", "data": {}}', '2026-05-01Z'), ('a-04', '{"notificationType": "TEST"}', '2026-05-01Z'),
    ('a-05', '{"signedPayload": "no JWS"}', '2026-05-01Z'), ('a-06', '{"signedPayload": "eyJ9.e30.e30"}', '2026-05-01Z'),
    ('a-07', '{"notificationType": "PRICE_INCREASE"}', '2026-05-01Z');
SELECT severity, object, finding FROM pg_temp.findings() WHERE object IN ('stripe_events', 'apple_events') AND severity <> 'ok';
-- What it says is not read makes no conversion, what it does not name does.
SELECT conversion, conversion_id, value FROM mrcall.conversions WHERE conversion IN ('payment', 'refund') ORDER BY 1, 2;
-- Each fix shows the documents.
SELECT fix FROM pg_temp.findings() WHERE object IN ('stripe_events', 'apple_events') AND finding ~ 'without an amount|no JWS' \gexec
-- Thirty types: twenty of them, and how many more.
INSERT INTO public.stripe_webhooks_registry (id, document) SELECT 't-' || n, jsonb_build_object('type', 'type.' || n)
FROM generate_series(1, 30) AS n;
SELECT count(*) AS lines, count(*) FILTER (WHERE finding LIKE '% more types: %') AS rest
FROM pg_temp.findings() WHERE object = 'stripe_events' AND severity = 'info';
ROLLBACK TO SAVEPOINT sound;

-- Links that are none, and too many of them.
INSERT INTO public.customers_registry (id, document) VALUES
    ('l-1', '{"website_session_ids": "x"}'), ('l-2', '{"website_session_ids": {"a": "x"}}'),
    ('l-3', '{"website_session_ids": ["  ", "x"]}'), ('l-4', '{"website_session_ids": ["x", 7]}'), ('l-5', '{"website_session_id": 7}'),
    ('l-6', '{"website_session_id": " "}'), ('fine-1', '{"website_session_ids": ["x", "y"], "website_session_id": "y"}'), ('fine-2', '{}'),
    ('fine-4', '{"website_session_ids": null, "website_session_id": null}'), ('fine-5', '[]'), ('fine-6', '"x"');
INSERT INTO public.customers_registry (id, document)
SELECT 'l-7', jsonb_build_object('website_session_ids', jsonb_agg('browser-' || n)) FROM generate_series(1, 1001) AS n;
SELECT severity, object, finding FROM pg_temp.findings() WHERE object = 'customers.document';
ROLLBACK TO SAVEPOINT sound;

-- Policies of what the extension keeps: gone, changed, switched off; worse where the sources have row-level security. attach mends.
ALTER TABLE mrcall.session_archive DISABLE ROW LEVEL SECURITY;
DROP POLICY mrcall_read ON mrcall_internal.first_call;
SELECT severity, object, finding, fix FROM pg_temp.findings() WHERE finding LIKE '%policies%';
ALTER TABLE public.sessions ENABLE ROW LEVEL SECURITY;
SELECT severity, object, finding, fix FROM pg_temp.findings() WHERE finding LIKE '%policies%';
SELECT mrcall.attach();
SELECT count(*) AS findings FROM pg_temp.findings() WHERE finding LIKE '%policies%';
ROLLBACK TO SAVEPOINT sound;

-- Tenants by plain views: what is kept does not go by them, unless they are security barriers. Said of those that go by who reads: by the
-- role, a setting, a function of the host's; of the view below that does.
CREATE FUNCTION public.my_tenant() RETURNS text STABLE LANGUAGE sql AS $$ SELECT current_setting('app.tenant', true) $$;
CREATE VIEW public.by_role AS SELECT * FROM public.sessions WHERE owner = current_user;
CREATE VIEW public.by_setting AS SELECT * FROM public.sessions WHERE owner = current_setting('app.tenant', true);
CREATE VIEW public.by_function AS SELECT * FROM public.sessions WHERE owner = public.my_tenant();
CREATE VIEW public.by_membership WITH (security_barrier = false) AS SELECT * FROM public.sessions WHERE pg_has_role('pg_monitor', 'MEMBER');
CREATE VIEW public.above AS SELECT * FROM public.by_setting;
CREATE VIEW public.fenced WITH (security_barrier) AS SELECT * FROM public.by_role;
CREATE VIEW public.same_for_all AS SELECT s.*, 'CURRENT_USER' AS "USER_1" FROM public.sessions AS s WHERE start_timestamp < now();
CREATE FUNCTION pg_temp.of_view(name text) RETURNS TABLE (name_of text, severity text, object text, finding text, fix text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM mrcall.attach(jsonb_build_object('calls', jsonb_build_object('table', 'public.' || name)));
    RETURN QUERY SELECT name, f.* FROM pg_temp.findings() AS f WHERE f.finding LIKE '%readers%';
END $$;
SELECT f.name_of, f.object, f.fix
FROM unnest('{by_role,by_setting,by_function,by_membership,above,fenced,same_for_all}'::text[]) WITH ORDINALITY AS v (name, nr)
CROSS JOIN LATERAL pg_temp.of_view(v.name) AS f ORDER BY v.nr;
SELECT severity, finding FROM pg_temp.of_view('by_role');
-- The fix mends: the kept rows are those of the businesses that the reader sees from then on.
SELECT f.fix FROM pg_temp.of_view('by_role') AS f \gexec
SELECT count(*) AS findings FROM pg_temp.findings() WHERE finding LIKE '%readers%';
ROLLBACK TO SAVEPOINT sound;

-- Costs of channels that no report has.
INSERT INTO mrcall.channel_rule (position, channel, source_pattern) VALUES (7, 'Fairs', '^fair$');
INSERT INTO mrcall.spend (day, channel, cost, currency) VALUES ('2026-05-01', 'Paid Searhc', 10, 'EUR'),
    ('2026-05-02', 'Paid Searhc', 9, 'EUR'), ('2026-05-01', 'paid search', 1, 'EUR'), ('2026-05-01', 'Paid Search', 1, 'EUR'),
    ('2026-05-01', 'Fairs', 1, 'EUR'), ('2026-05-01', 'fair''s', 1, 'EUR');
SELECT * FROM pg_temp.findings();
SELECT fix FROM pg_temp.findings() WHERE finding LIKE '%Searhc%' \gexec
ROLLBACK TO SAVEPOINT sound;

-- Answers that are stored: an index says by which rules it was built, in its comment.
CREATE INDEX by_domain ON public.website_events (mrcall.url_domain(page_url));
CREATE INDEX by_channel ON public.website_events
    (mrcall.device(user_agent), mrcall.channel(referrer, page_url, utm_source, utm_medium, utm_campaign));
CREATE INDEX by_agent ON public.customers_registry (mrcall.is_bot(document ->> 'agent'));
CREATE INDEX by_ids ON public.stripe_webhooks_registry USING gin (mrcall.stripe_ids(document));
-- Of this release's first rules, without a word.
SELECT * FROM pg_temp.findings() WHERE object LIKE '%by\_%';
COMMENT ON INDEX by_domain IS 'Ours. mrcall rules: url_domain 2.0.1';
COMMENT ON INDEX by_agent IS 'mrcall rules: is_bot 0.1';
COMMENT ON INDEX by_channel IS 'mrcall rules: channel 0.9, device 2.1';
SELECT object, replace(finding, ' (a chunk cannot be written while it is indexed)', '') AS finding
FROM pg_temp.findings() WHERE object LIKE '%by\_%';
SELECT fix FROM pg_temp.findings() WHERE object LIKE '%by\_agent%';
-- The last statement of the fix notes the rules of now (those before build the index anew, outside of a transaction block).
SELECT substring(fix FROM 'COMMENT.*') FROM pg_temp.findings() WHERE object LIKE '%by\_%' \gexec
SELECT obj_description('by_domain'::regclass) AS by_domain, obj_description('by_channel'::regclass) AS by_channel;
SELECT * FROM pg_temp.findings() WHERE object LIKE '%by\_%';
-- Every function that answers by rules is one that an index can have, and the rules of the first release are known.
SELECT r.function_name, p.provolatile AS volatility, r.version = f.version AS is_first
FROM mrcall_internal.rules() AS r
LEFT JOIN mrcall_internal.first_rules() AS f USING (function_name)
LEFT JOIN pg_proc AS p ON p.pronamespace = 'mrcall'::regnamespace AND p.proname = r.function_name
ORDER BY 1;
ROLLBACK TO SAVEPOINT sound;

-- doctor is no deeper than what it reads: in a READ ONLY transaction, and twice the same.
SELECT count(*) AS findings FROM pg_temp.findings();
