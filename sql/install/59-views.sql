-- The views that mrcall.attach creates over the views of the sources. They cannot be members of the extension, because they name
-- tables that it does not know before.

CREATE FUNCTION mrcall_internal.views()
RETURNS TABLE (name text, definition text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $views$
VALUES
-- Every visit, by the gap of 30 minutes.
('visits', $view$
CREATE OR REPLACE VIEW mrcall.visits WITH (security_invoker = true) AS
SELECT v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page,
       v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.device, v.is_bot,
       v.touched_at, v.term, v.rule
FROM mrcall_internal.visits(NULL, NULL, '30 minutes', NULL) AS v;
COMMENT ON VIEW mrcall.visits IS 'Every visit, by the gap of 30 minutes, with the touch that brought it';
$view$),
-- One touch a visit: its first arrival, or Direct at its start.
('touches', $view$
CREATE OR REPLACE VIEW mrcall.touches WITH (security_invoker = true) AS
SELECT v.visitor_id, v.touched_at, v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.rule,
       v.term, v.is_bot, v.started_at AS visit_started_at
FROM mrcall.visits AS v;
COMMENT ON VIEW mrcall.touches IS 'One touch a visit: its first arrival at that event''s time, or Direct at its start';
$view$),
-- Which browsers belong to which customer, with the businesses that the customer owns.
('identities', $view$
CREATE OR REPLACE VIEW mrcall.identities WITH (security_invoker = true) AS
SELECT browser.visitor_id, c.customer_id, b.owner, b.business_id
FROM mrcall.customers AS c
CROSS JOIN LATERAL unnest(c.website_session_ids) AS browser (visitor_id)
LEFT JOIN mrcall.businesses AS b ON b.owner = c.customer_id;
COMMENT ON VIEW mrcall.identities IS
    'Visitor to customer to owner to business: a row for each path; business_id NULL where there is none';
$view$),
-- Every conversion of every kind, once. Definitions: docs/conversions.md.
('conversions', $view$
CREATE OR REPLACE VIEW mrcall.conversions WITH (security_invoker = true) AS
--@ include templates/conversions.sql schema=mrcall.
;
COMMENT ON VIEW mrcall.conversions IS
    'signup, business, first_call, subscription, payment and refund, each once; journey_at is where its journey ends';
$view$),
('comments', $view$
--@ include templates/comments.sql
$view$)
$views$;
COMMENT ON FUNCTION mrcall_internal.views() IS 'The views that attach creates over the source views, in order';
