-- What make demo LOG=… prints of a web server's log that scripts/load_log.sh has loaded: visitors, visits and page views per
-- day and hour, channels, referrers, people and bots, pages.
--   psql -X -q -d DATABASE -f report_log.sql
-- 100 columns, UTC. Periods come from the data; ✓ and ✗ say whether a figure counted another way agrees. Nothing is written but
-- temporary tables.
\set ON_ERROR_STOP on
\set QUIET on
\ir report/functions.sql

-- The last four weeks of whole days that the log has.
SELECT greatest(date_trunc('day', min(e.occurred_at)), p.until - interval '28 days') AS since, p.until
FROM mrcall.events AS e
CROSS JOIN (SELECT date_trunc('day', max(x.occurred_at)) + interval '1 day' AS until FROM mrcall.events AS x) AS p
GROUP BY p.until \gset
SELECT to_char(:'since'::timestamptz, 'YYYY-MM-DD') || ' to ' || to_char(:'until'::timestamptz - interval '1 day', 'YYYY-MM-DD')
    AS period \gset
CREATE TEMP TABLE report_day AS
SELECT * FROM mrcall.visitor_buckets('1 day', :'since', :'until', 'UTC');
CREATE TEMP TABLE report_hour AS
SELECT * FROM mrcall.visitor_buckets('1 hour', :'since', :'until', 'UTC');
CREATE TEMP TABLE report_channel AS
SELECT * FROM mrcall.visitor_buckets('1 day', :'since', :'until', 'UTC', 'channel');
CREATE TEMP TABLE report_visit AS
SELECT v.visitor_id, v.events, v.pageviews, v.channel, v.referrer_domain, v.device, v.is_bot
FROM mrcall.visits AS v
WHERE v.started_at >= :'since' AND v.started_at < :'until';
SELECT count(*) AS events, count(*) FILTER (WHERE e.event_type IN ('page_view', 'pageview')) AS pageviews,
       count(DISTINCT e.visitor_id) AS visitors
FROM mrcall.events AS e
WHERE e.occurred_at >= :'since' AND e.occurred_at < :'until' \gset wanted_

SELECT pg_temp.heading('The log', :'period');
\ir report/log_lines.sql
SELECT format('    %s taken = %s rows of website_events %s', pg_temp.num(d.taken), pg_temp.num(e.rows), pg_temp.mark(d.taken = e.rows))
FROM (SELECT coalesce(sum(x.lines) FILTER (WHERE x.is_taken), 0) AS taken FROM public.demo_log AS x) AS d,
     (SELECT count(*) AS rows FROM public.website_events) AS e;

SELECT pg_temp.heading('Visitors and visits per day', 'a visitor = address + user agent, bots included');
SELECT '  day          visitors    visits    events page views one event    mean  visits per hour, 0 to 23';
SELECT rtrim('  ' || to_char(d.bucket, 'YYYY-MM-DD') || pg_temp.r(pg_temp.num(d.visitors), 11) || pg_temp.r(pg_temp.num(d.visits), 10)
    || pg_temp.r(pg_temp.num(d.events), 10) || pg_temp.r(pg_temp.num(d.pageviews), 11)
    || pg_temp.r(pg_temp.percent(d.bounces, d.visits), 10) || pg_temp.r(pg_temp.span(d.total_duration / nullif(d.visits, 0)), 8)
    || '  ' || (SELECT pg_temp.spark(array_agg(h.visits::numeric ORDER BY h.bucket), (SELECT max(x.visits) FROM report_hour AS x))
                FROM report_hour AS h WHERE h.bucket >= d.bucket AND h.bucket < d.bucket + interval '1 day'))
