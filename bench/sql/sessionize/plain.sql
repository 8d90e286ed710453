-- @run
WITH
-- @include visits
SELECT count(*) AS visits, count(*) FILTER (WHERE visit_no = 1) AS visitors, sum(events) AS events, sum(pageviews) AS pageviews,
       (extract(epoch FROM sum(ended_at - started_at)) * 1000)::bigint AS duration_ms,
       sum(octet_length(entry_page)) AS entry_bytes, sum(octet_length(exit_page)) AS exit_bytes,
       sum(octet_length(channel)) AS channel_bytes, sum(octet_length(source)) AS source_bytes, sum(octet_length(medium)) AS medium_bytes,
       sum(octet_length(campaign)) AS campaign_bytes
FROM visit
