-- How far visitors come, whether they come back, and which pages they see. Needs functions.sql, visitors.sql's weeks and the
-- variables since, until.
SELECT '[{"step": "any visit"}, {"step": "pricing", "page": "/pricing%"},' || E'\n'
    '    {"step": "call to action", "event": "cta_click"},' || E'\n'
    '    {"step": "sign-up click", "event": "signup_click"}]' AS funnel_steps \gset
SELECT format(E'SELECT * FROM mrcall.funnel(%L, %L,\n    %L, ''30 days'')', :'since_day', :'until_day', :'funnel_steps')
    AS funnel_statement,
    format('SELECT * FROM mrcall.cohorts(%L, %L, ''7 days'')', to_char(:'weeks_since'::timestamptz, 'YYYY-MM-DD'),
           to_char(:'weeks_until'::timestamptz, 'YYYY-MM-DD')) AS cohort_statement,
    format(E'SELECT * FROM mrcall.top_pages(%L, %L, NULL)', :'since_day', :'until_day') AS page_statement \gset
CREATE TEMP TABLE report_funnel AS :funnel_statement;
CREATE TEMP TABLE report_funnel_channel AS
SELECT * FROM mrcall.funnel(:'since', :'until', :'funnel_steps', '30 days', 'channel');
SELECT count(DISTINCT e.visitor_id) AS visitors
FROM mrcall.events AS e WHERE e.occurred_at >= :'since' AND e.occurred_at < :'until' \gset wanted_

SELECT pg_temp.heading('How far visitors come within 30 days', :'period' || ', bots included');
SELECT pg_temp.statement(:'funnel_statement');
SELECT '  ' || pg_temp.l('step', 18) || pg_temp.r('visitors', 10) || pg_temp.r('of all', 9) || pg_temp.r('of before', 11)
    || pg_temp.r('drop off', 10) || pg_temp.r('median time', 13) || pg_temp.r('in all', 11);
SELECT rtrim('  ' || pg_temp.l(f.step, 18) || pg_temp.r(pg_temp.num(f.visitors), 10)
    || pg_temp.r(pg_temp.percent(f.visitors, max(f.visitors) OVER ()), 9)
    || pg_temp.r(coalesce(to_char(100 * f.step_conversion, 'FM990.0') || ' %', '–'), 11) || pg_temp.r(pg_temp.num(f.drop_off), 10)
    || pg_temp.r(pg_temp.span(f.median_time), 13) || pg_temp.r(pg_temp.span(f.median_total_time), 11)
    || '  ' || pg_temp.bar(f.visitors, max(f.visitors) OVER (), 13))
FROM report_funnel AS f
ORDER BY f.step_no;
SELECT pg_temp.rule();
SELECT format('  %s visitors of any visit = %s in mrcall.events %s  by channel, all steps %s', pg_temp.num(f.visitors),
              pg_temp.num(:wanted_visitors), pg_temp.mark(f.visitors = :wanted_visitors), pg_temp.mark(c.same))
FROM (SELECT max(x.visitors) AS visitors FROM report_funnel AS x) AS f,
     (SELECT bool_and(x.visitors = coalesce(y.visitors, 0)) AS same
      FROM report_funnel AS x
      LEFT JOIN (SELECT y.step_no, sum(y.visitors) AS visitors FROM report_funnel_channel AS y GROUP BY y.step_no) AS y
          ON y.step_no = x.step_no) AS c;
SELECT E'\n' || '  ' || pg_temp.l('begun by channel', 26) || pg_temp.r('any visit', 11) || pg_temp.r('pricing', 11)
    || pg_temp.r('call to action', 16) || pg_temp.r('sign-up click', 15) || pg_temp.r('of all', 9);
SELECT '  ' || pg_temp.l(c.channel, 26) || pg_temp.r(pg_temp.num(c.steps[1]), 11) || pg_temp.r(pg_temp.num(c.steps[2]), 11)
    || pg_temp.r(pg_temp.num(c.steps[3]), 16) || pg_temp.r(pg_temp.num(c.steps[4]), 15)
    || pg_temp.r(pg_temp.percent(c.steps[4], c.steps[1]), 9)
FROM (SELECT r.dimension_value AS channel, array_agg(r.visitors ORDER BY r.step_no) AS steps
      FROM report_funnel_channel AS r GROUP BY 1) AS c
ORDER BY c.steps[1] DESC, c.channel
LIMIT 6;

SELECT pg_temp.heading('Who came back in the weeks after the first', :'weeks_period' || ', bots included');
SELECT pg_temp.statement(:'cohort_statement');
CREATE TEMP TABLE report_cohort AS :cohort_statement;
CREATE TEMP TABLE report_cohort_channel AS
SELECT * FROM mrcall.cohorts(:'weeks_since', :'weeks_until', '7 days', 'UTC', 'channel', 8);
SELECT count(*) AS newcomers
FROM (SELECT min(e.occurred_at) AS first_at FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL GROUP BY e.visitor_id) AS f
WHERE f.first_at >= :'weeks_since' AND f.first_at < :'weeks_until' \gset wanted_
SELECT '  ' || pg_temp.l('first seen in', 22) || pg_temp.r('visitors', 10)
    || (SELECT string_agg(pg_temp.r('+' || n, 8), '' ORDER BY n) FROM generate_series(1, 8) AS n);
