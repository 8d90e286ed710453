-- @run
WITH
-- @include visits
SELECT count(*) AS visits, count(*) FILTER (WHERE visit_no = 1) AS visitors, sum(events) AS events, sum(pageviews) AS pageviews,
       sum(epoch_us(ended_at) - epoch_us(started_at)) // 1000 AS duration_ms,
       sum(strlen(entry_page)) AS entry_bytes, sum(strlen(exit_page)) AS exit_bytes,
       sum(strlen(channel)) AS channel_bytes, sum(strlen(source)) AS source_bytes, sum(strlen(medium)) AS medium_bytes,
       sum(strlen(campaign)) AS campaign_bytes
FROM visit
