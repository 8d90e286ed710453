-- A database with other tables, other columns and JSONB fields: every report runs on it, with the right figures.
CREATE SCHEMA web;
CREATE SCHEMA crm;
-- Hits: a uuid key, the visitor in a mixed-case column, everything else in JSON, the time as text.
CREATE TABLE web.hits (hit uuid PRIMARY KEY DEFAULT gen_random_uuid(), "visitorId" varchar(64), payload jsonb NOT NULL);
-- Accounts: a timestamp without time zone that means Rome, a key that is a number, a mixed-case document.
CREATE TABLE crm."Accounts" (nr bigint PRIMARY KEY, born timestamp, "Profile" jsonb);
CREATE TABLE crm.shops (shop uuid PRIMARY KEY, account bigint, opened date);
CREATE TABLE crm.plans (plan text PRIMARY KEY, shop uuid, json json);
CREATE TABLE crm.hooks (hook bigint PRIMARY KEY, at timestamptz, body json);
CREATE TABLE crm.talks (talk bigint, shop uuid, "startedAt" timestamptz, raw jsonb);
CREATE TABLE crm.prices (sku text PRIMARY KEY, price jsonb, units text);

INSERT INTO web.hits ("visitorId", payload) VALUES
    ('ann-phone', '{"at": "2026-05-02T10:00:00Z", "kind": "page_view", "url": "https://mrcall.ai/?gclid=1",
                    "ref": "https://www.google.com/"}'),
    ('ann-phone', '{"at": "2026-05-02T10:10:00Z", "kind": "page_view", "url": "https://mrcall.ai/pricing",
                    "ref": "https://mrcall.ai/"}'),
    ('ann-laptop', '{"at": 1777888800, "kind": "page_view", "url": "https://mrcall.ai/blog",
                     "ref": "https://www.facebook.com/", "utm": {"source": "facebook", "medium": "social"}}'),
    ('bea-laptop', '{"at": "2026-05-05 08:00:00+02:00", "kind": "page_view", "url": "https://mrcall.ai/"}'),
    ('bea-laptop', '{"at": "2026-05-05 08:31:00+02:00", "kind": "click", "url": "https://mrcall.ai/"}'),
    ('stranger', '{"at": "yesterday", "kind": "page_view", "url": "https://mrcall.ai/"}');
INSERT INTO crm."Accounts" VALUES
    (1, '2026-05-05 12:00:00', '{"website_session_id": "ann-laptop", "website_session_ids": ["ann-phone", "ann-laptop"]}'),
    (2, '2026-05-06 12:00:00', '{"website_session_id": "bea-laptop"}'),
    (3, '2026-05-07 12:00:00', NULL);
INSERT INTO crm.shops VALUES
    ('00000000-0000-0000-0000-00000000000a', 1, '2026-05-06'), ('00000000-0000-0000-0000-00000000000b', 2, '2026-05-07');
INSERT INTO crm.plans VALUES
    ('sub_a', '00000000-0000-0000-0000-00000000000a', '{"status": "active", "sku": "pro", "since": "2026-05-06T09:00:00Z"}'),
    ('sub_b', '00000000-0000-0000-0000-00000000000b',
     '{"status": "trialing", "sku": "pro", "since": "2026-05-07T09:00:00Z", "trial": "2999-01-01"}');
INSERT INTO crm.prices VALUES ('pro', '{"currency": "eur", "unit_amount": 2900}', '300');
INSERT INTO crm.hooks VALUES
    (1, '2026-05-06 10:00Z', '{"type": "invoice.paid", "data":
        {"object": {"id": "in_1", "subscription": "sub_a", "currency": "eur", "amount_paid": 2900}}}'),
    (2, '2026-05-06 10:05Z', '{"type": "invoice.paid", "data":
        {"object": {"id": "in_1", "subscription": "sub_a", "currency": "eur", "amount_paid": 2900}}}');
INSERT INTO crm.talks VALUES
    (1, '00000000-0000-0000-0000-00000000000a', '2026-05-08 09:00Z', '{"end": "2026-05-08T09:02:00Z", "from": "+39 1",
        "result": {"code": "booked"}, "ok": "yes", "lang": "it", "medium": {"medium": "phone"}}'),
    (2, '00000000-0000-0000-0000-00000000000a', '2026-05-08 09:01Z', '{"end": "2026-05-08T09:02:00Z", "from": "+39 2",
        "result": {"code": "missed"}, "ok": "no"}'),
    (3, '00000000-0000-0000-0000-00000000000a', '2026-05-08 10:00Z', '{"end": "no time", "from": "+39 1"}');

