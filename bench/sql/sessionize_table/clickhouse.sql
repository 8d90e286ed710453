-- @before
DROP TABLE IF EXISTS bench_visits;
-- @run
CREATE TABLE bench_visits ENGINE = MergeTree ORDER BY (visitor_id, visit_no) AS
WITH
-- @include visits
SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page, channel, source, medium, campaign
FROM visit
SETTINGS optimize_aggregation_in_order = 1
-- @check
SELECT bucket, count(*) AS visits, sum(reinterpretAsUInt32(reverse(left(MD5(visit), 4)))) AS checksum,
       sum(reinterpretAsUInt32(reverse(left(MD5(own), 4)))) AS own_checksum
FROM (
    SELECT lower(hex(left(MD5(visitor_id), 1))) AS bucket,
           concatWithSeparator('|', visitor_id, toString(visit_no), toString(toUnixTimestamp64Micro(started_at)),
                               toString(toUnixTimestamp64Micro(ended_at)), toString(events), toString(pageviews),
                               entry_page, exit_page) AS visit,
           concatWithSeparator('|', channel, source, medium, campaign) AS own
    FROM bench_visits
) AS visit
GROUP BY bucket
ORDER BY bucket
-- @rows
SELECT concatWithSeparator('|', visitor_id, toString(visit_no), toString(toUnixTimestamp64Micro(started_at)),
                               toString(toUnixTimestamp64Micro(ended_at)), toString(events), toString(pageviews),
                               entry_page, exit_page) AS visit,
       concatWithSeparator('|', channel, source, medium, campaign) AS own
FROM bench_visits
WHERE lower(hex(left(MD5(visitor_id), 1))) = ':bucket'
ORDER BY visitor_id, visit_no