FROM report_day AS d
ORDER BY d.bucket;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 10) || pg_temp.r('', 11) || pg_temp.r(pg_temp.num(t.visits), 10) || pg_temp.r(pg_temp.num(t.events), 10)
    || pg_temp.r(pg_temp.num(t.pageviews), 11) || pg_temp.r(pg_temp.percent(t.bounces, t.visits), 10)
    || pg_temp.r(pg_temp.span(t.total_duration / nullif(t.visits, 0)), 8) || E'\n'
    || format('  total %s visits = %s of mrcall.visits %s', pg_temp.num(t.visits), pg_temp.num(v.visits),
              pg_temp.mark(t.visits = v.visits)) || E'\n'
    || format('  total %s events = %s in mrcall.events %s  page views %s', pg_temp.num(t.events), pg_temp.num(:wanted_events),
              pg_temp.mark(t.events = :wanted_events), pg_temp.mark(t.pageviews = :wanted_pageviews)) || E'\n'
    || format('  %s different visitors: one who comes on two days counts on both', pg_temp.num(:wanted_visitors))
FROM (SELECT sum(d.visits) AS visits, sum(d.events) AS events, sum(d.pageviews) AS pageviews, sum(d.bounces) AS bounces,
             sum(d.total_duration) AS total_duration FROM report_day AS d) AS t,
     (SELECT count(*) AS visits FROM report_visit) AS v;

SELECT pg_temp.heading('People and bots', :'period');
SELECT '  ' || pg_temp.l('device', 26) || pg_temp.r('visitors', 11) || pg_temp.r('visits', 10) || pg_temp.r('events', 10)
    || pg_temp.r('page views', 12) || pg_temp.r('share', 9) || '  visits';
SELECT rtrim('  ' || pg_temp.l(v.device, 26) || pg_temp.r(pg_temp.num(v.visitors), 11) || pg_temp.r(pg_temp.num(v.visits), 10)
    || pg_temp.r(pg_temp.num(v.events), 10) || pg_temp.r(pg_temp.num(v.pageviews), 12)
    || pg_temp.r(pg_temp.percent(v.visits, sum(v.visits) OVER ()), 9) || '  ' || pg_temp.bar(v.visits, max(v.visits) OVER (), 18))
FROM (SELECT CASE WHEN x.is_bot THEN 'bot' ELSE x.device END AS device, count(DISTINCT x.visitor_id) AS visitors, count(*) AS visits,
             sum(x.events) AS events, sum(x.pageviews) AS pageviews
      FROM report_visit AS x GROUP BY 1) AS v
ORDER BY v.visits DESC, v.device;
SELECT pg_temp.rule();
SELECT format('  total %s visits of people + %s of bots = %s visits per day %s', pg_temp.num(v.people), pg_temp.num(v.bots),
              pg_temp.num(t.visits), pg_temp.mark(v.people + v.bots = t.visits))
FROM (SELECT count(*) FILTER (WHERE NOT x.is_bot) AS people, count(*) FILTER (WHERE x.is_bot) AS bots FROM report_visit AS x) AS v,
     (SELECT sum(d.visits) AS visits FROM report_day AS d) AS t;

SELECT pg_temp.heading('Visits by channel', :'period');
SELECT '  ' || pg_temp.l('channel', 26) || pg_temp.r('visits', 11) || pg_temp.r('of people', 11) || pg_temp.r('share', 9)
    || pg_temp.r('one event', 11) || '  visits';
SELECT rtrim('  ' || pg_temp.l(c.channel, 26) || pg_temp.r(pg_temp.num(c.visits), 11) || pg_temp.r(pg_temp.num(coalesce(v.people, 0)), 11)
    || pg_temp.r(pg_temp.percent(c.visits, sum(c.visits) OVER ()), 9) || pg_temp.r(pg_temp.percent(c.bounces, c.visits), 11)
    || '  ' || pg_temp.bar(c.visits, max(c.visits) OVER (), 25))
FROM (SELECT r.dimension_value AS channel, sum(r.visits) AS visits, sum(r.bounces) AS bounces FROM report_channel AS r GROUP BY 1) AS c
LEFT JOIN (SELECT x.channel, count(*) FILTER (WHERE NOT x.is_bot) AS people FROM report_visit AS x GROUP BY 1) AS v
    ON v.channel = c.channel
