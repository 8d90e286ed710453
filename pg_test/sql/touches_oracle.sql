-- mrcall.touches against plain SQL: a touch is the first arrival among a visit's page views, or Direct at its start.
\pset footer off

-- Arrivals without any notion of a visit's touch, joined to the visits by time.
CREATE TEMP TABLE touch ON COMMIT DROP AS
WITH arrival AS (
    SELECT e.visitor_id, e.occurred_at, e.page_path, e.referrer, a.*
    FROM mrcall.events AS e
    CROSS JOIN LATERAL mrcall.arrival(e.referrer, e.page_url, e.utm_source, e.utm_medium, e.utm_campaign) AS a
    WHERE e.event_type IN ('page_view', 'pageview')
      AND oracle.arrives(e.referrer, e.page_url, e.utm_source, e.utm_medium, e.utm_campaign)
)
SELECT v.visitor_id, v.started_at, coalesce(first.occurred_at, v.started_at) AS touched_at, coalesce(first.channel,
    'Direct') AS channel,
       first.source, first.medium, first.campaign, first.term, coalesce(first.rule, 'no arrival') AS rule,
       mrcall.url_domain(first.referrer) AS referrer_domain,
       CASE WHEN first.occurred_at IS NULL THEN v.entry_page ELSE first.page_path END AS landing_page
FROM oracle.visit AS v
LEFT JOIN LATERAL (
    SELECT a.*
    FROM arrival AS a
    WHERE a.visitor_id = v.visitor_id AND a.occurred_at >= v.started_at AND a.occurred_at <= v.ended_at
    ORDER BY a.occurred_at, a.channel COLLATE "C", coalesce(a.source, '') COLLATE "C", coalesce(a.medium, '') COLLATE
        "C",
             coalesce(a.campaign, '') COLLATE "C", coalesce(a.term, '') COLLATE "C", a.rule COLLATE "C",
             coalesce(mrcall.url_domain(a.referrer), '') COLLATE "C", coalesce(a.page_path, '') COLLATE "C"
    LIMIT 1
) AS first ON true;

SELECT (SELECT count(*) FROM touch) > 2000 AS compared,
       (SELECT count(*) FROM touch AS t WHERE t.touched_at > t.started_at) > 0 AS with_late_arrivals,
       (SELECT count(DISTINCT t.channel) FROM touch AS t) > 8 AS with_many_channels,
       (SELECT count(*) FROM touch AS t WHERE t.rule = 'no arrival') > 0 AS with_no_arrival,
       count(*) AS differences
FROM touch AS o
FULL JOIN mrcall.touches AS t ON (t.visitor_id, t.visit_started_at) = (o.visitor_id, o.started_at)
WHERE (o.touched_at, o.channel, o.source, o.medium, o.campaign, o.term, o.rule, o.referrer_domain, o.landing_page)
    IS DISTINCT FROM (t.touched_at, t.channel, t.source, t.medium, t.campaign, t.term, t.rule, t.referrer_domain,
        t.landing_page);

-- One touch a visit, no matter how many arrivals.
SELECT (SELECT count(*) FROM mrcall.touches) = (SELECT count(*) FROM mrcall.visits) AS one_per_visit;

-- The table of ignored referrers decides, not the list that is compiled in.
INSERT INTO public.website_events (session_id, created_at, page_url, referrer)
SELECT 'T-touch-' || n, '2026-04-01 10:00Z', 'https://mrcall.ai/', r
FROM unnest(ARRAY['https://checkout.stripe.com/x', 'https://sso.example.net/x', 'https://notsso.example.net/']) WITH
    ORDINALITY AS x (r, n);
INSERT INTO mrcall.ignored_referrer VALUES ('sso.example.net');
SELECT t.visitor_id, t.channel, t.referrer_domain, t.rule = 'no arrival' AS ignored
FROM mrcall.touches AS t WHERE t.visitor_id ~ '^T-' ORDER BY 1;
UPDATE mrcall.ignored_referrer SET ignored = false WHERE domain IN ('checkout.stripe.com', 'sso.example.net');
SELECT t.visitor_id, t.referrer_domain, t.rule = 'no arrival' AS ignored FROM mrcall.touches AS t
    WHERE t.visitor_id ~ '^T-' ORDER BY 1;
