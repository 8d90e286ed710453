-- What doctor finds, in short. Needs functions.sql.
CREATE TEMP TABLE report_finding AS SELECT * FROM mrcall.doctor();
SELECT pg_temp.heading('What mrcall.doctor() finds',
    coalesce(string_agg(format('%s %s', s.findings, s.severity), ', ' ORDER BY s.rank), 'nothing'))
FROM (SELECT f.severity, count(*) AS findings, array_position('{error,warning,info,ok}', f.severity) AS rank
      FROM report_finding AS f GROUP BY f.severity) AS s;
SELECT pg_temp.statement('SELECT * FROM mrcall.doctor()');
SELECT rtrim('  ' || pg_temp.l(f.severity, 9) || pg_temp.l(f.object, 30) || ' ' || pg_temp.l(f.finding, 57))
FROM report_finding AS f
WHERE f.severity <> 'ok'
ORDER BY array_position('{error,warning,info,ok}', f.severity), f.object, f.finding
LIMIT 12;
SELECT '  every table and column that the reports read is there' FROM report_finding AS f HAVING bool_and(f.severity = 'ok');
