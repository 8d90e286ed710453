-- Window functions cut the events into visits, arg_min and arg_max find the first and last page. Channels by seven rules.
event AS (
    SELECT session_id AS visitor_id, created_at,
           CASE WHEN event_type = 'page_view' THEN substr(address, strpos(substr(address, 9), '/') + 8) END AS page,
           CASE WHEN event_type <> 'page_view'
                    OR host IN ('checkout.stripe.com', 'accounts.google.com', 'appleid.apple.com', 'www.paypal.com') THEN NULL
                WHEN host IN ('mrcall.ai', 'dashboard.mrcall.ai') AND utm_source IS NULL AND strpos(page_url, '?') = 0 THEN NULL
                ELSE concat(page_url, chr(31), host, chr(31), utm_source, chr(31), utm_medium, chr(31), utm_campaign)
           END AS arrival,
           rowid AS nr, lag(created_at) OVER (PARTITION BY session_id ORDER BY created_at, rowid) AS before
    FROM (SELECT *, rowid, split_part(referrer, '/', 3) AS host, split_part(page_url, '?', 1) AS address FROM events)
    WHERE session_id IS NOT NULL AND created_at >= TIMESTAMP '2026-02-01' AND created_at < TIMESTAMP '2026-06-01' AND :condition
),
numbered AS (
    SELECT *, sum(CASE WHEN before IS NULL OR created_at - before > INTERVAL 30 MINUTE THEN 1 ELSE 0 END)
                  OVER (PARTITION BY visitor_id ORDER BY created_at, nr ROWS UNBOUNDED PRECEDING) AS visit_no
    FROM event
),
grouped AS (
    SELECT visitor_id, visit_no, min(created_at) AS started_at, max(created_at) AS ended_at, count(*) AS events,
           count(page) AS pageviews,
           arg_min(page, {'at': created_at, 'page': page}) FILTER (WHERE page IS NOT NULL) AS entry_page,
           arg_max(page, {'at': created_at, 'page': page}) FILTER (WHERE page IS NOT NULL) AS exit_page,
           arg_min(arrival, {'at': created_at, 'page': page, 'arrival': arrival}) FILTER (WHERE arrival IS NOT NULL) AS arrival,
           coalesce(min(created_at) FILTER (WHERE arrival IS NOT NULL), min(created_at)) AS touched_at
    FROM numbered
    GROUP BY visitor_id, visit_no
),
sourced AS (
    SELECT * EXCLUDE (arrival), split_part(arrival, chr(31), 1) AS page_url, split_part(arrival, chr(31), 4) AS medium,
           split_part(arrival, chr(31), 5) AS campaign,
           CASE WHEN split_part(arrival, chr(31), 3) NOT IN ('', 'null', 'undefined') THEN split_part(arrival, chr(31), 3)
                WHEN split_part(arrival, chr(31), 2) NOT IN ('mrcall.ai', 'dashboard.mrcall.ai') THEN split_part(arrival, chr(31), 2)
           END AS source
    FROM grouped
),
visit AS (
    SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page,
           CASE WHEN lower(medium) IN ('cpc', 'cpv') OR page_url LIKE '%gclid=%' THEN 'Paid Search'
                WHEN medium LIKE 'paid%' THEN 'Paid Social'
                WHEN lower(medium) LIKE '%mail%' THEN 'Email'
                WHEN regexp_matches(source, 'chatgpt|perplexity|gemini|claude|copilot') THEN 'AI Assistants'
                WHEN regexp_matches(source, 'google|bing|duckduckgo|yahoo|ecosia|yandex|brave') THEN 'Organic Search'
                WHEN regexp_matches(source, 'facebook|instagram|linkedin|lnkd|t[.]co|tiktok|reddit|youtube') THEN 'Organic Social'
                WHEN source <> '' THEN 'Referral'
                ELSE 'Direct' END AS channel,
           source, medium, campaign, touched_at
    FROM sourced
)
