-- Two window functions cut the events into visits, one GROUP BY sums them up. What brought a visit is looked at once a visit:
-- its first page view that came from somewhere, classified by seven rules. All pages of the data begin with https://.
event AS (
    SELECT session_id AS visitor_id, created_at,
           CASE WHEN event_type = 'page_view' THEN substr(address, strpos(substr(address, 9), '/') + 8) COLLATE "C" END AS page,
           CASE WHEN event_type <> 'page_view'
                    OR host IN ('checkout.stripe.com', 'accounts.google.com', 'appleid.apple.com', 'www.paypal.com') THEN NULL
                WHEN host IN ('mrcall.ai', 'dashboard.mrcall.ai') AND utm_source IS NULL AND strpos(page_url, '?') = 0 THEN NULL
                ELSE concat(page_url, E'\x1f', host, E'\x1f', utm_source, E'\x1f', utm_medium, E'\x1f', utm_campaign) COLLATE "C"
           END AS arrival,
           created_at - lag(created_at) OVER (PARTITION BY session_id ORDER BY created_at) <= interval '30 minutes' AS goes_on
    FROM website_events
    CROSS JOIN LATERAL (SELECT split_part(referrer, '/', 3) AS host, split_part(page_url, '?', 1) AS address) AS part
    WHERE session_id IS NOT NULL AND created_at >= '2026-02-01 00:00+00' AND created_at < '2026-06-01 00:00+00' AND :condition
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT TRUE) OVER (PARTITION BY visitor_id ORDER BY created_at) AS visit_no
    FROM event
),
grouped AS (
    SELECT visitor_id, visit_no, min(created_at) AS started_at, max(created_at) AS ended_at, count(*) AS events,
           count(page) AS pageviews,
           (array_agg(page ORDER BY created_at, page) FILTER (WHERE page IS NOT NULL))[1] AS entry_page,
           (array_agg(page ORDER BY created_at DESC, page DESC) FILTER (WHERE page IS NOT NULL))[1] AS exit_page,
           (array_agg(arrival ORDER BY created_at, page, arrival) FILTER (WHERE arrival IS NOT NULL))[1] AS arrival,
           coalesce(min(created_at) FILTER (WHERE arrival IS NOT NULL), min(created_at)) AS touched_at
    FROM numbered
    GROUP BY visitor_id, visit_no
),
sourced AS (
    SELECT grouped.*, split_part(arrival, E'\x1f', 1) AS page_url, split_part(arrival, E'\x1f', 4) AS medium,
           split_part(arrival, E'\x1f', 5) AS campaign,
           CASE WHEN split_part(arrival, E'\x1f', 3) NOT IN ('', 'null', 'undefined') THEN split_part(arrival, E'\x1f', 3)
                WHEN split_part(arrival, E'\x1f', 2) NOT IN ('mrcall.ai', 'dashboard.mrcall.ai') THEN split_part(arrival, E'\x1f', 2)
           END AS source
    FROM grouped
),
visit AS (
    SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page,
           CASE WHEN lower(medium) IN ('cpc', 'cpv') OR page_url LIKE '%gclid=%' THEN 'Paid Search'
                WHEN medium LIKE 'paid%' THEN 'Paid Social'
                WHEN lower(medium) LIKE '%mail%' THEN 'Email'
                WHEN source ~ 'chatgpt|perplexity|gemini|claude|copilot' THEN 'AI Assistants'
                WHEN source ~ 'google|bing|duckduckgo|yahoo|ecosia|yandex|brave' THEN 'Organic Search'
                WHEN source ~ 'facebook|instagram|linkedin|lnkd|t[.]co|tiktok|reddit|youtube' THEN 'Organic Social'
                WHEN source <> '' THEN 'Referral'
                ELSE 'Direct' END AS channel,
           source, medium, campaign, touched_at
    FROM sourced
)
