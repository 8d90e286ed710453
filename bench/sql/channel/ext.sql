-- As arrival: in one process whatever the plan below is.
-- @run
SELECT count(*) AS views, sum(octet_length(channel)) AS channel_bytes
FROM (SELECT mrcall.channel(referrer, page_url, utm_source, utm_medium, utm_campaign) AS channel
      FROM (SELECT referrer, page_url, utm_source, utm_medium, utm_campaign
            FROM website_events CROSS JOIN generate_series(1, 2)
            WHERE event_type = 'page_view'
            LIMIT 1000000) AS viewed
      OFFSET 0) AS classified
