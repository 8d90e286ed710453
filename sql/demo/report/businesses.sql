-- When the calls come, and which businesses to look at, in the month of calls.sql. Needs functions.sql and calls.sql.
CREATE TEMP TABLE report_heat AS :heat_statement;
SELECT pg_temp.heading('When the calls come', :'calls_month' || ', in each business''s zone');
SELECT pg_temp.statement(:'heat_statement');
SELECT '         ' || string_agg(pg_temp.l(lpad(h.hour::text, 2), 3), '' ORDER BY h.hour) || '  calls'
FROM generate_series(0, 23) AS h (hour);
SELECT '  ' || pg_temp.l((ARRAY['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[h.weekday], 7)
    || string_agg(repeat(CASE WHEN h.calls = 0 THEN '·'
                              ELSE substr('░▒▓█', greatest(1, ceil(4.0 * h.calls / m.most))::int, 1) END, 2) || ' ', '' ORDER BY h.hour)
    || pg_temp.r(pg_temp.num(sum(h.calls)), 7)
FROM report_heat AS h
CROSS JOIN (SELECT max(x.calls) AS most FROM report_heat AS x) AS m
GROUP BY h.weekday
ORDER BY h.weekday;
SELECT pg_temp.rule();
SELECT format('  total %s = %s in mrcall.calls %s; each shade is a quarter of the busiest hour''s %s calls', pg_temp.num(h.calls),
              pg_temp.num(c.calls), pg_temp.mark(h.calls = c.calls), pg_temp.num(h.most))
FROM (SELECT sum(x.calls) AS calls, max(x.calls) AS most FROM report_heat AS x) AS h,
     (SELECT count(*) AS calls FROM report_call AS x WHERE x.counts) AS c;

-- As of the end of the month, or of the last call where that is earlier.
SELECT least(:'calls_until'::timestamptz, max(c.started_at)) AS calls_as_of FROM report_call AS c \gset
SELECT pg_temp.heading('Businesses to look at', 'as of ' || to_char(:'calls_as_of'::timestamptz, 'FMDD FMMonth'));
SELECT format('SELECT * FROM mrcall.business_health(%L)', :'calls_as_of') AS health_statement,
       format('SELECT * FROM mrcall.resource_usage(%L)', :'calls_as_of') AS usage_statement \gset
SELECT pg_temp.statement(:'health_statement');
CREATE TEMP TABLE report_health AS :health_statement;
SELECT rtrim('  ' || pg_temp.l(f.flag, 14) || pg_temp.r(pg_temp.num(count(h.business_id)), 8) || '  '
    || pg_temp.bar(count(h.business_id), (SELECT count(*) FROM report_health), 40))
FROM unnest('{falling,missed,silent,pays_unused,unpaid,never_called}'::text[]) WITH ORDINALITY AS f (flag, place)
LEFT JOIN report_health AS h ON f.flag = ANY (h.flags)
GROUP BY f.flag, f.place
ORDER BY f.place;
SELECT pg_temp.rule();
SELECT format('  calls in 30 days %s = %s in mrcall.calls %s', pg_temp.num(h.calls), pg_temp.num(c.calls), pg_temp.mark(h.calls = c.calls))
FROM (SELECT sum(x.calls_30d) AS calls FROM report_health AS x) AS h,
     (SELECT count(*) AS calls FROM mrcall.calls AS x
      WHERE x.started_at >= :'calls_as_of'::timestamptz - interval '720:00:00' AND x.started_at < :'calls_as_of') AS c;
SELECT E'\n' || pg_temp.statement(:'usage_statement');
SELECT '  ' || pg_temp.l('nearest to their allowance', 28) || pg_temp.l('category', 10)
    || ' allowance     used remaining  per day  runs out';
SELECT rtrim('  ' || pg_temp.l(coalesce(u.template || ' ', '') || left(u.business_id, 8), 28) || pg_temp.l(u.category, 10)
    || pg_temp.r(pg_temp.num(u.allowance), 10) || pg_temp.r(pg_temp.num(u.used), 9) || pg_temp.r(pg_temp.num(u.remaining), 10)
    || pg_temp.r(pg_temp.num(u.per_day, 1), 9) || '  ' || coalesce(to_char(u.runs_out_on, 'DD Mon'), ''))
FROM (:usage_statement) AS u
WHERE u.share IS NOT NULL
ORDER BY u.share DESC, u.business_id, u.category
LIMIT 5;
