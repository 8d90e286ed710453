-- @before
DROP TABLE IF EXISTS bench_visits_plain;
-- @run
CREATE UNLOGGED TABLE bench_visits_plain AS
WITH
-- @include visits
SELECT visitor_id, visit_no, started_at, ended_at, events, pageviews, entry_page, exit_page, channel, source, medium, campaign
FROM visit
-- @check
SELECT bucket, count(*) AS visits, sum(('x' || left(md5(visit), 8))::bit(32)::bigint) AS checksum,
       sum(('x' || left(md5(own), 8))::bit(32)::bigint) AS own_checksum
FROM (
    SELECT left(md5(visitor_id), 2) AS bucket,
           concat_ws('|', visitor_id, visit_no, (extract(epoch FROM started_at) * 1000000)::bigint,
                     (extract(epoch FROM ended_at) * 1000000)::bigint, events, pageviews, coalesce(entry_page, ''),
                     coalesce(exit_page, '')) AS visit,
           concat_ws('|', channel, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, '')) AS own
    FROM bench_visits_plain
) AS visit
GROUP BY bucket
ORDER BY bucket
-- @rows
SELECT concat_ws('|', visitor_id, visit_no, (extract(epoch FROM started_at) * 1000000)::bigint,
                     (extract(epoch FROM ended_at) * 1000000)::bigint, events, pageviews, coalesce(entry_page, ''),
                     coalesce(exit_page, '')) AS visit,
       concat_ws('|', channel, coalesce(source, ''), coalesce(medium, ''), coalesce(campaign, '')) AS own
FROM bench_visits_plain
WHERE left(md5(visitor_id), 2) = ':bucket'
ORDER BY visitor_id COLLATE "C", visit_no
