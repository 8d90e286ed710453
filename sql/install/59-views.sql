-- The views that mrcall.attach creates over the views of the sources. They cannot be members of the extension, because they name
-- tables that it does not know before.

CREATE FUNCTION mrcall_internal.views()
RETURNS TABLE (relation text, what text, query text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 5
SET search_path = pg_catalog, pg_temp
AS $views$
VALUES
-- Every visit, by the gap of 30 minutes.
('mrcall.visits', 'Every visit, by the gap of 30 minutes, with the touch that brought it', $view$
SELECT v.visitor_id, v.visit_no, v.started_at, v.ended_at, v.events, v.pageviews, v.entry_page, v.exit_page,
       v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.device, v.is_bot,
       v.touched_at, v.term, v.rule
FROM mrcall_internal.asked_visits(mrcall_internal.view_mark()) AS v
$view$),
-- One touch a visit: its first arrival, or Direct at its start.
('mrcall.touches', 'One touch a visit: its first arrival at that event''s time, or Direct at its start', $view$
SELECT v.visitor_id, v.touched_at, v.channel, v.source, v.medium, v.campaign, v.landing_page, v.referrer_domain, v.rule,
       v.term, v.is_bot, v.started_at AS visit_started_at
FROM mrcall.visits AS v
$view$),
-- Which browsers belong to which customer, with the businesses that the customer owns.
('mrcall.identities', 'Visitor to customer to owner to business: a row for each path; business_id NULL where there is none', $view$
SELECT browser.visitor_id, c.customer_id, b.owner, b.business_id
FROM mrcall.customers AS c
CROSS JOIN LATERAL unnest(c.website_session_ids) AS browser (visitor_id)
LEFT JOIN mrcall.businesses AS b ON b.owner = c.customer_id
$view$),
-- Every conversion of every kind, once. Definitions: docs/conversions.md.
('mrcall.conversions',
    'signup, business, first_call, subscription, payment, refund, goal:name, each once; journey_at is where its journey ends',
 $view$
--@ include templates/conversions.sql schema=mrcall.
UNION ALL
SELECT ('goal:' || g.name) COLLATE pg_catalog."default", e.event_id, e.customer_id, NULL, e.visitor_id, e.occurred_at, 0::numeric, NULL,
       NULL, e.occurred_at, NULL
FROM mrcall.goal AS g
CROSS JOIN LATERAL mrcall_internal.goal_events(ARRAY[g.name], '-infinity', 'infinity') AS e
$view$)
$views$;
COMMENT ON FUNCTION mrcall_internal.views() IS 'The views that attach creates over the source views, in order';

-- Those of the logical tables have theirs from the catalogue of attach.
CREATE FUNCTION mrcall_internal.view_columns()
RETURNS TABLE (relation text, name text, what text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 50
AS $$
    VALUES
    ('mrcall.visits', 'visitor_id', 'The browser'),
    ('mrcall.visits', 'visit_no', '1, 2, 3 ... in order of time, for each visitor'),
    ('mrcall.visits', 'started_at', 'When its first event happened'),
    ('mrcall.visits', 'ended_at', 'When its last event happened'),
    ('mrcall.visits', 'events', 'Number of events; 1 is a bounce'),
    ('mrcall.visits', 'pageviews', 'Number of page views'),
    ('mrcall.visits', 'entry_page', 'Path of the first page view; NULL without one'),
    ('mrcall.visits', 'exit_page', 'Path of the last page view; NULL without one'),
    ('mrcall.visits', 'channel', 'Channel of the touch that brought it, such as Organic Search'),
    ('mrcall.visits', 'source', 'Source of the touch, such as google'),
    ('mrcall.visits', 'medium', 'Medium of the touch, such as cpc'),
    ('mrcall.visits', 'campaign', 'Campaign of the touch'),
    ('mrcall.visits', 'landing_page', 'Path of the touch''s page view; the entry page where there was no arrival'),
    ('mrcall.visits', 'referrer_domain', 'Registrable domain of the touch''s referrer; NULL without one'),
    ('mrcall.visits', 'device', 'Kind of device, by the user agent'),
    ('mrcall.visits', 'is_bot', 'Whether the user agent is that of a program'),
    ('mrcall.visits', 'touched_at', 'When the touch happened; started_at where there was no arrival'),
    ('mrcall.visits', 'term', 'Search term of the touch'),
    ('mrcall.visits', 'rule', 'The rule that chose the channel, or no arrival'),
    ('mrcall.touches', 'visitor_id', 'The browser'),
    ('mrcall.touches', 'touched_at', 'When the visitor arrived; the start of the visit where there was no arrival'),
    ('mrcall.touches', 'channel', 'The channel, such as Organic Search'),
    ('mrcall.touches', 'source', 'The source, such as google'),
    ('mrcall.touches', 'medium', 'The medium, such as cpc'),
    ('mrcall.touches', 'campaign', 'The campaign'),
    ('mrcall.touches', 'landing_page', 'Path of the page; the entry page where there was no arrival'),
    ('mrcall.touches', 'referrer_domain', 'Registrable domain of the referrer; NULL without one'),
    ('mrcall.touches', 'rule', 'The rule that chose the channel, or no arrival'),
    ('mrcall.touches', 'term', 'The search term'),
    ('mrcall.touches', 'is_bot', 'Whether the user agent is that of a program'),
    ('mrcall.touches', 'visit_started_at', 'When the visit began, as visits.started_at'),
    ('mrcall.identities', 'visitor_id', 'A browser of the customer, as visits.visitor_id'),
    ('mrcall.identities', 'customer_id', 'The customer, as customers.customer_id'),
    ('mrcall.identities', 'owner', 'The same where the customer owns a business; NULL where not'),
    ('mrcall.identities', 'business_id', 'A business that the customer owns; NULL where there is none'),
    ('mrcall.conversions', 'conversion',
        'The kind: signup, business, first_call, subscription, payment, refund, or goal: and the name of a goal'),
    ('mrcall.conversions', 'conversion_id', 'The id, unique within its kind; of a goal that of the event'),
    ('mrcall.conversions', 'customer_id', 'Who converted; NULL where that is not known'),
    ('mrcall.conversions', 'business_id', 'The business; NULL for a signup'),
    ('mrcall.conversions', 'visitor_id', 'The browser that the customer was last seen in; of a goal that of the event'),
    ('mrcall.conversions', 'converted_at', 'When it happened'),
    ('mrcall.conversions', 'value', 'The amount in the currency; below 0 for a refund, above for one that came back, 0 without money'),
    ('mrcall.conversions', 'currency', 'The currency, ISO 4217 in upper case; NULL for kinds without money'),
    ('mrcall.conversions', 'subscription_id', 'The subscription that it belongs to, as subscriptions.subscription_id'),
    ('mrcall.conversions', 'journey_at', 'Where its journey ends: touches after this instant have no part in it'),
    ('mrcall.conversions', 'payment_id',
        'The payment that the money belongs to: of a refund the one that it takes back; NULL for other kinds')
$$;
COMMENT ON FUNCTION mrcall_internal.view_columns() IS 'What the columns of the views of mrcall_internal.views are';
