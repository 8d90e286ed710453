-- @before
DROP TABLE IF EXISTS bench_visits;
-- @run
CREATE TABLE bench_visits AS
WITH
-- @include visits
SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page, channel, source, medium, campaign
FROM visit
-- @check
SELECT bucket, count(*) AS visits, sum(('0x' || left(md5(visit), 8))::BIGINT) AS checksum,
       sum(('0x' || left(md5(own), 8))::BIGINT) AS own_checksum
FROM (
    SELECT left(md5(visitor_id), 2) AS bucket,
           concat_ws('|', visitor_id, visit_no, epoch_us(started_at), epoch_us(ended_at), events, pageviews,
                     coalesce(entry_page, ''), coalesce(exit_page, '')) AS visit,
           concat_ws('|', channel, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, '')) AS own
    FROM bench_visits
) AS visit
GROUP BY bucket
ORDER BY bucket
-- @rows
SELECT concat_ws('|', visitor_id, visit_no, epoch_us(started_at), epoch_us(ended_at), events, pageviews,
                     coalesce(entry_page, ''), coalesce(exit_page, '')) AS visit,
       concat_ws('|', channel, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, '')) AS own
FROM bench_visits
WHERE left(md5(visitor_id), 2) = ':bucket'
ORDER BY visitor_id, visit_no