SELECT mrcall.attach($${
    "events": {"table": "web.hits", "columns": {
        "event_id": "hit", "visitor_id": "visitorId", "occurred_at": "payload->>'at'", "event_type": "payload->>'kind'",
        "page_url": "payload->>'url'", "referrer": "payload->>'ref'", "utm_source": "payload#>>'{utm,source}'",
        "utm_medium": "payload#>>'{utm,medium}'", "utm_campaign": null, "utm_term": null, "utm_content": null,
        "user_agent": null, "properties": "payload"}},
    "customers": {"table": "crm.\"Accounts\"", "columns": {
        "customer_id": "nr", "created_at": "born AT TIME ZONE 'Europe/Rome'", "role": null, "realm": null, "document": "Profile"}},
    "businesses": {"table": "crm.shops", "columns": {
        "business_id": "shop", "owner": "account", "template": null, "created_at": "opened", "subscription_status": null,
        "stripe_customer_id": null, "zone": null}},
    "subscriptions": {"table": "crm.plans", "columns": {
        "subscription_id": "plan", "business_id": "shop", "provider": "'stripe'", "status": "json->>'status'",
        "product": "json->>'sku'", "started_at": "json->>'since'", "trial_ends_at": "json->>'trial'", "ended_at": null}},
    "stripe_events": {"table": "crm.hooks", "columns": {"event_id": "hook", "received_at": "at", "document": "body"}},
    "apple_events": {"table": null},
    "calls": {"table": "crm.talks", "columns": {
        "call_id": "talk", "business_id": "shop", "owner": null, "started_at": "startedAt", "data": "raw", "state_variables": null,
        "ended_at": "raw->>'end'", "outcome": "raw#>>'{result,code}'", "answered": "raw->>'ok'", "caller": "raw#>>'{from}'",
        "language": "raw#>>'{lang}'", "medium": "raw#>>'{medium,medium}'", "last_state": "raw#>>'{medium}'"}},
    "products": {"table": "crm.prices", "columns": {
        "name": "sku", "product_type": null, "price_id": "price", "resource_units": "units"}},
    "contacts": {"table": null}, "phones": {"table": null}, "resources": {"table": null}, "templates": {"table": null},
    "flow_states": {"table": null}, "retention_policies": {"table": null}, "call_index": {"table": null}
}$$);

-- The views have the fixed columns and types whatever lies below.
SELECT visitor_id, occurred_at, event_type, page_path, utm_source, pg_typeof(event_id) AS id_type FROM mrcall.events ORDER BY 2, 1;
SELECT customer_id, created_at, website_session_ids, website_session_id FROM mrcall.customers ORDER BY 1;
SELECT business_id, owner, created_at FROM mrcall.businesses ORDER BY 1;
SELECT subscription_id, provider, status, started_at, trial_ends_at FROM mrcall.subscriptions ORDER BY 1;
SELECT call_id, started_at, ended_at, outcome, answered, caller, language, medium, last_state FROM mrcall.calls ORDER BY 1;
SELECT name, resource_units FROM mrcall.products;
SELECT conversion, conversion_id, customer_id, visitor_id, converted_at, value, currency FROM mrcall.conversions
ORDER BY array_position('{signup,business,first_call,subscription,payment,refund}', conversion), 2;

-- The reports. Ann: Paid Search on the 2nd, Organic Social on the 4th; Bea: Direct; the third account has no browser.
\set may '''2026-05-01'', ''2026-06-01'''
SELECT * FROM mrcall.attribution(:may, 'linear');
SELECT * FROM mrcall.attribution(:may, 'first_touch', dimension => 'source');
SELECT * FROM mrcall.attribution(:may, 'linear', 'payment');
SELECT * FROM mrcall.attribution(:may, 'last_touch', 'subscription', '36 hours');
SELECT * FROM mrcall.attribution(:may, 'last_touch', 'first_call');
SELECT bucket, visitors, visits, events, pageviews, bounces, total_duration
FROM mrcall.visitor_buckets('7 days', '2026-05-01', '2026-05-10');
SELECT bucket, dimension_value, visitors, visits FROM mrcall.visitor_buckets('1 month', :may, 'Europe/Rome', 'channel');
SELECT calls, answered, missed, callers, new_callers, total_duration, p50_duration, peak_concurrency, outcomes
FROM mrcall.call_summary('1 month', :may, 'Europe/Rome', '00000000-0000-0000-0000-00000000000a');
SELECT visitor_id, visit_no, started_at, events, entry_page, channel FROM mrcall.sessionize(:may) ORDER BY 3;
-- What did not parse is counted, not hidden.
SELECT severity, object, finding FROM mrcall.doctor() WHERE severity IN ('warning', 'error') ORDER BY 2;
-- A link is written to the mixed-case document of the account that the number names.
SELECT mrcall.link_visitor('3', 'carl-phone');
SELECT "Profile" FROM crm."Accounts" WHERE nr = 3;