-- What is not over yet is blank, never zero.
SELECT rtrim('  ' || pg_temp.l('week of ' || to_char(c.cohort, 'YYYY-MM-DD'), 22) || pg_temp.r(pg_temp.num(max(c.visitors)), 10)
    || string_agg(pg_temp.r(coalesce(to_char(100 * c.retention, 'FM990.0') || ' %', ''), 8), '' ORDER BY c.period)
           FILTER (WHERE c.period > 0))
FROM report_cohort AS c
GROUP BY c.cohort
ORDER BY c.cohort;
SELECT pg_temp.rule();
SELECT rtrim('  ' || pg_temp.l(c.channel, 22) || pg_temp.r(pg_temp.num(c.visitors), 10) || c.weeks)
FROM (SELECT r.dimension_value AS channel, max(r.visitors) AS visitors,
             string_agg(pg_temp.r(coalesce(to_char(100 * r.retention, 'FM990.0') || ' %', ''), 8), '' ORDER BY r.period)
                 FILTER (WHERE r.period > 0) AS weeks
      FROM report_cohort_channel AS r GROUP BY 1) AS c
ORDER BY c.visitors DESC, c.channel
LIMIT 5;
SELECT pg_temp.rule();
SELECT format('  %s newcomers = %s by channel %s = %s first seen then in mrcall.events %s', pg_temp.num(w.visitors),
              pg_temp.num(c.visitors), pg_temp.mark(w.visitors = c.visitors), pg_temp.num(:wanted_newcomers),
              pg_temp.mark(w.visitors = :wanted_newcomers))
FROM (SELECT coalesce(sum(r.visitors), 0) AS visitors FROM report_cohort AS r WHERE r.period = 0) AS w,
     (SELECT coalesce(sum(r.visitors), 0) AS visitors FROM report_cohort_channel AS r WHERE r.period = 0) AS c;

SELECT pg_temp.heading('Which pages they see', :'period' || ', bots included');
SELECT pg_temp.statement(:'page_statement');
CREATE TEMP TABLE report_page AS :page_statement;
SELECT count(*) FILTER (WHERE s.entry_page IS NOT NULL) AS visits FROM mrcall.sessionize(:'since', :'until') AS s \gset wanted_
SELECT count(*) FILTER (WHERE e.event_type IN ('page_view', 'pageview') AND e.page_path IS NOT NULL) AS pageviews
FROM mrcall.events AS e WHERE e.visitor_id IS NOT NULL AND e.occurred_at >= :'since' AND e.occurred_at < :'until' \gset wanted_
SELECT '  ' || pg_temp.l('page', 30) || pg_temp.r('views', 9) || pg_temp.r('visitors', 10) || pg_temp.r('entries', 9)
    || pg_temp.r('one event', 11) || pg_temp.r('exits', 9) || pg_temp.r('of views', 10) || pg_temp.r('mean', 8);
SELECT '  ' || pg_temp.l(p.page, 30) || pg_temp.r(pg_temp.num(p.pageviews), 9) || pg_temp.r(pg_temp.num(p.visitors), 10)
    || pg_temp.r(pg_temp.num(p.entries), 9) || pg_temp.r(pg_temp.percent(p.bounces, p.entries), 11)
    || pg_temp.r(pg_temp.num(p.exits), 9) || pg_temp.r(pg_temp.percent(p.exits, p.pageviews), 10) || pg_temp.r(pg_temp.span(p.mean_time), 8)
FROM (SELECT * FROM report_page AS r ORDER BY r.pageviews DESC, r.page LIMIT 10) AS p
ORDER BY p.pageviews DESC, p.page;
SELECT pg_temp.rule();
SELECT '  ' || pg_temp.l(format('all %s pages', pg_temp.num(t.pages)), 30) || pg_temp.r(pg_temp.num(t.pageviews), 9) || pg_temp.r('', 10)
    || pg_temp.r(pg_temp.num(t.entries), 9) || pg_temp.r(pg_temp.percent(t.bounces, t.entries), 11)
    || pg_temp.r(pg_temp.num(t.exits), 9) || pg_temp.r(pg_temp.percent(t.exits, t.pageviews), 10) || E'\n'
    || format('  %s page views = %s in mrcall.events %s   %s entries = %s visits with a page %s = exits %s', pg_temp.num(t.pageviews),
              pg_temp.num(:wanted_pageviews), pg_temp.mark(t.pageviews = :wanted_pageviews), pg_temp.num(t.entries),
              pg_temp.num(:wanted_visits), pg_temp.mark(t.entries = :wanted_visits), pg_temp.mark(t.exits = :wanted_visits))
FROM (SELECT count(*) AS pages, coalesce(sum(r.pageviews), 0) AS pageviews, coalesce(sum(r.entries), 0) AS entries,
             coalesce(sum(r.exits), 0) AS exits, coalesce(sum(r.bounces), 0) AS bounces FROM report_page AS r) AS t;