ORDER BY c.visits DESC, c.channel;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 26) || pg_temp.r(pg_temp.num(c.visits), 11) || pg_temp.r(pg_temp.num(v.people), 11) || E'\n'
    || format('  total %s = %s visits per day %s', pg_temp.num(c.visits), pg_temp.num(t.visits), pg_temp.mark(c.visits = t.visits))
FROM (SELECT coalesce(sum(r.visits), 0) AS visits FROM report_channel AS r) AS c,
     (SELECT count(*) FILTER (WHERE NOT x.is_bot) AS people FROM report_visit AS x) AS v,
     (SELECT sum(d.visits) AS visits FROM report_day AS d) AS t;

SELECT pg_temp.heading('Where visits came from', 'the busiest ten referring domains');
SELECT '  ' || pg_temp.l('domain', 34) || pg_temp.l('channel', 24) || pg_temp.r('visits', 8) || pg_temp.r('share', 9) || '  visits';
SELECT rtrim('  ' || pg_temp.l(r.domain, 33) || ' ' || pg_temp.l(r.channel, 24) || pg_temp.r(pg_temp.num(r.visits), 8)
    || pg_temp.r(pg_temp.percent(r.visits, (SELECT count(*) FROM report_visit)), 9) || '  '
    || pg_temp.bar(r.visits, max(r.visits) OVER (), 18))
FROM (SELECT v.referrer_domain AS domain, mode() WITHIN GROUP (ORDER BY v.channel) AS channel, count(*) AS visits
      FROM report_visit AS v WHERE v.referrer_domain IS NOT NULL GROUP BY 1) AS r
ORDER BY r.visits DESC, r.domain
LIMIT 10;

SELECT pg_temp.heading('What they looked at', 'the ten pages viewed most');
SELECT '  ' || pg_temp.l('page', 58) || pg_temp.r('page views', 12) || pg_temp.r('visitors', 10) || '  page views';
SELECT rtrim('  ' || pg_temp.l(p.page, 57) || ' ' || pg_temp.r(pg_temp.num(p.views), 12) || pg_temp.r(pg_temp.num(p.visitors), 10)
    || '  ' || pg_temp.bar(p.views, max(p.views) OVER (), 15))
FROM (SELECT e.page_path AS page, count(*) AS views, count(DISTINCT e.visitor_id) AS visitors
      FROM mrcall.events AS e
      WHERE e.event_type IN ('page_view', 'pageview') AND e.occurred_at >= :'since' AND e.occurred_at < :'until'
      GROUP BY e.page_path) AS p
ORDER BY p.views DESC, p.page
LIMIT 10;

SELECT pg_temp.heading('Try next in psql', 'psql "$(scripts/cluster.sh url mrcall_log)"');
SELECT format($try$
  SELECT * FROM mrcall.visitor_buckets('1 hour', date '%3$s', date '%2$s',
                                       'Europe/Rome');

  SELECT * FROM mrcall.visitor_buckets('1 day', date '%1$s', date '%2$s',
                                       'UTC', 'source');

  SELECT channel, source, term, count(*) FROM mrcall.touches GROUP BY 1, 2, 3 ORDER BY 4 DESC;

  SELECT entry_page, count(*) FROM mrcall.visits GROUP BY 1 ORDER BY 2 DESC LIMIT 10;

  SELECT * FROM mrcall.visits WHERE NOT is_bot ORDER BY pageviews DESC LIMIT 5;

  SELECT event_type, properties ->> 'status' AS status, count(*) FROM mrcall.events GROUP BY 1, 2;
$try$,
    to_char(:'since'::timestamptz, 'YYYY-MM-DD'), to_char(:'until'::timestamptz, 'YYYY-MM-DD'),
    to_char(:'until'::timestamptz - interval '1 day', 'YYYY-MM-DD'));
