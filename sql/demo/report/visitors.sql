-- Visitors and visits of the last thirteen weeks, by channel, and per day. Needs functions.sql and the variables since, until.
SELECT w.since AS weeks_since, w.until AS weeks_until,
       format('%s to %s', to_char(w.since, 'YYYY-MM-DD'), to_char(w.until - interval '1 day', 'YYYY-MM-DD')) AS weeks_period
FROM (
    SELECT greatest(mrcall.bucket('7 days', :'since', 'UTC'), mrcall.bucket('7 days', l.last_at - interval '84 days', 'UTC')) AS since,
           mrcall.next_bucket('7 days', l.last_at, 'UTC') AS until
    FROM (SELECT :'until'::timestamptz - interval '1 microsecond' AS last_at) AS l
) AS w \gset
SELECT format('SELECT * FROM mrcall.visitor_buckets(''7 days'', %L, %L)', d.since, d.until) AS week_statement,
       format('SELECT bucket, dimension_value, visits, bounces' || E'\n'
           'FROM mrcall.visitor_buckets(''7 days'', %L, %L, ''UTC'', ''channel'')', d.since, d.until) AS channel_statement
FROM (SELECT to_char(:'weeks_since'::timestamptz, 'YYYY-MM-DD') AS since, to_char(:'weeks_until'::timestamptz, 'YYYY-MM-DD') AS until)
    AS d \gset
CREATE TEMP TABLE report_week AS :week_statement;
CREATE TEMP TABLE report_channel AS :channel_statement;
-- The same figures by other ways: the batch of visits, the events themselves.
SELECT count(*) AS visits FROM mrcall.sessionize(:'weeks_since'::timestamptz - interval '30 minutes', :'weeks_until') AS s
WHERE s.started_at >= :'weeks_since' \gset wanted_
SELECT count(*) AS events, count(DISTINCT e.visitor_id) AS visitors,
       count(*) FILTER (WHERE e.event_type IN ('page_view', 'pageview')) AS pageviews
FROM mrcall.events AS e
WHERE e.visitor_id IS NOT NULL AND e.occurred_at >= :'weeks_since' AND e.occurred_at < :'weeks_until' \gset wanted_

SELECT pg_temp.heading('Visitors and visits per week', :'weeks_period' || ', bots included');
SELECT pg_temp.statement(:'week_statement');
SELECT '  week from     visitors     visits     events  page views  one event     mean  visits';
SELECT rtrim('  ' || to_char(w.bucket, 'YYYY-MM-DD') || pg_temp.r(pg_temp.num(w.visitors), 12) || pg_temp.r(pg_temp.num(w.visits), 11)
    || pg_temp.r(pg_temp.num(w.events), 11) || pg_temp.r(pg_temp.num(w.pageviews), 12)
    || pg_temp.r(pg_temp.percent(w.bounces, w.visits), 11) || pg_temp.r(pg_temp.span(w.total_duration / nullif(w.visits, 0)), 9)
    || '  ' || pg_temp.bar(w.visits, max(w.visits) OVER (), 18))
FROM report_week AS w
ORDER BY w.bucket;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 10) || pg_temp.r('', 12) || pg_temp.r(pg_temp.num(t.visits), 11) || pg_temp.r(pg_temp.num(t.events), 11)
    || pg_temp.r(pg_temp.num(t.pageviews), 12) || pg_temp.r(pg_temp.percent(t.bounces, t.visits), 11)
    || pg_temp.r(pg_temp.span(t.total_duration / nullif(t.visits, 0)), 9) || E'\n'
    || format('  total %s visits = %s of mrcall.sessionize %s', pg_temp.num(t.visits), pg_temp.num(:wanted_visits),
              pg_temp.mark(t.visits = :wanted_visits)) || E'\n'
    || format('  total %s events = %s in mrcall.events %s  page views %s', pg_temp.num(t.events), pg_temp.num(:wanted_events),
              pg_temp.mark(t.events = :wanted_events), pg_temp.mark(t.pageviews = :wanted_pageviews)) || E'\n'
    || format('  %s different visitors over all weeks: one who comes in two weeks counts in both', pg_temp.num(:wanted_visitors))
FROM (SELECT sum(w.visits) AS visits, sum(w.events) AS events, sum(w.pageviews) AS pageviews, sum(w.bounces) AS bounces,
             sum(w.total_duration) AS total_duration FROM report_week AS w) AS t;

SELECT pg_temp.heading('Visits per week by channel', :'weeks_period');
SELECT pg_temp.statement(:'channel_statement');
SELECT '  ' || pg_temp.l('channel', 26) || '  ' || pg_temp.l('weeks', 13) || pg_temp.r('visits', 11) || pg_temp.r('share', 9)
    || pg_temp.r('one event', 11);
SELECT rtrim('  ' || pg_temp.l(c.channel, 26) || '  ' || c.weeks || repeat(' ', 13 - length(c.weeks))
    || pg_temp.r(pg_temp.num(c.visits), 11)
    || pg_temp.r(pg_temp.percent(c.visits, sum(c.visits) OVER ()), 9) || pg_temp.r(pg_temp.percent(c.bounces, c.visits), 11)
    || '  ' || pg_temp.bar(c.visits, max(c.visits) OVER (), 20))
FROM (
    SELECT r.dimension_value AS channel, sum(r.visits) AS visits, sum(r.bounces) AS bounces,
           pg_temp.spark(array_agg(r.visits::numeric ORDER BY r.bucket)) AS weeks
    FROM report_channel AS r
    GROUP BY r.dimension_value
) AS c
ORDER BY c.visits DESC, c.channel;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l('total', 41) || pg_temp.r(pg_temp.num(t.visits), 11) || E'\n'
    || format('  total %s = %s visits per week %s', pg_temp.num(t.visits), pg_temp.num(w.visits), pg_temp.mark(t.visits = w.visits))
FROM (SELECT coalesce(sum(r.visits), 0) AS visits FROM report_channel AS r) AS t,
     (SELECT sum(r.visits) AS visits FROM report_week AS r) AS w;

-- The last four weeks day by day, in one line.
SELECT E'\n' || format('  visits per day  %s  %s to %s, least %s, most %s (%s)',
    pg_temp.spark(array_agg(d.visits::numeric ORDER BY d.bucket)), to_char(min(d.bucket), 'DD Mon'), to_char(max(d.bucket), 'DD Mon'),
    pg_temp.num(min(d.visits)), pg_temp.num(max(d.visits)),
    to_char((array_agg(d.bucket ORDER BY d.visits DESC, d.bucket))[1], 'Dy DD'))
FROM mrcall.visitor_buckets('1 day', greatest(:'since', :'until'::timestamptz - interval '28 days'), :'until', 'UTC') AS d;
