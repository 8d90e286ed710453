-- How long callers waited in the latest month, overall and at the businesses that were called most. Needs functions.sql and calls.sql.
SELECT format('SELECT * FROM mrcall.call_service(''1 month'', %L, %L)', d.since, d.until) AS service_statement
FROM (SELECT to_char(:'calls_since'::timestamptz, 'YYYY-MM-DD') AS since, to_char(:'calls_until'::timestamptz, 'YYYY-MM-DD') AS until)
    AS d \gset
CREATE TEMP TABLE report_service AS :service_statement;
-- What call_service does not say of all businesses together.
CREATE TEMP TABLE report_offered AS
SELECT coalesce(lower(c.direction), '') LIKE 'outbound%' AS is_outbound, c.answered_at IS NOT NULL OR c.answered IS TRUE AS is_answered,
       c.ended_at IS NOT NULL AS is_over, c.ended_at - c.answered_at AS talk,
       CASE WHEN c.answered_at IS NOT NULL THEN c.answered_at - c.started_at
            WHEN c.answered IS NOT TRUE AND c.ended_at >= c.started_at THEN c.ended_at - c.started_at END AS wait
FROM mrcall.calls AS c
WHERE c.started_at >= :'calls_since' AND c.started_at < :'calls_until';

SELECT pg_temp.heading('How long callers waited', :'calls_month');
SELECT pg_temp.statement(:'service_statement');
SELECT '  ' || pg_temp.l('business', 21) || ' offered answered abandoned waiting in 20 s   mean    p95 longest   talk peak';
SELECT rtrim('  ' || pg_temp.l(r.name, 21) || pg_temp.r(pg_temp.num(r.offered), 8) || pg_temp.r(pg_temp.num(r.answered), 9)
    || pg_temp.r(pg_temp.num(r.abandoned), 10) || pg_temp.r(pg_temp.num(r.waiting), 8) || pg_temp.r(pg_temp.percent(r.level::numeric, 1), 8)
    || pg_temp.r(pg_temp.span(r.mean_wait), 7) || pg_temp.r(pg_temp.span(r.p95_wait), 7) || pg_temp.r(pg_temp.span(r.longest_wait), 8)
    || pg_temp.r(pg_temp.span(r.mean_talk), 7) || pg_temp.r(coalesce(pg_temp.num(r.peak), ''), 5))
FROM (
    SELECT 1 AS part, 0 AS place, format('all %s businesses', (SELECT pg_temp.num(count(*)) FROM report_service)) AS name,
           count(*) AS offered, count(*) FILTER (WHERE o.is_answered) AS answered,
           count(*) FILTER (WHERE NOT o.is_answered AND o.is_over) AS abandoned,
           count(*) FILTER (WHERE NOT o.is_answered AND NOT o.is_over) AS waiting,
           count(*) FILTER (WHERE o.is_answered AND o.wait <= '20 seconds')::float8 / nullif(count(*) FILTER (
               WHERE CASE WHEN o.is_answered THEN o.wait IS NOT NULL ELSE o.is_over END), 0) AS level,
           avg(o.wait) FILTER (WHERE o.is_answered) AS mean_wait,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY o.wait) FILTER (WHERE o.is_answered) AS p95_wait, max(o.wait) AS longest_wait,
           avg(o.talk) AS mean_talk, NULL::int AS peak
    FROM report_offered AS o
    WHERE NOT o.is_outbound
    UNION ALL
    (SELECT 2, row_number() OVER (ORDER BY s.offered DESC, s.business_id), coalesce(b.template || ' ', '') || left(s.business_id, 8),
            s.offered, s.answered, s.abandoned, s.waiting, s.service_level, s.mean_wait, s.p95_wait, s.longest_wait, s.mean_talk,
            s.peak_waiting
     FROM report_service AS s
     LEFT JOIN (SELECT x.business_id, min(x.template) AS template FROM mrcall.businesses AS x GROUP BY 1) AS b
         ON b.business_id = s.business_id
     ORDER BY s.offered DESC, s.business_id
     LIMIT 8)
) AS r
ORDER BY r.part, r.place;
SELECT pg_temp.rule();
SELECT format('  total %s offered = %s answered + %s abandoned + %s waiting %s = %s calls - %s outbound %s',
              pg_temp.num(s.offered), pg_temp.num(s.answered), pg_temp.num(s.abandoned), pg_temp.num(s.waiting),
              pg_temp.mark(s.offered = s.answered + s.abandoned + s.waiting), pg_temp.num(o.calls), pg_temp.num(o.outbound),
              pg_temp.mark(s.offered + o.outbound = o.calls))
FROM (SELECT coalesce(sum(x.offered), 0) AS offered, coalesce(sum(x.answered), 0) AS answered, coalesce(sum(x.abandoned), 0) AS abandoned,
             coalesce(sum(x.waiting), 0) AS waiting FROM report_service AS x) AS s,
     (SELECT count(*) AS calls, count(*) FILTER (WHERE x.is_outbound) AS outbound FROM report_offered AS x) AS o;
