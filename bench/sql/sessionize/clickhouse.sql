-- @run
WITH
-- @include visits
SELECT count() AS visits, countIf(visit_no = 1) AS visitors, sum(events) AS events, sum(pageviews) AS pageviews,
       intDiv(sum(toUnixTimestamp64Micro(ended_at) - toUnixTimestamp64Micro(started_at)), 1000) AS duration_ms,
       sum(length(entry_page)) AS entry_bytes, sum(length(exit_page)) AS exit_bytes,
       sum(length(channel)) AS channel_bytes, sum(length(source)) AS source_bytes, sum(length(medium)) AS medium_bytes,
       sum(length(campaign)) AS campaign_bytes
FROM visit
SETTINGS optimize_aggregation_in_order = 1
